"""Keep when each brand first saw each story."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.mention import Label

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from listener.rollups import RollupChange

__all__ = ["settle_firsts"]

_FIRSTS: Final = """
SELECT matches.brand_id, min(matches.published_at) FROM mentions
JOIN matches ON matches.mention_id = mentions.id WHERE mentions.story_id = ? AND matches.label <> ?
GROUP BY matches.brand_id
"""


def settle_firsts(connection: sqlite3.Connection, stories: Iterable[int], change: RollupChange) -> None:
    """Take away where these stories were first seen and add where they are now, noting both in `change`."""
    for story in sorted(stories):
        gone = connection.execute(
            "DELETE FROM story_firsts WHERE story_id = ? RETURNING brand_id, first_at", (story,)
        ).fetchall()
        for brand_id, first_at in gone:
            change.add_story(brand_id, first_at, -1)
        firsts = connection.execute(_FIRSTS, (story, int(Label.IRRELEVANT))).fetchall()
        for brand_id, first_at in firsts:
            change.add_story(brand_id, first_at)
        connection.executemany(
            "INSERT INTO story_firsts (brand_id, story_id, first_at) VALUES (?, ?, ?)",
            [(brand_id, story, first_at) for brand_id, first_at in firsts],
        )
