"""Hold the tracked expression of a brand as a tree.

The tree is what is versioned, evaluated and compiled; the text users write is
only one way to get it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

__all__ = ["And", "Author", "Cashtag", "Handle", "Hashtag", "Node", "Not", "Or", "Phrase", "Query", "format_tree"]


@dataclass(frozen=True, slots=True)
class Phrase:
    """One word, or several in this order; `text` as the user wrote it."""

    text: str


@dataclass(frozen=True, slots=True)
class Hashtag:
    """The hashtag of exactly this word; `tag` without #."""

    tag: str


@dataclass(frozen=True, slots=True)
class Handle:
    """A mention of an account in the text; `handle` without @."""

    handle: str


@dataclass(frozen=True, slots=True)
class Cashtag:
    """A ticker symbol in the text; `symbol` without $."""

    symbol: str


@dataclass(frozen=True, slots=True)
class Author:
    """Written by this account; compared without case; `handle` without @."""

    handle: str


@dataclass(frozen=True, slots=True)
class Not:
    """Everything the child does not match."""

    child: Node


@dataclass(frozen=True, slots=True)
class And:
    """All of the children, two or more."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of the children, two or more."""

    children: tuple[Node, ...]


Node = Phrase | Hashtag | Handle | Cashtag | Author | Not | And | Or


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Hold the tracked expression of one brand.

    `version` is a hash of the canonical tree: the same expression written in
    another way has the same version. `names` are what the brand is called in
    texts (its name and keywords): the scorer masks them.
    """

    brand: str
    tree: Node
    version: str
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, brand: str, tree: Node, names: tuple[str, ...] = ()) -> Query:
        """Return the query of a tree, its version computed."""
        digest = hashlib.sha256(format_tree(tree).encode()).hexdigest()
        return cls(brand=brand, tree=tree, version=digest[:12], names=names)

    @property
    def text(self) -> str:
        """Return the canonical expression, which parses to the same tree."""
        return format_tree(self.tree)


def format_tree(node: Node) -> str:
    """Write a tree as canonical text: children of AND and OR sorted, each once."""
    match node:
        case Phrase(text):
            escaped = text.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case Hashtag(tag):
            return f"#{tag}"
        case Handle(handle):
            return f"@{handle}"
        case Cashtag(symbol):
            return f"${symbol}"
        case Author(handle):
            return f"author:{handle}"
        case Not(child):
            return f"NOT {format_tree(child)}"
        case And(children):
            return "(" + " AND ".join(sorted({format_tree(child) for child in children})) + ")"
        case Or(children):
            return "(" + " OR ".join(sorted({format_tree(child) for child in children})) + ")"
