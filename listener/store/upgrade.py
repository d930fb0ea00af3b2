"""Count and index, after an upgrade, the mentions that were stored before it: a batch a transaction.

Others read and write meanwhile; a crash loses nothing, since how far it is stands
in the same transaction as the batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.database import write_transaction
from listener.mention import Label
from listener.rollups import Contribution, RollupChange, apply_bins
from listener.store.faces import Faces, read_faces
from listener.store.uncounted import Uncounted, read_uncounted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["finish_upgrade"]

_BATCH: Final = 1_000
"""Mentions in a transaction: other writers wait for no more than one."""

_MATCHES: Final = """
SELECT mention_id, brand_id, published_at, source_id, language, label, score, engagement FROM matches
WHERE mention_id > ? AND mention_id <= ?
"""


def finish_upgrade(
    connection: sqlite3.Connection, path: Path, on_progress: Callable[[int, int], None] | None = None
) -> None:
    """Go on until every mention is counted; `on_progress` is told the last number done and the last there is."""
    while read_uncounted(connection):
        with write_transaction(connection, path):
            left = read_uncounted(connection)
            if left:
                done = _count(connection, left)
        if on_progress is not None and left:
            on_progress(done, left.until)


def _count(connection: sqlite3.Connection, left: Uncounted) -> int:
    """Count the next mentions; return the last of them."""
    end = min(left.position + _BATCH, left.until)
    span = (left.position, end)
    connection.execute("UPDATE upgrade_progress SET position = ?", (end,))
    counted = Uncounted(position=end, until=left.until)
    change = RollupChange()
    for row in connection.execute(_MATCHES, span):
        number, brand, at, source, language, label, score, engagement = row
        change.add_bin(
            Contribution(
                number=number, brand_id=brand, published_at=at, source_id=source, language=language,
                label=Label(label), score=score, engagement=engagement,
            )
        )  # fmt: skip
    apply_bins(connection, change)
    Faces(connection, counted).add(read_faces(connection, "> ? AND {} <= ?", span))
    if end == left.until:
        connection.execute("DELETE FROM upgrade_progress")
    return end
