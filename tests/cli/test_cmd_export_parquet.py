"""Parquet holds the mentions with their verdicts, a part a brand and day, as other engines read it."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest

from cli.conftest import NOW, Place
from listener.mention import Label

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
