"""Rows on stdout: tables that leave nothing out, JSON and CSV that are safe to open."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.cli.output import (
    UNKNOWN,
    Column,
    count_text,
    coverage_text,
    emit_json,
    emit_rows,
    percent_text,
    rounded,
    score_text,
    share_text,
    sparkline,
    wants_colour,
)
from listener.cli.width import clusters, display_width, neutralise, wrap

ROWS = [
    {"brand": "Acme", "mentions": 1234, "text": "the rocket landed where it should"},
    {"brand": "コカコーラ", "mentions": None, "text": "शानदार 👍🏽"},
]
COLUMNS = (Column(name="brand"), Column(name="mentions", align="right", text=count_text), Column(name="text"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def table(rows: list[dict[str, object]], columns: tuple[Column, ...] = COLUMNS, width: int | None = None) -> list[str]:
    out = io.StringIO()
    emit_rows(rows, columns, "table", stream=out, width=width)
    return out.getvalue().splitlines()


def test_columns_are_aligned_by_what_a_terminal_shows() -> None:
    lines = table(ROWS)
    assert lines[0] == "brand       mentions  text"
    assert lines[1] == "Acme           1,234  the rocket landed where it should"
    assert lines[2].startswith(f"コカコーラ         {UNKNOWN}  शानदार")


@pytest.mark.parametrize(
    ("share", "shown"),
    [(None, UNKNOWN), (0.0, "0 %"), (0.0001, "<1 %"), (0.29, "29 %"), (0.58, "58 %"), (0.9999, "99 %"), (1.0, "100 %")],
)
def test_coverage_is_rounded_down_and_no_further(share: float | None, shown: str) -> None:
    assert coverage_text(share) == shown


@pytest.mark.parametrize("percent", range(101))
def test_coverage_of_whole_percent_is_shown_as_it_is(percent: int) -> None:
    assert coverage_text(percent / 100) == f"{percent} %"


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (None, UNKNOWN),
        (0.0, "0 %"),
        (0.004, "<1 %"),
        (0.006, "1 %"),
        (0.5, "50 %"),
        (299 / 300, ">99 %"),
        (1.0, "100 %"),
    ],
)
def test_a_share_is_all_or_nothing_only_where_it_is(share: float | None, shown: str) -> None:
    assert share_text(share) == shown


def test_what_rounds_to_zero_has_no_minus() -> None:
    assert [score_text(-0.004), score_text(-0.006)] == ["+0.00", "-0.01"]
    assert [str(rounded(-0.04, 1)), str(rounded(-0.06, 1))] == ["0.0", "-0.1"]


def test_a_table_in_a_pipe_has_its_full_width() -> None:
    lines = table([{"brand": "Acme", "mentions": 1, "text": "x" * 500}])
    assert lines[1].endswith("x" * 500)


@pytest.mark.parametrize("width", [60, 40, 33])
def test_a_table_in_a_narrow_terminal_wraps_and_leaves_nothing_out(width: int) -> None:
    lines = table(ROWS, width=width)
    assert all(display_width(line) <= width for line in lines)
    words = " ".join(lines).split()
    for word in ["the", "rocket", "landed", "where", "it", "should", "1,234", "Acme"]:
        assert word in words


def test_a_terminal_too_narrow_for_columns_gets_blocks() -> None:
    lines = table(ROWS, width=20)
    assert lines[0] == "brand     Acme"
    assert lines[1] == "mentions  1,234"
    assert "" in lines
    assert all(display_width(line) <= 20 for line in lines)
    assert " ".join(line[10:] for line in lines[2 : lines.index("")]) == "the rocket landed where it should"


@pytest.mark.parametrize("width", [12, 20, 40])
def test_a_title_wider_than_half_a_narrow_terminal_leaves_room_for_the_values(width: int) -> None:
    out = io.StringIO()
    name = "a brand that goes by a very long name indeed"
    emit_rows([{"figure": "mentions", name: 578}] * 2, ("figure", name), "table", stream=out, width=width)
    lines = out.getvalue().splitlines()
    assert max(map(display_width, lines)) <= width
    assert any(line.split()[-1] == "578" for line in lines if line)
    assert "".join(line[: width // 2 - 1] for line in lines).replace(" ", "").count(name.replace(" ", "")) == 2


def test_columns_of_lesser_rank_give_way_to_a_narrow_terminal_and_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    columns = (
        Column(name="brand"),
        Column(name="mentions", align="right", text=count_text),
        Column(name="stories", title="things said", align="right", rank=1),
        Column(name="reach", align="right", rank=2),
    )
    rows = [{"brand": "Acme Rockets", "mentions": 1234, "stories": 1000, "reach": 123_456_789}]

    assert "things said" in table(rows, columns, width=80)[0]
    assert capsys.readouterr().err == ""
    lines = table(rows, columns, width=40)
    assert lines[0].split() == ["brand", "mentions", "things", "said"]
    assert capsys.readouterr().err == "left out at this width: reach; --format csv has every column\n"
    lines = table(rows, columns, width=24)
    assert lines[0].split() == ["brand", "mentions"]
    assert lines[1].split() == ["Acme", "Rockets", "1,234"]
    assert capsys.readouterr().err == "left out at this width: things said, reach; --format csv has every column\n"
    table(rows, [*columns, Column(name="engagement", rank=3)], width=24)
    told = capsys.readouterr().err.splitlines()
    assert " ".join(told) == "left out at this width: things said, reach, engagement; --format csv has every column"
    assert max(map(len, told)) <= 80


def test_blocks_of_a_very_narrow_terminal_leave_no_column_out(capsys: pytest.CaptureFixture[str]) -> None:
    columns = (
        Column(name="brand"),
        Column(name="mentions", align="right", text=count_text),
        Column(name="reach", align="right", rank=1),
    )
    lines = table([{"brand": "Acme Rockets", "mentions": 1234, "reach": 99_999}], columns, width=18)
    assert lines == ["brand     Acme", "          Rockets", "mentions  1,234", "reach     99999"]
    assert capsys.readouterr().err == ""


def test_a_terminals_width_is_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    out = Terminal()
    monkeypatch.setenv("NO_COLOR", "1")
    emit_rows(ROWS, COLUMNS, "table", stream=out)
    assert all(display_width(line) <= 40 for line in out.getvalue().splitlines())


def test_hostile_text_cannot_steer_a_terminal() -> None:
    rows = [{"brand": "\x1b[2JAcme\r\nfake  row\u202egnp", "mentions": 1, "text": "\x07\x9b31m"}]
    lines = table(rows)
    assert len(lines) == 2
    assert "\\x1b[2JAcme fake  row\\u202egnp" in lines[1]
    assert not any(sign in lines[1] for sign in "\x1b\x07\x9b\u202e")


def test_an_empty_table_is_its_head() -> None:
    assert table([]) == ["brand  mentions  text"]


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    columns = (Column(name="label", colour=lambda value: "red" if value == "negative" else None),)
    out = Terminal()
    emit_rows([{"label": "negative"}, {"label": "neutral"}], columns, "table", stream=out)
    assert "\x1b[31mnegative\x1b[0m" in out.getvalue()
    assert not wants_colour(io.StringIO())
    monkeypatch.setenv("TERM", "dumb")
    assert not wants_colour(Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_colour(Terminal())


def test_json_is_one_list_and_jsonl_one_object_a_line_with_the_columns_only() -> None:
    rows = [{"brand": "Acme", "mentions": 3, "secret": 1}, {"brand": "Globex"}]
    out = io.StringIO()
    emit_rows(rows, ("brand", "mentions"), "json", stream=out)
    expected = [{"brand": "Acme", "mentions": 3}, {"brand": "Globex", "mentions": None}]
    assert json.loads(out.getvalue()) == expected
    out = io.StringIO()
    emit_rows(iter(rows), ("brand", "mentions"), "jsonl", stream=out)
    assert [json.loads(line) for line in out.getvalue().splitlines()] == expected


def test_json_holds_times_and_lengths() -> None:
    out = io.StringIO()
    emit_json(
        {
            "at": datetime(2026, 11, 20, 8, tzinfo=UTC),
            "on": date(2026, 11, 20),
            "clock": time(8, 0),
            "every": timedelta(minutes=15),
            "names": frozenset({"b", "a"}),
        },
        stream=out,
    )
    assert json.loads(out.getvalue()) == {
        "at": "2026-11-20T08:00:00+00:00",
        "on": "2026-11-20",
        "clock": "08:00:00",
        "every": 900.0,
        "names": ["a", "b"],
    }


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_json_of_any_text_is_read_back_and_cannot_steer_a_terminal(text: str) -> None:
    out = io.StringIO()
    emit_json(text, stream=out)
    printed = out.getvalue()
    assert json.loads(printed) == text
    assert neutralise(printed.rstrip("\n")) == printed.rstrip("\n")
    printed.encode()


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+SUM(A1)",
        "-2+3",
        "@cmd",
        "\tx",
        "\rx",
        "\n=1",
        "=HYPERLINK(1)",
        "+1 555 0100",
        *"\uff1d\uff0b\uff0d\uff20",
    ],
)
def test_a_text_that_a_spreadsheet_would_run_is_marked_as_text(text: str) -> None:
    out = io.StringIO()
    emit_rows([{"text": text}], ("text",), "csv", stream=out)
    assert list(csv.reader(io.StringIO(out.getvalue(), newline="")))[1] == [f"'{text}"]


@pytest.mark.parametrize("value", [-5, -0.25, "-5", "+3.5", "-1e9", "plain", "a=b", ""])
def test_numbers_and_plain_texts_stay_as_they_are_in_csv(value: object) -> None:
    out = io.StringIO()
    emit_rows([{"first": value, "last": "x"}], ("first", "last"), "csv", stream=out)
    assert list(csv.reader(io.StringIO(out.getvalue())))[1] == [str(value), "x"]


def test_csv_writes_unknown_as_nothing_and_zero_as_zero() -> None:
    out = io.StringIO()
    emit_rows([{"a": None, "b": 0, "c": [1, "x"], "d": True}], ("a", "b", "c", "d"), "csv", stream=out)
    assert list(csv.reader(io.StringIO(out.getvalue())))[1] == ["", "0", '[1, "x"]', "true"]


def test_csv_and_jsonl_write_each_row_as_it_comes() -> None:
    for format_name in ("csv", "jsonl"):
        out = io.StringIO()

        def rows(out: io.StringIO = out) -> object:
            yield {"n": "first"}
            assert "first" in out.getvalue()
            yield {"n": "second"}

        emit_rows(rows(), ("n",), format_name, stream=out)
        assert "second" in out.getvalue()


def test_a_sparkline_tells_zero_from_unknown() -> None:
    assert sparkline([0, 4, None, 8]) == "▁▅·█"
    assert sparkline([]) == ""
    assert sparkline([None, None]) == "··"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([-1.0, 0.0, 1.0]) == "▁▅█"
    assert sparkline([-4, -2]) == "▁▅"


def test_numbers_for_people_tell_zero_from_unknown() -> None:
    assert [count_text(0), count_text(None), count_text(1234567)] == ["0", UNKNOWN, "1,234,567"]
    assert [score_text(0.0), score_text(None), score_text(-0.426)] == ["+0.00", UNKNOWN, "-0.43"]
    assert [percent_text(0), percent_text(None), percent_text(0.612)] == ["0.0 %", UNKNOWN, "61.2 %"]
    assert [percent_text(0.0001), percent_text(0.9997), percent_text(1)] == ["<0.1 %", ">99.9 %", "100.0 %"]


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("abc", 3),
        ("日本", 4),
        ("ｱ", 1),
        ("é", 1),
        ("👍", 2),
        ("👍🏽", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("🇮🇳", 2),
        ("🇮🇳🇩🇪", 4),
        ("❤️", 2),
        ("नमस्ते", 4),
        ("", 0),
    ],
)
def test_the_width_of_a_text_is_that_on_a_terminal(text: str, width: int) -> None:
    assert display_width(text) == width


@given(st.text(), st.integers(min_value=2, max_value=40))
def test_wrapping_keeps_every_sign_and_the_width(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join("".join(lines).split(" ")) == "".join(text.split(" "))
    assert all(display_width(line) <= width or len(list(clusters(line))) == 1 for line in lines)


@given(st.text())
def test_clusters_put_together_are_the_text(text: str) -> None:
    assert "".join(clusters(text)) == text


def test_a_text_of_very_many_words_is_wrapped_in_one_go_through_it() -> None:
    text = "word " * 150_000 + "end"  # putting a line together anew for each word would take minutes
    assert wrap(text, len(text)) == [text]
    assert wrap("a  b   c", 20) == ["a  b   c"]
    assert len(wrap(text, 49)) == 15_001


def test_one_huge_cell_makes_no_other_row_of_a_pipe_as_long() -> None:
    rows: list[dict[str, object]] = [{"brand": "x" * 50_000, "n": 1}, {"brand": "Acme", "n": 2}]
    head, huge, other = table(rows)
    assert huge.split()[0] == "x" * 50_000
    assert max(len(head), len(other)) < 500
