"""What is kept in fewer bytes reads as it was given, and what finds a story's mentions looks at no others."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.mention import dump_spans, read_spans
from listener.search import Reader, Span
from listener.store.ready import short_address
from servers.world import NOW, make_mention, open_store, store_mentions

if TYPE_CHECKING:
    from pathlib import Path

UTC = ZoneInfo("UTC")
SPANS = st.tuples(st.sampled_from(["text", "title", "author"]), st.integers(0, 10**6), st.integers(0, 10**6))
LETTERS = st.text(st.sampled_from("~=/:.a1é\u05d0'"), max_size=12)
IDS = st.text(st.sampled_from("~=/:.a1é"), min_size=1, max_size=5)


@given(st.lists(SPANS, max_size=6))
def test_places_of_a_match_read_as_they_were_given(spans: list[tuple[str, int, int]]) -> None:
    assert read_spans(dump_spans(spans)) == tuple(spans)


def test_places_of_a_match_in_the_form_of_older_stores_are_read() -> None:
    assert read_spans('[["title",0,4],["text",25,29]]') == (("title", 0, 4), ("text", 25, 29))
    assert read_spans(None) == ()


def test_any_address_reads_as_it_was_given(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store_mentions(store, [make_mention(1)])
        connection = store._connection

        @given(st.sampled_from(["https://", "http://", "", "~", "="]), LETTERS, IDS, LETTERS, st.booleans())
        def reads_back(start: str, host: str, native: str, rest: str, has_id: bool) -> None:
            url = f"{start}{host}{native if has_id else ''}{rest}"
            kept = short_address(make_mention(1, id=native, url=url))
            connection.execute("UPDATE mentions SET native_id = ?, address = ?", (native, kept))
            assert connection.execute("SELECT url FROM mentions").fetchone() == (url,)

        reads_back()
        assert short_address(make_mention(1, url=None)) is None


def test_an_address_with_the_id_in_it_is_kept_without() -> None:
    mention = make_mention(1, id="18000000", url="https://x.example/jo/status/18000000")
    assert short_address(mention) == "~x.example/jo/status/~"


@pytest.mark.parametrize("of", ["trend", "quarters"])
def test_the_stories_of_a_source_cost_twice_as_much_for_twice_as_many_mentions(tmp_path: Path, of: str) -> None:
    costs = []
    for count in (480, 960):
        folder = tmp_path / str(count)
        folder.mkdir()
        with open_store(folder) as store:
            store_mentions(
                store,
                [
                    make_mention(n, f"Acme says {n}", published_at=NOW - timedelta(minutes=n))
                    for n in range(1, count + 1)
                ],
            )
        with Reader(folder / "listener.db") as reader:
            steps = 0

            def step() -> int:
                nonlocal steps
                steps += 1
                return 0

            reader._connection.set_progress_handler(step, 100)
            since, until = NOW - timedelta(hours=count // 120), NOW
            if of == "trend":
                span = Span(since=since, until=until, by="hour", zone=UTC, now=NOW, source="x")
                found = reader.trend(["Acme"], span, {})
                assert found.totals[0].stories == count // 2
            else:
                quarters = reader.source_quarters("Acme", ("x",), since, until)
                assert sum(stories for _, stories, *_ in quarters) == count // 2
            costs.append(steps)
    assert costs[1] <= 3 * costs[0]
