"""What a spike baseline promises: causal, robust, seasonal, and the same after a restart."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.alerts.baseline import READY_AFTER, SpikeBaseline, Surprise
from listener.errors import StoreVersionError, UsageError
from thoroughness import some

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
QUARTER = timedelta(minutes=15)


def noise(rng: random.Random, mean: float) -> int:
    return max(0, round(rng.gauss(mean, mean**0.5)))


def steady(days: int, mean: float, seed: int = 1) -> list[tuple[datetime, int]]:
    rng = random.Random(seed)
    return [(START + i * QUARTER, noise(rng, mean)) for i in range(days * 96)]


def run(baseline: SpikeBaseline, buckets: list[tuple[datetime, int]]) -> list[Surprise]:
    return [baseline.update(start, count) for start, count in buckets]


@given(
    counts=st.lists(st.integers(0, 10_000), min_size=60, max_size=120),
    other=st.lists(st.integers(0, 10_000), min_size=60, max_size=60),
    cut=st.integers(1, 59),
)
@settings(max_examples=some(25))
def test_another_future_never_changes_a_past_surprise(counts, other, cut):
    times = [START + i * timedelta(hours=1) for i in range(120)]
    one = run(SpikeBaseline("Asia/Kolkata"), list(zip(times, counts, strict=False)))
    two = run(SpikeBaseline("Asia/Kolkata"), list(zip(times, counts[:cut] + other, strict=False)))
    assert one[:cut] == two[:cut]


@given(seed=st.integers(0, 1000), minutes=st.sampled_from([5, 15, 60]), cut=st.integers(0, 600))
@settings(max_examples=some(25))
def test_a_restart_anywhere_gives_the_very_same_surprises(seed, minutes, cut):
    rng = random.Random(seed)
    step = timedelta(minutes=minutes)
    buckets = [(START + i * step, noise(rng, 20), rng.choice([0.0, 0.95, 1.0, 1.0, 1.0])) for i in range(700)]
    whole = SpikeBaseline("Europe/Berlin")
    expected = [whole.update(*bucket) for bucket in buckets]
    first = SpikeBaseline("Europe/Berlin")
    found = [first.update(*bucket) for bucket in buckets[:cut]]
    second = SpikeBaseline.from_state(first.to_state())
    found += [second.update(*bucket) for bucket in buckets[cut:]]
    assert found == expected
    assert second.to_state() == whole.to_state()


def test_nothing_is_a_surprise_before_two_days_are_known_and_a_spike_is_from_the_third():
    baseline = SpikeBaseline("UTC")
    buckets = steady(3, 10)
    found = run(baseline, buckets[: READY_AFTER * 4])
    assert all(surprise.score == 0.0 for surprise in found)
    run(baseline, buckets[READY_AFTER * 4 : -1])
    assert baseline.is_ready
    assert baseline.update(buckets[-1][0], 200).score > 8


def test_the_trailing_hour_is_judged_at_every_bucket():
    baseline = SpikeBaseline("UTC")
    run(baseline, [(START + i * QUARTER, 5) for i in range(96 * 4)])
    found = [baseline.update(START + timedelta(days=4) + i * QUARTER, 50) for i in range(4)]
    assert [surprise.observed for surprise in found] == [65, 110, 155, 200]
    assert [surprise.score for surprise in found] == sorted(surprise.score for surprise in found)


def test_a_spike_hardly_moves_what_is_expected():
    calm, struck = SpikeBaseline("UTC"), SpikeBaseline("UTC")
    buckets = steady(14, 25)
    hit = [(start, count * 40 if 960 <= i < 980 else count) for i, (start, count) in enumerate(buckets)]
    usual = run(calm, buckets)[-1].expected
    assert run(struck, hit)[-1].expected == pytest.approx(usual, rel=0.15)


def test_a_daily_rhythm_becomes_the_expectation():
    baseline = SpikeBaseline("UTC")
    rng = random.Random(3)
    means = [40 if 8 <= i // 4 % 24 < 20 else 4 for i in range(28 * 96)]
    buckets = [(START + i * QUARTER, noise(rng, mean)) for i, mean in enumerate(means)]
    found = run(baseline, buckets)
    noon, night = found[-96 + 50], found[-96 + 14]
    assert 120 < noon.expected < 190
    assert 8 < night.expected < 35
    assert max(surprise.score for surprise in found[14 * 96 :]) < 4


def test_saturdays_and_sundays_have_hours_of_their_own():
    baseline = SpikeBaseline("UTC")
    expected = {}
    for start, _ in steady(70, 0):
        surprise = baseline.update(start, 5 if start.weekday() >= 5 else 25)
        expected[start.weekday(), start.hour] = surprise.expected
    working, free = ([expected[day, 12] for day in days] for days in (range(5), (5, 6)))
    assert max(free) < 0.5 * min(working)
    assert all(20 <= one < 40 for one in free)
    assert all(90 < one < 110 for one in working)


def test_an_hour_of_which_a_little_is_missing_teaches_what_the_whole_would_have_had():
    baseline = SpikeBaseline("UTC")
    for start, _ in steady(20, 0):
        surprise = baseline.update(start, 92, 0.92)
    assert surprise.expected == pytest.approx(400, rel=0.02)


def test_the_band_reaches_as_far_down_as_up_on_the_scale_of_roots():
    baseline = SpikeBaseline("UTC")
    (*_, last) = run(baseline, steady(20, 25))
    low, middle, high = (2 * (count + 0.375) ** 0.5 for count in (last.interval[0], last.expected, last.interval[1]))
    assert middle - low == pytest.approx(high - middle)
    assert middle - low == pytest.approx(2 * baseline.swing)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
def test_a_change_of_clocks_raises_nothing_and_the_rhythm_follows_the_local_hour(zone):
    tz = ZoneInfo(zone)
    first = datetime(2026, 2, 20, tzinfo=UTC)
    rng = random.Random(5)
    starts = [first + i * QUARTER for i in range(70 * 96)]
    buckets = [(start, noise(rng, 60 if 9 <= start.astimezone(tz).hour < 18 else 6)) for start in starts]
    found = run(SpikeBaseline(zone), buckets)
    assert max(surprise.score for surprise in found[21 * 96 :]) < 5
    noon = [s for (start, _), s in zip(buckets, found, strict=True) if start.astimezone(tz).hour == 13]
    assert noon[-1].expected == pytest.approx(240, rel=0.2)


@pytest.mark.parametrize("mean", [0.1, 1, 100, 10_000])
def test_brands_of_any_size_are_told_a_tenfold_hour_from_a_usual_one(mean):
    rng = random.Random(7)
    baseline = SpikeBaseline("UTC")
    hours = [(START + i * timedelta(hours=1), noise(rng, mean)) for i in range(20 * 24)]
    quiet = run(baseline, hours)
    assert sum(surprise.score >= 4 for surprise in quiet) <= 3
    assert baseline.update(START + timedelta(days=20), max(10, int(10 * mean))).score > 5


def test_an_uncovered_bucket_teaches_nothing_raises_nothing_and_moves_no_clock():
    baseline = SpikeBaseline("UTC")
    run(baseline, steady(5, 10))
    before = baseline.to_state()
    ahead = baseline.update(START + timedelta(days=4000), 10_000, 0.0)
    assert ahead.score == 0.0
    assert baseline.to_state() == before


def test_an_hour_that_was_half_covered_teaches_nothing():
    baseline = SpikeBaseline("UTC")
    run(baseline, steady(5, 10))
    for i in range(48):
        baseline.update(START + timedelta(days=5) + i * QUARTER, 1, 0.5)
    assert baseline.hours == 5 * 24


def test_a_bucket_that_is_not_after_the_last_one_changes_nothing():
    baseline = SpikeBaseline("UTC")
    buckets = steady(5, 10)
    run(baseline, buckets)
    before = baseline.to_state()
    assert baseline.update(buckets[-1][0], 999).score == 0.0
    assert baseline.update(buckets[0][0], 999).score == 0.0
    assert baseline.to_state() == before


def test_a_gap_of_days_is_no_surprise_when_counts_come_back():
    baseline = SpikeBaseline("UTC")
    run(baseline, steady(10, 20))
    found = [baseline.update(START + timedelta(days=17) + i * QUARTER, 20) for i in range(8)]
    assert all(abs(surprise.score) < 3 for surprise in found[3:])
    assert all(surprise.score < 3 for surprise in found)


@pytest.mark.parametrize("minutes", [1, 5, 15, 60])
def test_the_state_stays_below_four_kilobytes(minutes):
    rng = random.Random(1)
    baseline = SpikeBaseline("America/Argentina/ComodRivadavia")
    for i in range(3000):
        baseline.update(START + i * timedelta(minutes=minutes), rng.randrange(100_000))
    assert len(baseline.to_state().encode()) < 4096


@pytest.mark.parametrize("state", ["", "{}", "[]", "null", '{"version": 99}', '{"version": 1, "zone": "UTC"}'])
def test_a_state_that_cannot_be_read_is_named_as_such(state):
    with pytest.raises(StoreVersionError, match="learned again"):
        SpikeBaseline.from_state(state)


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(UsageError, match="Europe/Nowhere"):
        SpikeBaseline("Europe/Nowhere")


def test_a_naive_start_is_read_in_the_brands_zone():
    one, two = SpikeBaseline("Asia/Kolkata"), SpikeBaseline("Asia/Kolkata")
    naive = [datetime(2026, 1, 5) + i * timedelta(hours=1) for i in range(60)]  # noqa: DTZ001 - naive is the point
    found = [one.update(start, i) for i, start in enumerate(naive)]
    aware = [two.update(start.replace(tzinfo=ZoneInfo("Asia/Kolkata")), i) for i, start in enumerate(naive)]
    assert found == aware
