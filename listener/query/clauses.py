"""Tell which strings must occur in a text for an expression to be satisfied.

A clause is a set of alternatives of which at least one must occur; an expression
has several, all of which must be met. They are necessary, not sufficient: they
serve to find the few expressions worth evaluating on a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from listener.query.characters import KINDS, WORD
from listener.query.terms import entity_key, read_name
from listener.query.tree import (
    And,
    Cashtag,
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
    children_of,
)

__all__ = ["Atom", "Clause", "atoms_of", "necessary_clauses"]


class Atom(NamedTuple):
    """Hold a folded string, and whether a word must begin or end at its edges."""

    text: str
    begins_word: bool
    ends_word: bool


Clause = frozenset[Atom]

Commonness = Callable[[Clause], tuple[float, int]]
"""Estimate in how many texts a clause is met; smaller is rarer."""


def atoms_of(node: Node) -> Iterator[Atom]:
    """Yield the atoms of every leaf of a tree that may be needed, those under NOT left out."""
    if isinstance(node, Not):
        return
    children = children_of(node)
    for child in children:
        yield from atoms_of(child)
    if not children:
        yield from _atoms(node)


def necessary_clauses(node: Node, commonness: Commonness) -> tuple[Clause, ...]:
    """Return the clauses of a tree; none where it may hold whatever the text is.

    `commonness` chooses among what would do.
    """
    match node:
        case And(children):
            return _together(children, commonness)
        case Near(left, right):
            return _together((left, right), commonness)
        case Or(children):
            alternatives = [necessary_clauses(child, commonness) for child in children]
            if not all(alternatives):
                return ()
            return (frozenset(atom for clauses in alternatives for atom in min(clauses, key=commonness)),)
        case Title(child):
            return necessary_clauses(child, commonness)
        case Not():
            return ()
    atoms = _atoms(node)
    return (min((frozenset((atom,)) for atom in atoms), key=commonness),) if atoms else ()


def _together(children: Iterable[Node], commonness: Commonness) -> tuple[Clause, ...]:
    """Return the clauses of several nodes that must all hold."""
    return tuple(dict.fromkeys(clause for child in children for clause in necessary_clauses(child, commonness)))


def _atoms(node: Node) -> tuple[Atom, ...]:
    """Return the strings without any of which a leaf cannot hold."""
    match node:
        case Phrase(text):
            return tuple(Atom(piece, _is_word(piece[0]), _is_word(piece[-1])) for piece in read_name(text).pieces)
        case Prefix(text):
            return tuple(Atom(piece, _is_word(piece[0]), ends_word=False) for piece in read_name(text).pieces)
        case Raw(text) | TagWords(text):
            return tuple(Atom(piece, begins_word=False, ends_word=False) for piece in read_name(text).pieces)
        case Hashtag(text) | Handle(text) | Cashtag(text):
            sigil = {Hashtag: "#", Handle: "@", Cashtag: "$"}[type(node)]
            return (Atom(sigil + entity_key(text), begins_word=False, ends_word=True),)
    return ()


def _is_word(character: str) -> bool:
    return bool(KINDS[character] & WORD)
