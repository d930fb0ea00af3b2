"""The import that makes most of a store writes it anew at its end, where there is room and nobody waits for long."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import pytest

from listener.search import MentionFilter, Reader
from listener.store.compacting import compact
from servers.world import make_mention, open_store, store_mentions

if TYPE_CHECKING:
    from pathlib import Path

    from listener.store import Store

COMPACTING = "listener.store.compacting"


class Usage(NamedTuple):
    """Say how many bytes of a disk are free, as shutil does."""

    free: int


@pytest.fixture(autouse=True)
def of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{COMPACTING}._LEAST_IMPORTED", 0)


def fill(store: Store) -> None:
    """Store mentions, and leave empty pages behind."""
    store_mentions(store, [make_mention(number, f"Acme is good, says number {number}") for number in range(100)])
    store._connection.execute("CREATE TABLE filling (stuffing BLOB)")
    store._connection.execute("INSERT INTO filling VALUES (zeroblob(200000))")
    store._connection.execute("DROP TABLE filling")


def empty_pages(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA freelist_count").fetchone()[0])


def test_a_store_that_was_mostly_imported_is_written_anew_while_others_read(tmp_path: Path) -> None:
    with open_store(tmp_path) as store, Reader(store.path) as reader:
        fill(store)
        before = reader.mentions(MentionFilter(brand="Acme", limit=200))
        pages = store._connection.execute("PRAGMA page_count").fetchone()
        store.compact_import(50)
        assert reader.mentions(MentionFilter(brand="Acme", limit=200)) == before
        assert store._connection.execute("PRAGMA page_count").fetchone() < pages
        assert store.check() == []
    assert empty_pages(store.path) == 0


def test_a_store_that_held_more_before_stays_as_it_is(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        store.compact_import(49)
    assert empty_pages(store.path) > 40


def test_a_small_or_large_store_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        for least, most in ((1 << 30, 1 << 31), (0, 1 << 10)):
            monkeypatch.setattr(f"{COMPACTING}._LEAST_IMPORTED", least)
            monkeypatch.setattr(f"{COMPACTING}._MOST_IMPORTED", most)
            store.compact_import(100)
    assert empty_pages(store.path) > 40


def test_without_a_folder_for_temporary_files_an_import_ends_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        monkeypatch.setattr(f"{COMPACTING}.temporary_folder", lambda: None)
        store.compact_import(100)
        assert store.check() == []


def test_a_store_without_room_beside_it_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{COMPACTING}.shutil.disk_usage", lambda _: Usage(1_000))
    with open_store(tmp_path) as store:
        fill(store)
        store.compact_import(100)
    assert empty_pages(store.path) > 40


@pytest.mark.parametrize(("copies", "is_written_anew"), [(2.9, False), (3.1, True)])
def test_a_disk_that_holds_temporary_files_too_needs_room_for_three_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: float, is_written_anew: bool
) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        pages, free, size = (
            store._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        room = int(copies * (pages - free) * size)
        monkeypatch.setattr(f"{COMPACTING}.shutil.disk_usage", lambda _: Usage(room))
        monkeypatch.setattr(f"{COMPACTING}.temporary_folder", lambda: tmp_path)
        store.compact_import(100)
    assert (empty_pages(store.path) == 0) is is_written_anew


@pytest.mark.parametrize(
    ("beside", "there", "lack"),
    [
        (10.0, 0.9, "MB of room in {folder}; free some, or name another folder with $TMPDIR"),
        (1.9, 10.0, "MB of room on the disk; free some and try again"),
        (2.1, 1.1, None),
    ],
)
def test_it_is_said_which_disk_has_no_room_for_writing_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: float, there: float, lack: str | None
) -> None:
    folder = tmp_path / "other disk"
    with open_store(tmp_path) as store:
        fill(store)
        pages, free, size = (
            store._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
    room = {tmp_path: beside, folder: there}
    monkeypatch.setattr(f"{COMPACTING}.shutil.disk_usage", lambda one: Usage(int(room[one] * (pages - free) * size)))
    monkeypatch.setattr(f"{COMPACTING}.temporary_folder", lambda: folder)
    monkeypatch.setattr(f"{COMPACTING}.on_one_disk", lambda *_: False)
    is_done, said = compact(store.path)
    assert is_done is (lack is None)
    assert is_done or said.endswith(lack.format(folder=folder) if lack else "")


def test_a_store_that_another_writes_stays_as_it_is_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with open_store(tmp_path) as store, closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        fill(store)
        store._connection.execute("PRAGMA busy_timeout = 20")
        other.execute("BEGIN IMMEDIATE")
        store.compact_import(100)
        other.execute("ROLLBACK")
        assert store.check() == []
    assert empty_pages(store.path) > 40
    assert "store not written anew" in caplog.text
