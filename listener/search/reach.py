"""Answer how many followers the authors of a bucket have together, each author once.

Who writes in two quarters of an hour counts once in their day, so days do not add
up from quarters: the store keeps reach by the hours, days, weeks and months of its
own time zone. They answer where those of the question are the same; a span that is
open towards now is answered in every zone. All else has to be counted from the
mentions, which is done where they are few, or where it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from listener.clock import STEPS
from listener.mention import Label
from listener.rollups import QUARTER_SECONDS, REACH_LAST, cut_quarter, read_zone

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from listener.search.trends import Span

__all__ = ["IN_SPAN", "MOST_COUNTED", "is_counted", "read_reach"]

MOST_COUNTED: Final = 10_000
"""From so many mentions reach is counted unasked where no rollup has it; of a million it takes about four seconds."""

IN_SPAN: Final = (
    "matches.brand_id = :brand AND matches.published_at >= :since AND matches.published_at < :until "
    f"AND matches.label <> {int(Label.IRRELEVANT)} "
    "AND (:source IS NULL OR matches.source_id = :source) "
    "AND (:language IS NULL OR matches.language = :language OR instr(matches.language, :language || '-') = 1)"
)
"""The matches that a question is about."""

_REACH: Final = f"""
SELECT coalesce(sum(followers), 0) FROM (
  SELECT max(authors.followers) AS followers FROM matches
  JOIN mentions ON mentions.id = matches.mention_id JOIN authors ON authors.id = mentions.author_id
  WHERE {IN_SPAN} AND authors.followers IS NOT NULL GROUP BY authors.id
)
"""  # noqa: S608 - built from constants of this module

_REACH_OF_BUCKETS: Final = (
    "SELECT start, reach FROM rollup_reach WHERE brand_id = ? AND step = ? AND start > ? AND start < ?"
)
_REACH_SINCE: Final = "SELECT coalesce(sum(reach), 0) FROM rollup_reach WHERE brand_id = ? AND step = ? AND start >= ?"
_REACH_OF_LAST: Final = f"""
SELECT coalesce(sum(followers), 0) FROM (
  SELECT max(authors.followers) AS followers FROM matches
  JOIN mentions ON mentions.id = matches.mention_id JOIN authors ON authors.id = mentions.author_id
  WHERE {IN_SPAN} AND authors.followers IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM mentions AS later JOIN matches AS again ON again.mention_id = later.id
    WHERE later.author_id = authors.id AND later.published_at >= :until
      AND again.brand_id = :brand AND again.label <> {int(Label.IRRELEVANT)}
  ) GROUP BY authors.id
)
"""  # noqa: S608 - built from constants of this module
"""Of those who wrote in the span only who did not write since."""


def is_counted(connection: sqlite3.Connection, span: Span) -> bool:
    """Say whether what is cut in the store's time zone is there for all mentions, and answers the span."""
    return span.is_whole and connection.execute("SELECT 1 FROM upgrade_progress").fetchone() is None


def read_reach(
    connection: sqlite3.Connection,
    span: Span,
    values: Mapping[str, Any],
    starts: Sequence[int],
    counts: Sequence[int],
    *,
    is_cut_alike: bool,
) -> tuple[Sequence[int | None], int | None]:
    """Return the reach of each bucket and of the whole span, None where nobody asked for the count of so many.

    `starts` are the quarters the buckets begin with, `counts` how many mentions they
    hold. `is_cut_alike` says that the store cuts the same days, weeks or months.
    """
    has_kept = is_counted(connection, span)
    kept = _read_kept(connection, span.by, values, starts) if has_kept and (is_cut_alike or span.by == "hour") else None
    may_count = not span.is_whole or span.reach or sum(counts) <= MOST_COUNTED
    buckets = kept or _count_buckets(connection, values, starts, counts, may_count=may_count)
    if len(buckets) == 1:
        return buckets, buckets[0]
    if has_kept and _is_open(connection, values):
        return buckets, _reach_since(connection, values)
    if kept is None and not may_count:
        return buckets, None
    return buckets, _reach(connection, values)


def _read_kept(
    connection: sqlite3.Connection, by: str, values: Mapping[str, Any], starts: Sequence[int]
) -> list[int | None] | None:
    """Return what is kept of each bucket, None where the store's hours are others: cells then begin in between."""
    place = {start: number for number, start in enumerate(starts)}
    found: list[int | None] = [0] * len(starts)
    before = starts[0] - (4 if by == "hour" else 1)
    end = -(-values["until"] // QUARTER_SECONDS)
    for start, reach in connection.execute(_REACH_OF_BUCKETS, (values["brand"], STEPS.index(by), before, end)):
        number = place.get(start)
        if number is None:
            return None
        found[number] = reach
    return found


def _count_buckets(
    connection: sqlite3.Connection,
    values: Mapping[str, Any],
    starts: Sequence[int],
    counts: Sequence[int],
    *,
    may_count: bool,
) -> list[int | None]:
    """Return the reach of each bucket, counted from its mentions."""
    edges = [*(start * QUARTER_SECONDS for start in starts), values["until"]]
    return [
        0 if not count else _reach(connection, {**values, "since": since, "until": until}) if may_count else None
        for count, since, until in zip(counts, edges[:-1], edges[1:], strict=True)
    ]


def _reach(connection: sqlite3.Connection, values: Mapping[str, Any]) -> int:
    (reach,) = connection.execute(_REACH, values).fetchone()
    return int(reach)


def _is_open(connection: sqlite3.Connection, values: Mapping[str, Any]) -> bool:
    """Say whether nothing of the brand is newer than the span."""
    row = connection.execute("SELECT max(published_at) FROM matches WHERE brand_id = ?", (values["brand"],)).fetchone()
    return row[0] is None or row[0] < values["until"]


def _reach_since(connection: sqlite3.Connection, values: Mapping[str, Any]) -> int:
    """Return the reach of all since then, from the hours of the authors' last mentions; within an hour by counting."""
    first = values["since"] // QUARTER_SECONDS
    zone = read_zone(connection)
    hour, edge = cut_quarter(zone, first).starts[0], first
    while edge > hour and cut_quarter(zone, edge).starts[0] == hour:
        edge += 1
    whole = cut_quarter(zone, edge).starts[0]
    ((reach,),) = connection.execute(_REACH_SINCE, (values["brand"], REACH_LAST, whole))
    if edge > first:
        part = {**values, "until": edge * QUARTER_SECONDS}
        reach += connection.execute(_REACH_OF_LAST, part).fetchone()[0]
    return int(reach)
