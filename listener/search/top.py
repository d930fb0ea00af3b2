"""Answer which hashtags, pages and authors a brand's mentions have most.

Hashtags and pages come from the store's counts by local day and by blocks of days,
so that a year costs what two months cost; what of a span is no whole day of the
store's zone, less than two days, is counted from its mentions. Of one source, or
while the store is being counted anew, all is counted so, as authors always are.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Final

from listener.clock import load_zone, to_epoch
from listener.frozen import dataclass
from listener.mention import Label
from listener.rollups import local_day_number, read_zone, whole_local_days
from listener.store.cells import BLOCK_DAYS, HASHTAG, LINK, values_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Container, Mapping, Sequence
    from datetime import datetime

    _Part = tuple[int, int, list[int]]

__all__ = ["TOP", "TopRow", "read_top"]

TOP: Final = ("hashtags", "links", "authors")
"""What can be asked for."""

_KINDS: Final = {"hashtags": HASHTAG, "links": LINK}

_ADDED_UP: Final = """
SELECT value, sum(mentions) FROM rollup_values
WHERE brand_id = :brand AND kind = :kind AND days = :days AND block IN (SELECT value FROM json_each(:blocks))
"""
_OF_WANTED: Final = "AND value IN (SELECT value FROM json_each(:wanted))"
_MOST_OF_BLOCK: Final = f"""
SELECT value, mentions FROM rollup_values INDEXED BY rollup_values_by_count
WHERE brand_id = ? AND kind = ? AND days = {BLOCK_DAYS} AND block = ? ORDER BY mentions DESC LIMIT ?
"""  # noqa: S608 - a number
_MORE_CANDIDATES: Final = 10
"""Of each block so many more values are candidates than are asked for."""
_DEEPER: Final = (1, 4, 16)
"""Where so many candidates do not settle it, so many times as many are looked at; then all values are."""

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
    source: str | None = None,
    limit: int = 20,
) -> tuple[TopRow, ...]:
    """Return what stands in most of a brand's mentions in the half-open `span`, most first.

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
    elif source is None and (days := _kept_days(connection, span)) is not None:
        ends = _count_rows(connection, _KINDS[what], within, span[0], days[0])
        ends += _count_rows(connection, _KINDS[what], within, days[1], span[1])
        zone = load_zone(read_zone(connection))
        numbers = (local_day_number(days[0], zone), local_day_number(days[1], zone))
        found = _most(connection, brand_row[0], _KINDS[what], *numbers, limit=limit, ends=ends)
    else:
        found = _in_order(_count_rows(connection, _KINDS[what], within, *span))[:limit]
    return tuple(TopRow(value=value, mentions=mentions) for value, mentions in found)


def _kept_days(connection: sqlite3.Connection, span: tuple[datetime, datetime]) -> tuple[datetime, datetime] | None:
    """Return the part of a span whose values are counted by day, None where there is none or not all are counted."""
    unfinished = connection.execute("SELECT 1 FROM upgrade_progress").fetchone()
    return None if unfinished else whole_local_days(*span, load_zone(read_zone(connection)))


def _count_rows(
    connection: sqlite3.Connection, kind: int, within: tuple[object, ...], since: datetime, until: datetime
) -> Counter[str]:
    """Count the values of the mentions in [since, until), one by one."""
    if since == until:
        return Counter()
    brand, _, _, *of_source = within
    rows = connection.execute(_ROWS, (brand, to_epoch(since), to_epoch(until), *of_source))
    return Counter(value for row in rows for one, value in values_of(*row) if one == kind)


def _in_order(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return values with their mentions, most first."""
    return sorted(((value, count) for value, count in counts.items() if count), key=lambda item: (-item[1], item[0]))


def _most(
    connection: sqlite3.Connection,
    brand: int,
    kind: int,
    since: int,
    until: int,
    *,
    limit: int,
    ends: Mapping[str, int],
) -> list[tuple[str, int]]:
    """Return the values with most mentions in the days [since, until) and in the `ends`, which are counted.

    First only the most frequent values of each block are looked at. What is in none of
    these lists has at most as many as the last of each list together: where the
    last value asked for has more, nothing was missed (Fagin's threshold, 2001).
    """
    parts = _parts(since, until)
    whole = {None, *range(-(-since // BLOCK_DAYS), until // BLOCK_DAYS)}
    for times in _DEEPER:
        each = (limit + _MORE_CANDIDATES) * times
        lists: dict[int | None, Mapping[str, int]] = {
            block: dict(connection.execute(_MOST_OF_BLOCK, (brand, kind, block, each)))
            for block in range(since // BLOCK_DAYS, (until - 1) // BLOCK_DAYS + 1)
        }
        lasts: dict[int | None, int] = {
            block: min(listed.values()) if len(listed) == each else 0 for block, listed in lists.items()
        }
        lists[None], lasts[None] = ends, 0
        wanted = _candidates(lists, lasts, whole, limit)
        found = _added_up(connection, brand, kind, parts, wanted, ends=ends)[:limit]
        most = sum(lasts.values())
        if not most or (len(found) == limit and found[-1][1] > most):
            return found
    return _added_up(connection, brand, kind, parts, None, ends=ends)[:limit]


def _candidates(
    lists: Mapping[int | None, Mapping[str, int]],
    lasts: Mapping[int | None, int],
    whole: Container[int | None],
    limit: int,
) -> list[str]:
    """Return the listed values that may be among the `limit` with most mentions.

    A value has at least what the lists of `whole` blocks say, and in no block more than its
    list says, or the last of that list where it is not in it.
    """
    least: dict[str, int] = {}
    for block, listed in lists.items():
        is_whole = block in whole
        for value, mentions in listed.items():
            least[value] = least.get(value, 0) + (mentions if is_whole else 0)
    floor = sorted(least.values(), reverse=True)[limit - 1] if len(least) >= limit else 0
    pairs = [(listed, lasts[block]) for block, listed in lists.items()]
    return sorted(value for value in least if sum(listed.get(value, last) for listed, last in pairs) >= floor)


def _added_up(
    connection: sqlite3.Connection,
    brand: int,
    kind: int,
    parts: Sequence[_Part],
    wanted: Sequence[str] | None,
    *,
    ends: Mapping[str, int],
) -> list[tuple[str, int]]:
    """Return values with their mentions in these parts and the ends, most first: those that are wanted, None for all."""
    counts = dict(ends) if wanted is None else {value: ends[value] for value in wanted if value in ends}
    statement = f"{_ADDED_UP}{'' if wanted is None else _OF_WANTED} GROUP BY value"
    values = {"brand": brand, "kind": kind, "wanted": json.dumps(wanted)}
    for sign, days, blocks in parts:
        rows = connection.execute(statement, {**values, "days": days, "blocks": json.dumps(blocks)})
        for value, mentions in rows:
            counts[value] = counts.get(value, 0) + sign * mentions
    return _in_order(counts)


def _parts(since: int, until: int) -> list[_Part]:
    """Return (sign, length, numbers) of the blocks that together are the days [since, until).

    Of a block at the edge its days are taken one by one, or the block without the
    other days where those are fewer.
    """
    blocks: list[int] = []
    days: list[int] = []
    without: list[int] = []
    for block in range(since // BLOCK_DAYS, (until - 1) // BLOCK_DAYS + 1):
        within = range(block * BLOCK_DAYS, (block + 1) * BLOCK_DAYS)
        asked = [day for day in within if since <= day < until]
        if 2 * len(asked) <= BLOCK_DAYS:
            days += asked
        else:
            blocks.append(block)
            without += [day for day in within if not since <= day < until]
    return [part for part in ((1, BLOCK_DAYS, blocks), (1, 1, days), (-1, 1, without)) if part[2]]
