"""Hold the tracked expression of a brand as a tree.

The tree is what is versioned, evaluated and compiled; the text users write is
only one way to get it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

__all__ = [
    "And",
    "Author",
    "Bound",
    "Cashtag",
    "Field",
    "Handle",
    "Hashtag",
    "Near",
    "Node",
    "Not",
    "Or",
    "Phrase",
    "Prefix",
    "Query",
    "Raw",
    "TagWords",
    "Title",
    "children_of",
    "format_tree",
]


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
class Prefix:
    """A word, or the last word of a phrase, that begins with `text`."""

    text: str


@dataclass(frozen=True, slots=True)
class Raw:
    """Exactly this text: case, accents and punctuation as written."""

    text: str


@dataclass(frozen=True, slots=True)
class TagWords:
    """These words one after another inside a hashtag written in CamelCase: #LoveAcmeCoffee."""

    text: str


@dataclass(frozen=True, slots=True)
class Title:
    """A word or phrase that stands in the title."""

    child: Phrase | Prefix | Raw


@dataclass(frozen=True, slots=True)
class Field:
    """A property has this value.

    `name` and `value`: ``site`` a host (those below it too), ``url`` a text in
    the address of the mention or of something it links to, ``lang`` a BCP 47 tag
    (its varieties too) that we identified, ``source`` a source's name,
    ``subreddit`` its name without r/, ``kind`` the kind of mention, ``country``
    an ISO 3166 code, ``is`` repost, reply or quote, ``has`` link or media.
    """

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Bound:
    """A number within a bound; `measure` such as followers, `operator` such as >=.

    A number that is not known is within no bound.
    """

    measure: str
    operator: str
    value: float


@dataclass(frozen=True, slots=True)
class Near:
    """Both in one field, with at most `distance` words between; in this order if `ordered`."""

    left: Node
    right: Node
    distance: int
    ordered: bool = False


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


Node = (
    Phrase
    | Prefix
    | Raw
    | Hashtag
    | TagWords
    | Handle
    | Cashtag
    | Author
    | Title
    | Field
    | Bound
    | Near
    | Not
    | And
    | Or
)


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
    """Write a tree as canonical text: children of AND and OR flat, sorted, each once."""
    match node:
        case And() | Or():
            word = "AND" if isinstance(node, And) else "OR"
            parts = sorted({format_tree(child) for child in _flat(node)})
            return f"({f' {word} '.join(parts)})" if len(parts) > 1 else parts[0]
        case Not(child):
            return f"NOT {format_tree(child)}"
        case Near(left, right, distance, ordered):
            first, second = format_tree(left), format_tree(right)
            if ordered:
                return f"({first} NEAR/{distance}f {second})"
            first, second = sorted((first, second))
            return f"({first} NEAR/{distance} {second})"
        case Title(child):
            return f"title:{format_tree(child)}"
        case _:
            return _format_leaf(node)


def children_of(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below a node, none below a leaf."""
    match node:
        case And(children) | Or(children):
            return children
        case Near(left, right):
            return (left, right)
        case Not(child) | Title(child):
            return (child,)
    return ()


def _flat(node: And | Or) -> list[Node]:
    """Return the children of an AND or OR, those of a nested one of its kind among them."""
    children: list[Node] = []
    for child in node.children:
        if isinstance(child, And | Or) and type(child) is type(node):
            children.extend(_flat(child))
        else:
            children.append(child)
    return children


def _format_leaf(node: Node) -> str:
    """Write a leaf as the parser reads it."""
    match node:
        case Phrase(text):
            return _quoted(text)
        case Prefix(text):
            return f"{_quoted(text)}*"
        case Raw(text) | TagWords(text):
            return f"{_FIELDS[type(node)]}:{_quoted(text)}"
        case Field("url", value):
            return f"url:{_quoted(value)}"
        case Field(name, value):
            return f"{name}:{value}"
        case Bound(measure, operator, value):
            return f"{measure}{operator}{value:.12g}"
        case Hashtag(text) | Handle(text) | Cashtag(text) | Author(text):
            return f"{_FIELDS[type(node)]}{text}"
        case _:
            msg = f"{type(node).__name__} is not a leaf"
            raise TypeError(msg)


_FIELDS: Final[dict[type, str]] = {
    Hashtag: "#",
    Handle: "@",
    Cashtag: "$",
    Author: "author:",
    Raw: "raw",
    TagWords: "hashtag",
}


def _quoted(text: str) -> str:
    """Write a text between quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
