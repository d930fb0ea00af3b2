"""Open files of mentions, packed or not, line by line, or row by row; write them packed.

What is packed is unpacked as it is read, never more than a line at a time: a small
file that unpacks to something huge takes time, not memory.
"""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from contextlib import ExitStack, contextmanager
from importlib import import_module
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, Final, cast

from listener.cli.files import replacing
from listener.errors import ListenerError, UsageError
from listener.parts import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from listener.interchange import RawLine
    from listener.pipeline.received import Item

__all__ = ["Lines", "create", "format_of", "is_called_json", "json_lines", "open_bytes", "open_lines"]

_PACKED: Final = (".gz", ".zst")
_OTHERS: Final = (
    ".tsv",
    ".xml",
    ".html",
    ".pdf",
    ".xlsx",
    ".xls",
    ".ods",
    ".zip",
    ".bz2",
    ".xz",
    ".7z",
    ".tar",
    ".db",
    ".sqlite",
)
_STORED: Final = "; what was read before is stored"
_ZSTD_MODULES: Final = ("compression.zstd", "backports.zstd")
"""The standard library's from Python 3.14 on, and the same for those before."""


def format_of(file: Path | None) -> str:
    """Return how the mentions of a file are written, by its ending: ``csv``, ``jsonl`` or, also of a folder, ``parquet``.

    Raises UsageError for the ending of a format that is known to be none of these.
    """
    name = "" if file is None else file.name.lower()
    if name.endswith(".parquet") or (file is not None and os.path.isdir(file)):  # noqa: PTH112 - Path's may raise
        return "parquet"
    for ending in _PACKED:
        name = name.removesuffix(ending)
    if name.endswith(_OTHERS):
        msg = (
            f"{file}: mentions are written as jsonl or csv, plain or packed as .gz or .zst, or as parquet; "
            "--format says which it is"
        )
        raise UsageError(msg)
    return "csv" if name.endswith(".csv") else "jsonl"


def is_called_json(file: Path) -> bool:
    """Say whether the name of a file promises one value of JSON."""
    name = file.name.lower()
    return any(name.removesuffix(packed).endswith(".json") for packed in _PACKED)


def _packing(file: Path) -> str:
    """Return the ending that says how a file is packed, empty where it is not."""
    ending = file.suffix.lower()
    return ending if ending in _PACKED else ""


def json_lines(stream: IO[bytes]) -> Iterator[RawLine]:
    """Yield each line that is not blank; raises UsageError at the first of one list of JSON, of which no line is an object."""
    from listener.interchange import raw_lines

    is_first = True
    for raw in raw_lines(stream):
        if is_first and raw.line is not None and raw.line.startswith(b"[") and raw.line[1:].lstrip()[:1] in {b"", b"{"}:
            msg = (
                """lines of JSON are read here, an object each, not one list of them; "jq -c '.[]'" makes lines of it"""
            )
            raise UsageError(msg)
        is_first = False
        yield raw


class Lines:
    """Hand over what a file of mentions holds, one after the other.

    A file that turns out to be damaged ends there, so that what came before can be
    stored; `problem` then says what is wrong with it.
    """

    def __init__(self, items: Iterator[Item], file: Path, problems: tuple[type[Exception], ...] = ()) -> None:
        self._items = items
        self._file = file
        self._problems = problems
        self.problem: str | None = None

    def __iter__(self) -> Lines:
        return self

    def begin(self) -> None:
        """Read the first, to hand it over in its turn.

        Raises UsageError where the columns are wrong, ListenerError where the file is damaged before anything could be read.
        """
        first = next(self, None)
        if self.problem is not None:
            raise ListenerError(self.problem.removesuffix(_STORED))
        if first is not None:
            self._items = chain([first], self._items)

    def __next__(self) -> Item:
        try:
            return next(self._items)
        except UsageError as error:
            if str(self._file) in str(error):
                raise
            msg = f"{'standard input' if str(self._file) == '-' else self._file}: {error}"
            raise UsageError(msg) from None
        except self._problems as error:
            self.problem = f"{_damage(self._file, error)}{_STORED}"
            raise StopIteration from None


def open_lines(
    stack: ExitStack, file: Path, file_format: str | None, *, on_bytes: Callable[[int], None] | None = None
) -> Lines:
    """Open a file of mentions, or a folder of Parquet, for reading, - for standard input, unpacked where its name says so.

    `on_bytes` is told how many bytes of the file itself were read by then. Raises
    UsageError where it cannot be opened.
    """
    if str(file) == "-":
        if file_format == "parquet":
            msg = "Parquet is read from a file or a folder, not from standard input"
            raise UsageError(msg)
        stdin: IO[bytes] = sys.stdin.buffer
        if on_bytes is not None:
            stdin = cast("IO[bytes]", io.BufferedReader(_Counted(stdin, on_bytes)))
        return Lines(_lines(stdin, file_format or "jsonl"), file)
    chosen = file_format or format_of(file)
    if chosen == "parquet":
        return _parquet(file, on_bytes)
    raw = _open(stack, file)
    whole = raw if on_bytes is None else cast("IO[bytes]", _Counted(raw, on_bytes))
    unpacked, problems = _unpacked(stack, file, whole)
    if isinstance(unpacked, _Counted):
        unpacked = cast("IO[bytes]", io.BufferedReader(unpacked))
    return Lines(_lines(unpacked, chosen), file, problems)


def open_bytes(stack: ExitStack, file: Path) -> IO[bytes]:
    """Open a file for reading, unpacked where its name says so.

    Raises UsageError where it cannot be opened; reading raises ListenerError where it is damaged.
    """
    raw = _open(stack, file)
    unpacked, problems = _unpacked(stack, file, raw)
    return raw if unpacked is raw else cast("IO[bytes]", io.BufferedReader(_Unpacked(unpacked, file, problems)))


def _open(stack: ExitStack, file: Path) -> IO[bytes]:
    try:
        return stack.enter_context(file.open("rb"))
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}"
        raise UsageError(msg) from None


def _unpacked(stack: ExitStack, file: Path, whole: IO[bytes]) -> tuple[IO[bytes], tuple[type[Exception], ...]]:
    """Return what a file holds, and what reading it raises where it is damaged."""
    problems: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error)
    if _packing(file) == ".gz":
        return cast("IO[bytes]", stack.enter_context(gzip.GzipFile(fileobj=whole))), problems
    if _packing(file) == ".zst":
        zstd = _zstd(file)
        return stack.enter_context(zstd.open(whole, "rb")), (*problems, zstd.ZstdError)
    return whole, problems


def _damage(file: Path, error: Exception) -> str:
    packing = {".gz": "gzip", ".zst": "Zstandard"}.get(_packing(file), "readable")
    return f"{file} is damaged or not {packing}: {str(error).removesuffix('.')}"


@contextmanager
def create(file: Path) -> Iterator[IO[str]]:
    """Open a file for writing text, packed where its name says so: it is there once all is written.

    Raises UsageError or ListenerError where it cannot be opened or written.
    """
    try:
        with ExitStack() as stack:
            raw: IO[bytes] = stack.enter_context(stack.enter_context(replacing(file)).open("wb"))
            if _packing(file) == ".gz":
                raw = cast("IO[bytes]", stack.enter_context(gzip.GzipFile(file.name, "wb", fileobj=raw)))
            elif _packing(file) == ".zst":
                raw = stack.enter_context(_zstd(file).open(raw, "wb"))
            yield stack.enter_context(io.TextIOWrapper(raw, encoding="utf-8", newline=""))
    except BrokenPipeError:  # a named pipe whose reader has gone is no failure
        raise
    except OSError as error:
        raise ListenerError(refusal(file, error)) from None


class _Counted(io.RawIOBase):
    """Pass a file on, and tell how far it was read."""

    def __init__(self, raw: IO[bytes], on_bytes: Callable[[int], None]) -> None:
        super().__init__()
        self._raw = raw
        self._on_bytes = on_bytes
        self._done = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read what is there, at most as much as there is room for: of a pipe nothing is waited for twice."""
        data = cast("io.BufferedReader", self._raw).read1(len(buffer))
        buffer[: len(data)] = data
        self._done += len(data)
        self._on_bytes(self._done)
        return len(data)


class _Unpacked(io.RawIOBase):
    """Pass on what a packed file holds, up to where it is damaged, which is told in a sentence."""

    def __init__(self, unpacked: IO[bytes], file: Path, problems: tuple[type[Exception], ...]) -> None:
        super().__init__()
        self._unpacked = unpacked
        self._file = file
        self._problems = problems

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read what is there, at most as much as there is room for; raises ListenerError where it is damaged."""
        try:
            data = cast("io.BufferedReader", self._unpacked).read1(len(buffer))
        except self._problems as error:
            raise ListenerError(_damage(self._file, error)) from None
        buffer[: len(data)] = data
        return len(data)


def _zstd(file: Path) -> Any:
    """Return the module that knows Zstandard; raises UsageError where this Python has none."""
    for name in _ZSTD_MODULES:
        try:
            return import_module(name)
        except ModuleNotFoundError:
            continue
    msg = f'{file}: this Python cannot unpack .zst; pip install "social-listener[zstd]", or use .gz'
    raise UsageError(msg)


def _parquet(place: Path, on_bytes: Callable[[int], None] | None) -> Lines:
    from listener.parquet import read_parquet

    try:
        place.stat()
    except OSError as error:
        msg = f"{place} cannot be read: {error.strerror}"
        raise UsageError(msg) from None
    rows = read_parquet(place) if on_bytes is None else read_parquet(place, on_bytes)
    return Lines(rows, place, (OSError,))


def _lines(raw: IO[bytes], chosen: str) -> Iterator[Item]:
    if chosen == "csv":
        from listener.tabular import read_csv

        return read_csv(io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline=""))
    return json_lines(raw)
