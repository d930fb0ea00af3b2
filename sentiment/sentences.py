"""Find the sentence, the clause and the words around a name, and tell who loses a comparison.

A sentence ends with its signs before a space, or where a script needs none. A clause
is cut out where another brand stands in the sentence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sentiment.memo import Memo

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LOSING_TOKENS", "WINDOW", "clause_at", "loses", "sentence_at", "sentence_ends", "window_at"]

WINDOW: Final = 8
"""Tokens on either side of a name."""

_LEAST_SAID: Final = 2
"""Tokens that a clause has besides the name of its brand."""
_SENTENCE_END: Final = re.compile(
    r"""
    [.!?\u2026\u3002\uff01\uff1f\u0964\u0965\u061f\n]     # first of all, so that it is searched for and not tried at every place
    (?:(?<=[.!?\u2026])[.!?\u2026]*[)"'\u201d\u2019]*(?=\s|$)
    |(?<=[\u3002\uff01\uff1f\u0964\u0965\u061f])[\u3002\uff01\uff1f\u0964\u0965\u061f]*
    |(?<=\n)\n*)
    """,
    re.VERBOSE,
)
_MORE_SIGNS: Final = "\u2026\u3002\uff01\uff1f\u0964\u0965\u061f"
"""Signs that end sentences beyond ASCII."""
_TOKEN: Final = re.compile(r"\S+")
_CLAUSE: Final = re.compile(
    r"[,;:\u2014\u2013\u060c\u3001]|\s-+\s|\b(?:but|while|whereas|although|though|however|yet|unlike|and|or)\b",
    re.IGNORECASE,
)
_STRONG_CLAUSE: Final = re.compile(
    r"[;\u2014\u2013]|\b(?:but|while|whereas|although|though|however|yet)\b", re.IGNORECASE
)
_STRONG_SIGNS: Final = (";", "but", "whi", "whe", "though", "how", "yet")
_WEAK_SIGNS: Final = (*",:-", "unl", "and", "or")
"""Of ASCII, one of these is in whatever ends a clause, in lower case."""
_LOSER: Final = re.compile(
    r"""
    (?:\b(?:\w+er|worse|more\s+\w+|less\s+\w+)\s+than      # better than Acme
    |\b(?:superior|inferior|preferable)\s+to              # superior to Acme
    |\bprefer\b[^.!?]*?\b(?:to|over)                      # prefer Globex to Acme
    |\b(?:beats|outperforms|outclasses|destroys|crushes)) # beats Acme
    \s+(?:[\w']+\s+){0,2}?[#@]?$
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""What stands right before the side of a comparison that loses what the first side wins."""
_LOSING: Final = ("than", "to", "over", "beats", "outperforms", "outclasses", "destroys", "crushes")
LOSING_TOKENS: Final = 4
"""One of so many last tokens ends with one of those words then: at most two words and a sign stand behind it."""
_MEMO_LIMIT: Final = 1 << 13
_NO_COMPARISON: Final = re.compile(
    r"\b(?:other|rather|earlier|later|never|ever|sooner)\s+than\s+(?:[\w']+\s+){0,2}?[#@]?$", re.IGNORECASE
)


def sentence_ends(text: str) -> list[tuple[int, int]]:
    """Return where sentences end: from where to where the signs stand."""
    if not ("." in text or "!" in text or "?" in text or "\n" in text) and (
        text.isascii() or True not in [sign in text for sign in _MORE_SIGNS]
    ):
        return []
    return [found.span() for found in _SENTENCE_END.finditer(text)]


def sentence_at(ends: Sequence[tuple[int, int]], start: int, end: int, length: int) -> tuple[int, int]:
    """Return the bounds of the sentence that holds [start, end), given where sentences end."""
    first = 0
    for begin, behind in ends:
        if behind <= start:
            first = behind
        elif begin >= end:
            return first, behind
    return first, length


def clause_at(
    text: str, sentence: tuple[int, int], own: tuple[int, int], others: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """Return the sentence less the clauses of other brands in it."""
    first, last = sentence
    for start, end in others:
        if first <= start and end <= own[0]:
            first = _cut(text, end, own[0]) or first
        elif own[1] <= start and end <= last:
            last = _cut(text, own[1], start) or last
    return first, last


def _cut(text: str, first: int, last: int) -> int | None:
    """Return where one clause ends between two brands, None where there is no such place.

    A comma or "and" ends one only where more than the name stands before it
    and the other brand begins what follows: "Acme and Globex" share a clause.
    """
    between = text[first:last].lower()
    may_end = not between.isascii()  # other letters may count as those of ASCII where case is ignored
    if may_end or True in [sign in between for sign in _STRONG_SIGNS]:
        strong = _STRONG_CLAUSE.search(text, first, last)
        if strong:
            return strong.start()
    elif True not in [sign in between for sign in _WEAK_SIGNS]:
        return None
    for found in _CLAUSE.finditer(text, first, last):
        said = len(_TOKEN.findall(text, first, found.start()))
        leading = len(_TOKEN.findall(text, found.end(), last))
        if said >= _LEAST_SAID and leading < _LEAST_SAID:
            return found.start()
    return None


def window_at(text: str, first: int, last: int, own: tuple[int, int]) -> tuple[int, int, list[str]]:
    """Return the bounds of at most WINDOW tokens on either side, within [first, last), and the last ones before."""
    before, behind = text[first : own[0]], text[own[1] : last]
    head = before.rsplit(None, WINDOW)
    if len(head) > WINDOW:
        first = own[0] - len(before[len(head[0]) :].lstrip())
    tail = behind.split(None, WINDOW)
    if len(tail) > WINDOW:
        last = own[1] + len(behind[: len(behind) - len(tail[-1])].rstrip())
    return first, last, head[-LOSING_TOKENS:]


_ENDS_LOSING: Final[Memo[bool]] = Memo(lambda token: token.casefold().endswith(_LOSING), _MEMO_LIMIT)


def loses(tokens: Sequence[str], before: str) -> bool:
    """Say whether what follows `before`, whose last tokens are given, loses a comparison."""
    return (
        True in map(_ENDS_LOSING.__getitem__, tokens)
        and _LOSER.search(before) is not None
        and not _NO_COMPARISON.search(before)
    )
