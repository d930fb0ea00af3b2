"""Find the hashtags under which a brand is likely to be talked about."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from listener.query import And, Hashtag, Near, Not, Or, Phrase, TagWords
from listener.query.tree import children_of

if TYPE_CHECKING:
    from listener.api import Query
    from listener.query import Node

__all__ = ["hashtags_of"]

_LONGEST: Final = 100
_GAPS: Final = re.compile("[\\s\\-\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u30fb\ufeff\uff65]+")
"""What is left out where words are written as one: also what is not to be seen, and the middle dot of katakana."""


def hashtags_of(query: Query) -> tuple[str, ...]:
    """Return the hashtags, lower case and without #, that posts of a brand may bear; each once, in the tree's order.

    They are the tree's own, and its words and phrases written as one word. Where
    several conditions must hold, one of them is enough to look by: the one that
    names the brand, else the first that has hashtags.
    """
    names = {tag for name in query.names if (tag := _as_tag(name))}
    return tuple(dict.fromkeys(_tags(query.tree, names)))


def _tags(node: Node, names: set[str]) -> list[str]:
    match node:
        case Hashtag(text) | Phrase(text) | TagWords(text):
            tag = _as_tag(text)
            return [tag] if tag else []
        case Or(children):
            return [tag for child in children for tag in _tags(child, names)]
        case And() | Near():
            found = [tags for child in children_of(node) if (tags := _tags(child, names))]
            return next((tags for tags in found if names.intersection(tags)), found[0] if found else [])
        case Not():
            return []
    return []


def _as_tag(text: str) -> str | None:
    """Return a name as a hashtag would be written; None where it cannot be one: symbols, digits alone."""
    tag = unicodedata.normalize("NFKC", _GAPS.sub("", text.strip().lstrip("#"))).lower()
    kinds = {unicodedata.category(character)[0] for character in tag.replace("_", "")}
    return tag if "L" in kinds and kinds <= {"L", "M", "N"} and len(tag) <= _LONGEST else None
