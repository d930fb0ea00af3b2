"""Importing tables: each cell and row that cannot be read is told with its place, and costs nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Place


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
