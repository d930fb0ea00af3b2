"""Tell how much of what services say they have was received."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.clock import from_epoch, to_epoch
from listener.frozen import dataclass

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

__all__ = ["RecallRow", "read_recall", "read_recall_by_span"]

_BY_LANE: Final = """
SELECT sources.name, brands.name, resources.lane, min(recall.from_at), max(recall.to_at), sum(existing), sum(min(existing, found))
FROM recall JOIN resources ON resources.id = resource_id JOIN sources ON sources.id = resources.source_id
LEFT JOIN brands ON brands.id = resources.brand_id
WHERE recall.to_at > ? AND recall.from_at < ? GROUP BY sources.name, brands.name, resources.lane ORDER BY 1, 2, 3
"""
_BY_SPAN: Final = """
SELECT sources.name, brands.name, resources.lane, recall.from_at, recall.to_at, existing, found
FROM recall JOIN resources ON resources.id = resource_id JOIN sources ON sources.id = resources.source_id
LEFT JOIN brands ON brands.id = resources.brand_id
WHERE recall.to_at > ? AND recall.from_at < ? ORDER BY recall.from_at, sources.name, resources.lane
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallRow:
    """Hold how much of what a service said it has of [since, until) was received on a lane.

    `brand` is None where it is read for several. More may be found than there was when a service was asked; over
    a lane, what is more in one hour makes up for nothing in another, and `found` counts as much as `existing` at most.
    """

    source: str
    brand: str | None
    lane: str
    since: datetime
    until: datetime
    existing: int
    found: int

    @property
    def share(self) -> float | None:
        """Return the share received, 0 to 1; None where there was nothing."""
        return min(1.0, self.found / self.existing) if self.existing else None


def read_recall(connection: sqlite3.Connection, since: datetime, until: datetime) -> tuple[RecallRow, ...]:
    """Return recall over [since, until) by source and lane, where a service told what it has."""
    return _rows(connection, _BY_LANE, since, until)


def read_recall_by_span(connection: sqlite3.Connection, since: datetime, until: datetime) -> tuple[RecallRow, ...]:
    """Return recall of every span in [since, until) that a service told of, hour by hour where it did so."""
    return _rows(connection, _BY_SPAN, since, until)


def _rows(connection: sqlite3.Connection, sql: str, since: datetime, until: datetime) -> tuple[RecallRow, ...]:
    return tuple(
        RecallRow(
            source=source,
            brand=brand,
            lane=lane,
            since=from_epoch(start),
            until=from_epoch(end),
            existing=existing,
            found=found,
        )
        for source, brand, lane, start, end, existing, found in connection.execute(
            sql, (to_epoch(since), to_epoch(until))
        )
    )
