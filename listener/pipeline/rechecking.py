"""Look again at what a source gave: take edits and counters over, erase what is gone.

Mentions are looked at some ages after they were first seen, a batch at a time,
within a budget of requests a day that is counted before anything is asked. Killed
or stopped, it goes on with what is still due; a batch looked at twice changes nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.allowance import allowed
from listener.budget import Budget
from listener.errors import SourceError, StoppedError, StoreError
from listener.logs import redact
from listener.mention import Author
from listener.pipeline.collect import ONE_RESOURCE_ONLY, failure_state
from listener.pipeline.leaving import LeftAlone
from listener.pipeline.metering import may_have_cost
from listener.store import Ask, Charge, Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from listener.budget import Cost
    from listener.mention import Mention
    from listener.pipeline.judge import Judge
    from listener.protocols import RecheckPage, Rechecks, StopSignal
    from listener.search.rechecks import DueMention, RecheckReader
    from listener.store import Grant, Store

__all__ = ["RecheckOutcome", "RecheckRequest", "Rechecker"]

logger = logging.getLogger(__name__)

_MOST_BATCHES: Final = 50
"""Batches of one pass: it ends before the next is due, whatever waits."""
_SOON: Final = timedelta(hours=1)
"""When a mention is looked at whose host did not answer, so that others need not wait behind it."""
_TIRED: Final = timedelta(days=7)
"""How long after its last age a mention is still looked for on a host that does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckRequest:
    """Ask for one pass of looking again.

    `ages` are how long after it was first seen a mention is looked at, ascending.
    `per_day` bounds the requests of a UTC day; they come out of `budget` too.
    `only_new` leaves out what was looked at before. `left_alone` is what hosts said when they were read.
    """

    now: datetime
    ages: tuple[timedelta, ...]
    per_day: int
    budget: Budget = field(default_factory=Budget)
    only_new: bool = False
    left_alone: LeftAlone = field(default_factory=LeftAlone)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckOutcome:
    """Say how a pass went; `state` is ``ok``, ``stopped``, ``budget`` or the kind of failure.

    `checked` mentions were looked at: `changed` had been edited, `gone` were gone
    and are erased with their reposts, of `unknown` nobody could tell.
    """

    source: str
    state: str
    message: str | None = None
    retry_at: datetime | None = None
    checked: int = 0
    changed: int = 0
    gone: int = 0
    unknown: int = 0
    requests: int = 0

    @property
    def is_failure(self) -> bool:
        """Say whether something went wrong."""
        return self.state not in {"ok", "stopped", "budget"}


class Rechecker:
    """Look again at mentions of sources that offer it."""

    def __init__(self, store: Store, reader: RecheckReader, judge: Judge, stop: StopSignal) -> None:
        self._store = store
        self._reader = reader
        self._judge = judge
        self._stop = stop

    def recheck(self, source: Rechecks, request: RecheckRequest) -> RecheckOutcome:
        """Look at what is due and note how it went; never raises for what the source does."""
        outcome = RecheckOutcome(source=source.name, state="ok")
        first = timedelta() if source.recheck_facts.is_lookup else min(request.ages, default=timedelta())
        oldest = request.now - max(request.ages, default=timedelta())
        self._store.rechecks.enrol(source.name, first=first, oldest=oldest, now=request.now)
        self._store.rechecks.drop_erased(source.name, now=request.now)
        for _ in range(_MOST_BATCHES):
            if self._stop.is_set():
                outcome = replace(outcome, state="stopped")
                break
            due = self._reader.due(
                source.name, now=request.now, limit=source.recheck_facts.batch, only_new=request.only_new
            )
            if not due:
                break
            outcome = self._batch(source, due, request, outcome)
            if outcome.state != "ok":
                break
        self._store.rechecks.note_outcome(
            source.name,
            state="ok" if outcome.state == "stopped" else outcome.state,
            message=outcome.message,
            retry_at=outcome.retry_at,
            now=request.now,
        )
        logger.info(
            "looked again source=%s state=%s checked=%d changed=%d gone=%d unknown=%d requests=%d",
            source.name, outcome.state, outcome.checked, outcome.changed, outcome.gone, outcome.unknown,
            outcome.requests,
        )  # fmt: skip
        return outcome

    def _batch(
        self, source: Rechecks, due: Sequence[DueMention], request: RecheckRequest, sum_: RecheckOutcome
    ) -> RecheckOutcome:
        """Look at one batch; return the outcome with it."""
        reserved = source.recheck_facts.requests_a_batch
        if not self._store.rechecks.reserve(source.name, reserved, per_day=request.per_day, now=request.now):
            message = f"{source.name}: the {request.per_day} requests a day for looking again are used up"
            return replace(sum_, state="budget", message=message)
        grant = self._grant(source, len(due), request)
        if isinstance(grant, Refusal):
            self._store.rechecks.settle(source.name, reserved=reserved, requests=0)
            return replace(sum_, state="budget", message=grant.reason, retry_at=grant.goes_on)
        due = due[: grant.size]
        with allowed(None if grant.number is None else _counted(source) or None) as allowance:
            try:
                request.left_alone.tell(source, now=request.now)
                page = source.recheck([one.mention for one in due])
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - the guard of collecting, for looking again: logged in _failed
                sent = min(reserved, max(1, allowance.taken))
                self._book_failure(source, sent, grant, request, error)
                return self._failed(source, due, request, replace(sum_, requests=sum_.requests + sent), error)
        charge = Charge(
            source=source.name,
            budget=request.budget,
            requests=page.requests if page.counted is None else page.counted,
            items=page.items,
            billed=page.billed if page.billed or page.items == 0 else None,
            grant=grant,
        )
        return self._take(source, due, page, charge, request, sum_)

    def _book_failure(
        self, source: Rechecks, sent: int, grant: Grant, request: RecheckRequest, error: Exception
    ) -> None:
        """Book the requests of a batch that failed: those that were sent, and not all that it might have taken."""
        charge = Charge(source=source.name, budget=request.budget, requests=min(sent, _counted(source)), grant=grant)
        self._store.purse.settle_failure(charge, may_have_cost=may_have_cost(error), now=request.now)
        reserved = source.recheck_facts.requests_a_batch
        self._store.rechecks.settle(source.name, reserved=reserved, requests=sent)

    def _grant(self, source: Rechecks, count: int, request: RecheckRequest) -> Grant | Refusal:
        """Set aside what a batch may cost at most, in the budget of the source; where that is short, of a smaller one."""
        facts, budget = source.recheck_facts, request.budget

        def most(size: int) -> Cost:
            items = -(-(facts.items_a_batch or facts.batch) * size // facts.batch)
            return budget.cost(_counted(source), items, {facts.billed_as: items} if facts.billed_as else None)

        ask = Ask(source=source.name, brand=None, sizes=(1, count), cost_of=most)
        return self._store.purse.reserve(ask, budget, now=request.now)

    def _failed(
        self,
        source: Rechecks,
        due: Sequence[DueMention],
        request: RecheckRequest,
        sum_: RecheckOutcome,
        error: Exception,
    ) -> RecheckOutcome:
        """Return the outcome with a batch that failed."""
        if isinstance(error, StoppedError):
            return replace(sum_, state="stopped")
        if isinstance(error, ONE_RESOURCE_ONLY):
            # What this batch cannot be asked for it never can; the others must not wait behind it.
            self._store.rechecks.looked({one.number: _following(one, request) for one in due}, now=request.now)
            logger.warning("batch left alone source=%s", source.name)
            return replace(sum_, message=redact(str(error)), unknown=sum_.unknown + len(due))
        if isinstance(error, SourceError):
            retry_at = getattr(error, "retry_at", None) or getattr(error, "until", None)
            logger.warning("looking again failed source=%s", source.name)
            return replace(sum_, state=failure_state(error), message=redact(str(error)), retry_at=retry_at)
        logger.error("source broken source=%s", source.name, exc_info=error)
        message = f"{source.name}: unexpected {type(error).__name__}; the log has the details"
        return replace(sum_, state="broken", message=message)

    def _take(  # noqa: PLR0917 - one step of a batch
        self,
        source: Rechecks,
        due: Sequence[DueMention],
        page: RecheckPage,
        charge: Charge,
        request: RecheckRequest,
        sum_: RecheckOutcome,
    ) -> RecheckOutcome:
        """Store what a batch brought: first what is gone goes, then the rest is brought up to date."""
        by_id = {one.mention.id: one for one in due}
        gone = [by_id[native].number for native in page.gone if native in by_id]
        unsigned = [by_id[native].number for native in page.unsigned if native in by_id and native not in page.gone]
        erased = self._store.erasure.erase(gone, now=request.now).mentions if gone else 0
        if unsigned:
            self._store.erasure.unsign(unsigned)
        present = [
            _merged(by_id[one.id].mention, one, is_unsigned=one.id in page.unsigned)
            for one in page.present
            if one.id in by_id and one.id not in page.gone
        ]
        known = self._store.known([one.key for one in present])
        judgement = self._judge.judge(present, known, now=request.now)
        following = {one.number: _following(one, request, is_left=one.mention.id in page.left) for one in due}
        saved = self._store.save_recheck(
            judgement.judged,
            refreshed=judgement.refreshed,
            following=following,
            charge=charge,
            now=request.now,
        )
        self._store.rechecks.settle(
            source.name,
            reserved=source.recheck_facts.requests_a_batch,
            requests=page.requests,
            items=page.items,
            checked=len(due) - len(page.left),
            changed=saved.changed,
            gone=erased,
        )
        told = {*page.gone, *(one.id for one in page.present), *page.unsigned}
        return replace(
            sum_,
            message=sum_.message if page.problem is None else redact(page.problem),
            checked=sum_.checked + len(due) - len(page.left),
            changed=sum_.changed + saved.changed,
            gone=sum_.gone + erased,
            unknown=sum_.unknown + sum(native not in told for native in by_id),
            requests=sum_.requests + page.requests,
        )


def _counted(source: Rechecks) -> int:
    """Return how many requests of a batch count for a budget."""
    facts = source.recheck_facts
    return facts.requests_a_batch if facts.counted_a_batch is None else facts.counted_a_batch


def _following(one: DueMention, request: RecheckRequest, *, is_left: bool = False) -> datetime | None:
    """Return when a mention is due next: at the first of its ages that is still to come, or soon where it `is_left`."""
    if is_left and request.now < one.seen_at + max(request.ages, default=timedelta()) + _TIRED:
        return request.now + _SOON
    return next((one.seen_at + age for age in sorted(request.ages) if one.seen_at + age > request.now), None)


def _merged(stored: Mention, read: Mention, *, is_unsigned: bool) -> Mention:
    """Return a stored mention as it was read now; what the reading leaves out is as it was."""
    return replace(
        stored,
        text=read.text,
        title=read.title if read.title is not None else stored.title,
        url=stored.url or read.url,
        author=None if is_unsigned else _merged_author(stored.author, read.author),
        engagement=read.engagement,
        links=read.links or stored.links,
        hashtags=read.hashtags or stored.hashtags,
        edited_at=read.edited_at or stored.edited_at,
    )


def _merged_author(stored: Author | None, read: Author | None) -> Author | None:
    if stored is None or read is None:
        return read or stored
    return Author(
        id=read.id or stored.id,
        handle=read.handle or stored.handle,
        name=read.name or stored.name,
        followers=stored.followers if read.followers is None else read.followers,
        verified=stored.verified if read.verified is None else read.verified,
    )
