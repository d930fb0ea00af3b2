"""Count what a trend shows, bucket by bucket, from the coarsest rows that give it exactly.

Without a condition on source or language rollups answer: days, weeks and months
that end where the store's days do by its local days, those of another zone by the
local days within them and the quarters of an hour at their ends, hours by quarters.
With one, the matches of the span are counted in their index.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate, pairwise
from operator import add
from typing import TYPE_CHECKING, Any, Final

from listener.clock import bucket_edges, load_zone, to_epoch
from listener.frozen import dataclass
from listener.mention import SCORE_SCALE, Label
from listener.rollups import BIN_COUNT, BIN_WIDTH, QUARTER_SECONDS, local_day_number, number_of, whole_local_days
from listener.search.reach import IN_SPAN, Asked, read_reach

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from listener.search.trends import Span

__all__ = ["Counted", "count_buckets", "count_whole"]

_FIGURES: Final = (
    "positive", "neutral", "negative", "no_evidence", "unscored", "stories", "score_sum", "score_squares", "engagement",
    "score_count",
)  # fmt: skip
"""In the order in which they are read, labels first: together these are the mentions, which are not read."""

_NOTHING: Final = (0,) * len(_FIGURES)

_KNOWN: Final = """
SELECT brands.id, zone, EXISTS (SELECT 1 FROM upgrade_progress) FROM rollup_zone JOIN brands ON name = ?
"""

_FROM_LOCAL: Final = f"SELECT day, {', '.join(_FIGURES)} FROM rollup_local WHERE brand_id = ? AND day >= ? AND day < ?"  # noqa: S608 - names of this module

_SUMS: Final = ", ".join(f"sum({name})" for name in _FIGURES)

_OF_QUARTERS: Final = f"SELECT {_SUMS} FROM rollup_quarter WHERE brand_id = ? AND bucket >= ? AND bucket < ?"  # noqa: S608 - names of this module

_OF_DAYS: Final = f"SELECT {_SUMS} FROM rollup_local WHERE brand_id = ? AND day >= ? AND day < ?"  # noqa: S608 - the same

_HOURS_FROM_ROLLUP: Final = f"""
SELECT (bucket - :since / 900) / 4, {_SUMS}
FROM rollup_quarter WHERE brand_id = :brand AND bucket >= :since / 900 AND bucket < :until / 900 GROUP BY 1
"""  # noqa: S608 - names of this module

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
SELECT {number_of(QUARTER_SECONDS, "published_at")}, sum(label = {int(Label.POSITIVE)}), sum(label = {int(Label.NEUTRAL)}),
       sum(label = {int(Label.NEGATIVE)}), sum(label = {int(Label.NO_EVIDENCE)}), sum(label = {int(Label.UNSCORED)}),
       0, coalesce(sum(score), 0), coalesce(sum(score * score), 0), sum(engagement), count(score)
FROM matches WHERE {IN_SPAN} GROUP BY 1
"""  # noqa: S608 - built from constants of this module

_STORIES: Final = f"""
SELECT {number_of(QUARTER_SECONDS, "min(matches.published_at)")}, 0, 0, 0, 0, 0, 1 FROM matches
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
SELECT {number_of(QUARTER_SECONDS, "published_at")}, (score + {10_000 + BIN_WIDTH // 2}) / {BIN_WIDTH}, count(*)
FROM matches WHERE {IN_SPAN} AND score IS NOT NULL GROUP BY 1, 2
"""  # noqa: S608 - built from constants of this module

_PERCENTS: Final = (10, 50, 90)

_MIDDLES: Final = tuple(round((number * BIN_WIDTH - SCORE_SCALE) / SCORE_SCALE, 4) for number in range(BIN_COUNT))
"""The score in the middle of each bin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Hold what was counted of each bucket, in order, and at the end of the whole span.

    `figures` are how many mentions are positive, neutral, negative, without evidence and
    unscored; stories; the sums of scores and of their squares, engagement, and how many
    scores that is of. `reach` is that of the authors, each once, None where it is not
    known. `percentiles` are those of the scores, None where not asked for or none is scored.
    """

    figures: Sequence[Sequence[int]]
    reach: Sequence[int | None]
    percentiles: Sequence[tuple[float, ...] | None]


def count_buckets(connection: sqlite3.Connection, brand: str, span: Span, edges: Sequence[datetime]) -> Counted:
    """Return the figures of each bucket, and of the whole span; `edges` are where each begins and the last one ends."""
    asked = _asked(connection, brand, span, edges)
    none = [None] * len(edges)
    if asked is None:
        return Counted(figures=[_NOTHING for _ in none], reach=[0 for _ in none], percentiles=none)
    zone = None if span.by == "hour" else _zone_cut_alike(asked)
    figures = _counted(connection, asked, zone)
    figures.append([sum(column) for column in zip(*figures, strict=True)])
    reach = read_reach(connection, asked, figures, is_cut_alike=zone is not None or span.by == "hour")
    percentiles = _percentiles(connection, asked, zone) if span.percentiles else none
    return Counted(figures=figures, reach=reach, percentiles=percentiles)


def count_whole(connection: sqlite3.Connection, brand: str, span: Span, since: datetime, until: datetime) -> Counted:
    """Return the figures of all mentions of a brand in [since, until), without reach."""
    asked = _asked(connection, brand, span, [since, until])
    figures = _NOTHING if asked is None else _added_up(connection, asked, since, until)
    return Counted(figures=[figures], reach=[0], percentiles=[None])


def _counted(connection: sqlite3.Connection, asked: Asked, zone: ZoneInfo | None) -> list[Sequence[int]]:
    """Return the counts and sums of each bucket, from the coarsest rows that give them exactly."""
    by, values = asked.span.by, asked.values
    if not asked.span.is_whole:
        return _from_matches(connection, asked)
    if by == "hour":
        return _from_hours(connection, asked)
    if zone is not None:
        return _from_days(connection, values, _days(asked, zone))
    if by == "day":  # no other zone's day holds a whole day of the store's, or hardly ever
        quarters = pairwise([*asked.starts, values["until"] // QUARTER_SECONDS])
        return [_sums(connection, _OF_QUARTERS, values["brand"], start, end) for start, end in quarters]
    return [_added_up(connection, asked, start, end) for start, end in pairwise(asked.edges)]


def _from_matches(connection: sqlite3.Connection, asked: Asked) -> list[Sequence[int]]:
    """Return the figures of buckets, counted from the matches by quarter."""
    figures: list[Sequence[int]] = [_NOTHING] * len(asked.starts)
    for statement in (_FROM_MATCHES, _STORIES):
        for quarter, *found in connection.execute(statement, asked.values):
            _add(figures, bisect_right(asked.starts, quarter) - 1, found)
    return figures


def _from_hours(connection: sqlite3.Connection, asked: Asked) -> list[Sequence[int]]:
    """Return the figures of hours, each four quarters."""
    full: list[Sequence[int]] = connection.execute(_FULL_HOURS, asked.values).fetchall()
    if len(full) == len(asked.starts):
        return full
    figures: list[Sequence[int]] = [_NOTHING] * len(asked.starts)
    for hour, *found in connection.execute(_HOURS_FROM_ROLLUP, asked.values):
        figures[hour] = found
    return figures


def _from_days(connection: sqlite3.Connection, values: Mapping[str, Any], days: Sequence[int]) -> list[Sequence[int]]:
    """Return the figures of buckets that begin with local days, and end with the last of `days`."""
    rows = connection.execute(_FROM_LOCAL, (values["brand"], days[0], days[-1])).fetchall()
    figures: list[Sequence[int]] = [_NOTHING] * (len(days) - 1)
    if isinstance(days, range):
        for row in rows:
            figures[row[0] - days[0]] = row[1:]
    else:
        for day, *found in rows:
            _add(figures, bisect_right(days, day) - 1, found)
    return figures


def _add(figures: list[Sequence[int]], place: int, more: Sequence[int]) -> None:
    """Add to the figures of a bucket in their order; those left out stay."""
    figures[place] = [*map(add, figures[place], more), *figures[place][len(more) :]]


def _added_up(connection: sqlite3.Connection, asked: Asked, since: datetime, until: datetime) -> Sequence[int]:
    """Return the figures of [since, until): of the store's days within it, and of the quarters at its ends."""
    brand, zone = asked.values["brand"], load_zone(asked.zone)
    days = whole_local_days(since, until, zone)
    if days is None:
        return _sums(connection, _OF_QUARTERS, brand, _quarter(since), _quarter(until))
    inner, outer = days
    figures = _sums(connection, _OF_DAYS, brand, local_day_number(inner, zone), local_day_number(outer, zone))
    for start, end in ((since, inner), (outer, until)):
        if start < end:
            figures = list(map(add, figures, _sums(connection, _OF_QUARTERS, brand, _quarter(start), _quarter(end))))
    return figures


def _sums(connection: sqlite3.Connection, statement: str, *values: int) -> Sequence[int]:
    found: Sequence[int] = connection.execute(statement, values).fetchone()
    return found if found[0] is not None else _NOTHING


def _quarter(instant: datetime) -> int:
    return to_epoch(instant) // QUARTER_SECONDS


def _days(asked: Asked, zone: ZoneInfo) -> Sequence[int]:
    """Return the number of the local day each bucket begins with, and of the day after the last; a range if all are."""
    first, last = local_day_number(asked.edges[0], zone), local_day_number(asked.edges[-1], zone)
    if asked.span.by == "day" and last - first == len(asked.starts):
        return range(first, last + 1)
    return [local_day_number(edge, zone) for edge in asked.edges]


def _zone_cut_alike(asked: Asked) -> ZoneInfo | None:
    """Return the zone the store cuts its days in where that makes the same buckets, None where it makes others."""
    if asked.zone == asked.span.zone.key:
        return asked.span.zone
    zone = load_zone(asked.zone)
    edges = bucket_edges(asked.edges[0], asked.edges[-1], asked.span.by, zone)
    return zone if edges == asked.edges else None


def _percentiles(connection: sqlite3.Connection, asked: Asked, zone: ZoneInfo | None) -> list[tuple[float, ...] | None]:
    """Return the percentiles of the scores of each bucket, and, last, of them all; None where none is scored."""
    bins: list[Sequence[int]] = [()] * len(asked.starts)
    if zone is not None and asked.has_kept:
        import json  # noqa: PLC0415 - a trend without percentiles needs none

        days = _days(asked, zone)
        rows = connection.execute(_BINS, (asked.values["brand"], days[0], days[-1])).fetchall()
        found: list[list[int]] = json.loads(f"[{','.join([counts for _, counts in rows])}]")  # one call, not a year's
        for (day, _), counts in zip(rows, found, strict=True):
            place = day - days[0] if isinstance(days, range) else bisect_right(days, day) - 1
            bins[place] = list(map(add, bins[place], counts)) if bins[place] else counts
    else:
        for quarter, number, amount in connection.execute(_BINS_FROM_MATCHES, asked.values):
            place = bisect_right(asked.starts, quarter) - 1
            counts = list(bins[place] or (0,) * BIN_COUNT)
            counts[number] += amount
            bins[place] = counts
    bins.append([sum(column) for column in zip(*filter(None, bins), strict=True)])
    return [_nearest_ranks(counts) if counts else None for counts in bins]


def _nearest_ranks(bins: Sequence[int]) -> tuple[float, ...]:
    """Return the tenth, the middle and the ninetieth percentile by nearest rank, each the middle of a bin."""
    passed = list(accumulate(bins))
    numbers = [bisect_left(passed, -(-percent * passed[-1] // 100)) for percent in _PERCENTS]
    return tuple([_MIDDLES[number] for number in numbers])


def _asked(connection: sqlite3.Connection, brand: str, span: Span, edges: Sequence[datetime]) -> Asked | None:
    """Return what is asked of the store; None where nothing of the brand or source was ever stored."""
    known = connection.execute(_KNOWN, (brand,)).fetchone()
    source_id = None
    if span.source is not None:
        source_row = connection.execute("SELECT id FROM sources WHERE name = ?", (span.source,)).fetchone()
        if source_row is None:
            return None
        source_id = source_row[0]
    if known is None:
        return None
    brand_id, zone, is_upgrading = known
    since, until = to_epoch(edges[0]), to_epoch(edges[-1])
    return Asked(
        span=span,
        edges=edges,
        values={"brand": brand_id, "since": since, "until": until, "source": source_id, "language": span.language},
        starts=_starts(since, until, edges),
        zone=zone,
        has_kept=span.is_whole and not is_upgrading,
    )


def _starts(since: int, until: int, edges: Sequence[datetime]) -> Sequence[int]:
    """Return the quarter each bucket begins with; a range if these are hours."""
    first, length = since // QUARTER_SECONDS, (until - since) // QUARTER_SECONDS
    if length == 4 * (len(edges) - 1):
        return range(first, first + length, 4)
    return [_quarter(edge) for edge in edges[:-1]]
