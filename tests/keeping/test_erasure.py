"""What is forgotten or purged is gone from the store's files, its counts stay, and it does not come back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.errors import StoreBusyError, StoreError
from listener.mention import Author, Engagement, Label, Mention
from listener.search import MentionFilter, Reader
from listener.store import ChartSave, DigestSave, EpisodeSave, Erasure, Retention, Store
from servers.world import NOW, make_judge, make_mention, open_store, store_mentions
from thoroughness import some

DAY = timedelta(days=1)
MARKER = "Zyxwölfe42"
"""In no text of the program; with a letter beyond ASCII, so that encodings differ."""


def every_byte(folder: Path) -> bytes:
    """Return all that stands in the store and beside it, ASCII letters small."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob("listener.db*"))).lower()


def traces(folder: Path, *words: str) -> list[str]:
    """Return the encodings in which words stand in the files."""
    held = every_byte(folder)
    forms = {
        f"{word} as {encoding}": form.encode(encoding).lower()
        for word in words
        for form in {word, word.casefold(), word.upper(), json.dumps(word)[1:-1]}
        for encoding in ("utf-8", "utf-16-le", "utf-16-be")
    }
    return sorted(name for name, form in forms.items() if form in held)


def secret_mention(number: int = 1, **fields: object) -> Mention:
    """Return a mention that bears the marker, or a part of it, wherever a mention can."""
    return make_mention(
        number,
        f"Acme is good, says {MARKER}, and everybody at the table agrees with the whole of it",
        **{
            "title": f"Title {MARKER}",
            "url": "https://zyxurl.example/zyxpage",
            "author": Author(id="zyxauthorid", handle="Zyxhandle", name="Zyxname Zyxsurname"),
            "links": ("https://zyxlink.example/a",),
            "hashtags": ("zyxtag",),
            "extra": {"note": "zyxextra"},
            "reply_to": "zyxparent",
            "thread": "zyxthread",
            **fields,
        },
    )


WORDS = (
    MARKER, "zyxwolfe42", "zyxurl", "zyxpage", "zyxauthorid", "zyxhandle", "zyxname", "zyxsurname", "zyxlink", "zyxtag",
    "zyxextra", "zyxparent", "zyxthread", "at the table agrees",
)  # fmt: skip


def write_reports(store: Store) -> None:
    """Leave a digest, an alert and charts that quote the marked mention."""
    store.reports.save_digest(
        DigestSave(
            key="daily:1",
            since=NOW - DAY,
            until=NOW,
            subject=f"Acme: {MARKER}",
            text=f"They say: Acme is good, says {MARKER},\nand every-\nbody at the table agrees ...",
            html=f"<p>Zyxname Zyxsurname: <b>Zyxw&ouml;lfe42</b>, {MARKER}</p>",
            images=(("chart", b"PNG zyxwolfe42", f"talk of {MARKER}"),),
        ),
        ["mail:team"],
        now=NOW,
    )
    why = {
        "terms": [MARKER.casefold(), "good"],
        "hashtags": ["zyxtag"],
        "sources": ["x"],
        "authors": ["Zyxhandle", "jo_2"],
        "links": ["zyxlink.example"],
        "mentions": [1],
    }
    store.reports.save_evaluation(
        "Acme",
        "spike",
        state=json.dumps({"version": 1, "terms": [MARKER.casefold(), "good"]}, ensure_ascii=False),
        evaluated_until=NOW,
        episodes=[
            EpisodeSave(
                key="Acme:spike:1", state="open", severity="warning", opened_at=NOW - DAY / 24, updated_at=NOW,
                resolved_at=None, observed=9, expected=2, interval=(0, 5), surprise=3, peak=3, total=9, coverage=1,
                headline=f"9 mentions where 2 are usual, mostly “{MARKER.casefold()}”",
                why=json.dumps(why, ensure_ascii=False), news=("opened",),
            )
        ],
        destinations=["mail:team"],
        now=NOW,
    )  # fmt: skip
    for kind, title in (("terms", f"Words: {MARKER}"), ("volume", "Mentions of Acme")):
        store.reports.save_chart(
            ChartSave(
                kind=kind, brand="Acme", since=NOW - DAY, until=NOW, coverage=1, title=title, alt="none", format="svg",
                data=f"<svg><text>{title}</text></svg>".encode(),
            ),
            now=NOW,
        )  # fmt: skip


def fill(store: Store) -> None:
    """Store the marked mention among others, a repost of it and an answer to it, and reports that quote it."""
    store_mentions(
        store,
        [
            secret_mention(),
            *(make_mention(number, f"Acme is good, says person {number} of many") for number in range(2, 30)),
            secret_mention(40, author=Author(id="a1", handle="jo_1"), repost_of="1"),
            make_mention(41, "I do not think that acme is bad", reply_to="1", thread="1", quote_of="1"),
        ],
    )
    write_reports(store)


@pytest.fixture
def filled(store: Store) -> Iterator[Store]:
    fill(store)
    assert traces(store.path.parent, *WORDS)
    yield store
    assert store.check() == []


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"{store.path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def totals(store: Store) -> list[tuple[object, ...]]:
    return rows(store, "SELECT * FROM rollup_quarter") + rows(store, "SELECT * FROM rollup_day")


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


def test_a_report_that_names_an_author_stays_until_nothing_of_the_author_is_left(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme is good"), make_mention(8, "Acme is bad"), make_mention(2)])
    digest = DigestSave(
        key="daily:1", since=NOW - DAY, until=NOW, subject="Globex", text="Most from jo_1", html=None, images=()
    )
    number = store.reports.save_digest(digest, ["mail:team"], now=NOW)
    store.erasure.forget_mention(1, now=NOW)
    with Reader(store.path) as reader:
        assert reader.digest(number) is not None
    store.erasure.forget_mention(2, now=NOW)
    with Reader(store.path) as reader:
        assert reader.digest(number) is None


def test_a_report_loses_what_it_quotes_and_one_that_quotes_nothing_stays(filled: Store) -> None:
    other = DigestSave(
        key="daily:2", since=NOW - DAY, until=NOW, subject="Globex", text="Globex: 0", html=None, images=()
    )
    kept = filled.reports.save_digest(other, ["mail:team"], now=NOW)
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
    digest = DigestSave(
        key="d", since=NOW - DAY, until=NOW, subject="s", text="Acme is good\n  and we like the …", html=None, images=()
    )
    number = store.reports.save_digest(digest, [], now=NOW)
    store.erasure.forget_mention(1, now=NOW)
    with Reader(store.path) as reader:
        assert reader.digest(number) is None


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


def write_reports_naming(store: Store, name: str) -> None:
    """Leave a digest and an alert that name an author."""
    store.reports.save_digest(
        DigestSave(
            key="daily:3",
            since=NOW - DAY,
            until=NOW,
            subject="Acme",
            text=f"Most from {name}",
            html=None,
            images=(),
        ),
        ["mail:team"],
        now=NOW,
    )
    why = {"terms": [], "hashtags": [], "sources": ["x"], "authors": [name, "jo_2"], "links": [], "mentions": [1]}
    store.reports.save_evaluation(
        "Acme",
        "spike",
        state="{}",
        evaluated_until=NOW,
        episodes=[
            EpisodeSave(
                key="Acme:spike:1", state="open", severity="warning", opened_at=NOW - DAY / 24, updated_at=NOW,
                resolved_at=None, observed=9, expected=2, interval=(0, 5), surprise=3, peak=3, total=9, coverage=1,
                headline="9 mentions where 2 are usual", why=json.dumps(why), news=(),
            )
        ],
        destinations=[],
        now=NOW,
    )  # fmt: skip


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


def write_alert(store: Store, **why: list[str]) -> None:
    """Leave an alert with these reasons."""
    reasons = {"terms": [], "hashtags": [], "sources": ["x"], "authors": [], "links": [], "mentions": [1], **why}
    store.reports.save_evaluation(
        "Acme",
        "spike",
        state="{}",
        evaluated_until=NOW,
        episodes=[
            EpisodeSave(
                key="Acme:spike:1", state="open", severity="warning", opened_at=NOW - DAY / 24, updated_at=NOW,
                resolved_at=None, observed=9, expected=2, interval=(0, 5), surprise=3, peak=3, total=9, coverage=1,
                headline="9 mentions where 2 are usual", why=json.dumps(reasons), news=(),
            )
        ],
        destinations=[],
        now=NOW,
    )  # fmt: skip


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


def test_what_another_program_deleted_without_overwriting_it_goes_too(filled: Store) -> None:
    with closing(sqlite3.connect(filled.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("CREATE TABLE other AS SELECT printf('%s %9000d', 'zyxother', 1) AS note")
        connection.execute("DROP TABLE other")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert traces(filled.path.parent, "zyxother")
    filled.erasure.forget_mention(1, now=NOW)
    assert traces(filled.path.parent, "zyxother") == []


def test_the_subject_of_an_emptied_digest_loses_a_word_with_the_last_who_said_it(filled: Store) -> None:
    store_mentions(filled, [make_mention(50, f"Acme is bad, says {MARKER}", author=Author(id="a9", handle="jo_9"))])
    filled.erasure.forget_author("x", "zyxhandle", now=NOW)
    assert rows(filled, "SELECT subject, text FROM digests") == [(f"Acme: {MARKER}", "")]
    filled.erasure.forget_author("x", "jo_9", now=NOW)
    assert traces(filled.path.parent, *WORDS) == []


def test_a_reader_in_mid_answer_delays_the_emptying_of_the_log_until_the_next_purge(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.database.WRITER_WAIT_SECONDS", 0.05)
    with closing(sqlite3.connect(f"{filled.path.as_uri()}?mode=ro", uri=True)) as reader, Store(filled.path) as store:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM mentions").fetchone()
        with pytest.raises(StoreBusyError, match="a reader still holds"):
            store.erasure.forget_mention(1, now=NOW)
        assert store.erasure.is_unfinished()
    assert filled.erasure.purge(Retention(by_source={}), now=NOW) == Erasure()
    assert not filled.erasure.is_unfinished()
    assert traces(filled.path.parent, *WORDS) == []


@pytest.mark.parametrize("when", ["PRAGMA wal_checkpoint", "DELETE FROM unfinished_erasures"])
def test_what_another_process_erases_while_the_file_is_written_anew_leaves_it_too_in_the_end(
    filled: Store, when: str
) -> None:
    begun: list[str] = []

    def happen(statement: str) -> None:
        """Erase in another process what the first one does not: once the file was written anew, before that is noted."""
        if statement.startswith("VACUUM") or begun:
            begun.append(statement)
        is_next = statement.startswith("BEGIN") if when.startswith("DELETE") else statement.startswith(when)
        if begun and begun[-1] != "done" and is_next:
            begun.append("done")
            with Store(filled.path) as others:
                others.erasure.erase([1], now=NOW)

    filled._connection.set_trace_callback(happen)
    filled.erasure.forget_mention(3, now=NOW)
    filled._connection.set_trace_callback(None)
    assert "done" in begun
    assert filled.erasure.is_unfinished()
    assert traces(filled.path.parent, *WORDS)
    filled.erasure.purge(Retention(by_source={}), now=NOW)
    assert traces(filled.path.parent, *WORDS) == []
    assert not filled.erasure.is_unfinished()


def test_an_erasure_that_is_cut_off_between_two_batches_leaves_no_repost_behind(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.store.erasure._BATCH", 1)
    filled._connection.execute(
        "CREATE TEMP TRIGGER no BEFORE UPDATE OF purged_at ON mentions "
        "WHEN EXISTS (SELECT 1 FROM mentions WHERE purged_at IS NOT NULL) BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with pytest.raises(StoreError):
        filled.erasure.forget_author("x", "zyxhandle", now=NOW)
    assert rows(filled, "SELECT count(*) FROM mentions WHERE purged_at IS NOT NULL") == [(1,)]
    filled._connection.execute("DROP TRIGGER no")
    filled.erasure.forget_author("x", "zyxhandle", now=NOW)
    assert traces(filled.path.parent, *WORDS) == []


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


_BRANDS_OF = "SELECT name FROM matches JOIN brands ON brands.id = brand_id WHERE mention_id = {number}"
