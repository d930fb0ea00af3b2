"""Quiet hours are local, survive clock changes, and let alerts wait rather than get lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.alerts.quiet import read_quiet_hours
from listener.errors import UsageError

BERLIN = ZoneInfo("Europe/Berlin")
KOLKATA = ZoneInfo("Asia/Kolkata")


def end_of(text: str, now: str, zone: ZoneInfo = KOLKATA) -> str | None:
    quiet = read_quiet_hours(text)
    assert quiet is not None
    end = quiet.end_after(datetime.fromisoformat(now).astimezone(UTC), zone)
    return None if end is None else end.astimezone(zone).isoformat()


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-20T21:59:59+05:30", None),
        ("2026-11-20T22:00:00+05:30", "2026-11-21T07:00:00+05:30"),
        ("2026-11-21T03:00:00+05:30", "2026-11-21T07:00:00+05:30"),
        ("2026-11-21T06:59:59+05:30", "2026-11-21T07:00:00+05:30"),
        ("2026-11-21T07:00:00+05:30", None),
    ],
)
def test_a_night_ends_in_the_morning(now: str, end: str | None) -> None:
    assert end_of("22:00-07:00", now) == end


def test_quiet_hours_may_lie_within_a_day() -> None:
    assert end_of("12:30 - 14:00", "2026-11-20T13:00:00+05:30") == "2026-11-20T14:00:00+05:30"
    assert end_of("12:30-14:00", "2026-11-20T23:00:00+05:30") is None


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-03-28T23:00:00+01:00", "2026-03-29T07:00:00+02:00"),  # a night an hour shorter
        ("2026-10-24T23:00:00+02:00", "2026-10-25T07:00:00+01:00"),  # and one an hour longer
    ],
)
def test_a_night_in_which_the_clocks_change_ends_when_the_clock_says_so(now: str, end: str) -> None:
    assert end_of("22:00-07:00", now, BERLIN) == end


@pytest.mark.parametrize("hours", ["22:00-02:00", "22:00-02:30", "22:00-03:00", "01:15-02:59"])
def test_an_end_that_the_clocks_leap_over_is_when_they_do(hours: str) -> None:
    assert end_of(hours, "2026-03-29T01:59:00+01:00", BERLIN) == "2026-03-29T03:00:00+02:00"
    assert end_of(hours, "2026-03-29T03:00:00+02:00", BERLIN) is None


def test_what_is_not_quiet_for_less_than_the_clocks_leap_over_comes_the_day_after() -> None:
    assert end_of("02:45-02:15", "2026-03-29T01:59:00+01:00", BERLIN) == "2026-03-30T02:15:00+02:00"


def test_an_end_that_the_clocks_show_twice_ends_each_time() -> None:
    assert end_of("22:00-02:30", "2026-10-25T02:10:00+02:00", BERLIN) == "2026-10-25T02:30:00+02:00"
    assert end_of("22:00-02:30", "2026-10-25T02:40:00+02:00", BERLIN) is None
    assert end_of("22:00-02:30", "2026-10-25T02:10:00+01:00", BERLIN) == "2026-10-25T02:30:00+01:00"


@given(
    now=st.integers(0, 5_000_000).map(lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    hours=st.tuples(st.times(), st.times()),
)
def test_what_waits_waits_until_it_is_quiet_no_more_and_no_longer(now: datetime, hours: tuple) -> None:
    start, end = (f"{one:%H:%M}" for one in hours)
    if start == end:
        return
    quiet = read_quiet_hours(f"{start}-{end}")
    assert quiet is not None

    until = quiet.end_after(now, BERLIN)

    if until is None:
        return
    assert now < until <= now + timedelta(hours=49)
    assert quiet.end_after(until, BERLIN) is None
    assert quiet.end_after(until - timedelta(seconds=1), BERLIN) == until


def test_no_quiet_hours_are_none() -> None:
    assert read_quiet_hours("  ") is None


@pytest.mark.parametrize("text", ["22-7", "25:00-07:00", "22:00", "night", "22:60-07:00"])
def test_what_is_no_span_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="write it as 22:00-07:00"):
        read_quiet_hours(text)


def test_a_span_of_no_length_is_refused() -> None:
    with pytest.raises(UsageError, match="begins when it ends"):
        read_quiet_hours("07:00-07:00")
