"""Turning tables into options records: every type, limits, plug-in checks, sample and reference."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.config.reader import read_record
from listener.config.records import Brand
from listener.config.sample import SamplePart, compose_sample, reference_markdown, show_record, toml_value
from listener.errors import PluginError
from listener.options import OPTION, OptionInfo, Secret, option

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    url: str = option("Where it is.", default="", example="https://example.com/feed.xml")
    weight: float = option("How much it counts.", default=1.0, minimum=0, maximum=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    count: int = option("How many.", default=3, minimum=1, maximum=9)
    share: float = option("Which part.", default=0.5)
    since: date | None = option("From when.", default=None, example="2026-01-01")
    wait: timedelta = option("How long.", default=timedelta(minutes=15), minimum=60)
    folder: Path | None = option("Where.", default=None, example="data")
    token: Secret = option("The key.", default=Secret(env="PLUGIN_TOKEN"))
    names: tuple[str, ...] = option("Which.", default=(), choices=("one", "two"))
    scorers: Mapping[str, str] = field(
        default_factory=dict, metadata={OPTION: OptionInfo(help="Which for which language.")}
    )
    feeds: tuple[Feed, ...] = option("The feeds.", default=())
    main: Feed | None = option("The first feed.", default=None)

    def __post_init__(self) -> None:
        if self.count == 7:
            msg = "seven is not lucky here"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    shape: complex = option("Not for a file.", default=1j)


def read(text: str, folder: Path | None = None) -> tuple[Options | None, list[str]]:
    problems: list[str] = []
    return read_record(Options, tomllib.loads(text), "sources.made_up", problems, folder=folder), problems


def test_a_record_is_read_with_every_type_of_option() -> None:
    record, problems = read(
        """
        count = 4
        share = 1
        since = 2026-02-03
        wait = "2h"
        folder = "data"
        token_file = "key"
        names = ["two"]
        scorers = { en = "vader" }
        main = { url = "https://example.com/1" }
        [[feeds]]
        url = "https://example.com/2"
        weight = 2
        """,
        Path("/somewhere"),
    )
    assert problems == []
    assert record == Options(
        count=4,
        share=1.0,
        since=date(2026, 2, 3),
        wait=timedelta(hours=2),
        folder=Path("/somewhere/data"),
        token=Secret(file="/somewhere/key"),
        names=("two",),
        scorers={"en": "vader"},
        feeds=(Feed(url="https://example.com/2", weight=2.0),),
        main=Feed(url="https://example.com/1"),
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("count = 0", "count: 0 is too little; at least 1"),
        ("count = 10", "count: 10 is too much; at most 9"),
        ("count = 2.5", "count: 2.5 is not a whole number"),
        ("share = 1e308", "share: 1e+308 is too much; at most 1000000000000"),
        ("share = nan", "share: nan is not a number"),
        ("share = inf", "share: inf is not a number"),
        ('since = "tomorrow"', 'since: "tomorrow" is not a date; write it as "2026-11-20"'),
        ('wait = "59s"', 'wait: "59s" is too little; at least 1m'),
        ('wait = "999999999w"', 'wait: "999999999w" is longer than this program can count'),
        ('wait = "999999d"', 'wait: "999999d" is longer than this program can count'),
        ('folder = ""', 'folder: "" is not a path'),
        ('token = "made-up-key"', "token: a secret does not belong into this file"),
        ('names = ["three"]', 'names: "three" is not possible; known: one, two'),
        ("scorers = { en = 1 }", "scorers.en: 1 is not a text; put it in quotes"),
        ('scorers = "vader"', 'scorers: "vader" is not a table'),
        ('feeds = "x"', 'feeds: "x" is not a list; write [[sources.made_up.feeds]]'),
        ("feeds = [1]", "feeds[1]: 1 is not a table"),
        ("feeds = [{}, { weight = 11 }]", "feeds[2].weight: 11 is too much; at most 10"),
        ('main = { ulr = "x" }', 'main.ulr: no such option; did you mean "url"?'),
        ("toke_env = 1", 'toke_env: no such option; did you mean "token_env"?'),
    ],
)
def test_a_wrong_value_is_reported_with_its_path(text: str, problem: str) -> None:
    record, problems = read(text)
    assert record is None
    assert len(problems) == 1
    assert problems[0].startswith(f"sources.made_up.{problem}")


def test_a_records_own_check_is_a_problem_of_its_table() -> None:
    assert read("count = 7") == (None, ["sources.made_up: seven is not lucky here"])


def test_a_long_or_unprintable_value_is_shortened_in_the_message() -> None:
    _, problems = read('since = "\\u001b[31m' + "x" * 500 + '"')
    assert "\x1b" not in problems[0]
    assert len(problems[0]) < 200


def test_an_option_of_a_type_no_file_can_hold_is_a_fault_of_the_plug_in() -> None:
    with pytest.raises(PluginError, match=r"option shape of .*Unreadable has a type that no file can hold"):
        read_record(Unreadable, {}, "sources.made_up", [])


def test_the_sample_loads_as_it_is_and_with_everything_in_it_switched_on() -> None:
    text = compose_sample([SamplePart(path="sources.made_up", records=(Options,), doc="A made-up source.")])
    assert tomllib.loads(text) == {}
    written = [line.removeprefix("# ") for line in text.splitlines() if " = " in line or line.startswith("# [")]
    problems: list[str] = []
    record = read_record(Options, tomllib.loads("\n".join(written))["sources"]["made_up"], "sources.made_up", problems)
    assert problems == []
    assert record is not None
    assert record.since == date(2026, 1, 1)
    assert record.token == Secret(env="PLUGIN_TOKEN")
    assert record.feeds == (Feed(url="https://example.com/feed.xml"),)


def test_the_sample_and_the_reference_name_every_option() -> None:
    part = SamplePart(path="brands", records=(Brand,), doc="Who is listened for.", is_list=True)
    sample, reference = compose_sample([part]), reference_markdown([part])
    for name in Brand.__dataclass_fields__:
        assert f"{name} = " in sample or f"[brands.{name}]" in sample
        assert f"| `{name}` |" in reference or f"`[brands.{name}]`" in reference


def test_the_reference_keeps_its_table_whole_where_a_help_holds_a_bar() -> None:
    @dataclass(frozen=True)
    class Barred:
        word: str = option("This | that.", default="a|b")

    rows = reference_markdown([SamplePart(path="x", records=(Barred,), doc="Doc.")]).splitlines()
    assert rows[-1] == '| `word` | text | `"a\\|b"` | This \\| that. |'


def test_the_reference_names_both_limits_of_what_has_two_and_no_lone_zero() -> None:
    @dataclass(frozen=True)
    class Bounded:
        cut: float = option("Where.", default=0.5, minimum=0, maximum=1)
        count: int = option("How many.", default=1, minimum=0)

    rows = reference_markdown([SamplePart(path="x", records=(Bounded,), doc="Doc.")]).splitlines()
    assert rows[-2:] == [
        "| `cut` | number | `0.5` | Where. At least 0 and at most 1. |",
        "| `count` | whole number | `1` | How many. |",
    ]


def test_a_shown_record_tells_where_a_secret_lives_and_not_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUGIN_TOKEN", "made-up-key")
    shown = show_record("sources.made_up", Options())
    assert 'token_env = "PLUGIN_TOKEN"  # can be read' in shown
    assert "made-up-key" not in shown
    monkeypatch.delenv("PLUGIN_TOKEN")
    assert 'token_env = "PLUGIN_TOKEN"  # cannot be read' in show_record("sources.made_up", Options())


def test_a_shown_record_is_read_back_the_same() -> None:
    record = Options(count=5, names=("one",), wait=timedelta(hours=1), feeds=(Feed(url="a"), Feed(url='b"\\')))
    table = tomllib.loads(show_record("made_up", record))["made_up"]
    assert read_record(Options, table, "made_up", []) == record


@given(st.text())
def test_a_text_written_as_toml_is_read_back_the_same(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert tomllib.loads(f"x = {toml_value(text)}")["x"] == text
