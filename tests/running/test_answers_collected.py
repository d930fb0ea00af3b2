"""Answers of own accounts through a real pass: the thread is read within the budget, killed or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from running.site import NOW, Site, hackernews_table
from servers.hackernews import HackerNews, comment, story
from servers.mastodon import Instance, account, status

BRANDS = """
[[brands]]
name = "Acme"
keywords = ["acme"]
own_accounts = ["@help_desk"]

[[brands]]
name = "Globex"
kind = "competitor"
"""
ANSWERS = "SELECT native_id, answered_at FROM answers JOIN mentions ON mentions.id = mention_id"


def second(hours_ago: float) -> int:
    return int((NOW - timedelta(hours=hours_ago)).timestamp())


@pytest.fixture
def server() -> Iterator[HackerNews]:
    own = {"author": "help_desk", "_tags": ["comment", "author_help_desk", "story_1"]}
    items = [
        story(1, second(9), "The lid of my Acme kettle leaks and I hate it"),
        comment(2, second(8), "mine is fine, sorry to hear", story_id=1),
        comment(3, second(7), "We are sorry, please write to us", story_id=1, **own),
        story(4, second(6), "Is this Acme kettle any good for us"),
        story(5, second(5), "Globex is what we have bought for the kitchen"),
    ]
    with HackerNews(items) as made:
        yield made


def answers(site: Site) -> list[tuple[object, ...]]:
    return site.rows(ANSWERS)


def test_a_pass_reads_the_threads_of_what_nobody_answered(tmp_path: Path, server: HackerNews) -> None:
    site = Site(tmp_path, hackernews_table(server), brands=BRANDS)
    assert site.collect().code == 0
    assert answers(site) == [("1", second(7))]
    asked = [request for request in server.requests if "author_help_desk" in request.param("tags")]
    assert [request.param("tags") for request in asked] == ["comment,(story_1,story_4),(author_help_desk)"]
    assert b"please write to us" not in (tmp_path / "listener.db").read_bytes()

    told = site.run("mentions", "--unanswered", "--older-than", "4h", "--format", "json")
    assert [one["id"] for one in json.loads(told.out)] == ["4"]
    found = json.loads(site.run("trend", "Acme", "--metric", "response", "--since", "2d", "--format", "json").out)
    total = found["totals"][0]
    assert (total["asked"], total["answered"], total["median_seconds"], total["within_target"]) == (2, 1, 7_200, 0.5)


def test_a_thread_that_was_just_read_is_left_alone(tmp_path: Path, server: HackerNews) -> None:
    site = Site(tmp_path, hackernews_table(server), brands=BRANDS)
    site.collect()
    before = len(server.requests)
    site.collect(now=NOW + timedelta(minutes=20))
    asked = [request for request in server.requests[before:] if "author_help_desk" in request.param("tags")]
    assert asked == []
    assert answers(site) == [("1", second(7))]


def test_a_thread_that_a_clock_ahead_read_is_read_again_when_it_is_right(tmp_path: Path, server: HackerNews) -> None:
    site = Site(tmp_path, hackernews_table(server), brands=BRANDS)
    site.collect()
    site.collect(now=NOW + timedelta(days=1))
    before = len(server.requests)
    site.collect(now=NOW + timedelta(hours=3))
    asked = [request.param("tags") for request in server.requests[before:]]
    assert "comment,(story_4),(author_help_desk)" in asked


def test_threads_can_be_left_alone_altogether(tmp_path: Path, server: HackerNews) -> None:
    site = Site(tmp_path, hackernews_table(server), brands=BRANDS, more="[responses]\nread_threads = false\n")
    site.collect()
    assert answers(site) == []
    found = json.loads(site.run("trend", "Acme", "--metric", "response", "--since", "2d", "--format", "json").out)
    assert (found["totals"][0]["asked"], found["totals"][0]["unknown"]) == (0, 2)


def test_of_threads_that_cannot_be_read_every_request_is_booked(tmp_path: Path, server: HackerNews) -> None:
    site = Site(
        tmp_path,
        hackernews_table(server) + "[sources.hackernews.budget]\nrequests_a_day = 100\n",
        brands=BRANDS,
    )
    server.fault("status", when=lambda one: "author_" in one.param("tags"), times=9, status=503)
    assert site.collect().code == 0
    asked = [request for request in server.requests if "author_help_desk" in request.param("tags")]
    assert len(asked) > 1
    assert site.rows("SELECT sum(requests) FROM spending") == [(len(server.requests),)]


def test_a_thread_that_cannot_be_read_fails_no_pass(tmp_path: Path, server: HackerNews) -> None:
    site = Site(tmp_path, hackernews_table(server), brands=BRANDS)
    site.collect()
    server.items.append(story(6, second(-0.9), "Acme again, and the lid of it leaks"))
    server.fault(
        "status",
        when=lambda one: "author_" in one.param("tags"),
        times=9,
        status=429,
        body="{}",
        headers={"Retry-After": "600"},
    )
    done = site.collect(now=NOW + timedelta(hours=1))
    assert done.code == 0, done.err
    assert len(site.rows("SELECT 1 FROM mentions WHERE native_id = '6'")) == 1
    assert answers(site) == [("1", second(7))]


@contextmanager
def two_instances(folder: Path, *shown: dict[str, Any]) -> Iterator[tuple[Site, Instance]]:
    """Hand over a site that reads two instances, and the first of them, which shows these; the other one an answer."""
    elsewhere = status(7, second(6), "my #acme pot leaks", uri="https://b.example/7")
    helper = account("help_desk@b.example")
    answer = status(
        8, second(4), "write to us", uri="https://b.example/8", in_reply_to_id=elsewhere["id"], account=helper
    )
    brands = BRANDS.replace("@help_desk", "@help_desk@b.example")
    with Instance(list(shown)) as first, Instance([elsewhere, answer]) as other:
        places = json.dumps([first.url, other.url.replace("127.0.0.1", "localhost")])
        yield Site(folder, f"[sources.mastodon]\ninstances = {places}\n", brands=brands), first


def test_an_instance_that_is_down_keeps_no_answers_of_others_from_being_found(tmp_path: Path) -> None:
    asked = [status(number, second(hours), "my #acme leaks") for number, hours in enumerate((8, 7, 5, 4.5))]
    with two_instances(tmp_path, *asked) as (site, down):
        down.fault("status", when=lambda one: one.path.endswith("/context"), times=99, status=503)
        assert site.collect().code == 0
        assert answers(site) == [("https://b.example/7", second(4))]
        assert len([one for one in down.requests if one.path.endswith("/context")]) == 1


def test_answers_are_looked_for_though_an_instance_could_not_be_read(tmp_path: Path) -> None:
    with two_instances(tmp_path) as (site, down):
        down.fault("status", times=99, status=503)
        assert site.collect().code == 3
        assert answers(site) == [("https://b.example/7", second(4))]
