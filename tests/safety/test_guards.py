"""Each guard against hostile input holds, and without it the harm would be done.

A case tries to do harm and says whether it was done. It is run twice: as the program
is, where no harm may be done, and with the guard taken out, where it must be: a case
that could not do harm would prove nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from listener.api import Window, from_epoch
from listener.query.build import build_query
from safety import addresses, files, growing, leaving, sizes
from safety.addresses import Inner
from safety.case import Case, Patch
from safety.leaving import TEMPLATES
from sources.rss import RssOptions, RssSource

CASES = (*addresses.CASES, *sizes.CASES, *growing.CASES, *leaving.CASES, *files.CASES)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    TEMPLATES.cache_clear()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_guard_holds(case: Case, monkeypatch: Patch, tmp_path: Path) -> None:
    assert not case.harm(monkeypatch, tmp_path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_without_the_guard_the_harm_is_done(case: Case, monkeypatch: Patch, tmp_path: Path) -> None:
    case.remove(monkeypatch)
    assert case.harm(monkeypatch, tmp_path)


def test_a_private_feed_is_read_where_the_operator_allows_it() -> None:
    with Inner() as server:
        source = RssSource(RssOptions(feeds=(f"{server.url}/feed",), allow_private=True))
        (resource,) = source.plan([build_query(brand="Acme", keywords=["acme"])])
        source.fetch(resource, Window(since=from_epoch(0), until=from_epoch(9)), None)
        source.close()
        assert server.requests
