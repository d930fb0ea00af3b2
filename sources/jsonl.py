"""Read mentions from JSONL files or the standard input, as if they were a service.

A file is read window by window, by the time its mentions were published; this
is how an archive is replayed through the real stages. Mentions keep the source
that their line names. Files that end in ``.gz`` are unpacked while they are read.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, ClassVar, Final, cast

from listener.api import (
    Mention,
    Page,
    PermanentSourceError,
    Resource,
    Skipped,
    SourceFacts,
    option,
)
from listener.errors import StoppedError
from listener.interchange import BadLine, read_lines
from sources.files import STANDARD_INPUT, FilesToRead, PlaceInFile, count_words, files_of, opened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from listener.api import Query, StopSignal, Window

__all__ = ["JsonlOptions", "JsonlSource"]

_MOST_LINES: Final = 20_000
"""The most lines read for one page, mentions of the window or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonlOptions:
    """Hold the options of `[sources.jsonl]`."""

    paths: tuple[Path, ...] = option(
        'Files to read, or patterns such as "inbox/*.jsonl", from this file\'s folder on; "-" is the standard input.',
        default=(),
        example=("inbox/*.jsonl",),
    )
    only: str = option("Read the mentions of this source alone.", default="", example="forum")
    page_size: int = option("Mentions in one page.", default=500, minimum=1, maximum=5_000)


class _CountedLines:
    """Count the bytes and lines that are read from a file; `read_lines` takes nothing but readline."""

    def __init__(self, stream: IO[bytes], position: PlaceInFile) -> None:
        self._stream = stream
        self.offset = position.offset
        self.line = position.line
        stream.seek(position.offset)

    def readline(self, size: int = -1) -> bytes:
        """Return the next line, or the next `size` bytes of it."""
        line = self._stream.readline(size)
        self.offset += len(line)
        self.line += line.endswith(b"\n")
        return line


@dataclass(slots=True, kw_only=True)
class _Harvest:
    """Gather what one page will hold; `is_ahead`: the file in hand holds mentions of later windows too."""

    mentions: dict[tuple[str, str], Mention]
    skipped: list[Skipped]
    lines: int = 0
    is_ahead: bool = False


class JsonlSource:
    """Read the mentions of files."""

    name = "jsonl"
    Options: ClassVar[type] = JsonlOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="Files of mentions, one JSON object a line; also the standard input.",
        sees="what the files hold; mentions that arrive up to a week late are found",
        overlap=timedelta(days=7),  # a file that comes today holds what is older; unchanged files are not read
        every=timedelta(hours=1),
        resources_fail_alone=True,
        is_local=True,
    )

    def __init__(self, options: JsonlOptions, *, stop: StopSignal | None = None) -> None:
        self._options = options
        written = (Path(path) for path in options.paths)
        self._patterns = tuple(
            dict.fromkeys(STANDARD_INPUT if path.name == STANDARD_INPUT else str(path) for path in written)
        )
        self._stop = stop
        self._spool: IO[bytes] | None = None

    def plan(self, queries: Sequence[Query]) -> Sequence[Resource]:
        """Return one resource for each path: what is in files is matched against every brand."""
        del queries
        return [
            Resource(key=_hash(f"{self._options.only}\n{path}"), lane=f"file:{path}", native=path)
            for path in self._patterns
        ]

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read the next mentions of the window, in the order of the files' names and lines."""
        paths = self._paths(resource.native)
        harvest = _Harvest(mentions={}, skipped=[])
        files = FilesToRead(paths, window, cursor, source=self.name)
        for start in files:
            harvest.is_ahead = False
            files.leave(self._read(start, window, harvest), is_ahead=harvest.is_ahead)
        return Page(
            mentions=tuple(harvest.mentions.values()),
            cursor=files.cursor,
            exhausted=files.cursor is None,
            marker=files.marker,
            skipped=tuple(harvest.skipped),
            requests=0,
            items=harvest.lines,
        )

    def check(self) -> str:
        """Say how many files there are to read."""
        if not self._patterns:
            msg = "jsonl: there is nothing to read; set paths in [sources.jsonl]"
            raise PermanentSourceError(msg)
        count = sum(len(self._paths(path)) for path in self._patterns)
        return count_words(count, self._patterns)

    def close(self) -> None:
        """Drop the copy of the standard input, where there is one."""
        if self._spool is not None:
            self._spool.close()

    def _paths(self, native: str) -> list[str]:
        """Return the files that a path stands for, sorted; a pattern may stand for none."""
        return [native] if native == STANDARD_INPUT else files_of(native, source="jsonl")

    def _read(self, start: PlaceInFile, window: Window, harvest: _Harvest) -> PlaceInFile | None:
        """Add what a file holds of the window; return where to go on, None at the file's end."""
        shown = "standard input" if start.path == STANDARD_INPUT else Path(start.path).name
        with self._opened(start.path) as stream:
            counted = _CountedLines(stream, start)
            for read in read_lines(cast("IO[bytes]", counted)):
                harvest.lines += 1
                if isinstance(read, BadLine):
                    harvest.skipped.append(
                        Skipped(id=None, reason=f"{shown}, line {start.line + read.number}: {read.reason}")
                    )
                elif read.published_at is not None and read.published_at >= window.until:
                    harvest.is_ahead = True
                elif self._is_wanted(read, window):
                    harvest.mentions.pop(read.key, None)  # a later line of the same mention is a newer reading
                    harvest.mentions[read.key] = read
                if len(harvest.mentions) >= self._options.page_size or harvest.lines >= _MOST_LINES:
                    return PlaceInFile(path=start.path, offset=counted.offset, line=counted.line)
                if self._stop is not None and self._stop.is_set():
                    msg = "jsonl: stopped before the file was read"
                    raise StoppedError(msg)
        return None

    def _is_wanted(self, mention: Mention, window: Window) -> bool:
        if self._options.only and mention.source != self._options.only:
            return False
        return mention.published_at is not None and window.since <= mention.published_at < window.until

    def _opened(self, path: str) -> AbstractContextManager[IO[bytes]]:
        """Open a file for reading, or the copy of the standard input, which stays open."""
        if path == STANDARD_INPUT:
            return nullcontext(self._standard_input())
        return opened(path, source="jsonl")

    def _standard_input(self) -> IO[bytes]:
        """Return a copy of the standard input, which can be read but once itself."""
        if self._spool is None:
            self._spool = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close
            shutil.copyfileobj(sys.stdin.buffer, self._spool)
        return self._spool


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
