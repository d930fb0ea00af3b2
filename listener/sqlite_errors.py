"""Turn what SQLite says into what a user can act on."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from listener.disk import may, on_one_disk, refused_locks, temporary_folder, who_may
from listener.errors import StoreBusyError, StoreError, StoreFullError, StoreReadOnlyError
from listener.interrupts import raise_heard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["BUSY", "translated"]

_FULL: Final = "SQLITE_FULL"
_FULL_OR_FAILS = {
    "SQLITE_IOERR",  # a virtual table does not hand on which part of the write failed
    "SQLITE_IOERR_WRITE",
    "SQLITE_IOERR_FSYNC",
    "SQLITE_IOERR_TRUNCATE",
    "SQLITE_IOERR_SHMSIZE",
}
"""What SQLite says of a quota, a limit or a disk of a network that is full, and as well of one that is broken."""
BUSY: Final = frozenset(
    ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_BUSY_SNAPSHOT", "SQLITE_BUSY_RECOVERY", "SQLITE_BUSY_TIMEOUT")
)
"""What SQLite calls it where another connection is in the way."""
_UNLOCKABLE = {
    "SQLITE_IOERR_LOCK",
    "SQLITE_IOERR_SHMLOCK",
    "SQLITE_IOERR_SHMOPEN",
    "SQLITE_IOERR_SHMMAP",
    "SQLITE_PROTOCOL",
}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors within the block into StoreError and its kinds.

    The message names the store and what to do about it. Where a signal ended a statement, what it raised is raised.
    """
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorname", None) == "SQLITE_INTERRUPT":
            raise_heard()
        if os.path.isdir(path):  # noqa: PTH112 - says no where it may not look, instead of raising
            msg = f"{path}: this is a folder; name a file in it"
            raise StoreError(msg) from None
        raise _translate(error, path) from error


def _translate(error: sqlite3.Error, path: Path) -> StoreError:
    name: str = getattr(error, "sqlite_errorname", None) or ""
    if name == _FULL or name in _FULL_OR_FAILS:
        return StoreFullError(f"{path}: {_what_is_full(path, is_sure=name == _FULL)}, nothing stored is lost")
    if name in BUSY | _UNLOCKABLE:
        return _lock_error(error, name, path)
    if name == "SQLITE_CANTOPEN" and path.is_file() and not may(path, os.R_OK):
        return StoreError(f"{path}: the store may not be read; {who_may(path)}")
    if name.startswith("SQLITE_READONLY") or (name == "SQLITE_CANTOPEN" and _is_refused(path)):
        return StoreReadOnlyError(f"{path}: the store may not be written; check the owner and mode of file and folder")
    if name in {"SQLITE_CANTOPEN", "SQLITE_IOERR_GETTEMPPATH"}:
        return StoreError(f"{path}: {_why_not_opened(path)}")
    if name in {"SQLITE_NOTADB", "SQLITE_CORRUPT"}:
        return StoreError(f"{path}: this file is damaged or not a store; restore a backup or name another file")
    return _other(error, name, path)


def _other(error: sqlite3.Error, name: str, path: Path) -> StoreError:
    """Say what SQLite says where nothing more is known of it; of a disk that fails, who knows more."""
    what = f"the disk fails ({error}); the log of the system says more" if name.startswith("SQLITE_IOERR") else error
    return StoreError(f"{path}: {what}")


def _what_is_full(path: Path, *, is_sure: bool) -> str:
    """Say which disk has no room, and what to do: the store's, or the one on which SQLite sorts and writes anew.

    Where it is not sure, the disk may fail for another reason.
    """
    import shutil  # noqa: PLC0415 - only where a disk is full: it loads what packs files

    folder = temporary_folder()
    if folder is not None and not on_one_disk(folder, path.parent):
        with suppress(OSError):
            if shutil.disk_usage(folder).free < shutil.disk_usage(path.parent).free:
                return (
                    f"the disk is full on which temporary files are kept, in {folder}; "
                    "free some space there, or name another folder with $TMPDIR, and run again"
                )
    return f"the disk is full{'' if is_sure else ', or fails'}; free some space and run again"


def _why_not_opened(path: Path) -> str:
    """Say what is missing where SQLite opens no file: the store's own, or one for what it sorts or writes anew."""
    import tempfile  # noqa: PLC0415 - only where a file was not opened

    if path.is_file():
        folder = temporary_folder()
        if folder is None:
            return "no folder for temporary files may be written; name one with $TMPDIR"
        try:
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            why = error.strerror or error
            return f"no temporary file can be made in {folder} ({why}); free some space there, or name another with $TMPDIR"
    return "the store cannot be opened; check that its folder exists and may be written"


def _lock_error(error: sqlite3.Error, name: str, path: Path) -> StoreError:
    if why := refused_locks(path.parent):
        return StoreError(f"{path}: {why}")
    if name in BUSY:
        return StoreBusyError(f"{path}: another process is writing for too long; run again when it is done")
    return _other(error, name, path)


def _is_refused(path: Path) -> bool:
    """Say whether the store stands where this process may not write: it needs a log beside it."""
    return path.is_file() and not (may(path, os.W_OK) and may(path.parent, os.W_OK))
