"""Write the lines of words around a drawing, none of them wider than the terminal."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from reports.hostile import clean_line
from reports.wording import short_day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

__all__ = ["KEPT", "bucket_label", "cells_of", "label_line", "mark_line", "note_lines", "title_lines"]

KEPT: Final = "\N{NO-BREAK SPACE}"
"""A space in a note at which no line ends; it is written as any other."""


def cells_of(text: str) -> int:
    """Return how many cells of a terminal a text takes at most; signs joined into one picture take fewer."""
    return sum(map(_cells, text))


def _cells(sign: str) -> int:
    if sign == "\N{VARIATION SELECTOR-16}":
        return 1  # it makes a picture, two cells wide, of a sign that takes one
    if unicodedata.category(sign) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def title_lines(brand: str, words: str, width: int) -> list[str]:
    """Return the head of a panel, the brand's name without what could steer a terminal."""
    return _wrapped(f"{clean_line(brand)}: {words}", width)


def note_lines(notes: Sequence[str], width: int) -> list[str]:
    """Return notes side by side where they fit; one that is wider than a line is broken at its spaces."""
    lines: list[str] = []
    for note in notes:
        if lines and cells_of(lines[-1]) + cells_of(note) + 2 <= width:
            lines[-1] += f"; {note}"
        else:
            lines += _wrapped(note, width)
    return lines


def mark_line(signs: Mapping[int, str], left: int) -> list[str]:
    """Return the line of signs that stands above bars, `left` cells before the first; none where there is no sign."""
    if not signs:
        return []
    return [" " * left + "".join(signs.get(cell, " ") for cell in range(max(signs) + 1))]


def label_line(labels: Sequence[tuple[int, str]], width: int) -> str:
    """Return a line with labels, each about the middle of its cell; one that has no room there is left out."""
    line = ""
    for cell, label in labels:
        start = max(0, min(cell - len(label) // 2, width - len(label)))
        if line and start <= len(line):
            start = len(line) + 1
        if not line or (start <= cell and start + len(label) <= width):
            line = line.ljust(start) + label
    return line


def bucket_label(start: datetime, by: str, zone: ZoneInfo) -> str:
    """Write where a bucket begins, as short as the length of the buckets allows."""
    local = start.astimezone(zone)
    day = short_day(local)
    return {"hour": f"{day} {local:%H:%M}", "month": f"{day.split()[1]} {local.year}"}.get(by, day)


def _wrapped(text: str, width: int) -> list[str]:
    """Cut a text into lines at its spaces; a word that is wider than a line is cut anywhere."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cells_of(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *full, line = _cut(word, width)
        lines += full
    return [one.replace(KEPT, " ").rstrip() for one in (*lines, line)]


def _cut(word: str, width: int) -> list[str]:
    pieces = [""]
    for sign in word:
        if pieces[-1] and cells_of(pieces[-1]) + _cells(sign) > width:
            pieces.append("")
        pieces[-1] += sign
    return pieces
