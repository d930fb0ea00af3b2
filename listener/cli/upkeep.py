"""Say what looking again and reading threads may cost a day, at most: part of `explain`.

Both go by their own bounds, not by what was read so far: a source looks again as
often as its requests a day last, and each pass reads the threads of so many mentions.
Neither takes more than the budget of the source, out of which both are paid.
"""

from __future__ import annotations

import math
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from listener.budget import MICROS, Cost
from listener.cli.spent import money_text
from listener.frozen import dataclass
from listener.protocols import MeteredThreads, ReadsThreads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from listener.budget import Budget, Limit
    from listener.config import Config
    from listener.protocols import PageBound, RecheckFacts, Source

__all__ = ["UPKEEP_COLUMNS", "Upkeep", "read_upkeep"]

UPKEEP_COLUMNS: Final = ("recheck_requests_a_day", "recheck_usd_a_day", "thread_requests_a_day", "thread_usd_a_day")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Most:
    """Hold the most that something may cost a day, and the limit that lets it be no more, if there is one."""

    cost: Cost
    limit: Limit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """Hold what a source may cost a day beside its searches, for all brands together; None where it does neither."""

    rechecks: _Most | None = None
    threads: _Most | None = None

    def row(self) -> dict[str, object]:
        """Return it as scripts read it: at most so much, 0 where nothing is asked."""
        values: list[object] = []
        for most in (self.rechecks, self.threads):
            values += [0, 0] if most is None else [most.cost.requests, round(most.cost.micros / MICROS, 4)]
        return dict(zip(UPKEEP_COLUMNS, values, strict=True))

    def lines(self) -> list[tuple[str, str]]:
        """Return it for people: (head, text) of each line."""
        told = (("    looking again: ", self.rechecks), ("    reading threads: ", self.threads))
        return [(head, _text(most)) for head, most in told if most is not None]


def read_upkeep(config: Config, name: str, source: Source) -> Upkeep:
    """Return the bounds of a source, as it is configured."""
    from listener import wiring

    how = wiring.recheck_of(config, name)
    budget = wiring.budget_of(config, name)
    return Upkeep(
        rechecks=None if how is None else _rechecks(*how, budget),
        threads=_threads(config, name, source, budget),
    )


def _rechecks(facts: RecheckFacts, per_day: int, budget: Budget) -> _Most | None:
    """Return what as many batches cost as the requests a day last for."""
    batches = per_day // facts.requests_a_batch
    if not batches:
        return None
    items = batches * (facts.items_a_batch or facts.batch)
    billed = {facts.billed_as: items} if facts.billed_as else None
    counted = facts.requests_a_batch if facts.counted_a_batch is None else facts.counted_a_batch
    return _held(budget.cost(batches * facts.requests_a_batch, items, billed), budget, batches * counted)


def _threads(config: Config, name: str, source: Source, budget: Budget) -> _Most | None:
    """Return what the threads of each pass of a day cost; None where none are read."""
    from listener import wiring
    from listener.pipeline.answers import threads_are_counted

    accounts = wiring.own_accounts(config, name)
    accounts = {brand: names for brand, names in accounts.items() if config.brand(brand).kind == "own"}
    is_wanted = config.responses.read_threads and accounts
    if not (is_wanted and isinstance(source, ReadsThreads)) or source.threads_at_once < 1:
        return None
    passes = math.ceil(_DAY / wiring.schedule_of(config, name).every)
    calls = passes * math.ceil(config.responses.threads / source.threads_at_once) * _calls(source, accounts)
    counted = calls if threads_are_counted(source) else 0
    bound = _bound(source)
    if bound is None:
        return _held(budget.cost(calls, 0), budget, counted)
    billed = {kind: count * calls for kind, count in bound.billed.items()}
    return _held(budget.cost(calls, bound.items * calls, billed or None), budget, counted)


def _bound(source: ReadsThreads) -> PageBound | None:
    """Return what one reading costs at most, None where nobody charges for it."""
    return source.most_of_replies(source.page_sizes[1]) if isinstance(source, MeteredThreads) else None


def _calls(source: ReadsThreads, accounts: Mapping[str, Sequence[str]]) -> int:
    """Return the most calls of one reading: one, or so many for each account where these are read one by one."""
    each = getattr(source, "calls_an_account", None)
    return each * len({name.lstrip("@").casefold() for names in accounts.values() for name in names}) if each else 1


def _held(cost: Cost, budget: Budget, counted: int) -> _Most:
    """Return what of a day's cost the budget of the source has room for, were it spent on this alone.

    `counted` are the requests that a limit counts.
    """
    limits = [limit for limit in budget.limits if limit.source is not None]
    needs = {"requests": counted, "items": cost.items, "usd": cost.micros}
    over = [(Fraction(limit.amount, needs[limit.unit]), limit) for limit in limits if needs[limit.unit] > limit.amount]
    if not over:
        return _Most(cost=cost)
    share, limit = min(over, key=lambda one: one[0])
    requests, items = math.ceil(cost.requests * share), math.floor(cost.items * share)
    return _Most(cost=Cost(requests=requests, items=items, micros=math.floor(cost.micros * share)), limit=limit)


def _text(most: _Most) -> str:
    cost, limit = most.cost, most.limit
    text = f"at most {cost.requests:,} request{'' if cost.requests == 1 else 's'} a day"
    usd = cost.micros / MICROS
    if usd:
        text += f", {money_text(usd)} a day"
    if limit is not None:
        text += f"; more is not in the {'cap' if limit.is_cap else 'budget'} of {limit.written(limit.amount)} a {limit.period}"
    return text
