"""Keep the reach of every bucket: the followers of its authors, each author once.

Who counts once in a day counts once in its week too, so the reach of a week is not
the sum of its days: hours, days, weeks and months are kept apart, cut in the time
zone the store is told. A span that is open towards now is answered by a fifth
kind of cell: authors by the hour of their last mention.
"""

from __future__ import annotations

import json
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from listener.mention import Label
from listener.rollups import QUARTER_SECONDS, REACH_LAST, REACH_STEPS, cut_quarter, read_zone

if TYPE_CHECKING:
    import sqlite3
    from collections import defaultdict
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from listener.store.uncounted import Uncounted

__all__ = ["ReachChange"]

_SINCE: Final = f"""
SELECT mentions.author_id, matches.brand_id, mentions.published_at / {QUARTER_SECONDS} FROM json_each(?) AS asked
CROSS JOIN mentions ON mentions.author_id = json_extract(asked.value, '$[0]')
  AND mentions.published_at >= json_extract(asked.value, '$[1]')
CROSS JOIN matches ON matches.mention_id = mentions.id
WHERE matches.label <> {int(Label.IRRELEVANT)} AND NOT (mentions.id > ? AND mentions.id <= ?)
"""  # noqa: S608 - numbers
_BEFORE: Final = f"""
SELECT asked.key, (
  SELECT mentions.published_at / {QUARTER_SECONDS}
  FROM mentions CROSS JOIN matches ON matches.mention_id = mentions.id
  WHERE mentions.author_id = json_extract(asked.value, '$[0]')
    AND matches.brand_id = json_extract(asked.value, '$[1]')
    AND mentions.published_at < json_extract(asked.value, '$[2]')
    AND matches.label <> {int(Label.IRRELEVANT)} AND NOT (mentions.id > ?2 AND mentions.id <= ?3)
  ORDER BY mentions.published_at DESC LIMIT 1
) FROM json_each(?1) AS asked
"""  # noqa: S608 - numbers
_EVER: Final = -(2**40)

_NONE: Final[Mapping[int, int]] = MappingProxyType({})

Cell = tuple[int, int]
"""A kind of bucket and the quarter of an hour it starts with."""


class _Asked(NamedTuple):
    """Hold an author with the followers before and now, and the quarter from which on buckets may change."""

    author: int
    former: int
    now: int
    since: int


class _Turn(NamedTuple):
    """Hold in which quarters an author counted for a brand and counts now, from `asked.since` on."""

    asked: _Asked
    brand: int
    before: Collection[int]
    now: Collection[int]


class ReachChange:
    """Gather who begins or ends to be in which bucket, within one transaction.

    The rows must stand as they are after the change; `followers` are the former
    counts of authors whose count changed. Authors numbered above `newest` are new.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        uncounted: Uncounted,
        followers: Mapping[int, int | None],
        *,
        newest: int | None = None,
    ) -> None:
        self._connection = connection
        self._newest = newest
        self._skipped = (uncounted.position, uncounted.until)
        self._former = followers
        self._deltas: dict[int, dict[int, dict[int, int]]] = {}

    def add(self, author: int, brand: int, quarter: int, sign: int) -> None:
        """Note that a mention of an author counts for a brand from now on, or no longer."""
        brands = self._deltas.get(author)
        if brands is None:
            self._deltas[author] = {brand: {quarter: sign}}
            return
        quarters = brands.setdefault(brand, {})
        quarters[quarter] = quarters.get(quarter, 0) + sign

    def apply(self, cells: defaultdict[tuple[int, ...], int]) -> None:
        """Add the change to the cells (brand, kind of bucket, start)."""
        authors = {
            author for author, brands in self._deltas.items() if any(any(one.values()) for one in brands.values())
        }
        authors |= set(self._former)
        if not authors:
            return
        counts = dict(
            self._connection.execute(
                "SELECT id, followers FROM authors WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(sorted(authors)),),
            ).fetchall()
        )
        zone = read_zone(self._connection)
        waiting: list[_Asked] = []
        for author in authors:
            now = counts.get(author) or 0
            former = self._former.get(author, now) or 0
            if not now and not former:
                continue
            deltas: Mapping[int, Mapping[int, int]] = self._deltas.get(author, {})
            touched = [quarter for changes in deltas.values() for quarter, amount in changes.items() if amount]
            if former == now and not touched:
                continue  # the count went back and forth
            if self._newest is not None and author > self._newest:
                self._begin(deltas, now, zone, cells)
            else:
                # A week may begin before its month.
                since = min(cut_quarter(zone, min(touched)).starts) if former == now else _EVER
                waiting.append(_Asked(author, former, now, since))
        stored = self._stored(waiting)
        turns = [turn for asked in waiting for turn in self._turns(asked, stored[asked.author])]
        for turn, last in zip(turns, self._last_before(turns), strict=True):
            for quarters, followers in ((turn.before, -turn.asked.former), (turn.now, turn.asked.now)):
                for cell in _cells(quarters, last, zone):
                    cells[turn.brand, *cell] += followers

    def _stored(self, asked: Sequence[_Asked]) -> Mapping[int, Mapping[int, Mapping[int, int]]]:
        """Return for each author how many mentions count for each brand in each quarter since then."""
        found: dict[int, dict[int, dict[int, int]]] = {one.author: {} for one in asked}
        places = json.dumps([(one.author, one.since * QUARTER_SECONDS) for one in asked])
        for author, brand, quarter in self._connection.execute(_SINCE, (places, *self._skipped)):
            quarters = found[author].setdefault(brand, {})
            quarters[quarter] = quarters.get(quarter, 0) + 1
        return found

    def _turns(self, asked: _Asked, after: Mapping[int, Mapping[int, int]]) -> Iterator[_Turn]:
        """Yield what changes for one author, of whom `after` is stored."""
        is_same = asked.former == asked.now
        deltas: Mapping[int, Mapping[int, int]] = self._deltas.get(asked.author, {})
        for brand in deltas if is_same else {*deltas, *after}:
            changes, left = deltas.get(brand, _NONE), after.get(brand, _NONE)
            before = {quarter for quarter in (*left, *changes) if left.get(quarter, 0) > changes.get(quarter, 0)}
            if not is_same or before != left.keys():
                yield _Turn(asked, brand, before, left)

    def _last_before(self, turns: Sequence[_Turn]) -> list[int | None]:
        """Return for each turn the author's last quarter before it, where that tells when they were last seen."""
        places = [
            (turn.asked.author, turn.brand, turn.asked.since * QUARTER_SECONDS)
            for turn in turns
            if not (turn.before and turn.now)
        ]
        found = dict(self._connection.execute(_BEFORE, (json.dumps(places), *self._skipped)).fetchall())
        index = count()
        return [None if turn.before and turn.now else found[next(index)] for turn in turns]

    def _begin(
        self,
        deltas: Mapping[int, Mapping[int, int]],
        now: int,
        zone: str,
        cells: defaultdict[tuple[int, ...], int],
    ) -> None:
        """Add an author of whom nothing was stored before."""
        for brand, counted in deltas.items():
            for cell in _cells([quarter for quarter, amount in counted.items() if amount > 0], None, zone):
                cells[brand, *cell] += now


def _cells(quarters: Collection[int], last: int | None, zone: str) -> set[Cell]:
    """Return the cells an author is in who has mentions in these quarters, or had the last before them."""
    found: set[Cell] = set()
    for quarter in quarters:
        found.update(zip(REACH_STEPS, cut_quarter(zone, quarter).starts, strict=True))
    if quarters:
        last = max(quarters)
    if last is not None:
        found.add((REACH_LAST, cut_quarter(zone, last).starts[0]))
    return found
