"""Hold the table `budget` of a source or of a brand, and read limits and prices off it."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from listener.budget import MICROS, UNITS, Limit, Rate
from listener.frozen import dataclass
from listener.options import OPTION, OptionInfo, option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from listener.protocols import SourceFacts

__all__ = ["BrandBudget", "SourceBudget", "limits_of_brand", "limits_of_source", "rates_of", "unknown_prices"]

_USD_A_DAY = "US dollars that may be spent in a day."
_USD_A_MONTH = "US dollars that may be spent in a calendar month."
_REQUESTS_A_DAY = "Requests that may be made in a day."
_REQUESTS_A_MONTH = "Requests that may be made in a calendar month."
_ITEMS_A_DAY = "Items (posts, users, comments ...) that may be read in a day."
_ITEMS_A_MONTH = "Items that may be read in a calendar month."
_SPREAD = "Spread what is meant for the month over its days; what a day leaves is there for the days after it."


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandBudget:
    """Hold `[brands.budget]`: what may be spent on a brand over all sources. Days and months are those of UTC."""

    usd_a_day: float | None = option(_USD_A_DAY, default=None, minimum=0, example=1.0)
    usd_a_month: float | None = option(_USD_A_MONTH, default=None, minimum=0, example=20.0)
    requests_a_day: int | None = option(_REQUESTS_A_DAY, default=None, minimum=0, example=500)
    requests_a_month: int | None = option(_REQUESTS_A_MONTH, default=None, minimum=0, example=10_000)
    items_a_day: int | None = option(_ITEMS_A_DAY, default=None, minimum=0, example=1_000)
    items_a_month: int | None = option(_ITEMS_A_MONTH, default=None, minimum=0, example=20_000)
    spread: bool = option(_SPREAD, default=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceBudget:
    """Hold `[sources.NAME.budget]`: what may be spent on a source. Days and months are those of UTC."""

    usd_a_day: float | None = option(_USD_A_DAY, default=None, minimum=0, example=2.0)
    usd_a_month: float | None = option(_USD_A_MONTH, default=None, minimum=0, example=50.0)
    requests_a_day: int | None = option(
        _REQUESTS_A_DAY + " Without it the cap of the service, where it has one.", default=None, minimum=0, example=500
    )
    requests_a_month: int | None = option(_REQUESTS_A_MONTH, default=None, minimum=0, example=10_000)
    items_a_day: int | None = option(_ITEMS_A_DAY, default=None, minimum=0, example=1_000)
    items_a_month: int | None = option(_ITEMS_A_MONTH, default=None, minimum=0, example=20_000)
    spread: bool = option(_SPREAD, default=True)
    prices: Mapping[str, float] = field(
        default_factory=dict,
        metadata={
            OPTION: OptionInfo(
                help="US dollars for one thing, by kind, in place of the prices that the manual lists",
                minimum=0,
                example={"item": 0.005},
            )
        },
    )


def limits_of_source(
    name: str, budget: SourceBudget, facts: SourceFacts, *, has_key: bool, own_cap: int | None = None
) -> tuple[Limit, ...]:
    """Return the limits of a source: those configured, and the service's cap on requests where none is.

    `own_cap` is the cap of this account, where the options of the source name it.
    """
    limits = _limits(budget, source=name, brand=None)
    cap = facts.requests_a_day_with_key if has_key and facts.requests_a_day_with_key else facts.requests_a_day
    cap = cap if own_cap is None else own_cap
    if cap is None or budget.requests_a_day is not None:
        return limits
    return (*limits, Limit(source=name, brand=None, unit="requests", period="day", amount=cap, is_cap=True))


def limits_of_brand(name: str, budget: BrandBudget) -> tuple[Limit, ...]:
    """Return the limits of a brand, which hold over all sources."""
    return _limits(budget, source=None, brand=name)


def rates_of(budget: SourceBudget, facts: SourceFacts) -> dict[str, Rate]:
    """Return what each kind of thing costs: as configured, else as the source knows."""
    known = {price.kind: Rate(micros=round(price.usd * MICROS), once_a_day=price.once_a_day) for price in facts.prices}
    own = {
        kind: Rate(micros=round(usd * MICROS), once_a_day=kind in known and known[kind].once_a_day)
        for kind, usd in budget.prices.items()
    }
    return known | own


def unknown_prices(budget: SourceBudget, facts: SourceFacts) -> tuple[list[str], list[str]]:
    """Return the kinds that are priced and that the source does not know, and those it knows."""
    known = sorted({"request", "item", *(price.kind for price in facts.prices)})
    return [kind for kind in budget.prices if kind not in known], known


def _limits(budget: SourceBudget | BrandBudget, *, source: str | None, brand: str | None) -> tuple[Limit, ...]:
    found = []
    for unit in UNITS:
        for period in ("day", "month"):
            amount: float | None = getattr(budget, f"{unit}_a_{period}")
            if amount is not None:
                limit = Limit(
                    source=source,
                    brand=brand,
                    unit=unit,
                    period=period,
                    amount=round(amount * MICROS) if unit == "usd" else int(amount),
                    is_spread=budget.spread and period == "month",
                )
                found.append(limit)
    return tuple(found)
