"""Find and open the files that sources read."""

from __future__ import annotations

import glob
import gzip
import hashlib
import json
import os
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from listener.api import (
    ForbiddenError,
    NotFoundError,
    PermanentSourceError,
    UnavailableError,
    UnexpectedAnswerError,
    to_epoch,
)
from listener.options import at_home
from sources.cursors import object_in, reading_cursor
from sources.text import as_list, count_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from listener.api import Window

__all__ = [
    "STANDARD_INPUT",
    "FilesRead",
    "FilesToRead",
    "PlaceInFile",
    "count_words",
    "files_of",
    "fingerprint",
    "opened",
]

STANDARD_INPUT: Final = "-"
"""What stands for the standard input among paths."""
_LONGEST_PATH: Final = 1_000
_MOST_MARKED: Final = 500
_SHORT: Final = 8
"""So much of a fingerprint tells a file from the others of a window."""
_CURSOR_BYTES: Final = 4_000
"""A cursor may have 4 kB; the marks of files get what the place leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceInFile:
    """Say where reading stands: the file, and the bytes and lines of it that were read."""

    path: str
    offset: int = 0
    line: int = 0

    @classmethod
    def read(cls, cursor: str, *, source: str) -> PlaceInFile:
        """Return the place that a cursor of `source` names; raises UnexpectedAnswerError where it names none."""
        with reading_cursor(source):
            path, offset, line, *_ = json.loads(cursor)
            return cls(path=str(path), offset=max(0, int(offset)), line=max(0, int(line)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesRead:
    """Remember files that were read as they are, back to `since` (epoch seconds); it is what `Page.marker` holds.

    `files` are their fingerprints.
    """

    since: int | None = None
    files: tuple[str, ...] = ()

    @classmethod
    def of(cls, marks: Iterable[str], *, since: datetime) -> FilesRead:
        """Return what tells of these files, the last of them where they are many."""
        return cls(since=to_epoch(since), files=tuple(mark for mark in marks if mark)[-_MOST_MARKED:])

    @classmethod
    def read(cls, text: str | None) -> FilesRead:
        """Return what a marker tells: nothing where it is none of ours."""
        fields = object_in(text)
        return cls(since=count_of(fields.get("since")), files=tuple(map(str, as_list(fields.get("files")))))

    def write(self) -> str:
        """Return the marker."""
        return json.dumps({"since": self.since, "files": self.files})

    def covers(self, mark: str, since: datetime) -> bool:
        """Say whether a file of this fingerprint was read back to an instant."""
        return self.since is not None and self.since <= to_epoch(since) and mark in self.files


class FilesToRead:
    """Go through the files of a window, page by page, and remember which need not be read again while they stay as they are.

    Those are the files that were read to their end and hold nothing of later windows. What is
    known of them goes from page to page in the cursor; the last page hands it to the next window.
    """

    def __init__(self, paths: Sequence[str], window: Window, cursor: str | None, *, source: str) -> None:
        self._paths = paths
        self._window = window
        self._onward: PlaceInFile | None = None
        self._place = None if cursor is None else PlaceInFile.read(cursor, source=source)
        self._mark, self._done = "", list[str]()
        if cursor is not None:
            match as_list(json.loads(cursor)):
                case [_, _, _, until, str(mark), str(done)] if until == to_epoch(window.until):
                    self._mark, self._done = mark, [done[at : at + _SHORT] for at in range(0, len(done), _SHORT)]
                case _:
                    pass  # nobody knows what is later than this window

    def __iter__(self) -> Iterator[PlaceInFile]:
        """Yield where to begin in each file, until one was not read to its end."""
        known = FilesRead.read(self._window.marker)
        for path in self._paths:
            if self._place is not None and path < self._place.path:
                continue
            start = self._place if self._place is not None and path == self._place.path else None
            if start is None:
                self._mark = fingerprint(path)
            if start is not None or not known.covers(self._mark, self._window.since):
                yield start or PlaceInFile(path=path)
            if self._onward is not None:
                return
            if self._mark:
                self._done.append(self._mark[:_SHORT])

    def leave(self, onward: PlaceInFile | None, *, is_ahead: bool) -> None:
        """Note where the file in hand is to be read on, None: it ended; `is_ahead` says that it holds what is later than the window."""
        self._onward = onward
        if is_ahead:
            self._mark = ""

    @property
    def cursor(self) -> str | None:
        """Return the cursor of the next page, None where all files ended."""
        if (onward := self._onward) is None:
            return None
        told = [onward.path, onward.offset, onward.line, to_epoch(self._window.until), self._mark]
        room = (_CURSOR_BYTES - len(json.dumps(told, ensure_ascii=False).encode())) // _SHORT
        done = self._done[-room:] if room > 0 else []
        return json.dumps([*told, "".join(done)], ensure_ascii=False)

    @property
    def marker(self) -> str | None:
        """Return the marker for the next window, None before all files ended."""
        if self._onward is not None:
            return None
        done = set(self._done)
        marks = (mark for path in self._paths if (mark := fingerprint(path))[:_SHORT] in done)
        return FilesRead.of(marks, since=self._window.since).write()


def fingerprint(path: str) -> str:
    """Return what changes when a file does: its name, size and time of change; nothing for what is no file."""
    if path == STANDARD_INPUT:
        return ""
    try:
        state = Path(path).stat()
    except OSError:
        return ""
    return hashlib.sha256(f"{path}\n{state.st_size}\n{state.st_mtime_ns}".encode()).hexdigest()[:16]


def files_of(pattern: str, *, source: str) -> list[str]:
    """Return the files that a path or pattern stands for, sorted; a pattern may stand for none.

    Raises NotFoundError where a path without signs of a pattern is no file, or the folder of a pattern is gone, and
    ForbiddenError or UnavailableError where it cannot be looked into: what it holds would count as read.
    """
    written = str(at_home(pattern))
    try:
        found = sorted(path for path in glob.glob(written, recursive=True) if Path(path).is_file())  # noqa: PTH207 - it may be absolute
        if not found and glob.has_magic(written):
            os.scandir(_folder_of(written)).close()
    except (FileNotFoundError, NotADirectoryError) as problem:
        msg = f"{source}: there is no folder {problem.filename}"
        raise NotFoundError(msg) from None
    except PermissionError as problem:
        msg = f"{source}: {problem.filename} may not be read by this user"
        raise ForbiddenError(msg) from None
    except OSError as problem:
        msg = f"{source}: {problem.filename} cannot be read ({problem.strerror})"
        raise UnavailableError(msg) from None
    if not found and not glob.has_magic(written):
        msg = f"{source}: there is no file {pattern}"
        raise NotFoundError(msg)
    if any(len(path) > _LONGEST_PATH for path in found):
        msg = f"{source}: a path that {pattern} stands for is longer than {_LONGEST_PATH} characters"
        raise PermanentSourceError(msg)
    return found


def _folder_of(pattern: str) -> Path:
    """Return the folder in which the search of a pattern begins; one that cannot be listed `glob` takes for an empty one."""
    return Path(*takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts))


def count_words(count: int, patterns: Iterable[str]) -> str:
    """Say how many files there are to read, and what fits no name where there are none."""
    if count:
        return f"{count} file{'' if count == 1 else 's'} to read"
    return f"0 files to read: there is none like {', '.join(patterns)}"


@contextmanager
def opened(path: str, *, source: str) -> Iterator[IO[bytes]]:
    """Open a file for reading, unpacked where its name ends in .gz; what goes wrong meanwhile is a SourceError."""
    try:
        if path.endswith(".gz"):
            with gzip.open(path) as unpacked:
                yield cast("IO[bytes]", unpacked)
        else:
            with Path(path).open("rb") as plain:
                yield plain
    except PermissionError:
        msg = f"{source}: {path} may not be read by this user"
        raise ForbiddenError(msg) from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        msg = f"{source}: {path} is not a whole gzip file"
        raise UnexpectedAnswerError(msg) from None
    except OSError as problem:
        msg = f"{source}: {path} cannot be read ({problem.strerror})"
        raise UnavailableError(msg) from None
