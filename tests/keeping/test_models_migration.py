"""A store from before models were kept is brought up, and takes models and bought scores."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from listener.database import SCHEMA_VERSION, open_writer
from listener.errors import UsageError
from listener.mention import Label
from listener.schema import MIGRATIONS
from listener.search import Reader
from listener.store import Store

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
BEFORE = 7


@pytest.fixture
def old_store(tmp_path: Path) -> Path:
    path = tmp_path / "listener.db"
    connection = open_writer(path)
    migrations = Migrations("listener")
    for name, step in MIGRATIONS[:BEFORE]:
        migrations(name=name)(step)
    migrations.apply(Database(connection))
    connection.execute("INSERT INTO brands VALUES (1, 'Acme', 'own')")
    connection.commit()
    connection.close()
    return path


def test_an_older_store_takes_models_of_its_brands(old_store: Path) -> None:
    with Store(old_store) as store:
        store.models.save("Acme", card={"n": 3, "reason": "too few"}, model=None, now=NOW)
        with pytest.raises(UsageError, match="no model of Acme to switch"):
            store.models.switch("Acme", is_on=True)
        store.models.save("Acme", card={"n": 300}, model=b"weights", now=NOW)
        store.models.switch("Acme", is_on=False)
    with sqlite3.connect(old_store) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    connection.close()
    with Reader(old_store) as reader:
        (model,) = reader.models()
    assert (model.brand, model.card, model.data, model.is_on) == ("Acme", {"n": 300}, b"weights", False)
    assert model.trained_at == NOW


def test_an_older_store_remembers_what_is_bought(old_store: Path) -> None:
    with Store(old_store) as store:
        assert store.bought.spent(20_000) == (0, 0, 0)
        assert store.bought.reserve(20_000, (1, 50, 7), (1, 100, 100))
        assert not store.bought.reserve(20_000, (1, 1, 0), (1, 100, 100))
        store.bought.settle(20_000, (1, 50, 7), (1, 20, 3))
        store.bought.keep({b"q" * 32: (Label.POSITIVE, 0.5)}, most=10, now=NOW)
    with Store(old_store) as store:
        assert store.bought.spent(20_000) == (1, 20, 3)
        assert store.bought.recall([b"q" * 32, b"r" * 32], now=NOW) == {b"q" * 32: (Label.POSITIVE, 0.5)}
