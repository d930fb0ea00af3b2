"""Count and index what is already stored, a batch a transaction: after an upgrade, or a change of zone.

Others read and write meanwhile; a crash loses nothing, since how far it is stands
in the same transaction as the batch. While something is left to be done, readers
count what they are asked for from the rows.
"""

from __future__ import annotations

import glob
import logging
from typing import TYPE_CHECKING, Final

from listener.database import SCHEMA_VERSION, write_transaction
from listener.logs import event
from listener.rollups import read_zone, rebuild_local
from listener.sqlite_errors import translated
from listener.store.copying import back_up, clear_unfinished
from listener.store.faces import Faces, read_faces
from listener.store.rewording import read_former_words, reword
from listener.store.uncounted import Uncounted, read_uncounted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["change_zone", "finish_upgrade", "keep_former"]

logger = logging.getLogger(__name__)

_BATCH: Final = 1_000
"""Mentions in a transaction: other writers wait for no more than one."""


def change_zone(connection: sqlite3.Connection, zone: str) -> None:
    """Cut days in another time zone from now on, inside the caller's transaction; nothing where they are already.

    What is stored is then to be counted anew: see `finish_upgrade`.
    """
    left = read_uncounted(connection)
    if zone == read_zone(connection) or (left and not left.is_indexed):
        return  # an upgrade under way comes first; the next start changes the zone
    connection.execute("UPDATE rollup_zone SET zone = ?", (zone,))
    rebuild_local(connection)
    for table in ("rollup_scores", "rollup_reach", "rollup_values"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names are the three above
    connection.execute("DELETE FROM upgrade_progress")
    begun = connection.execute(
        "INSERT INTO upgrade_progress (id, position, until, is_indexed) "
        "SELECT 1, 0, max(id), 1 FROM mentions HAVING count(*) > 0"
    )
    if begun.rowcount > 0:
        event(logger, "days are counted anew in another time zone", zone=zone)


def keep_former(connection: sqlite3.Connection, path: Path) -> None:
    """Copy a store with mentions that is about to be upgraded into a file beside it, unless that is there already.

    What killed processes left of such copies is taken away, also where another has upgraded the store meanwhile.
    """
    for unfinished in path.parent.glob(f".{glob.escape(path.name)}.version-*.part"):
        clear_unfinished(path.with_name(".".join(unfinished.name.split(".")[1:-2])))
    with translated(path):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if not 0 < version < SCHEMA_VERSION:
            return
        if connection.execute("SELECT 1 FROM mentions LIMIT 1").fetchone() is None:
            return
    copy = path.with_name(f"{path.name}.version-{version}")
    if not copy.exists():
        back_up(path, copy)
        event(logger, "store copied before its upgrade", copy=copy.name, version=version)


def finish_upgrade(
    connection: sqlite3.Connection, path: Path, on_progress: Callable[[int, int], None] | None = None
) -> None:
    """Go on until every mention is counted and indexed; `on_progress` is told how far that is, and how far it goes.

    That is in numbers of mentions.
    """
    with translated(path):
        whole = read_uncounted(connection).until + len(read_former_words(connection))
    while _is_left(connection, path):
        with write_transaction(connection, path):
            left = read_uncounted(connection)
            former = range(0) if left else read_former_words(connection)
            if left:
                done = _count(connection, left)
            elif former:
                done = whole - (former.stop - 1 - reword(connection, former))
        if on_progress is not None and (left or former):
            on_progress(done, max(whole, done))


def _is_left(connection: sqlite3.Connection, path: Path) -> bool:
    with translated(path):
        return bool(read_uncounted(connection) or read_former_words(connection))


def _count(connection: sqlite3.Connection, left: Uncounted) -> int:
    """Count the next mentions; return the last of them."""
    end = min(left.position + _BATCH, left.until)
    connection.execute("UPDATE upgrade_progress SET position = ?", (end,))
    rest = Uncounted(position=end, until=left.until, is_indexed=left.is_indexed)
    faces = read_faces(connection, "> ? AND {} <= ?", (left.position, end))
    Faces(connection, rest).add(faces)
    if end == left.until:
        connection.execute("DELETE FROM upgrade_progress")
        if not left.is_indexed:  # the ninth version added days up with SQLite's division, which is another before 1970
            rebuild_local(connection)
    return end
