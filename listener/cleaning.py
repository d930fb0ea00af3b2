"""Make text from outside safe to keep: NFC, no controls, bounded.

What is taken out is invisible and only does harm: control characters, lone
surrogates (they cannot be written as UTF-8), characters that turn the reading
direction of what follows, and non-characters (they break XML, and so SVG charts).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["TEXT_LIMIT", "clean", "clean_line", "is_text"]

TEXT_LIMIT: Final = 200_000
"""The most code points of one text that are kept."""

_NEWLINES: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_HARMFUL: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls but tab and the line breaks
    "\u00ad\ufeff"  # soft hyphen, byte order mark: both hide inside a word
    "\u202a-\u202e\u2066-\u2069"  # embeddings, overrides and isolates of direction
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"  # surrogates, non-characters
)
_MARKS_IN_A_ROW: Final = 30
"""The longest run of combining marks kept (Unicode Standard Annex 15, Stream-Safe Text Format).

Ordering the marks of a run takes time quadratic in its length.
"""
_MAYBE_MARK: Final = re.compile(r"[^\w\s!-~]")
_MAYBE_MARKS: Final = re.compile(rf"{_MAYBE_MARK.pattern}{{{_MARKS_IN_A_ROW + 1}}}")


def clean(text: str, *, limit: int = TEXT_LIMIT) -> str:
    """Return `text` in NFC with every kind of line break as a newline and nothing harmful in it.

    At most `limit` code points are kept. Cleaning what is clean changes nothing.
    Takes time linear in the length of what is kept.
    """
    text = text[: 2 * limit]
    if text.isascii() and text.isprintable():
        return text[:limit]
    if not text.isprintable():  # what is taken out is not, nor is any line break
        text = _HARMFUL.sub("", _NEWLINES.sub("\n", text))
    thinned = _thin_marks(text)
    composed = unicodedata.normalize("NFC", thinned)
    return (composed if composed == thinned else _thin_marks(composed))[:limit]


def clean_line(text: str, *, limit: int) -> str:
    """Return `text` cleaned and on one line: runs of white space are one blank, none at the ends."""
    if len(text) <= limit and text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join(clean(text, limit=4 * limit).split())[:limit].rstrip()


def is_text(text: str) -> bool:
    """Say whether a text can be written as UTF-8, and so be in a store.

    An argument of bytes that are none comes with a lone surrogate for each (PEP 383).
    """
    return text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)


def _thin_marks(text: str) -> str:
    """Drop the combining marks of a run beyond the number that any script needs."""
    one_of_each_row = text[_MARKS_IN_A_ROW :: _MARKS_IN_A_ROW + 1]
    if not (_MAYBE_MARK.search(one_of_each_row) and _MAYBE_MARKS.search(text)):
        return text
    kept: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _MARKS_IN_A_ROW:
            kept.append(character)
    return "".join(kept)
