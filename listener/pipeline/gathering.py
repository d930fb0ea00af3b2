"""Notice that a thread gathers its reactions after the quarter of an hour that it is of was looked at.

A post is mostly read within minutes, when nobody has answered yet, and each quarter is
looked at once. Its reactions are read anew later. So of a while back it is remembered what
was known of the threads; what has grown since counts for the newest quarter. What was
stored late, or matched anew, was not there before: it has not grown, and raises nothing.
What was loud when people were told is news again where it became twice as loud.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.clock import from_epoch, to_epoch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from listener.alerts.options import RuleOptions
    from listener.alerts.records import BucketCounts, RuleState
    from listener.search import Reader
    from listener.search.quarters import QuarterThreads

__all__ = ["with_gathered"]

_QUARTER: Final = timedelta(minutes=15)
_GATHERS: Final = timedelta(hours=36)
"""How long after its publication a thread is followed: what is looked at again a day after it was read is among it."""
_OF_A_THREAD: Final = 86_400
"""Seconds that a thread is summed over: a quarter so long after one may hold the same thread."""
_LOUDER: Final = 2
"""A thread that was told becomes news again where it is so many times as loud, as an open episode does."""


def with_gathered(
    reader: Reader, brand: str, rule: RuleOptions, state: RuleState, quarters: Sequence[BucketCounts]
) -> tuple[RuleState, list[BucketCounts]]:
    """Return new quarters, the reactions that threads of before them gathered in the last one, and what to remember.

    `quarters` are in order of time. Where none of them was read in time and covered, nothing is
    noticed yet. A state that remembers no thread begins to.
    """
    made = list(quarters)
    last = next((place for place in reversed(range(len(made))) if _can_tell(made[place])), None)
    if state.newest and last is None:
        return state, made
    until = made[-1].start + _QUARTER
    source = rule.sources[0] if rule.sources else None
    newest, found = reader.threads_by_quarter(brand, until - _GATHERS, until, newest=state.newest, source=source)
    if last is not None and (grown := _grown(rule, state, found, to_epoch(made[0].start))):
        loudest, before = max(grown)
        if loudest > made[last].engagement:
            made[last] = replace(made[last], engagement=loudest, thread_at=from_epoch(-before))
    threads = tuple((at, one.engagement, one.mentions) for at, one in found.items())
    return replace(state, threads=threads, newest=newest), made


def _grown(
    rule: RuleOptions, state: RuleState, found: Mapping[int, QuarterThreads], begin: int
) -> list[tuple[int, int]]:
    """Return (engagement, minus the start) of the quarters before `begin` whose mentions are as many as then, and louder."""
    return [
        (now.known_engagement, -at)
        for at, engagement, mentions in state.threads
        if at < begin
        and (now := found.get(at)) is not None
        and now.known_engagement > engagement
        and now.known_engagement >= _news_from(rule, state, at, engagement)
        and now.known_mentions <= mentions
    ]


def _news_from(rule: RuleOptions, state: RuleState, at: int, engagement: int) -> float:
    """Return the engagement from which on a thread is news: of one that was loud by the last message, or soon after, and rests, twice that."""
    if state.told_at is None or state.episode is not None or at >= to_epoch(state.told_at) + _OF_A_THREAD:
        return 0.0
    line = rule.engagement * (1.0 if rule.threshold is None else rule.threshold)
    return 0.0 if engagement < line else _LOUDER * min(engagement, state.told * rule.engagement)


def _can_tell(quarter: BucketCounts) -> bool:
    return quarter.coverage > 0.0 and not quarter.backfilled
