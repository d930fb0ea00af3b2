"""Open the store to write to it; where one of an older version has to be brought up first, show how far that is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from listener.cli.progress import upgrade_bar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from listener.store import Store

__all__ = ["bring_up", "open_store"]


@contextmanager
def open_store(path: Path, *, make: bool = False) -> Iterator[Store]:
    """Open the store for writing; with `make` one is made where there is none.

    Raises StoreError where it cannot be opened.
    """
    from listener.database import open_reader
    from listener.store import Store

    if not make:
        open_reader(path, any_version=True).close()
    with upgrade_bar() as move:
        store = Store(path, on_upgrade=move)
    with store:
        yield store


def bring_up(path: Path) -> None:
    """Bring an older store to the tables of this program; nothing is made where there is none.

    Raises StoreError where it cannot be opened.
    """
    from listener.database import is_there

    if is_there(path):
        with open_store(path, make=True):  # another process may be about to make it
            pass
