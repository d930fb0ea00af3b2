"""Ask Reddit's public feeds for what its API would answer: no key, no approval, and only a part of it.

Reddit writes Atom for its search, and for the newest posts and comments of
subreddits (reddit.com/wiki/rss, seen 2026-11-22): at most 100 entries at a time,
without counts of votes and answers. Ten requests a minute are allowed to those who
do not log in. Its entries are handed over in the shape of the API's listings, so
that whichever way a post was read, it is the same mention.
"""

from __future__ import annotations

import calendar
import html
import io
import re
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import feedparser

from listener.errors import ForbiddenError, NotFoundError, RateLimitedError
from sources.adapter import checked_base_url
from sources.reddit_client import checked_user_agent
from sources.text import as_list, as_object, instant_from_epoch, links_in, plain_text
from sources.web import Client, Limits
from sources.web.answers import retry_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from listener.protocols import StopSignal

__all__ = ["RedditFeed"]

_SITE: Final = "https://www.reddit.com"
_SPACING_SECONDS: Final = 6.5
"""Between two requests: ten a minute are allowed."""
_PAUSE: Final = timedelta(minutes=10)
"""How long Reddit is left alone where it asks to slow down and does not say for how long."""
_MOST_BYTES: Final = 5 << 20
_MOST_ENTRIES: Final = 200
_FULL: Final = 25
"""A feed with fewer entries than this, the number that it shows unasked, has no page after it."""
_NAME: Final = re.compile(r"(?:^|/)(t[13]_[0-9a-z]{1,13})$", re.ASCII)
_POST: Final = re.compile(r"/comments/([0-9a-z]{1,13})(?:/|$)", re.ASCII)
_TARGET: Final = re.compile(r'<a href="([^"<>]{1,2000})">\[link\]</a>')
_WRITTEN: Final = '<div class="md">'
_END: Final = "<!-- SC_ON -->"
_DIV: Final = re.compile(r"<(/?)div\b[^<>]{0,500}>", re.IGNORECASE)
_PARSER_FAILURES: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a parser of broken documents may stumble over."""


class RedditFeed:
    """Read feeds of Reddit as listings, one request a call, never faster than Reddit allows.

    `user_agent` is what requests call themselves, empty for a name of the
    program. Raises UsageError for one that no header can hold, and for a
    `base_url` that is no address.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        base_url: str,
        now: Callable[[], datetime],
        stop: StopSignal | None,
    ) -> None:
        self._headers = {
            "User-Agent": checked_user_agent(user_agent),
            "Accept": "application/atom+xml, application/xml;q=0.9",
        }
        self._base = checked_base_url(base_url, option="sources.reddit.base_url") if base_url else _SITE
        limits = Limits(body_bytes=_MOST_BYTES, spacing_seconds=_SPACING_SECONDS)
        self._client = Client("reddit", trusted=[self._base], limits=limits, stop=stop)
        self._now = now
        self._not_before: datetime | None = None
        self.calls_left: float | None = None

    @property
    def calls_made(self) -> int:
        """Return how many requests were sent."""
        return self._client.requests_made

    def get(self, path: str, parameters: dict[str, str | int]) -> Mapping[str, object]:
        """Return the feed at a path as a listing.

        `after` names its last entry where another page may follow; `is_cut` says
        that the page after the one asked for cannot be had.
        """
        now = self._now()
        if self._not_before is not None and now < self._not_before:
            msg = "reddit: the calls Reddit allows in this period are used up; the next pass goes on"
            raise RateLimitedError(msg, retry_at=self._not_before)
        asked = {name: str(value) for name, value in parameters.items()}
        try:
            answer = self._client.get_bytes(self._base + path, asked, self._headers)
        except RateLimitedError as error:
            self._not_before = error.retry_at or now + _PAUSE
            raise RateLimitedError(str(error), retry_at=self._not_before) from None
        self._note_limits(answer.headers, now)
        if "/subreddits/search" in urlsplit(answer.url).path:
            msg = f"reddit: there is no {path}; check the names in sources.reddit.subreddits"
            raise NotFoundError(msg)
        things = _things(answer.body)
        names = [as_object(thing.get("data")).get("name") for thing in things]
        is_cut = parameters.get("after") in names  # the page that was sent before: this feed cannot be turned over
        after = names[-1] if len(names) >= _FULL and not is_cut else None
        data = {"after": after, "children": [] if is_cut else things, "is_cut": is_cut}
        return {"kind": "Listing", "data": data}

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _note_limits(self, headers: Mapping[str, str], now: datetime) -> None:
        try:
            self.calls_left = float(headers["x-ratelimit-remaining"])
        except (KeyError, ValueError):
            self.calls_left = None
        is_spent = self.calls_left is not None and self.calls_left < 1
        self._not_before = retry_instant(headers, now) if is_spent else None


def _things(body: bytes) -> list[Mapping[str, object]]:
    """Return the entries of a feed in the shape that the API gives things."""
    parsed = None
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n")[:9].lower().startswith((b"<!doctype", b"<html")):
        try:
            parsed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
        except _PARSER_FAILURES:
            parsed = None
    if parsed is None or (not parsed.entries and not parsed.get("version")):
        msg = (
            "reddit: a web page came in the place of the feed: Reddit may refuse this machine or its name; "
            "set sources.reddit.user_agent to one that names an account of yours"
        )
        raise ForbiddenError(msg)
    return [_thing(as_object(entry)) for entry in parsed.entries[:_MOST_ENTRIES]]


def _thing(entry: Mapping[str, object]) -> Mapping[str, object]:
    """Return an entry as a thing; of a kind that is none where its id is no post's and no comment's."""
    found = _NAME.search(str(entry.get("id") or ""))
    name = found[1] if found else ""
    markup = _markup(entry)
    path = _path(entry.get("link"))
    target = _target(markup)
    post = _POST.search(path)
    author = str(as_object(entry.get("author_detail")).get("name") or entry.get("author") or "")
    written = _written(markup)
    text = plain_text(written)
    data: dict[str, object] = {
        "name": name,
        "author": author.removeprefix("/u/").strip() or None,
        "created_utc": _created(entry),
        "permalink": path,
        "subreddit": next((as_object(tag).get("term") for tag in as_list(entry.get("tags"))), None),
        "links_of_text": list(links_in(written)),
    }
    if name.startswith("t1_"):
        return {"kind": "t1", "data": {**data, "body": text, "link_id": f"t3_{post[1]}" if post else None}}
    is_self = target is None or _path(target) == path
    title = as_object(entry.get("title_detail")).get("value") or entry.get("title")
    data |= {"title": title, "selftext": text, "is_self": is_self, "url": target}
    return {"kind": name[:2] or None, "data": data}


def _markup(entry: Mapping[str, object]) -> str:
    offered = [as_object(part).get("value") for part in as_list(entry.get("content"))] + [entry.get("summary")]
    return next((part for part in offered if isinstance(part, str) and part), "")


def _path(link: object) -> str:
    try:
        return urlsplit(link).path if isinstance(link, str) else ""
    except ValueError:
        return ""


def _target(markup: str) -> str | None:
    """Return what a post links to: the last link that is called [link], under what its author wrote."""
    found: Sequence[str] = _TARGET.findall(markup)
    return html.unescape(found[-1]) if found else None


def _written(markup: str) -> str:
    """Return the part of an entry that its author wrote, as HTML; empty where there is none.

    Around it Reddit puts who submitted it and links.
    """
    start = markup.find(_WRITTEN)
    if start < 0:
        return ""
    end = markup.find(_END, start)
    if end >= 0:
        return markup[start:end]
    depth = 0
    for tag in _DIV.finditer(markup, start):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return markup[start : tag.end()]
    return markup[start:]


def _created(entry: Mapping[str, object]) -> float | None:
    for key in ("published_parsed", "updated_parsed"):
        parsed = entry[key] if key in entry else None  # noqa: SIM401 - feedparser's get answers for one with the other
        if isinstance(parsed, time.struct_time):
            try:
                second = float(calendar.timegm(parsed))
            except (ValueError, OverflowError):
                continue
            return second if instant_from_epoch(second) is not None else None
    return None
