"""Numbers, dates and axis labels are written in one way, honest at the edges, right across clock changes."""

# ruff: noqa: RUF001 - reports write real minus signs and dashes

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.clock import bucket_starts
from output.samples import make_trend
from reports.charts import draw_volume
from reports.charts.axes import tick_labels
from reports.wording import (
    interval_words,
    join_words,
    language_words,
    number,
    percent,
    share_words,
    signed,
    span_words,
    wait_words,
)
from sentiment.selection import identified_languages
from thoroughness import some

KOLKATA = ZoneInfo("Asia/Kolkata")
ZONES = ["UTC", "Asia/Kolkata", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]


def test_every_language_that_is_told_has_a_name() -> None:
    assert sorted(tag for tag in identified_languages() if language_words(tag) == tag) == []


def test_a_share_is_never_rounded_to_nothing_or_to_all() -> None:
    assert [percent(share) for share in (0, 0.001, 0.5, 0.9999, 1)] == [
        "0 %",
        "under 1 %",
        "50 %",
        "over 99 %",
        "100 %",
    ]


def test_a_share_of_voice_with_a_mention_is_not_rounded_to_none() -> None:
    assert [share_words(0.0, n, 9_000) for n in (0, 2)] == ["0.0 %", "under 0.1 %"]
    assert share_words(12.34, 5, 40) == "12.3 %"


def test_a_share_of_voice_beside_others_is_not_rounded_to_all() -> None:
    assert [share_words(100.0, n, 9_000) for n in (8_998, 9_000)] == ["over 99.9 %", "100.0 %"]


def test_numbers_have_separators_and_real_minus_signs() -> None:
    assert [number(n) for n in (0, 1234567, -1234)] == ["0", "1,234,567", "−1,234"]
    assert [signed(n) for n in (0.2, -0.4, 5, -12)] == ["0", "0", "+5", "−12"]
    assert interval_words(-8.2, 17.9) == "−8 to +18"


def test_lists_are_joined_as_in_prose() -> None:
    assert [join_words(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2026-11-18T18:30", "2026-11-19T18:30", "19 Nov 2026"),
        ("2026-10-20T18:30", "2026-11-19T18:30", "21 Oct – 19 Nov 2026"),
        ("2025-12-30T18:30", "2026-01-02T18:30", "31 Dec 2025 – 2 Jan 2026"),
        ("2026-11-19T04:00", "2026-11-19T06:15", "19 Nov 2026, 09:30 – 11:45"),
        ("2026-11-18T04:00", "2026-11-19T06:15", "18 Nov 2026, 09:30 – 19 Nov 2026, 11:45"),
        ("2026-11-19T04:00", "2026-11-19T18:30", "19 Nov 2026, 09:30 – 20 Nov 2026, 00:00"),
    ],
)
def test_a_span_is_named_by_its_local_days_or_with_times_where_it_cuts_one(since: str, until: str, said: str) -> None:
    moments = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (since, until))
    assert span_words(*moments, KOLKATA) == said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0.2, "1 minute"), (25, "25 minutes"), (60, "1 hour"), (150, "2.5 hours"), (1_440, "1 day"), (4_320, "3 days")],
)
def test_a_wait_is_written_in_the_unit_that_fits(minutes: float, said: str) -> None:
    assert wait_words(timedelta(minutes=minutes)) == said


@settings(max_examples=some(80))
@given(
    zone=st.sampled_from(ZONES),
    by=st.sampled_from(["hour", "day", "week", "month"]),
    since=st.datetimes(min_value=datetime(2011, 1, 1), max_value=datetime(2027, 1, 1)),  # noqa: DTZ001 - made aware below
    buckets=st.integers(1, 400),
    most=st.integers(2, 14),
)
def test_time_axes_hold_few_labels_in_order_in_every_zone(
    zone: str, by: str, since: datetime, buckets: int, most: int
) -> None:
    start = since.replace(tzinfo=UTC)
    length = {"hour": 1, "day": 24, "week": 168, "month": 730}[by]
    starts = [b.start for b in bucket_starts(start, start + buckets * timedelta(hours=length), by, ZoneInfo(zone))]
    ticks = tick_labels(starts, by, ZoneInfo(zone), most)
    places = [place for place, _ in ticks]
    assert 1 <= len(ticks) <= most
    assert places == sorted(set(places))
    assert all(0 <= place < len(starts) for place in places)
    assert all(label for _, label in ticks)


def test_days_are_labelled_at_mondays_and_hours_at_round_times() -> None:
    month = [bucket.start for bucket in make_trend(days=30).buckets]
    assert [label for _, label in tick_labels(month, "day", KOLKATA, 8)] == ["26 Oct", "2 Nov", "9 Nov", "16 Nov"]
    day = [bucket.start for bucket in make_trend(days=1, by="hour").buckets]
    assert [label for _, label in tick_labels(day, "hour", KOLKATA, 5)] == ["19 Nov", "06:00", "12:00", "18:00"]


def test_threads_that_draw_at_once_do_not_mix_their_pictures() -> None:
    trend = make_trend(days=3)
    alone = {dark: draw_volume(trend, brand="Acme", dark=dark, width=320).data for dark in (False, True)}
    with ThreadPoolExecutor(4) as pool:
        together = list(
            pool.map(
                lambda n: (n % 2 == 1, draw_volume(trend, brand="Acme", dark=n % 2 == 1, width=320).data), range(4)
            )
        )
    assert all(data == alone[dark] for dark, data in together)
