from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from listener.protocols import Resource
from listener.schema import MIGRATIONS
from servers.hackernews import HackerNews
from servers.smtp import Behaviour, MailServer

if TYPE_CHECKING:
    from cli.conftest import Place

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def fail(place: Place, times: int) -> None:
    with place.store() as store:
        for _ in range(times):
            store.reports.note_outcome(
                "hackernews", state="unavailable", message="hackernews: no answer", retry_at=None, now=NOW
            )


def beat(place: Place, at: datetime) -> None:
    with place.store() as store:
        store.reports.beat("daemon", 4711, started_at=at, now=at)


def leave_open(place: Place) -> None:
    """Open a window of the last twelve hours and read nothing of it."""
    with place.store() as store:
        resource = Resource(key="Acme-2", lane="search:2", native="acme", brand="Acme")
        ids = store.open_pass("hackernews", [resource], now=NOW)
        (window,) = store.windows_to_read(
            ids["Acme-2"],
            until=NOW,
            lookback_from=NOW - timedelta(hours=12),
            look_back=False,
            oldest_readable=None,
            now=NOW,
        )
        store.note_open(window, "hackernews: no answer", now=NOW)


def test_status_tells_everything_in_the_shape_that_scripts_read(filled: Place) -> None:
    filled.drain(NOW - timedelta(hours=12), NOW)
    beat(filled, NOW - timedelta(minutes=1))

    answer = filled.run("status", "--format", "json")

    assert answer.code == 0
    told = json.loads(answer.out)
    assert told["sources"] == [
        {
            "name": "hackernews",
            "enabled": True,
            "last_success_at": "2026-11-20T13:30:00+05:30",
            "next_run_at": None,
            "state": "ok",
            "consecutive_failures": 0,
            "message": None,
        }
    ]
    acme = next(row for row in told["coverage"] if row["brand"] == "Acme" and row["source"] == "hackernews")
    assert acme["last_24h"] == pytest.approx(0.5)
    assert acme["last_7d"] == pytest.approx(1 / 14, abs=1e-4)
    assert told["windows"] == {"open": 0, "lost": 0, "budget": 0, "listed": []}
    assert told["budget"] == []
    assert told["outbox"] == {"pending": 0, "failed": 0, "sent": 0, "errors": []}
    assert told["daemon"] == {"pid": 4711, "heartbeat_at": "2026-11-20T13:29:00+05:30"}
    assert told["config"] == str(filled.config_file)
    assert told["database"] == str(filled.database)


def test_status_calls_nothing_wholly_read_that_lacks_a_second(filled: Place) -> None:
    filled.drain(NOW - timedelta(days=8), NOW - timedelta(seconds=1))

    (acme, *_) = json.loads(filled.run("status", "--format", "json").out)["coverage"]

    assert (acme["last_24h"], acme["last_7d"]) == (0.9999, 0.9999)
    shown = next(line for line in filled.run("status").out.splitlines() if line.startswith("Acme "))
    assert shown.split(maxsplit=2) == ["Acme", "all", "99.9 %    99.9 %"]


def test_status_names_the_windows_that_were_not_read(filled: Place) -> None:
    leave_open(filled)

    told = json.loads(filled.run("status", "--format", "json").out)
    shown = filled.run("status").out

    assert told["windows"]["open"] == 1
    assert told["windows"]["listed"][0]["reason"] == "hackernews: no answer"
    assert "1 open, 0 lost" in shown
    assert "2026-11-20 01:30" in shown
    assert "hackernews: no answer" in shown


def test_status_of_a_fresh_start_has_no_store_and_says_so(place: Place) -> None:
    answer = place.run("status")

    assert answer.code == 0
    assert "not read yet" in answer.out
    assert "daemon    does not run" in answer.out
    assert 'there is no store yet; "listener collect" makes one' in answer.err
    assert not place.database.exists()


@pytest.mark.parametrize(
    ("silent", "is_enabled", "words", "next_run"),
    [
        (timedelta(minutes=3), True, "pid 4711, last sign of life 2026-11-20 13:27", "2026-11-20T13:40:00+05:30"),
        (timedelta(minutes=3), False, "pid 4711, last sign of life 2026-11-20 13:27", None),
        (timedelta(days=3), True, "pid 4711, no sign of life since 2026-11-17 13:30", None),  # killed, or switched off
        (None, True, "does not run", None),
    ],
)
def test_status_names_a_next_run_only_where_a_living_daemon_will_make_it(
    filled: Place, silent: timedelta | None, is_enabled: bool, words: str, next_run: str | None
) -> None:
    if silent is not None:
        beat(filled, NOW - silent)
    with filled.store() as store:
        store.reports.note_next_run("hackernews", at=NOW + timedelta(minutes=10))
    if not is_enabled:
        text = filled.config_file.read_text(encoding="utf-8")
        filled.configure(text.replace("[sources.hackernews]", "[sources.hackernews]\nenabled = false"))
    (row,) = json.loads(filled.run("status", "--format", "json").out)["sources"]
    assert (row["enabled"], row["next_run_at"]) == (is_enabled, next_run)
    shown = filled.run("status").out
    assert f"daemon    {words}\n" in shown
    assert ("2026-11-20 13:40" in shown) is (next_run is not None)


def test_a_healthcheck_says_nothing_and_passes_while_the_daemon_lives(filled: Place) -> None:
    beat(filled, NOW - timedelta(minutes=3))

    answer = filled.run("status", "--healthcheck")

    assert (answer.code, answer.out, answer.err) == (0, "", "")


@pytest.mark.parametrize("minutes", [4, 600, -4, -600_000])
def test_a_healthcheck_fails_where_the_daemon_is_silent_for_too_long(filled: Place, minutes: int) -> None:
    beat(filled, NOW - timedelta(minutes=minutes))

    answer = filled.run("status", "--healthcheck")

    assert (answer.code, answer.out, answer.err) == (1, "", "")


@pytest.mark.parametrize(("failures", "code"), [(3, 0), (4, 1)])
def test_a_healthcheck_forgives_three_failures_in_a_row_and_no_more(filled: Place, failures: int, code: int) -> None:
    beat(filled, NOW)
    fail(filled, failures)

    assert filled.run("status", "--healthcheck").code == code


def test_a_healthcheck_without_store_or_configuration_fails_silently(place: Place) -> None:
    answer = place.run("status", "--healthcheck")
    place.configure("[nonsense]\n")
    wrong = place.run("status", "--healthcheck")

    assert (answer.code, answer.out, answer.err) == (1, "", "")
    assert (wrong.code, wrong.out, wrong.err) == (1, "", "")


def test_sources_are_listed_without_any_configuration(place: Place) -> None:
    place.config_file.unlink()

    answer = place.run("sources", "--format", "json", config=False)

    rows = {row["name"]: row for row in json.loads(answer.out)}
    assert answer.code == 0
    assert {"hackernews", "reddit", "rss", "x"} <= set(rows)
    assert rows["hackernews"]["key_needed"] == "none"
    assert "$0.005" in rows["x"]["cost"]
    assert not any(row["enabled"] for row in rows.values())


def test_sources_tell_which_are_enabled_and_how_they_stand(filled: Place) -> None:
    fail(filled, 2)

    rows = {row["name"]: row for row in json.loads(filled.run("sources", "--format", "json").out)}

    assert rows["hackernews"]["enabled"] is True
    assert rows["hackernews"]["state"] == "unavailable"
    assert rows["rss"]["state"] == "off"


def test_the_table_of_sources_shows_times_as_other_tables_do(filled: Place) -> None:
    with filled.store() as store:
        store.reports.note_outcome("hackernews", state="ok", message=None, retry_at=None, now=NOW)
    exact = {row["name"]: row for row in json.loads(filled.run("sources", "--format", "json").out)}["hackernews"]

    shown = filled.run("sources", "--format", "table").out

    assert exact["last_success_at"][:16].replace("T", " ") in shown
    assert exact["last_success_at"] not in shown


def test_check_of_a_sound_place_is_all_ok(place: Place) -> None:
    with HackerNews([]) as web, MailServer(Behaviour()) as mail:
        place.configure(
            f"""
            [[brands]]
            name = "Acme"
            [sources.hackernews]
            base_url = "{web.url}"
            [mail]
            host = "127.0.0.1"
            port = {mail.port}
            security = "none"
            sender = "listener@example.org"
            [digest]
            to = ["a@example.org", "b@example.org"]
            """
        )
        answer = place.run("check")

    lines = answer.out.splitlines()
    assert answer.code == 0
    assert [line.split()[:2] for line in lines] == [
        ["ok", "config"],
        ["ok", "store"],
        ["ok", "hackernews"],
        ["ok", "mail"],
    ]
    assert not place.database.exists()


def test_check_names_each_brand_that_a_source_cannot_be_asked_for(place: Place) -> None:
    with HackerNews([]) as web:
        place.configure(
            f"""
            [[brands]]
            name = "Acme"
            query = 'acme OR hashtag:"acme coffee"'
            [[brands]]
            name = "Globex"
            [[brands]]
            name = "Initech"
            query = 'initech OR hashtag:"initech tea"'
            [sources.hackernews]
            base_url = "{web.url}"
            """
        )
        answer = place.run("check")

    told = [line for line in answer.out.splitlines() if "hackernews" in line.split()[1]]
    assert answer.code == 3
    assert told[0].startswith("ok ")
    assert [line.startswith("FAIL ") for line in told[1:]] == [True, True]
    assert "cannot be asked for the query of Acme" in told[1]
    assert "cannot be asked for the query of Initech" in told[2]


def configure_little(place: Place) -> None:
    place.configure('[[brands]]\nname = "Acme"\n[sources.hackernews]\nenabled = false\n')


def test_check_neither_waits_for_a_writer_nor_keeps_one_waiting(filled: Place) -> None:
    configure_little(filled)
    with closing(sqlite3.connect(filled.database, isolation_level=None, timeout=0)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM labels")
        answer = filled.run("check")
        writer.execute("COMMIT")

    assert answer.code == 0
    assert f"ok    store         {filled.database} reads well\n" in answer.out


def test_check_leaves_a_store_of_an_older_version_as_it_is(place: Place) -> None:
    configure_little(place)
    with closing(sqlite3.connect(place.database, isolation_level=None)) as connection:
        migrations = Migrations("listener")
        migrations(name=MIGRATIONS[0][0])(MIGRATIONS[0][1])
        migrations.apply(Database(connection))
    before = place.database.read_bytes()

    answer = place.run("check")

    assert answer.code == 0
    assert "reads well; its tables are of version 1, what writes next brings them to" in answer.out
    assert place.database.read_bytes() == before
    assert sorted(one.name for one in place.folder.iterdir()) == ["config.toml", "listener.db"]


def test_check_refuses_a_store_of_a_newer_program(filled: Place) -> None:
    configure_little(filled)
    with closing(sqlite3.connect(filled.database)) as connection:
        connection.execute("PRAGMA user_version = 4000")

    answer = filled.run("check")

    assert answer.code == 3
    assert "upgrade the program" in answer.out


def test_check_says_of_a_store_with_damaged_pages_what_is_wrong(filled: Place) -> None:
    configure_little(filled)
    with filled.database.open("r+b") as file:
        file.seek(4096 * 2)
        file.write(b"\xff" * 4096 * 8)

    answer = filled.run("check")

    assert answer.code == 3
    assert f"FAIL  store         {filled.database}: " in answer.out


def test_check_names_each_thing_that_is_wrong_and_goes_on(place: Place) -> None:
    place.database.write_bytes(b"this is a text, not a store" * 100)

    answer = place.run("check")

    lines = answer.out.splitlines()
    assert answer.code == 3
    assert [line.split()[:2] for line in lines] == [
        ["ok", "config"],
        ["FAIL", "store"],
        ["FAIL", "hackernews"],
        ["skip", "mail"],
    ]
    assert "damaged or not a store" in lines[1]


def test_check_lists_every_problem_of_the_configuration(place: Place) -> None:
    place.configure(
        """
        [[brands]]
        name = ""
        [[brands]]
        name = "Acme"
        query = "(acme"
        [sources.hackernews]
        hits_per_page = "many"
        [sources.lemmy]
        instances = ["https://lemmy.example/?page=1"]
        [sources.twitter]
        [[alerts.rules]]
        name = "spike"
        brands = ["Acne"]
        sensitive = true
        """
    )

    answer = place.run("check")

    lines = answer.out.splitlines()
    assert answer.code == 2
    assert all(line.startswith("FAIL  config") for line in lines)
    assert sorted(line.split(".toml: ", 1)[1].partition(":")[0] for line in lines) == [
        "alerts.rules[1].sensitive",
        "brands[1].name",
        'brands[2] "Acme"',
        "sources.hackernews.hits_per_page",
        "sources.lemmy.instances[1]",
        "sources.twitter",
    ]
    assert place.run("collect").err.count("\n  ") == 6


def test_check_says_that_there_is_no_brand_to_listen_for(place: Place) -> None:
    place.configure("[sources.hackernews]\nenabled = false\n")

    answer = place.run("check")

    assert answer.code == 0
    assert [line.split()[:2] for line in answer.out.splitlines()] == [
        ["ok", "config"],
        ["ok", "store"],
        ["skip", "brands"],
        ["skip", "sources"],
        ["skip", "mail"],
    ]


def test_a_look_back_into_the_future_is_a_wrong_usage(place: Place) -> None:
    answer = place.run("collect", "--since", "2026-11-21")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "Error: --since 2026-11-21 is still to come; name a time that is past\n"
    assert not place.database.exists()


def test_check_with_no_configuration_anywhere_names_the_places_it_tried(place: Place) -> None:
    place.config_file.unlink()

    answer = place.run("check", config=False)

    assert answer.code == 2
    assert "listener init" in answer.out
