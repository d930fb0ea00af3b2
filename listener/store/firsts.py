"""Keep when each brand first saw each story."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from listener.mention import Label

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping

    from listener.rollups import RollupChange

__all__ = ["settle_firsts"]

_GONE: Final = """
DELETE FROM story_firsts WHERE story_id IN (SELECT value FROM json_each(?)) RETURNING brand_id, story_id, first_at
"""
_FIRSTS: Final = """
SELECT matches.brand_id, mentions.story_id, min(matches.published_at) FROM mentions
JOIN matches ON matches.mention_id = mentions.id
WHERE matches.label <> ?2 AND (
  mentions.id IN (SELECT value FROM json_each(?1)) AND mentions.story_id = mentions.id
  OR mentions.story_id IN (SELECT value FROM json_each(?1)) AND mentions.story_id <> mentions.id)
GROUP BY 1, 2
"""


def settle_firsts(
    connection: sqlite3.Connection,
    changed: Collection[int],
    change: RollupChange,
    *,
    merged: Mapping[int, int] | None = None,
    added: Mapping[tuple[int, int], int] | None = None,
) -> None:
    """Take away where stories were first seen and add where they are now, noting both in `change`.

    All mentions of the `changed` stories are looked at. To others mentions were only
    `added`: (brand, story) with the first time among these. `merged` are stories
    that are part of another by now.
    """
    joined, more = merged or {}, added or {}
    roots = {joined.get(story, story) for story in changed}
    affected = {*changed, *roots, *joined, *joined.values(), *(story for _, story in more)}
    firsts: dict[tuple[int, int], int] = {}
    for brand, story, first_at in connection.execute(_GONE, (json.dumps(sorted(affected)),)).fetchall():
        change.add_story(brand, first_at, -1)
        _lower(firsts, (brand, joined.get(story, story)), first_at)
    for (brand, story), first_at in more.items():
        _lower(firsts, (brand, joined.get(story, story)), first_at)
    firsts = {key: first_at for key, first_at in firsts.items() if key[1] not in roots}
    if roots:
        for brand, story, first_at in connection.execute(_FIRSTS, (json.dumps(sorted(roots)), int(Label.IRRELEVANT))):
            firsts[brand, story] = first_at
    for (brand, _), first_at in firsts.items():
        change.add_story(brand, first_at)
    connection.executemany(
        "INSERT INTO story_firsts (story_id, brand_id, first_at) VALUES (?, ?, ?)",
        sorted((story, brand, first_at) for (brand, story), first_at in firsts.items()),
    )


def _lower(firsts: dict[tuple[int, int], int], key: tuple[int, int], first_at: int) -> None:
    firsts[key] = min(firsts.get(key, first_at), first_at)
