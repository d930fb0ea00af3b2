"""Keep how much of what a service says it has was received, by span of a window."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from listener.store.ready import ReadyMatch

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from listener.store.ready import Prepared
    from listener.store.records import Judged, PageProgress

__all__ = ["count_matches", "write_recall"]


def count_matches(judged: Sequence[Judged | Prepared]) -> dict[str, int]:
    """Return how many of these mentions match each brand."""
    return dict(
        Counter(
            verdict.brand if isinstance(verdict, ReadyMatch) else verdict.match.brand
            for one in judged
            for verdict in one.verdicts
        )
    )


def write_recall(connection: sqlite3.Connection, progress: PageProgress, *, now: int) -> None:
    """Count a page of a window against what the service says it has of it.

    What it says comes with the first page; a window that is read again from its
    start is counted anew.
    """
    window = progress.window
    if progress.existing:
        connection.executemany(
            "INSERT INTO recall (resource_id, window_from, from_at, to_at, existing, found, told_at) "
            "VALUES (?, ?, ?, ?, ?, 0, ?) ON CONFLICT (resource_id, window_from, from_at) DO UPDATE SET "
            "to_at = excluded.to_at, existing = excluded.existing, found = 0, told_at = excluded.told_at",
            [
                (window.resource_id, window.from_at, since, until, count, now)
                for since, until, count in progress.existing
            ],
        )
    spans = connection.execute(
        "SELECT from_at, to_at FROM recall WHERE resource_id = ? AND window_from = ?",
        (window.resource_id, window.from_at),
    ).fetchall()
    found = [(sum(since <= at < until for at in progress.found_at), since) for since, until in spans]
    connection.executemany(
        "UPDATE recall SET found = found + ? WHERE resource_id = ? AND window_from = ? AND from_at = ?",
        [(count, window.resource_id, window.from_at, since) for count, since in found if count],
    )
