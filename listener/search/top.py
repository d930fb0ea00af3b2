"""Answer which hashtags, pages and authors a brand's mentions have most.

Hashtags and pages come from the store's counts by local day and by blocks of days,
so that a year costs what two months cost; in another zone, of one source, or while
the store is being counted anew they are counted from the mentions of the span, as
authors always are.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from listener.clock import to_epoch
from listener.frozen import dataclass
from listener.mention import Label
from listener.rollups import local_day_number, read_zone
from listener.store.cells import BLOCK_DAYS, HASHTAG, LINK, values_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

__all__ = ["TOP", "TopRow", "read_top"]

TOP: Final = ("hashtags", "links", "authors")
"""What can be asked for."""

_KINDS: Final = {"hashtags": HASHTAG, "links": LINK}

_OF_BLOCK: Final = """
SELECT value, mentions FROM rollup_values WHERE brand_id = ? AND kind = ? AND days = ? AND block = ?
"""
_MOST_OF_BLOCK: Final = f"""
SELECT value, mentions FROM rollup_values INDEXED BY rollup_values_by_count
WHERE brand_id = ? AND kind = ? AND days = {BLOCK_DAYS} AND block = ? ORDER BY mentions DESC LIMIT ?
"""  # noqa: S608 - a number
_MOST_WANTED: Final = 900
"""Values in one statement: well under SQLite's limit of variables."""
_MORE_CANDIDATES: Final = 10
"""Of each block so many more values are candidates than are asked for."""

_ROWS: Final = f"""
SELECT title, text, links, hashtags
FROM matches CROSS JOIN mentions ON mentions.id = matches.mention_id
WHERE matches.brand_id = ? AND matches.published_at >= ? AND matches.published_at < ?
  AND matches.label <> {int(Label.IRRELEVANT)} AND text IS NOT NULL AND (? IS NULL OR matches.source_id = ?)
"""  # noqa: S608 - built from constants of this module

_AUTHORS: Final = f"""
SELECT coalesce(authors.handle, authors.name, authors.native_id) || ' (' || sources.name || ')', count(*)
FROM matches CROSS JOIN mentions ON mentions.id = matches.mention_id
JOIN authors ON authors.id = mentions.author_id JOIN sources ON sources.id = authors.source_id
WHERE matches.brand_id = ? AND matches.published_at >= ? AND matches.published_at < ?
  AND matches.label <> {int(Label.IRRELEVANT)} AND (? IS NULL OR matches.source_id = ?)
GROUP BY authors.id ORDER BY 2 DESC, 1 LIMIT ?
"""  # noqa: S608 - built from constants of this module


@dataclass(frozen=True, slots=True, kw_only=True)
class TopRow:
    """Hold a hashtag, a page or an author and how many mentions have it."""

    value: str
    mentions: int


def read_top(
    connection: sqlite3.Connection,
    what: str,
    brand: str,
    span: tuple[datetime, datetime],
    *,
    zone: ZoneInfo,
    source: str | None = None,
    limit: int = 20,
) -> tuple[TopRow, ...]:
    """Return what stands in most of a brand's mentions in the half-open `span` of whole local days, most first.

    `what` is one of TOP. What was erased is in none.
    """
    brand_row = connection.execute("SELECT id FROM brands WHERE name = ?", (brand,)).fetchone()
    if brand_row is None:
        return ()
    source_row = connection.execute("SELECT id FROM sources WHERE name = ?", (source,)).fetchone()
    source_id = None if source_row is None else source_row[0]
    if source is not None and source_id is None:
        return ()
    within = (brand_row[0], to_epoch(span[0]), to_epoch(span[1]), source_id, source_id)
    if what == "authors":
        found = connection.execute(_AUTHORS, (*within, limit)).fetchall()
    elif source is None and _is_kept(connection, zone):
        days = (local_day_number(span[0], zone), local_day_number(span[1], zone))
        found = _most(connection, brand_row[0], _KINDS[what], *days, limit=limit)
    else:
        counts = Counter(
            value
            for row in connection.execute(_ROWS, within)
            for kind, value in values_of(*row)
            if kind == _KINDS[what]
        )
        found = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return tuple(TopRow(value=value, mentions=mentions) for value, mentions in found)


def _is_kept(connection: sqlite3.Connection, zone: ZoneInfo) -> bool:
    """Say whether values are counted by the days of a zone, all of them."""
    unfinished = connection.execute("SELECT 1 FROM upgrade_progress").fetchone()
    return unfinished is None and read_zone(connection) == zone.key


def _most(
    connection: sqlite3.Connection, brand: int, kind: int, since: int, until: int, *, limit: int
) -> list[tuple[str, int]]:
    """Return the values with most mentions in the days [since, until).

    First only the most frequent values of each block are added up. What is in none
    of these lists has at most as many as the last of each list together: where the
    last value asked for has more, nothing was missed (Fagin's threshold, 2001).
    """
    blocks = _blocks(since, until)
    most = 0
    candidates: set[str] = set()
    each = limit + _MORE_CANDIDATES
    for block in range(since // BLOCK_DAYS, (until - 1) // BLOCK_DAYS + 1):
        listed = connection.execute(_MOST_OF_BLOCK, (brand, kind, block, each)).fetchall()
        candidates.update(value for value, _ in listed)
        most += listed[-1][1] if len(listed) == each else 0
    found = _added_up(connection, brand, kind, blocks, sorted(candidates))[:limit]
    if not most or (len(found) == limit and found[-1][1] > most):
        return found
    return _added_up(connection, brand, kind, blocks, ())[:limit]


def _added_up(
    connection: sqlite3.Connection, brand: int, kind: int, blocks: Sequence[tuple[int, int]], wanted: Sequence[str]
) -> list[tuple[str, int]]:
    """Return values with their mentions in these blocks, most first: those that are wanted, or without any all."""
    marks = f" AND value IN ({', '.join('?' * len(wanted))})" if 0 < len(wanted) <= _MOST_WANTED else ""
    counts: dict[str, int] = {}
    for days, block in blocks:
        rows = connection.execute(f"{_OF_BLOCK}{marks}", (brand, kind, days, block, *(wanted if marks else ())))
        for value, mentions in rows:
            counts[value] = counts.get(value, 0) + mentions
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _blocks(since: int, until: int) -> list[tuple[int, int]]:
    """Return (length, number) of the blocks that are the days [since, until): long ones, and single days around them."""
    first, last = -(-since // BLOCK_DAYS), until // BLOCK_DAYS
    if first >= last:
        return [(1, day) for day in range(since, until)]
    days = [*range(since, first * BLOCK_DAYS), *range(last * BLOCK_DAYS, until)]
    return [*((BLOCK_DAYS, block) for block in range(first, last)), *((1, day) for day in days)]
