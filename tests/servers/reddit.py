"""Simulate Reddit's API as a read-only app sees it: access, listings, search, limits, refusals.

Written by hand after Reddit's API documentation and recorded answers (seen
2026-11-22). Shapes are Reddit's, content is made up.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from servers.web import Answer, Request, SimulatedServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

CLIENT_ID = "simulated-client-id"
CLIENT_SECRET = "simulated-client-secret"
DEPTH = 1000
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number: int) -> str:
    """Return a number as Reddit writes ids."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = DIGITS[rest] + digits
    return digits or "0"


@dataclass(kw_only=True)
class Thing:
    """A post, or (with `parent`) a comment."""

    number: int
    created_at: datetime
    text: str = ""
    title: str = ""
    subreddit: str = "kettles"
    author: str | None = "jo_acme"
    parent: str | None = None
    link: str | None = None
    unsearchable: bool = False
    extra: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return ("t1_" if self.parent else "t3_") + base36(self.number)

    def shown(self) -> dict[str, object]:
        own = base36(self.number)
        both: dict[str, object] = {
            "name": self.name,
            "id": own,
            "subreddit": self.subreddit,
            "author": self.author or "[deleted]",
            "created_utc": float(int(self.created_at.timestamp())),
            "edited": False,
            "score": 12,
            "ups": 12,
            "likes": None,
            "over_18": False,
            "score_hidden": False,
        }
        if self.author:
            both["author_fullname"] = "t2_" + base36(sum(map(ord, self.author)))
        if self.parent:
            return {"kind": "t1", "data": both | self.comment(own) | self.extra}
        return {"kind": "t3", "data": both | self.post(own) | self.extra}

    def comment(self, own: str) -> dict[str, object]:
        link = self.link or self.parent or ""
        return {
            "body": self.text,
            "parent_id": self.parent,
            "link_id": link,
            "link_title": "A post",
            "num_comments": 40,
            "replies": "",
            "permalink": f"/r/{self.subreddit}/comments/{link[3:]}/a_post/{own}/",
        }

    def post(self, own: str) -> dict[str, object]:
        permalink = f"/r/{self.subreddit}/comments/{own}/a_post/"
        return {
            "title": self.title,
            "selftext": self.text,
            "num_comments": 4,
            "num_crossposts": 1,
            "is_self": self.link is None,
            "is_video": False,
            "media": None,
            "domain": f"self.{self.subreddit}",
            "url": self.link or f"https://www.reddit.com{permalink}",
            "permalink": permalink,
        }


class Reddit(SimulatedServer):
    """Serve access tokens, search, /new and /comments; `now` stands still until a test moves it."""

    def __init__(self, things: Sequence[Thing], *, now: datetime, calls: int = 600, depth: int = DEPTH) -> None:
        super().__init__()
        self.things = list(things)
        self.now = now
        self.calls = calls
        self.used = 0
        self.depth = depth
        self.token_number = 0
        self.private: set[str] = set()
        self.banned: set[str] = set()
        self.unknown: set[str] = set()

    @property
    def token(self) -> str:
        return f"simulated-access-{self.token_number}"

    def remove(self, thing: Thing) -> None:
        """Take a thing out of every listing; below its name nothing is shown from then on."""
        self.things.remove(thing)

    def withdraw_token(self) -> None:
        """Make the access token handed out before invalid."""
        self.token_number += 1

    def route(self, request: Request) -> Answer:
        if request.path == "/api/v1/access_token":
            return self.access(request)
        if request.headers.get("authorization", "").casefold() != f"bearer {self.token}":
            return refusal(401, "Unauthorized")
        self.used += 1
        if self.used > self.calls:
            return refusal(429, "Too Many Requests", headers=self.headers())
        if written := re.fullmatch(r"/user/([A-Za-z0-9_-]+)/comments/?", request.path):
            return self.written_by(written[1], request)
        return self.info(request) if request.path == "/api/info" else self.listing(request)

    def written_by(self, author: str, request: Request) -> Answer:
        """Return the comments of an account, newest first; 404 for one that wrote nothing here, as if there were none."""
        own = [thing for thing in self.things if (thing.author or "").casefold() == author.casefold()]
        if not own:
            return refusal(404, "Not Found", headers=self.headers())
        comments = sorted((one for one in own if one.parent), key=lambda thing: thing.created_at, reverse=True)
        return self.page(request, comments)

    def info(self, request: Request) -> Answer:
        """Return things by their full names, in the order asked for; unknown ones are left out."""
        by_name = {thing.name: thing for thing in self.things}
        names = request.param("id").split(",")[:100]
        children = [by_name[name].shown() for name in names if name in by_name]
        body = {"after": None, "before": None, "dist": len(children), "children": children}
        answer = {"kind": "Listing", "data": body if request.param("raw_json") == "1" else escaped(body)}
        return Answer.json(answer, headers=self.headers())

    def access(self, request: Request) -> Answer:
        expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return refusal(401, "Unauthorized")
        if request.method != "POST" or request.form.get("grant_type") != ["client_credentials"]:
            return Answer.json({"error": "unsupported_grant_type"})
        granted = {"access_token": self.token, "token_type": "bearer", "expires_in": 86400, "scope": "*"}
        return Answer.json(granted)

    def headers(self) -> dict[str, str]:
        """Return the limits as Reddit writes them: a float, a whole number, the seconds left."""
        return {
            "x-ratelimit-remaining": f"{max(0, self.calls - self.used)}.0",
            "x-ratelimit-used": str(self.used),
            "x-ratelimit-reset": str(600 - int(self.now.timestamp()) % 600),
        }

    def listing(self, request: Request) -> Answer:
        match = re.fullmatch(r"/r/([A-Za-z0-9_+]+)/(new|comments|search)/?", request.path)
        if match is None:
            return refusal(404, "Not Found", headers=self.headers())
        names = match[1].split("+")
        if set(names) & self.unknown:
            return Answer(status=302, headers={"Location": f"/subreddits/search.json?q={names[0]}", **self.headers()})
        if set(names) & self.private:
            return refusal(403, "Forbidden", reason="private", headers=self.headers())
        if set(names) & self.banned:
            return refusal(404, "Not Found", reason="banned", headers=self.headers())
        return self.page(request, self.found(names, match[2], request))

    def found(self, names: list[str], kind: str, request: Request) -> list[Thing]:
        """Return a listing, newest first, as deep as Reddit keeps it."""
        everywhere = "all" in names or (kind == "search" and request.param("restrict_sr") != "true")
        places = {name.casefold() for name in names}
        matches = read_query(request.param("q")) if kind == "search" else (lambda _: True)
        found = [
            thing
            for thing in self.things
            if (thing.parent is not None) == (kind == "comments")
            and (everywhere or thing.subreddit.casefold() in places)
            and not (kind == "search" and thing.unsearchable)
            and matches(thing)
        ]
        return sorted(found, key=lambda thing: thing.created_at, reverse=True)[: self.depth]

    def page(self, request: Request, things: list[Thing]) -> Answer:
        after, limit = request.param("after"), min(100, int(request.param("limit", "25")))
        names = [thing.name for thing in things]
        start = names.index(after) + 1 if after in names else (len(names) if after not in {"", "t3_0"} else 0)
        if request.empty_page:  # its `after` is the beginning of the listing
            body = {"after": "t3_0", "before": None, "dist": 0, "children": []}
            return Answer.json({"kind": "Listing", "data": body}, headers=self.headers())
        page = things[start : start + limit]
        more = start + limit < len(things)
        children = [thing.shown() for thing in page]
        body = {"after": page[-1].name if more else None, "before": None, "dist": len(page), "children": children}
        answer = {"kind": "Listing", "data": body if request.param("raw_json") == "1" else escaped(body)}
        return Answer.json(answer, headers=self.headers())


def escaped(value: object) -> object:
    """Escape every text, as Reddit does for those who do not ask it not to."""
    if isinstance(value, str):
        return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if isinstance(value, dict):
        return {name: escaped(inner) for name, inner in value.items()}
    return [escaped(inner) for inner in value] if isinstance(value, list) else value


def refusal(
    status: int, message: str, *, reason: str | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    body = {"message": message, "error": status} | ({"reason": reason} if reason else {})
    return Answer.json(body, status=status, headers=headers)


def read_query(text: str) -> Callable[[Thing], bool]:
    """Read AND, OR, parentheses, words, "phrases" and author: of the search's syntax."""
    tokens = re.findall(r'"[^"]*"|[()]|[^\s()"]+', text)

    def any_of() -> Callable[[Thing], bool]:
        parts = [all_of()]
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            parts.append(all_of())
        return lambda thing: any(part(thing) for part in parts)

    def all_of() -> Callable[[Thing], bool]:
        parts = [leaf()]
        while tokens and tokens[0] not in {")", "OR"}:
            if tokens[0] == "AND":
                tokens.pop(0)
            parts.append(leaf())
        return lambda thing: all(part(thing) for part in parts)

    def leaf() -> Callable[[Thing], bool]:
        token = tokens.pop(0)
        if token == "(":
            inner = any_of()
            tokens.pop(0)
            return inner
        if token.startswith("author:"):
            return lambda thing: (thing.author or "").casefold() == token[7:].casefold()
        sought = words(token)
        return lambda thing: holds(words(f"{thing.title} . {thing.text}"), sought)

    return any_of()


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def holds(text: list[str], sought: list[str]) -> bool:
    return any(text[at : at + len(sought)] == sought for at in range(len(text) - len(sought) + 1))


def posts_every(step: timedelta, count: int, *, before: datetime, text: str = "acme") -> list[Thing]:
    """Return posts at even distances, the newest just before an instant."""
    first = 60_000_000 + count
    return [
        Thing(number=first - n, created_at=(before - (n + 1) * step).astimezone(UTC), title=f"{text} {n}")
        for n in range(count)
    ]
