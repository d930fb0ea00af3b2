"""Say when what the daemon does again and again falls due."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from apscheduler.triggers.interval import IntervalTrigger

from listener.pipeline.patience import DISABLED, tried_again

if TYPE_CHECKING:
    from datetime import datetime

    from listener.search.states import SourceState

__all__ = ["LONGEST_WAIT", "Regularly", "first_run_at", "first_run_of"]

LONGEST_WAIT: Final = timedelta(days=1)
"""No source is left alone for longer, whatever its service asks for: what held it up may have been changed."""


class Regularly(IntervalTrigger):  # type: ignore[misc] # APScheduler is not typed
    """Fall due at turns that stand at equal distances from `start_date` on; what was missed is one run, however much it is.

    A run comes up to `jitter` after its turn, which the next turn does not heed; nor does it
    heed a run between two turns. APScheduler adds each shift to all later runs. It also lists every run that was
    missed, of which only the last is made: years of them fill the
    memory, where a machine without a clock of its own learns the time after the daemon's start.
    """

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Return the first run after both the previous one and `now`; the first of all where there was none before."""
        turn: datetime | None = previous_fire_time
        if previous_fire_time is not None:
            latest = max(previous_fire_time, now)
            turn = self.start_date + (latest - self.start_date) // self.interval * self.interval
        following: datetime | None = super().get_next_fire_time(turn, now)
        return following


def first_run_at(
    last_attempt: datetime | None, every: timedelta, now: datetime, retry_at: datetime | None = None
) -> datetime:
    """Return when a source is read first after a start: an interval after its last run, at once if that is past.

    Not before `retry_at`, the instant until which its service asked for patience, unless that is days away.
    """
    following = now if last_attempt is None else max(now, min(last_attempt + every, now + every))
    return following if retry_at is None else max(following, min(retry_at, now + LONGEST_WAIT))


def first_run_of(state: SourceState | None, every: timedelta, now: datetime) -> datetime:
    """Return when a source is read first after a start or a change of the configuration.

    At once where that may have changed what held it up: a key, or a budget, which costs nothing to ask.
    When the daemon before meant to, where that is sooner than a turn after the last run, as after a failure or a
    stop; soon where it was killed in the middle of that run, which left no word of how it went.
    """
    if state is None or state.state in DISABLED | {"budget"}:
        return now
    tried, meant, read = state.last_attempt_at, state.next_run_at, state.last_success_at
    if tried is not None and meant is not None and meant > tried:
        every = min(every, meant - tried)
    elif tried is not None and not state.consecutive_failures and (read is None or read < tried):
        every = min(every, tried_again(0, tried) - tried)
    return first_run_at(tried, every, now, state.retry_at)
