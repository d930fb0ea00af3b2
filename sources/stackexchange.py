"""Search Stack Exchange sites for questions and answers, newest first; read their comments on request.

API 2.3 (api.stackexchange.com/docs, seen 2026-11-22): 300 requests a day for an
IP address, 10 000 with a key; a `backoff` in an answer must be waited for before
the same method is asked again. What people write there is under CC BY-SA: author,
link and licence go with each mention.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from listener.api import (
    CredentialsError,
    Dialect,
    Mention,
    Page,
    PermanentSourceError,
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
    UsageCappedError,
    compile_query,
    from_epoch,
    option,
    to_epoch,
    utc_now,
)
from listener.errors import UsageError
from sources.adapter import checked_base_url, checked_each
from sources.alternatives import widest
from sources.cursors import reading_cursor
from sources.stackexchange_again import BATCH, REQUESTS, look_again
from sources.stackexchange_items import domain_of, read_item
from sources.text import as_list, as_object, count_of
from sources.web import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from listener.api import Query, StopSignal, Window

__all__ = ["DIALECT", "StackExchangeOptions", "StackExchangeSource"]

DIALECT: Final = Dialect(
    name="stackexchange",
    max_length=200,
    disjunction="",
    negation="",
    grouping=False,
    hashtags=False,
    handles=False,
    max_terms=1,  # how several words are put together is "an undocumented algorithm"
    symbols=False,
)
"""What the search can be asked: one word, or one phrase."""

_SITE: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,98}", re.ASCII)
_PAGE: Final = 100
"""The most items of one answer."""
_PAGES: Final = 25
"""The last page that may be asked for without a key."""
_GRACE: Final = timedelta(seconds=2)
"""Waited on top of a `backoff`: exactly that long is often too short (meta.stackexchange.com/q/377674)."""
_METHODS: Final = {"search": "/2.3/search/excerpts", "comments": "/2.3/comments"}
_SECONDS: Final = re.compile(r"available in (\d{1,7}) second")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackExchangeOptions:
    """Hold the options of `[sources.stackexchange]`."""

    sites: tuple[str, ...] = option(
        "Sites to search, by the API's name or by host name, such as serverfault.", default=("stackoverflow",)
    )
    key: Secret = option(  # noqa: RUF009 - a frozen record
        "Key of an app registered at stackapps.com; none is needed, one allows 10 000 requests a day.",
        default=Secret(env="STACKEXCHANGE_KEY"),
    )
    include_answers: bool = option("Read answers too, not questions alone.", default=True)
    include_comments: bool = option(
        "Read every new comment of the sites and match it here: one more request for 100 comments.", default=False
    )
    base_url: str = option("Where the API is.", default="https://api.stackexchange.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    """Say where in a window reading stands; it is what `Page.cursor` holds.

    `before` is the exclusive upper bound in epoch seconds, `page` the page below
    it. `lost` is the latest second of which not every item could be read.
    """

    before: int
    page: int = 1
    lost: int | None = None

    @classmethod
    def read(cls, window: Window, cursor: str | None) -> _Position:
        if cursor is None:
            return cls(before=to_epoch(window.until))
        with reading_cursor("stackexchange"):
            before, page, lost = json.loads(cursor)
            return cls(before=int(before), page=int(page), lost=None if lost is None else int(lost))

    def write(self) -> str:
        return json.dumps([self.before, self.page, self.lost])


class StackExchangeSource:
    """Read questions and answers that hold the words of a query, and all comments where they are wanted."""

    name = "stackexchange"
    Options: ClassVar[type] = StackExchangeOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="Questions and answers on Stack Overflow and other Stack Exchange sites, by search.",
        key_needed="none; a key allows 10 000 requests a day in the place of 300",
        sees="public questions and answers of the sites named; comments where they are asked for",
        overlap=timedelta(hours=1),
        lag=timedelta(minutes=2),
        every=timedelta(hours=1),
        requests_a_day=300,
        requests_a_day_with_key=10_000,
        cap_seen="api.stackexchange.com/docs/throttle, 2026-11-22",
        items_a_page=_PAGE,
    )
    recheck_facts: ClassVar[RecheckFacts] = RecheckFacts(batch=BATCH, requests_a_batch=REQUESTS, requests_per_day=40)

    def __init__(
        self,
        options: StackExchangeOptions | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        stop: StopSignal | None = None,
    ) -> None:
        self._options = options or StackExchangeOptions()
        self._sites = _checked_sites(self._options.sites)
        self._base = checked_base_url(self._options.base_url, option="sources.stackexchange.base_url")
        self._client = Client(self.name, trusted=[self._base], stop=stop)
        self._now = now
        self._not_before: dict[str, datetime] = {}
        self._spent_until: datetime | None = None

    def plan(self, queries: Sequence[Query]) -> tuple[Resource, ...]:
        """Return a resource for each site and alternative of a query, and one for the comments of each site."""
        searches = [
            _resource("search", site, text, query.brand, number)
            for site in self._sites
            for query in queries
            for number, text in enumerate(widest([one.text for one in compile_query(query, DIALECT)]), start=1)
        ]
        wanted = self._sites if self._options.include_comments and queries else ()
        return (*searches, *(_resource("comments", site, "newest comments", None, 1) for site in wanted))

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read up to 100 items below the position of `cursor`."""
        kind, _, site = resource.lane.partition("/")[0].partition(":")
        if kind not in _METHODS or site not in self._sites:
            msg = f"stackexchange: {site} is not among sources.stackexchange.sites any more"
            raise UnexpectedAnswerError(msg)
        position, made = _Position.read(window, cursor), self._client.requests_made
        asked = {
            "site": site,
            "sort": "creation",
            "order": "desc",
            "fromdate": str(to_epoch(window.since)),
            "todate": str(position.before - 1),
            "pagesize": str(_PAGE),
            "page": str(position.page),
            "filter": "withbody",
        }
        answer = self._ask(_METHODS[kind], asked | ({"q": resource.native} if kind == "search" else {}))
        items = as_list(answer.get("items"))
        mentions, skipped = self._read(items, domain_of(site), window)
        onward = _onward(items, position, has_more=answer.get("has_more") is True)
        lost = None if onward is not None or position.lost is None else from_epoch(position.lost + 1)
        return Page(
            mentions=mentions,
            cursor=None if onward is None else onward.write(),
            exhausted=onward is None,
            complete_since=lost,
            lost_reason=None if lost is None else "more items in one second than the API gives out",
            skipped=skipped,
            requests=self._client.requests_made - made,
            items=len(items),
        )

    @property
    def requests_made(self) -> int:
        """Return how many calls were sent so far."""
        return self._client.requests_made

    def recheck(self, mentions: Sequence[Mention]) -> RecheckPage:
        """Look items up by their ids, those of a site and kind together."""
        made = self._client.requests_made
        page = look_again(mentions, {domain_of(site): site for site in self._sites}, self._ask)
        return replace(page, requests=self._client.requests_made - made)

    def check(self) -> str:
        """Ask each site for its numbers; return how many requests are left today."""
        if not self._sites:
            msg = "stackexchange: there is nothing to read; name sites in [sources.stackexchange]"
            raise PermanentSourceError(msg)
        answer: Mapping[str, object] = {}
        for site in self._sites:
            answer = self._ask("/2.3/info", {"site": site})
        left, most = count_of(answer.get("quota_remaining")), count_of(answer.get("quota_max"))
        budget = "" if left is None or most is None else f"; {left} of {most} requests are left today"
        return f"{', '.join(self._sites)} answered {'with' if self._options.key.is_set else 'without'} a key{budget}"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _read(
        self, items: Sequence[object], domain: str, window: Window
    ) -> tuple[tuple[Mention, ...], tuple[Skipped, ...]]:
        """Return the mentions of an answer, each id once, and what could not become one."""
        mentions: dict[str, Mention] = {}
        skipped: list[Skipped] = []
        for item in items:
            fields = as_object(item)
            if fields.get("item_type") == "answer" and not self._options.include_answers:
                continue
            read = read_item(fields, domain)
            if isinstance(read, Skipped):
                skipped.append(read)
            elif read.published_at is None or not window.since <= read.published_at < window.until:
                skipped.append(Skipped(id=read.id, reason="published outside the window that was asked for"))
            else:
                mentions.setdefault(read.id, read)
        return tuple(mentions.values()), tuple(skipped)

    def _ask(self, method: str, asked: Mapping[str, str]) -> Mapping[str, object]:
        """Return the wrapper of one answer, once its method and the day's quota allow it to be asked for."""
        now = self._now()
        if self._spent_until is not None and now < self._spent_until:
            msg = "stackexchange: the requests of this day are used up; a key (key_env) allows 10 000 a day"
            raise UsageCappedError(msg, until=self._spent_until)
        kind = method.rpartition("/")[0] if method[-1:].isdecimal() else method  # a list by ids is one method
        wait = self._not_before.get(kind)
        if wait is not None and now < wait:
            msg = "stackexchange: the API asks to wait before it is asked the same again"
            raise RateLimitedError(msg, retry_at=wait)
        key = {"key": self._options.key.reveal()} if self._options.key.is_set else {}
        try:
            answer = as_object(self._client.get_json(self._base + method, {**asked, **key}))
        except RejectedQueryError as error:
            raise self._refusal(str(error)) from None
        if not isinstance(answer.get("items"), list):
            msg = "stackexchange: the API does not answer as documented (the list of items is missing)"
            raise UnexpectedAnswerError(msg)
        self._note_limits(kind, answer)
        return answer

    def _note_limits(self, method: str, answer: Mapping[str, object]) -> None:
        now = self._now()
        if backoff := count_of(answer.get("backoff")):
            self._not_before[method] = now + timedelta(seconds=min(backoff, 86_400)) + _GRACE
        if count_of(answer.get("quota_remaining")) == 0:
            self._spent_until = _next_day(now)

    def _refusal(self, said: str) -> Exception:
        """Return what a 400 amounts to: the API answers limits and wrong keys so, too."""
        if "too many requests" in said or "backoff" in said or "throttle" in said:
            found = _SECONDS.search(said)
            pause = timedelta(seconds=min(int(found[1]), 86_400) if found else 60)
            msg = "stackexchange: the API asks to slow down; the next pass goes on where this one stopped"
            return RateLimitedError(msg, retry_at=self._now() + pause)
        if "`key`" in said:
            msg = f"stackexchange: the API refuses the key; check {self._options.key.places}"
            return CredentialsError(msg)
        return RejectedQueryError(said)


def _next_day(now: datetime) -> datetime:
    """Return the next midnight UTC, when the quota is new."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _checked_sites(sites: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the sites, each once; raises UsageError for what is none."""
    names = checked_each(sites, _checked_site, option="sources.stackexchange.sites")
    return tuple({domain_of(name): name for name in names}.values())


def _checked_site(site: str, option: str) -> str:
    name = site.strip().lower()
    if not _SITE.fullmatch(name):
        msg = f'{option}: "{name}" is not the name of a site; write stackoverflow or serverfault'
        raise UsageError(msg)
    return name


def _resource(kind: str, site: str, native: str, brand: str | None, number: int) -> Resource:
    digest = hashlib.sha256(f"{kind}\n{domain_of(site)}\n{native}\n{brand or ''}".encode()).hexdigest()
    lane = f"{kind}:{site}"
    return Resource(key=digest[:16], lane=lane if number == 1 else f"{lane}/{number}", native=native, brand=brand)


def _onward(items: Sequence[object], position: _Position, *, has_more: bool) -> _Position | None:
    """Return where to go on, None where nothing of the window is left."""
    if not has_more:
        return None
    if not items:
        msg = "stackexchange: the API says that there is more and sent nothing"
        raise UnavailableError(msg)
    times = [second for item in items if (second := count_of(as_object(item).get("creation_date"))) is not None]
    if times and min(times) >= position.before:
        msg = "stackexchange: the API does not honour the window it is asked for; is base_url right?"
        raise UnexpectedAnswerError(msg)
    oldest = min(times, default=position.before)
    if oldest + 1 < position.before:
        return _Position(before=oldest + 1, lost=position.lost)  # that second once more: it may hold more items
    if position.page < _PAGES:
        return replace(position, page=position.page + 1)
    lost = position.before - 1
    return _Position(before=lost, lost=lost if position.lost is None else max(lost, position.lost))
