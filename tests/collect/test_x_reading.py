"""Posts of X become mentions, window by window, page by page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from listener.api import (
    Engagement,
    Mention,
    Page,
    Query,
    RejectedQueryError,
    Resource,
    Secret,
    UnexpectedAnswerError,
    Window,
)
from listener.query import And, Hashtag, Not, Or, Phrase
from listener.testing import check_source
from servers.web import Answer, Request, SimulatedServer
from servers.x import TOKEN, Post, X, id_at, number_of, time_of
from sources.x import XOptions, XSource
from sources.x_posts import published_of_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ACME = Resource(key="k", lane="search", native="acme", brand="Acme")
DAY = Window(since=NOW - timedelta(days=1), until=NOW - timedelta(seconds=30))


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)
    return TOKEN


def source_for(server: SimulatedServer, **options: object) -> XSource:
    return XSource(XOptions(base_url=server.url, **options), now=lambda: NOW)


def read_all(source: XSource, window: Window = DAY, resource: Resource = ACME) -> list[Page]:
    pages = [source.fetch(resource, window, None)]
    while not pages[-1].exhausted:
        pages.append(source.fetch(resource, window, pages[-1].cursor))
    return pages


def one(server: SimulatedServer, **options: object) -> Mention:
    source = source_for(server, **options)
    (mention,) = source.fetch(ACME, DAY, None).mentions
    source.close()
    return mention


@pytest.mark.usefixtures("token")
class TestFields:
    def test_a_post_comes_with_everything_x_tells(self) -> None:
        post = Post(
            text="Acme <3 & #kettles",
            created_at=ago(hours=1),
            extra={
                "geo": {"place_id": "de01"},
                "attachments": {"media_keys": ["3_1"]},
                "entities": {
                    "hashtags": [{"tag": "kettles"}],
                    "urls": [
                        {
                            "url": "https://t.co/a",
                            "expanded_url": "https://sho.rt/1",
                            "unwound_url": "https://acme.example/1",
                        },
                        {"url": "https://t.co/b", "expanded_url": "https://x.com/jo_acme/status/1/photo/1"},
                        {"url": "https://t.co/c", "expanded_url": "https://globex.example/"},
                    ],
                },
            },
        )
        with X([post], now=NOW) as server:
            mention = one(server)
        assert mention.id == post.id
        assert mention.source == "x"
        assert mention.text == "Acme <3 & #kettles"
        assert mention.published_at == time_of(post.id).replace(microsecond=0)
        assert mention.url == f"https://x.com/jo_acme/status/{post.id}"
        assert mention.author is not None
        assert (mention.author.id, mention.author.handle, mention.author.name) == (
            number_of("jo_acme"),
            "jo_acme",
            "Jo Acme",
        )
        assert (mention.author.followers, mention.author.verified) == (120, False)
        assert mention.engagement == Engagement(likes=21, reposts=7, replies=3, views=500)
        assert (mention.language, mention.place, mention.thread) == ("en", "DE", post.id)
        assert mention.hashtags == ("kettles",)
        assert mention.links == ("https://acme.example/1", "https://globex.example/")
        assert mention.has_media is True
        assert not mention.is_repost

    def test_a_repost_has_the_whole_text_of_its_original_and_no_counters_of_its_own(self) -> None:
        original = Post(text="Acme " + "kettle " * 40 + "#end", created_at=ago(days=2), author="acme_inc")
        repost = Post(text=f"RT @acme_inc: {original.text[:100]}…", created_at=ago(hours=1), retweets=original.id)
        with X([original, repost], now=NOW) as server:
            mention = one(server)
        assert mention.text == original.text
        assert mention.hashtags == ("end",)
        assert mention.repost_of == original.id
        assert mention.engagement == Engagement()
        assert mention.author is not None
        assert mention.author.handle == "jo_acme"

    def test_a_repost_of_something_gone_keeps_its_own_words(self) -> None:
        repost = Post(text="RT @globex: Acme is…", created_at=ago(hours=1), retweets="1500000000000000000")
        with X([repost], now=NOW) as server:
            mention = one(server)
        assert mention.text == "RT @globex: Acme is…"
        assert mention.repost_of == "1500000000000000000"

    def test_replies_and_quotes_name_what_they_answer_and_keep_their_counters(self) -> None:
        other = Post(text="Globex is here", created_at=ago(hours=3))
        post = Post(text="unlike Acme", created_at=ago(hours=1), replies_to=other.id, quotes=other.id)
        with X([other, post], now=NOW) as server:
            mention = one(server)
        assert (mention.reply_to, mention.quote_of, mention.repost_of) == (other.id, other.id, None)
        assert mention.thread == other.id
        assert mention.engagement.likes == 21

    def test_a_long_post_comes_whole(self) -> None:
        note = {"text": "Acme " + "word " * 100 + "&amp; done", "entities": {"hashtags": [{"tag": "last"}]}}
        with X([Post(text="Acme word…", created_at=ago(hours=1), extra={"note_tweet": note})], now=NOW) as server:
            mention = one(server)
        assert mention.text.endswith("& done")
        assert mention.hashtags == ("last",)

    def test_an_edited_post_is_the_same_mention_under_its_first_id(self) -> None:
        first = Post(text="Acme is fien", created_at=ago(hours=1, minutes=5))
        second = Post(text="Acme is fine", created_at=ago(hours=1), versions=(first.id,))
        reply = Post(text="@jo_acme Acme? really", created_at=ago(minutes=40), replies_to=second.id)
        with X([first, second, reply], now=NOW) as server:
            server.posts.remove(first)  # search knows the newest version only
            source = source_for(server)
            answer, edited = source.fetch(ACME, DAY, None).mentions
            source.close()
        assert (edited.id, edited.text) == (first.id, "Acme is fine")
        assert edited.published_at == time_of(first.id)
        assert edited.edited_at == time_of(second.id).replace(microsecond=0)
        assert edited.url == f"https://x.com/jo_acme/status/{second.id}"
        assert answer.reply_to == first.id

    def test_two_versions_in_one_answer_are_one_mention_in_its_newest_words(self) -> None:
        first = Post(text="Acme is fien", created_at=ago(hours=1, minutes=5))
        second = Post(text="Acme is fine", created_at=ago(hours=1), versions=(first.id,))
        with X([first, second], now=NOW) as server:
            assert one(server).text == "Acme is fine"

    def test_an_author_who_is_gone_leaves_an_id_and_a_link_that_works(self) -> None:
        post = Post(text="Acme", created_at=ago(hours=1), author_is_gone=True)
        with X([post], now=NOW) as server:
            mention = one(server)
        assert mention.url == f"https://x.com/i/web/status/{post.id}"
        assert mention.author is not None
        assert (mention.author.id, mention.author.handle) == (number_of("jo_acme"), None)

    def test_authors_are_asked_for_only_where_wanted(self) -> None:
        with X([Post(text="Acme", created_at=ago(hours=1))], now=NOW) as server:
            mention = one(server, expand_authors=False)
            asked = server.requests[0]
        assert "author_id" not in asked.param("expansions").split(",")
        assert "user.fields" not in asked.query
        assert mention.author is not None
        assert mention.author.handle is None

    @pytest.mark.parametrize(("claim", "tag"), [("iw", "he"), ("in", "id"), ("und", None), ("qme", None), ("pt", "pt")])
    def test_language_claims_become_current_tags(self, claim: str, tag: str | None) -> None:
        with X([Post(text="Acme", created_at=ago(hours=1), lang=claim)], now=NOW) as server:
            assert one(server).language == tag

    def test_what_cannot_be_read_is_named_and_the_rest_is_kept(self) -> None:
        good = {"id": id_at(ago(hours=1)), "text": "Acme"}
        body = {"data": [good, {"id": "5"}, {"text": "no id"}, 7], "meta": {"result_count": 4}}
        with Fixed(body) as server:
            source = source_for(server)
            page = source.fetch(ACME, DAY, None)
            source.close()
        assert [mention.text for mention in page.mentions] == ["Acme"]
        assert [skipped.id for skipped in page.skipped] == ["5", None, None]

    def test_hostile_values_become_unknown(self) -> None:
        post = {
            "id": id_at(ago(hours=1)),
            "text": "Acme\x00 \ud800",
            "author_id": {"a": 1},
            "created_at": "never",
            "lang": 5,
            "public_metrics": {"like_count": "many", "retweet_count": -1, "reply_count": True},
            "entities": {"urls": [{"expanded_url": "javascript:alert(1)"}, 3], "hashtags": "x"},
            "referenced_tweets": [None, {"type": ["retweeted"], "id": "1"}],
            "edit_history_tweet_ids": {},
            "attachments": [],
            "geo": "here",
        }
        with Fixed({"data": [post], "includes": {"users": 3, "tweets": [4]}, "meta": None}) as server:
            mention = one(server)
        assert mention.text.strip() == "Acme"
        assert mention.author is None
        assert mention.published_at == time_of(str(post["id"]))
        assert (mention.engagement, mention.links, mention.hashtags) == (Engagement(), (), ())


class Fixed(SimulatedServer):
    """Answers every request with one body."""

    def __init__(self, body: object) -> None:
        super().__init__()
        self.body = body

    def route(self, request: Request) -> Answer:
        return Answer.json(self.body)


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


@pytest.mark.usefixtures("token")
class TestRecordedAnswers:
    """Recorded bodies, served whole to the real client; their words are not repeated here."""

    def test_every_recorded_post_becomes_a_mention(self, shared: Path) -> None:
        bodies = list(recorded_pages(shared / "recorded" / "x"))
        assert len(bodies) >= 40
        for name, body, page in self.served(bodies, Window(since=datetime(2006, 1, 1, tzinfo=UTC), until=DAY.until)):
            posts = body["data"]
            assert page.skipped == (), name
            assert page.exhausted == ("next_token" not in body.get("meta", {})), name
            first_ids = dict.fromkeys(post.get("edit_history_tweet_ids", [post["id"]])[0] for post in posts)
            assert [mention.id for mention in page.mentions] == list(first_ids), name
            mapped = {mention.id: mention for mention in page.mentions}
            for post in posts:
                check_mapping(
                    post, mapped[post.get("edit_history_tweet_ids", [post["id"]])[0]], body.get("includes", {})
                )

    def served(self, bodies: list[tuple[str, dict]], window: Window) -> Iterator[tuple[str, dict, Page]]:
        with Fixed({}) as server:
            source = source_for(server)
            for name, body in bodies:
                server.body = body
                yield name, body, source.fetch(ACME, window, None)
            source.close()


def recorded_pages(folder: Path) -> Iterator[tuple[str, dict]]:
    for path in sorted(folder.glob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        data = body.get("data") if isinstance(body, dict) else None
        if isinstance(data, list) and data and all("text" in post for post in data):
            yield path.name, body


def check_mapping(post: dict, mention: Mention, includes: dict) -> None:
    kinds = {ref["type"]: ref["id"] for ref in post.get("referenced_tweets", [])}
    users = {user["id"]: user for user in includes.get("users", [])}
    included = {tweet["id"]: tweet for tweet in includes.get("tweets", [])}
    if "created_at" in post and mention.id == post["id"]:
        assert mention.published_at == datetime.fromisoformat(post["created_at"])
        written = published_of_id(post["id"]) or mention.published_at  # ids of before 2010-11 hold no time
        assert abs(written - mention.published_at) < timedelta(seconds=2)
    assert mention.published_at is not None
    assert mention.is_repost == ("retweeted" in kinds)
    assert (mention.reply_to is None) == ("replied_to" not in kinds)
    assert (mention.quote_of is None) == ("quoted" not in kinds)
    assert "&amp;" not in mention.text or "&amp;amp;" in post["text"]
    if mention.is_repost:
        assert mention.engagement == Engagement()
        assert kinds["retweeted"] not in included or len(mention.text) >= len(post["text"]) - 40
    elif "public_metrics" in post:
        assert mention.engagement.likes == post["public_metrics"]["like_count"]
    if post.get("author_id") in users:
        assert mention.author is not None
        assert mention.author.handle == users[post["author_id"]]["username"]
        assert mention.url == f"https://x.com/{mention.author.handle}/status/{post['id']}"
    if "lang" in post and post["lang"] in {"de", "en", "es"}:
        assert mention.language == post["lang"]


def test_secrets_are_read_when_used_so_a_new_token_needs_no_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    with X([Post(text="acme", created_at=ago(minutes=5))], now=NOW) as server:
        source = source_for(server, bearer_token=Secret(env="ACME_X"))
        monkeypatch.setenv("ACME_X", TOKEN)
        assert len(source.fetch(ACME, DAY, None).mentions) == 1
        source.close()
