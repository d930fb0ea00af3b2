from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from listener.alerts.records import RuleState
from listener.store import EpisodeSave, Store
from servers.smtp import Behaviour, MailServer
from stores import lay_store

if TYPE_CHECKING:
    from cli.conftest import Place

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def save_alert(
    place: Place, *, hours_ago: int = 3, brand: str = "Acme", mentions: tuple[int, ...] = (1, 2), coverage: float = 0.75
) -> int:
    why = {"terms": ["leak"], "sources": ["hackernews"], "authors": ["ada"], "mentions": list(mentions)}
    with Store(lay_store(place.database)) as store:
        (number,) = store.reports.save_evaluation(
            brand,
            "spike",
            state="{}",
            evaluated_until=NOW,
            episodes=[
                EpisodeSave(
                    key=f"{brand}/spike/{hours_ago}",
                    state="open",
                    severity="high",
                    opened_at=NOW - timedelta(hours=hours_ago),
                    updated_at=NOW - timedelta(hours=hours_ago),
                    resolved_at=None,
                    observed=12.0,
                    expected=2.25,
                    interval=(0.0, 5.0),
                    surprise=6.1,
                    peak=14.0,
                    total=12,
                    coverage=coverage,
                    headline="12 mentions in the last hour, about 2.3 are usual for a Friday 10:30",
                    why=json.dumps(why),
                )
            ],
            destinations=[],
            now=NOW,
        )
    return number


def rows_of(place: Place, table: str) -> int:
    with closing(sqlite3.connect(place.database)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - names of this file


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("columns", [40, 60, 79])
def test_alerts_are_as_wide_as_the_terminal(filled: Place, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    save_alert(filled)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", "24")
    for command in (("alerts", "list"), ("alerts", "show", "1")):
        terminal = Terminal()
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", terminal)
            assert filled.run(*command).code == 0
        lines = [line for line in terminal.getvalue().splitlines() if "https://" not in line]
        assert max(map(len, lines)) <= columns
        assert max(map(len, lines)) > columns - 15
        assert all(line == line.rstrip() for line in lines)
        assert "12 mentions in the last hour, about 2.3 are usual for a Friday 10:30" in " ".join(
            line.strip() for line in lines
        )


def test_alerts_in_a_pipe_or_on_a_wide_terminal_take_80_columns(filled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    save_alert(filled)
    piped = [filled.run(*command).out for command in (("alerts", "list"), ("alerts", "show", "1"))]
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setenv("NO_COLOR", "1")
    for command, expected in zip((("alerts", "list"), ("alerts", "show", "1")), piped, strict=True):
        terminal = Terminal()
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", terminal)
            filled.run(*command)
        assert terminal.getvalue() == expected


def test_the_list_has_the_shape_that_scripts_read(filled: Place) -> None:
    save_alert(filled)

    told = json.loads(filled.run("alerts", "list", "--format", "json").out)

    assert told == [
        {
            "id": 1,
            "brand": "Acme",
            "rule": "spike",
            "state": "open",
            "severity": "high",
            "opened_at": "2026-11-20T10:30:00+05:30",
            "resolved_at": None,
            "observed": 12.0,
            "expected": 2.25,
            "interval": [0.0, 5.0],
            "surprise": 6.1,
            "coverage": 0.75,
            "why": {"terms": ["leak"], "sources": ["hackernews"], "authors": ["ada"], "mentions": [1, 2]},
        }
    ]


def test_without_a_subcommand_alerts_are_listed_with_the_same_options(filled: Place) -> None:
    save_alert(filled)
    save_alert(filled, brand="Globex", hours_ago=5)

    bare = filled.run("alerts")
    mine = filled.run("alerts", "--brand", "globex", "--format", "jsonl")

    assert bare.code == 0
    assert bare.out.splitlines() == [
        "1  2026-11-20 10:30  Acme    spike  high  open",
        "   12 mentions in the last hour, about 2.3 are usual for a Friday 10:30",
        "2  2026-11-20 08:30  Globex  spike  high  open",
        "   12 mentions in the last hour, about 2.3 are usual for a Friday 10:30",
    ]
    assert [json.loads(line)["brand"] for line in mine.out.splitlines()] == ["Globex"]


@pytest.mark.parametrize(
    ("coverage", "said"), [(0.754, "at least 75 %"), (0.0, "at least 0 %"), (0.004, "under 1 %"), (1.0, "100 %")]
)
def test_how_much_was_read_during_an_alert_is_said_as_it_is(filled: Place, coverage: float, said: str) -> None:
    save_alert(filled, coverage=coverage)
    assert f"coverage  {said} of the sources were read" in filled.run("alerts", "show", "1").out.splitlines()


def test_a_list_that_is_cut_says_so(filled: Place) -> None:
    save_alert(filled)
    save_alert(filled, hours_ago=9)

    assert "only the newest 1 is shown" in filled.run("alerts", "list", "--limit", "1").err


def test_an_alert_is_shown_headline_first_within_eighty_columns(filled: Place) -> None:
    filled.save([filled.mention("Acme " + "leaks and leaks " * 20, at=NOW - timedelta(hours=3))])
    save_alert(filled, mentions=(21, 999))

    answer = filled.run("alerts", "show", "1")

    lines = answer.out.splitlines()
    assert answer.code == 0
    assert lines[0].startswith("Acme: 12 mentions in the last hour")
    assert "expected  2.25, usually 0 to 5" in lines
    assert "since     2026-11-20 10:30 (Asia/Kolkata), still open" in lines
    assert "coverage  at least 75 % of the sources were read" in lines
    assert "said      leak" in lines
    assert "    https://news.example/21" in lines
    assert "1 more mention of it left the store" in lines
    assert all(len(line) <= 80 for line in lines)


def test_a_fall_has_no_peak(filled: Place) -> None:
    save_alert(filled)
    assert "observed  12, peak 14" in filled.run("alerts", "show", "1").out
    with closing(sqlite3.connect(filled.database)) as connection:
        connection.execute("UPDATE episodes SET rule = 'sentiment', surprise = -2.6, observed = 0.1, peak = 0.2")
        connection.commit()
    assert "observed  10 %" in filled.run("alerts", "show", "1").out.splitlines()


def test_a_purged_mention_says_that_its_text_is_gone(filled: Place) -> None:
    save_alert(filled, mentions=(1,))
    with closing(sqlite3.connect(filled.database)) as connection:
        connection.execute("UPDATE mentions SET text = NULL, title = NULL, address = NULL WHERE id = 1")
        connection.commit()

    assert "(the text was removed)" in filled.run("alerts", "show", "1").out


def test_an_alert_is_acknowledged_once_and_for_all(filled: Place) -> None:
    save_alert(filled)

    first = filled.run("alerts", "ack", "1")
    filled.run("alerts", "ack", "1", now=NOW + timedelta(hours=1))

    assert first.code == 0
    assert "alert 1 of Acme is acknowledged" in first.err
    assert "seen by   somebody, 2026-11-20 13:30" in filled.run("alerts", "show", "1").out


@pytest.mark.parametrize("command", ["show", "ack"])
def test_an_alert_that_does_not_exist_is_refused(filled: Place, command: str) -> None:
    answer = filled.run("alerts", command, "77")

    assert answer.code == 2
    assert "no alert has the number 77" in answer.err


def test_a_snooze_holds_until_its_end_and_can_be_ended(filled: Place) -> None:
    asleep = filled.run("alerts", "snooze", "acme", "4h")
    with closing(sqlite3.connect(filled.database)) as connection:
        (until,) = connection.execute("SELECT until_at FROM snoozes").fetchone()
    awake = filled.run("alerts", "snooze", "Acme", "0h")

    assert until == int((NOW + timedelta(hours=4)).timestamp())
    assert "from 2026-11-20 17:30 on" in asleep.err
    assert "sent again" in awake.err


def test_a_snooze_is_shown_for_as_long_as_it_lasts(filled: Place) -> None:
    said = "Acme are snoozed until 2026-11-20 17:30"
    before = filled.run("status").out, filled.run("alerts").err
    filled.run("alerts", "snooze", "Acme", "4h")
    later = NOW + timedelta(hours=4)

    assert said in filled.run("status").out
    assert said in filled.run("alerts", "list", "--brand", "Acme").err
    assert "snoozed" not in filled.run("alerts", "list", "--brand", "Globex").err
    assert json.loads(filled.run("status", "--format", "json").out)["snoozes"] == [
        {"brand": "Acme", "until_at": "2026-11-20T17:30:00+05:30"}
    ]
    told = (*before, filled.run("status", now=later).out, filled.run("alerts", now=later).err)
    assert not any("snoozed" in one for one in told)


def test_rules_that_pause_since_something_else_is_listened_to_are_named_until_they_judge_again(filled: Place) -> None:
    changed = RuleState(changed=(NOW - timedelta(days=9), NOW - timedelta(hours=2)))
    with filled.store() as store:
        for rule, state in {"spike": changed, "sentiment": changed, "reach": changed, "silence": RuleState()}.items():
            store.reports.save_evaluation(
                "Acme", rule, state=state.to_json(), evaluated_until=NOW, episodes=[], destinations=[], now=NOW
            )
    said = "alerts of Acme pause: sentiment until 2026-11-21 11:30, spike until 2026-11-20 18:30; something else is"
    assert said in filled.run("alerts").err
    assert "pause" not in filled.run("alerts", "--brand", "Globex").err
    assert "pause: sentiment until 2026-11-21 11:30;" in filled.run("alerts", now=NOW + timedelta(hours=5)).err
    assert "pause" not in filled.run("alerts", now=NOW + timedelta(hours=22)).err


def test_a_snooze_by_a_clock_that_is_ahead_is_told_of(filled: Place) -> None:
    with filled.store() as store:
        store.reports.note_attempt("hackernews", now=NOW)
        store.reports.note_outcome("hackernews", state="clock_ahead", message="ahead", retry_at=None, now=NOW)
    assert "then snooze Acme anew, or this lasts longer" in filled.run("alerts", "snooze", "Acme", "4h").err
    assert "anew" not in filled.run("alerts", "snooze", "Acme", "0h").err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("snooze", "Acme", "later"), "is not a length of time"),
        (("snooze", "Acme", "500d"), "longer than a year"),
        (("snooze", "Nobody", "4h"), 'no brand "Nobody"'),
        (("show", "first"), "not a valid integer"),
        (("backtest", "--since", "2026-12-01"), "begins now or later"),
        (("list", "--brand", "Acmee"), 'did you mean "Acme"'),
    ],
)
def test_wrong_requests_are_refused_with_what_would_be_right(
    filled: Place, arguments: tuple[str, ...], words: str
) -> None:
    answer = filled.run("alerts", *arguments)

    assert answer.code == 2
    assert words in answer.err


def test_a_snooze_makes_no_store(place: Place) -> None:
    answer = place.run("alerts", "snooze", "Acme", "4h")

    assert answer.code == 1
    assert not place.database.exists()


def test_a_sample_alert_reaches_every_recipient_that_accepts_it(place: Place) -> None:
    behaviour = Behaviour(refuse={"b@example.org": "550 no such person"})
    with MailServer(behaviour) as server:
        place.configure(
            place.config_file.read_text(encoding="utf-8")
            + f'[mail]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\nsender = "listener@example.org"\n'
            + '[digest]\nto = ["a@example.org", "b@example.org"]\n'
        )
        answer = place.run("alerts", "test")

    lines = answer.out.splitlines()
    assert answer.code == 1
    assert [line.split()[0] for line in lines] == ["ok", "FAIL"]
    assert "b@example.org (550" in lines[1]
    assert [one.recipients for one in behaviour.received] == [["a@example.org"]]
    assert "This is a test" in str(behaviour.received[0].message.get_body(("plain",)))


def test_a_sample_alert_with_nobody_to_send_to_says_what_to_set(place: Place) -> None:
    answer = place.run("alerts", "test")

    assert answer.code == 1
    assert "set host in [mail] and to in [digest]" in answer.err


def test_a_backtest_finds_the_burst_and_writes_nothing(place: Place) -> None:
    quiet = [
        place.mention(f"Acme word{hour}a word{hour}b word{hour}c", at=NOW - timedelta(hours=hour), author=f"p{hour}")
        for hour in range(12, 240, 2)
    ]
    burst = [
        place.mention(
            f"Acme burst{n}x burst{n}y burst{n}z", at=NOW - timedelta(hours=6, minutes=n % 40), author=f"q{n}"
        )
        for n in range(80)
    ]
    place.save([*quiet, *burst])
    place.drain(NOW - timedelta(days=11), NOW)

    answer = place.run("alerts", "backtest", "--since", "5d", "--format", "json")
    table = place.run("alerts", "backtest", "--since", "5d")

    spikes = [row for row in json.loads(answer.out) if row["rule"] == "spike"]
    assert len(spikes) == 1
    assert spikes[0]["brand"] == "Acme"
    assert spikes[0]["opened_at"].startswith("2026-11-20T0")
    assert spikes[0]["observed"] > 10 * spikes[0]["expected"]
    assert "would have opened" in table.err
    assert (rows_of(place, "episodes"), rows_of(place, "alert_states"), rows_of(place, "outbox")) == (0, 0, 0)
