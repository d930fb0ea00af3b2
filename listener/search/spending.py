"""Tell what was spent, and how the budgets stand.

What was spent is kept by UTC day. A day belongs to the span that holds its noon,
so that spans that lie end to end count each day once, whatever their time zone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.budget import MICROS, day_of, turns_on
from listener.clock import to_epoch
from listener.frozen import dataclass
from listener.store.spending import read_standing

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

    from listener.budget import Limit

__all__ = ["BudgetRow", "SpendingRow", "read_budgets", "read_spending"]

_DAY: Final = 86_400
_SPENDING: Final = """
SELECT sources.name, brands.name, sum(requests), sum(items), sum(micros) FROM spending
JOIN sources ON sources.id = source_id LEFT JOIN brands ON brands.id = brand_id
WHERE day >= ? AND day < ? GROUP BY source_id, brand_id ORDER BY sources.name, brands.name
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingRow:
    """Hold what was spent on a source for a brand; `brand` None: for none in particular."""

    source: str
    brand: str | None
    requests: int
    items: int
    usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRow:
    """Hold how a limit stands. Exactly one of `source` and `brand` is set.

    `unit` is requests, items or usd; `allowed` is how much of `limit` may be spent
    up to today, less than all of it where the month is spread. `state` is ``ok``,
    ``share_used`` (goes on tomorrow) or ``spent`` (goes on at `resets_at`).
    """

    source: str | None
    brand: str | None
    unit: str
    period: str
    limit: float
    allowed: float
    used: float
    reserved: float
    resets_at: datetime
    state: str
    is_cap: bool


def read_spending(connection: sqlite3.Connection, since: datetime, until: datetime) -> tuple[SpendingRow, ...]:
    """Return what was spent in [since, until), by source and brand."""
    first, last = (-((_DAY // 2 - to_epoch(edge)) // _DAY) for edge in (since, until))
    return tuple(
        SpendingRow(source=source, brand=brand, requests=requests, items=items, usd=micros / MICROS)
        for source, brand, requests, items, micros in connection.execute(_SPENDING, (first, last))
    )


def read_budgets(connection: sqlite3.Connection, limits: Sequence[Limit], now: datetime) -> tuple[BudgetRow, ...]:
    """Return how each limit stands now."""
    day = day_of(now)
    rows = []
    for limit in limits:
        standing = read_standing(connection, limit, day)
        scale = MICROS if limit.unit == "usd" else 1
        amounts = (limit.amount, limit.allowed(day, standing.began), standing.used, standing.reserved)
        whole, allowed, used, reserved = (amount / scale if scale > 1 else amount for amount in amounts)
        rows.append(
            BudgetRow(
                source=limit.source,
                brand=limit.brand,
                unit=limit.unit,
                period=limit.period,
                limit=whole,
                allowed=allowed,
                used=used,
                reserved=reserved,
                resets_at=turns_on(limit, day),
                state=standing.state(day),
                is_cap=limit.is_cap,
            )
        )
    return tuple(rows)
