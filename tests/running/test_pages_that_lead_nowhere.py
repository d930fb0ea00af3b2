"""A service that names a next page for ever is not asked for ever; what it sent is kept, and reading goes on later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from listener.mention import Mention
from listener.pipeline import Collector, CollectRequest, SourceOutcome
from listener.protocols import Page, Resource, Window
from listener.store import Store
from listener.testing import FakeSource
from servers.world import NOW, QUERIES, make_judge, make_mention, open_store


class Endless(FakeSource):
    """Names another next page each time, and sends what `found` says of it, for as many pages as `ends_after`."""

    def __init__(self, *, found: int, moves: bool = False, ends_after: int = 5_000) -> None:
        super().__init__(name="endless")
        self.found, self.moves, self.ends_after = found, moves, ends_after

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        self.fetched += 1
        number = int(cursor or 0) + 1
        mentions = tuple(self._mention(number, place) for place in range(self.found))
        if number >= self.ends_after:
            return Page(mentions=mentions, items=self.found)
        return Page(mentions=mentions, cursor=str(number), exhausted=False, items=self.found)

    def _mention(self, number: int, place: int) -> Mention:
        first = number * self.found if self.moves else 0
        return replace(make_mention(1 + place, f"acme {place}"), source="endless", id=str(first + place))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as store:
        yield store


def collect(store: Store, source: FakeSource) -> SourceOutcome:
    request = CollectRequest(now=NOW, lookback=timedelta(hours=2))
    return Collector(store, make_judge(), QUERIES, Event()).collect(source, request, QUERIES[:1])


def states(store: Store) -> list[str]:
    return [state for (state,) in store._connection.execute("SELECT state FROM windows")]


def test_the_same_page_under_ever_new_names_ends_the_pass_and_is_a_failure(store: Store) -> None:
    source = Endless(found=3)
    outcome = collect(store, source)
    assert outcome.state == "unexpected_answer"
    assert source.fetched == 4
    assert outcome.new == 3
    assert states(store) == ["open"]
    ((reason,),) = store._connection.execute("SELECT reason FROM windows").fetchall()
    assert reason == "endless: the service answers with the same page again and again"


def test_pages_with_nothing_in_them_come_to_an_end_and_go_on_in_the_next_pass(store: Store) -> None:
    source = Endless(found=0, ends_after=1_500)
    assert collect(store, source).state == "unexpected_answer"
    assert source.fetched == 1_000
    assert states(store) == ["open"]
    assert collect(store, source).state == "ok"
    assert states(store) == ["drained"]


def test_many_pages_that_lead_on_are_read_to_their_end(store: Store) -> None:
    source = Endless(found=2, moves=True, ends_after=40)
    outcome = collect(store, source)
    assert (outcome.state, outcome.fetched, states(store)) == ("ok", 80, ["drained"])
