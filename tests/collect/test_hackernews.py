"""Hacker News is read whole, page by page, and every answer becomes mentions or a reason."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from listener.api import (
    Author,
    Engagement,
    Query,
    RateLimitedError,
    RejectedQueryError,
    Skipped,
    UnavailableError,
    UnexpectedAnswerError,
    Window,
    from_epoch,
)
from listener.query import And, Hashtag, Not, Or, Phrase
from servers.hackernews import HackerNews, comment, story
from servers.reading import drained
from sources.hackernews import HackerNewsOptions, HackerNewsSource, read_hit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from listener.api import Mention, Page

BASE = 1_780_000_000
WINDOW = Window(since=from_epoch(BASE), until=from_epoch(BASE + 10_000))
ACME = Query.of("Acme", Phrase("acme"))


def read_all(
    source: HackerNewsSource, query: Query = ACME, window: Window = WINDOW
) -> tuple[list[Mention], list[Page]]:
    return drained(source, [query], window)


@pytest.fixture
def server() -> Iterator[HackerNews]:
    items = [comment(100 + n, BASE + 10 * (n // 3), f"I like my Acme kettle {n}") for n in range(60)]
    with HackerNews(items) as running:
        yield running


def source_for(server: HackerNews, **options: object) -> HackerNewsSource:
    return HackerNewsSource(HackerNewsOptions(base_url=server.url, **options))


@pytest.fixture
def source(server: HackerNews) -> Iterator[HackerNewsSource]:
    made = source_for(server, hits_per_page=7)
    yield made
    made.close()


def test_a_window_is_read_whole_over_its_pages(server: HackerNews, source: HackerNewsSource) -> None:
    mentions, pages = read_all(source)
    assert {mention.id for mention in mentions} == {item["objectID"] for item in server.items}
    assert len(pages) > 5
    assert pages[-1].complete_since is None


def test_items_outside_the_window_are_not_asked_for(server: HackerNews, source: HackerNewsSource) -> None:
    window = Window(since=from_epoch(BASE + 50), until=from_epoch(BASE + 100))
    mentions, _ = read_all(source, window=window)
    wanted = {item["objectID"] for item in server.items if BASE + 50 <= item["created_at_i"] < BASE + 100}
    assert {mention.id for mention in mentions} == wanted


def test_an_item_deleted_between_pages_hides_no_other(server: HackerNews, source: HackerNewsSource) -> None:
    resource = source.plan([ACME])[0]
    page = source.fetch(resource, WINDOW, None)
    seen = {mention.id for mention in page.mentions}
    newest = max(server.items, key=lambda item: item["created_at_i"])
    server.items.remove(newest)
    while not page.exhausted:
        page = source.fetch(resource, WINDOW, page.cursor)
        seen |= {mention.id for mention in page.mentions}
    assert seen == {item["objectID"] for item in server.items} | {newest["objectID"]}


def test_more_hits_than_a_query_gives_are_read_by_going_back_in_time() -> None:
    items = [comment(n, BASE + n, "Acme") for n in range(2300)]
    with HackerNews(items) as server:
        source = source_for(server, hits_per_page=1000)
        mentions, pages = read_all(source)
        source.close()
    assert len({mention.id for mention in mentions}) == 2300
    assert len(pages) == 3


def test_a_second_with_more_items_than_a_query_gives_is_told_as_lost() -> None:
    items = [comment(n, BASE + 500, "Acme") for n in range(1100)] + [comment(5000, BASE, "Acme")]
    with HackerNews(items) as server:
        source = source_for(server, hits_per_page=500)
        mentions, pages = read_all(source)
        source.close()
    assert len({mention.id for mention in mentions}) == 1001
    assert pages[-1].complete_since == from_epoch(BASE + 501)
    assert "one second" in pages[-1].lost_reason


def test_nothing_found_is_an_exhausted_empty_page(source: HackerNewsSource) -> None:
    mentions, pages = read_all(source, Query.of("Globex", Phrase("globex")))
    assert (mentions, len(pages), pages[0].exhausted, pages[0].items) == ([], 1, True, 0)


def test_an_empty_page_that_claims_hits_is_a_fault_and_not_an_end(server: HackerNews, source: HackerNewsSource) -> None:
    server.fault("empty_page")
    with pytest.raises(UnavailableError, match="counts 60 items and sent none"):
        read_all(source)


def test_each_alternative_has_a_resource_and_its_own_lane(source: HackerNewsSource) -> None:
    query = Query.of("Acme", Or((Phrase("acme kettle"), And((Hashtag("acmetea"), Not(Phrase("recipe")))))))
    resources = source.plan([query, ACME])
    assert sorted(resource.native for resource in resources) == ['"acme kettle"', "acme", "acmetea"]
    assert [resource.lane for resource in resources] == ["search", "search/2", "search"]
    assert len({resource.key for resource in resources}) == 3
    assert resources == source.plan([query, ACME])


def test_a_query_with_nothing_to_search_for_is_refused(source: HackerNewsSource) -> None:
    with pytest.raises(RejectedQueryError, match="Acme"):
        source.plan([Query.of("Acme", Not(Phrase("acme")))])


def test_the_search_is_asked_for_exact_words_in_the_window(server: HackerNews, source: HackerNewsSource) -> None:
    source.fetch(source.plan([ACME])[0], WINDOW, None)
    asked = server.requests[0]
    assert asked.param("typoTolerance") == "false"
    assert asked.param("numericFilters") == f"created_at_i>={BASE},created_at_i<{BASE + 10_000}"
    assert asked.param("tags") == "(story,comment)"
    assert asked.headers["user-agent"].startswith("social-listener/")


def test_comments_can_be_left_out() -> None:
    with HackerNews([comment(1, BASE, "Acme"), story(2, BASE, "Acme opens")]) as server:
        source = source_for(server, include_comments=False)
        mentions, _ = read_all(source)
        source.close()
    assert [mention.id for mention in mentions] == ["2"]


def test_a_story_carries_its_link_points_and_comments() -> None:
    mention = read_hit(story(7, BASE, "Acme opens a shop", points=12, num_comments=4))
    assert (mention.kind, mention.title, mention.text, mention.thread) == ("post", "Acme opens a shop", "", "7")
    assert mention.engagement == Engagement(likes=12, replies=4)
    assert mention.links == ("https://example.org/7",)
    assert mention.url == "https://news.ycombinator.com/item?id=7"
    assert mention.author == Author(id="ada", handle="ada")


def test_a_question_and_a_comment_are_told_apart() -> None:
    question = read_hit(story(8, BASE, "Ask HN: Is Acme any good?", text="I wonder.<p>Really."))
    assert (question.kind, question.text) == ("question", "I wonder.\n\nReally.")
    markup = (
        'It&#x27;s <i>fine</i>, see <a href="https:&#x2F;&#x2F;example.org&#x2F;long" rel="nofollow">example.org</a>'
    )
    reply = read_hit(comment(9, BASE, markup, story_id=8, parent_id=88))
    assert (reply.kind, reply.title, reply.text) == ("comment", None, "It's fine, see example.org")
    assert (reply.reply_to, reply.thread, reply.links) == ("88", "8", ("https://example.org/long",))
    assert reply.engagement == Engagement()


def test_items_that_are_no_mentions_are_skipped_with_the_reason(server: HackerNews, source: HackerNewsSource) -> None:
    server.items[:] = [comment(1, BASE + 1, "Acme")]
    body = {
        "hits": [None, {"objectID": "3"}, {"created_at_i": BASE}, comment(1, BASE, "Acme"), comment(1, BASE, "Acme")]
    }
    server.fault("status", status=200, body=json.dumps({**body, "nbHits": 5}))
    page = source.fetch(source.plan([ACME])[0], WINDOW, None)
    assert [mention.id for mention in page.mentions] == ["1"]
    assert [skipped.id for skipped in page.skipped] == [None, "3", None, "1"]
    assert page.items == 5


@pytest.mark.parametrize(
    ("kind", "details", "error"),
    [
        ("status", {"status": 429, "headers": {"Retry-After": "3600"}}, RateLimitedError),
        ("status", {"status": 503}, UnavailableError),
        ("status", {"status": 400, "body": '{"message": "invalid numeric attribute"}'}, RejectedQueryError),
        ("status", {"status": 200, "body": "[]"}, UnexpectedAnswerError),
        ("status", {"status": 200, "body": '{"hits": 5}'}, UnexpectedAnswerError),
        ("cut", {}, UnavailableError),
        ("reset", {}, UnavailableError),
        ("truncated_json", {}, UnavailableError),
        ("html_instead_of_json", {}, UnexpectedAnswerError),
        ("gzip_bomb", {}, UnexpectedAnswerError),
    ],
)
def test_every_fault_is_its_error_in_one_sentence(
    server: HackerNews, source: HackerNewsSource, kind: str, details: dict[str, object], error: type[Exception]
) -> None:
    server.fault(kind, times=9, **details)
    with pytest.raises(error) as caught:
        read_all(source)
    assert type(caught.value) is error
    assert str(caught.value).startswith("hackernews: ")
    assert "\n" not in str(caught.value)


def test_a_search_that_ignores_the_window_is_not_read_for_ever(server: HackerNews, source: HackerNewsSource) -> None:
    future = [comment(n, BASE + 90_000, "Acme") for n in range(7)]
    server.fault("status", status=200, body=json.dumps({"hits": future, "nbHits": 900}))
    with pytest.raises(UnexpectedAnswerError, match="does not honour the window"):
        read_all(source)


@pytest.mark.parametrize("cursor", ["", "{}", "[1]", '["a", 0, null]', "null", "[1, 2, 3, 4, 5]"])
def test_a_cursor_that_is_none_is_refused(source: HackerNewsSource, cursor: str) -> None:
    with pytest.raises(UnexpectedAnswerError, match="cursor"):
        source.fetch(source.plan([ACME])[0], WINDOW, cursor)


def test_a_check_says_what_answered(source: HackerNewsSource) -> None:
    assert source.check() == "answers without a key; 0 items hold the word news"


def test_recorded_answers_are_read_whole(shared: Path) -> None:
    files = sorted((shared / "recorded" / "hackernews").glob("*.json"))
    assert files
    for file in files:
        hits = json.loads(file.read_text())["hits"]
        for hit in hits:
            read = read_hit(hit)
            assert not isinstance(read, Skipped)
            assert read.text or read.title
            assert abs(read.published_at - from_epoch(hit["created_at_i"])) < timedelta(seconds=1)
