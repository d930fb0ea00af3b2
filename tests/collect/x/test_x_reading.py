"""Posts of X become mentions, window by window, page by page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from collect.x_reading import ACME, DAY, NOW, Fixed, ago, one, source_for
from listener.api import (
    Page,
    Query,
    Resource,
    Secret,
    UnexpectedAnswerError,
    Window,
)
from listener.query import Hashtag, Or, Phrase
from listener.testing import check_source
from servers.x import TOKEN, Post, X, id_at
from sources.x import XSource


def read_all(source: XSource, window: Window = DAY, resource: Resource = ACME) -> list[Page]:
    pages = [source.fetch(resource, window, None)]
    while not pages[-1].exhausted:
        pages.append(source.fetch(resource, window, pages[-1].cursor))
    return pages


@pytest.mark.usefixtures("token")
class TestPaging:
    def test_every_post_of_the_window_is_read_once_newest_first(self) -> None:
        posts = [Post(text=f"acme {n}", created_at=ago(minutes=n)) for n in range(1, 26)]
        with X(posts, now=NOW) as server:
            source = source_for(server, max_results=10)
            pages = read_all(source)
            source.close()
        assert [len(page.mentions) for page in pages] == [10, 10, 5]
        assert [m.text for page in pages for m in page.mentions] == [f"acme {n}" for n in range(1, 26)]
        assert [page.complete_since for page in pages] == [None] * 3
        assert [page.requests for page in pages] == [1, 1, 1]

    def test_posts_and_authors_sent_are_counted_as_items(self) -> None:
        posts = [Post(text="acme", created_at=ago(minutes=n), author=f"a{n}") for n in range(1, 4)]
        with X(posts, now=NOW) as server:
            source = source_for(server)
            assert source.fetch(ACME, DAY, None).items == 6
            source.close()

    def test_only_the_window_is_asked_for(self) -> None:
        edge = DAY.since
        inside = Post(text="acme first", created_at=edge, id=id_at(edge))  # the lowest id of that instant
        outside = Post(text="acme before", created_at=edge - timedelta(milliseconds=1))
        late = Post(text="acme after", created_at=NOW - timedelta(seconds=20))
        with X([inside, outside, late], now=NOW) as server:
            assert one(server).text == "acme first"

    def test_a_late_post_is_found_by_the_next_window_through_its_overlap(self) -> None:
        late = Post(text="acme late", created_at=ago(minutes=10), indexed_at=NOW + timedelta(minutes=5))
        with X([late], now=NOW) as server:
            source = source_for(server)
            assert source.fetch(ACME, DAY, None).mentions == ()
            server.now = NOW + timedelta(minutes=15)
            window = Window(since=DAY.until - source.facts.overlap, until=server.now - timedelta(seconds=30))
            assert [m.text for m in source.fetch(ACME, window, None).mentions] == ["acme late"]
            source.close()

    def test_an_empty_page_in_the_middle_is_not_the_end(self) -> None:
        with X([Post(text="acme", created_at=ago(minutes=5))], now=NOW) as server:
            server.fault("empty_page")
            source = source_for(server)
            pages = read_all(source)
            source.close()
        assert [len(page.mentions) for page in pages] == [0, 1]
        assert pages[0].cursor is not None

    def test_no_hit_at_all_is_an_exhausted_empty_page(self) -> None:
        with X([], now=NOW) as server:
            source = source_for(server)
            page = source.fetch(ACME, DAY, None)
            source.close()
        assert (page.mentions, page.exhausted, page.cursor, page.items) == ((), True, None, 0)

    def test_another_process_goes_on_from_the_cursor(self) -> None:
        posts = [Post(text=f"acme {n}", created_at=ago(minutes=n)) for n in range(1, 16)]
        with X(posts, now=NOW) as server:
            first = source_for(server, max_results=10)
            cursor = first.fetch(ACME, DAY, None).cursor
            first.close()
            second = source_for(server, max_results=10)
            rest = second.fetch(ACME, DAY, cursor)
            second.close()
        assert [m.text for m in rest.mentions] == [f"acme {n}" for n in range(11, 16)]

    def test_a_cursor_that_cannot_be_read_begins_the_window_again(self) -> None:
        with X([Post(text="acme", created_at=ago(minutes=5))], now=NOW) as server:
            source = source_for(server)
            assert len(source.fetch(ACME, DAY, "not json").mentions) == 1
            source.close()

    def test_a_page_that_names_itself_as_the_next_is_an_error(self) -> None:
        with Fixed({"meta": {"next_token": "same"}}) as server:
            source = source_for(server)
            cursor = source.fetch(ACME, DAY, None).cursor
            with pytest.raises(UnexpectedAnswerError):
                source.fetch(ACME, DAY, cursor)
            source.close()


@pytest.mark.usefixtures("token")
class TestContract:
    def test_x_keeps_every_promise_of_a_source(self) -> None:
        first = Post(text="Acme is fien", created_at=ago(hours=2, minutes=5))
        original = Post(text="Globex & Acme " * 30, created_at=ago(days=2))
        posts = [
            original,
            Post(text="acme is fine", created_at=ago(hours=2), versions=(first.id,)),
            Post(text="RT @a: Globex & Acme…", created_at=ago(hours=1), retweets=original.id),
            Post(text="acme late edit", created_at=DAY.since, versions=(id_at(DAY.since - timedelta(minutes=9)),)),
            *(Post(text=f"globex {n}", created_at=ago(minutes=n), author_is_gone=n % 3 == 0) for n in range(1, 40)),
            *(Post(text=f"#acme {n} <b>", created_at=ago(minutes=n), author="acme_inc") for n in range(1, 20)),
        ]
        queries = [Query.of("Acme", Or((Phrase("acme"), Hashtag("acme")))), Query.of("Globex", Phrase("globex"))]
        with X(posts, now=NOW) as server:
            apart = check_source(lambda: source_for(server, max_results=10, share_requests=False), queries, DAY)
            found = check_source(lambda: source_for(server, max_results=10), queries, DAY)
        assert len(apart) == 61  # the repost is found for both brands; the late edit is of an earlier window
        assert len(found) == 60
        assert {mention.id for mention in found} == {mention.id for mention in apart}

    def test_x_says_how_far_it_went_within_its_promises(self) -> None:
        posts = [Post(text=f"acme {n}", created_at=ago(days=n)) for n in range(1, 10)]
        with X(posts, now=NOW) as server:
            window = Window(since=ago(days=20), until=DAY.until)
            found = check_source(lambda: source_for(server), [Query.of("Acme", Phrase("acme"))], window)
        assert len(found) == 7


def test_secrets_are_read_when_used_so_a_new_token_needs_no_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    with X([Post(text="acme", created_at=ago(minutes=5))], now=NOW) as server:
        source = source_for(server, bearer_token=Secret(env="ACME_X"))
        monkeypatch.setenv("ACME_X", TOKEN)
        assert len(source.fetch(ACME, DAY, None).mentions) == 1
        source.close()
