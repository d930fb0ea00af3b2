"""Replay rules over stored history: which episodes would have opened, and how settings differ.

The replay is the very evaluation that runs live, so that what it says is what
would have happened, had the buckets come in time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.alerts.episodes import evaluate, thresholds
from listener.alerts.inhibition import inhibit
from listener.alerts.meters import BUCKET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from listener.alerts.options import AlertOptions, RuleOptions
    from listener.alerts.records import BucketCounts, Episode, EpisodeChange

__all__ = ["Backtest", "Comparison", "backtest", "compare"]

_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """Say what one rule would have done with one brand.

    `episodes` in order of opening, the last possibly still open; `told` counts the
    messages that would have gone out and `told_of` holds the keys of the episodes they
    were about, `weeks` is the length of the history and
    `per_week` the episodes opened in a week of it (0.0 for no history). `reason`
    explains the threshold in force at the end.
    """

    brand: str
    rule: str
    episodes: tuple[Episode, ...]
    told: int
    told_of: frozenset[str]
    weeks: float
    per_week: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Hold how the episodes of two settings differ; those that overlap in time are the same."""

    both: tuple[tuple[Episode, Episode], ...]
    only_first: tuple[Episode, ...]
    only_second: tuple[Episode, ...]


def backtest(
    series: Mapping[str, Sequence[BucketCounts]],
    rules: Sequence[RuleOptions],
    options: AlertOptions,
    *,
    time_zone: str = "UTC",
    whole: Sequence[Episode] = (),
) -> tuple[Backtest, ...]:
    """Replay `rules` over the quarter-hour buckets of each brand, in order of brand, then rule.

    That a bucket was backfilled when it came is not held against it: the history
    is taken as if it had come in time. A rule that names brands is replayed over
    those alone. One that names sources tells nothing while an episode of `whole`,
    those of the rules about whole brands, tells of the same brand and kind already.
    """
    return tuple(
        _replay(brand, rule, [replace(bucket, backfilled=False) for bucket in buckets], options, time_zone, whole)
        for brand, buckets in series.items()
        for rule in rules
        if not rule.brands or brand in rule.brands
    )


def compare(first: Backtest, second: Backtest) -> Comparison:
    """Match the episodes of two replays of one brand, each at most once, in order of time."""
    both: list[tuple[Episode, Episode]] = []
    left = list(second.episodes)
    only_first: list[Episode] = []
    for episode in first.episodes:
        twin = next((other for other in left if _overlap(episode, other)), None)
        if twin is None:
            only_first.append(episode)
        else:
            left.remove(twin)
            both.append((episode, twin))
    return Comparison(both=tuple(both), only_first=tuple(only_first), only_second=tuple(left))


def _replay(  # noqa: PLR0917 - as `evaluate`: who, by what, over what
    brand: str,
    rule: RuleOptions,
    buckets: Sequence[BucketCounts],
    options: AlertOptions,
    time_zone: str,
    whole: Sequence[Episode],
) -> Backtest:
    """Replay one rule over one brand."""
    if not buckets:
        return Backtest(
            brand=brand,
            rule=rule.name,
            episodes=(),
            told=0,
            told_of=frozenset(),
            weeks=0.0,
            per_week=0.0,
            reason=thresholds(rule, options, None).reason,
        )
    end = buckets[-1].start + BUCKET
    state, changes = evaluate(brand, rule, None, buckets, end, options, time_zone=time_zone)
    if rule.sources:
        changes = inhibit(changes, whole)
    latest: dict[str, Episode] = {}
    for change in changes:
        latest[change.episode.key] = change.episode
    weeks = (end - buckets[0].start) / _WEEK
    told = _messages(changes)
    return Backtest(
        brand=brand,
        rule=rule.name,
        episodes=tuple(latest.values()),
        told=len(told),
        told_of=frozenset(key for key, _ in told),
        weeks=weeks,
        per_week=len(latest) / weeks,
        reason=thresholds(rule, options, state).reason,
    )


def _messages(changes: Sequence[EpisodeChange]) -> set[tuple[str, str]]:
    """Return (episode, kind) of the messages that go out: one of each kind, and that it is over only to who heard of it."""
    told: set[tuple[str, str]] = set()
    heard: set[str] = set()
    for change in changes:
        key = change.episode.key
        if change.notify and (change.kind != "resolved" or key in heard):
            told.add((key, change.kind))
            heard.add(key)
    return told


def _overlap(one: Episode, other: Episode) -> bool:
    """Say whether two episodes share any time."""
    return one.opened_at <= (other.resolved_at or other.updated_at) and other.opened_at <= (
        one.resolved_at or one.updated_at
    )
