"""Write on the store's connection: each change one transaction of its own, or part of one already begun."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from listener.database import write_transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from listener.store.catalogue import Catalogue

__all__ = ["joined_transaction"]


@contextmanager
def joined_transaction(connection: sqlite3.Connection, path: Path, catalogue: Catalogue) -> Iterator[None]:
    """Begin a transaction, or join the one the caller already began.

    Where it fails the catalogue forgets the numbers it remembers: some may be of rows that were never written.
    """
    if connection.in_transaction:
        yield
        return
    try:
        with write_transaction(connection, path):
            yield
    except BaseException:
        catalogue.forget()
        raise
