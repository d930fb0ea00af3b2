"""A store of an older version is brought up with everything in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from listener.database import SCHEMA_VERSION, open_writer
from listener.mention import Label
from listener.schema import MIGRATIONS
from listener.search import MentionFilter, Reader
from listener.store import Store
from servers.world import NOW

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
