"""A store of an older version is brought up with everything in it."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from listener.database import SCHEMA_VERSION, open_writer
from listener.fulltext import former_index_form
from listener.mention import Label, read_spans
from listener.parts import name_part
from listener.schema import MIGRATIONS
from listener.search import MentionFilter, Reader
from listener.store import Store
from listener.store.recount import find_recount_differences
from listener.store.rewording import INDEX, UNINDEX
from servers.world import NOW, QUERIES, make_mention, store_mentions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listener.mention import Mention

FIRST_ROWS = """
INSERT INTO sources VALUES (1, 'x');
INSERT INTO brands VALUES (1, 'Acme', 'own');
INSERT INTO queries VALUES (1, 1, 'v', 'acme', 0);
INSERT INTO scorers VALUES (1, 'words', '1');
INSERT INTO mentions (id, source_id, native_id, kind, text, text_hash, first_text_hash, language, published_at,
  is_dated, seen_at, story_id)
VALUES (1, 1, 'a', 'post', 'Acme is good', x'00', x'00', 'en', 9000, 1, 9000, 1),
       (2, 1, 'b', 'post', 'Acme est', x'01', x'01', 'fr', 9000, 1, 9000, 2);
INSERT INTO mention_texts (rowid, text) SELECT id, text FROM mentions;
INSERT INTO matches VALUES (1, 9000, 1, 1, 1, 'en', 3, 5000, NULL, 1, NULL, 1, NULL, 0, NULL),
                           (1, 9000, 2, 1, 1, 'fr', 0, NULL, NULL, 0, NULL, 1, 'unsupported_language', 0, NULL);
INSERT INTO story_firsts VALUES (1, 1, 9000), (1, 2, 9000);
INSERT INTO rollup_quarter VALUES (1, 10, 2, 2, 1, 0, 0, 0, 1, 5000, 25000000, 0);
INSERT INTO rollup_day VALUES (1, 0, 1, 'en', 1, 1, 0, 0, 0, 0, 5000, 25000000, 0),
                              (1, 0, 1, 'fr', 1, 0, 0, 0, 0, 1, 0, 0, 0);
"""

ROWS_OF_THE_THIRD = """
INSERT INTO sources VALUES (1, 'x');
INSERT INTO brands VALUES (1, 'Acme', 'own');
INSERT INTO mentions (id, source_id, native_id, kind, text, text_hash, first_text_hash, language, published_at,
  is_dated, seen_at, story_id)
VALUES (1, 1, 'a', 'post', 'Acme is good', x'00', x'00', 'en', 9000, 1, 9000, 1),
       (2, 1, 'b', 'post', 'Acme est', x'01', x'01', 'fr', 9000, 1, 9000, 2);
INSERT INTO mention_texts (rowid, text) SELECT id, text FROM mentions;
"""


def make_old_store(path: Path, version: int) -> None:
    """Make a store as the program of an earlier version left it."""
    connection = open_writer(path)
    migrations = Migrations("listener")
    for name, step in MIGRATIONS[:version]:
        migrations(name=name)(step)
    migrations.apply(Database(connection))
    connection.close()


def test_the_first_version_with_rows_is_brought_up_and_takes_labels(tmp_path: Path) -> None:
    path = tmp_path / "listener.db"
    make_old_store(path, 1)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        connection.executescript(FIRST_ROWS)
    connection.close()
    with Store(path) as store:
        assert store.check() == []
        store.label(1, "Acme", Label.NEGATIVE, now=NOW)
        assert store.check() == []
    with Reader(path) as reader:
        found = reader.mentions(MentionFilter(brand="Acme"))
    assert [(one.number, one.label, one.score) for one in found] == [
        (2, Label.UNSCORED, None),
        (1, Label.NEGATIVE, None),
    ]


def test_the_version_before_erasure_is_brought_up_and_forgets(tmp_path: Path) -> None:
    path = tmp_path / "listener.db"
    make_old_store(path, 3)
    with sqlite3.connect(path) as connection:
        connection.executescript(ROWS_OF_THE_THIRD)
    connection.close()
    with Store(path) as store:
        assert store.check() == []
        assert store.erasure.forget_mention(1, now=NOW).mentions == 1
        assert store.check() == []
        assert store.known([("x", "a"), ("x", "b")])[("x", "a")].is_purged
        assert not store.known([("x", "a"), ("x", "b")])[("x", "b")].is_purged


def test_every_migration_raises_the_version_by_one(tmp_path: Path) -> None:
    assert len(MIGRATIONS) == SCHEMA_VERSION
    for version in range(1, SCHEMA_VERSION + 1):
        path = tmp_path / f"{version}.db"
        make_old_store(path, version)
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (version,)
        connection.close()


def make_store_before_the_words(path: Path, **fields: object) -> None:
    """Make a store of the version before the index of words for every script, with mentions in it."""
    with Store(path) as store:
        store.register([("Acme", "own")], QUERIES, now=NOW)
        store_mentions(store, [make_mention(n, f"Acme の天気 #lid{n} is good", **fields) for n in range(1, 40)])
        store.label(3, "Acme", Label.IRRELEVANT, now=NOW)
    with sqlite3.connect(path) as connection:
        for table in ("rollup_local", "rollup_scores", "rollup_reach", "rollup_values"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the tables above
        connection.execute("INSERT INTO mention_texts (mention_texts) VALUES ('delete-all')")
        connection.execute("INSERT INTO upgrade_progress SELECT 1, 0, max(id), 0 FROM mentions")
        connection.execute(
            "INSERT INTO rollup_local SELECT brand_id, bucket / 96, sum(mentions), sum(stories), sum(positive), "
            "sum(neutral), sum(negative), sum(no_evidence), sum(unscored), sum(score_sum), sum(score_squares), "
            "sum(engagement), sum(score_count) FROM rollup_quarter GROUP BY 1, 2"
        )
    connection.close()


def test_an_upgrade_that_is_cut_off_goes_on_where_it_was_and_counts_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.store.upgrade._BATCH", 10)
    path = tmp_path / "listener.db"
    make_store_before_the_words(path)

    def cut_off(done: int, _all: int) -> None:
        if done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Store(path, on_upgrade=cut_off)
    with closing(open_writer(path)) as connection:
        assert connection.execute("SELECT position, until FROM upgrade_progress").fetchall() == [(20, 39)]
        assert find_recount_differences(connection, lambda: None) == []  # what is not counted yet is in none
    told: list[tuple[int, int]] = []
    with Store(path, on_upgrade=lambda *progress: told.append(progress)) as store, Reader(path) as reader:
        assert told == [(30, 39), (39, 39)]
        assert store.check() == []
        assert len(reader.mentions(MentionFilter(text="天気", limit=100))) == 38
        store.erasure.forget_mention(1, now=NOW)
        assert store.check() == []


def test_days_before_1970_are_added_up_anew_by_the_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "listener.db"
    make_store_before_the_words(path, published_at=datetime(1969, 12, 30, 12, tzinfo=UTC))
    with Store(path) as store:
        assert store.check() == []


def test_mentions_that_are_not_counted_yet_may_change_and_are_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.store.upgrade._BATCH", 10)
    path = tmp_path / "listener.db"
    make_store_before_the_words(path)
    with monkeypatch.context() as held:
        held.setattr("listener.store.writer.finish_upgrade", lambda *_: None)
        with Store(path) as store:
            store_mentions(store, [make_mention(5, "Acme is bad #other"), make_mention(99, "Acme #new is good")])
            store.label(6, "Acme", Label.NEGATIVE, now=NOW)
            store.erasure.forget_mention(7, now=NOW)
            assert store.check() == []
            with Reader(path) as reader:
                assert [one.id for one in reader.mentions(MentionFilter(text="new"))] == ["99"]
    with Store(path) as store, Reader(path) as reader:
        assert store.check() == []
        assert [one.id for one in reader.mentions(MentionFilter(text="other"))] == ["5"]
        assert len(reader.mentions(MentionFilter(text="天気", limit=100))) == 36


def test_a_store_with_mentions_is_copied_before_its_upgrade_and_an_empty_one_is_not(tmp_path: Path) -> None:
    path, empty = tmp_path / "listener.db", tmp_path / "empty.db"
    make_old_store(path, 3)
    make_old_store(empty, 3)
    with sqlite3.connect(path) as connection:
        connection.executescript(ROWS_OF_THE_THIRD)
    connection.close()
    Store(path).close()
    Store(empty).close()
    copy = tmp_path / "listener.db.version-3"
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
        assert connection.execute("SELECT count(*) FROM mentions").fetchone() == (2,)
    assert not list(tmp_path.glob("empty.db.version*"))


def test_what_was_left_of_a_copy_whose_maker_was_killed_goes_with_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "listener.db"
    Store(path).close()
    living = name_part(path.with_name("listener.db.version-13"))
    killed = living.with_name(living.name.replace(f".{os.getpid()}-", f".{2**30}-"))
    journal = killed.with_name(f"{killed.name}-journal")
    for part in (living, killed, journal):
        part.write_bytes(b"half of a copy")
    Store(path).close()
    assert [one.exists() for one in (living, killed, journal)] == [True, False, False]


TENTH = 10
FORMER_FORMS = {
    "mentions.first_text_hash": "text_hash",
    "upgrade_progress.has_words": "is_indexed",
    "story_keys.reach": "0",
    "matches.spans": "former_spans(spans)",
}
"""How the tenth version kept what is now kept in another form."""


def former_spans(kept: str | None) -> str | None:
    return None if kept is None else json.dumps([list(span) for span in read_spans(kept)])


def make_store_of(version: int, path: Path, mentions: Sequence[Mention]) -> None:
    """Make a store as the program of a version from the tenth to the thirteenth left it."""
    made = path.with_name("made.db")
    with Store(made) as store:
        store.register([("Acme", "own")], QUERIES, now=NOW)
        store_mentions(store, mentions)
    make_old_store(path, version)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_function("former_spans", 1, former_spans)
        connection.execute("ATTACH ? AS made", (str(made),))
        tables = [row[0] for row in connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
        for table in tables:
            if not table.startswith(("_", "sqlite_", "mention_texts")):
                columns = [row[1] for row in connection.execute(f"PRAGMA main.table_info({table})")]
                former = FORMER_FORMS if version == TENTH else {"upgrade_progress.has_words": "is_indexed"}
                chosen = ", ".join(former.get(f"{table}.{column}", column) for column in columns)
                connection.execute(f"DELETE FROM main.{table}")  # noqa: S608 - a table of the store
                connection.execute(f"INSERT INTO main.{table} SELECT {chosen} FROM made.{table}")  # noqa: S608 - the same
        connection.executemany(
            "INSERT INTO main.mention_texts (rowid, text) VALUES (?, ?)",
            [
                (number, former_index_form(text))
                for number, text in connection.execute("SELECT id, text FROM main.mentions")
            ],
        )


def test_an_index_that_holds_other_words_than_it_should_is_made_anew_by_the_upgrade(tmp_path: Path) -> None:
    """As one may that another Python made: it knows other characters."""
    path = tmp_path / "listener.db"
    said = [make_mention(number, f"Acme {number}・x is so good that nothing is left to say") for number in range(1, 9)]
    make_store_of(12, path, said)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for number, text in connection.execute("SELECT id, text FROM mentions").fetchall():
            connection.execute(UNINDEX, (number, None, former_index_form(text)))
            connection.execute(INDEX, (number, None, "acme good"))
    with Store(path) as store:
        assert store.check() == []
    with Reader(path) as reader:
        assert [len(reader.mentions(MentionFilter(text=words))) for words in ("nothing left", "3", "x")] == [8, 1, 8]


def link(number: int) -> str:
    """Return an address: with the native id in it, without, and of the forms that are marks when kept."""
    return [
        f"https://x.example/{number}/status/{number}", f"https://x.example/~jo/{number}", "http://x.example/a",
        f"~{number}", "=a~", "", "https://x.example/",
    ][number % 7]  # fmt: skip


SAID = [
    f"{text}, says jo_{person}"
    for person in range(4)
    for text in (
        "the new Acme jar has a lid that nobody here can open",
        "Acme is good",
        "never buy the Acme pot in red",
    )
]


def test_the_tenth_version_is_brought_up_and_answers_as_if_nothing_had_been_kept_otherwise(
    tmp_path: Path,
) -> None:
    path = tmp_path / "listener.db"
    mentions = [make_mention(n, text, url=link(n)) for n, text in enumerate(SAID, start=1)]
    mentions.append(make_mention(20, "RT @jo_1: Acme is good", repost_of="2", url=None))
    make_store_of(TENTH, path, mentions)
    with Reader(tmp_path / "made.db") as reader:
        right = reader.mentions(MentionFilter(brand="Acme", limit=100))

    with Store(path) as store, Reader(path) as reader:
        assert store.check() == []
        assert reader.mentions(MentionFilter(brand="Acme", limit=100)) == right
        assert {one.id: one.url for one in right} == {one.id: one.url for one in mentions}
        stories = "SELECT count(DISTINCT story_id) FROM mentions"
        before = store._connection.execute(stories).fetchone()
        store_mentions(store, [make_mention(30, SAID[0].replace("nobody", "everybody"))])
        assert store._connection.execute(stories).fetchone() == before
        assert store.check() == []
        keys = "SELECT key, published_at, mention_id FROM story_keys WHERE mention_id < 14 ORDER BY 1, 2, 3"
        with closing(sqlite3.connect(tmp_path / "made.db")) as made:
            assert store._connection.execute(keys).fetchall() == made.execute(keys).fetchall()


def test_the_words_first_seen_are_known_by_their_fingerprint_also_of_the_tenth_version(tmp_path: Path) -> None:
    path = tmp_path / "listener.db"
    make_store_of(TENTH, path, [make_mention(1, "Acme is good")])
    with Store(path) as store:
        (first,) = store._connection.execute("SELECT first_text_hash FROM mentions").fetchone()
        store_mentions(store, [make_mention(1, "Acme is bad"), make_mention(2, "Acme is good")])
        store_mentions(store, [make_mention(2, "Acme is bad")])
        kept = store._connection.execute("SELECT first_text_hash FROM mentions").fetchall()
    assert kept == [(first,), (first,)]


HIDDEN = [
    f"{text} {number}"
    for number in range(5)
    for text in (
        "Acme has a lid",
        "Acme \u200d lid",
        "Acme・lid \u200d\u200d",
        "é Acme 👩\u200d💻 lid",
        "the\u200blid\u200bof Acme",
        "Acme की श्रीमान्\u200dजी lid",
        "これはAcme・ソニー・lidです",
        "Acme 😍\u200dlid",
    )
]


def words_of(path: Path) -> list[tuple[object, ...]]:
    """Return every word of the full-text index with the mentions and places it stands at."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab (main, mention_texts, instance)")
        found = connection.execute("SELECT doc, col, offset, term FROM temp.words").fetchall()
    return sorted(found)


def words_to_be(folder: Path, mentions: Sequence[Mention]) -> list[tuple[object, ...]]:
    """Return the words of the index of a store that is made of these mentions today."""
    with Store(folder / "fresh.db") as store:
        store.register([("Acme", "own")], QUERIES, now=NOW)
        store_mentions(store, list(mentions))
    return words_of(folder / "fresh.db")


def test_the_twelfth_version_is_brought_up_and_finds_the_words_that_were_hidden(tmp_path: Path) -> None:
    path = tmp_path / "listener.db"
    mentions = [make_mention(n, text) for n, text in enumerate(HIDDEN, start=1)]
    make_store_of(12, path, mentions)
    with closing(sqlite3.connect(path)) as connection:
        hits = "SELECT count(*) FROM mention_texts WHERE mention_texts MATCH 'lid'"
        assert connection.execute(hits).fetchone() == (20,)

    told: list[tuple[int, int]] = []
    with Store(path, on_upgrade=lambda *progress: told.append(progress)), Reader(path) as reader:
        assert len(reader.mentions(MentionFilter(text="lid", limit=100))) == len(HIDDEN)
    assert told == [(40, 40)]
    assert words_of(path) == words_to_be(tmp_path, mentions)


@pytest.mark.parametrize("version", [12, 13])
def test_a_character_that_the_index_of_an_older_version_lacks_is_found_after_the_upgrade(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "listener.db"
    mentions = [make_mention(n, f"Acme \U0001fa77 lid {n}") for n in range(1, 4)]
    make_store_of(version, path, mentions)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:  # by a Python that does not know the heart
        connection.execute("INSERT INTO mention_texts (mention_texts) VALUES ('delete-all')")
        connection.executemany(INDEX, [(n, None, f"acme lid {n}") for n in range(1, 4)])
    with Store(path) as store, Reader(path) as reader:
        assert len(reader.mentions(MentionFilter(text="\U0001fa77"))) == len(mentions)
        assert store.check() == []
    assert words_of(path) == words_to_be(tmp_path, mentions)


def test_the_indexing_anew_may_be_cut_off_anywhere_and_mentions_change_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.store.rewording._BATCH", 7)
    path = tmp_path / "listener.db"
    mentions = {n: make_mention(n, text) for n, text in enumerate(HIDDEN, start=1)}
    make_store_of(12, path, list(mentions.values()))

    def cut_off(done: int, _all: int) -> None:
        if done in {14, 28}:
            raise KeyboardInterrupt

    steps = (
        (40, {3: "Acme・jar 3", 18: "Acme・jar 18", 30: "Acme 😍\u200djar 30", 41: "é Acme・jar"}),
        (32, {9: "Acme \u200d jar 9", 34: "Acme・jar 34", 30: "Acme is good", 41: "Acme \u200d jar 41"}),
    )
    for gone, texts in steps:
        with pytest.raises(KeyboardInterrupt):
            Store(path, on_upgrade=cut_off)
        with monkeypatch.context() as held:
            held.setattr("listener.store.writer.finish_upgrade", lambda *_: None)
            with Store(path) as store:
                mentions |= {number: make_mention(number, text) for number, text in texts.items()}
                store_mentions(store, [mentions[number] for number in texts])
                store.erasure.forget_mention(gone, now=NOW)
                assert store.check() == []
    with Store(path) as store, Reader(path) as reader:
        assert store.check() == []
        assert len(reader.mentions(MentionFilter(text="jar", limit=100))) == 5
    kept = [row for row in words_to_be(tmp_path, list(mentions.values())) if row[0] not in {40, 32}]
    assert words_of(path) == kept


def test_of_an_indexing_that_was_cut_off_before_only_what_was_indexed_is_indexed_anew(tmp_path: Path) -> None:
    path = tmp_path / "listener.db"
    mentions = [make_mention(n, text) for n, text in enumerate(HIDDEN, start=1)]
    make_store_of(12, path, mentions)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO mention_texts (mention_texts) VALUES ('delete-all')")
        connection.executemany(
            "INSERT INTO mention_texts (rowid, text) VALUES (?, ?)",
            [(number, former_index_form(text)) for number, text in enumerate(HIDDEN[:22], start=1)],
        )
        connection.execute("INSERT INTO upgrade_progress VALUES (1, 22, 40, 0)")

    told: list[tuple[int, int]] = []
    Store(path, on_upgrade=lambda *progress: told.append(progress)).close()

    assert told == [(40, 62), (62, 62)]
    assert words_of(path) == words_to_be(tmp_path, mentions)


def test_a_process_of_the_version_before_cannot_go_on_to_index_in_the_former_way(tmp_path: Path) -> None:
    path = tmp_path / "listener.db"
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("SELECT position, until, has_words FROM upgrade_progress")


def test_what_the_former_way_gave_the_index_is_known_to_the_letter() -> None:
    assert former_index_form("Acme \u200d Lid") == "acme\u200dlid"
    assert former_index_form("Acme・Lid 東京都") == "acmelid  東京 京都 都 "
    assert former_index_form("é 👩\u200d💻😍 #") == "e  👩\u200d💻  😍   "
    assert former_index_form("the\u200blid") == "thelid"
