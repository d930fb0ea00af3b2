"""A window is read to its beginning page by page, or Reddit's end of it is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from collect.reddit_reading import COMMENTS, DAY, NEW, NOW, SEARCH, Fixed, ago, read_all, source_for
from listener.api import Window
from servers.reddit import Reddit, Thing, posts_every
from servers.web import Answer, Request


class TestPaging:
    def test_a_window_is_read_to_its_beginning_each_post_once(self) -> None:
        with Reddit(posts_every(timedelta(minutes=5), 400, before=NOW), now=NOW) as server:
            pages = read_all(source_for(server), SEARCH)
        assert [m.title for page in pages for m in page.mentions] == [f"acme {n}" for n in range(288)]
        assert [page.exhausted for page in pages] == [False, False, True]
        assert [page.requests for page in pages] == [2, 1, 1]
        assert [page.items for page in pages] == [100, 100, 100]
        assert pages[-1].complete_since is None

    def test_things_outside_the_window_are_left_to_other_windows(self) -> None:
        window = Window(since=ago(hours=3), until=ago(hours=1))
        with Reddit(posts_every(timedelta(minutes=30), 10, before=NOW), now=NOW) as server:
            (page,) = read_all(source_for(server), SEARCH, window)
        assert [m.published_at for m in page.mentions] == [ago(minutes=m) for m in (90, 120, 150, 180)]

    def test_a_listing_that_reddit_ends_before_the_window_does_says_how_far_it_went(self) -> None:
        window = Window(since=ago(days=30), until=NOW)
        with Reddit(posts_every(timedelta(minutes=5), 1200, before=NOW), now=NOW) as server:
            pages = read_all(source_for(server), NEW, window)
        assert sum(len(page.mentions) for page in pages) == 1000
        assert "1000 things" in (pages[-1].lost_reason or "")
        oldest = ago(minutes=5 * 1000)
        assert oldest <= pages[-1].complete_since <= oldest + timedelta(minutes=25)

    def test_a_search_may_end_sooner_and_says_so_too(self) -> None:
        window = Window(since=ago(days=30), until=NOW)
        with Reddit(posts_every(timedelta(minutes=5), 600, before=NOW), now=NOW, depth=250) as server:
            pages = read_all(source_for(server), SEARCH, window)
        assert pages[-1].complete_since is not None
        assert "search after 250" in (pages[-1].lost_reason or "")

    def test_a_short_listing_is_simply_all_there_is(self) -> None:
        with Reddit(posts_every(timedelta(hours=1), 5, before=NOW), now=NOW) as server:
            (page,) = read_all(source_for(server), NEW, Window(since=ago(days=300), until=NOW))
        assert (len(page.mentions), page.complete_since, page.lost_reason) == (5, None, None)

    def test_one_old_post_at_the_end_of_a_page_does_not_end_the_reading(self) -> None:
        posts = posts_every(timedelta(minutes=1), 150, before=NOW)
        with Reddit(posts, now=NOW) as server:
            posts[99].extra = {"created_utc": ago(days=400).timestamp()}
            pages = read_all(source_for(server), NEW)
        assert sum(len(page.mentions) for page in pages) == 149

    def test_an_empty_page_with_a_next_one_is_not_the_end(self) -> None:
        with Reddit(posts_every(timedelta(minutes=1), 50, before=NOW), now=NOW) as server:
            server.fault("empty_page", when=lambda request: request.path.endswith("/new"))
            pages = read_all(source_for(server), NEW)
        assert [len(page.mentions) for page in pages] == [0, 50]

    @pytest.mark.parametrize(("read", "taken"), [(1, (99,)), (2, (199,)), (2, (199, 99))])
    def test_what_stands_below_a_thing_that_was_taken_away_is_read_all_the_same(
        self, read: int, taken: tuple[int, ...]
    ) -> None:
        posts = posts_every(timedelta(minutes=1), 300, before=NOW)
        with Reddit(posts, now=NOW) as server:
            source = source_for(server)
            pages = [source.fetch(NEW, DAY, None)]
            while pages[-1].cursor is not None:
                if len(pages) == read:
                    for number in taken:
                        server.remove(posts[number])
                pages.append(source.fetch(NEW, DAY, pages[-1].cursor))
            source.close()
        assert {m.id for page in pages for m in page.mentions} >= {post.name for post in posts} - {
            posts[n].name for n in taken
        }
        assert (pages[-1].complete_since, pages[-1].lost_reason) == (None, None)

    def test_an_end_just_where_a_page_ends_is_looked_at_twice_and_is_the_end(self) -> None:
        class Named(Fixed):
            def route(self, request: Request) -> Answer:
                after = None if request.param("after") else "t3_a1"
                self.body = {"kind": "Listing", "data": {"after": after, "children": [newest] if after else []}}
                return super().route(request)

        newest = {"kind": "t3", "data": {"name": "t3_a1", "title": "acme", "created_utc": ago(hours=1).timestamp()}}
        with Named({}) as server:
            pages = read_all(source_for(server), NEW)
        assert [len(page.mentions) for page in pages] == [1, 0, 1, 0]
        assert pages[-1].complete_since is None

    def test_a_listing_that_never_shows_what_it_names_is_given_up_and_says_so(self) -> None:
        class Vague(Fixed):
            def route(self, request: Request) -> Answer:
                after = None if request.param("after") else f"t3_{len(self.requests)}"
                self.body = {"kind": "Listing", "data": {"after": after, "children": [newest] if after else []}}
                return super().route(request)

        newest = {"kind": "t3", "data": {"name": "t3_a1", "title": "acme", "created_utc": ago(hours=1).timestamp()}}
        with Vague({}) as server:
            pages = read_all(source_for(server), NEW)
        assert len(pages) == 8
        assert pages[-1].complete_since == ago(hours=1) + timedelta(seconds=1)
        assert "ended the listing" in (pages[-1].lost_reason or "")

    def test_a_listing_that_ends_sooner_since_many_of_its_thousand_were_removed_says_so(self) -> None:
        posts = posts_every(timedelta(minutes=1), 900, before=NOW)
        with Reddit(posts, now=NOW, depth=600) as server:
            pages = read_all(source_for(server), NEW)
        assert sum(len(page.mentions) for page in pages) == 600
        assert pages[-1].lost_reason == "Reddit ended the listing after 600 things"

    def test_a_listing_without_end_is_given_up_and_says_so(self) -> None:
        class Endless(Fixed):
            def route(self, request: Request) -> Answer:
                after = f"t3_{len(self.requests)}"
                self.body = {"kind": "Listing", "data": {"after": after, "children": [newest]}}
                return super().route(request)

        newest = {"kind": "t3", "data": {"name": "t3_a1", "title": "acme", "created_utc": ago(hours=1).timestamp()}}
        with Endless({}) as server:
            pages = read_all(source_for(server), NEW)
        assert len(pages) == 40
        assert pages[-1].complete_since == ago(hours=1) + timedelta(seconds=1)
        assert "beyond 40 pages" in (pages[-1].lost_reason or "")

    def test_another_process_goes_on_from_the_cursor(self) -> None:
        with Reddit(posts_every(timedelta(minutes=1), 150, before=NOW), now=NOW) as server:
            first = source_for(server)
            cursor = first.fetch(NEW, DAY, None).cursor
            first.close()
            second = source_for(server)
            page = second.fetch(NEW, DAY, cursor)
            second.close()
        assert [m.title for m in page.mentions] == [f"acme {n}" for n in range(100, 150)]

    def test_a_cursor_that_cannot_be_read_begins_again(self) -> None:
        with Reddit(posts_every(timedelta(minutes=1), 3, before=NOW), now=NOW) as server:
            source = source_for(server)
            assert len(source.fetch(NEW, DAY, "{").mentions) == 3
            source.close()

    def test_comments_of_several_subreddits_come_together(self) -> None:
        comments = [
            Thing(number=n, created_at=ago(minutes=n), text=f"c{n}", parent="t3_aa", subreddit=place)
            for n, place in ((1, "kettles"), (2, "teapots"), (3, "elsewhere"))
        ]
        with Reddit(comments, now=NOW) as server:
            (page,) = read_all(source_for(server), COMMENTS)
        assert [m.text for m in page.mentions] == ["c1", "c2"]

    def test_access_is_asked_for_once(self) -> None:
        with Reddit(posts_every(timedelta(minutes=1), 300, before=NOW), now=NOW) as server:
            read_all(source_for(server), NEW)
            assert [request.path for request in server.requests].count("/api/v1/access_token") == 1
            assert all(request.param("raw_json") == "1" for request in server.requests[1:])
