"""Read and write mentions as CSV: one column a field, nested fields with a dot.

`author.handle` and `engagement.likes` are columns of their own; lists are JSON.
A cell that a spreadsheet would run as a formula is written with an apostrophe
before it, which is taken away again on reading.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from typing import IO, TYPE_CHECKING, Any, Final

from listener.cleaning import clean_line
from listener.errors import InputError, UsageError
from listener.interchange import BadLine, mention_from_json, mention_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TextIO

    from listener.mention import Mention

__all__ = ["COLUMNS", "csv_rows", "csv_writer", "read_csv", "write_csv", "write_objects"]

COLUMNS: Final = (
    "source", "id", "url", "kind", "author.id", "author.handle", "author.name", "author.followers",
    "author.verified", "title", "text", "language", "published_at", "engagement.likes", "engagement.reposts",
    "engagement.replies", "engagement.views", "rating", "reply_to", "thread", "repost_of", "quote_of", "place",
    "links", "hashtags", "has_media", "edited_at", "extra",
)  # fmt: skip
"""The columns that are written, in order; on reading they may stand in any order, others go to `extra`."""

_FORMULA: Final = (*"=+-@\t\r\n", *"\uff1d\uff0b\uff0d\uff20")
"""Signs with which a spreadsheet begins a formula, also full-width ones (OWASP, "CSV Injection", seen 2026-11)."""
_NUMBERS: Final = {"author.followers", "rating", *(name for name in COLUMNS if name.startswith("engagement."))}
_FLAGS: Final = {"author.verified", "has_media"}
_WORDS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
"""What a flag may be, in any case; an empty cell is not known."""
_JSON: Final = {"links", "hashtags", "extra"}
_CELL_LIMIT: Final = 4 << 20
_ROW_LIMIT: Final = 2 * _CELL_LIMIT
"""Signs of a row, however many cells and lines it has."""
_SHOWN: Final = 30
_MOST_SHOWN: Final = 20
"""Signs of a name, and names, of a first row that is not one: enough to see what stands there."""


def read_csv(stream: TextIO) -> Iterator[Mention | BadLine]:
    """Yield a mention or a BadLine for each row, in order; the first row names the columns.

    Bytes that are not UTF-8 are expected as `surrogateescape` leaves them. Raises UsageError
    where the columns that every mention needs are missing.
    """
    rows = csv_rows(stream)
    names = _names_of(next(rows, (1, [])))
    for number, row in rows:
        yield BadLine(number=number, reason=row) if isinstance(row, str) else _read_row(names, row, number)


def csv_rows(stream: TextIO, *, delimiter: str = ",", first: str = "") -> Iterator[tuple[int, list[str] | str]]:
    """Yield (line at which it begins, cells) of each row that is not blank, in order.

    In the place of the cells stands why there are none: what is no CSV, or too long. Never holds more than a row.
    `first` is what was read of the first line already. A quotation mark that is not closed costs its own line:
    it would take those after it along, up to the next one or the end.
    """
    lines = _Lines(stream, first)
    rows = csv.reader(lines, delimiter=delimiter)
    while True:
        csv.field_size_limit(_CELL_LIMIT)  # one for the whole process: another reader may have set its own between rows
        number = lines.begin_row()
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as problem:
            yield number, f"not CSV: {problem}"
            continue
        if len(lines.taken) > 1 and not _is_closed(lines.taken, delimiter):
            lines.give_back()
            yield number, "not CSV: a quotation mark is not closed; one within a text is written twice"
        elif row:
            yield number, row


def _is_closed(lines: Sequence[str], delimiter: str) -> bool:
    """Say whether the lines of a row are one: whether each quotation mark ends where its cell does."""
    try:
        next(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


class _Lines:
    """Hand over the lines of a stream, none longer than what is `left` of a row; count them.

    `taken` are the lines of the row in hand.
    """

    def __init__(self, stream: TextIO, first: str) -> None:
        self._stream = stream
        self._again = [first]
        self.taken: list[str] = []
        self.number = 0
        self.left = _ROW_LIMIT

    def __iter__(self) -> _Lines:
        return self

    def begin_row(self) -> int:
        """Return the number of the line with which the next row begins."""
        self.taken.clear()
        self.left = _ROW_LIMIT
        return self.number + 1

    def give_back(self) -> None:
        """Hand over the lines of this row once more, but the first."""
        again = self.taken[:0:-1]
        self.number -= len(again)
        self._again += again

    def __next__(self) -> str:
        """Return the next line; raises csv.Error where it is too long, and goes on behind it."""
        line = self._again.pop() if self._again else ""
        if not line.endswith(("\n", "\r")):
            line += self._stream.readline(self.left + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self.left -= len(line)
        if self.left < 0:
            while not line.endswith(("\n", "\r")) and (line := self._stream.readline(_ROW_LIMIT)):
                pass
            msg = f"the row is longer than {_ROW_LIMIT} signs"
            raise csv.Error(msg)
        self.taken.append(line)
        return line


def _names_of(head: tuple[int, list[str] | str]) -> list[str]:
    """Return the names of the columns; raises UsageError where those that every mention needs are not among them."""
    row = head[1]
    if isinstance(row, str):
        msg = f"the first row must name the columns; it is {row}"
        raise UsageError(msg)
    names = [name.strip().lstrip("\ufeff") for name in row]
    missing = [name for name in ("source", "id", "text", "published_at") if name not in names]
    if not missing:
        _refuse_repeated(names)
        return names
    if "\0" in "".join(names) or not _is_utf_8("".join(names)):
        msg = "the first row is not UTF-8; save the file as CSV in UTF-8"
        raise UsageError(msg)
    msg = f"the first row must name the columns; missing: {', '.join(missing)}"
    if len(names) == 1 and (names[0].count(";") or names[0].count("\t")):
        msg += "; they stand between commas, not between semicolons or tabs"
    elif any(names):
        shown = ", ".join(clean_line(name, limit=_SHOWN) for name in names[:_MOST_SHOWN])
        msg += f"; found: {shown}{', ...' if len(names) > _MOST_SHOWN else ''}"
    raise UsageError(msg)


def _refuse_repeated(names: Sequence[str]) -> None:
    """Raise UsageError where two columns have one name: of their cells but one could be kept."""
    repeated = sorted(name for name, times in Counter(names).items() if name and times > 1)
    if repeated:
        shown = ", ".join(clean_line(name, limit=_SHOWN) for name in repeated[:_MOST_SHOWN])
        msg = f"the first row must name each column once; repeated: {shown}{', ...' if len(repeated) > _MOST_SHOWN else ''}"
        raise UsageError(msg)


def _read_row(names: list[str], row: list[str], number: int) -> Mention | BadLine:
    if len(row) != len(names):
        return BadLine(number=number, reason=f"{len(row)} cells under {len(names)} columns")
    if not _is_utf_8("".join(row)):
        return BadLine(number=number, reason="not UTF-8; save the file as CSV in UTF-8")
    obj: dict[str, Any] = {}
    try:
        for name, cell in zip(names, row, strict=True):
            if cell or name == "text":
                _place(obj, name, _checked(name, _unguarded(cell)))
        return mention_from_json(obj)
    except (InputError, ValueError) as problem:
        return BadLine(number=number, reason=str(problem))


def _is_utf_8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _place(obj: dict[str, Any], name: str, value: object) -> None:
    outer, _, inner = name.partition(".")
    if name in COLUMNS and inner:
        parts = obj.setdefault(outer, {})
        if isinstance(parts, dict):  # else a column "author" stands beside it, and is told for what it is
            parts[inner] = value
    else:
        obj[name] = value


def _checked(name: str, cell: str) -> object:
    """Return the value of a cell; raises ValueError naming its column where it is none."""
    try:
        return _value(name, cell)
    except (ValueError, RecursionError):
        msg = f"{name}: found {cell[:40]!a}; wanted {_wanted(name)}"
        raise ValueError(msg) from None


def _wanted(name: str) -> str:
    if name in _FLAGS:
        return f"one of {', '.join(_WORDS)}, or an empty cell where it is not known"
    return "a number" if name in _NUMBERS else "JSON"


def _value(name: str, cell: str) -> object:
    if name in _NUMBERS:
        number = float(cell)
        return int(number) if number.is_integer() and name != "rating" else number
    if name in _FLAGS:
        word = cell.strip().lower()
        if not word:
            return None
        if word not in _WORDS:
            raise ValueError(word)
        return _WORDS[word]
    return json.loads(cell) if name in _JSON else cell


class _NewLines:
    r"""Pass on the rows of a CSV writer with \n at their end."""

    def __init__(self, out: TextIO | IO[str]) -> None:
        self._out = out

    def write(self, row: str) -> int:
        """Write one row, as csv.writer hands it over."""
        return self._out.write(row.removesuffix("\r\n") + "\n")


def csv_writer(out: TextIO | IO[str]) -> Any:
    r"""Return what writes rows that end in \n, texts with a line break of any kind in quotes.

    csv.writer quotes the signs of its line end only, so it is given both.
    """
    return csv.writer(_NewLines(out), lineterminator="\r\n")


def write_csv(mentions: Iterable[Mention], out: TextIO | IO[str]) -> int:
    """Write mentions with a first row of names; return how many."""
    writer = csv_writer(out)
    writer.writerow(COLUMNS)
    count = 0
    for mention in mentions:
        obj = mention_to_json(mention)
        writer.writerow([_cell(obj, name) for name in COLUMNS])
        count += 1
    return count


def write_objects(objects: Iterable[Mapping[str, object]], out: TextIO | IO[str], more: Sequence[str] = ()) -> None:
    """Write JSON objects that are mentions or nearly so: under `COLUMNS`, then those of `more`, such as ``match.query``.

    What has no column of its own stands under ``extra``, nested fields by their path.
    """
    writer = csv_writer(out)
    names = (*COLUMNS, *more)
    nested = {name.partition(".")[0] for name in names if "." in name}
    writer.writerow(names)
    for obj in objects:
        row = _with_extra(obj, names, nested)
        writer.writerow([_cell(row, name) for name in names])


def _with_extra(obj: Mapping[str, object], names: Sequence[str], nested: Iterable[str]) -> dict[str, object]:
    """Return an object with all that has no column under its field `extra`."""
    row = dict(obj)
    given = row.pop("extra", None)
    extra = dict(given) if isinstance(given, dict) else {} if given is None else {"extra": given}
    for name, value in obj.items():
        if name in nested and isinstance(value, dict):
            extra |= {f"{name}.{inner}": each for inner, each in value.items() if f"{name}.{inner}" not in names}
        elif name != "extra" and name not in names and value is not None:
            extra[name] = value
    return {**row, "extra": extra or None}


def _cell(obj: Mapping[str, object], name: str) -> object:
    outer, _, inner = name.partition(".")
    value = obj.get(outer)
    if inner:
        value = value.get(inner) if isinstance(value, dict) else None
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _guarded(value) if isinstance(value, str) else value


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith((*_FORMULA, "'")) else text


def _unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith((*_FORMULA, "'")) else text
