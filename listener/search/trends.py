"""Hold what a trend is asked over, its figures, and those of shares of voice: all that `listener trend` needs of the records.

A count that is not known is None, never 0. Every average names its n, its
coverage and an interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.frozen import dataclass

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

__all__ = ["METRICS", "ShareRow", "Span", "Trend", "TrendBucket"]

METRICS: Final = ("mentions", "stories", "mean_score", "net_sentiment", "engagement", "reach")
"""The figures of a trend that can be charted by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Hold what a trend is asked over: [since, until), cut by `by` in `zone`.

    Where `by` is "quarter" it is not cut, and its end is that of its last quarter of an
    hour; totals and shares of voice can be asked so. `now` tells which bucket is not
    over. `source` and `language` are conditions, None for none. `percentiles` asks for
    those of the scores too, `reach` for that of the authors even where very many
    mentions are to be counted for it.
    """

    since: datetime
    until: datetime
    by: str
    zone: ZoneInfo
    now: datetime
    source: str | None = None
    language: str | None = None
    percentiles: bool = False
    reach: bool = False

    @property
    def is_whole(self) -> bool:
        """Say whether all mentions are asked for, whatever their source and language."""
        return self.source is None and self.language is None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendBucket:
    """Hold the figures of one brand in one bucket [start, end).

    `mentions` = positive + neutral + negative + no_evidence + unscored; all of
    them and `stories`, `engagement`, `reach` are None where nothing is stored and
    nothing is known; `reach` also where no rollup has it and it was not asked for.
    `net_sentiment` is 100 x (positive - negative) / (positive + neutral + negative +
    no_evidence). `mean_score_interval` is the 95 % t interval over scored mentions,
    None below 5. `coverage` is the drained share of the
    bucket over the enabled sources, 0 to 1, None where unknown. `partial` says
    that the bucket is not over yet. `score_percentiles` are the 10th, 50th and
    90th, to within 0.025, where they were asked for and anything is scored. `averaged` is the n of
    `mean_score`: `scored` without the scores that people contradict, None where not known.
    """

    brand: str
    start: datetime
    end: datetime
    mentions: int | None
    stories: int | None
    positive: int | None
    neutral: int | None
    negative: int | None
    no_evidence: int | None
    unscored: int | None
    mean_score: float | None
    mean_score_interval: tuple[float, float] | None
    net_sentiment: float | None
    engagement: int | None
    reach: int | None
    coverage: float | None
    partial: bool = False
    score_percentiles: tuple[float, ...] | None = None
    averaged: int | None = None

    @property
    def scored(self) -> int:
        """Return the number of mentions that the averages are over."""
        return (self.positive or 0) + (self.neutral or 0) + (self.negative or 0) + (self.no_evidence or 0)

    @property
    def net(self) -> float | None:
        """Return net sentiment as it is, to be rounded once where it is told in whole points; None where nothing is scored."""
        return 100 * ((self.positive or 0) - (self.negative or 0)) / self.scored if self.scored else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Hold a trend: buckets in order of brand (as asked), then time; one total a brand."""

    brands: tuple[str, ...]
    by: str
    time_zone: str
    since: datetime
    until: datetime
    buckets: tuple[TrendBucket, ...]
    totals: tuple[TrendBucket, ...]

    def of(self, brand: str) -> tuple[TrendBucket, ...]:
        """Return the buckets of one brand in order of time."""
        return tuple(bucket for bucket in self.buckets if bucket.brand == brand)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """Hold one brand's share of voice; `share` in percent, one decimal, None where all are 0.

    Where nothing is known of a brand, `is_known` is False, its counts are 0 and mean nothing,
    and its `share` is None. `scored` is the n of `net_sentiment`.
    """

    brand: str
    kind: str
    mentions: int
    share: float | None
    positive: int
    negative: int
    net_sentiment: float | None
    coverage: float | None
    scored: int = 0
    is_known: bool = True
