"""Ask for room before each page of a source, and hold on to what may have been charged for where it fails."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from listener.allowance import allowed
from listener.errors import (
    CredentialsError,
    ForbiddenError,
    NotFoundError,
    RateLimitedError,
    RejectedQueryError,
    StoreError,
    UnavailableError,
    UsageCappedError,
)
from listener.protocols import Metered
from listener.store import Ask, Charge, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from listener.budget import Budget, Cost
    from listener.protocols import Page, Resource, Source
    from listener.store import Grant, Store

__all__ = ["Meter", "Stops", "charge_of", "may_have_cost"]

_REFUSED = (
    CredentialsError,
    ForbiddenError,
    NotFoundError,
    RateLimitedError,
    RejectedQueryError,
    UsageCappedError,
)
"""Answers that say no: nobody charges for them."""


class Meter:
    """Keep one pass over a source within its budget."""

    def __init__(self, store: Store, source: Source, budget: Budget, now: datetime) -> None:
        self._purse = store.purse
        self._source = source
        self._budget = budget
        self._now = now

    def ask(self, resource: Resource) -> Grant | Refusal:
        """Set aside what the next page of a resource may cost, or say why there is no room for it."""
        source = self._source
        ask = Ask(source=source.name, brand=resource.brand, items=source.facts.items_a_page)
        if isinstance(source, Metered):
            ask = Ask(source=source.name, brand=resource.brand, sizes=source.page_sizes, cost_of=self._most)
        return self._purse.reserve(ask, self._budget, now=self._now)

    @contextmanager
    def watched(self, resource: Resource, grant: Grant) -> Iterator[None]:
        """Hold a fetch within the block to the requests that were granted, and book those of one that fails."""
        before = self._requests_made()
        with allowed(grant.requests) as allowance:
            try:
                yield
            except StoreError:
                raise
            except Exception as error:
                made = self._requests_made()
                requests = max(1, allowance.taken) if made is None or before is None else made - before
                self._failed(resource, grant, requests, error)
                raise

    def _failed(self, resource: Resource, grant: Grant, requests: int, error: Exception) -> None:
        """Book the requests of a fetch that failed."""
        charge = Charge(
            source=self._source.name,
            budget=self._budget,
            requests=requests,
            brands=_sharing(resource),
            grant=grant,
        )
        self._purse.settle_failure(charge, may_have_cost=requests > 0 and may_have_cost(error), now=self._now)

    def charge(self, resource: Resource, page: Page, grant: Grant) -> Charge:
        """Return what a page cost, to be settled as it is stored."""
        return charge_of(self._source.name, self._budget, resource, page, grant)

    def _most(self, size: int) -> Cost:
        assert isinstance(self._source, Metered)  # noqa: S101 - for the type checker; asked only of such
        bound = self._source.most(size)
        return self._budget.cost(bound.requests, bound.items, bound.billed or None)

    def _requests_made(self) -> int | None:
        """Return how many calls the source has sent, None where it does not say."""
        made = getattr(self._source, "requests_made", None)
        return made if isinstance(made, int) else None


class Stops:
    """Gather the refusals of a pass: what they say of the source as a whole."""

    def __init__(self) -> None:
        self._refusals: list[Refusal] = []
        self._read = 0

    def refused(self, refusal: Refusal) -> None:
        """Note that a resource was stopped."""
        self._refusals.append(refusal)

    def read(self) -> None:
        """Note that a resource was read to its end."""
        self._read += 1

    @property
    def message(self) -> str | None:
        """Return the sentence that tells of the budget, None where it stopped nothing."""
        return next((one.reason for one in sorted(self._refusals, key=lambda one: not one.is_whole)), None)

    @property
    def goes_on(self) -> datetime | None:
        """Return when the first of what was stopped goes on; None while something else is still to be read before."""
        if self._read or not self._refusals:
            return None
        return min(one.goes_on for one in self._refusals)


def charge_of(source: str, budget: Budget, resource: Resource, page: Page, grant: Grant) -> Charge:
    """Return what a page cost."""
    is_billed_by_kind = bool(page.billed) or page.items == 0
    return Charge(
        source=source,
        budget=budget,
        requests=page.requests if page.counted is None else page.counted,
        items=len(page.mentions) if page.items is None else page.items,
        billed=page.billed if is_billed_by_kind else None,
        brands=_sharing(resource),
        grant=grant,
    )


def _sharing(resource: Resource) -> tuple[str, ...]:
    return (resource.brand,) if resource.brand is not None else resource.brands


def may_have_cost(error: Exception) -> bool:
    """Say whether a service may have charged for what did not arrive as an answer."""
    if isinstance(error, UnavailableError):
        return error.may_cost
    return not isinstance(error, _REFUSED)
