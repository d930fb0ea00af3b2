"""Keep counts and sums by bucket, and prove that they are right.

A match contributes to two cells: (brand, 15 minutes UTC), from which every time
zone's hours and days add up exactly, and (brand, UTC day, source, language). The
first are also added up by day of the time zone that the store is told, so that a
year costs a year of rows. The pipeline adds and takes away contributions inside the
page's transaction; `rebuild` computes the same cells from the rows.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from operator import add
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from listener.bulk import Upsert
from listener.clock import STEPS, align_down, from_epoch, load_zone, local_day, to_epoch
from listener.mention import Label

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence
    from zoneinfo import ZoneInfo

__all__ = [
    "BIN_COUNT",
    "BIN_WIDTH",
    "CHECKED",
    "DAY_SECONDS",
    "LOCAL_DAY",
    "QUARTER_SECONDS",
    "REACH_LAST",
    "REACH_STEPS",
    "Contribution",
    "Cut",
    "Cuts",
    "RollupChange",
    "apply_change",
    "cut_quarter",
    "cuts_in",
    "differences",
    "find_differences",
    "local_day_number",
    "number_of",
    "read_cells",
    "read_zone",
    "rebuild",
    "rebuild_local",
    "whole_local_days",
]

QUARTER_SECONDS: Final = 900
DAY_SECONDS: Final = 86_400

BIN_WIDTH: Final = 500
"""Scores x 10 000 that share a bin of `rollup_scores`: bin 0 is around -1, bin 40 around 1, each 0.05 wide."""
BIN_COUNT: Final = 41

_FIRST_DAY: Final = date(1970, 1, 1).toordinal()

_LONG_AGO: Final = 62_135_596_800
"""Seconds from the year 1, before which no time can be told, to 1970: a whole number of days."""

LOCAL_DAY: Final = 4
"""Where in what Cuts know of a quarter of an hour the number of its local day stands."""

REACH_STEPS: Final = (0, 1, 2, 3)
"""How `rollup_reach` names hours, days, weeks and months."""
REACH_LAST: Final = 4
"""How it names the hour of an author's last mention."""

_MOST_CUTS: Final = 100_000
"""Quarters of an hour whose places are remembered for a zone: nearly three years, 30 MB."""

_LABEL_COLUMNS: Final = ("positive", "neutral", "negative", "no_evidence", "unscored")
_DAY_FIGURES: Final = ("mentions", *_LABEL_COLUMNS, "score_sum", "score_squares", "engagement", "score_count")
_FIGURES: Final = (*_DAY_FIGURES, "stories")
_COLUMN_OF: Final = {
    Label.POSITIVE: "positive",
    Label.NEUTRAL: "neutral",
    Label.NEGATIVE: "negative",
    Label.NO_EVIDENCE: "no_evidence",
    Label.UNSCORED: "unscored",
}
_POSITIONS: Final = tuple(_FIGURES.index(_COLUMN_OF[label]) for label in sorted(_COLUMN_OF))
"""Where each label is counted, by its number: the labels that are counted are the first ones."""
_SCORE_SUM, _SCORE_SQUARES, _ENGAGEMENT, _SCORE_COUNT = (
    _FIGURES.index(name) for name in ("score_sum", "score_squares", "engagement", "score_count")
)
_NO_FIGURES: Final = (0,) * len(_FIGURES)
_NO_DAY_FIGURES: Final = (0,) * len(_DAY_FIGURES)
_AFTER_PLACE: Final = 2
"""Where the figures of a row begin, mentions first, after brand and bucket or day."""


class Contribution(NamedTuple):
    """Hold what one match adds: where (brand, time, source, language) and how much.

    `label` is the effective one. `score` is x 10 000, None where unscored or where a
    person's label contradicts it: then it is in no mean. `engagement` is 0 for reposts.
    """

    brand_id: int
    published_at: int
    source_id: int
    language: str
    label: Label
    score: int | None
    engagement: int


class RollupChange:
    """Gather what a transaction adds to and takes from the cells."""

    def __init__(self) -> None:
        self._quarters: defaultdict[int, dict[int, list[int]]] = defaultdict(dict)
        """Rows [brand, bucket, *figures] by brand and bucket."""
        self._days: dict[tuple[int, int, int, str], list[Any]] = {}
        """Rows [brand, day, source, language, *figures without stories] by their first four."""

    def add(self, contribution: Contribution, sign: int = 1) -> None:
        """Add a match's contribution, or take it away with `sign` -1."""
        brand, at, source, language, label, score, engagement = contribution
        if label is Label.IRRELEVANT:
            return
        quarters, bucket = self._quarters[brand], at // QUARTER_SECONDS
        quarter = quarters.get(bucket)
        if quarter is None:
            quarter = quarters[bucket] = [brand, bucket, *_NO_FIGURES]
        key = (brand, at // DAY_SECONDS, source, language)
        day = self._days.get(key)
        if day is None:
            day = self._days[key] = [*key, *_NO_DAY_FIGURES]
        place, amount = _POSITIONS[label], None if score is None else sign * score
        for row, first in ((quarter, _AFTER_PLACE), (day, len(key))):
            row[first] += sign
            row[first + place] += sign
            if engagement:
                row[first + _ENGAGEMENT] += sign * engagement
            if amount is not None and score is not None:
                row[first + _SCORE_SUM] += amount
                row[first + _SCORE_SQUARES] += amount * score
                row[first + _SCORE_COUNT] += sign

    def add_story(self, brand_id: int, first_at: int, sign: int = 1) -> None:
        """Add a story at the bucket in which the brand first saw it, or take it away."""
        quarters, bucket = self._quarters[brand_id], first_at // QUARTER_SECONDS
        row = quarters.get(bucket)
        if row is None:
            row = quarters[bucket] = [brand_id, bucket, *_NO_FIGURES]
        row[-1] += sign

    def quarters(self) -> list[list[int]]:
        """Return rows [brand, bucket, *figures] that change anything, in key order."""
        rows = [cells[bucket] for _, cells in sorted(self._quarters.items()) for bucket in sorted(cells)]
        return [row for row in rows if row[_AFTER_PLACE] or any(row[_AFTER_PLACE:])]

    def days(self) -> list[list[Any]]:
        """Return rows [brand, day, source, language, *figures without stories] that change anything, in key order."""
        rows = self._days
        return [rows[key] for key in sorted(rows) if any(rows[key][len(key) :])]


_QUARTER_KEYS: Final = ("brand_id", "bucket")
_DAY_KEYS: Final = ("brand_id", "day", "source_id", "language")
_LOCAL_KEYS: Final = ("brand_id", "day")
_ADD_QUARTERS: Final = Upsert("rollup_quarter", _QUARTER_KEYS, _FIGURES)
_ADD_DAYS: Final = Upsert("rollup_day", _DAY_KEYS, _DAY_FIGURES)
_ADD_LOCAL: Final = Upsert("rollup_local", _LOCAL_KEYS, _FIGURES)


def number_of(seconds: int, time: str) -> str:
    """Return the SQL of the number of the quarter or UTC day, `seconds` long, in which a time lies.

    As ``//`` has it, before 1970 too: SQLite divides towards zero, so it counts from long ago.
    """
    return f"(({time} + {_LONG_AGO}) / {seconds} - {_LONG_AGO // seconds})"


_LABEL_SUMS: Final = ", ".join(
    f"sum(label = {int(label)}) AS {_COLUMN_OF[label]}"
    for label in (Label.POSITIVE, Label.NEUTRAL, Label.NEGATIVE, Label.NO_EVIDENCE, Label.UNSCORED)
)
_MATCH_SUMS: Final = (
    f"count(*) AS mentions, {_LABEL_SUMS}, "
    "coalesce(sum(score), 0) AS score_sum, coalesce(sum(score * score), 0) AS score_squares, "
    "sum(engagement) AS engagement, count(score) AS score_count"
)
_COUNTED: Final = f"FROM matches WHERE label <> {int(Label.IRRELEVANT)}"

_QUARTERS_FROM_ROWS: Final = f"""
SELECT brand_id, bucket, sum(mentions), sum(positive), sum(neutral), sum(negative), sum(no_evidence), sum(unscored),
       sum(score_sum), sum(score_squares), sum(engagement), sum(score_count), sum(stories)
FROM (
  SELECT brand_id, {number_of(QUARTER_SECONDS, "published_at")} AS bucket, {_MATCH_SUMS}, 0 AS stories
  {_COUNTED} GROUP BY 1, 2
  UNION ALL
  SELECT brand_id, {number_of(QUARTER_SECONDS, "first_at")}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, count(*)
  FROM (
    SELECT matches.brand_id, story_id, min(matches.published_at) AS first_at
    FROM matches JOIN mentions ON mentions.id = matches.mention_id
    WHERE label <> {int(Label.IRRELEVANT)} GROUP BY 1, 2
  ) GROUP BY 1, 2
)
GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - built from constants of this module

_DAYS_FROM_ROWS: Final = f"""
SELECT brand_id, {number_of(DAY_SECONDS, "published_at")} AS day, source_id, language, {_MATCH_SUMS}
{_COUNTED} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""

_STORIES_FROM_ROWS: Final = f"""
SELECT matches.brand_id, story_id, min(matches.published_at)
FROM matches JOIN mentions ON mentions.id = matches.mention_id
WHERE label <> {int(Label.IRRELEVANT)} AND story_id IN (SELECT story_id FROM mentions WHERE story_id <> id)
GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - built from constants of this module
"""Of stories of several mentions; where one mention is alone, its match says when."""


def apply_change(connection: sqlite3.Connection, change: RollupChange) -> None:
    """Write the gathered change; cells that come to nothing are removed."""
    quarters, days = change.quarters(), change.days()
    local = _by_local_day(quarters, read_zone(connection))
    _ADD_QUARTERS.write(connection, quarters)
    _ADD_DAYS.write(connection, days)
    _ADD_LOCAL.write(connection, local)
    connection.executemany(
        "DELETE FROM rollup_quarter WHERE brand_id = ? AND bucket = ? AND mentions = 0 AND stories = 0",
        [row[:2] for row in quarters if row[2] <= 0 and row[-1] <= 0],
    )
    connection.executemany(
        "DELETE FROM rollup_day WHERE brand_id = ? AND day = ? AND source_id = ? AND language = ? AND mentions = 0",
        [row[:4] for row in days if row[4] <= 0],
    )
    connection.executemany(
        "DELETE FROM rollup_local WHERE brand_id = ? AND day = ? AND mentions = 0 AND stories = 0",
        [row[:2] for row in local if row[2] <= 0 and row[-1] <= 0],
    )


def rebuild_local(connection: sqlite3.Connection) -> None:
    """Add the quarters up by local day anew, inside the caller's transaction."""
    connection.execute("DELETE FROM rollup_local")
    _ADD_LOCAL.write(connection, _local_from_quarters(connection))


def read_zone(connection: sqlite3.Connection) -> str:
    """Return the time zone in which the store cuts days, and the buckets of reach."""
    (zone,) = connection.execute("SELECT zone FROM rollup_zone").fetchone()
    return str(zone)


class Cut(NamedTuple):
    """Hold where a quarter of an hour lies: the quarters its hour, day, week and month begin with, and its day.

    Days are numbered by the local calendar: 1970-01-01 is 0.
    """

    starts: tuple[int, ...]
    number: int


class Cuts(dict[int, tuple[int, int, int, int, int]]):
    """Know where quarters of an hour lie in a time zone: the `starts` of their Cut, and its `number` (LOCAL_DAY).

    Each is worked out when it is first asked for.
    """

    def __init__(self, zone: str) -> None:
        self._zone = zone

    def __missing__(self, quarter: int) -> tuple[int, int, int, int, int]:
        if len(self) >= _MOST_CUTS:
            self.clear()
        zone, since = self._zone, quarter * QUARTER_SECONDS
        offset_of_day = _offset_of_day(zone, since // DAY_SECONDS)
        offset = _offset(zone, since) if offset_of_day is None else offset_of_day
        local = since + offset
        number = local // DAY_SECONDS
        hour = (since - local % 3_600) // QUARTER_SECONDS
        cut = self[quarter] = (hour, *_starts_around(zone, number), number)
        if offset_of_day is not None and not offset % 3_600:  # then the hour lies within the day, all of it alike
            self.update(dict.fromkeys(range(hour, hour + 4), cut))
        return cut


@lru_cache(maxsize=8)
def cuts_in(zone: str) -> Cuts:
    """Return where quarters of an hour lie in a time zone."""
    return Cuts(zone)


def cut_quarter(zone: str, quarter: int) -> Cut:
    """Return where a quarter of an hour lies in a time zone."""
    *starts, number = cuts_in(zone)[quarter]
    return Cut(tuple(starts), number)


@lru_cache(maxsize=10_000)
def _offset_of_day(zone: str, day: int) -> int | None:
    """Return the offset of a zone in all quarters of a UTC day, None where it changes within.

    Where first and last are the same, all are: of no zone in the database (2026a) do
    two changes of the offset lie less than three days apart.
    """
    first = _offset(zone, day * DAY_SECONDS)
    return first if first == _offset(zone, (day + 1) * DAY_SECONDS - QUARTER_SECONDS) else None


def _offset(zone: str, since: int) -> int:
    """Return the seconds that a zone's clocks are ahead of UTC at an instant."""
    offset = from_epoch(since).astimezone(load_zone(zone)).utcoffset() or timedelta()
    return offset.days * DAY_SECONDS + offset.seconds


@lru_cache(maxsize=10_000)
def _starts_around(zone: str, number: int) -> tuple[int, int, int]:
    """Return the quarters with which a local day, its week and its month begin."""
    place = load_zone(zone)
    noon = datetime.combine(date.fromordinal(number + _FIRST_DAY), time(12), tzinfo=place)
    day, week, month = (to_epoch(align_down(noon, step, place)) // QUARTER_SECONDS for step in STEPS[1:])
    return day, week, month


def local_day_number(instant: datetime, zone: ZoneInfo) -> int:
    """Return the number of the local day of an instant: 1970-01-01 is 0."""
    return instant.astimezone(zone).toordinal() - _FIRST_DAY


def whole_local_days(since: datetime, until: datetime, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Return begin and end of the whole local days within [since, until), None where there is none."""
    begin, following = local_day(since.astimezone(zone).date(), zone)
    inner = begin if begin == since else following
    outer = local_day(until.astimezone(zone).date(), zone)[0]
    return (inner, outer) if inner < outer else None


def _local_from_quarters(connection: sqlite3.Connection) -> list[list[int]]:
    columns = ", ".join((*_QUARTER_KEYS, *_FIGURES))
    rows = connection.execute(f"SELECT {columns} FROM rollup_quarter ORDER BY brand_id, bucket")  # noqa: S608 - names are constants of this module
    return _by_local_day(rows, read_zone(connection))


def _by_local_day(quarters: Iterable[Sequence[int]], zone: str) -> list[list[int]]:
    """Add rows of quarters in key order up to rows of local days, those that are not nothing, in key order."""
    cuts = cuts_in(zone)
    days: dict[tuple[int, int], list[int]] = {}
    for key, rows in groupby(quarters, lambda row: (row[0], cuts[row[1]][LOCAL_DAY])):
        figures = [sum(column) for column in zip(*rows, strict=True)][_AFTER_PLACE:]
        # Where clocks go back over midnight, a day comes twice.
        days[key] = list(map(add, days[key], figures)) if key in days else figures
    return [[*key, *days[key]] for key in sorted(days) if any(days[key])]


def rebuild(connection: sqlite3.Connection) -> None:
    """Compute every cell anew from the rows, inside the caller's transaction."""
    for table, (sql, _) in _FROM_ROWS.items():
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names are constants of this module
        connection.execute(f"INSERT INTO {table} ({_COLUMNS[table]}) {sql}")
    rebuild_local(connection)


def find_differences(connection: sqlite3.Connection, step: Callable[[], None]) -> list[str]:
    """Compare every cell with what the rows give; return one line a difference, none if all is right.

    `step` is called after each of the `CHECKED` tables. To be called within a snapshot, where others write meanwhile.
    """
    lines: list[str] = []
    for table, (sql, keys) in _FROM_ROWS.items():
        lines += differences(table, read_cells(connection, table, _COLUMNS[table], keys), connection.execute(sql), keys)
        step()
    kept = read_cells(connection, "rollup_local", ", ".join((*_LOCAL_KEYS, *_FIGURES)), 2)
    lines += differences("rollup_local", kept, map(tuple, _local_from_quarters(connection)), 2)
    step()
    return lines


_FROM_ROWS: Final = {
    "rollup_quarter": (_QUARTERS_FROM_ROWS, 2),
    "rollup_day": (_DAYS_FROM_ROWS, 4),
    "story_firsts": (_STORIES_FROM_ROWS, 2),
}
"""Each table with what computes it, and how many of its columns are its key."""

_COLUMNS: Final = {
    "rollup_quarter": ", ".join((*_QUARTER_KEYS, *_FIGURES)),
    "rollup_day": ", ".join((*_DAY_KEYS, *_DAY_FIGURES)),
    "story_firsts": "brand_id, story_id, first_at",
}


CHECKED: Final = len(_FROM_ROWS) + 1
"""How many tables `find_differences` looks at."""


def read_cells(
    connection: sqlite3.Connection, table: str, columns: str, keys: int, *, brand: int | None = None
) -> sqlite3.Cursor:
    """Return the rows of a table, or those of one brand, in the order of its key: the first `keys` of its `columns`."""
    order = ", ".join(str(place) for place in range(1, keys + 1))
    which = "" if brand is None else "WHERE brand_id = ?"
    sql = f"SELECT {columns} FROM {table} {which} ORDER BY {order}"  # noqa: S608 - names are constants
    return connection.execute(sql, () if brand is None else (brand,))


def differences(
    table: str, kept: Iterable[tuple[object, ...]], right: Iterable[tuple[object, ...]], keys: int
) -> list[str]:
    """Return one line a cell in which two sets of rows differ; the first `keys` columns name a cell.

    Both come in the order of their keys, and each is read once: neither has to be held.
    """
    lines: list[str] = []
    stored, wanted = iter(kept), iter(right)
    have, want = next(stored, None), next(wanted, None)
    while have is not None or want is not None:
        if have == want:
            have, want = next(stored, None), next(wanted, None)
            continue
        key = min((row[:keys] for row in (have, want) if row is not None), key=_order)
        mine = have if have is not None and have[:keys] == key else None
        its = want if want is not None and want[:keys] == key else None
        lines.append(f"{table} {key}: stored {mine and mine[keys:]}, the rows give {its and its[keys:]}")
        have, want = next(stored, None) if mine else have, next(wanted, None) if its else want
    return lines


def _order(key: tuple[object, ...]) -> list[tuple[bool, Any]]:
    """Return what puts keys in the order of SQLite, NULL first."""
    return [(value is not None, value) for value in key]
