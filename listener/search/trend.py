"""Compute trends and shares of voice: what was counted, with the means and how much of it was listened to."""

from __future__ import annotations

from datetime import timedelta
from itertools import repeat
from typing import TYPE_CHECKING, Final

from listener.clock import Bucket, bucket_starts, from_epoch, to_epoch
from listener.errors import UsageError
from listener.frozen import maker
from listener.mention import SCORE_SCALE
from listener.rollups import QUARTER_SECONDS
from listener.search.averages import mean_interval, net_sentiment
from listener.search.coverage import load_coverage, share_of
from listener.search.figures import count_buckets, count_whole
from listener.search.trends import ShareRow, Trend, TrendBucket

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from listener.search.figures import Cell
    from listener.search.trends import Span

__all__ = ["read_share", "read_totals", "read_trend"]

_MOST_BUCKETS: Final = 100_000
_SHORTEST: Final = {
    step: timedelta(hours=hours) for step, hours in (("hour", 1), ("day", 23), ("week", 167), ("month", 671))
}

_make_bucket: Final = maker(TrendBucket)
_UNKNOWN: Final = (None,) * 12
"""The figures of a bucket of which nothing is known."""


def read_trend(
    connection: sqlite3.Connection, brands: Sequence[str], span: Span, listening: Mapping[str, Sequence[str]]
) -> Trend:
    """Return the trend of brands; `listening` names the enabled sources of each brand.

    Raises UsageError where it would have more than `_MOST_BUCKETS` a brand.
    """
    if span.until - span.since > _MOST_BUCKETS * _SHORTEST[span.by]:
        msg = f"that is more than {_MOST_BUCKETS:,} buckets by {span.by}; ask for a shorter span, or by a longer step"
        raise UsageError(msg)
    buckets = bucket_starts(span.since, span.until, span.by, span.zone)
    rows: list[TrendBucket] = []
    totals: list[TrendBucket] = []
    for brand in brands:
        sources = [name for name in listening.get(brand, ()) if span.source in {None, name}]
        cells, total = count_buckets(connection, brand, span, buckets)
        coverage = load_coverage(connection, brand, buckets[0].start, buckets[-1].end)
        if span.source is not None:
            coverage = {name: known for name, known in coverage.items() if name == span.source}
        whole = Bucket(start=buckets[0].start, end=buckets[-1].end)
        shares = share_of(coverage, sources, buckets, span.now)
        rows += map(_bucket, repeat(brand), buckets, cells, shares, repeat(span))
        totals.append(_bucket(brand, whole, total, share_of(coverage, sources, [whole], span.now)[0], span))
    return Trend(
        brands=tuple(brands),
        by=span.by,
        time_zone=span.zone.key,
        since=buckets[0].start,
        until=span.until,
        buckets=tuple(rows),
        totals=tuple(totals),
    )


def read_share(
    connection: sqlite3.Connection,
    kinds: Mapping[str, str],
    span: Span,
    listening: Mapping[str, Sequence[str]],
) -> tuple[ShareRow, ...]:
    """Return share of voice over own brands and competitors, most mentions first; topics are left out.

    `kinds` gives the kind of each brand. Share is 100 x mentions / sum of mentions.
    """
    brands = [name for name, kind in kinds.items() if kind != "topic"]
    totals = read_totals(connection, brands, span, listening)
    everything = sum(total.mentions or 0 for total in totals)
    rows = [
        ShareRow(
            brand=total.brand,
            kind=kinds[total.brand],
            mentions=total.mentions or 0,
            share=None if total.mentions is None or not everything else round(100 * total.mentions / everything, 1),
            positive=total.positive or 0,
            negative=total.negative or 0,
            net_sentiment=total.net_sentiment,
            coverage=total.coverage,
            scored=total.scored,
            is_known=total.mentions is not None,
        )
        for total in totals
    ]
    return tuple(sorted(rows, key=lambda row: (-row.mentions, row.brand)))


def read_totals(
    connection: sqlite3.Connection, brands: Sequence[str], span: Span, listening: Mapping[str, Sequence[str]]
) -> tuple[TrendBucket, ...]:
    """Return the figures of brands over a whole span of all mentions, in the order asked for; reach is left out."""
    if span.by == "quarter":
        end = from_epoch(-(-to_epoch(span.until) // QUARTER_SECONDS) * QUARTER_SECONDS)
        buckets = [Bucket(start=span.since, end=end)]
    else:
        buckets = bucket_starts(span.since, span.until, span.by, span.zone)
    return tuple(_whole(connection, brand, span, buckets, listening) for brand in brands)


def _whole(
    connection: sqlite3.Connection,
    brand: str,
    span: Span,
    buckets: Sequence[Bucket],
    listening: Mapping[str, Sequence[str]],
) -> TrendBucket:
    whole = Bucket(start=buckets[0].start, end=buckets[-1].end)
    total = count_whole(connection, brand, span, whole)
    coverage = load_coverage(connection, brand, whole.start, whole.end)
    (share,) = share_of(coverage, listening.get(brand, ()), [whole], span.now)
    return _bucket(brand, whole, total, share, span)


def _bucket(brand: str, bucket: Bucket, cell: Cell, share: float | None, span: Span) -> TrendBucket:
    mentions, stories, positive, neutral, negative, no_evidence, unscored, total, squares, engagement, averaged = (
        cell.figures
    )
    coverage = None if mentions and not share else share
    start, end = bucket.start, bucket.end
    if not mentions and not coverage:
        return _make_bucket(brand, start, end, *_UNKNOWN, coverage, end > span.now, None)
    scored = positive + neutral + negative + no_evidence
    return _make_bucket(
        brand, start, end, mentions, stories, positive, neutral, negative, no_evidence, unscored,
        round(total / averaged) / SCORE_SCALE if averaged else None,
        mean_interval(averaged, total, squares),
        net_sentiment(positive, negative, scored),
        engagement, cell.reach,
        None if coverage is None else _rounded(coverage),
        end > span.now,
        cell.percentiles() if span.percentiles else None,
    )  # fmt: skip


def _rounded(coverage: float) -> float:
    """Return a share to four digits; only what is nothing is 0, and only what is whole is 1."""
    return coverage if coverage in {0.0, 1.0} else min(max(round(coverage, 4), 0.0001), 0.9999)
