"""Decide exactly whether a mention satisfies a tracked expression, and where.

What is unknown never passes a minimum and always passes a NOT: each leaf is
either satisfied or not, so the laws of logic hold. Only conditions on the
language wait while it is not identified yet: until then they count in favour,
under a NOT as well.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from listener.query.fields import holds
from listener.query.places import camel_words, places, term_ranges, words_in_row
from listener.query.reading import FIELDS, Reading
from listener.query.terms import entity_key, read_name
from listener.query.tree import (
    And,
    Cashtag,
    Field,
    Handle,
    Hashtag,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Raw,
    TagWords,
    Title,
)

if TYPE_CHECKING:
    from collections.abc import Callable

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
    if len(found) < 2:  # noqa: PLR2004 - nothing to put in order
        return tuple(found)
    return tuple(sorted(set(found), key=lambda span: (FIELDS.index(span[0]), span[1], span[2])))


def _evaluate(node: Node, reading: Reading, *, negated: bool) -> Found:
    """Return the spans of a node, None where it is not satisfied.

    `negated` says that an odd number of NOTs stands above.
    """
    evaluator = _EVALUATORS.get(type(node))
    if evaluator is not None:
        return evaluator(node, reading, negated)
    return [] if holds(node, reading) else None


def _all(node: And, reading: Reading, negated: bool) -> Found:
    """Return the spans of all children, None where one is not satisfied."""
    spans: list[Span] = []
    for child in node.children:
        found = _evaluate(child, reading, negated=negated)
        if found is None:
            return None
        spans.extend(found)
    return spans


def _any(node: Or, reading: Reading, negated: bool) -> Found:
    """Return the spans of the children that are satisfied, None where none is."""
    spans: Found = None
    for child in node.children:
        found = _evaluate(child, reading, negated=negated)
        if found is not None:
            spans = found if spans is None else spans + found
    return spans


def _not(node: Not, reading: Reading, negated: bool) -> Found:
    """Return no spans where the child is not satisfied: what is absent has no place."""
    return [] if _evaluate(node.child, reading, negated=not negated) is None else None


def _term(node: Node, reading: Reading, _negated: bool) -> Found:
    """Return the first places of a term in title and text."""
    spans: list[Span] = []
    for field in reading.fields:
        spans += [(field, start, end) for start, end in islice(term_ranges(node, reading, field), MAX_SPANS)]
    return spans if spans or _is_named(node, reading) else None


def _near(node: Near, reading: Reading, _negated: bool) -> Found:
    """Return the first places of terms near each other, without what stands between."""
    spans = {
        (field, start, end): None
        for field in reading.fields
        for place in islice(places(node, reading, field), MAX_SPANS)
        for start, end in place.terms
    }
    return list(spans) or None


def _title(node: Title, reading: Reading, _negated: bool) -> Found:
    """Return the first places of a term in the title."""
    return [
        ("title", start, end) for start, end in islice(term_ranges(node.child, reading, "title"), MAX_SPANS)
    ] or None


def _field(node: Field, reading: Reading, negated: bool) -> Found:
    """Decide a property; a language that is not identified yet counts in favour."""
    if node.name == "lang" and reading.language is None:
        return None if negated else []
    return [] if holds(node, reading) else None


_EVALUATORS: Final[dict[type, Callable[[Any, Reading, bool], Found]]] = {
    And: _all,
    Or: _any,
    Not: _not,
    Near: _near,
    Title: _title,
    Field: _field,
    **dict.fromkeys((Phrase, Prefix, Raw, Hashtag, TagWords, Handle, Cashtag), _term),
}


def _is_named(node: Node, reading: Reading) -> bool:
    """Say whether a hashtag the service names, though not in the text, satisfies a term."""
    if not reading.mention.hashtags:
        return False
    match node:
        case Hashtag(tag):
            return entity_key(tag) in reading.hashtags
        case Phrase(text):
            pieces = read_name(text).pieces
            return (len(pieces) == 1 and pieces[0] in reading.hashtags) or any(
                read_name(tag.lstrip("#\uff03")).pieces == pieces for tag in reading.mention.hashtags if "-" in tag
            )
        case TagWords(text):
            pieces = read_name(text).pieces
            return any(words_in_row(pieces, camel_words(tag)) for tag in reading.mention.hashtags)
    return False
