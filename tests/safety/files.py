"""Try to leave files that others can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from listener.cli.main import run
from listener.store import Store
from output.samples import UNTIL
from safety.case import Case, Patch


def modes_of(folder: Path) -> set[int]:
    return {stat.S_IMODE(file.stat().st_mode) & 0o077 for file in folder.iterdir()}


@contextmanager
def careless_umask() -> Iterator[None]:
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def open_store_files(_patch: Patch, folder: Path) -> bool:
    with careless_umask(), Store(folder / "listener.db") as store:
        store.register([("Acme", "own")], [], now=UNTIL)
        assert len(list(folder.iterdir())) > 1  # the log beside it too
        return modes_of(folder) != {0}


def open_config(_patch: Patch, folder: Path) -> bool:
    with careless_umask():
        assert run(["init", str(folder / "config.toml"), "--brand", "Acme"]) == 0
        return modes_of(folder) != {0}


def with_files_for_everybody(patch: Patch) -> None:
    real = os.open

    def opened(path: str, flags: int, mode: int = 0o777, **more: int) -> int:
        return real(path, flags, mode | 0o066 if flags & os.O_CREAT else mode, **more)

    patch.setattr(os, "open", opened)
    patch.setattr(Path, "chmod", lambda *_, **__: None)


CASES = (
    Case(name="a store others can read", harm=open_store_files, remove=with_files_for_everybody),
    Case(name="a configuration others can read", harm=open_config, remove=with_files_for_everybody),
)
