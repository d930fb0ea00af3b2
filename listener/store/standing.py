"""Say what stands in the store of a mention that was decided anew: another process may have changed it meanwhile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection

    from listener.store.catalogue import Catalogue
    from listener.store.records import Rejudged, Verdict

__all__ = ["Standing", "make_room", "read_standing", "verdicts_to_store"]

_STANDING: Final = """
SELECT published_at, source_id, story_id, language,
       CASE WHEN repost_of IS NULL THEN coalesce(likes, 0) + coalesce(reposts, 0) + coalesce(replies, 0) ELSE 0 END
FROM mentions WHERE id = ? AND text_hash = ? AND text IS NOT NULL
"""
_REPLACED: Final = "DELETE FROM matches WHERE mention_id = ? AND brand_id IN (SELECT value FROM json_each(?))"


class Standing(NamedTuple):
    """Hold where the matches of a mention stand, and what each adds in engagement."""

    published_at: int
    source_id: int
    story: int
    language: str
    engagement: int


def read_standing(connection: sqlite3.Connection, judged: Rejudged) -> Standing | None:
    """Return what stands of a mention, None where its words were changed or removed since they were judged."""
    row = connection.execute(_STANDING, (judged.number, judged.text_hash)).fetchone()
    return None if row is None else Standing(*row)


def verdicts_to_store(connection: sqlite3.Connection, catalogue: Catalogue, judged: Rejudged) -> list[Verdict]:
    """Return the verdicts on what was found, and of those on what was scored those whose match still stands."""
    rows = connection.execute("SELECT brand_id, query_id FROM matches WHERE mention_id = ?", (judged.number,))
    stored = set(rows)

    def key(verdict: Verdict) -> tuple[int, int]:
        match = verdict.match
        return catalogue.brand(match.brand), catalogue.query(match.brand, match.query_version)

    return [*judged.found, *(one for one in judged.scored if key(one) in stored)]


def make_room(connection: sqlite3.Connection, number: int, brands: Collection[int], language: str) -> None:
    """Drop the matches of a mention with these brands, and note in which language it is."""
    connection.execute(_REPLACED, (number, json.dumps(sorted(brands))))
    connection.execute("UPDATE mentions SET language = ? WHERE id = ?", (language, number))
