"""Tell how large the store is, how much of it is free, and when it will be how large."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.clock import to_epoch
from listener.frozen import dataclass

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime
    from pathlib import Path

__all__ = ["StoreSize", "read_size"]

_SPAN: Final = timedelta(days=28)
"""Four weeks: every day of the week as often."""
_ROUND: Final = tuple(10**power for power in range(9, 16))
"""Sizes that are told of: 1 GB, 10 GB, 100 GB and so on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSize:
    """Hold the size of a store in bytes, its log included, and how it grows.

    `mentions` counts skeletons too. `free_share` is the share of the file that is
    empty and filled before it grows. `daily` are the mentions a day of the last four
    weeks, or of as many days as anything was stored in. `next_bytes` is the next round
    size, `days_to_next` when it is reached at this growth, `days_to_full` when the disk is
    full; None where nothing grows.
    """

    total: int
    mentions: int
    free_share: float
    daily: float
    disk_free: int
    next_bytes: int

    @property
    def bytes_a_mention(self) -> float | None:
        """Return how many bytes of the file in use a mention takes, with all that is kept of it."""
        return self.total * (1 - self.free_share) / self.mentions if self.mentions else None

    @property
    def days_to_next(self) -> float | None:
        """Return in how many days the next round size is reached."""
        return self._days(self.next_bytes - self.total * (1 - self.free_share))

    @property
    def days_to_full(self) -> float | None:
        """Return in how many days the disk is full, if nothing else grows on it."""
        return self._days(self.disk_free + self.total * self.free_share)

    def _days(self, room: float) -> float | None:
        growth = self.daily * (self.bytes_a_mention or 0)
        return room / growth if growth else None


def read_size(connection: sqlite3.Connection, path: Path, now: datetime) -> StoreSize:
    """Return the size of a store; takes no longer for a large one."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    log = path.with_name(path.name + "-wal")
    total = path.stat().st_size + (log.stat().st_size if log.exists() else 0)
    (mentions,) = connection.execute("SELECT coalesce(max(id), 0) FROM mentions").fetchone()
    since = to_epoch(now - _SPAN)
    before = _number_before(connection, since, mentions)
    days = _SPAN.days if before else _days_of(connection, now)
    return StoreSize(
        total=total,
        mentions=mentions,
        free_share=free / pages if pages else 0.0,
        daily=(mentions - before) / days,
        disk_free=shutil.disk_usage(path.parent).free,
        next_bytes=next((size for size in _ROUND if size > total), _ROUND[-1]),
    )


def _number_before(connection: sqlite3.Connection, since: int, last: int) -> int:
    """Return the number of the last mention that was stored before an instant: numbers grow with the time of storing."""
    low, high = 0, last
    while low < high:
        middle = (low + high + 1) // 2
        (seen_at,) = connection.execute(
            "SELECT seen_at FROM mentions WHERE id >= ? ORDER BY id LIMIT 1", (middle,)
        ).fetchone()
        low, high = (middle, high) if seen_at < since else (low, middle - 1)
    return low


def _days_of(connection: sqlite3.Connection, now: datetime) -> float:
    """Return for how many days, one at least, mentions have been stored."""
    row = connection.execute("SELECT seen_at FROM mentions ORDER BY id LIMIT 1").fetchone()
    return max(1.0, (to_epoch(now) - row[0]) / 86_400) if row else 1.0
