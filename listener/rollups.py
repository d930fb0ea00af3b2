"""Keep counts and sums by bucket, and prove that they are right.

A match contributes to three cells: (brand, 15 minutes UTC), from which every time
zone's hours and days add up exactly, (brand, UTC day, source, language), and where
it has a score (brand, UTC day, score bin). The pipeline adds and takes away
contributions inside the page's transaction; `rebuild` computes the same cells from
the rows. Matches numbered as an upgrade has still to count are in no bin.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from listener.frozen import dataclass
from listener.mention import Label

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Container, Iterable

__all__ = [
    "BIN_WIDTH",
    "DAY_SECONDS",
    "QUARTER_SECONDS",
    "REACH_LAST",
    "REACH_STEPS",
    "Contribution",
    "RollupChange",
    "apply_bins",
    "apply_change",
    "differences",
    "find_differences",
    "rebuild",
]

QUARTER_SECONDS: Final = 900
DAY_SECONDS: Final = 86_400

BIN_WIDTH: Final = 500
"""Scores x 10 000 that share a bin: bin 0 is around -1, bin 40 around 1, each 0.05 wide."""
_TO_BIN: Final = 10_000 + BIN_WIDTH // 2

REACH_STEPS: Final = (0, 1, 2, 3)
"""How `rollup_reach` names hours, days, weeks and months."""
REACH_LAST: Final = 4
"""How it names the hour of an author's last mention."""

_LABEL_COLUMNS: Final = ("positive", "neutral", "negative", "no_evidence", "unscored")
_FIGURES: Final = ("mentions", "stories", *_LABEL_COLUMNS, "score_sum", "score_squares", "engagement", "score_count")
_POSITION: Final = {name: index for index, name in enumerate(_FIGURES)}
_COLUMN_OF: Final = {
    Label.POSITIVE: "positive",
    Label.NEUTRAL: "neutral",
    Label.NEGATIVE: "negative",
    Label.NO_EVIDENCE: "no_evidence",
    Label.UNSCORED: "unscored",
}
_DAY_FIGURES: Final = tuple(name for name in _FIGURES if name != "stories")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """Hold what one match of mention `number` adds: where (brand, time, source, language) and how much.

    `label` is the effective one. `score` is x 10 000, None where unscored or where a
    person's label contradicts it: then it is in no mean. `engagement` is 0 for reposts.
    """

    number: int
    brand_id: int
    published_at: int
    source_id: int
    language: str
    label: Label
    score: int | None
    engagement: int


class RollupChange:
    """Gather what a transaction adds to and takes from the cells.

    `uncounted` tells which mentions an upgrade has still to count: they are in no bin.
    """

    def __init__(self, uncounted: Container[int] = ()) -> None:
        self._uncounted = uncounted
        self._bins: Counter[tuple[int, int, int]] = Counter()
        self._quarters: dict[tuple[int, int], list[int]] = {}
        self._days: dict[tuple[int, int, int, str], list[int]] = {}

    def add(self, contribution: Contribution, sign: int = 1) -> None:
        """Add a match's contribution, or take it away with `sign` -1."""
        if contribution.label is Label.IRRELEVANT:
            return
        score = contribution.score
        amounts = [0] * len(_FIGURES)
        amounts[0] = sign
        amounts[_POSITION[_COLUMN_OF[contribution.label]]] = sign
        if score is not None:
            amounts[_POSITION["score_sum"]] = sign * score
            amounts[_POSITION["score_squares"]] = sign * score * score
            amounts[_POSITION["score_count"]] = sign
            if contribution.number not in self._uncounted:
                self.add_bin(contribution, sign)
        amounts[_POSITION["engagement"]] = sign * contribution.engagement
        quarter = (contribution.brand_id, contribution.published_at // QUARTER_SECONDS)
        day = (
            contribution.brand_id,
            contribution.published_at // DAY_SECONDS,
            contribution.source_id,
            contribution.language,
        )
        _accumulate(self._quarters.setdefault(quarter, [0] * len(_FIGURES)), amounts)
        _accumulate(self._days.setdefault(day, [0] * len(_FIGURES)), amounts)

    def add_bin(self, contribution: Contribution, sign: int = 1) -> None:
        """Add a match to the bin of its score alone, or take it away; nothing where it counts in no mean."""
        score = contribution.score
        if score is not None and contribution.label is not Label.IRRELEVANT:
            day = contribution.published_at // DAY_SECONDS
            self._bins[contribution.brand_id, day, (score + _TO_BIN) // BIN_WIDTH] += sign

    def add_story(self, brand_id: int, first_at: int, sign: int = 1) -> None:
        """Add a story at the bucket in which the brand first saw it, or take it away."""
        cell = self._quarters.setdefault((brand_id, first_at // QUARTER_SECONDS), [0] * len(_FIGURES))
        cell[_POSITION["stories"]] += sign

    def quarters(self) -> list[tuple[int, ...]]:
        """Return rows (brand, bucket, *figures) that change anything, in key order."""
        return [(*key, *cell) for key, cell in sorted(self._quarters.items()) if any(cell)]

    def days(self) -> list[tuple[object, ...]]:
        """Return rows (brand, day, source, language, *figures without stories) that change anything."""
        without = _POSITION["stories"]
        rows = ((key, [*cell[:without], *cell[without + 1 :]]) for key, cell in sorted(self._days.items()))
        return [(*key, *cell) for key, cell in rows if any(cell)]

    def bins(self) -> list[tuple[int, ...]]:
        """Return rows (brand, day, bin, mentions) that change anything, in key order."""
        return [(*key, amount) for key, amount in sorted(self._bins.items()) if amount]


def _accumulate(cell: list[int], amounts: list[int]) -> None:
    for index, amount in enumerate(amounts):
        cell[index] += amount


def _upsert(table: str, keys: tuple[str, ...], figures: tuple[str, ...]) -> str:
    columns = (*keys, *figures)
    marks = ", ".join("?" for _ in columns)
    sums = ", ".join(f"{name} = {name} + excluded.{name}" for name in figures)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) "  # noqa: S608 - names are constants of this module
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sums}"
    )


_QUARTER_KEYS: Final = ("brand_id", "bucket")
_DAY_KEYS: Final = ("brand_id", "day", "source_id", "language")
_ADD_QUARTERS: Final = _upsert("rollup_quarter", _QUARTER_KEYS, _FIGURES)
_ADD_DAYS: Final = _upsert("rollup_day", _DAY_KEYS, _DAY_FIGURES)
_ADD_BINS: Final = _upsert("rollup_scores", ("brand_id", "day", "bin"), ("mentions",))

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
SELECT brand_id, bucket, sum(mentions), sum(stories), sum(positive), sum(neutral), sum(negative),
       sum(no_evidence), sum(unscored), sum(score_sum), sum(score_squares), sum(engagement), sum(score_count)
FROM (
  SELECT brand_id, published_at / {QUARTER_SECONDS} AS bucket, 0 AS stories, {_MATCH_SUMS}
  {_COUNTED} GROUP BY 1, 2
  UNION ALL
  SELECT brand_id, first_at / {QUARTER_SECONDS}, count(*), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
  FROM (
    SELECT matches.brand_id, story_id, min(matches.published_at) AS first_at
    FROM matches JOIN mentions ON mentions.id = matches.mention_id
    WHERE label <> {int(Label.IRRELEVANT)} GROUP BY 1, 2
  ) GROUP BY 1, 2
)
GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - built from constants of this module

_DAYS_FROM_ROWS: Final = f"""
SELECT brand_id, published_at / {DAY_SECONDS} AS day, source_id, language, {_MATCH_SUMS}
{_COUNTED} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""

_BINS_FROM_ROWS: Final = f"""
SELECT brand_id, published_at / {DAY_SECONDS}, (score + {_TO_BIN}) / {BIN_WIDTH}, count(*) {_COUNTED}
  AND score IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM upgrade_progress WHERE mention_id > position AND mention_id <= until)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""  # noqa: S608 - built from constants of this module

_STORIES_FROM_ROWS: Final = f"""
SELECT matches.brand_id, story_id, min(matches.published_at)
FROM matches JOIN mentions ON mentions.id = matches.mention_id
WHERE label <> {int(Label.IRRELEVANT)} GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - built from constants of this module


def apply_change(connection: sqlite3.Connection, change: RollupChange) -> None:
    """Write the gathered change; cells that come to nothing are removed."""
    quarters, days = change.quarters(), change.days()
    connection.executemany(_ADD_QUARTERS, quarters)
    connection.executemany(_ADD_DAYS, days)
    apply_bins(connection, change)
    connection.executemany(
        "DELETE FROM rollup_quarter WHERE brand_id = ? AND bucket = ? AND mentions = 0 AND stories = 0",
        [row[:2] for row in quarters],
    )
    connection.executemany(
        "DELETE FROM rollup_day WHERE brand_id = ? AND day = ? AND source_id = ? AND language = ? AND mentions = 0",
        [row[:4] for row in days],
    )


def apply_bins(connection: sqlite3.Connection, change: RollupChange) -> None:
    """Write the gathered change of bins alone; those that come to nothing are removed."""
    bins = change.bins()
    connection.executemany(_ADD_BINS, bins)
    connection.executemany(
        "DELETE FROM rollup_scores WHERE brand_id = ? AND day = ? AND bin = ? AND mentions = 0",
        [row[:3] for row in bins if row[3] < 0],
    )


def rebuild(connection: sqlite3.Connection) -> None:
    """Compute every cell anew from the rows, inside the caller's transaction."""
    for table, (sql, _) in _FROM_ROWS.items():
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names are constants of this module
        connection.execute(f"INSERT INTO {table} ({_COLUMNS[table]}) {sql}")


def find_differences(connection: sqlite3.Connection) -> list[str]:
    """Compare every cell with what the rows give; return one line a difference, none if all is right."""
    lines: list[str] = []
    for table, (sql, keys) in _FROM_ROWS.items():
        kept = connection.execute(f"SELECT {_COLUMNS[table]} FROM {table}")  # noqa: S608 - names are constants of this module
        lines += differences(table, kept, connection.execute(sql), keys)
    return lines


_FROM_ROWS: Final = {
    "rollup_quarter": (_QUARTERS_FROM_ROWS, 2),
    "rollup_day": (_DAYS_FROM_ROWS, 4),
    "rollup_scores": (_BINS_FROM_ROWS, 3),
    "story_firsts": (_STORIES_FROM_ROWS, 2),
}
"""Each table with what computes it, and how many of its columns are its key."""

_COLUMNS: Final = {
    "rollup_quarter": ", ".join((*_QUARTER_KEYS, *_FIGURES)),
    "rollup_day": ", ".join((*_DAY_KEYS, *_DAY_FIGURES)),
    "rollup_scores": "brand_id, day, bin, mentions",
    "story_firsts": "brand_id, story_id, first_at",
}


def differences(
    table: str, kept: Iterable[tuple[object, ...]], right: Iterable[tuple[object, ...]], keys: int
) -> list[str]:
    """Return one line a cell in which two sets of rows differ; the first `keys` columns name a cell."""
    have = {row[:keys]: row[keys:] for row in kept}
    want = {row[:keys]: row[keys:] for row in right}
    return [
        f"{table} {key}: stored {have.get(key)}, the rows give {want.get(key)}"
        for key in sorted({*have, *want}, key=repr)
        if have.get(key) != want.get(key)
    ]
