"""Add up scores, reach, hashtags and links by day of the store's time zone, and write what was added up."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from listener.bulk import Question, Upsert
from listener.rollups import BIN_COUNT, BIN_WIDTH, REACH_LAST, REACH_STEPS
from listener.stories import canonical_url
from listener.words import hashtags_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

__all__ = ["BLOCK_DAYS", "HASHTAG", "LINK", "Cells", "add_cells", "bins_text", "values_of"]

HASHTAG: Final = 1
LINK: Final = 2
BLOCK_DAYS: Final = 32
"""Values are counted by day and by blocks of so many days, of which a year has few."""

_STORED_BINS: Final = Question(
    ("brand", "day"),
    "SELECT brand_id, rollup_scores.day, counts FROM asked CROSS JOIN rollup_scores "
    "ON brand_id = asked.brand AND rollup_scores.day = asked.day",
)
_SET_BINS: Final = Upsert("rollup_scores", ("brand_id", "day"), ("counts",), "excluded.{}")
_ADD_REACH: Final = Upsert("rollup_reach", ("brand_id", "step", "start"), ("reach",))
_ADD_VALUES: Final = Upsert("rollup_values", ("brand_id", "kind", "days", "block", "value"), ("mentions",))
_STEPS: Final = (*REACH_STEPS, REACH_LAST)
_NO_BINS: Final = ("0",) * BIN_COUNT
_TO_BIN: Final = 10_000 + BIN_WIDTH // 2
_MOST_VALUES: Final = 30
"""Of each kind in one mention: a post of nothing but hashtags says nothing with the rest."""
_LONGEST_VALUE: Final = 200


def _no_reach() -> list[defaultdict[int, int]]:
    return [defaultdict(int) for _ in _STEPS]


class Cells:
    """Gather amounts by cell: bins of scores, reach, values."""

    def __init__(self) -> None:
        self.bins: defaultdict[tuple[int, int], defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
        """Scores by brand and day, and by bin."""
        self.reach: defaultdict[int, list[defaultdict[int, int]]] = defaultdict(_no_reach)
        """Followers by brand, by kind of bucket, and by start of the bucket."""
        self.values: defaultdict[tuple[int, int, int, int, str], int] = defaultdict(int)

    def add_score(self, brand: int, day: int, score: int | None, sign: int) -> None:
        """Add a score x 10 000 to its bin; nothing where there is none."""
        if score is not None:
            self.bins[brand, day][(score + _TO_BIN) // BIN_WIDTH] += sign

    def add_value(self, brand: int, kind: int, day: int, value: str, sign: int) -> None:
        """Add a value to its day and its block of days."""
        self.values[brand, kind, 1, day, value] += sign
        self.values[brand, kind, BLOCK_DAYS, day // BLOCK_DAYS, value] += sign

    def reach_rows(self) -> list[tuple[int, int, int, int]]:
        """Return (brand, kind of bucket, start, followers) of what changes, in key order."""
        return [
            (brand, step, start, starts[start])
            for brand, kinds in sorted(self.reach.items())
            for step, starts in zip(_STEPS, kinds, strict=True)
            for start in sorted(starts)
            if starts[start]
        ]

    def value_rows(self) -> list[tuple[int, int, int, int, str, int]]:
        """Return (brand, kind, days in a block, block, value, mentions) of what changes, in key order."""
        return sorted([(*key, amount) for key, amount in self.values.items() if amount])


def add_cells(connection: sqlite3.Connection, cells: Cells) -> None:
    """Add what was gathered to what is stored; cells that come to nothing are removed."""
    _write_bins(connection, cells.bins)
    reach, values = cells.reach_rows(), cells.value_rows()
    _ADD_REACH.write(connection, reach)
    connection.executemany(
        "DELETE FROM rollup_reach WHERE brand_id = ? AND step = ? AND start = ? AND reach = 0",
        [row[:-1] for row in reach if row[-1] < 0],
    )
    _ADD_VALUES.write(connection, values)
    connection.executemany(
        "DELETE FROM rollup_values WHERE brand_id = ? AND kind = ? AND days = ? AND block = ? AND value = ? "
        "AND mentions = 0",
        [row[:-1] for row in values if row[-1] < 0],
    )


def bins_text(added: Mapping[int, int], stored: str = "") -> str:
    """Return the numbers of scores of a day as they are stored, with what is added; empty where there are none."""
    counts = stored[1:-1].split(",") if stored else list(_NO_BINS)
    for number, amount in added.items():
        counts[number] = str(int(counts[number]) + amount)
    return "" if counts.count("0") == BIN_COUNT else f"[{','.join(counts)}]"


def _write_bins(connection: sqlite3.Connection, added: Mapping[tuple[int, int], Mapping[int, int]]) -> None:
    """Add to the bins of days; a day without any score is removed."""
    places = sorted(place for place, amounts in added.items() if any(amounts.values()))
    stored = {(brand, day): counts for brand, day, counts in _STORED_BINS.ask(connection, places)}
    written = [(*place, bins_text(added[place], stored.get(place, ""))) for place in places]
    _SET_BINS.write(connection, [row for row in written if row[-1]])
    connection.executemany(
        "DELETE FROM rollup_scores WHERE brand_id = ? AND day = ?", [row[:-1] for row in written if not row[-1]]
    )


def values_of(title: str | None, text: str | None, links: str | None, hashtags: str | None) -> set[tuple[int, str]]:
    """Return the (kind, value) that a mention is counted under: hashtags without #, folded, and addresses of pages."""
    found: dict[tuple[int, str], None] = {}
    for written in (title, text):
        if written and "#" in written:
            found.update(((HASHTAG, tag), None) for tag in hashtags_of(written)[:_MOST_VALUES])
    if hashtags:
        found.update(((HASHTAG, str(tag).casefold()), None) for tag in json.loads(hashtags)[:_MOST_VALUES])
    if links:
        pages = (canonical_url(link) for link in json.loads(links)[:_MOST_VALUES])
        found.update(((LINK, page), None) for page in pages if page)
    return {(kind, value) for kind, value in found if value and len(value) <= _LONGEST_VALUE}
