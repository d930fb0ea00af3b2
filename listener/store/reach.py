"""Keep the reach of every bucket: the followers of its authors, each author once.

Who counts once in a day counts once in its week too, so the reach of a week is not
the sum of its days: hours, days, weeks and months are kept apart, cut in the time
zone the store is told. A span that is open towards now is answered by a fifth
kind of cell: authors by the hour of their last mention.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from listener.mention import Label
from listener.rollups import QUARTER_SECONDS, REACH_LAST, REACH_STEPS, cut_quarter, read_zone

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from listener.store.uncounted import Uncounted

__all__ = ["ReachChange"]

_WHERE: Final = f"""
FROM mentions CROSS JOIN matches ON matches.mention_id = mentions.id
WHERE mentions.author_id = ? AND matches.label <> {int(Label.IRRELEVANT)}
  AND NOT (mentions.id > ? AND mentions.id <= ?)
"""
_SINCE: Final = f"""
SELECT matches.brand_id, mentions.published_at / {QUARTER_SECONDS}, count(*) {_WHERE}
  AND mentions.published_at >= ? GROUP BY 1, 2
"""
_BEFORE: Final = f"""
SELECT mentions.published_at / {QUARTER_SECONDS} {_WHERE}
  AND matches.brand_id = ? AND mentions.published_at < ? ORDER BY mentions.published_at DESC LIMIT 1
"""
_EVER: Final = -(2**40)

Cell = tuple[int, int]
"""A kind of bucket and the quarter of an hour it starts with."""


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
        self._deltas: defaultdict[int, defaultdict[int, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))

    def add(self, author: int, brand: int, quarter: int, sign: int) -> None:
        """Note that a mention of an author counts for a brand from now on, or no longer."""
        self._deltas[author][brand][quarter] += sign

    def apply(self, cells: Counter[tuple[int, ...]]) -> None:
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
        for author in authors:
            now = counts.get(author) or 0
            former = self._former.get(author, now) or 0
            if now or former:
                self._change(author, former, now, zone, cells)

    def _change(self, author: int, former: int, now: int, zone: str, cells: Counter[tuple[int, ...]]) -> None:
        """Add what changes for one author."""
        deltas: Mapping[int, Counter[int]] = self._deltas.get(author, {})
        touched = [quarter for changes in deltas.values() for quarter, amount in changes.items() if amount]
        if former == now and not touched:
            return  # the count went back and forth
        if self._newest is not None and author > self._newest:
            self._begin(deltas, now, zone, cells)
            return
        # A week may begin before its month.
        since = min(cut_quarter(zone, min(touched)).starts) if former == now else _EVER
        after: defaultdict[int, Counter[int]] = defaultdict(Counter)
        for brand, quarter, count in self._connection.execute(
            _SINCE, (author, *self._skipped, since * QUARTER_SECONDS)
        ):
            after[brand][quarter] = count
        for brand in {*deltas, *after}:
            changes = deltas.get(brand, Counter())
            if former == now and not any(changes.values()):
                continue
            before = after[brand].copy()
            before.subtract(changes)
            for counted, followers in ((before, -former), (after[brand], now)):
                quarters = [quarter for quarter, count in counted.items() if count > 0]
                for cell in self._cells(author, brand, quarters, since, zone):
                    cells[brand, *cell] += followers

    def _begin(self, deltas: Mapping[int, Counter[int]], now: int, zone: str, cells: Counter[tuple[int, ...]]) -> None:
        """Add an author of whom nothing was stored before."""
        for brand, counted in deltas.items():
            quarters = [quarter for quarter, count in counted.items() if count > 0]
            found = {
                cell
                for quarter in quarters
                for cell in zip(REACH_STEPS, cut_quarter(zone, quarter).starts, strict=True)
            }
            if quarters:
                found.add((REACH_LAST, cut_quarter(zone, max(quarters)).starts[0]))
            for cell in found:
                cells[brand, *cell] += now

    def _cells(self, author: int, brand: int, quarters: list[int], since: int, zone: str) -> set[Cell]:
        """Return the cells an author is in who has mentions in these quarters and, before `since`, those stored."""
        found = {
            cell for quarter in quarters for cell in zip(REACH_STEPS, cut_quarter(zone, quarter).starts, strict=True)
        }
        if quarters:
            last = max(quarters)
        else:
            row = self._connection.execute(_BEFORE, (author, *self._skipped, brand, since * QUARTER_SECONDS)).fetchone()
            if row is None:
                return found
            last = row[0]
        return {*found, (REACH_LAST, cut_quarter(zone, last).starts[0])}
