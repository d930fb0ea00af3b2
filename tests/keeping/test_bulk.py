"""Many rows a statement store what one by one would, whichever columns hold nothing."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.bulk import Insert, SparseInsert

COLUMNS = ("id", "a", "b", "c", "d")


@pytest.mark.parametrize("way", [Insert, SparseInsert])
@given(
    seed=st.integers(0, 10**6), count=st.sampled_from([0, 1, 31, 32, 33, 400, 1_001]), empty=st.sets(st.integers(1, 4))
)
def test_rows_stand_in_the_table_as_they_were_given(way: type[Insert], seed: int, count: int, empty: set[int]) -> None:
    rng = random.Random(seed)
    rows = [
        (number, *(None if place in empty else rng.choice((None, "x", 0, "", 7)) for place in range(1, 5)))
        for number in range(count)
    ]
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, a, b, c, d)")
        insert = way("things", COLUMNS)
        for start in range(0, count, 500):
            insert.write(connection, rows[start : start + 500])
        assert connection.execute("SELECT * FROM things ORDER BY id").fetchall() == rows


def test_a_column_that_must_hold_something_is_missed_where_it_holds_nothing_in_all_rows() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, a NOT NULL)")
        with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
            SparseInsert("things", ("id", "a")).write(connection, [(number, None) for number in range(500)])


def test_very_many_shapes_of_rows_are_all_written() -> None:
    columns = ("id", *(f"c{number}" for number in range(6)))
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute(f"CREATE TABLE things (id INTEGER PRIMARY KEY, {', '.join(columns[1:])})")
        insert = SparseInsert("things", columns)
        for shape in range(64):
            held = [1 if shape >> place & 1 else None for place in range(6)]
            insert.write(connection, [(1_000 * shape + number, *held) for number in range(400)])
        assert connection.execute("SELECT count(*), sum(c0), sum(c5) FROM things").fetchone() == (
            25_600,
            12_800,
            12_800,
        )
