"""Counts by source and language come from the days that are counted already, and equal the mentions of any span."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from listener.mention import Label
from listener.search import MentionFilter, Reader
from listener.store import Store
from servers.world import NOW, make_mention, store_mentions

START = datetime(2026, 11, 10, tzinfo=UTC)
SPANS = [
    (START + timedelta(hours=a), START + timedelta(hours=b))
    for a, b in ((0, 240), (0, 24), (3, 5), (3, 27), (3, 24), (24, 48), (5, 239), (18.5, 210.5), (7, 7), (30, 20), (-9, 999))
]  # fmt: skip


def fill(store: Store) -> None:
    dice = random.Random(3)
    store_mentions(
        store,
        [
            make_mention(
                number,
                f"Acme {dice.choice(['is good', 'is bad', 'is', 'est bien'])} {number}",
                source=dice.choice(["x", "reddit", "rss"]),
                language=dice.choice(["en", "fr", "hi"]),
                published_at=START + timedelta(minutes=dice.randrange(240 * 60)),
            )
            for number in range(1, 200)
        ],
    )
    store.label(7, "Acme", Label.IRRELEVANT, now=NOW)
    store.label(8, "Acme", Label.NEGATIVE, now=NOW)
    store.erasure.forget_mention(9, now=NOW)


@pytest.mark.parametrize("what", ["source", "language"])
def test_counts_of_any_span_are_those_of_its_mentions(store: Store, what: str) -> None:
    fill(store)
    with Reader(store.path) as reader:
        for since, until in SPANS:
            found = reader.count_by(what, "Acme", since, until)
            rows = reader.mentions(MentionFilter(brand="Acme", since=since, until=until, limit=1_000))
            assert {row.name: row.mentions for row in found} == Counter(getattr(row, what) for row in rows)
            for label, name in (
                (Label.POSITIVE, "positive"),
                (Label.NEGATIVE, "negative"),
                (Label.UNSCORED, "unscored"),
            ):
                labelled = Counter(getattr(row, what) for row in rows if row.label == label)
                assert {row.name: getattr(row, name) for row in found if getattr(row, name)} == labelled
            assert [row.mentions for row in found] == sorted((row.mentions for row in found), reverse=True)
        assert reader.count_by(what, "Nobody", *SPANS[0]) == ()


def test_whole_days_are_not_counted_again(store: Store) -> None:
    fill(store)
    with Reader(store.path) as reader:
        right = reader.count_by("source", "Acme", START, START + timedelta(days=10))
        longer = reader.count_by("source", "Acme", START - timedelta(hours=1), START + timedelta(days=10, hours=1))
        with closing(sqlite3.connect(store.path)) as connection, connection:
            connection.execute("DELETE FROM matches")
        assert right
        assert reader.count_by("source", "Acme", START, START + timedelta(days=10)) == right == longer
