"""Tell how large the store is, how much of it is free, and when it will be how large."""

from __future__ import annotations

import json
import shutil
from bisect import bisect_left
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
_DAY: Final = 86_400
_LOOKED_AT: Final = 1_000
"""Of so many mentions it is looked up when they were published, spread evenly over those stored in the span."""
_EARLY: Final = 0.05
"""The share of mentions that may be older than what a young store follows, such as an old thread that was found."""
_ROUND: Final = tuple(10**power for power in range(9, 16))
"""Sizes that are told of: 1 GB, 10 GB, 100 GB and so on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSize:
    """Hold the size of a store in bytes, its log included, and how it grows.

    `mentions` counts skeletons too. `free_share` is the share of the file that is
    empty and filled before it grows. `daily` are the mentions a day that were published and
    stored in the last four weeks, or since anything was: a history that was imported does not
    come again. Of very many they are estimated. `next_bytes` is the next round
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
    return StoreSize(
        total=total,
        mentions=mentions,
        free_share=free / pages if pages else 0.0,
        daily=_daily(connection, now, mentions),
        disk_free=shutil.disk_usage(path.parent).free,
        next_bytes=next((size for size in _ROUND if size > total), _ROUND[-1]),
    )


def _daily(connection: sqlite3.Connection, now: datetime, last: int) -> float:
    """Return how many mentions a day were published and stored lately."""
    since, end = to_epoch(now - _SPAN), to_epoch(now)
    before = _number_before(connection, since, last)
    stored = last - before
    if not stored:
        return 0.0
    looked_at = [before + 1 + place * stored // min(stored, _LOOKED_AT) for place in range(min(stored, _LOOKED_AT))]
    times = sorted(
        at
        for (at,) in connection.execute(
            "SELECT published_at FROM json_each(?) JOIN mentions ON mentions.id = value", (json.dumps(looked_at),)
        )
    )
    if not times:
        return 0.0
    lately = stored * (len(times) - bisect_left(times, since)) / len(times)
    began = since if before else min(times[int(len(times) * _EARLY)], _first_seen(connection))
    return lately / min(_SPAN.days, max(1.0, (end - began) / _DAY))


def _first_seen(connection: sqlite3.Connection) -> int:
    (seen_at,) = connection.execute("SELECT seen_at FROM mentions ORDER BY id LIMIT 1").fetchone()
    return int(seen_at)


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
