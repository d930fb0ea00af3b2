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


@pytest.mark.parametrize(("what", "value"), [("hashtags", "lid"), ("authors", "ada (hackernews)")])
@pytest.mark.parametrize(
    ("span", "mentions"),
    [
        (("--since", "6h"), 3),
        (("--since", "2026-11-20T02:01:00Z"), 3),
        (("--since", "6h", "--until", "4h"), 1),
        (("--since", "today"), 4),
        (("--since", "1d", "--until", "today"), 1),
    ],
)
def test_hours_are_kept_to_and_days_are_whole(
    place: Place, what: str, value: str, span: tuple[str, ...], mentions: int
) -> None:
    place.save([place.mention(f"Acme #lid {hours}", at=NOW - timedelta(hours=hours)) for hours in (1, 3, 5, 7, 22)])
    answer = place.run("top", "Acme", "--of", what, *span, "--format", "json")
    assert json.loads(answer.out) == [{"value": value, "mentions": mentions}]


def test_where_there_is_none_it_says_so(place: Place) -> None:
    fill(place)
    answer = place.run("top", "Acme", "--of", "links")
    assert (answer.code, "no mention of Acme" in answer.err) == (0, True)


@pytest.mark.parametrize(
    ("words", "is_noted"),
    [("rockets", False), ("lift-off", False), ("-rockets", True), ("a OR b", True), ('"a b"', True)],
)
def test_a_search_that_is_written_like_an_expression_is_told_to_be_none(
    place: Place, words: str, is_noted: bool
) -> None:
    place.fill(days=1, a_day=1)
    assert ("note: --search takes plain words" in place.run("mentions", "--search", words).err) == is_noted


def test_single_mentions_are_shown_by_the_names_that_other_commands_give(place: Place) -> None:
    place.fill(days=1, a_day=3)

    def shown(*options: str) -> list[int]:
        return [row["number"] for row in json.loads(place.run("mentions", *options, "--format", "json").out)]

    assert shown("--mention", "3", "--mention", "hackernews:1") == [3, 1]
    assert shown("Acme", "--mention", "-2") == [2]  # as themes writes one that is negative
    assert shown("Globex", "--mention", "2") == []
    assert place.run("mentions", "--mention", "99").code == 2
    beside = place.run("mentions", "--mention", "2", "--sentiment", "negative")
    assert (beside.code, "--mention names what is shown" in beside.err) == (2, True)


def test_a_mention_of_two_brands_is_shown_once_for_each_by_its_number_too(place: Place) -> None:
    place.configure('[[brands]]\nname = "Acme"\n[[brands]]\nname = "Globex"\n[sources.hackernews]\n')
    (place.folder / "both.jsonl").write_text(
        '{"source": "me", "id": "1", "text": "Acme and Globex", "published_at": "2026-11-19T08:00:00Z"}\n'
    )
    place.run("import", "both.jsonl")
    rows = json.loads(place.run("mentions", "--mention", "me:1", "--format", "json").out)
    assert [row["brand"] for row in rows] == ["Acme", "Globex"]


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
    rows = [
        json.loads(line)
        for line in place.run(
            "trend", "Acme", "--since", "20d", "--by", by, "--percentiles", "--format", "jsonl"
        ).out.splitlines()
    ]
    longer = place.run("trend", "Acme", "--since", "20d", "--by", by, "--percentiles", "--format", "json").out
    assert json.loads(longer)["buckets"] == rows  # also where a bucket has no scores
    plain = json.loads(place.run("trend", "Acme", "--since", "5d", "--by", by, "--format", "json").out)
    assert "score_percentiles" not in plain["totals"][0]
    assert "10 50 90 %" in place.run("trend", "Acme", "--since", "5d", "--by", by, "--percentiles").out
