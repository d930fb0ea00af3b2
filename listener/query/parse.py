"""Read a tracked expression: text to tree.

NOT binds tightest, then NEAR, then AND, then OR; a bare space is AND. AND and
OR side by side without parentheses are refused, since people read them both
ways. Every error points at a column and says what was expected.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from listener.errors import QueryError
from listener.frozen import dataclass
from listener.query.leaves import read_quoted, read_word
from listener.query.places import has_place
from listener.query.tree import And, Near, Not, Or, children_of

if TYPE_CHECKING:
    from listener.query.tree import Node

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "parse"]

MAX_LENGTH: Final = 65_536
"""A tracked expression has at most so many code points."""

MAX_DEPTH: Final = 50
"""Parentheses may be nested so deep."""

MAX_TREE_DEPTH: Final = 120
"""So deep may a tree be; a chain of NEARs adds a level each."""

MAX_CHAIN: Final = 20
"""So many NEARs may follow each other."""

MAX_DISTANCE: Final = 100
"""NEAR takes at most so many words between."""

_TOKEN: Final = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<open>[(\uff08])
    | (?P<close>[)\uff09])
    | (?P<near>NEAR(?:/(?P<distance>\d+)(?P<ordered>f?))?(?=[\s()"\u201c\u201d]|$))
    | (?P<operator>(?:AND|OR|NOT)(?=[\s()"\u201c\u201d]|$))
    | (?P<minus>-(?=[^\s)]))
    | (?P<quoted>(?:(?P<field>[A-Za-z]+):)?["\u201c\u201d\u201e](?P<inside>(?:[^"\\\u201c\u201d]|\\.)*)["\u201c\u201d](?P<star>\*)?(?:~(?P<within>\d+))?)
    | (?P<unclosed>(?:[A-Za-z]+:)?["\u201c\u201d\u201e])
    | (?P<word>[^\s()"\u201c\u201d\u201e\uff08\uff09]+)
    """,
    re.VERBOSE | re.DOTALL,
)

_NEAR_WITHOUT_NUMBER: Final = "NEAR needs a number of words, such as NEAR/5 (either order) or NEAR/5f (in this order)"
_FOREIGN_OPERATORS: Final = {"&&": "AND", "||": "OR", "|": "OR"}
_COMPARISONS: Final = re.compile(r"(?!<3$)(?:[<>]=?|==?)\d*")
"""A comparison without its counter; <3 is a heart."""
_SINGLE_QUOTES: Final = "'\u2018\u2019"
_LONGEST_QUOTED_LETTER: Final = 3
"""Signs of 'n', as in rock 'n' roll: a longer word between single quotes is meant as a phrase."""
_LOWER_OPERATORS: Final = re.compile(r"and|or|not|(?i:near)/\d*f?")


@dataclass(frozen=True, slots=True)
class _Token:
    """One piece of the expression; `column` counts from 1."""

    kind: str
    text: str
    column: int
    end: int
    parts: re.Match[str]


@dataclass(frozen=True, slots=True)
class _Operand:
    """A tree with the text it was read from, for messages."""

    node: Node
    source: str
    column: int


def parse(text: str) -> Node:
    """Return the tree of a tracked expression.

    Raises QueryError, with the column counted in code points from 1.
    """
    if len(text) > MAX_LENGTH:
        msg = f"the expression has {len(text)} characters; at most {MAX_LENGTH} are read"
        raise QueryError(msg, column=MAX_LENGTH + 1)
    stray = _SURROGATE.search(text)
    if stray is not None:
        msg = "the expression holds half a character, which is no text; write it in UTF-8"
        raise QueryError(msg, column=stray.start() + 1)
    tokens = _tokens(text)
    if not tokens:
        msg = "the expression is empty; write a word, a phrase in quotes or a field such as author:acme"
        raise QueryError(msg, column=1)
    _check_single_quotes(tokens)
    parser = _Parser(text, tokens)
    node = parser.expression(0)
    parser.finish()
    if not _is_shallow(node):
        msg = f"the expression is nested deeper than {MAX_TREE_DEPTH}; split it with AND or OR"
        raise QueryError(msg, column=1)
    return node


def _is_shallow(node: Node) -> bool:
    """Say whether every leaf is within the depth that the evaluator walks."""
    level: list[Node] = [node]
    for _ in range(MAX_TREE_DEPTH):
        level = [child for parent in level for child in children_of(parent)]
        if not level:
            return True
    return False


def _tokens(text: str) -> list[_Token]:
    """Cut an expression into tokens."""
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:  # pragma: no cover - every character is of some token
            msg = f"{text[at]!r} cannot be read here"
            raise QueryError(msg, column=at + 1)
        kind = next(name for name in _KINDS if found[name] is not None)
        if kind == "unclosed":
            msg = 'this quote is never closed; expected a closing " after the phrase'
            raise QueryError(msg, column=found.end())
        if kind != "space":
            tokens.append(_Token(kind, found[0], at + 1, found.end(), found))
        at = found.end()
    return tokens


_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_KINDS: Final = ("space", "open", "close", "near", "operator", "minus", "quoted", "unclosed", "word")
_BEGINS: Final = frozenset({"open", "minus", "quoted", "word"})


class _Parser:
    """Read tokens from left to right; depth is bounded."""

    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._at = 0

    def finish(self) -> None:
        """Refuse what stands after a whole expression."""
        token = self._peek()
        if token is not None:
            msg = f'"{token.text[:40]}" closes nothing; expected an operator or the end'
            raise QueryError(msg, column=token.column)

    def expression(self, depth: int) -> Node:
        """Read operands joined by AND or OR, not by both."""
        operands = [self._near(depth)]
        operators: list[str] = []
        while (token := self._peek()) is not None and token.kind != "close":
            if token.kind == "operator" and token.text in {"AND", "OR"}:
                self._at += 1
                operators.append(token.text)
            elif token.kind in _BEGINS or token.kind == "operator":
                operators.append("AND")
            else:
                raise self._unexpected(token)
            operands.append(self._near(depth))
            if operators[-1] != operators[0]:
                self._refuse_mixture(operands, operators, token)
        if not operators:
            return operands[0].node
        nodes = [operand.node for operand in operands]
        return _flat_and(nodes) if operators[0] == "AND" else _flat_or(nodes)

    def _refuse_mixture(self, operands: list[_Operand], operators: list[str], token: _Token) -> None:
        """Raise the error that shows both readings of AND beside OR."""
        ands = _reading(operands, operators, "AND", "OR")
        ors = _reading(operands, operators, "OR", "AND")
        msg = f"AND (or a bare space) and OR stand side by side; write {ands} or write {ors}"
        raise QueryError(msg, column=token.column)

    def _near(self, depth: int) -> _Operand:
        """Read operands joined by NEAR, from left to right."""
        left = self._unary(depth)
        links = 0
        while (token := self._peek()) is not None and token.kind == "near":
            self._at += 1
            links += 1
            if links > MAX_CHAIN:
                msg = f"more than {MAX_CHAIN} NEARs in a row; join some of the words with OR in parentheses"
                raise QueryError(msg, column=token.column)
            distance = self._distance(token)
            right = self._unary(depth)
            for operand in (left, right):
                _check_near(operand)
            node = Near(left.node, right.node, distance, token.parts["ordered"] == "f")
            left = _Operand(node, f"{left.source} {token.text} {right.source}", left.column)
        return left

    def _distance(self, token: _Token) -> int:
        """Return how many words a NEAR allows between."""
        digits = token.parts["distance"]
        if digits is None:
            raise QueryError(_NEAR_WITHOUT_NUMBER, column=token.column)
        if len(digits) > len(str(MAX_DISTANCE)) or int(digits) > MAX_DISTANCE:
            msg = f"NEAR allows at most {MAX_DISTANCE} words between; write AND where distance does not matter"
            raise QueryError(msg, column=token.column)
        return int(digits)

    def _unary(self, depth: int) -> _Operand:
        """Read an operand with the NOTs before it."""
        first = self._peek()
        count = 0
        while (token := self._peek()) is not None and (token.kind == "minus" or token.text == "NOT"):
            self._at += 1
            count += 1
        operand = self._primary(depth)
        if not count or first is None:
            return operand
        node = Not(operand.node) if count % 2 else operand.node
        return _Operand(node, self._text[first.column - 1 : self._tokens[self._at - 1].end], first.column)

    def _primary(self, depth: int) -> _Operand:
        """Read a leaf or an expression in parentheses."""
        token = self._peek()
        if token is None:
            msg = "the expression ends here; expected a word, a phrase in quotes or an opening parenthesis"
            raise QueryError(msg, column=len(self._text) + 1)
        if token.kind == "open":
            return self._group(token, depth)
        if token.kind == "quoted":
            self._at += 1
            return _Operand(read_quoted(token.parts, token.column), token.text, token.column)
        if token.kind == "word":
            self._at += 1
            _check_word(token)
            return _Operand(read_word(token.text, token.column), token.text, token.column)
        raise self._unexpected(token)

    def _group(self, token: _Token, depth: int) -> _Operand:
        """Read an expression in parentheses."""
        if depth >= MAX_DEPTH:
            msg = f"parentheses are nested deeper than {MAX_DEPTH}"
            raise QueryError(msg, column=token.column)
        self._at += 1
        node = self.expression(depth + 1)
        closing = self._peek()
        if closing is None:
            msg = "this parenthesis is never closed; expected )"
            raise QueryError(msg, column=token.column)
        self._at += 1
        return _Operand(node, self._text[token.column - 1 : closing.end], token.column)

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _unexpected(self, token: _Token) -> QueryError:
        msg = f'"{token.text[:40]}" cannot stand here; expected a word, a phrase in quotes or an opening parenthesis'
        return QueryError(msg, column=token.column)


def _check_word(token: _Token) -> None:
    """Refuse a word that is surely meant as an operator: it would silently be looked for as a word."""
    word = token.text
    if word.startswith("NEAR/"):
        msg = _NEAR_WITHOUT_NUMBER
    elif word in _FOREIGN_OPERATORS:
        msg = f'"{word}" is no operator; write {_FOREIGN_OPERATORS[word]}, or "{word}" in quotes for the sign itself'
    elif _COMPARISONS.fullmatch(word):
        msg = f'"{word}" stands right between a counter and a number, such as followers>1000; in quotes it is the sign itself'
    elif word[-1] in ",;":
        msg = f'"{word[:40]}" ends with a sign that each text would have to have there; leave it out, or write OR, or quote it'
    elif word[0] == "~":
        msg = '~ stands right behind a phrase, with a number of words behind it, such as "fast delivery"~3'
    elif _LOWER_OPERATORS.fullmatch(word):
        msg = f'"{word}" is an operator only in capitals; write {word.upper()}, or "{word}" in quotes for the word'
    else:
        return
    raise QueryError(msg, column=token.column)


def _check_single_quotes(tokens: list[_Token]) -> None:
    """Refuse words between single quotes, which would be looked for with them."""
    opening: _Token | None = None
    for token in tokens:
        if token.kind != "word":
            opening = None
            continue
        is_closing = token.text[-1] in _SINGLE_QUOTES and len(token.text) > 1
        if token.text[0] in _SINGLE_QUOTES and len(token.text) > 1:
            opening = None if is_closing and len(token.text) <= _LONGEST_QUOTED_LETTER else token
        if opening is not None and is_closing:
            msg = 'single quotes hold no phrase together; write it in double ones, such as "acme rockets"'
            raise QueryError(msg, column=opening.column)


def _flat_and(nodes: list[Node]) -> Node:
    """Return the conjunction of nodes, each once, without conjunctions inside."""
    flat = [child for node in nodes for child in (node.children if isinstance(node, And) else (node,))]
    distinct = tuple(dict.fromkeys(flat))
    return distinct[0] if len(distinct) == 1 else And(distinct)


def _flat_or(nodes: list[Node]) -> Node:
    """Return the alternative of nodes, each once, without alternatives inside."""
    flat = [child for node in nodes for child in (node.children if isinstance(node, Or) else (node,))]
    distinct = tuple(dict.fromkeys(flat))
    return distinct[0] if len(distinct) == 1 else Or(distinct)


def _reading(operands: list[_Operand], operators: list[str], tight: str, loose: str) -> str:
    """Write a mixture as it reads where `tight` binds before `loose`."""
    groups = [[operands[0].source[:60]]]
    for operator, operand in zip(operators, operands[1:], strict=True):
        if operator == tight:
            groups[-1].append(operand.source[:60])
        else:
            groups.append([operand.source[:60]])
    written = [group[0] if len(group) == 1 else f"({f' {tight} '.join(group)})" for group in groups[-4:]]
    return f" {loose} ".join(written)


def _check_near(operand: _Operand) -> None:
    """Refuse what has no place in a text beside NEAR."""
    if not has_place(operand.node):
        msg = (
            f"{operand.source[:60]} cannot stand beside NEAR; expected a word, a phrase, a tag, "
            "or several of them joined by OR in parentheses"
        )
        raise QueryError(msg, column=operand.column)
