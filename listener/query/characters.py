"""Fold single characters and say what kind of word part they are.

Folding is a decomposition, so that composed and decomposed spellings become
the same text: NFKD (Unicode Standard Annex 15), full case folding, diacritics
of the alphabets that readers treat as optional removed, and the variants that
keyboards swap (curly quotes, dashes, Turkish i, Arabic yeh and kaf) made one.
"""

from __future__ import annotations

import unicodedata
from itertools import chain, groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "EXTEND",
    "FOLDS",
    "KINDS",
    "SOFT_BREAKS",
    "TEXT_BREAK",
    "UNSPACED",
    "WORD",
    "ZWJ",
    "FoldTable",
    "KindTable",
    "changing_pattern",
    "mark_ranges",
    "unspaced_pattern",
]

WORD: Final = 1
"""Flag of a character of a script that puts spaces between words."""
UNSPACED: Final = 2
"""Flag of a character of a script that writes words without spaces."""
EXTEND: Final = 4
"""Flag of a character that belongs to the one before it: no word ends there."""

ZWJ: Final = "\u200d"

TEXT_BREAK: Final = "\0"
"""Stands between texts that are folded together; folding what is after it begins anew."""

SOFT_BREAKS: Final = frozenset("\u200b\u30fb\uff65")
"""Removed in folding, yet a word may end where they stood: zero-width space, katakana middle dot."""

_CACHED_BELOW: Final = 0x20000
"""Only characters below are remembered, so that hostile text cannot fill the memory."""

_UNSPACED_RANGES: Final = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x19E0, 0x19FF),  # Khmer symbols
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x1B00, 0x1B7F),  # Balinese
    (0x2E80, 0x2FDF),  # CJK and Kangxi radicals
    (0x3005, 0x3007),  # ideographic iteration mark, closing mark, zero
    (0x3021, 0x302F),
    (0x3031, 0x30FF),  # kana
    (0x3105, 0x312F),  # bopomofo
    (0x31A0, 0x31FF),
    (0x3400, 0x4DBF),  # CJK unified ideographs, extension A
    (0x4E00, 0x9FFF),  # CJK unified ideographs
    (0xA980, 0xA9DF),  # Javanese
    (0xA9E0, 0xA9FF),  # Myanmar extended
    (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF),
    (0x1AFF0, 0x1B16F),  # kana supplements
    (0x20000, 0x323AF),  # CJK extensions
)

_DROPPED_MARKS: Final = (
    (0x0300, 0x036F),  # combining diacritics
    (0x0483, 0x0487),  # Cyrillic
    (0x0591, 0x05C7),  # Hebrew points and accents
    (0x0610, 0x061A),  # Arabic signs
    (0x064B, 0x065F),  # Arabic vowel signs, hamza and madda above
    (0x0670, 0x0670),
    (0x06D6, 0x06ED),
    (0x08CA, 0x08FF),
    (0x093C, 0x093C),  # nukta of Devanagari, Gurmukhi, Gujarati: often left out in writing
    (0x0A3C, 0x0A3C),
    (0x0ABC, 0x0ABC),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20DC),
    (0x20E1, 0x20E1),
    (0x20E5, 0x20F0),
    (0xFE20, 0xFE2F),
)

_INVISIBLE: Final = (
    (0x00AD, 0x00AD),  # soft hyphen
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x061C, 0x061C),  # bidirectional controls
    (0x0640, 0x0640),  # tatweel
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),  # Mongolian variation selectors
    (0x200B, 0x200C),  # zero-width space and non-joiner
    (0x200E, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x30FB, 0x30FB),  # katakana middle dot: a name is written with it and without
    (0xFE00, 0xFE0F),  # variation selectors: emoji or text style
    (0xFEFF, 0xFEFF),
    (0xFF65, 0xFF65),
    (0x1F3FB, 0x1F3FF),  # skin tones
    (0xE0100, 0xE01EF),
)

_SPELLED: Final = {
    **dict.fromkeys(map(ord, "\u2122\u00ae\u00a9\u2120\u2117"), ""),  # (TM) (R) (C) (SM) (P)
    **dict.fromkeys(map(ord, "\u0130\u0131"), "i"),  # Turkish dotted and dotless i
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u02bc\u02b9\u2032\u00b4\u055a\uff07"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02"), '"'),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u058a\ufe58\ufe63\uff0d"), "-"),
    **dict.fromkeys(map(ord, "\u00f8\u00d8"), "o"),
    **dict.fromkeys(map(ord, "\u0142\u0141"), "l"),
    **dict.fromkeys(map(ord, "\u0111\u0110\u00f0\u00d0"), "d"),
    **dict.fromkeys(map(ord, "\u0127\u0126"), "h"),
    **dict.fromkeys(map(ord, "\u0167\u0166"), "t"),
    **dict.fromkeys(map(ord, "\u00e6\u00c6"), "ae"),
    **dict.fromkeys(map(ord, "\u0153\u0152"), "oe"),
    **dict.fromkeys(map(ord, "\u0649\u064a\u06cc"), "\u06cc"),  # alef maksura, Arabic and Farsi yeh
    **dict.fromkeys(map(ord, "\u0643\u06a9\u06aa"), "\u06a9"),  # Arabic kaf, keheh
    **dict.fromkeys(map(ord, "\u0629\u0647\u06c1\u06c3\u06d5"), "\u0647"),  # teh marbuta and the hehs
    0x0671: "\u0627",  # alef wasla
}


_PLAIN: Final = (
    "a1-a7 ac b0-b3 b6-b7 b9 bf d7 f7 fe 3b1-3c1 3c3-3c9 430-438 43a-44f 452 454-456 458-45b 491 493 49b 4a3 4af "
    "4b1 4bb 4d9 4e9 561-586 5d0-5ea 61b 61d-621 627-628 62a-63f 641-642 644-648 66a-66f 672-674 679-6a9 6ab-6bf "
    "6c4-6d2 6d4 6ee-6ef 6fa-6ff 900-928 92a-930 932-933 935-93b 93d-950 955-957 960-965 970-9bb 9bd-9ca 9cd-9db "
    "9de 9e0-9e5 9f0-9fd 9ff-a32 a34-a35 a37-a3b a3d-a58 a5c-a5d a5f-a65 a70-abb abd-ae5 af0-b3b b3d-b47 b49-b4a "
    "b4d-b5b b5e-b65 b70-b93 b95-bc9 bcd-be5 bf0-c3b c3d-c47 c49-c54 c57-c65 c70-cbb cbd-cbf cc1-cc6 cc9 ccc-ce5 "
    "cf0-d49 d4d-d65 d70-dd9 ddb ddf-de5 df0-e32 e34-e37 e3a-e47 e4c-e4f e5a-e5b e81-e82 e84 e86-e8a e8c-ea3 ea5 "
    "ea7-eb2 eb4-eb7 eba-ebd ec0-ec4 ec6 ecc-ecd ede-edf f00-f0b f0d-f17 f1a-f1f f2a-f34 f36 f38 f3a-f42 1000-1025 "
    "1027-1036 1038-103f 104a-108c 108e-108f 109a-109f 10c6 10c8-10cc 10ce-10fb 10fd-10ff 1780-17b3 17b6-17dc "
    "17de-17df 17ea-17ff 2016 2020-2023 2027-2029 2030-2031 2035 2038-203b 203d 203f-2046 204a-2056 2058-205e "
    "20a0-20a7 20a9-20c0 2190-2199 219c-21ad 21af-21cc 21d0-21ff 2500-27ff 3001-3029 3030-3035 3037 303b-304b 304d "
    "304f 3051 3053 3055 3057 3059 305b 305d 305f 3061 3063-3064 3066 3068 306a-306f 3072 3075 3078 307b 307e-3093 "
    "3095-3098 309d 30a0-30ab 30ad 30af 30b1 30b3 30b5 30b7 30b9 30bb 30bd 30bf 30c1 30c3-30c4 30c6 30c8 30ca-30cf "
    "30d2 30d5 30d8 30db 30de-30f3 30f5-30f6 30fc-30fd 4e00-9fff 1f1e6-1f1ff 1f300-1f3fa 1f400-1faff"
)
"""Characters and ranges, in hexadecimal, of common lower-case or caseless characters that fold to themselves.

Of combining marks only viramas are among them (combining class 9): two of these
stand in canonical order whichever comes first.
"""

_MAY_HOLD_MARKS: Final = (range(0x300, 0x3100), range(0xA600, 0xAC00), range(0xFB00, 0xFF00))
_RARE_SCRIPTS: Final = (0x10000, 0x1EFFF)
"""Historic and rare scripts, with marks here and there."""


def _within(code_point: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    """Say whether a code point lies in one of the inclusive ranges."""
    return any(first <= code_point <= last for first, last in ranges)


def _fold_character(character: str) -> str:
    """Return what one character becomes: nothing, itself, or other characters."""
    code_point = ord(character)
    if code_point in _SPELLED:
        return _SPELLED[code_point]
    if _within(code_point, _INVISIBLE):
        return ""
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    if category == "No" and unicodedata.decomposition(character).startswith("<super>"):
        return character  # a footnote or a power, not a digit of the name before it
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(_fold_part(part) for part in decomposed)


def _fold_part(part: str) -> str:
    """Return what one character of a decomposition becomes."""
    code_point = ord(part)
    if code_point in _SPELLED:
        return _SPELLED[code_point]
    if _within(code_point, _DROPPED_MARKS) or _within(code_point, _INVISIBLE):
        return ""
    if part.isdecimal():
        return str(unicodedata.decimal(part))
    return part


def _kind_of(character: str) -> int:
    """Return the flags of one folded character."""
    code_point = ord(character)
    if character == ZWJ or 0xE0020 <= code_point <= 0xE007F:  # noqa: PLR2004 - tags of subdivision flags
        return EXTEND
    category = unicodedata.category(character)
    if category == "No" and unicodedata.decomposition(character).startswith("<super>"):
        return 0
    if category[0] not in "LMN" and category != "Pc":
        return 0
    kind = UNSPACED if _within(code_point, _UNSPACED_RANGES) else WORD
    if category[0] == "M" or 0x1161 <= code_point <= 0x11FF:  # noqa: PLR2004 - Hangul vowels and finals
        kind |= EXTEND
    return kind


def changing_pattern() -> str:
    """Return a regular expression of a run of up to four characters that folding may change, as a group.

    ASCII letters are not among them. Written so that the regular expression engine
    can skip to the first one.
    """
    ranges = (part.partition("-") for part in _PLAIN.split())
    plain = _character_class((int(first, 16), int(last or first, 16)) for first, _, last in ranges)
    one = f"[^\\x00-\\x7f{plain}]"
    return f"({one}{one}{{0,3}})"


def mark_ranges(*, but: Iterable[int] = ()) -> str:
    """Return the inside of a character class that holds every combining mark.

    Those of the classes `but` are left out. Rare scripts are in it whole.
    """
    other = {0, *but}
    code_points = chain.from_iterable(_MAY_HOLD_MARKS)
    marks = [code_point for code_point in code_points if unicodedata.combining(chr(code_point)) not in other]
    return _character_class([*_ranges_of(marks), _RARE_SCRIPTS])


def _ranges_of(code_points: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the ranges, both ends included, that ascending code points make up."""
    for _, row in groupby(enumerate(code_points), lambda numbered: numbered[1] - numbered[0]):
        members = [code_point for _, code_point in row]
        yield members[0], members[-1]


def _character_class(ranges: Iterable[tuple[int, int]]) -> str:
    """Return inclusive ranges of code points as they stand inside a character class."""
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


def unspaced_pattern() -> str:
    """Return a regular expression of one character of a script that writes words without spaces."""
    return f"[{_character_class(_UNSPACED_RANGES)}]"


class FoldTable(dict[int, str]):
    """Map code points to their folded text; a table for `str.translate`."""

    def __missing__(self, code_point: int) -> str:
        """Fold a character that has not been met before."""
        folded = _fold_character(chr(code_point))
        if code_point < _CACHED_BELOW:
            self[code_point] = folded
        return folded


class KindTable(dict[str, int]):
    """Map folded characters to their flags (WORD, UNSPACED, EXTEND; 0: a symbol)."""

    def __missing__(self, character: str) -> int:
        """Look up a character that has not been met before."""
        kind = _kind_of(character)
        if ord(character) < _CACHED_BELOW:
            self[character] = kind
        return kind


FOLDS: Final = FoldTable()
KINDS: Final = KindTable()
