"""Ask about files, folders and disks, and say in a sentence what is not as the store needs it."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import Final

from listener.errors import StoreError, StoreFullError, StoreReadOnlyError

__all__ = [
    "file_of",
    "is_there",
    "lock_refusal",
    "may",
    "network_of",
    "on_one_disk",
    "open_private",
    "other_name",
    "refused_locks",
    "temporary_folder",
    "who_may",
]

_IS_POSIX: Final = os.name == "posix"
_TEMPORARY: Final = ("/var/tmp", "/usr/tmp", "/tmp", ".")  # noqa: S108 - SQLite makes the files, not this program
_MOUNTS: Final = Path("/proc/self/mountinfo")
_MOUNT_POINT: Final = 4
_OF_NETWORKS: Final = frozenset((
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs", "gfs2", "lustre", "ncpfs", "nfs", "nfs4",
    "ocfs2", "smb3", "smbfs",
))  # fmt: skip
_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


def is_there(path: Path) -> bool:
    """Say whether there is a file; raises StoreError where this process may not look into its folder."""
    try:
        path.stat()
    except PermissionError:
        msg = f"{path}: its folder may not be looked into; check the owner and mode of {path.parent}"
        raise StoreError(msg) from None
    except (OSError, ValueError):
        return False
    return True


def open_private(path: Path) -> int:
    """Open a file for reading and writing, created with mode 0600 where there is none; return its descriptor.

    Raises StoreError, StoreReadOnlyError or StoreFullError where that cannot be.
    """
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:
        msg = f"{path}: the folder does not exist; create it or name another place"
        raise StoreError(msg) from None
    except OSError as error:
        if error.errno in _REFUSED:
            msg = f"{path}: this file may not be written; check the owner and mode of file and folder"
            raise StoreReadOnlyError(msg) from None
        if error.errno in _NO_SPACE:
            msg = f"{path}: the disk is full; free some space and run again"
            raise StoreFullError(msg) from None
        msg = f"{path}: the file cannot be opened: {error.strerror}"
        raise StoreError(msg) from None


def may(path: Path, what: int) -> bool:
    """Say whether this process may read or write a file or folder; `what` is os.R_OK, os.W_OK or os.X_OK."""
    return os.access(path, what, effective_ids=os.access in os.supports_effective_ids)


def who_may(path: Path) -> str:
    """Say whose a file is, with its mode, and what to do to read it."""
    facts = path.stat()
    if facts.st_uid == os.geteuid():
        return f"it is yours with mode {facts.st_mode & 0o777:03o}: chmod 600 lets you"
    try:
        owner = path.owner()
    except KeyError:
        owner = f"user {facts.st_uid}"
    return f"it belongs to {owner} with mode {facts.st_mode & 0o777:03o}: run as {owner}, or have its owner let you"


def file_of(path: Path) -> tuple[int, int] | None:
    """Return the device and number of the file of that name; None where there is none."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def temporary_folder() -> Path | None:
    """Return the folder in which SQLite keeps temporary files, None where there is none.

    It looks for one that may be written in this order (https://sqlite.org/tempfiles.html, seen 2026-11-23), which
    is another than Python's.
    """
    if not _IS_POSIX:
        import tempfile  # noqa: PLC0415 - only there

        try:
            return Path(tempfile.gettempdir())
        except FileNotFoundError:
            return None
    named = (os.environ.get("SQLITE_TMPDIR"), os.environ.get("TMPDIR"), *_TEMPORARY)
    folders = (Path(name) for name in named if name)
    return next((one for one in folders if one.is_dir() and os.access(one, os.W_OK | os.X_OK)), None)


def on_one_disk(one: Path, other: Path) -> bool:
    """Say whether two folders are on the same disk; True where that cannot be told."""
    try:
        return one.stat().st_dev == other.stat().st_dev
    except OSError:
        return True


def network_of(path: Path) -> str | None:
    """Return the kind of file system a file lies on where that is one of a network; None elsewhere, or where it is not told."""
    _, kind = _mount_of(path)
    return kind if kind in _OF_NETWORKS else None


def other_name(path: Path) -> str | None:
    """Say how a file may be reached under another name; None where nothing tells of one.

    SQLite keeps its log beside the name: under two names there are two, and the changes of one are lost
    (https://sqlite.org/howtocorrupt.html, 2.5, seen 2026-11-23).
    """
    if (count := path.stat().st_nlink) > 1:
        return f"{path} has {count} names (hard links): keep one"
    if _mount_of(path)[0] == os.path.realpath(path):
        return f"{path} is mounted without its folder: mount the folder"
    return None


def _mount_of(path: Path) -> tuple[str, str]:
    """Return where the mount begins on which a file lies, and of what kind it is; empty where that is not told."""
    try:
        lines = _MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
        place = os.path.realpath(path)
    except OSError:
        return "", ""
    nearest, kind = "", ""
    for line in lines:  # https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html, seen 2026-11-23
        before, _, after = line.partition(" - ")
        if not after or len(fields := before.split(" ")) < _MOUNT_POINT + 1:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[_MOUNT_POINT]).rstrip("/")
        if (place + "/").startswith(point + "/") and len(point) >= len(nearest):
            nearest, kind = point, after.split(" ")[0]
    return nearest, kind


def lock_refusal(error: OSError) -> str | None:
    """Say that files cannot be locked where an error tells that, as of some network file systems; None where it does not."""
    if error.errno in _TAKEN | _REFUSED | _NO_SPACE:
        return None
    return f"its file system grants no locks ({error.strerror or error}); keep the store on a disk of this machine"


def refused_locks(folder: Path) -> str | None:
    """Say that no file of a folder can be locked; None where they can. SQLite takes a refusal for somebody else's lock."""
    import tempfile  # noqa: PLC0415 - only where a lock was not granted

    try:
        import fcntl  # noqa: PLC0415 - not there on Windows, whose locks are always granted
    except ImportError:
        return None
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            fcntl.lockf(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return lock_refusal(error)
    return None
