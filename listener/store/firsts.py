"""Keep when each brand first saw each story.

Most stories are of one mention: its own matches say when. Only those of several have rows.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from listener.mention import Label

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping

    from listener.rollups import RollupChange

__all__ = ["Firsts"]

_KEPT: Final = """
SELECT story_id, brand_id, first_at FROM story_firsts WHERE story_id IN (SELECT value FROM json_each(?))
"""
_OF_ONE: Final = f"""
SELECT mention_id, brand_id, published_at FROM matches
WHERE mention_id IN (SELECT value FROM json_each(?)) AND label <> {int(Label.IRRELEVANT)}
"""  # noqa: S608 - a number
_GONE: Final = "DELETE FROM story_firsts WHERE story_id IN (SELECT value FROM json_each(?))"
_FIRSTS: Final = f"""
SELECT mentions.story_id, matches.brand_id, min(matches.published_at) FROM mentions
JOIN matches ON matches.mention_id = mentions.id
WHERE matches.label <> {int(Label.IRRELEVANT)} AND (
  mentions.id IN (SELECT value FROM json_each(?1)) AND mentions.story_id = mentions.id
  OR mentions.story_id IN (SELECT value FROM json_each(?1)) AND mentions.story_id <> mentions.id)
GROUP BY 1, 2
"""  # noqa: S608 - a number
_OF_SEVERAL: Final = """
SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM mentions WHERE story_id = value AND story_id <> id)
"""

_ByBrand = dict[int, int]
"""By brand when it first saw a story."""


class Firsts:
    """Note stories before their mentions change, settle what became of them; within one transaction.

    `newest` is the last mention that was stored before it.
    """

    def __init__(self, connection: sqlite3.Connection, newest: int) -> None:
        self._connection = connection
        self._newest = newest
        self._former: dict[int, _ByBrand] = {}

    def note(self, story: int) -> None:
        """Remember how a story stands; to be called before what brands see of its mentions changes."""
        self._remember({story})

    def _remember(self, stories: Iterable[int]) -> None:
        """Read how stories stand that are not noted yet; what is new in this transaction stood nowhere."""
        wanted = {story for story in stories if story <= self._newest} - self._former.keys()
        if not wanted:
            return
        found: dict[int, _ByBrand] = {story: {} for story in wanted}
        for story, brand, at in self._connection.execute(_KEPT, (json.dumps(sorted(wanted)),)):
            found[story][brand] = at
        ones = [story for story, brands in found.items() if not brands]
        for story, brand, at in self._connection.execute(_OF_ONE, (json.dumps(ones),)):
            found[story][brand] = at
        self._former |= found

    def settle(
        self,
        changed: Collection[int],
        change: RollupChange,
        *,
        merged: Mapping[int, int],
        added: Mapping[tuple[int, int], int],
        grown: Collection[int],
    ) -> None:
        """Take away where stories were first seen and add where they are now, noting both in `change`.

        All mentions of the `changed` stories are looked at: each was noted before. To others mentions were only
        `added`: (brand, story) with the first time among these; those that are `grown` were joined by one whose
        own they are not. `merged` are stories that are part of another by now.
        """
        roots = {merged.get(story, story) for story in changed}
        looked_at = {*grown, *merged, *merged.values(), *changed, *roots}
        firsts: dict[tuple[int, int], int] = {}
        for (brand, story), at in added.items():
            if story > self._newest and story not in looked_at:
                change.add_story(brand, at)  # of one mention, and new
            else:
                _lower(firsts, (brand, merged.get(story, story)), at)
        affected = {*looked_at, *(story for _, story in firsts)}
        self._remember(affected)
        former = {story: self._former[story] for story in affected if story in self._former}
        for story, brands in former.items():
            for brand, at in brands.items():
                change.add_story(brand, at, -1)
                _lower(firsts, (brand, merged.get(story, story)), at)
        firsts = {key: at for key, at in firsts.items() if key[1] not in roots}
        if roots:
            for story, brand, at in self._connection.execute(_FIRSTS, (json.dumps(sorted(roots)),)):
                firsts[brand, story] = at
        for (brand, _), at in firsts.items():
            change.add_story(brand, at)
        self._write(firsts, former)

    def _write(self, firsts: Mapping[tuple[int, int], int], former: Iterable[int]) -> None:
        """Keep these of stories with several mentions, none of the former."""
        self._connection.execute(_GONE, (json.dumps(sorted(former)),))
        stories = json.dumps(sorted({story for _, story in firsts}))
        several = {story for (story,) in self._connection.execute(_OF_SEVERAL, (stories,))}
        self._connection.executemany(
            "INSERT INTO story_firsts (story_id, brand_id, first_at) VALUES (?, ?, ?)",
            sorted((story, brand, at) for (brand, story), at in firsts.items() if story in several),
        )


def _lower(firsts: dict[tuple[int, int], int], key: tuple[int, int], first_at: int) -> None:
    firsts[key] = min(firsts.get(key, first_at), first_at)
