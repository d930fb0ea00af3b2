"""Give the tests of the store a store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from keeping.erasing import WORDS, fill, traces
from listener.store import Store
from servers.world import open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return an empty store with the two brands."""
    with open_store(tmp_path) as made:
        yield made


@pytest.fixture
def filled(store: Store) -> Iterator[Store]:
    """Give a store in which a marked mention is quoted all over; it must be sound in the end."""
    fill(store)
    assert traces(store.path.parent, *WORDS)
    yield store
    assert store.check() == []
