"""Search Hacker News for stories and comments, newest first.

The search is Algolia's public one (hn.algolia.com/api, seen 2026-11-22): no
key, 10 000 requests an hour for an IP address, at most 1000 hits for a query.
Reading goes on below the oldest hit seen, by its time and not by page numbers:
an item that is deleted meanwhile shifts no other past the reader.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from listener.api import (
    Author,
    Dialect,
    Engagement,
    Mention,
    Page,
    PageBound,
    RecheckFacts,
    RecheckPage,
    Resource,
    Skipped,
    SourceFacts,
    UnavailableError,
    UnexpectedAnswerError,
    compile_query,
    from_epoch,
    option,
    to_epoch,
)
from sources.adapter import checked_base_url
from sources.cursors import reading_cursor
from sources.text import (
    as_list,
    as_object,
    count_of,
    instant_from_epoch,
    instant_from_iso,
    line_of,
    links_in,
    plain_text,
    usable_links,
)
from sources.web import Client

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from listener.api import Query, StopSignal, Window

__all__ = ["DIALECT", "HackerNewsOptions", "HackerNewsSource"]

DIALECT: Final = Dialect(
    name="hackernews",
    max_length=170,  # Algolia reads 512 bytes; most scripts take at most 3 for a character
    conjunction=" ",
    disjunction="",
    negation="",  # "-word" would also look at the story's title above a comment, and so lose comments
    grouping=False,
    phrases=True,
    hashtags=False,
    handles=False,
)
"""What the search can be asked: words, all of which must occur, and phrases in quotes."""

_PATH: Final = "/api/v1/search_by_date"
_MOST_HITS: Final = 1000
_MOST_REPLIES: Final = 200
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_-]{2,15}", re.ASCII)
_CURSOR_PARTS: Final = 4
_MOST_CALLS: Final = 6
"""Calls for one page: one, and as many redirects as the client follows."""
_FEWEST: Final = 10
"""Items in a page that a budget still allows: below, a page is not worth its call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HackerNewsOptions:
    """Hold the options of `[sources.hackernews]`."""

    base_url: str = option("Where the search API is.", default="https://hn.algolia.com")
    include_comments: bool = option("Read comments too, not stories alone.", default=True)
    items_url: str = option(
        "Where single items are looked at again (Hacker News's own API).", default="https://hacker-news.firebaseio.com"
    )
    hits_per_page: int = option("Items in one answer.", default=200, minimum=1, maximum=_MOST_HITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    """Say where in a window reading stands; it is what `Page.cursor` holds.

    `before` is the exclusive upper bound in epoch seconds, `page` the page below
    it, of `size` items. `lost` is the latest second of which not every item could
    be read.
    """

    before: int
    page: int = 0
    lost: int | None = None
    size: int = 0

    @classmethod
    def read(cls, window: Window, cursor: str | None) -> _Position:
        if cursor is None:
            return cls(before=to_epoch(window.until))
        with reading_cursor("hackernews"):
            held = json.loads(cursor)
            before, page, lost, size = held if len(held) == _CURSOR_PARTS else (*held, 0)
            return cls(before=int(before), page=int(page), lost=None if lost is None else int(lost), size=int(size))

    def write(self) -> str:
        return json.dumps([self.before, self.page, self.lost, *([self.size] if self.page else [])])

    def in_pages_of(self, size: int) -> _Position:
        """Return the position for pages of another size; what it cannot hit exactly is read twice, never left out."""
        return replace(self, page=self.page * self.size // size if self.size else self.page, size=size)


class HackerNewsSource:
    """Read stories and comments that hold the words of a query."""

    name = "hackernews"
    threads_at_once: ClassVar[int] = 20
    Options: ClassVar[type] = HackerNewsOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="Stories and comments on Hacker News, by full-text search.",
        sees="everything public since 2006; items are searchable within minutes",
        overlap=timedelta(hours=1),
        lag=timedelta(minutes=1),
        every=timedelta(minutes=10),
    )
    recheck_facts: ClassVar[RecheckFacts] = RecheckFacts(batch=20, requests_a_batch=20, requests_per_day=1000)

    def __init__(self, options: HackerNewsOptions, *, stop: StopSignal | None = None) -> None:
        self._options = options
        self._base = checked_base_url(options.base_url, option="sources.hackernews.base_url")
        self._items = checked_base_url(options.items_url, option="sources.hackernews.items_url")
        self._client = Client(self.name, trusted=[self._base, self._items], stop=stop)

    def plan(self, queries: Sequence[Query]) -> Sequence[Resource]:
        """Return a resource for each alternative of each query: the search knows no OR."""
        return [
            _resource(native.text, self._tags, query.brand, number)
            for query in queries
            for number, native in enumerate(compile_query(query, DIALECT), start=1)
        ]

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read up to `hits_per_page` items below the position of `cursor`."""
        size = min(self._options.hits_per_page, window.size or self._options.hits_per_page)
        position = _Position.read(window, cursor).in_pages_of(size)
        made = self._client.requests_made
        answer = self._search(resource.native, to_epoch(window.since), position, size)
        hits = as_list(answer.get("hits"))
        mentions, skipped = _read_hits(hits, window)
        onward = _onward(answer, hits, position, size)
        ended = onward is None
        lost = None if onward is not None or position.lost is None else from_epoch(position.lost + 1)
        return Page(
            mentions=mentions,
            cursor=None if onward is None else onward.write(),
            exhausted=ended,
            complete_since=lost,
            lost_reason=None if lost is None else "more items in one second than the search gives out",
            skipped=skipped,
            requests=self._client.requests_made - made,
            items=len(hits),
            existing=_existing(answer, window) if cursor is None else (),
        )

    @property
    def requests_made(self) -> int:
        """Return how many calls were sent so far."""
        return self._client.requests_made

    @property
    def page_sizes(self) -> tuple[int, int]:
        """Return the fewest items the search can be asked for, and how many it is asked for without a limit."""
        return min(_FEWEST, self._options.hits_per_page), self._options.hits_per_page

    def most(self, size: int) -> PageBound:
        """Return what a page of so many items costs at most: one call, and what it is led on to."""
        return PageBound(requests=_MOST_CALLS, items=size)

    def recheck(self, mentions: Sequence[Mention]) -> RecheckPage:
        """Ask for items one by one: whether they are deleted or dead, else how they read now."""
        made = self._client.requests_made
        base = self._items
        present: list[Mention] = []
        gone: list[str] = []
        known = [one for one in mentions if one.id.isascii() and one.id.isdecimal()]
        for one in known:
            item = as_object(self._client.get_json(f"{base}/v0/item/{one.id}.json"))
            if str(item.get("id")) != one.id:
                continue  # nothing, or something else: that says nothing of this one
            if item.get("deleted") is True or item.get("dead") is True:
                gone.append(one.id)
                continue
            read = read_hit(_as_hit(item))
            if isinstance(read, Mention):
                present.append(read)
        return RecheckPage(
            present=tuple(present),
            gone=tuple(gone),
            requests=self._client.requests_made - made,
            items=len(present) + len(gone),
        )

    def replies(self, mentions: Sequence[Mention], accounts: Sequence[str]) -> Page:
        """Search for comments by some authors in some threads: one question for all of them."""
        made = self._client.requests_made
        threads = [f"story_{one.thread or one.id}" for one in mentions if (one.thread or one.id).isdecimal()]
        authors = [f"author_{account}" for account in accounts if _ACCOUNT.fullmatch(account)]
        if not threads or not authors:
            return Page(requests=0, items=0, skipped=_unread(mentions, "no such thread, or no such account"))
        tags = f"comment,({','.join(threads)}),({','.join(authors)})"
        asked = {"tags": tags, "hitsPerPage": str(_MOST_REPLIES)}
        answer = as_object(self._client.get_json(self._url, asked))
        if not isinstance(answer.get("hits"), list):
            raise UnexpectedAnswerError(self._unlike("the list of hits is missing"))
        hits = [read_hit(as_object(hit)) for hit in as_list(answer.get("hits"))]
        return Page(
            mentions=tuple(hit for hit in hits if isinstance(hit, Mention)),
            requests=self._client.requests_made - made,
            items=len(hits),
        )

    def check(self) -> str:
        """Search for a common word; return how many items the service knows."""
        answer = as_object(self._client.get_json(self._url, {"query": "news", "hitsPerPage": "1"}))
        found = count_of(answer.get("nbHits"))
        if found is None:
            raise UnexpectedAnswerError(self._unlike("the number of hits is missing"))
        return f"answers without a key; {found} items hold the word news"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @property
    def _tags(self) -> str:
        return "(story,comment)" if self._options.include_comments else "story"

    @property
    def _url(self) -> str:
        return self._base + _PATH

    def _search(self, native: str, since: int, position: _Position, size: int) -> Mapping[str, object]:
        answer = as_object(
            self._client.get_json(
                self._url,
                {
                    "query": native,
                    "tags": self._tags,
                    "numericFilters": f"created_at_i>={since},created_at_i<{position.before}",
                    "hitsPerPage": str(size),
                    "page": str(position.page),
                    "typoTolerance": "false",
                    "advancedSyntax": "true",
                },
            )
        )
        if not isinstance(answer.get("hits"), list):
            raise UnexpectedAnswerError(self._unlike("the list of hits is missing"))
        return answer

    def _unlike(self, reason: str) -> str:
        return f"hackernews: the search does not answer as documented ({reason}); is base_url right?"


def _resource(native: str, tags: str, brand: str, number: int) -> Resource:
    digest = hashlib.sha256(f"{tags}\n{native}".encode()).hexdigest()
    lane = "search" if number == 1 else f"search/{number}"
    return Resource(key=f"{digest[:16]}-{_slug(brand)}", lane=lane, native=native, brand=brand)


def _slug(brand: str) -> str:
    """Tell brands that ask for the same words apart."""
    return hashlib.sha256(brand.encode()).hexdigest()[:8]


def _existing(answer: Mapping[str, object], window: Window) -> tuple[tuple[datetime, datetime, int], ...]:
    """Return how many items the search says the window has; nothing where it only guesses."""
    total = count_of(answer.get("nbHits"))
    exhaustive = as_object(answer.get("exhaustive")).get("nbHits", answer.get("exhaustiveNbHits"))
    return () if total is None or exhaustive is not True else ((window.since, window.until, total),)


def _onward(answer: Mapping[str, object], hits: Sequence[object], position: _Position, size: int) -> _Position | None:
    """Return where to go on, None where nothing of the window is left."""
    total = count_of(answer.get("nbHits"))
    reached = position.page * size + len(hits)
    if len(hits) < size and (total is None or reached >= total):
        return None
    if not hits:
        msg = f"hackernews: the search counts {total} items and sent none of them"
        raise UnavailableError(msg)
    if total is not None and reached >= total:
        return None
    times = [second for hit in hits if (second := count_of(as_object(hit).get("created_at_i"))) is not None]
    if times and min(times) >= position.before:
        msg = "hackernews: the search does not honour the window it is asked for; is base_url right?"
        raise UnexpectedAnswerError(msg)
    oldest = min(times, default=position.before)
    if oldest + 1 < position.before:
        return _Position(before=oldest + 1, lost=position.lost)  # that second once more: it may hold more items
    if (position.page + 2) * size <= _MOST_HITS:
        return replace(position, page=position.page + 1)
    lost = position.before - 1
    return _Position(before=lost, lost=lost if position.lost is None else max(lost, position.lost))


def _read_hits(hits: Sequence[object], window: Window) -> tuple[tuple[Mention, ...], tuple[Skipped, ...]]:
    """Return the mentions of an answer, each id once, and what could not become one."""
    mentions: dict[str, Mention] = {}
    skipped: list[Skipped] = []
    for hit in hits:
        mention = read_hit(as_object(hit))
        if isinstance(mention, Skipped):
            skipped.append(mention)
        elif mention.published_at is None or not window.since <= mention.published_at < window.until:
            skipped.append(Skipped(id=mention.id, reason="published outside the window that was asked for"))
        elif mention.id in mentions:
            skipped.append(Skipped(id=mention.id, reason="twice in one answer"))
        else:
            mentions[mention.id] = mention
    return tuple(mentions.values()), tuple(skipped)


def _unread(mentions: Sequence[Mention], reason: str) -> tuple[Skipped, ...]:
    return tuple(Skipped(id=one.id, reason=reason) for one in mentions)


def _as_hit(item: Mapping[str, object]) -> Mapping[str, object]:
    """Return an item of Hacker News's own API (github.com/HackerNews/API, seen 2026-11-22) as the search gives it."""
    is_comment = item.get("type") == "comment"
    return {
        "objectID": str(item.get("id")),
        "created_at_i": item.get("time"),
        "author": item.get("by"),
        "title": item.get("title"),
        "url": item.get("url"),
        "points": item.get("score"),
        "num_comments": item.get("descendants"),
        "parent_id": item.get("parent"),
        "comment_text" if is_comment else "story_text": item.get("text"),
        "_tags": ["comment" if is_comment else "story"],
    }


def read_hit(hit: Mapping[str, object]) -> Mention | Skipped:
    """Return the mention that one hit of the search stands for, or why it is none."""
    native = line_of(hit.get("objectID"), limit=64)
    if native is None:
        return Skipped(id=None, reason="the item has no objectID")
    published_at = instant_from_epoch(hit.get("created_at_i")) or instant_from_iso(hit.get("created_at"))
    if published_at is None:
        return Skipped(id=native, reason="the item has no time")
    tags = as_list(hit.get("_tags"))
    is_comment = "comment" in tags or isinstance(hit.get("comment_text"), str)
    markup = hit.get("comment_text" if is_comment else "story_text")
    markup = markup if isinstance(markup, str) else ""
    title = hit.get("title")
    author = line_of(hit.get("author"), limit=64)
    permalink = f"https://news.ycombinator.com/item?id={native}"
    return Mention(
        source=HackerNewsSource.name,
        id=native,
        text=plain_text(markup),
        published_at=published_at,
        title=line_of(title) if not is_comment else None,
        url=permalink,
        kind="comment" if is_comment else "question" if "ask_hn" in tags else "post",
        author=Author(id=author, handle=author) if author else None,
        engagement=Engagement(likes=count_of(hit.get("points")), replies=count_of(hit.get("num_comments"))),
        reply_to=line_of(hit.get("parent_id"), limit=64) if is_comment else None,
        thread=line_of(hit.get("story_id"), limit=64) if is_comment else native,
        links=usable_links([hit.get("url"), *links_in(markup, origin=permalink)]),
    )
