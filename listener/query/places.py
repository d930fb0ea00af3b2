"""Find the places of a text at which a term, or terms near each other, stand."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from listener.query.characters import EXTEND, KINDS, WORD
from listener.query.terms import entity_key, find_entity, read_name, read_prefix
from listener.query.text import fold
from listener.query.tree import Cashtag, Handle, Hashtag, Near, Node, Or, Phrase, Prefix, Raw, TagWords, children_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from listener.query.reading import Reading
    from listener.query.text import Folded

__all__ = ["Place", "camel_words", "has_place", "places", "term_ranges", "words_in_row"]

_MOST_PAIRS: Final = 50_000
"""So many pairs of places are looked at for one NEAR in one field: a bound on hostile texts."""

_MOST_MARKS: Final = 32
_HASH: Final = re.compile("[#\uff03]")
_LINES: Final = re.compile("([_-])")
"""What parts the words of a tag, of Stack Exchange say: acme-coffee."""


class Place(NamedTuple):
    """Hold a range of a field in code points as given, and the terms that make it up."""

    start: int
    end: int
    terms: tuple[tuple[int, int], ...]


def has_place(node: Node) -> bool:
    """Say whether a tree is found at places of a text, and so may stand beside NEAR."""
    if isinstance(node, Or | Near):
        return all(has_place(child) for child in children_of(node))
    return type(node) in _FINDERS


def places(node: Node, reading: Reading, field: str) -> Iterator[Place]:
    """Yield the places of a field at which a node stands, lazily for a single term.

    The node is one that `has_place`.
    """
    if isinstance(node, Or):
        for child in node.children:
            yield from places(child, reading, field)
    elif isinstance(node, Near):
        yield from _near(node, reading, field)
    else:
        for start, end in term_ranges(node, reading, field):
            yield Place(start, end, ((start, end),))


def term_ranges(node: Node, reading: Reading, field: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of a single term, in code points of the field as given."""
    folded = reading.folded(field)
    found = _FINDERS[type(node)](node, folded)
    if folded.origins is None or isinstance(node, Raw | TagWords):
        return found
    return (folded.span(start, end) for start, end in found)


def _raw(needle: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges at which exactly `needle` stands, composed or decomposed, not inside a word."""
    if needle.isascii():
        return _written(needle, text)
    forms = dict.fromkeys(unicodedata.normalize(form, needle) for form in ("NFC", "NFD"))
    return merge(*(_written(form, text) for form in forms))


def _written(needle: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges at which `needle` stands letter for letter, not inside a word."""
    start = text.find(needle)
    while start >= 0:
        end = start + len(needle)
        before = start > 0 and _kind(text[start - 1]) & _kind(needle[0]) & WORD
        after = end < len(text) and _kind(text[end]) & _kind(needle[-1]) & WORD
        if not before and not after:
            yield start, end
        start = text.find(needle, start + 1)


def _kind(character: str) -> int:
    """Return the flags of a character as it stands: those of what it folds to, of a narrow kana those of the wide one."""
    return KINDS[fold(character)[:1] or character]


def _tag_words(pieces: tuple[str, ...], text: str) -> Iterator[tuple[int, int]]:
    """Yield the hashtags in whose CamelCase words the pieces stand one after another."""
    at = 0
    while (sign := _HASH.search(text, at)) is not None:
        at, end = sign.start(), sign.end()
        while end < len(text) and KINDS[text[end]]:
            end += 1
        if end > at + 1 and words_in_row(pieces, camel_words(text[at + 1 : end])):
            yield at, end
        at = end


def camel_words(tag: str) -> list[str]:
    """Return the folded words of a hashtag, cut where the case or the sort of character changes; each _ and - is one too."""
    tag = tag.lstrip("#\uff03")
    words: list[str] = []
    start = 0
    for index in range(1, len(tag) + 1):
        if index == len(tag) or _is_cut(tag, index):
            words += [word for word in _LINES.split(fold(tag[start:index])) if word]
            start = index
    return words


def words_in_row(pieces: Sequence[str], words: Sequence[str]) -> bool:
    """Say whether the pieces stand one after another among the words, _ or - between them or not.

    A piece may be several of the words, as a name is with capitals of its own: PayPal.
    """
    for first in range(len(words)):
        at = first
        for piece in pieces:
            while first < at < len(words) and words[at] in "_-" and piece[0] != "_":
                at += 1
            at = _after_piece(piece, words, at)
            if at < 0:
                break
        else:
            return True
    return False


def _after_piece(piece: str, words: Sequence[str], at: int) -> int:
    """Return the place after the words that make up a piece, -1 where those from `at` on do not."""
    made = 0
    while made < len(piece):
        if at >= len(words) or not piece.startswith(words[at], made):
            return -1
        made += len(words[at])
        at += 1
    return at


def _is_cut(tag: str, index: int) -> bool:
    """Say whether a word of a CamelCase tag ends before `index`."""
    before, here = tag[index - 1], tag[index]
    if "_" in (before, here) or before.isdigit() != here.isdigit():
        return True
    if here.isalpha() and _has_case(here) != _has_case(_letter_before(tag, index)):
        return True
    following = tag[index + 1 : index + 2]
    return here.isupper() and (not before.isupper() or following.islower())


def _has_case(letter: str) -> bool:
    """Say whether a letter is of an alphabet with capitals."""
    return letter.lower() != letter.upper()


def _letter_before(tag: str, index: int) -> str:
    """Return the character before `index` that the marks right before it belong to."""
    nearest = range(index - 1, max(index - _MOST_MARKS, 0) - 1, -1)
    return next((tag[at] for at in nearest if not KINDS[tag[at]] & EXTEND), tag[index - 1])


def _near(node: Near, reading: Reading, field: str) -> Iterator[Place]:
    """Yield the places that hold both sides with few enough words between."""
    left = sorted(islice(places(node.left, reading, field), _MOST_PAIRS))
    right = sorted(islice(places(node.right, reading, field), _MOST_PAIRS)) if left else []
    yield from _pairs(left, right, node.distance, reading, field)
    if not node.ordered:
        yield from _pairs(right, left, node.distance, reading, field)


def _pairs(
    first: Sequence[Place], second: Sequence[Place], distance: int, reading: Reading, field: str
) -> Iterator[Place]:
    """Yield the places made of one of `first` and a following one of `second`."""
    starts = [place.start for place in second]
    ranks = [reading.words_before(field, start) for start in starts]
    seen: set[tuple[int, int]] = set()
    looked_at = 0
    for place in first:
        furthest = reading.words_before(field, place.end) + distance
        at = bisect_left(starts, place.end)
        while at < len(second) and ranks[at] <= furthest:
            other = second[at]
            looked_at += 1
            if looked_at > _MOST_PAIRS:
                return
            if (place.start, other.end) not in seen:
                seen.add((place.start, other.end))
                yield Place(place.start, other.end, place.terms + other.terms)
            at += 1


_FINDERS: Final[dict[type, Callable[[Any, Folded], Iterator[tuple[int, int]]]]] = {
    Phrase: lambda node, folded: read_name(node.text).find(folded),
    Prefix: lambda node, folded: read_prefix(node.text).find(folded),
    Hashtag: lambda node, folded: find_entity(folded, "#", entity_key(node.tag)),
    Handle: lambda node, folded: find_entity(folded, "@", entity_key(node.handle)),
    Cashtag: lambda node, folded: find_entity(folded, "$", entity_key(node.symbol)),
    Raw: lambda node, folded: _raw(node.text, folded.original),
    TagWords: lambda node, folded: _tag_words(read_name(node.text).pieces, folded.original),
}
"""How each kind of term is found: in the folded text, the last two in the original."""
