"""Widen a tree to what a service can be asked: leaves as native text, NOT only on leaves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from listener.frozen import dataclass
from listener.query.characters import KINDS, SOFT_BREAKS
from listener.query.terms import read_name
from listener.query.tree import (
    And,
    Author,
    Cashtag,
    Handle,
    Hashtag,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Raw,
    TagWords,
    Title,
    format_tree,
)

if TYPE_CHECKING:
    from listener.query.compile import Dialect

__all__ = ["Alternatives", "Both", "Expression", "Leaf", "Widener", "join_leaves", "shorten"]

_RESERVED = frozenset({"AND", "OR", "NOT", "NEAR", "TO"})
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\"\\\u2122\u00ae\u00a9\u2120\u200b\s\ud800-\udfff]+")
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]+")
"""Soft hyphens, marks of direction and their like, which come along when a name is copied: no service knows the name with them."""
_SOFT_BREAKS = re.compile(f"[{''.join(sorted(SOFT_BREAKS))}]+")


@dataclass(frozen=True, slots=True)
class Leaf:
    """Hold one native term; `source` is the condition it stands for."""

    text: str
    source: str
    is_positive: bool = True

    @property
    def n_leaves(self) -> int:
        """Return 1: what a leaf counts against a limit of terms."""
        return 1


@dataclass(frozen=True, slots=True)
class Both:
    """Hold conditions that must all hold; never one inside another."""

    parts: tuple[Expression, ...]

    @property
    def is_positive(self) -> bool:
        """Say whether something must occur for this to hold."""
        return any(part.is_positive for part in self.parts)

    @property
    def source(self) -> str:
        """Return the conditions it stands for."""
        return " AND ".join(part.source for part in self.parts)

    @property
    def n_leaves(self) -> int:
        """Return how many terms it counts against a limit."""
        return sum(part.n_leaves for part in self.parts)


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Hold conditions of which one must hold; never one inside another."""

    parts: tuple[Expression, ...]

    @property
    def is_positive(self) -> bool:
        """Say whether something must occur for any of them to hold."""
        return all(part.is_positive for part in self.parts)

    @property
    def source(self) -> str:
        """Return the conditions it stands for."""
        return "(" + " OR ".join(dict.fromkeys(part.source for part in self.parts)) + ")"

    @property
    def n_leaves(self) -> int:
        """Return how many terms it counts against a limit."""
        return sum(part.n_leaves for part in self.parts)


Expression = Leaf | Both | Alternatives


def join_leaves(parts: tuple[Expression, ...]) -> Expression:
    """Return the conjunction of parts, flat; a single one stands for itself."""
    flat: list[Expression] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Both) else (part,))
    distinct = tuple(dict.fromkeys(flat))
    return distinct[0] if len(distinct) == 1 else Both(distinct)


def shorten(leaf: Leaf, limit: int) -> str | None:
    """Return the longest beginning of a phrase, whole words, that has at most `limit` characters.

    None where not even its first word fits, or it is not a phrase, or must not occur.
    """
    if not leaf.is_positive or not leaf.text.startswith('"'):
        return None
    words = leaf.text.strip('"').split(" ")
    while len(words) > 1:
        words.pop()
        text = '"' + " ".join(words) + '"'
        if len(text) <= limit:
            return text
    return None


class Widener:
    """Turn trees into native expressions; `dropped` collects what is left to the local filter."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.dropped: set[str] = set()

    def widen(self, node: Node, *, negated: bool = False) -> Expression | None:
        """Return an expression that holds wherever the node does; None: it holds anywhere."""
        match node:
            case Not(child):
                return self.widen(child, negated=not negated)
            case Near(left, right) if not negated:
                self.dropped.add(format_tree(node))  # how near is decided locally
                return self._all((left, right), negated=False)
            case And(children):
                return self._either(children, negated=True) if negated else self._all(children, negated=False)
            case Or(children):
                return self._all(children, negated=True) if negated else self._either(children, negated=False)
            case _:
                leaf = self._forbidden(node) if negated else self._wanted(node)
                if leaf is None:
                    self.dropped.add(f"NOT {format_tree(node)}" if negated else format_tree(node))
                return leaf

    def obstacle(self, node: Node) -> str:
        """Return the part of the tree for which nothing positive can be asked."""
        if isinstance(node, Or):
            for child in node.children:
                if _is_met(child):
                    continue
                expression = self.widen(child)
                if expression is None or not expression.is_positive:
                    return self.obstacle(child)
        if isinstance(node, And):
            wanted = [child for child in node.children if not isinstance(child, Not)]
            if len(wanted) == 1:  # what is excluded, such as own accounts, has no part in it
                return self.obstacle(wanted[0])
        return format_tree(node)

    def _all(self, children: tuple[Node, ...], *, negated: bool) -> Expression | None:
        widened = [self.widen(child, negated=negated) for child in children]
        parts: list[Expression] = []
        for part in widened:
            if part is None:
                continue
            if isinstance(part, Alternatives) and not part.is_positive:
                self.dropped.add(part.source)  # (a OR NOT b) cannot be asked; without it the selection is wider
                continue
            parts.append(part)
        return join_leaves(tuple(parts)) if parts else None

    def _either(self, children: tuple[Node, ...], *, negated: bool) -> Expression | None:
        flat: list[Expression] = []
        for child in children:
            if not negated and (_is_met(child) or self._is_nobody(child)):
                self.dropped.add(format_tree(child))
                continue
            part = self.widen(child, negated=negated)
            if part is None:
                return None
            flat.extend(part.parts if isinstance(part, Alternatives) else (part,))
        distinct = tuple(dict.fromkeys(flat))
        if not distinct:
            return None
        return distinct[0] if len(distinct) == 1 else Alternatives(distinct)

    def _wanted(self, node: Node) -> Expression | None:
        """Return what to ask for a leaf that must hold; None where it cannot be asked for."""
        dialect = self._dialect
        source = format_tree(node)
        match node:
            case Phrase(text):
                return self._spellings(text, source)
            case Hashtag(tag):
                return Leaf(f"#{_seen(tag)}", source) if dialect.hashtags else self._spellings(tag, source)
            case Handle(handle):
                can_be = dialect.handles and self._can_be(handle)
                return Leaf(f"@{handle}", source) if can_be else self._words(handle, source)
            case Cashtag(symbol):
                return Leaf(f"${symbol}", source) if dialect.cashtags else self._words(symbol, source)
            case Author(handle) if dialect.authors and self._can_be(handle):
                return Leaf(f"{dialect.author_prefix}{handle}", source)
            case Title(Phrase(text) | Raw(text)) | Raw(text):
                self.dropped.add(source)  # where it stands and how it is written is decided locally
                return self._spellings(text, source)
        return None

    def _can_be(self, account: str) -> bool:
        """Say whether the service can have an account of that name."""
        return not self._dialect.accounts or re.fullmatch(self._dialect.accounts, account, re.ASCII) is not None

    def _is_nobody(self, node: Node) -> bool:
        """Say whether a condition asks for an author the service cannot have."""
        return isinstance(node, Author) and not self._can_be(node.handle)

    def _spellings(self, text: str, source: str) -> Expression | None:
        """Return a word or phrase as native text; one with a break that may be left out, with and without it."""
        spellings = dict.fromkeys((_seen(text), _SOFT_BREAKS.sub("", _seen(text))))
        asked = [self._words(spelling, source) for spelling in spellings]
        parts = [leaf for part in asked if part for leaf in (part.parts if isinstance(part, Alternatives) else (part,))]
        if not parts or None in asked:
            return None
        return parts[0] if len(parts) == 1 else Alternatives(tuple(dict.fromkeys(parts)))

    def _words(self, text: str, source: str) -> Expression | None:
        """Return a word or phrase as native text, with its hashtag where a word would not find it."""
        dialect = self._dialect
        plain = _UNPRINTABLE.sub(" ", text).strip()
        name = read_name(text)
        if not plain or not name.pieces or not (dialect.symbols or any(_has_letter(piece) for piece in name.pieces)):
            return None
        is_word = len(name.pieces) == 1 and name.is_plain and " " not in plain
        if is_word and plain.upper() not in _RESERVED and _is_one_word(plain):
            word: Expression = Leaf(plain, source)
            if dialect.hashtags and not dialect.words_find_hashtags and not plain.isdecimal():
                return Alternatives((word, Leaf(f"#{plain}", source)))
            return word
        if dialect.phrases:
            return Leaf(f'"{plain}"', source)
        self.dropped.add(source)
        words = [word for word in re.split(r"[\W_]+", plain) if word and word.upper() not in _RESERVED]
        return join_leaves(tuple(Leaf(word, source) for word in words)) if words else None

    def _forbidden(self, node: Node) -> Expression | None:
        """Return what to exclude for a leaf that must not hold; None where that could exclude more."""
        dialect = self._dialect
        if not dialect.negation:
            return None
        source = f"NOT {format_tree(node)}"
        match node:
            case Phrase(text) if read_name(text).is_plain:
                plain = _UNPRINTABLE.sub(" ", _SOFT_BREAKS.sub("", _seen(text))).strip()
                bare = _is_one_word(plain) and plain.upper() not in _RESERVED
                if (not bare and not dialect.phrases) or len(plain) == 1:  # a service takes C# and C++ for the letter
                    return None
                return Leaf(dialect.negation + (plain if bare else f'"{plain}"'), source, is_positive=False)
            case Hashtag(tag) if dialect.hashtags:
                return Leaf(f"{dialect.negation}#{_seen(tag)}", source, is_positive=False)
            case Handle(handle) if dialect.handles and self._can_be(handle):
                return Leaf(f"{dialect.negation}@{handle}", source, is_positive=False)
            case Cashtag(symbol) if dialect.cashtags:
                return Leaf(f"{dialect.negation}${symbol}", source, is_positive=False)
            case Author(handle) if dialect.authors and self._can_be(handle):
                return Leaf(f"{dialect.negation}{dialect.author_prefix}{handle}", source, is_positive=False)
        return None


def _is_met(node: Node) -> bool:
    """Say whether an alternative is only met, never asked for."""
    return isinstance(node, TagWords) and node.is_met


def _seen(text: str) -> str:
    """Return a text without what is not to be seen in it, and without breaks at its ends."""
    plain = _UNSEEN.sub("", text).strip()
    return plain.strip("".join(SOFT_BREAKS)).strip()


def _has_letter(piece: str) -> bool:
    return any(KINDS[character] for character in piece)


def _is_one_word(plain: str) -> bool:
    """Say whether a text needs no quotes: letters, digits and marks alone."""
    return all(KINDS[character] for character in plain)
