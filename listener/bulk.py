"""Write and look up many rows with one statement.

What SQLite does to begin and end a statement costs about as much as a small row of
it: rows at once take two thirds of the processor time of a statement each (SQLite
3.40, rows of four and of thirteen numbers). All of it is done inside a transaction.
"""

from __future__ import annotations

import sqlite3
import sys
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Insert", "Question", "SparseInsert", "Upsert"]

_AT_ONCE: Final = 32
"""Rows of a statement that writes."""
_MANY: Final = 10 * _AT_ONCE
"""Rows from which on it pays to look which columns hold anything."""
_MOST_SHAPES: Final = 32
_ASKED_AT_ONCE: Final = 12
"""Rows of a statement that asks."""

if sys.version_info < (3, 12):
    # There the driver looks for a way to adapt each of these, and on the way makes an error that it drops.
    _absent: dict[None, None] = {}
    _as_it_is: Callable[[None], None] = _absent.get
    sqlite3.register_adapter(type(None), _as_it_is)
    sqlite3.register_adapter(bytes, bytes)


class Insert:
    """Insert whole rows into columns of a table; `otherwise` says what becomes of one that is there already.

    Where one cannot be stored, those before it stay, for the caller to roll back: so
    SQLite need not write down what each statement changes (sqlite.org/lang_conflict.html, FAIL).
    """

    def __init__(self, table: str, columns: tuple[str, ...], otherwise: str = "") -> None:
        self._width = len(columns)
        self._one, self._many = (
            f"INSERT OR FAIL INTO {table} ({', '.join(columns)}) VALUES {_marks(len(columns), rows)} {otherwise}"  # noqa: S608 - names in the code
            for rows in (1, _AT_ONCE)
        )

    def write(self, connection: sqlite3.Connection, rows: Sequence[Sequence[object]]) -> None:
        """Write rows of which no two have the same keys; least is done where they come in the order of the keys."""
        whole = len(rows) - len(rows) % _AT_ONCE
        if whole:
            values = list(chain.from_iterable(rows[:whole]))
            step = self._width * _AT_ONCE
            connection.executemany(self._many, [values[at : at + step] for at in range(0, len(values), step)])
        connection.executemany(self._one, rows[whole:])


class SparseInsert(Insert):
    """Insert rows of many columns of which most hold nothing: of many rows, those with nothing in all are left out.

    What SQLite and the driver do for each value that is NULL is a fiftieth of a row of thirty columns.
    """

    def __init__(self, table: str, columns: tuple[str, ...], otherwise: str = "") -> None:
        super().__init__(table, columns, otherwise)
        self._said = (table, columns, otherwise)
        self._narrower: dict[tuple[str, ...], Insert] = {}

    def write(self, connection: sqlite3.Connection, rows: Sequence[Sequence[object]]) -> None:
        """Write rows as `Insert` does."""
        if len(rows) < _MANY:
            super().write(connection, rows)
            return
        table, columns, otherwise = self._said
        held = [
            (name, values)
            for name, values in zip(columns, zip(*rows, strict=True), strict=True)
            if _is_any_held(values)
        ]
        names = tuple([name for name, _ in held])
        if names not in self._narrower:
            if len(self._narrower) >= _MOST_SHAPES:
                self._narrower.clear()
            self._narrower[names] = Insert(table, names, otherwise)
        self._narrower[names].write(connection, [*zip(*[values for _, values in held], strict=True)])


def _is_any_held(values: tuple[object, ...]) -> bool:
    """Say whether any of these is something."""
    return values.count(None) < len(values)


class Upsert(Insert):
    """Add figures to the rows of a table, which are made where there are none of their keys.

    `set_to` makes of a figure's name what it becomes where the row is there; with
    `excluded.` before it, the name stands for what is written.
    """

    def __init__(
        self, table: str, keys: tuple[str, ...], figures: tuple[str, ...], set_to: str = "{0} + excluded.{0}"
    ) -> None:
        sets = ", ".join(f"{name} = {set_to.format(name)}" for name in figures)
        super().__init__(table, (*keys, *figures), f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sets}")


class Question:
    """Ask about many rows: `sql` finds them in a table `asked` with these columns, in the order they are given.

    It must find nothing where they are null; marks in it are filled with what is
    asked of all rows.
    """

    def __init__(self, columns: tuple[str, ...], sql: str) -> None:
        self._width = len(columns)
        self._sql = f"WITH asked ({', '.join(columns)}) AS (VALUES {_marks(self._width, _ASKED_AT_ONCE)}) {sql}"

    def ask(
        self, connection: sqlite3.Connection, rows: Sequence[tuple[object, ...]], *of_all: object
    ) -> list[tuple[Any, ...]]:
        """Return what is found for these rows."""
        found: list[tuple[Any, ...]] = []
        for at in range(0, len(rows), _ASKED_AT_ONCE):
            values = list(chain.from_iterable(rows[at : at + _ASKED_AT_ONCE]))
            values += [None] * (self._width * _ASKED_AT_ONCE - len(values))
            found += connection.execute(self._sql, (*values, *of_all))
        return found


def _marks(width: int, rows: int) -> str:
    row = f"({', '.join('?' * width)})"
    return ", ".join([row] * rows)
