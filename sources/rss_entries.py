"""Read the entries of a feed, whatever its format: RSS, RDF, Atom or JSON Feed.

Feeds are parsed as bytes that were fetched before: handed a text or bytes,
feedparser may open a URL or a local file of that name.
"""

from __future__ import annotations

import calendar
import hashlib
import io
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import feedparser

from listener.api import Author, Engagement, Mention, Skipped, UnexpectedAnswerError
from sources.rss_bounds import oddity_of, with_own_line
from sources.text import (
    ID_LIMIT,
    as_list,
    as_object,
    clean,
    clean_line,
    count_of,
    instant_from_epoch,
    instant_from_iso,
    line_of,
    links_in,
    plain_text,
    unwrap_link,
    usable_links,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sources.web import Answer

__all__ = ["GOOGLE_NEWS", "declares_entities_of_entities", "is_cut", "read_entries"]

GOOGLE_NEWS: Final = "news.google.com"
_SOURCE: Final = "rss"
_MOST_ENTRIES: Final = 5_000
_ROOT_END: Final = re.compile(rb"</\s*(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\s*>", re.IGNORECASE)
_TAIL_BYTES: Final = 4096
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
_GLOBAL_ID: Final = re.compile(r"https?://|tag:|urn:|yt:video:", re.IGNORECASE)
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

_SUBSET: Final = re.compile(rb"<!DOCTYPE[^\[>]{0,2000}\[")
_SUBSET_TOKEN: Final = re.compile(
    rb"\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z)|<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|\]", re.DOTALL
)  # what is not closed goes to the end: it is looked for once
_PROLOG: Final = {b"<!--": b"-->", b"<?": b"?>"}
_BLANKS: Final = re.compile(rb"[\xef\xbb\xbf\xff\xfe\s]*")
"""White space, and the bytes of byte order marks."""
_REFERENCE: Final = re.compile(rb"[&%](?!#|(?:amp|lt|gt|quot|apos);)[A-Za-z_:]")
_LONGEST_ENTITY: Final = 2_000
"""Bytes of the text of one entity; those of real feeds are a few letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Feed:
    """Say what all entries of a feed share: `origin` sets its ids apart from those of other feeds."""

    origin: str
    host: str
    language: str | None
    is_google_news: bool


def is_cut(body: bytes) -> bool:
    """Say whether a feed in XML stops before its end: its root is never closed."""
    is_json = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"
    return not is_json and _ROOT_END.search(body[-_TAIL_BYTES:].replace(b"\0", b"")) is None


def read_entries(answer: Answer, *, is_google_news: bool = False) -> tuple[Mention | Skipped, ...]:
    """Return a mention, or the reason why it is none, for each entry, in the feed's order, at most 5000.

    Of a feed that is cut the last entry is left out: half of one would pass for another.
    Raises UnexpectedAnswerError where the answer is not a feed.
    """
    head = answer.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    parts = urlsplit(answer.url)
    origin = f"{GOOGLE_NEWS}/rss" if is_google_news else f"{parts.hostname}{parts.path}"
    if head == b"{":
        return _read_json_feed(answer, origin, parts.hostname or "")
    if declares_entities_of_entities(answer.body):
        msg = f"{_SOURCE}: the feed of {parts.hostname} declares entities of entities, as documents do that are made to grow"
        raise UnexpectedAnswerError(msg)
    kept = {name: value for name, value in answer.headers.items() if name == "content-type"}
    oddity = oddity_of(answer.body, kept.get("content-type", ""))
    if oddity is not None:
        msg = f"{_SOURCE}: the feed of {parts.hostname} {oddity}, as documents do that are made to keep a reader busy"
        raise UnexpectedAnswerError(msg)
    try:
        parsed = feedparser.parse(
            io.BytesIO(with_own_line(answer.body)),
            response_headers={**kept, "content-location": answer.url},
            sanitize_html=False,  # only the plain text is taken, see `plain_text`
        )
    except _PARSER_FAILURES:
        raise _no_feed(parts.hostname) from None
    if not parsed.entries and not parsed.get("version"):
        raise _no_feed(parts.hostname)
    feed = _Feed(
        origin=origin,
        host=parts.hostname or "",
        language=_language(parsed.feed.get("language")),
        is_google_news=is_google_news,
    )
    entries = parsed.entries[:-1] if is_cut(answer.body) else parsed.entries
    return tuple(_read_entry(entry, feed) for entry in entries[:_MOST_ENTRIES])


def declares_entities_of_entities(body: bytes) -> bool:
    """Say whether the document type of an XML document declares texts that grow as they are put in.

    That is one that refers to other entities, or a very long one. Parsers have limits
    of their own against these; which, depends on how Python was built.
    """
    plain = body.replace(b"\0", b"")
    start = _SUBSET.match(plain, _after_prolog(plain))
    if start is None:
        return False
    for token in _SUBSET_TOKEN.finditer(plain, start.end()):
        literal = token[0]
        if literal == b"]":
            return False
        if literal[:1] in {b'"', b"'"} and (len(literal) > _LONGEST_ENTITY or _REFERENCE.search(literal)):
            return True
    return False


def _after_prolog(plain: bytes) -> int:
    """Return where the document type or the first element of an XML document begins."""
    place = _past_blanks(plain, 0)
    while opened := next((one for one in _PROLOG if plain.startswith(one, place)), None):
        end = plain.find(_PROLOG[opened], place + len(opened))
        if end < 0:
            return len(plain)
        place = _past_blanks(plain, end + len(_PROLOG[opened]))
    return place


def _past_blanks(plain: bytes, place: int) -> int:
    found = _BLANKS.match(plain, place)
    return place if found is None else found.end()


def _no_feed(host: str | None) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(f"{_SOURCE}: what {host} sent is not a feed (RSS, Atom, RDF or JSON Feed)")


def _read_entry(entry: Mapping[str, object], feed: _Feed) -> Mention | Skipped:
    """Return the mention of an entry as feedparser hands it over."""
    link = _link(entry)
    title = plain_text(str(entry.get("title") or ""), limit=2_000)
    outlet = line_of(as_object(entry.get("source")).get("title"), limit=200)
    if feed.is_google_news and outlet:
        title = title.removesuffix(f" - {outlet}")
    markup, text = _content(entry)
    published_at, updated_at = _instant(entry, "published"), _instant(entry, "updated")
    at = published_at or _instant(entry, "created") or updated_at
    native = _identity(entry.get("id"), link, title or text, at, feed.origin)
    if native is None or not (title or text or link):
        return Skipped(id=native, reason="the entry holds no title, no text and no link")
    writer = outlet if feed.is_google_news else _author(entry)
    return Mention(
        source=_SOURCE,
        id=native,
        text="" if feed.is_google_news else text,  # a link that repeats the title
        published_at=at,
        title=clean_line(title, limit=2_000) or None,
        url=link,
        kind="video" if entry.get("yt_videoid") else "article",
        author=Author(name=writer) if writer else None,
        language=feed.language,
        engagement=Engagement(views=count_of(as_object(entry.get("media_statistics")).get("views"))),
        links=usable_links([link, *links_in("" if feed.is_google_news else markup, origin=link or "")]),
        edited_at=updated_at if updated_at and published_at and updated_at > published_at else None,
    )


def _link(entry: Mapping[str, object]) -> str | None:
    link = entry.get("link")
    return unwrap_link(link) if isinstance(link, str) else None


def _content(entry: Mapping[str, object]) -> tuple[str, str]:
    """Return the longest text of an entry as it came, and as plain text."""
    offered = [as_object(part) for part in as_list(entry.get("content"))] + [as_object(entry.get("summary_detail"))]
    best: Mapping[str, object] = max(offered, key=lambda part: len(str(part.get("value") or "")), default={})
    markup = str(best.get("value") or entry.get("summary") or "")
    return markup, clean(markup).strip() if best.get("type") == "text/plain" else plain_text(markup)


def _author(entry: Mapping[str, object]) -> str | None:
    detail = as_object(entry.get("author_detail"))
    return line_of(detail.get("name"), limit=200) or line_of(entry.get("author"), limit=200)


def _instant(entry: Mapping[str, object], name: str) -> datetime | None:
    key = f"{name}_parsed"
    parsed = entry[key] if key in entry else None  # noqa: SIM401 - feedparser's get answers for "updated" with another date
    if not isinstance(parsed, time.struct_time):
        return None
    try:
        return instant_from_epoch(calendar.timegm(parsed))
    except (ValueError, OverflowError):
        return None


def _identity(given: object, link: str | None, words: str, at: datetime | None, origin: str) -> str | None:
    """Return the id of an entry: its own, else its link, else a hash of its title, or text, and date.

    An id that is not made to be unique in the world is set apart by where the feed is.
    """
    own = line_of(given, limit=4 * ID_LIMIT)
    if own is None:
        if link is None and not words:
            return None
        own = link or "sha256:" + hashlib.sha256(f"{words}\n{at}".encode()).hexdigest()[:32]
    if not _GLOBAL_ID.match(own):
        own = f"{origin}#{own}"
    return own if len(own) <= ID_LIMIT else "sha256:" + hashlib.sha256(own.encode()).hexdigest()


def _language(value: object) -> str | None:
    tag = line_of(value, limit=35)
    return tag.replace("_", "-") if tag and _LANGUAGE.fullmatch(tag) else None


def _read_json_feed(answer: Answer, origin: str, host: str) -> tuple[Mention | Skipped, ...]:
    """Read a JSON Feed (jsonfeed.org, version 1.1)."""
    try:
        document = as_object(json.loads(answer.body.decode("utf-8-sig", "replace")))
    except (ValueError, RecursionError):
        raise _no_feed(host) from None
    if "jsonfeed.org" not in str(document.get("version")) or not isinstance(document.get("items"), list):
        raise _no_feed(host)
    language = _language(document.get("language"))
    return tuple(
        _read_json_item(as_object(item), origin, language) for item in as_list(document["items"])[:_MOST_ENTRIES]
    )


def _read_json_item(item: Mapping[str, object], origin: str, language: str | None) -> Mention | Skipped:
    markup, plain = item.get("content_html"), item.get("content_text") or item.get("summary")
    markup = markup if isinstance(markup, str) else ""
    usable = usable_links([item.get("url"), item.get("external_url")])
    link = usable[0] if usable else None
    title = line_of(item.get("title")) or ""
    published_at, updated_at = instant_from_iso(item.get("date_published")), instant_from_iso(item.get("date_modified"))
    native = _identity(item.get("id"), link, title, published_at or updated_at, origin)
    if native is None or not (title or markup or plain or link):
        return Skipped(id=native, reason="the item holds no title, no content and no url")
    authors = [as_object(author) for author in [*as_list(item.get("authors")), item.get("author")]]
    writer = next((name for author in authors if (name := line_of(author.get("name"), limit=200))), None)
    return Mention(
        source=_SOURCE,
        id=native,
        text=plain_text(markup) if markup else clean(plain if isinstance(plain, str) else "").strip(),
        published_at=published_at or updated_at,
        title=title or None,
        url=link,
        kind="article",
        author=Author(name=writer) if writer else None,
        language=_language(item.get("language")) or language,
        links=usable_links([*usable, *links_in(markup, origin=link or "")]),
        edited_at=updated_at if updated_at and published_at and updated_at > published_at else None,
    )
