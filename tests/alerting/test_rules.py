"""What each kind of rule opens an episode for, and what it lets pass."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from listener.alerts.episodes import evaluate
from listener.alerts.options import DEFAULT_RULES, KINDS, AlertOptions, RuleOptions
from listener.alerts.records import BucketCounts
from listener.alerts.shares import ShareBaseline
from listener.errors import StoreVersionError

START = datetime(2026, 1, 5, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
DAY = 96


def brand(days: int, mean: float = 10.0, share: float = 0.3, seed: int = 1) -> list[BucketCounts]:
    rng = random.Random(seed)
    made = []
    for i in range(days * DAY):
        mentions = max(0, round(rng.gauss(mean, mean**0.5)))
        negative = sum(rng.random() < share for _ in range(mentions))
        made.append(BucketCounts(start=START + i * QUARTER, mentions=mentions, negative=negative, scored=mentions))
    return made


def opened(rule: RuleOptions, buckets: list[BucketCounts]) -> list:
    _, changes = evaluate("Acme", rule, None, buckets, buckets[-1].start + QUARTER, AlertOptions())
    return [change for change in changes if change.kind == "opened"]


def shifted(buckets: list[BucketCounts], share: float) -> list[BucketCounts]:
    """Return the buckets with another negative share over eight hours of the tenth day."""
    return [
        replace(b, negative=round(b.scored * share)) if 10 * DAY <= i < 10 * DAY + 32 else b
        for i, b in enumerate(buckets)
    ]


@pytest.mark.parametrize(("share", "sign"), [(0.8, 1), (0.0, -1)])
def test_a_shift_of_the_negative_share_opens_an_episode_either_way(share, sign):
    found = opened(RuleOptions(name="mood", kind="sentiment"), shifted(brand(12), share))
    assert len(found) == 1
    episode = found[0].episode
    assert START + timedelta(days=10) < episode.opened_at <= START + timedelta(days=10, hours=8)
    assert episode.surprise * sign > 0
    assert episode.expected == pytest.approx(0.3, abs=0.06)


def test_a_shift_of_the_negative_share_counts_scored_mentions_from_its_begin_to_its_end():
    buckets = [replace(b, mentions=2 * b.mentions) for b in shifted(brand(12), 0.8)]
    _, changes = evaluate(
        "Acme", RuleOptions(name="mood", kind="sentiment"), None, buckets, buckets[-1].start + QUARTER, AlertOptions()
    )
    last = changes[-1].episode
    begin, end = last.opened_at - 24 * QUARTER, last.resolved_at
    assert last.total == sum(b.scored for b in buckets if begin <= b.start < end)


def test_more_mentions_of_the_usual_mood_are_no_sentiment_shift_and_a_shift_alone_is_no_spike():
    louder = [
        replace(b, mentions=b.mentions * 8, scored=b.scored * 8, negative=b.negative * 8)
        if 10 * DAY <= i < 10 * DAY + 16
        else b
        for i, b in enumerate(brand(12))
    ]
    assert opened(RuleOptions(name="mood", kind="sentiment"), louder) == []
    assert opened(RuleOptions(name="spike", kind="spike"), shifted(brand(12), 0.8)) == []


def test_a_handful_of_scored_mentions_is_no_sentiment_shift():
    few = shifted(brand(20, mean=0.3), 1.0)
    sparse = [replace(b, scored=0, negative=0) if i > 10 * DAY and i % 12 else b for i, b in enumerate(few)]
    found = opened(RuleOptions(name="mood", kind="sentiment"), sparse)
    assert [change for change in found if change.at > START + timedelta(days=10, hours=6)] == []


def test_unscored_mentions_are_not_taken_for_good_ones():
    buckets = [
        replace(b, scored=b.scored // 4, negative=b.negative // 4) if i >= 10 * DAY else b
        for i, b in enumerate(brand(12, mean=60))
    ]
    assert opened(RuleOptions(name="mood", kind="sentiment", threshold=4.0), buckets) == []


def test_crisis_words_are_reported_from_the_first_hour():
    words = RuleOptions(name="crisis", kind="words", query="recall OR lawsuit")
    buckets = [BucketCounts(start=START + i * QUARTER, mentions=2 if i >= 20 else 0) for i in range(30)]
    found = opened(words, buckets)
    assert len(found) == 1
    assert found[0].notify
    assert found[0].episode.expected == 0.0


def test_two_crisis_words_in_an_hour_are_below_the_minimum():
    words = RuleOptions(name="crisis", kind="words", query="recall OR lawsuit")
    buckets = [BucketCounts(start=START + i * QUARTER, mentions=int(i % 50 in {0, 2})) for i in range(400)]
    assert opened(words, buckets) == []


@pytest.mark.parametrize(
    ("field", "value", "count"), [("followers", 90_000, 0), ("followers", 2_000_000, 1), ("engagement", 5_000, 1)]
)
def test_one_loud_author_or_thread_is_reported_from_the_line_on(field, value, count):
    buckets = brand(1)
    buckets[50] = replace(buckets[50], **{field: value})
    found = opened(RuleOptions(name="reach", kind="reach"), buckets)
    assert len(found) == count
    assert all(change.episode.observed == value for change in found)


def quiet(buckets: list[BucketCounts], coverage: float) -> list[BucketCounts]:
    return [
        replace(b, mentions=0, coverage=coverage) if 10 * DAY <= i < 10 * DAY + 48 else b for i, b in enumerate(buckets)
    ]


def test_silence_is_reported_where_it_was_covered_and_only_there():
    silence = RuleOptions(name="silence", kind="silence")
    assert len(opened(silence, quiet(brand(12), 1.0))) == 1
    assert opened(silence, quiet(brand(12), 0.0)) == []
    assert opened(silence, quiet(brand(12), 0.6)) == []
    assert opened(silence, brand(12)) == []


def test_hours_before_and_after_an_outage_are_no_six_hours_of_silence():
    silence, outage = RuleOptions(name="silence", kind="silence"), range(10 * DAY + 8, 10 * DAY + 48)
    calm = [replace(b, mentions=0) if 10 * DAY <= i < 10 * DAY + 58 else b for i, b in enumerate(brand(12))]
    assert opened(silence, [replace(b, coverage=0.0) if i in outage else b for i, b in enumerate(calm)]) == []
    assert len(opened(silence, calm)) == 1


def test_a_brand_that_is_hardly_ever_mentioned_is_never_too_silent():
    assert opened(RuleOptions(name="silence", kind="silence"), quiet(brand(30, mean=0.1), 1.0)) == []


def test_lost_coverage_is_reported_once_and_a_source_that_never_answered_is_not():
    blind = RuleOptions(name="blind", kind="blind", tier="digest")
    lost = [replace(b, coverage=0.0) if i >= 3 * DAY else b for i, b in enumerate(brand(5))]
    assert len(opened(blind, lost)) == 1
    assert opened(blind, [replace(b, coverage=0.0) for b in brand(5)]) == []
    assert opened(blind, brand(5)) == []


def test_there_is_a_default_rule_of_every_kind_that_needs_nothing():
    assert {rule.kind for rule in DEFAULT_RULES} == set(KINDS) - {"words"}
    assert len({rule.name for rule in DEFAULT_RULES}) == len(DEFAULT_RULES)


@pytest.mark.parametrize("state", ["", "{}", '{"version": 9}', '{"version": 1, "seconds": 900}'])
def test_a_saved_share_that_cannot_be_read_is_named_as_such(state):
    with pytest.raises(StoreVersionError, match="learned again"):
        ShareBaseline.from_state(state)


def test_changing_the_future_never_changes_a_past_reading_of_the_share():
    one, two = ShareBaseline(bucket=QUARTER), ShareBaseline(bucket=QUARTER)
    buckets = brand(6)
    past = [one.update(b.start, b.negative, b.scored) for b in buckets]
    other = [two.update(b.start, b.negative if i < 4 * DAY else b.scored, b.scored) for i, b in enumerate(buckets)]
    assert past[: 4 * DAY] == other[: 4 * DAY]
    assert past[4 * DAY :] != other[4 * DAY :]
