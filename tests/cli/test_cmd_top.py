"""`top` shows what stands in most mentions; a search shows where its words stand; percentiles come on request."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cli.conftest import Place

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def fill(place: Place) -> None:
    at = NOW - timedelta(days=2)
    place.save(
        [place.mention(f"Acme #lid {word} 天気が良い", at=at, author=word) for word in ("#anvil", "#Anvil", "none")]
    )


def test_hashtags_come_most_first_and_folded(place: Place) -> None:
    fill(place)
    answer = place.run("top", "Acme", "--since", "7d", "--format", "json")
    assert answer.code == 0
    assert json.loads(answer.out) == [{"value": "lid", "mentions": 3}, {"value": "anvil", "mentions": 2}]


def test_authors_of_one_source_are_counted(place: Place) -> None:
    fill(place)
    answer = place.run("top", "Acme", "--of", "authors", "--source", "hackernews", "--limit", "1", "--format", "csv")
    assert answer.out.splitlines() == ["value,mentions", "#Anvil (hackernews),1"]


def test_where_there_is_none_it_says_so(place: Place) -> None:
    fill(place)
    answer = place.run("top", "Acme", "--of", "links")
    assert (answer.code, "no mention of Acme" in answer.err) == (0, True)


def test_a_search_shows_the_text_as_written_with_the_words_marked(place: Place) -> None:
    fill(place)
    answer = place.run("mentions", "Acme", "--search", "天気 ANVIL", "--format", "json")
    assert {row["snippet"] for row in json.loads(answer.out)} == {
        "Acme #lid #«anvil» «天気»が良い",
        "Acme #lid #«Anvil» «天気»が良い",
    }
    assert "snippet" not in json.loads(place.run("mentions", "Acme", "--format", "json").out)[0]


@pytest.mark.parametrize("by", ["hour", "day", "month"])
def test_percentiles_of_scores_come_where_they_are_asked_for(place: Place, by: str) -> None:
    fill(place)
    asked = json.loads(place.run("trend", "Acme", "--since", "5d", "--by", by, "--percentiles", "--format", "json").out)
    assert asked["totals"][0]["score_percentiles"] == [0.5, 0.5, 0.5]
    plain = json.loads(place.run("trend", "Acme", "--since", "5d", "--by", by, "--format", "json").out)
    assert "score_percentiles" not in plain["totals"][0]
    assert "10 50 90 %" in place.run("trend", "Acme", "--since", "5d", "--by", by, "--percentiles").out
