"""Hold a store open for reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from listener.database import open_reader
from listener.errors import UsageError, suggest
from listener.sqlite_errors import translated

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["OpenedStore"]


class OpenedStore:
    """Hold the connection of a reader, and close it. Raises StoreError where the store cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = open_reader(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the store."""
        self._connection.close()

    def _require_source(self, name: str | None) -> None:
        """Refuse a source nobody ever heard of, naming the near miss."""
        if name is None:
            return
        with translated(self.path):
            known = [row[0] for row in self._connection.execute("SELECT name FROM sources")]
        if name not in known:
            msg = f'source "{name}" has no mention in this store; {suggest(name, known)}'
            raise UsageError(msg)
