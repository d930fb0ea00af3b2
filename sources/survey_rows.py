"""Read rows of survey files, CSV or JSON objects a line, resumable at the byte, and what an answer says."""

from __future__ import annotations

import csv
import json
import math
import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from listener.api import UnexpectedAnswerError
from sources.text import clean, clean_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Row", "RowReader", "cell_of", "number_of"]

_LONGEST_LINE: Final = 1 << 20
"""The most bytes of one line that are read; a comment has no business to be longer."""
_LONGEST_FIELD: Final = 1 << 17
"""The most characters of one field of CSV; a quote that is never closed ends there."""
_DELIMITERS: Final = (",", ";", "\t", "|")
_JSON_LINES: Final = (".jsonl", ".ndjson", ".json")
_NUMBER: Final = re.compile(r"[+-]?\d{1,9}(?:[.,]\d{1,9})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Hold one row: where it begins, its fields by name, or why it cannot be read."""

    line: int
    offset: int
    fields: Mapping[str, object]
    problem: str | None = None


class _Lines:
    """Give the lines of a stream as text and count what was given."""

    def __init__(self, stream: IO[bytes], offset: int, line: int) -> None:
        self._stream = stream
        self.offset, self.line = offset, line
        stream.seek(offset)

    def __iter__(self) -> Iterator[str]:
        while raw := self._stream.readline(_LONGEST_LINE):
            self.offset += len(raw)
            self.line += raw.endswith(b"\n")
            yield _decoded(raw.removeprefix(b"\xef\xbb\xbf") if self.offset == len(raw) else raw)


class RowReader:
    """Read the rows of an open file from a byte on; `offset` and `line` are where the next row begins.

    CSV has the names of its columns in its first row; its delimiter is the sign
    that occurs most in it, unless given. Text that is not UTF-8 is read as
    Windows-1252, which spreadsheets write.
    """

    def __init__(self, stream: IO[bytes], path: str, *, delimiter: str = "", at: tuple[int, int] = (0, 0)) -> None:
        self._is_json = path.removesuffix(".gz").endswith(_JSON_LINES)
        self._path = path
        self.columns: tuple[str, ...] = ()
        if not self._is_json:
            head = _Lines(stream, 0, 0)
            self.columns, self._delimiter = _header(head, path, delimiter)
            at = max(at, (head.offset, head.line))
        self._lines = _Lines(stream, *at)

    @property
    def offset(self) -> int:
        """Return the byte at which the next row begins."""
        return self._lines.offset

    @property
    def line(self) -> int:
        """Return how many lines stand before the next row."""
        return self._lines.line

    def __iter__(self) -> Iterator[Row]:
        """Yield every row that is not blank, in order."""
        yield from self._objects() if self._is_json else self._records()

    def _objects(self) -> Iterator[Row]:
        begins, number = self.offset, self.line + 1
        for text in self._lines:
            if text.strip():
                yield _json_row(text, begins, number)
            begins, number = self.offset, self.line + 1

    def _records(self) -> Iterator[Row]:
        records = csv.reader(iter(self._lines), delimiter=self._delimiter)
        while True:
            begins, number = self.offset, self.line + 1
            csv.field_size_limit(_LONGEST_FIELD)  # the whole process has one; another reader may have set its own
            try:
                cells = next(records)
            except StopIteration:
                return
            except csv.Error:
                problem = "a quote is not closed, or a field is too long"
                yield Row(line=number, offset=begins, fields={}, problem=problem)
                continue
            if not any(cell.strip() for cell in cells):
                continue
            more = len(cells) > len(self.columns)
            yield Row(
                line=number,
                offset=begins,
                fields=dict(zip(self.columns, cells, strict=False)),
                problem=f"{len(cells)} fields where the first row names {len(self.columns)}" if more else None,
            )


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _header(lines: _Lines, path: str, delimiter: str) -> tuple[tuple[str, ...], str]:
    """Return the names of the columns and the delimiter."""
    first = next((text for text in lines if text.strip()), "")
    if "\0" in first:
        msg = f"survey: {path} is not text in UTF-8; save it as CSV in UTF-8"
        raise UnexpectedAnswerError(msg)
    sign = delimiter or max(_DELIMITERS, key=first.count)
    try:
        names = next(csv.reader([first], delimiter=sign), [])
    except csv.Error:
        names = []
    return tuple(clean_line(name, limit=200).strip() for name in names), sign


def _json_row(text: str, offset: int, number: int) -> Row:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        return Row(line=number, offset=offset, fields=value)
    return Row(line=number, offset=offset, fields={}, problem="not a JSON object")


def cell_of(fields: Mapping[str, object], column: str, *, limit: int = 512) -> str | None:
    """Return a field as one clean line; None where there is none, it is empty, or no text or number."""
    value = fields.get(column) if column else None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = f"{value:.12g}" if isinstance(value, float) else str(value) if abs(value) < 1 << 128 else ""
    return clean_line(clean(value), limit=limit).strip() or None if isinstance(value, str) else None


def number_of(text: str | None) -> int | float | None:
    """Return a number written with a decimal point or comma, whole where it is; None for anything else."""
    if text is None or not _NUMBER.fullmatch(text):
        return None
    value = float(text.replace(",", "."))
    return int(value) if math.isfinite(value) and value == int(value) else value
