"""Open the store's file, begin and end transactions, and keep the log beside it short.

A writer waits for other writers, a reader waits for nobody: the store is in
write-ahead-log mode. SQL itself stands in the modules that own the tables.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from listener.disk import file_of, is_there, may, open_private
from listener.errors import StoreError, StoreReadOnlyError, StoreVersionError
from listener.interrupts import hearing, raise_heard, raise_kept_waiting
from listener.sqlite_errors import BUSY, translated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "LOG_BYTES",
    "LOOK_EVERY",
    "SCHEMA_VERSION",
    "STORE_TABLES",
    "WRITER_WAIT_SECONDS",
    "bound_log",
    "interruptible",
    "open_reader",
    "open_writer",
    "refuse_others",
    "snapshot",
    "sqlite_problems",
    "sqlite_version",
    "write_transaction",
]

SCHEMA_VERSION: Final = 14
"""The version of the tables this program reads and writes (PRAGMA user_version)."""

WRITER_WAIT_SECONDS: Final = 30.0
"""How long a writer waits for another one; transactions are one page long, so a wait this long means trouble."""

_DEAF_MS: Final = 200
"""How long a wait for another writer may take before signals are heard."""

LOOK_EVERY: Final = 100_000
"""Steps of SQLite's machine, some milliseconds, after which it is asked whether to stop."""

LOG_BYTES: Final = 32 * 2**20
"""How large the log beside the store may become before a writer sees to it that it begins anew."""

_LOG_PATIENCE_MS: Final = 50
"""How long a writer waits for readers of old pages then; else the next page tries again."""

_OLDEST_SQLITE: Final = (3, 37, 0)
"""The first version with STRICT tables (sqlite.org/stricttables.html, seen 2026-11)."""

_LOG_TRIES, _LOG_PAUSE_SECONDS = 50, 0.02
"""How often and how long apart a new store is asked for its log while another process makes the same store."""

STORE_TABLES: Final = ("brands", "matches", "mentions", "queries", "windows")
"""By these a store of any version is known; each has had them."""
_COUNT_TABLES: Final = (
    f"SELECT count(*), count(CASE WHEN name IN {STORE_TABLES} THEN 1 END) FROM sqlite_schema WHERE type = 'table'"  # noqa: S608
)

_MAGIC, _WITHOUT_LOG = b"SQLite format 3\0", b"\1\1"
_seen: set[tuple[int, int]] = set()
"""Files that this process has looked into, by device and number."""
_looking: Final = threading.Lock()


class _Writer(sqlite3.Connection):
    """Know which file is open, by device and number."""

    file: tuple[int, int] | None = None


def _refuse_replaced(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StoreError where the file that is open has lost its name: what is written into it is gone with it."""
    if isinstance(connection, _Writer) and connection.file != file_of(path):
        msg = (
            f"{path}: the store was replaced or taken away while it was in use; "
            "what was read last is not in the one that is there now: run again"
        )
        raise StoreError(msg)


def open_writer(path: Path) -> sqlite3.Connection:
    """Open the store for writing, creating the file (mode 0600) where there is none.

    The connection is in autocommit mode: transactions are begun explicitly. The
    tables are not made here (see `listener.schema`). Raises StoreError where the file
    is the database of another program: not even its mode is changed.
    """
    with translated(path):
        _create_private(path)
        _refuse_log_of_another(path)
        connection = sqlite3.connect(
            path, timeout=WRITER_WAIT_SECONDS, isolation_level=None, check_same_thread=False, factory=_Writer
        )
        try:
            _keep_log(connection, path)
            connection.file = file_of(path)
            # NORMAL in WAL mode loses no consistency on a crash, at worst the last
            # commits on a power cut, which are then simply fetched again.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
        except (sqlite3.Error, StoreError):
            connection.close()
            raise
        return interruptible(connection)


def _refuse_log_of_another(path: Path) -> None:
    """Raise StoreError where the log beside a store is that of another one, into whose place a copy was put.

    SQLite would write its pages into the copy. A store has been in write-ahead-log
    mode since before it had a log, and a copy is not (https://sqlite.org/fileformat.html, bytes 18
    and 19, seen 2026-11-23). A file is looked into once, before this process has it open: closing it later
    would take away the locks of SQLite (https://sqlite.org/howtocorrupt.html, 2.2, seen 2026-11-23).
    """
    with _looking, suppress(OSError):
        key = file_of(path)
        log = path.with_name(path.name + "-wal")
        if key is None or key in _seen:
            return
        if log.exists() and log.stat().st_size:
            with path.open("rb") as file:
                head = file.read(20)
            if head.startswith(_MAGIC) and head[18:] == _WITHOUT_LOG:
                msg = (
                    f"{path}: {log.name} belongs to another store, in whose place this copy was put; "
                    f"stop what uses the store, and remove {log.name} and {path.name}-shm"
                )
                raise StoreError(msg)
        _seen.add(key)


def refuse_others(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StoreError where a file holds tables, and those of a store are not among them."""
    tables, ours = connection.execute(_COUNT_TABLES).fetchone()
    if tables and ours < len(STORE_TABLES):
        msg = f"{path}: this is the database of another program, not a store; name another file"
        raise StoreError(msg)


def _keep_log(connection: sqlite3.Connection, path: Path) -> None:
    """Put the store into write-ahead-log mode, where it stays; the database of another program is left as it is.

    SQLite does not wait where two connections do this to a new file at once: one
    is refused, and finds it done when it asks again.
    """
    for _ in range(_LOG_TRIES):
        try:
            refuse_others(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname not in BUSY:
                raise
            time.sleep(_LOG_PAUSE_SECONDS)
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")


def open_reader(path: Path, *, any_version: bool = False) -> sqlite3.Connection:
    """Open an existing store for reading only.

    Raises StoreError where there is no store, or the database of another program, StoreVersionError
    where its tables are of another version, unless `any_version` will do.
    """
    if not is_there(path):
        msg = f'{path}: there is no store yet; "listener collect" or "listener import" makes one'
        raise StoreError(msg)
    _refuse_log_of_another(path)
    with translated(path):
        try:
            connection, version = _connect_reader(path, "mode=ro")
        except sqlite3.OperationalError as error:
            if not _is_for_want_of_a_log(error, path):
                raise
            connection, version = _connect_reader(path, "immutable=1")
    try:
        with translated(path):
            refuse_others(connection, path)
        if version != SCHEMA_VERSION and not (any_version and version):
            raise StoreVersionError(version_message(path, version))
    except StoreError:
        connection.close()
        raise
    return interruptible(connection)


def interruptible(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Let a signal end what a connection is at, as `listener.interrupts` says, and return the connection."""
    if hearing() is not None:
        connection.set_progress_handler(raise_heard, LOOK_EVERY)
    return connection


def sqlite_version() -> str:
    """Return the version of the SQLite library in use."""
    return sqlite3.sqlite_version


def sqlite_problems() -> list[str]:
    """Return what this SQLite cannot do and the store needs, one sentence each; empty where all is there."""
    problems = []
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        needed = ".".join(map(str, _OLDEST_SQLITE))
        problems.append(f"version {sqlite3.sqlite_version} is too old; {needed} or later is needed")
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE probe USING fts5 (text)")
    except sqlite3.Error:
        problems.append("it was built without full-text search (FTS5); use a Python whose SQLite has it")
    finally:
        connection.close()
    return problems


def _connect_reader(path: Path, how: str) -> tuple[sqlite3.Connection, int]:
    """Return a connection that only reads, and the store's version."""
    uri = f"{path.absolute().as_uri()}?{how}"
    connection = sqlite3.connect(uri, uri=True, timeout=5.0, isolation_level=None, check_same_thread=False)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection, version


def _is_for_want_of_a_log(error: sqlite3.Error, path: Path) -> bool:
    """Say whether only the log beside the store could not be made: a store at rest is whole without it.

    In a folder that may not be written SQLite can make no log, and opens no store
    in write-ahead-log mode (https://sqlite.org/wal.html#readonly, seen 2026-11-22).
    Raises StoreReadOnlyError where there is a log that was not taken in: the
    store without it would give old numbers.
    """
    name: str = getattr(error, "sqlite_errorname", None) or ""
    if (name != "SQLITE_CANTOPEN" and not name.startswith("SQLITE_READONLY")) or not may(path, os.R_OK):
        return False
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        msg = (
            f"{path}: its newest pages stand in {log.name}, which cannot be read where the folder may not be written; "
            "copy both files to a folder of your own"
        )
        raise StoreReadOnlyError(msg) from error
    return True


def version_message(path: Path, version: int) -> str:
    """Say what to do about a store of another version."""
    if version > SCHEMA_VERSION:
        return f"{path}: made by a newer version of this program (store version {version}); upgrade the program"
    if version == 0:
        return f'{path}: this file holds no store yet; "listener collect" or "listener import" makes one'
    return f'{path}: store version {version} is older than {SCHEMA_VERSION}; "listener doctor --migrate" brings it up'


def _begin(connection: sqlite3.Connection) -> None:
    """Begin to write, after others for as long as the connection is patient, in short waits: within one no signal is heard."""
    (patience_ms,) = connection.execute("PRAGMA busy_timeout").fetchone()
    until = time.monotonic() + patience_ms / 1000
    connection.execute(f"PRAGMA busy_timeout = {min(patience_ms, _DEAF_MS)}")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname not in BUSY or time.monotonic() >= until:
                    raise
                raise_kept_waiting()
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience_ms}")


@contextmanager
def write_transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Run the block as one transaction: all of it is stored or nothing is."""
    with translated(path):
        try:
            _begin(connection)
            yield
            _refuse_replaced(connection, path)
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        try:
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Read all of the block from the store as it is now: what others write meanwhile is not seen, and nobody waits.

    So figures of several statements fit together, and the store is opened for reading once, not by each of them.
    """
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("COMMIT")


def bound_log(connection: sqlite3.Connection, path: Path, *, limit: int = LOG_BYTES) -> None:
    """Let the log beside the store begin anew where it is longer than `limit`.

    SQLite writes the log back by itself as pages come, but goes on at its end for as
    long as any reader still needs an old page. Here a writer waits a moment for
    those; readers that come meanwhile read the store and wait for nobody
    (https://sqlite.org/wal.html#avoiding_excessively_large_wal_files, seen 2026-11-22).
    """
    try:
        if path.with_name(path.name + "-wal").stat().st_size <= limit:
            return
    except FileNotFoundError:
        return
    with translated(path):
        connection.execute(f"PRAGMA busy_timeout = {_LOG_PATIENCE_MS}")
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(1000 * WRITER_WAIT_SECONDS)}")


def _create_private(path: Path) -> None:
    """Create an empty file that only its owner can read, where there is none."""
    if not is_there(path):
        os.close(open_private(path))
