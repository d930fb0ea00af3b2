"""What SQLite or the disk refuses is said in a sentence that names the store; nothing is half done, and the next try is."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import timedelta
from typing import IO, TYPE_CHECKING

import pytest

from listener import database, disk, sqlite_errors
from listener.daemon import InstanceLock
from listener.database import bound_log, open_reader, open_writer
from listener.disk import on_one_disk, temporary_folder
from listener.errors import (
    AlreadyRunningError,
    ListenerError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
)
from listener.sqlite_errors import translated
from listener.store import Store
from listener.store.copying import back_up
from servers.world import NOW, make_mention, open_store, store_mentions
from unmeasured import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


def mentions_in(store: Store) -> int:
    (count,) = store._connection.execute("SELECT count(*) FROM mentions").fetchone()
    return int(count)


def test_a_page_that_finds_the_disk_full_is_stored_whole_once_there_is_room(store: Store) -> None:
    page = [make_mention(number, f"Acme is good, says person {number}") for number in range(300)]
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    with pytest.raises(StoreFullError, match="the disk is full; free some space and run again, nothing stored is lost"):
        store_mentions(store, page)
    assert mentions_in(store) == 0
    assert store.check() == []

    store._connection.execute("PRAGMA max_page_count = 1000000")
    store_mentions(store, page)
    assert mentions_in(store) == 300
    assert store.check() == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SQLITE_FULL", "the disk is full; free some space and run again, nothing stored is lost"),
        ("SQLITE_IOERR_WRITE", "the disk is full, or fails; free some space and run again, nothing stored is lost"),
        ("SQLITE_IOERR_READ", "the disk fails (disk I/O error); the log of the system says more"),
        ("SQLITE_IOERR_SHMMAP", "the disk fails (disk I/O error); the log of the system says more"),
        ("SQLITE_ERROR", "disk I/O error"),
    ],
)
def test_a_disk_that_fails_is_not_called_full(tmp_path: Path, name: str, said: str) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = name
    with pytest.raises(StoreError) as caught, translated(tmp_path / "listener.db"):
        raise error
    assert str(caught.value) == f"{tmp_path / 'listener.db'}: {said}"


def test_a_source_that_was_new_in_a_change_that_failed_is_made_anew_with_the_next(store: Store) -> None:
    store._connection.execute(
        "CREATE TEMP TRIGGER no BEFORE INSERT ON source_states BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with pytest.raises(StoreError):
        store.reports.note_attempt("board", now=NOW)
    assert store._connection.execute("SELECT name FROM sources").fetchall() == []

    store._connection.execute("DROP TRIGGER no")
    store.reports.note_outcome("other", state="ok", message=None, retry_at=None, now=NOW)
    for _ in range(2):
        store.reports.note_outcome("board", state="auth", message="refused", retry_at=None, now=NOW)
    assert store.reports.failures("board") == 2
    assert store.reports.failures("other") == 0
    assert store.check() == []


def test_a_store_that_another_process_writes_for_too_long_says_so(store: Store) -> None:
    store._connection.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError, match="another process is writing for too long; run again when it is done"):
            store_mentions(store, [make_mention(1)])
        other.execute("ROLLBACK")
    store_mentions(store, [make_mention(1)])
    assert mentions_in(store) == 1


def test_signals_are_heard_while_another_process_writes(store: Store) -> None:
    store._connection.execute("PRAGMA busy_timeout = 5000")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        before = signal.signal(signal.SIGALRM, lambda *_: other.execute("ROLLBACK"))
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        try:
            store_mentions(store, [make_mention(1)])  # else it would wait to the end for what only the signal does
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    assert mentions_in(store) == 1
    assert store._connection.execute("PRAGMA busy_timeout").fetchone() == (5000,)


def test_a_file_system_that_grants_no_locks_is_told_from_another_process_that_writes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store._connection.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with monkeypatch.context() as network:
            network.setattr(fcntl, "lockf", refuse_locks)  # as NFS without its lock service: SQLite says "busy" of that
            with pytest.raises(
                StoreError, match=r"its file system grants no locks .*; keep the store on a disk of this"
            ):
                store_mentions(store, [make_mention(1)])
        with pytest.raises(StoreBusyError):
            store_mentions(store, [make_mention(1)])


def test_a_daemon_does_not_take_a_refused_lock_for_a_second_daemon(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as network:
        network.setattr(fcntl, "flock", refuse_locks)
        with pytest.raises(StoreError, match=r"listener\.db\.lock: its file system grants no locks"), locked(store):
            pass
    with locked(store), pytest.raises(AlreadyRunningError, match=f"pid {os.getpid()}"), locked(store):
        pass


def test_a_daemon_that_cannot_note_its_number_says_so_and_holds_no_lock(store: Store) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
        with pytest.raises(StoreError, match=r"listener\.db\.lock: cannot be written: File too large"), locked(store):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    with locked(store):
        pass


def test_a_daemon_that_cannot_take_its_number_back_ends_as_it_would(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with locked(store) as lock:
        assert lock._file is not None
        monkeypatch.setattr(lock, "_file", Failing(lock._file))
    with locked(store):
        pass


class Failing:
    """Stand in for a file on a disk that fails while it is open."""

    def __init__(self, file: IO[str]) -> None:
        self.close = file.close

    def truncate(self, _size: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_where_there_are_no_such_locks_a_daemon_serves_without_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with locked(store), locked(store):
        assert not store.path.with_name(store.path.name + ".lock").exists()


def refuse_locks(*_: object) -> None:
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


def locked(store: Store) -> InstanceLock:
    return InstanceLock(store.path)


def test_a_machine_without_a_folder_for_temporary_files_is_told_how_to_name_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "the store cannot be opened; check that its folder exists and may be written"
    for _ in range(2):
        with pytest.raises(StoreError) as caught, translated(store.path):
            sqlite3.connect(store.path.parent / "missing" / "file.db")
        assert str(caught.value) == f"{store.path}: {said}"
        monkeypatch.setattr(sqlite_errors, "temporary_folder", lambda: None)
        said = "no folder for temporary files may be written; name one with $TMPDIR"


def test_a_folder_in_which_no_temporary_file_can_be_made_is_named(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_more(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = store.path.parent
    monkeypatch.setattr(sqlite_errors, "temporary_folder", lambda: folder)
    full = f"no temporary file can be made in {folder} (No space left on device)"
    for said in (
        "the store cannot be opened; check that its folder exists and may be written",
        f"{full}; free some space there, or name another with $TMPDIR",
    ):
        with pytest.raises(StoreError) as caught, translated(store.path):
            sqlite3.connect(store.path.parent / "missing" / "file.db")
        assert str(caught.value) == f"{store.path}: {said}"
        monkeypatch.setattr(tempfile, "TemporaryFile", no_more)


@pytest.mark.skipif(os.name != "posix", reason="SQLite looks for it elsewhere there")
def test_the_folder_for_temporary_files_is_the_one_that_sqlite_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = tmp_path / "ours", tmp_path / "other"
    other.mkdir()
    monkeypatch.setattr(disk, "_TEMPORARY", (str(tmp_path / "missing"),))
    monkeypatch.setenv("SQLITE_TMPDIR", str(ours))
    monkeypatch.setenv("TMPDIR", str(other))
    assert temporary_folder() == other
    ours.mkdir()
    assert temporary_folder() == ours
    for name in ("SQLITE_TMPDIR", "TMPDIR"):
        monkeypatch.setenv(name, "/dev/null/x")
    assert temporary_folder() is None
    monkeypatch.setattr(disk, "_IS_POSIX", False)
    monkeypatch.setattr(tempfile, "tempdir", str(other))
    assert temporary_folder() == other

    def none_to_be_had() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none_to_be_had)
    assert temporary_folder() is None


def full(store: Store) -> str:
    """Return what is said of a store that has no room for another page."""
    store_mentions(store, [make_mention(1)])
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreFullError) as caught:
        store_mentions(store, [make_mention(number, "Acme " * 900) for number in range(2, 20)])
    return str(caught.value)


def test_it_is_said_where_temporary_files_have_no_room(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage, other = type(shutil.disk_usage(tmp_path)), tmp_path / "other"
    free = {other: 3, store.path.parent: 5}
    monkeypatch.setattr(sqlite_errors, "temporary_folder", lambda: other)
    monkeypatch.setattr(sqlite_errors, "on_one_disk", lambda *_: False)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(9, 9, free[folder]))
    assert full(store) == (
        f"{store.path}: the disk is full on which temporary files are kept, in {other}; free some space there, "
        "or name another folder with $TMPDIR, and run again, nothing stored is lost"
    )
    free[other] = 7
    assert full(store) == (f"{store.path}: the disk is full; free some space and run again, nothing stored is lost")


def test_folders_that_are_not_there_are_on_no_other_disk(tmp_path: Path) -> None:
    assert on_one_disk(tmp_path, tmp_path.parent)
    assert on_one_disk(tmp_path / "missing", tmp_path)


def test_a_store_that_may_only_be_read_says_who_to_ask(store: Store) -> None:
    store_mentions(store, [make_mention(1)])
    store._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreReadOnlyError, match="the store may not be written; check the owner and mode"):
        store_mentions(store, [make_mention(2)])
    store._connection.execute("PRAGMA query_only = OFF")
    assert mentions_in(store) == 1


def held(path: Path) -> sqlite3.Connection:
    """Return a connection that makes a new store at this moment."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=0)
    connection.execute("BEGIN EXCLUSIVE")
    return connection


def test_a_new_store_waits_a_moment_for_another_process_that_makes_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "listener.db"
    waits: list[float] = []
    monkeypatch.setattr(database, "WRITER_WAIT_SECONDS", 0.0)
    with closing(held(path)) as other:

        def other_is_done(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 2:
                other.execute("COMMIT")

        monkeypatch.setattr("listener.database.time.sleep", other_is_done)
        with closing(open_writer(path)) as opened:
            assert opened.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert len(waits) == 2


def test_a_new_store_that_another_process_never_finishes_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "listener.db"
    waits: list[float] = []
    monkeypatch.setattr(database, "WRITER_WAIT_SECONDS", 0.0)
    monkeypatch.setattr("listener.database.time.sleep", waits.append)
    with closing(held(path)), pytest.raises(StoreBusyError, match="another process is writing for too long"):
        open_writer(path)
    assert 0.5 < sum(waits) < 5


@pytest.mark.parametrize("table", ["photos", "mentions"])
@pytest.mark.parametrize("version", [0, 3, database.SCHEMA_VERSION, 99])
def test_the_database_of_another_program_is_neither_read_nor_changed(tmp_path: Path, version: int, table: str) -> None:
    path = tmp_path / "photos.db"
    with closing(sqlite3.connect(path)) as other:
        other.executescript(f"CREATE TABLE {table} (name TEXT); PRAGMA user_version = {version}")
    before = path.read_bytes()
    said = f"{path}: this is the database of another program, not a store; name another file"
    for touch in (Store, open_reader, lambda file: open_reader(file, any_version=True)):
        with pytest.raises(StoreError) as caught:
            touch(path)
        assert str(caught.value) == said
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("no/such/folder/listener.db", "the folder does not exist; create it or name another place"),
        ("file/listener.db", "the file cannot be opened: Not a directory"),
        ("n" * 300, "the file cannot be opened: File name too long"),
        (".", "this is a folder; name a file in it"),
    ],
    ids=["no folder", "a file as folder", "a long name", "a folder"],
)
def test_a_store_that_cannot_be_made_is_told_of_with_its_place(tmp_path: Path, place: str, said: str) -> None:
    (tmp_path / "file").write_text("a text", encoding="utf-8")
    with pytest.raises(StoreError) as caught:
        Store(tmp_path / place)
    assert str(caught.value) == f"{tmp_path / place}: {said}"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def copy_in_the_place_of(store: Store) -> bytes:
    """Put a copy into the place of a store that was written since; return the log of that one, which stays beside it."""
    path, copy = store.path, store.path.with_name("copy.db")
    store_mentions(store, [make_mention(number) for number in range(30)])
    back_up(path, copy)
    store_mentions(store, [make_mention(number, "Acme " * 300) for number in range(30, 90)])
    bound_log(store._connection, path, limit=0)
    store_mentions(store, [make_mention(number, "Acme " * 300) for number in range(90, 99)])
    log = path.with_name("listener.db-wal").read_bytes()
    store.close()
    copy.replace(path)
    path.with_name("listener.db-wal").write_bytes(log)
    return log


@pytest.mark.parametrize("touch", [Store, open_reader], ids=["to write", "to read"])
def test_a_copy_put_beside_the_log_of_another_store_is_left_as_it_is(
    tmp_path: Path, touch: Callable[[Path], object]
) -> None:
    with open_store(tmp_path) as store:
        log = copy_in_the_place_of(store)
    beside = store.path.with_name("listener.db-wal")
    before = store.path.read_bytes()
    for _ in range(2):
        with pytest.raises(StoreError) as caught:
            touch(store.path)
        assert str(caught.value) == (
            f"{store.path}: listener.db-wal belongs to another store, in whose place this copy was put; "
            "stop what uses the store, and remove listener.db-wal and listener.db-shm"
        )
    assert (store.path.read_bytes(), beside.read_bytes()) == (before, log)
    beside.unlink()
    with Store(store.path) as restored:
        assert (mentions_in(restored), restored.check()) == (30, [])
        store_mentions(restored, [make_mention(99)])
        with open_store(tmp_path) as again:  # now it has a log of its own
            assert mentions_in(again) == 31


@pytest.mark.parametrize("is_replaced", [True, False])
def test_a_store_that_is_replaced_or_taken_away_in_use_takes_no_more_pages(store: Store, is_replaced: bool) -> None:
    store_mentions(store, [make_mention(1)])
    if is_replaced:
        other = store.path.with_name("other.db")
        back_up(store.path, other)
        other.replace(store.path)
    else:
        store.path.unlink()
    for _ in range(2):
        with pytest.raises(StoreError) as caught:
            store_mentions(store, [make_mention(2)])
        assert str(caught.value) == (
            f"{store.path}: the store was replaced or taken away while it was in use; "
            "what was read last is not in the one that is there now: run again"
        )
    assert mentions_in(store) == 1


LOCKED = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)
"""
"""Ask for what SQLite keeps from others in a store it has open (its file format calls them the shared bytes)."""


def test_a_store_that_is_open_keeps_its_locks_when_it_is_opened_again(store: Store) -> None:
    store_mentions(store, [make_mention(1)])
    open_reader(store.path).close()
    open_writer(store.path).close()
    asked = subprocess.run(
        [sys.executable, "-c", LOCKED, str(store.path)], capture_output=True, text=True, check=False, env=environment()
    )
    assert "BlockingIOError" in asked.stderr


def test_a_file_of_something_else_is_no_store_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "listener.db"
    path.write_bytes(b"notes of a meeting\n" * 300)
    with pytest.raises(StoreError, match="this file is damaged or not a store; restore a backup or name another file"):
        Store(path)
    assert path.read_bytes() == b"notes of a meeting\n" * 300


def test_a_log_that_is_not_there_needs_no_bound(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store_mentions(store, [make_mention(1)])
        log = store.path.with_name("listener.db-wal")
        assert log.stat().st_size
        bound_log(store._connection, store.path, limit=0)
        assert log.stat().st_size == 0
        bound_log(store._connection, store.path.with_name("other.db"), limit=0)
        assert mentions_in(store) == 1


def test_a_failure_within_a_change_of_several_steps_takes_all_of_them_back(store: Store) -> None:
    store._connection.execute("CREATE TEMP TRIGGER no BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END")
    before = store._connection.execute("SELECT count(*) FROM alert_states").fetchone()
    with pytest.raises(ListenerError):
        store.reports.save_evaluation(
            "Acme", "spike", state="{}", evaluated_until=NOW, episodes=[episode()], destinations=["mail:team"], now=NOW
        )
    assert store._connection.execute("SELECT count(*) FROM alert_states").fetchone() == before
    assert store._connection.execute("SELECT count(*) FROM episodes").fetchone() == (0,)


def episode():
    from listener.store import EpisodeSave

    return EpisodeSave(
        key="Acme:spike:1", state="open", severity="warning", opened_at=NOW - timedelta(hours=1), updated_at=NOW,
        resolved_at=None, observed=9, expected=2, interval=(0, 5), surprise=3, peak=3, total=9, coverage=1,
        headline="9 mentions where 2 are usual", why="{}", news=("opened",),
    )  # fmt: skip
