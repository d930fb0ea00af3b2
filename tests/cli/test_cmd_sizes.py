"""How large the store is, how it grows, and what gives room back."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import namedtuple
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from listener.cli.sizing import size_lines
from listener.search import Reader

if TYPE_CHECKING:
    from conftest import Place

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def size_of(place: Place, now: datetime = NOW) -> dict[str, float]:
    return json.loads(place.run("status", "--format", "json", now=now).out)["size"]  # type: ignore[no-any-return]


def age(place: Place, numbers: str, days: int) -> None:
    with closing(sqlite3.connect(place.database)) as connection, connection:
        connection.execute(f"UPDATE mentions SET seen_at = seen_at - {days * 86_400} WHERE id {numbers}")  # noqa: S608 - of this file


def test_status_tells_the_size_and_when_the_next_round_size_is_reached(filled: Place) -> None:
    age(filled, "<= 6", 100)
    size = size_of(filled)
    assert size["mentions"] == 20
    assert size["mentions_a_day"] == pytest.approx(14 / 28, abs=0.06)
    assert size["bytes"] >= filled.database.stat().st_size
    with Reader(filled.database) as reader:
        exact = reader.size(NOW)
    used = exact.total * (1 - exact.free_share)
    assert size["bytes_a_mention"] == round(used / 20)
    assert size["days_to_next"] == int((1e9 - used) / (exact.daily * used / 20))
    assert "mentions of" in filled.run("status").out


def test_one_mention_and_one_day_are_told_as_one(place: Place) -> None:
    place.fill(1, 1)
    size = place.run("status").out.split("size ")[1].splitlines()[0]
    assert ", 1 mention of " in size
    assert size.endswith(" bytes") or " bytes; " in size
    assert place.run("export").err == "1 mention written\n"
    assert "1 of 1 mention gone through" in place.run("rematch").err
    told = {"bytes": 1, "mentions": 1, "bytes_a_mention": 1, "free_share": 0, "next_bytes": 10**9}
    assert size_lines({**told, "days_to_next": 1, "days_to_full": 1}) == [
        "size      1 byte, 1 mention of 1 byte",
        "growth    1 GB in 1 day, as in the last 28",
        "disk      full in 1 day at that",
    ]
    assert size_lines({**told, "mentions": 1_200, "days_to_next": 2, "days_to_full": 1_000}) == [
        "size      1 byte, 1,200 mentions of 1 byte",
        "growth    1 GB in 2 days, as in the last 28",
        "disk      full in 1,000 days at that",
    ]


def publish(place: Place, number: int, ago: timedelta) -> None:
    """Let a mention have been published so long ago."""
    at = int((NOW - ago).timestamp())
    with closing(sqlite3.connect(place.database)) as connection, connection:
        connection.execute("UPDATE mentions SET published_at = ? WHERE id = ?", (at, number))


def test_a_young_store_grows_by_what_came_of_its_few_days_and_those_it_looked_back(filled: Place) -> None:
    for number in range(1, 21):
        publish(filled, number, timedelta(hours=5 * number))  # of four days
    assert size_of(filled)["mentions_a_day"] == pytest.approx(20 / 4, rel=0.1)
    publish(filled, 20, timedelta(days=3_000))  # an old thread
    assert size_of(filled)["mentions_a_day"] == pytest.approx(20 / 4, rel=0.1)
    assert size_of(filled, NOW + timedelta(days=4))["mentions_a_day"] == pytest.approx(20 / 8, rel=0.1)


def test_a_history_that_is_imported_is_no_growth(filled: Place) -> None:
    for number in range(1, 21):
        publish(filled, number, timedelta(days=100 + number))
    assert size_of(filled)["days_to_next"] is None
    for number in range(1, 21):
        publish(filled, number, timedelta(days=3.5 * number - 1))  # two a week, ten weeks long
    assert size_of(filled)["mentions_a_day"] == pytest.approx(2 / 7, abs=0.05)


def test_very_many_mentions_are_not_all_looked_at(filled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    right = size_of(filled)["mentions_a_day"]
    monkeypatch.setattr("listener.search.size._LOOKED_AT", 7)
    assert size_of(filled)["mentions_a_day"] == pytest.approx(right, rel=0.25)


def test_a_store_that_gets_nothing_does_not_grow(filled: Place) -> None:
    age(filled, "> 0", 60)
    assert size_of(filled)["days_to_next"] is None


def fill_and_empty(place: Place) -> None:
    with closing(sqlite3.connect(place.database)) as connection:
        connection.execute("CREATE TABLE chaff (data BLOB)")
        connection.execute("INSERT INTO chaff VALUES (zeroblob(4000000))")
        connection.commit()
        connection.execute("DROP TABLE chaff")


def test_doctor_gives_empty_pages_back_where_it_pays_while_somebody_reads(filled: Place) -> None:
    assert "from 20 % on it pays" in filled.run("doctor", "--compact").out
    fill_and_empty(filled)
    assert size_of(filled)["free_share"] > 0.5
    with Reader(filled.database) as reader:
        answer = filled.run("doctor", "--compact")
        assert "MB given back" in answer.out
        assert reader.daemon() is None
    assert size_of(filled)["free_share"] == 0
    assert "is whole" in filled.run("doctor").out


def test_doctor_leaves_the_file_where_the_disk_has_no_room(filled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_and_empty(filled)
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil gives it
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10, 9, 1))
    assert "MB of room on the disk" in filled.run("doctor", "--compact").out
    assert size_of(filled)["free_share"] > 0.5
