"""Keep story keys for the spans of time in which mentions arrive; make those of others anew where one comes late.

A key reaches some days, and nearly all that arrives was said in the last ones: keys
of a year would be a tenth of the store, written all over it, and hardly ever be
looked at. They follow from the rows, so they are shed where nothing arrives
any more, and made anew, inside the caller's transaction, where something does.
"""

from __future__ import annotations

import json
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from listener.bulk import Insert
from listener.database import write_transaction
from listener.sqlite_errors import translated
from listener.stories import LINK, NEAR, REACH_SECONDS, link_key, word_keys

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable
    from pathlib import Path

__all__ = ["KeyRow", "KeySpans", "drop_keys", "span_of", "spans_around", "write_keys"]

KeyRow = tuple[int, int, int, int]
"""A span, a key, the time and the number of a mention that has it."""
Worded = tuple[int, int, str, int, str | None, str | None, str | None, str | None]
"""What the keys of a mention are made of: number, time, kind, whether it was edited, url, title, text, links."""

_WORDS_WIDTH: Final = 2 * max(reach for kind, reach in REACH_SECONDS.items() if kind != LINK)
_LINKS_WIDTH: Final = 2 * REACH_SECONDS[LINK]
"""Seconds of a span: twice the reach, so that what is near lies in two spans at most."""
_WIDTHS: Final = {kind: _LINKS_WIDTH if kind == LINK else _WORDS_WIDTH for kind in REACH_SECONDS}
_KEPT_SECONDS: Final = _LINKS_WIDTH
"""How old mentions may be that are still thought to find company every day."""

_KEYS: Final = Insert("story_keys", ("span", "key", "published_at", "mention_id"), "ON CONFLICT DO NOTHING")
_DROP: Final = "DELETE FROM story_keys WHERE span = ? AND key = ? AND published_at = ? AND mention_id = ?"
_DROP_ALL: Final = "DELETE FROM story_keys WHERE span = ? AND mention_id IN (SELECT value FROM json_each(?))"
"""Goes through all of the span: of what was edited, nobody knows the keys it had."""
_SHED: Final = "SELECT span FROM shed_spans WHERE span IN (SELECT value FROM json_each(?))"
_STORED: Final = """
WITH RECURSIVE stored (span) AS (
  SELECT min(span) FROM story_keys
  UNION ALL SELECT (SELECT min(span) FROM story_keys WHERE span > stored.span) FROM stored WHERE span IS NOT NULL
)
SELECT span FROM stored WHERE span IS NOT NULL
"""
_WORDS: Final = """
SELECT id, published_at, text FROM mentions WHERE published_at >= ? AND published_at < ? AND text <> ''
"""
_LINKS: Final = """
SELECT id, published_at, kind, url, title, text, links FROM mentions
WHERE published_at >= ? AND published_at < ? AND text IS NOT NULL AND (kind = 'article' OR title <> '' AND links <> '')
"""
_AT_ONCE: Final = 1_000
"""Mentions whose keys are made between two looks at the rows."""


def span_of(kind: str, at: int) -> int:
    """Return the number of the span in which keys of a kind are kept for a time: odd for links, even for words."""
    return 2 * (at // _LINKS_WIDTH) + 1 if kind == LINK else 2 * (at // _WORDS_WIDTH)


def spans_around(kind: str, first: int, last: int) -> range:
    """Return the spans in which keys lie that reach to a time from `first` to `last`."""
    reach = REACH_SECONDS[kind]
    return range(span_of(kind, first - reach), span_of(kind, last + reach) + 1, 2)


def write_keys(connection: sqlite3.Connection, rows: Iterable[KeyRow]) -> None:
    """Store keys of mentions; those that are stored already stay."""
    by_key = sorted(rows, key=itemgetter(1))  # twice by a number is quicker than once by all of a row
    _KEYS.write(connection, sorted(by_key, key=itemgetter(0)))  # in their order no place is visited twice


def drop_keys(connection: sqlite3.Connection, mentions: Iterable[Worded]) -> None:
    """Drop the keys of mentions that are to be compared with nothing, of former wordings too."""
    stored = {span for (span,) in connection.execute(_STORED)}
    rows: list[KeyRow] = []
    edited: dict[int, list[int]] = {}
    for number, at, kind, is_edited, url, title, text, links in mentions:
        words, pages = span_of(NEAR, at), span_of(LINK, at)
        for span in {words, pages} & stored if is_edited else ():
            edited.setdefault(span, []).append(number)
        if words in stored:
            rows += [(words, key, at, number) for key in word_keys(text or "")]
        if pages in stored and (key := link_key(kind, url, title, text or "", json.loads(links or "[]"))) is not None:
            rows.append((pages, key, at, number))
    connection.executemany(_DROP, rows)
    connection.executemany(_DROP_ALL, [(span, json.dumps(numbers)) for span, numbers in edited.items()])


class KeySpans:
    """Know which spans have their keys, on the store's connection."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._behind: set[int] = set()
        self._is_in_order = True

    def want(self, spans: Collection[int]) -> None:
        """Make the keys of these spans anew where they were shed, inside the caller's transaction."""
        shed = [span for (span,) in self._connection.execute(_SHED, (json.dumps(list(spans)),)).fetchall()]
        for span in shed:
            for rows in self._link_rows(span) if span % 2 else self._word_rows(span):
                write_keys(self._connection, rows)
        self._connection.executemany("DELETE FROM shed_spans WHERE span = ?", [(span,) for span in shed])
        self._is_in_order = self._is_in_order and self._behind.isdisjoint(shed)

    def _word_rows(self, span: int) -> Iterable[list[KeyRow]]:
        start = span // 2 * _WORDS_WIDTH
        found = self._connection.execute(_WORDS, (start, start + _WORDS_WIDTH))
        while some := found.fetchmany(_AT_ONCE):
            yield [(span, key, at, number) for number, at, text in some for key in word_keys(text)]

    def _link_rows(self, span: int) -> Iterable[list[KeyRow]]:
        start = span // 2 * _LINKS_WIDTH
        found = self._connection.execute(_LINKS, (start, start + _LINKS_WIDTH))
        while some := found.fetchmany(_AT_ONCE):
            keys = [
                (link_key(kind, url, title, text, json.loads(links or "[]")), at, number)
                for number, at, kind, url, title, text, links in some
            ]
            yield [(span, key, at, number) for key, at, number in keys if key is not None]

    def shed_behind(self, first: int, last: int) -> None:
        """Shed the keys of spans that are not near mentions from `first` to `last`, in seconds, which just came.

        For what comes in order of time. Once something comes for a span that was shed
        so, no more are: it comes in no order.
        """
        if self._is_in_order:
            near = {span for kind, width in _WIDTHS.items() for span in spans_around(kind, first - width, last + width)}
            self._behind.update(self._shed([span for span in self._stored() if span not in near]))

    def shed_before(self, now: int) -> None:
        """Shed the keys of spans that ended long before `now`, in seconds."""
        self._shed([span for span in self._stored() if _end_of(span) <= now - _KEPT_SECONDS])
        self._behind, self._is_in_order = set(), True

    def _stored(self) -> list[int]:
        with translated(self._path):
            return [span for (span,) in self._connection.execute(_STORED)]

    def _shed(self, spans: list[int]) -> list[int]:
        for span in spans:
            with write_transaction(self._connection, self._path):
                self._connection.execute("DELETE FROM story_keys WHERE span = ?", (span,))
                self._connection.execute("INSERT INTO shed_spans (span) VALUES (?) ON CONFLICT DO NOTHING", (span,))
        return spans


def _end_of(span: int) -> int:
    """Return the time at which a span ends."""
    return (span // 2 + 1) * (_LINKS_WIDTH if span % 2 else _WORDS_WIDTH)
