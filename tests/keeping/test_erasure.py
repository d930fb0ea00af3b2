"""What is forgotten or purged is gone from the store's files, its counts stay, and it does not come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeping.erasing import DAY, MARKER, WORDS, rows, secret_mention, totals, traces
from listener.errors import StoreError
from listener.mention import Author, Engagement, Label
from listener.search import MentionFilter, Reader
from listener.store import Erasure, Retention, Store
from servers.world import NOW, make_judge, make_mention, open_store, store_mentions
from thoroughness import some

_BRANDS_OF = "SELECT name FROM matches JOIN brands ON brands.id = brand_id WHERE mention_id = {number}"


def test_a_forgotten_author_leaves_no_byte_in_the_files_and_every_count(filled: Store) -> None:
    before = totals(filled)
    assert filled.erasure.forget_author("x", "@zyxHANDLE", now=NOW) == Erasure(mentions=2, authors=1, reports=3)
    assert traces(filled.path.parent, *WORDS) == []
    assert totals(filled) == before
    assert not filled.erasure.is_unfinished()


def test_a_forgotten_mention_leaves_no_byte_in_the_files_and_every_count(filled: Store) -> None:
    before = totals(filled)
    assert filled.erasure.forget_mention(1, now=NOW) == Erasure(mentions=2, authors=1, reports=3)
    assert traces(filled.path.parent, *WORDS) == []
    assert totals(filled) == before


def test_a_purge_leaves_no_byte_of_what_is_too_old(filled: Store) -> None:
    before = totals(filled)
    retention = Retention(by_source={"x": timedelta(minutes=1)})
    later = NOW + timedelta(minutes=1)
    assert filled.erasure.due(retention, now=later) == {"x": 31}
    assert filled.erasure.purge(retention, now=later).mentions == 31
    assert traces(filled.path.parent, *WORDS, "person 7 of many", "jo_1") == []
    assert totals(filled) == before
    assert rows(filled, "SELECT count(*) FROM authors") == [(0,)]


def test_a_purge_keeps_what_is_young_enough_and_sources_without_retention(store: Store) -> None:
    store_mentions(store, [make_mention(1), make_mention(2, published_at=NOW - 3 * DAY)])
    store_mentions(store, [make_mention(3, source="reddit", published_at=NOW - 300 * DAY)])
    assert store.erasure.purge(Retention(by_source={"x": 2 * DAY}), now=NOW) == Erasure(mentions=1, authors=1)
    assert rows(store, "SELECT id FROM mentions WHERE text IS NULL") == [(2,)]
    retention = Retention(default=30 * DAY, by_source={"x": 2 * DAY})
    assert store.erasure.purge(retention, now=NOW).mentions == 1
    assert store.erasure.purge(retention, now=NOW) == Erasure()


def test_the_skeleton_keeps_what_counts_and_nothing_of_the_person(filled: Store) -> None:
    row = "SELECT source_id, published_at, seen_at, is_dated, language, story_id, kind FROM mentions WHERE id = 1"
    judgement = "SELECT brand_id, published_at, label, score, engagement FROM matches WHERE mention_id = 1"
    before = rows(filled, row) + rows(filled, judgement)
    filled.label(1, "Acme", Label.POSITIVE, now=NOW)
    filled.erasure.forget_mention(1, now=NOW)
    assert rows(filled, row) + rows(filled, judgement) == before
    assert rows(filled, "SELECT label, hex(text_hash) FROM labels") == [(int(Label.POSITIVE), "")]
    with Reader(filled.path) as reader:
        (gone,) = reader.mentions_by_number([1])
        (repost,) = [one for one in reader.mentions(MentionFilter(brand="Acme")) if one.is_repost]
    assert (gone.text, gone.title, gone.author, gone.url, gone.spans) == (None, None, None, None, ())
    assert gone.label is Label.POSITIVE
    assert repost.text is None


def test_answers_to_a_forgotten_mention_no_longer_name_it(filled: Store) -> None:
    filled.erasure.forget_mention(1, now=NOW)
    assert rows(filled, "SELECT reply_to, thread, quote_of FROM mentions WHERE native_id = '41'") == [
        (None, None, None)
    ]


def test_an_answer_names_what_aged_before_it_until_it_is_as_old(store: Store) -> None:
    references = {"reply_to": "1", "thread": "1", "quote_of": "1"}
    store_mentions(store, [make_mention(1, published_at=NOW - 3 * DAY), make_mention(2, "Acme is bad", **references)])
    retention = Retention(by_source={"x": 2 * DAY})
    found = "SELECT reply_to, thread, quote_of FROM mentions WHERE id = 2"
    assert store.erasure.purge(retention, now=NOW).mentions == 1
    assert rows(store, found) == [("1", "1", "1")]
    assert store.erasure.purge(retention, now=NOW + 2 * DAY).mentions == 1
    assert rows(store, found) == [(None, None, None)]


def test_an_author_whom_no_mention_names_any_more_goes_with_the_next_erasure(store: Store) -> None:
    store_mentions(store, [make_mention(1, author=Author(id="zyxauthorid", handle="zyxhandle")), make_mention(2)])
    store_mentions(store, [make_mention(1, "Acme is bad", author=Author(id="other", handle="other"))])
    assert traces(store.path.parent, "zyxauthorid", "zyxhandle")
    store.erasure.forget_mention(2, now=NOW)
    assert traces(store.path.parent, "zyxauthorid", "zyxhandle") == []
    assert rows(store, "SELECT handle FROM authors") == [("other",)]


def test_what_was_erased_does_not_come_back_when_it_is_fetched_again(filled: Store) -> None:
    filled.erasure.forget_author("x", "zyxauthorid", now=NOW)
    before, stored = totals(filled), rows(filled, "SELECT count(*) FROM mentions")
    edited = replace(secret_mention(), text=f"Acme is bad, and {MARKER}", engagement=Engagement(likes=900))
    store_mentions(filled, [edited])
    judged = make_judge().judge([secret_mention()], {}, now=NOW).judged
    filled.save_page(judged, refreshed=[edited], now=NOW)
    assert (totals(filled), rows(filled, "SELECT count(*) FROM mentions")) == (before, stored)
    assert traces(filled.path.parent, *WORDS) == []


def test_a_mention_whose_author_is_gone_stands_without_them_and_reports_name_them_no_more(filled: Store) -> None:
    store_mentions(
        filled, [make_mention(50, "Acme is good, says a guest", author=Author(id="guest", handle="Zyxguest"))]
    )
    counts = totals(filled)
    numbers = dict(rows(filled, "SELECT native_id, id FROM mentions"))

    assert filled.erasure.unsign([numbers["1"], numbers["2"]]) == 1  # of the author of 2 other mentions are left
    filled.erasure.purge(Retention(by_source={}), now=NOW)

    assert rows(filled, "SELECT native_id FROM mentions WHERE author_id IS NULL ORDER BY native_id") == [("1",), ("2",)]
    assert rows(filled, "SELECT count(*) FROM authors WHERE native_id = 'zyxauthorid'") == [(0,)]
    assert rows(filled, "SELECT count(*) FROM authors WHERE native_id = 'a2'") == [(1,)]
    assert traces(filled.path.parent, "zyxauthorid", "zyxhandle", "zyxsurname") == []
    assert traces(filled.path.parent, MARKER, "zyxguest")
    assert totals(filled) == counts
    with Reader(filled.path) as reader:
        assert "Zyxhandle" not in reader.episode(1).authors
    assert filled.erasure.unsign([numbers["1"]]) == 0


def test_a_dry_run_counts_and_changes_nothing(filled: Store) -> None:
    assert filled.erasure.forget_author("x", "Zyxhandle", now=NOW, dry_run=True) == Erasure(mentions=2, authors=1)
    assert filled.erasure.forget_mention(1, now=NOW, dry_run=True) == Erasure(mentions=2)
    assert rows(filled, "SELECT count(*) FROM mentions WHERE text IS NULL") == [(0,)]


def test_forgetting_what_is_not_there_says_so(store: Store) -> None:
    assert store.erasure.forget_author("x", "nobody", now=NOW) == Erasure()
    assert store.erasure.forget_mention(7, now=NOW) == Erasure()


def test_reposts_of_reposts_go_with_what_they_hand_on_the_last_of_them_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.store.erasure._BATCH", 1)
    text = "Acme is good, says zyxword to everybody at the table"
    store_mentions(store, [make_mention(1, text), *(make_mention(n, text, repost_of=str(n - 1)) for n in range(2, 5))])
    store._connection.execute(
        "CREATE TEMP TRIGGER no BEFORE UPDATE OF purged_at ON mentions "
        "WHEN (SELECT count(*) FROM mentions WHERE purged_at IS NOT NULL) > 1 BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with pytest.raises(StoreError):
        store.erasure.forget_mention(1, now=NOW)
    store._connection.execute("DROP TRIGGER no")
    assert store.erasure.forget_mention(1, now=NOW).mentions == 2
    assert traces(store.path.parent, "zyxword") == []


@pytest.mark.parametrize("is_stored", [True, False])
def test_reposts_of_a_mention_that_is_not_there_go_by_its_id(store: Store, *, is_stored: bool) -> None:
    text = "Acme is good, says zyxword to everybody at the table"
    if is_stored:
        store_mentions(store, [make_mention(1, text, published_at=NOW - 9 * DAY)])
        store.erasure.purge(Retention(by_source={"x": 8 * DAY}), now=NOW)
    store_mentions(store, [make_mention(2, text, repost_of="1"), make_mention(3, text, repost_of="2")])
    assert store.erasure.forget_named("x", "1", now=NOW, dry_run=True).mentions == 2
    assert store.erasure.forget_named("x", "1", now=NOW).mentions == 2
    assert traces(store.path.parent, "zyxword") == []


@pytest.mark.parametrize("who", ["\u00c9lodie", "\u00e9lodie", "@\u00c9LODIE", "e\u0301lodie"])
def test_an_author_is_found_by_a_handle_in_any_spelling_of_its_letters(store: Store, who: str) -> None:
    store_mentions(store, [make_mention(1, author=Author(id="9", handle="\u00c9lodie")), make_mention(2)])
    assert store.erasure.forget_author("x", who, now=NOW) == Erasure(mentions=1, authors=1)


def test_an_author_without_mentions_is_forgotten_too(store: Store) -> None:
    store_mentions(store, [make_mention(1, author=Author(id="old", handle="zyxold"))])
    store_mentions(store, [make_mention(1, "Acme is bad", author=Author(id="new", handle="jo_new"))])
    assert store.erasure.forget_author("x", "zyxold", now=NOW) == Erasure(authors=1)
    assert traces(store.path.parent, "zyxold") == []


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("save"), st.integers(1, 12), st.sampled_from(["good", "bad", "so", "xyzzy"])),
        st.tuples(st.just("repost"), st.integers(1, 12), st.just("")),
        st.tuples(st.just("forget mention"), st.integers(1, 14), st.just("")),
        st.tuples(st.just("forget author"), st.integers(0, 6), st.just("")),
        st.tuples(st.just("purge"), st.integers(1, 20), st.just("")),
        st.tuples(st.just("label"), st.integers(1, 14), st.just("")),
    ),
    max_size=14,
)


@settings(max_examples=some(25))
@given(ACTIONS)
def test_rollups_equal_their_rebuild_whatever_is_stored_and_erased_in_between(
    actions: list[tuple[str, int, str]],
) -> None:
    with TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        for what, number, word in actions:
            counted = totals(store)
            if what == "save":
                text = f"Acme is {word} and globex too, round {number % 4}"
                store_mentions(store, [make_mention(number, text, source="x" if number % 2 else "reddit")])
            elif what == "repost":
                store_mentions(store, [make_mention(100 + number, "Acme is good", repost_of=str(number))])
            elif what == "label":
                brands = {str(name) for (name,) in rows(store, _BRANDS_OF.format(number=number))}
                for name in brands:
                    store.label(number, name, Label.IRRELEVANT, now=NOW)
            else:
                if what == "forget mention":
                    store.erasure.forget_mention(number, now=NOW)
                elif what == "forget author":
                    store.erasure.forget_author("x", f"jo_{number}", now=NOW)
                else:
                    store.erasure.purge(Retention(by_source={"x": timedelta(minutes=number)}), now=NOW)
                assert totals(store) == counted
            assert store.check() == []
        before = totals(store)
        store.rebuild_rollups()
        assert totals(store) == before
