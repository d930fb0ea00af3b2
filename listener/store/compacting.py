"""Write the store anew without its empty pages, where that pays and there is room.

Empty pages are filled before the file grows, so that nothing needs to be done
about them unless much was erased. Readers go on meanwhile, on the pages as they were.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import closing
from typing import TYPE_CHECKING, Final

from listener.database import open_writer, translated

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["compact"]

_PAYS_FROM: Final = 0.2
"""The share of empty pages from which on writing anew pays."""


def compact(path: Path) -> tuple[bool, str]:
    """Write the file anew; return whether that was done, and the sentence that says what it brought or why not.

    Needs room for two more copies: one that is made, one in the log. Writers wait
    for it, readers do not. A crash in the middle leaves the store as it was.
    """
    with closing(open_writer(path)) as connection, translated(path):
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        (page_size,) = connection.execute("PRAGMA page_size").fetchone()
        if free < _PAYS_FROM * pages:
            share = 100 * free / pages if pages else 0
            return (
                False,
                f"{share:.0f} % of the file is empty and will be filled; from {100 * _PAYS_FROM:.0f} % on it pays",
            )
        live = (pages - free) * page_size
        here, there = shutil.disk_usage(path.parent).free, shutil.disk_usage(tempfile.gettempdir()).free
        if here < 2 * live or there < live:
            return False, f"needs {3 * live / 1e6:.0f} MB of room on the disk; free some and try again"
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (after,) = connection.execute("PRAGMA page_count").fetchone()
    return True, f"{(pages - after) * page_size / 1e6:.1f} MB given back"
