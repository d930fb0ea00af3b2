"""Know which mentions are still to be counted and indexed after an upgrade of the store, or a change of its zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.frozen import dataclass

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Uncounted", "read_uncounted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncounted:
    """Hold the numbers above `position` up to `until`: mentions that are still in no rollup cut in the store's zone.

    Nor are they in the full-text index, unless it `is_indexed`. Both are 0 where
    nothing is to be done.
    """

    position: int = 0
    until: int = 0
    is_indexed: bool = True

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.position < number <= self.until

    def __bool__(self) -> bool:
        return self.position < self.until


def read_uncounted(connection: sqlite3.Connection) -> Uncounted:
    """Return how far the counting stands."""
    row = connection.execute("SELECT position, until, is_indexed FROM upgrade_progress").fetchone()
    return Uncounted() if row is None else Uncounted(position=row[0], until=row[1], is_indexed=bool(row[2]))
