"""Cut texts into what the full-text index holds, turn plain words into a question to it, and show where they stand.

The index holds folded words. Scripts that put no spaces between words are held as
overlapping pairs of letters, so that a name of two letters is found inside a
sentence. Every emoji is a word of its own, also in a run; those that a joiner makes
one are one. A name with a break in it that is not to be seen, or with a middle dot, is held
whole and in its parts. The index only splits at spaces and ASCII signs; everything else
is decided here, for filling and asking alike.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from listener.query.characters import KINDS, SOFT_BREAKS, UNSPACED, WORD, ZWJ, unspaced_pattern
from listener.query.later import at_later
from listener.query.text import PARTICLES, ends_word, fold, fold_with_origins, starts_word

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from listener.query.text import Folded

__all__ = ["HIDING", "Snippet", "excerpt", "find_words", "former_index_form", "index_form", "words_expression"]

_MARKS: Final = "#@$"
"""What may stand before a word in the index, as part of it."""
_TOKEN: Final = re.compile(r"[0-9A-Za-z#@$+_\x80-\U0010ffff]+")
"""What the index takes for one word: its tokenizer's rule."""
_NOT_ASCII: Final = re.compile("[^\x00-\x7f]")
_LONE_MARKS: Final = re.compile(r"[#@$+](?<!\S.)[#@$+]*(?=\s|$)")
_JOINED: Final = re.compile(f" *{ZWJ} *")
_ZERO_WIDTH_SPACE, _DOT, _NARROW_DOT = sorted(SOFT_BREAKS)
_BREAKS: Final = f"[{''.join(sorted(SOFT_BREAKS))}]"
_BROKEN: Final = re.compile(f"{_BREAKS}+")
HIDING: Final = frozenset({ZWJ, *SOFT_BREAKS})
"""What must be in a text for `former_index_form` to differ from `index_form`."""
_FLAG: Final = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_REGIONALS: Final = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
_TAGS: Final = range(0xE0020, 0xE0080)
_AROUND: Final = 60
"""Characters shown before the first word that was found."""
_SHOWN: Final = 240
"""Characters an excerpt has at most."""

Snippet = tuple[str, tuple[tuple[int, int], ...]]
"""A part of a text as it was written, and where in it the words stand."""


class _Spacing(dict[str, tuple[str, bool]]):
    """Map folded characters to what the index holds of them, and whether that is of a script without spaces."""

    def __missing__(self, character: str) -> tuple[str, bool]:
        """Look at a character that has not been met before."""
        held = _held(character)
        self[character] = found = (held, _runs().search(held) is not None)
        if found == (character, False) and character not in _REGIONALS:
            _KEPT.add(character)
        return found


def _held(character: str) -> str:
    if character == ZWJ or KINDS[character] & (WORD | UNSPACED):
        return character
    if ord(character) in _TAGS:
        return ""
    if character in _REGIONALS:
        return character
    return f" {character} " if unicodedata.category(character)[0] == "S" else " "


_SPACING: Final = _Spacing()
_KEPT: Final[set[str]] = set()
"""Of the characters that were met, those that are held as they are and ask for nothing else."""


@cache
def _runs() -> re.Pattern[str]:
    """Return the expression of a run of a script without spaces, built when first needed."""
    return re.compile(f"{unspaced_pattern()}+")


def index_form(text: str) -> str:
    """Return what the index is given for a text; the same for the same text, always, whatever Python it is.

    An entry is only removed from the index by what it was made of.
    """
    return text if text.isascii() else _apart(_known_form, text)


def _apart(form: Callable[[str], str], text: str) -> str:
    """Return the form of a text in which each character that not every Python knows is a word of its own."""
    pieces = at_later(text)
    if len(pieces) == 1:
        return form(text)
    return " ".join([piece if place % 2 else form(piece) for place, piece in enumerate(pieces)])


def _known_form(text: str) -> str:
    """Return what the index is given for a text of characters that every Python knows."""
    if _ZERO_WIDTH_SPACE in text or _DOT in text or _NARROW_DOT in text:
        text = _with_parts(text)
    return _cut(*_spaced(text))


def former_index_form(text: str) -> str:
    """Return what the index was given for a text up to version 12 of the store: what it holds until it is made anew.

    Joiners held together whatever stood beside them, and what had a break in it was held whole only.
    """
    return text if text.isascii() else _cut(*_spaced(text, joined_ever=True))


def _cut(spaced: str, has_runs: bool) -> str:
    """Return a spaced text with runs of scripts without spaces cut into pairs, and without lone marks."""
    if has_runs:
        spaced = _runs().sub(_pairs, spaced)
    if "#" in spaced or "@" in spaced or "$" in spaced or "+" in spaced:
        spaced = _LONE_MARKS.sub(" ", spaced)
    return spaced


def _with_parts(text: str) -> str:
    """Return a text with what is broken between letters of a script with spaces written twice: as it is, and in parts.

    Folding drops breaks. Scripts without spaces need none: any part of a run is found.
    """
    pieces = _words().split(text)
    for place, word in enumerate(pieces):
        if place % 2 == 0 and _BROKEN.search(word):
            parts = [part for part in map(fold, _BROKEN.split(word)) if part]
            if any(KINDS[before[-1]] & KINDS[after[0]] & WORD for before, after in pairwise(parts)):
                pieces[place] = f"{word} {_BROKEN.sub(' ', word)}"
    return "".join(pieces)


@cache
def _words() -> re.Pattern[str]:
    """Return the expression of what parts words of scripts with spaces, as a group, built when first needed."""
    return re.compile(f"((?:(?!{_BREAKS}){unspaced_pattern()}|[\\s\0])+)")


def _kept_joiner(joiner: re.Match[str]) -> str:
    """Return a joiner that makes two emoji one, nothing in place of any other."""
    at, text = joiner.start(), joiner.string
    return ZWJ if _is_emoji(text[at - 1 : at]) and _is_emoji(text[at + 1 : at + 2]) else ""


def _is_emoji(character: str) -> bool:
    """Say whether a character may be an emoji, or a part of one: it is a symbol, and no letter of a flag."""
    if character.isascii() or character in _REGIONALS:
        return False
    return unicodedata.category(character) in {"So", "Sm"}


def _spaced(text: str, *, joined_ever: bool = False) -> tuple[str, bool]:
    """Return a text folded, with spaces where words of the index end, and whether there are runs still to be cut."""
    spaced = unicodedata.normalize("NFC", fold(text))
    if ZWJ in spaced and not joined_ever:
        spaced = re.sub(ZWJ, _kept_joiner, spaced)
    has_runs = has_flags = False
    for character in set(_NOT_ASCII.findall(spaced)) - _KEPT:  # few in most texts, and quicker than `str.translate`
        held, is_unspaced = _SPACING[character]
        has_runs = has_runs or is_unspaced
        if held != character:
            spaced = spaced.replace(character, held)
        elif character in _REGIONALS:
            has_flags = True
    if ZWJ in spaced:
        spaced = _JOINED.sub(ZWJ, spaced)
    return (_FLAG.sub(r" \g<0> ", spaced) if has_flags else spaced), has_runs


def _pairs(run: re.Match[str]) -> str:
    units = _units(run[0])
    return f" {' '.join([*map(''.join, pairwise(units)), units[-1]])} "


def _asked(text: str) -> str:
    """Return a text folded, with spaces where words of the index end."""
    return _apart(lambda piece: _spaced(piece)[0], text)


def _units(run: str) -> list[str]:
    """Return the letters of a run, each with the signs that belong to it."""
    units: list[str] = []
    for character in run:
        if units and not character.isalnum():
            units[-1] += character
        else:
            units.append(character)
    return units


def words_expression(text: str) -> str:
    """Turn plain words into a full-text expression that asks for all of them; empty where nothing can be asked.

    No sign is an operator. A word also finds the hashtag, the account and the
    ticker of the same name, which the index keeps as words of their own, and a
    Korean one what has a particle written onto it. One that is there thousands of times is asked for once.
    """
    words = dict.fromkeys(text.replace("\0", " ").split())
    return " AND ".join(dict.fromkeys(part for word in words for part in _parts(word)))


def _parts(word: str) -> list[str]:
    """Return what the index must hold for one written word."""
    parts: list[str] = []
    plain: list[str] = []
    for token in _TOKEN.findall(_asked(word)):
        at = 0
        for run in _runs().finditer(token):
            plain.append(token[at : run.start()])
            parts += [*_plain(plain), _run(run[0])]
            plain, at = [], run.end()
        plain.append(token[at:])
    return parts + _plain(plain)


def _run(run: str) -> str:
    units = _units(run)
    if len(units) == 1:
        return f'"{run}" *'
    return f'"{" ".join(map("".join, pairwise(units)))}"'


def _plain(tokens: Sequence[str]) -> list[str]:
    """Return what words that were written as one must be in the index: side by side, unless a lone sign parts them."""
    phrases: list[list[str]] = [[]]
    for token in tokens:
        if token.strip("#@$+"):
            phrases[-1].append(token)
        elif token:
            phrases.append([])
    return [_phrase(phrase) for phrase in phrases if phrase]


def _phrase(words: Sequence[str]) -> str:
    *before, last = words
    endings = _particles() if "\uac00" <= last[-1] <= "\ud7a3" else ("",)
    asked = [" ".join([*before, last + ending]) for ending in endings]
    if words[0][0] not in _MARKS:
        asked = [mark + word for word in asked for mark in ("", *_MARKS)]
    return f'"{asked[0]}"' if len(asked) == 1 else "(" + " OR ".join(f'"{one}"' for one in asked) + ")"


@cache
def _particles() -> tuple[str, ...]:
    """Return what may be written onto a Korean word, as the index holds it, nothing first."""
    return ("", *sorted(unicodedata.normalize("NFC", particle) for particle in PARTICLES))


def find_words(text: str, words: str) -> tuple[tuple[int, int], ...]:
    """Return where the words stand in a text as it was written, in code points, in order and apart.

    A word that does not stand there as it was asked for, with quotes or a comma say, is
    looked for as the index holds it: without those signs, its parts one by one.
    """
    folded = fold_with_origins(text)
    found: list[tuple[int, int]] = []
    for word in {fold(word).strip() for word in words.replace("\0", " ").split()}:
        places = _places(folded, word)
        if not places:
            places = [place for part in _bare(word) for place in _places(folded, part)]
        found += places
    apart: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return tuple(apart)


def _places(folded: Folded, word: str) -> list[tuple[int, int]]:
    """Return where a folded word stands as a word."""
    places: list[tuple[int, int]] = []
    at = folded.text.find(word) if word else -1
    while at >= 0:
        end = at + len(word)
        if starts_word(folded, at) and ends_word(folded, end):
            places.append(folded.span(at, end))
        at = folded.text.find(word, end)
    return places


def _bare(word: str) -> set[str]:
    """Return the words that the index holds of one folded word, folded, runs of scripts without spaces whole."""
    spaced = _runs().sub(r" \g<0> ", _asked(word))
    return {fold(token) for token in _TOKEN.findall(spaced) if token.strip("#@$+")}


def excerpt(text: str, words: str) -> Snippet:
    """Return the part of a text around the first of the words, as it was written, and where they stand in it."""
    hits = find_words(text, words)
    first = hits[0][0] if hits else 0
    start = 0 if first <= _AROUND else first - _AROUND
    if start:
        space = text.find(" ", start, first)
        start = start if space < 0 else space + 1
    end = min(len(text), start + _SHOWN)
    inside = tuple((low - start, high - start) for low, high in hits if low >= start and high <= end)
    return text[start:end], inside
