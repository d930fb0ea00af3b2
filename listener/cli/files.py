"""Write what a command makes into the file a user names."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from listener.disk import other_name
from listener.errors import ListenerError, UsageError
from listener.parts import clear_parts, name_part, put_new, put_part, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ending_of", "replacing", "write_file", "write_new"]

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


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
    that could be taken for the whole. A pipe, a device, a file with other names, mounted without
    its folder or in a folder that takes no more files is written to itself.
    """
    target = Path(os.path.realpath(file))  # a link goes on being one
    clear_parts(target)
    beside = _beside(target)
    if beside is None:
        yield file
        return
    try:
        yield beside
        put_part(beside, target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _beside(target: Path) -> Path | None:
    """Make an empty file beside another, with its mode and owner; None where it is to be written to itself."""
    beside = name_part(target)
    try:
        is_there = target.exists()
        if is_there and (not target.is_file() or other_name(target) or not os.access(target, os.W_OK)):
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


def write_file(file: Path, data: bytes) -> None:
    """Write a file, in the place of an older one; raises ListenerError where that is not possible."""
    try:
        with replacing(file) as place:
            place.write_bytes(data)
    except OSError as error:
        raise ListenerError(refusal(file, error)) from None


def write_new(file: Path, data: bytes) -> None:
    """Write a file that only its owner may read, where there is none: there whole, or not at all.

    Raises FileExistsError where there is one, OSError where it cannot be written.
    """
    clear_parts(file)
    if os.path.lexists(file):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file))
    part = name_part(file)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(data)
        put_new(part, file)
    finally:
        with suppress(OSError):
            part.unlink()
