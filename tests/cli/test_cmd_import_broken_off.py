"""Imports that are killed, stopped, lose a worker or meet damage: they go on where they were, and the store is the same."""

from __future__ import annotations

import gzip
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, suppress
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from listener.interchange import raw_lines
from listener.pipeline.workers import judge_ahead
from mention_lines import NOW, content, jsonl, lines_of
from servers.dying import judge_until_half_an_answer
from servers.world import make_judge

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Place


KILLED = """
import os, signal, sys
from listener.cli.main import run
from listener.pipeline import importing, workers
workers._MOST_ITEMS = 300
whole = importing.import_mentions
def until_killed(*arguments, **named):
    named["on_chunk"] = lambda report: os.kill(os.getpid(), signal.SIGKILL) if report.lines >= 600 else None
    return whole(*arguments, **named)
importing.import_mentions = until_killed
run(sys.argv[1:])
"""


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listener.pipeline.workers._MOST_ITEMS", 300)


def undisturbed(place: Place, rows: list[dict[str, object]], file: Path) -> dict[str, list[tuple[object, ...]]]:
    file.write_bytes(jsonl(rows))
    assert place.run("import", str(file), "--workers", "0").code == 0
    found = content(place.database)
    place.database.unlink()
    return found


def judge_all(one: object) -> object:
    return (one.mention, one.matches)  # type: ignore[attr-defined]  # scored or not


def whole_lines(packed: Path) -> int:
    """Return how many lines of a packed file can be read whole."""
    count = 0
    with suppress(EOFError), gzip.open(packed) as stream:
        for _ in stream:
            count += 1
    return count


@pytest.mark.usefixtures("small_chunks")
def test_an_import_that_is_killed_goes_on_near_where_it_was_and_gives_the_same_store(place: Place) -> None:
    file = place.folder / "all.jsonl"
    right = undisturbed(place, lines_of(990), file)
    command = ["import", str(file), "--workers", "0", "--config", str(place.config_file), "--now", NOW.isoformat()]
    killed = subprocess.run([sys.executable, "-c", KILLED, *command], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert len(content(place.database)["mentions"]) == 600
    again = place.run(*command[:4])
    assert again.code == 0
    assert "went on after the first 600 lines" in again.err
    assert "390 mentions read: 390 new" in again.err
    assert content(place.database) == right
    assert "990 mentions read: 0 new" in place.run(*command[:4]).err  # nothing is left of it


@pytest.mark.usefixtures("small_chunks")
def test_an_import_that_goes_on_still_tells_by_its_exit_code_of_lines_that_could_not_be_read_before(
    place: Place,
) -> None:
    file = place.folder / "all.jsonl"
    rows = lines_of(630)
    del rows[7]["source"]
    file.write_bytes(jsonl(rows))
    command = ["import", str(file), "--workers", "0", "--config", str(place.config_file), "--now", NOW.isoformat()]
    killed = subprocess.run([sys.executable, "-c", KILLED, *command], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    again = place.run(*command[:4])
    assert again.code == 3
    assert "went on after the first 600 lines, stored before; 1 of them could not be read\n" in again.err
    assert "0 lines could not be read" in again.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_import_that_is_stopped_says_so_with_its_exit_code(
    place: Place, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    pipe = tmp_path / "endless.jsonl"
    os.mkfifo(pipe)
    lines = jsonl(lines_of(1_200))

    def write() -> None:
        with suppress(BrokenPipeError), pipe.open("wb") as out:
            out.write(lines)
            os.kill(os.getpid(), number)
            for _ in range(80):  # or until the reader goes away
                out.write(lines)

    writer = threading.Thread(target=write)
    writer.start()
    answer = place.run("import", str(pipe), "--workers", "0")
    writer.join()

    assert answer.code == code
    assert answer.err.endswith("stopped; run it again to go on\n")


@pytest.mark.usefixtures("small_chunks")
def test_workers_give_the_same_store(place: Place) -> None:
    file = place.folder / "all.jsonl"
    right = undisturbed(place, lines_of(990), file)
    assert place.run("import", str(file), "--workers", "1").code == 0
    assert content(place.database) == right


@pytest.mark.usefixtures("small_chunks")
def test_a_worker_that_dies_costs_time_and_nothing_else(place: Place) -> None:
    items = list(raw_lines(BytesIO(jsonl(lines_of(750)))))
    judge = make_judge()
    alone = [
        (count, bad, [judge_all(one) for one in looked]) for count, bad, looked in judge_ahead(items, judge, now=NOW)
    ]
    broken = judge_ahead(items, judge, now=NOW, workers=1, make=partial(os._exit, 1))  # type: ignore[arg-type]
    assert [(count, bad, [judge_all(one) for one in looked]) for count, bad, looked in broken] == alone
    assert [count for count, _, _ in alone] == [300, 300, 150]


def test_a_worker_killed_while_it_answers_holds_nobody_up(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    items = list(raw_lines(BytesIO(jsonl(lines_of(7_500)))))
    judge = make_judge()
    alone = [[one.mention for one in looked] for _, _, looked in judge_ahead(items, judge, now=NOW)]
    disturbed = judge_ahead(items, judge, now=NOW, workers=2, make=judge_until_half_an_answer)
    assert [[one.mention for one in looked] for _, _, looked in disturbed] == alone
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == len(set(told)) == 2
    assert all("what it had in hand is done here" in line for line in told)


KILLS_A_WORKER = """
import os, signal, sys
from multiprocessing import active_children
from listener.cli.main import run
from listener.pipeline import importing
whole = importing.import_mentions
def disturb(report):
    if report.lines == 2000:
        os.kill(active_children()[0].pid, signal.SIGKILL)
    if report.lines == KILLED_AT:
        os.kill(os.getpid(), signal.SIGKILL)
importing.import_mentions = lambda *arguments, **named: whole(*arguments, **named | {"on_chunk": disturb})
if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.measured
@pytest.mark.slow
@pytest.mark.parametrize("killed_at", [0, 5_000])
def test_an_import_with_a_killed_worker_gives_the_same_store_and_goes_on_if_it_is_killed_too(
    place: Place, killed_at: int
) -> None:
    file, script = place.folder / "all.jsonl", place.folder / "disturbed.py"
    right = undisturbed(place, lines_of(6_500), file)
    script.write_text(KILLS_A_WORKER.replace("KILLED_AT", str(killed_at)), encoding="utf-8")
    command = ["import", str(file), "--workers", "2", "--config", str(place.config_file), "--now", NOW.isoformat()]
    ran = subprocess.run([sys.executable, str(script), *command], check=False, capture_output=True, timeout=600)
    assert ran.stderr.count(b"ended; what it had in hand is done here") <= 1  # none where it had nothing in hand
    assert b"Traceback" not in ran.stderr
    if killed_at:
        assert ran.returncode == -signal.SIGKILL
        again = place.run(*command[:4])
        assert again.code == 0
        assert "went on after the first 5000 lines" in again.err
    else:
        assert ran.returncode == 0
        assert b"6500 mentions read: 6500 new" in ran.stderr
    assert content(place.database) == right


def test_packed_files_are_read_and_damaged_ones_told_of(place: Place) -> None:
    data = jsonl(lines_of(50))
    packed = place.folder / "some.jsonl.gz"
    packed.write_bytes(gzip.compress(data))
    assert "50 new" in place.run("import", str(packed)).err
    packed.write_bytes(gzip.compress(data)[:-300])
    damaged = place.run("import", str(packed))
    assert damaged.code == 1
    assert "is damaged or not gzip" in damaged.err


@pytest.mark.parametrize("workers", ["0", "1"])
def test_what_stands_before_the_damage_of_a_file_is_stored(place: Place, workers: str) -> None:
    noise = random.Random(1)
    rows = [{**row, "extra": {"noise": noise.randbytes(300).hex()}} for row in lines_of(1_500)]
    packed = place.folder / "some.jsonl.gz"
    packed.write_bytes(gzip.compress(jsonl(rows))[:-100_000])
    whole = whole_lines(packed)
    assert 1_000 < whole < 1_400
    for told in (f"{whole} mentions read: {whole} new", f"went on after the first {whole} lines"):
        damaged = place.run("import", str(packed), "--workers", workers)
        assert damaged.code == 1
        assert told in damaged.err
        assert damaged.err.endswith("what was read before is stored\n")
    assert len(content(place.database)["mentions"]) == whole
    packed.write_bytes(gzip.compress(jsonl(rows)))
    assert f"{1_500 - whole} new, 0 changed, {whole} known" in place.run("import", str(packed), "--workers", "0").err


def test_a_damaged_file_is_not_noted_as_complete(place: Place) -> None:
    packed = place.folder / "some.jsonl.gz"
    packed.write_bytes(gzip.compress(jsonl(lines_of(200)))[:-40])
    assert place.run("import", str(packed), "--complete").code == 1
    with closing(sqlite3.connect(place.database)) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM mentions").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM windows").fetchone() == (0,)
