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
    from datetime import datetime
    from zoneinfo import ZoneInfo

__all__ = ["TOP", "TopRow", "read_top"]

TOP: Final = ("hashtags", "links", "authors")
"""What can be asked for."""

_KINDS: Final = {"hashtags": HASHTAG, "links": LINK}

_VALUES: Final = """
SELECT value, sum(mentions) FROM (
  SELECT value, mentions FROM rollup_values
  WHERE brand_id = :brand AND kind = :kind AND days = :length AND block >= :first AND block < :last
  UNION ALL
  SELECT value, mentions FROM rollup_values
  WHERE brand_id = :brand AND kind = :kind AND days = 1 AND block >= :since AND block < :head
  UNION ALL
  SELECT value, mentions FROM rollup_values
  WHERE brand_id = :brand AND kind = :kind AND days = 1 AND block >= :tail AND block < :until
) GROUP BY value ORDER BY 2 DESC, 1 LIMIT :limit
"""

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
        values = {"brand": brand_row[0], "kind": _KINDS[what], "limit": limit, **_blocks(*days)}
        found = connection.execute(_VALUES, values).fetchall()
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


def _blocks(since: int, until: int) -> dict[str, int]:
    """Return the statement's values: the whole blocks within the days [since, until), and the days before and after."""
    first, last = -(-since // BLOCK_DAYS), until // BLOCK_DAYS
    if first >= last:
        first = last = 0
        head = tail = until
    else:
        head, tail = first * BLOCK_DAYS, last * BLOCK_DAYS
    return {
        "length": BLOCK_DAYS, "first": first, "last": last, "since": since, "head": head, "tail": tail, "until": until,
    }  # fmt: skip
