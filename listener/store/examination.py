"""Prove that a store is whole, and that every count in it equals what its rows give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.database import snapshot
from listener.rollups import CHECKED, find_differences
from listener.store.recount import count_brands, find_recount_differences

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

__all__ = ["examine"]

_BEFORE_COUNTS: Final = 2


def examine(connection: sqlite3.Connection, on_progress: Callable[[int, int], None] | None = None) -> list[str]:
    """Return what is wrong with a store, one line each; empty where all is right.

    Others may write meanwhile: all counts are looked at as they are at one instant.
    `on_progress` is told how many steps are done, and how many there are: pages,
    references, each table of counts, each brand.
    """
    steps, done = _BEFORE_COUNTS + CHECKED + count_brands(connection), 0

    def step() -> None:
        nonlocal done
        done += 1
        if on_progress is not None:
            on_progress(min(done, steps), steps)

    lines = [str(row[0]) for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
    step()
    lines += [
        f"{row[0]} row {row[1]} points to a missing row of {row[2]}"
        for row in connection.execute("PRAGMA foreign_key_check")
    ]
    step()
    with snapshot(connection):
        lines += find_differences(connection, step)
        return lines + find_recount_differences(connection, step)
