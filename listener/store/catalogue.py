"""Give names their small integer keys: sources, brands, queries, scorers, authors.

Keys never change, so they are remembered for the life of the connection; a
transaction that is rolled back forgets what it made.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from listener.bulk import Insert

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from listener.query import Query
    from listener.store.ready import AuthorRow

__all__ = ["Catalogue"]

_KNOWN_AUTHOR: Final = """
SELECT id, handle, name, followers, verified FROM authors WHERE source_id = ? AND native_id = ?
"""
_KNOWN_AUTHORS: Final = """
SELECT native_id, id, handle, name, followers, verified FROM authors
WHERE source_id = ? AND native_id IN (SELECT value FROM json_each(?))
"""
_GRAVES: Final = """
SELECT EXISTS (SELECT 1 FROM mentions WHERE source_id = ? AND native_id >= 'erased:' AND native_id < 'erased;')
"""
_AUTHORS: Final = Insert("authors", ("id", "source_id", "native_id", "handle", "name", "followers", "verified"))
_CHANGE_AUTHOR: Final = """
UPDATE authors SET handle = coalesce(?, handle), name = coalesce(?, name), followers = coalesce(?, followers),
  verified = coalesce(?, verified)
WHERE id = ?
"""


class Catalogue:
    """Look up and make keys on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._sources: dict[str, int] = {}
        self._brands: dict[str, int] = {}
        self._configured: frozenset[str] | None = None
        self._left_out: dict[str, int] | None = None
        self._queries: dict[tuple[str, str], int] = {}
        self._scorers: dict[tuple[str, str], int] = {}
        self._former_followers: dict[int, int | None] = {}
        self._authors: dict[tuple[int, str], tuple[Any, ...] | None] = {}
        self._new_authors: list[tuple[object, ...]] = []
        self._next_author = 0

    def forget(self) -> None:
        """Forget every remembered key (after a rollback)."""
        for known in (self._sources, self._brands, self._queries, self._scorers, self._former_followers):
            known.clear()
        self.forget_foreseen()

    def forget_foreseen(self) -> None:
        """Forget what was looked up of authors and brands: others may change them after the transaction."""
        self._left_out = None
        self._authors.clear()
        self._new_authors.clear()
        self._next_author = 0

    def foresee_authors(self, authors: Mapping[int, Iterable[AuthorRow | None]]) -> None:
        """Look up authors, by the key of their source, at once; for the present transaction."""
        for source_id, named in authors.items():
            wanted = {row[0] for row in named if row is not None}
            self._authors.update(dict.fromkeys(((source_id, native) for native in wanted), None))
            for row in self._connection.execute(_KNOWN_AUTHORS, (source_id, json.dumps(sorted(wanted)))):
                self._authors[source_id, row[0]] = row[1:]

    def has_graves(self, source_id: int) -> bool:
        """Say whether any mention of a source was ever erased."""
        (found,) = self._connection.execute(_GRAVES, (source_id,)).fetchone()
        return bool(found)

    def source(self, name: str) -> int:
        """Return the key of a source, made where it is new."""
        if name not in self._sources:
            self._sources[name] = self._key(
                "INSERT INTO sources (name) VALUES (?) ON CONFLICT DO NOTHING",
                "SELECT id FROM sources WHERE name = ?",
                (name,),
            )
        return self._sources[name]

    def brand(self, name: str) -> int:
        """Return the key of a registered brand."""
        if name not in self._brands:
            self._brands[name] = self._key(
                "INSERT INTO brands (name, kind) VALUES (?, 'own') ON CONFLICT DO NOTHING",
                "SELECT id FROM brands WHERE name = ?",
                (name,),
            )
        return self._brands[name]

    def query(self, brand: str, version: str) -> int:
        """Return the key of a registered version of a brand's query."""
        key = (brand, version)
        if key not in self._queries:
            self._queries[key] = self._key(
                "INSERT INTO queries (brand_id, version, expression, first_used_at) VALUES (?, ?, '', 0) "
                "ON CONFLICT DO NOTHING",
                "SELECT id FROM queries WHERE brand_id = ? AND version = ?",
                (self.brand(brand), version),
            )
        return self._queries[key]

    def scorer(self, name: str, version: str) -> int:
        """Return the key of a version of a scorer, made where it is new."""
        key = (name, version)
        if key not in self._scorers:
            self._scorers[key] = self._key(
                "INSERT INTO scorers (name, version) VALUES (?, ?) ON CONFLICT DO NOTHING",
                "SELECT id FROM scorers WHERE name = ? AND version = ?",
                key,
            )
        return self._scorers[key]

    def match_keys(self, brand: str, query_version: str, scorer: str, scorer_version: str) -> tuple[int, int, int]:
        """Return the keys of a brand, a version of its query, and a version of a scorer."""
        return self.brand(brand), self.query(brand, query_version), self.scorer(scorer, scorer_version)

    def author(self, source_id: int, author: AuthorRow | None) -> int | None:
        """Return the key of an author, their counts brought up to date; None where nobody is named.

        One that is new stands in the store with the next `write_authors`.
        """
        if author is None:
            return None
        row = self.find_author(source_id, author[0])
        if row is None:
            number = self._new_author(source_id, author)
            self._authors[source_id, author[0]] = (number, *author[1:])
            return number
        if author[1:] != row[1:]:
            self.change_author(source_id, author[0], author[1:])
        return int(row[0])

    def find_author(self, source_id: int, native: str) -> tuple[Any, ...] | None:
        """Return the key of a known author, handle, name, followers, verified; None where there is none."""
        if (source_id, native) in self._authors:
            return self._authors[source_id, native]
        row: tuple[Any, ...] | None = self._connection.execute(_KNOWN_AUTHOR, (source_id, native)).fetchone()
        return row

    def change_author(self, source_id: int, native: str, given: Sequence[object]) -> None:
        """Store what is told of a known author (handle, name, followers, verified), where that is other than what is known."""
        row = self.find_author(source_id, native)
        if row is None or not any(new is not None and new != old for new, old in zip(given, row[1:], strict=True)):
            return
        number, known = row[0], row[1:]
        self.write_authors()
        self._connection.execute(_CHANGE_AUTHOR, (*given, number))
        merged = (old if new is None else new for new, old in zip(given, known, strict=True))
        self._authors[source_id, native] = (number, *merged)
        if given[2] is not None and given[2] != known[2]:
            self._former_followers.setdefault(number, known[2])

    def write_authors(self) -> None:
        """Store the authors that are new."""
        if self._new_authors:
            _AUTHORS.write(self._connection, self._new_authors)
            self._new_authors = []

    def _new_author(self, source_id: int, author: AuthorRow) -> int:
        if not self._next_author:
            (newest,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM authors").fetchone()
            self._next_author = newest + 1
        number = self._next_author
        self._next_author += 1
        self._new_authors.append((number, source_id, *author))
        return number

    def take_former_followers(self) -> dict[int, int | None]:
        """Return the former counts of authors whose count changed since this was last asked."""
        former, self._former_followers = self._former_followers, {}
        return former

    def register(self, brands: Sequence[tuple[str, str]], queries: Sequence[Query], now: int) -> None:
        """Make brands (name, kind) and the present versions of their queries known: no other brand is configured."""
        self._configured, self._left_out = frozenset(name for name, _ in brands), None
        self._connection.executemany(
            "INSERT INTO brands (name, kind) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET kind = excluded.kind",
            brands,
        )
        self._connection.executemany(
            "INSERT INTO queries (brand_id, version, expression, first_used_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            [(self.brand(query.brand), query.version, query.text, now) for query in queries],
        )

    def not_configured(self, others: Iterable[str]) -> list[int]:
        """Return the brands that are neither among those registered last nor among `others`; none before any were."""
        if self._configured is None:
            return []
        if self._left_out is None:
            stored = self._connection.execute("SELECT name, id FROM brands")
            self._left_out = {name: number for name, number in stored if name not in self._configured}
        judged = set(others)
        return [number for name, number in self._left_out.items() if name not in judged]

    def _key(self, insert: str, select: str, values: tuple[object, ...]) -> int:
        row = self._connection.execute(select, values).fetchone()
        if row is None:
            self._connection.execute(insert, values)
            row = self._connection.execute(select, values).fetchone()
        return int(row[0])
