"""Name the fields of mention JSONL and what of each is taken at most."""

from __future__ import annotations

from typing import Final

__all__ = [
    "COUNT_LIMIT",
    "EXTRA_LIMIT",
    "FIELDS",
    "ID_LIMIT",
    "KNOWN",
    "LANGUAGE_LIMIT",
    "LINE_LIMIT",
    "LINKS_LIMIT",
    "MORE_FIELDS",
    "NAME_LIMIT",
    "PLACE_LIMIT",
    "SOURCE_LIMIT",
]

ID_LIMIT: Final = 512
NAME_LIMIT: Final = 512
LINE_LIMIT: Final = 2_000
EXTRA_LIMIT: Final = 20_000
SOURCE_LIMIT: Final = 64
LANGUAGE_LIMIT: Final = 35  # the longest tag that RFC 5646 asks to be handled
PLACE_LIMIT: Final = 16
"""Characters of a text of each kind."""
LINKS_LIMIT: Final = 100
"""Entries of a list."""
COUNT_LIMIT: Final = 1 << 53
"""Counts are below: beyond it JSON readers round."""

FIELDS: Final = (
    *("source", "id", "url", "kind", "author", "title", "text", "language", "published_at", "engagement", "rating"),
    *("reply_to", "thread", "repost_of", "quote_of", "place"),
)
"""The fields of the contract, in its order."""

MORE_FIELDS: Final = ("links", "hashtags", "has_media", "edited_at", "extra")
"""Fields of a mention beyond the contract; written only where there is something to say."""

KNOWN: Final = frozenset((*FIELDS, *MORE_FIELDS))
