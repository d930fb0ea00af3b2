"""Tell what a brand's own accounts replied, and read threads for replies that no query finds."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from listener.allowance import allowed
from listener.errors import NotFoundError, SourceError, StoppedError, StoreError, UnexpectedAnswerError
from listener.frozen import dataclass
from listener.pipeline.metering import may_have_cost
from listener.protocols import MeteredThreads, Page, Skipped
from listener.query.fields import is_written_by
from listener.store import Ask, Charge, OwnReply, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from listener.budget import Budget, Cost
    from listener.mention import Mention
    from listener.protocols import ReadsThreads, StopSignal
    from listener.store import Store, WaitingThread

__all__ = ["ThreadPlan", "follow_threads", "own_replies", "threads_are_counted"]

logger = logging.getLogger(__name__)


def own_replies(mentions: Iterable[Mention], accounts: Mapping[str, Sequence[str]]) -> tuple[OwnReply, ...]:
    """Return the replies among mentions that a brand's own accounts wrote; `accounts` are handles by brand."""
    if not accounts:
        return ()
    found = []
    for mention in mentions:
        targets = tuple(one for one in (mention.reply_to, mention.thread) if one is not None and one != mention.id)
        if not targets or mention.published_at is None or mention.is_repost:
            continue
        found += [
            OwnReply(brand=brand, source=mention.source, targets=targets, answered_at=mention.published_at)
            for brand, handles in accounts.items()
            if any(is_written_by(mention.author, handle) for handle in handles)
        ]
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadPlan:
    """Say whose answers are looked for, how long after a mention, in how many threads a pass, and for how much.

    `accounts` are the handles of each brand that listens to the source.
    """

    accounts: Mapping[str, Sequence[str]]
    follow: timedelta
    threads: int
    budget: Budget


def follow_threads(
    source: ReadsThreads, name: str, store: Store, plan: ThreadPlan, stop: StopSignal, *, now: datetime
) -> int:
    """Read the threads of recent mentions that nobody answered yet; return how many answers were found.

    Within the source's budget. What goes wrong ends the reading until the next
    pass, and fails no pass: what was read is kept, what was not read stays due. A
    thread that is gone or cannot be read is tried again later, like one that was read.
    """
    at_once = source.threads_at_once
    if at_once < 1:
        return 0
    due = store.answers.due(name, tuple(plan.accounts), now=now, follow=plan.follow, limit=plan.threads)
    answered = 0
    for start in range(0, len(due), at_once):
        if stop.is_set():
            break
        batch = due[start : start + at_once]
        page = _read(source, name, store, plan, batch, now=now)
        if page is None:
            break
        replies = own_replies(page.mentions, plan.accounts)
        unread = {one.id for one in page.skipped if one.id is not None}
        answered += store.answers.note_read(batch, replies, unread=unread, now=now)
    logger.info("threads read source=%s threads=%d answers=%d", name, len(due), answered)
    return answered


def _read(
    source: ReadsThreads, name: str, store: Store, plan: ThreadPlan, batch: Sequence[WaitingThread], *, now: datetime
) -> Page | None:
    """Read a batch of threads on account of the budget; None where the reading has to end."""
    brand = next(iter(plan.accounts)) if len(plan.accounts) == 1 else None
    is_counted = threads_are_counted(source)
    grant = store.purse.reserve(_ask(source, name, brand, plan.budget), plan.budget, now=now)
    if isinstance(grant, Refusal):
        logger.info("threads wait for the budget source=%s", name)
        return None
    charge = Charge(source=name, budget=plan.budget, requests=0, brands=() if brand is None else (brand,), grant=grant)
    handles = tuple(dict.fromkeys(handle.lstrip("@") for several in plan.accounts.values() for handle in several))
    with allowed(grant.requests) as allowance:
        try:
            page = _replies(source, [thread.mention for thread in batch], handles, grant.size)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - the guard of collecting, for threads: told of in _unread
            failed = replace(charge, requests=max(1, allowance.taken) if is_counted else 0)
            store.purse.settle_failure(failed, may_have_cost=may_have_cost(error), now=now)
            return _unread(name, batch, error)
    store.purse.settle(_paid(charge, page), {}, now=now)
    return page


def _replies(source: ReadsThreads, mentions: Sequence[Mention], handles: Sequence[str], size: int | None) -> Page:
    """Return what a source finds in threads, so many replies at most where there is no room for more."""
    if size is not None and isinstance(source, MeteredThreads):
        return source.replies(mentions, handles, size)
    return source.replies(mentions, handles)


def _ask(source: ReadsThreads, name: str, brand: str | None, budget: Budget) -> Ask:
    """Return the question for room for one reading: by what the source says it may cost, else by what it took so far."""
    if not isinstance(source, MeteredThreads):
        return Ask(source=name, brand=brand, is_counted=threads_are_counted(source))

    def most(size: int) -> Cost:
        bound = source.most_of_replies(size)
        return budget.cost(bound.requests, bound.items, bound.billed or None)

    return Ask(source=name, brand=brand, sizes=source.page_sizes, cost_of=most)


def threads_are_counted(source: ReadsThreads) -> bool:
    """Say whether limits count the requests of reading threads: not where the service's cap is on others alone."""
    return not getattr(source, "threads_are_uncounted", False)


def _unread(name: str, batch: Sequence[WaitingThread], error: Exception) -> Page | None:
    """Return what is known after a reading that failed; None where the reading has to end."""
    if isinstance(error, StoppedError):
        return None
    if not isinstance(error, SourceError):
        # The guard of collecting, for threads: a broken source must not stop the others.
        logger.error("source broken source=%s", name, exc_info=error)
        return None
    logger.warning("threads not read source=%s problem=%s", name, type(error).__name__)
    is_about_this_one = isinstance(error, NotFoundError | UnexpectedAnswerError) and len(batch) == 1
    return _nothing(batch) if is_about_this_one else None


def _nothing(batch: Sequence[WaitingThread]) -> Page:
    """Return what is known where threads could not be read."""
    return Page(skipped=tuple(Skipped(id=one.mention.id, reason="the thread is not there") for one in batch))


def _paid(charge: Charge, page: Page) -> Charge:
    """Return the charge with what a page really cost."""
    is_billed_by_kind = bool(page.billed) or page.items == 0
    return replace(
        charge,
        requests=page.requests if page.counted is None else page.counted,
        items=len(page.mentions) if page.items is None else page.items,
        billed=page.billed if is_billed_by_kind else None,
    )
