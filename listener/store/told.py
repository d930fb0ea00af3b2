"""Bring authors up to date by what mentions tell of them; of what is history the newest word counts, in whatever order it comes."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from listener.store.catalogue import Catalogue
    from listener.store.ready import AuthorRow

    Facts = tuple[str | int | None, ...]
    """Handle, name, followers, verified."""
    Told = tuple[tuple[int, int], Facts]
    """The time and number of a mention, and what it tells."""

__all__ = ["AuthorsTold"]

_NEWEST: Final = """
SELECT published_at, id FROM mentions WHERE author_id = ? ORDER BY published_at DESC, id DESC LIMIT 1
"""
_EARLIEST: Final = (-(2**62), 0)
_UNKNOWN: Final[Facts] = (None, None, None, None)


class AuthorsTold:
    """Take in what the mentions of one page tell of their authors, and `settle` it once they are stored.

    Use within one transaction. Where the page `is_history`, that held when each was published; else it holds now.
    """

    def __init__(self, connection: sqlite3.Connection, catalogue: Catalogue, *, is_history: bool) -> None:
        self._connection = connection
        self._catalogue = catalogue
        self._is_history = is_history
        self._told: dict[tuple[int, str], list[Told]] = {}
        self._made: set[tuple[int, str]] = set()

    def take(self, source_id: int, author: AuthorRow | None, at: int, number: int) -> int | None:
        """Return the key of the author of a mention of that time and number; None where nobody is named."""
        if author is None or not self._is_history:
            return self._catalogue.author(source_id, author)
        place, facts = (source_id, author[0]), author[1:]
        row = self._catalogue.find_author(*place)
        if row is None:
            self._made.add(place)
        self._told.setdefault(place, []).append(((at, number), facts))
        return self._catalogue.author(source_id, author) if row is None else int(row[0])

    def take_known(self, source_id: int, author: AuthorRow | None, at: int, number: int) -> None:
        """Take in what a known mention tells of an author who is known, too."""
        if author is not None and self._catalogue.find_author(source_id, author[0]) is not None:
            self.take(source_id, author, at, number)

    def settle(self) -> None:
        """Store what the newest mention of each author tells, and of what nobody knew what others tell."""
        for (source_id, native), told in self._told.items():
            row = self._catalogue.find_author(source_id, native)
            if row is None or all(facts == row[1:] for _, facts in told):
                continue
            known = _UNKNOWN if (source_id, native) in self._made else row[1:]
            told.sort(key=itemgetter(0), reverse=True)
            newest = self._connection.execute(_NEWEST, (row[0],)).fetchone() or _EARLIEST
            words = [facts for _, facts in told]
            in_order = [known, *words] if told[0][0] < newest else [words[0], known, *words[1:]]
            self._catalogue.change_author(source_id, native, _first_known(in_order))


def _first_known(words: Sequence[Facts]) -> Facts:
    """Return of each fact the first that is known."""
    return tuple([next((one for one in values if one is not None), None) for values in zip(*words, strict=True)])
