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
from listener.frozen import dataclass
from listener.mention import Label
from listener.rollups import QUARTER_SECONDS, REACH_LAST, cuts_in

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from listener.search.trends import Span

__all__ = ["IN_SPAN", "LABELS", "MOST_COUNTED", "Asked", "read_reach"]

LABELS: Final = slice(5)
"""Where labels stand among the figures of a bucket: together they are its mentions."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Hold what is asked of the store: a span, cut into buckets.

    `edges` are where these begin, and where the last one ends; `starts` the quarters of
    an hour they begin with. `values` are those of the statements. `zone` is the time zone in
    which the store cuts days; `has_kept` says that what is cut in it is there for all
    mentions, and answers the span.
    """

    span: Span
    edges: Sequence[datetime]
    values: Mapping[str, Any]
    starts: Sequence[int]
    zone: str
    has_kept: bool


def read_reach(
    connection: sqlite3.Connection, asked: Asked, figures: Sequence[Sequence[int]], *, is_cut_alike: bool
) -> list[int | None]:
    """Return the reach of each bucket and, last, of the whole span, None where nobody asked for the count of so many.

    `figures` are those of each bucket and, last, of the whole span, LABELS first.
    `is_cut_alike` says that the store cuts the same days, weeks or months, or that these are hours.
    """
    kept = _read_kept(connection, asked) if asked.has_kept and is_cut_alike else None
    may_count = not asked.span.is_whole or asked.span.reach or sum(figures[-1][LABELS]) <= MOST_COUNTED
    reach = kept or _count_buckets(connection, asked, figures[:-1], may_count=may_count)
    whole = None
    if len(reach) == 1:
        whole = reach[0]
    elif asked.has_kept and _is_open(connection, asked.values):
        whole = _reach_since(connection, asked)
    elif kept is not None or may_count:
        whole = _reach(connection, asked.values)
    return [*reach, whole]


def _read_kept(connection: sqlite3.Connection, asked: Asked) -> list[int | None] | None:
    """Return what is kept of each bucket, None where the store's hours are others: cells then begin in between."""
    starts = asked.starts
    before = starts[0] - (4 if asked.span.by == "hour" else 1)
    end = -(-asked.values["until"] // QUARTER_SECONDS)
    where = (asked.values["brand"], STEPS.index(asked.span.by), before, end)
    found = dict(connection.execute(_REACH_OF_BUCKETS, where))
    reach = [found.pop(start, 0) for start in starts]
    return None if found else reach


def _count_buckets(
    connection: sqlite3.Connection, asked: Asked, figures: Sequence[Sequence[int]], *, may_count: bool
) -> list[int | None]:
    """Return the reach of each bucket, counted from its mentions."""
    edges = [*(start * QUARTER_SECONDS for start in asked.starts), asked.values["until"]]
    reach: list[int | None] = []
    for of_bucket, since, until in zip(figures, edges[:-1], edges[1:], strict=True):
        if not any(of_bucket[LABELS]):
            reach.append(0)
        else:
            reach.append(_reach(connection, {**asked.values, "since": since, "until": until}) if may_count else None)
    return reach


def _reach(connection: sqlite3.Connection, values: Mapping[str, Any]) -> int:
    (reach,) = connection.execute(_REACH, values).fetchone()
    return int(reach)


def _is_open(connection: sqlite3.Connection, values: Mapping[str, Any]) -> bool:
    """Say whether nothing of the brand is newer than the span."""
    row = connection.execute("SELECT max(published_at) FROM matches WHERE brand_id = ?", (values["brand"],)).fetchone()
    return row[0] is None or row[0] < values["until"]


def _reach_since(connection: sqlite3.Connection, asked: Asked) -> int:
    """Return the reach of all since then, from the hours of the authors' last mentions; within an hour by counting."""
    first, cuts = asked.values["since"] // QUARTER_SECONDS, cuts_in(asked.zone)
    hour, edge = cuts[first][0], first
    while edge > hour and cuts[edge][0] == hour:
        edge += 1
    ((reach,),) = connection.execute(_REACH_SINCE, (asked.values["brand"], REACH_LAST, cuts[edge][0]))
    if edge > first:
        part = {**asked.values, "until": edge * QUARTER_SECONDS}
        reach += connection.execute(_REACH_OF_LAST, part).fetchone()[0]
    return int(reach)
