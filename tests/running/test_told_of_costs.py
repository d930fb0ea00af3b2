"""What `explain` says of costs is what a simulated X bills on a usual day, and not that a budget is enough which is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from running.site import NOW, Ended, Site, x_table
from servers.x import Post, X

BEGIN = NOW.replace(hour=10, minute=0, second=0)
EVERY = timedelta(minutes=30)


@pytest.fixture
def server() -> Iterator[X]:
    """Serve one post each half hour, before reading begins and after."""
    posts = [
        Post(text=f"acme, number {number}", created_at=BEGIN + number * EVERY, author=f"jo_{number % 7}")
        for number in range(-6 * 48, 4 * 48)
    ]
    with X(posts, now=BEGIN) as made:
        yield made


def read_until(end: datetime, site: Site, server: X, *first: str) -> Ended:
    """Read every three hours until a time, and explain then what it costs."""
    now, words = BEGIN, first
    while now < end:
        server.now = now
        site.collect(*words, now=now)
        now, words = now + timedelta(hours=3), ()
    return site.run("explain", "Acme", "--format", "json", now=end)


def site_for(folder: Path, server: X, budget: str) -> Site:
    table = x_table(server, max_results=100, expand_authors=False)
    return Site(folder, f"{table}[sources.x.budget]\n{budget}\n", brands='[[brands]]\nname = "Acme"\n')


@pytest.mark.parametrize("first", [(), ("--since", "6d")])
def test_what_was_looked_back_for_on_the_first_day_is_no_usual_day(
    server: X, tmp_path: Path, first: tuple[str, ...]
) -> None:
    site = site_for(tmp_path, server, "usd_a_day = 20")
    (row,) = json.loads(read_until(BEGIN + timedelta(days=1), site, server, *first).out)
    assert (row["measured_days"], row["usd_a_day"]) == (0, None)
    (row,) = json.loads(read_until(BEGIN + timedelta(days=3), site, server).out)
    days = [round(server.owed((BEGIN + timedelta(days=number)).date()), 4) for number in range(3)]
    assert (row["measured_days"], row["usd_a_day"]) == (2, round(sum(days[1:]) / 2, 4))
    assert days[0] > days[1]


@pytest.mark.parametrize(
    ("budget", "verdict"),
    [
        ("usd_a_day = 0.25", "$0.25 a day; a usual day takes $0.12: more waits for a budget, what there is costs more"),
        ("usd_a_day = 2", "$2.00 a day; a usual day takes $0.24: it is enough"),
    ],
)
def test_a_budget_that_more_waits_for_is_not_said_to_be_enough(
    server: X, tmp_path: Path, budget: str, verdict: str
) -> None:
    site = site_for(tmp_path, server, budget)
    end = BEGIN + timedelta(days=3)
    read_until(end, site, server)
    assert verdict in " ".join(site.run("explain", "Acme", now=end).out.split())
