from __future__ import annotations

import csv
import io
import json
import os
import pty
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from subprocess import Popen
from typing import TYPE_CHECKING, Any

import pytest

from listener.protocols import Resource
from listener.store import PageProgress

if TYPE_CHECKING:
    from cli.conftest import Place

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n"
ONLY_WORDS = '[[alerts.rules]]\nname = "spike"\nkind = "words"\nquery = "zzz"\n'


def fill(place: Place, *brands: str) -> None:
    """Store ten quiet days of brands, each with a burst six hours ago."""
    for brand in brands:
        quiet = [
            place.mention(f"{brand} word{hour}a word{hour}b", at=NOW - timedelta(hours=hour), author=f"p{hour}")
            for hour in range(12, 240, 2)
        ]
        burst = [
            place.mention(f"{brand} burst{n}x burst{n}y", at=NOW - timedelta(hours=6, minutes=n % 40), author=f"q{n}")
            for n in range(80)
        ]
        place.save([*quiet, *burst], brand=brand)
    resources = [Resource(key=f"{one}-1", lane=f"search:{one}", native=one, brand=one) for one in brands]
    with place.store() as store:
        for number in store.open_pass("hackernews", resources, now=NOW).values():
            for window in store.windows_to_read(
                number,
                until=NOW,
                lookback_from=NOW - timedelta(days=11),
                look_back=False,
                oldest_readable=None,
                now=NOW,
            ):
                store.save_page([], progress=PageProgress(window=window, cursor=None, exhausted=True), now=NOW)


@pytest.fixture
def history(place: Place) -> Place:
    fill(place, "Acme")
    return place


def rows_of(text: str, rule: str) -> list[dict[str, Any]]:
    return [row for row in json.loads(text) if row["rule"] == rule]


def written(place: Place) -> list[int]:
    with closing(sqlite3.connect(place.database)) as connection:
        return [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - names from this line
            for table in ("episodes", "alert_states", "outbox", "charts")
        ]


def test_each_row_says_how_often_a_week_its_rule_would_have_opened(history: Place) -> None:
    answer = history.run("alerts", "backtest", "--since", "7d", "--format", "json")
    table = history.run("alerts", "backtest", "--since", "7d")

    (spike,) = rows_of(answer.out, "spike")
    assert spike["per_week"] == 1.0
    assert "rule a week" in table.out.splitlines()[0]
    assert " a week\n" in table.err


def test_a_rate_is_that_of_the_history_there_is(history: Place) -> None:
    answer = history.run("alerts", "backtest", "--since", "90d", "--format", "json")

    (spike,) = rows_of(answer.out, "spike")
    assert spike["per_week"] == pytest.approx(7 / 11, rel=0.01)  # eleven days were read, and nothing said in the first


def test_a_brand_that_nobody_spoke_of_before_is_heard_to_burst(place: Place) -> None:
    place.configure('[[brands]]\nname = "Acme"\n[[brands]]\nname = "Globex"\n')
    lines = [
        {"source": "forum", "id": f"b{n}", "text": f"Acme burst{n}x", "published_at": NOW - timedelta(hours=6, minutes=n % 40)}
        for n in range(40)
    ] + [
        {"source": "forum", "id": f"g{n}", "text": f"Globex word{n}", "published_at": NOW - timedelta(hours=6 * n)}
        for n in range(1, 60)
    ]  # fmt: skip
    file = place.folder / "all.jsonl"
    file.write_text("".join(json.dumps(line, default=str) + "\n" for line in lines), encoding="utf-8")
    assert place.run("import", str(file), "--complete").code == 0

    answer = place.run("alerts", "backtest", "--brand", "Acme", "--format", "json")

    assert [row["brand"] for row in rows_of(answer.out, "spike")] == ["Acme"]


def test_a_chart_is_drawn_told_in_words_and_not_kept(history: Place) -> None:
    answer = history.run("alerts", "backtest", "--since", "9d", "--chart", "acme.svg")

    picture = (history.folder / "acme.svg").read_text(encoding="utf-8")
    words = " ".join(answer.err.split())
    assert answer.code == 0
    assert "Acme: what the rules would have raised" in picture
    assert "mentions by day" in picture
    assert "would have opened" in words
    assert "20 Nov" in words
    assert "spike" in words
    assert all(len(line) <= 80 for line in answer.err.splitlines())
    assert answer.out.startswith("opens")
    assert written(history) == [0, 0, 0, 0]


def test_a_dash_draws_in_the_terminal_with_a_sign_where_an_alert_would_open(history: Place) -> None:
    answer = history.run("alerts", "backtest", "--since", "9d", "--chart", "-")

    signs, *_ = answer.out.splitlines()[1:]
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("Acme: mentions by day")
    assert set(signs) <= {" ", "▼", "▽"}
    assert set(signs) > {" "}
    assert "opens with a message at once: " in answer.out.splitlines()[-1]
    assert "opens  " not in answer.out
    assert all(len(line) <= 80 for line in answer.out.splitlines())
    assert written(history) == [0, 0, 0, 0]


def test_a_dash_says_that_no_alert_would_have_opened(history: Place) -> None:
    history.configure(history.config_file.read_text(encoding="utf-8") + ONLY_WORDS)

    answer = history.run("alerts", "backtest", "--brand", "acme", "--chart", "-")

    assert answer.code == 0
    assert answer.out.splitlines()[-1] == "no alert would have opened"
    assert "▼" not in answer.out


def test_a_short_span_is_drawn_by_hour_and_another_ending_is_another_format(history: Place) -> None:
    answer = history.run("alerts", "backtest", "--since", "2d", "--chart", "acme.png")

    assert (history.folder / "acme.png").read_bytes().startswith(PNG)
    assert "Mentions of Acme by hour" in answer.err


def test_a_chart_without_any_alert_says_so(history: Place) -> None:
    history.configure(history.config_file.read_text(encoding="utf-8") + ONLY_WORDS)

    answer = history.run("alerts", "backtest", "--brand", "acme", "--chart", "acme.svg")

    assert answer.code == 0
    assert "No alert would have opened." in " ".join(answer.err.split())


def test_a_chart_is_of_one_brand_which_is_said_before_anything_is_replayed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(place, "Acme", "Globex")

    with monkeypatch.context() as patched:
        patched.setattr("listener.pipeline.read_quarters", None)
        several = place.run("alerts", "backtest", "--chart", "both.png")
    one = place.run("alerts", "backtest", "--chart", "one.svg", "--brand", "globex")

    assert several.code == 2
    assert "name it with --brand" in several.err
    assert several.out == ""
    assert not (place.folder / "both.png").exists()
    assert one.code == 0
    assert "Globex" in (place.folder / "one.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--chart", "a.gif"), "a chart is written as png or svg"),
        (("--compare", "missing.toml"), "missing.toml: cannot be read: No such file or directory"),
        (("--compare", "broken.toml"), "broken.toml: is not valid TOML"),
        (("--compare", "letter.toml"), "letter.toml: alert: no such table"),
        (("--compare", "rule.toml"), "rule.toml: alerts.rules[1].kind: "),
        (("--compare", "rule.toml", "--chart", "a.png"), "leave it or --compare out"),
    ],
)
def test_what_cannot_be_replayed_is_refused_with_a_sentence(
    history: Place, arguments: tuple[str, ...], words: str
) -> None:
    (history.folder / "broken.toml").write_text("[alerts\n", encoding="utf-8")
    (history.folder / "letter.toml").write_text('[alert]\nbroken = "yes"\n', encoding="utf-8")
    (history.folder / "rule.toml").write_text('[[alerts.rules]]\nkind = "spikes"\n', encoding="utf-8")

    answer = history.run("alerts", "backtest", *arguments)

    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err
    assert "Traceback" not in answer.err


def test_the_same_rules_raise_the_same(history: Place) -> None:
    answer = history.run("alerts", "backtest", "--compare", "config.toml", "--format", "json")

    rows = json.loads(answer.out)
    assert {row["rule"] for row in rows} == {"spike", "sentiment", "reach", "silence", "blind"}
    assert all(row["per_week"] == row["other_per_week"] for row in rows)
    assert all(row["only_here"] == row["only_other"] == [] for row in rows)
    assert rows_of(answer.out, "spike")[0]["both"] == 1


def test_a_deaf_rule_opens_less_and_the_difference_is_listed(history: Place) -> None:
    other = (
        '[[alerts.rules]]\nname = "spike"\nminimum_count = 500\n\n[[alerts.rules]]\nname = "few"\nminimum_count = 2\n'
    )
    (history.folder / "deaf.toml").write_text(other, encoding="utf-8")

    answer = history.run("alerts", "backtest", "--since", "7d", "--compare", "deaf.toml", "--format", "json")
    table = history.run("alerts", "backtest", "--since", "7d", "--compare", "deaf.toml")

    (spike,) = rows_of(answer.out, "spike")
    (few,) = rows_of(answer.out, "few")
    assert (spike["per_week"], spike["other_per_week"], spike["both"]) == (1.0, 0.0, 0)
    assert [one["opened_at"][:10] for one in spike["only_here"]] == ["2026-11-20"]
    assert (few["per_week"], few["only_here"]) == (None, [])
    assert len(few["only_other"]) >= 1
    assert " ".join(table.out.splitlines()[0].split()) == "brand rule a week other a week both only here only other"
    assert any(line.startswith("2026-11-20") and line.endswith("here") for line in table.out.splitlines())
    assert any(line.endswith("other") for line in table.out.splitlines()[2:])
    assert "with only one" in table.err
    assert written(history) == [0, 0, 0, 0]


def test_a_comparison_is_a_row_a_rule_in_csv(history: Place) -> None:
    answer = history.run("alerts", "backtest", "--compare", "config.toml", "--format", "csv")

    rows = list(csv.DictReader(io.StringIO(answer.out)))
    assert len(rows) == 5
    assert rows[0]["only_here"] == "[]"


def test_rules_of_another_configuration_may_name_brands_of_either(history: Place) -> None:
    rules = '[[alerts.rules]]\nname = "spike"\nbrands = ["Acme"]\n'
    (history.folder / "other.toml").write_text(
        f'{rules}[[alerts.rules]]\nname = "own"\nbrands = ["Initech"]\n\n[[brands]]\nname = "Initech"\n', "utf-8"
    )

    answer = history.run("alerts", "backtest", "--compare", "other.toml", "--format", "json")

    assert answer.code == 0
    assert rows_of(answer.out, "spike")[0]["both"] == 1
    assert rows_of(answer.out, "own") == []


def test_what_opened_before_the_span_is_no_difference(history: Place) -> None:
    (history.folder / "deaf.toml").write_text("[[alerts.rules]]\nminimum_count = 500\n", encoding="utf-8")

    answer = history.run("alerts", "backtest", "--since", "1h", "--compare", "deaf.toml", "--format", "json")

    (spike,) = rows_of(answer.out, "spike")
    assert (spike["both"], spike["only_here"], spike["only_other"]) == (0, [], [])


def test_progress_is_shown_on_a_terminal_only(history: Place) -> None:
    command = [sys.executable, "-m", "listener.cli.main", "alerts", "backtest", "--since", "2d", "--format", "json"]
    master, slave = pty.openpty()
    with (
        (history.folder / "out.json").open("wb") as out,
        Popen(
            [*command, "--config", str(history.config_file), "--now", NOW.isoformat()],
            stdout=out,
            stderr=slave,
            cwd=history.folder,
            env={**os.environ, "TERM": "xterm"},
        ) as running,
    ):
        os.close(slave)
        seen = b""
        while True:
            try:
                part = os.read(master, 4096)
            except OSError:  # the other end of a terminal that is closed
                break
            if not part:
                break
            seen += part
    os.close(master)
    piped = history.run("alerts", "backtest", "--since", "2d", "--format", "json")

    assert running.returncode == 0
    assert b"rules" in seen
    assert b"100%" in seen
    assert json.loads((history.folder / "out.json").read_text("utf-8")) == json.loads(piped.out)
    assert piped.err == ""
