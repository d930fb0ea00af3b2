"""Index anew the mentions whose words the index of version 12 hides: beside a joiner, or with a break within them.

An entry is only removed from the index by what it was made of. So whatever is still
to be indexed anew, and changes meanwhile, is taken out and put in as it was then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.fulltext import HIDING, former_index_form, index_form

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

__all__ = ["INDEX", "UNINDEX", "read_former_words", "reword"]

INDEX: Final = "INSERT INTO mention_texts (rowid, title, text) VALUES (?, ?, ?)"
UNINDEX: Final = "INSERT INTO mention_texts (mention_texts, rowid, title, text) VALUES ('delete', ?, ?, ?)"

_HIDES: Final = " OR ".join(
    f"instr({column}, char({ord(character)}))" for character in sorted(HIDING) for column in ("text", "title")
)
_CONCERNED: Final = f"SELECT id, title, text FROM mentions WHERE id > ? AND id <= ? AND ({_HIDES})"  # noqa: S608 - built from constants
_BATCH: Final = 5_000
"""Mentions in a transaction, most of which are only looked at: other writers wait for no more than one."""

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
    for number, *words in connection.execute(_CONCERNED, (left.start - 1, last)):
        held, wanted = _forms(former_index_form, *words), _forms(index_form, *words)
        if held != wanted:
            former.append((number, *held))
            now.append((number, *wanted))
    connection.executemany(UNINDEX, former)
    connection.executemany(INDEX, now)
    if last + 1 < left.stop:
        connection.execute("UPDATE word_progress SET position = ?", (last,))
    else:
        connection.execute("DELETE FROM word_progress")
    return last


def _forms(form: Callable[[str], str], title: str | None, text: str | None) -> _Forms:
    return form(title) if title else None, form(text) if text else None
