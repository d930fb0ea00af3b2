"""Read feeds: RSS, Atom, RDF and JSON Feed, Google Alerts, and Google News searches.

A feed holds its newest entries and no more. What of a window it still holds is
read in one request; where entries may have dropped out of it since the last
reading, the page says back to when it is complete.

Google News: at most 100 items a search, not sorted by date, no paging; for
personal, non-commercial use (its feeds' own words, seen 2026-11-22).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from operator import gt, lt
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlencode, urlsplit

from listener.api import (
    Dialect,
    Mention,
    Page,
    PermanentSourceError,
    Resource,
    Skipped,
    SourceFacts,
    UnexpectedAnswerError,
    compile_query,
    option,
    to_epoch,
    utc_now,
)
from listener.errors import UsageError
from sources.adapter import checked_base_url, checked_each
from sources.cursors import object_in
from sources.rss_entries import GOOGLE_NEWS, is_cut, read_entries
from sources.text import as_list, count_of
from sources.web import Client, Limits
from sources.web.addresses import is_loopback

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from listener.api import Query, StopSignal, Window

__all__ = ["DIALECT", "RssOptions", "RssSource"]

DIALECT: Final = Dialect(
    name="rss",
    max_length=400,
    max_terms=30,  # Google reads 32 words of a search; two are the dates
    negation="",  # "-word" looks at whole articles, and only headlines are seen here
    hashtags=False,
    handles=False,
)
"""What a Google News search can be asked."""

_NEWS_LANE: Final = "google-news"
_NEWS_LIMIT: Final = 100
_ACCEPT: Final = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
_MOST_BYTES: Final = 5 << 20
"""The largest feed that is read: markup made to be slow takes the parser some 20 s a MiB."""

_NOT_MODIFIED: Final = 304
_MOST_SEEN: Final = 100
_FULL: Final = 10
"""With fewer entries than this, a feed that is read for the first time is taken for a short one, not for a cut one.

WordPress shows 10 by default; few feeds are cut to less.
"""
_LOOK_AT: Final = 3
"""So many entries at a feed's end say how far back it reaches: elsewhere one may be dated long before it appeared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RssOptions:
    """Hold the options of `[sources.rss]`."""

    feeds: tuple[str, ...] = option(
        "Addresses of feeds; every brand is looked for in each.", default=(), example=("https://example.org/feed.xml",)
    )
    google_news: bool = option("Search Google News for each brand (personal, non-commercial use only).", default=False)
    google_news_language: str = option("Language and region of the Google News search.", default="en-US")
    google_news_country: str = option("Country of the Google News search.", default="US")
    base_url: str = option("Where Google News is.", default=f"https://{GOOGLE_NEWS}")
    allow_private: bool = option("Let feeds be at addresses of a private network.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marker:
    """Remember the last reading of a feed: it is what `Page.marker` holds.

    `since` is the instant (epoch seconds) before which entries were left out, so
    that "not modified" says nothing about them; `seen` are fingerprints of the
    entries that the feed held.
    """

    since: int | None = None
    etag: str | None = None
    modified: str | None = None
    seen: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str | None) -> _Marker:
        """Return the marker of the last window; an empty one where there is none that can be read."""
        fields = object_in(text)
        etag, modified = fields.get("etag"), fields.get("modified")
        return cls(
            since=count_of(fields.get("since")),
            etag=etag if isinstance(etag, str) else None,
            modified=modified if isinstance(modified, str) else None,
            seen=tuple(str(mark) for mark in as_list(fields.get("seen"))),
        )

    def write(self) -> str:
        return json.dumps({"since": self.since, "etag": self.etag, "modified": self.modified, "seen": self.seen})

    def conditions(self, window: Window) -> dict[str, str]:
        """Return the headers of a conditional request; none where the window reaches further back than was read."""
        if self.since is None or to_epoch(window.since) < self.since:
            return {}
        given = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in given.items() if value}


class RssSource:
    """Read the entries of feeds."""

    name = "rss"
    Options: ClassVar[type] = RssOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="Feeds (RSS, Atom, JSON Feed), Google Alerts, Google News searches.",
        sees="what a feed still holds: its newest entries; of Google News headlines only",
        overlap=timedelta(days=2),  # entries appear later than they are dated, and reading them again costs nothing
        every=timedelta(minutes=30),
        resources_fail_alone=True,
    )

    def __init__(self, options: RssOptions, *, stop: StopSignal | None = None) -> None:
        self._options = options
        checked_each(options.feeds, _check_feed, option="sources.rss.feeds")
        self._base = checked_base_url(options.base_url, option="sources.rss.base_url")
        self._feeds = {_feed_key(url): url for url in options.feeds}
        self._client = Client(
            self.name,
            trusted=[self._base, *(url for url in options.feeds if _names_loopback(url))],
            allow_private=options.allow_private,
            limits=Limits(body_bytes=_MOST_BYTES),
            stop=stop,
            clock_ahead=timedelta(hours=1),  # hosts of feeds are less careful with theirs
        )

    def plan(self, queries: Sequence[Query]) -> Sequence[Resource]:
        """Return a resource for each feed, and one or more for each brand's Google News search."""
        resources = [
            Resource(key=key, lane=f"feed:{_shown(url)}", native=_shown(url)) for key, url in self._feeds.items()
        ]
        if self._options.google_news:
            resources += [
                self._search(native.text, query.brand, number)
                for query in queries
                for number, native in enumerate(compile_query(query, DIALECT), start=1)
            ]
        return resources

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read what a feed holds of the window; always one page."""
        if cursor is not None:
            msg = "rss: feeds are read in one page; collect the window from its start"
            raise UnexpectedAnswerError(msg)
        marker = _Marker.read(window.marker)
        url = self._feeds.get(resource.key)
        headers = {"Accept": _ACCEPT, **(marker.conditions(window) if url else {})}
        made = self._client.requests_made
        address = url or self._news_url(resource.native, window)
        answer = self._client.get_bytes(address, headers=headers)
        if answer.status != _NOT_MODIFIED and is_cut(answer.body):  # by accident, or is it always so?
            answer = self._client.get_bytes(address, headers={"Accept": _ACCEPT})
        requests = self._client.requests_made - made
        if answer.status == _NOT_MODIFIED:
            return Page(marker=marker.write(), requests=requests, items=0)
        entries = read_entries(answer, is_google_news=url is None)
        since, reason = _complete_since(
            entries, window, marker, is_limited=url is not None or len(entries) >= _NEWS_LIMIT
        )
        mentions, skipped, is_early = _in_window(entries, window)
        is_partial = is_early or is_cut(answer.body)  # "not modified" would say nothing about the rest
        now_seen = _Marker(
            since=to_epoch(window.since),
            etag=None if is_partial else answer.headers.get("etag"),
            modified=None if is_partial else answer.headers.get("last-modified"),
            seen=_seen(entries, window),
        )
        return Page(
            mentions=mentions,
            complete_since=since,
            lost_reason=reason,
            marker=now_seen.write(),
            skipped=skipped,
            requests=requests,
            items=len(entries),
        )

    @property
    def requests_made(self) -> int:
        """Return how many calls were sent so far."""
        return self._client.requests_made

    def check(self) -> str:
        """Read the first feed, or the front page of Google News; return how many entries it holds."""
        url = next(iter(self._options.feeds), None)
        if url is None and not self._options.google_news:
            msg = "rss: there is nothing to read; set feeds or google_news in [sources.rss]"
            raise PermanentSourceError(msg)
        answer = self._client.get_bytes(
            url or f"{self._base}/rss?{urlencode(self._locale)}", headers={"Accept": _ACCEPT}
        )
        entries = read_entries(answer, is_google_news=url is None)
        what = "Google News" if url is None else f"the first of {len(self._feeds)} feeds"
        return f"{what} answers with {len(entries)} entries"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @property
    def _locale(self) -> dict[str, str]:
        language, country = self._options.google_news_language, self._options.google_news_country
        return {"hl": language, "gl": country, "ceid": f"{country}:{language.partition('-')[0]}"}

    def _search(self, native: str, brand: str, number: int) -> Resource:
        asked = "\n".join([native, brand, *self._locale.values()])
        lane = _NEWS_LANE if number == 1 else f"{_NEWS_LANE}/{number}"
        return Resource(key=_hash(asked), lane=lane, native=native, brand=brand)

    def _news_url(self, native: str, window: Window) -> str:
        """Return the search for a window; its dates are days of an unsaid time zone, so one more on either side."""
        day = timedelta(days=1)
        dates = f"after:{(window.since - day).date()} before:{(window.until + 2 * day).date()}"
        return f"{self._base}/rss/search?" + urlencode({"q": f"({native}) {dates}", **self._locale})


def _in_window(
    entries: Sequence[Mention | Skipped], window: Window
) -> tuple[tuple[Mention, ...], tuple[Skipped, ...], bool]:
    """Return the mentions of a window, what was skipped, and whether an entry is dated after the window's end."""
    mentions: dict[str, Mention] = {}
    skipped: list[Skipped] = []
    is_early = False
    for entry in entries:
        if isinstance(entry, Skipped):
            skipped.append(entry)
        elif entry.id in mentions:
            skipped.append(Skipped(id=entry.id, reason="twice in one feed"))
        elif entry.published_at is None or window.since <= entry.published_at < window.until:
            mentions[entry.id] = entry
        else:  # it belongs to another window
            is_early = is_early or entry.published_at >= window.until
    return tuple(mentions.values()), tuple(skipped), is_early


def _complete_since(
    entries: Sequence[Mention | Skipped], window: Window, marker: _Marker, *, is_limited: bool
) -> tuple[datetime | None, str | None]:
    """Return back to when the window was read, and why not further; (None, None) where all of it was."""
    held = [entry for entry in entries if isinstance(entry, Mention)]
    rolling, end = _rolling(held, marker.seen)
    if not is_limited or not end or set(marker.seen) & set(_fingerprints(rolling)):
        return None, None
    oldest = min(_appeared(held, end, window.since + RssSource.facts.overlap) if marker.seen else end)
    if oldest <= window.since:
        return None, None
    if not marker.seen and (marker.since is not None or len(entries) < _FULL):
        return None, None
    reached = oldest + timedelta(seconds=1)  # of that second there may have been more
    return min(reached, window.until), f"the feed holds only its newest {len(entries)} entries"


def _appeared(held: Sequence[Mention], end: Sequence[datetime], last_read: datetime) -> Sequence[datetime]:
    """Return the dates that say how far back a feed reaches that holds nothing of what it held at `last_read`.

    All of it appeared since: what is dated before came late, and says nothing. Where most is dated before, the feed
    gives its entries other ids each time, and reaches back to its end.
    """
    dates = [entry.published_at for entry in held if entry.published_at is not None]
    new = [date for date in dates if date > last_read]
    return end if len(new) * 2 <= len(dates) else [date for date in end if date > last_read] or new


def _rolling(held: Sequence[Mention], seen: Sequence[str]) -> tuple[Sequence[Mention], Sequence[datetime]]:
    """Return the entries without those that are pinned to a feed's top, and the dates that say how far back it reaches.

    These are the dates of its last entries; of all where it is not ordered by time. A pinned entry
    is older than those last ones, of which one may be dated too early, and stays when all others have dropped out.
    In a feed that begins with its oldest entry it is the one that was the first of several that were `seen` before, too.
    """
    dates = [entry.published_at for entry in held if entry.published_at is not None]
    falls, rises = (sum(map(compare, dates, dates[1:])) for compare in (gt, lt))
    if rises > 2 * falls:
        pinned = len(seen) > 1 and _fingerprints(held[:1]) == [seen[0]]
        return held[pinned:], dates[pinned : pinned + _LOOK_AT]
    if falls <= 2 * rises:
        return held, dates
    end = dates[-_LOOK_AT:]
    usual = sorted(end)[len(end) // 2]
    first = next(place for place, entry in enumerate(held) if entry.published_at is None or entry.published_at >= usual)
    return held[first:], end


def _fingerprints(entries: Sequence[Mention | Skipped]) -> list[str]:
    """Return a short hash of the id of each entry that is a mention."""
    return [_hash(entry.id)[:10] for entry in entries if isinstance(entry, Mention)]


def _seen(entries: Sequence[Mention | Skipped], window: Window) -> tuple[str, ...]:
    """Return fingerprints of what a feed held, but for what came after the window: until the next one is read it may drop out.

    That something was held, and nothing else, is told by one that no entry has.
    """
    now = utc_now()
    held = [entry for entry in entries if isinstance(entry, Mention)]
    in_time = [one for one in held if one.published_at is None or not window.until <= one.published_at < now]
    return tuple(_fingerprints(in_time)[:_MOST_SEEN]) or (("",) if held else ())


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _feed_key(url: str) -> str:
    return f"feed-{_hash(url)}"


def _check_feed(url: str, option: str) -> None:
    """Refuse what is no address of a feed; raises UsageError, which does not repeat it: it may hold a key."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"http", "https"} or not host:
        msg = f"{option}: is not the address of a feed; write one such as https://example.org/feed.xml"
        raise UsageError(msg)
    if parts.username is not None:
        msg = f"{option}: holds a user name or a password for {host}; feeds behind one cannot be read"
        raise UsageError(msg)


def _names_loopback(url: str) -> bool:
    """Say whether a feed's address as written is this machine: then that is what is meant."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and is_loopback(parts.hostname or "")
    except ValueError:
        return False


def _shown(url: str) -> str:
    """Return a feed's address as it may be shown: without what may be a key in it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return f"(unreadable address {_hash(url)[:8]})"
    if parts.path.startswith("/alerts/feeds/"):  # Google Alerts: who has the address can read the feed
        return f"{parts.scheme}://{host}{port}/alerts/feeds/({_hash(url)[:8]})"
    secret = f"?({_hash(url)[:8]})" if parts.query or parts.username else ""
    return f"{parts.scheme}://{host}{port}{parts.path}{secret}"
