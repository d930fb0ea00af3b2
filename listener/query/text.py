"""Fold text for comparison, and remember where every folded character came from.

Two spellings that a reader takes for the same word fold to the same text.
Matches are found in the folded text and reported in code points of the text as
it was given.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from listener.query.characters import EXTEND, FOLDS, KINDS, SOFT_BREAKS, UNSPACED, WORD, ZWJ

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
    """Return the folded text alone, in one fast pass."""
    if text.isascii():
        return text.lower()
    if not unicodedata.is_normalized("NFC", text):
        return fold_with_origins(text).text
    folded = text.translate(FOLDS)
    return _drop_joiners(folded) if ZWJ in folded else folded


def fold_with_origins(text: str) -> Folded:
    """Return the folded text with its way back to the characters of `text`."""
    if text.isascii():
        return Folded(text.lower(), text)
    parts: list[str] = []
    origins: list[int] = []
    breaks: set[int] = set()
    for index, character in enumerate(text):
        if character in SOFT_BREAKS:
            breaks.add(len(parts))
        if character == ZWJ and (not parts or KINDS[parts[-1]] & (WORD | UNSPACED)):
            continue
        for part in FOLDS[ord(character)]:
            parts.append(part)
            origins.append(index)
    if not unicodedata.is_normalized("NFC", text):
        _order_marks(parts, origins)
    return Folded("".join(parts), text, origins, frozenset(breaks))


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


def _drop_joiners(folded: str) -> str:
    """Remove zero-width joiners after letters, where they only shape; keep them in emoji."""
    first, *others = folded.split(ZWJ)
    parts = [first]
    last = first[-1:]
    for other in others:
        if last and not KINDS[last] & (WORD | UNSPACED):
            parts.append(ZWJ)
            last = ZWJ
        parts.append(other)
        last = other[-1:] or last
    return "".join(parts)


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
