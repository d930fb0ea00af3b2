"""Look over the pages of a store without writing to it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from listener.database import open_reader
from listener.frozen import dataclass
from listener.sqlite_errors import translated

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Examined", "examine_pages"]

_MOST: Final = 5
"""Problems told: where there is one, there are often thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """Hold the version of a store's tables, and what is wrong with its pages, one line each."""

    version: int
    problems: tuple[str, ...]


def examine_pages(path: Path) -> Examined:
    """Look over the pages of a store of any version, not its indexes and sums; writers go on meanwhile.

    Raises StoreError where there is no store or it cannot be read, StoreVersionError where the file holds none.
    """
    with closing(open_reader(path, any_version=True)) as connection, translated(path):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        lines = [str(row[0]) for row in connection.execute(f"PRAGMA quick_check({_MOST})")]
    return Examined(version=version, problems=tuple(line for line in lines if line != "ok"))
