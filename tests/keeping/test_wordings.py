"""What mentions say is read whole where that is little, and as an even sample where it is much."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path

import pytest

from listener.mention import Author, Mention
from listener.reporting import find_terms
from listener.search import Reader
from servers.world import NOW, open_store, store_mentions

HOUR = timedelta(hours=1)
COUNT = 120


@pytest.fixture
def database(tmp_path: Path) -> Path:
    with open_store(tmp_path) as store:
        mentions = [
            Mention(
                source="rss" if number % 3 else "x",
                id=str(number),
                text=f"acme number{number} {'lid' if number < 30 else 'tea'} word{number}",
                published_at=NOW - number * HOUR,
            )
            for number in range(COUNT)
        ]
        store_mentions(store, mentions)
    return tmp_path / "listener.db"


def test_of_little_everything_is_read_newest_first(database: Path) -> None:
    with Reader(database) as reader:
        read = reader.wordings("Acme", NOW - 500 * HOUR, NOW + HOUR, limit=COUNT)
        assert [one.published_at for one in read] == [NOW - number * HOUR for number in range(COUNT)]
        assert len(reader.wordings("Acme", NOW - 500 * HOUR, NOW + HOUR, limit=COUNT, source="x")) == COUNT / 3


@pytest.mark.parametrize("limit", [1, 7, 50, 119])
def test_of_much_a_sample_is_spread_evenly_over_the_time(database: Path, limit: int) -> None:
    with Reader(database) as reader:
        read = reader.wordings("Acme", NOW - 500 * HOUR, NOW + HOUR, limit=limit)
        again = reader.wordings("Acme", NOW - 500 * HOUR, NOW + HOUR, limit=limit)
    assert read == again
    assert len(read) == limit
    places = [round((NOW - one.published_at) / HOUR) for one in read]
    assert places == sorted(places)
    gaps = [after - before for before, after in itertools.pairwise(places)]
    assert all(abs(gap - COUNT / limit) <= 1 for gap in gaps)
    assert places[0] == 0


def test_what_is_counted_in_a_sample_stands_for_all(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spans = {"since": NOW - 29.5 * HOUR, "until": NOW + HOUR}
    with Reader(database) as reader:
        whole = {row.term: row.now for row in find_terms(reader, "Acme", ("acme",), **spans)}
        monkeypatch.setattr("listener.reporting.terms.MOST_NOW", 15)
        part = {row.term: row.now for row in find_terms(reader, "Acme", ("acme",), **spans)}
    assert whole["lid"] == part["lid"] == 30


def test_an_author_without_a_handle_is_known_by_name_or_by_what_the_service_calls_them(tmp_path: Path) -> None:
    authors = (
        Author(id="s1", handle="tea", name="T. Drinker"),
        Author(id="s2", name="Lid Lover"),
        Author(id="s3"),
        None,
    )
    with open_store(tmp_path) as store:
        store_mentions(
            store,
            [
                Mention(
                    source="x", id=str(number), text=f"acme {number}", published_at=NOW - number * HOUR, author=author
                )
                for number, author in enumerate(authors)
            ],
        )
    with Reader(tmp_path / "listener.db") as reader:
        read = reader.wordings("Acme", NOW - 500 * HOUR, NOW + HOUR, limit=COUNT)
    assert [one.author for one in read] == ["tea", "Lid Lover", "s3", None]
