"""Write what a command makes into the file a user names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.errors import ListenerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["ending_of", "write_file"]


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


def write_file(file: Path, data: bytes) -> None:
    """Write a file, in the place of an older one; raises ListenerError where that is not possible."""
    try:
        file.write_bytes(data)
    except OSError as error:
        msg = f"{file} cannot be written: {error.strerror or error}"
        raise ListenerError(msg) from None
