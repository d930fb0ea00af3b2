"""What happens to episodes: opened, escalated and resolved once, however the buckets arrive."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.alerts.episodes import evaluate, note_cause, thresholds
from listener.alerts.inhibition import inhibit
from listener.alerts.options import AlertOptions, RuleOptions
from listener.alerts.records import BucketCounts, RuleState
from listener.errors import StoreVersionError
from thoroughness import some

START = datetime(2026, 1, 5, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
SPIKE = RuleOptions(name="spike", kind="spike")
FIXED = RuleOptions(name="spike", kind="spike", threshold=3.0)
OPTIONS = AlertOptions()
DAY = 96


def days(count: int, mean: float = 10.0, seed: int = 1, bursts: dict[int, int] | None = None) -> list[BucketCounts]:
    """Return quarter hours around a mean; `bursts` adds mentions to single buckets by number."""
    rng = random.Random(seed)
    made = []
    for i in range(count * DAY):
        mentions = max(0, round(rng.gauss(mean, mean**0.5)))
        made.append(BucketCounts(start=START + i * QUARTER, mentions=mentions + (bursts or {}).get(i, 0)))
    return made


def burst(first: int, buckets: int, more: int) -> dict[int, int]:
    return dict.fromkeys(range(first, first + buckets), more)


def whole(buckets, rule=FIXED, options=OPTIONS, state=None):
    return evaluate("Acme", rule, state, buckets, buckets[-1].start + QUARTER, options)


def told(changes):
    return [change.kind for change in changes if change.notify]


def kinds(changes):
    return [change.kind for change in changes if change.kind != "updated"]


def test_one_event_is_told_at_its_opening_and_at_its_end_with_the_total():
    buckets = days(12, bursts=burst(10 * DAY, 8, 100))
    _, changes = whole(buckets)
    assert told(changes) in (["opened", "resolved"], ["opened", "escalated", "resolved"])
    assert kinds(changes)[0] == "opened"
    last = changes[-1].episode
    assert last.state == "resolved"
    assert 800 <= last.total <= 1200
    assert last.peak >= 400
    assert last.opened_at < last.strongest_at <= START + timedelta(days=10, hours=2)
    assert last.observed / last.expected > 5
    assert last.interval[0] < last.expected < last.interval[1]
    assert {change.episode.key for change in changes} == {last.key}


def test_an_episode_that_gets_twice_as_strong_is_told_once_more():
    buckets = days(12, bursts=burst(10 * DAY, 4, 40) | burst(10 * DAY + 8, 6, 600))
    _, changes = whole(buckets, rule=replace(FIXED, tier="push"))
    assert told(changes) == ["opened", "escalated", "resolved"]
    first, second = (change.episode for change in changes if change.kind in {"opened", "escalated"})
    assert second.surprise >= 2 * first.surprise


def test_an_episode_for_the_digest_that_becomes_worth_a_message_is_told_at_once():
    buckets = days(11, bursts={10 * DAY: 30, 10 * DAY + 1: 30})
    _, changes = whole(buckets)
    first, second = (change for change in changes if change.kind in {"opened", "escalated"})
    assert (first.notify, first.episode.tier, first.episode.severity) == (False, "digest", "low")
    assert (second.notify, second.episode.tier, second.episode.severity) == (True, "push", "medium")
    assert second.at - first.at == QUARTER
    assert second.episode.surprise < 2 * first.episode.surprise
    assert told(changes) == ["escalated", "resolved"]


@pytest.mark.parametrize(("more", "severity"), [(30, "low"), (60, "medium"), (600, "high")])
def test_the_stronger_an_episode_the_more_severe_it_is(more, severity):
    _, changes = whole(days(11, bursts={10 * DAY: more}))
    assert changes[0].episode.severity == severity


def test_a_second_event_within_a_day_is_silent_and_a_day_later_it_is_not():
    near = days(13, bursts=burst(10 * DAY, 4, 60) | burst(10 * DAY + 40, 4, 60))
    far = days(13, bursts=burst(10 * DAY, 4, 60) | burst(11 * DAY + 40, 4, 60))
    assert kinds(whole(near)[1]).count("opened") == 1
    assert kinds(whole(far)[1]).count("opened") == 2


def test_a_second_event_within_a_day_that_is_twice_as_strong_is_told():
    buckets = days(13, bursts=burst(10 * DAY, 4, 40) | burst(10 * DAY + 40, 4, 700))
    assert kinds(whole(buckets)[1]).count("opened") == 2


def test_the_cool_down_can_be_set():
    buckets = days(13, bursts=burst(10 * DAY, 4, 60) | burst(10 * DAY + 40, 4, 60))
    short = AlertOptions(cooldown=timedelta(hours=2))
    assert kinds(whole(buckets, options=short)[1]).count("opened") == 2


@given(seed=st.integers(0, 500), cuts=st.lists(st.integers(1, 15 * DAY), max_size=12))
@settings(max_examples=some(20))
def test_any_way_of_cutting_the_buckets_into_passes_gives_the_same_changes(seed, cuts):
    rng = random.Random(seed)
    extra = {rng.randrange(3 * DAY, 15 * DAY): rng.randrange(300) for _ in range(30)}
    buckets = [
        replace(bucket, coverage=rng.choice([0.0, 0.5, 1.0, 1.0, 1.0]), backfilled=rng.random() < 0.05)
        for bucket in days(15, seed=seed, bursts=extra)
    ]
    expected_state, expected = whole(buckets, rule=SPIKE)
    state, found = None, []
    edges = sorted({0, len(buckets), *cuts})
    for first, last in pairwise(edges):
        held = RuleState.from_json(state.to_json()) if state else None
        state, changes = evaluate("Acme", SPIKE, held, buckets[first:last], buckets[last - 1].start + QUARTER, OPTIONS)
        found += changes
    assert tuple(found) == expected
    assert state == expected_state


def test_buckets_that_were_taken_in_before_change_nothing():
    buckets = days(12, bursts=burst(10 * DAY, 8, 100))
    state, changes = whole(buckets)
    again, more = whole(buckets, state=state)
    assert changes
    assert more == ()
    assert again == state


def test_an_unfinished_bucket_waits():
    buckets = days(4)
    state, _ = evaluate("Acme", FIXED, None, buckets, buckets[-1].start + timedelta(minutes=14), OPTIONS)
    assert state.last == buckets[-2].start


def test_a_look_back_teaches_and_never_raises():
    buckets = [replace(b, backfilled=True) for b in days(12, bursts=burst(10 * DAY, 8, 300))]
    state, changes = whole(buckets)
    assert changes == ()
    ahead = [replace(b, start=b.start + timedelta(days=12)) for b in days(1, bursts=burst(40, 8, 300))]
    assert kinds(whole(ahead, state=state)[1])[:1] == ["opened"]


def test_after_an_outage_the_backlog_is_silent_and_later_episodes_are_those_of_an_undisturbed_run():
    buckets = days(14, bursts=burst(9 * DAY + 8, 4, 90) | burst(12 * DAY, 8, 90))
    disturbed = [replace(b, backfilled=True) if 9 * DAY <= i < 9 * DAY + 40 else b for i, b in enumerate(buckets)]
    _, undisturbed_changes = whole(buckets)
    _, found = whole(disturbed)
    late = START + timedelta(days=10)
    assert not [c for c in found if START + timedelta(days=9) <= c.at < late and c.kind == "opened"]
    assert [(c.kind, c.at, c.notify) for c in found if c.at >= late] == [
        (c.kind, c.at, c.notify) for c in undisturbed_changes if c.at >= late
    ]


def test_an_outage_without_a_backlog_opens_nothing_when_it_ends():
    buckets = [replace(b, coverage=0.0, mentions=0) if 9 * DAY <= i < 10 * DAY else b for i, b in enumerate(days(14))]
    assert whole(buckets)[1] == ()


@pytest.mark.parametrize("coverage", [0.0, 0.4])
@pytest.mark.parametrize(("gone", "tells"), [(-4, False), (-3, True), (2, True), (9, True)])
def test_an_episode_tells_what_was_missing_of_the_hour_it_opened_with_and_of_its_course(gone, tells, coverage):
    at = 10 * DAY + gone
    buckets = days(12, bursts=burst(10 * DAY, 8, 200))
    buckets[at] = replace(buckets[at], coverage=coverage)
    state, first = whole(buckets[: at + 1])
    _, second = whole(buckets[at + 1 :], state=RuleState.from_json(state.to_json()))
    assert first + second == whole(buckets)[1]
    assert second[-1].episode.coverage == (coverage if tells else 1.0)


def test_a_clock_that_jumps_ahead_and_back_changes_nothing():
    buckets = days(12, bursts=burst(10 * DAY, 8, 100))
    expected = whole(buckets)[1]
    early, late = buckets[: 6 * DAY], buckets[6 * DAY :]
    ghosts = [
        BucketCounts(start=START + timedelta(days=300) + i * QUARTER, mentions=0, coverage=0.0) for i in range(99)
    ]
    state, first = evaluate("Acme", FIXED, None, [*early, *ghosts], START + timedelta(days=400), OPTIONS)
    _, second = whole(late, state=state)
    assert first + second == expected


def test_while_snoozed_nobody_is_told_and_the_episode_is_kept():
    buckets = days(12, bursts=burst(10 * DAY, 8, 100))
    state, _ = whole(buckets[: 9 * DAY])
    snoozed = replace(state, muted_until=START + timedelta(days=12))
    _, changes = whole(buckets[9 * DAY :], state=snoozed)
    assert kinds(changes)[0] == "opened"
    assert told(changes) == []


def test_a_rule_of_the_digest_tier_pushes_nothing():
    rule = RuleOptions(name="spike", kind="spike", threshold=3.0, tier="digest")
    _, changes = whole(days(12, bursts=burst(10 * DAY, 8, 300)), rule=rule)
    assert kinds(changes)[0] == "opened"
    assert told(changes) == []


def test_fewer_mentions_than_the_minimum_are_no_spike():
    buckets = days(12, mean=0.01, bursts=burst(10 * DAY, 4, 1))
    assert whole(buckets)[1] == ()
    keen = RuleOptions(name="spike", kind="spike", threshold=3.0, minimum_count=2)
    assert kinds(whole(buckets, rule=keen)[1])[0] == "opened"


def test_the_threshold_is_the_default_at_first_and_solved_from_history_after_two_weeks():
    early, _ = whole(days(10), rule=SPIKE)
    assert thresholds(SPIKE, OPTIONS, early).basis == "default"
    late, _ = whole(days(40), rule=SPIKE)
    solved = thresholds(SPIKE, OPTIONS, late)
    assert solved.basis == "history"
    assert "1 alert a week" in solved.reason


@pytest.mark.parametrize(("word", "number"), [("calm", 0.5), ("balanced", 1.0), ("keen", 3.0)])
def test_the_sensitivity_word_is_short_for_a_number(word, number):
    state, _ = whole(days(40), rule=SPIKE)
    by_word = thresholds(SPIKE, AlertOptions(sensitivity=word), state)
    assert by_word == thresholds(SPIKE, AlertOptions(alerts_per_week=number), state)


def test_a_keener_setting_has_a_lower_threshold():
    state, _ = whole(days(40), rule=SPIKE)
    calm, keen = (thresholds(SPIKE, AlertOptions(sensitivity=word), state).opens for word in ("calm", "keen"))
    assert keen < calm


def test_another_cause_is_told_and_the_same_one_is_not():
    buckets = days(11, bursts=burst(10 * DAY, 96, 100))
    state, _ = whole(buckets[: 10 * DAY + 4])
    at = buckets[10 * DAY + 3].start + QUARTER
    state, changes = note_cause(state, ["recall", "battery", "fire"], at)
    assert changes == ()
    state, changes = note_cause(state, ["recall", "fire", "refund"], at + timedelta(hours=3))
    assert changes == ()
    state, changes = note_cause(state, ["strike", "union", "walkout"], at + timedelta(hours=3))
    assert [(change.kind, change.notify) for change in changes] == [("escalated", True)]
    assert note_cause(state, ["lawsuit", "court"], at + timedelta(hours=3, minutes=30))[1] == ()


@pytest.mark.parametrize(("common", "is_told"), [(1, True), (2, False)])
def test_a_cause_is_another_one_where_less_than_three_in_ten_terms_are_shared(common, is_told):
    state, _ = whole(days(11, bursts=burst(10 * DAY, 96, 100))[: 10 * DAY + 4])
    at = state.last + QUARTER
    state, _ = note_cause(state, ["recall", "battery", "fire", "refund"], at)
    now = ["recall", "battery"][:common] + ["strike", "union", "walkout", "court"][common:]
    _, changes = note_cause(state, now, at + timedelta(hours=3))
    assert bool(changes) is is_told


def test_parts_are_silent_while_the_whole_is_told():
    buckets = days(12, bursts=burst(10 * DAY, 8, 100))
    _, parent = whole(buckets)
    part = RuleOptions(name="spike on reddit", kind="spike", threshold=3.0)
    _, child = whole(buckets, rule=part)
    assert told(inhibit(child, [])) == told(child) != []
    assert told(inhibit(child, [parent[-1].episode])) == []
    assert kinds(inhibit(child, [parent[-1].episode])) == kinds(child)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1}', '{"version": 7}'])
def test_a_state_that_cannot_be_read_is_named_as_such(text):
    with pytest.raises(StoreVersionError, match="learned again"):
        RuleState.from_json(text)


def test_the_state_of_a_rule_stays_below_four_kilobytes():
    state, _ = whole(days(70, mean=5000, bursts=burst(70 * DAY - 4, 4, 90_000)), rule=SPIKE)
    assert state.episode is not None
    assert len(state.to_json().encode()) < 4096
