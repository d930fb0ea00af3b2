"""Simulate X's recent search (API v2): queries, paging, windows, refusals, limits.

Written by hand after docs.x.com (query building, pagination, rate limits; seen
2026-11-22). Answers have the shapes of recorded ones, their content is made up.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn

from servers.web import Answer, Request, SimulatedServer

TOKEN = "simulated-x-token"
EPOCH_MS = 1288834974657
INVALID = "https://api.twitter.com/2/problems/invalid-request"


def id_at(instant: datetime, sequence: int = 0) -> str:
    """Return the id a post gets at an instant."""
    return str((int(instant.timestamp() * 1000) - EPOCH_MS << 22) + sequence)


def time_of(post_id: str) -> datetime:
    """Return the instant an id was given."""
    return datetime.fromtimestamp(((int(post_id) >> 22) + EPOCH_MS) / 1000, UTC)


@dataclass(kw_only=True)
class Post:
    """One post as X holds it; `indexed_at` later than `created_at`: found late."""

    text: str
    created_at: datetime
    author: str = "jo_acme"
    id: str = ""
    lang: str = "en"
    indexed_at: datetime | None = None
    retweets: str | None = None
    quotes: str | None = None
    replies_to: str | None = None
    versions: tuple[str, ...] = ()
    author_is_gone: bool = False
    extra: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.id = self.id or id_at(self.created_at, sum(map(ord, self.text)) % 4096)

    def references(self) -> list[dict[str, str]]:
        pairs = (("retweeted", self.retweets), ("quoted", self.quotes), ("replied_to", self.replies_to))
        return [{"type": kind, "id": target} for kind, target in pairs if target]


class X(SimulatedServer):
    """Serve recent search and usage; `now` stands still until a test moves it."""

    def __init__(self, posts: list[Post], *, now: datetime, limit: int = 450) -> None:
        super().__init__()
        self.posts = posts
        self.now = now
        self.clock = lambda: max(time.time(), self.now.timestamp())
        self.limit = limit
        self.remaining = limit
        self.reset = int(now.timestamp()) + 900
        self.answered = 0
        self.looked_up = 0
        self.withheld: set[str] = set()
        self.bill: dict[date, set[tuple[str, str]]] = {}
        self.counted = 0
        self.counted_on: dict[date, int] = {}
        self.hidden_from_search: set[str] = set()

    def route(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return problem(401, "Unauthorized")
        if request.path == "/2/usage/tweets":
            return Answer.json({"data": {"project_cap": "2000000", "project_id": "1", "project_usage": "1234"}})
        if request.path == "/2/tweets":
            return self.lookup(request)
        if request.path == "/2/tweets/counts/recent":
            return self.counts(request)
        if request.path != "/2/tweets/search/recent":
            return problem(404, "Not Found")
        return self.limited(request)

    def lookup(self, request: Request) -> Answer:
        """Return posts by their ids; of those that are not there, or may not be seen, an error says so."""
        ids = request.param("ids").split(",")
        if not 0 < len(ids) <= 100:
            return invalid("ids", request.param("ids"), "size must be between 1 and 100")
        by_id = {post.id: post for post in self.posts}
        fields = set(request.param("tweet.fields").split(",")) | {"id", "text", "edit_history_tweet_ids"}
        shown_ids = [one for one in ids if one in by_id and one not in self.withheld]
        errors = [
            unseen(one) if one in self.withheld else gone(one, parameter="ids") for one in ids if one not in shown_ids
        ]
        body: dict[str, object] = {"data": [shown(by_id[one], fields) for one in shown_ids]} if shown_ids else {}
        self.looked_up += len(shown_ids)
        self.charge(body)
        return Answer.json(body | ({"errors": errors} if errors else {}))

    def limited(self, request: Request) -> Answer:
        if self.now.timestamp() >= self.reset:
            self.remaining, self.reset = self.limit, int(self.now.timestamp()) + 900
        if self.remaining <= 0:
            return problem(429, "Too Many Requests", headers=self.headers())
        self.remaining -= 1
        return self.search(request)

    def headers(self) -> dict[str, str]:
        return {
            "x-rate-limit-limit": str(self.limit),
            "x-rate-limit-remaining": str(self.remaining),
            "x-rate-limit-reset": str(self.reset),
        }

    def search(self, request: Request) -> Answer:
        refusal = self.refusal(request)
        if refusal:
            name, message = refusal
            return invalid(name, request.param(name), message, headers=self.headers())
        found = [post for post in self.found(request) if post.id not in self.hidden_from_search]
        size = int(request.param("max_results", "10"))
        token = request.param("next_token")
        if token:  # names the last post given, so that one deleted meanwhile shifts no other
            last = int(token.removeprefix("b26v").removesuffix("z"))
            found = [post for post in found if int(post.id) < last]
        page = [] if request.empty_page else found[:size]
        meta: dict[str, object] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
        if len(page) < len(found):
            last = int(page[-1].id) if page else int(found[0].id) + 1
            meta["next_token"] = f"b26v{last}z"
        self.answered += len(page)
        body = self.body(page, request) | {"meta": meta}
        self.charge(body)
        return Answer.json(body, headers=self.headers())

    def counts(self, request: Request) -> Answer:
        """Return how many posts a search has, hour by hour; the first and the last hour may be cut."""
        refusal = self.refusal(request, size="10")
        if refusal:
            name, message = refusal
            return invalid(name, request.param(name), message, headers=self.headers())
        times = [time_of(post.id) for post in self.found(request)]
        start = instant(request.param("start_time")) or self.now - timedelta(days=7)
        end = instant(request.param("end_time")) or self.now - timedelta(seconds=30)
        spans = []
        while start < end:
            until = min(end, start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1))
            count = sum(start <= time < until for time in times)
            spans.append({"end": stamp(until), "start": stamp(start), "tweet_count": count})
            start = until
        self.counted += 1
        today = self.now.astimezone(UTC).date()
        self.counted_on[today] = self.counted_on.get(today, 0) + 1
        total = sum(int(span["tweet_count"]) for span in spans)
        return Answer.json({"data": spans, "meta": {"total_tweet_count": total}}, headers=self.headers())

    def charge(self, body: Mapping[str, object]) -> None:
        """Put what an answer holds on the bill of the day: each post and each user once."""
        included: Any = body.get("includes", {})
        data: Any = body.get("data", [])
        today = self.bill.setdefault(self.now.astimezone(UTC).date(), set())
        today.update(("post", post["id"]) for post in [*data, *included.get("tweets", [])])
        today.update(("user", one["id"]) for one in included.get("users", []))

    def owed(self, day: date | None = None) -> float:
        """Return what all days, or one, come to in US dollars."""
        days = self.bill.values() if day is None else [self.bill.get(day, set())]
        things = [kind for one in days for kind, _ in one]
        return (5 * things.count("post") + 10 * things.count("user")) / 1000 + (
            0.005 * self.counted if day is None else 0
        )

    def found(self, request: Request) -> list[Post]:
        """Return all hits of a request, newest first."""
        matches = read_query(request.param("query"))
        since_id, until_id = request.param("since_id"), request.param("until_id")
        start, end = instant(request.param("start_time")), instant(request.param("end_time"))
        by_id = {post.id: post for post in self.posts}
        hits = [
            post
            for post in self.posts
            if matches(post, by_id.get(post.retweets or ""))
            and (post.indexed_at or post.created_at) <= self.now
            and (int(post.id) > int(since_id) if since_id else start is None or time_of(post.id) >= start)
            and (not until_id or int(post.id) < int(until_id))
            and time_of(post.id) < (end or self.now - timedelta(seconds=30))
            and time_of(post.id) >= self.now - timedelta(days=7)
        ]
        return sorted(hits, key=lambda post: -int(post.id))

    def refusal(self, request: Request, *, size: str = "") -> tuple[str, str] | None:
        """Return the parameter X would refuse and its words; None where all are fine."""
        query, size = request.param("query"), size or request.param("max_results", "10")
        edge = self.now - timedelta(days=7)
        if not 0 < len(query) <= 512:
            return "query", f"Invalid 'query':'{query}'. 'query' must be a non-empty string of at most 512 characters"
        try:
            read_query(query)
        except QueryRefusedError as error:
            return "query", f"There were errors processing your request: {error}"
        if not size.isdigit() or not 10 <= int(size) <= 100:
            return "max_results", f"The `max_results` query parameter value [{size}] is not between 10 and 100"
        return self.refused_time(request, edge)

    def refused_time(self, request: Request, edge: datetime) -> tuple[str, str] | None:
        since_id = request.param("since_id")
        if since_id and time_of(since_id) < edge:
            return "since_id", f"'since_id' must be a tweet id created after [{edge:%Y-%m-%dT%H:%MZ}]"
        start, end = instant(request.param("start_time")), instant(request.param("end_time"))
        if start and start < edge:
            return "start_time", f"Invalid 'start_time':'{start}'. 'start_time' must be on or after {edge}"
        if end and (end < edge or end > self.now - timedelta(seconds=10)):
            return "end_time", f"Invalid 'end_time':'{end}'. 'end_time' must be a minimum of 10 seconds prior"
        if start and end and start >= end:
            return "start_time", f"Invalid 'start_time':'{start}'. 'start_time' must be before 'end_time':{end}"
        token = request.param("next_token")
        if token and not re.fullmatch(r"b26v\d+z", token):
            return "next_token", f"Invalid 'next_token':'{token}'"
        return None

    def body(self, page: list[Post], request: Request) -> dict[str, object]:
        """Return data, includes and partial errors of a page; no `data` where there is no hit."""
        wanted = set(request.param("expansions").split(","))
        fields = set(request.param("tweet.fields").split(",")) | {"id", "text", "edit_history_tweet_ids"}
        by_id = {post.id: post for post in self.posts}
        if not page:
            return {}
        body: dict[str, object] = {"data": [shown(post, fields) for post in page]}
        targets = [ref["id"] for post in page for ref in post.references()]
        referred = [by_id[target] for target in dict.fromkeys(targets) if target in by_id]
        includes: dict[str, object] = {}
        if "referenced_tweets.id" in wanted and referred:
            includes["tweets"] = [shown(post, fields) for post in referred]
        if "author_id" in wanted:
            everyone = {post.author: post for post in [*page, *referred] if not post.author_is_gone}
            includes["users"] = [user(name) for name in everyone]
        places = {post.extra["geo"]["place_id"] for post in page if "geo" in post.extra}  # type: ignore[index]
        if "geo.place_id" in wanted and places:
            includes["places"] = [{"id": place, "country_code": place[:2].upper()} for place in sorted(places)]
        errors = [gone(target) for target in dict.fromkeys(targets) if target not in by_id]
        return body | ({"includes": includes} if includes else {}) | ({"errors": errors} if errors else {})


def shown(post: Post, fields: set[str]) -> dict[str, object]:
    """Return a post with the fields asked for."""
    repost = post.retweets is not None
    whole = {
        "id": post.id,
        "text": post.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
        "edit_history_tweet_ids": [*post.versions, post.id],
        "author_id": number_of(post.author),
        "created_at": f"{time_of(post.id):%Y-%m-%dT%H:%M:%S}.000Z",
        "conversation_id": post.replies_to or post.id,
        "lang": post.lang,
        "public_metrics": {
            "retweet_count": 7,
            "reply_count": 0 if repost else 3,
            "like_count": 0 if repost else 21,
            "quote_count": 1,
            "impression_count": 0 if repost else 500,
        },
        "referenced_tweets": post.references() or None,
        "entities": {"hashtags": [{"start": 0, "end": 1, "tag": tag} for tag in re.findall(r"#(\w+)", post.text)]},
        **post.extra,
    }
    return {name: value for name, value in whole.items() if name in fields and value}


def number_of(author: str) -> str:
    return str(1000 + sum(map(ord, author)))


def user(name: str) -> dict[str, object]:
    return {
        "id": number_of(name),
        "username": name,
        "name": name.replace("_", " ").title(),
        "verified": name.startswith("acme"),
        "public_metrics": {"followers_count": 120, "following_count": 3, "tweet_count": 9, "listed_count": 0},
    }


def unseen(post_id: str) -> dict[str, str]:
    return gone(post_id, parameter="ids") | {
        "detail": f"Sorry, you are not authorized to see the Tweet with ids: [{post_id}].",
        "title": "Authorization Error",
        "type": "https://api.twitter.com/2/problems/not-authorized-for-resource",
    }


def gone(post_id: str, *, parameter: str = "referenced_tweets.id") -> dict[str, str]:
    return {
        "value": post_id,
        "detail": f"Could not find tweet with {parameter}: [{post_id}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": parameter,
        "resource_id": post_id,
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }


def problem(status: int, title: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    body = {"title": title, "detail": title, "type": "about:blank", "status": status}
    return Answer.json(body, status=status, headers=headers)


def invalid(name: str, value: str, message: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    body = {
        "errors": [{"parameters": {name: [value]}, "message": message}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": INVALID,
    }
    return Answer.json(body, status=400, headers=headers)


def stamp(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


class QueryRefusedError(ValueError):
    """A query X would not run."""


def refuse(words: str) -> NoReturn:
    raise QueryRefusedError(words)


Matcher = Callable[[Post, Post | None], bool]
TERM = re.compile(r'\s*(?:(\()|(\))|(-?)("[^"]*"|[^\s()"]+))')


def read_query(text: str) -> Matcher:
    """Read the operators of recent search that brands use; QueryRefusedError says what X would refuse."""
    tokens = [(m[1] or m[2] or m[3] + m[4]) for m in TERM.finditer(text)]
    if "".join(tokens) != re.sub(r"\s+(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", "", text):
        refuse("unbalanced quotes")
    if not any(is_standalone(token) for token in tokens):
        refuse("query needs a standalone operator")
    matcher, rest = any_of(tokens)
    if rest:
        refuse(f"unexpected {rest[0]}")
    return matcher


def is_standalone(token: str) -> bool:
    return token not in {"(", ")", "OR"} and not token.startswith("-") and not re.match(r"(?:is|has|lang):", token)


def any_of(tokens: list[str]) -> tuple[Matcher, list[str]]:
    alternatives = []
    while True:
        matcher, tokens = all_of(tokens)
        alternatives.append(matcher)
        if not tokens or tokens[0] != "OR":
            return (lambda post, original: any(m(post, original) for m in alternatives)), tokens
        tokens = tokens[1:]


def all_of(tokens: list[str]) -> tuple[Matcher, list[str]]:
    parts: list[Matcher] = []
    while tokens and tokens[0] not in {")", "OR"}:
        if tokens[0] == "(":
            matcher, tokens = any_of(tokens[1:])
            if not tokens:
                refuse("missing )")
            tokens = tokens[1:]
        else:
            matcher, tokens = leaf(tokens[0]), tokens[1:]
        parts.append(matcher)
    if not parts:
        refuse("an operator is missing")
    return (lambda post, original: all(m(post, original) for m in parts)), tokens


def leaf(token: str) -> Matcher:
    if token.startswith("-"):
        inner = leaf(token[1:])
        return lambda post, original: not inner(post, original)
    name, _, value = token.partition(":")
    if name == "from" and value:
        return lambda post, _: post.author.casefold() == value.casefold()
    if name == "lang" and value:
        return lambda post, _: post.lang == value
    if name == "conversation_id" and value:
        return lambda post, _: (post.replies_to or post.id) == value
    if token == "is:retweet":
        return lambda post, _: post.retweets is not None
    if token == "is:reply":
        return lambda post, _: post.replies_to is not None
    if name in {"is", "has", "from", "lang"} and ":" in token:
        refuse(f"Reference to invalid operator '{token}'")
    sought = words(token.strip('"')) if token[0] not in "#@$" else [folded(token)]
    return lambda post, original: contains(words((original or post).text), sought)


def folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """Return the tokens of a text; an entity (#, @, $) is a token and its bare word is one too."""
    return re.findall(r"[#@$]?\w+", folded(text))


def contains(text: list[str], sought: list[str]) -> bool:
    return any(
        all(have == want or have[1:] == want for have, want in zip(text[at:], sought, strict=False))
        for at in range(len(text) - len(sought) + 1)
    )
