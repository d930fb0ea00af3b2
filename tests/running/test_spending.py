"""Sources are read within their budgets: over days, faults and kills, and what waits is read when the period turns."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from running.site import BRANDS, NOW, Site, hackernews_table, hits, posts, x_table
from servers.hackernews import HackerNews
from servers.x import Post, X

MIDNIGHT = NOW.replace(hour=0, minute=0, second=0)
CHEAP = {"expand_authors": False, "max_results": 10}


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_BEARER_TOKEN", "simulated-x-token")


@pytest.fixture
def server() -> Iterator[X]:
    with X([], now=NOW) as made:
        yield made


def site_with(folder: Path, server: X, budget: str, *, brands: str = BRANDS, **options: object) -> Site:
    table = x_table(server, **{**CHEAP, **options})
    return Site(folder, f"{table}\n[sources.x.budget]\n{budget}\n", brands=brands)


def windows(site: Site) -> list[tuple[object, ...]]:
    return site.rows("SELECT state, from_at, to_at, reason FROM windows ORDER BY from_at")


def status(site: Site, now: datetime) -> dict[str, list[dict[str, object]]]:
    told: dict[str, list[dict[str, object]]] = json.loads(site.run("status", "--format", "json", now=now).out)
    return told


def test_reading_stops_at_the_budget_says_so_and_goes_on_the_next_day_oldest_first(server: X, tmp_path: Path) -> None:
    server.posts = posts(45)
    site = site_with(tmp_path, server, "items_a_day = 50")
    first = site.collect(now=NOW)
    assert first.code == 0
    row = first.rows()["x"]
    assert row["state"] == "budget"
    assert "the budget of x (50 items a day)" in str(row["message"])
    assert f"goes on {MIDNIGHT + timedelta(days=1):%Y-%m-%d %H:%M} UTC" in str(row["message"])
    ((state, begin, _, reason),) = windows(site)
    assert (state, reason) == ("budget", row["message"])
    assert len(server.bill[NOW.date()]) == 30
    known = {row[0] for row in site.rows("SELECT native_id FROM mentions")}
    assert known == {post.id for post in server.posts[:30]}
    assert status(site, NOW)["sources"][0]["state"] == "budget"
    assert status(site, NOW)["sources"][0]["consecutive_failures"] == 0

    tomorrow = MIDNIGHT + timedelta(days=1, hours=1)
    late = Post(text="acme was heard of in the night, and it is good", created_at=tomorrow - timedelta(minutes=30))
    server.posts.insert(0, late)
    server.now = tomorrow
    before = len(server.requests)
    assert site.collect(now=tomorrow).rows()["x"]["state"] == "ok"
    assert {row[0] for row in windows(site)} == {"drained"}
    assert windows(site)[0][1] == begin
    assert len(site.rows("SELECT 1 FROM mentions")) == 46
    asked = [request.param("next_token") for request in server.requests[before:]]
    assert asked[0] != ""  # the older window goes on where it stopped, before what is new is asked for
    assert asked[-1] == ""


def test_while_the_budget_is_used_up_nothing_is_asked_and_one_window_waits_for_all_of_it(
    server: X, tmp_path: Path
) -> None:
    start = min(NOW, MIDNIGHT + timedelta(hours=23, minutes=50))  # so that no other day begins meanwhile
    server.now, server.posts = start, posts(45, newest=start)
    site = site_with(tmp_path, server, "items_a_day = 50")
    site.collect(now=start)
    asked = len(server.requests)
    for minutes in range(1, 6):
        site.collect(now=start + timedelta(minutes=minutes))
    assert len(server.requests) == asked
    assert [row[0] for row in windows(site)] == ["budget", "budget"]


def test_money_is_counted_as_x_bills_it_once_a_utc_day(server: X, tmp_path: Path) -> None:
    start = min(NOW, MIDNIGHT + timedelta(hours=23, minutes=40))  # so that no other month begins meanwhile
    server.posts = [
        *posts(12, newest=start),
        Post(
            text="RT @jo: acme is good", created_at=start - timedelta(minutes=9), retweets=posts(1, newest=start)[0].id
        ),
    ]
    site = site_with(tmp_path, server, "usd_a_month = 100.0\nspread = false", expand_authors=True)
    for minutes in (0, 7, 14):  # the overlap reads posts again
        server.now = start + timedelta(minutes=minutes)
        site.collect(now=server.now)
    assert status_usd(site) == pytest.approx(server.owed())
    assert len(server.requests) > 3
    assert server.answered > len(server.posts)


def status_usd(site: Site, now: datetime = NOW) -> float:
    budgets = status(site, now)["budget"]
    return sum(float(str(row["used"])) for row in budgets if row["unit"] == "usd" and row["period"] == "month")


def test_the_month_is_spread_over_its_days(server: X, tmp_path: Path) -> None:
    site = site_with(tmp_path, server, "items_a_month = 1200")
    start = (NOW.replace(day=1) + timedelta(days=32)).replace(day=1)  # a month's first days have little room
    server.posts = posts(200, step=timedelta(minutes=4), newest=start)
    spent = []
    for day in range(4):
        now = start + timedelta(days=day)
        server.now = now
        site.collect(now=now)
        spent.append(sum(len(things) for things in server.bill.values()))
    (row,) = status(site, now)["budget"]
    assert row["limit"] == 1200
    share = int(str(row["allowed"]))
    assert spent[-1] <= share < 4 * 1200 / 28
    assert spent == sorted(spent)
    assert 0 < spent[0] < spent[-1]
    assert row["state"] in {"ok", "share_used"}


def test_the_budget_of_one_brand_stops_that_brand_alone(server: X, tmp_path: Path) -> None:
    brands = """
[[brands]]
name = "Acme"
keywords = ["acme"]

[brands.budget]
items_a_day = 30

[[brands]]
name = "Globex"
keywords = ["globex"]
"""
    server.posts = [
        *posts(40),
        *(Post(text=f"globex alone, says {n}", created_at=NOW - timedelta(minutes=3 * n)) for n in range(1, 30)),
    ]
    site = Site(tmp_path, x_table(server, **CHEAP), brands=brands)
    row = site.collect().rows()["x"]
    assert row["state"] == "budget"
    assert "the brand Acme (30 items a day)" in str(row["message"])
    states = dict(
        site.rows(
            "SELECT brands.name, windows.state FROM windows JOIN resources ON resources.id = resource_id "
            "JOIN brands ON brands.id = brand_id"
        )
    )
    assert states == {"Acme": "budget", "Globex": "drained"}
    assert len({request.param("query") for request in server.requests}) == 2
    told = {(row["brand"], row["unit"]): row for row in status(site, NOW)["budget"]}
    assert told["Acme", "items"]["used"] == 8  # of a page of ten two were charged to Globex before, which they name too
    next_run = site.rows("SELECT retry_at FROM source_states")
    assert next_run == [(None,)]  # the other brand is read on at the usual times


def test_brands_without_a_budget_share_a_search_and_its_cost(server: X, tmp_path: Path) -> None:
    texts = ["acme is good", "acme again", "acme once more", "globex too"]
    server.posts = [Post(text=text, created_at=NOW - timedelta(minutes=5 + n)) for n, text in enumerate(texts)]
    site = site_with(tmp_path, server, "usd_a_day = 5")
    site.collect()
    assert len(server.requests) == 1
    rows = site.rows(
        "SELECT name, requests, items, micros FROM spending JOIN brands ON brands.id = brand_id ORDER BY 1"
    )
    assert rows == [("Acme", 1, 3, 15_000), ("Globex", 0, 1, 5_000)]


def test_a_brand_that_is_added_or_taken_away_leaves_no_hole_in_the_lanes_of_the_others(
    server: X, tmp_path: Path
) -> None:
    initech = '\n[[brands]]\nname = "Initech"\n'
    server.posts = [
        *posts(20, step=timedelta(minutes=50)),
        Post(text="initech says hello", created_at=NOW - timedelta(hours=3)),
    ]
    site = Site(tmp_path, x_table(server, **CHEAP), brands=BRANDS)
    first = NOW - timedelta(hours=30)
    server.now = first
    site.collect(now=first)
    for hours, brands in ((-5, BRANDS + initech), (-4, BRANDS + initech), (-1, BRANDS), (0, BRANDS)):
        now = NOW + timedelta(hours=hours)
        server.now = now
        site.configure(x_table(server, **CHEAP), brands=brands)
        site.collect(now=now)
        coverage = {row["brand"]: row for row in status(site, now)["coverage"] if row["source"] is None}
        assert coverage["Acme"]["last_24h"] == pytest.approx(1, abs=0.001), hours
        assert coverage["Globex"]["last_24h"] == pytest.approx(1, abs=0.001), hours
        if "Initech" in brands:
            assert coverage["Initech"]["last_24h"] == pytest.approx(1, abs=0.001)
    assert {row[0] for row in windows(site)} == {"drained"}
    read_again = [request for request in server.requests if not request.param("next_token")]
    assert "initech" not in read_again[-1].param("query")


def test_a_cap_of_a_service_holds_without_being_configured_and_gives_way_to_what_is(
    server: X, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STACKEXCHANGE_KEY", raising=False)
    site = Site(tmp_path, x_table(server))
    site.collect()  # makes the store
    site.configure("[sources.stackexchange]\n")
    (row,) = status(site, NOW)["budget"]
    assert (row["source"], row["unit"], row["period"], row["limit"], row["cap"]) == (
        "stackexchange", "requests", "day", 300, True,
    )  # fmt: skip
    monkeypatch.setenv("STACKEXCHANGE_KEY", "made-up-key")
    assert status(site, NOW)["budget"][0]["limit"] == 10_000
    site.configure("[sources.stackexchange.budget]\nrequests_a_day = 40\n")
    (row,) = status(site, NOW)["budget"]
    assert (row["limit"], row["cap"]) == (40, False)


def test_a_cut_answer_is_taken_to_have_been_charged_for(server: X, tmp_path: Path) -> None:
    server.posts = posts(8)
    server.fault("cut", after=60)
    site = site_with(tmp_path, server, "usd_a_day = 1.0")
    assert site.collect().rows()["x"]["state"] == "unavailable"
    (row,) = [row for row in status(site, NOW)["budget"] if row["period"] == "day"]
    assert (row["used"], row["reserved"]) == (0, 0.15)
    assert float(str(row["reserved"])) >= server.owed()


@pytest.mark.slow
def test_killed_at_any_moment_over_days_never_more_is_spent_than_the_budget(server: X, tmp_path: Path) -> None:
    dice = random.Random(7)
    server.posts = [
        post for day in range(4) for post in posts(40, step=timedelta(minutes=30), newest=NOW + timedelta(days=day))
    ]
    budget, pause = 0.9, threading.Event()
    site = site_with(tmp_path, server, f"usd_a_day = {budget}\nusd_a_month = 20.0\nspread = false")
    for day in range(4):
        for run in range(3):
            now = NOW + timedelta(days=day, minutes=run)
            server.now = now
            process = site.start("collect", now=now)
            pause.wait(dice.uniform(1.0, 2.2))
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert server.owed(now.astimezone(UTC).date()) <= budget
    end = NOW + timedelta(days=5)
    for day in range(5, 12):
        end = NOW + timedelta(days=day)
        server.now = end
        site.collect(now=end)
        assert server.owed(end.astimezone(UTC).date()) <= budget
    assert {row[0] for row in windows(site)} <= {"drained", "lost"}


class TestRecall:
    def test_what_x_counts_is_held_against_what_was_read_hour_by_hour(self, server: X, tmp_path: Path) -> None:
        server.posts = posts(30)
        site = site_with(tmp_path, server, "usd_a_day = 50.0", count_first=True)
        site.collect()
        (row,) = status(site, NOW)["recall"]
        assert (row["source"], row["lane"], row["existing"], row["found"], row["share"], row["state"]) == (
            "x", "search", 30, 30, 1.0, "ok",
        )  # fmt: skip
        assert len(site.rows("SELECT 1 FROM recall")) in {24, 25}  # the hours that a day touches, by when it begins
        assert server.counted == 1
        assert status(site, NOW)["budget"][0]["used"] == pytest.approx(server.owed())
        assert "30" in site.run("status").out

    def test_too_little_is_flagged(self, server: X, tmp_path: Path) -> None:
        server.posts = posts(30)
        withheld = [Post(text="acme unseen", created_at=NOW - timedelta(minutes=20 + n)) for n in range(10)]
        site = site_with(tmp_path, server, "usd_a_day = 50.0", count_first=True)
        server.hidden_from_search = {post.id for post in withheld}
        server.posts = [*server.posts, *withheld]
        site.collect()
        (row,) = status(site, NOW)["recall"]
        assert (row["existing"], row["found"], row["share"], row["state"]) == (40, 30, 0.75, "low")

    def test_more_than_was_told_of_one_hour_makes_up_for_nothing_of_another(self, server: X, tmp_path: Path) -> None:
        server.posts = posts(30)
        site = site_with(tmp_path, server, "usd_a_day = 50.0", count_first=True)
        site.collect()
        with closing(sqlite3.connect(site.database)) as connection, connection:
            connection.execute("UPDATE recall SET existing = 0, found = 0")
            hours = connection.execute("SELECT from_at FROM recall ORDER BY from_at LIMIT 2").fetchall()
            for (hour,), existing, found in zip(hours, (10, 100), (60, 50), strict=True):
                connection.execute(
                    "UPDATE recall SET existing = ?, found = ? WHERE from_at = ?", (existing, found, hour)
                )
        (row,) = status(site, NOW)["recall"]
        assert (row["existing"], row["found"], row["share"], row["state"]) == (110, 60, 0.5454, "low")

    def test_without_the_option_x_is_not_asked_for_counts(self, server: X, tmp_path: Path) -> None:
        server.posts = posts(3)
        site = site_with(tmp_path, server, "usd_a_day = 50.0")
        site.collect()
        assert server.counted == 0
        assert status(site, NOW)["recall"] == []

    def test_what_hacker_news_counts_costs_no_request_of_its_own(self, tmp_path: Path) -> None:
        with HackerNews(hits(60)) as hn:
            site = Site(tmp_path, hackernews_table(hn, hits_per_page=50))
            site.collect()
            recall = {row["brand"]: row for row in status(site, NOW)["recall"]}
            assert (recall["Acme"]["existing"], recall["Acme"]["state"]) == (48, "ok")
            assert (recall["Globex"]["existing"], recall["Globex"]["found"]) == (24, 24)
            paths = {request.path for request in hn.requests}
            assert paths == {"/api/v1/search_by_date"}


def test_the_status_shows_budgets_and_recall_for_people(server: X, tmp_path: Path) -> None:
    server.posts = posts(45)
    site = site_with(tmp_path, server, "items_a_day = 50\nusd_a_month = 12.5", count_first=True)
    site.collect()
    out = site.run("status").out
    assert "budgets" in out
    assert "set aside" in out
    assert "50" in out
    assert "12.5" in out
    assert "recall of the last 24 h" in out


def test_a_budget_that_cannot_be_meant_is_refused(server: X, tmp_path: Path) -> None:
    site = Site(tmp_path, "[sources.hackernews.budget]\nusd_a_day = 1\n[sources.x.budget]\nprices = { pots = 1 }\n")
    ended = site.run("check")
    assert ended.code == 2
    assert "sources.hackernews.budget: hackernews has no price" in ended.out
    assert 'sources.x.budget.prices.pots: no such kind; did you mean "post"?' in ended.out
    site.configure("[sources.x.budget]\nusd_a_day = -1\nitems_a_day = 1.5\n")
    ended = site.run("explain")
    assert "sources.x.budget.usd_a_day: -1 is too little" in ended.err
    assert "sources.x.budget.items_a_day: 1.5 is not a whole number" in ended.err
    assert server.requests == []


@pytest.mark.slow
def test_two_processes_at_once_draw_on_one_budget(server: X, tmp_path: Path) -> None:
    server.posts = posts(80, step=timedelta(minutes=10))
    site = site_with(tmp_path, server, "usd_a_day = 0.3")
    processes = [site.start("collect") for _ in range(3)]
    for process in processes:
        process.wait(timeout=60)
    assert server.owed() <= 0.3
    (row,) = status(site, NOW)["budget"]
    assert float(str(row["used"])) + float(str(row["reserved"])) <= 0.3
    assert float(str(row["used"])) > 0
