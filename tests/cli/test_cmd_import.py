"""Importing files: packed, resumed, with workers; whatever happens, the store is the same."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from listener.interchange import raw_lines
from listener.pipeline.workers import judge_ahead
from servers.dying import judge_until_half_an_answer
from servers.world import make_judge

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Place

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
TABLES = (
    "mentions",
    "matches",
    "story_keys",
    "story_firsts",
    "rollup_quarter",
    "rollup_day",
    "rollup_values",
    "authors",
)


def lines_of(count: int) -> list[dict[str, object]]:
    return [
        {
            "source": "x", "id": str(number), "text": f"Acme lid {number % 37} is {('good', 'bad')[number % 2]} today",
            "published_at": (NOW - timedelta(minutes=number)).isoformat(), "author": {"handle": f"ada{number % 50}"},
        }
        for number in range(count)
    ]  # fmt: skip


def jsonl(rows: list[dict[str, object]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def content(database: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(database)) as connection:
        return {table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr) for table in TABLES}  # noqa: S608 - names of this file


KILLED = """
import os, signal, sys
from listener.cli.main import run
from listener.pipeline import importing
whole = importing.import_mentions
def until_killed(*arguments, **named):
    named["on_chunk"] = lambda report: os.kill(os.getpid(), signal.SIGKILL) if report.lines >= 2000 else None
    return whole(*arguments, **named)
importing.import_mentions = until_killed
run(sys.argv[1:])
"""


def undisturbed(place: Place, rows: list[dict[str, object]], file: Path) -> dict[str, list[tuple[object, ...]]]:
    file.write_bytes(jsonl(rows))
    assert place.run("import", str(file), "--workers", "0").code == 0
    found = content(place.database)
    place.database.unlink()
    return found


def test_an_import_that_is_killed_goes_on_near_where_it_was_and_gives_the_same_store(place: Place) -> None:
    file = place.folder / "all.jsonl"
    right = undisturbed(place, lines_of(3_300), file)
    command = ["import", str(file), "--workers", "0", "--config", str(place.config_file), "--now", NOW.isoformat()]
    killed = subprocess.run([sys.executable, "-c", KILLED, *command], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert len(content(place.database)["mentions"]) == 2_000
    again = place.run(*command[:4])
    assert again.code == 0
    assert "went on after the first 2000 lines" in again.err
    assert "1300 mentions read: 1300 new" in again.err
    assert content(place.database) == right
    assert "3300 mentions read: 0 new" in place.run(*command[:4]).err  # nothing is left of it


def test_an_import_that_goes_on_still_tells_by_its_exit_code_of_lines_that_could_not_be_read_before(
    place: Place,
) -> None:
    file = place.folder / "all.jsonl"
    rows = lines_of(2_100)
    del rows[7]["source"]
    file.write_bytes(jsonl(rows))
    command = ["import", str(file), "--workers", "0", "--config", str(place.config_file), "--now", NOW.isoformat()]
    killed = subprocess.run([sys.executable, "-c", KILLED, *command], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    again = place.run(*command[:4])
    assert again.code == 3
    assert "went on after the first 2000 lines, stored before; 1 of them could not be read\n" in again.err
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


def test_the_ending_of_a_file_may_be_in_capitals(place: Place) -> None:
    file = place.folder / "ROWS.CSV.GZ"
    file.write_bytes(gzip.compress(b"source,id,text,published_at\nx,1,Acme is fine,2026-11-20T07:00:00Z\n"))
    assert place.run("import", str(file)).err.startswith("1 mention read: 1 new")
    written = place.folder / "OUT.CSV"
    assert place.run("export", "--output", str(written)).code == 0
    assert written.read_text().startswith("source,id,")


@pytest.mark.parametrize("name", ["rows.tsv", "rows.xlsx", "rows.csv.zip"])
def test_a_format_that_is_neither_jsonl_nor_csv_is_refused_by_its_ending(place: Place, name: str) -> None:
    place.fill(1, 1)
    file = place.folder / name
    asked = place.run("export", "--output", str(file))
    assert asked.code == 2
    assert "jsonl or csv" in asked.err
    assert not file.exists()
    file.write_bytes(b"PK")
    assert place.run("import", str(file)).code == 2
    assert f"{file}: the first row must name the columns" in place.run("import", str(file), "--format", "csv").err


def test_a_cell_that_cannot_be_read_is_told_with_its_column_and_stops_nothing(place: Place) -> None:
    file = place.folder / "rows.csv"
    file.write_text(
        "source,id,text,published_at,engagement.likes,extra\n"
        "x,1,Acme is fine,2026-11-20T07:00:00Z,many,\n"
        f"x,2,Acme is fine,2026-11-20T07:00:00Z,,{'[' * 100_000}\n"
        "x,3,Acme is fine,2026-11-20T07:00:00Z,3,\n"
    )
    answer = place.run("import", str(file))
    assert answer.code == 3
    assert answer.err.splitlines() == [
        "line 2: engagement.likes: found 'many'; wanted a number",
        f"line 3: extra: found '{'[' * 40}'; wanted JSON",
        "1 mention read: 1 new, 0 changed, 0 known, 0 of no brand; 2 lines could not be read",
    ]


def test_one_line_that_cannot_be_read_is_told_as_one(place: Place) -> None:
    file = place.folder / "rows.jsonl"
    file.write_bytes(jsonl(lines_of(1)) + b"{\n")
    assert place.run("import", str(file)).err.endswith("; 1 line could not be read\n")


def test_a_flag_that_is_no_known_word_is_told_with_its_column_and_the_words_there_are(place: Place) -> None:
    file = place.folder / "rows.csv"
    file.write_text(
        "source,id,text,published_at,has_media,author.handle,author.verified\n"
        "x,1,Acme is fine,2026-11-20T07:00:00Z,,ada,wahr\n"
        "x,2,Acme is fine,2026-11-20T07:00:00Z,ture,bob,no\n"
        "x,3,Acme is fine,2026-11-20T07:00:00Z, TRUE ,cy,0\n"
        "x,4,Acme is fine,2026-11-20T07:00:00Z,no,dee,\n"
        "x,5,Acme is fine,2026-11-20T07:00:00Z, ,eve,1\n"
    )
    answer = place.run("import", str(file))
    words = "wanted one of true, yes, 1, false, no, 0, or an empty cell where it is not known"
    assert answer.code == 3
    assert answer.err.splitlines() == [
        f"line 2: author.verified: found 'wahr'; {words}",
        f"line 3: has_media: found 'ture'; {words}",
        "3 mentions read: 3 new, 0 changed, 0 known, 0 of no brand; 2 lines could not be read",
    ]
    rows = [json.loads(line) for line in place.run("export").out.splitlines()]
    read = {row["id"]: (row.get("has_media"), row["author"]["verified"]) for row in rows}
    assert read == {"3": (True, False), "4": (False, None), "5": (None, True)}


def test_a_table_between_semicolons_is_told_apart(place: Place) -> None:
    file = place.folder / "rows.csv"
    file.write_text("source;id;text;published_at\nx;1;Acme is fine;2026-11-20T07:00:00Z\n")
    answer = place.run("import", str(file))
    assert answer.code != 0
    assert answer.err.endswith("they stand between commas, not between semicolons or tabs\n")


def test_what_is_not_stored_again_is_counted_too(place: Place) -> None:
    first, second, third = lines_of(3)
    other = {**first, "id": "other", "text": "of nobody"}
    file = place.folder / "rows.jsonl"
    file.write_bytes(jsonl([first, second, third, third, other]))
    assert place.run("import", str(file)).err.startswith(
        "5 mentions read: 3 new, 0 changed, 0 known, 1 of no brand, 1 repeated or erased before; 0 lines"
    )
    assert place.run("forget", "--mention", "x:0").code == 0
    assert place.run("import", str(file)).err.startswith(
        "5 mentions read: 0 new, 0 changed, 2 known, 1 of no brand, 2 repeated or erased before; 0 lines"
    )


@pytest.mark.parametrize("workers", ["0", "1"])
def test_each_mention_is_counted_as_one_thing(place: Place, workers: str) -> None:
    rows = lines_of(3)
    rows[1]["text"] = "Der Deckel von Acme ist leider schon wieder kaputt gegangen"
    (place.folder / "in.jsonl").write_bytes(jsonl(rows))
    place.configure('[listener]\ntime_zone = "UTC"\n[[brands]]\nname = "Acme"\nlanguages = ["en"]\n')
    asked = ("import", "in.jsonl", "--workers", workers)
    assert "3 mentions read: 2 new, 0 changed, 0 known, 1 of no brand; 0 lines" in place.run(*asked).err
    place.configure('[listener]\ntime_zone = "UTC"\n[[brands]]\nname = "Acme"\nkeywords = ["Globex"]\n')
    assert "3 mentions read: 0 new, 2 changed, 0 known, 1 of no brand; 0 lines" in place.run(*asked).err
    assert "3 mentions read: 0 new, 0 changed, 2 known, 1 of no brand; 0 lines" in place.run(*asked).err


def test_workers_give_the_same_store(place: Place) -> None:
    file = place.folder / "all.jsonl"
    right = undisturbed(place, lines_of(3_300), file)
    assert place.run("import", str(file), "--workers", "1").code == 0
    assert content(place.database) == right


def test_a_worker_that_dies_costs_time_and_nothing_else(place: Place) -> None:
    items = list(raw_lines(BytesIO(jsonl(lines_of(2_500)))))
    judge = make_judge()
    alone = [
        (count, bad, [judge_all(one) for one in looked]) for count, bad, looked in judge_ahead(items, judge, now=NOW)
    ]
    broken = judge_ahead(items, judge, now=NOW, workers=1, make=partial(os._exit, 1))  # type: ignore[arg-type]
    assert [(count, bad, [judge_all(one) for one in looked]) for count, bad, looked in broken] == alone
    assert [count for count, _, _ in alone] == [1_000, 1_000, 500]


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


def test_an_import_that_first_has_to_count_anew_shows_it_on_a_terminal(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.fill(2, 3)
    with closing(sqlite3.connect(place.database)) as connection, connection:
        for table in ("rollup_scores", "rollup_reach", "rollup_values"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the tables above
        connection.execute("INSERT INTO upgrade_progress SELECT 1, 0, max(id), 1 FROM mentions")
    file = place.folder / "rows.jsonl"
    file.write_bytes(jsonl(lines_of(3)))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    said = place.run("import", str(file)).err
    assert 0 <= said.find("counting anew") < said.find("importing")
    assert "counting anew" not in place.run("import", str(file)).err


def test_a_damaged_file_is_not_noted_as_complete(place: Place) -> None:
    packed = place.folder / "some.jsonl.gz"
    packed.write_bytes(gzip.compress(jsonl(lines_of(200)))[:-40])
    assert place.run("import", str(packed), "--complete").code == 1
    with closing(sqlite3.connect(place.database)) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM mentions").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM windows").fetchone() == (0,)


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00Z", "1850-06-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_date_that_no_mention_can_have_counts_as_first_seen_and_bounds_no_complete_span(
    place: Place, date: str
) -> None:
    file = place.folder / "some.jsonl"
    rows = lines_of(3)
    file.write_bytes(jsonl([*rows, {**rows[0], "id": "odd", "published_at": date}]))
    done = place.run("import", str(file), "--complete", "--workers", "0", now=NOW)
    assert (done.code, done.err.splitlines()[-1][:23]) == (0, "4 mentions read: 4 new,")
    assert "1 mention with a time that cannot be (before 1900, or still to come)" in done.err
    file.write_bytes(jsonl(rows))
    assert "a time that cannot be" not in place.run("import", str(file), "--workers", "0", now=NOW).err
    with closing(sqlite3.connect(place.database)) as connection:
        (odd,) = connection.execute("SELECT published_at FROM mentions WHERE native_id = 'odd'").fetchone()
        spans = connection.execute("SELECT from_at, to_at FROM windows").fetchall()
    times = [datetime.fromisoformat(str(row["published_at"])).timestamp() for row in rows]
    assert odd == NOW.timestamp()
    assert spans == [(min(times), min(max(times) + 1, NOW.timestamp()))]


def whole_lines(packed: Path) -> int:
    """Return how many lines of a packed file can be read whole."""
    count = 0
    with suppress(EOFError), gzip.open(packed) as stream:
        for _ in stream:
            count += 1
    return count


def test_zstandard_is_read_where_there_is_a_module_and_asked_for_where_not(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    zstd = pytest.importorskip("backports.zstd" if sys.version_info < (3, 14) else "compression.zstd")
    packed = place.folder / "some.jsonl.zst"
    packed.write_bytes(zstd.compress(jsonl(lines_of(50))))
    assert "50 new" in place.run("import", str(packed)).err
    packed.write_bytes(b"no zstandard at all")
    assert "is damaged or not Zstandard" in place.run("import", str(packed)).err
    out = place.folder / "out.jsonl.zst"
    assert place.run("export", "--output", str(out)).code == 0
    assert zstd.decompress(out.read_bytes()).count(b"\n") == 50
    for name in ("backports.zstd", "compression.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    assert "social-listener[zstd]" in place.run("import", str(packed)).err


def test_a_huge_line_in_a_small_packed_file_is_passed_over(place: Place) -> None:
    packed = place.folder / "bomb.jsonl.gz"
    packed.write_bytes(gzip.compress(b" " * (16 << 20) + b"\n" + jsonl(lines_of(1))))
    answer = place.run("import", str(packed))
    assert answer.code == 3
    assert "line 1: the line is longer than" in answer.err
    assert "1 new" in answer.err


def judge_all(one: object) -> object:
    return (one.mention, one.matches)  # type: ignore[attr-defined]  # scored or not


def test_a_row_of_csv_that_is_not_utf_8_is_reported_and_left_out(place: Place) -> None:
    rows = ["source,id,text,published_at", *(f"me,{n},Acme caf\u00e9 {n},2026-11-20T08:00:00Z" for n in range(3))]
    encoded = [row.encode("cp1252" if number == 2 else "utf-8") for number, row in enumerate(rows)]
    (place.folder / "mixed.csv").write_bytes(b"\n".join(encoded) + b"\n")
    done = place.run("import", "mixed.csv")
    assert done.code == 3
    assert done.err.splitlines()[0] == "line 3: not UTF-8; save the file as CSV in UTF-8"
    told = [json.loads(line) for line in place.run("export").out.splitlines()]
    assert sorted(one["text"] for one in told) == ["Acme caf\u00e9 0", "Acme caf\u00e9 2"]


@pytest.mark.parametrize("head", ["source;id;text;published_at", "who,said", ""])
def test_a_csv_without_the_columns_of_a_mention_is_a_wrong_use(place: Place, head: str) -> None:
    (place.folder / "other.csv").write_text(f"{head}\na,b\n", encoding="utf-8")
    done = place.run("import", "other.csv")
    assert (done.code, done.out) == (2, "")
    assert "the first row must name the columns; missing: " in done.err
    assert not place.database.exists()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"Source,ID,Text,published_at\n", "missing: source, id, text; found: Source, ID, Text, published_at"),
        ("a.csv", "source,id,text,published_at\n".encode("utf-16"), "the first row is not UTF-8; save the file as CSV"),
        ("a.csv.gz", b"source,id,text,published_at\n", "a.csv.gz is damaged or not gzip"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_told_for_what_it_is_and_makes_no_store(
    place: Place, name: str, content: bytes, told: str
) -> None:
    (place.folder / name).write_bytes(content)
    done = place.run("import", name)
    assert done.code in (1, 2)
    assert told in done.err
    assert "stored" not in done.err
    assert not place.database.exists()


def test_a_csv_that_names_a_column_twice_is_refused_as_one_of_its_cells_would_be_lost(place: Place) -> None:
    head, row = "source,id,text,published_at,,,Note,text,Note", "me,1,Acme,2026-11-20T08:00:00Z,,,a,b,c"
    (place.folder / "rows.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    done = place.run("import", "rows.csv")
    assert (done.code, done.out) == (2, "")
    assert "the first row must name each column once; repeated: Note, text" in done.err
    assert not place.database.exists()


@pytest.mark.parametrize("columns", ["author,author.handle", "author.handle,author"])
def test_a_column_beside_its_own_parts_makes_lines_that_cannot_be_read(place: Place, columns: str) -> None:
    head, row = f"source,id,text,published_at,{columns}", "me,1,Acme,2026-11-20T08:00:00Z,ada,ada"
    (place.folder / "rows.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    done = place.run("import", "rows.csv")
    assert done.code == 3
    assert 'line 2: author: found the text "ada"; wanted an object or null' in done.err


def test_a_row_of_several_lines_is_reported_with_the_line_at_which_it_begins(place: Place) -> None:
    at = "2026-11-20T08:00:00Z"
    rows = [
        "source,id,text,published_at",
        f'me,1,"Acme\n\nis fine",{at}',
        '"me",2,"Acme\nis fine",soon',
        f"me,3,Acme,{at}",
    ]
    (place.folder / "rows.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    done = place.run("import", "rows.csv")
    assert done.code == 3
    assert done.err.splitlines()[0].startswith("line 5: published_at: ")
    assert "2 mentions read" in done.err


def test_a_row_without_an_end_is_left_out_and_what_stands_behind_it_read(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.tabular._ROW_LIMIT", 1000)
    at = "2026-11-20T08:00:00Z"
    rows = ["source,id,text,published_at", "me,1," + "x" * 5000 + f",{at}", f"me,2,Acme,{at}"]
    (place.folder / "rows.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    done = place.run("import", "rows.csv", "--keep-unmatched")
    assert done.code == 3
    assert done.err.splitlines()[0] == "line 2: not CSV: the row is longer than 1000 signs"
    assert "1 mention read" in done.err


@pytest.mark.parametrize("closing", ['me,3,"Acme c",{at}', "me,3,Acme c,{at}"])
def test_a_quotation_mark_that_is_not_closed_costs_its_own_row_alone(place: Place, closing: str) -> None:
    at = "2026-11-20T08:00:00Z"
    rows = ["source,id,text,published_at", f'me,1,"Acme a,{at}', f"me,2,Acme b,{at}", closing.format(at=at)]
    rows.append(f'me,4,"Acme, in two\nlines and ""quoted""",{at}')
    (place.folder / "rows.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    done = place.run("import", "rows.csv")
    assert done.code == 3
    assert done.err.splitlines()[0].startswith("line 2: not CSV: a quotation mark is not closed")
    assert "3 mentions read" in done.err
    assert "1 line could not be read" in done.err
    exported = [json.loads(line) for line in place.run("export").out.splitlines()]
    assert [one["text"] for one in exported] == ["Acme b", "Acme c", 'Acme, in two\nlines and "quoted"']


def bad_lines(count: int) -> bytes:
    return b"".join(b"{%d\n" % number if number % 3 else b'{"source": "x%d"}\n' % number for number in range(count))


def test_of_many_lines_that_cannot_be_read_the_first_are_named_and_the_others_counted_by_what_is_wrong(
    place: Place,
) -> None:
    file = place.folder / "rows.jsonl"
    file.write_bytes(bad_lines(1_600) + jsonl(lines_of(1)))
    answer = place.run("import", str(file), "--workers", "0")
    lines = answer.err.splitlines()
    assert answer.code == 3
    assert [line.partition(":")[0] for line in lines[:1_000]] == [f"line {number}" for number in range(1, 1_001)]
    assert lines[1_000:] == [
        "600 more lines could not be read; --tell-all names each. They are:",
        "  400 of: not JSON: Expecting property name enclosed in double quotes at column …",
        "  200 of: id: wanted a text or a whole number",
        "1 mention read: 1 new, 0 changed, 0 known, 0 of no brand; 1600 lines could not be read",
    ]
    everything = place.run("import", str(file), "--workers", "0", "--tell-all").err.splitlines()
    assert [line.partition(":")[0] for line in everything[:-1]] == [f"line {number}" for number in range(1, 1_601)]


@pytest.mark.parametrize("command", [("score",), ("match", "acme"), ("evaluate",)])
def test_commands_that_read_lines_name_as_many_of_those_they_cannot_read(
    place: Place, command: tuple[str, ...]
) -> None:
    file = place.folder / "rows.jsonl"
    file.write_bytes(b"{\n" * 1_002 + jsonl([{**lines_of(1)[0], "label": "positive"}]))
    lines = place.run(*command, str(file), now=None).err.splitlines()
    assert lines[999:1_001] == [
        "line 1000: not a JSON object in UTF-8",
        "2 more lines could not be read; --tell-all names each. They are:",
    ]
    assert "line 1002: not a JSON object in UTF-8" in place.run(*command, str(file), "--tell-all", now=None).err


def test_reasons_of_endless_kinds_are_not_all_held(place: Place) -> None:
    file = place.folder / "rows.jsonl"
    kinds = (b'{"source": "x", "id": 1, "text": "", "published_at": "2026-11-20T07:00:00Z", "kind": "%s"}\n',)
    file.write_bytes(b"".join(kinds[0] % (b"k" * (number % 60 + 1)) for number in range(1_500)))
    told = place.run("import", str(file), "--workers", "0").err.splitlines()
    assert len(told) <= 1_000 + 1 + 21 + 1
