"""Lay new stores for tests: all tables are made once a process, by the program, and copied from then on."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from listener.store import Store


def lay_store(path: Path) -> Path:
    """Put a store as the program makes it where there is no file yet; return its path."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(_new_store())
    return path


@cache
def _new_store() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "listener.db"
        Store(path).close()
        return path.read_bytes()
