"""Open the store to write to it; where it has to be brought to this version, or to a time zone, show how far that is."""

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
def open_store(path: Path, *, make: bool = False, zone: str | None = None) -> Iterator[Store]:
    """Open the store for writing; with `make` one is made where there is none.

    With `zone` days are cut in that time zone from now on. Raises StoreError where it cannot be opened.
    """
    from listener.database import open_reader
    from listener.store import Store

    if not make:
        open_reader(path, any_version=True).close()
    with upgrade_bar() as move:
        store = Store(path, on_upgrade=move)
    with store:
        if zone is not None:
            with upgrade_bar() as move:
                store.cut_days(zone, on_progress=move)
        yield store


def bring_up(path: Path, zone: str) -> None:
    """Bring a store to the tables of this program and a time zone; nothing is made where there is none.

    Raises StoreError where it cannot be opened.
    """
    from listener.disk import is_there

    if is_there(path):
        with open_store(path, make=True, zone=zone):  # another process may be about to make it
            pass
