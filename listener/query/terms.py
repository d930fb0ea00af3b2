"""Find names in folded text: words, phrases, hashtags, handles, cashtags.

A name is cut at spaces and hyphens into pieces. Each piece must stand in the
text letter for letter, symbols included; between two pieces a short run of
characters that belong to no word may stand. Searching is linear in the text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from listener.frozen import dataclass
from listener.query.characters import EXTEND, KINDS, WORD
from listener.query.text import ends_word, fold, starts_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from listener.query.text import Folded

__all__ = ["Name", "entity_key", "find_entity", "read_name", "read_prefix"]

_GAP = re.compile(r"[\s\-]+")
_LONGEST_GAP = 24
"""Two words further apart than so many characters are no phrase; bounds the work on hostile texts."""
_FLAGS = re.compile("[\U0001f1e6-\U0001f1ff]+")
_CLITICS = frozenset({"s", "t", "d", "m", "ll", "re", "ve"})
"""What English writes after an apostrophe: "it's" does not name a brand called S."""
_LONGEST_SCRAP = max(map(len, _CLITICS))


@dataclass(frozen=True, slots=True)
class Name:
    """Hold a word or phrase ready to be searched for: its folded pieces.

    Where `is_open`, the last piece is only the beginning of a word.
    """

    pieces: tuple[str, ...]
    is_open: bool = False

    @property
    def anchor(self) -> str:
        """Return the piece to look for first: the longest."""
        return max(self.pieces, key=len)

    @property
    def is_plain(self) -> bool:
        """Say whether all pieces are made of letters, digits and marks alone."""
        return all(KINDS[character] for piece in self.pieces for character in piece)

    def find(self, folded: Folded) -> Iterator[tuple[int, int]]:
        """Yield the non-overlapping ranges of `folded.text` in which the name stands."""
        first, *others = self.pieces
        text = folded.text
        aligned = _flag_starts(text) if not first.isascii() and _FLAGS.match(first) else None
        start = text.find(first)
        while start >= 0:
            end = -1
            if starts_word(folded, start) and (aligned is None or start in aligned):
                end = self._end(folded, start + len(first), others)
            if end >= 0 and not self._is_part_of_other(text, start, end):
                yield start, end
                start = end - 1
            start = text.find(first, start + 1)

    def _end(self, folded: Folded, end: int, others: Sequence[str]) -> int:
        """Return where the name ends whose first piece ends at `end`; -1 where it does not go on."""
        if not others and self.is_open:
            return _word_end(folded.text, end)
        if not ends_word(folded, end):
            return -1
        for count, piece in enumerate(others, start=1):
            is_open = self.is_open and count == len(others)
            end = _next_piece(folded, end, piece, is_open=is_open)
            if end < 0:
                break
        return end

    def _is_part_of_other(self, text: str, start: int, end: int) -> bool:
        """Say whether a short name is only a scrap of another: C of C++, T of don't."""
        if end - start > _LONGEST_SCRAP:
            return False
        name = text[start:end]
        if name in _CLITICS and start > 1 and text[start - 1] == "'" and KINDS[text[start - 2]] & WORD:
            return True
        return len(name) == 1 and bool(KINDS[name] & WORD) and text.startswith(("++", "#"), end)


def _flag_starts(text: str) -> frozenset[int]:
    """Return where flag emoji begin: every second regional indicator of a row."""
    return frozenset(start for run in _FLAGS.finditer(text) for start in range(run.start(), run.end(), 2))


def _next_piece(folded: Folded, end: int, piece: str, *, is_open: bool) -> int:
    """Return where `piece` ends, read after a gap at `end`; -1 where it does not follow."""
    text = folded.text
    for at in range(end, min(len(text), end + _LONGEST_GAP)):
        if text.startswith(piece, at) and starts_word(folded, at):
            after = at + len(piece)
            if is_open:
                return _word_end(text, after)
            if ends_word(folded, after):
                return after
        if KINDS[text[at]]:
            break
    return -1


def _word_end(text: str, at: int) -> int:
    """Return where the word ends in which `at` stands."""
    while at < len(text) and KINDS[text[at]] & (WORD if KINDS[text[at - 1]] & WORD else EXTEND):
        at += 1
    return at


@lru_cache(maxsize=65_536)
def read_name(text: str) -> Name:
    """Return the name that a written word or phrase stands for.

    Its pieces are empty where nothing of it can be searched for.
    """
    pieces = [piece for piece in _GAP.split(fold(text).strip()) if piece]
    while pieces and KINDS[pieces[0][0]] & EXTEND:
        pieces[0] = pieces[0][1:]
        pieces = [piece for piece in pieces if piece]
    return Name(tuple(pieces))


@lru_cache(maxsize=65_536)
def read_prefix(text: str) -> Name:
    """Return the name whose last word begins with the last word of `text`."""
    return Name(read_name(text).pieces, is_open=True)


@lru_cache(maxsize=65_536)
def entity_key(tag: str) -> str:
    """Return the form in which hashtags, handles and symbols are compared."""
    return fold(tag).strip()


def find_entity(folded: Folded, sigil: str, key: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges where `sigil` and exactly the word `key` stand in `folded.text`."""
    if not key:
        return
    text = folded.text
    needle = sigil + key
    start = text.find(needle)
    while start >= 0:
        end = start + len(needle)
        before = KINDS[text[start - 1]] if start else 0
        after = KINDS[text[end]] if end < len(text) else 0
        if not before & WORD and (not after or end in folded.soft_breaks):
            yield start, end
        start = text.find(needle, start + 1)
