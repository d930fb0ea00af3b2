"""Compute trends and shares of voice from the rollups.

Without a condition on source or language the 15-minute rollup answers, in any time
zone. With one, the matches of the span are counted in their index.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final

from listener.clock import Bucket, bucket_starts, to_epoch
from listener.frozen import dataclass
from listener.mention import SCORE_SCALE, Label
from listener.rollups import QUARTER_SECONDS
from listener.search.coverage import load_coverage, share_of
from listener.search.records import ShareRow, Trend, TrendBucket

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

__all__ = ["Span", "mean_interval", "net_sentiment", "read_share", "read_trend", "student_t_975"]

_FEWEST_FOR_INTERVAL: Final = 5
_Z_975: Final = 1.959963984540054

_SUMS_FROM_ROLLUP: Final = """
SELECT sum(mentions), sum(stories), sum(positive), sum(neutral), sum(negative), sum(no_evidence), sum(unscored),
       sum(score_sum), sum(score_squares), sum(engagement), sum(score_count)
FROM rollup_quarter WHERE brand_id = :brand AND bucket >= :since / 900 AND bucket < :until / 900
"""

_FROM_ROLLUP: Final = """
SELECT bucket, mentions, stories, positive, neutral, negative, no_evidence, unscored, score_sum, score_squares,
       engagement, score_count
FROM rollup_quarter WHERE brand_id = :brand AND bucket >= :since / 900 AND bucket < :until / 900
"""

_CONDITIONS: Final = (
    "matches.brand_id = :brand AND matches.published_at >= :since AND matches.published_at < :until "
    f"AND matches.label <> {int(Label.IRRELEVANT)} "
    "AND (:source IS NULL OR matches.source_id = :source) "
    "AND (:language IS NULL OR matches.language = :language OR matches.language LIKE :language || '-%')"
)

_FROM_MATCHES: Final = f"""
SELECT published_at / {QUARTER_SECONDS}, count(*), 0, sum(label = {int(Label.POSITIVE)}),
       sum(label = {int(Label.NEUTRAL)}), sum(label = {int(Label.NEGATIVE)}), sum(label = {int(Label.NO_EVIDENCE)}),
       sum(label = {int(Label.UNSCORED)}), coalesce(sum(score), 0), coalesce(sum(score * score), 0), sum(engagement),
       count(score)
FROM matches WHERE {_CONDITIONS} GROUP BY 1
"""  # noqa: S608 - built from constants of this module

_STORIES: Final = f"""
SELECT min(matches.published_at) / {QUARTER_SECONDS}, 0, 1 FROM matches
JOIN mentions ON mentions.id = matches.mention_id WHERE {_CONDITIONS}
  AND NOT EXISTS (
    SELECT 1 FROM mentions AS earlier JOIN matches AS first ON first.mention_id = earlier.id
    WHERE earlier.story_id = mentions.story_id AND first.brand_id = :brand AND first.published_at < :since
      AND first.label <> {int(Label.IRRELEVANT)} AND (:source IS NULL OR first.source_id = :source)
      AND (:language IS NULL OR first.language = :language OR first.language LIKE :language || '-%')
  )
GROUP BY mentions.story_id
"""  # noqa: S608 - built from constants of this module

_REACH: Final = f"""
SELECT coalesce(sum(followers), 0) FROM (
  SELECT max(authors.followers) AS followers FROM matches
  JOIN mentions ON mentions.id = matches.mention_id JOIN authors ON authors.id = mentions.author_id
  WHERE {_CONDITIONS} AND authors.followers IS NOT NULL GROUP BY authors.id
)
"""  # noqa: S608 - built from constants of this module


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Hold what a trend is asked over: [since, until), cut by `by` in `zone`.

    `now` tells which bucket is not over. `source` and `language` are conditions,
    None for none.
    """

    since: datetime
    until: datetime
    by: str
    zone: ZoneInfo
    now: datetime
    source: str | None = None
    language: str | None = None


class _Cell:
    """Add up the figures of one bucket; `reach` is that of the authors, each once."""

    __slots__ = ("figures", "reach")

    def __init__(self) -> None:
        self.figures = [0] * 11
        self.reach = 0

    def add(self, figures: Sequence[int]) -> None:
        for index, amount in enumerate(figures):
            self.figures[index] += amount


def read_trend(
    connection: sqlite3.Connection, brands: Sequence[str], span: Span, listening: Mapping[str, Sequence[str]]
) -> Trend:
    """Return the trend of brands; `listening` names the enabled sources of each brand."""
    buckets = bucket_starts(span.since, span.until, span.by, span.zone)
    rows: list[TrendBucket] = []
    totals: list[TrendBucket] = []
    for brand in brands:
        sources = [name for name in listening.get(brand, ()) if span.source in {None, name}]
        cells, total = _fill(connection, brand, span, buckets)
        coverage = load_coverage(connection, brand, buckets[0].start, buckets[-1].end)
        if span.source is not None:
            coverage = {name: known for name, known in coverage.items() if name == span.source}
        whole = Bucket(start=buckets[0].start, end=buckets[-1].end)
        shares = share_of(coverage, sources, buckets, span.now)
        rows += [
            _bucket(brand, bucket, cell, share, span.now)
            for bucket, cell, share in zip(buckets, cells, shares, strict=True)
        ]
        totals.append(_bucket(brand, whole, total, share_of(coverage, sources, [whole], span.now)[0], span.now))
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
    totals = read_trend(connection, brands, span, listening).totals if brands else ()
    everything = sum(total.mentions or 0 for total in totals)
    rows = [
        ShareRow(
            brand=total.brand,
            kind=kinds[total.brand],
            mentions=total.mentions or 0,
            share=round(100 * (total.mentions or 0) / everything, 1) if everything else None,
            positive=total.positive or 0,
            negative=total.negative or 0,
            net_sentiment=total.net_sentiment,
            coverage=total.coverage,
        )
        for total in totals
    ]
    return tuple(sorted(rows, key=lambda row: (-row.mentions, row.brand)))


def _fill(
    connection: sqlite3.Connection, brand: str, span: Span, buckets: Sequence[Bucket]
) -> tuple[list[_Cell], _Cell]:
    """Return the figures of each bucket, and of the whole span."""
    cells, total = [_Cell() for _ in buckets], _Cell()
    values = _values(connection, brand, span, buckets)
    if values is None:
        return cells, total
    edges = [{**values, "since": to_epoch(bucket.start), "until": to_epoch(bucket.end)} for bucket in buckets]
    if span.source is not None or span.language is not None:
        _place(connection, (_FROM_MATCHES, _STORIES), values, edges, cells)
    elif span.by == "hour":
        _place(connection, (_FROM_ROLLUP,), values, edges, cells)
    else:
        for cell, edge in zip(cells, edges, strict=True):
            (figures,) = connection.execute(_SUMS_FROM_ROLLUP, edge)
            cell.add([amount or 0 for amount in figures])
    for cell, edge in zip(cells, edges, strict=True):
        total.add(cell.figures)
        if cell.figures[0]:
            ((cell.reach,),) = connection.execute(_REACH, edge)
    ((total.reach,),) = connection.execute(_REACH, values)
    return cells, total


def _place(
    connection: sqlite3.Connection,
    statements: Sequence[str],
    values: Mapping[str, object],
    edges: Sequence[Mapping[str, int]],
    cells: Sequence[_Cell],
) -> None:
    """Run statements that give figures by quarter and add each to the bucket that holds it."""
    starts = [edge["since"] for edge in edges]
    for statement in statements:
        for quarter, *figures in connection.execute(statement, values):
            cells[bisect_right(starts, quarter * QUARTER_SECONDS) - 1].add(figures)


def _values(connection: sqlite3.Connection, brand: str, span: Span, buckets: Sequence[Bucket]) -> dict[str, Any] | None:
    """Return the statement's values; None where nothing of the brand or source was ever stored."""
    brand_row = connection.execute("SELECT id FROM brands WHERE name = ?", (brand,)).fetchone()
    source_id = None
    if span.source is not None:
        source_row = connection.execute("SELECT id FROM sources WHERE name = ?", (span.source,)).fetchone()
        if source_row is None:
            return None
        source_id = source_row[0]
    if brand_row is None:
        return None
    return {
        "brand": brand_row[0],
        "since": to_epoch(buckets[0].start),
        "until": to_epoch(buckets[-1].end),
        "source": source_id,
        "language": span.language,
    }


def _bucket(brand: str, bucket: Bucket, cell: _Cell, share: float | None, now: datetime) -> TrendBucket:
    mentions, stories, positive, neutral, negative, no_evidence, unscored, total, squares, engagement, averaged = (
        cell.figures
    )
    coverage = None if mentions and not share else share
    is_partial = bucket.end > now
    if not mentions and not coverage:
        return TrendBucket(
            brand=brand, start=bucket.start, end=bucket.end, mentions=None, stories=None, positive=None,
            neutral=None, negative=None, no_evidence=None, unscored=None, mean_score=None,
            mean_score_interval=None, net_sentiment=None, engagement=None, reach=None, coverage=coverage,
            partial=is_partial,
        )  # fmt: skip
    scored = positive + neutral + negative + no_evidence
    return TrendBucket(
        brand=brand,
        start=bucket.start,
        end=bucket.end,
        mentions=mentions,
        stories=stories,
        positive=positive,
        neutral=neutral,
        negative=negative,
        no_evidence=no_evidence,
        unscored=unscored,
        mean_score=round(total / averaged / SCORE_SCALE, 4) if averaged else None,
        mean_score_interval=mean_interval(averaged, total, squares),
        net_sentiment=net_sentiment(positive, negative, scored),
        engagement=engagement,
        reach=cell.reach,
        coverage=None if coverage is None else round(coverage, 4),
        partial=is_partial,
    )


def net_sentiment(positive: int, negative: int, scored: int) -> float | None:
    """Return 100 x (positive - negative) / scored, one decimal; None where nothing was scored."""
    return round(100 * (positive - negative) / scored, 1) if scored else None


def mean_interval(scored: int, total: int, squares: int) -> tuple[float, float] | None:
    """Return the 95 % Student t interval of a mean score, clipped to [-1, 1]; None below 5 scores.

    `total` and `squares` are the sums of scores x 10 000 and of their squares.
    """
    if scored < _FEWEST_FOR_INTERVAL:
        return None
    mean = total / scored
    variance = max(0.0, (squares - total * mean) / (scored - 1))
    half = student_t_975(scored - 1) * math.sqrt(variance / scored)
    return (
        max(-1.0, round((mean - half) / SCORE_SCALE, 4)),
        min(1.0, round((mean + half) / SCORE_SCALE, 4)),
    )


def student_t_975(degrees: int) -> float:
    """Return the 97.5 % quantile of Student's t, to three digits from 4 degrees of freedom on.

    Expansion 26.7.5 of Abramowitz & Stegun, Handbook of Mathematical Functions (1964).
    """
    z = _Z_975
    return (
        z
        + (z**3 + z) / (4 * degrees)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * degrees**4)
    )
