"""Digests, alerts and charts lose what they quote of a mention that is erased, and whom they name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from keeping.erasing import DAY, MARKER, QUOTING, WORDS, rows, secret_mention, traces, write_alert, write_digest
from listener.errors import StoreError
from listener.mention import Author
from listener.search import Reader
from listener.store import Erasure, Retention, Store
from servers.world import NOW, make_mention, open_store, store_mentions


def test_a_report_that_names_an_author_stays_until_nothing_of_the_author_is_left(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme is good"), make_mention(8, "Acme is bad"), make_mention(2)])
    number = write_digest(store, subject="Globex", text="Most from jo_1")
    store.erasure.forget_mention(1, now=NOW)
    with Reader(store.path) as reader:
        assert reader.digest(number) is not None
    store.erasure.forget_mention(2, now=NOW)
    with Reader(store.path) as reader:
        assert reader.digest(number) is None


def test_a_report_loses_what_it_quotes_and_one_that_quotes_nothing_stays(filled: Store) -> None:
    kept = write_digest(filled, key="daily:2", subject="Globex", text="Globex: 0")
    filled.erasure.forget_mention(1, now=NOW)
    with Reader(filled.path) as reader:
        assert reader.digest(1) is None
        assert reader.digest_key("daily:1") is not None
        assert reader.digest(kept) is not None
        why = reader.episode(1)
    assert (why.terms, why.authors, why.links, why.hashtags) == (("good",), ("jo_2",), (), ())
    assert rows(filled, "SELECT headline FROM episodes") == [("9 mentions where 2 are usual, mostly “…”",)]
    assert rows(filled, "SELECT title FROM charts") == [("Mentions of Acme",)]
    assert rows(filled, "SELECT kind, state FROM outbox ORDER BY id") == [
        ("digest", "failed"),
        ("alert-opened", "pending"),
        ("digest", "pending"),
    ]


def test_a_quotation_of_common_words_empties_the_digest_too(store: Store) -> None:
    text = "Acme is good and we like the lid of it very much"
    store_mentions(store, [make_mention(1, text), make_mention(2, f"{text} indeed, says the other one")])
    number = write_digest(store, text="Acme is good\n  and we like the …")
    store.erasure.forget_mention(1, now=NOW)
    with Reader(store.path) as reader:
        assert reader.digest(number) is None


def write_reports_naming(store: Store, name: str) -> None:
    """Leave a digest and an alert that name an author."""
    write_digest(store, key="daily:3", text=f"Most from {name}")
    write_alert(store, authors=[name, "jo_2"])


def let_another_have_written(store: Store, **author: str) -> None:
    """Store a mention of one author, reports that name them, and an edit that says it was another."""
    store_mentions(store, [make_mention(1, author=Author(id="zyxid", handle="zyxold")), make_mention(2)])
    write_reports_naming(store, "zyxold")
    store_mentions(
        store, [make_mention(1, "Acme is bad", author=Author(**{"id": "new", "handle": "jo_new", **author}))]
    )


def test_who_wrote_before_an_edit_said_otherwise_is_in_no_report_once_forgotten(store: Store) -> None:
    let_another_have_written(store)
    assert store.erasure.forget_author("x", "zyxold", now=NOW) == Erasure(authors=1, reports=2)
    assert traces(store.path.parent, "zyxold", "zyxid") == []
    with Reader(store.path) as reader:
        assert reader.episode(1).authors == ("jo_2",)


def test_who_wrote_before_an_edit_said_otherwise_leaves_reports_with_any_erasure(store: Store) -> None:
    let_another_have_written(store)
    store.erasure.forget_mention(2, now=NOW)
    assert traces(store.path.parent, "zyxold", "zyxid") == []


def test_an_author_who_is_known_by_another_id_now_stays_in_reports(store: Store) -> None:
    let_another_have_written(store, handle="zyxold")
    store.erasure.forget_mention(2, now=NOW)
    with Reader(store.path) as reader:
        assert reader.episode(1).authors == ("zyxold",)  # not the one of the mention
        assert reader.digest(1) is not None


@pytest.mark.parametrize("is_asked", [True, False])
def test_the_former_name_of_who_is_erased_leaves_alerts(store: Store, *, is_asked: bool) -> None:
    store_mentions(store, [make_mention(1, author=Author(id="zyxid", handle="zyxold")), make_mention(2)])
    write_alert(store, authors=["zyxold", "jo_2"])
    store_mentions(store, [make_mention(3, "Acme is bad", author=Author(id="zyxid", handle="zyxnew"))])
    if is_asked:
        store.erasure.forget_author("x", "zyxnew", now=NOW)
    else:
        store.erasure.purge(Retention(by_source={"x": timedelta()}), now=NOW + DAY)
    assert traces(store.path.parent, "zyxold", "zyxnew", "zyxid") == []
    with Reader(store.path) as reader:
        assert reader.episode(1).authors == (("jo_2",) if is_asked else ())


def test_alerts_lose_what_a_mention_said_before_an_edit(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme zyxword, so good"), make_mention(2)])
    write_alert(store, terms=["zyxword", "good"])
    store_mentions(store, [make_mention(1, "Acme is so good")])
    store.erasure.forget_mention(2, now=NOW)
    with Reader(store.path) as reader:
        assert reader.episode(1).terms == ("zyxword", "good")
    store.erasure.forget_mention(1, now=NOW)
    assert traces(store.path.parent, "zyxword") == []


@pytest.mark.parametrize("url", [None, "https://example.com/1"])
def test_digests_lose_what_a_mention_said_before_an_edit(store: Store, url: str | None) -> None:
    store_mentions(store, [make_mention(1, "Acme zyxword, so good", url=url), make_mention(2)])
    write_digest(store, text=f"Acme zyxword, so good\n{url}")
    former = write_digest(store, key="daily:0", text="Acme is good", since=NOW - DAY * 2, until=NOW - DAY)
    store_mentions(store, [make_mention(1, "Acme is bad", url=url)])
    store.erasure.forget_mention(1, now=NOW)
    assert traces(store.path.parent, "zyxword") == []
    with Reader(store.path) as reader:
        kept = reader.digest(former)
    assert kept is not None
    assert kept.text == "Acme is good"


def test_alerts_lose_where_a_mention_linked_to_before_an_edit(store: Store) -> None:
    others = {"links": ("https://kept.example/a",)}
    store_mentions(
        store, [make_mention(1, links=("https://zyxlink.example/a",)), make_mention(2), make_mention(3, **others)]
    )
    write_alert(store, links=["zyxlink.example/a", "kept.example/a"])
    store_mentions(store, [make_mention(1, "Acme is bad", links=("https://kept.example/a",))])
    store.erasure.forget_mention(2, now=NOW)
    with Reader(store.path) as reader:
        assert reader.episode(1).links == ("zyxlink.example/a", "kept.example/a")
    store.erasure.forget_mention(1, now=NOW)
    assert traces(store.path.parent, "zyxlink") == []
    with Reader(store.path) as reader:
        assert reader.episode(1).links == ("kept.example/a",)


def test_what_ages_does_not_look_through_all_of_the_time_of_an_alert_with_each_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.store.erasure._BATCH", 10)
    same = {"links": ("https://l.example/a",), "hashtags": ("tagged",)}
    said = [make_mention(n, published_at=NOW - timedelta(seconds=n), **same) for n in range(1, 1001)]

    def steps_of_purging(name: str, **why: list[str]) -> int:
        """Return what it takes to erase all of a store in many batches, an alert tells of its time."""
        took: list[int] = []
        (tmp_path / name).mkdir()
        with open_store(tmp_path / name) as store:
            store_mentions(store, said)
            write_alert(store, **why)
            store._connection.set_progress_handler(lambda: took.append(1), 100)
            store.erasure.purge(Retention(by_source={"x": timedelta()}), now=NOW)
            assert rows(store, "SELECT json_extract(why, '$.links', '$.authors') FROM episodes") == [("[[],[]]",)]
        return len(took)

    reasons = {"authors": [f"other_{n}" for n in range(5)], "links": ["l.example/a"], "hashtags": ["tagged"]}
    assert steps_of_purging("told", **reasons) < 1.5 * steps_of_purging("silent")


def test_an_alert_keeps_hashtags_and_links_that_others_bear(store: Store) -> None:
    links = ("https://WWW.B\u00dcCHER.example:8443/\u00c4pfel",)
    fields = {"links": links, "hashtags": ("zyxtag",)}
    store_mentions(store, [make_mention(1, **fields), make_mention(2, "Acme is bad, says another", **fields)])
    write_alert(store, hashtags=["zyxtag"], links=["b\u00fccher.example/\u00c4pfel"])
    store.erasure.forget_mention(1, now=NOW)
    with Reader(store.path) as reader:
        assert (reader.episode(1).hashtags, len(reader.episode(1).links)) == (("zyxtag",), 1)
    store.erasure.forget_mention(2, now=NOW)
    with Reader(store.path) as reader:
        assert (reader.episode(1).hashtags, reader.episode(1).links) == ((), ())


def test_forgetting_an_author_that_is_killed_before_the_reports_is_brought_to_its_end_by_the_same_command(
    store: Store,
) -> None:
    let_another_have_written(store)
    old = make_mention(3, published_at=NOW - 9 * DAY, author=Author(id="zyxid", handle="zyxold"))
    store_mentions(store, [old])
    store._connection.execute(
        "CREATE TEMP TRIGGER no BEFORE UPDATE ON digests BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    with pytest.raises(StoreError):
        store.erasure.forget_author("x", "zyxold", now=NOW)
    assert rows(store, "SELECT count(*) FROM mentions WHERE purged_at IS NOT NULL") == [(1,)]
    store._connection.execute("DROP TRIGGER no")
    store.erasure.forget_author("x", "zyxold", now=NOW)
    assert traces(store.path.parent, "zyxold", "zyxid") == []


def test_a_name_that_is_a_word_others_say_empties_no_digest_of_a_time_when_its_author_wrote_nothing(
    store: Store,
) -> None:
    store_mentions(store, [make_mention(1, author=Author(id="zyxid", handle="acme")), make_mention(2)])
    write_reports_naming(store, "acme")
    store_mentions(store, [make_mention(1, "Acme is bad", author=Author(id="new", handle="jo_new"))])
    store.erasure.forget_author("x", "zyxid", now=NOW)
    with Reader(store.path) as reader:
        assert reader.episode(1).authors == ("jo_2",)
        assert reader.digest(1) is not None


def test_the_subject_of_an_emptied_digest_loses_a_word_with_the_last_who_said_it(filled: Store) -> None:
    store_mentions(filled, [make_mention(50, f"Acme is bad, says {MARKER}", author=Author(id="a9", handle="jo_9"))])
    filled.erasure.forget_author("x", "zyxhandle", now=NOW)
    assert rows(filled, "SELECT subject, text FROM digests") == [(f"Acme: {MARKER}", "")]
    filled.erasure.forget_author("x", "jo_9", now=NOW)
    assert traces(filled.path.parent, *WORDS) == []


def test_what_was_composed_before_an_erasure_and_is_stored_after_it_tells_nothing_of_what_is_gone(store: Store) -> None:
    store_mentions(store, [secret_mention(), *(make_mention(number) for number in range(2, 9))])
    with Reader(store.path) as reader:
        before = reader.erasures()
        store.erasure.forget_mention(1, now=NOW)
        write_alert(store, erasures=before, **QUOTING)  # as a look that began before
        assert write_digest(store, erasures=before, text=f"They say {MARKER}") == 0
        found = reader.episode(1)
        assert (found.terms, found.authors, found.links) == (("good",), ("jo_2",), ())
        assert reader.digest(1) is None
        assert write_digest(store, erasures=reader.erasures(), text="Acme is good") == 1
    assert traces(store.path.parent, *WORDS) == []
