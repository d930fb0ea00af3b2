"""Say what may still be spent: limits on requests, items and money, by UTC day and month.

Money is integer millionths of a US dollar; days are counted from 1970-01-01 UTC.
What is meant for a month may be spread over it: up to a day of it may be spent
what falls to the days so far, of which nothing is lost by not being spent. The
days of the first month count from the one on which anything was spent first.
"""

from __future__ import annotations

from dataclasses import field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from listener.clock import from_epoch, to_epoch
from listener.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

__all__ = [
    "MICROS",
    "UNITS",
    "Budget",
    "Cost",
    "Limit",
    "Rate",
    "Standing",
    "day_of",
    "largest_fitting",
    "month_of",
    "rooms_of",
    "share_out",
    "start_of",
    "turns_on",
]

MICROS: Final = 1_000_000
"""Millionths in a US dollar."""

UNITS: Final = ("requests", "items", "usd")
"""What can be limited."""

_DAY: Final = 86_400
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Hold what something costs: requests, items, and millionths of a US dollar."""

    requests: int = 0
    items: int = 0
    micros: int = 0

    def __add__(self, other: Cost) -> Cost:
        """Return both together."""
        return Cost(
            requests=self.requests + other.requests,
            items=self.items + other.items,
            micros=self.micros + other.micros,
        )

    def of(self, unit: str) -> int:
        """Return what it costs in one of `UNITS`."""
        return {"requests": self.requests, "items": self.items, "usd": self.micros}[unit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Hold one limit on what is spent on a source, or on a brand over all sources.

    `amount` is in the unit, for ``usd`` in millionths. `is_cap` says that it is the
    service's own and not one that was configured.
    """

    source: str | None
    brand: str | None
    unit: str
    period: str
    amount: int
    is_spread: bool = False
    is_cap: bool = False

    @property
    def owner(self) -> str:
        """Return whose limit it is, for messages."""
        return self.source or f"the brand {self.brand}"

    def first_day(self, day: int) -> int:
        """Return the first day of its period in which `day` lies."""
        return day if self.period == "day" else month_of(day)[0]

    def last_day(self, day: int) -> int:
        """Return the last day of that period."""
        return day if self.period == "day" else month_of(day)[1]

    def allowed(self, day: int, began: int) -> int:
        """Return how much may be spent from the period's begin to the end of `day`.

        `began` is the first day on which anything was ever spent.
        """
        if not self.is_spread or self.period == "day":
            return self.amount
        first = min(max(self.first_day(day), began), day)
        return self.amount * (day - first + 1) // (self.last_day(day) - first + 1)

    def goes_on(self, day: int, began: int, wanted: int) -> int:
        """Return the first day after `day` on which `wanted` in all, or the first page of a new period, is allowed."""
        last = self.last_day(day)
        return next((later for later in range(day + 1, last + 1) if self.allowed(later, began) >= wanted), last + 1)

    def written(self, amount: int) -> str:
        """Write an amount in its unit."""
        if self.unit == "usd":
            return f"${amount / MICROS:,.2f}" if amount % 10_000 == 0 else f"${amount / MICROS:,.4f}"
        return f"{amount:,} {self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Hold what was spent and is set aside in the period of a limit, and the first day anything ever was."""

    limit: Limit
    used: int
    reserved: int
    began: int

    def room(self, day: int) -> int:
        """Return how much may still be spent today."""
        return self.limit.allowed(day, self.began) - self.used - self.reserved

    @property
    def is_spent(self) -> bool:
        """Say whether the whole period has nothing left."""
        return self.used + self.reserved >= self.limit.amount

    def state(self, day: int) -> str:
        """Return ``ok``, ``share_used`` where today's share of the month is used up, or ``spent``."""
        if self.is_spent:
            return "spent"
        return "ok" if self.room(day) > 0 else "share_used"

    def refusal(self, day: int, wanted: int) -> tuple[str, datetime]:
        """Return why `wanted` more cannot be spent, in a sentence, and when reading goes on."""
        limit = self.limit
        total = self.used + self.reserved
        on = start_of(limit.goes_on(day, self.began, total + wanted))
        aside = f", {limit.written(self.reserved)} set aside" if self.reserved else ""
        share = limit.allowed(day, self.began)
        of = f"{limit.written(limit.amount)} a {limit.period}"
        if share < limit.amount:
            of += f", of which {limit.written(share)} up to today"
        word = "cap" if limit.is_cap else "budget"
        following = f"goes on {on:%Y-%m-%d %H:%M} UTC"
        if wanted > limit.amount:
            following = f"it may take {limit.written(wanted)}, so that this {word} never has room for it: raise it"
        reason = (
            f"the {word} of {limit.owner} ({of}) leaves no room for the next request: {limit.written(self.used)} "
            f"spent{aside}; {following}"
        )
        return reason, on


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Hold what one thing costs, in millionths of a US dollar, and whether it is charged for once a UTC day."""

    micros: int
    once_a_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Hold the limits that bear on one source, those of brands among them, and what its things cost by kind."""

    limits: tuple[Limit, ...] = ()
    rates: Mapping[str, Rate] = field(default_factory=dict)

    @property
    def brands(self) -> frozenset[str]:
        """Return the brands that have a limit of their own."""
        return frozenset(limit.brand for limit in self.limits if limit.brand is not None)

    def bearing_on(self, brand: str | None) -> tuple[Limit, ...]:
        """Return the limits that bear on what is read for a brand, None: for several or none."""
        return tuple(limit for limit in self.limits if limit.brand in {None, brand})

    def cost(self, requests: int, items: int, billed: Mapping[str, int] | None = None) -> Cost:
        """Return what a page costs; `billed` counts things by kind where the service charges by kind."""
        micros = requests * self._micros("request")
        if billed is None:
            return Cost(requests=requests, items=items, micros=micros + items * self._micros("item"))
        return Cost(
            requests=requests,
            items=items,
            micros=micros + sum(count * self._micros(kind) for kind, count in billed.items()),
        )

    def dearest(self, requests: int, items: int) -> Cost:
        """Return what a page of so many items costs at most, whatever kinds they are of."""
        dearest = max((rate.micros for kind, rate in self.rates.items() if kind != "request"), default=0)
        return Cost(requests=requests, items=items, micros=requests * self._micros("request") + items * dearest)

    def _micros(self, kind: str) -> int:
        rate = self.rates.get(kind)
        return 0 if rate is None else rate.micros


def largest_fitting(sizes: tuple[int, int], cost_of: Callable[[int], Cost], rooms: Mapping[str, int]) -> int | None:
    """Return the largest page size in `sizes` (fewest, most) whose cost fits into what is left of each unit, if any."""
    low, high = sizes
    if not _fits(cost_of(low), rooms):
        return None
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(cost_of(middle), rooms):
            low = middle
        else:
            high = middle - 1
    return low


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Part a whole number in proportion to weights, evenly where all are 0; the parts add up to it.

    What is left over of whole parts goes one by one to the largest remainders, the first ones first.
    """
    counted = list(weights) if any(weights) else [1] * len(weights)
    whole = sum(counted)
    parts = [total * weight // whole for weight in counted]
    order = sorted(range(len(counted)), key=lambda index: (-(total * counted[index] % whole), index))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts


def day_of(instant: datetime) -> int:
    """Return the UTC day of an instant."""
    return to_epoch(instant) // _DAY


def start_of(day: int) -> datetime:
    """Return the instant at which a UTC day begins."""
    return from_epoch(day * _DAY)


def month_of(day: int) -> tuple[int, int]:
    """Return the first and the last day of the calendar month of a day."""
    first = (_EPOCH + timedelta(days=day)).replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return (first - _EPOCH).days, (following - _EPOCH).days - 1


def turns_on(limit: Limit, day: int) -> datetime:
    """Return when the period of a limit turns."""
    return start_of(limit.last_day(day) + 1)


def _fits(cost: Cost, rooms: Mapping[str, int]) -> bool:
    return all(cost.of(unit) <= room for unit, room in rooms.items())


def rooms_of(standings: Iterable[Standing], day: int) -> dict[str, int]:
    """Return how much is left today of each limited unit, over all limits."""
    rooms: dict[str, int] = {}
    for standing in standings:
        unit = standing.limit.unit
        rooms[unit] = min(standing.room(day), rooms.get(unit, standing.room(day)))
    return rooms
