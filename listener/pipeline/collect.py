"""Read one source: plan its resources, finish open windows oldest first, then what is new."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from listener.budget import Budget
from listener.clock import from_epoch, to_epoch
from listener.errors import (
    ClockAheadError,
    CredentialsError,
    EndedError,
    ForbiddenError,
    NotFoundError,
    PluginError,
    RateLimitedError,
    RejectedQueryError,
    SourceError,
    StoppedError,
    StoreError,
    SupersededError,
    TransientSourceError,
    UnexpectedAnswerError,
    UsageCappedError,
)
from listener.logs import redact
from listener.pipeline.leaving import LeftAlone
from listener.pipeline.metering import Meter, Stops
from listener.pipeline.onward import Onward
from listener.pipeline.patience import CLOCK_AHEAD, comes_back, told, tried_again
from listener.pipeline.planning import plan_resources
from listener.pipeline.skipping import tell_skipped
from listener.protocols import Window
from listener.store import PageProgress, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from listener.ledger import WindowRow
    from listener.pipeline.judge import Judge
    from listener.protocols import Page, Resource, Source, StopSignal
    from listener.query import Query
    from listener.store import Charge, SaveResult, Store

__all__ = ["ONE_RESOURCE_ONLY", "CollectRequest", "Collector", "SourceOutcome", "failure_state"]

logger = logging.getLogger(__name__)

_STATES: tuple[tuple[type[SourceError], str], ...] = (
    (RateLimitedError, "rate_limited"),
    (ClockAheadError, CLOCK_AHEAD),
    (TransientSourceError, "unavailable"),
    (CredentialsError, "wrong_key"),
    (ForbiddenError, "forbidden"),
    (UsageCappedError, "capped"),
    (RejectedQueryError, "query_refused"),
    (NotFoundError, "not_found"),
    (UnexpectedAnswerError, "unexpected_answer"),
)
_MOST_AHEAD = timedelta(minutes=5)
_OUT_OF_REACH_SOON = timedelta(minutes=15)
"""A window that ends so near to the oldest that a service gives is not asked for any more."""
ONE_RESOURCE_ONLY = (NotFoundError, RejectedQueryError, UnexpectedAnswerError)
"""What is wrong with one resource and says nothing about the source's others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectRequest:
    """Ask for one pass over a source.

    `lookback` is how far the first window of a resource reaches back. `since` asks
    to look back to that instant wherever nothing was read yet. `brand` leaves out
    the resources of other brands. `budget` is what may be spent. `left_alone` is what resources that fail alone met
    in former passes of this process; the pass adds to it.
    """

    now: datetime
    lookback: timedelta
    since: datetime | None = None
    brand: str | None = None
    budget: Budget = field(default_factory=Budget)
    left_alone: LeftAlone = field(default_factory=LeftAlone)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOutcome:
    """Say how a pass over one source went.

    `state` is ``ok``, ``stopped``, ``budget`` where that left no room, or the kind of failure; `message` the sentence
    for people. `retry_at` is when the service asks to be called again, `again_at` when it is worth another try
    where the source's usual turn comes later, None: not before that.
    """

    source: str
    state: str
    message: str | None = None
    retry_at: datetime | None = None
    again_at: datetime | None = None
    pages: int = 0
    fetched: int = 0
    new: int = 0
    changed: int = 0
    unmatched: int = 0
    skipped: int = 0

    @property
    def is_failure(self) -> bool:
        """Say whether something went wrong."""
        return self.state not in {"ok", "stopped", "budget"}


class _Tally:
    """Add up a pass as it goes."""

    def __init__(self) -> None:
        self.pages = self.fetched = self.new = self.changed = self.unmatched = self.skipped = 0
        self.failure: SourceError | None = None
        self.may_pass = False
        self.patience: datetime | None = None
        self.window: WindowRow | None = None
        self.stops = Stops()

    def count(self, page: Page, result: SaveResult, unmatched: int) -> None:
        """Add one stored page."""
        self.pages += 1
        self.fetched += len(page.mentions)
        self.new += result.new
        self.changed += result.changed
        self.unmatched += unmatched
        self.skipped += len(page.skipped)

    def failed(self, error: SourceError) -> None:
        """Note what went wrong, whether it may pass by itself, and the last instant that any asks to wait for."""
        self.failure = error
        if isinstance(error, TransientSourceError):
            self.may_pass = True
            self.patience = max(filter(None, (self.patience, error.retry_at)), default=None)

    def outcome(
        self,
        source: str,
        state: str,
        message: str | None = None,
        retry_at: datetime | None = None,
        *,
        again_at: datetime | None = None,
    ) -> SourceOutcome:
        """Return the outcome with what was counted."""
        return SourceOutcome(
            source=source,
            state=state,
            message=message,
            retry_at=retry_at,
            again_at=again_at,
            pages=self.pages,
            fetched=self.fetched,
            new=self.new,
            changed=self.changed,
            unmatched=self.unmatched,
            skipped=self.skipped,
        )


class Collector:
    """Run passes over sources into one store.

    `on_page` is called after each stored page (for progress and tests).
    """

    def __init__(
        self,
        store: Store,
        judge: Judge,
        queries: Sequence[Query],
        stop: StopSignal,
        *,
        on_page: Callable[[str, SaveResult], None] | None = None,
    ) -> None:
        self._store = store
        self._judge = judge
        self._queries = queries
        self._stop = stop
        self._on_page = on_page

    def collect(self, source: Source, request: CollectRequest, queries: Sequence[Query] | None = None) -> SourceOutcome:
        """Run one pass over a source and note how it went; never raises for what the source does.

        `queries` are those of the brands that listen to this source (default: all).
        """
        tally = _Tally()
        try:
            outcome = self._pass(source, request, self._queries if queries is None else queries, tally)
        except SourceError as error:
            tally.failed(error)
            outcome = self._failed(source, error, tally, request)
        except SupersededError:
            outcome = tally.outcome(source.name, "ok", "another process is reading this source; left to it")
        except StoppedError:
            outcome = tally.outcome(source.name, "stopped")
        except (StoreError, EndedError):
            raise
        except (Exception, SystemExit) as error:
            # The one broad guard of the program: a broken source must not stop the others.
            logger.exception("source broken source=%s", source.name)
            message = f"{source.name}: unexpected {type(error).__name__}; the log has the details"
            if isinstance(error, PluginError):  # it names what broke: not always the source
                message = redact(str(error))
            if tally.window is not None:
                self._store.note_open(tally.window, message, now=request.now)
            outcome = tally.outcome(source.name, "broken", message)
        if outcome.state == "stopped":  # in the middle: whoever starts next need not wait for a whole turn
            outcome = replace(outcome, again_at=tried_again(0, request.now))
        self._store.reports.note_outcome(
            source.name,
            state=outcome.state if outcome.state != "stopped" else "ok",
            message=outcome.message,
            retry_at=outcome.retry_at,
            now=request.now,
        )
        logger.info(
            "source read source=%s state=%s pages=%d fetched=%d new=%d changed=%d",
            source.name, outcome.state, outcome.pages, outcome.fetched, outcome.new, outcome.changed,
        )  # fmt: skip
        return outcome

    def _failed(self, source: Source, error: SourceError, tally: _Tally, request: CollectRequest) -> SourceOutcome:
        state, now = failure_state(error), request.now
        logger.warning("source failed source=%s state=%s", source.name, state)
        failures = self._store.reports.failures(source.name)
        is_free = not request.budget.rates and all(limit.brand for limit in request.budget.limits)
        sooner = None
        if tally.may_pass and is_free:  # else each try takes from what the turns need
            sooner = max(filter(None, (tried_again(failures, now), tally.patience)))
        if source.facts.resources_fail_alone:  # one host's limit is no reason to let the others wait
            return tally.outcome(source.name, state, redact(str(error)), again_at=sooner)
        again = comes_back(error, failures, now)
        return tally.outcome(source.name, state, told(error, again), again, again_at=sooner)

    def _pass(self, source: Source, request: CollectRequest, queries: Sequence[Query], tally: _Tally) -> SourceOutcome:
        request.left_alone.tell(source, now=request.now)
        resources, refused = plan_resources(source, queries, request.budget.brands)
        if refused is not None:
            tally.failed(refused)
        ids = self._store.open_pass(
            source.name,
            resources,
            versions={query.brand: query.version for query in queries},
            lookback_from=_first_instant(source, request),
            now=request.now,
        )
        planned = {resource.key: resource for resource in resources}
        for resource in map(planned.__getitem__, ids):
            if not _is_wanted(resource, request.brand):
                continue
            try:
                request.left_alone.check(resource, now=request.now)
                self._read_resource(source, resource, ids[resource.key], request, tally)
            except SourceError as error:
                if not source.facts.resources_fail_alone and not isinstance(error, ONE_RESOURCE_ONLY):
                    raise
                if isinstance(error, TransientSourceError):
                    request.left_alone.remember(resource, error, now=request.now)
                logger.warning("resource failed source=%s lane=%s", source.name, resource.lane)
                tally.failed(error)
            if self._stop.is_set():
                return tally.outcome(source.name, "stopped")
        if tally.failure is not None:
            return self._failed(source, tally.failure, tally, request)
        if tally.stops.message is not None:
            return tally.outcome(source.name, "budget", tally.stops.message, tally.stops.goes_on)
        return tally.outcome(source.name, "ok")

    def _read_resource(
        self, source: Source, resource: Resource, resource_id: int, request: CollectRequest, tally: _Tally
    ) -> None:
        facts, now = source.facts, request.now
        oldest = None if facts.horizon is None else now - facts.horizon + _OUT_OF_REACH_SOON
        windows = self._store.windows_to_read(
            resource_id,
            until=now - facts.lag,
            lookback_from=_first_instant(source, request),
            look_back=request.since is not None,
            oldest_readable=oldest,
            now=now,
        )
        for window in windows:
            refusal = self._read_window(source, resource, window, request, tally)
            if refusal is not None:
                self._store.purse.stop(resource_id, refusal.reason, now=now)
                tally.stops.refused(refusal)
                return
            if self._stop.is_set():
                return
        tally.stops.read()

    def _read_window(
        self, source: Source, resource: Resource, window: WindowRow, request: CollectRequest, tally: _Tally
    ) -> Refusal | None:
        """Read a window on, page by page; returns the refusal where the budget has no room for the next one."""
        asked = self._asked(source, window, request.now)
        meter = Meter(self._store, source, request.budget, request.now)
        tally.window = window
        onward = Onward(source.name)
        while tally.window is not None and not self._stop.is_set():
            grant = meter.ask(resource)
            if isinstance(grant, Refusal):
                return grant
            watched = meter.watched(resource, grant)
            wanted = replace(asked, size=grant.size)
            page = self._fetch(source, resource, wanted, tally.window, watched, onward, request.now)
            tally.window = self._expire(source, tally.window, request.now)
            charge = meter.charge(resource, page, grant)
            tally.window = self._save(source, page, asked, tally, charge, request.now)
        return None

    def _fetch(  # noqa: PLR0917 - one step of a page
        self,
        source: Source,
        resource: Resource,
        asked: Window,
        window: WindowRow,
        watched: AbstractContextManager[None],
        onward: Onward,
        now: datetime,
    ) -> Page:
        """Return the next page of a window; what goes wrong is noted and raised."""
        try:
            with watched:
                page = source.fetch(resource, asked, window.cursor)
                _check_time(source, asked)
                onward.check(page, window.cursor)
                return page
        except UsageCappedError as error:
            self._store.purse.stop(window.resource_id, redact(str(error)), now=now)
            raise
        except SourceError as error:
            self._store.note_open(window, redact(str(error)), now=now)
            raise

    def _expire(self, source: Source, window: WindowRow, now: datetime) -> WindowRow:
        """Declare lost what the service no longer gives, now that its answer tells the time; return the window as it goes on.

        Without an answer nothing is: this machine's clock may be ahead, and what is declared lost is not read again.
        """
        if source.facts.horizon is None:
            return window
        oldest = now - source.facts.horizon
        self._store.expire(window.resource_id, oldest_readable=oldest, now=now)
        return replace(window, from_at=max(window.from_at, to_epoch(oldest)))

    def _asked(self, source: Source, window: WindowRow, now: datetime) -> Window:
        """Return what to ask for: the window, reaching back over items that were indexed late."""
        since = from_epoch(window.from_at)
        if not window.is_lookback:
            since -= source.facts.overlap
        if source.facts.horizon is not None:
            since = max(since, now - source.facts.horizon)
        return Window(since=since, until=from_epoch(window.to_at), marker=self._store.marker_before(window))

    def _save(  # noqa: PLR0917 - one step of a page
        self, source: Source, page: Page, asked: Window, tally: _Tally, charge: Charge, now: datetime
    ) -> WindowRow | None:
        """Judge and store one page; return its window as it goes on, None where it is closed."""
        if tally.window is None:
            return None
        if page.gone or page.gone_authors:  # before the page: what is read again is erased again
            self._store.erasure.erase_named(source.name, page.gone, page.gone_authors, now=now)
        wanted = [one for one in page.mentions if one.published_at is None or one.published_at >= asked.since]
        known = self._store.known([mention.key for mention in wanted])
        judgement = self._judge.judge(wanted, known, now=now)
        try:
            result = self._store.save_page(
                judgement.judged,
                refreshed=judgement.refreshed,
                own_replies=judgement.own_replies,
                progress=_progress(tally.window, page, charge),
                now=now,
                is_history=source.facts.is_local,
            )
        except SupersededError:
            self._store.purse.settle(charge, {}, now=now)  # the other one pays for its own page
            raise
        tally.count(page, result, judgement.unmatched)
        tell_skipped(source.name, page.skipped)
        logger.debug("page saved source=%s new=%d seen=%d", source.name, result.new, len(page.mentions))
        if self._on_page is not None:
            self._on_page(source.name, result)
        return result.window


def failure_state(error: SourceError) -> str:
    """Return the word for a kind of failure, as it is stored and shown."""
    return next((word for kind, word in _STATES if isinstance(error, kind)), "failed")


def _check_time(source: Source, asked: Window) -> None:
    """Raise ClockAheadError where a window reaches beyond the present of a service that tells the time.

    Were it stored, hours that have not happened would count as read.
    """
    there = getattr(source, "service_time", None)
    if isinstance(there, datetime) and asked.until > there + _MOST_AHEAD:
        minutes = int((asked.until - there).total_seconds() // 60)
        msg = f"{source.name}: the time here is {minutes} minutes ahead of the service's; set it right, then reading goes on"
        raise ClockAheadError(msg, may_cost=True)


def _first_instant(source: Source, request: CollectRequest) -> datetime:
    """Return how far back a resource is read of which nothing was read yet."""
    start = request.now - request.lookback if request.since is None else request.since
    return start if source.facts.horizon is None else max(start, request.now - source.facts.horizon)


def _is_wanted(resource: Resource, brand: str | None) -> bool:
    """Say whether a resource is read in a pass for one brand, None: for all."""
    if brand is None or (resource.brand is None and not resource.brands):
        return True
    return brand == resource.brand or brand in resource.brands


def _progress(window: WindowRow, page: Page, charge: Charge) -> PageProgress:
    return PageProgress(
        window=window,
        cursor=page.cursor,
        exhausted=page.exhausted,
        marker=page.marker,
        complete_since=page.complete_since,
        lost_reason=page.lost_reason,
        requests=page.requests,
        items=len(page.mentions) if page.items is None else page.items,
        fetched=len(page.mentions),
        charge=charge,
        existing=tuple((to_epoch(since), to_epoch(until), count) for since, until, count in page.existing),
        found_at=tuple(to_epoch(one.published_at) for one in page.mentions if one.published_at is not None),
    )
