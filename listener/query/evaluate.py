"""Decide exactly whether a mention satisfies a tracked expression, and where.

What is unknown never passes a minimum and always passes a NOT: each leaf is
either satisfied or not, so the laws of logic hold. Only conditions on the
language wait while it is not identified yet: until then they count in favour,
under a NOT as well.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from listener.query.fields import holds
from listener.query.places import camel_words, has_place, places, words_in_row
from listener.query.reading import FIELDS, Reading
from listener.query.terms import entity_key, read_name
from listener.query.tree import And, Hashtag, Language, Node, Not, Or, Phrase, TagWords, Title

if TYPE_CHECKING:
    from collections.abc import Iterable

    from listener.mention import Mention, Span

__all__ = ["MAX_SPANS", "evaluate", "evaluate_reading"]

MAX_SPANS: Final = 64
"""So many places of one term are reported a field; a text may repeat a name without end."""

Found = list["Span"] | None


def evaluate(tree: Node, mention: Mention, *, language: str | None = None) -> tuple[Span, ...] | None:
    """Return the places that make `mention` satisfy `tree`, None where it does not.

    `language` is our own identification; while it is None, conditions on the
    language count as satisfied. Spans are in reading order: title before text.
    Empty where only a field (an author, a site) made it match.
    """
    return evaluate_reading(tree, Reading(mention, language))


def evaluate_reading(tree: Node, reading: Reading) -> tuple[Span, ...] | None:
    """Do what `evaluate` does on a mention that is read already."""
    found = _evaluate(tree, reading, negated=False)
    if found is None:
        return None
    return tuple(sorted(set(found), key=lambda span: (FIELDS.index(span[0]), span[1], span[2])))


def _evaluate(node: Node, reading: Reading, *, negated: bool) -> Found:
    """Return the spans of a node, None where it is not satisfied.

    `negated` says that an odd number of NOTs stands above.
    """
    match node:
        case And(children):
            return _all(children, reading, negated=negated)
        case Or(children):
            return _any(children, reading, negated=negated)
        case Not(child):
            return [] if _evaluate(child, reading, negated=not negated) is None else None
        case Title(child):
            return _spans(child, reading, ("title",)) or None
        case Language() if reading.language is None:
            return None if negated else []
        case _ if has_place(node):
            return _spans(node, reading, FIELDS) or ([] if _is_named(node, reading) else None)
    return [] if holds(node, reading) else None


def _all(children: Iterable[Node], reading: Reading, *, negated: bool) -> Found:
    """Return the spans of all children, None where one is not satisfied."""
    spans: list[Span] = []
    for child in children:
        found = _evaluate(child, reading, negated=negated)
        if found is None:
            return None
        spans.extend(found)
    return spans


def _any(children: Iterable[Node], reading: Reading, *, negated: bool) -> Found:
    """Return the spans of the children that are satisfied, None where none is."""
    results = [found for child in children if (found := _evaluate(child, reading, negated=negated)) is not None]
    return [span for found in results for span in found] if results else None


def _spans(node: Node, reading: Reading, fields: Iterable[str]) -> list[Span]:
    """Return the first places of a node in the fields."""
    spans: dict[Span, None] = {}
    for field in fields:
        for place in islice(places(node, reading, field), MAX_SPANS):
            spans.update(dict.fromkeys((field, start, end) for start, end in place.terms))
    return list(spans)


def _is_named(node: Node, reading: Reading) -> bool:
    """Say whether a hashtag the service names, though not in the text, satisfies a term."""
    if not reading.mention.hashtags:
        return False
    match node:
        case Hashtag(tag):
            return entity_key(tag) in reading.hashtags
        case Phrase(text):
            pieces = read_name(text).pieces
            return len(pieces) == 1 and pieces[0] in reading.hashtags
        case TagWords(text):
            pieces = read_name(text).pieces
            return any(words_in_row(pieces, camel_words(tag)) for tag in reading.mention.hashtags)
    return False
