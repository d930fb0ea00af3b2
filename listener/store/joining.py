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
from typing import TYPE_CHECKING, Final, NamedTuple

from listener.stories import are_near, normal_text, text_units

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from listener.stories import StoryKey

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
    """Join stories within one transaction; `settle` writes what became of the stored ones."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._parents: dict[int, int] = {}
        self._near: dict[tuple[int, int], tuple[_Neighbour, ...]] = {}
        self._absent: set[int] = set()
        self._here: dict[int, list[tuple[int, int]]] = {}
        self._new: dict[int, _Neighbour] = {}
        self._units: dict[str, frozenset[str]] = {}

    def foresee(self, keys: Iterable[tuple[StoryKey, int]]) -> None:
        """Look up at once what is stored near these keys, each with the time of its mention."""
        absent, near = self._absent, self._near
        unknown = [one for one in keys if one[0][0] not in absent and (one[0][0], one[1]) not in near]
        if not unknown:
            return
        numbers = {key[0] for key, _ in unknown}
        present = {row[0] for row in self._connection.execute(_PRESENT, (json.dumps(sorted(numbers)),))}
        absent |= numbers - present  # most are of this mention alone
        if not present:
            return
        known = [one for one in unknown if one[0][0] in present]
        for is_near, nearest, stories in ((False, _NEAREST, _STORIES), (True, _SOME_NEAR, _TEXTS)):
            wanted = {(key.key, at): key.reach_seconds for key, at in known if key.is_near is is_near}
            if wanted:
                self._look_up(wanted, nearest, stories)

    def _look_up(self, wanted: Mapping[tuple[int, int], int], nearest: str, stories: str) -> None:
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

    def join(self, own: int, keys: Sequence[StoryKey], at: int, *, text: str, others: Iterable[int] = ()) -> int:
        """Return the story of a mention that had, or is, the story `own`.

        `others` are stories it belongs to too.
        """
        absent, near, here = self._absent, self._near, self._here
        related = {self.root(own), *map(self.root, others)}
        for key in keys:
            number = key[0]
            if number not in absent and (number, at) not in near:
                self.foresee([(one, at) for one in keys])
            if number in absent and number not in here:
                continue
            stored = () if number in absent else near[number, at]
            beside = self._beside(key, at) if number in here else ()
            for neighbour in (*stored, *beside):
                story = self.root(neighbour.story)
                if story not in related and (not key.is_near or self._are_near(text, neighbour.text or "")):
                    related.add(story)
        if len(related) == 1:
            return related.pop()
        kept = min(related)
        for story in related - {kept}:
            self._parents[story] = kept
        return kept

    def keep(self, number: int, story: int, keys: Iterable[StoryKey], at: int, *, text: str) -> None:
        """Let what comes later in the page find a mention by its keys."""
        self._new[number] = _Neighbour(story, text)
        for key in keys:
            known = self._here.get(key.key)
            if known is None:
                self._here[key.key] = [(at, number)]
            else:
                insort(known, (at, number))

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

    def _beside(self, key: StoryKey, at: int) -> list[_Neighbour]:
        """Return the nearest mentions of this page with a key, before and after."""
        known = self._here[key.key]
        place, some = bisect_left(known, (at, 0)), _SOME if key.is_near else 1
        near = known[max(0, place - some) : place + some]
        return [self._new[number] for other, number in near if abs(other - at) <= key.reach_seconds]


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
