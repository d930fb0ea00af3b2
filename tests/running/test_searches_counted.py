"""Searches of YouTube are in the books of the store: a cap on them holds whatever became of the source's own notes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from running.site import NOW, Site
from servers.youtube import KEY, YouTube, video

MIDDAY = NOW.replace(hour=12, minute=0, second=0)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUTUBE_API_KEY", KEY)


def site_for(folder: Path, server: YouTube, **options: object) -> Site:
    told = "\n".join(f"{name} = {value}" for name, value in options.items())
    return Site(folder, f'[sources.youtube]\nbase_url = "{server.url}"\n{told}\n')


def forget_markers(site: Site) -> None:
    """Take from the source what it remembers, as when windows are joined, lost or a query changes."""
    with closing(sqlite3.connect(site.database)) as connection, connection:
        connection.execute("UPDATE windows SET marker = NULL")


def test_the_cap_on_searches_holds_where_the_marker_is_lost(tmp_path: Path) -> None:
    with YouTube([video(1, MIDDAY.timestamp() - 600, "Acme kettle")], quota=1_000_000) as server:
        site = site_for(tmp_path, server, searches_a_day=5, include_comments="false")
        for number in range(9):
            site.collect(now=MIDDAY + timedelta(minutes=10 * number))
            forget_markers(site)
        assert server.searches == 5
        told = site.collect(now=MIDDAY + timedelta(hours=2)).rows()["youtube"]
        assert told["state"] == "budget"
        booked = site.rows("SELECT sum(requests) FROM spending")
        assert booked == [(5,)]
        site.collect(now=MIDDAY + timedelta(days=1))
        assert server.searches == 6


def test_comments_and_look_ups_count_as_no_search(tmp_path: Path) -> None:
    with YouTube(
        [video(1, MIDDAY.timestamp() - 600, "Acme kettle", statistics={"commentCount": "3"})], quota=1_000_000
    ) as server:
        site = site_for(tmp_path, server, searches_a_day=100)
        assert site.collect(now=MIDDAY).code == 0
        assert len(server.requests) > server.searches == 1
        assert site.rows("SELECT sum(requests) FROM spending") == [(1,)]


def test_answers_are_looked_for_in_comments_where_no_search_is_left(tmp_path: Path) -> None:
    asked = video(1, MIDDAY.timestamp() - 600, "Acme kettle", statistics={"commentCount": "3"})
    with YouTube([asked], quota=1_000_000) as server:
        options = f'base_url = "{server.url}"\nsearches_a_day = 1\ninclude_comments = false'
        brands = '[[brands]]\nname = "Acme"\nown_accounts = ["acme"]\n'
        site = Site(tmp_path, f"[sources.youtube]\n{options}\n", brands=brands)
        assert site.collect(now=MIDDAY).rows()["youtube"]["state"] == "ok"
        assert [request.path for request in server.requests].count("/commentThreads") == 1
        assert site.rows("SELECT sum(requests) FROM spending") == [(1,)]


def test_a_search_that_fails_is_counted_once_and_not_tried_again(tmp_path: Path) -> None:
    with YouTube([], quota=1_000_000) as server:
        server.fault("status", 10, when=lambda request: request.path == "/search", status=503, body="busy")
        site = site_for(tmp_path, server, searches_a_day=3)
        for number in range(6):
            site.collect(now=MIDDAY + timedelta(minutes=number))
            forget_markers(site)
        asked = [request for request in server.requests if request.path == "/search"]
        assert len(asked) == 3
        assert site.rows("SELECT sum(requests) FROM spending") == [(3,)]
