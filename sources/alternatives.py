"""Leave out the searches that another one covers, where each alternative of a query costs a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["widest"]

_TERM: Final = re.compile(r'"([^"]*)"|(\S+)')

Terms = tuple[tuple[str, ...], ...]


def widest(searches: Sequence[str]) -> tuple[str, ...]:
    """Return those of `searches` that together find what all of them find, in their order.

    Each is words and "phrases" of which all must occur. One that holds every word
    and phrase of another finds nothing that the other does not: it is left out.
    """
    read = {text: _terms(text) for text in dict.fromkeys(searches)}
    kept: list[str] = []
    for text, terms in read.items():
        is_wider = [other for other in read if other != text and _covers(read[other], terms)]
        if not any(other in kept or not _covers(terms, read[other]) for other in is_wider):
            kept.append(text)
    return tuple(kept)


def _terms(text: str) -> Terms:
    """Return the words and phrases of a search, each as its words, in one case."""
    return tuple(tuple((phrase or word).casefold().split()) for phrase, word in _TERM.findall(text))


def _covers(wide: Terms, narrow: Terms) -> bool:
    """Say whether each term of `wide` stands, word after word, in a term of `narrow`."""
    return bool(wide) and all(any(_stands(term, other) for other in narrow) for term in wide)


def _stands(term: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return any(other[at : at + len(term)] == term for at in range(len(other) - len(term) + 1))
