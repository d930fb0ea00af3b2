"""What goes wrong with one resource stops the others only where they share a host."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

import pytest

from listener.errors import RateLimitedError, RejectedQueryError, UnavailableError
from listener.pipeline import Collector, CollectRequest, SourceOutcome
from listener.protocols import Page, Resource, SourceFacts, Window
from listener.query import Query
from listener.store import Store
from servers.world import NOW, QUERIES, make_judge, make_mention


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
