"""What an erasure could not finish, or another process did meanwhile, is gone from the files in the end."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from keeping.erasing import WORDS, rows, traces
from listener.errors import StoreBusyError, StoreError
from listener.store import Erasure, Retention, Store
from servers.world import NOW


def test_what_another_program_deleted_without_overwriting_it_goes_too(filled: Store) -> None:
    with closing(sqlite3.connect(filled.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("CREATE TABLE other AS SELECT printf('%s %9000d', 'zyxother', 1) AS note")
        connection.execute("DROP TABLE other")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert traces(filled.path.parent, "zyxother")
    filled.erasure.forget_mention(1, now=NOW)
    assert traces(filled.path.parent, "zyxother") == []


def test_a_reader_in_mid_answer_delays_the_emptying_of_the_log_until_the_next_purge(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.database.WRITER_WAIT_SECONDS", 0.05)
    with closing(sqlite3.connect(f"{filled.path.as_uri()}?mode=ro", uri=True)) as reader, Store(filled.path) as store:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM mentions").fetchone()
        with pytest.raises(StoreBusyError, match="a reader still holds"):
            store.erasure.forget_mention(1, now=NOW)
        assert store.erasure.is_unfinished()
    assert filled.erasure.purge(Retention(by_source={}), now=NOW) == Erasure()
    assert not filled.erasure.is_unfinished()
    assert traces(filled.path.parent, *WORDS) == []


@pytest.mark.parametrize("when", ["PRAGMA wal_checkpoint", "DELETE FROM unfinished_erasures"])
def test_what_another_process_erases_while_the_file_is_written_anew_leaves_it_too_in_the_end(
    filled: Store, when: str
) -> None:
    begun: list[str] = []

    def happen(statement: str) -> None:
        """Erase in another process what the first one does not: once the file was written anew, before that is noted."""
        if statement.startswith("VACUUM") or begun:
            begun.append(statement)
        is_next = statement.startswith("BEGIN") if when.startswith("DELETE") else statement.startswith(when)
        if begun and begun[-1] != "done" and is_next:
            begun.append("done")
            with Store(filled.path) as others:
                others.erasure.erase([1], now=NOW)

    filled._connection.set_trace_callback(happen)
    filled.erasure.forget_mention(3, now=NOW)
    filled._connection.set_trace_callback(None)
    assert "done" in begun
    assert filled.erasure.is_unfinished()
    assert traces(filled.path.parent, *WORDS)
    filled.erasure.purge(Retention(by_source={}), now=NOW)
    assert traces(filled.path.parent, *WORDS) == []
    assert not filled.erasure.is_unfinished()


def test_an_erasure_that_is_cut_off_between_two_batches_leaves_no_repost_behind(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.store.erasure._BATCH", 1)
    filled._connection.execute(
        "CREATE TEMP TRIGGER no BEFORE UPDATE OF purged_at ON mentions "
        "WHEN EXISTS (SELECT 1 FROM mentions WHERE purged_at IS NOT NULL) BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with pytest.raises(StoreError):
        filled.erasure.forget_author("x", "zyxhandle", now=NOW)
    assert rows(filled, "SELECT count(*) FROM mentions WHERE purged_at IS NOT NULL") == [(1,)]
    filled._connection.execute("DROP TRIGGER no")
    filled.erasure.forget_author("x", "zyxhandle", now=NOW)
    assert traces(filled.path.parent, *WORDS) == []
