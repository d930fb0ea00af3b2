"""Search folded text for many strings at once: the automaton of Aho and Corasick (1975)."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Final

from ahocorasick_rs import BytesAhoCorasick, Implementation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["automaton_of"]

_MOST_TABLE_BYTES: Final = 32 << 20
_CELL_BYTES: Final = 4


def automaton_of(strings: Iterable[str]) -> BytesAhoCorasick:
    """Return what finds the strings in the bytes of `listener.query.text.fold_to_bytes`.

    The strings are folded, none is empty; hits name them by their position. With
    a table of all transitions a byte costs one look-up; where that table would be
    large, the automaton keeps the transitions it needs and takes about twice the time.
    """
    patterns = [string.encode() for string in strings]
    fits = _table_bytes(patterns) <= _MOST_TABLE_BYTES
    return BytesAhoCorasick(patterns, implementation=Implementation.DFA if fits else Implementation.ContiguousNFA)


def _table_bytes(patterns: Sequence[bytes]) -> int:
    """Estimate the size of a table of each state (a beginning of a pattern) by each byte that occurs."""
    states = 0
    before = b""
    for pattern in sorted(patterns):
        states += len(pattern) - sum(takewhile(bool, map(int.__eq__, before, pattern)))
        before = pattern
    columns = len(set().union(*patterns)) + 1
    return states * _CELL_BYTES * (1 << columns.bit_length())
