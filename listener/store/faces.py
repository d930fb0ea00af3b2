"""Keep what mentions bring beside their verdicts: words for the full-text index, authors' reach, hashtags and links.

Whoever changes stored mentions notes them before and settles afterwards: what
changed is the difference between the rows then and now, so that nothing a change
does can be forgotten here. Mentions that an upgrade has still to count are left out
until it comes to them.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from listener.frozen import dataclass, tuple_maker
from listener.fulltext import former_index_form, index_form
from listener.mention import Label
from listener.rollups import LOCAL_DAY, QUARTER_SECONDS, cuts_in, read_zone
from listener.store.cells import Cells, add_cells, values_of
from listener.store.reach import ReachChange
from listener.store.rewording import INDEX, UNINDEX, index_anew, is_missing_words, read_former_words

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from listener.store.uncounted import Uncounted

__all__ = ["Face", "Faces", "NewFace", "new_face", "read_faces"]

_FACES: Final = """
SELECT id, author_id, published_at, title, text, links, hashtags FROM mentions
"""
_BRANDS: Final = f"SELECT mention_id, brand_id, score FROM matches WHERE label <> {int(Label.IRRELEVANT)} AND "  # noqa: S608 - a number
_NO_WORDS: Final = (None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """Hold of a stored mention what is counted or indexed of it."""

    number: int
    author: int | None
    published_at: int
    title: str | None
    text: str | None
    links: str | None
    hashtags: str | None
    brands: tuple[tuple[int, int | None], ...]
    """The brands it counts for, each with the score x 10 000 or None."""

    @property
    def forms(self) -> tuple[str | None, str | None]:
        """Return title and text as they are indexed."""
        return self._forms_by(index_form)

    @property
    def former_forms(self) -> tuple[str | None, str | None]:
        """Return title and text as they were indexed by version 12 of the store."""
        return self._forms_by(former_index_form)

    def _forms_by(self, form: Callable[[str], str]) -> tuple[str | None, str | None]:
        return form(self.title) if self.title else None, form(self.text) if self.text else None

    @property
    def values(self) -> Collection[tuple[int, str]]:
        """Return the hashtags and links it is counted under."""
        return () if self.text is None else values_of(self.title, self.text, self.links, self.hashtags)


class NewFace(NamedTuple):
    """Hold of a mention that was just stored what is counted or indexed of it, worked out already."""

    number: int
    author: int | None
    published_at: int
    brands: tuple[tuple[int, int | None], ...]
    forms: tuple[str | None, str | None]
    """Title and text as they are indexed."""
    values: tuple[tuple[int, str], ...]


new_face: Final = tuple_maker(NewFace)


class Faces:
    """Note mentions before they change, settle what became of them; within one transaction."""

    def __init__(self, connection: sqlite3.Connection, uncounted: Uncounted) -> None:
        self._connection = connection
        (self._newest_author,) = connection.execute("SELECT coalesce(max(id), 0) FROM authors").fetchone()
        self._uncounted = uncounted
        self._former = read_former_words(connection)
        self._before: dict[int, Face] = {}

    def note(self, *numbers: int) -> None:
        """Remember how these stored mentions are now; nothing where they are remembered already."""
        wanted = [one for one in numbers if one not in self._before and not self._is_unknown(one)]
        if wanted:
            for face in read_faces(self._connection, "IN (SELECT value FROM json_each(?))", (json.dumps(wanted),)):
                self._before[face.number] = face

    def settle(self, new: Sequence[Face | NewFace] = (), *, followers: Mapping[int, int | None]) -> None:
        """Bring index and rollups in line with what was noted, and with mentions that are `new`.

        `followers` are the former counts of authors whose count changed.
        """
        again: list[Face] = []
        if self._before:
            noted = json.dumps(list(self._before))
            again = read_faces(self._connection, "IN (SELECT value FROM json_each(?))", (noted,))
        self._count(self._before, again, new, followers, self._newest_author)
        self._index(self._before, [*new, *again])
        self._before = {}

    def add(self, now: Sequence[Face]) -> None:
        """Add what mentions bring that were in no rollup; to the index too where that is still to be done."""
        self._count({}, (), now, {}, None)
        if not self._uncounted.is_indexed:
            self._index({}, now)

    def _is_unknown(self, number: int) -> bool:
        """Say whether a mention is neither counted nor indexed yet."""
        return number in self._uncounted and not self._uncounted.is_indexed

    def _count(
        self,
        then: Mapping[int, Face],
        again: Sequence[Face],
        new: Sequence[Face | NewFace],
        followers: Mapping[int, int | None],
        newest: int | None,
    ) -> None:
        """Take away from the rollups what mentions brought `then`, add what they bring `again`, and what is new."""
        cells = Cells()
        cuts = cuts_in(read_zone(self._connection))
        fresh = _only(new)
        reach = ReachChange(self._connection, self._uncounted, followers, newest=newest, fresh=fresh)
        uncounted = self._uncounted or ()
        for sign, faces in ((-1, then.values()), (1, again), (1, new)):
            is_fresh = faces is new and bool(fresh)
            for face in faces:
                brands, author = face.brands, face.author
                if not brands or face.number in uncounted:
                    continue
                values = face.values
                quarter = face.published_at // QUARTER_SECONDS
                day = cuts[quarter][LOCAL_DAY]
                for brand, score in brands:
                    cells.add_score(brand, day, score, sign)
                    for kind, value in values:
                        cells.add_value(brand, kind, day, value, sign)
                    if author is not None:
                        if is_fresh:
                            reach.begin(author, brand, quarter)
                        else:
                            reach.add(author, brand, quarter, sign)
        reach.apply(cells.reach)
        add_cells(self._connection, cells)

    def _index(self, then: Mapping[int, Face], now: Sequence[Face | NewFace]) -> None:
        """Change the full-text index, which is made anew where words are missing; a mention whose words stayed is not touched."""
        try:
            self._reindex(then, now)
        except sqlite3.DatabaseError as error:
            if not is_missing_words(error):
                raise
            index_anew(self._connection, self._is_unknown)

    def _reindex(self, then: Mapping[int, Face], now: Sequence[Face | NewFace]) -> None:
        """Take out of the index what mentions brought `then`, put in what they bring now."""
        same = {
            face.number for face in now
            if isinstance(face, Face) and face.number in then
            and (then[face.number].title, then[face.number].text) == (face.title, face.text)
        }  # fmt: skip
        for statement, faces in ((UNINDEX, then.values()), (INDEX, now)):
            changed = (face for face in faces if face.number not in same)
            self._connection.executemany(
                statement, [(face.number, *forms) for face in changed if (forms := self._forms(face)) != _NO_WORDS]
            )

    def _forms(self, face: Face | NewFace) -> tuple[str | None, str | None]:
        """Return what the index holds of a mention, or is to hold: until it is indexed anew, in the former way."""
        if isinstance(face, Face) and face.number in self._former:
            return face.former_forms
        return face.forms


def _only(new: Sequence[Face | NewFace]) -> range:
    """Return the numbers of mentions where they are all there are between first and last, else none."""
    numbers = [face.number for face in new]
    span = range(min(numbers), max(numbers) + 1) if numbers else range(0)
    return span if len(span) == len(numbers) else range(0)


def read_faces(connection: sqlite3.Connection, which: str, values: tuple[object, ...]) -> list[Face]:
    """Return the faces of stored mentions; `which` is a condition on the number, named {} where it comes again."""
    brands: defaultdict[int, list[tuple[int, int | None]]] = defaultdict(list)
    for number, brand, score in connection.execute(f"{_BRANDS} mention_id {which.format('mention_id')}", values):
        brands[number].append((brand, score))
    return [
        Face(
            number=number, author=author, published_at=at, title=title, text=text, links=links, hashtags=hashtags,
            brands=tuple(brands.get(number, ())),
        )
        for number, author, at, title, text, links, hashtags in connection.execute(
            f"{_FACES} WHERE id {which.format('id')}", values
        )
    ]  # fmt: skip
