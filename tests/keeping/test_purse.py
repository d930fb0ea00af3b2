"""What is set aside and spent never passes a limit, whatever comes between a request and its answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from listener.budget import MICROS, Budget, Cost, Limit, Rate, Standing, day_of, largest_fitting, month_of, share_out
from listener.search import Reader
from listener.store import Ask, Charge, Grant, Refusal, Store
from stores import lay_store
from thoroughness import some

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
RATES = {"post": Rate(micros=5_000, once_a_day=True), "user": Rate(micros=10_000, once_a_day=True)}
NOTHING: dict[str, int] = {}


def limit(unit: str, period: str, amount: int, *, brand: str | None = None, is_spread: bool = False) -> Limit:
    return Limit(
        source=None if brand else "x", brand=brand, unit=unit, period=period, amount=amount, is_spread=is_spread
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(lay_store(tmp_path / "listener.db")) as made:
        made.register([("Acme", "own"), ("Globex", "own")], (), now=NOW)
        yield made


def spend(store: Store, budget: Budget, charge: Charge, *, now: datetime = NOW, brand: str | None = None) -> bool:
    """Set aside what a charge holds and settle it; False where there was no room."""
    most = budget.cost(charge.requests, charge.items)
    grant = store.purse.reserve(
        Ask(source=charge.source, brand=brand, sizes=(1, 1), cost_of=lambda _: most), budget, now=now
    )
    if isinstance(grant, Refusal):
        return False
    store.purse.settle(
        Charge(
            source=charge.source, budget=budget, requests=charge.requests, items=charge.items, billed=charge.billed,
            brands=charge.brands, grant=grant,
        ),
        NOTHING,
        now=now,
    )  # fmt: skip
    return True


def spent(store: Store, since: datetime = NOW - timedelta(days=40)) -> list[tuple[str, str | None, int, int, float]]:
    with Reader(store.path) as reader:
        rows = reader.spending(since, NOW + timedelta(days=400))
    return [(row.source, row.brand, row.requests, row.items, row.usd) for row in rows]


class TestBilling:
    def test_a_post_read_twice_on_a_utc_day_is_paid_for_once_and_again_on_the_next(self, store: Store) -> None:
        budget = Budget(rates=RATES)
        evening = NOW.replace(hour=23, minute=50)
        for now in (NOW, evening, evening + timedelta(minutes=20)):
            charge = Charge(source="x", budget=budget, requests=1, items=3, billed=(("post", "7"), ("user", "7")))
            store.purse.settle(charge, NOTHING, now=now)
        assert spent(store) == [("x", None, 3, 4, 0.03)]

    def test_what_is_not_charged_once_a_day_is_charged_each_time(self, store: Store) -> None:
        budget = Budget(rates={"count": Rate(micros=5_000), "request": Rate(micros=1)})
        for _ in range(3):
            store.purse.settle(
                Charge(source="x", budget=budget, requests=2, items=1, billed=(("count", ""),)), NOTHING, now=NOW
            )
        assert spent(store) == [("x", None, 6, 3, 0.015006)]

    def test_what_a_day_was_charged_for_is_forgotten_when_the_day_is_over(self, store: Store) -> None:
        budget = Budget(rates=RATES)
        for days in range(3):
            charge = Charge(source="x", budget=budget, requests=1, items=1, billed=(("post", "7"),))
            store.purse.settle(charge, NOTHING, now=NOW + timedelta(days=days))
        with closing(sqlite3.connect(store.path)) as connection:
            assert connection.execute("SELECT count(*) FROM billed").fetchone() == (1,)

    def test_a_shared_page_is_charged_to_its_brands_by_what_was_new_of_each(self, store: Store) -> None:
        budget = Budget(rates={"item": Rate(micros=5_000)})
        charge = Charge(source="x", budget=budget, requests=1, items=10, brands=("Acme", "Globex"))
        store.purse.settle(charge, {"Acme": 3, "Globex": 1}, now=NOW)
        assert spent(store) == [("x", "Acme", 1, 8, 0.0375), ("x", "Globex", 0, 2, 0.0125)]

    def test_a_shared_page_with_nothing_new_is_charged_evenly(self, store: Store) -> None:
        charge = Charge(source="x", budget=Budget(), requests=3, items=10, brands=("Acme", "Globex"))
        store.purse.settle(charge, NOTHING, now=NOW)
        assert spent(store) == [("x", "Acme", 2, 5, 0.0), ("x", "Globex", 1, 5, 0.0)]

    def test_what_is_left_over_goes_to_the_largest_remainders_the_first_ones_first(self) -> None:
        assert share_out(10, [3, 3, 1]) == [4, 4, 2]
        assert share_out(5, [1, 1, 1]) == share_out(5, [0, 0, 0]) == [2, 2, 1]

    @given(total=st.integers(0, 10**9), weights=st.lists(st.integers(0, 1000), min_size=1, max_size=8))
    def test_parts_add_up_and_none_is_a_whole_unit_away_from_its_share(self, total: int, weights: list[int]) -> None:
        parts = share_out(total, weights)
        counted = weights if any(weights) else [1] * len(weights)
        assert sum(parts) == total
        assert all(
            abs(part * sum(counted) - total * weight) < sum(counted)
            for part, weight in zip(parts, counted, strict=True)
        )


class TestLimits:
    def test_without_a_limit_a_page_is_bounded_by_nothing_and_nothing_is_set_aside(self, store: Store) -> None:
        assert store.purse.reserve(Ask(source="x", brand="Acme"), Budget(rates=RATES), now=NOW) == Grant()
        with closing(sqlite3.connect(store.path)) as connection:
            assert connection.execute("SELECT count(*) FROM reservations").fetchone() == (0,)

    def test_a_limit_stops_at_what_the_next_page_may_cost_and_says_when_it_goes_on(self, store: Store) -> None:
        budget = Budget(limits=(limit("items", "day", 25),))
        charge = Charge(source="x", budget=budget, requests=1, items=10)
        assert [spend(store, budget, charge) for _ in range(3)] == [True, True, False]
        refusal = store.purse.reserve(Ask(source="x", brand=None), budget, now=NOW)
        assert isinstance(refusal, Refusal)
        assert refusal.goes_on == datetime(2026, 11, 2, tzinfo=UTC)
        assert refusal.reason == (
            "the budget of x (25 items a day) leaves no room for the next request: 20 items spent; "
            "goes on 2026-11-02 00:00 UTC"
        )
        assert spend(store, budget, charge, now=refusal.goes_on)

    def test_a_budget_that_never_has_room_for_a_page_says_so_and_does_not_promise_to_go_on(self, store: Store) -> None:
        budget = Budget(limits=(limit("requests", "day", 2),))
        ask = Ask(source="x", brand=None, sizes=(1, 1), cost_of=lambda _: Cost(requests=3, items=0))
        refusal = store.purse.reserve(ask, budget, now=NOW)
        assert isinstance(refusal, Refusal)
        assert refusal.reason == (
            "the budget of x (2 requests a day) leaves no room for the next request: 0 requests spent; "
            "it may take 3 requests, so that this budget never has room for it: raise it"
        )

    def test_a_page_is_cut_to_the_room_there_is(self, store: Store) -> None:
        budget = Budget(limits=(limit("items", "day", 25),))
        ask = Ask(source="x", brand=None, sizes=(10, 100), cost_of=lambda size: Cost(requests=1, items=size))
        grant = store.purse.reserve(ask, budget, now=NOW)
        assert isinstance(grant, Grant)
        assert grant.size == 25
        assert isinstance(store.purse.reserve(ask, budget, now=NOW), Refusal)

    def test_the_budget_of_a_brand_holds_over_all_sources_and_for_no_other_brand(self, store: Store) -> None:
        budget = Budget(limits=(limit("requests", "day", 2, brand="Acme"),))
        for source in ("x", "hackernews"):
            assert spend(
                store, budget, Charge(source=source, budget=budget, requests=1, brands=("Acme",)), brand="Acme"
            )
        refusal = store.purse.reserve(Ask(source="rss", brand="Acme"), budget, now=NOW)
        assert isinstance(refusal, Refusal)
        assert "the budget of the brand Acme (2 requests a day)" in refusal.reason
        assert not refusal.is_whole
        assert isinstance(store.purse.reserve(Ask(source="x", brand="Globex"), budget, now=NOW), Grant)

    def test_a_failed_request_costs_a_request_and_no_money(self, store: Store) -> None:
        budget = Budget(limits=(limit("usd", "day", MICROS),), rates=RATES)
        ask = Ask(source="x", brand=None, sizes=(1, 1), cost_of=lambda _: Cost(requests=2, items=9, micros=600_000))
        grant = store.purse.reserve(ask, budget, now=NOW)
        assert isinstance(grant, Grant)
        assert isinstance(store.purse.reserve(ask, budget, now=NOW), Refusal)
        failed = Charge(source="x", budget=budget, requests=1, grant=grant)
        store.purse.settle_failure(failed, may_have_cost=False, now=NOW)
        assert spent(store) == [("x", None, 1, 0, 0.0)]
        assert isinstance(store.purse.reserve(ask, budget, now=NOW), Grant)

    def test_what_may_have_been_charged_for_stays_set_aside_until_its_period_turns(self, store: Store) -> None:
        day, month = limit("usd", "day", MICROS), limit("usd", "month", 3 * MICROS)
        budget = Budget(limits=(day, month), rates=RATES)
        ask = Ask(source="x", brand=None, sizes=(1, 1), cost_of=lambda _: Cost(requests=1, micros=900_000))
        grant = store.purse.reserve(ask, budget, now=NOW)
        assert isinstance(grant, Grant)
        cut = Charge(source="x", budget=budget, requests=1, grant=grant)
        store.purse.settle_failure(cut, may_have_cost=True, now=NOW)
        assert isinstance(store.purse.reserve(ask, budget, now=NOW), Refusal)
        with Reader(store.path) as reader:
            tomorrow = reader.budgets((day, month), NOW + timedelta(days=1))
            in_a_month = reader.budgets((month,), NOW + timedelta(days=30))
        assert [(row.used, row.reserved) for row in tomorrow] == [(0, 0), (0, 0.9)]
        assert [(row.used, row.reserved) for row in in_a_month] == [(0, 0)]

    def test_a_clock_that_is_months_ahead_for_a_while_gives_nothing_back_that_is_set_aside(self, store: Store) -> None:
        month = limit("usd", "month", MICROS)
        budget = Budget(limits=(month,), rates=RATES)
        ask = Ask(source="x", brand=None, sizes=(1, 1), cost_of=lambda _: Cost(requests=1, micros=900_000))
        assert isinstance(store.purse.reserve(ask, budget, now=NOW), Grant)
        store.purse.settle(Charge(source="x", budget=budget, requests=1), NOTHING, now=NOW + timedelta(days=120))
        assert isinstance(store.purse.reserve(ask, budget, now=NOW), Refusal)

    def test_a_source_that_cannot_say_what_a_page_costs_is_taken_to_cost_its_dearest_one(self, store: Store) -> None:
        budget = Budget(limits=(limit("items", "day", 100),))
        store.purse.settle(Charge(source="x", budget=budget, requests=1, items=60), NOTHING, now=NOW)
        assert isinstance(store.purse.reserve(Ask(source="x", brand=None), budget, now=NOW), Refusal)
        tomorrow = NOW + timedelta(days=1)
        assert isinstance(store.purse.reserve(Ask(source="x", brand=None), budget, now=tomorrow), Grant)
        assert isinstance(store.purse.reserve(Ask(source="x", brand=None), budget, now=tomorrow), Refusal)

    @given(rooms=st.integers(-5, 200), low=st.integers(1, 20), more=st.integers(0, 100), each=st.integers(0, 5))
    def test_the_largest_page_that_fits_is_taken(self, rooms: int, low: int, more: int, each: int) -> None:
        found = largest_fitting((low, low + more), lambda size: Cost(items=each * size), {"items": rooms})
        fitting = [size for size in range(low, low + more + 1) if each * size <= rooms]
        assert found == max(fitting, default=None)


class TestMonth:
    def test_the_first_day_gets_its_share_and_what_it_leaves_is_there_for_the_next(self) -> None:
        month = limit("usd", "month", 30 * MICROS, is_spread=True)
        first, last = month_of(day_of(NOW))
        assert [month.allowed(first + day, first) / MICROS for day in (0, 1, 14, 29)] == [1, 2, 15, 30]
        assert last - first == 29
        assert Standing(limit=month, used=600_000, reserved=0, began=first).room(first + 1) == 1_400_000

    def test_who_begins_in_mid_month_has_the_whole_of_it_for_the_days_that_are_left(self) -> None:
        month = limit("usd", "month", 30 * MICROS, is_spread=True)
        began = day_of(datetime(2026, 11, 21, tzinfo=UTC))
        assert month.allowed(began, began) == 3 * MICROS
        assert month.allowed(began + 9, began) == 30 * MICROS
        assert month.allowed(began + 10, began) == 30 * MICROS // 31

    def test_a_budget_that_is_not_spread_may_go_on_its_first_day(self) -> None:
        month = limit("usd", "month", 30 * MICROS)
        assert month.allowed(day_of(NOW), day_of(NOW)) == 30 * MICROS

    def test_days_count_from_the_first_on_which_anything_was_set_aside(self, store: Store) -> None:
        budget = Budget(limits=(limit("items", "month", 280, is_spread=True),))
        ask = Ask(source="x", brand=None, sizes=(1, 1), cost_of=lambda _: Cost(items=1))
        for day in (2, 4):  # of neither an answer was stored
            assert isinstance(store.purse.reserve(ask, budget, now=NOW + timedelta(days=day)), Grant)
        refusal = store.purse.reserve(
            Ask(source="x", brand=None, sizes=(99, 99), cost_of=lambda size: Cost(items=size)),
            budget,
            now=NOW + timedelta(days=4),
        )
        assert isinstance(refusal, Refusal)
        assert "of which 30 items up to today" in refusal.reason

    def test_the_day_is_named_on_which_the_share_is_large_enough(self, store: Store) -> None:
        budget = Budget(limits=(limit("items", "month", 300, is_spread=True),))
        assert spend(store, budget, Charge(source="x", budget=budget, requests=1, items=10))
        ask = Ask(source="x", brand=None, sizes=(25, 25), cost_of=lambda size: Cost(items=size))
        refusal = store.purse.reserve(ask, budget, now=NOW)
        assert isinstance(refusal, Refusal)
        assert refusal.goes_on == datetime(2026, 11, 4, tzinfo=UTC)
        assert "300 items a month, of which 10 items up to today" in refusal.reason

    @given(amount=st.integers(0, 10**8), day=st.integers(20_000, 22_000), began=st.integers(19_990, 22_010))
    @example(amount=1, day=20_500, began=20_500)
    def test_a_share_only_grows_and_is_the_whole_on_the_last_day(self, amount: int, day: int, began: int) -> None:
        month = limit("items", "month", amount, is_spread=True)
        first, last = month_of(day)
        shares = [month.allowed(one, began) for one in range(max(first, min(began, last)), last + 1)]
        assert shares == sorted(shares)
        assert shares[-1] == amount


steps = st.lists(
    st.tuples(
        st.sampled_from(["page", "page", "killed", "killed", "failed", "cut", "later"]),
        st.sampled_from(["x", "hackernews"]),
        st.sampled_from(["Acme", "Globex", None]),
        st.integers(1, 8),  # the page's bound
        st.integers(0, 16),  # what came of it, no more than the bound
        st.integers(1, 20),  # hours
    ),
    min_size=5,
    max_size=40,
)
limits = st.lists(
    st.builds(
        limit,
        st.sampled_from(["requests", "items", "usd"]),
        st.sampled_from(["day", "month"]),
        st.integers(1, 25),
        brand=st.sampled_from([None, None, "Acme"]),
        is_spread=st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def one_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(lay_store(tmp_path_factory.mktemp("purse") / "listener.db")) as made:
        made.register([("Acme", "own"), ("Globex", "own")], (), now=NOW)
        yield made


@settings(max_examples=some(60))
@given(limits=limits, script=steps)
def test_whatever_happens_no_more_is_spent_than_every_limit_allows(
    one_store: Store, limits: list[Limit], script: list[tuple[str, str, str | None, int, int, int]]
) -> None:
    with closing(sqlite3.connect(one_store.path)) as connection, connection:
        connection.executescript("DELETE FROM spending; DELETE FROM reservations; DELETE FROM billed")
    budget = Budget(limits=tuple(limits), rates={"item": Rate(micros=1)})
    now, truth = NOW, []
    for verb, source, brand, most, came, hours in script:
        if verb == "later":
            now += timedelta(hours=hours)
            continue
        mine = Budget(limits=tuple(one for one in limits if one.source in {None, source}), rates=budget.rates)
        bound = Cost(requests=1, items=most, micros=most)
        grant = one_store.purse.reserve(
            Ask(source=source, brand=brand, sizes=(1, 1), cost_of=lambda _, bound=bound: bound), mine, now=now
        )
        if isinstance(grant, Refusal):
            continue
        items = min(came, most)
        brands = () if brand is None else (brand,)
        charge = Charge(source=source, budget=mine, requests=1, items=items, brands=brands, grant=grant)
        is_free = verb == "failed"
        truth.append(
            (
                source,
                brand,
                day_of(now),
                Cost(requests=1, items=0 if is_free else items, micros=0 if is_free else items),
            )
        )
        if verb == "page":
            one_store.purse.settle(charge, NOTHING, now=now)
        elif verb != "killed":
            one_store.purse.settle_failure(charge, may_have_cost=verb == "cut", now=now)
        for one in limits:
            assert really_spent(truth, one, day_of(now)) <= one.allowed(day_of(now), NOW_DAY), one


NOW_DAY = day_of(NOW)


def really_spent(truth: list[tuple[str, str | None, int, Cost]], one: Limit, day: int) -> int:
    """Return what a service would say was spent in the period of a limit, whether the program heard of it or not."""
    return sum(
        cost.of(one.unit)
        for source, brand, on, cost in truth
        if one.first_day(day) <= on <= day and (source == one.source or (one.brand is not None and brand == one.brand))
    )


def test_what_was_spent_belongs_to_the_span_that_holds_the_noon_of_its_utc_day(store: Store) -> None:
    store.purse.settle(Charge(source="x", budget=Budget(), requests=1), NOTHING, now=NOW)
    noon = NOW.replace(hour=12)
    second = timedelta(seconds=1)
    with Reader(store.path) as reader:
        assert len(reader.spending(noon, noon + second)) == 1
        assert reader.spending(noon + second, noon + timedelta(days=1)) == ()
        assert reader.spending(noon - timedelta(days=1), noon) == ()
