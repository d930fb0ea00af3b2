"""Make and upgrade the tables, as numbered migrations.

Each migration is a module of its own that holds its statements as `TABLES`.
Migrations are appended, never edited. Each runs in one transaction together
with the note that it ran (sqlite-utils migrations) and the store's version.
All times are integer seconds since 1970-01-01 UTC; scores are integers x 10 000.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from listener.database import SCHEMA_VERSION, version_message, write_transaction
from listener.errors import StoreVersionError
from listener.schema import (
    v0001_first_tables,
    v0002_labels,
    v0003_episode_feedback,
    v0004_erasure,
    v0005_rechecks,
    v0006_answers,
    v0007_spending,
    v0008_models,
    v0009_reach_and_values,
    v0010_reposts,
    v0011_smaller_rows,
    v0012_spans_of_keys,
    v0013_words_not_hidden,
    v0014_alert_failures,
)
from listener.sqlite_errors import translated

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlite_utils import Database

__all__ = ["MIGRATIONS", "migrate"]

_WITHOUT_YOUNGER: Final = 13
"""The last version whose index lacks characters that its Python did not know; those before are indexed anew by a step of theirs."""
_INDEX_ANEW: Final = """
INSERT INTO word_progress SELECT 1, 0, max(id) FROM mentions
WHERE id <= coalesce((SELECT position FROM upgrade_progress WHERE is_indexed = 0), 9223372036854775807)
HAVING count(*) > 0
ON CONFLICT (id) DO UPDATE SET position = 0, until = excluded.until
"""


def _step(version: int, tables: str) -> Callable[[Database], None]:
    def run(db: Database) -> None:
        # One by one: executescript would commit the transaction.
        for statement in tables.split(";\n"):
            if statement.strip():
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {version}")

    return run


_TABLES: Final = (
    ("0001_first_tables", v0001_first_tables.TABLES),
    ("0002_labels", v0002_labels.TABLES),
    ("0003_episode_feedback", v0003_episode_feedback.TABLES),
    ("0004_erasure", v0004_erasure.TABLES),
    ("0005_rechecks", v0005_rechecks.TABLES),
    ("0006_answers", v0006_answers.TABLES),
    ("0007_spending", v0007_spending.TABLES),
    ("0008_models", v0008_models.TABLES),
    ("0009_reach_and_values", v0009_reach_and_values.TABLES),
    ("0010_reposts", v0010_reposts.TABLES),
    ("0011_smaller_rows", v0011_smaller_rows.TABLES),
    ("0012_spans_of_keys", v0012_spans_of_keys.TABLES),
    ("0013_words_not_hidden", v0013_words_not_hidden.TABLES),
    ("0014_alert_failures", v0014_alert_failures.TABLES),
)

MIGRATIONS: Final = tuple((name, _step(version, tables)) for version, (name, tables) in enumerate(_TABLES, start=1))
"""(name, step) in order; the n-th brings the store to version n."""


def migrate(connection: sqlite3.Connection, path: Path) -> int:
    """Bring the tables of an open store up to this program's version.

    Returns how many migrations ran. Raises StoreVersionError where the store is
    newer than the program. Two processes may call it at once.
    """
    with translated(path):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == SCHEMA_VERSION:
        return 0
    if version > SCHEMA_VERSION:
        raise StoreVersionError(version_message(path, version))
    return _apply(connection, path)


@contextmanager
def _left_out(*names: str) -> Iterator[None]:
    """Let imports within the block do without these packages, unless they are loaded already.

    sqlite-utils loads both where they are installed, to know their types: 15 to 60 MB
    that a process which makes a new store, such as the daemon, would hold for ever.
    """
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None there: the import fails as if not installed
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def _apply(connection: sqlite3.Connection, path: Path) -> int:
    with _left_out("numpy", "pandas"):
        from sqlite_utils import Database  # noqa: PLC0415 - only where there is something to migrate
        from sqlite_utils.migrations import Migrations  # noqa: PLC0415 - the same

    migrations = Migrations("listener")
    for name, step in MIGRATIONS:
        migrations(name=name)(step)
    db = Database(connection)
    with write_transaction(connection, path):
        pending = len(migrations.pending(db))
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        migrations.apply(db)
        if version == _WITHOUT_YOUNGER:
            connection.execute(_INDEX_ANEW)
    return pending
