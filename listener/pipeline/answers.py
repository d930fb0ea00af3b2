"""Tell what a brand's own accounts replied, and read threads for replies that no query finds."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from listener.errors import NotFoundError, SourceError, StoppedError, StoreError, UnexpectedAnswerError
from listener.frozen import dataclass
from listener.query.fields import is_written_by
from listener.store import OwnReply

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from listener.mention import Mention
    from listener.protocols import Page, ReadsThreads, StopSignal
    from listener.store import Store, WaitingThread

__all__ = ["ThreadPlan", "follow_threads", "own_replies"]

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
    """Say whose answers are looked for, how long after a mention, and in how many threads a pass.

    `accounts` are the handles of each brand that listens to the source.
    """

    accounts: Mapping[str, Sequence[str]]
    follow: timedelta
    threads: int


def follow_threads(
    source: ReadsThreads, name: str, store: Store, plan: ThreadPlan, stop: StopSignal, *, now: datetime
) -> int:
    """Read the threads of recent mentions that nobody answered yet; return how many answers were found.

    What goes wrong ends the reading until the next pass, and fails no pass: what
    was read is kept, what was not read stays due. A thread that is gone counts as read.
    """
    at_once = source.threads_at_once
    handles = tuple(dict.fromkeys(handle.lstrip("@") for several in plan.accounts.values() for handle in several))
    if at_once < 1 or not handles:
        return 0
    due = store.answers.due(name, tuple(plan.accounts), now=now, follow=plan.follow, limit=plan.threads)
    answered = 0
    for start in range(0, len(due), at_once):
        if stop.is_set():
            break
        batch = due[start : start + at_once]
        try:
            replies = _read(source, batch, handles, plan)
        except StoppedError:
            break
        except SourceError as error:
            logger.warning("threads not read source=%s problem=%s", name, type(error).__name__)
            break
        except StoreError:
            raise
        except Exception:
            # The guard of collecting, for threads: a broken source must not stop the others.
            logger.exception("source broken source=%s", name)
            break
        answered += store.answers.note_read(batch, replies, now=now)
    logger.info("threads read source=%s threads=%d answers=%d", name, len(due), answered)
    return answered


def _read(
    source: ReadsThreads, batch: Sequence[WaitingThread], handles: Sequence[str], plan: ThreadPlan
) -> tuple[OwnReply, ...]:
    try:
        page: Page = source.replies([thread.mention for thread in batch], handles)
    except (NotFoundError, UnexpectedAnswerError) as error:
        if len(batch) > 1:
            raise
        logger.warning("thread not read problem=%s", type(error).__name__)
        return ()
    return own_replies(page.mentions, plan.accounts)
