"""Cut a text into the terms that can say what it is about.

Words are runs of letters, marks and numbers in the sense of Unicode (general
categories L, M and N), so that the vowel signs of Indic scripts stay in their words.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from listener.words.stopwords import STOPWORDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from regex import Pattern

__all__ = ["hashtags_of", "is_about", "name_words", "terms_among", "terms_of", "word_row", "words_of"]

_ASCII: Final = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_NOISE: Final = re.compile(r"(?:https?://|www\.)\S+|(?<![\w@])@\w[\w.-]*", re.IGNORECASE)
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]{2,}|[\u30a0-\u30ff]{2,}")
_IDEOGRAPHIC: Final = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_MAX_TEXT: Final = 4000
_LONGEST: Final = 40
_REMEMBERED: Final = 4_096
"""Texts whose words are remembered: the same ones are looked at pass after pass while an episode is open."""
_SHORT: Final = 1_000
"""Longer texts are not remembered, so that what is remembered stays small."""
_WHOLE_RUN: Final = 4
_LETTER: Final = r"[\p{L}\p{M}\p{N}]"
_JOINERS: Final = "\u200c\u200d"
_WORD: Final = rf"{_LETTER}[\p{{L}}\p{{M}}\p{{N}}{_JOINERS}]*(?:['\u2019]{_LETTER}+)?"
_TAG: Final = rf"#([\p{{L}}\p{{M}}\p{{N}}_][\p{{L}}\p{{M}}\p{{N}}_{_JOINERS}]*)"


@cache
def _compiled(pattern: str) -> Pattern[str]:
    """Return a pattern that knows the categories of Unicode."""
    import regex  # noqa: PLC0415 - takes a twentieth of a second, and only texts beyond ASCII and tags need it

    return regex.compile(pattern)


def words_of(text: str) -> list[str]:
    """Return the words of a text in reading order, case-folded, NFKC, without addresses and @names.

    Runs of Chinese or Japanese writing become overlapping pairs of characters
    (short ones and katakana stay whole), since they put no space between words.
    """
    plain = text[:_MAX_TEXT]
    if "@" in plain or "://" in plain or "www." in plain.lower():
        plain = _NOISE.sub(" ", plain)
    if plain.isascii():
        found: list[str] = _ASCII.findall(plain.lower())
        return [_bare(word) for word in found] if "'" in plain else found
    plain = unicodedata.normalize("NFKC", plain).casefold()
    found = _compiled(_WORD).findall(plain)
    if _IDEOGRAPHIC.search(plain):
        return [piece for word in found for piece in (_pieces(word) if _IDEOGRAPHIC.search(word) else (_bare(word),))]
    return [_bare(word) for word in found] if "'" in plain or "\u2019" in plain else found


@lru_cache(maxsize=_REMEMBERED)
def _remembered_words(text: str) -> tuple[str, ...]:
    return tuple(words_of(text))


def word_row(text: str) -> tuple[str, ...]:
    """Return the words of a text as `words_of` does, those of the last short texts from memory."""
    return _remembered_words(text) if len(text) <= _SHORT else tuple(words_of(text))


def _bare(word: str) -> str:
    """Return a word without an English possessive, with one kind of apostrophe."""
    return word.replace("\u2019", "'").removesuffix("'s")


def _pieces(word: str) -> Iterator[str]:
    """Cut a run without spaces into pieces that can be counted."""
    for run in _HAN.findall(word):
        if len(run) <= _WHOLE_RUN or run[0] <= "\u30ff":
            yield run
        else:
            yield from (first + second for first, second in pairwise(run))


def hashtags_of(text: str) -> list[str]:
    """Return the hashtags of a text without #, case-folded."""
    plain = unicodedata.normalize("NFKC", text[:_MAX_TEXT])
    return [tag.casefold() for tag in _compiled(_TAG).findall(plain)] if "#" in plain else []


def terms_of(text: str, names: frozenset[str]) -> frozenset[str]:
    """Return the words and pairs of neighbouring words that say something.

    Left out are stop words, single characters, plain numbers, very long runs, and
    all that holds a word of `names` (the brand's own, as `words_of` gives them).
    """
    words = word_row(text)
    return terms_among(words, {word for word in words if is_about(word) and word not in names})


def terms_among(words: Iterable[str], kept: Collection[str]) -> frozenset[str]:
    """Return those of a text's words that are `kept`, and the pairs of neighbouring words that both are."""
    terms: set[str] = set()
    before = ""
    for word in words:
        if word not in kept:
            before = ""
            continue
        terms.add(word)
        if before:
            terms.add(f"{before} {word}")
        before = word
    return frozenset(terms)


def is_about(word: str) -> bool:
    """Say whether a word can be a reason: no stop word, not a number alone, of sane length."""
    return 1 < len(word) <= _LONGEST and word not in STOPWORDS and not word.isdigit()


def name_words(names: Iterable[str]) -> frozenset[str]:
    """Return every word of the names, and each name written as one word."""
    return _name_words(tuple(names))


@lru_cache(maxsize=16)
def _name_words(names: tuple[str, ...]) -> frozenset[str]:
    held: set[str] = set()
    for name in names:
        parts = words_of(name)
        held.update(parts)
        held.add("".join(parts))
    return frozenset(held)
