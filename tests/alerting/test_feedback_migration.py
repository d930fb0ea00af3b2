"""A store from before alerts could be rated keeps its episodes and takes ratings."""

from __future__ import annotations

from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from listener.database import open_writer
from listener.schema import MIGRATIONS
from listener.search import Reader
from listener.store import Store
from servers.world import NOW

ROWS = """
INSERT INTO brands VALUES (1, 'Acme', 'own');
INSERT INTO episodes VALUES (7, 'Acme/spike/1', 1, 'spike', 'open', 'high', 9000, 9000, NULL, 12.0, 2.0, 0.0, 5.0, 6.0,
  12.0, 12, 1.0, 'twelve', '{}', NULL);
"""


def test_episodes_of_the_version_before_ratings_are_kept_and_can_be_rated(tmp_path: Path) -> None:
    path = tmp_path / "listener.db"
    connection = open_writer(path)
    migrations = Migrations("listener")
    for name, step in MIGRATIONS[:2]:
        migrations(name=name)(step)
    migrations.apply(Database(connection))
    connection.executescript(ROWS)
    connection.close()

    with Store(path) as store:
        store.reports.rate(7, is_useful=True, now=NOW)

    with Reader(path) as reader:
        episode, told = reader.episode(7), reader.feedback()
    assert (episode.headline, episode.is_useful, episode.kind) == ("twelve", True, "")
    assert (told.useful, told.useless, told.unrated) == (1, 0, 0)
