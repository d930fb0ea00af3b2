"""Settle which story each mention of a page belongs to, with a few statements a page.

A story is a connected component over story keys, reposts and near copies; it is named by the
smallest number among its mentions' own. Of the mentions with a key only the nearest
before and after in time are looked at: those between are joined through them,
so that a flood of equal texts costs no more than any other page.
"""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from listener.stories import StoryKey

__all__ = ["Joiner"]

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
_STORIES: Final = "SELECT id, story_id FROM mentions WHERE id IN (SELECT value FROM json_each(?))"


class Joiner:
    """Join stories within one transaction; `settle` writes what became of the stored ones."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._parents: dict[int, int] = {}
        self._near: dict[tuple[int, int], tuple[int, ...]] = {}
        self._here: dict[int, list[tuple[int, int]]] = {}

    def foresee(self, keys: Iterable[tuple[StoryKey, int]]) -> None:
        """Look up at once what is stored near these keys, each with the time of its mention."""
        wanted = {(key.key, at): key.reach_seconds for key, at in keys if (key.key, at) not in self._near}
        if not wanted:
            return
        asked = json.dumps([(*place, reach) for place, reach in wanted.items()])
        rows = [
            (key, at, {before, after} - {None})
            for key, at, before, after in self._connection.execute(_NEAREST, (asked,))
        ]
        numbers = json.dumps(sorted({number for _, _, found in rows for number in found}))
        stories = dict(self._connection.execute(_STORIES, (numbers,)).fetchall())
        for key, at, found in rows:
            self._near[key, at] = tuple(stories[number] for number in found)

    def join(self, own: int, keys: Sequence[StoryKey], at: int, others: Iterable[int] = ()) -> int:
        """Return the story of a mention that had, or is, the story `own`; `others` are stories it belongs to too."""
        self.foresee((key, at) for key in keys)
        related = {self.root(own), *map(self.root, others)}
        for key in keys:
            related.update(map(self.root, self._near[key.key, at]))
            related.update(map(self.root, self._beside(key, at)))
        kept = min(related)
        for story in related - {kept}:
            self._parents[story] = kept
        return kept

    def keep(self, story: int, keys: Iterable[StoryKey], at: int) -> None:
        """Let what comes later in the page find a mention by its keys."""
        for key in keys:
            insort(self._here.setdefault(key.key, []), (at, story))

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
            "UPDATE mentions SET story_id = ? WHERE story_id = ?",
            [(root, story) for story, root in sorted(self.merged().items())],
        )

    def _beside(self, key: StoryKey, at: int) -> list[int]:
        """Return the stories of the nearest mentions of this page with a key, before and after."""
        known = self._here.get(key.key)
        if not known:
            return []
        place = bisect_left(known, (at, 0))
        near = known[max(0, place - 1) : place + 1]
        return [story for other, story in near if abs(other - at) <= key.reach_seconds]
