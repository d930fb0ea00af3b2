"""Copy a store that is in use into one file that is whole."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final

from listener.database import STORE_TABLES, interruptible, open_reader
from listener.errors import StoreError, UsageError
from listener.parts import clear_folder, clear_parts, name_part, put_part, refusal
from listener.sqlite_errors import translated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["COPIED", "back_up", "clear_unfinished"]

COPIED: Final = "waited when this copy of the store was made"
"""What a copy says of messages that were still to be sent: the store itself sends them, unless the copy takes its place."""
_PAGES: Final = 2_048
"""Pages copied at a time: 8 MB, between two reports of progress."""
_BESIDE: Final = ("", "-wal", "-shm", "-journal", ".lock")
"""Endings of the files that belong to a store."""
_UNFINISHED: Final = ("-wal", "-journal")
"""Endings of the files from which SQLite would write into the store beside them."""


def back_up(
    database: Path, file: Path, *, replace: bool = False, on_progress: Callable[[int, int], None] | None = None
) -> int:
    """Copy a store into a file of its own (mode 0600), as it is at one instant; return its bytes.

    Others may write meanwhile: the copy is of the instant at which it began. The
    file is there once it is whole and examined, or not at all. `on_progress` is
    told the pages copied and those there are. Only an empty file or a store of this
    program is replaced. Raises UsageError where the file is there already and is not
    to be replaced, StoreError where the copy fails.
    """
    try:
        _examine_target(database, file, replace=replace)
        clear_folder(file.parent, beside=_BESIDE[1:])
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise _unwritable(file, error) from None
    part = name_part(file)
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _copy(database, part, file, on_progress)
        put_part(part, file)
    except OSError as error:
        raise _unwritable(file, error) from None
    finally:
        for ending in reversed(_BESIDE):  # the part last: by it the others are found
            with suppress(OSError):
                part.with_name(part.name + ending).unlink()
    return file.stat().st_size


def clear_unfinished(copy: Path) -> None:
    """Take away what killed processes left of a copy that is to stand in this place, or stands there already."""
    clear_parts(copy, beside=_BESIDE[1:])


def _unwritable(file: Path, error: OSError) -> StoreError:
    return StoreError(refusal(file, error))


def _examine_target(database: Path, file: Path, *, replace: bool) -> None:
    if file.is_dir():
        msg = f"{file} is a folder; name a file in it"
        raise UsageError(msg)
    store = os.path.realpath(database)
    if os.path.realpath(file) in {store + ending for ending in _BESIDE}:
        msg = f"{file} belongs to the store itself; name another file for the copy"
        raise UsageError(msg)
    is_taken = os.path.lexists(file)  # also by a link to nothing, which the copy would put out
    if is_taken and not replace:
        msg = f"{file} exists already; name another file, or replace it with --force"
        raise UsageError(msg)
    for ending in _UNFINISHED:
        beside = file.with_name(file.name + ending)
        if beside.exists() and beside.stat().st_size:
            msg = f"{beside} belongs to a store that is in use or was not closed, and would spoil the copy; name another file"
            raise UsageError(msg)
    if is_taken and not _is_replaceable(file):
        msg = f"{file} is neither empty nor a store of this program, and is left as it is; name another file"
        raise UsageError(msg)


def _is_replaceable(file: Path) -> bool:
    """Say whether a file is empty, or an earlier copy or other store of this program, of any version.

    It is read as it stands: no lock, no log beside it.
    """
    if not file.is_file():
        return False
    if not file.stat().st_size:
        return True
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    except sqlite3.Error:  # no database, a damaged one, or one that may not be read
        return False
    return version > 0 and tables.issuperset(STORE_TABLES)


def _copy(database: Path, part: Path, file: Path, on_progress: Callable[[int, int], None] | None) -> None:
    with closing(open_reader(database, any_version=True)) as source, closing(_open(part)) as copy:
        with translated(database):
            # Reading in one transaction holds the instant: else each commit of a writer would start the copy anew.
            source.execute("BEGIN")
            (version,) = source.execute("PRAGMA user_version").fetchone()
            source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        with translated(file):
            source.backup(copy, pages=_PAGES, progress=lambda _, left, total: _tell(on_progress, left, total))
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, with no log beside it
            copy.execute("UPDATE outbox SET last_error = ? WHERE state = 'pending'", (COPIED,))
            problems = [row[0] for row in copy.execute("PRAGMA quick_check(1)") if row[0] != "ok"]
            (copied,) = copy.execute("PRAGMA user_version").fetchone()
    if problems or copied != version:
        found = " ".join("; ".join(problems).split()) or "version"  # SQLite tells of them in several lines
        msg = f'{file}: the copy is damaged ({found}); "listener doctor" examines the store'
        raise StoreError(msg)


def _open(part: Path) -> sqlite3.Connection:
    return interruptible(sqlite3.connect(part, isolation_level=None))


def _tell(on_progress: Callable[[int, int], None] | None, left: int, total: int) -> None:
    if on_progress is not None:
        on_progress(total - left, total)
