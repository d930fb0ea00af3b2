"""`backup` copies a store in use into one whole file that can take its place."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from listener.errors import StoreError
from listener.parts import name_part
from listener.schema import MIGRATIONS
from listener.store import Store
from listener.store.copying import back_up
from servers.world import make_mention, open_store, store_mentions

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Place


def count_mentions(file: Path) -> int:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM mentions").fetchone()[0])


def test_the_copy_is_one_private_file_that_reads_like_the_store(filled: Place) -> None:
    file = filled.folder / "copy.db"
    answer = filled.run("backup", str(file), now=None)
    assert (answer.code, answer.out) == (0, "")
    assert f"{file}: " in answer.err
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in filled.folder.iterdir() if "copy" in one.name] == ["copy.db"]
    shown = filled.run("mentions", "--format", "json")
    assert filled.run("mentions", "--format", "json", "--database", str(file)) == shown


def test_a_restored_store_goes_on_where_the_copy_was_made(filled: Place) -> None:
    file = filled.folder / "copy.db"
    filled.run("backup", str(file), now=None)
    before = filled.run("trend", "Acme", "--since", "6d", "--format", "json").out
    filled.fill(days=2, a_day=9, text="Acme came later")
    assert filled.run("trend", "Acme", "--since", "6d", "--format", "json").out != before

    for ending in ("-wal", "-shm"):
        filled.database.with_name(filled.database.name + ending).unlink(missing_ok=True)
    shutil.copy(file, filled.database)
    assert filled.run("trend", "Acme", "--since", "6d", "--format", "json").out == before
    with Store(filled.database) as store:
        assert store.check() == []
    filled.fill(days=1, a_day=1, text="Acme goes on")
    assert count_mentions(filled.database) == 21


def test_a_copy_goes_into_a_file_alone(filled: Place) -> None:
    answer = filled.run("backup", "-", now=None)
    assert answer.code == 2
    assert "goes into a file, not to stdout" in answer.err
    assert not (filled.folder / "-").exists()


def test_an_earlier_copy_is_replaced_only_with_force(filled: Place) -> None:
    file = filled.folder / "copy.db"
    assert filled.run("backup", str(file), now=None).code == 0
    filled.fill(days=1, a_day=1, text="Acme goes on")
    answer = filled.run("backup", str(file), now=None)
    assert answer.code == 2
    assert "--force" in answer.err
    assert count_mentions(file) == 20
    file.chmod(0o644)
    assert filled.run("backup", "--force", str(file), now=None).code == 0
    assert count_mentions(file) == 21
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_empty_file_is_replaced_with_force(filled: Place) -> None:
    file = filled.folder / "copy.db"
    file.touch()
    assert filled.run("backup", "--force", str(file), now=None).code == 0
    assert count_mentions(file) == 20


def write_other_database(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE mentions (id INTEGER PRIMARY KEY)")
        connection.execute("PRAGMA user_version = 11")
        connection.commit()


@pytest.mark.parametrize(
    "write",
    [
        lambda file: file.write_bytes(b"precious"),
        lambda file: file.write_bytes(b"SQLite format 3\0" + b"precious" * 500),
        write_other_database,
    ],
    ids=["text", "damaged", "another program's"],
)
def test_a_file_of_something_else_is_never_replaced(filled: Place, write: Callable[[Path], object]) -> None:
    file = filled.folder / "copy.db"
    write(file)
    before = file.read_bytes()
    answer = filled.run("backup", "--force", str(file), now=None)
    assert answer.code == 2
    assert f"{file} is neither empty nor a store of this program" in answer.err
    assert answer.err.count("\n") == 1
    assert file.read_bytes() == before
    assert [one.name for one in filled.folder.iterdir() if "copy" in one.name] == ["copy.db"]


def test_a_device_is_never_replaced(filled: Place) -> None:
    fifo = filled.folder / "copy.db"
    os.mkfifo(fifo)
    assert filled.run("backup", "--force", str(fifo), now=None).code == 2
    assert fifo.is_fifo()


@pytest.mark.parametrize("ending", ["-wal", "-journal"])
def test_no_copy_takes_a_place_where_the_log_of_another_store_would_be_written_into_it(
    filled: Place, ending: str
) -> None:
    beside = filled.folder / f"copy.db{ending}"
    beside.write_bytes(b"pages")
    answer = filled.run("backup", "--force", str(filled.folder / "copy.db"), now=None)
    assert answer.code == 2
    assert str(beside) in answer.err
    assert not (filled.folder / "copy.db").exists()


@pytest.mark.parametrize("name", ["listener.db", "listener.db-wal", "listener.db-shm", "listener.db.lock"])
def test_the_store_is_no_place_for_its_own_copy(filled: Place, name: str) -> None:
    answer = filled.run("backup", "--force", str(filled.folder / name), now=None)
    assert answer.code == 2
    assert "belongs to the store itself" in answer.err
    assert count_mentions(filled.database) == 20


def test_a_copy_that_cannot_be_made_says_why_and_leaves_nothing(place: Place) -> None:
    assert place.run("backup", "copy.db", now=None).code == 1
    place.fill()
    for target, words in ((place.folder, "is a folder"), (place.folder / "none" / "copy.db", "cannot be written")):
        answer = place.run("backup", str(target), now=None)
        assert (answer.code != 0, words in answer.err) == (True, True)
    place.database.write_bytes(b"no store" * 1000)
    assert place.run("backup", "copy.db", now=None).code == 1
    assert not [one for one in place.folder.iterdir() if "copy" in one.name]


def test_a_damaged_store_makes_no_copy(filled: Place) -> None:
    with Store(filled.database) as store:
        store.close()
    with filled.database.open("r+b") as file:
        file.seek(4096 * 2)
        file.write(b"\xff" * 4096 * 8)
    assert filled.run("backup", "copy.db", now=None).code == 1
    assert not (filled.folder / "copy.db").exists()


def test_a_store_of_an_older_version_is_copied_as_it_is(tmp_path: Path) -> None:
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

    database, file = tmp_path / "old.db", tmp_path / "copy.db"
    migrations = Migrations("listener")
    migrations(name=MIGRATIONS[0][0])(MIGRATIONS[0][1])
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        migrations.apply(Database(connection))
    back_up(database, file)
    back_up(database, file, replace=True)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_an_empty_file_is_no_store_to_copy(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreError, match="no store"):
        back_up(tmp_path / "empty.db", tmp_path / "copy.db")


def test_a_copy_made_while_others_write_is_of_one_instant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listener.store.copying._PAGES", 8)
    with open_store(tmp_path) as store:
        store_mentions(store, [make_mention(number, "Acme is good " * 200) for number in range(1, 400)])
    is_done, rounds, copies = threading.Event(), 0, tmp_path / "copies"
    copies.mkdir()
    written: list[int] = []

    def write() -> None:
        number = 1_000
        with Store(tmp_path / "listener.db") as store:
            while not is_done.is_set():
                batch = [make_mention(number + one, f"Acme is so bad, {number + one}") for one in range(10)]
                store_mentions(store, batch)
                number += 10
                written.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while rounds < 3 or len(written) < 10:
            seen: list[tuple[int, int]] = []
            back_up(
                tmp_path / "listener.db",
                copies / f"{rounds}.db",
                on_progress=lambda done, total, seen=seen: seen.append((done, total)),  # type: ignore[misc]
            )
            assert seen[-1][0] == seen[-1][1] > 0
            assert len(seen) > 10
            rounds += 1
    finally:
        is_done.set()
        writer.join()
    for file in copies.iterdir():
        with Store(file) as copy:
            assert copy.check() == []
        assert (count_mentions(file) - 399) % 10 == 0
    assert count_mentions(tmp_path / "listener.db") == 399 + 10 * len(written)


def test_what_a_killed_backup_of_another_day_left_goes_with_the_next(filled: Place) -> None:
    living = name_part(filled.folder / "copy-2026-11-19.db")
    killed = living.with_name(living.name.replace(f".{os.getpid()}-", f".{2**30}-"))
    others = [filled.folder / ".copy.part", filled.folder / f"{killed.name}.txt"]
    for file in (living, killed, *others, filled.folder / f"{killed.name}-journal"):
        file.write_bytes(b"half")
    assert filled.run("backup", str(filled.folder / "copy-2026-11-20.db"), now=None).code == 0
    left = {one.name for one in filled.folder.iterdir() if ".part" in one.name}
    assert left == {living.name, *(one.name for one in others)}
