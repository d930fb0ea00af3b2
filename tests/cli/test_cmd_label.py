from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cli.conftest import NOW
from listener.cli.progress import progress_bar
from listener.mention import Author, Label

if TYPE_CHECKING:
    from cli.conftest import Place


class Piped(io.RawIOBase):
    """Give bytes and cannot go back, as a pipe."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._left = data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # what io hands over
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


def shown(place: Place, *arguments: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(place.run(*arguments, "--format", "json").out)
    return rows


def totals(place: Place) -> dict[str, int]:
    (total,) = json.loads(place.run("trend", "Acme", "--since", "30d", "--format", "json").out)["totals"]
    return {name: total[name] for name in ("mentions", "stories", "positive", "negative")}


def fill_sheet(text: str, label: str) -> str:
    """Write this label into every row of a sheet, as a person with a spreadsheet would."""
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows({**row, "label": label} for row in rows)
    return out.getvalue()


def test_a_label_shows_in_the_trend_and_in_the_mention(place: Place) -> None:
    place.fill(days=1, a_day=3)
    before = totals(place)

    answer = place.run("label", "1", "negative")

    assert (answer.code, answer.out) == (0, "")
    assert "mention 1: negative for Acme" in answer.err
    assert totals(place) == {**before, "positive": 2, "negative": 1}
    (row,) = shown(place, "mentions", "--sentiment", "negative")
    assert (row["number"], row["score"], row["labelled_at"]) == (1, None, "2026-11-20T13:30:00+05:30")
    assert "negative (by hand)" in place.run("mentions", "--sentiment", "negative").out


def test_an_irrelevant_mention_is_named_by_source_and_id_and_leaves_counts_and_lists(place: Place) -> None:
    place.fill(days=1, a_day=3)

    assert place.run("label", "hackernews:2", "irrelevant", "--brand", "acme").code == 0

    assert totals(place)["mentions"] == 2
    assert [row["number"] for row in shown(place, "mentions")] == [1, 3]
    assert [row["number"] for row in shown(place, "mentions", "--sentiment", "irrelevant")] == [2]
    assert {row["id"] for row in shown(place, "export", "--brand", "Acme")} == {"1", "3"}
    assert len(shown(place, "export")) == 3
    place.run("label", "2", "--remove")
    assert totals(place)["mentions"] == 3
    assert len(shown(place, "export", "--brand", "Acme")) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("label",), "name a mention and its label"),
        (("label", "1"), "name a mention and its label"),
        (("label", "1", "negative", "--remove"), "name a mention and its label"),
        (("label", "1", "negative", "--queue", "3"), "name a mention and its label"),
        (("label", "1", "angry"), "irrelevant"),
        (("label", "999", "negative"), 'no mention is called "999"'),
        (("label", "1", "negative", "--brand", "Globex"), "mention 1 matches Acme"),
        (("label", "1", "negative", "--brand", "Acmee"), 'did you mean "Acme"'),
        (("label", "--import", "nowhere.csv"), "cannot be read"),
    ],
)
def test_what_cannot_be_labelled_is_refused_with_what_to_do(
    place: Place, arguments: tuple[str, ...], message: str
) -> None:
    place.fill(days=1, a_day=1)

    answer = place.run(*arguments)

    assert answer.code == 2
    assert message in answer.err


def test_the_queue_leaves_out_what_is_labelled_and_takes_each_author_and_story_once(place: Place) -> None:
    place.save(
        [place.mention(f"Acme, thing {turn}", at=NOW - timedelta(hours=turn), author="ada") for turn in range(3)]
    )
    place.save([place.mention("Acme by jo", at=NOW - timedelta(hours=9), author="jo")])
    for turn in range(2):
        place.save([place.mention("Acme tells the very same words twice", at=NOW, author=f"bot{turn}")])
    place.run("label", "4", "neutral")

    three = shown(place, "label", "--queue", "2")
    every = shown(place, "label", "--queue", "50")

    assert len({row["author"] for row in three}) == 2
    assert 4 not in {row["number"] for row in every}
    assert len(every) == 4
    assert "listener label NUMBER" in place.run("label", "--queue", "1").err


def test_the_queue_prefers_the_uncertain_and_the_influential(place: Place) -> None:
    place.save([place.mention("Acme is splendid", at=NOW, author="sure")], label=Label.POSITIVE)
    place.save([place.mention("Acme is a thing", at=NOW, author="unsure")], label=Label.NO_EVIDENCE)
    star = Author(id="star", handle="star", followers=2_000_000)
    famous = replace(place.mention("Acme is any thing", at=NOW), author=star)
    place.save([famous], label=Label.NO_EVIDENCE)

    authors = [row["author"] for row in shown(place, "label", "--queue", "3")]

    assert authors == ["star", "unsure", "sure"]


def test_a_queue_goes_into_a_sheet_and_comes_back_as_labels(place: Place) -> None:
    place.fill(days=1, a_day=3, text="=Acme() is fine")
    sheet = place.folder / "sheet.csv"

    assert place.run("label", "--queue", "2", "--export", str(sheet)).code == 0
    text = sheet.read_text(encoding="utf-8")
    assert "'=Acme()" in text
    sheet.write_text(fill_sheet(text, "Negative"), encoding="utf-8")
    answer = place.run("label", "--import", str(sheet))

    assert (answer.code, answer.err.strip()) == (
        0,
        "2 labelled, 0 known, 0 without a label; 0 lines could not be taken",
    )
    assert totals(place)["negative"] == 2
    assert "0 labelled, 2 known" in place.run("label", "--import", str(sheet)).err


@pytest.mark.parametrize("sign", [*"=+-@", *"\uff1d\uff0b\uff0d\uff20"])
def test_a_sheet_comes_back_from_a_source_whose_name_a_spreadsheet_would_run(place: Place, sign: str) -> None:
    place.save([place.mention("Acme is fine", at=NOW, source=f"{sign}board")])
    sheet = place.folder / "sheet.csv"

    place.run("label", "--queue", "1", "--export", str(sheet))
    sheet.write_text(fill_sheet(sheet.read_text(encoding="utf-8"), "negative"), encoding="utf-8")

    assert "1 labelled" in place.run("label", "--import", str(sheet)).err


def test_labels_go_out_and_into_another_store(place: Place) -> None:
    place.fill(days=1, a_day=3)
    place.run("label", "1", "negative")
    place.run("label", "3", "irrelevant")
    before, sheet = totals(place), place.folder / "labels.csv"
    assert place.run("label", "--export", str(sheet)).err.startswith("2 mentions written")

    for number in ("1", "3"):
        place.run("label", number, "--remove")
    assert place.run("label", "--import", str(sheet)).code == 0

    assert totals(place) == before


@pytest.mark.parametrize("name", ["labels.csv", "labels.csv.gz"])
def test_a_sheet_is_packed_where_its_name_says_so_and_has_the_mark_that_spreadsheets_read(
    place: Place, name: str
) -> None:
    place.fill(days=1, a_day=2)
    place.run("label", "hackernews:1", "negative")
    sheet = place.folder / name
    assert place.run("label", "--export", str(sheet)).code == 0
    written = sheet.read_bytes()
    assert written.startswith(b"\x1f\x8b") == name.endswith(".gz")
    plain = gzip.decompress(written) if name.endswith(".gz") else written
    assert plain.startswith(b"\xef\xbb\xbfmention,")
    assert "1 known" in place.run("label", "--import", str(sheet)).err


def test_a_sheet_goes_through_a_pipe_and_comes_back_from_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.fill(days=1, a_day=3)
    written = place.run("label", "--queue", "2", "--export", "-")
    assert (written.code, written.err) == (0, "")
    filled = fill_sheet(written.out, "negative").encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Piped(filled))))
    answer = place.run("label", "--import", "-")
    assert (answer.code, answer.err) == (0, "2 labelled, 0 known, 0 without a label; 0 lines could not be taken\n")
    assert not sys.stdin.closed
    assert not list(place.folder.glob("-"))


def test_a_sheet_with_wrong_lines_is_taken_as_far_as_it_goes(place: Place) -> None:
    place.fill(days=1, a_day=3)
    sheet = place.folder / "sheet.csv"
    sheet.write_text(
        "mention;brand;label\nhackernews:1;Acme;negative\nhackernews:2;;\nhackernews:77;;neutral\n"
        "hackernews:3;Acme;angry\nhackernews:3;Globex;neutral\n",
        encoding="utf-8",
    )

    answer = place.run("label", "--import", str(sheet))

    assert answer.code == 3
    assert "1 labelled, 0 known, 1 without a label; 3 lines could not be taken" in answer.err
    assert "line 4: no mention is called" in answer.err
    assert "line 5: label: 'angry' is none" in answer.err
    assert "line 6: mention 3 matches Acme" in answer.err


def test_a_row_of_a_sheet_that_is_too_long_is_told_and_what_stands_behind_it_taken(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.tabular._ROW_LIMIT", 1000)
    place.fill(days=1, a_day=3)
    sheet = place.folder / "sheet.csv"
    endless = 'hackernews:2,neutral,"' + "x\n" * 600 + '"\n'
    sheet.write_text(
        f"mention,label,text\nhackernews:1,{'x' * 5000}\nhackernews:3,negative,\n{endless}", encoding="utf-8"
    )

    answer = place.run("label", "--import", str(sheet))

    assert answer.code == 3
    assert answer.err.splitlines()[0] == "line 2: not CSV: the row is longer than 1000 signs"
    assert answer.err.splitlines()[1] == "line 4: not CSV: the row is longer than 1000 signs"
    assert "1 labelled" in answer.err


def test_a_sheet_without_the_columns_is_refused(place: Place) -> None:
    place.fill(days=1, a_day=1)
    sheet = place.folder / "sheet.csv"
    for content, told in (
        (b"who,what\n1,2\n", "missing: label, mention"),
        (b"", "missing: label, mention"),
        (b"mention,label\n\xff\xfe,negative\n", "save it as CSV in UTF-8"),
    ):
        sheet.write_bytes(content)
        answer = place.run("label", "--import", str(sheet))
        assert answer.code == 2
        assert told in answer.err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, is_drawn in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        with progress_bar("mentions") as move:
            move(40, 80)
            move(80, 80)
        assert ("100%" in stream.getvalue()) == is_drawn
