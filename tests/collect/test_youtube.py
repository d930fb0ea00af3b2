"""YouTube is searched sparingly, its comments are read where a brand is named, and each refusal says what to do."""

from __future__ import annotations

import copy
import json
import random
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.api import (
    Author,
    CredentialsError,
    Engagement,
    ForbiddenError,
    Mention,
    Query,
    RateLimitedError,
    RejectedQueryError,
    Skipped,
    SourceError,
    UnavailableError,
    UnexpectedAnswerError,
    UsageCappedError,
    Window,
    from_epoch,
    to_epoch,
    utc_now,
)
from listener.config import load_config
from listener.query import And, Hashtag, Not, Or, Phrase
from listener.query.evaluate import evaluate
from listener.testing import check_source
from listener.wiring import retention_of
from query.expressions import askable_trees, terms
from running.site import NOW, Site
from servers import youtube as service
from servers.reading import drained, failure
from servers.youtube import KEY, YouTube, comment, refusal, thread, video
from sources.youtube import YouTubeOptions, YouTubeSource
from sources.youtube_items import read_thread, read_video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from listener.api import Page

BASE = 1_780_000_000
WINDOW = Window(since=from_epoch(BASE), until=from_epoch(BASE + 100_000))
ACME = Query.of("Acme", Phrase("acme"))


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUTUBE_API_KEY", KEY)


@pytest.fixture
def server() -> Iterator[YouTube]:
    with YouTube([video(n, BASE + 100 * n) for n in range(120)]) as running:
        yield running


def source_for(server: YouTube, **options: Any) -> YouTubeSource:
    return YouTubeSource(YouTubeOptions(base_url=server.url, **{"searches_a_day": 10_000, **options}))


def read_all(
    server: YouTube, query: Query = ACME, window: Window = WINDOW, **options: Any
) -> tuple[list[Mention], list[Page]]:
    with closing(source_for(server, **options)) as source:
        return drained(source, [query], window)


def talked_of(server: YouTube, number: int, *threads: dict[str, Any]) -> str:
    """Give a video comments; return its id."""
    item = server.videos[number]
    item["statistics"]["commentCount"] = str(len(threads))
    server.threads[item["id"]] = list(threads)
    return str(item["id"])


def test_youtube_keeps_the_promises_of_a_source(server: YouTube) -> None:
    server.videos.append(video(500, BASE + 77, "Globex: cafe\u0301 <b>x</b>", "a | b\r\nglobex tea\u202e"))
    talked_of(server, 3, *(thread(comment(f"c{n}", BASE + 5000 + n)) for n in range(130)))
    talked_of(server, 119, thread(comment("d1", BASE + 50_000), comment("d1.r", BASE + 50_001, parentId="d1")))
    queries = [ACME, Query.of("Globex", Or((Phrase("globex tea"), Phrase("globex"))))]
    found = check_source(lambda: source_for(server), queries, WINDOW)
    assert len({mention.id for mention in found}) == 121 + 130 + 2


def test_every_field_of_a_video_arrives() -> None:
    item = video(
        7,
        BASE + 7,
        "Acme & \u201cfriends\u201d",
        "Boils.\n\nSee https://acme.example/kettle, now",
        defaultAudioLanguage="hi",
        statistics={"viewCount": "1000", "likeCount": None, "commentCount": "3"},
    )
    assert read_video(item) == Mention(
        source="youtube",
        id="vid00000007",
        text="Boils.\n\nSee https://acme.example/kettle, now",
        title="Acme & \u201cfriends\u201d",
        published_at=from_epoch(BASE + 7),
        url="https://www.youtube.com/watch?v=vid00000007",
        kind="video",
        author=Author(id="UCada", name="Ada Boils"),
        language="hi",
        engagement=Engagement(likes=None, replies=3, views=1000),
        thread="vid00000007",
        links=("https://acme.example/kettle",),
        has_media=True,
    )


def test_every_field_of_a_comment_and_its_reply_arrives() -> None:
    top = comment("c1", BASE + 9, "lid <3 & more", updatedAt="2026-06-01T00:00:00Z")
    reply = comment("c1.r", BASE + 20, "same", parentId="c1", authorDisplayName="Old Name", authorChannelId=None)
    assert read_thread(thread(top, reply), "vid1") == (
        Mention(
            source="youtube",
            id="c1",
            text="lid <3 & more",
            published_at=from_epoch(BASE + 9),
            url="https://www.youtube.com/watch?v=vid1&lc=c1",
            kind="comment",
            author=Author(id="UCbob", handle="bob", name="@bob"),
            engagement=Engagement(likes=2, replies=1),
            reply_to="vid1",
            thread="vid1",
            edited_at=datetime(2026, 6, 1, tzinfo=UTC),
        ),
        Mention(
            source="youtube",
            id="c1.r",
            text="same",
            published_at=from_epoch(BASE + 20),
            url="https://www.youtube.com/watch?v=vid1&lc=c1.r",
            kind="comment",
            author=Author(name="Old Name"),
            engagement=Engagement(likes=2),
            reply_to="c1",
            thread="vid1",
        ),
    )


def recorded_items(shared: Path, *names: str) -> list[dict[str, Any]]:
    folder = shared / "recorded" / "youtube"
    return [item for name in names for item in json.loads((folder / f"{name}.json").read_text())["items"]]


def test_recorded_videos_become_mentions(shared: Path) -> None:
    items = recorded_items(
        shared, "videos_videos_chart_paged_1", "videos_videos_chart_paged_2", "videos_videos_info_single"
    )
    assert len(items) == 9
    for item in items:
        mention, snippet = read_video(item), item["snippet"]
        assert isinstance(mention, Mention)
        assert (mention.id, mention.kind) == (item["id"], "video")
        assert mention.published_at == datetime.fromisoformat(snippet["publishedAt"])
        assert (mention.title or "").split() == snippet["title"].split()
        assert mention.text.split() == snippet["description"].split()
        assert mention.author == Author(id=snippet["channelId"], name=snippet["channelTitle"])
        counts = item.get("statistics", {})
        assert [mention.engagement.views, mention.engagement.likes, mention.engagement.replies] == [
            int(counts[name]) if name in counts else None for name in ("viewCount", "likeCount", "commentCount")
        ]


def test_recorded_comments_become_mentions(shared: Path) -> None:
    names = [
        f"comment_threads_comment_threads_{name}"
        for name in ("by_video_paged_1", "by_video_paged_2", "multi", "by_channel")
    ]
    items = recorded_items(shared, *names)
    assert len(items) == 14
    for item in items:
        video_id = item["snippet"].get("videoId", "")
        top = item["snippet"]["topLevelComment"]
        mention = read_thread(item, video_id)[0]
        assert isinstance(mention, Mention)
        assert (mention.id, mention.thread) == (top["id"], video_id)
        assert mention.text.split() == top["snippet"]["textOriginal"].split()
        assert mention.published_at == datetime.fromisoformat(top["snippet"]["publishedAt"])
        assert mention.author is not None
        assert mention.author.id == top["snippet"]["authorChannelId"]["value"]
        assert mention.engagement == Engagement(
            likes=top["snippet"]["likeCount"], replies=item["snippet"]["totalReplyCount"]
        )


def test_recorded_searches_are_read_and_their_videos_looked_up(shared: Path, server: YouTube) -> None:
    pages = [
        json.loads((shared / "recorded" / "youtube" / f"search_search_by_keywords_p{n}.json").read_text())
        for n in (1, 2)
    ]
    ids = [item["id"]["videoId"] for page in pages for item in page["items"]]
    server.videos = [{**video(n, BASE + n), "id": native} for n, native in enumerate(dict.fromkeys(ids))]
    del pages[1]["nextPageToken"]
    for page in pages:
        server.fault("status", status=200, body=json.dumps(page), when=lambda request: request.path == "/search")
    mentions, read = read_all(server)
    assert {mention.id for mention in mentions} == set(ids)
    assert [page.items for page in read] == [25, 25]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({}, "no id"),
        ({"id": "v", "snippet": {}}, "no time"),
        ({"id": "v", "snippet": {"publishedAt": "soon"}}, "no time"),
    ],
)
def test_what_cannot_be_placed_is_counted(item: dict[str, Any], reason: str) -> None:
    read = [read_video(item), read_thread({"snippet": {"topLevelComment": item}}, "v")[0]]
    assert all(isinstance(one, Skipped) and reason in one.reason for one in read)


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


def test_comments_that_are_off_or_a_video_that_is_gone_are_no_failure(server: YouTube) -> None:
    off, gone, fine = (talked_of(server, n, thread(comment(f"c{n}", BASE + 90_000))) for n in (1, 2, 3))
    server.fault(
        "status",
        status=403,
        body=refusal(403, "commentsDisabled").body,
        when=lambda request: request.path == "/commentThreads" and request.param("videoId") == off,
    )
    server.fault(
        "status",
        status=404,
        body=refusal(404, "videoNotFound").body,
        when=lambda request: request.path == "/commentThreads" and request.param("videoId") == gone,
    )
    mentions, pages = read_all(server)
    assert [mention.thread for mention in mentions if mention.kind == "comment"] == [fine]
    skipped = {one.id: one.reason for page in pages for one in page.skipped}
    assert skipped == {off: "the comments of the video are turned off", gone: "the video is gone"}


def test_comments_are_left_out_where_they_are_not_wanted(server: YouTube) -> None:
    talked_of(server, 5, thread(comment("c", BASE + 90_000)))
    assert {mention.kind for mention in read_all(server, include_comments=False)[0]} == {"video"}


def test_a_page_token_that_is_no_longer_taken_costs_nothing_of_the_window(server: YouTube) -> None:
    server.fault(
        "status",
        status=400,
        body=refusal(400, "invalidPageToken").body,
        when=lambda request: bool(request.param("pageToken")),
    )
    assert len({mention.id for mention in read_all(server)[0]}) == 120


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


def test_the_days_quota_says_when_the_next_day_begins(server: YouTube) -> None:
    server.quota = 1
    with pytest.raises(UsageCappedError, match="quota is used up") as caught:
        read_all(server)
    until = caught.value.until
    assert until is not None
    assert timedelta() < until - utc_now() <= timedelta(days=1)
    assert until.hour in {7, 8}


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (refusal(400, "keyInvalid"), CredentialsError, "the API key is refused"),
        (refusal(403, "accessNotConfigured"), ForbiddenError, "not enabled in the key's project"),
        (refusal(403, "forbidden"), ForbiddenError, "may not be read"),
        (refusal(403, "quotaExceeded"), UsageCappedError, "quota is used up"),
        (refusal(403, "rateLimitExceeded"), RateLimitedError, "fewer requests"),
        (refusal(429, "x"), RateLimitedError, "fewer requests"),
        (refusal(400, "invalidSearchFilter", "no such filter"), RejectedQueryError, "the request is refused"),
        (refusal(400, "processingFailure"), UnavailableError, "could not do"),
        (refusal(503, "backendError"), UnavailableError, "down or overloaded"),
    ],
)
def test_each_refusal_is_told_apart(server: YouTube, answer: Any, error: type[SourceError], sentence: str) -> None:
    server.fault("status", times=3, status=answer.status, body=answer.body)
    with pytest.raises(error) as caught:
        read_all(server)
    assert type(caught.value) is error
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("youtube: ")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "error", "sentence"),
    [
        ({"kind": "reset"}, UnavailableError, "hung up"),
        ({"kind": "cut"}, UnavailableError, "cut short"),
        ({"kind": "truncated_json"}, UnavailableError, "cut short"),
        ({"kind": "html_instead_of_json"}, UnexpectedAnswerError, "web page"),
        (
            {"kind": "status", "status": 200, "body": '{"items": {}}'},
            UnexpectedAnswerError,
            "list of results is missing",
        ),
        ({"kind": "status", "status": 200, "body": "[]"}, UnexpectedAnswerError, "it is no object"),
    ],
)
def test_a_fault_is_its_error_in_one_sentence(
    server: YouTube, fault: dict[str, Any], error: type[SourceError], sentence: str
) -> None:
    server.fault(times=3, **fault)
    with closing(source_for(server)) as source:
        assert sentence in failure(source, error, [ACME], WINDOW)


def test_a_key_that_is_missing_or_wrong_is_named_by_its_variable(
    server: YouTube, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source_for(server)
    assert source.check() == "answers; the key is accepted"
    monkeypatch.setenv("YOUTUBE_API_KEY", "wrong-key")
    with pytest.raises(CredentialsError, match="API key is refused") as caught:
        source.check()
    assert "wrong-key" not in str(caught.value)
    monkeypatch.delenv("YOUTUBE_API_KEY")
    with pytest.raises(CredentialsError, match="YOUTUBE_API_KEY"):
        source.check()
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


@pytest.mark.parametrize("cursor", ["", "{}", "[1]", "null", '["a", 1, 2, 3, 4, 5, 6, 7]'])
def test_a_cursor_that_is_none_of_ours_is_refused(server: YouTube, cursor: str) -> None:
    source = source_for(server)
    with pytest.raises(UnexpectedAnswerError, match="cursor"):
        source.fetch(source.plan([ACME])[0], WINDOW, cursor)
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


@settings(max_examples=150, deadline=None)
@given(tree=askable_trees(terms(words)), title=texts, description=texts)
def test_what_matches_here_was_among_what_the_service_was_asked_for(tree: Any, title: str, description: str) -> None:
    item = video(1, BASE, title, description)
    mention = read_video(item)
    assert isinstance(mention, Mention)
    if evaluate(tree, mention) is not None:
        asked = YouTubeSource().plan([Query.of("Acme", tree)])
        assert any(service.fits(resource.native, item) for resource in asked)


def test_drifted_items_become_mentions_or_reasons_and_never_a_crash(server: YouTube) -> None:
    dice = random.Random(8)
    values = [None, 1, -3.5, "x", [], {}, True, 10**30, "\ud800"]
    source = source_for(server)
    resource = source.plan([ACME])[0]
    read = skipped = 0
    for _ in range(10):
        server.videos = [video(n, BASE + n, statistics={"commentCount": "2"}) for n in range(40)]
        drifted = json.loads(json.dumps(server.videos))
        for item in drifted:
            for _ in range(2):
                target = dice.choice([part for part in (item, *item.values()) if isinstance(part, dict)])
                target[dice.choice([*target, "more"])] = copy.deepcopy(dice.choice(values))
        threads: list[Any] = [thread(comment(f"c{n}", BASE + n), comment(f"r{n}", BASE + n)) for n in range(20)]
        for item in threads:
            for name in dice.sample([*item, "more"], 1):
                item[name] = copy.deepcopy(dice.choice(values))
            told = item["snippet"] if isinstance(item["snippet"], dict) else {}
            top = told.get("topLevelComment", {}).get("snippet", {})
            top[dice.choice([*top, "more"])] = copy.deepcopy(dice.choice(values))
        for path, items in (("/videos", drifted), ("/commentThreads", [*threads, None])):
            body = json.dumps({"items": items})
            server.fault("status", status=200, body=body, when=lambda request, path=path: request.path == path)
        page = source.fetch(resource, WINDOW, None)
        onward = source.fetch(resource, WINDOW, page.cursor)
        read += len(page.mentions) + len(onward.mentions)
        skipped += len(page.skipped) + len(onward.skipped)
    source.close()
    assert read > 200
    assert skipped > 20


def table(server: YouTube) -> str:
    return f'[sources.youtube]\nbase_url = "{server.url}"\n'


def ago(**span: float) -> int:
    return to_epoch(NOW - timedelta(**span))


def test_first_run_and_catching_up_after_two_days(tmp_path: Path) -> None:
    with YouTube([video(1, ago(hours=3)), video(2, ago(days=3))]) as server:
        talked_of(server, 0, thread(comment("c1", ago(hours=1))), thread(comment("c2", ago(hours=1), "nothing of it")))
        site = Site(tmp_path, table(server))
        assert site.collect().rows()["youtube"]["new"] == 2
        server.videos += [video(10 + n, ago(hours=-n)) for n in range(47)]
        talked_of(server, 0, thread(comment("c3", ago(hours=-30))))
        assert site.collect(now=NOW + timedelta(days=2)).rows()["youtube"]["new"] == 48
        assert {state for (state,) in site.rows("SELECT state FROM windows")} == {"drained"}
        kinds = site.rows("SELECT kind, count(*) FROM mentions GROUP BY kind ORDER BY kind")
        assert kinds == [("comment", 2), ("video", 48)]


def test_the_quota_lets_the_window_wait_and_the_next_day_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with YouTube([video(n, ago(minutes=10 + 5 * n)) for n in range(130)], quota=2) as server:
        site = Site(tmp_path, table(server))
        ended = site.collect()
        assert (ended.code, ended.rows()["youtube"]["state"], ended.rows()["youtube"]["new"]) == (3, "capped", 100)
        assert site.rows("SELECT state FROM windows") == [("budget",)]
        assert site.rows("SELECT retry_at > ? FROM source_states", to_epoch(utc_now())) == [(1,)]
        server.quota = 100
        assert site.collect().rows()["youtube"]["new"] == 30
        assert server.searches == 2 + 1  # both brands share a search


def test_a_wrong_key_is_told_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with YouTube([video(1, ago(hours=3))]) as server:
        site = Site(tmp_path, table(server))
        with monkeypatch.context() as patch:
            patch.setenv("YOUTUBE_API_KEY", "a-wrong-key")
            ended = site.collect()
            assert (ended.code, ended.rows()["youtube"]["state"]) == (3, "wrong_key")
            assert "a-wrong-key" not in ended.out + ended.err
        assert site.collect().rows()["youtube"]["new"] == 1


@pytest.mark.parametrize(
    ("listener", "own", "days"),
    [("", "", 30), ('retention = "7d"', "", 7), ('retention = "90d"', "", 30), ("", '"60d"', 60)],
)
def test_texts_are_kept_for_thirty_days_at_most_unless_the_file_says_otherwise(
    tmp_path: Path, listener: str, own: str, days: int
) -> None:
    file = tmp_path / "config.toml"
    written = f"[listener]\n{listener}\n[[brands]]\nname = 'Acme'\n[sources.youtube]\n"
    file.write_text(written + (f"retention = {own}\n" if own else "") + "[sources.hackernews]\n")
    retention = retention_of(load_config(file))
    assert retention.by_source == {"youtube": timedelta(days=days)}
