"""A store is examined while others write to it, as it is at one instant, and tells each count that is wrong."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from listener.mention import Author
from listener.rollups import differences
from listener.store import Store
from servers.world import NOW, make_mention, open_store, store_mentions

TABLES = (
    "rollup_quarter",
    "rollup_day",
    "rollup_local",
    "rollup_scores",
    "rollup_reach",
    "rollup_values",
    "story_firsts",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


def save(store: Store, *numbers: int) -> None:
    """Store mentions of which some are the same story, on several days, by authors whom somebody follows."""
    store_mentions(
        store,
        [
            make_mention(
                number, f"Acme lid {number // 2} broke again after only a week of use #Lid{number % 3}",
                published_at=NOW - timedelta(hours=9 * number), author=Author(id=f"a{number % 3}", followers=10 + number),
            )
            for number in numbers
        ],
    )  # fmt: skip


def test_what_others_write_meanwhile_is_no_difference(store: Store):
    save(store, 1, 2, 3, 4)
    numbers = count(5)
    with Store(store.path) as other:
        store._connection.set_trace_callback(lambda _statement: save(other, next(numbers)))
        problems = store.check()
        store._connection.set_trace_callback(None)
    assert problems == []
    assert next(numbers) > 20  # written between all that is read
    assert store.check() == []


def test_it_tells_how_far_it_is(store: Store):
    save(store, 1, 2, 3, 4)
    steps: list[tuple[int, int]] = []
    assert store.check(lambda done, total: steps.append((done, total))) == []
    assert steps == [(done, len(steps)) for done in range(1, len(steps) + 1)]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {} || '7'", "DELETE FROM {}"])
def test_a_count_that_is_wrong_is_told(store: Store, table: str, change: str):
    save(store, *range(1, 9))
    with closing(sqlite3.connect(store.path)) as connection, connection:
        last = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")][-1]
        found = connection.execute(change.format(table, last, last)).rowcount
    assert found > 0
    told = Counter(problem.partition(" (")[0] for problem in store.check())
    assert told.pop(table) == found
    assert set(told) <= ({"rollup_local"} if table == "rollup_quarter" else set())  # that is made of the other


def test_rows_that_one_side_lacks_are_told_in_order_of_their_keys():
    kept = [(1, None, "a", 5), (1, 2, "b", 6), (3, 1, "z", 1)]
    right = [(1, 2, "a", 4), (1, 2, "b", 7), (3, 1, "z", 1), (3, 2, "é", 2)]
    assert differences("cells", kept, right, 3) == [
        "cells (1, None, 'a'): stored (5,), the rows give None",
        "cells (1, 2, 'a'): stored None, the rows give (4,)",
        "cells (1, 2, 'b'): stored (6,), the rows give (7,)",
        "cells (3, 2, 'é'): stored None, the rows give (2,)",
    ]
