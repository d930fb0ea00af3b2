"""What a replay says is what would have happened; two settings can be compared."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from listener.alerts.backtest import backtest, compare
from listener.alerts.episodes import evaluate
from listener.alerts.options import AlertOptions, RuleOptions
from listener.alerts.records import BucketCounts

START = datetime(2026, 1, 5, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
RULE = RuleOptions(name="spike", kind="spike")


def history(days: int = 35) -> list[BucketCounts]:
    rng = random.Random(11)
    events = {day * 96 + 40 + i: size for day, size in ((8, 30), (15, 60), (22, 200), (29, 40)) for i in range(6)}
    return [
        BucketCounts(start=START + i * QUARTER, mentions=max(0, round(rng.gauss(12, 4))) + events.get(i, 0))
        for i in range(days * 96)
    ]


def test_a_replay_opens_what_the_live_rule_opened():
    buckets = history()
    _, changes = evaluate("Acme", RULE, None, buckets, buckets[-1].start + QUARTER, AlertOptions())
    made = backtest({"Acme": buckets}, [RULE], AlertOptions())[0]
    assert [episode.key for episode in made.episodes] == [c.episode.key for c in changes if c.kind == "opened"]
    assert all(episode.state == "resolved" for episode in made.episodes)
    assert made.weeks == pytest.approx(5.0)
    assert made.per_week == pytest.approx(len(made.episodes) / 5.0)
    assert made.told == sum(change.notify for change in changes)
    assert "1 alert a week" in made.reason


def test_a_history_that_was_collected_by_looking_back_is_replayed_as_if_it_had_come_in_time():
    late = [replace(bucket, backfilled=True) for bucket in history()]
    assert backtest({"Acme": late}, [RULE], AlertOptions()) == backtest({"Acme": history()}, [RULE], AlertOptions())


def test_two_settings_are_compared_episode_by_episode():
    buckets = history()
    strict = backtest({"Acme": buckets}, [replace(RULE, threshold=12.0)], AlertOptions())[0]
    loose = backtest({"Acme": buckets}, [replace(RULE, threshold=4.0)], AlertOptions())[0]
    found = compare(strict, loose)
    assert found.only_first == ()
    assert len(found.both) == len(strict.episodes) >= 1
    assert len(found.only_second) == len(loose.episodes) - len(strict.episodes) >= 1


def test_a_rule_is_replayed_over_the_brands_it_names():
    rule = replace(RULE, brands=("Globex",))
    made = backtest({"Acme": history(5), "Globex": history(5)}, [rule, RULE], AlertOptions())
    assert [(run.brand, run.rule) for run in made] == [("Acme", "spike"), ("Globex", "spike"), ("Globex", "spike")]


def test_no_history_is_no_episode():
    made = backtest({"Acme": []}, [RULE], AlertOptions())[0]
    assert (made.episodes, made.weeks, made.per_week) == ((), 0.0, 0.0)


def test_a_source_tells_nothing_that_its_brand_tells_already():
    whole = backtest({"Acme": history()}, [RULE], AlertOptions())[0]
    of_source = replace(RULE, name="spike x", sources=("x",))
    alone = backtest({"Acme": history()}, [of_source], AlertOptions())[0]
    beside = backtest({"Acme": history()}, [of_source], AlertOptions(), whole=whole.episodes)[0]
    assert alone.told >= 1
    assert alone.told_of <= {episode.key for episode in alone.episodes}
    assert beside.episodes == alone.episodes
    assert (beside.told, beside.told_of) == (0, frozenset())
    ends = [replace(one, resolved_at=(one.resolved_at or START) - QUARTER) for one in whole.episodes]
    over = backtest({"Acme": history()}, [of_source], AlertOptions(), whole=ends)[0]
    assert (over.told, over.told_of) == (0, frozenset())  # that it is over interests nobody who did not hear of it


@pytest.mark.parametrize(("rate", "gamma"), [(2.0, 8.0), (200.0, 8.0), (200.0, 2.0)])
def test_brands_without_events_stay_within_their_budget(rate, gamma):
    episodes = weeks = 0.0
    for seed in range(3):
        rng = random.Random(f"{rate} {gamma} {seed}")
        buckets, mood = [], 1.0
        for i in range(90 * 96):
            mood = rng.gammavariate(gamma, 1 / gamma) if i % 4 == 0 else mood
            mean = rate / 4 * mood * (1.5 if 32 <= i % 96 < 88 else 0.3)
            count = max(0, round(rng.gauss(mean, mean**0.5)))
            buckets.append(BucketCounts(start=START + i * QUARTER, mentions=count))
        made = backtest({"Acme": buckets}, [RULE], AlertOptions())[0]
        episodes += len(made.episodes)
        weeks += made.weeks
    assert episodes / weeks <= 1.0
