"""Say what looking again and reading threads may cost a day, at most: part of `explain`.

Both go by their own bounds, not by what was read so far: a source looks again as
often as its requests a day last, and each pass reads the threads of so many mentions.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.budget import MICROS, Cost
from listener.cli.spent import money_text
from listener.frozen import dataclass
from listener.protocols import Metered, ReadsThreads

if TYPE_CHECKING:
    from listener.budget import Budget
    from listener.config import Config
    from listener.protocols import RecheckFacts, Source

__all__ = ["UPKEEP_COLUMNS", "Upkeep", "read_upkeep"]

UPKEEP_COLUMNS: Final = ("recheck_requests_a_day", "recheck_usd_a_day", "thread_requests_a_day", "thread_usd_a_day")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """Hold what a source may cost a day beside its searches, for all brands together; None where it does neither."""

    rechecks: Cost | None = None
    threads: Cost | None = None

    def row(self) -> dict[str, object]:
        """Return it as scripts read it: at most so much, 0 where nothing is asked."""
        values: list[object] = []
        for cost in (self.rechecks, self.threads):
            values += [0, 0] if cost is None else [cost.requests, round(cost.micros / MICROS, 4)]
        return dict(zip(UPKEEP_COLUMNS, values, strict=True))

    def lines(self) -> list[tuple[str, str]]:
        """Return it for people: (head, text) of each line."""
        told = (("    looking again: ", self.rechecks), ("    reading threads: ", self.threads))
        return [(head, _text(cost)) for head, cost in told if cost is not None]


def read_upkeep(config: Config, name: str, source: Source) -> Upkeep:
    """Return the bounds of a source, as it is configured."""
    from listener import wiring

    how = wiring.recheck_of(config, name)
    budget = wiring.budget_of(config, name)
    return Upkeep(
        rechecks=None if how is None else _rechecks(*how, budget),
        threads=_threads(config, name, source, budget),
    )


def _rechecks(facts: RecheckFacts, per_day: int, budget: Budget) -> Cost | None:
    """Return what as many batches cost as the requests a day last for."""
    batches = per_day // facts.requests_a_batch
    if not batches:
        return None
    items = batches * (facts.items_a_batch or facts.batch)
    billed = {facts.billed_as: items} if facts.billed_as else None
    return budget.cost(batches * facts.requests_a_batch, items, billed)


def _threads(config: Config, name: str, source: Source, budget: Budget) -> Cost | None:
    """Return what the threads of each pass of a day cost; None where none are read."""
    from listener import wiring

    accounts = wiring.own_accounts(config, name)
    is_wanted = config.responses.read_threads and any(config.brand(brand).kind == "own" for brand in accounts)
    at_once = source.threads_at_once if isinstance(source, ReadsThreads) else 0
    if not is_wanted or at_once < 1:
        return None
    passes = math.ceil(_DAY / wiring.schedule_of(config, name).every)
    calls = passes * math.ceil(config.responses.threads / at_once)
    if not isinstance(source, Metered):
        return budget.cost(calls, 0)
    bound = source.most(source.page_sizes[1])
    billed = {kind: count * calls for kind, count in bound.billed.items() if kind != "count"}
    return budget.cost(calls, bound.items * calls, billed or None)


def _text(cost: Cost) -> str:
    requests = f"at most {cost.requests:,} request{'' if cost.requests == 1 else 's'} a day"
    usd = cost.micros / MICROS
    return f"{requests}, {money_text(round(usd, 2))} a day" if usd else requests
