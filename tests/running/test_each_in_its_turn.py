"""Where a service does not let all resources be read in one pass, each of them is read in its turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from listener.errors import RateLimitedError, SourceError, UnavailableError, UsageCappedError
from listener.pipeline import Collector, CollectRequest
from listener.protocols import Page, Resource, Window
from listener.query import Query
from listener.store import Store
from listener.testing import FakeSource
from servers.world import NOW, QUERIES, make_judge, open_store

NAMES = ("a", "b", "c", "d", "e")
QUARTER = timedelta(minutes=15)


class Limited(FakeSource):
    """Answers so many questions a pass, then `then`; and to those about `broken` with a failure."""

    def __init__(self, *, a_pass: int, then: SourceError, broken: str = "") -> None:
        super().__init__(name="limited")
        self.a_pass, self.then, self.broken = a_pass, then, broken
        self.read: list[str] = []

    def plan(self, queries: Sequence[Query]) -> list[Resource]:
        self.read = []
        return [Resource(key=name, lane=name, native=name) for name in NAMES]

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        if resource.key == self.broken or len(self.read) >= self.a_pass:
            raise self.then
        self.read.append(resource.key)
        return Page()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as store:
        yield store


def passes(store: Store, source: Limited, count: int) -> list[str]:
    """Return what was read in each of some passes, a quarter of an hour apart."""
    collector = Collector(store, make_judge(), QUERIES, Event())
    read = []
    for number in range(count):
        collector.collect(source, CollectRequest(now=NOW + QUARTER * number, lookback=timedelta(hours=1)))
        read.append("".join(source.read))
    return read


@pytest.mark.parametrize("then", [RateLimitedError("slow down"), UsageCappedError("used up")])
def test_what_a_limit_kept_from_being_read_is_read_first_the_next_time(store: Store, then: SourceError) -> None:
    read = passes(store, Limited(a_pass=2, then=then), 10)
    assert read[:4] == ["ab", "cc", "dd", "ee"]  # a window that was left open, then what is new
    assert set("".join(read[4:])) == set(NAMES)


def test_a_resource_that_always_fails_does_not_keep_those_after_it_from_being_read(store: Store) -> None:
    source = Limited(a_pass=9, then=UnavailableError("does not answer"), broken="b")
    assert {name for read in passes(store, source, 3) for name in read} == {"a", "c", "d", "e"}


def test_where_all_goes_well_the_order_is_that_of_the_plan(store: Store) -> None:
    assert passes(store, Limited(a_pass=9, then=UnavailableError("")), 2) == ["abcde", "abcde"]
