"""Write what a command makes into the file a user names."""

from __future__ import annotations

import errno
import glob
import os
import shutil
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from listener.errors import ListenerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ending_of", "replacing", "write_file"]

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_ABANDONED: Final = 86_400
"""Seconds after which nobody writes a part any more."""


def ending_of(file: Path, known: Sequence[str], *, what: str) -> str:
    """Return the ending of a file's name, small and without its dot.

    Raises UsageError naming those that are `known` where it is none of them.
    """
    ending = file.suffix.removeprefix(".").lower()
    if ending not in known:
        shown = " or ".join(str(file.with_suffix(f".{one}")) for one in known) if file.name else "a file"
        msg = f"{file}: {what} is written as {' or '.join(known)}; name {shown}"
        raise UsageError(msg)
    return ending


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Yield where to write what is to become `file`: beside it, until all of it is written.

    Where that fails or is interrupted, what was there before is still there, and nothing
    that could be taken for the whole. A pipe, a device, a file with other names or in a folder
    that takes no more files is written to itself.
    """
    target = Path(os.path.realpath(file))  # a link goes on being one
    beside = _beside(target)
    if beside is None:
        yield file
        return
    _clear(target)
    try:
        yield beside
        _sync(beside)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _beside(target: Path) -> Path | None:
    """Make an empty file beside another, with its mode and owner; None where it is to be written to itself."""
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        is_there = target.exists()
        if is_there and (not target.is_file() or target.stat().st_nlink > 1 or not os.access(target, os.W_OK)):
            return None
        beside.touch(exist_ok=False)
    except OSError as error:
        if error.errno in _FULL:
            raise
        return None
    try:
        if is_there:
            found = target.stat()
            with suppress(OSError):  # only root may give files away
                os.chown(beside, found.st_uid, found.st_gid)
            shutil.copymode(target, beside)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return beside


def _clear(target: Path) -> None:
    """Take away what processes that were killed left beside a file a day ago or longer."""
    latest = time.time() - _ABANDONED
    for part in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        with suppress(OSError):  # another's, or gone meanwhile
            if part.name.split(".")[-2].isdecimal() and part.stat().st_mtime < latest:
                part.unlink()


def _sync(part: Path) -> None:
    """Have a file on the disk before its name is taken: else a power cut may leave the name without what it holds."""
    with suppress(OSError):  # some file systems know nothing of this
        descriptor = os.open(part, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_file(file: Path, data: bytes) -> None:
    """Write a file, in the place of an older one; raises ListenerError where that is not possible."""
    try:
        with replacing(file) as place:
            place.write_bytes(data)
    except OSError as error:
        msg = f"{file} cannot be written: {error.strerror or error}"
        raise ListenerError(msg) from None
