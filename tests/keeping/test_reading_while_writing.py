"""Readers wait for nobody while a process writes, and the log beside the store stays bounded."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bounds import FOR_EVER, MINUTE, within_a_minute
from listener import database
from listener.database import bound_log, open_reader
from listener.search import MentionFilter, Reader, Span
from listener.store import Store
from servers.world import NOW, make_mention, open_store, store_mentions

WRITER = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from servers.world import make_mention, open_store, store_mentions
with open_store(Path(sys.argv[1])) as store:
    for page in range(30):
        store_mentions(store, [make_mention(50 * page + n, f"Acme lid {n} is good") for n in range(1, 51)])
        print(page, flush=True)
"""


def ask(path: Path) -> int:
    """Ask what people ask; return how many mentions there are."""
    with Reader(path) as reader:
        reader._connection.execute("PRAGMA busy_timeout = 0")  # to wait at all would be an error
        span = Span(since=NOW.replace(day=1), until=NOW, by="day", zone=ZoneInfo("UTC"), now=NOW)
        total = reader.trend(["Acme"], span, {"Acme": ["x"]}).totals[0].mentions or 0
        assert len(reader.mentions(MentionFilter(text="lid", limit=20))) == min(20, total)
        reader.top("hashtags", "Acme", NOW.replace(day=1), NOW)
        return total


def test_a_reader_never_waits_for_a_writing_process_and_sees_whole_pages(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    folders = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]
    seen = set()
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path), *folders], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "0\n"
        while writer.poll() is None:
            seen.add(ask(tmp_path / "listener.db"))
        assert writer.wait(timeout=60) == 0
    assert all(total % 50 == 0 for total in seen)
    assert len(seen) > 1
    assert ask(tmp_path / "listener.db") == 1500


QUESTIONS: dict[str, Callable[[Reader, Span], object]] = {
    "trend": lambda reader, span: reader.trend(["Acme", "Globex"], span, {}),
    "totals": lambda reader, span: reader.totals(["Acme", "Globex"], span, {}),
    "share": lambda reader, span: reader.share({"Acme": "own", "Globex": "competitor"}, span, {}),
}


@pytest.mark.parametrize("ask_both", QUESTIONS.values(), ids=QUESTIONS)
def test_figures_of_two_brands_are_of_one_state_of_the_store_though_a_page_comes_between(
    store: Store, ask_both: Callable[[Reader, Span], object]
) -> None:
    store_mentions(store, [make_mention(1, "Acme and Globex are good")])
    asked = Span(since=NOW - timedelta(days=2), until=NOW, by="day", zone=ZoneInfo("UTC"), now=NOW)
    lines: list[str] = []

    def write_between(line: str) -> None:
        lines.extend([line] if "Globex" in line else [])
        if lines == [line]:
            store_mentions(store, [make_mention(2, "Acme and Globex are bad")])

    with Reader(store.path) as reader:
        before = ask_both(reader, asked)
        reader._connection.set_trace_callback(write_between)
        assert ask_both(reader, asked) == before
        reader._connection.set_trace_callback(None)
        assert ask_both(reader, asked) != before


def test_readers_one_after_the_other_do_not_let_the_log_grow_for_ever(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.store.writer.bound_log", lambda one, path: bound_log(one, path, limit=2**20))
    monkeypatch.setattr(database, "_LOG_PATIENCE_MS", int(1000 * MINUTE))  # readers end soon, but not by the clock
    log = store.path.with_name(store.path.name + "-wal")
    stop = threading.Event()
    threads = [threading.Thread(target=keep_reading, args=(store.path, stop)) for _ in range(2)]
    for thread in threads:
        thread.start()
    largest = 0
    for page in range(25):
        words = " ".join(f"word{page}x{n}" for n in range(400))
        store_mentions(store, [make_mention(20 * page + n, f"Acme {words} {n}") for n in range(1, 21)])
        largest = max(largest, log.stat().st_size)
    stop.set()
    for thread in threads:
        thread.join(timeout=30)
    assert largest < 5 * 2**19  # four to five megabytes where nobody waits for readers


def keep_reading(path: Path, stop: threading.Event) -> None:
    """Hold one snapshot after the other, half of the time: of two that do, one mostly reads."""
    while not stop.is_set():
        with closing(open_reader(path)) as connection:
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM mentions").fetchone()
            stop.wait(0.005)
        stop.wait(0.005)


def test_a_reader_that_holds_an_old_page_does_not_hold_a_writer_up(store: Store) -> None:
    store_mentions(store, [make_mention(1)])
    with closing(sqlite3.connect(f"{store.path.as_uri()}?mode=ro", uri=True)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM mentions").fetchone()
        store_mentions(store, [make_mention(2)])
        store._connection.execute(f"PRAGMA busy_timeout = {int(1000 * FOR_EVER)}")  # as long as for another writer
        with within_a_minute():
            bound_log(store._connection, store.path, limit=0)
        store_mentions(store, [make_mention(3)])
    bound_log(store._connection, store.path, limit=0)
    assert store.path.with_name(store.path.name + "-wal").stat().st_size == 0
