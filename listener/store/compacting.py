"""Write the store anew without its empty pages, where that pays and there is room.

Empty pages are filled before the file grows, so that nothing needs to be done
about them unless much was erased. After the import that made most of a store, pages
are half full here and there: writing them anew saves a twentieth. Readers go on
meanwhile, on the pages as they were.
"""

from __future__ import annotations

import logging
import shutil
from contextlib import closing
from typing import TYPE_CHECKING, Final

from listener.database import bound_log, open_writer
from listener.disk import on_one_disk, temporary_folder
from listener.errors import StoreError
from listener.logs import event
from listener.sqlite_errors import translated

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

__all__ = ["compact", "compact_import"]

logger = logging.getLogger(__name__)

_PAYS_FROM: Final = 0.2
"""The share of empty pages from which on writing anew pays."""
_LEAST_IMPORTED: Final = 16 << 20
_MOST_IMPORTED: Final = 1 << 30
"""Bytes of the store between which an import writes it anew: others would wait too long for a larger one."""


def compact(path: Path) -> tuple[bool, str]:
    """Write the file anew; return whether that was done, and the sentence that says what it brought or why not.

    Needs room for two more copies: one that is made, one in the log. Writers wait
    for it, readers do not. A crash in the middle leaves the store as it was.
    """
    with closing(open_writer(path)) as connection, translated(path):
        pages, free, page_size = _pages(connection)
        if free < _PAYS_FROM * pages:
            share = 100 * free / pages if pages else 0
            return (
                False,
                f"{share:.0f} % of the file is empty and will be filled; from {100 * _PAYS_FROM:.0f} % on it pays",
            )
        live = (pages - free) * page_size
        if lack := _lack_of_room(path, live):
            return False, lack
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        after, _, _ = _pages(connection)
    return True, f"{(pages - after) * page_size / 1e6:.1f} MB given back"


def compact_import(connection: sqlite3.Connection, path: Path, stored: int) -> None:
    """Write the file anew where an import has just `stored` at least half of its mentions, and it is not too large.

    Where there is no room, or others write for too long, it stays as it is.
    """
    with translated(path):
        pages, free, page_size = _pages(connection)
        live = (pages - free) * page_size
        if not _LEAST_IMPORTED <= live <= _MOST_IMPORTED:
            return
        (mentions,) = connection.execute("SELECT count(*) FROM mentions").fetchone()
    if 2 * stored < mentions or _lack_of_room(path, live):
        return
    try:
        with translated(path):
            connection.execute("VACUUM")
    except StoreError as error:
        event(logger, "store not written anew", level=logging.WARNING, reason=str(error))
    else:
        bound_log(connection, path, limit=0)


def _pages(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """Return how many pages the file has, how many of them are empty, and their size in bytes."""
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return pages, free, size


def _lack_of_room(path: Path, live: int) -> str | None:
    """Say where room is missing for a copy in the log, one among the temporary files, and one to spare; None where there is.

    Temporary files may be on the same disk. Where there is no folder for them SQLite says so.
    """
    folder, needed = temporary_folder(), 2 * live
    if folder is not None and on_one_disk(folder, path.parent):
        needed += live
    elif folder is not None and shutil.disk_usage(folder).free < live:
        return f"needs {live / 1e6:.0f} MB of room in {folder}; free some, or name another folder with $TMPDIR"
    if shutil.disk_usage(path.parent).free < needed:
        return f"needs {needed / 1e6:.0f} MB of room on the disk; free some and try again"
    return None
