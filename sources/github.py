"""Search GitHub for issues, pull requests and, with a token, discussions.

The REST search (docs.github.com/rest/search, seen 2026-11-22) takes 10 requests a
minute, 30 with a token, and gives out at most 1000 results of a query: a window
with more, or one whose search ran out of time, is halved until it fits.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit

from listener.api import (
    CredentialsError,
    Dialect,
    Mention,
    Page,
    RateLimitedError,
    RecheckFacts,
    RecheckPage,
    RejectedQueryError,
    Resource,
    Secret,
    Skipped,
    SourceFacts,
    UnavailableError,
    UnexpectedAnswerError,
    compile_query,
    from_epoch,
    option,
    to_epoch,
    utc_now,
)
from sources.adapter import checked_base_url, header_safe
from sources.alternatives import widest
from sources.cursors import reading_cursor
from sources.github_again import BATCH, look_again
from sources.github_items import read_discussion, read_issue
from sources.text import as_list, as_object, count_of, instant_from_iso, line_of
from sources.web import Client
from sources.web.answers import read_json, retry_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from listener.api import Query, StopSignal, Window

__all__ = ["DIALECT", "GitHubOptions", "GitHubSource"]

DIALECT: Final = Dialect(
    name="github",
    max_length=170,  # 256 characters in all; the rest is for the conditions on kind and time
    disjunction="",  # words joined by OR count as operators, of which a query may have five
    negation="",
    grouping=False,
    hashtags=False,
    handles=False,
    symbols=False,
)
"""What the search can be asked: words, all of which must occur, and phrases in quotes."""

_PAGE: Final = 100
"""The most items of one answer."""
_MOST_RESULTS: Final = 1000
"""So many results of a query are given out."""
_SHORTEST: Final = 60
"""Seconds: a span that is no longer is not halved any more."""
_LONGEST_PAUSE: Final = timedelta(hours=1)
_KINDS: Final = {"issues": "is:issue", "pulls": "is:pull-request", "discussions": ""}
_DISCUSSIONS: Final = """
query($q: String!, $first: Int!, $after: String) {
  search(type: DISCUSSION, query: $q, first: $first, after: $after) {
    discussionCount
    pageInfo { hasNextPage endCursor }
    nodes { ... on Discussion {
      databaseId title body url createdAt lastEditedAt
      author { __typename login ... on User { databaseId } }
      comments { totalCount }
      reactions { totalCount }
    } }
  }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubOptions:
    """Hold the options of `[sources.github]`."""

    token: Secret = option(  # noqa: RUF009 - a frozen record
        "Token of an account, without any scope; none is needed, one allows 30 searches a minute and discussions.",
        default=Secret(env="GITHUB_TOKEN"),
    )
    include_pull_requests: bool = option("Search pull requests too, not issues alone.", default=True)
    include_discussions: bool = option("Search discussions too, where there is a token.", default=True)
    include_bots: bool = option("Keep what bots write, such as updates of dependencies.", default=False)
    base_url: str = option("Where the API is.", default="https://api.github.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    """Say where in a window reading stands; it is what `Page.cursor` holds.

    Read is what was published from `floor` (inclusive) to `before` (exclusive),
    epoch seconds. Pages are counted off from the newest item, so that what is taken away
    moves all below it up, out of the page that is read next: reading goes on by time, and
    only within one second by `after`, a number, or what GraphQL named. Below `floor`
    the window goes on. `lost` is the latest second that could not be read whole.
    """

    floor: int
    before: int
    after: str = ""
    lost: int | None = None

    @classmethod
    def read(cls, window: Window, cursor: str | None) -> _Position:
        if cursor is None:
            return cls(floor=to_epoch(window.since), before=to_epoch(window.until))
        with reading_cursor("github"):
            floor, before, after, lost = json.loads(cursor)
            return cls(floor=int(floor), before=int(before), after=str(after), lost=None if lost is None else int(lost))

    def write(self) -> str:
        return json.dumps([self.floor, self.before, self.after, self.lost])

    def halved(self) -> _Position:
        """Return the newer half of the span."""
        return replace(self, floor=self.before - max(1, (self.before - self.floor) // 2), after="")

    def below(self, window: Window) -> _Position | None:
        """Return the rest of the window under this span; None where nothing is left."""
        begin = to_epoch(window.since)
        if self.floor <= begin:
            return None
        return replace(self, floor=begin, before=self.floor, after="")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Hold one answer of either search: `total` results in all, the page after this one where there is one."""

    items: Sequence[object]
    total: int
    after: str = ""
    is_whole: bool = True


class GitHubSource:
    """Read issues, pull requests and discussions whose title or text holds the words of a query."""

    name = "github"
    Options: ClassVar[type] = GitHubOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="Issues, pull requests and discussions on GitHub, by search.",
        key_needed="none; a token allows three times the searches, and discussions",
        sees="public issues and pull requests by title and text, not their comments",
        overlap=timedelta(hours=1),
        lag=timedelta(minutes=2),
        every=timedelta(minutes=30),
        items_a_page=_PAGE,
    )
    recheck_facts: ClassVar[RecheckFacts] = RecheckFacts(batch=BATCH, requests_a_batch=BATCH + 1, requests_per_day=420)

    def __init__(
        self,
        options: GitHubOptions | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        stop: StopSignal | None = None,
    ) -> None:
        self._options = options or GitHubOptions()
        self._base = checked_base_url(self._options.base_url, option="sources.github.base_url")
        self._client = Client(self.name, trusted=[self._base], stop=stop)
        self._now = now
        self._refusals = 0
        self._not_before: datetime | None = None

    def plan(self, queries: Sequence[Query]) -> tuple[Resource, ...]:
        """Return a resource for each kind of item and alternative of a query: a search is for one kind."""
        kinds = ["issues"]
        if self._options.include_pull_requests:
            kinds.append("pulls")
        if self._options.include_discussions and self._options.token.is_set:
            kinds.append("discussions")
        return tuple(
            _resource(kind, text, query.brand, number)
            for kind in kinds
            for query in queries
            for number, text in enumerate(widest([one.text for one in compile_query(query, DIALECT)]), start=1)
        )

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read one page of a span of the window, the newest span first."""
        kind = resource.lane.partition("/")[0].partition(":")[2]
        if kind not in _KINDS:
            msg = f"github: {resource.lane} is no search of this version; it is planned anew by the next pass"
            raise UnexpectedAnswerError(msg)
        position, made = _Position.read(window, cursor), self._client.requests_made
        found = self._search(kind, resource.native, position)
        mentions, skipped = self._read(found.items, window, is_discussion=kind == "discussions")
        onward, lost = _onward(found, position, window)
        is_told = onward is None and lost is not None
        return Page(
            mentions=mentions,
            cursor=None if onward is None else onward.write(),
            exhausted=onward is None,
            complete_since=min(from_epoch(lost + 1), window.until) if is_told and lost is not None else None,
            lost_reason=f"more than {_MOST_RESULTS} items in one second" if is_told else None,
            skipped=skipped,
            requests=self._client.requests_made - made,
            items=len(found.items),
        )

    @property
    def requests_made(self) -> int:
        """Return how many calls were sent so far."""
        return self._client.requests_made

    def recheck(self, mentions: Sequence[Mention]) -> RecheckPage:
        """Look items up at their addresses, one by one."""
        made = self._client.requests_made
        query = self._graphql if self._options.token.is_set else None
        page = look_again(mentions, self._object, query)
        return replace(page, requests=self._client.requests_made - made)

    def check(self) -> str:
        """Ask what is left of the limits, which costs nothing of them."""
        answer = as_object(self._client.get_json(f"{self._base}/rate_limit", headers=self._headers()))
        search = as_object(as_object(answer.get("resources")).get("search"))
        left, most = count_of(search.get("remaining")), count_of(search.get("limit"))
        if left is None or most is None:
            raise UnexpectedAnswerError(_unlike("the limit of searches is missing"))
        how = "with a token" if self._options.token.is_set else "without a token"
        return f"answers {how}; {left} of {most} searches are left in this minute"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _object(self, path: str) -> Mapping[str, object]:
        return as_object(self._client.get_json(f"{self._base}{path}", headers=self._headers()))

    def _graphql(self, query: str, variables: Mapping[str, object]) -> Mapping[str, object]:
        body = {"query": query, "variables": dict(variables)}
        return as_object(self._client.post_json(f"{self._base}/graphql", body, headers=self._headers()))

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        if self._options.token.is_set:
            token = self._options.token.reveal()
            if not header_safe(token):
                msg = f"github: the token in {self._options.token.places} has characters none has; copy it anew"
                raise CredentialsError(msg)
            headers["Authorization"] = f"Bearer {token}"
        return headers

    def _search(self, kind: str, words: str, position: _Position) -> _Found:
        """Ask for one page of a span."""
        span = f"created:{_iso(position.floor)}..{_iso(position.before - 1)}"
        try:
            if kind == "discussions":
                found = self._ask_graphql(f"{words} in:title,body {span} sort:created-desc", position)
            else:
                found = self._ask_rest(f"{words} in:title,body {_KINDS[kind]} {span}", position)
        except RateLimitedError as error:
            raise self._limited(error) from None
        self._refusals = 0
        return found

    def _limited(self, error: RateLimitedError) -> RateLimitedError:
        """Return a limit with the time to come back: where none is named, a minute, twice as long each time."""
        if error.retry_at is not None:
            return error
        self._refusals += 1
        pause = min(timedelta(minutes=1) * 2 ** min(self._refusals - 1, 10), _LONGEST_PAUSE)
        return RateLimitedError(str(error), retry_at=self._now() + pause)

    def _ask_rest(self, q: str, position: _Position) -> _Found:
        number, now = count_of(position.after) or 1, self._now()
        if self._not_before is not None and now < self._not_before:
            msg = "github: the searches of this minute are used up; the next pass goes on where this one stopped"
            raise RateLimitedError(msg, retry_at=self._not_before)
        asked = {"q": q, "sort": "created", "order": "desc", "per_page": str(_PAGE), "page": str(number)}
        sent = self._client.get_bytes(f"{self._base}/search/issues", asked, self._headers())
        self._not_before = (
            retry_instant(sent.headers, now) if sent.headers.get("x-ratelimit-remaining") == "0" else None
        )
        answer = as_object(read_json(sent, source=self.name, host=urlsplit(self._base).hostname or ""))
        items, total = answer.get("items"), count_of(answer.get("total_count"))
        if not isinstance(items, list) or total is None:
            raise UnexpectedAnswerError(_unlike("the items or their number are missing"))
        is_last = number * _PAGE >= min(total, _MOST_RESULTS)
        if not items and not is_last:
            msg = f"github: the search counts {total} items and sent none of them"
            raise UnavailableError(msg)
        is_whole = answer.get("incomplete_results") is not True
        return _Found(items=items, total=total, after="" if is_last else str(number + 1), is_whole=is_whole)

    def _ask_graphql(self, q: str, position: _Position) -> _Found:
        answer = self._graphql(_DISCUSSIONS, {"q": q, "first": _PAGE, "after": position.after or None})
        for error in map(as_object, as_list(answer.get("errors"))[:1]):
            said = line_of(error.get("message"), limit=200) or "no reason"
            if error.get("type") == "RATE_LIMITED" or "rate limit" in said:
                msg = "github: the rate limit is reached"
                raise RateLimitedError(msg)
            msg = f'github: the search of discussions is refused ("{said}")'
            raise RejectedQueryError(msg)
        search = as_object(as_object(answer.get("data")).get("search"))
        nodes, total = search.get("nodes"), count_of(search.get("discussionCount"))
        if not isinstance(nodes, list) or total is None:
            raise UnexpectedAnswerError(_unlike("the discussions or their number are missing"))
        info = as_object(search.get("pageInfo"))
        after = line_of(info.get("endCursor"), limit=500) if info.get("hasNextPage") is True else None
        return _Found(items=nodes, total=total, after=after or "")

    def _read(
        self, items: Sequence[object], window: Window, *, is_discussion: bool
    ) -> tuple[tuple[Mention, ...], tuple[Skipped, ...]]:
        """Return the mentions of an answer, each id once, and what could not become one."""
        read_item = read_discussion if is_discussion else read_issue
        mentions: dict[str, Mention] = {}
        skipped: list[Skipped] = []
        for item in items:
            read = read_item(as_object(item), with_bots=self._options.include_bots)
            if isinstance(read, Skipped):
                skipped.append(read)
            elif read.published_at is None or not window.since <= read.published_at < window.until:
                skipped.append(Skipped(id=read.id, reason="published outside the window that was asked for"))
            else:
                mentions.setdefault(read.id, read)
        return tuple(mentions.values()), tuple(skipped)


def _onward(found: _Found, position: _Position, window: Window) -> tuple[_Position | None, int | None]:
    """Return where to go on (None at the window's end), and the latest second that could not be read whole."""
    is_first, span = not position.after, position.before - position.floor
    if is_first and (found.total > _MOST_RESULTS or not found.is_whole) and span > _SHORTEST:
        return position.halved(), None
    if not found.is_whole:
        msg = "github: the search ran out of time; the next pass asks again"
        raise UnavailableError(msg)
    if found.after and found.after == position.after:
        msg = "github: the search names the page it just sent as the next one"
        raise UnexpectedAnswerError(msg)
    if found.after:
        return _further(found, position), position.lost
    if found.total > _MOST_RESULTS:
        latest = position.before - 1
        position = replace(position, lost=latest if position.lost is None else max(latest, position.lost))
    return position.below(window), position.lost


def _further(found: _Found, position: _Position) -> _Position:
    """Return where a span goes on: at the oldest second of a page, which may hold more items; by pages within it."""
    items = [as_object(item) for item in found.items]
    times = [at for item in items if (at := instant_from_iso(item.get("created_at") or item.get("createdAt")))]
    oldest = min(map(to_epoch, times), default=position.before)
    if position.floor <= oldest < position.before - 1:
        return replace(position, before=oldest + 1, after="")
    return replace(position, after=found.after)


def _iso(second: int) -> str:
    return from_epoch(second).strftime("%Y-%m-%dT%H:%M:%SZ")


def _resource(kind: str, native: str, brand: str, number: int) -> Resource:
    digest = hashlib.sha256(f"{kind}\n{native}\n{brand}".encode()).hexdigest()
    lane = f"search:{kind}"
    return Resource(key=digest[:16], lane=lane if number == 1 else f"{lane}/{number}", native=native, brand=brand)


def _unlike(reason: str) -> str:
    return f"github: the API does not answer as documented ({reason}); is base_url right?"
