"""Say what listening costs at the volume there is, and whether the budgets allow it: part of `explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.budget import MICROS
from listener.cli.output import counted
from listener.cli.spent import money_text
from listener.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listener.budget import Limit
    from listener.cli.context import App
    from listener.protocols import SourceFacts
    from listener.search.spending import UsualRow

__all__ = ["Costs", "read_costs"]

_DAYS_A_MONTH: Final = 365.25 / 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Hold what is read on a usual day, what waits for a budget, and every limit; answers for one source and brand at a time."""

    usual: tuple[UsualRow, ...]
    waiting: frozenset[tuple[str, str | None]]
    limits: tuple[Limit, ...]

    def row(self, app: App, source: str, brand: str, facts: SourceFacts) -> dict[str, object]:
        """Return the costs of a source for a brand as scripts read them; None where they are not known yet."""
        mine = next((row for row in self.usual if (row.source, row.brand) == (source, brand)), None)
        is_paid = bool(_prices(app, source, facts))
        known = mine is not None or any(row.source == source for row in self.usual)
        items = mine.items if mine is not None else 0.0
        usd = mine.usd if mine is not None else 0.0
        return {
            "measured_days": max((row.days for row in self.usual if row.source == source), default=0),
            "paid_reads_a_day": None if is_paid and not known else round(items, 1) if is_paid else 0,
            "usd_a_day": None if is_paid and not known else round(usd, 4) if is_paid else 0,
            "usd_a_month": None if is_paid and not known else round(usd * _DAYS_A_MONTH, 2) if is_paid else 0,
            "prices": "; ".join(_prices(app, source, facts)),
            "budget": "; ".join(_limit_text(limit) for limit in self._bearing(source, brand)),
        }

    def lines(self, app: App, source: str, brand: str, facts: SourceFacts) -> list[tuple[str, str]]:
        """Return the same for people: (head, text) of each line."""
        told = self.row(app, source, brand, facts)
        lines = []
        if told["prices"]:
            if told["usd_a_day"] is None:
                reads = "not known before one whole UTC day was read"
            else:
                reads = (
                    f"about {told['paid_reads_a_day']:,} a day over {counted(int(_number(told['measured_days'])), 'day')}: "
                    f"{money_text(_number(told['usd_a_day']))} a day, {money_text(_number(told['usd_a_month']))} a month"
                )
            lines += [("    paid reads: ", reads), ("    prices: ", str(told["prices"]))]
        lines += [("    budget: ", self._judged(limit)) for limit in self._bearing(source, brand)]
        return lines

    def total(self) -> str | None:
        """Return what everything costs on a usual day and in a month, None where nothing does."""
        usd = sum(row.usd for row in self.usual)
        return (
            f"{money_text(round(usd, 4))} a day, {money_text(round(usd * _DAYS_A_MONTH, 2))} a month" if usd else None
        )

    def _bearing(self, source: str, brand: str) -> list[Limit]:
        return [limit for limit in self.limits if source == limit.source or brand == limit.brand]

    def _judged(self, limit: Limit) -> str:
        """Return a limit, and what a usual day or month takes of it."""
        mine = [row for row in self.usual if row.source == limit.source or (row.brand == limit.brand and limit.brand)]
        if not mine:
            return _limit_text(limit)
        days = 1 if limit.period == "day" else _DAYS_A_MONTH
        need = days * sum({"requests": row.requests, "items": row.items, "usd": row.usd}[limit.unit] for row in mine)
        amount = limit.amount / (MICROS if limit.unit == "usd" else 1)
        usual = money_text(round(need, 2)) if limit.unit == "usd" else f"{need:,.0f}"
        verdict = "it is enough"
        if need > amount:
            verdict = "it will not be enough"
        elif any(source == limit.source or (of == limit.brand and limit.brand) for source, of in self.waiting):
            verdict = "more waits for a budget, what there is costs more"  # only what was read has been measured
        return f"{_limit_text(limit)}; a usual {limit.period} takes {usual}: {verdict}"


def read_costs(app: App) -> Costs:
    """Read what a usual day costs, nothing where there is no store, and the limits of the configuration."""
    from listener import wiring
    from listener.disk import is_there
    from listener.errors import StoreError
    from listener.search import Reader

    database = app.database_path
    usual: tuple[UsualRow, ...] = ()
    waiting: frozenset[tuple[str, str | None]] = frozenset()
    try:
        if is_there(database):
            with Reader(database) as reader:
                usual, waiting = reader.usual_spending(app.now), reader.waiting_for_budget()
    except StoreError:
        usual = ()  # of another version: what it knows is told once it is brought up to date
    return Costs(usual=usual, waiting=waiting, limits=wiring.all_limits(app.config))


def _prices(app: App, source: str, facts: SourceFacts) -> Sequence[str]:
    """Return the prices of a source, those configured in place of those known, each with its date."""
    own = app.config.sources[source].budget.prices
    texts = [f"{kind} {_price(usd)} (as configured)" for kind, usd in own.items()]
    for price in facts.prices:
        if price.kind not in own:
            once = " once a UTC day" if price.once_a_day else ""
            texts.append(f"{price.kind} {_price(price.usd)}{once} ({price.figure_from}, seen {price.seen})")
    return texts


def _price(usd: float) -> str:
    return f"${usd:.6f}".rstrip("0").ljust(6, "0")


def _limit_text(limit: Limit) -> str:
    owner = f" for {limit.brand} over all sources" if limit.brand is not None else ""
    spread = ", spread over its days" if limit.is_spread else ""
    cap = ", the service's own cap" if limit.is_cap else ""
    return f"{limit.written(limit.amount)} a {limit.period}{owner}{spread}{cap}"


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
