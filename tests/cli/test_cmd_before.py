"""What is compared with the span before is compared with as many days, weeks or months, however long these are."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from cli.conftest import CONFIG
from listener.clock import bucket_edges, start_before

if TYPE_CHECKING:
    from cli.conftest import Place

BERLIN = ZoneInfo("Europe/Berlin")


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN).astimezone(UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("step", "since", "until", "before"),
    [
        ("day", (2026, 10, 25), (2026, 10, 26), (2026, 10, 24)),  # 25 hours long
        ("day", (2026, 3, 29), (2026, 3, 30), (2026, 3, 28)),  # 23 hours long
        ("day", (2026, 10, 26), (2026, 10, 28), (2026, 10, 24)),
        ("week", (2026, 10, 19), (2026, 10, 26), (2026, 10, 12)),  # an hour longer than others
        ("month", (2026, 3, 1), (2026, 5, 1), (2026, 1, 1)),  # 61 days after 59
        ("month", (2026, 10, 1), (2026, 11, 1), (2026, 9, 1)),
        ("month", (2026, 1, 1), (2026, 2, 1), (2025, 12, 1)),
        ("hour", (2026, 10, 25, 12), (2026, 10, 25, 15), (2026, 10, 25, 9)),
    ],
)
def test_the_span_before_has_as_many_buckets(
    step: str, since: tuple[int, ...], until: tuple[int, ...], before: tuple[int, ...]
) -> None:
    assert start_before(local(*since), local(*until), step, BERLIN) == local(*before)


def test_a_span_that_is_not_over_is_compared_with_as_many_whole_days() -> None:
    assert start_before(local(2026, 11, 1), local(2026, 11, 20, 9, 30), "day", BERLIN) == local(2026, 10, 12)


@pytest.mark.parametrize(("metric", "head"), [("mentions", 3), ("response", 2), ("csat", 2)])
def test_an_hour_that_comes_twice_bears_the_name_of_its_zone(place: Place, metric: str, head: int) -> None:
    place.configure(CONFIG.replace("Asia/Kolkata", "Europe/Berlin"))
    place.store().close()
    asked = ("trend", "Acme", "--since", "2026-10-25", "--until", "2026-10-26", "--by", "hour", "--metric", metric)
    shown = place.run(*asked).out.splitlines()[head:-2]
    assert len(shown) == 25
    assert [line.split("  ")[0] for line in shown[1:5]] == [
        "2026-10-25 01:00",
        "2026-10-25 02:00 CEST",
        "2026-10-25 02:00 CET",
        "2026-10-25 03:00",
    ]


def test_an_hour_that_comes_twice_stands_under_two_names_on_a_page(place: Place) -> None:
    fill(place)
    page = place.folder / "acme.html"
    asked = ("report", "Acme", "--since", "2026-10-25T00:00", "--until", "2026-10-25T06:00")
    assert place.run(*asked, "--output", str(page)).code == 0
    hours = [f"25 Oct 2026, {hour}" for hour in ("01:00", "02:00 CEST", "02:00 CET", "03:00")]
    assert [hour for hour in hours if f">{hour}<" in page.read_text(encoding="utf-8")] == hours


def fill(place: Place) -> None:
    """Store a mention at noon of each local day of October, and read the time around it."""
    place.configure(CONFIG.replace("Asia/Kolkata", "Europe/Berlin"))
    noon = [local(2026, 10, 1, 12) + timedelta(days=day) for day in range(31)]
    place.save([place.mention(f"Acme of day {at.day}", at=at) for at in noon])
    place.drain(local(2026, 9, 1), local(2026, 11, 20))


def test_of_days_that_are_to_come_no_coverage_is_known(place: Place) -> None:
    fill(place)
    asked = ("trend", "Acme", "--since", "2026-11-20", "--until", "2026-11-23", "--format", "json")
    shown = json.loads(place.run(*asked).out)
    assert [bucket["coverage"] for bucket in shown["buckets"]][1:] == [None, None]
    ahead = json.loads(place.run("share", "--since", "2026-11-22", "--until", "2026-11-23", "--format", "json").out)
    assert {row["coverage"] for row in ahead["brands"]} == {None}


def test_a_day_of_25_hours_is_compared_with_one_day_before_it(place: Place) -> None:
    fill(place)
    asked = ("trend", "Acme", "--since", "2026-10-25", "--until", "2026-10-26", "--compare", "previous")
    shown = json.loads(place.run(*asked, "--format", "json").out)
    assert shown["previous"]["since"] == "2026-10-24T00:00:00+02:00"
    assert [total["mentions"] for total in shown["previous"]["totals"]] == [1]
    assert "about as many as the day before (1)" in place.run("digest", "--on", "2026-10-25").out


@pytest.mark.parametrize(
    ("cadence", "day", "said"),
    [
        ("weekly", "2026-10-25", "about as many as the week before (7)"),
        ("monthly", "2026-10-25", "31 mentions, none the month before"),
    ],
)
def test_a_week_is_compared_with_a_week_and_a_month_with_the_month_before(
    place: Place, cadence: str, day: str, said: str
) -> None:
    fill(place)
    with place.config_file.open("a", encoding="utf-8") as config:
        config.write(f'\n[digest]\ncadence = "{cadence}"\n')
    text = " ".join(place.run("digest", "--on", day).out.split())
    assert said in text


def test_a_change_of_clocks_by_half_an_hour_adds_no_bucket_before():
    lord_howe = ZoneInfo("Australia/Lord_Howe")  # back from +11 to +10:30 at 2:00 on this day
    since = datetime(2026, 4, 5, 5, tzinfo=lord_howe).astimezone(UTC)
    until = since + timedelta(hours=6)
    before = start_before(since, until, "hour", lord_howe)
    assert before == datetime(2026, 4, 5, 0, tzinfo=lord_howe)
    assert len(bucket_edges(since, until, "hour", lord_howe)) == 7
    assert len(bucket_edges(before, since, "hour", lord_howe)) == 7
