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

_LONGEST_ROW: Final = 1 << 20
"""The most bytes of one row that are read, however many lines it has; a comment has no business to be longer."""
_TOO_LONG: Final = f"the row is longer than {_LONGEST_ROW} bytes"
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


class _TooLongError(csv.Error):
    """Say that a row is too long."""


class _Lines:
    """Give the lines of a stream as text, and count what was given; none is longer than what is `left` of a row.

    `taken` are the lines of the row in hand, as they stand in the file and as text.
    """

    def __init__(self, stream: IO[bytes], offset: int, line: int) -> None:
        self._stream = stream
        self.offset, self.line = offset, line
        self.left = _LONGEST_ROW
        self.taken: list[tuple[bytes, str]] = []
        self._again: list[bytes] = []
        stream.seek(offset)

    def __iter__(self) -> Iterator[str]:
        return self

    def begin_row(self) -> None:
        """Let a row begin with the next line."""
        self.taken.clear()
        self.left = _LONGEST_ROW

    def give_back(self) -> None:
        """Give the lines of this row once more, but the first."""
        again = [raw for raw, _ in self.taken[:0:-1]]
        self.offset -= sum(map(len, again))
        self.line -= sum(raw.endswith(b"\n") for raw in again)
        self._again += again

    def __next__(self) -> str:
        """Return the next line; raises _TooLongError where it is too long, and goes on behind it."""
        raw = rest = self._again.pop() if self._again else self._stream.readline(self.left + 1)
        if not raw:
            raise StopIteration
        begins = self.offset
        self.offset += len(raw)
        self.left -= len(raw)
        while self.left < 0 and not rest.endswith(b"\n") and (rest := self._stream.readline(_LONGEST_ROW)):
            self.offset += len(rest)
        self.line += (rest or raw).endswith(b"\n")
        if self.left < 0:
            raise _TooLongError(_TOO_LONG)
        text = _decoded(raw if begins else raw.removeprefix(b"\xef\xbb\xbf"))
        self.taken.append((raw, text))
        return text


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
        while True:
            begins, number = self.offset, self.line + 1
            self._lines.begin_row()
            try:
                text = next(self._lines)
            except StopIteration:
                return
            except _TooLongError as error:
                yield Row(line=number, offset=begins, fields={}, problem=str(error))
                continue
            if text.strip():
                yield _json_row(text, begins, number)

    def _records(self) -> Iterator[Row]:
        records = csv.reader(self._lines, delimiter=self._delimiter)
        while True:
            begins, number = self.offset, self.line + 1
            self._lines.begin_row()
            csv.field_size_limit(_LONGEST_FIELD)  # the whole process has one; another reader may have set its own
            try:
                cells = next(records)
            except StopIteration:
                return
            except csv.Error as error:
                is_long = isinstance(error, _TooLongError)
                problem = str(error) if is_long else "a quote is not closed, or a field is too long"
                yield Row(line=number, offset=begins, fields={}, problem=problem)
                continue
            if not self._is_closed():
                self._lines.give_back()
                yield Row(line=number, offset=begins, fields={}, problem="a quote is not closed")
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

    def _is_closed(self) -> bool:
        """Say whether the lines in hand are one row; a quote that is not closed takes those after it along."""
        lines = self._lines.taken
        if len(lines) > 1:
            try:
                next(csv.reader((text for _, text in lines), delimiter=self._delimiter, strict=True))
            except csv.Error:
                return False
        return True


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _header(lines: _Lines, path: str, delimiter: str) -> tuple[tuple[str, ...], str]:
    """Return the names of the columns and the delimiter."""
    try:
        first = next((text for text in lines if text.strip()), "")
    except _TooLongError:
        msg = f"survey: the first row of {path} is longer than {_LONGEST_ROW} bytes; it must name the columns"
        raise UnexpectedAnswerError(msg) from None
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
