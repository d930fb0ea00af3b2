"""A clock that is ahead by more than a service reaches back gives up nothing that can still be read."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from running.site import KEYS, NOW, Site, hackernews_table, posts, x_table
from servers.hackernews import HackerNews, story
from servers.x import X

DAY = timedelta(days=1)
WEEKS = timedelta(days=20)
"""Far more than X's search reaches back."""


def windows(site: Site) -> list[tuple[int, int, str]]:
    """Return (from, to, state) of the only resource, in order of time."""
    rows = site.rows("SELECT from_at, to_at, state FROM windows ORDER BY from_at")
    return [(int(str(start)), int(str(end)), str(state)) for start, end, state in rows]


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


def moved(server: X, now: datetime) -> datetime:
    """Let the time go on at the service."""
    server.now = now
    return now


def test_a_time_that_is_weeks_ahead_of_the_service_loses_nothing(tmp_path: Path) -> None:
    made = posts(24, step=timedelta(hours=1), newest=NOW + DAY)
    with X(made, now=NOW) as server:
        site = Site(tmp_path, x_table(server))
        assert site.collect().code == 0
        later = moved(server, NOW + DAY + timedelta(hours=1))
        wrong = site.collect(now=later + WEEKS)
        assert wrong.code == 3
        assert "lost" not in {state for *_, state in windows(site)}
        right = site.collect(now=later)
        assert right.code == 0, right.err
        assert {state for _, end, state in windows(site) if end <= later.timestamp()} == {"drained"}
        assert max(end for _, end, state in windows(site) if state == "drained") >= later.timestamp() - 60
        stored = {row[0] for row in site.rows("SELECT native_id FROM mentions")}
        assert stored == {post.id for post in made}


def test_what_is_out_of_reach_is_lost_only_once_the_service_answered(tmp_path: Path) -> None:
    with X(posts(5), now=NOW) as server:
        site = Site(tmp_path, x_table(server))
        assert site.collect().code == 0
        later = moved(server, NOW + WEEKS)
        server.fault("status", 100, status=503, body="busy")
        assert site.collect(now=later).code == 3
        assert "lost" not in {state for *_, state in windows(site)}
        server.calm()
        assert site.collect(now=later).code == 0
        edge = int((later - timedelta(days=7)).timestamp())
        assert [end for _, end, state in windows(site) if state == "lost"] == [edge]
        assert all(one[1] == two[0] for one, two in pairwise(windows(site)))


@pytest.mark.parametrize("is_put_down_ahead", [False, True])
def test_a_first_look_that_a_clock_put_off_for_weeks_is_taken_when_it_is_right(
    tmp_path: Path, is_put_down_ahead: bool
) -> None:
    second = int((NOW + WEEKS).timestamp())
    with HackerNews([story(number, second - 60 * number - 120, f"acme {number}") for number in range(1, 6)]) as server:
        site = Site(tmp_path, hackernews_table(server, items_url=server.url))
        site.collect(now=NOW + WEEKS)
        if is_put_down_ahead:
            site.run("recheck", now=NOW + WEEKS)
        told = site.run("recheck", "--format", "json", now=NOW + timedelta(minutes=1))
        assert told.rows()["hackernews"]["checked"] == 0  # the first look has its hour
        later = site.run("recheck", "--format", "json", now=NOW + timedelta(hours=1, minutes=2))
        assert later.rows()["hackernews"]["checked"] == 5
