"""Add up scores, reach, hashtags and links by day of the store's time zone, and write what was added up."""

from __future__ import annotations

import json
from collections import defaultdict
from operator import add
from typing import TYPE_CHECKING, Any, Final

from listener.rollups import BIN_COUNT, BIN_WIDTH
from listener.stories import canonical_url
from listener.words import hashtags_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

__all__ = ["BLOCK_DAYS", "HASHTAG", "LINK", "Cells", "add_cells", "values_of"]

HASHTAG: Final = 1
LINK: Final = 2
BLOCK_DAYS: Final = 32
"""Values are counted by day and by blocks of so many days, of which a year has few."""

_STORED_BINS: Final = """
SELECT brand_id, day, counts FROM json_each(?) AS asked
CROSS JOIN rollup_scores ON brand_id = json_extract(asked.value, '$[0]') AND day = json_extract(asked.value, '$[1]')
"""
_TO_BIN: Final = 10_000 + BIN_WIDTH // 2
_MOST_VALUES: Final = 30
"""Of each kind in one mention: a post of nothing but hashtags says nothing with the rest."""
_LONGEST_VALUE: Final = 200


class Cells:
    """Gather amounts by cell: bins of scores, reach, values."""

    def __init__(self) -> None:
        self.bins: defaultdict[tuple[int, ...], int] = defaultdict(int)
        self.reach: defaultdict[tuple[int, ...], int] = defaultdict(int)
        self.values: defaultdict[tuple[int | str, ...], int] = defaultdict(int)

    def add_score(self, brand: int, day: int, score: int | None, sign: int) -> None:
        """Add a score x 10 000 to its bin; nothing where there is none."""
        if score is not None:
            self.bins[brand, day, (score + _TO_BIN) // BIN_WIDTH] += sign

    def day_bins(self) -> dict[tuple[int, int], list[int]]:
        """Return the bins of every brand and day that change, in order."""
        days: dict[tuple[int, int], list[int]] = {}
        for (brand, day, number), amount in self.bins.items():
            if amount:
                days.setdefault((brand, day), [0] * BIN_COUNT)[number] += amount
        return days

    def add_value(self, brand: int, kind: int, day: int, value: str, sign: int) -> None:
        """Add a value to its day and its block of days."""
        self.values[brand, kind, 1, day, value] += sign
        self.values[brand, kind, BLOCK_DAYS, day // BLOCK_DAYS, value] += sign


def add_cells(connection: sqlite3.Connection, cells: Cells) -> None:
    """Add what was gathered to what is stored; cells that come to nothing are removed."""
    _write_bins(connection, cells.day_bins())
    _write(connection, "rollup_reach", ("brand_id", "step", "start"), "reach", cells.reach)
    _write(connection, "rollup_values", ("brand_id", "kind", "days", "block", "value"), "mentions", cells.values)


def _write_bins(connection: sqlite3.Connection, added: Mapping[tuple[int, int], Sequence[int]]) -> None:
    """Add to the bins of days; a day without any score is removed."""
    known = {
        (brand, day): json.loads(counts)
        for brand, day, counts in connection.execute(_STORED_BINS, (json.dumps(list(added)),))
    }
    kept: list[tuple[int, int, str]] = []
    gone: list[tuple[int, int]] = []
    for place, amounts in added.items():
        counts = list(map(add, known[place], amounts)) if place in known else amounts
        if any(counts):
            kept.append((*place, f"[{','.join(map(str, counts))}]"))
        else:
            gone.append(place)
    connection.executemany(
        "INSERT INTO rollup_scores (brand_id, day, counts) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET counts = excluded.counts",
        sorted(kept),
    )
    connection.executemany("DELETE FROM rollup_scores WHERE brand_id = ? AND day = ?", gone)


def _write(
    connection: sqlite3.Connection,
    table: str,
    keys: tuple[str, ...],
    figure: str,
    cells: Mapping[Any, int],
) -> None:
    rows: list[tuple[Any, ...]] = sorted((*key, amount) for key, amount in cells.items() if amount)
    marks = ", ".join("?" * (len(keys) + 1))
    connection.executemany(
        f"INSERT INTO {table} ({', '.join(keys)}, {figure}) VALUES ({marks}) "  # noqa: S608 - names of this module
        f"ON CONFLICT DO UPDATE SET {figure} = {figure} + excluded.{figure}",
        rows,
    )
    named = " AND ".join(f"{key} = ?" for key in keys)
    connection.executemany(
        f"DELETE FROM {table} WHERE {named} AND {figure} = 0",  # noqa: S608 - names of this module
        [row[:-1] for row in rows if row[-1] < 0],
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
