"""Index anew the mentions whose words the index of version 12 hides: beside a joiner, or with a break within them.

So are those with characters that not every Python knows, which the index of version 13 may lack.
An entry is only removed from the index by what it was made of. So whatever is still
to be indexed anew, and changes meanwhile, is taken out and put in as it was then.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from listener.fulltext import HIDING, former_index_form, index_form
from listener.query.later import at_later

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["INDEX", "UNINDEX", "index_anew", "is_missing_words", "read_former_words", "reword"]

INDEX: Final = "INSERT INTO mention_texts (rowid, title, text) VALUES (?, ?, ?)"
UNINDEX: Final = "INSERT INTO mention_texts (mention_texts, rowid, title, text) VALUES ('delete', ?, ?, ?)"

_BATCH: Final = 5_000
"""Mentions in a transaction, most of which are only looked at: other writers wait for no more than one."""
_WORDS: Final = "SELECT id, title, text FROM mentions WHERE id > ? AND id <= ?"
_ANEW: Final = 1_000
"""Mentions of which the words are in memory at once where the index is made anew."""

_Forms = tuple[str | None, str | None]


def read_former_words(connection: sqlite3.Connection) -> range:
    """Return the numbers of mentions that are in the index in the former way; empty where none are."""
    row = connection.execute("SELECT position + 1, until + 1 FROM word_progress").fetchone()
    return range(0) if row is None else range(*row)


def reword(connection: sqlite3.Connection, left: range) -> int:
    """Index the first of what is `left` anew, inside the caller's transaction; return the last of them."""
    last = min(left.start + _BATCH, left.stop) - 1
    former: list[tuple[int, str | None, str | None]] = []
    now: list[tuple[int, str | None, str | None]] = []
    for number, *words in connection.execute(_WORDS, (left.start - 1, last)):
        if not any(map(_is_concerned, words)):
            continue
        held, wanted = _forms(former_index_form, *words), _forms(index_form, *words)
        if held != wanted or any(map(_has_later, words)):
            former.append((number, *held))
            now.append((number, *wanted))
    try:
        connection.executemany(UNINDEX, former)
        connection.executemany(INDEX, now)
    except sqlite3.DatabaseError as error:
        if not is_missing_words(error):
            raise
        last = left.stop - 1
        connection.execute("DELETE FROM word_progress")
        index_anew(connection)
    if last + 1 < left.stop:
        connection.execute("UPDATE word_progress SET position = ?", (last,))
    else:
        connection.execute("DELETE FROM word_progress")
    return last


def is_missing_words(error: sqlite3.DatabaseError) -> bool:
    """Say whether more words were to go from the index than it holds: it knows some mentions in another way.

    So one that another Python made may; then few are left, and it is to be made anew.
    """
    return error.sqlite_errorname == "SQLITE_CORRUPT_VTAB"


def index_anew(connection: sqlite3.Connection, is_left_out: Callable[[int], bool] = lambda _number: False) -> None:
    """Index all mentions anew inside the caller's transaction, but those to be left out; each in the way it is due now."""
    connection.execute("INSERT INTO mention_texts (mention_texts) VALUES ('delete-all')")
    former = read_former_words(connection)
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM mentions").fetchone()
    for start in range(0, last, _ANEW):
        words = connection.execute(_WORDS, (start, start + _ANEW)).fetchall()
        forms = [
            (number, *_forms(former_index_form if number in former else index_form, title, text))
            for number, title, text in words
            if (title or text) and not is_left_out(number)
        ]
        connection.executemany(INDEX, forms)


def _is_concerned(text: str | None) -> bool:
    """Say whether the index may hold a text in another way than today."""
    return text is not None and (not HIDING.isdisjoint(text) or _has_later(text))


def _has_later(text: str | None) -> bool:
    """Say whether a text has characters that another Python may have left out, whatever this one knows."""
    return text is not None and not text.isascii() and len(at_later(text)) > 1


def _forms(form: Callable[[str], str], title: str | None, text: str | None) -> _Forms:
    return form(title) if title else None, form(text) if text else None
