"""Search the world's online news by GDELT's DOC 2.0 API: articles of the last three months, without a key.

The API (blog.gdeltproject.org/gdelt-doc-2-0-api-debuts, its limits as met by its
users, both seen 2026-11-22) searches whole articles, translated too, and tells
address, title, outlet and when it saw them, in steps of 15 minutes. At most 250
articles come with a call, and there are no pages: the time is cut into slices. It
asks for at most one request in five seconds. What is wrong with a request is said
as text with status 200.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from listener.api import (
    Dialect,
    Mention,
    Page,
    RateLimitedError,
    RejectedQueryError,
    Resource,
    Skipped,
    SourceError,
    SourceFacts,
    UnavailableError,
    UnexpectedAnswerError,
    compile_query,
    from_epoch,
    option,
    to_epoch,
    utc_now,
)
from sources.adapter import checked_base_url
from sources.cursors import reading_cursor
from sources.gdelt_names import country_code, language_tag
from sources.text import ID_LIMIT, as_object, clean_line, line_of, usable_links
from sources.text import instant_from_iso as _instant
from sources.web import Client, Limits
from sources.web.answers import retry_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from listener.api import Query, StopSignal, Window
    from sources.web import Answer

__all__ = ["DIALECT", "GdeltOptions", "GdeltSource", "read_article", "read_title"]

_LONGEST: Final = 240
"""Longer queries are "too long"; some 250 characters are let through."""
DIALECT: Final = Dialect(
    name="gdelt",
    max_length=_LONGEST,
    disjunction="",  # only single terms may stand in an OR; they are joined here
    negation="",  # "-word" looks at whole articles, and only titles are seen here
    grouping=False,
    hashtags=False,
    handles=False,
    symbols=False,
)
"""What can be asked: words and phrases, all of which must occur in an article."""

_PATH: Final = "/api/v2/doc/doc"
_MOST: Final = 250
_FLOOR: Final = 900
"""Articles are dated in steps of so many seconds; a shorter slice is refused."""
_SHORTEST_WORD: Final = 3
_BUSY: Final = timedelta(minutes=5)
"""How long to stay away after a refusal for haste: repeated ones make it last longer."""

_TERM: Final = re.compile(r'"[^"]*"|\S+')
_LATIN_WORD: Final = re.compile(r"[a-z0-9]+", re.IGNORECASE)
_ESCAPE: Final = re.compile(r"""\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|'|)""")
_BEFORE: Final = re.compile(r"\s+([,.;:!?%)\]}\u2019])")
_AFTER: Final = re.compile(r"([(\[{$\u00a3\u20ac])\s+")
_APOSTROPHE: Final = re.compile(r"(?<=\w) ' (?=(?:s|t|re|ve|ll|d|m)\b)", re.IGNORECASE)
_INITIALS: Final = re.compile(r"\b([A-Z]\.) (?=[A-Z]\.)")
_SEEN: Final = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class GdeltOptions:
    """Hold the options of `[sources.gdelt]`."""

    base_url: str = option("Where the API is.", default="https://api.gdeltproject.org")
    seconds_between_requests: float = option(
        "Pause between two requests; the service refuses more than one in five seconds.",
        default=6.0,
        minimum=0,
        maximum=60,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    """Say where reading stands; times in epoch seconds.

    `before` is the exclusive end of the next slice, `span` its length. `lost` is
    the end of the latest slice of which not every article could be read.
    """

    before: int
    span: int
    lost: int | None = None

    @classmethod
    def read(cls, window: Window, cursor: str | None) -> _Position:
        since, until = to_epoch(window.since), to_epoch(window.until)
        if cursor is None:
            return cls(before=until, span=max(_FLOOR, until - since))
        with reading_cursor("gdelt"):
            before, span, lost = json.loads(cursor)
            return cls(before=int(before), span=max(_FLOOR, int(span)), lost=None if lost is None else int(lost))

    def write(self) -> str:
        return json.dumps([self.before, self.span, self.lost])


class GdeltSource:
    """Read news articles that hold the words of a query."""

    name = "gdelt"
    Options: ClassVar[type] = GdeltOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="News articles of the world in 65 languages, by GDELT's search.",
        cost="free; the GDELT Project is to be named as the source",
        sees="titles of online news of the last three months; words that stand only further down are not seen",
        horizon=timedelta(days=90),
        overlap=timedelta(hours=6),  # articles are indexed late, and an empty answer is no proof of none
        lag=timedelta(minutes=15),
        every=timedelta(hours=1),
        items_a_page=_MOST,
    )

    def __init__(self, options: GdeltOptions | None = None, *, stop: StopSignal | None = None) -> None:
        self._options = options or GdeltOptions()
        self._base = checked_base_url(self._options.base_url, option="sources.gdelt.base_url")
        limits = Limits(
            read_seconds=25.0, total_seconds=40.0, spacing_seconds=self._options.seconds_between_requests
        )  # it takes its time
        self._client = Client(self.name, trusted=[self._base], limits=limits, stop=stop, judge=_refusal_for_haste)

    def plan(self, queries: Sequence[Query]) -> Sequence[Resource]:
        """Return a resource for each request that a brand needs: single terms share one, joined by OR."""
        return [
            _resource(native, query.brand, number)
            for query in queries
            for number, native in enumerate(_natives(query), start=1)
        ]

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read one slice of time, the newest first; a slice with more articles than are given out is halved."""
        position = _Position.read(window, cursor)
        start, before = max(to_epoch(window.since), position.before - position.span), position.before
        made = self._client.requests_made
        articles = self._articles(resource.native, start, before)
        requests = self._client.requests_made - made
        is_full = len(articles) >= _MOST
        if is_full and before - start > _FLOOR:
            onward = _Position(before=before, span=max(_FLOOR, (before - start) // 2), lost=position.lost)
            return Page(cursor=onward.write(), exhausted=False, requests=requests, items=len(articles))
        mentions, skipped = _read_articles(articles, start, before)
        lost = max(before, position.lost or 0) if is_full else position.lost
        span = position.span * 2 if len(articles) < _MOST // 2 else position.span
        ended = start <= to_epoch(window.since)
        return Page(
            mentions=mentions,
            cursor=None if ended else _Position(before=start, span=span, lost=lost).write(),
            exhausted=ended,
            complete_since=from_epoch(lost) if ended and lost is not None else None,
            lost_reason=f"more than {_MOST} articles in 15 minutes, and no more are given out"
            if ended and lost
            else None,
            skipped=skipped,
            requests=requests,
            items=len(articles),
        )

    @property
    def requests_made(self) -> int:
        """Return how many calls were sent so far."""
        return self._client.requests_made

    @property
    def service_time(self) -> datetime | None:
        """Return the time by the service's clock of its last answer, None before the first."""
        return self._client.answered_at

    def check(self) -> str:
        """Search for a common word; return how many articles of the last hours came."""
        now = to_epoch(utc_now())
        found = len(self._articles("weather", now - 6 * 3600, now))
        return f"answers without a key; {found} articles of the last six hours hold the word weather"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _articles(self, native: str, start: int, before: int) -> list[object]:
        """Return what the API has on the slice [start, before), times in epoch seconds; of a short one, more."""
        start = min(start, before - _FLOOR)
        answer = self._client.get_bytes(
            self._base + _PATH,
            {
                "query": native,
                "mode": "artlist",
                "format": "json",
                "maxrecords": str(_MOST),
                "sort": "datedesc",
                "startdatetime": f"{from_epoch(start):%Y%m%d%H%M%S}",
                "enddatetime": f"{from_epoch(before - 1):%Y%m%d%H%M%S}",
            },
            {"Accept": "application/json"},
        )
        fields = _fields(answer.body.decode("utf-8-sig", "replace").strip())
        articles = fields.get("articles", None if fields else [])  # an empty object where nothing was found
        if not isinstance(articles, list):
            msg = "gdelt: the search does not answer as documented (the list of articles is missing)"
            raise UnexpectedAnswerError(msg)
        return articles


def _natives(query: Query) -> Iterator[str]:
    """Yield what to ask for a query: single terms joined by OR as far as they fit, conjunctions by themselves."""
    singles: dict[str, None] = {}
    conjunctions: dict[str, None] = {}
    for native in compile_query(query, DIALECT):
        terms = [term for term in _TERM.findall(native.text) if not _is_too_short(term)]
        if not terms:
            msg = (
                f"gdelt cannot be asked for the query of {query.brand}: {native.text} is shorter than {_SHORTEST_WORD} "
                "letters, which the service refuses; leave gdelt out of the brand's sources, or add a longer word"
            )
            raise RejectedQueryError(msg)
        (singles if len(terms) == 1 else conjunctions)[" ".join(terms)] = None
    group: list[str] = []
    for term in singles:
        if group and len(" OR ".join([*group, term])) + 2 > _LONGEST:
            yield _joined(group)
            group = []
        group.append(term)
    if group:
        yield _joined(group)
    yield from conjunctions


def _joined(terms: Sequence[str]) -> str:
    """Return alternatives as the API wants them: in parentheses, a single term without."""
    return terms[0] if len(terms) == 1 else f"({' OR '.join(terms)})"


def _is_too_short(term: str) -> bool:
    """Say whether a term is refused for its length; of scripts other than Latin nothing is known."""
    bare = term.strip('"')
    return len(bare) < _SHORTEST_WORD and _LATIN_WORD.fullmatch(bare) is not None


def _resource(native: str, brand: str, number: int) -> Resource:
    digest = hashlib.sha256(f"{native}\n{brand}".encode()).hexdigest()
    return Resource(key=digest[:16], lane="search" if number == 1 else f"search/{number}", native=native, brand=brand)


def _refusal_for_haste(answer: Answer) -> SourceError | None:
    """Return the error of an answer that asks to slow down, whatever its status; None for any other."""
    if answer.status != 429 and b"limit requests to one" not in answer.body[:1000]:  # noqa: PLR2004 - too many requests
        return None
    now = utc_now()
    msg = "gdelt: the service asks for fewer requests; the next pass goes on where this one stopped"
    return RateLimitedError(msg, retry_at=retry_instant(answer.headers, now) or now + _BUSY)


def _fields(text: str) -> Mapping[str, object]:
    """Return the JSON object of an answer, escapes that JSON has not read as they stand.

    Raises RejectedQueryError with the service's own words where it sent some.
    """
    if not text:
        msg = "gdelt: the service sent an empty answer"
        raise UnavailableError(msg)
    if text.startswith("<"):
        msg = "gdelt: the service sent a web page where JSON is documented"
        raise UnexpectedAnswerError(msg)
    if not text.startswith("{"):
        msg = f'gdelt: the query is refused ("{clean_line(text, limit=200)}")'
        raise RejectedQueryError(msg)
    try:
        return as_object(json.loads(_ESCAPE.sub(_escape, text), strict=False))
    except (ValueError, RecursionError):
        if not text.endswith("}"):
            msg = "gdelt: the answer was cut short"
            raise UnavailableError(msg) from None
        msg = "gdelt: the service sent something that is not JSON"
        raise UnexpectedAnswerError(msg) from None


def _escape(found: re.Match[str]) -> str:
    """Return an escape as JSON has it: a backslash before anything else is one, before an apostrophe none."""
    if found[1]:
        return found[0]
    return "'" if found[0].endswith("'") else "\\\\"


def _read_articles(
    articles: Sequence[object], start: int, before: int
) -> tuple[tuple[Mention, ...], tuple[Skipped, ...]]:
    """Return the mentions of a slice, each id once, and what could not become one."""
    mentions: dict[str, Mention] = {}
    skipped: list[Skipped] = []
    for article in articles:
        read = read_article(as_object(article))
        if isinstance(read, Skipped):
            skipped.append(read)
        elif read.published_at is None or not start <= to_epoch(read.published_at) < before:
            skipped.append(Skipped(id=read.id, reason="seen outside the time that was asked for"))
        elif read.id in mentions:
            skipped.append(Skipped(id=read.id, reason="twice in one answer"))
        else:
            mentions[read.id] = read
    return tuple(mentions.values()), tuple(skipped)


def read_article(article: Mapping[str, object]) -> Mention | Skipped:
    """Return the mention that an article stands for, or why it is none."""
    url = next(iter(usable_links([article.get("url")])), None)
    if url is None:
        return Skipped(id=line_of(article.get("url"), limit=ID_LIMIT), reason="the article has no web address")
    native = url if len(url) <= ID_LIMIT else "sha256:" + hashlib.sha256(url.encode()).hexdigest()
    seen = _SEEN.fullmatch(line_of(article.get("seendate"), limit=64) or "")
    seen_at = _instant("{}-{}-{}T{}:{}:{}Z".format(*seen.groups())) if seen else None
    if seen_at is None:
        return Skipped(id=native, reason="the article has no time")
    title = line_of(article.get("title"))
    outlet = line_of(article.get("domain"), limit=200)
    return Mention(
        source=GdeltSource.name,
        id=native,
        text="",
        title=read_title(title) if title else None,
        published_at=seen_at,
        url=url,
        kind="article",
        language=language_tag(line_of(article.get("language"), limit=60)),
        place=country_code(line_of(article.get("sourcecountry"), limit=60)),
        links=usable_links([url, article.get("url_mobile")]),
        has_media=bool(usable_links([article.get("socialimage")])),
        extra={"outlet": outlet} if outlet else None,
    )


def read_title(title: str) -> str:
    """Return a title without the blanks that GDELT sets round punctuation, where no other reading is possible.

    "Rally ; U . S . shares ( up 5 % )" becomes "Rally; U.S. shares (up 5%)". A dash keeps its
    blanks: it may have been one.
    """
    closed = _AFTER.sub(r"\1", _BEFORE.sub(r"\1", title))
    return _INITIALS.sub(r"\1", _APOSTROPHE.sub("'", closed))
