"""A request that failed is counted, and what it may have cost stays set aside; where the budget ends, reading goes on as soon as any may."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from keeping.test_store_pages import rows
from listener.allowance import take_request
from listener.budget import Budget, Limit
from listener.errors import RateLimitedError, UnavailableError
from listener.pipeline import Collector, CollectRequest, SourceOutcome
from listener.protocols import Page, Resource, Window
from listener.query import Query
from listener.store import Store
from listener.testing import FakeSource
from listener.wiring.sources import BUILT_IN_SOURCES, source_class
from servers.lemmy import Lemmy
from servers.world import NOW, QUERIES, make_judge, open_store
from sources.lemmy import LemmyOptions, LemmySource

TOMORROW = (NOW + timedelta(days=1)).replace(hour=0, minute=0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as store:
        yield store


def collected(store: Store, source: FakeSource, *limits: Limit) -> SourceOutcome:
    request = CollectRequest(now=NOW, lookback=timedelta(hours=1), budget=Budget(limits=limits))
    return Collector(store, make_judge(), QUERIES, Event()).collect(source, request)


class Failing(FakeSource):
    """Fail after some requests that were taken of the allowance."""

    def __init__(self, error: Exception, taken: int) -> None:
        super().__init__(name="failing")
        self.error, self.taken = error, taken

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        for _ in range(self.taken):
            take_request(self.name)
        raise self.error


class Counting(Failing):
    """Count the requests itself."""

    requests_made = 7

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        self.requests_made += self.taken
        raise self.error


CUT = UnavailableError("cut off", may_cost=True)


@pytest.mark.parametrize(
    ("source", "requests", "items_aside"),
    [
        (Failing(UnavailableError("down"), 0), 1, 0),  # nobody says that none was sent
        (Failing(UnavailableError("down"), 3), 3, 0),
        (Failing(RateLimitedError("slow down"), 2), 2, 0),
        (Failing(CUT, 2), 2, 1),
        (Failing(RuntimeError("a mistake in a plug-in"), 2), 2, 1),
        (Counting(UnavailableError("down"), 3), 3, 0),
        (Counting(CUT, 3), 3, 1),
        (Counting(CUT, 0), 0, 0),
        (Counting(RuntimeError("a mistake in a plug-in"), 0), 0, 0),
    ],
)
def test_a_failure_is_booked_with_the_requests_that_were_sent_and_what_they_may_have_cost(
    store: Store, source: Failing, requests: int, items_aside: int
) -> None:
    limit = Limit(source="failing", brand=None, unit="items", period="day", amount=100)
    assert collected(store, source, limit).is_failure
    assert rows(store, "SELECT sum(requests), sum(items) FROM spending") == [(requests, 0)]
    aside = rows(store, "SELECT coalesce(sum(requests), 0), coalesce(sum(items), 0) FROM reservations")
    assert aside == [(0, items_aside)]


def test_a_host_that_wants_to_be_left_alone_costs_one_request_however_many_searches_there_are(store: Store) -> None:
    limit = Limit(source="lemmy", brand=None, unit="requests", period="day", amount=100)
    with Lemmy([]) as instance:
        instance.fault("status", 9, status=429, headers={"Retry-After": "600"})
        source = LemmySource(LemmyOptions(instances=(instance.url,)))
        assert len(source.plan(QUERIES)) > 1
        assert collected(store, source, limit).state == "rate_limited"
        source.close()
        assert rows(store, "SELECT sum(requests) FROM spending") == [(len(instance.requests),)] == [(1,)]


def test_every_built_in_source_that_sends_requests_says_how_many() -> None:
    remote = [source for name in BUILT_IN_SOURCES if not (source := source_class(name)).facts.is_local]
    assert len(remote) > 10
    assert [source.name for source in remote if not hasattr(source, "requests_made")] == []


class OneForEach(FakeSource):
    """Read a resource for each brand, and one for nobody in particular."""

    def __init__(self, *brands: str | None) -> None:
        super().__init__(name="each")
        self.brands = brands

    def plan(self, queries: Sequence[Query]) -> list[Resource]:
        return [Resource(key=str(brand), lane=str(brand), native="q", brand=brand) for brand in self.brands]


def nothing_a(period: str, brand: str) -> Limit:
    return Limit(source=None, brand=brand, unit="requests", period=period, amount=0)


@pytest.mark.parametrize(
    ("brands", "goes_on"), [(("Acme", "Globex"), TOMORROW), (("Globex", "Acme"), TOMORROW), (("Acme", None), None)]
)
def test_reading_goes_on_when_the_first_of_what_the_budget_stopped_may_be_read(
    store: Store, brands: tuple[str | None, ...], goes_on: datetime | None
) -> None:
    outcome = collected(store, OneForEach(*brands), nothing_a("day", "Acme"), nothing_a("month", "Globex"))
    assert (outcome.state, outcome.retry_at) == ("budget", goes_on)
