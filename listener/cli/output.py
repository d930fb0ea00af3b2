"""Write rows and numbers to stdout: for people as a table, for programs as JSON or CSV."""

from __future__ import annotations

import os
import re
import sys
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, TextIO, cast

from listener.cli.width import display_width, neutralise, pad, wrap
from listener.frozen import dataclass
from listener.percentages import coverage_percent, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

__all__ = [
    "FORMULA_SIGNS",
    "UNKNOWN",
    "Column",
    "count_text",
    "counted",
    "coverage_text",
    "emit_json",
    "emit_rows",
    "emit_title",
    "json_text",
    "line_room",
    "lines_to",
    "noun",
    "percent_text",
    "rounded",
    "score_text",
    "share_text",
    "sparkline",
    "styled",
    "terminal_width",
    "wants_colour",
]

UNKNOWN: Final = "–"  # noqa: RUF001 - the dash of tables
"""What stands in a table where a value is not known; zero is written 0."""

_BARS: Final = "▁▂▃▄▅▆▇█"
_GAP: Final = "·"
_BETWEEN: Final = "  "
_LINE, _LEAST_LINE = 80, 20
"""Cells of a line of prose: longer ones read badly, shorter ones not at all."""
_NARROWEST: Final = 12
"""Cells a text column keeps at least; where that does not fit, rows become blocks."""

_WIDEST: Final = 400
"""Cells a column of a table in a pipe is filled up to: one text of a megabyte would make every row as long."""

_COLOURS: Final = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}
FORMULA_SIGNS: Final = (*"=+-@\t\r\n", *"\uff1d\uff0b\uff0d\uff20")
"""Signs with which a spreadsheet begins a formula, also full-width ones (OWASP, "CSV Injection", seen 2026-11)."""
_PLAIN_NUMBER: Final = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_NOT_FOR_TERMINALS: Final = "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Say how one column is written.

    `name` is the key in the row, in JSON and in CSV; `title` the head in the
    table (empty: the name). `text` writes a value for the table only, `colour`
    names its colour there (red, green, yellow, bold, dim or None). A column with
    a `rank` gives way where a terminal is too narrow, the highest first; what is
    left out is named on stderr.
    """

    name: str
    title: str = ""
    align: str = "left"
    text: Callable[[object], str] | None = None
    colour: Callable[[object], str | None] | None = None
    rank: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """Hold what a cell of a table shows, and in which colour."""

    text: str
    colour: str | None


def emit_rows(
    rows: Iterable[Mapping[str, object]],
    columns: Sequence[Column | str],
    format_name: str,
    *,
    stream: TextIO | None = None,
    width: int | None = None,
) -> None:
    """Write rows as "table", "json", "csv" or "jsonl"; a column may be just its name.

    A table is fitted to `width` cells (None: the terminal's; in a pipe or file
    there is no limit, a cell of more than `_WIDEST` moves what follows it) by
    wrapping, never by leaving anything out. csv and
    jsonl write each row as it comes.
    """
    out = stream or sys.stdout
    made = [Column(name=column) if isinstance(column, str) else column for column in columns]
    if format_name == "json":
        chosen = [{column.name: row.get(column.name) for column in made} for row in rows]
        out.write(json_text(chosen, indent=2) + "\n")
    elif format_name == "jsonl":
        out.writelines(json_text({one.name: row.get(one.name) for one in made}) + "\n" for row in rows)
    elif format_name == "csv":
        _write_csv(rows, made, out)
    else:
        fitted = width if width is not None else terminal_width(out)
        kept = _shown(listed := list(rows), made, fitted)
        out.writelines(line + "\n" for line in _table(listed, kept, fitted, has_colour=wants_colour(out)))
        if len(kept) < len(made):
            names = ", ".join(column.title or column.name for column in made if column not in kept)
            told = f"left out at this width: {names}; --format csv has every column"
            sys.stderr.write("".join(f"{line}\n" for line in wrap(told, line_room(sys.stderr))))


def emit_json(value: object, *, stream: TextIO | None = None) -> None:
    """Write one value as indented JSON."""
    (stream or sys.stdout).write(json_text(value, indent=2) + "\n")


def json_text(value: object, *, indent: int | None = None) -> str:
    """Return a value as JSON that is safe to print; times in ISO 8601, lengths in seconds."""
    import json

    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, default=_json_value)
    return re.sub(_NOT_FOR_TERMINALS, lambda found: f"\\u{ord(found[0]):04x}", text)


def sparkline(values: Sequence[float | None]) -> str:
    """Draw values as a row of bars, a dot where a value is not known.

    The lowest bar is zero, or the least value where one is negative.
    """
    known = [value for value in values if value is not None]
    low, high = min(0, *known, 0), max(0, *known, 0)
    span = (high - low) or 1
    top = len(_BARS) - 1
    return "".join(_GAP if value is None else _BARS[round((value - low) / span * top)] for value in values)


def count_text(value: object) -> str:
    """Write a count with thousands separated; None is not known."""
    return f"{value:,}" if isinstance(value, (int, float)) else UNKNOWN


def counted(number: int, word: str) -> str:
    """Write a count with its noun, such as ``1 mention`` or ``1,200 mentions``."""
    return f"{number:,} {noun(number, word)}"


def noun(number: int, word: str) -> str:
    """Return the form of a noun that fits a number."""
    return word if number == 1 else f"{word}s"


def rounded(value: float, digits: int) -> float:
    """Return a figure with so many digits after the point; what rounds to zero has no sign."""
    return round(value, digits) + 0.0


def score_text(value: object) -> str:
    """Write a score or net sentiment with its sign, two decimals; what rounds to zero is +0.00."""
    return f"{value:+z.2f}" if isinstance(value, (int, float)) else UNKNOWN


def percent_text(value: object) -> str:
    """Write a share of 1 as percent with one decimal, never rounded to all or nothing unless it is."""
    return percent(value, digits=1, briefly=True) if isinstance(value, (int, float)) else UNKNOWN


def coverage_text(value: object, *, digits: int = 0) -> str:
    """Write how much was read, a share of 1, as percent; rounded down, as `listener.percentages` says."""
    return coverage_percent(value, digits=digits, briefly=True) if isinstance(value, (int, float)) else UNKNOWN


def share_text(value: object) -> str:
    """Write a share of 1 as whole percent, never rounded to all or nothing unless it is."""
    return percent(value, briefly=True) if isinstance(value, (int, float)) else UNKNOWN


def wants_colour(stream: TextIO) -> bool:
    """Say whether to colour: on a terminal, and not where $NO_COLOR or a dumb $TERM says otherwise."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def styled(text: str, colour: str | None, *, has_colour: bool) -> str:
    """Return a text in a colour (red, green, yellow, bold, dim), as it is where colours are off."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if colour and has_colour else text


def terminal_width(stream: TextIO) -> int | None:
    """Return how many cells a line of the terminal has, None for a pipe or a file."""
    if not stream.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def line_room(stream: TextIO) -> int:
    """Return how many cells a line of prose has: those of the terminal, 80 at most, and 80 in a pipe or a file."""
    return max(_LEAST_LINE, min(_LINE, terminal_width(stream) or _LINE))


def emit_title(text: str) -> None:
    """Print what a table is of, on a terminal in lines of its width."""
    width = terminal_width(sys.stdout)
    sys.stdout.write("\n".join(wrap(text, width) if width else [text]) + "\n")


def _shown(rows: Sequence[Mapping[str, object]], columns: Sequence[Column], width: int | None) -> Sequence[Column]:
    """Return the columns that stand side by side in `width` cells, those of the highest rank left out first.

    Where even the others do not, rows become blocks, which have room for all.
    """
    kept = list(columns)
    while width is not None:
        titles = [neutralise(column.title or column.name) for column in kept]
        cells = [[_cell(row.get(column.name), column) for column in kept] for row in rows]
        if _fit(titles, cells, kept, width) is not None:
            return kept
        if not any(column.rank for column in kept):
            break
        kept.remove(max(kept, key=lambda column: column.rank))
    return columns


def _table(
    rows: Sequence[Mapping[str, object]], columns: Sequence[Column], width: int | None, *, has_colour: bool
) -> Iterator[str]:
    titles = [neutralise(column.title or column.name) for column in columns]
    cells = [[_cell(row.get(column.name), column) for column in columns] for row in rows]
    widths = _fit(titles, cells, columns, width)
    if widths is None:
        yield from _blocks(titles, cells, width or 1, has_colour=has_colour)
        return
    head = _BETWEEN.join(
        pad(title, size, column.align) for title, size, column in zip(titles, widths, columns, strict=True)
    )
    yield styled(head.rstrip(), "bold", has_colour=has_colour)
    for row in cells:
        yield from _table_lines(row, widths, columns, has_colour=has_colour, wraps=width is not None)


def _table_lines(
    row: Sequence[_Cell], widths: Sequence[int], columns: Sequence[Column], *, has_colour: bool, wraps: bool
) -> Iterator[str]:
    wrapped = [wrap(cell.text, size) if wraps else [cell.text] for cell, size in zip(row, widths, strict=True)]
    for number in range(max(map(len, wrapped), default=0)):
        parts = [
            styled(
                pad(lines[number] if number < len(lines) else "", size, column.align),
                cell.colour,
                has_colour=has_colour,
            )
            for lines, size, column, cell in zip(wrapped, widths, columns, row, strict=True)
        ]
        yield _BETWEEN.join(parts).rstrip()


def _fit(
    titles: Sequence[str], cells: Sequence[Sequence[_Cell]], columns: Sequence[Column], width: int | None
) -> list[int] | None:
    """Return the width of each column, None where they cannot stand side by side.

    The widest columns give way first; numbers (right-aligned) keep theirs.
    """
    natural = [
        max(display_width(text) for text in (title, *(row[place].text for row in cells)))
        for place, title in enumerate(titles)
    ]
    if width is None:
        return [min(size, _WIDEST) for size in natural]
    room = width - len(_BETWEEN) * (len(columns) - 1)
    least = [
        size if column.align == "right" else max(min(size, _NARROWEST), display_width(title))
        for size, column, title in zip(natural, columns, titles, strict=True)
    ]
    if sum(least) > room:
        return None if sum(natural) > room else natural
    fitted = list(natural)
    while sum(fitted) > room:
        widest = max((place for place in range(len(fitted)) if fitted[place] > least[place]), key=lambda at: fitted[at])
        fitted[widest] -= 1
    return fitted


def _blocks(titles: Sequence[str], cells: Sequence[Sequence[_Cell]], width: int, *, has_colour: bool) -> Iterator[str]:
    """Write each row as a block of "title  value" lines, for terminals too narrow for a table.

    A title takes half of a line at most and goes on below.
    """
    label = min(max(map(display_width, titles)), max(1, (width - len(_BETWEEN)) // 2))
    room = max(1, width - label - len(_BETWEEN))
    for number, row in enumerate(cells):
        if number:
            yield ""
        for title, cell in zip(titles, row, strict=True):
            for head, line in zip_longest(wrap(title, label), wrap(cell.text, room), fillvalue=""):
                shown = styled(line, cell.colour, has_colour=has_colour) if line else ""
                yield (pad(head, label, "left") + _BETWEEN + shown).rstrip()


def _cell(value: object, column: Column) -> _Cell:
    text = column.text(value) if column.text is not None else _plain(value)
    return _Cell(text=neutralise(text), colour=column.colour(value) if column.colour is not None else None)


def _plain(value: object) -> str:
    """Write a value for people."""
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(sep=" ", timespec="minutes")
        case list() | tuple():
            return ", ".join(_plain(item) for item in value)
        case _:
            return str(value)


def _write_csv(rows: Iterable[Mapping[str, object]], columns: Sequence[Column], out: TextIO) -> None:
    from listener.tabular import csv_writer

    writer = csv_writer(out)
    writer.writerow([_csv_text(column.name, out) for column in columns])
    for row in rows:
        writer.writerow([_csv_value(row.get(column.name), out) for column in columns])


class _LinesForTerminal:
    """Pass whole lines on to a terminal, which they cannot steer."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, line: str) -> int:
        """Write one line with its end."""
        return self._out.write(neutralise(line.removesuffix("\n")) + "\n")


def lines_to(out: TextIO) -> TextIO:
    """Return where lines of CSV are written: the stream itself where it is no terminal."""
    return cast("TextIO", _LinesForTerminal(out)) if out.isatty() else out


def _csv_value(value: object, out: TextIO) -> object:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return value
        case str():
            return _csv_text(value, out)
        case list() | tuple() | dict():
            return _csv_text(json_text(value), out)
        case _:
            return _csv_text(str(_json_value(value)), out)


def _csv_text(text: str, out: TextIO) -> str:
    """Return a text that no spreadsheet takes for a formula; plain numbers stay numbers."""
    if out.isatty():
        text = neutralise(text)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) and not re.fullmatch(_PLAIN_NUMBER, text) else text


def _json_value(value: object) -> object:
    """Return what JSON holds in place of a value it does not know."""
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case set() | frozenset():
            return sorted(value)
        case _:
            return str(value)
