"""YouTube is searched sparingly, its comments are read where a brand is named, and each refusal says what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collect.youtube_reading import ACME, BASE, WINDOW, read_all, source_for, talked_of
from listener.api import (
    Author,
    Mention,
    Query,
    RateLimitedError,
    Skipped,
    Window,
    from_epoch,
    utc_now,
)
from listener.query import And, Hashtag, Not, Or, Phrase
from listener.query.evaluate import evaluate
from listener.testing import check_source
from query.expressions import askable_trees, terms
from servers import youtube as service
from servers.youtube import YouTube, comment, thread, video
from sources.youtube import YouTubeSource
from sources.youtube_items import read_thread, read_video
from thoroughness import some

if TYPE_CHECKING:
    pass


def test_youtube_keeps_the_promises_of_a_source(server: YouTube) -> None:
    server.videos.append(video(500, BASE + 77, "Globex: cafe\u0301 <b>x</b>", "a | b\r\nglobex tea\u202e"))
    talked_of(server, 3, *(thread(comment(f"c{n}", BASE + 5000 + n)) for n in range(130)))
    talked_of(server, 119, thread(comment("d1", BASE + 50_000), comment("d1.r", BASE + 50_001, parentId="d1")))
    queries = [ACME, Query.of("Globex", Or((Phrase("globex tea"), Phrase("globex"))))]
    found = check_source(lambda: source_for(server), queries, WINDOW)
    assert len({mention.id for mention in found}) == 121 + 130 + 2


def test_a_search_is_read_page_by_page_with_one_look_up_each(server: YouTube) -> None:
    mentions, pages = read_all(server)
    assert len(mentions) == 120
    assert [(page.items, page.requests) for page in pages] == [(50, 2), (50, 2), (20, 2)]
    assert {request.param("order") for request in server.requests if request.path == "/search"} == {"date"}


def test_more_videos_than_a_search_gives_out_are_searched_for_again_below_the_oldest(server: YouTube) -> None:
    server.videos = [video(n, BASE + 50 * n) for n in range(1_300)]
    mentions, pages = read_all(server)
    assert len({mention.id for mention in mentions}) == 1_300
    assert pages[-1].complete_since is None


def test_more_videos_in_a_second_than_a_search_gives_out_are_lost_and_said_so(server: YouTube) -> None:
    server.videos = [video(n, BASE + 500) for n in range(600)]
    mentions, pages = read_all(server)
    assert len({mention.id for mention in mentions}) == 500
    assert pages[-1].complete_since == from_epoch(BASE + 501)
    assert "some 500 videos" in str(pages[-1].lost_reason)


def test_an_empty_first_page_that_names_a_next_one_is_not_the_end(server: YouTube) -> None:
    server.fault("empty_page", when=lambda request: request.path == "/search")
    assert len(read_all(server)[0]) == 120


def test_videos_that_are_gone_by_the_look_up_are_counted(server: YouTube) -> None:
    server.hidden = {"vid00000119"}
    mentions, pages = read_all(server)
    assert len(mentions) == 119
    assert pages[0].skipped == (Skipped(id="vid00000119", reason="gone before it was read"),)


def test_comments_are_read_of_videos_that_name_the_brand_as_far_as_the_window_reaches(server: YouTube) -> None:
    talked_of(
        server,
        5,
        *(thread(comment(f"new{n}", BASE + 60_000 + n)) for n in range(150)),
        *(thread(comment(f"old{n}", BASE - 60_000 + n)) for n in range(300)),
    )
    server.videos.append(video(900, BASE + 40, "Something alike", "", tags=["acme"]))
    talked_of(server, 120, thread(comment("other", BASE + 50)))
    mentions, pages = read_all(server)
    assert sum(mention.kind == "comment" for mention in mentions) == 150
    assert [request.param("videoId") for request in server.requests if request.path == "/commentThreads"] == [
        "vid00000005"
    ] * 2
    assert [page.requests for page in pages] == [2, 2, 2, 1, 1]


def test_a_video_is_watched_for_comments_for_a_week(server: YouTube) -> None:
    source = source_for(server)
    server.videos = [video(1, BASE + 10)]
    (resource,) = source.plan([ACME])
    marker = source.fetch(resource, WINDOW, None).marker
    talked_of(server, 0, thread(comment("late", BASE + 200_000)))
    for days, expected in ((1, []), (2, ["late"]), (20, [])):
        until = WINDOW.until + timedelta(days=days)
        later = Window(since=until - timedelta(days=1), until=until, marker=marker)
        page = source.fetch(resource, later, None)
        found: list[str] = []
        while not page.exhausted:
            page = source.fetch(resource, later, page.cursor)
            found += [mention.id for mention in page.mentions]
        assert found == expected
    source.close()


def test_comments_are_left_out_where_they_are_not_wanted(server: YouTube) -> None:
    talked_of(server, 5, thread(comment("c", BASE + 90_000)))
    assert {mention.kind for mention in read_all(server, include_comments=False)[0]} == {"video"}


def test_several_brands_share_a_search_where_they_fit_into_it() -> None:
    brands = ["Acme", "Globex", "Initech", "Umbrella", "Hooli"]
    plan = YouTubeSource().plan([Query.of(brand, Phrase(brand.casefold())) for brand in brands])
    assert [(resource.native, resource.brand, resource.brands) for resource in plan] == [
        ("acme|globex|initech|umbrella", None, ("Acme", "Globex", "Initech", "Umbrella")),
        ("hooli", "Hooli", ()),
    ]
    (alone,) = YouTubeSource().plan([Query.of("Acme", Phrase("acme"))])
    assert alone.brand == "Acme"


def test_searches_are_spread_over_the_day(server: YouTube) -> None:
    source = source_for(server, searches_a_day=100)
    resources = source.plan([ACME])
    window = WINDOW
    for _ in range(10):
        marker = source.fetch(resources[0], window, None).marker
        window = Window(since=WINDOW.since, until=WINDOW.until, marker=marker)
    with pytest.raises(RateLimitedError, match="spread over the day") as caught:
        source.fetch(resources[0], window, None)
    assert server.searches == 10
    assert caught.value.retry_at is not None
    assert timedelta(minutes=13) < caught.value.retry_at - utc_now() < timedelta(minutes=16)
    both = And((Phrase("red"), Phrase("globex")))
    assert len(source.plan([ACME, Query.of("Globex", both)])) == 2
    with pytest.raises(RateLimitedError) as shared_out:
        source.fetch(resources[0], window, None)
    assert timedelta(minutes=26) < shared_out.value.retry_at - utc_now() < timedelta(minutes=30)
    source.close()


def test_pages_of_a_long_window_wait_for_their_turn_too(server: YouTube) -> None:
    source, pages = source_for(server, searches_a_day=20), []
    (resource,) = source.plan([ACME])
    pages.append(source.fetch(resource, WINDOW, None))
    pages.append(source.fetch(resource, WINDOW, pages[-1].cursor))
    with pytest.raises(RateLimitedError):
        source.fetch(resource, WINDOW, pages[-1].cursor)
    assert server.searches == 2
    source.close()


def test_videos_and_comments_are_looked_at_again(server: YouTube) -> None:
    talked_of(server, 5, thread(comment("c1", BASE + 60), comment("c1.r", BASE + 70, "we are sorry", parentId="c1")))
    read, _ = read_all(server)
    stored = [one for one in read if one.id in {"vid00000005", "vid00000006", "c1", "c1.r"}]
    assert len(stored) == 4
    server.videos[5]["snippet"]["title"] = "My Acme kettle, mended"
    server.hidden = {"vid00000006"}
    source = source_for(server)
    page = source.recheck([*stored, replace(stored[0], id="c9", kind="comment")])
    assert {one.id: one.title or one.text for one in page.present} == {
        "vid00000005": "My Acme kettle, mended",
        "c1": "the Acme lid leaks",
        "c1.r": "we are sorry",
    }
    assert (page.gone, page.requests) == (("vid00000006",), 2)
    server.fault("status", status=200, body='{"items": []}')
    assert source.recheck([one for one in stored if one.kind == "video"]).gone == ()
    source.close()


def test_answers_of_the_brand_are_found_in_the_threads_of_videos_and_comments(server: YouTube) -> None:
    answer = comment("c1.r", BASE + 70, "sorry", parentId="c1", authorDisplayName="@acme")
    video_id = talked_of(server, 5, thread(comment("c1", BASE + 60), answer))
    source = source_for(server)
    on_video = read_video(server.videos[5])
    on_comment = read_thread(server.threads[video_id][0], video_id)[0]
    assert isinstance(on_video, Mention)
    assert isinstance(on_comment, Mention)
    for asked, expected in (
        (on_video, ["c1", "c1.r"]),
        (on_comment, ["c1.r"]),
        (replace(on_comment, id="c1.r"), ["c1.r"]),
    ):
        page = source.replies([asked], ["acme"])
        assert [one.id for one in page.mentions] == expected
        assert {one.thread for one in page.mentions} == {asked.thread}
        assert page.mentions[-1].author == Author(id="UCbob", handle="acme", name="@acme")
        assert page.requests == 1
    page = source.replies([replace(on_comment, id="c9")], ["acme"])
    assert [skipped.id for skipped in page.skipped] == ["c9"]
    source.close()


@pytest.mark.parametrize(
    ("tree", "natives"),
    [
        (Or((Phrase("acme"), Phrase("acme tea"), Hashtag("acmetea"))), ['acme|"acme tea"|acmetea']),
        (And((Phrase("acme"), Phrase("kettle"), Not(Phrase("pie")))), ["acme kettle"]),
        (Or((Phrase("acme"), And((Phrase("tea"), Phrase("lid"))))), ["acme", "tea lid"]),
    ],
)
def test_single_terms_share_a_search(tree: Any, natives: list[str]) -> None:
    assert [resource.native for resource in YouTubeSource().plan([Query.of("Acme", tree)])] == natives


words = st.sampled_from(["acme", "tea", "apex", "caf\u00e9", "kettle"])
texts = st.builds(
    " ".join, st.lists(st.one_of(words, st.sampled_from(["#tea", "kettle's", "pie", "tea-acme"])), max_size=6)
)


@settings(max_examples=some(150))
@given(tree=askable_trees(terms(words)), title=texts, description=texts)
def test_what_matches_here_was_among_what_the_service_was_asked_for(tree: Any, title: str, description: str) -> None:
    item = video(1, BASE, title, description)
    mention = read_video(item)
    assert isinstance(mention, Mention)
    if evaluate(tree, mention) is not None:
        asked = YouTubeSource().plan([Query.of("Acme", tree)])
        assert any(service.fits(resource.native, item) for resource in asked)
