"""Near copies in the store: one story in any order of arrival, counts that can be rebuilt, floods that cost no more."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listener.clock import to_epoch
from listener.stories import LINK, NEAR, REACH_SECONDS, word_keys
from servers.world import (
    NOW,
    assert_same_stories_in_any_order,
    make_judge,
    make_mention,
    open_store,
    own_words,
    store_mentions,
    stories_of,
)
from thoroughness import some

if TYPE_CHECKING:
    from pathlib import Path

    from listener.mention import Mention

WORDS = [
    "lid",
    "cap",
    "jar",
    "pot",
    "pan",
    "tin",
    "cup",
    "mug",
    "bag",
    "box",
    "van",
    "bus",
    "car",
    "hat",
    "tie",
    "red",
    "blue",
    "new",
    "old",
    "big",
    "small",
    "warm",
    "cold",
]


def posts(seed: int) -> list[Mention]:
    """Return some posts about Acme, each followed by near copies within days: chains, and copies of copies."""
    rng = random.Random(seed)
    made: list[Mention] = []
    for _ in range(4):
        words = ["Acme", *rng.choices(WORDS, k=12)]
        for _ in range(3):
            at = NOW - timedelta(hours=rng.randrange(24 * 9))
            made.append(make_mention(len(made) + 1, " ".join(words), published_at=at))
            words = [*words]
            words[rng.randrange(1, len(words))] = rng.choice(WORDS)
    return made


@settings(max_examples=some(15), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), order=st.randoms(use_true_random=False), page=st.integers(1, 12))
def test_near_copies_are_the_same_stories_in_any_order_and_the_counts_can_be_rebuilt(
    tmp_path_factory: pytest.TempPathFactory, seed: int, order: random.Random, page: int
) -> None:
    assert_same_stories_in_any_order(tmp_path_factory.mktemp("stories"), posts(seed), order, page)


def test_a_post_with_another_word_is_the_same_story_and_one_a_week_later_is_not(tmp_path: Path) -> None:
    text = "the new Acme jar has a lid that nobody here can open without help"
    with open_store(tmp_path) as store:
        store_mentions(store, [make_mention(1, text)])
        store_mentions(store, [make_mention(2, text.replace("nobody", "everybody"))])
        assert len(stories_of(store)) == 1
        store_mentions(store, [make_mention(3, text.replace("jar", "pot"), published_at=NOW - timedelta(days=7))])
        assert len(stories_of(store)) == 2
        store_mentions(store, [make_mention(4, "a quite different text about Acme that says nothing about any lids")])
        assert len(stories_of(store)) == 3


def test_others_that_only_look_alike_do_not_hide_a_near_copy_behind_them(tmp_path: Path) -> None:
    said = "Acme zater pidine rusock hemulp morine lover pida morulp kana hemock kanine"
    copy = "Acme zater pidine rusock ruser morine lover pida pidulp kana hemock kanine"
    others = (
        "Acme zatulp hemine rusock hema morine rusa pida morulp kana hemock kanine",
        "Acme tela telock rusock hemulp morine lover pida lovulp kana telulp kanine",
    )
    common = set(word_keys(said)) & set(word_keys(copy))
    assert all(common <= set(word_keys(text)) for text in others)  # a key says of all of them that they may be near
    nearer = [make_mention(59, others[0]), make_mention(61, others[1])]
    for name, first in (("before", nearer), ("after", [])):
        (tmp_path / name).mkdir()
        with open_store(tmp_path / name) as store:
            store_mentions(store, [make_mention(62, copy), *first])
            store_mentions(store, [make_mention(60, said), *(nearer if not first else [])])
            assert stories_of(store) == {frozenset({"60", "62"}), frozenset({"59"}), frozenset({"61"})}


def test_a_flood_of_near_equal_texts_costs_each_page_the_same(tmp_path: Path) -> None:
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    costs = []
    with open_store(tmp_path) as store:
        store._connection.set_progress_handler(count, 1_000)
        for page in range(6):
            steps = 0
            store_mentions(
                store,
                [
                    make_mention(number, f"buy Acme jars and lids now at a very low price with code {number % 3}")
                    for number in range(page * 200 + 1, page * 200 + 201)
                ],
            )
            costs.append(steps)
        assert len(stories_of(store)) == 1
    assert costs[-1] <= 1.5 * costs[1]


@pytest.mark.parametrize("where", ["an hour away", "at the end of its reach", "a second further"])
@pytest.mark.parametrize("is_later", [False, True])
@pytest.mark.parametrize("kind", [NEAR, LINK])
def test_what_lies_within_reach_of_a_flood_is_of_its_story_and_a_second_further_is_not(
    tmp_path: Path, kind: str, is_later: bool, where: str
) -> None:
    first = NOW - timedelta(days=30)
    last = first + timedelta(minutes=59)
    reach = timedelta(seconds=REACH_SECONDS[kind])
    away = {
        "an hour away": timedelta(hours=1),
        "at the end of its reach": reach,
        "a second further": reach + timedelta(seconds=1),
    }[where]

    def said(number: int, at: datetime) -> Mention:
        if kind == LINK:  # the page is the same, its words are not
            words = f"Acme {own_words(str(number))}"
            return make_mention(number, words, kind="article", url="https://news.example/acme", published_at=at)
        return make_mention(number, "buy Acme jars and lids now at a very low price", published_at=at)

    with open_store(tmp_path) as store:
        store_mentions(store, [said(number, first + timedelta(minutes=number)) for number in range(60)])
        store_mentions(store, [said(100, last + away if is_later else first - away)])
        assert len(stories_of(store)) == (1 if away <= reach else 2)
        assert store.check() == []


def test_only_stories_of_several_mentions_have_rows_of_when_they_were_first_seen(tmp_path: Path) -> None:
    text = "the new Acme jar has a lid that nobody here can open without help"
    with open_store(tmp_path) as store:
        first = "SELECT story_id, first_at FROM story_firsts"
        store_mentions(store, [make_mention(1, text), make_mention(2, "Acme is bad")])
        assert store._connection.execute(first).fetchall() == []
        assert store.check() == []
        earlier = NOW - timedelta(days=1)
        store_mentions(store, [make_mention(3, text, published_at=earlier)])
        assert store._connection.execute(first).fetchall() == [(1, to_epoch(earlier))]
        assert store.check() == []


def test_a_new_mention_that_comes_twice_in_a_page_begins_one_story(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        judge = make_judge()
        page = [
            *judge.judge([make_mention(1, "Acme is good")], {}, now=NOW).judged,
            *judge.judge([make_mention(1, "Acme is bad")], {}, now=NOW).judged,
        ]
        store.save_page(page, now=NOW)
        assert store._connection.execute("SELECT sum(stories) FROM rollup_quarter").fetchone() == (1,)
        assert store.check() == []
