"""Hold the tracked expression of a brand as a tree.

The tree is what is versioned, evaluated and compiled; the text users write is
only one way to get it.
"""

from __future__ import annotations

import hashlib
from typing import Final

from listener.frozen import dataclass

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
    "canonical",
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
    """These words one after another inside a hashtag written in CamelCase: #LoveAcmeCoffee.

    With `is_met` it is an alternative that counts where it comes along: no service
    is asked for it, since hardly any can search inside hashtags.
    """

    text: str
    is_met: bool = False


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
    """Write a tree as canonical text, which the parser reads as the canonical tree."""
    return _write(canonical(node))


def canonical(node: Node) -> Node:
    """Return the tree that stands for all that mean the same by form alone.

    AND and OR are flat, their children sorted and each once; NOTs cancel each
    other; the sides of a NEAR in either order are sorted.
    """
    match node:
        case Not(Not(child)):
            return canonical(child)
        case Not(child):
            below = canonical(child)
            return below.child if isinstance(below, Not) else Not(below)
        case Near(left, right, distance, ordered):
            first, second = canonical(left), canonical(right)
            if not ordered:
                first, second = sorted((first, second), key=_write)
            return Near(first, second, distance, ordered)
        case And(children) | Or(children):
            kind = type(node)
            flat: dict[str, Node] = {}
            for child in map(canonical, children):
                for part in child.children if isinstance(child, And | Or) and type(child) is kind else (child,):
                    flat[_write(part)] = part
            parts = tuple(flat[text] for text in sorted(flat))
            return parts[0] if len(parts) == 1 else kind(parts)
    return node


def _write(node: Node) -> str:
    """Write a canonical tree as it stands."""
    match node:
        case And(children) | Or(children):
            word = " AND " if isinstance(node, And) else " OR "
            return f"({word.join(map(_write, children))})"
        case Not(child):
            return f"NOT {_write(child)}"
        case Near(left, right, distance, ordered):
            return f"({_write(left)} NEAR/{distance}{'f' if ordered else ''} {_write(right)})"
        case Title(child):
            return f"title:{_write(child)}"
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


def _format_leaf(node: Node) -> str:
    """Write a leaf as the parser reads it."""
    match node:
        case Phrase(text):
            return _quoted(text)
        case Prefix(text):
            return f"{_quoted(text)}*"
        case TagWords(text, is_met):
            return f"{'inhashtag' if is_met else 'hashtag'}:{_quoted(text)}"
        case Raw(text):
            return f"raw:{_quoted(text)}"
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
}


def _quoted(text: str) -> str:
    """Write a text between quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
