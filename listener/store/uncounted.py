"""Know which mentions an upgrade of the store has still to count and to index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.frozen import dataclass

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Uncounted", "read_uncounted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncounted:
    """Hold the numbers above `position` up to `until`: mentions that were stored before an upgrade.

    They are in no newer rollup and not in the full-text index until the upgrade
    comes to them; both are 0 where it is done.
    """

    position: int = 0
    until: int = 0

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.position < number <= self.until

    def __bool__(self) -> bool:
        return self.position < self.until


def read_uncounted(connection: sqlite3.Connection) -> Uncounted:
    """Return where an upgrade stands."""
    row = connection.execute("SELECT position, until FROM upgrade_progress").fetchone()
    return Uncounted() if row is None else Uncounted(position=row[0], until=row[1])
