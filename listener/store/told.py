"""Bring authors up to date by what mentions tell of them; of what is history the newest word counts, in whatever order it comes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

    from listener.store.catalogue import Catalogue
    from listener.store.ready import AuthorRow

__all__ = ["AuthorsTold"]

_NEWEST: Final = """
SELECT published_at, id FROM mentions WHERE author_id = ? ORDER BY published_at DESC, id DESC LIMIT 1
"""
_NONE: Final = (-(2**62), 0)


class AuthorsTold:
    """Take in what the mentions of one page tell of their authors, within one transaction.

    Where the page `is_history`, that held when each was published; else it holds now.
    """

    def __init__(self, connection: sqlite3.Connection, catalogue: Catalogue, *, is_history: bool) -> None:
        self._connection = connection
        self._catalogue = catalogue
        self._is_history = is_history
        self._newest: dict[int | None, tuple[int, int]] = {}
        """By author, time and number of the newest mention in the page: it may not be stored yet."""

    def take(self, source_id: int, author: AuthorRow | None, at: int, number: int) -> int | None:
        """Return the key of the author of a mention of that time and number; None where nobody is named."""
        if not self._is_history:
            return self._catalogue.author(source_id, author)
        key = self._catalogue.author(source_id, author, partial(self._is_newest, (at, number)))
        if (at, number) > self._newest.get(key, _NONE):
            self._newest[key] = at, number
        return key

    def take_known(self, source_id: int, author: AuthorRow | None, at: int, number: int) -> None:
        """Take in what a known mention tells of an author who is known, too."""
        if author is not None and self._catalogue.knows_author(source_id, author[0]):
            self.take(source_id, author, at, number)

    def _is_newest(self, place: tuple[int, int], author: int) -> bool:
        """Say whether no other mention of an author is newer than the one of that time and number."""
        stored = self._connection.execute(_NEWEST, (author,)).fetchone() or _NONE
        return place >= max(stored, self._newest.get(author, _NONE))
