"""Measure and wrap text as a terminal shows it, and take the sting out of it.

Widths follow Unicode Standard Annex 11 (East Asian Width): wide and full-width
signs take two cells, marks and format characters none, emoji joined into one
picture the two cells of the picture.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from unicodedata import category, east_asian_width

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["clusters", "display_width", "neutralise", "pad", "wrap"]

_JOINER: Final = "\N{ZERO WIDTH JOINER}"
_PICTURE: Final = "\N{VARIATION SELECTOR-16}"
_UNSAFE: Final = "[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
"""Control characters, what turns the direction of text, and halves of surrogate pairs."""
_FIRST_MARK: Final = "\u0300"
"""Before it every sign that can be printed takes one cell."""
_SPACES: Final = r"[\t\n\v\f\r\u0085\u2028\u2029]+"


def neutralise(text: str) -> str:
    r"""Return a text on one line that cannot steer a terminal.

    Line breaks and tabs become a space; other control characters and those that
    turn the direction of text are shown as escapes such as ``\x1b``.
    """
    if text.isprintable():
        return text
    return re.sub(_UNSAFE, _escape, re.sub(_SPACES, " ", text))


@lru_cache(maxsize=4096)
def display_width(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    if text.isascii() or (text.isprintable() and max(text) < _FIRST_MARK):
        return len(text)
    return sum(_cluster_width(cluster) for cluster in clusters(text))


def clusters(text: str) -> Iterator[str]:
    """Yield the signs of a text as readers see them, each with the marks that belong to it."""
    start = 0
    for position in range(1, len(text)):
        if not _continues(text, position, start):
            yield text[start:position]
            start = position
    if text:
        yield text[start:]


def pad(text: str, width: int, align: str) -> str:
    """Fill a text with spaces to a width in cells; `align` is "left" or "right"."""
    space = " " * max(0, width - display_width(text))
    return space + text if align == "right" else text + space


def wrap(text: str, width: int) -> list[str]:
    """Cut a text into lines of at most `width` cells, at spaces where there are any.

    Nothing but the spaces at the breaks is left out; a sign wider than `width`
    has a line of its own.
    """
    lines: list[str] = []
    words: list[str] = []  # of the line that is being filled, which they take `taken` cells of
    taken = 0
    for word in text.split(" "):
        size = display_width(word)
        if taken + bool(words) + size <= width:
            taken += bool(words) + size
            words += [word] if words or word else []
            continue
        if words:
            lines.append(" ".join(words))
        *full, rest = _cut(word, width)
        lines.extend(full)
        words, taken = ([rest], display_width(rest)) if rest else ([], 0)
    return [*lines, " ".join(words)] if words or not lines else lines


def _cut(word: str, width: int) -> list[str]:
    pieces, piece, taken = [], "", 0
    for cluster in clusters(word):
        size = _cluster_width(cluster)
        if piece and taken + size > width:
            pieces.append(piece)
            piece, taken = "", 0
        piece += cluster
        taken += size
    return [*pieces, piece]


def _continues(text: str, position: int, start: int) -> bool:
    """Say whether the sign at `position` belongs to the cluster begun at `start`."""
    sign = text[position]
    if sign.isascii():
        return False
    if _is_mark(sign) or text[position - 1] == _JOINER:
        return True
    return _is_flag_letter(sign) and position - start == 1 and _is_flag_letter(text[start])


def _is_mark(sign: str) -> bool:
    return (
        category(sign) in {"Mn", "Me", "Mc", "Cf"}
        or "\U0001f3fb" <= sign <= "\U0001f3ff"
        or "\u1160" <= sign <= "\u11ff"
    )


def _is_flag_letter(sign: str) -> bool:
    return "\U0001f1e6" <= sign <= "\U0001f1ff"


def _cluster_width(cluster: str) -> int:
    first = cluster[0]
    if _PICTURE in cluster or (_is_flag_letter(first) and len(cluster) > 1):
        return 2
    spacing = 0 if _JOINER in cluster else sum(category(sign) == "Mc" for sign in cluster[1:])
    return _sign_width(first) + spacing


def _sign_width(sign: str) -> int:
    if category(sign) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if east_asian_width(sign) in "WF" else 1


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 - what two hex digits hold
