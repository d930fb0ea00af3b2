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

__all__ = [
    "BudgetRow",
    "SpendingRow",
    "UsualRow",
    "read_bought",
    "read_budgets",
    "read_spending",
    "read_usual",
    "read_waiting",
]

_DAY: Final = 86_400
_SPENDING: Final = """
SELECT sources.name, brands.name, sum(requests), sum(items), sum(micros) FROM spending
JOIN sources ON sources.id = source_id LEFT JOIN brands ON brands.id = brand_id
WHERE day >= ? AND day < ? GROUP BY source_id, brand_id ORDER BY sources.name, brands.name
"""
_USUAL: Final = """
SELECT sources.name, brands.name, :today - max(:first, began + 1), sum(requests), sum(items), sum(micros) FROM spending
JOIN (SELECT source_id AS of_source, min(day) AS began FROM spending GROUP BY source_id) ON of_source = source_id
JOIN sources ON sources.id = source_id LEFT JOIN brands ON brands.id = brand_id
WHERE day >= :first AND day > began AND day < :today GROUP BY source_id, brand_id ORDER BY sources.name, brands.name
"""
_WAITING: Final = """
SELECT DISTINCT sources.name, brands.name FROM windows JOIN resources ON resources.id = resource_id
JOIN sources ON sources.id = source_id LEFT JOIN brands ON brands.id = brand_id
WHERE windows.state = 'budget' AND resources.is_active
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


def read_bought(connection: sqlite3.Connection, now: datetime) -> tuple[int, int, float]:
    """Return the account of the language model of today (UTC): requests, tokens, US dollars; what is set aside counts."""
    row = connection.execute(
        "SELECT requests, tokens, micro_usd FROM bought_days WHERE day = ?", (day_of(now),)
    ).fetchone()
    requests, tokens, micros = row or (0, 0, 0)
    return requests, tokens, micros / MICROS


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


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualRow:
    """Hold what is read of a source for a brand on a usual day: the mean of the last `days` whole UTC days."""

    source: str
    brand: str | None
    days: int
    requests: float
    items: float
    usd: float


def read_usual(connection: sqlite3.Connection, now: datetime, *, most_days: int = 14) -> tuple[UsualRow, ...]:
    """Return what a usual day costs, by source and brand, from the whole days since reading began, the last ones.

    The day on which a source was first read is none: it is cut short, and holds all that was looked back for.
    """
    today = day_of(now)
    rows = connection.execute(_USUAL, {"today": today, "first": today - most_days})
    return tuple(
        UsualRow(
            source=source,
            brand=brand,
            days=days,
            requests=requests / days,
            items=items / days,
            usd=micros / MICROS / days,
        )
        for source, brand, days, requests, items, micros in rows
    )


def read_waiting(connection: sqlite3.Connection) -> frozenset[tuple[str, str | None]]:
    """Return of which sources, and for which brand or several (None), something is not read that waits for a budget."""
    return frozenset((source, brand) for source, brand in connection.execute(_WAITING))
