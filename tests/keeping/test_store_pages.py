"""A page is stored whole, once, and the rollups are what the rows say."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.errors import StoreError
from listener.mention import Engagement, Mention
from listener.query.build import build_query
from listener.search import MentionFilter, Reader
from listener.store import Store
from servers.world import GLOBEX, NOW, make_judge, make_mention, open_store, store_mentions
from thoroughness import some

WORDS = ["acme", "globex", "good", "bad", "xyzzy", "lid", "the same five words again", "news"]


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(store.path) as connection:
        found = connection.execute(sql).fetchall()
    connection.close()
    return found


def test_a_mention_is_stored_once_however_often_it_is_seen(store: Store) -> None:
    for _ in range(3):
        store_mentions(store, [make_mention(1), make_mention(1)])
    assert rows(store, "SELECT count(*) FROM mentions") == [(1,)]
    assert rows(store, "SELECT mentions, positive FROM rollup_quarter") == [(1, 1)]


def test_two_queries_that_find_the_same_mention_store_it_once_with_two_matches(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme is better than Globex")])
    assert rows(store, "SELECT count(*) FROM mentions") == [(1,)]
    assert rows(store, "SELECT count(*) FROM matches") == [(2,)]


def test_an_edit_replaces_text_and_verdict_and_keeps_the_first_words_hash(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme is good")])
    first = rows(store, "SELECT text_hash FROM mentions")
    assert rows(store, "SELECT first_text_hash FROM mentions") == [(b"",)]
    store_mentions(store, [make_mention(1, "Acme is bad")])
    assert rows(store, "SELECT text FROM mentions") == [("Acme is bad",)]
    assert rows(store, "SELECT first_text_hash FROM mentions") == first
    assert rows(store, "SELECT positive, negative FROM rollup_quarter") == [(0, 1)]
    assert store.check() == []


def test_an_edit_brings_its_links_and_hashtags_and_leaves_those_that_it_does_not_tell(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme is good", links=("https://old.example/a",), hashtags=("old",))])
    store_mentions(store, [make_mention(1, "Acme is bad", links=("https://new.example/b",), hashtags=("new",))])
    assert rows(store, "SELECT links, hashtags FROM mentions") == [('["https://new.example/b"]', '["new"]')]
    assert rows(store, "SELECT value FROM rollup_values WHERE days = 32 ORDER BY 1") == [("new",), ("new.example/b",)]
    store_mentions(store, [make_mention(1, "Acme is so bad")])
    assert rows(store, "SELECT links, hashtags FROM mentions") == [('["https://new.example/b"]', '["new"]')]
    assert store.check() == []


@pytest.mark.parametrize("text", ["Acme is good", "Acme is so good"])
def test_of_an_article_that_moved_no_key_is_left_once_it_is_erased(store: Store, text: str) -> None:
    first = make_mention(1, "Acme is good", kind="article", url="https://old.example/a")
    moved = replace(first, url="https://new.example/b", text=text)
    for article in (first, moved):
        (one,) = make_judge().judge([article], {}, now=NOW).judged
        store.save_page([one], now=NOW)
    assert rows(store, "SELECT count(*) FROM story_keys WHERE span % 2") == [(2,)]
    store.erasure.forget_mention(1, now=NOW)
    assert rows(store, "SELECT count(*) FROM story_keys") == [(0,)]


def test_an_edit_that_no_longer_names_the_brand_takes_the_match_away(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme is good")])
    store_mentions(store, [make_mention(1, "never mind")])
    assert rows(store, "SELECT count(*) FROM matches") == [(0,)]
    assert rows(store, "SELECT count(*) FROM rollup_quarter") == [(0,)]
    assert store.check() == []


def test_full_text_search_finds_the_new_words_of_an_edit_and_not_the_old(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme lid is good")])
    store_mentions(store, [make_mention(1, "Acme handle is good")])
    with Reader(store.path) as reader:
        assert len(reader.mentions(MentionFilter(text="handle"))) == 1
        assert reader.mentions(MentionFilter(text="lid")) == ()


@pytest.mark.parametrize("words", ["Acme is good", "Acme is good, edited"])
def test_newer_counters_are_taken_over_and_unknown_ones_do_not_erase_known_ones(store: Store, words: str) -> None:
    store_mentions(store, [make_mention(1, "Acme is good", engagement=Engagement(likes=1, reposts=2))])
    store_mentions(store, [make_mention(1, words, engagement=Engagement(likes=5))])
    assert rows(store, "SELECT likes, reposts FROM mentions") == [(5, 2)]
    assert rows(store, "SELECT engagement FROM rollup_quarter") == [(7,)]
    assert store.check() == []


def test_a_reposts_counters_are_the_originals_and_are_not_added(store: Store) -> None:
    store_mentions(store, [make_mention(2), make_mention(1, "RT @jo Acme is good", repost_of="2")])
    assert rows(store, "SELECT sum(engagement) FROM rollup_quarter") == [(2,)]


def test_check_looks_at_each_language_of_a_day(store: Store) -> None:
    store_mentions(store, [make_mention(1, language="en"), make_mention(2, "Acme is bad", language="de")])
    assert store.check() == []
    for language in ("de", "en"):
        with sqlite3.connect(store.path) as connection:
            connection.execute("UPDATE rollup_day SET mentions = 9 WHERE language = ?", (language,))
        connection.close()
        assert len(store.check()) == 1
        store.rebuild_rollups()


@pytest.mark.parametrize("is_one_page", [True, False])
def test_a_chain_of_reposts_of_reposts_is_one_story_in_any_order_of_arrival(tmp_path: Path, is_one_page: bool) -> None:
    # A crosspost of a crosspost: no two have words in common, so that only the chain tells.
    chain = [
        make_mention(number, f"Acme {word}", repost_of=original)
        for number, word, original in [(1, "lid", None), (2, "handle", "1"), (3, "spout", "2"), (4, "base", "3")]
    ]
    for turn, order in enumerate(permutations(chain)):
        folder = tmp_path / str(turn)
        folder.mkdir()
        with open_store(folder) as store:
            for page in [list(order)] if is_one_page else [[one] for one in order]:
                store_mentions(store, page)
            told = [one.id for one in order]
            assert rows(store, "SELECT count(DISTINCT story_id), count(*) FROM mentions") == [(1, 4)], told
            assert rows(store, "SELECT sum(stories) FROM rollup_quarter") == [(1,)], told
            assert store.check() == [], told


def test_a_cascade_of_reposts_is_one_story_in_any_order_of_arrival(tmp_path: Path) -> None:
    original = make_mention(90, "Acme has a new lid and it is very good")
    reposts = [make_mention(n, "Acme has a new lid and it is very good", repost_of="90") for n in range(1, 30)]
    for name, order in (("forward", [original, *reposts]), ("backward", [*reposts, original])):
        folder = tmp_path / name
        folder.mkdir()
        with open_store(folder) as store:
            for mention in order:
                store_mentions(store, [mention])
            assert rows(store, "SELECT count(DISTINCT story_id) FROM mentions") == [(1,)]
            assert rows(store, "SELECT sum(stories) FROM rollup_quarter") == [(1,)]
            assert store.check() == []


def test_two_stories_become_one_when_a_mention_joins_them(store: Store) -> None:
    link = "https://example.org/acme-recall"
    article = make_mention(50, "Acme recalls lids", source="rss", id="a", kind="article", url=link)
    post = make_mention(40, "Globex and Acme and five words", source="x", id="p")
    store_mentions(store, [article])
    store_mentions(store, [post])
    assert rows(store, "SELECT count(DISTINCT story_id) FROM mentions") == [(2,)]
    joining = make_mention(
        30, "Globex and Acme and five words", source="y", id="j", kind="article", url=f"{link}?utm_source=y"
    )
    store_mentions(store, [joining])
    assert rows(store, "SELECT count(DISTINCT story_id) FROM mentions") == [(1,)]
    assert store.check() == []


def test_the_same_words_a_week_later_are_another_story(store: Store) -> None:
    text = "Acme wishes all its friends a good weekend"
    store_mentions(store, [make_mention(1, text)])
    store_mentions(store, [make_mention(2, text, published_at=NOW - timedelta(days=7))])
    assert rows(store, "SELECT count(DISTINCT story_id) FROM mentions") == [(2,)]


def test_a_new_version_of_a_query_matches_a_known_mention_anew(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme is good")])
    changed = build_query(brand="Acme", keywords=["acme"], exclude=["good"])
    store.register([("Acme", "own")], [changed], now=NOW)
    store_mentions(store, [make_mention(1, "Acme is good")], make_judge((changed, GLOBEX)))
    assert rows(store, "SELECT count(*) FROM matches") == [(0,)]
    assert store.check() == []


def test_a_page_that_fails_half_way_leaves_nothing_behind(store: Store) -> None:
    judgement = make_judge().judge([make_mention(1), make_mention(2)], {}, now=NOW)
    broken = replace(judgement.judged[1], language=None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="NOT NULL"):
        store.save_page([judgement.judged[0], broken], now=NOW)
    assert rows(store, "SELECT count(*) FROM mentions") == [(0,)]
    assert rows(store, "SELECT count(*) FROM story_keys") == [(0,)]
    store_mentions(store, [make_mention(1), make_mention(2)])
    assert store.check() == []


def test_check_names_a_rollup_that_is_wrong_and_rebuild_mends_it(store: Store) -> None:
    store_mentions(store, [make_mention(1)])
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE rollup_quarter SET mentions = 99")
    connection.close()
    assert any("rollup_quarter" in line for line in store.check())
    store.rebuild_rollups()
    assert store.check() == []


texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
counters = st.builds(
    Engagement, likes=st.none() | st.integers(0, 99), reposts=st.none() | st.integers(0, 9), replies=st.none()
)


@st.composite
def mentions(draw: st.DrawFn) -> Mention:
    number = draw(st.integers(1, 8))
    return make_mention(
        number,
        draw(texts),
        source=draw(st.sampled_from(["x", "reddit"])),
        published_at=NOW - timedelta(minutes=draw(st.integers(0, 60 * 24 * 5))),
        engagement=draw(counters),
        repost_of=draw(st.none() | st.integers(1, 8).map(str)),
        language=draw(st.sampled_from([None, "en", "hi"])),
    )


@settings(max_examples=some(25))
@given(pages=st.lists(st.lists(mentions(), max_size=6), max_size=5))
def test_rollups_equal_their_rebuild_after_any_inserts_edits_and_refreshes(
    tmp_path_factory: pytest.TempPathFactory, pages: list[list[Mention]]
) -> None:
    with open_store(tmp_path_factory.mktemp("store")) as store:
        for page in pages:
            store_mentions(store, page)
        assert store.check() == []


@settings(max_examples=some(25))
@given(batch=st.lists(mentions(), max_size=8, unique_by=lambda one: one.key), seed=st.randoms(use_true_random=False))
def test_stories_and_counts_do_not_depend_on_the_order_of_arrival(
    tmp_path_factory: pytest.TempPathFactory, batch: list[Mention], seed: object
) -> None:
    def stored(order: list[Mention]) -> tuple[object, ...]:
        with open_store(tmp_path_factory.mktemp("store")) as store:
            for mention in order:
                store_mentions(store, [mention])
            partition: dict[object, set[object]] = {}
            for source, native_id, story in rows(
                store, "SELECT sources.name, native_id, story_id FROM mentions JOIN sources ON sources.id = source_id"
            ):
                partition.setdefault(story, set()).add((source, native_id))
            quarters = rows(
                store,
                "SELECT name, bucket, mentions, stories, score_sum FROM rollup_quarter JOIN brands ON id = brand_id",
            )
            return (sorted(map(sorted, partition.values())), sorted(quarters))

    shuffled = list(batch)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert stored(batch) == stored(shuffled)


def test_many_pages_are_stored_like_one_by_one_and_references_are_looked_up_again_afterwards(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with store.in_bulk():
            store_mentions(store, [make_mention(number) for number in range(100)])
        assert rows(store, "SELECT count(*) FROM mentions") == [(100,)]
        assert store.check() == []
        with pytest.raises(sqlite3.IntegrityError):
            store._connection.execute("UPDATE mentions SET author_id = 999")


def test_rows_of_which_one_cannot_be_stored_leave_nothing_behind(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store._connection.execute(
            "CREATE TEMP TRIGGER refuse BEFORE INSERT ON mentions WHEN NEW.native_id = '70' BEGIN SELECT RAISE(FAIL, 'no'); END"
        )
        with pytest.raises(StoreError):
            store_mentions(store, [make_mention(number) for number in range(100)])
        assert rows(store, "SELECT count(*) FROM mentions") == [(0,)]
        assert store.check() == []
