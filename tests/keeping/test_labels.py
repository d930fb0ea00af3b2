"""What a person says of a mention counts in every number, and outlives whatever happens to the mention."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeping.test_store_pages import mentions, rows
from listener.errors import UsageError
from listener.mention import Engagement, Label
from listener.query.build import build_query
from listener.search import MentionFilter, Reader, Span
from listener.store import PERSON_LABELS, Store
from servers.world import GLOBEX, NOW, make_judge, make_mention, open_store, store_mentions
from thoroughness import some

UTC_ZONE = ZoneInfo("UTC")
COUNTS = "SELECT mentions, stories, positive, neutral, negative, no_evidence, unscored, score_sum, score_count FROM rollup_quarter"


def test_a_label_takes_the_place_of_the_scorers_in_every_count(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme is good")])
    assert store.label(1, "Acme", Label.NEGATIVE, now=NOW) == {"Acme"}
    assert rows(store, COUNTS) == [(1, 1, 0, 0, 1, 0, 0, 0, 0)]
    assert rows(store, "SELECT negative FROM rollup_day") == [(1,)]
    assert store.check() == []


def test_a_score_that_the_person_confirms_stays_in_the_mean(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme is good"), make_mention(2, "Acme is")])
    store.label(1, "Acme", Label.POSITIVE, now=NOW)
    store.label(2, "Acme", Label.NEUTRAL, now=NOW)
    assert rows(
        store,
        "SELECT sum(positive), sum(neutral), sum(no_evidence), sum(score_sum), sum(score_count) FROM rollup_quarter",
    ) == [(1, 1, 0, 5000, 2)]


def test_a_score_that_the_person_contradicts_is_in_no_mean(store: Store) -> None:
    store_mentions(store, [make_mention(n, "Acme is good") for n in range(1, 7)])
    store.label(1, "Acme", Label.NEGATIVE, now=NOW)
    with Reader(store.path) as reader:
        span = Span(since=NOW - timedelta(days=1), until=NOW, by="day", zone=UTC_ZONE, now=NOW)
        (total,) = reader.trend(["Acme"], span, {"Acme": ["x"]}).totals
    assert (total.positive, total.negative, total.mean_score) == (5, 1, 0.5)
    assert (total.scored, total.averaged) == (6, 5)
    assert total.net_sentiment == pytest.approx(66.7)
    assert total.mean_score_interval == (0.5, 0.5)


def test_an_unscored_mention_that_is_labelled_does_not_pull_the_mean_to_zero(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme is good"), make_mention(2, "Acme xyzzy")])
    store.label(2, "Acme", Label.POSITIVE, now=NOW)
    with Reader(store.path) as reader:
        for source in (None, "x"):
            span = Span(since=NOW - timedelta(days=1), until=NOW, by="day", zone=UTC_ZONE, now=NOW, source=source)
            (total,) = reader.trend(["Acme"], span, {"Acme": ["x"]}).totals
            assert (total.positive, total.unscored, total.mean_score) == (2, 0, 0.5)


def test_an_irrelevant_mention_leaves_every_count_and_the_list(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme is good", engagement=Engagement(likes=9))])
    store.label(1, None, Label.IRRELEVANT, now=NOW)
    for table in ("rollup_quarter", "rollup_day", "story_firsts"):
        assert rows(store, f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608 - names are the three above
    with Reader(store.path) as reader:
        assert reader.mentions(MentionFilter(brand="Acme")) == ()
        (shown,) = reader.mentions(MentionFilter(brand="Acme", labels=(Label.IRRELEVANT,)))
    assert shown.labelled_at == NOW
    assert store.check() == []


def test_without_a_brand_the_label_is_for_every_brand_it_matches_and_with_one_for_that_alone(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme beats Globex, good")])
    assert store.label(1, None, Label.NEGATIVE, now=NOW) == {"Acme", "Globex"}
    assert store.label(1, "Globex", Label.POSITIVE, now=NOW) == {"Globex"}
    found = rows(store, "SELECT name, label FROM matches JOIN brands ON id = brand_id ORDER BY name")
    assert found == [("Acme", Label.NEGATIVE), ("Globex", Label.POSITIVE)]


def test_a_label_survives_being_seen_again_and_an_edit_and_the_edit_shows(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme is good")])
    store.label(1, "Acme", Label.NEGATIVE, now=NOW)
    store_mentions(store, [make_mention(1, "Acme is good", engagement=Engagement(likes=5))])
    with Reader(store.path) as reader:
        (seen,) = reader.mentions(MentionFilter())
    assert (seen.label, seen.is_label_stale) == (Label.NEGATIVE, False)
    store_mentions(store, [make_mention(1, "Acme is good, good")])
    with Reader(store.path) as reader:
        (edited,) = reader.mentions(MentionFilter())
    assert (edited.label, edited.is_label_stale) == (Label.NEGATIVE, True)


def test_words_that_are_again_those_labelled_are_known_by_the_longer_fingerprint_of_an_older_version(
    store: Store,
) -> None:
    store_mentions(store, [make_mention(1, "Acme is good")])
    store._connection.execute("UPDATE mentions SET text_hash = CAST(text_hash || x'0102030405060708' AS BLOB)")
    store.label(1, "Acme", Label.NEGATIVE, now=NOW)
    with Reader(store.path) as reader:
        for words, is_stale in (("Acme is good", False), ("Acme is bad", True), ("Acme is good", False)):
            store_mentions(store, [make_mention(1, words)])
            (found,) = reader.mentions(MentionFilter())
            assert (found.label, found.is_label_stale) == (Label.NEGATIVE, is_stale)
    assert store.check() == []


def test_a_label_outlives_a_query_that_no_longer_finds_the_mention(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme is good")])
    store.label(1, "Acme", Label.NEGATIVE, now=NOW)
    narrower = build_query(brand="Acme", keywords=["acme"], exclude=["good"])
    store.register([("Acme", "own")], [narrower], now=NOW)
    store_mentions(store, [make_mention(1, "Acme is good")], make_judge((narrower, GLOBEX)))
    assert rows(store, "SELECT count(*) FROM matches") == [(0,)]
    store_mentions(store, [make_mention(1, "Acme is good")])
    assert rows(store, "SELECT label FROM matches") == [(Label.NEGATIVE,)]
    assert store.check() == []


def test_a_label_taken_back_gives_the_scorers_verdict_again(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme is good")])
    before = rows(store, COUNTS)
    store.label(1, "Acme", Label.IRRELEVANT, now=NOW)
    store.label(1, "Acme", Label.NEGATIVE, now=NOW)
    store.label(1, "Acme", None, now=NOW)
    assert rows(store, COUNTS) == before
    assert rows(store, "SELECT scorer_label, scorer_score FROM matches") == [(None, None)]
    assert rows(store, "SELECT count(*) FROM labels") == [(0,)]


def test_a_label_for_a_brand_the_mention_does_not_match_is_refused(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme is good")])
    with pytest.raises(UsageError, match="mention 1 matches Acme"):
        store.label(1, "Globex", Label.POSITIVE, now=NOW)
    with pytest.raises(UsageError, match="matches no brand"):
        store.label(99, None, Label.POSITIVE, now=NOW)
    with pytest.raises(UsageError, match="nobody labels a mention unscored"):
        store.label(1, None, Label.UNSCORED, now=NOW)


steps = st.one_of(
    st.tuples(st.just("page"), st.lists(mentions(), max_size=4)),
    st.tuples(st.just("label"), st.tuples(st.integers(1, 6), st.sampled_from([*PERSON_LABELS, None]))),
)


@settings(max_examples=some(40))
@given(history=st.lists(steps, max_size=8))
def test_rollups_equal_their_rebuild_after_any_pages_and_labels(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, object]]
) -> None:
    with open_store(tmp_path_factory.mktemp("store")) as store:
        for kind, what in history:
            if kind == "page":
                store_mentions(store, what)  # type: ignore[arg-type]
            else:
                number, said = what  # type: ignore[misc]
                if (number,) in rows(store, "SELECT mention_id FROM matches"):
                    store.label(number, None, said, now=NOW)
        assert store.check() == []
        wrong = rows(
            store,
            "SELECT 1 FROM labels JOIN matches USING (mention_id, brand_id) WHERE matches.label <> labels.label",
        )
        assert wrong == []


def test_a_broken_label_leaves_nothing_behind(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme is good")])
    with sqlite3.connect(store.path) as connection:
        connection.execute("CREATE TRIGGER refuse BEFORE UPDATE ON matches BEGIN SELECT raise(ABORT, 'no'); END")
    connection.close()
    with pytest.raises(Exception, match="no"):
        store.label(1, None, Label.NEGATIVE, now=NOW)
    assert rows(store, "SELECT count(*) FROM labels") == [(0,)]
    assert store.check() == []
