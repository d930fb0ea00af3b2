"""Settle which story each mention of a page belongs to, with a few statements a page.

A story is a connected component over story keys, reposts and near copies; it is named by the
smallest number among its mentions' own. Of the mentions with a key only the nearest
before and after in time are looked at: those between are joined through them,
so that a flood of equal texts costs no more than any other page. Where a key only
says that texts may be near copies, the texts of the nearest few are compared: as long
as no more share it within its reach, a story does not depend on the order of arrival.
"""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from listener.stories import NEAR, REACH_SECONDS, are_near, normal_text, text_units

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from listener.stories import StoryKeys

__all__ = ["Joiner"]

_PRESENT: Final = """
SELECT asked.value FROM json_each(?) AS asked WHERE EXISTS (SELECT 1 FROM story_keys WHERE key = asked.value)
"""
_NEAREST: Final = """
SELECT json_extract(asked.value, '$[0]'), json_extract(asked.value, '$[1]'), (
  SELECT mention_id FROM story_keys
  WHERE story_keys.key = json_extract(asked.value, '$[0]')
    AND published_at BETWEEN json_extract(asked.value, '$[1]') - json_extract(asked.value, '$[2]')
                         AND json_extract(asked.value, '$[1]')
  ORDER BY published_at DESC LIMIT 1
), (
  SELECT mention_id FROM story_keys
  WHERE story_keys.key = json_extract(asked.value, '$[0]')
    AND published_at BETWEEN json_extract(asked.value, '$[1]')
                         AND json_extract(asked.value, '$[1]') + json_extract(asked.value, '$[2]')
  ORDER BY published_at LIMIT 1
)
FROM json_each(?) AS asked
"""
_SOME: Final = 8
"""Mentions looked at before and after, where only looking at their texts decides."""
_SOME_NEAR: Final = f"""
SELECT json_extract(asked.value, '$[0]'), json_extract(asked.value, '$[1]'), (
  SELECT json_group_array(mention_id) FROM (
    SELECT mention_id FROM story_keys
    WHERE story_keys.key = json_extract(asked.value, '$[0]')
      AND published_at BETWEEN json_extract(asked.value, '$[1]') - json_extract(asked.value, '$[2]')
                           AND json_extract(asked.value, '$[1]')
    ORDER BY published_at DESC LIMIT {_SOME})
), (
  SELECT json_group_array(mention_id) FROM (
    SELECT mention_id FROM story_keys
    WHERE story_keys.key = json_extract(asked.value, '$[0]')
      AND published_at BETWEEN json_extract(asked.value, '$[1]') + 1
                           AND json_extract(asked.value, '$[1]') + json_extract(asked.value, '$[2]')
    ORDER BY published_at LIMIT {_SOME})
)
FROM json_each(?) AS asked
"""  # noqa: S608 - a number
_JOIN: Final = """
UPDATE mentions SET story_id = ?1 WHERE (id = ?2 AND story_id = id) OR (story_id = ?2 AND story_id <> id)
"""
_STORIES: Final = "SELECT id, story_id, NULL FROM mentions WHERE id IN (SELECT value FROM json_each(?))"
_TEXTS: Final = "SELECT id, story_id, text FROM mentions WHERE id IN (SELECT value FROM json_each(?))"


class Joiner:
    """Join stories within one transaction; `settle` writes what became of the stored ones.

    Most keys are of one mention alone: only those that are `shared` with others,
    stored ones or some of this page, are followed up.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._parents: dict[int, int] = {}
        self._near: dict[tuple[int, int], tuple[_Neighbour, ...]] = {}
        self._known: set[int] = set()
        self._shared: set[int] = set()
        self._stored: set[int] = set()
        self._kept: list[_Kept] = []
        self._here: dict[int, list[tuple[int, int]]] = {}
        self._new: dict[int, _Neighbour] = {}
        self._units: dict[str, frozenset[str]] = {}

    def foresee(self, coming: Sequence[tuple[StoryKeys, int]]) -> None:
        """Look up at once what mentions have in common with others: their keys, and when each was published."""
        counts = Counter(chain.from_iterable([keys.numbers for keys, _ in coming]))
        fresh = counts.keys() - self._known
        if fresh:
            self._stored.update(row[0] for row in self._connection.execute(_PRESENT, (json.dumps(sorted(fresh)),)))
            self._known |= fresh
        shared = {key for key, count in counts.items() if count > 1 or key in self._stored or key not in fresh}
        shared -= self._shared
        if shared:
            self._shared |= shared
            for kept in self._kept:
                if not shared.isdisjoint(kept.keys.numbers):
                    self._show(kept, shared)
        if not self._stored.isdisjoint(counts):
            self._look_up(coming)

    def _look_up(self, coming: Sequence[tuple[StoryKeys, int]]) -> None:
        """Look for what is stored near keys that are stored."""
        stored, known = self._stored, self._near
        wanted: dict[bool, dict[tuple[int, int], int]] = {False: {}, True: {}}
        for keys, at in coming:
            if not stored.isdisjoint(keys.numbers):
                for number, kind in zip(*keys, strict=True):
                    if number in stored and (number, at) not in known:
                        wanted[kind == NEAR][number, at] = REACH_SECONDS[kind]
        if wanted[False]:
            self._find(wanted[False], _NEAREST, _STORIES)
        if wanted[True]:
            self._find(wanted[True], _SOME_NEAR, _TEXTS)

    def _find(self, wanted: Mapping[tuple[int, int], int], nearest: str, stories: str) -> None:
        asked = json.dumps([(*place, reach) for place, reach in wanted.items()])
        rows = [
            (key, at, [*_numbers(before), *_numbers(after)])
            for key, at, before, after in self._connection.execute(nearest, (asked,))
        ]
        numbers = json.dumps(sorted({number for _, _, found in rows for number in found}))
        known = {
            number: _Neighbour(story, text) for number, story, text in self._connection.execute(stories, (numbers,))
        }
        for key, at, found in rows:
            self._near[key, at] = tuple(known[number] for number in found)

    def is_alone(self, keys: StoryKeys) -> bool:
        """Say whether no other mention that is known of has any of these keys."""
        return self._shared.isdisjoint(keys.numbers) and self._known.issuperset(keys.numbers)

    def join(self, own: int, keys: StoryKeys, at: int, *, text: str, others: Iterable[int] = ()) -> int:
        """Return the story of a mention that had, or is, the story `own`.

        `others` are stories it belongs to too.
        """
        if not self._known.issuperset(keys.numbers):
            self.foresee([(keys, at)])
        related = {self.root(own), *map(self.root, others)}
        for number, kind in zip(*keys, strict=True):
            if number in self._shared:
                for neighbour in self._neighbours(keys, number, kind, at):
                    story = self.root(neighbour.story)
                    if story not in related and (kind != NEAR or self._are_near(text, neighbour.text or "")):
                        related.add(story)
        if len(related) == 1:
            return related.pop()
        kept = min(related)
        for story in related - {kept}:
            self._parents[story] = kept
        return kept

    def _neighbours(self, keys: StoryKeys, number: int, kind: str, at: int) -> Iterable[_Neighbour]:
        """Return the nearest mentions with a key, stored ones and those of this page."""
        stored: tuple[_Neighbour, ...] = ()
        if number in self._stored:
            if (number, at) not in self._near:
                self._look_up([(keys, at)])
            stored = self._near[number, at]
        return (*stored, *self._beside(number, kind, at)) if number in self._here else stored

    def keep(self, number: int, story: int, keys: StoryKeys, at: int, *, text: str) -> None:
        """Let what comes later in the page find a mention by its keys."""
        kept = _Kept(number, story, keys, at, text)
        self._kept.append(kept)
        if not self._shared.isdisjoint(keys.numbers):
            self._show(kept, self._shared)

    def _show(self, kept: _Kept, shared: set[int]) -> None:
        """Make a mention of this page findable by those of its keys that are shared."""
        self._new[kept.number] = _Neighbour(kept.story, kept.text)
        for key in shared.intersection(kept.keys.numbers):
            insort(self._here.setdefault(key, []), (kept.at, kept.number))

    def root(self, story: int) -> int:
        """Return the story that a story is by now part of."""
        parents = self._parents
        while story in parents:
            above = parents[story]
            if above in parents:
                parents[story] = parents[above]
            story = above
        return story

    def merged(self) -> Mapping[int, int]:
        """Return the stories that are part of another by now, each with that one."""
        return {story: self.root(story) for story in self._parents}

    def settle(self) -> None:
        """Write the joined stories into the mentions that are stored."""
        self._connection.executemany(
            _JOIN,
            [(root, story) for story, root in sorted(self.merged().items())],
        )

    def _are_near(self, one: str, other: str) -> bool:
        for text in (one, other):
            if text not in self._units:
                self._units[text] = text_units(normal_text(text))
        return are_near(self._units[one], self._units[other])

    def _beside(self, number: int, kind: str, at: int) -> list[_Neighbour]:
        """Return the nearest mentions of this page with a key, before and after."""
        known = self._here[number]
        place, some = bisect_left(known, (at, 0)), _SOME if kind == NEAR else 1
        near = known[max(0, place - some) : place + some]
        return [self._new[other] for then, other in near if abs(then - at) <= REACH_SECONDS[kind]]


class _Kept(NamedTuple):
    """Hold a mention of this page, by what others find it."""

    number: int
    story: int
    keys: StoryKeys
    at: int
    text: str


class _Neighbour(NamedTuple):
    """Hold the story of a mention that has a key in common, and its text where that was read."""

    story: int
    text: str | None


def _numbers(found: object) -> list[int]:
    """Return the numbers of one column: one, none, or a list as JSON."""
    if found == "[]":
        return []
    if isinstance(found, str):
        return list(json.loads(found))
    return [found] if isinstance(found, int) else []
