"""Find brands in a text, and take their names out before it is scored.

A word list holds many words that are brand names too: "Discord is down again"
must not be negative for its name. So the names of all tracked brands are
replaced by a character that no list holds, wherever they stand as whole words,
hashtags or handles, in any case.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["MASK", "find_names", "mask", "masked"]

MASK: Final = "\ue000"
"""Stands for a masked name: a private-use character, so no word of any language."""

_SIGNS: Final = "#@"
_DOTS: Final = str.maketrans({"\u0131": "i", "\u0307": None})
_DOTTED: Final = "\u0130\u0131\u0307"
"""Only these make a folded text shorter, or come from a letter that makes it longer."""
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uff66-\uff9f]"
)
"""Scripts that put no space, or a particle, right behind a name."""
_KATAKANA: Final = re.compile("[\u30a1-\u30ff\uff66-\uff9f]")
_JOINERS: Final = "_\u200c\u200d"


def mask(text: str, names: Sequence[str]) -> str:
    """Return `text` with every one of `names` replaced by `MASK`; see `find_names`."""
    return masked(text, find_names(text, names), 0, len(text))


def masked(text: str, spans: Sequence[tuple[int, int]], first: int, last: int) -> str:
    """Return text[first:last] with `spans` masked, those partly outside too."""
    parts: list[str] = []
    done = first
    for start, end in spans:
        if start < last and end > first:
            parts += (text[done : max(start, first)], MASK)
            done = min(end, last)
    if not parts:
        return text[first:last]
    parts.append(text[done:last])
    return "".join(parts)


def find_names(text: str, names: Sequence[str]) -> list[tuple[int, int]]:
    """Return the (start, end) places of `names` in `text`, in reading order, none overlapping.

    A name is found in any case, as a whole word: no letter, mark, digit or _ may
    touch it where it ends in one itself, except in scripts that do not separate
    words. Its # or @ belongs to it. Longer names are looked for first.
    """
    folded = _fold(text)
    there = [name for name, needle in _longest_first(tuple(names)) if needle in folded]
    if not there:
        return []
    spans: list[tuple[int, int]] = []
    taken = bytearray(len(text))
    aligned = folded if _is_aligned(text, folded) else None
    for name in there:
        for start, bare, end in _places(text, aligned, name):
            if taken.find(1, start, end) < 0 and _is_whole(text, bare, end):
                spans.append((start, end))
                taken[start:end] = b"\1" * (end - start)
    spans.sort()
    return spans


def _places(text: str, aligned: str | None, name: str) -> Iterator[tuple[int, int, int]]:
    """Yield where a name stands, whole word or not: from where on, from where without its sign, and up to where.

    `aligned` is the text folded, where its places are those of the text. A simple name
    is searched for there, which is quicker: no other characters become letters
    of ASCII than those that the pattern takes for them.
    """
    if aligned is None or not _is_simple(name):
        for found in _pattern(name).finditer(text):
            yield found.start(), found.start("name"), found.end()
        return
    needle = name.lower()
    done = 0
    while (bare := aligned.find(needle, done)) >= 0:
        start = bare - 1 if bare > done and text[bare - 1] in _SIGNS else bare
        done = bare + len(needle)
        yield start, bare, done


def _is_aligned(text: str, folded: str) -> bool:
    """Say whether each character of a text was folded to one: one that becomes several makes the text longer."""
    return text.isascii() or (len(folded) == len(text) and not any(dotted in text for dotted in _DOTTED))


@lru_cache(maxsize=256)
def _longest_first(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the names as they are looked for (NFC, trimmed, without # and @, each once), and the first word folded."""
    tidy = {unicodedata.normalize("NFC", name).strip() for name in names}
    bare = {name.lstrip("#@").strip() or name for name in tidy if name}
    return tuple((name, _fold(name.split()[0])) for name in sorted(bare, key=lambda name: (-len(name), name)))


@lru_cache(maxsize=1024)
def _is_simple(name: str) -> bool:
    """Say whether a name is one word of ASCII that a sign may stand before."""
    return name.isascii() and name[0] not in _SIGNS and len(name.split()) == 1


@lru_cache(maxsize=1024)
def _pattern(name: str) -> re.Pattern[str]:
    words = r"\s+".join(re.escape(part) for part in name.split())
    return re.compile(f"[#@]?(?P<name>{words})", re.IGNORECASE)


@lru_cache(maxsize=16)
def _fold(text: str) -> str:
    """Return `text` without case and without what the two Turkish i differ in."""
    if text.isascii():
        return text.lower()
    folded = text.casefold()
    return folded.translate(_DOTS) if "\u0131" in folded or "\u0307" in folded else folded


def _is_whole(text: str, start: int, end: int) -> bool:
    """Say whether nothing before or behind continues the word at [start, end)."""
    before, behind = text[start - 1 : start], text[end : end + 1]
    return not (before and _joined(text[start], before)) and not (behind and _joined(text[end - 1], behind))


@lru_cache(maxsize=4096)
def _joined(inner: str, outer: str) -> bool:
    """Say whether two neighbouring characters are of one word."""
    if not (_is_word_like(inner) and _is_word_like(outer)):
        return False
    if _KATAKANA.match(inner):
        return _KATAKANA.match(outer) is not None
    return not (_UNSPACED.match(inner) or _UNSPACED.match(outer))


def _is_word_like(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character)[0] in "LMN"
