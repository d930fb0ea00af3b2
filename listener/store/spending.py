"""Keep account of what is spent: set aside before a request, settled with what came in the page's own transaction.

What is set aside counts like what is spent, from before the request until its
answer is stored. Where the answer never was (the process was killed, the
connection was cut) it counts until the month is over: the service may
have charged for it. So nothing that can happen lets more be spent than a budget
allows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from listener import ledger
from listener.budget import Budget, Cost, Limit, Standing, day_of, largest_fitting, rooms_of, share_out
from listener.clock import to_epoch
from listener.store.transactions import joined_transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from listener.store.catalogue import Catalogue

__all__ = ["Ask", "Charge", "Grant", "Purse", "Refusal", "read_standing"]

_COLUMNS: Final = {"requests": "requests", "items": "items", "usd": "micros"}
_NOBODY: Final = 0
_KEPT_DAYS: Final = 400
"""How long what is set aside stands: it counts for a month at most, but a clock may be months ahead for a while."""
_A_FEW: Final = 4
"""Requests that a page may take of which nothing is known yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask for room for one page of a source.

    `sizes` are the fewest and the most results it can be asked for, None where it
    cannot be asked for fewer; `cost_of` says what a page of a size costs at most.
    Without `sizes` as many requests are set aside as there is room for, up to twice
    those of the dearest page so far, and `items`, or those of that page where it is not known.
    Of a page that is not `is_counted` no limit counts the requests.
    """

    source: str
    brand: str | None
    sizes: tuple[int, int] | None = None
    cost_of: Callable[[int], Cost] | None = None
    items: int | None = None
    is_counted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Allow one page; `number` is of what is set aside.

    `size` is how many results it may hold where that had to be cut, `requests` how
    many requests it may take where that is bounded.
    """

    size: int | None = None
    number: int | None = None
    requests: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Say why there is no room, and when reading goes on; `is_whole` where the source as a whole has none."""

    reason: str
    goes_on: datetime
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Hold what a page cost, to be settled with it.

    `billed` are (kind, id) of what the service charges for; where it is None, each
    of `items` counts. `brands` share the cost in proportion to what was new of each.
    """

    source: str
    budget: Budget
    requests: int
    items: int = 0
    billed: tuple[tuple[str, str], ...] | None = None
    brands: tuple[str, ...] = ()
    grant: Grant = field(default_factory=Grant)


class Purse:
    """Set aside, settle and give back, on the store's connection."""

    def __init__(self, connection: sqlite3.Connection, path: Path, catalogue: Catalogue) -> None:
        self._connection = connection
        self._path = path
        self._catalogue = catalogue

    def _transaction(self) -> AbstractContextManager[None]:
        return joined_transaction(self._connection, self._path, self._catalogue)

    def reserve(self, ask: Ask, budget: Budget, *, now: datetime) -> Grant | Refusal:
        """Set aside what the next page may cost at most, in as large a page as there is room for."""
        limits = budget.bearing_on(ask.brand)
        if not limits:
            return Grant()
        day = day_of(now)
        with self._transaction():
            standings = [read_standing(self._connection, limit, day) for limit in limits]
            rooms = rooms_of(standings, day)
            cost_of, sizes = self._bound(ask, budget)
            size = largest_fitting(sizes, cost_of, rooms)
            if size is None:
                return _refuse(standings, cost_of(sizes[0]), day)
            number = self._set_aside(ask, cost_of(size), day, to_epoch(now))
        if ask.sizes is None:
            return Grant(number=number, requests=size)
        return Grant(size=size if size < sizes[1] else None, number=number)

    def stop(self, resource_id: int, reason: str, *, now: datetime) -> None:
        """Let what is still to be read of a resource wait for its budget."""
        with self._transaction():
            for window in ledger.open_windows(self._connection, resource_id):
                ledger.stop_for_budget(self._connection, window, reason=reason, now=to_epoch(now))

    def settle(self, charge: Charge, fresh: Mapping[str, int], *, now: datetime) -> None:
        """Book what a page really cost, in the transaction of the page; `fresh` counts what was new of each brand."""
        source_id, day = self._catalogue.source(charge.source), day_of(now)
        with self._transaction():
            cost = self._cost(charge, source_id, day)
            brand_ids = [self._catalogue.brand(name) for name in charge.brands] or [_NOBODY]
            weights = [fresh.get(name, 0) for name in charge.brands] or [1]
            parts = [share_out(cost.of(unit), weights) for unit in _COLUMNS]
            for brand_id, requests, items, micros in zip(brand_ids, *parts, strict=True):
                part = Cost(requests=requests, items=items, micros=micros)
                self._book(source_id, brand_id, day, part, (charge.requests, charge.items))
            self._give_back(charge.grant)
            self._forget_what_is_past(source_id, day)

    def settle_failure(self, charge: Charge, *, may_have_cost: bool, now: datetime) -> None:
        """Book the requests of an answer that was none.

        Where the service `may_have_cost` something all the same, what was set aside
        for items and money stays set aside.
        """
        failed = replace(charge, items=0, billed=None, grant=charge.grant if not may_have_cost else Grant())
        with self._transaction():
            self.settle(failed, {}, now=now)
            if may_have_cost and charge.grant.number is not None:
                self._connection.execute("UPDATE reservations SET requests = 0 WHERE id = ?", (charge.grant.number,))

    def _bound(self, ask: Ask, budget: Budget) -> tuple[Callable[[int], Cost], tuple[int, int]]:
        """Return what a page of a size costs at most, and the sizes there are."""
        if ask.sizes is not None and ask.cost_of is not None:
            return ask.cost_of, ask.sizes
        requests, items = self._connection.execute(
            "SELECT max(most_requests), max(most_items) FROM spending WHERE source_id = ?",
            (self._catalogue.source(ask.source),),
        ).fetchone()
        most_items = max(1, items or 0) if ask.items is None else ask.items
        counted = int(ask.is_counted)
        return (lambda count: budget.dearest(counted * count, most_items)), (1, max(_A_FEW, 2 * (requests or 0)))

    def _set_aside(self, ask: Ask, cost: Cost, day: int, now: int) -> int:
        brand_id = _NOBODY if ask.brand is None else self._catalogue.brand(ask.brand)
        row = self._connection.execute(
            "INSERT INTO reservations (source_id, brand_id, day, requests, items, micros, made_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (self._catalogue.source(ask.source), brand_id, day, cost.requests, cost.items, cost.micros, now),
        ).fetchone()
        return int(row[0])

    def _give_back(self, grant: Grant) -> None:
        if grant.number is not None:
            self._connection.execute("DELETE FROM reservations WHERE id = ?", (grant.number,))

    def _cost(self, charge: Charge, source_id: int, day: int) -> Cost:
        """Return what a page cost; what the service charges for once a day counts where it is new today."""
        budget = charge.budget
        if charge.billed is None:
            return budget.cost(charge.requests, charge.items)
        by_kind: dict[str, list[str]] = {}
        for kind, native_id in charge.billed:
            by_kind.setdefault(kind, []).append(native_id)
        counts = {kind: self._count(kind, ids, charge, source_id, day) for kind, ids in by_kind.items()}
        return budget.cost(charge.requests, sum(counts.values()), counts)

    def _count(self, kind: str, ids: Sequence[str], charge: Charge, source_id: int, day: int) -> int:
        rate = charge.budget.rates.get(kind)
        if rate is None or not rate.once_a_day:
            return len(ids)
        before = self._connection.total_changes
        self._connection.executemany(
            "INSERT INTO billed (source_id, day, thing) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(source_id, day, _fingerprint(kind, native_id)) for native_id in ids],
        )
        return self._connection.total_changes - before

    def _book(self, source_id: int, brand_id: int, day: int, cost: Cost, page: tuple[int, int]) -> None:
        self._connection.execute(
            "INSERT INTO spending (source_id, brand_id, day, requests, items, micros, most_requests, most_items) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source_id, brand_id, day) DO UPDATE SET "
            "requests = requests + excluded.requests, items = items + excluded.items, "
            "micros = micros + excluded.micros, most_requests = max(most_requests, excluded.most_requests), "
            "most_items = max(most_items, excluded.most_items)",
            (source_id, brand_id, day, cost.requests, cost.items, cost.micros, *page),
        )

    def _forget_what_is_past(self, source_id: int, day: int) -> None:
        self._connection.execute("DELETE FROM billed WHERE source_id = ? AND day < ?", (source_id, day))
        self._connection.execute("DELETE FROM reservations WHERE day < ?", (day - _KEPT_DAYS,))


def read_standing(connection: sqlite3.Connection, limit: Limit, day: int) -> Standing:
    """Return how a limit stands: what was spent and what is set aside in its period."""
    column = _COLUMNS[limit.unit]
    owner, name = ("source_id", limit.source) if limit.source is not None else ("brand_id", limit.brand)
    table = "sources" if limit.source is not None else "brands"
    found = connection.execute(f"SELECT id FROM {table} WHERE name = ?", (name,)).fetchone()  # noqa: S608 - constant
    if found is None:
        return Standing(limit=limit, used=0, reserved=0, began=day)
    sums = [
        connection.execute(
            f"SELECT coalesce(sum({column}), 0) FROM {place} WHERE {owner} = ? AND day BETWEEN ? AND ?",  # noqa: S608 - constant
            (found[0], limit.first_day(day), limit.last_day(day)),
        ).fetchone()[0]
        for place in ("spending", "reservations")
    ]
    (began,) = connection.execute(
        f"SELECT min(day) FROM (SELECT min(day) AS day FROM spending WHERE {owner} = ? "  # noqa: S608 - constant
        f"UNION ALL SELECT min(day) FROM reservations WHERE {owner} = ?)",
        (found[0], found[0]),
    ).fetchone()
    return Standing(limit=limit, used=sums[0], reserved=sums[1], began=day if began is None else began)


def _refuse(standings: Sequence[Standing], wanted: Cost, day: int) -> Refusal:
    """Return the refusal of the limit that holds reading up the longest."""
    short = [one for one in standings if one.room(day) < wanted.of(one.limit.unit)]
    told = [(one, *one.refusal(day, wanted.of(one.limit.unit))) for one in short]
    _, reason, goes_on = max(told, key=lambda found: found[2])
    return Refusal(reason=reason, goes_on=goes_on, is_whole=any(one.limit.brand is None for one in short))


def _fingerprint(kind: str, native_id: str) -> int:
    digest = hashlib.blake2b(f"{kind}\0{native_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
