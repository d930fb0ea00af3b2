"""Compute scores, reach and values anew from the rows, brand by brand, and prove that what is kept equals it.

A brand's matches are read once, in order of time, so that for each kind of bucket
only the authors of the present one need to be remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from listener.mention import Label
from listener.rollups import (
    LOCAL_DAY,
    QUARTER_SECONDS,
    REACH_LAST,
    REACH_STEPS,
    cuts_in,
    differences,
    read_cells,
    read_zone,
)
from listener.store.cells import Cells, add_cells, bins_text, values_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

__all__ = ["count_brands", "find_recount_differences", "recount"]

_ROWS: Final = f"""
SELECT matches.published_at, score, author_id, followers, title, text, links, hashtags
FROM matches CROSS JOIN mentions ON mentions.id = matches.mention_id LEFT JOIN authors ON authors.id = author_id
WHERE matches.brand_id = ? AND matches.label <> {int(Label.IRRELEVANT)} AND NOT EXISTS (
  SELECT 1 FROM upgrade_progress WHERE mention_id > position AND mention_id <= until)
ORDER BY matches.published_at
"""  # noqa: S608 - built from constants of this module


def recount(connection: sqlite3.Connection) -> None:
    """Compute every cell of scores, reach and values anew, inside the caller's transaction."""
    for table in _COLUMNS:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names are constants of this module
    for brand in _brands(connection):
        add_cells(connection, _Cells(connection, brand))


def find_recount_differences(connection: sqlite3.Connection, step: Callable[[], None]) -> list[str]:
    """Compare every cell of scores, reach and values with what the rows give; return one line a difference.

    `step` is called after each brand. To be called within a snapshot, where others write meanwhile.
    """
    lines: list[str] = []
    for brand in _brands(connection):
        for table, found in _Cells(connection, brand).tables().items():
            columns, keys = _COLUMNS[table]
            kept = read_cells(connection, table, columns, keys, brand=brand)
            lines += differences(table, kept, sorted(found), keys)
        step()
    return lines


def count_brands(connection: sqlite3.Connection) -> int:
    """Return how many brands `find_recount_differences` looks at."""
    return len(_brands(connection))


def _brands(connection: sqlite3.Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT id FROM brands ORDER BY id")]


class _Cells(Cells):
    """Count all of one brand."""

    def __init__(self, connection: sqlite3.Connection, brand: int) -> None:
        super().__init__()
        cuts, reach = cuts_in(read_zone(connection)), self.reach[brand]
        present: list[tuple[int, set[int]]] = [(-1, set()) for _ in REACH_STEPS]
        last: dict[int, tuple[int, int]] = {}
        for at, score, author, followers, title, text, links, hashtags in connection.execute(_ROWS, (brand,)):
            cut = cuts[at // QUARTER_SECONDS]
            day = cut[LOCAL_DAY]
            self.add_score(brand, day, score, 1)
            if text is not None and (links or hashtags or "#" in text or "#" in (title or "")):
                for kind, value in values_of(title, text, links, hashtags):
                    self.add_value(brand, kind, day, value, 1)
            if not followers:
                continue
            last[author] = (cut[0], followers)
            for step, start in zip(REACH_STEPS, cut[:LOCAL_DAY], strict=True):
                if present[step][0] != start:
                    present[step] = (start, set())
                if author not in present[step][1]:
                    present[step][1].add(author)
                    reach[step][start] += followers
        for start, followers in last.values():
            reach[REACH_LAST][start] += followers

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return the rows of each table."""
        return {
            "rollup_scores": [(*key, bins_text(bins)) for key, bins in self.bins.items()],
            "rollup_reach": self.reach_rows(),
            "rollup_values": self.value_rows(),
        }


_COLUMNS: Final = {
    "rollup_scores": ("brand_id, day, counts", 2),
    "rollup_reach": ("brand_id, step, start, reach", 3),
    "rollup_values": ("brand_id, kind, days, block, value, mentions", 5),
}
"""The columns of each table, and how many of them are its key."""
