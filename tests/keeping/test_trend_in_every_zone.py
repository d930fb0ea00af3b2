"""A trend in any time zone is what the rows give, whatever zone the store cuts its days in."""

from __future__ import annotations

import logging
import random
import sqlite3
from bisect import bisect_left
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.clock import Bucket, bucket_starts, to_epoch
from listener.mention import SCORE_SCALE, Author, Engagement
from listener.search import Reader, Span, Trend
from servers.world import NOW, QUERIES, make_mention, open_store, own_words, store_mentions
from thoroughness import some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from listener.store import Store

ZONES = (
    "UTC", "Africa/Abidjan", "Europe/London", "Europe/Berlin", "America/New_York", "America/Santiago", "Asia/Kolkata",
    "Asia/Kathmandu", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Kiritimati",
    "Pacific/Honolulu",
)  # fmt: skip
"""Clocks that change in the north, in the south, by half an hour and never; offsets of :30 and :45; the same hour a day apart."""
CHANGES = (
    "2026-03-08",
    "2026-03-29",
    "2026-04-05",
    "2026-09-06",
    "2026-09-27",
    "2026-10-04",
    "2026-10-25",
    "2026-11-01",
)
"""Days on which clocks change somewhere."""
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Return a store of three hundred mentions over ten months, most of them around changes of clocks."""
    dice = random.Random(11)
    mentions = []
    for number in range(1, 301):
        near = datetime.fromisoformat(f"{dice.choice(CHANGES)}T12:00+00:00") + timedelta(
            minutes=dice.randrange(-2500, 2500)
        )
        anywhere = NOW - timedelta(minutes=dice.randrange(300 * 1440))
        who = dice.randrange(12)
        text = f"Acme {own_words(str(dice.randrange(200)))} {dice.choice(('good', 'bad', 'xyzzy', 'so'))}"
        mentions.append(
            make_mention(
                number, text, published_at=near if number % 3 else anywhere,
                author=Author(id=f"a{who}", handle=f"jo_{who}", followers=None if who == 5 else 7 ** (who % 4) + who),
                engagement=Engagement(likes=dice.randrange(9)),
            )
        )  # fmt: skip
    with open_store(tmp_path_factory.mktemp("crowd")) as made:
        store_mentions(made, mentions)
        yield made


def cut_in(store: Store, zone: str) -> None:
    store.register([("Acme", "own")], QUERIES, now=NOW, zone=zone)


def ask(store: Store, span: Span) -> Trend:
    with Reader(store.path) as reader:
        return reader.trend(["Acme"], span, {})


Figures = tuple[int, int, int, int, int, int, int]


def from_rows(store: Store, buckets: Sequence[Bucket]) -> list[Figures]:
    """Return (mentions, stories, positive, negative, sum of scores, engagement, reach) of each bucket from the rows alone."""
    with closing(sqlite3.connect(store.path)) as connection:
        rows = connection.execute(
            "SELECT matches.published_at, label, score, matches.engagement, story_id, author_id, followers "
            "FROM matches JOIN mentions ON mentions.id = mention_id JOIN brands ON brands.id = brand_id "
            "LEFT JOIN authors ON authors.id = author_id WHERE brands.name = 'Acme'"
        ).fetchall()
    rows.sort(key=lambda row: int(row[0]))
    times = [row[0] for row in rows]
    firsts: dict[int, int] = {}
    for at, _, _, _, story, _, _ in rows:
        firsts.setdefault(story, at)
    found = []
    for bucket in buckets:
        start, end = to_epoch(bucket.start), to_epoch(bucket.end)
        held = rows[bisect_left(times, start) : bisect_left(times, end)]
        found.append((
            len(held), sum(start <= first < end for first in firsts.values()) if held else 0,
            sum(row[1] == 3 for row in held), sum(row[1] == 1 for row in held), sum(row[2] or 0 for row in held),
            sum(row[3] for row in held), sum({row[5]: row[6] or 0 for row in held}.values()),
        ))  # fmt: skip
    return found


def shown(found: Trend) -> list[tuple[int | None, ...]]:
    """Return the same of a trend's buckets and total; the sum of scores is not in it, their mean is."""
    return [
        (one.mentions or 0, one.stories or 0, one.positive or 0, one.negative or 0, one.engagement or 0, one.reach or 0)
        for one in (*found.buckets, *found.totals)
    ]


@settings(max_examples=some(80), deadline=None)
@given(
    zones=st.tuples(st.sampled_from(ZONES), st.sampled_from(ZONES)),
    by=st.sampled_from(["hour", "day", "week", "month"]),
    start=st.integers(0, 310 * 24 * 60),
    length=st.floats(0.01, 1.0),
)
def test_a_trend_in_any_zone_is_what_the_rows_give(
    crowd: Store, zones: tuple[str, str], by: str, start: int, length: float
) -> None:
    kept, zone = zones[0], ZoneInfo(zones[1])
    cut_in(crowd, kept)
    since = datetime(2026, 1, 20, tzinfo=UTC) + timedelta(minutes=start)
    until = max(min(NOW, since + DAY * length * (12 if by == "hour" else 300)), since + DAY / 9)
    found = ask(crowd, Span(since=since, until=until, by=by, zone=zone, now=NOW, percentiles=True))
    buckets = bucket_starts(since, until, by, zone)
    rows = from_rows(crowd, [*buckets, Bucket(start=buckets[0].start, end=buckets[-1].end)])
    assert shown(found) == [(*row[:4], *row[5:]) for row in rows]
    for one, row in zip((*found.buckets, *found.totals), rows, strict=True):
        averaged = one.scored
        assert one.mean_score == (round(row[4] / averaged) / SCORE_SCALE if averaged else None)


@settings(max_examples=some(30), deadline=None)
@given(
    kept=st.sampled_from(ZONES), asked=st.sampled_from(ZONES), by=st.sampled_from(["day", "week", "month"]),
    days=st.integers(2, 300),
)  # fmt: skip
def test_percentiles_and_share_in_any_zone_are_those_of_a_store_cut_in_it(
    crowd: Store, kept: str, asked: str, by: str, days: int
) -> None:
    span = Span(since=NOW - days * DAY, until=NOW, by=by, zone=ZoneInfo(asked), now=NOW, percentiles=True)
    answers = []
    for zone in (kept, asked):
        cut_in(crowd, zone)
        with Reader(crowd.path) as reader:
            answers.append((reader.trend(["Acme"], span, {}), reader.share({"Acme": "own"}, span, {})))
    assert answers[0] == answers[1]


def test_a_day_that_comes_twice_since_clocks_go_back_over_midnight_is_counted_whole(store: Store) -> None:
    cut_in(store, "America/St_Johns")  # until 2011 its clocks went back at one minute past midnight
    midnight = datetime(2010, 11, 7, 2, 30, tzinfo=UTC)
    minutes = (-10, 0, 20, 70)  # the 6th, the 7th, the 6th again, the 7th
    said = [
        make_mention(number, f"Acme {own_words(str(number))}", published_at=midnight + timedelta(minutes=after))
        for number, after in enumerate(minutes)
    ]
    store_mentions(store, said)
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("SELECT mentions FROM rollup_local ORDER BY day").fetchall() == [(2,), (2,)]
    assert store.check() == []


def test_who_wrote_in_the_hour_within_which_a_span_begins_is_reached_once(store: Store) -> None:
    cut_in(store, "UTC")
    zone = ZoneInfo("Asia/Kathmandu")  # its days begin at 18:15 UTC
    begin = datetime(2026, 11, 17, 18, 15, tzinfo=UTC)
    said = [
        # who, how many minutes after that, about whom, to how many
        ("before", -10, "Acme", 1),
        ("then", 5, "Acme", 10),
        ("then and later", 25, "Acme", 100),
        ("then and later", 1_500, "Acme", 100),
        ("later", 2_000, "Acme", 1_000),
        ("before and later", -10, "Acme", 10_000),
        ("before and later", 2_000, "Acme", 10_000),
        ("then, and later about another", 35, "Acme", 100_000),
        ("then, and later about another", 1_500, "Globex", 100_000),
    ]
    store_mentions(
        store,
        [
            make_mention(
                number, f"{brand} {own_words(str(number))}", published_at=begin + timedelta(minutes=minutes),
                author=Author(id=who, handle=None, followers=followers),
            )
            for number, (who, minutes, brand, followers) in enumerate(said)
        ],
    )  # fmt: skip
    found = ask(store, Span(since=begin, until=NOW, by="day", zone=zone, now=NOW))
    assert [bucket.reach or 0 for bucket in found.buckets] == [100_110, 11_100, 0]
    assert found.totals[0].reach == 111_110


@pytest.mark.parametrize("by", ["day", "week", "month"])
def test_reach_of_many_mentions_in_another_zone_is_counted_where_it_is_asked_for(
    crowd: Store, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_in(crowd, "UTC")
    whole = {"since": NOW - 200 * DAY, "until": NOW, "by": by, "zone": ZoneInfo("Asia/Kathmandu"), "now": NOW}
    few = ask(crowd, Span(**whole))  # type: ignore[arg-type]
    monkeypatch.setattr("listener.search.reach.MOST_COUNTED", 10)
    unasked = ask(crowd, Span(**whole))  # type: ignore[arg-type]
    asked = ask(crowd, Span(**whole, reach=True))  # type: ignore[arg-type]
    assert asked == few
    assert any(bucket.reach for bucket in asked.buckets)
    assert [bucket.reach for bucket in unasked.buckets if bucket.mentions] == [None] * sum(
        bool(bucket.mentions) for bucket in few.buckets
    )
    assert unasked.totals == few.totals
    alike = ask(crowd, Span(**{**whole, "zone": ZoneInfo("Africa/Abidjan")}))  # type: ignore[arg-type]
    assert any(bucket.reach for bucket in alike.buckets)


def test_that_days_are_counted_anew_is_said_in_the_log_where_there_is_anything_to_count(
    crowd: Store, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    cut_in(crowd, "UTC")
    caplog.clear()
    with caplog.at_level(logging.INFO):
        cut_in(crowd, "UTC")
        cut_in(store, "Asia/Kolkata")
    assert "counted anew" not in caplog.text
    with caplog.at_level(logging.INFO):
        cut_in(crowd, "Asia/Kolkata")
    assert "days are counted anew in another time zone" in caplog.text


def test_reach_of_many_mentions_of_a_past_span_in_another_zone_is_a_dash_unless_it_is_asked_for(
    crowd: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_in(crowd, "UTC")
    monkeypatch.setattr("listener.search.reach.MOST_COUNTED", 10)
    past = {
        "since": NOW - 200 * DAY,
        "until": NOW - 30 * DAY,
        "by": "day",
        "zone": ZoneInfo("Asia/Kolkata"),
        "now": NOW,
    }
    assert ask(crowd, Span(**past)).totals[0].reach is None  # type: ignore[arg-type]
    assert ask(crowd, Span(**past, reach=True)).totals[0].reach  # type: ignore[arg-type]
