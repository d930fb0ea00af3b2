"""What X bills is on account and within the budget, whatever comes after its answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from running.site import BRANDS, NOW, Site, posts, x_table
from servers.web import Request
from servers.x import Post, X

LATER = NOW + timedelta(hours=25)
BUDGET = "[sources.x.budget]\nusd_a_day = {}\n"


def spent(site: Site) -> float:
    return micros(site, "spending")


def set_aside(site: Site) -> float:
    return micros(site, "reservations")


def micros(site: Site, table: str) -> float:
    return float(str(site.rows(f"SELECT coalesce(sum(micros), 0) FROM {table}")[0][0])) / 1e6  # noqa: S608 - constant


def collected(folder: Path, server: X) -> Site:
    """Return a site that read the posts of a server, whose first one is then edited; a day later."""
    site = Site(folder, x_table(server) + BUDGET.format(50))
    assert site.collect().code == 0
    first = server.posts[0]
    newest = replace(first, text="acme is bad after all", created_at=NOW, id="", versions=(first.id,))
    server.posts[0] = replace(first, extra={"edit_history_tweet_ids": [first.id, newest.id]})
    server.posts.append(newest)
    server.now = LATER
    return site


@pytest.mark.parametrize("status", [429, 503, 401])
def test_a_look_up_that_is_refused_after_another_leaves_that_on_account(tmp_path: Path, status: int) -> None:
    with X(posts(8), now=NOW) as server:
        site = collected(tmp_path, server)
        edit = server.posts[-1].id
        server.fault("status", when=lambda one: one.param("ids") == edit, status=status, body="{}")
        (row,) = site.run("recheck", "--format", "json", now=LATER).rows().values()
        assert (row["checked"], row["changed"], row["gone"]) == (7, 0, 0)
        assert row["message"]
        assert spent(site) == pytest.approx(server.owed())
        assert set_aside(site) == 0
        soon = LATER + timedelta(hours=1)
        server.now = soon
        (row,) = site.run("recheck", "--format", "json", now=soon).rows().values()
        assert (row["checked"], row["changed"]) == (1, 1)
        assert site.rows("SELECT text FROM mentions WHERE native_id = ?", server.posts[0].id) == [
            ("acme is bad after all",)
        ]


def test_a_look_up_that_is_cut_after_another_leaves_all_set_aside_that_both_may_have_cost(tmp_path: Path) -> None:
    with X(posts(8), now=NOW) as server:
        site = collected(tmp_path, server)
        edit, before = server.posts[-1].id, spent(site)
        server.fault("cut", when=lambda one: one.param("ids") == edit)
        assert site.run("recheck", now=LATER).code == 3
        assert spent(site) == before
        assert spent(site) + set_aside(site) >= server.owed()


def test_what_a_clock_that_is_ahead_lets_nobody_keep_may_have_been_billed(tmp_path: Path) -> None:
    with X(posts(8), now=NOW) as server:
        site = collected(tmp_path, server)
        server.clock = lambda: NOW.timestamp() - 1_200
        (row,) = site.run("recheck", "--format", "json", now=LATER).rows().values()
        assert row["state"] == "clock_ahead"
        assert spent(site) + set_aside(site) >= server.owed()


def test_what_is_too_large_to_read_may_have_been_billed(tmp_path: Path) -> None:
    with X(posts(8), now=NOW) as server:
        site = Site(tmp_path, x_table(server) + BUDGET.format(50))
        server.fault("huge", size=17 << 20)
        assert site.collect().code == 3
        assert set_aside(site) > 0


@pytest.mark.parametrize(
    ("fault", "usd"), [({"kind": "status", "status": 403, "body": "{}"}, 0), ({"kind": "cut"}, 0.005)]
)
def test_counts_that_x_refuses_are_not_paid_for(tmp_path: Path, fault: dict[str, Any], usd: float) -> None:
    with X(posts(8), now=NOW) as server:
        site = Site(tmp_path, x_table(server, count_first=True) + BUDGET.format(50))
        server.fault(**fault, when=lambda one: "counts" in one.path)
        assert site.collect().code == 0
        assert spent(site) == pytest.approx(sum(10 if kind == "user" else 5 for kind, _ in billed(server)) / 1000 + usd)


def billed(server: X) -> set[tuple[str, str]]:
    """Return what X put on its bill of today."""
    return server.bill[NOW.date()]


@pytest.mark.parametrize("usd", [0.2, 0.4, 3.0])
def test_threads_full_of_replies_cost_no_more_than_the_budget_has_room_for(tmp_path: Path, usd: float) -> None:
    asked = [Post(text=f"acme leaks {n}", created_at=NOW - timedelta(hours=5, minutes=n)) for n in range(2)]
    replies = [
        Post(
            text=f"we are sorry {n}",
            created_at=NOW - timedelta(hours=4, seconds=n),
            author="help_desk",
            replies_to=asked[n % 2].id,
        )
        for n in range(150)
    ]
    brands = BRANDS.replace('keywords = ["acme"]', 'keywords = ["acme"]\nown_accounts = ["@help_desk"]')
    with X([*asked, *replies], now=NOW) as server:
        table = x_table(server, max_results=100, expand_authors=False, read_threads=True)
        site = Site(tmp_path, table + BUDGET.format(usd), brands=brands)
        assert site.collect().code == 0
        assert any(is_for_threads(one) for one in server.requests)
        assert spent(site) == pytest.approx(server.owed())
        assert server.owed() <= usd
        assert len(site.rows("SELECT 1 FROM answers WHERE answered_at IS NOT NULL")) == 2


def is_for_threads(request: Request) -> bool:
    return "conversation_id:" in request.param("query")
