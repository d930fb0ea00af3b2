"""Parquet holds the mentions with their verdicts, a part a brand and day, as other engines read it."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest

from cli.conftest import NOW, Place
from listener.mention import Label
from listener.parts import name_part

parquet = pytest.importorskip("pyarrow.parquet", reason="the extra parquet is not installed")


def test_every_day_of_a_brand_is_a_part_with_its_verdicts(filled: Place) -> None:
    filled.save([filled.mention("Globex: =1+1 \u0001", at=NOW)], brand="Globex", label=Label.UNSCORED)

    answer = filled.run("export", "--format", "parquet", "--output", "archive")

    assert answer.code == 0, answer.err
    assert "21 mentions written below archive" in answer.err
    folder = filled.folder / "archive"
    assert {file.name for file in folder.rglob("*") if file.is_file()} == {"mentions.parquet"}
    table = parquet.read_table(folder)
    assert {(one["brand"], one["day"]) for one in table.select(["brand", "day"]).to_pylist()} >= {
        ("Acme", f"{(NOW - timedelta(days=day)).date()}") for day in range(1, 5)
    }
    rows = {row["id"]: row for row in table.to_pylist()}
    assert len(rows) == 21
    one = rows["1"]
    assert (one["text"], one["label"], one["score"]) == ("Acme is fine, says person 0", "positive", 0.5)
    assert (one["author_handle"], one["likes"], one["published_at"]) == ("ada", 3, NOW - timedelta(hours=1))
    assert rows["21"]["label"] == "unscored"
    assert rows["21"]["score"] is None


def test_a_part_that_is_written_again_is_replaced(filled: Place) -> None:
    for _ in range(2):
        assert filled.run("export", "--brand", "acme", "--format", "parquet", "--output", "archive").code == 0
    assert parquet.read_table(filled.folder / "archive").num_rows == 20


def days_in(archive: Path) -> dict[str, int]:
    """Return how many mentions each day of an archive holds."""
    days = parquet.read_table(archive).column("day").to_pylist()
    return {str(day): days.count(day) for day in days}


def test_a_day_is_written_whole_also_where_a_span_begins_or_ends_within_it(filled: Place) -> None:
    midnight = NOW.replace(hour=0)
    filled.save(
        [filled.mention("Acme", at=midnight - timedelta(days=d, minutes=m)) for d in range(9) for m in (0, -1, 1)]
    )
    assert filled.run("export", "--format", "parquet", "--output", "archive").code == 0
    all_days = days_in(filled.folder / "archive")
    for span in (("--since", "7d"), ("--since", "2026-11-19", "--until", "2026-11-20T03:00"), ("--until", "2d")):
        assert filled.run("export", *span, "--format", "parquet", "--output", "archive").code == 0
        assert days_in(filled.folder / "archive") == all_days, span
    nightly = filled.run("export", "--since", "1d", "--until", "today", "--format", "parquet", "--output", "nightly")
    assert nightly.code == 0
    assert days_in(filled.folder / "nightly").items() <= all_days.items()
    assert 0 < len(days_in(filled.folder / "nightly")) <= 2


def test_a_part_of_one_source_alone_would_replace_the_others_and_is_refused(filled: Place) -> None:
    answer = filled.run("export", "--source", "hackernews", "--format", "parquet", "--output", "archive")
    assert answer.code == 2
    assert "--source" in answer.err
    assert not (filled.folder / "archive").exists()


def texts_in(archive: Path) -> set[str]:
    return {
        text
        for file in archive.rglob("*.parquet")
        for text in parquet.ParquetFile(file).read().column("text").to_pylist()
    }


def export(place: Place, *span: str) -> str:
    answer = place.run("export", *span, "--format", "parquet", "--output", "archive")
    assert (answer.code, answer.out) == (0, "")
    return answer.err


def test_a_day_all_of_whose_texts_were_erased_is_removed_when_it_is_exported_again(place: Place) -> None:
    days = [NOW - timedelta(days=day) for day in range(4)]
    place.save([place.mention(f"Acme by ada {number}", at=at, author="ada") for number, at in enumerate(days[1:3])])
    place.save([place.mention(f"Acme by bob {number}", at=at, author="bob") for number, at in enumerate(days[2:])])
    place.save([place.mention("Globex by ada", at=days[1], author="ada")], brand="Globex")
    export(place)
    archive = place.folder / "archive"
    other = archive / "brand=Acme" / f"day={days[1].date()}" / "notes.txt"
    other.write_text("of somebody's own", "utf-8")
    part = name_part(other.with_name("mentions.parquet"))
    part.with_name(part.name.replace(f".{os.getpid()}-", ".999999999-")).write_text("Acme by ada 0", "utf-8")

    assert place.run("forget", "--author", "hackernews:ada").code == 0
    assert "removed" not in export(place, "--until", "2026-11-18")
    assert "Acme by ada 0" in texts_in(archive)
    assert "removed" not in export(place, "--since", "2026-11-18", "--until", "2026-11-19")
    assert "1 day removed there, of which nothing is left\n" in export(place, "--brand", "Acme")
    assert texts_in(archive) == {"Acme by bob 0", "Acme by bob 1", "Globex by ada"}
    assert [one.name for one in other.parent.iterdir()] == ["notes.txt"]
    assert "1 day removed" in export(place)
    assert texts_in(archive) == {"Acme by bob 0", "Acme by bob 1"}
    assert [one.name for one in archive.iterdir()] == ["brand=Acme"]
    assert "removed" not in export(place)


def test_days_that_the_store_knows_nothing_of_stay_in_the_archive(place: Place) -> None:
    place.save([place.mention("Acme of before", at=NOW - timedelta(days=9))])
    export(place)
    archive = place.folder / "archive"
    (archive / "brand=Acme" / "day=someday").mkdir()
    (archive / "brand=Acme" / "day=someday" / "mentions.parquet").write_bytes(b"of somebody's own")
    place.database.unlink()
    place.save([place.mention("Acme of today", at=NOW)])

    assert "removed" not in export(place)

    (archive / "brand=Acme" / "day=someday" / "mentions.parquet").unlink()
    assert texts_in(archive) == {"Acme of before", "Acme of today"}


def import_lines(place: Place, *texts: str) -> None:
    lines = [
        {"source": "x", "id": f"{number}", "text": text, "published_at": (NOW - timedelta(days=number)).isoformat()}
        for number, text in enumerate(texts)
    ]
    (place.folder / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert place.run("import", "in.jsonl").code == 0


BOTH = '[listener]\ntime_zone = "UTC"\n[[brands]]\nname = "Acme"\n[[brands]]\nname = "Globex"\n'


def test_a_day_that_matching_anew_left_nothing_of_is_removed_when_it_is_exported_again(place: Place) -> None:
    place.configure(BOTH)
    import_lines(place, "Acme lid", "Acme jar", "Acme and Globex", "Acme pot and Globex")
    export(place)
    archive = place.folder / "archive"

    place.configure(BOTH.replace('"Acme"\n', '"Acme"\nkeywords = ["lid", "pot"]\n'))
    assert place.run("rematch").code == 0
    assert place.run("forget", "--mention", "3").code == 0

    assert "2 days removed there, of which nothing is left\n" in export(place, "--brand", "Acme")
    assert texts_in(archive / "brand=Acme") == {"Acme lid", "Acme pot and Globex"}
    assert "1 day removed" in export(place)
    assert texts_in(archive / "brand=Globex") == {"Acme pot and Globex"}


def test_days_of_a_brand_that_is_listened_for_no_more_stay_as_in_the_store(place: Place) -> None:
    place.configure(BOTH)
    import_lines(place, "Acme lid", "Acme and Globex", "Globex")
    export(place)
    place.configure(BOTH.replace('[[brands]]\nname = "Globex"\n', ""))
    assert place.run("rematch").code == 0
    assert "removed" not in export(place)
    assert texts_in(place.folder / "archive" / "brand=Globex") == {"Acme and Globex", "Globex"}


def test_a_day_of_which_the_store_does_not_know_every_mention_stays(place: Place) -> None:
    place.configure(BOTH)
    import_lines(place, "Acme jar", "Acme pot")
    export(place)
    archive = place.folder / "archive"
    (archive / "brand=Acme" / "day=2026-01-01").mkdir()
    (archive / "brand=Acme" / "day=2026-01-01" / "mentions.parquet").write_bytes(b"of somebody's own")
    place.database.unlink()
    place.configure(BOTH.replace('"Acme"\n', '"Acme"\nkeywords = ["lid"]\n'))
    line = {"source": "x", "id": "1", "text": "Acme pot", "published_at": (NOW - timedelta(days=1)).isoformat()}
    other = {"source": "hackernews", "id": "0", "text": "Acme jar", "published_at": NOW.isoformat()}
    (place.folder / "in.jsonl").write_text(f"{json.dumps(line)}\n{json.dumps(other)}\n", encoding="utf-8")
    assert place.run("import", "in.jsonl", "--keep-unmatched").code == 0

    assert "1 day removed" in export(place)

    (archive / "brand=Acme" / "day=2026-01-01" / "mentions.parquet").unlink()
    assert texts_in(archive) == {"Acme jar"}


def test_a_day_that_cannot_be_removed_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.save([place.mention("Acme", at=NOW)])
    export(place)
    assert place.run("forget", "--mention", "1").code == 0

    def refuse(self: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    with monkeypatch.context() as held:
        held.setattr("pathlib.Path.unlink", refuse)
        answer = place.run("export", "--format", "parquet", "--output", "archive")
    assert answer.code == 1
    assert (
        "mentions.parquet holds what is no longer in the store and cannot be removed: Permission denied" in answer.err
    )


def stored(place: Place) -> list[tuple[object, ...]]:
    columns = (
        "mentions.native_id, kind, address, title, text, language_claim, language, published_at, edited_at, likes, reposts, "
        "replies, views, rating, reply_to, thread, repost_of, place, has_media, links, hashtags, extra, handle, "
        "authors.name, followers, verified"
    )
    with closing(sqlite3.connect(place.database)) as connection:
        return connection.execute(
            f"SELECT {columns} FROM mentions LEFT JOIN authors ON authors.id = author_id ORDER BY 1"  # noqa: S608 - above
        ).fetchall()


def test_an_archive_is_imported_again_as_it_was_and_its_parts_go_on_where_they_were(filled: Place) -> None:
    rows = filled.folder / "rows.jsonl"
    rows.write_text(
        '{"source": "x", "id": "all", "text": "Acme beats Globex", "published_at": "2026-11-20T07:00:00Z", '
        '"language": "en", "rating": 0.75, "links": ["https://a.example/"], "hashtags": ["lid"], "has_media": true, '
        '"edited_at": "2026-11-20T07:30:00Z", "extra": {"a": [1, "é"]}, "author": {"handle": "ada", "verified": false}, '
        '"engagement": {"likes": 3, "views": 9}, "reply_to": "1", "thread": "1", "place": "IN"}\n',
        encoding="utf-8",
    )
    assert filled.run("import", "rows.jsonl").code == 0
    assert filled.run("export", "--format", "parquet", "--output", "archive").code == 0
    right = stored(filled)
    filled.database.unlink()

    first = filled.run("import", "archive")
    assert first.code == 0
    assert "22 mentions read: 21 new, 0 changed, 0 known, 0 of no brand, 1 repeated" in first.err  # it is of two brands
    assert stored(filled) == right
    (part,) = [file for file in (filled.folder / "archive").rglob("*.parquet") if "Globex" in str(file)]
    assert filled.run("import", str(part)).err.startswith("1 mention read: 0 new")


def test_an_archive_is_scored_like_the_same_lines(filled: Place) -> None:
    assert filled.run("export", "--format", "parquet", "--output", "archive").code == 0
    assert filled.run("export", "--output", "all.jsonl").code == 0
    archive, lines = filled.run("score", "archive", now=None), filled.run("score", "all.jsonl", now=None)
    assert archive.code == lines.code == 0
    assert archive.out == lines.out
    assert len(lines.out.splitlines()) == 20
    (filled.folder / "broken.parquet").write_bytes(b"PAR1 and nothing else PAR1")
    assert filled.run("score", "broken.parquet", now=None).err.startswith("Error: broken.parquet is damaged")
    assert filled.run("score", "gone.parquet", now=None).code == 2


def test_what_is_no_archive_is_told_of(filled: Place) -> None:
    (filled.folder / "empty").mkdir()
    empty = filled.run("import", "empty")
    assert empty.code == filled.run("score", "empty", now=None).code == 2
    assert "no .parquet file" in empty.err
    (filled.folder / "broken.parquet").write_bytes(b"PAR1 and nothing else PAR1")
    broken = filled.run("import", "broken.parquet")
    assert broken.code == 1
    assert "broken.parquet is damaged" in broken.err
    arrow = pytest.importorskip("pyarrow")
    parquet.write_table(arrow.table({"id": ["1"], "text": ["Acme"]}), filled.folder / "other.parquet")
    other = filled.run("import", "other.parquet")
    assert other.code == 2
    assert "missing: source, published_at" in other.err
    assert filled.run("import", "gone.parquet").code == 2
    assert filled.run("import", "-", "--format", "parquet").code == 2
    assert "--format parquet" in filled.run("export", "--output", "all.parquet").err
    assert "--format parquet" in filled.run("export", "--output", "empty").err


def test_a_name_cannot_leave_the_folder(place: Place) -> None:
    place.configure(place.config_file.read_text("utf-8") + '\n[[brands]]\nname = "../../Sly / co"\n')
    place.save([place.mention("sly", at=NOW)], brand="../../Sly / co")
    assert place.run("export", "--format", "parquet", "--output", "archive").code == 0
    (part,) = (place.folder / "archive").rglob("*.parquet")
    assert part.parent.parent.parent == place.folder / "archive"
    assert parquet.read_table(place.folder / "archive").to_pylist()[0]["brand"] == "../../Sly / co"


def test_parquet_needs_a_folder_and_its_extra(filled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--output" in filled.run("export", "--format", "parquet").err
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = filled.run("export", "--format", "parquet", "--output", "archive")
    assert answer.code == 2
    assert "social-listener[parquet]" in answer.err


def test_a_folder_that_goes_while_it_is_looked_through_is_told_in_a_sentence(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "archive" / "brand=Acme"
    gone.mkdir(parents=True)
    scan = os.scandir

    def scan_once_more(folder: str) -> object:
        if Path(folder) == gone:
            gone.rmdir()
        return scan(folder)

    monkeypatch.setattr(os, "scandir", scan_once_more)
    answer = place.run("import", str(gone.parent))
    assert answer.code == 2
    assert answer.err == f"Error: {gone} cannot be read: No such file or directory\n"


def named(name: str) -> str:
    return f'[listener]\ntime_zone = "UTC"\n[[brands]]\nname = "Acme"\n[[brands]]\nname = {json.dumps(name, ensure_ascii=False)}\n'


@pytest.mark.parametrize("name", ["日本語の名前" * 13, "Café Ümläut & Sons", "50% / off?=[#]", "Ümläut\u0301 🚀"])
def test_a_brand_of_any_letters_has_a_folder_whose_name_every_reader_takes_alike(place: Place, name: str) -> None:
    place.configure(named(name))
    place.save([place.mention("Boilwick", at=NOW - timedelta(days=2)), place.mention("Boilwick", at=NOW)], brand=name)
    export(place)
    archive = place.folder / "archive"
    (folder,) = archive.iterdir()
    as_in_spark = re.sub("%(..)", lambda code: chr(int(code[1], 16)), folder.name)
    assert as_in_spark == f"brand={name}" == unquote(folder.name)
    assert set(parquet.read_table(archive).column("brand").to_pylist()) == {name}
    assert place.run("forget", "--mention", "1").code == 0
    assert "1 day removed" in export(place)


def test_an_archive_whose_folders_were_encoded_through_and_through_goes_on_with_these(place: Place) -> None:
    place.configure(named("Café"))
    place.save([place.mention("Boilwick", at=NOW)], brand="Café")
    export(place)
    (place.folder / "archive" / "brand=Café").rename(place.folder / "archive" / "brand=Caf%C3%A9")
    export(place)
    assert [one.name for one in (place.folder / "archive").iterdir()] == ["brand=Caf%C3%A9"]


def test_a_brand_whose_name_is_too_long_for_a_folder_is_told_before_anything_is_written(place: Place) -> None:
    name = "日本語の名前" * 14
    place.configure(named(name))
    place.fill(1, 1)
    place.save([place.mention("Boilwick", at=NOW)], brand=name)
    answer = place.run("export", "--format", "parquet", "--output", "archive")
    assert answer.code == 2
    assert "is too long for a folder (252 bytes, at most 249), and so for Parquet; leave it out" in answer.err
    assert not (place.folder / "archive").exists()
    assert "1 mention written" in export(place, "--brand", "Acme")
