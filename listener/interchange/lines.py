"""Read JSON objects and lines of them: a mention, or why there is none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, NamedTuple

import orjson

from listener.errors import InputError
from listener.interchange.fields import read_mention
from listener.interchange.plain import plain_mention

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listener.mention import Mention

__all__ = ["LINE_LIMIT", "BadLine", "RawLine", "mention_from_json", "raw_lines", "read_lines", "read_raw_line"]

LINE_LIMIT: Final = 4 << 20
"""The most bytes of one line that are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """Say which line (counted from 1) could not be read, and why."""

    number: int
    reason: str


class RawLine(NamedTuple):
    """Hold a line that is not read yet; None in the place of one that is too long."""

    number: int
    line: bytes | None
    limit: int = LINE_LIMIT


def raw_lines(stream: IO[bytes], *, line_limit: int = LINE_LIMIT) -> Iterator[RawLine]:
    """Yield each line of `stream` that is not blank, in order; never holds more than one."""
    for number, line in _lines(stream, line_limit):
        if line is None or line:
            yield RawLine(number, line, line_limit)


def read_raw_line(raw: RawLine) -> Mention | BadLine:
    """Return what a line says: the quick way where both ways come to the same, else by the standard reader.

    Only that one takes whole numbers of any length, lone surrogates and NaN, and tells what is wrong and where.
    """
    number, line, limit = raw
    if line is None:
        return BadLine(number=number, reason=f"the line is longer than {limit} bytes")
    try:
        plain = plain_mention(orjson.loads(line))
    except orjson.JSONDecodeError:
        plain = None
    return plain or _read_closely(number, line)


def read_lines(stream: IO[bytes], *, line_limit: int = LINE_LIMIT) -> Iterator[Mention | BadLine]:
    """Yield a mention or a BadLine for each line of `stream` that is not blank, in order.

    Never holds more than one line. A byte order mark at the start and CRLF line
    ends are fine; a line of more than `line_limit` bytes is passed over.
    """
    yield from map(read_raw_line, raw_lines(stream, line_limit=line_limit))


def _lines(stream: IO[bytes], limit: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield (number, line without white space at its ends); None for a line that is too long."""
    number = 0
    while raw := stream.readline(limit + 1):
        number += 1
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) > limit and not raw.endswith(b"\n"):
            while (rest := stream.readline(limit + 1)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        else:
            yield number, raw.strip()


def _read_closely(number: int, line: bytes) -> Mention | BadLine:
    """Return what a line says by the standard reader."""
    if b"\0" in line:
        return BadLine(number=number, reason="it holds zero bytes, as text in UTF-16 does; save the file as UTF-8")
    try:
        return read_mention(json.loads(line.decode("utf-8")))
    except UnicodeDecodeError as problem:
        return BadLine(number=number, reason=f"byte {problem.start + 1} of the line is not UTF-8")
    except json.JSONDecodeError as problem:
        return BadLine(number=number, reason=f"not JSON: {problem.msg} at column {problem.colno}")
    except (ValueError, RecursionError):
        return BadLine(number=number, reason="not JSON that can be read: a number is too long or the nesting too deep")
    except InputError as problem:
        return BadLine(number=number, reason=str(problem))


def mention_from_json(obj: object) -> Mention:
    """Return the mention that a JSON object of the contract stands for.

    `source`, `id`, `text` and `published_at` are needed, all others may be
    missing or null. Texts are cleaned (NFC, no control characters) and cut to
    their limits. Raises InputError naming the field, what was found and what is wanted.
    """
    return plain_mention(obj) or read_mention(obj)
