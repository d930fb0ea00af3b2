"""A signal ends a command soon also while SQLite is at one statement, where Python hears nothing, and the store stays whole."""

from __future__ import annotations

import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from cli.loaded import run_loaded
from listener import database
from listener.database import open_reader, open_writer
from listener.interrupts import hear_signals

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from conftest import Place

WITHIN_A_STATEMENT = """
import os, signal, sqlite3, sys

number, words, times = int(sys.argv.pop(1)), sys.argv.pop(1), int(sys.argv.pop(1))
signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)  # whoever started this
from listener import database
from listener.cli.main import main

database.LOOK_EVERY = 1

signals = iter([number] * times)

def end(statement):
    for each in signals if words in statement else ():
        os.kill(os.getpid(), each)

def watched(*args, **options):
    connection = connect(*args, **options)
    connection.set_trace_callback(end)  # what a signal raises in there is lost within SQLite
    return connection

connect, sqlite3.connect = sqlite3.connect, watched
main()
"""


@pytest.fixture
def no_ears() -> Iterator[None]:
    yield
    hear_signals(None)


def ended(
    filled: Place, number: signal.Signals, words: str, *command: str, times: int = 1, script: str = WITHIN_A_STATEMENT
) -> subprocess.CompletedProcess[str]:
    """Send a command a signal so many times while SQLite is at the first statement that holds these words."""
    return run_loaded(script, str(number.value), words, str(times), *command, folder=filled.folder)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("top", "Acme", "--of", "authors"), "FROM matches"),
        (("trend", "Acme", "--language", "en"), "SELECT"),
        (("check",), "quick_check"),
        (("backup", "copy.db"), "quick_check"),
        (("export", "--output", "all.jsonl"), "FROM mentions"),
        (("doctor", "--rebuild"), "DELETE FROM rollup_day"),
        (("doctor",), "integrity_check"),
        (("doctor",), "FROM rollup_quarter"),
    ],
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_command_within_a_statement(
    filled: Place, command: tuple[str, ...], words: str, number: signal.Signals
) -> None:
    before = {one.name for one in filled.folder.iterdir()}

    done = ended(filled, number, words, *command)

    assert done.returncode == 128 + number, done.stderr
    assert done.stderr.strip() == ("stopped" if number == signal.SIGINT else "")
    assert {one.name for one in filled.folder.iterdir()} <= before | {"listener.db-wal", "listener.db-shm"}
    with filled.store() as store:
        assert store.check() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_within_a_statement_what_the_first_would_bring_to_its_end(
    filled: Place, number: signal.Signals
) -> None:
    first = ended(filled, number, "FROM mentions", "rescore")
    assert first.returncode == 128 + number, first.stderr
    assert "run it again to go on there" in first.stderr

    second = ended(filled, number, "FROM mentions", "rescore", times=2)
    assert second.returncode == 128 + number, second.stderr
    assert "run it again" not in second.stderr
    assert "Error" not in second.stderr
    with filled.store() as store:
        assert store.check() == []


@pytest.mark.parametrize("command", [("rescore",), ("rematch",), ("import", "one.jsonl"), ("collect",)])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_what_another_process_keeps_from_writing(
    filled: Place, command: tuple[str, ...], number: signal.Signals
) -> None:
    line = '{"source": "x", "id": "1", "text": "Acme is fine", "published_at": "2026-11-20T07:00:00Z"}\n'
    (filled.folder / "one.jsonl").write_text(line)
    impatient = "from listener import service\nservice._PATIENCE_SECONDS = 0.5\nmain()"
    script = WITHIN_A_STATEMENT.replace("\nmain()", f"\n{impatient}")
    with closing(sqlite3.connect(filled.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        done = ended(filled, number, "BEGIN IMMEDIATE", *command, script=script)
        assert time.monotonic() - began < database.WRITER_WAIT_SECONDS
        other.execute("ROLLBACK")
    assert (done.returncode, done.stderr) == (128 + number, "")
    assert filled.run(*command).code in {0, 3}  # nothing is left of it


RELEASE = """
import threading
other = sqlite3.connect("listener.db", isolation_level=None, check_same_thread=False)
other.execute("BEGIN IMMEDIATE")
free = threading.Timer(1.0, other.execute, ("ROLLBACK",))

def end(statement):
    if words in statement and free.ident is None:
        free.start()
"""


def test_what_waits_for_a_page_of_another_process_is_stored_after_a_signal(filled: Place) -> None:
    script = WITHIN_A_STATEMENT.replace("\ndef end(statement):\n", RELEASE)
    done = ended(filled, signal.SIGINT, "BEGIN IMMEDIATE", "rescore", script=script)
    assert done.returncode == 130, done.stderr
    assert "run it again to go on there" in done.stderr


def test_only_the_thread_that_handles_signals_asks_for_them(
    filled: Place, monkeypatch: pytest.MonkeyPatch, no_ears: None
) -> None:
    monkeypatch.setattr(database, "LOOK_EVERY", 1)
    asked: list[None] = []
    hear_signals(lambda: asked.append(None))

    def read() -> None:
        for open_store in (open_reader, open_writer):
            open_store(filled.database).execute("SELECT count(*) FROM mentions, mentions").fetchone()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(read).result()
    assert not asked
    read()
    assert asked
