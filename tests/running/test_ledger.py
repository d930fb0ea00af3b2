"""A resource's windows lie end to end, and nothing moves past what was not read without saying so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener import ledger
from listener.errors import SupersededError
from listener.ledger import PageCount, WindowRow
from listener.protocols import Resource
from listener.schema import migrate
from thoroughness import some

ONE_PAGE = PageCount(requests=2, items=30, fetched=20, stored=10)
REASON = "the service gave nothing further back"


@cache
def _tables() -> bytes:
    """Return empty tables, made once."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, Path("memory"))
        return connection.serialize()


@contextmanager
def new_ledger() -> Iterator[tuple[sqlite3.Connection, int]]:
    """Give a connection with empty tables and the number of one resource."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.deserialize(_tables())
        connection.execute("INSERT INTO sources (id, name) VALUES (1, 'x')")
        resource = Resource(key="k1", lane="search", native="acme")
        (number,) = ledger.register_resources(connection, 1, [resource], {}).values()
        yield connection, number


@pytest.fixture
def books() -> Iterator[tuple[sqlite3.Connection, int]]:
    with new_ledger() as made:
        yield made


def opened(connection: sqlite3.Connection, resource: int, since: int, until: int) -> WindowRow:
    """Open the next window; `since` counts only for a resource's first."""
    window = ledger.add_window(connection, resource, lookback_from=since, until=until, now=until)
    assert window is not None
    return window


def spans(connection: sqlite3.Connection, resource: int) -> list[tuple[int, int, str]]:
    """Return (from, to, state) of a resource's windows in order of time."""
    return connection.execute(
        "SELECT from_at, to_at, state FROM windows WHERE resource_id = ? ORDER BY from_at, to_at", (resource,)
    ).fetchall()


def page(connection: sqlite3.Connection, window: WindowRow, cursor: str | None, marker: str | None = None) -> WindowRow:
    return ledger.advance(connection, window, ONE_PAGE, cursor=cursor, marker=marker, now=window.to_at)


def test_the_first_window_looks_back_and_the_next_begins_where_it_ended(books: tuple[sqlite3.Connection, int]) -> None:
    connection, resource = books
    first = opened(connection, resource, 100, 200)
    second = opened(connection, resource, 0, 300)
    assert (first.from_at, first.to_at, first.is_lookback) == (100, 200, True)
    assert (second.from_at, second.to_at, second.is_lookback) == (200, 300, False)
    assert ledger.add_window(connection, resource, lookback_from=0, until=300, now=300) is None


def test_a_window_begins_after_a_lost_one_too(books: tuple[sqlite3.Connection, int]) -> None:
    connection, resource = books
    ledger.close_lost(connection, opened(connection, resource, 100, 200), complete_since=200, reason=REASON, now=200)
    assert opened(connection, resource, 0, 300).from_at == 200
    assert spans(connection, resource) == [(100, 200, "lost"), (200, 300, "open")]


def test_open_windows_are_resumed_oldest_first_with_their_cursors(books: tuple[sqlite3.Connection, int]) -> None:
    connection, resource = books
    page(connection, opened(connection, resource, 100, 200), "c1")
    page(connection, opened(connection, resource, 0, 300), "c2")
    ledger.add_lookback(connection, resource, since=50, until=300, now=300)
    waiting = [(window.from_at, window.cursor) for window in ledger.open_windows(connection, resource)]
    assert waiting == [(50, None), (100, "c1"), (200, "c2")]


def test_a_window_stopped_by_the_budget_waits_and_goes_on_from_its_cursor(
    books: tuple[sqlite3.Connection, int],
) -> None:
    connection, resource = books
    window = page(connection, opened(connection, resource, 100, 200), "c1")
    ledger.stop_for_budget(connection, window, reason="the day's posts are used up", now=200)
    (waiting,) = ledger.open_windows(connection, resource)
    assert (waiting.state, waiting.cursor) == ("budget", "c1")
    assert page(connection, waiting, "c2").state == "open"


def test_drained_neighbours_are_one_window_with_the_counters_of_both(books: tuple[sqlite3.Connection, int]) -> None:
    connection, resource = books
    for until in (200, 300, 400):
        window = opened(connection, resource, 100, until)
        window = page(connection, page(connection, window, "c"), None, marker=f"m{until}")
        ledger.drain(connection, window, now=until)
    assert spans(connection, resource) == [(100, 400, "drained")]
    (row,) = connection.execute("SELECT pages, requests, items, fetched, stored, marker, is_lookback FROM windows")
    assert row == (6, 12, 180, 120, 60, "m400", 0)


def test_drained_windows_with_an_open_one_between_stay_two(books: tuple[sqlite3.Connection, int]) -> None:
    connection, resource = books
    ledger.drain(connection, opened(connection, resource, 100, 200), now=200)
    middle = opened(connection, resource, 0, 300)
    ledger.drain(connection, opened(connection, resource, 0, 400), now=400)
    assert ledger.drained_spans(connection, resource) == [(100, 200), (300, 400)]
    ledger.drain(connection, middle, now=500)
    assert ledger.drained_spans(connection, resource) == [(100, 400)]


def test_the_first_pages_marker_stands_for_the_window_and_the_next_window_gets_it(
    books: tuple[sqlite3.Connection, int],
) -> None:
    connection, resource = books
    window = page(connection, opened(connection, resource, 100, 200), "c", marker="newest")
    window = page(connection, window, None, marker="older")
    assert ledger.last_marker(connection, resource, 200) is None
    ledger.drain(connection, window, now=200)
    assert ledger.last_marker(connection, resource, 200) == "newest"
    assert ledger.last_marker(connection, resource, 199) is None


def test_a_window_adds_up_what_its_pages_brought(books: tuple[sqlite3.Connection, int]) -> None:
    connection, resource = books
    window = page(connection, page(connection, opened(connection, resource, 100, 200), "c1"), "c2")
    assert ledger.open_windows(connection, resource) == [window]
    assert (window.pages, window.requests, window.items, window.fetched, window.stored) == (2, 4, 60, 40, 20)


def test_a_window_that_left_no_marker_leaves_the_next_one_that_of_the_window_before_it(
    books: tuple[sqlite3.Connection, int],
) -> None:
    connection, resource = books
    ledger.drain(connection, page(connection, opened(connection, resource, 100, 200), None, marker="m"), now=200)
    ledger.close_lost(connection, opened(connection, resource, 0, 400), complete_since=300, reason=REASON, now=400)
    assert spans(connection, resource) == [(100, 200, "drained"), (200, 300, "lost"), (300, 400, "drained")]
    assert ledger.last_marker(connection, resource, 400) == "m"


def test_a_window_another_process_advanced_is_left_to_it(books: tuple[sqlite3.Connection, int]) -> None:
    connection, resource = books
    window = opened(connection, resource, 100, 200)
    page(connection, window, "c1")
    with pytest.raises(SupersededError):
        page(connection, window, "c1")
    assert connection.execute("SELECT pages FROM windows").fetchone() == (1,)


def test_a_window_another_process_drained_is_not_taken_for_the_one_that_got_its_number(
    books: tuple[sqlite3.Connection, int],
) -> None:
    connection, resource = books
    ledger.drain(connection, opened(connection, resource, 100, 200), now=200)
    held = opened(connection, resource, 0, 300)
    ledger.drain(connection, page(connection, held, None), now=300)  # joined with the first: the number is free again
    following = opened(connection, resource, 0, 400)
    assert following.id == held.id
    with pytest.raises(SupersededError):
        page(connection, held, None)
    ledger.note_reason(connection, held, reason="a reason of another window", now=400)
    assert ledger.open_windows(connection, resource) == [following]


def test_a_window_that_could_not_be_read_to_its_start_is_parted(books: tuple[sqlite3.Connection, int]) -> None:
    connection, resource = books
    window = page(connection, opened(connection, resource, 100, 200), None)
    ledger.close_lost(connection, window, complete_since=150, reason=REASON, now=200)
    assert spans(connection, resource) == [(100, 150, "lost"), (150, 200, "drained")]
    assert connection.execute("SELECT reason FROM windows WHERE state = 'lost'").fetchone() == (REASON,)


@pytest.mark.parametrize(
    ("complete_since", "expected"),
    [(90, [(100, 200, "drained")]), (200, [(100, 200, "lost")]), (999, [(100, 200, "lost")])],
)
def test_what_is_lost_never_reaches_beyond_the_window(
    books: tuple[sqlite3.Connection, int], complete_since: int, expected: list[tuple[int, int, str]]
) -> None:
    connection, resource = books
    window = opened(connection, resource, 100, 200)
    ledger.close_lost(connection, window, complete_since=complete_since, reason=REASON, now=200)
    assert spans(connection, resource) == expected


def test_what_the_service_no_longer_gives_is_lost_and_the_rest_stays_open(
    books: tuple[sqlite3.Connection, int],
) -> None:
    connection, resource = books
    opened(connection, resource, 100, 200)
    page(connection, opened(connection, resource, 0, 300), "c")
    assert ledger.expire(connection, resource, oldest_readable=250, reason="too old", now=300) == 2
    assert spans(connection, resource) == [(100, 200, "lost"), (200, 250, "lost"), (250, 300, "open")]
    assert ledger.open_windows(connection, resource)[0].cursor == "c"
    assert ledger.expire(connection, resource, oldest_readable=250, reason="too old", now=300) == 0
    assert ledger.expire(connection, resource, oldest_readable=300, reason="too old", now=300) == 1
    assert spans(connection, resource) == [(100, 200, "lost"), (200, 250, "lost"), (250, 300, "lost")]


def test_a_piece_cut_out_of_an_open_window_leaves_both_sides_open(books: tuple[sqlite3.Connection, int]) -> None:
    connection, resource = books
    window = opened(connection, resource, 100, 200)
    ledger.cut_out(connection, window, since=120, until=130, reason="outage", now=200)
    assert spans(connection, resource) == [(100, 120, "open"), (120, 130, "lost"), (130, 200, "open")]


@pytest.mark.parametrize(("since", "until"), [(20, 60), (20, 100), (200, 220), (210, 220)])
def test_a_piece_beside_an_open_window_leaves_it_as_it_is(
    books: tuple[sqlite3.Connection, int], since: int, until: int
) -> None:
    connection, resource = books
    window = page(connection, opened(connection, resource, 100, 200), "c")
    ledger.cut_out(connection, window, since=since, until=until, reason="outage", now=200)
    assert ledger.open_windows(connection, resource) == [window]
    assert spans(connection, resource) == [(100, 200, "open")]


def test_a_look_back_reads_what_lies_before_the_first_window_once(books: tuple[sqlite3.Connection, int]) -> None:
    connection, resource = books
    opened(connection, resource, 100, 200)
    window = ledger.add_lookback(connection, resource, since=10, until=200, now=200)
    assert window is not None
    assert (window.from_at, window.to_at, window.is_lookback) == (10, 100, True)
    assert ledger.add_lookback(connection, resource, since=10, until=200, now=200) is None


def test_files_declared_complete_join_where_they_touch_and_a_hole_stays_a_hole(
    books: tuple[sqlite3.Connection, int],
) -> None:
    connection, _ = books
    for since, until in ((100, 200), (200, 300), (150, 180), (400, 500)):
        ledger.declare_complete(connection, 1, since=since, until=until, now=500)
    lane = connection.execute("SELECT id FROM resources WHERE lane = ?", (ledger.IMPORT_LANE,)).fetchone()[0]
    assert spans(connection, lane) == [(100, 300, "drained"), (400, 500, "drained")]
    ledger.declare_complete(connection, 1, since=250, until=400, now=500)
    assert spans(connection, lane) == [(100, 500, "drained")]


def test_a_plan_without_a_resource_makes_it_inactive_and_keeps_its_windows(
    books: tuple[sqlite3.Connection, int],
) -> None:
    connection, resource = books
    opened(connection, resource, 100, 200)
    other = Resource(key="k2", lane="search", native="acme OR anvil")
    ids = ledger.register_resources(connection, 1, [other], {})
    assert list(ids) == ["k2"]
    assert spans(connection, resource) == [(100, 200, "open")]
    assert spans(connection, ids["k2"]) == []


actions = st.lists(
    st.tuples(
        st.sampled_from(["open", "look back", "page", "drain", "lost", "expire", "cut out", "budget"]),
        st.integers(0, 5),  # which of the open windows
        st.integers(1, 40),
        st.integers(0, 40),
    ),
    max_size=25,
)


def states_by_second(connection: sqlite3.Connection, resource: int) -> dict[int, str]:
    """Return the state of every second; fails where windows overlap."""
    seconds: dict[int, str] = {}
    for start, end, state in spans(connection, resource):
        assert start < end
        assert not any(second in seconds for second in range(start, end))
        seconds.update(dict.fromkeys(range(start, end), state))
    return seconds


@pytest.fixture(scope="module")
def empty_books() -> Iterator[tuple[sqlite3.Connection, int]]:
    """Return tables that each example empties."""
    with new_ledger() as made:
        yield made


@settings(max_examples=some(150))
@given(script=actions)
def test_whatever_happens_windows_part_time_without_hole_or_overlap_and_what_is_settled_stays(
    empty_books: tuple[sqlite3.Connection, int], script: list[tuple[str, int, int, int]]
) -> None:
    connection, resource = empty_books
    connection.execute("DELETE FROM windows")
    now = 1_000
    before: dict[int, str] = {}
    for verb, which, length, offset in script:
        now += length
        act(connection, resource, (verb, which, length, offset), now=now)
        after = states_by_second(connection, resource)
        assert not after or len(after) == max(after) - min(after) + 1
        assert all(after.get(second) == state for second, state in before.items() if state in {"drained", "lost"})
        assert before.keys() <= after.keys()
        drained = ledger.drained_spans(connection, resource)
        assert all(end < start for (_, end), (start, _) in pairwise(drained))
        before = after


def act(connection: sqlite3.Connection, resource: int, step: tuple[str, int, int, int], *, now: int) -> None:
    """Do one thing a pass may do."""
    verb, which, length, offset = step
    if verb == "open":
        ledger.add_window(connection, resource, lookback_from=now - 50, until=now - 2, now=now)
    elif verb == "look back":
        ledger.add_lookback(connection, resource, since=900 - offset, until=now, now=now)
    elif verb == "expire":
        ledger.expire(connection, resource, oldest_readable=now - 2 * offset, reason="too old", now=now)
    waiting = ledger.open_windows(connection, resource)
    if not waiting:
        return
    window = waiting[which % len(waiting)]
    if verb == "page":
        page(connection, window, f"c{window.pages}")
    elif verb == "drain":
        ledger.drain(connection, page(connection, window, None), now=now)
    elif verb == "lost":
        ledger.close_lost(connection, window, complete_since=window.from_at + offset, reason=REASON, now=now)
    elif verb == "cut out":
        start = window.from_at + offset - 10
        ledger.cut_out(connection, window, since=start, until=start + length, reason="outage", now=now)
    elif verb == "budget":
        ledger.stop_for_budget(connection, window, reason="used up", now=now)


def test_of_two_readers_of_one_window_only_one_can_close_it(books: tuple[sqlite3.Connection, int]) -> None:
    connection, resource = books
    window = opened(connection, resource, 100, 200)
    ledger.expire(connection, resource, oldest_readable=150, reason="too old", now=200)
    with pytest.raises(SupersededError):
        page(connection, window, None)
    (mine,) = ledger.open_windows(connection, resource)
    assert mine == replace(window, from_at=150)


@pytest.mark.parametrize("second", [1, 3_600], ids=["by minutes", "by days"])
def test_what_a_clock_that_was_ahead_opened_is_parted_at_the_present_and_loses_nothing(
    books: tuple[sqlite3.Connection, int], second: int
) -> None:
    connection, resource = books

    def times(*ends: int) -> list[tuple[int, int]]:
        return [(start * second, end * second) for start, end in pairwise(ends)]

    ledger.drain(connection, opened(connection, resource, 0, 100 * second), now=100 * second)
    begun = page(connection, opened(connection, resource, 0, 500 * second), "c1")
    ledger.leave_future(connection, resource, until=200 * second, now=210 * second)
    ledger.leave_future(connection, resource, until=200 * second, now=211 * second)
    found = spans(connection, resource)
    assert [(start, end) for start, end, _ in found] == times(0, 100, 200, 500)
    assert [state for *_, state in found] == ["drained", "open", "open"]
    assert ledger.add_window(connection, resource, lookback_from=0, until=200 * second, now=212 * second) is None
    first, last = ledger.open_windows(connection, resource)
    assert (first.cursor, first.pages, last.cursor, last.pages) == (begun.cursor, 1, None, 0)
    ledger.drain(connection, page(connection, first, None), now=213 * second)
    ledger.leave_future(connection, resource, until=300 * second, now=310 * second)
    found = spans(connection, resource)
    assert [(start, end) for start, end, _ in found] == times(0, 200, 300, 500)
    assert [state for *_, state in found] == ["drained", "open", "open"]


def test_what_a_clock_ahead_called_lost_is_open_again_when_it_is_right(
    books: tuple[sqlite3.Connection, int],
) -> None:
    connection, resource = books
    day = 86_400
    ledger.drain(connection, opened(connection, resource, 0, 10 * day), now=10 * day)
    opened(connection, resource, 0, 50 * day)
    ledger.expire(connection, resource, oldest_readable=43 * day, reason="too old", now=50 * day)
    (rest,) = ledger.open_windows(connection, resource)
    ledger.drain(connection, page(connection, rest, None), now=50 * day)
    ledger.leave_future(connection, resource, until=11 * day, now=11 * day)
    assert spans(connection, resource) == [(0, 10 * day, "drained"), (10 * day, 11 * day, "open")]


def test_a_window_that_waits_for_its_budget_grows_instead_of_getting_neighbours(
    books: tuple[sqlite3.Connection, int],
) -> None:
    connection, resource = books
    ledger.drain(connection, page(connection, opened(connection, resource, 100, 200), None), now=200)
    ledger.stop_for_budget(connection, opened(connection, resource, 0, 300), reason="used up", now=300)
    grown = opened(connection, resource, 0, 400)
    assert (grown.from_at, grown.to_at) == (200, 400)
    assert spans(connection, resource) == [(100, 200, "drained"), (200, 400, "budget")]
    begun = page(connection, grown, "c1")
    ledger.stop_for_budget(connection, begun, reason="used up", now=400)
    assert opened(connection, resource, 0, 500).from_at == 400  # of the one before a part was read: it stays as it is


def test_a_window_that_could_not_be_read_grows_and_one_that_is_being_read_does_not(
    books: tuple[sqlite3.Connection, int],
) -> None:
    connection, resource = books
    ledger.drain(connection, page(connection, opened(connection, resource, 100, 200), None), now=200)
    failed = opened(connection, resource, 0, 300)
    assert opened(connection, resource, 0, 400).from_at == 300  # whoever opened the first one may be reading it
    ledger.note_reason(connection, failed, reason="the service is down", now=400)
    assert opened(connection, resource, 0, 500).from_at == 400  # it is not the last one
    (*_, last) = ledger.open_windows(connection, resource)
    ledger.note_reason(connection, last, reason="the service is down", now=500)
    grown = opened(connection, resource, 0, 600)
    assert (grown.from_at, grown.to_at) == (400, 600)
    ledger.drain(connection, page(connection, grown, None), now=600)
    assert spans(connection, resource)[-1] == (400, 600, "drained")


def test_a_window_that_waited_for_its_budget_too_long_is_lost_with_that_reason(
    books: tuple[sqlite3.Connection, int],
) -> None:
    connection, resource = books
    ledger.stop_for_budget(connection, opened(connection, resource, 100, 300), reason="used up", now=300)
    ledger.expire(connection, resource, oldest_readable=200, reason="too old", now=900)
    rows = connection.execute("SELECT from_at, to_at, state, reason FROM windows ORDER BY from_at").fetchall()
    assert rows[0] == (100, 200, "lost", "too old; it waited for the budget")
    assert rows[1][:3] == (200, 300, "budget")


class TestSharedResources:
    """A brand's lane goes on where it was read until, alone or together with others."""

    BRANDS = {"Acme": 1, "Globex": 2, "Initech": 3}  # noqa: RUF012 - not changed
    VERSIONS = {"Acme": "a1", "Globex": "g1", "Initech": "i1"}  # noqa: RUF012 - the same

    def begin(self, connection: sqlite3.Connection, *brands: str, versions: dict[str, str] | None = None) -> WindowRow:
        """Read the brands together from now on; return their first window."""
        alone = brands[0] if len(brands) == 1 else None
        native = " OR ".join(brands)
        resource = Resource(
            key=f"{native} {versions}", lane="search", native=native, brand=alone, brands=() if alone else brands
        )
        (number,) = ledger.register_resources(
            connection, 1, [resource], self.BRANDS, versions=versions or self.VERSIONS, lookback_from=500
        ).values()
        return opened(connection, number, 500, 1_000)

    @pytest.fixture
    def connection(self, books: tuple[sqlite3.Connection, int]) -> sqlite3.Connection:
        connection, _ = books
        for name, number in self.BRANDS.items():
            connection.execute("INSERT INTO brands (id, name, kind) VALUES (?, ?, 'own')", (number, name))
        connection.execute("UPDATE resources SET is_active = 0")
        return connection

    def read_until(self, connection: sqlite3.Connection, until: int, *brands: str) -> None:
        window = self.begin(connection, *brands)
        connection.execute("UPDATE windows SET to_at = ? WHERE id = ?", (until, window.id))
        ledger.drain(connection, replace(window, to_at=until), now=until)

    def test_a_brand_taken_away_lets_the_others_go_on_where_they_were(self, connection: sqlite3.Connection) -> None:
        self.read_until(connection, 900, "Acme", "Globex", "Initech")
        window = self.begin(connection, "Acme", "Globex")
        assert (window.from_at, window.is_lookback) == (900, False)

    def test_a_brand_added_looks_back_for_all_so_that_it_has_its_past(self, connection: sqlite3.Connection) -> None:
        self.read_until(connection, 900, "Acme", "Globex")
        window = self.begin(connection, "Acme", "Globex", "Initech")
        assert (window.from_at, window.is_lookback) == (500, True)

    def test_what_was_read_long_ago_leaves_no_hole_even_past_the_look_back(
        self, connection: sqlite3.Connection
    ) -> None:
        self.read_until(connection, 600, "Acme", "Globex")
        connection.execute("UPDATE windows SET from_at = 100, to_at = 300")
        window = self.begin(connection, "Acme")
        assert (window.from_at, window.is_lookback) == (300, False)  # it goes on, and reads again what was found late

    def test_a_window_still_open_is_read_by_the_search_that_follows(self, connection: sqlite3.Connection) -> None:
        window = self.begin(connection, "Acme", "Globex")
        ledger.stop_for_budget(connection, window, reason="used up", now=1_000)
        assert self.begin(connection, "Acme").from_at == 500

    def test_a_brand_is_as_far_as_the_search_that_is_behind(self, connection: sqlite3.Connection) -> None:
        resources = [
            Resource(key=f"k{n}", lane=f"search/{n}", native=f"n{n}", brands=("Acme", "Globex")) for n in (1, 2)
        ]
        ids = ledger.register_resources(
            connection, 1, resources, self.BRANDS, versions=self.VERSIONS, lookback_from=500
        )
        for key, until in (("k1", 950), ("k2", 800)):
            window = ledger.add_window(connection, ids[key], lookback_from=500, until=until, now=until)
            assert window is not None
            ledger.drain(connection, window, now=until)
        assert self.begin(connection, "Acme", "Globex").from_at == 800

    def test_a_changed_query_looks_back(self, connection: sqlite3.Connection) -> None:
        self.read_until(connection, 900, "Acme", "Globex")
        window = self.begin(connection, "Acme", versions={"Acme": "a2"})
        assert (window.from_at, window.is_lookback) == (500, True)

    def test_a_search_of_which_nothing_was_read_says_nothing_of_where_the_next_begins(
        self, connection: sqlite3.Connection
    ) -> None:
        for brands in (("Acme", "Globex"), ("Acme", "Initech")):
            resource = Resource(key=" ".join(brands), lane="search", native=" ".join(brands), brands=brands)
            ledger.register_resources(connection, 1, [resource], self.BRANDS, versions=self.VERSIONS, lookback_from=500)
        assert self.begin(connection, "Acme", "Globex", "Initech").from_at == 500
