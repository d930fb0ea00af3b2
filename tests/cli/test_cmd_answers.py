"""Answers and surveys on the command line: from imported mentions to figures checked by hand."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stores import lay_store
from unmeasured import environment

if TYPE_CHECKING:
    from cli.conftest import Place

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
CONFIG = """\
[listener]
time_zone = "Asia/Kolkata"

[[brands]]
name = "Acme"
own_accounts = ["@acme_help"]

[[brands]]
name = "Globex"
kind = "competitor"

[sources.hackernews]
base_url = "http://127.0.0.1:9"
"""


def line(number: int, hours_ago: float, text: str = "My Acme kettle leaks", **fields: object) -> dict[str, object]:
    return {
        "source": "x",
        "id": str(number),
        "text": text,
        "published_at": (NOW - timedelta(hours=hours_ago)).isoformat(),
        "author": {"id": f"a{number}", "handle": f"jo_{number}"},
        **fields,
    }


def answer(number: int, hours_ago: float, to: int, **fields: object) -> dict[str, object]:
    own = {"id": "own", "handle": "Acme_Help"}
    return line(number, hours_ago, "Sorry to hear that!", author=own, reply_to=str(to), **fields)


ASKED = [
    line(1, 24, "Acme is great and I love it"),
    line(2, 20),
    line(3, 10, "I hate that the lid of this awful Acme broke", engagement={"likes": 900}),
    line(4, 1),
    line(5, 30, source="mail"),
    line(6, 9, source="rss"),
    answer(11, 23, 1),
    answer(12, 14, 2),
    answer(15, 10, 5, source="mail"),
]


def asked_of(brand: str, instrument: str, given: list[float], scale: list[int]) -> list[dict[str, object]]:
    return [
        line(
            1_000 * len(instrument) + place,
            2 + place / 100,
            f"{brand} was fine by me, says {place}",
            source="survey",
            kind="survey",
            survey={"instrument": instrument, "answer": number, "scale": scale},
        )
        for place, number in enumerate(given)
    ]


def take(place: Place, lines: list[dict[str, object]]) -> None:
    file = place.folder / "lines.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    lay_store(place.database)
    done = place.run("import", str(file))
    assert done.code == 0, done.err


@pytest.fixture
def answered(place: Place) -> Place:
    """Return a place whose brand answered some of what it was asked."""
    place.configure(CONFIG)
    take(place, ASKED)
    return place


def response(place: Place, *words: str) -> dict[str, object]:
    done = place.run("trend", "Acme", "--metric", "response", "--since", "2d", "--format", "json", *words)
    assert done.code == 0, done.err
    found: dict[str, object] = json.loads(done.out)
    return found


def test_unanswered_lists_what_waits_longer_than_said(answered: Place) -> None:
    done = answered.run("mentions", "--unanswered", "--older-than", "4h", "--format", "json")
    assert [one["id"] for one in json.loads(done.out)] == ["6", "3"]
    done = answered.run("mentions", "Acme", "--unanswered", "--source", "x", "--format", "json")
    assert [one["id"] for one in json.loads(done.out)] == ["4", "3"]
    table = answered.run("mentions", "Acme", "--unanswered", "--older-than", "4h", "--source", "x").out
    assert "waiting" in table.splitlines()[0]
    assert "10 hours" in table


def test_an_own_reply_is_in_no_count(answered: Place) -> None:
    found = json.loads(answered.run("trend", "Acme", "--since", "2d", "--format", "json").out)
    assert found["totals"][0]["mentions"] == 6


def test_what_nobody_can_tell_is_said_and_not_guessed(answered: Place) -> None:
    done = answered.run("mentions", "Globex", "--unanswered")
    assert done.code == 2
    assert "Globex has no own_accounts" in done.err
    done = answered.run("trend", "Globex", "--metric", "response")
    assert done.code == 0
    assert "Globex has no own_accounts" in done.err


def test_time_to_the_first_answer_is_the_estimate_by_hand(answered: Place) -> None:
    # Waits in hours: x 1 and 6 answered, 1 and 10 still waiting; mail 20 answered; of rss nothing is known.
    # Kaplan and Meier over all: S(1) = 4/5, S(6) = 4/5 x 2/3 = 0.5333, S(20) = 0, so half and 90 % within 20 h.
    # x alone: S(1) = 3/4, S(6) = 3/4 x 1/2 = 0.375: half within 6 h, 90 % not yet.
    # In time (x 4 h, mail 24 h): 1 of 3 on x, whose youngest is not judged yet; 1 of 1 by mail.
    found = response(answered)
    total = found["totals"][0]  # type: ignore[index]
    kept = {name: total[name] for name in ("asked", "answered", "waiting", "unknown", "median_seconds", "p90_seconds")}
    assert kept == {
        "asked": 5, "answered": 3, "waiting": 2, "unknown": 1, "median_seconds": 72_000, "p90_seconds": 72_000,
    }  # fmt: skip
    assert (total["within_target"], total["within_target_n"]) == (0.5, 4)
    assert total["within_target_interval"] == [0.15, 0.85]  # Wilson, 2 of 4
    sources = {one["source"]: one for one in found["sources"]}  # type: ignore[attr-defined]
    assert (sources["x"]["median_seconds"], sources["x"]["p90_seconds"]) == (21_600, None)
    assert (sources["x"]["within_target"], sources["x"]["within_target_n"]) == (0.3333, 3)
    assert (sources["x"]["target_seconds"], sources["mail"]["target_seconds"]) == (14_400, 86_400)
    assert (sources["mail"]["within_target"], sources["rss"]["within_target"]) == (1.0, None)
    assert (sources["rss"]["asked"], sources["rss"]["unknown"]) == (0, 1)


def test_buckets_without_mentions_hold_no_figure(answered: Place) -> None:
    found = response(answered, "--source", "x")
    buckets = {one["start"][:10]: one for one in found["buckets"]}  # type: ignore[attr-defined]
    assert list(buckets) == ["2026-11-18", "2026-11-19", "2026-11-20"]
    assert buckets["2026-11-18"]["median_seconds"] is None
    assert buckets["2026-11-18"]["within_target"] is None
    assert [one["asked"] for one in buckets.values()] == [None, 2, 2]


@pytest.mark.parametrize("metric", ["nps", "csat"])
def test_a_title_wider_than_the_terminal_is_wrapped(
    answered: Place, monkeypatch: pytest.MonkeyPatch, metric: str
) -> None:
    monkeypatch.setattr("listener.cli.output.terminal_width", lambda _stream: 40)
    lines = answered.run("trend", "Acme", "--metric", metric).out.splitlines()
    assert lines[0].startswith("Acme: ")
    assert max(map(len, lines)) <= 40


@pytest.mark.parametrize(("metric", "count"), [("response", "asked"), ("nps", "n"), ("csat", "left_out")])
def test_of_a_day_that_was_read_nothing_is_0_and_of_another_not_known(answered: Place, metric: str, count: str) -> None:
    begin = datetime(2026, 11, 14, 18, 30, tzinfo=UTC)
    answered.drain(begin, begin + timedelta(days=1))
    asked = ("trend", "Acme", "--metric", metric, "--since", "2026-11-15", "--until", "2026-11-17")
    read, unread = json.loads(answered.run(*asked, "--format", "json").out)["buckets"]
    assert (read[count], read["coverage"], unread[count], unread["coverage"]) == (0, 1.0, None, 0.0)
    shown = answered.run(*asked).out.splitlines()
    assert "  0  " in next(line for line in shown if line.startswith("2026-11-15"))
    assert "  0  " not in next(line for line in shown if line.startswith("2026-11-16"))


def test_a_target_of_a_source_stands_before_the_general_one(answered: Place) -> None:
    answered.configure(
        CONFIG.replace("[sources", '[responses]\nsocial = "30m"\n[sources')
        + '\n[sources.x]\nresponse_target = "7h"\nenabled = false\n'
    )
    sources = {one["source"]: one for one in response(answered)["sources"]}  # type: ignore[attr-defined]
    assert (sources["x"]["target_seconds"], sources["rss"]["target_seconds"]) == (25_200, 1_800)
    assert (sources["x"]["within_target"], sources["x"]["within_target_n"]) == (0.6667, 3)
    answered.configure(f'{CONFIG}\n[sources.jsonl]\nonly = "x"\nresponse_target = "7h"\n')
    sources = {one["source"]: one for one in response(answered)["sources"]}  # type: ignore[attr-defined]
    assert (sources["x"]["target_seconds"], sources["rss"]["target_seconds"]) == (25_200, 14_400)


def test_the_table_and_the_csv_hold_the_same(answered: Place) -> None:
    table = answered.run("trend", "Acme", "--metric", "response", "--since", "2d").out
    assert "time to the first answer" in table
    assert "20 hours" in table
    assert "50 %" in table
    rows = list(
        csv.DictReader(
            io.StringIO(answered.run("trend", "Acme", "--metric", "response", "--since", "2d", "--format", "csv").out)
        )
    )
    assert [row["asked"] for row in rows] == ["", "3", "2"]
    assert rows[0]["median_seconds"] == ""


def test_the_span_before_can_be_put_beside(answered: Place) -> None:
    found = response(answered, "--compare", "previous")
    assert found["previous"]["totals"][0]["asked"] is None  # type: ignore[index]


@pytest.mark.parametrize(
    "words", [("chart", "response", "Acme", "--output"), ("trend", "Acme", "--metric", "response", "--chart")]
)
def test_the_wait_is_drawn(answered: Place, words: tuple[str, ...]) -> None:
    file = answered.folder / "wait.svg"
    done = answered.run(*words, str(file), "--since", "2d")
    assert done.code == 0, done.err
    assert "5 mentions, 2 still waiting" in " ".join(done.err.split())
    assert file.read_text(encoding="utf-8").startswith("<?xml")


def test_the_digest_tells_of_answers_surveys_and_the_voice_that_waits(answered: Place) -> None:
    take(answered, asked_of("Acme", "nps", [10, 9, 9, 8, 7, 6, 0, 10], [0, 10]))
    told = " ".join(answered.run("digest", "--on", "2026-11-20", now=NOW + timedelta(hours=20)).out.split())
    assert "2 mentions to answer, 2 without an answer yet; answered: fewer than half so far." in told
    assert "0 % were answered within the target" in told
    assert "Of 1 mention it is not known whether anybody answered." in told
    assert "Net Promoter Score 25 (95 % interval" in told
    assert "unanswered" in told.lower()


def test_net_promoter_score_by_period_is_the_one_by_hand(answered: Place) -> None:
    # 10, 9, 9, 10 of 8 promote, 8 and 7 are passive, 6 and 0 detract: 100 (4 - 2) / 8 = 25. Agresti and Min: (4 - 2) /
    # 10 = 0.2, variance ((4 + 2 + 1) / 10 - 0.04) / 10 = 0.066, 100 (0.2 +- 1.959964 x 0.256905) = -30.4 to 70.4.
    take(answered, asked_of("Acme", "nps", [10, 9, 9, 8, 7, 6, 0, 10], [0, 10]) + asked_of("Acme", "nps_", [5], [1, 5]))
    found = json.loads(answered.run("trend", "Acme", "--metric", "nps", "--since", "2d", "--format", "json").out)
    total = found["totals"][0]
    assert (total["nps"], total["nps_interval"], total["n"]) == (25.0, [-30.4, 70.4], 8)
    assert (total["promoters"], total["passives"], total["detractors"]) == (4, 2, 2)
    assert [one["nps"] for one in found["buckets"]] == [None, None, 25.0]
    assert [one["nps_interval"] for one in found["buckets"]][:2] == [None, None]
    assert "25.0" in answered.run("trend", "Acme", "--metric", "nps", "--since", "2d").out


def test_a_scale_without_promoters_is_left_out_and_counted(answered: Place) -> None:
    take(answered, asked_of("Acme", "nps", [5, 4], [1, 5]))
    total = json.loads(answered.run("trend", "Acme", "--metric", "nps", "--format", "json").out)["totals"][0]
    assert (total["nps"], total["n"], total["left_out"]) == (None, 0, 2)


def test_satisfaction_counts_the_stars_of_reviews_too(answered: Place) -> None:
    # 5 and 4 of five by survey, stars 1.0, 0.75, 0.5 and 0.0: 4 of 6; Wilson for 4 of 6: 30.0 to 90.3.
    stars = [
        line(70 + place, 3, f"Acme app, {place}", kind="review", source="appstore", rating=rating)
        for place, rating in enumerate((1.0, 0.75, 0.5, 0.0))
    ]
    take(answered, asked_of("Acme", "csat", [5, 4], [1, 5]) + stars)
    total = json.loads(answered.run("trend", "Acme", "--metric", "csat", "--format", "json").out)["totals"][0]
    assert (total["csat"], total["csat_interval"], total["n"]) == (66.7, [30.0, 90.3], 6)


def test_effort_is_the_mean_of_answers_on_seven(answered: Place) -> None:
    # 7, 6, 5 of seven and 5 of five, which is 7: mean 6.25. With 1 and 7 added: mean 33 / 6 = 5.5, deviation
    # sqrt(27.5 / 5) = 2.345208, t with 5 degrees 2.570582: half 2.4611, so 3.04 to 7.
    take(
        answered,
        asked_of("Acme", "ces", [7, 6, 5], [1, 7])
        + [{**one, "id": "c5"} for one in asked_of("Acme", "ces", [5], [1, 5])],
    )
    total = json.loads(answered.run("trend", "Acme", "--metric", "ces", "--format", "json").out)["totals"][0]
    assert (total["ces"], total["ces_interval"], total["n"]) == (6.25, [3.04, 7.0], 4)


@pytest.mark.parametrize(
    "words", [("trend", "Acme", "--metric", "nps", "--chart"), ("chart", "nps", "Acme", "--output")]
)
def test_a_survey_is_drawn_and_told_in_words(answered: Place, words: tuple[str, ...]) -> None:
    take(answered, asked_of("Acme", "nps", [10, 9, 9, 8, 7, 6, 0, 10], [0, 10]))
    done = answered.run(*words, "nps.svg", "--since", "2d")
    assert done.code == 0, done.err
    picture = (answered.folder / "nps.svg").read_text(encoding="utf-8")
    assert "<title>Acme: Net Promoter Score by day</title>" in picture
    told = " ".join(done.err.split()).replace("\N{MINUS SIGN}", "-")
    assert "+25 (95 % interval -30 to +70, n 8)." in told


def test_a_survey_of_several_brands_is_not_drawn(answered: Place) -> None:
    done = answered.run("trend", "Acme", "Globex", "--metric", "ces", "--chart", "ces.png")
    assert done.code == 2
    assert "draw each" in done.err


def drawn_here(place: Place, metric: str, *words: str) -> list[str]:
    done = place.run("trend", "Acme", "--metric", metric, "--since", "2d", *words, "--chart", "-")
    assert done.code == 0, done.err
    assert "\x1b" not in done.out
    lines = [line.rstrip() for line in done.out.splitlines()]
    assert max(map(len, lines)) <= 80
    return lines


def bars_of(lines: list[str]) -> list[str]:
    return [re.split("[┤│]", line)[1] for line in lines if "┤" in line or "│" in line]


def test_a_promoter_score_is_drawn_in_the_terminal(answered: Place) -> None:
    # Of 6, 3 promote and 1 detracts: 33.3 is two of the six lines from zero to 100. Agresti and Min: 2 / 8, variance
    # (5 / 8 - 1 / 16) / 8: 25 +- 52. Nothing was read on 18 November; what stands in the store of the 19th is no survey.
    given = asked_of("Acme", "nps", [10, 9, 9, 8, 7, 6], [0, 10])
    odd = [{**one, "id": f"odd-{one['id']}"} for one in asked_of("Acme", "nps", [5, 4], [1, 5])]
    take(answered, given + odd)
    assert drawn_here(answered, "nps") == [
        "Acme: Net Promoter Score by day, Asia/Kolkata",
        "+100┤",
        "    │",
        "    │",
        " +50┤",
        "    │            ░░░░░",
        "    │            ░░░░░",
        "   0┤──?─────?───░░░░░─",
        "    │",
        "    │",
        " \N{MINUS SIGN}50┤",
        "    │",
        "    │",
        "\N{MINUS SIGN}100┤",
        "    └──┬───────────────",
        "    18 Nov",
        "whole span: +33 (95 % interval \N{MINUS SIGN}27 to +77, n 6)",
        "░ fewer than 10 answers; ? nothing known: 2 days, 1 of them not read",
        "the last day is not over; left out, on another scale: 2 answers",
    ]


def test_satisfaction_is_drawn_in_the_terminal(answered: Place) -> None:
    take(answered, asked_of("Acme", "csat", [5, 4, 4, 1], [1, 5]))
    lines = drawn_here(answered, "csat", "--format", "table")
    assert lines[0] == "Acme: Customer satisfaction by day, Asia/Kolkata"
    assert bars_of(lines) == [
        "",
        "",
        "",
        *[" " * 12 + "░░░░░"] * 9,
        "  ?     ?   ░░░░░",
    ]  # 3 of 4: nine of twelve lines
    assert "whole span: 75 % (95 % interval 30 % to 95 %, n 4)" in lines  # Wilson, 3 of 4


def test_effort_is_drawn_in_the_terminal_by_the_hour(answered: Place) -> None:
    take(answered, asked_of("Acme", "ces", [7, 6, 2], [1, 7]))
    lines = drawn_here(answered, "ces", "--by", "hour")
    # From 18 Nov 13:00 to 20 Nov 13:30 are 49 hours; answered was at 11:30, in the 47th. 5 is ten of 15 lines above 1.
    assert bars_of(lines) == [*[""] * 5, *[" " * 46 + "░"] * 10, "?" * 46 + "░" + "??"]
    assert lines[-3] == "whole span: 5.0 (95 % interval 1.0 to 7.0, n 3)"


def test_the_wait_is_drawn_in_the_terminal(answered: Place) -> None:
    # The estimate by hand (see above) is 20 % from 1 h on, 46.7 % from 6 h and all from 20 h: 2.4, 5.6 and 12 lines above
    # that of 0 %. 74 cells for log(1) to log(2,160) minutes: 1 h is 38.9, 6 h 56.0, 20 h 67.4.
    lines = drawn_here(answered, "response")
    first, then, last = " " * 39 + "░" * 35, " " * 56 + "░" * 18, " " * 67 + "░" * 7
    assert bars_of(lines) == [*[last] * 6, *[then] * 4, *[first] * 3]
    assert lines[-3].split("  ")[-1].strip() == "1 day"
    assert lines[-2:] == [
        "5 mentions; 2 still waiting; half within 20 hours; ░ fewer than 10 mentions",
        "left out, not known whether answered: 1 mention",
    ]


def test_several_brands_are_drawn_in_the_terminal(answered: Place) -> None:
    take(answered, asked_of("Globex", "csat", [5] * 10, [1, 5]))
    lines = drawn_here(answered, "csat", "Globex")
    assert [line for line in lines if "satisfaction" in line] == [
        "Acme: Customer satisfaction by day, Asia/Kolkata",
        "Globex: Customer satisfaction by day, Asia/Kolkata",
    ]
    assert "whole span: no answers" in lines
    assert "whole span: 100 % (95 % interval 72 % to 100 %, n 10)" in lines


def test_a_brand_without_accounts_of_its_own_says_in_the_drawing_that_nothing_is_known(answered: Place) -> None:
    done = answered.run("trend", "Globex", "--metric", "response", "--chart", "-")
    assert (done.code, done.out) == (0, "Globex: nothing to answer is known\n")
    assert "Globex has no own_accounts" in done.err


@pytest.mark.parametrize(("variables", "is_coloured"), [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False)])  # fmt: skip
def test_a_narrow_terminal_is_drawn_in_and_coloured_where_that_is_wanted(
    answered: Place, variables: dict[str, str], *, is_coloured: bool
) -> None:
    take(answered, asked_of("Acme", "nps", [10, 9, 9, 8, 7, 6], [0, 10]))
    words = ("trend", "Acme", "--metric", "nps", "--by", "hour", "--since", "7d", "--chart", "-")
    shown = on_terminal(answered, 44, variables, *words)
    assert ("\x1b[" in shown) is is_coloured
    plain = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()]
    assert " ".join(plain[:2]) == "Acme: Net Promoter Score by hour, 5 together, Asia/Kolkata"
    assert max(map(len, plain)) <= 44


def on_terminal(place: Place, columns: int, variables: dict[str, str], *words: str) -> str:
    """Return what a command writes to a terminal so many columns wide."""
    pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    kept = {name: value for name, value in environment().items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    command = [sys.executable, "-m", "listener.cli.main", *words, "--now", NOW.isoformat()]
    with subprocess.Popen(
        [*command, "--config", str(place.config_file)], stdout=theirs, cwd=place.folder, env={**kept, **variables}
    ) as process:
        os.close(theirs)
        written = b"".join(iter(lambda: _more(ours), b""))
        assert process.wait(60) == 0
    os.close(ours)
    return written.decode()


def _more(ours: int) -> bytes:
    try:
        return os.read(ours, 65_536)
    except OSError:  # how Linux tells that the other end is closed
        return b""
