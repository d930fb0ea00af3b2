from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cli.conftest import NOW
from listener.budget import Budget, Rate
from listener.store import Charge

if TYPE_CHECKING:
    from cli.conftest import Place

WHOLE = """\
[[brands]]
name = "Acme"
keywords = ["Acme", "Acme Rockets"]
exclude = ["acme thread"]
[[brands]]
name = "Globex"
sources = ["x"]
[sources.hackernews]
every = "30m"
base_url = "http://127.0.0.1:9"
[sources.rss]
enabled = false
[sources.x]
base_url = "http://127.0.0.1:9"
"""


def test_each_source_shows_what_it_is_asked_and_what_is_filtered_here(place: Place) -> None:
    place.configure(WHOLE)

    answer = place.run("explain", "acme", "--format", "json")

    rows = json.loads(answer.out)
    assert answer.code == 0
    assert {row["source"] for row in rows} == {"hackernews", "x"}
    assert {row["native"] for row in rows if row["source"] == "hackernews"} == {"Acme", '"Acme Rockets"'}
    assert {row["requests_a_day"] for row in rows if row["source"] == "hackernews"} == {48}
    assert all('NOT "acme thread"' in row["filter"] for row in rows)
    assert "$0.005 a post" in next(row["cost"] for row in rows if row["source"] == "x")


def test_a_brand_is_explained_for_the_sources_it_listens_to(place: Place) -> None:
    place.configure(WHOLE)

    rows = json.loads(place.run("explain", "Globex", "--format", "json").out)

    assert {row["source"] for row in rows} == {"x"}


def test_the_page_for_people_adds_up_requests_and_fits(place: Place) -> None:
    place.configure(WHOLE)

    answer = place.run("explain")

    assert answer.code == 0
    assert "  hackernews: every 30m, 96 requests a day or more; cost: free" in answer.out.splitlines()
    assert [line for line in answer.out.splitlines() if line in {"Acme", "Globex"}] == ["Acme", "Globex"]
    assert all(len(line) <= 80 for line in answer.out.splitlines())


def test_a_query_that_a_source_cannot_be_asked_is_named_and_the_rest_explained(place: Place) -> None:
    place.configure(
        '[[brands]]\nname = "Acme"\nquery = "is:reply lang:en"\nkeywords = []\n'
        '[[brands]]\nname = "Globex"\n[sources.hackernews]\nbase_url = "http://127.0.0.1:9"\n'
    )

    answer = place.run("explain")

    assert answer.code == 3
    assert "hackernews: cannot be asked:" in answer.out
    assert "    Globex" in answer.out.splitlines()


def test_an_unknown_brand_is_refused(place: Place) -> None:
    answer = place.run("explain", "Acmee")

    assert answer.code == 2
    assert 'did you mean "Acme"' in answer.err


PAID = """\
[[brands]]
name = "Acme"
[[brands]]
name = "Globex"
[brands.budget]
usd_a_day = 1.0
[sources.x]
[sources.x.budget]
usd_a_month = 50.0
prices = { user = 0.02 }
[sources.stackexchange]
"""


def spend(place: Place, brand: str, *, days_ago: int, posts: int) -> None:
    """Let posts of a brand be read on a day."""
    day = NOW - timedelta(days=days_ago)
    rates = {"post": Rate(micros=5_000, once_a_day=True)}
    billed = tuple(("post", f"{brand} {number}") for number in range(posts))
    charge = Charge(source="x", budget=Budget(rates=rates), requests=2, items=posts, billed=billed, brands=(brand,))
    with place.store() as store:
        store.purse.settle(charge, {}, now=day)


def test_money_is_not_known_before_a_whole_day_was_read(place: Place) -> None:
    place.configure(PAID)
    spend(place, "Acme", days_ago=1, posts=900)  # it looked back when it began
    spend(place, "Acme", days_ago=0, posts=100)

    row = json.loads(place.run("explain", "Acme", "--format", "json").out)[0]

    assert (row["measured_days"], row["paid_reads_a_day"], row["usd_a_day"], row["usd_a_month"]) == (
        0,
        None,
        None,
        None,
    )
    assert "paid reads: not known before one whole UTC day was read" in place.run("explain", "Acme").out


def test_money_a_day_and_month_is_that_of_the_present_volume_held_against_the_budget(place: Place) -> None:
    place.configure(PAID)
    spend(place, "Acme", days_ago=5, posts=9_000)  # the day on which reading began looked back
    spend(place, "Acme", days_ago=4, posts=800)
    spend(place, "Acme", days_ago=1, posts=400)
    spend(place, "Globex", days_ago=2, posts=40)

    rows = {
        row["brand"]: row for row in json.loads(place.run("explain", "--format", "json").out) if row["source"] == "x"
    }

    assert (rows["Acme"]["measured_days"], rows["Acme"]["paid_reads_a_day"], rows["Acme"]["usd_a_day"]) == (4, 300, 1.5)
    assert rows["Acme"]["usd_a_month"] == 45.66
    assert rows["Globex"]["usd_a_day"] == 0.05
    assert "user $0.020 (as configured)" in rows["Acme"]["prices"]
    assert "post $0.005 once a UTC day (docs.x.com, pricing, seen 2026-11-22)" in rows["Acme"]["prices"]
    told = " ".join(place.run("explain").out.split())
    assert "about 300.0 a day over 4 days: $1.50 a day, $45.66 a month" in told
    assert "$50.00 a month, spread over its days; a usual month takes $47.18: it is enough" in told
    assert "$1.00 a day for Globex over all sources; a usual day takes $0.05: it is enough" in told
    assert "300 requests a day, the service's own cap" in told
    assert "in all: $1.55 a day, $47.18 a month" in told


def test_a_budget_that_is_too_small_is_said_to_be(place: Place) -> None:
    place.configure(PAID.replace("usd_a_month = 50.0", "usd_a_month = 10.0"))
    spend(place, "Acme", days_ago=2, posts=100)
    spend(place, "Acme", days_ago=1, posts=400)

    told = " ".join(place.run("explain", "Acme").out.split())

    assert "$10.00 a month, spread over its days; a usual month takes $60.88: it will not be enough" in told


def test_a_brand_with_a_budget_of_its_own_is_asked_for_by_itself_and_the_others_together(place: Place) -> None:
    place.configure(PAID + '[[brands]]\nname = "Initech"\n')

    rows = {
        row["brand"]: row for row in json.loads(place.run("explain", "--format", "json").out) if row["source"] == "x"
    }

    assert (rows["Globex"]["brands"], rows["Globex"]["shared"]) == ("Globex", False)
    assert (rows["Acme"]["brands"], rows["Acme"]["shared"]) == ("Acme, Initech", True)
    assert "(shared with Initech)" in place.run("explain", "Acme").out


UPKEEP = """\
[[brands]]
name = "Acme"
own_accounts = ["acmehelp"]
[responses]
threads = 50
[sources.x]
every = "6h"
read_threads = {threads}
max_results = 10
[sources.hackernews]
every = "12h"
recheck_requests_a_day = 100
[sources.rss]
feeds = ["http://127.0.0.1:9/feed"]
"""


def test_what_looking_again_and_reading_threads_may_cost_is_told_at_most(place: Place) -> None:
    place.configure(UPKEEP.format(threads="true"))

    rows = {row["source"]: row for row in json.loads(place.run("explain", "--format", "json").out)}
    page = place.run("explain").out

    assert (rows["x"]["recheck_requests_a_day"], rows["x"]["recheck_usd_a_day"]) == (4, 2.0)
    assert rows["x"]["thread_requests_a_day"] > 0
    assert rows["x"]["thread_usd_a_day"] > 0
    assert (rows["hackernews"]["recheck_requests_a_day"], rows["hackernews"]["recheck_usd_a_day"]) == (100, 0)
    assert rows["hackernews"]["thread_requests_a_day"] == 2 * 3  # twice a day, fifty threads, twenty at once
    assert [rows["rss"][name] for name in ("recheck_requests_a_day", "thread_requests_a_day")] == [0, 0]
    assert "looking again: at most 4 requests a day, $2.00 a day" in page
    assert "reading threads: at most 6 requests a day" in page


def test_a_cap_on_searches_bounds_no_reading_of_threads(place: Place) -> None:
    place.configure('[[brands]]\nname = "Acme"\nown_accounts = ["acme"]\n[sources.youtube]\n')

    assert "reading threads: at most 480 requests a day\n" in place.run("explain").out  # twenty each hour


def test_accounts_that_are_read_one_by_one_take_calls_of_their_own(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDDIT_CLIENT_ID", "id")
    monkeypatch.setenv("REDDIT_CLIENT_SECRET", "secret")
    place.configure('[[brands]]\nname = "Acme"\nown_accounts = ["acme", "acme_help"]\n[sources.reddit]\nevery = "1h"\n')

    told = place.run("explain").out

    assert f"reading threads: at most {24 * 2 * 5} requests a day\n" in told  # five pages of either, each hour


def test_threads_that_are_not_read_cost_nothing(place: Place) -> None:
    place.configure(UPKEEP.format(threads="false"))

    rows = {row["source"]: row for row in json.loads(place.run("explain", "--format", "json").out)}

    assert (rows["x"]["thread_requests_a_day"], rows["x"]["thread_usd_a_day"]) == (0, 0)


@pytest.mark.parametrize(
    ("budget", "requests", "usd", "told"),
    [
        ("usd_a_day = 0.5", 1, 0.5, "at most 1 request a day, $0.50 a day; more is not in the budget of $0.50 a day"),
        ("usd_a_day = 0.004", 1, 0.004, "at most 1 request a day, $0.0040 a day; more is not in the budget"),
        ("usd_a_month = 1.0", 2, 1.0, "more is not in the budget of $1.00 a month"),
        (
            "requests_a_day = 3",
            3,
            1.5,
            "at most 3 requests a day, $1.50 a day; more is not in the budget of 3 requests",
        ),
        ("items_a_day = 100\nusd_a_day = 9", 1, 0.5, "more is not in the budget of 100 items a day"),
        ("usd_a_day = 3.0", 4, 2.0, "looking again: at most 4 requests a day, $2.00 a day\n"),
    ],
)
def test_looking_again_is_not_said_to_cost_more_than_the_budget_allows(
    place: Place, budget: str, requests: int, usd: float, told: str
) -> None:
    place.configure(f'[[brands]]\nname = "Acme"\n[sources.x]\n[sources.x.budget]\n{budget}\n')

    [row] = json.loads(place.run("explain", "--format", "json").out)

    assert (row["recheck_requests_a_day"], row["recheck_usd_a_day"]) == (requests, usd)
    assert " ".join(told.split()) in " ".join(place.run("explain").out.split())


def test_threads_are_not_said_to_cost_more_than_the_budget_allows(place: Place) -> None:
    place.configure(UPKEEP.format(threads="true") + "[sources.x.budget]\nusd_a_day = 0.01\n")

    rows = {row["source"]: row for row in json.loads(place.run("explain", "--format", "json").out)}

    assert rows["x"]["thread_usd_a_day"] == 0.01
