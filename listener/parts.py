"""Write beside a place what is to stand there once it is whole, and take away what killed processes left there."""

from __future__ import annotations

import errno
import glob
import hashlib
import os
import re
import time
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["clear_folder", "clear_parts", "name_part", "put_new", "put_part", "refusal"]

_ABANDONED: Final = 86_400
"""Seconds after which nobody writes a part any more, whoever that was."""
_IS_POSIX: Final = os.name == "posix"
_UNSYNCED: Final = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
"""What file systems say that know nothing of syncing; Windows syncs no file that is open for reading."""
_PART: Final = re.compile(r"\.(?P<target>.+)\.(?P<process>[0-9]+)-(?P<place>[0-9a-f]{8})[0-9a-f]{8}\.part")


def name_part(target: Path) -> Path:
    """Return a name beside `target` that nobody has had before, from which `clear_parts` knows whose it was."""
    return target.with_name(f".{target.name}.{os.getpid()}-{_here()}{os.urandom(4).hex()}.part")


def clear_parts(target: Path, *, beside: tuple[str, ...] = ()) -> None:
    """Take away the parts of `target` whose process was of this machine and is gone, and those that are a day old.

    `beside` are the endings of the files that belong to a part. What cannot be taken away stays.
    """
    for part in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        _clear(part, target.name, beside)


def clear_folder(folder: Path, *, beside: tuple[str, ...] = ()) -> None:
    """Do as `clear_parts` does for all that was to stand in a folder, whatever its name: that of a backup may be of a day."""
    for part in folder.glob(".*.part"):
        _clear(part, None, beside)


def _clear(part: Path, target: str | None, beside: tuple[str, ...]) -> None:
    """Take a part away that is left of the file of that name, or of any where that is None."""
    named = _PART.fullmatch(part.name)
    if named is None or (target is not None and named["target"] != target):  # a file of the user
        return
    with suppress(OSError):  # another's, or gone meanwhile
        is_left = named["place"] == _here() and _is_gone(int(named["process"]))
        if is_left or part.stat().st_mtime < time.time() - _ABANDONED:
            for ending in beside:
                part.with_name(part.name + ending).unlink(missing_ok=True)
            part.unlink()


@cache
def _here() -> str:
    """Return a sign of where numbers of processes mean the same: this machine, or this container on it."""
    names = [os.uname().nodename] if _IS_POSIX else []
    with suppress(OSError):  # where there are no containers, or it is not told
        names.append(str(os.stat("/proc/self/ns/pid").st_ino))  # noqa: PTH116 - a link to no path
    return hashlib.blake2b(" ".join(names).encode(), digest_size=4).hexdigest()


def _is_gone(number: int) -> bool:
    """Say whether no process of this machine has that number; False where that cannot be told."""
    if not _IS_POSIX:  # elsewhere asking would end it
        return False
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # it is another's, or no number of a process
        return False
    return False


def _sync_part(part: Path) -> None:
    """Have a file on the disk before its name is taken: else a power cut may leave the name without what it holds.

    Raises OSError where the disk did not take it: some, of networks above all, tell only now that they are full.
    """
    try:
        descriptor = os.open(part, os.O_RDONLY)
    except OSError:  # its mode may let nobody read it
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if _IS_POSIX and error.errno not in _UNSYNCED:
            raise
    finally:
        os.close(descriptor)


def put_part(part: Path, target: Path) -> None:
    """Put what is whole into its place, also where something is there; raises OSError where that cannot be."""
    _sync_part(part)
    part.replace(target)


def put_new(part: Path, target: Path) -> None:
    """Put what is whole into its place; raises FileExistsError where something is there, OSError where it cannot be."""
    _sync_part(part)
    try:
        os.link(part, target)  # there whole at once, and never in the place of another
    except FileExistsError:
        raise
    except OSError:  # a file system on which a file has one name
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            part.replace(target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    else:
        part.unlink()


def refusal(file: Path, error: OSError) -> str:
    """Say in a sentence why a file cannot be written."""
    if isinstance(error, FileNotFoundError) and not os.path.lexists(file.parent):
        return f"{file} cannot be written: there is no folder {file.parent}; make it, or name another place"
    return f"{file} cannot be written: {error.strerror or error}"
