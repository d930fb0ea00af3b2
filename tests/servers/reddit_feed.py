"""Simulate Reddit's public Atom feeds: search, newest posts and comments of subreddits, their limits and refusals.

Written by hand after feeds that readers quote publicly (seen 2026-11-22); the content is made up.
"""

from __future__ import annotations

import re
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from servers.reddit import Thing, base36, read_query
from servers.web import Answer, Request, SimulatedServer

if TYPE_CHECKING:
    from collections.abc import Sequence

DEPTH = 1000
BLOCKED = "<!doctype html><html><head><title>Blocked</title></head><body>whoa there, pardner!</body></html>"


def entry(thing: Thing) -> str:
    """Return the Atom entry of a post or comment, its text as HTML, escaped as Reddit does."""
    own, at = base36(thing.number), thing.created_at.isoformat()
    shown = thing.shown()["data"]
    permalink = f"https://www.reddit.com{shown['permalink']}"
    author = thing.author or "[deleted]"
    words = f'<!-- SC_OFF --><div class="md"><p>{escape(thing.text)}</p>\n</div><!-- SC_ON -->' if thing.text else ""
    if thing.parent:
        title, content = f"/u/{author} on A post", words
    else:
        title = thing.title
        content = (
            f'{words} &#32; submitted by &#32; <a href="https://www.reddit.com/user/{author}"> /u/{author} </a> <br/>'
            f' <span><a href="{escape(str(shown["url"]))}">[link]</a></span>'
            f' &#32; <span><a href="{permalink}">[comments]</a></span>'
        )
    return (
        f"<entry><author><name>/u/{escape(author)}</name><uri>https://www.reddit.com/user/{escape(author)}</uri></author>"
        f'<category term="{thing.subreddit}" label="r/{thing.subreddit}"/>'
        f'<content type="html">{escape(content)}</content><id>{thing.name}</id>'
        f'<link href="{permalink}"/><updated>{at}</updated>'
        f"{'' if thing.parent else f'<published>{at}</published>'}<title>{escape(title)}</title></entry><!-- {own} -->"
    )


def feed(entries: Sequence[str]) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"'
        ' xmlns:media="http://search.yahoo.com/mrss/"><title>a feed</title>' + "".join(entries) + "</feed>"
    )


class RedditFeeds(SimulatedServer):
    """Serve feeds of `things`; `calls` are left in a period that ends in `resets_in` seconds."""

    def __init__(self, things: Sequence[Thing], *, now: datetime, calls: int = 100) -> None:
        super().__init__()
        self.things = list(things)
        self.now = now
        self.calls = calls
        self.resets_in = 300
        self.unknown: set[str] = set()
        self.private: set[str] = set()
        self.turns_pages = True

    def route(self, request: Request) -> Answer:
        if request.path == "/subreddits/search":
            return Answer.text(
                feed(["<entry><id>t5_abc</id><title>kettles</title></entry>"]), kind="application/atom+xml"
            )
        if not request.headers.get("user-agent", "").startswith(("script:", "social-listener")):
            return Answer.text(BLOCKED, status=403, kind="text/html")
        if self.calls == 0:
            return Answer.text("Too Many Requests", status=429, headers=self.headers())
        self.calls -= 1
        match = re.fullmatch(r"(?:/r/([A-Za-z0-9_+]+))?/(?:(search)\.rss|(new|comments)/\.rss)", request.path)
        if match is None:
            return Answer.text("<h1>not found</h1>", status=404, kind="text/html")
        names = set((match[1] or "all").split("+"))
        if names & self.unknown:
            return Answer(status=302, headers={"Location": f"/subreddits/search?q={names.pop()}"})
        if names & self.private:
            return Answer.text("<h1>private</h1>", status=403, kind="text/html")
        shown = self.page(request, names, match[2] or match[3])
        entries = [] if request.empty_page else [entry(thing) for thing in shown]
        return Answer.text(feed(entries), kind="application/atom+xml", headers=self.headers())

    def page(self, request: Request, names: set[str], kind: str) -> list[Thing]:
        everywhere = "all" in names or (kind == "search" and request.param("restrict_sr") != "true")
        matches = read_query(request.param("q")) if kind == "search" else (lambda _: True)
        found = [
            thing
            for thing in self.things
            if (thing.parent is not None) == (kind == "comments")
            and (everywhere or thing.subreddit in names)
            and matches(thing)
        ]
        found.sort(key=lambda thing: thing.created_at, reverse=True)
        found = found[:DEPTH]
        after = request.param("after") if self.turns_pages else ""
        start = next((n for n, thing in enumerate(found, 1) if thing.name == after), 0) if after else 0
        return found[start : start + min(100, int(request.param("limit", "25")))]

    def headers(self) -> dict[str, str]:
        return {
            "x-ratelimit-remaining": f"{self.calls}.0",
            "x-ratelimit-used": "1",
            "x-ratelimit-reset": str(self.resets_in),
        }
