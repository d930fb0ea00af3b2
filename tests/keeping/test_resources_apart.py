"""What goes wrong with one resource stops the others only where they share a host."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

import pytest

from keeping.test_store_pages import rows
from listener.errors import RateLimitedError, RejectedQueryError, UnavailableError
from listener.pipeline import Collector, CollectRequest, SourceOutcome
from listener.protocols import Page, Resource, SourceFacts, Window
from listener.query import Query
from listener.store import Store
from servers.world import NOW, QUERIES, make_judge, make_mention, store_mentions


@dataclass(frozen=True)
class NoOptions:
    """Nothing to set."""


class TwoHosts:
    """Read two hosts, of which the first answers with a failure."""

    name = "hosts"
    Options: ClassVar[type] = NoOptions
    facts = SourceFacts(summary="Two hosts.", overlap=timedelta())

    def __init__(self, failure: Exception, *, alone: bool) -> None:
        self.facts = replace(type(self).facts, resources_fail_alone=alone)
        self.failure = failure

    def plan(self, queries: Sequence[Query]) -> list[Resource]:
        return [Resource(key=name, lane=name, native=name) for name in ("broken", "whole")]

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        if resource.key == "broken":
            raise self.failure
        return Page(mentions=(make_mention(1, source="hosts"),))

    def check(self) -> str:
        return "two hosts"

    def close(self) -> None:
        """Nothing is open."""


class Picky(TwoHosts):
    """Refuse the query of one brand."""

    def plan(self, queries: Sequence[Query]) -> list[Resource]:
        if any(query.brand == "Globex" for query in queries):
            msg = "hosts: Globex cannot be asked for"
            raise RejectedQueryError(msg)
        return [Resource(key=query.brand, lane="search", native="q", brand=query.brand) for query in queries]


def collected(store: Store, source: TwoHosts) -> SourceOutcome:
    collector = Collector(store, make_judge(), QUERIES, threading.Event())
    return collector.collect(source, CollectRequest(now=NOW, lookback=timedelta(days=1)))


LATER = NOW + timedelta(hours=1)


@pytest.mark.parametrize("failure", [UnavailableError("down"), RateLimitedError("limit", retry_at=LATER)])
def test_a_host_that_fails_does_not_stop_the_other(store: Store, failure: Exception) -> None:
    outcome = collected(store, TwoHosts(failure, alone=True))
    assert (outcome.new, outcome.is_failure, outcome.retry_at) == (1, True, None)


@pytest.mark.parametrize("failure", [UnavailableError("down"), RateLimitedError("limit", retry_at=LATER)])
def test_a_service_that_fails_is_left_alone_until_it_wants_to_be_asked_again(store: Store, failure: Exception) -> None:
    outcome = collected(store, TwoHosts(failure, alone=False))
    assert (outcome.new, outcome.is_failure) == (0, True)
    assert outcome.retry_at == getattr(failure, "retry_at", None)


def test_a_brand_that_cannot_be_asked_for_does_not_stop_the_others(store: Store) -> None:
    outcome = collected(store, Picky(UnavailableError("never raised"), alone=False))
    assert (outcome.new, outcome.state) == (1, "query_refused")
    assert outcome.message == "hosts: Globex cannot be asked for"


class Several(TwoHosts):
    """Read for a brand, for several and for all; remember what was asked for."""

    asked: list[str]

    def plan(self, queries: Sequence[Query]) -> list[Resource]:
        served = [("Acme",), ("Globex",), ("Acme", "Globex"), ("Globex", "Initech"), ()]
        return [
            Resource(key=" ".join(brands), lane=" ".join(brands) or "all", native="q", brand=brands[0])
            if len(brands) == 1
            else Resource(key=" ".join(brands), lane=" ".join(brands) or "all", native="q", brands=brands)
            for brands in served
        ]

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        self.asked.append(resource.lane)
        return Page()


@pytest.mark.parametrize(
    ("brand", "asked"),
    [
        ("Acme", ["Acme", "Acme Globex", "all"]),
        ("Initech", ["Globex Initech", "all"]),
        (None, ["Acme", "Globex", "Acme Globex", "Globex Initech", "all"]),
    ],
)
def test_a_pass_for_one_brand_reads_what_is_read_for_it_alone_or_among_others(
    store: Store, brand: str | None, asked: list[str]
) -> None:
    store.register([("Initech", "competitor")], (), now=NOW)
    source = Several(UnavailableError("never raised"), alone=False)
    source.asked = []
    collector = Collector(store, make_judge(), QUERIES, threading.Event())
    collector.collect(source, CollectRequest(now=NOW, lookback=timedelta(days=1), brand=brand))
    assert sorted(source.asked) == sorted(asked)


class Deletions(TwoHosts):
    """Tell in a page what is gone at the service."""

    page: Page

    def plan(self, queries: Sequence[Query]) -> list[Resource]:
        return [Resource(key="k", lane="k", native="q")]

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        return self.page


@pytest.mark.parametrize(
    ("page", "left"),
    [
        (Page(gone=("2",)), ["1", "3", "9"]),
        (Page(gone_authors=("a3",)), ["1", "2", "9"]),
        (Page(gone=("1",), gone_authors=("a2",)), ["3", "9"]),
        (Page(gone=("9",)), ["1", "2", "3", "9"]),  # of another source
        (Page(), ["1", "2", "3", "9"]),
    ],
)
def test_what_a_page_says_is_gone_is_erased_and_an_author_with_all_that_was_written(
    store: Store, page: Page, left: list[str]
) -> None:
    store_mentions(store, [*(make_mention(number, source="hosts") for number in (1, 2, 3)), make_mention(9)])
    source = Deletions(UnavailableError("never raised"), alone=False)
    source.page = page
    collected(store, source)
    assert rows(store, "SELECT native_id FROM mentions WHERE text IS NOT NULL ORDER BY 1") == [(one,) for one in left]
