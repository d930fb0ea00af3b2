"""Compute reach and values anew from the rows, brand by brand, and prove that what is kept equals it.

A brand's matches are read once, in order of time, so that for each kind of bucket
only the authors of the present one need to be remembered.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from listener.mention import Label
from listener.rollups import DAY_SECONDS, QUARTER_SECONDS, REACH_LAST, REACH_STEPS, differences
from listener.store.faces import BLOCK_DAYS, values_of
from listener.store.reach import add_reach, read_zone, starts_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

__all__ = ["find_recount_differences", "recount", "recount_reach"]

_ROWS: Final = f"""
SELECT matches.published_at, author_id, followers, title, text, links, hashtags
FROM matches CROSS JOIN mentions ON mentions.id = matches.mention_id LEFT JOIN authors ON authors.id = author_id
WHERE matches.brand_id = ? AND matches.label <> {int(Label.IRRELEVANT)} AND NOT EXISTS (
  SELECT 1 FROM upgrade_progress WHERE mention_id > position AND mention_id <= until)
ORDER BY matches.published_at
"""  # noqa: S608 - built from constants of this module
_AUTHORS: Final = f"""
SELECT matches.published_at, author_id, followers
FROM matches CROSS JOIN mentions ON mentions.id = matches.mention_id JOIN authors ON authors.id = author_id
WHERE matches.brand_id = ? AND matches.label <> {int(Label.IRRELEVANT)} AND followers <> 0 AND NOT EXISTS (
  SELECT 1 FROM upgrade_progress WHERE mention_id > position AND mention_id <= until)
ORDER BY matches.published_at
"""  # noqa: S608 - built from constants of this module
_INSERT_VALUES: Final = """
INSERT INTO rollup_values (brand_id, kind, days, block, value, mentions) VALUES (?, ?, ?, ?, ?, ?)
"""

ValueRow = tuple[int, int, int, int, str, int]
"""Brand, kind, days of the block, number of the block, value, mentions."""


def recount(connection: sqlite3.Connection) -> None:
    """Compute every cell of reach and values anew, inside the caller's transaction."""
    connection.execute("DELETE FROM rollup_values")
    for brand in _brands(connection):
        connection.executemany(_INSERT_VALUES, _values(connection, brand))
    recount_reach(connection, read_zone(connection))


def recount_reach(connection: sqlite3.Connection, zone: str) -> None:
    """Compute every cell of reach anew, the buckets cut in a time zone that is kept from now on."""
    connection.execute("UPDATE rollup_zone SET zone = ?", (zone,))
    connection.execute("DELETE FROM rollup_reach")
    for brand in _brands(connection):
        add_reach(connection, _reach(connection, brand, zone))


def find_recount_differences(connection: sqlite3.Connection) -> list[str]:
    """Compare every cell of reach and values with what the rows give; return one line a difference."""
    zone = read_zone(connection)
    lines: list[str] = []
    for brand in _brands(connection):
        kept = connection.execute("SELECT brand_id, step, start, reach FROM rollup_reach WHERE brand_id = ?", (brand,))
        right = [(*key, amount) for key, amount in _reach(connection, brand, zone).items() if amount]
        lines += differences("rollup_reach", kept, right, 3)
        kept = connection.execute(
            "SELECT brand_id, kind, days, block, value, mentions FROM rollup_values WHERE brand_id = ?", (brand,)
        )
        lines += differences("rollup_values", kept, _values(connection, brand), 5)
    return lines


def _brands(connection: sqlite3.Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT id FROM brands ORDER BY id")]


def _reach(connection: sqlite3.Connection, brand: int, zone: str) -> Counter[tuple[int, int, int]]:
    cells: Counter[tuple[int, int, int]] = Counter()
    present: list[tuple[int, set[int]]] = [(-1, set()) for _ in REACH_STEPS]
    last: dict[int, tuple[int, int]] = {}
    for at, author, followers in connection.execute(_AUTHORS, (brand,)):
        starts = starts_of(zone, at // QUARTER_SECONDS)
        last[author] = (starts[0], followers)
        for step, start in zip(REACH_STEPS, starts, strict=True):
            if present[step][0] != start:
                present[step] = (start, set())
            if author not in present[step][1]:
                present[step][1].add(author)
                cells[brand, step, start] += followers
    for start, followers in last.values():
        cells[brand, REACH_LAST, start] += followers
    return cells


def _values(connection: sqlite3.Connection, brand: int) -> Iterator[ValueRow]:
    """Yield the rows of a brand, in order of time; two blocks at most are held in memory."""
    open_blocks: dict[int, tuple[int, Counter[tuple[int, str]]]] = {}
    for at, _, _, title, text, links, hashtags in connection.execute(_ROWS, (brand,)):
        if text is None or not (links or hashtags or "#" in text or "#" in (title or "")):
            continue
        found = values_of(title, text, links, hashtags)
        for days in (1, BLOCK_DAYS):
            block = at // DAY_SECONDS // days
            known = open_blocks.get(days)
            if known is None or known[0] != block:
                if known is not None:
                    yield from _rows(brand, days, *known)
                open_blocks[days] = known = (block, Counter())
            known[1].update(found)
    for days, known in open_blocks.items():
        yield from _rows(brand, days, *known)


def _rows(brand: int, days: int, block: int, counts: Counter[tuple[int, str]]) -> Iterator[ValueRow]:
    for (kind, value), amount in sorted(counts.items()):
        yield brand, kind, days, block, value, amount
