"""Make any text drawable with the fonts that are there: never a box, never a warning.

Charts are drawn with DejaVu Sans, which comes with matplotlib, and with those
Noto families that are installed (Debian: fonts-noto-core, fonts-noto-cjk). What
no installed font can draw is spelled in Latin letters where its Unicode name
gives a sound (Indic scripts, kana, hangul); emoji and marks are dropped;
anything else becomes the name of its script in brackets, such as ``[CJK]``.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import regex
from matplotlib import font_manager

from reports.hostile import clean_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["FAMILIES", "drawable", "families", "fonts_for"]

FAMILIES: Final = (
    "DejaVu Sans",
    "Noto Sans",
    "Noto Sans Devanagari",
    "Noto Sans Bengali",
    "Noto Sans Gurmukhi",
    "Noto Sans Gujarati",
    "Noto Sans Oriya",
    "Noto Sans Tamil",
    "Noto Sans Telugu",
    "Noto Sans Kannada",
    "Noto Sans Malayalam",
    "Noto Sans Sinhala",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Thai",
    "Noto Sans Lao",
    "Noto Sans Khmer",
    "Noto Sans Myanmar",
    "Noto Sans Ethiopic",
    "Noto Sans Armenian",
    "Noto Sans Georgian",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans CJK KR",
    "Noto Sans JP",
    "Noto Sans SC",
    "Noto Sans KR",
    "Noto Emoji",
    "Noto Sans Symbols",
    "Noto Sans Symbols 2",
)
"""Families tried, in this order. DejaVu Sans comes first, so that Latin text and digits look alike on every machine."""

_MARKS: Final = frozenset({"Cf", "Mn", "Me", "Mc", "Lm"})
_ZERO_WIDTH: Final = dict.fromkeys([0x00AD, 0x200B, 0x2060, 0xFEFF, *range(0xFE00, 0xFE10), *range(0xE0000, 0xE0080)])
"""Invisible characters (soft hyphen, joins, variation selectors, tags) that fonts may lack and drawing does not need."""

_SILENT_FINAL_VOWEL: Final = frozenset({"DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI"})
_STRAY_JOINER: Final = regex.compile(r"(?<![\p{L}\p{M}])[\u200c\u200d]+")
_VIRAMA: Final = re.compile(r"SIGN (VIRAMA|HALANT|PULLI)$")
_LETTER: Final = re.compile(r"(?:LETTER|SYLLABLE)(?: SMALL)? ([A-Z]+)$")
_VOWEL_SIGN: Final = re.compile(r"VOWEL SIGN ([A-Z]+)$")
_DIGIT: Final = re.compile(r"DIGIT [A-Z]+$")
_NASAL: Final = re.compile(r"SIGN (?:ANUSVARA|CANDRABINDU|BINDI)$| TIPPI$")


@lru_cache(maxsize=1)
def families() -> tuple[str, ...]:
    """Return those of `FAMILIES` that are installed, in order; found once a process.

    Fonts that were installed after matplotlib built its list are added to it.
    """
    for path in list(_newcomers(_known())):
        font_manager.fontManager.addfont(path)
    known = _known()
    return tuple(name for name in FAMILIES if name in known)


def _known() -> set[str]:
    return {entry.name for entry in font_manager.fontManager.ttflist if Path(entry.fname).exists()}


def _newcomers(known: set[str]) -> Iterator[str]:
    """Give the files of wanted families that matplotlib's list lacks."""
    wanted = {name.replace(" ", "") for name in FAMILIES if name not in known}
    listed = {entry.fname for entry in font_manager.fontManager.ttflist}
    for path in sorted(font_manager.findSystemFonts()):
        family, _, style = Path(path).stem.partition("-")
        if path not in listed and style in {"", "Regular", "Bold"} and any(name.startswith(family) for name in wanted):
            yield path


@lru_cache(maxsize=len(FAMILIES))
def _drawn_by(family: str) -> frozenset[int]:
    """Return the code points that an installed family draws."""
    properties = font_manager.FontProperties(family=family)
    return frozenset(font_manager.get_font(font_manager.findfont(properties, fallback_to_default=False)).get_charmap())


@lru_cache(maxsize=1)
def _covered() -> frozenset[int]:
    """Return the code points that at least one installed family draws."""
    return frozenset().union(*(_drawn_by(family) for family in families()))


def fonts_for(text: str) -> list[str]:
    """Return the installed families that `text` needs, in order; nearly always only the first.

    Each family more costs time for every text that is laid out with it.
    """
    needed = {ord(c) for c in text}
    chosen: list[str] = []
    for family in families():
        if not chosen or needed & _drawn_by(family):
            chosen.append(family)
            needed -= _drawn_by(family)
        if not needed:
            break
    return chosen


def drawable(text: str) -> str:
    """Return `text` on one line as the installed fonts can draw it, with mathtext switched off.

    ``$`` is escaped, so that nothing is read as a formula. Text of which nothing
    can be drawn or spelled is replaced by the name of its script in brackets.
    """
    cleaned = unicodedata.normalize("NFC", clean_line(text)).translate(_ZERO_WIDTH)
    missing = {c for c in cleaned if ord(c) not in _drawn_by(families()[0])}
    missing = {c for c in missing if ord(c) not in _covered()}
    if missing:
        cleaned = clean_line(_STRAY_JOINER.sub("", "".join(_spell(cleaned, missing))))
    return cleaned.replace("$", r"\$")


def _spell(text: str, missing: set[str]) -> Iterator[str]:
    """Give the pieces of `text`, runs of one script with missing letters spelled whole."""
    for script, run in itertools.groupby(text, _script):
        letters = list(run)
        if not missing.intersection(letters):
            yield "".join(letters)
        elif (spelled := _romanise(letters, script)) is not None:
            yield spelled
        else:
            yield "".join(_substitute(letters, missing, script))


def _substitute(letters: Sequence[str], missing: set[str], script: str) -> Iterator[str]:
    named = False
    for letter in letters:
        if letter not in missing:
            yield letter
        elif unicodedata.category(letter).startswith("L") and not named:
            named = True
            yield f"[{script.capitalize() if script != 'CJK' else script}]"


def _script(letter: str) -> str:
    """Return the first word of a letter's Unicode name, which for letters is the script."""
    return unicodedata.name(letter, "UNNAMED").split()[0].removesuffix("-HIRAGANA")


def _romanise(letters: Sequence[str], script: str) -> str | None:
    """Spell letters by the sounds in their Unicode names; None where a name holds no sound.

    In Indic scripts a consonant carries the vowel a until a vowel sign or a
    virama replaces it; in those of the north it is silent at the end of a word.
    """
    sounds: list[str] = []
    for letter in letters:
        name = unicodedata.name(letter, "")
        if _VIRAMA.search(name):
            sounds[-1:] = [_without_vowel(sound) for sound in sounds[-1:]]
        elif sign := _VOWEL_SIGN.search(name):
            sounds[-1:] = [*(_without_vowel(sound) for sound in sounds[-1:]), _sound(sign[1])]
        elif found := _LETTER.search(name):
            sounds.append(_sound(found[1]))
        elif (other := _other_sound(letter, name)) is not None:
            sounds.extend(filter(None, [other]))
        else:
            return None
    if script in _SILENT_FINAL_VOWEL and len(sounds) > 1 and _LETTER.search(unicodedata.name(letters[-1], "")):
        sounds[-1] = _without_vowel(sounds[-1])
    return "".join(sounds).capitalize() or None


def _other_sound(letter: str, name: str) -> str | None:
    """Return what a sign, digit or mark sounds like ("" for nothing), None where unknown."""
    if _NASAL.search(name):
        return "n"
    if _DIGIT.search(name):
        return str(unicodedata.digit(letter))
    return "" if unicodedata.category(letter) in _MARKS else None


def _without_vowel(sound: str) -> str:
    return sound.removesuffix("a") if len(sound) > 1 else sound


def _sound(name: str) -> str:
    """Return a letter's name as it sounds: ``TTA`` is ta, ``AA`` a, Tamil ``LLLA`` zha."""
    return "".join(letter for letter, _ in itertools.groupby(name.replace("LLL", "ZH").lower()))
