"""Make lines of mentions to import, and read what a store holds of them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
TABLES = (
    "mentions",
    "matches",
    "story_keys",
    "story_firsts",
    "rollup_quarter",
    "rollup_day",
    "rollup_values",
    "authors",
)


def lines_of(count: int) -> list[dict[str, object]]:
    return [
        {
            "source": "x", "id": str(number), "text": f"Acme lid {number % 37} is {('good', 'bad')[number % 2]} today",
            "published_at": (NOW - timedelta(minutes=number)).isoformat(), "author": {"handle": f"ada{number % 50}"},
        }
        for number in range(count)
    ]  # fmt: skip


def jsonl(rows: list[dict[str, object]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def content(database: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(database)) as connection:
        return {table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr) for table in TABLES}  # noqa: S608 - names of this file
