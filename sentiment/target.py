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
from typing import TYPE_CHECKING, Final, NamedTuple

from ahocorasick_rs import AhoCorasick

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MASK", "find_names", "mask", "masked"]

MASK: Final = "\ue000"
"""Stands for a masked name: a private-use character, so no word of any language."""

_SIGNS: Final = "#@"
_DOTS: Final = str.maketrans({"\u0131": "i", "\u0307": None})
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uff66-\uff9f]"
)
"""Scripts that put no space, or a particle, right behind a name."""
_PLAIN: Final = re.compile("[A-Za-z0-9_]+")
_KATAKANA: Final = re.compile("[\u30a1-\u30ff\uff66-\uff9f]")
_JOINERS: Final = "_\u200c\u200d"
_ASCII_WORD: Final = frozenset(character for character in map(chr, range(0x80)) if _PLAIN.match(character))
"""Of ASCII: what continues a word."""
_LAST_ASCII: Final = "\x7f"


def mask(text: str, names: Sequence[str]) -> str:
    """Return `text` with every one of `names` replaced by `MASK`; see `find_names`."""
    return masked(text, find_names(text, names), 0, len(text))


def masked(text: str, spans: Sequence[tuple[int, int]], first: int, last: int, sign: str = MASK) -> str:
    """Return text[first:last] with `spans` replaced by `sign`, those partly outside too."""
    if len(spans) == 1:
        ((start, end),) = spans
        if first <= start and end <= last:
            return f"{text[first:start]}{sign}{text[end:last]}"
    parts: list[str] = []
    done = first
    for start, end in spans:
        if start < last and end > first:
            parts += (text[done : max(start, first)], sign)
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
    only_ascii = text.isascii()
    folded = text.lower() if only_ascii else _fold(text)
    aligned = folded if only_ascii or _is_aligned(text, folded) else None
    sought = _sought(tuple(names))
    if aligned is not None and sought.plain is not None and not (sought.others and _there(sought.others, folded)):
        found = _hits(sought.plain, aligned)
        if found is not None:
            return _plain_places(text, found) if found else []
    there = _there(sought.names, folded)
    if not there:
        return []
    spans = _places(text, aligned, there[0])
    if len(there) > 1:
        _add_others(spans, text, aligned, there[1:])
    return spans


def _there(names: Sequence[tuple[str, str, tuple[str, ...]]], folded: str) -> list[str]:
    """Return those of the names whose words are all anywhere in a folded text."""
    return [name for name, first, rest in names if first in folded and all(word in folded for word in rest)]


def _hits(plain: AhoCorasick, aligned: str) -> list[tuple[int, int, int]] | None:
    """Return where words are found, each with its number; None in a text that is no Unicode, such as half a pair."""
    try:
        return plain.find_matches_as_indexes(aligned, overlapping=True)
    except UnicodeEncodeError:
        return None


def _plain_places(text: str, found: Sequence[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """Return which of the places found are whole words, with their signs: no two of them can overlap."""
    places: list[tuple[int, int]] = []
    for _, start, end in found:
        before, behind = text[start - 1 : start], text[end : end + 1]
        if before in _ASCII_WORD or behind in _ASCII_WORD:
            continue
        if before > _LAST_ASCII and _joined(text[start], before):
            continue
        if behind > _LAST_ASCII and _joined(text[end - 1], behind):
            continue
        places.append((start - 1 if before in _SIGNS and start else start, end))
    return places


def _add_others(spans: list[tuple[int, int]], text: str, aligned: str | None, names: Sequence[str]) -> None:
    """Add to `spans` the places of `names` that no earlier name has taken, and bring all into reading order."""
    taken = bytearray(len(text))
    for start, end in spans:
        taken[start:end] = b"\1" * (end - start)
    for name in names:
        for start, end in _places(text, aligned, name):
            if taken.find(1, start, end) < 0:
                spans.append((start, end))
                taken[start:end] = b"\1" * (end - start)
    spans.sort()


def _places(text: str, aligned: str | None, name: str) -> list[tuple[int, int]]:
    """Return where a name stands as a whole word, with its sign, in reading order.

    `aligned` is the text folded, where its places are those of the text. A simple name
    is searched for there, which is quicker: no other characters become letters
    of ASCII than those that the pattern takes for them.
    """
    if aligned is None or not _is_simple(name):
        return [
            found.span() for found in _pattern(name).finditer(text) if _is_whole(text, found.start("name"), found.end())
        ]
    places: list[tuple[int, int]] = []
    needle = name.lower()
    done = 0
    while (bare := aligned.find(needle, done)) >= 0:
        start = bare - 1 if bare > done and text[bare - 1] in _SIGNS else bare
        done = bare + len(needle)
        if _is_whole(text, bare, done):
            places.append((start, done))
    return places


def _is_aligned(text: str, folded: str) -> bool:
    """Say whether each character of a text was folded to one: one that becomes several makes the text longer.

    Only the letters of the two Turkish i make a folded text shorter, or come from one that makes it longer.
    """
    return len(folded) == len(text) and "\u0130" not in text and "\u0131" not in text and "\u0307" not in text


class _Sought(NamedTuple):
    """Hold names as they are looked for, longer ones first, each with its first word and the others, folded.

    `plain` finds at once all that are one word of letters of ASCII and digits, folded, also within
    words; None where there is none. `others` are the rest of `names`.
    """

    names: tuple[tuple[str, str, tuple[str, ...]], ...]
    plain: AhoCorasick | None
    others: tuple[tuple[str, str, tuple[str, ...]], ...]


@lru_cache(maxsize=256)
def _sought(names: tuple[str, ...]) -> _Sought:
    """Return names (NFC, trimmed, without # and @, each once) as they are looked for."""
    tidy = {unicodedata.normalize("NFC", name).strip() for name in names}
    bare = {name.lstrip("#@").strip() or name for name in tidy if name}
    in_order = [
        (name, [_fold(word) for word in name.split()]) for name in sorted(bare, key=lambda name: (-len(name), name))
    ]
    named = tuple((name, first, tuple(rest)) for name, (first, *rest) in in_order)
    words = sorted({first for name, first, _ in named if _PLAIN.fullmatch(name)})
    return _Sought(
        named,
        AhoCorasick(words) if words else None,
        tuple(one for one in named if not _PLAIN.fullmatch(one[0])),
    )


@lru_cache(maxsize=1024)
def _is_simple(name: str) -> bool:
    """Say whether a name is one word of ASCII that a sign may stand before."""
    return name.isascii() and name[0] not in _SIGNS and len(name.split()) == 1


@lru_cache(maxsize=1024)
def _pattern(name: str) -> re.Pattern[str]:
    words = r"\s+".join(re.escape(part) for part in name.split())
    return re.compile(f"[#@]?(?P<name>{words})", re.IGNORECASE)


def _fold(text: str) -> str:
    """Return `text` without case and without what the two Turkish i differ in."""
    if text.isascii():
        return text.lower()
    folded = text.casefold()
    return folded.translate(_DOTS) if "\u0131" in folded or "\u0307" in folded else folded


def _is_whole(text: str, start: int, end: int) -> bool:
    """Say whether nothing before or behind continues the word at [start, end)."""
    if start and _joined(text[start], text[start - 1]):
        return False
    return end == len(text) or not _joined(text[end - 1], text[end])


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
