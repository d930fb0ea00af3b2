"""Fold text for comparison, and remember where every folded character came from.

Two spellings that a reader takes for the same word fold to the same text.
Matches are found in the folded text and reported in code points of the text as
it was given.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from listener.frozen import dataclass
from listener.query.characters import (
    EXTEND,
    FOLDS,
    KINDS,
    SOFT_BREAKS,
    TEXT_BREAK,
    UNSPACED,
    WORD,
    ZWJ,
    changing_pattern,
    mark_ranges,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PARTICLES", "Folded", "ends_word", "fold", "fold_to_bytes", "fold_with_origins", "starts_word"]

PARTICLES = frozenset(
    unicodedata.normalize("NFKD", particle)
    for particle in [
        "은",
        "는",
        "이",
        "가",
        "을",
        "를",
        "의",
        "에",
        "에서",
        "에게",
        "께",
        "께서",
        "로",
        "으로",
        "와",
        "과",
        "도",
        "만",
        "까지",
        "부터",
        "처럼",
        "보다",
        "라고",
        "이라고",
        "라는",
        "이라는",
        "랑",
        "이랑",
        "하고",
        "나",
        "이나",
        "야",
        "이야",
        "요",
        "이요",
        "라면",
        "이라면",
        "마다",
        "조차",
        "밖에",
        "에는",
        "에서는",
        "에도",
        "에서도",
        "로는",
        "으로는",
        "로도",
        "만의",
        "와의",
        "과의",
        "에게서",
        "한테",
        "입니다",
        "이다",
        "인데",
        "이고",
        "이며",
        "님",
        "측",
        "측은",
        "측이",
    ]
)
"""Korean particles and the copula, which are written onto a name without a space, folded."""

_LONGEST_PARTICLE = max(map(len, PARTICLES))


@dataclass(frozen=True, slots=True)
class Folded:
    """Hold folded text with the way back.

    `origins` gives for each folded character the index of the character it came
    from, None where the two are the same. `soft_breaks` are positions at which
    an invisible separator stood: a word may end there.
    """

    text: str
    original: str
    origins: Sequence[int] | None = None
    soft_breaks: frozenset[int] = frozenset()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the half-open range of the original that folded to [start, end)."""
        if self.origins is None:
            return start, end
        if start >= end:
            return (at := self.origins[start] if start < len(self.origins) else len(self.original)), at
        first, last = self.origins[start], self.origins[end - 1] + 1
        following = self.origins[end] if end < len(self.origins) else len(self.original)
        while last < following and (
            unicodedata.category(self.original[last])[0] == "M" or "\U0001f3fb" <= self.original[last] <= "\U0001f3ff"
        ):
            last += 1
        return first, max(last, first + 1)


def fold(text: str) -> str:
    """Return the folded text alone, fast: only what folding may change is looked up."""
    if text.isascii():
        return text.lower()
    return _fold_runs(text.lower())


def fold_to_bytes(text: str) -> bytes:
    """Return the folded text as UTF-8, faster still: ASCII letters are lowered last, as bytes."""
    if text.isascii():
        return text.encode().lower()
    return _fold_runs(text).encode().lower()


def _fold_runs(text: str) -> str:
    """Return a text with everything folded but its ASCII letters."""
    folded = _folded_singly(_changing().split(text))
    return _settled(folded.replace(_UNSETTLED, "")) if _UNSETTLED in folded else folded


def _folded_singly(parts: Sequence[str]) -> str:
    """Return parts, each second a run of what folding may change, folded whatever is beside the runs."""
    folded = [*parts]
    folded[1::2] = [*map(_RUNS.__getitem__, parts[1::2])]
    return "".join(folded)


def _settled(folded: str) -> str:
    """Return a text, folded one by one, with joiners dropped and marks ordered as their neighbours ask for."""
    if ZWJ in folded:
        folded = _JOINERS.sub(_kept_joiners, folded)
    return _mark_rows().sub(_in_order, folded)


def _kept_joiners(joiners: re.Match[str]) -> str:
    """Return joiners, nothing where they join letters or begin a text."""
    start = joiners.start()
    return "" if _drops_joiner(joiners.string[max(0, start - 1) : start]) else joiners[0]


def _drops_joiner(before: str) -> bool:
    """Say whether a joiner goes after a character: one of a word or, at the beginning of a text, none."""
    return not before or before == TEXT_BREAK or bool(KINDS[before] & (WORD | UNSPACED))


def _in_order(row: re.Match[str]) -> str:
    """Return a row of marks in canonical order."""
    marks = row[0]
    return "".join([marks[index] for index in _canonical_order(marks)])


def _canonical_order(characters: Sequence[str]) -> list[int]:
    """Return the positions of characters with the marks of each letter in canonical order.

    That is the order of Unicode Standard Annex 15: by combining class, else as they came.
    """
    keys = []
    letter = 0
    for character in characters:
        combining = unicodedata.combining(character)
        letter += not combining
        keys.append((letter, combining))
    return sorted(range(len(keys)), key=keys.__getitem__)


@cache
def _changing() -> re.Pattern[str]:
    """Return the expression of what folding may change, built when first used."""
    return re.compile(changing_pattern())


@cache
def _loose() -> re.Pattern[str]:
    """Return the expression of what, in folded runs, calls for a look at its neighbours.

    Joiners, and marks that may stand in another order than the canonical one. Not
    those of viramas (class 9), nor the voicing marks of kana (8) right after a kana.
    """
    return re.compile(f"[{ZWJ}{mark_ranges(but=(8, 9))}]|(?<![\u3041-\u3096\u30a1-\u30ff])[\u3099\u309a]")


@cache
def _mark_rows() -> re.Pattern[str]:
    """Return the expression of marks, and what may be some, in a row."""
    return re.compile(f"[{mark_ranges()}]{{2,}}")


_UNSETTLED = "\u2060"
"""A character that is in no folded text: folding drops it."""

_JOINERS = re.compile(f"{ZWJ}+")


class _Runs(dict[str, str]):
    """Remember how runs fold, so many of them: accents, quotes and emoji come again and again.

    After what may not stay as it is beside other characters stands `_UNSETTLED`.
    """

    def __missing__(self, run: str) -> str:
        """Fold a run that has not been met before."""
        folded = run.translate(FOLDS)
        if _loose().search(folded):
            folded += _UNSETTLED
        if len(self) < _MOST_KEPT_RUNS:
            self[run] = folded
        return folded


class _Steady(dict[str, bool]):
    """Remember of which runs each character folds to one in its place, whatever is beside it, so many of them."""

    def __missing__(self, run: str) -> bool:
        """Look at a run that has not been met before."""
        steady = all(len(FOLDS[ord(character)]) == 1 and character not in SOFT_BREAKS for character in run)
        steady = steady and _UNSETTLED not in _RUNS[run]
        if len(self) < _MOST_KEPT_RUNS:
            self[run] = steady
        return steady


_MOST_KEPT_RUNS = 50_000
_RUNS = _Runs()
_STEADY = _Steady()


def fold_with_origins(text: str) -> Folded:
    """Return the folded text with its way back to the characters of `text`."""
    if text.isascii():
        return Folded(text.lower(), text)
    lowered = text.lower()
    if len(lowered) == len(text):
        parts = _changing().split(lowered)
        folded = _folded_singly(parts)
        if all(map(_STEADY.__getitem__, parts[1::2])):
            return Folded(folded, text)
        if _UNSETTLED not in folded and SOFT_BREAKS.isdisjoint("".join(parts[1::2])):
            return Folded(folded, text, _origins(parts))
    return _fold_slowly(text)


def _origins(parts: Sequence[str]) -> list[int]:
    """Return where each character came from that parts fold to."""
    origins: list[int] = []
    at = 0
    for index, part in enumerate(parts):
        if index % 2:
            origins.extend([place for place, character in enumerate(part, at) for _ in FOLDS[ord(character)]])
        else:
            origins.extend(range(at, at + len(part)))
        at += len(part)
    return origins


def _fold_slowly(text: str) -> Folded:
    """Do the same where neighbours, or what is not to be seen, have a say."""
    trail = _Trail()
    at = 0
    for run in _changing().finditer(text):
        trail.keep(text, at, run.start())
        at = run.end()
        trail.fold(text, run.start(), at)
    trail.keep(text, at, len(text))
    parts, origins = trail.parts, trail.origins
    folded = "".join(parts)
    if _mark_rows().search(folded):
        order = _canonical_order(parts)
        folded = "".join([parts[index] for index in order])
        origins = [origins[index] for index in order]
    return Folded(folded, text, origins, frozenset(trail.breaks))


class _Trail:
    """Collect folded characters (`parts`, one each), where they came from, and soft breaks."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.origins: list[int] = []
        self.breaks: set[int] = set()

    def keep(self, text: str, start: int, end: int) -> None:
        """Take over characters of which folding changes but ASCII capitals."""
        self.parts.extend(text[start:end].lower())
        self.origins.extend(range(start, end))

    def fold(self, text: str, start: int, end: int) -> None:
        """Take over characters one by one, folded; a joiner only where it joins no letters."""
        for index in range(start, end):
            character = text[index]
            if character in SOFT_BREAKS:
                self.breaks.add(len(self.parts))
            if character == ZWJ and _drops_joiner(self.parts[-1] if self.parts else ""):
                continue
            folded = FOLDS[ord(character)]
            self.parts.extend(folded)
            self.origins.extend([index] * len(folded))


def starts_word(folded: Folded, start: int) -> bool:
    """Say whether a name found at `start` begins there, rather than inside a word."""
    if start == 0:
        return True
    text = folded.text
    before = text[start - 1]
    first = text[start]
    if before == ZWJ:
        return _joins_nothing(first)
    if not KINDS[first] & WORD or not KINDS[before] & WORD:
        return True
    return start in folded.soft_breaks


def ends_word(folded: Folded, end: int) -> bool:
    """Say whether a name found before `end` ends there, rather than inside a word."""
    text = folded.text
    if end >= len(text):
        return True
    after = KINDS[text[end]]
    if after & EXTEND:
        return text[end] == ZWJ and _joins_nothing(text[end + 1 : end + 2])
    if not after & WORD or not KINDS[text[end - 1]] & WORD or end in folded.soft_breaks:
        return True
    return "\u1100" <= text[end] <= "\u115e" and _particle_follows(text, end)


def _joins_nothing(after: str) -> bool:
    """Say whether a joiner that stands before this joins nothing, as before letters, white space and the end: it is for emoji."""
    return not after or after.isspace() or bool(KINDS[after] & (WORD | UNSPACED))


def _particle_follows(text: str, start: int) -> bool:
    """Say whether the rest of the word is one Korean particle."""
    end = start
    limit = min(len(text), start + _LONGEST_PARTICLE + 1)
    while end < limit and KINDS[text[end]] & WORD:
        end += 1
    return text[start:end] in PARTICLES
