"""Simulate feeds with conditional requests, and the Google News search."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape

from servers.web import Answer, Request, SimulatedServer

NEWS_LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry; `guid` None leaves it out."""

    title: str
    second: int | None
    guid: str | None = None
    link: str | None = None
    text: str = ""
    outlet: str | None = None


@dataclass(slots=True, kw_only=True)
class Feed:
    """One feed: its newest `length` items are shown, in the order given."""

    items: list[Item] = field(default_factory=list)
    length: int = 10
    gone: bool = False


class Feeds(SimulatedServer):
    """Serve `feeds` by path, and `news` by search at /rss/search."""

    def __init__(self, feeds: dict[str, Feed] | None = None, news: list[Item] | None = None) -> None:
        super().__init__()
        self.feeds = feeds or {}
        self.news = news or []

    def route(self, request: Request) -> Answer:
        if request.path in {"/rss", "/rss/search"}:
            return Answer.text(rss(self._found(request.param("q"))), kind="application/xml")
        feed = self.feeds.get(request.path)
        if feed is None:
            return Answer.text("nothing here", status=404)
        if feed.gone:
            return Answer.text("gone", status=410)
        shown = [] if request.empty_page else feed.items[: feed.length]
        body = rss(shown)
        etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:8]}"'
        if request.headers.get("if-none-match") == etag:
            return Answer(status=304, headers={"ETag": etag})
        return Answer.text(body, kind="application/rss+xml", headers={"ETag": etag})

    def _found(self, query: str) -> list[Item]:
        days = dict(re.findall(r"\b(after|before):(\d{4}-\d\d-\d\d)", query))
        words = re.sub(r"\b(?:after|before):\S+", "", query).strip()
        alternatives = [part.strip(' ()"').casefold() for part in words.split(" OR ")]
        found = [
            item
            for item in self.news
            if any(alternative in item.title.casefold() for alternative in alternatives) and _inside(item, days)
        ]
        return [replace(item, title=f"{item.title} - {item.outlet}") for item in found[:NEWS_LIMIT]]


def _inside(item: Item, days: dict[str, str]) -> bool:
    day = datetime.fromtimestamp(item.second or 0, UTC).date()
    return (
        date.fromisoformat(days.get("after", "0001-01-01"))
        <= day
        < date.fromisoformat(days.get("before", "9999-12-31"))
    )


def rss(items: list[Item]) -> str:
    """Return items as RSS 2.0."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>T</title><language>en-us</language>'
        + "".join(_entry(item) for item in items)
        + "</channel></rss>"
    )


def _entry(item: Item) -> str:
    parts = [f"<title>{escape(item.title)}</title>"]
    if item.link:
        parts.append(f"<link>{escape(item.link)}</link>")
    if item.guid:
        parts.append(f'<guid isPermaLink="false">{escape(item.guid)}</guid>')
    if item.second is not None:
        parts.append(f"<pubDate>{format_datetime(datetime.fromtimestamp(item.second, UTC), usegmt=True)}</pubDate>")
    if item.text:
        parts.append(f"<description>{escape(item.text)}</description>")
    if item.outlet:
        parts.append(f'<source url="https://{item.outlet}">{item.outlet}</source>')
    return f"<item>{''.join(parts)}</item>"
