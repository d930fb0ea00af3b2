"""Count what a trend shows, bucket by bucket, from the coarsest rows that give it exactly.

Without a condition on source or language rollups answer: days, weeks and months
that end where the store's days do by its local days, those of another zone by the
local days within them and the quarters of an hour at their ends, hours by quarters.
With one, the matches of the span are counted in their index.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from operator import add
from typing import TYPE_CHECKING, Any, Final

from listener.clock import bucket_starts, load_zone, to_epoch
from listener.mention import SCORE_SCALE, Label
from listener.rollups import BIN_COUNT, BIN_WIDTH, QUARTER_SECONDS, local_day_number, read_zone, whole_local_days
from listener.search.reach import IN_SPAN, is_counted, read_reach

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from listener.clock import Bucket
    from listener.search.trends import Span

__all__ = ["Cell", "count_buckets", "count_whole"]

_FROM_LOCAL: Final = """
SELECT day, mentions, stories, positive, neutral, negative, no_evidence, unscored, score_sum, score_squares,
       engagement, score_count
FROM rollup_local WHERE brand_id = ? AND day >= ? AND day < ?
"""

_SUMS: Final = (
    "sum(mentions), sum(stories), sum(positive), sum(neutral), sum(negative), sum(no_evidence), sum(unscored), "
    "sum(score_sum), sum(score_squares), sum(engagement), sum(score_count)"
)

_OF_QUARTERS: Final = f"SELECT {_SUMS} FROM rollup_quarter WHERE brand_id = ? AND bucket >= ? AND bucket < ?"  # noqa: S608 - names of this module

_OF_DAYS: Final = f"SELECT {_SUMS} FROM rollup_local WHERE brand_id = ? AND day >= ? AND day < ?"  # noqa: S608 - the same

_HOURS_FROM_ROLLUP: Final = f"""
SELECT (bucket - :since / 900) / 4, {_SUMS}
FROM rollup_quarter WHERE brand_id = :brand AND bucket >= :since / 900 AND bucket < :until / 900 GROUP BY 1
"""  # noqa: S608 - names of this module

_FIGURES: Final = (
    "mentions", "stories", "positive", "neutral", "negative", "no_evidence", "unscored", "score_sum", "score_squares",
    "engagement", "score_count",
)  # fmt: skip

_FULL_HOURS: Final = f"""
SELECT {", ".join(f"a.{name} + b.{name} + c.{name} + d.{name}" for name in _FIGURES)} FROM rollup_quarter AS a
CROSS JOIN rollup_quarter AS b ON b.brand_id = :brand AND b.bucket = a.bucket + 1
CROSS JOIN rollup_quarter AS c ON c.brand_id = :brand AND c.bucket = a.bucket + 2
CROSS JOIN rollup_quarter AS d ON d.brand_id = :brand AND d.bucket = a.bucket + 3
WHERE a.brand_id = :brand AND a.bucket >= :since / 900 AND a.bucket < :until / 900
  AND (a.bucket - :since / 900) % 4 = 0 ORDER BY a.bucket
"""  # noqa: S608 - names of this module
"""The hours of which every quarter holds something: nothing is sorted, which is half the work of `_HOURS_FROM_ROLLUP`."""

_FROM_MATCHES: Final = f"""
SELECT published_at / {QUARTER_SECONDS}, count(*), 0, sum(label = {int(Label.POSITIVE)}),
       sum(label = {int(Label.NEUTRAL)}), sum(label = {int(Label.NEGATIVE)}), sum(label = {int(Label.NO_EVIDENCE)}),
       sum(label = {int(Label.UNSCORED)}), coalesce(sum(score), 0), coalesce(sum(score * score), 0), sum(engagement),
       count(score)
FROM matches WHERE {IN_SPAN} GROUP BY 1
"""  # noqa: S608 - built from constants of this module

_STORIES: Final = f"""
SELECT min(matches.published_at) / {QUARTER_SECONDS}, 0, 1 FROM matches
JOIN mentions ON mentions.id = matches.mention_id WHERE {IN_SPAN}
  AND NOT EXISTS (
    SELECT 1 FROM mentions AS earlier CROSS JOIN matches AS first ON first.mention_id = earlier.id
    WHERE (earlier.id = mentions.story_id AND earlier.story_id = earlier.id
        OR earlier.story_id = mentions.story_id AND earlier.story_id <> earlier.id)
      AND first.brand_id = :brand AND first.published_at < :since
      AND first.label <> {int(Label.IRRELEVANT)} AND (:source IS NULL OR first.source_id = :source)
      AND (:language IS NULL OR first.language = :language OR instr(first.language, :language || '-') = 1)
  )
GROUP BY mentions.story_id
"""  # noqa: S608 - built from constants of this module

_BINS: Final = "SELECT day, counts FROM rollup_scores WHERE brand_id = ? AND day >= ? AND day < ?"

_BINS_FROM_MATCHES: Final = f"""
SELECT published_at / {QUARTER_SECONDS}, (score + {10_000 + BIN_WIDTH // 2}) / {BIN_WIDTH}, count(*)
FROM matches WHERE {IN_SPAN} AND score IS NOT NULL GROUP BY 1, 2
"""  # noqa: S608 - built from constants of this module

_PERCENTS: Final = (10, 50, 90)

_MIDDLES: Final = tuple(round((number * BIN_WIDTH - SCORE_SCALE) / SCORE_SCALE, 4) for number in range(BIN_COUNT))
"""The score in the middle of each bin."""


class Cell:
    """Add up the figures of one bucket; `reach` is that of the authors, each once, `bins` how many scores are how high."""

    figures: Sequence[int] = (0,) * 11
    reach: int | None = 0
    bins: Sequence[int] = ()

    def add(self, figures: Sequence[int]) -> None:
        """Add figures in their order; those left out stay."""
        self.figures = [*map(add, self.figures, figures), *self.figures[len(figures) :]]

    def add_bins(self, counts: Sequence[int]) -> None:
        """Add how many scores are how high."""
        self.bins = list(map(add, self.bins, counts)) if self.bins else counts

    def percentiles(self) -> tuple[float, ...] | None:
        """Return the tenth, the middle and the ninetieth percentile by nearest rank, each the middle of a bin."""
        if not self.bins:
            return None
        passed = list(accumulate(self.bins))
        numbers = [bisect_left(passed, -(-percent * passed[-1] // 100)) for percent in _PERCENTS]
        return tuple([_MIDDLES[number] for number in numbers])


def count_buckets(
    connection: sqlite3.Connection, brand: str, span: Span, buckets: Sequence[Bucket]
) -> tuple[list[Cell], Cell]:
    """Return the figures of each bucket, and of the whole span."""
    total = Cell()
    values = _values(connection, brand, span, buckets)
    if values is None:
        return [Cell() for _ in buckets], total
    zone = _zone_cut_alike(connection, span, buckets)
    cells = _counted(connection, span, values, buckets, zone)
    total.figures = [sum(column) for column in zip(*(cell.figures for cell in cells), strict=True)]
    starts, counts = _starts(values, buckets), [cell.figures[0] for cell in cells]
    found, total.reach = read_reach(connection, span, values, starts, counts, is_cut_alike=zone is not None)
    for cell, reach in zip(cells, found, strict=True):
        cell.reach = reach
    if span.percentiles:
        _add_bins(connection, span, values, buckets, (*cells, total), zone=zone)
    return cells, total


def count_whole(connection: sqlite3.Connection, brand: str, span: Span, whole: Bucket) -> Cell:
    """Return the figures of all mentions of a brand in one bucket, without reach."""
    total = Cell()
    values = _values(connection, brand, span, [whole])
    if values is not None:
        total.add(_added_up(connection, values["brand"], whole, load_zone(read_zone(connection))))
    return total


def _starts(values: Mapping[str, Any], buckets: Sequence[Bucket]) -> Sequence[int]:
    """Return the quarter each bucket begins with; a range if these are hours."""
    first, length = values["since"] // QUARTER_SECONDS, (values["until"] - values["since"]) // QUARTER_SECONDS
    if length == 4 * len(buckets):
        return range(first, first + length, 4)
    return [to_epoch(bucket.start) // QUARTER_SECONDS for bucket in buckets]


def _counted(
    connection: sqlite3.Connection,
    span: Span,
    values: Mapping[str, Any],
    buckets: Sequence[Bucket],
    zone: ZoneInfo | None,
) -> list[Cell]:
    """Return the counts and sums of each bucket, from the coarsest rows that give them exactly."""
    cells = [Cell() for _ in buckets]
    if not span.is_whole:
        _place(connection, (_FROM_MATCHES, _STORIES), values, buckets, cells)
    elif span.by == "hour":
        _count_hours(connection, values, cells)
    elif zone is None and span.by == "day":  # no other zone's day holds a whole day of the store's, or hardly ever
        edges = [*_starts(values, buckets), values["until"] // QUARTER_SECONDS]
        for cell, start, end in zip(cells, edges[:-1], edges[1:], strict=True):
            cell.figures = _sums(connection, _OF_QUARTERS, values["brand"], start, end)
    elif zone is None:
        store_zone = load_zone(read_zone(connection))
        for cell, bucket in zip(cells, buckets, strict=True):
            cell.figures = _added_up(connection, values["brand"], bucket, store_zone)
    else:
        days = _days(span.by, buckets, zone)
        rows = connection.execute(_FROM_LOCAL, (values["brand"], days[0], days[-1]))
        if isinstance(days, range):
            for day, *figures in rows:
                cells[day - days.start].figures = figures
        else:
            for day, *figures in rows:
                cells[bisect_right(days, day) - 1].add(figures)
    return cells


def _added_up(connection: sqlite3.Connection, brand: int, span: Bucket, zone: ZoneInfo) -> Sequence[int]:
    """Return the figures of a span: of the store's days within it, in `zone`, and of the quarters at its ends."""
    days = whole_local_days(span.start, span.end, zone)
    if days is None:
        return _sums(connection, _OF_QUARTERS, brand, _quarter(span.start), _quarter(span.end))
    inner, outer = days
    figures = _sums(connection, _OF_DAYS, brand, local_day_number(inner, zone), local_day_number(outer, zone))
    for start, end in ((span.start, inner), (outer, span.end)):
        if start < end:
            figures = list(map(add, figures, _sums(connection, _OF_QUARTERS, brand, _quarter(start), _quarter(end))))
    return figures


def _sums(connection: sqlite3.Connection, statement: str, *values: int) -> Sequence[int]:
    found: Sequence[int] = connection.execute(statement, values).fetchone()
    return found if found[0] is not None else (0,) * len(found)


def _quarter(instant: datetime) -> int:
    return to_epoch(instant) // QUARTER_SECONDS


def _count_hours(connection: sqlite3.Connection, values: Mapping[str, Any], cells: Sequence[Cell]) -> None:
    """Put in the figures of hours, each four quarters."""
    full = connection.execute(_FULL_HOURS, values).fetchall()
    if len(full) == len(cells):
        for cell, figures in zip(cells, full, strict=True):
            cell.figures = figures
    else:
        for hour, *figures in connection.execute(_HOURS_FROM_ROLLUP, values):
            cells[hour].figures = figures


def _days(by: str, buckets: Sequence[Bucket], zone: ZoneInfo) -> Sequence[int]:
    """Return the number of the local day each bucket begins with, and of the day after the last; a range if all are."""
    first, last = local_day_number(buckets[0].start, zone), local_day_number(buckets[-1].end, zone)
    if by == "day" and last - first == len(buckets):
        return range(first, last + 1)
    return [local_day_number(edge, zone) for edge in (*(bucket.start for bucket in buckets), buckets[-1].end)]


def _zone_cut_alike(connection: sqlite3.Connection, span: Span, buckets: Sequence[Bucket]) -> ZoneInfo | None:
    """Return the zone the store cuts its days in where that makes the same buckets, None where it makes others."""
    name = read_zone(connection)
    if name == span.zone.key:
        return span.zone
    zone = load_zone(name)
    return zone if bucket_starts(buckets[0].start, buckets[-1].end, span.by, zone) == buckets else None


def _add_bins(
    connection: sqlite3.Connection,
    span: Span,
    values: Mapping[str, Any],
    buckets: Sequence[Bucket],
    cells: Sequence[Cell],
    *,
    zone: ZoneInfo | None,
) -> None:
    """Put in how many scores are how high: into the cell of each bucket, and the last, of them all."""
    if span.by != "hour" and zone is not None and is_counted(connection, span):
        import json  # noqa: PLC0415 - a trend without percentiles needs none

        days = _days(span.by, buckets, zone)
        rows = connection.execute(_BINS, (values["brand"], days[0], days[-1])).fetchall()
        found: list[list[int]] = json.loads(f"[{','.join([counts for _, counts in rows])}]")  # one call, not a year's
        for (day, _), counts in zip(rows, found, strict=True):
            cells[day - days[0] if isinstance(days, range) else bisect_right(days, day) - 1].add_bins(counts)
    else:
        starts = _starts(values, buckets)
        for quarter, number, amount in connection.execute(_BINS_FROM_MATCHES, values):
            counts = [0] * BIN_COUNT
            counts[number] = amount
            cells[bisect_right(starts, quarter) - 1].add_bins(counts)
    *parts, total = cells
    total.bins = [sum(column) for column in zip(*(cell.bins for cell in parts if cell.bins), strict=True)]


def _place(
    connection: sqlite3.Connection,
    statements: Sequence[str],
    values: Mapping[str, object],
    buckets: Sequence[Bucket],
    cells: Sequence[Cell],
) -> None:
    """Run statements that give figures by quarter and add each to the bucket that holds it."""
    starts = _starts(values, buckets)
    for statement in statements:
        for quarter, *figures in connection.execute(statement, values):
            cells[bisect_right(starts, quarter) - 1].add(figures)


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
