"""Keep what mentions bring beside their verdicts: words for the full-text index, authors' reach, hashtags and links.

Whoever changes stored mentions notes them before and settles afterwards: what
changed is the difference between the rows then and now, so that nothing a change
does can be forgotten here. Mentions that an upgrade has still to count are left out
until it comes to them.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from listener.frozen import dataclass
from listener.fulltext import index_form
from listener.mention import Label
from listener.rollups import DAY_SECONDS, QUARTER_SECONDS
from listener.store.reach import ReachChange
from listener.stories import canonical_url
from listener.words import hashtags_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from listener.store.uncounted import Uncounted

__all__ = ["BLOCK_DAYS", "HASHTAG", "LINK", "Face", "Faces", "add_values", "read_faces", "values_of"]

HASHTAG: Final = 1
LINK: Final = 2
BLOCK_DAYS: Final = 32
"""Values are counted by day and by blocks of so many days, of which a year has few."""

_MOST_VALUES: Final = 30
"""Of each kind in one mention: a post of nothing but hashtags says nothing with the rest."""
_LONGEST_VALUE: Final = 200

_FACES: Final = """
SELECT id, author_id, published_at, title, text, links, hashtags FROM mentions
"""
_BRANDS: Final = f"SELECT mention_id, brand_id FROM matches WHERE label <> {int(Label.IRRELEVANT)} AND "  # noqa: S608 - a number
_ADD: Final = """
INSERT INTO rollup_values (brand_id, kind, days, block, value, mentions) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET mentions = mentions + excluded.mentions
"""
_REMOVE_EMPTY: Final = """
DELETE FROM rollup_values WHERE brand_id = ? AND kind = ? AND days = ? AND block = ? AND value = ? AND mentions = 0
"""
_INDEX: Final = "INSERT INTO mention_texts (rowid, title, text) VALUES (?, ?, ?)"
_UNINDEX: Final = "INSERT INTO mention_texts (mention_texts, rowid, title, text) VALUES ('delete', ?, ?, ?)"

ValueKey = tuple[int, int, int, str]
"""Brand, kind, day, value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """Hold of a stored mention what is counted or indexed of it, and the brands it counts for."""

    number: int
    author: int | None
    published_at: int
    title: str | None
    text: str | None
    links: str | None
    hashtags: str | None
    brands: frozenset[int]


class Faces:
    """Note mentions before they change, settle what became of them; within one transaction."""

    def __init__(self, connection: sqlite3.Connection, uncounted: Uncounted) -> None:
        self._connection = connection
        (self._newest_author,) = connection.execute("SELECT coalesce(max(id), 0) FROM authors").fetchone()
        self._uncounted = uncounted
        self._before: dict[int, Face] = {}

    def note(self, *numbers: int) -> None:
        """Remember how these stored mentions are now; nothing where they are remembered already."""
        wanted = [one for one in numbers if one not in self._before and one not in self._uncounted]
        if wanted:
            for face in read_faces(self._connection, "IN (SELECT value FROM json_each(?))", (json.dumps(wanted),)):
                self._before[face.number] = face

    def settle(self, *, newer_than: int, followers: Mapping[int, int | None]) -> None:
        """Bring index and rollups in line with what was noted, and with every mention numbered above `newer_than`.

        `followers` are the former counts of authors whose count changed.
        """
        now = list(read_faces(self._connection, "> ?", (newer_than,)))
        noted = json.dumps(list(self._before))
        if self._before:
            now += read_faces(self._connection, "IN (SELECT value FROM json_each(?))", (noted,))
        self._change(now, followers, self._newest_author)
        self._before = {}

    def add(self, now: Sequence[Face]) -> None:
        """Add what mentions bring that were in no rollup and not in the index."""
        self._change(now, {}, None)

    def _change(self, now: Sequence[Face], followers: Mapping[int, int | None], newest: int | None) -> None:
        """Take away what noted mentions brought before, add what these bring now."""
        then = self._before
        self._index(then, now)
        values: Counter[ValueKey] = Counter()
        reach = ReachChange(self._connection, self._uncounted, followers, newest=newest)
        for face, sign in ((face, sign) for faces, sign in ((then.values(), -1), (now, 1)) for face in faces):
            for brand in face.brands:
                if face.author is not None:
                    reach.add(face.author, brand, face.published_at // QUARTER_SECONDS, sign)
            _count(values, face, sign)
        add_values(self._connection, values)
        reach.apply()

    def _index(self, then: Mapping[int, Face], now: Sequence[Face]) -> None:
        """Change the full-text index; a mention whose words stayed is not touched."""
        same = {
            face.number for face in now
            if face.number in then and (then[face.number].title, then[face.number].text) == (face.title, face.text)
        }  # fmt: skip
        for statement, faces in ((_UNINDEX, then.values()), (_INDEX, now)):
            self._connection.executemany(
                statement, [_entry(face) for face in faces if face.number not in same and (face.title or face.text)]
            )


def read_faces(connection: sqlite3.Connection, which: str, values: tuple[object, ...]) -> list[Face]:
    """Return the faces of stored mentions; `which` is a condition on the number, named {} where it comes again."""
    brands: defaultdict[int, set[int]] = defaultdict(set)
    for number, brand in connection.execute(f"{_BRANDS} mention_id {which.format('mention_id')}", values):
        brands[number].add(brand)
    return [
        Face(
            number=number, author=author, published_at=at, title=title, text=text, links=links, hashtags=hashtags,
            brands=frozenset(brands.get(number, ())),
        )
        for number, author, at, title, text, links, hashtags in connection.execute(
            f"{_FACES} WHERE id {which.format('id')}", values
        )
    ]  # fmt: skip


def values_of(title: str | None, text: str | None, links: str | None, hashtags: str | None) -> set[tuple[int, str]]:
    """Return the (kind, value) that a mention is counted under: hashtags without #, folded, and addresses of pages."""
    found: dict[tuple[int, str], None] = {}
    for written in (title, text):
        if written and "#" in written:
            found.update(((HASHTAG, tag), None) for tag in hashtags_of(written)[:_MOST_VALUES])
    if hashtags:
        found.update(((HASHTAG, str(tag).casefold()), None) for tag in json.loads(hashtags)[:_MOST_VALUES])
    if links:
        pages = (canonical_url(link) for link in json.loads(links)[:_MOST_VALUES])
        found.update(((LINK, page), None) for page in pages if page)
    return {(kind, value) for kind, value in found if value and len(value) <= _LONGEST_VALUE}


def add_values(connection: sqlite3.Connection, values: Mapping[ValueKey, int]) -> None:
    """Add to the counts of values by day and by block of days; counts that come to nothing are removed."""
    cells: Counter[tuple[int, int, int, int, str]] = Counter()
    for (brand, kind, day, value), amount in values.items():
        for days in (1, BLOCK_DAYS):
            cells[brand, kind, days, day // days, value] += amount
    rows = [(*key, amount) for key, amount in sorted(cells.items()) if amount]
    connection.executemany(_ADD, rows)
    connection.executemany(_REMOVE_EMPTY, [row[:5] for row in rows if row[5] < 0])


def _count(values: Counter[ValueKey], face: Face, sign: int) -> None:
    if face.text is None or not face.brands:
        return
    for kind, value in values_of(face.title, face.text, face.links, face.hashtags):
        for brand in face.brands:
            values[brand, kind, face.published_at // DAY_SECONDS, value] += sign


def _entry(face: Face) -> tuple[int, str | None, str | None]:
    return (
        face.number,
        None if face.title is None else index_form(face.title),
        None if face.text is None else index_form(face.text),
    )
