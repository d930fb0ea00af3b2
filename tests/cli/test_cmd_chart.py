from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from subprocess import run
from typing import TYPE_CHECKING

import pytest

from listener.store import EpisodeSave, Store
from reports.charts import KINDS
from stores import lay_store

if TYPE_CHECKING:
    from cli.conftest import Place

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n"


def kept_charts(place: Place) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(place.database)) as connection:
        return connection.execute("SELECT kind, format FROM charts ORDER BY id").fetchall()


def save_episode(place: Place) -> None:
    with Store(lay_store(place.database)) as store:
        store.reports.save_evaluation(
            "Acme",
            "spike",
            state="{}",
            evaluated_until=NOW,
            episodes=[
                EpisodeSave(
                    key="Acme/spike/1",
                    state="open",
                    severity="high",
                    opened_at=NOW - timedelta(hours=3),
                    updated_at=NOW,
                    resolved_at=None,
                    observed=12.0,
                    expected=2.0,
                    interval=(0.0, 5.0),
                    surprise=6.0,
                    peak=12.0,
                    total=12,
                    coverage=1.0,
                    headline="12 mentions in the last hour",
                    why="{}",
                )
            ],
            destinations=[],
            now=NOW,
        )


def test_a_volume_chart_is_written_as_png_kept_in_the_store_and_told_in_words(filled: Place) -> None:
    answer = filled.run("chart", "volume", "acme", "--output", "acme.png", "--since", "5d")

    assert answer.code == 0
    assert (filled.folder / "acme.png").read_bytes().startswith(PNG)
    assert kept_charts(filled) == [("volume", "png")]
    assert answer.out == ""
    assert "acme.png is written" in answer.err
    assert "20 mentions" in answer.err
    assert all(len(line) <= 80 for line in answer.err.splitlines())


def test_the_ending_decides_the_format_whatever_its_case(filled: Place) -> None:
    answer = filled.run("chart", "brands", "--output", "both.SVG", "--metric", "net_sentiment", "--dark")

    assert answer.code == 0
    picture = (filled.folder / "both.SVG").read_text(encoding="utf-8")
    assert "<svg" in picture
    assert "Globex" in picture
    assert "Net sentiment" in picture


def test_share_is_drawn_of_the_brands_named(filled: Place) -> None:
    filled.fill(1, 2, brand="Globex", text="Globex is fine")

    answer = filled.run("chart", "share", "--output", "share.svg", "--since", "7d")

    assert answer.code == 0
    assert "Globex" in answer.err
    assert kept_charts(filled) == [("share", "svg")]


@pytest.mark.parametrize("kind", [name for name, one in KINDS.items() if one.reads != "answers" and one.per_brand])
def test_every_kind_about_one_brand_is_drawn(filled: Place, kind: str) -> None:
    answer = filled.run("chart", kind, "Acme", "--output", "one.png", "--since", "3d")

    assert (answer.code, answer.out) == (0, "")
    assert (filled.folder / "one.png").read_bytes().startswith(PNG)
    assert kept_charts(filled) != []


@pytest.mark.parametrize("kind", [name for name, one in KINDS.items() if one.reads != "episode"])
def test_a_chart_of_a_span_says_which_and_in_which_time_zone(filled: Place, kind: str) -> None:
    brand = ("Acme",) if KINDS[kind].per_brand else ()
    span = ("--since", "2026-11-17", "--until", "2026-11-20")
    assert filled.run("chart", kind, *brand, "--output", "one.svg", *span).code == 0
    picture = (filled.folder / "one.svg").read_text(encoding="utf-8")
    assert "17 Nov \N{EN DASH} 19 Nov 2026 \N{MIDDLE DOT} Asia/Kolkata" in picture


@pytest.mark.parametrize("kind", ["share", "sources", "languages", "terms", "response"])
def test_hours_of_what_is_told_as_a_whole_are_these_hours_and_not_their_day(filled: Place, kind: str) -> None:
    brand = ("Acme",) if KINDS[kind].per_brand else ()
    span = ("--since", "2026-11-17T06:00+05:30", "--until", "2026-11-17T18:15+05:30")
    assert filled.run("chart", kind, *brand, "--output", "one.svg", *span).code == 0
    picture = (filled.folder / "one.svg").read_text(encoding="utf-8")
    assert "17 Nov 2026, 06:00 \N{EN DASH} 18:15 \N{MIDDLE DOT}" in picture


def test_the_newest_episode_is_drawn_where_none_is_named(filled: Place) -> None:
    save_episode(filled)

    answer = filled.run("chart", "episode", "Acme", "--output", "alert.png")

    assert answer.code == 0
    assert (filled.folder / "alert.png").read_bytes().startswith(PNG)
    assert kept_charts(filled) == [("episode", "png")]


def test_an_episode_is_missing_with_a_sentence(filled: Place) -> None:
    answer = filled.run("chart", "episode", "Globex", "--output", "alert.png")

    assert answer.code == 1
    assert 'there was no alert of Globex in this span; "listener alerts" lists them' in answer.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("volume", "Acme", "--output", "a.gif"), "a chart is written as png or svg"),
        (("volume", "Acme", "--output", "picture"), "a chart is written as png or svg"),
        (("pie", "Acme", "--output", "a.png"), 'there is no chart "pie"'),
        (("volume", "Acmee", "--output", "a.png"), 'did you mean "Acme"'),
        (("volume", "--output", "a.png"), "a chart of volume is of one brand"),
        (("volume", "Acme", "Globex", "--output", "a.png"), "a chart of volume is of one brand"),
        (("volume", "Acme", "--since", "2026-12-01", "--output", "a.png"), "begins at or after"),
    ],
)
def test_wrong_questions_are_refused_with_what_would_be_right(
    filled: Place, arguments: tuple[str, ...], words: str
) -> None:
    answer = filled.run("chart", *arguments)

    assert answer.code == 2
    assert words in answer.err
    assert kept_charts(filled) == []


@pytest.mark.parametrize(
    ("kind", "options", "unused"),
    [
        ("share", ("--by", "week"), ["--by"]),
        ("sources", ("--by", "week", "--metric", "reach", "--alert", "7"), ["--by", "--metric", "--alert"]),
        ("volume", ("--by", "week", "--metric", "reach"), ["--metric"]),
        ("brands", ("--by", "week", "--metric", "reach"), []),
        ("hours", (), []),
    ],
)
def test_an_option_of_no_use_to_a_chart_is_told(
    filled: Place, kind: str, options: tuple[str, ...], unused: list[str]
) -> None:
    answer = filled.run("chart", kind, "Acme", "--output", "chart.png", *options)
    assert answer.code == 0
    notes = [line for line in answer.err.splitlines() if line.startswith("note: ")]
    assert notes == [f"note: {name} is of no use to the chart {kind}" for name in unused]


def test_a_chart_that_cannot_be_written_says_so(filled: Place) -> None:
    answer = filled.run("chart", "volume", "Acme", "--output", "missing/acme.png")

    assert answer.code == 1
    assert "missing/acme.png cannot be written: there is no folder missing; make it, or name another" in answer.err


def test_the_help_names_every_kind(place: Place) -> None:
    answer = place.run("chart", "--help", now=None, config=False)

    assert {name for name, kind in KINDS.items() if kind.reads != "answers"} <= set(answer.out.split())


def test_trend_draws_one_brand_by_sentiment_and_several_by_their_figure(filled: Place) -> None:
    one = filled.run("trend", "Acme", "--since", "5d", "--chart", "one.svg")
    several = filled.run("trend", "Acme", "Globex", "--since", "5d", "--metric", "reach", "--chart", "several.svg")

    assert (one.code, several.code) == (0, 0)
    assert "Acme: mentions by day" in one.out
    assert "Net sentiment, with 95 % interval" in (filled.folder / "one.svg").read_text(encoding="utf-8")
    assert "Reach by day" in (filled.folder / "several.svg").read_text(encoding="utf-8")


def test_trend_refuses_a_chart_that_is_no_picture(filled: Place) -> None:
    answer = filled.run("trend", "Acme", "--chart", "acme.pdf")

    assert answer.code == 2
    assert "png or svg" in answer.err


def test_a_dash_draws_the_trend_in_the_terminal_in_place_of_the_table(filled: Place) -> None:
    answer = filled.run("trend", "Acme", "--since", "7d", "--chart", "-")

    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0].startswith("Acme: mentions by day")
    assert any("█ negative" in line for line in lines)
    assert all(len(line) <= 80 for line in lines)
    assert "\x1b" not in answer.out
    assert "coverage" not in answer.out


def test_a_dash_sends_the_picture_and_nothing_else_to_stdout(filled: Place) -> None:
    command = [sys.executable, "-m", "listener.cli.main", "chart", "volume", "Acme", "--output", "-", "--now"]
    command.append(NOW.isoformat())

    done = run([*command, "--config", str(filled.config_file)], capture_output=True, check=True, cwd=filled.folder)

    assert done.stdout.startswith(PNG)
    assert done.stdout.rstrip().endswith(b"IEND\xaeB`\x82")
