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
from listener.query.characters import EXTEND, FOLDS, KINDS, SOFT_BREAKS, UNSPACED, WORD, ZWJ, changing_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Folded", "ends_word", "fold", "fold_with_origins", "starts_word"]

_PARTICLES = frozenset(
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
"""Korean particles and the copula, which are written onto a name without a space."""

_LONGEST_PARTICLE = max(map(len, _PARTICLES))


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
    if ZWJ in text or not unicodedata.is_normalized("NFC", text):
        return fold_with_origins(text).text
    lowered = text.lower()
    changing = set("".join(_changing().findall(lowered)))
    if len(changing) > _FEW_CHARACTERS:
        return _changing().sub(_fold_run, lowered)
    for character in changing:  # what a character folds to does not fold to anything else, so any order will do
        lowered = lowered.replace(character, FOLDS[ord(character)])
    return lowered


@cache
def _changing() -> re.Pattern[str]:
    """Return the expression of what folding may change, built when first used."""
    return re.compile(changing_pattern())


class _Runs(dict[str, str]):
    """Remember how short runs fold: accents, quotes and emoji come again and again."""

    def __missing__(self, run: str) -> str:
        """Fold a run that has not been met before."""
        folded = run.translate(FOLDS)
        if len(run) <= _LONGEST_KEPT_RUN and len(self) < _MOST_KEPT_RUNS:
            self[run] = folded
        return folded


_FEW_CHARACTERS = 12
"""Up to so many distinct characters, replacing each is quicker than one pass that calls back."""
_LONGEST_KEPT_RUN = 4
_MOST_KEPT_RUNS = 50_000
_RUNS = _Runs()


def _fold_run(run: re.Match[str]) -> str:
    return _RUNS[run[0]]


def fold_with_origins(text: str) -> Folded:
    """Return the folded text with its way back to the characters of `text`."""
    if text.isascii():
        return Folded(text.lower(), text)
    trail = _Trail()
    lowered = text.lower()
    if ZWJ in text or len(lowered) != len(text) or not unicodedata.is_normalized("NFC", text):
        trail.fold(text, 0, len(text))
        _order_marks(trail.parts, trail.origins)
    else:
        at = 0
        for run in _changing().finditer(lowered):
            trail.keep(lowered, at, run.start())
            at = run.end()
            trail.fold(lowered, run.start(), at)
        trail.keep(lowered, at, len(lowered))
    return Folded("".join(trail.parts), text, trail.origins, frozenset(trail.breaks))


class _Trail:
    """Collect folded characters (`parts`, one each), where they came from, and soft breaks."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.origins: list[int] = []
        self.breaks: set[int] = set()

    def keep(self, text: str, start: int, end: int) -> None:
        """Take over characters that fold to themselves."""
        self.parts.extend(text[start:end])
        self.origins.extend(range(start, end))

    def fold(self, text: str, start: int, end: int) -> None:
        """Take over characters one by one, folded; a joiner only where it joins no letters."""
        for index in range(start, end):
            character = text[index]
            if character in SOFT_BREAKS:
                self.breaks.add(len(self.parts))
            if character == ZWJ and (not self.parts or KINDS[self.parts[-1]] & (WORD | UNSPACED)):
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
        return False
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
        return False
    if not after & WORD or not KINDS[text[end - 1]] & WORD or end in folded.soft_breaks:
        return True
    return "\u1100" <= text[end] <= "\u115e" and _particle_follows(text, end)


def _particle_follows(text: str, start: int) -> bool:
    """Say whether the rest of the word is one Korean particle."""
    end = start
    limit = min(len(text), start + _LONGEST_PARTICLE + 1)
    while end < limit and KINDS[text[end]] & WORD:
        end += 1
    return text[start:end] in _PARTICLES


def _order_marks(parts: list[str], origins: list[int]) -> None:
    """Put marks on one letter into canonical order, in place."""
    start = 0
    while start < len(parts):
        if not unicodedata.combining(parts[start]):
            start += 1
            continue
        end = start
        while end < len(parts) and unicodedata.combining(parts[end]):
            end += 1
        run = sorted(
            zip(parts[start:end], origins[start:end], strict=True), key=lambda pair: unicodedata.combining(pair[0])
        )
        parts[start:end] = [part for part, _ in run]
        origins[start:end] = [origin for _, origin in run]
        start = end
