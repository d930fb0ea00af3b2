"""Importing files: which are read, and how what they hold is counted and dated."""

from __future__ import annotations

import gzip
import sqlite3
import sys
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from mention_lines import NOW, jsonl, lines_of

if TYPE_CHECKING:
    from conftest import Place


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
