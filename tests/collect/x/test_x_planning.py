"""Queries become searches of X within its limits, as far back as X goes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from collect.x_reading import ACME, DAY, NOW, ago, source_for
from listener.api import (
    Query,
    RejectedQueryError,
    Window,
)
from listener.query import And, Hashtag, Not, Or, Phrase
from servers.x import Post, X
from sources.x import XOptions, XSource


@pytest.mark.usefixtures("token")
class TestPlan:
    ACME = Query.of("Acme", And((Or((Phrase("acme"), Hashtag("acme"))), Not(Phrase("acme corner")))), ("Acme",))
    GLOBEX = Query.of("Globex", Or(tuple(Phrase(f"globex number {n}") for n in range(60))), ("Globex",))

    def test_a_query_becomes_one_search_as_x_writes_it(self) -> None:
        (resource,) = XSource().plan([self.ACME])
        assert (resource.lane, resource.brand) == ("search", "Acme")
        post = Post(text="An #acme kettle", created_at=ago(hours=1))
        corner = Post(text="at acme corner", created_at=ago(hours=2))
        with X([post, corner], now=NOW) as server:
            source = source_for(server)
            assert [m.text for m in source.fetch(resource, DAY, None).mentions] == ["An #acme kettle"]
            source.close()

    def test_a_long_query_becomes_several_within_the_limit_each_a_lane(self) -> None:
        plan = XSource().plan([self.GLOBEX])
        assert [resource.lane for resource in plan[:3]] == ["search", "search/2", "search/3"]
        assert all(len(resource.native) <= 512 for resource in plan)
        assert len({resource.key for resource in plan}) == len(plan)
        assert all(any(f'"globex number {n}"' in r.native for r in plan) for n in range(60))

    def test_without_reposts_every_search_excludes_them_within_the_limit(self) -> None:
        plan = XSource(XOptions(include_reposts=False)).plan([self.GLOBEX, self.ACME])
        assert all(resource.native.endswith(" -is:retweet") and len(resource.native) <= 512 for resource in plan)
        original = Post(text="acme is new", created_at=ago(hours=2))
        repost = Post(text="RT @a: acme is new", created_at=ago(hours=1), retweets=original.id)
        with X([original, repost], now=NOW) as server:
            source = source_for(server)
            assert [m.id for m in source.fetch(plan[-1], DAY, None).mentions] == [original.id]
            source.close()

    def test_two_brands_with_one_query_have_resources_of_their_own(self) -> None:
        queries = [Query.of(brand, Phrase("acme")) for brand in ("Acme", "Globex")]
        assert len({r.key for r in XSource(XOptions(share_requests=False)).plan(queries)}) == 2

    def test_several_brands_are_asked_for_in_one_search_where_they_fit_into_it(self) -> None:
        queries = [Query.of(brand, Phrase(brand.casefold())) for brand in ("Initech", "Acme", "Globex")]
        (resource,) = XSource().plan(queries)
        assert (resource.native, resource.brand, resource.lane) == (
            "initech OR #initech OR acme OR #acme OR globex OR #globex",
            None,
            "search",
        )
        assert resource.brands == ("Acme", "Globex", "Initech")

    def test_brands_that_share_no_search_are_asked_for_apart(self) -> None:
        acme, globex = (
            Query.of(brand, Or(tuple(Phrase(f"{brand.casefold()} kettle {n}") for n in range(20))))
            for brand in ("Acme", "Globex")
        )
        plan = XSource().plan([acme, globex])
        assert [(resource.brand, resource.lane) for resource in plan] == [("Acme", "search"), ("Globex", "search")]

    def test_an_enterprise_plan_takes_more_in_one_search(self) -> None:
        queries = [Query.of(f"Brand {n}", Phrase(f"some rather long brand name {n}")) for n in range(40)]
        (resource,) = XSource(XOptions(query_length=4096)).plan(queries)
        assert len(resource.brands) == 40
        assert len(XSource().plan(queries)) > 1

    def test_a_query_x_cannot_be_asked_for_is_refused(self) -> None:
        with pytest.raises(RejectedQueryError):
            XSource().plan([Query.of("Acme", Not(Phrase("acme")))])


@pytest.mark.usefixtures("token")
class TestHorizon:
    def test_a_window_that_begins_before_the_horizon_says_how_far_it_was_read(self) -> None:
        posts = [Post(text="acme new", created_at=ago(days=6)), Post(text="acme old", created_at=ago(days=9))]
        window = Window(since=ago(days=10), until=DAY.until)
        with X(posts, now=NOW) as server:
            source = source_for(server)
            page = source.fetch(ACME, window, None)
            source.close()
        assert [m.text for m in page.mentions] == ["acme new"]
        assert page.complete_since == NOW - timedelta(days=7)
        assert page.lost_reason

    def test_a_window_wholly_before_the_horizon_costs_no_request(self) -> None:
        window = Window(since=ago(days=10), until=ago(days=8))
        with X([], now=NOW) as server:
            source = source_for(server)
            page = source.fetch(ACME, window, None)
            source.close()
            assert server.requests == []
        assert (page.exhausted, page.complete_since, page.requests) == (True, window.until, 0)

    def test_a_beginning_that_has_become_too_old_is_left_out_and_the_rest_is_read(self) -> None:
        posts = [Post(text=f"acme {n}", created_at=ago(days=6, hours=n)) for n in range(24)]
        window = Window(since=ago(days=7) + timedelta(minutes=10), until=DAY.until)
        with X(posts, now=NOW) as server:
            source = source_for(server, max_results=10)
            first = source.fetch(ACME, window, None)
            server.now = later = NOW + timedelta(hours=3)  # the daemon stood still
            resumed = XSource(XOptions(base_url=server.url, max_results=10), now=lambda: later)
            pages = [first, resumed.fetch(ACME, window, first.cursor)]
            while not pages[-1].exhausted:
                pages.append(resumed.fetch(ACME, window, pages[-1].cursor))
            source.close()
            resumed.close()
        assert [m.text for page in pages for m in page.mentions] == [f"acme {n}" for n in range(22)]
        assert pages[1].requests == 2
        assert pages[-1].complete_since == later - timedelta(days=7)

    def test_a_window_left_until_it_is_out_of_reach_keeps_what_was_read(self) -> None:
        posts = [Post(text=f"acme {n}", created_at=ago(minutes=n)) for n in range(1, 26)]
        with X(posts, now=NOW) as server:
            source = source_for(server, max_results=10)
            cursor = source.fetch(ACME, DAY, None).cursor
            source.close()
            later = XSource(XOptions(base_url=server.url), now=lambda: NOW + timedelta(days=9))
            page = later.fetch(ACME, DAY, cursor)
            later.close()
        assert (page.exhausted, page.requests) == (True, 0)
        assert page.complete_since == ago(minutes=10).replace(microsecond=0) + timedelta(seconds=1)
