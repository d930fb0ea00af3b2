"""Compute trends and shares of voice: what was counted, with the means and how much of it was listened to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.clock import bucket_edges, from_epoch, to_epoch
from listener.errors import UsageError
from listener.frozen import maker
from listener.rollups import QUARTER_SECONDS
from listener.search.averages import mean_interval, mean_score, net_sentiment
from listener.search.coverage import load_coverage, rounded_share, share_of
from listener.search.figures import count_buckets, count_whole
from listener.search.trends import ShareRow, Trend, TrendBucket

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from listener.search.figures import Counted
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
    edges = bucket_edges(span.since, span.until, span.by, span.zone)
    starts, ends = edges[:-1], edges[1:]
    since, until = edges[0], edges[-1]
    rows: list[TrendBucket] = []
    totals: list[TrendBucket] = []
    for brand in brands:
        sources = [name for name in listening.get(brand, ()) if span.source in {None, name}]
        counted = count_buckets(connection, brand, span, edges)
        coverage = load_coverage(connection, brand, since, until)
        if span.source is not None:
            coverage = {name: known for name, known in coverage.items() if name == span.source}
        shares = share_of(coverage, sources, starts, ends, span.now)
        shares += share_of(coverage, sources, [since], [until], span.now)
        *parts, total = _made(brand, [*starts, since], [*ends, until], counted, shares, now=span.now)
        rows += parts
        totals.append(total)
    return Trend(
        brands=tuple(brands),
        by=span.by,
        time_zone=span.zone.key,
        since=since,
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
        since, until = span.since, from_epoch(-(-to_epoch(span.until) // QUARTER_SECONDS) * QUARTER_SECONDS)
    else:
        since, *_, until = bucket_edges(span.since, span.until, span.by, span.zone)
    totals = []
    for brand in brands:
        counted = count_whole(connection, brand, span, since, until)
        coverage = load_coverage(connection, brand, since, until)
        shares = share_of(coverage, listening.get(brand, ()), [since], [until], span.now)
        totals += _made(brand, [since], [until], counted, shares, now=span.now)
    return tuple(totals)


def _made(
    brand: str,
    starts: Sequence[datetime],
    ends: Sequence[datetime],
    counted: Counted,
    shares: Sequence[float | None],
    *,
    now: datetime,
) -> list[TrendBucket]:
    """Return what is shown of each bucket; `shares` are how much of each was read."""
    made = []
    for start, end, figures, reach, percentiles, share in zip(
        starts, ends, counted.figures, counted.reach, counted.percentiles, shares, strict=True
    ):
        positive, neutral, negative, no_evidence, unscored, stories, total, squares, engagement, averaged = figures
        scored = positive + neutral + negative + no_evidence
        mentions = scored + unscored
        coverage = None if start >= now or (mentions and not share) else share  # what is to come was not left unread
        if not mentions and not coverage:
            made.append(_make_bucket(brand, start, end, *_UNKNOWN, coverage, end > now, None, None))
            continue
        made.append(_make_bucket(
            brand, start, end, mentions, stories, positive, neutral, negative, no_evidence, unscored,
            mean_score(averaged, total),
            mean_interval(averaged, total, squares),
            net_sentiment(positive, negative, scored),
            engagement, reach,
            None if coverage is None else rounded_share(coverage),
            end > now,
            percentiles,
            averaged,
        ))  # fmt: skip
    return made
