"""A command that has to bring the store up to date first shows how far it is; a dry run leaves the store as it is."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from listener.daemon import InstanceLock
from listener.schema import MIGRATIONS

if TYPE_CHECKING:
    from cli.conftest import Answer, Place

NO_SOURCE = '[listener]\ntime_zone = "UTC"\nretention = "30d"\n[[brands]]\nname = "Acme"\n'
DRY_RUNS = (
    ("forget", "--mention", "1", "--dry-run"),
    ("forget", "--author", "hackernews:ada", "--dry-run"),
    ("purge", "--dry-run"),
)


def leave_uncounted(place: Place) -> None:
    """Leave the store as a program does that is stopped while it counts what is stored anew."""
    place.fill(2, 3)
    with closing(sqlite3.connect(place.database)) as connection, connection:
        for table in ("rollup_scores", "rollup_reach", "rollup_values"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the tables above
        connection.execute("INSERT INTO upgrade_progress SELECT 1, 0, max(id), 1 FROM mentions")


def uncounted(place: Place) -> int:
    with closing(sqlite3.connect(place.database)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM upgrade_progress").fetchone()
    return int(count)


def run_changing_nothing(place: Place, command: tuple[str, ...]) -> Answer:
    """Return what a command says, once it is seen that it left every byte of the store."""
    before = place.database.read_bytes()
    answer = place.run(*command)
    assert place.database.read_bytes() == before
    return answer


def lay_first_version(place: Place) -> None:
    """Put a store there as the first version made it."""
    with closing(sqlite3.connect(place.database, isolation_level=None)) as connection:
        migrations = Migrations("listener")
        migrations(name=MIGRATIONS[0][0])(MIGRATIONS[0][1])
        migrations.apply(Database(connection))


@pytest.mark.parametrize(
    "command",
    [
        ("collect",),
        ("rematch",),
        ("rescore",),
        ("label", "1", "negative"),
        ("forget", "--mention", "1"),
        ("purge",),
        ("doctor",),
    ],
    ids=" ".join,
)
def test_a_command_that_first_has_to_count_anew_shows_it_on_a_terminal(
    place: Place, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    place.configure(NO_SOURCE)
    leave_uncounted(place)
    with monkeypatch.context() as held:
        held.setattr(sys.stderr, "isatty", lambda: True)
        answer = place.run(*command)
    assert "counting anew" in answer.err
    assert "100%" in answer.err
    assert uncounted(place) == 0


@pytest.mark.parametrize(
    "command", [("collect",), ("recheck",), ("rematch",), ("rescore",), ("import", "none.jsonl")], ids=" ".join
)
def test_a_command_that_counts_days_anew_in_another_time_zone_shows_it_on_a_terminal(
    place: Place, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    place.configure(NO_SOURCE.replace("UTC", "Asia/Kolkata"))
    place.fill(2, 3)
    (place.folder / "none.jsonl").write_text("", encoding="utf-8")
    with monkeypatch.context() as held:
        held.setattr(sys.stderr, "isatty", lambda: True)
        first, second = place.run(*command), place.run(*command)
    assert "counting anew" in first.err
    assert "100%" in first.err
    assert "counting anew" not in second.err
    with closing(sqlite3.connect(place.database)) as connection:
        assert connection.execute("SELECT zone FROM rollup_zone").fetchone() == ("Asia/Kolkata",)


def test_a_collection_makes_no_store_before_there_is_something_to_collect(place: Place) -> None:
    place.configure(NO_SOURCE)
    assert "no source is enabled" in place.run("collect").err
    assert not place.database.exists()


@pytest.mark.parametrize("command", ["collect", "run"])
def test_a_configuration_of_which_nothing_can_come_is_told_of(place: Place, command: str) -> None:
    place.configure("[listener]\ntime_zone = 'UTC'\n")
    with InstanceLock(place.database):  # so that the daemon ends
        told = place.run(command, now=None).err
    assert "no source is enabled; enable one in the configuration" in told
    assert "no brand is configured; nothing that is read is of one" in told


def test_a_collection_takes_a_store_that_another_process_is_about_to_make(place: Place) -> None:
    place.configure(NO_SOURCE)
    place.database.touch(mode=0o600)
    answer = place.run("collect")
    assert (answer.code, "no source is enabled" in answer.err) == (0, True)


@pytest.mark.parametrize("command", DRY_RUNS, ids=" ".join)
def test_a_dry_run_refuses_a_store_of_an_older_version_and_leaves_it(place: Place, command: tuple[str, ...]) -> None:
    place.configure(NO_SOURCE)
    lay_first_version(place)
    answer = run_changing_nothing(place, command)
    assert (answer.code, answer.out) == (1, "")
    assert "store version 1 is older than" in answer.err
    assert '"listener doctor --migrate" brings it up' in answer.err
    assert len(answer.err.splitlines()) == 1
    assert sorted(one.name for one in place.folder.iterdir()) == ["config.toml", "listener.db"]


@pytest.mark.parametrize("command", DRY_RUNS, ids=" ".join)
def test_a_dry_run_goes_on_with_no_upgrade(place: Place, command: tuple[str, ...]) -> None:
    place.configure(NO_SOURCE)
    leave_uncounted(place)
    answer = run_changing_nothing(place, command)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("would erase ")
    assert uncounted(place) == 1
