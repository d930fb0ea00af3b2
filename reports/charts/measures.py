"""Say what an alert of each kind measures, and take that figure from a trend."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reports.wording import coverage_percent, number, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from listener.search.records import EpisodeRow, TrendBucket

__all__ = ["Measure", "measure_of"]

_HOURS: Final = 6
"""Alerts on shares, silence and coverage look at the last six hours, others at the last hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Hold how to read a figure from buckets of an hour.

    `figure` takes the trailing buckets, the present one last, and gives None where
    nothing is known. `is_share` says that it is a share of 1, `write` how it is worded. Where `comparable`
    does not hold, the trend does not hold what the alert measured and no usual range fits.
    """

    words: str
    figure: Callable[[Sequence[TrendBucket]], float | None]
    trailing: int = 1
    is_share: bool = False
    write: Callable[[float], str] = number
    comparable: bool = True

    def series(self, buckets: Sequence[TrendBucket], by: str) -> list[float]:
        """Return (n_buckets,) figures in order, NaN where nothing is known."""
        trailing = self.trailing if by == "hour" else 1
        figures = (self.figure(buckets[max(0, place + 1 - trailing) : place + 1]) for place in range(len(buckets)))
        return [math.nan if figure is None else figure for figure in figures]

    def named(self, by: str) -> str:
        """Name the figure for a key or a title."""
        return (
            f"{self.words} in {self.trailing} hours" if self.trailing > 1 and by == "hour" else f"{self.words} by {by}"
        )


def _stories(buckets: Sequence[TrendBucket]) -> float | None:
    if buckets[-1].stories is None:
        return None
    return float(sum(bucket.stories or 0 for bucket in buckets))


def _mentions(buckets: Sequence[TrendBucket]) -> float | None:
    if buckets[-1].mentions is None:
        return None
    return float(sum(bucket.mentions or 0 for bucket in buckets))


def _negative_share(buckets: Sequence[TrendBucket]) -> float | None:
    scored = sum(bucket.scored for bucket in buckets)
    return sum(bucket.negative or 0 for bucket in buckets) / scored if scored else None


def _coverage(buckets: Sequence[TrendBucket]) -> float | None:
    known = [bucket.coverage for bucket in buckets if bucket.coverage is not None]
    return sum(known) / len(known) if known else None


_BY_KIND: Final = {
    "spike": Measure(words="stories", figure=_stories),
    "sentiment": Measure(words="negative share", figure=_negative_share, trailing=_HOURS, is_share=True, write=percent),
    "silence": Measure(words="stories", figure=_stories, trailing=_HOURS),
    "blind": Measure(
        words="share that was read", figure=_coverage, trailing=_HOURS, is_share=True, write=coverage_percent
    ),
    "words": Measure(words="mentions", figure=_mentions, comparable=False),
    "reach": Measure(words="mentions", figure=_mentions, comparable=False),
}


def measure_of(episode: EpisodeRow, kind: str | None = None) -> Measure:
    """Return what an episode measures, by the kind of its rule.

    Where no kind is given, a rule called like a kind is taken for one; of others
    the scale decides: figures that never pass 1 are shares.
    """
    chosen = kind or episode.rule
    if chosen not in _BY_KIND:
        is_share = max(episode.observed, episode.expected, episode.interval[1]) <= 1
        chosen = "sentiment" if is_share else "spike"
    return _BY_KIND[chosen]
