"""Posts and comments of Reddit become mentions, window by window, page by page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.api import Engagement, Mention, Page, Query, Resource, Skipped, Window
from listener.errors import UsageError
from listener.query import Or, Phrase
from listener.testing import check_source
from servers.reddit import CLIENT_ID, CLIENT_SECRET, Reddit, Thing, posts_every
from servers.web import Answer, Request, SimulatedServer
from sources.reddit import RedditOptions, RedditSource
from sources.reddit_items import read_thing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = Window(since=NOW - timedelta(days=1), until=NOW)
SEARCH = Resource(key="s", lane="search", native='/r/all/search "acme"', brand="Acme")
NEW = Resource(key="n", lane="new", native="/r/kettles/new")
COMMENTS = Resource(key="c", lane="comments", native="/r/kettles+teapots/comments")


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDDIT_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("REDDIT_CLIENT_SECRET", CLIENT_SECRET)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def source_for(server: SimulatedServer, **options: object) -> RedditSource:
    return RedditSource(RedditOptions(base_url=server.url, **options), now=lambda: NOW)


def read_all(source: RedditSource, resource: Resource, window: Window = DAY) -> list[Page]:
    pages = [source.fetch(resource, window, None)]
    while not pages[-1].exhausted:
        pages.append(source.fetch(resource, window, pages[-1].cursor))
    source.close()
    return pages


def only(server: SimulatedServer, resource: Resource = SEARCH, window: Window = DAY) -> Mention:
    (page,) = read_all(source_for(server), resource, window)
    (mention,) = page.mentions
    assert page.skipped == ()
    return mention


class TestFields:
    def test_a_post_comes_with_everything_reddit_tells(self) -> None:
        post = Thing(number=900, created_at=ago(hours=1), title="Acme <3", text="boils & *whistles*")
        with Reddit([post], now=NOW) as server:
            mention = only(server)
        assert (mention.source, mention.id, mention.kind) == ("reddit", "t3_p0", "post")
        assert (mention.title, mention.text) == ("Acme <3", "boils & *whistles*")
        assert mention.url == "https://www.reddit.com/r/kettles/comments/p0/a_post/"
        assert mention.published_at == ago(hours=1)
        assert mention.author is not None
        assert mention.author.handle == "jo_acme"
        assert (mention.author.id or "").startswith("t2_")
        assert mention.engagement == Engagement(likes=12, reposts=1, replies=4)
        assert (mention.thread, mention.reply_to, mention.repost_of) == ("t3_p0", None, None)
        assert (mention.links, mention.has_media, mention.edited_at, mention.language) == ((), False, None, None)
        assert mention.extra == {"subreddit": "kettles", "over_18": False}

    def test_a_comment_names_its_parent_and_its_post_and_not_the_posts_counters(self) -> None:
        comment = Thing(number=901, created_at=ago(hours=1), text="acme?", parent="t1_zz", link="t3_p0")
        with Reddit([comment], now=NOW) as server:
            mention = only(server, COMMENTS)
        assert (mention.id, mention.kind, mention.title) == ("t1_p1", "comment", None)
        assert (mention.reply_to, mention.thread) == ("t1_zz", "t3_p0")
        assert mention.url == "https://www.reddit.com/r/kettles/comments/p0/a_post/p1/"
        assert mention.engagement == Engagement(likes=12)

    def test_a_comment_without_its_address_gets_one_that_works(self) -> None:
        comment = Thing(
            number=901, created_at=ago(hours=1), text="acme?", parent="t3_p0", link="t3_p0", extra={"permalink": None}
        )
        with Reddit([comment], now=NOW) as server:
            assert only(server, COMMENTS).url == "https://www.reddit.com/comments/p0/_/p1/"

    def test_a_link_post_names_its_target_and_its_picture(self) -> None:
        link = Thing(
            number=900,
            created_at=ago(hours=1),
            title="acme",
            link="https://globex.example/a.png",
            extra={"post_hint": "image"},
        )
        with Reddit([link], now=NOW) as server:
            mention = only(server)
        assert (mention.links, mention.has_media) == (("https://globex.example/a.png",), True)

    def test_what_a_text_links_to_is_told_and_the_characters_it_names_are_there(self) -> None:
        text = "&#x200B;\n\nR&amp;D, see [this](https://globex.example/a_(b)) or https://initech.example/c\\_d. \\_Acme\\_Lid\\_\n\n&#x200B;"
        post = Thing(number=900, created_at=ago(hours=1), title="acme", text=text)
        with Reddit([post], now=NOW) as server:
            mention = only(server)
        assert mention.text == (
            "R&D, see [this](https://globex.example/a_(b)) or https://initech.example/c_d. \\_Acme_Lid\\_"
        )
        assert mention.links == ("https://globex.example/a_(b)", "https://initech.example/c_d")
        comment = Thing(number=901, created_at=ago(hours=1), text=f"acme: {text}", parent="t1_zz", link="t3_p0")
        with Reddit([comment], now=NOW) as server:
            assert only(server, COMMENTS).links == mention.links

    def test_a_crosspost_is_a_repost_with_the_words_of_its_original(self) -> None:
        extra = {"crosspost_parent": "t3_aa", "crosspost_parent_list": [{"name": "t3_aa", "selftext": "the story"}]}
        with Reddit([Thing(number=900, created_at=ago(hours=1), title="acme", extra=extra)], now=NOW) as server:
            mention = only(server)
        assert (mention.repost_of, mention.text) == ("t3_aa", "the story")

    def test_an_edit_has_its_time(self) -> None:
        edited = ago(minutes=5)
        extra = {"edited": edited.timestamp()}
        with Reddit([Thing(number=900, created_at=ago(hours=1), title="acme", extra=extra)], now=NOW) as server:
            assert only(server).edited_at == edited

    def test_the_text_of_an_account_that_is_gone_has_no_author(self) -> None:
        with Reddit([Thing(number=900, created_at=ago(hours=1), title="acme", author=None)], now=NOW) as server:
            assert only(server).author is None

    def test_a_removed_post_keeps_its_title_only(self) -> None:
        post = Thing(number=900, created_at=ago(hours=1), title="acme", text="[removed]")
        with Reddit([post], now=NOW) as server:
            mention = only(server)
        assert (mention.title, mention.text) == ("acme", "")

    @pytest.mark.parametrize("words", ["[deleted]", "[removed]", "[ Removed by Reddit ]"])
    def test_what_was_taken_away_is_no_mention(self, words: str) -> None:
        comment = Thing(number=901, created_at=ago(hours=1), text=words, parent="t3_p0")
        post = Thing(number=900, created_at=ago(hours=1), title="[deleted by user]", text=words)
        with Reddit([comment, post], now=NOW) as server:
            source = source_for(server)
            pages = [source.fetch(resource, DAY, None) for resource in (COMMENTS, NEW)]
            source.close()
        assert [page.mentions for page in pages] == [(), ()]
        assert [skipped.id for page in pages for skipped in page.skipped] == ["t1_p1", "t3_p0"]

    @pytest.mark.parametrize(
        ("extra", "likes"), [({"score": -4}, 0), ({"score_hidden": True}, None), ({"score": "9"}, 9)]
    )
    def test_a_score_is_never_below_zero_and_hidden_is_unknown(self, extra: dict, likes: int | None) -> None:
        with Reddit([Thing(number=900, created_at=ago(hours=1), title="acme", extra=extra)], now=NOW) as server:
            assert only(server).engagement.likes == likes

    def test_hostile_values_become_unknown_or_are_named(self) -> None:
        good = {
            "kind": "t3",
            "data": {"name": "t3_a1", "title": "acme\x00\ud800", "created_utc": ago(hours=1).timestamp()},
        }
        odd = good["data"] | {
            "author": None,
            "score": [],
            "edited": "x",
            "url": "javascript:1",
            "permalink": "//e.example",
        }
        things = [
            {"kind": "t3", "data": odd},
            {"kind": "t5", "data": {"name": "t5_x"}},
            {"kind": "t1", "data": {"name": "t1_x", "body": "acme", "created_utc": "soon"}},
            {"kind": ["t3"], "data": 4},
            "thing",
        ]
        with Fixed({"kind": "Listing", "data": {"after": None, "children": things}}) as server:
            source = source_for(server)
            page = source.fetch(SEARCH, DAY, None)
            source.close()
        (mention,) = page.mentions
        assert mention.title == "acme"
        assert (mention.author, mention.links, mention.edited_at, mention.engagement) == (None, (), None, Engagement())
        assert mention.url == "https://www.reddit.com/comments/a1/"
        assert len(page.skipped) == 4


class Fixed(SimulatedServer):
    """Grants access, and answers everything else with one body."""

    def __init__(self, body: object) -> None:
        super().__init__()
        self.body = body

    def route(self, request: Request) -> Answer:
        if request.path.endswith("access_token"):
            return Answer.json({"access_token": "simulated", "expires_in": 3600, "scope": "*"})
        return Answer.json(self.body)


FIELDS = [
    "author",
    "author_fullname",
    "body",
    "created_utc",
    "crosspost_parent",
    "crosspost_parent_list",
    "edited",
    "gallery_data",
    "id",
    "is_self",
    "is_video",
    "link_id",
    "media",
    "media_metadata",
    "name",
    "num_comments",
    "parent_id",
    "permalink",
    "post_hint",
    "score",
    "selftext",
    "subreddit",
    "title",
    "url",
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["t3_a1", "t1_b2", "[deleted]", "/r/a/", "https://acme.example", "9"])
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)


class TestAnyThing:
    @given(
        kind=st.sampled_from(["t1", "t3"]) | VALUES,
        data=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=12),
    )
    def test_it_is_a_mention_or_named_as_skipped(self, kind: object, data: dict) -> None:
        found = read_thing({"kind": kind, "data": data})
        if isinstance(found, Mention):
            assert found.title or found.text
            assert found.published_at is not None
            assert f"{found.title}{found.text}".encode()
        else:
            assert found.reason


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


class TestContract:
    def test_reddit_keeps_every_promise_of_a_source(self) -> None:
        comments = [
            Thing(number=5000 + n, created_at=ago(minutes=n), text=f"acme & co {n}", parent="t3_aa", author=None)
            for n in range(150)
        ]
        gone = [Thing(number=4000, created_at=ago(hours=1), text="[removed]", parent="t3_aa")]
        posts = posts_every(timedelta(minutes=5), 400, before=NOW)
        queries = [Query.of("Acme", Phrase("acme")), Query.of("Globex", Phrase("globex"))]
        with Reddit([*comments, *gone, *posts], now=NOW) as server:
            found = check_source(lambda: source_for(server, subreddits=("kettles",)), queries, DAY)
        assert len(found) == 2 * 288 + 149  # each post by search and by listing; one comment is of this very instant

    def test_reddit_says_how_far_it_went_within_its_promises(self) -> None:
        window = Window(since=ago(days=300), until=ago(hours=1))
        with Reddit(posts_every(timedelta(minutes=5), 1200, before=NOW), now=NOW) as server:
            found = check_source(lambda: source_for(server), [Query.of("Acme", Phrase("acme"))], window)
        assert len(found) == 1000 - 12  # the newest twelve are of a later window


class TestPlan:
    ACME = Query.of("Acme", Or((Phrase("acme"), Phrase("acme kettle"))), ("Acme",))
    GLOBEX = Query.of("Globex", Phrase("globex"), ("Globex",))

    def test_each_brand_is_searched_and_the_named_subreddits_are_read_for_all(self) -> None:
        source = RedditSource(RedditOptions(subreddits=("r/kettles", "Teapots", "kettles")))
        plan = source.plan([self.ACME, self.GLOBEX])
        assert [(r.lane, r.brand) for r in plan] == [
            ("search", "Acme"),
            ("search", "Globex"),
            ("new", None),
            ("comments", None),
        ]
        assert plan[0].native.startswith("/r/all/search ")
        assert plan[2].native == "/r/kettles+Teapots/new"
        assert len({r.key for r in plan}) == 4

    def test_a_plan_is_the_same_each_time_and_needs_no_credentials(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("REDDIT_CLIENT_ID")
        options = RedditOptions(subreddits=("kettles",), search_in="subreddits")
        plans = [RedditSource(options).plan([self.ACME]) for _ in range(2)]
        assert plans[0] == plans[1]
        assert plans[0][0].native.startswith("/r/kettles/search ")

    def test_another_place_is_another_resource_of_the_same_lane(self) -> None:
        first, second = (
            RedditSource(RedditOptions(subreddits=names)).plan([self.ACME]) for names in (("aa",), ("bb",))
        )
        assert [r.lane for r in first] == [r.lane for r in second]
        assert first[1].key != second[1].key

    def test_without_brands_nothing_is_read(self) -> None:
        assert RedditSource(RedditOptions(subreddits=("kettles",))).plan([]) == ()

    def test_what_is_planned_can_be_fetched(self) -> None:
        posts = [
            Thing(number=1, created_at=ago(hours=1), title="An Acme kettle"),
            Thing(number=2, created_at=ago(hours=2), title="Globex"),
        ]
        with Reddit(posts, now=NOW) as server:
            source = source_for(server)
            plan = source.plan([self.ACME, self.GLOBEX])
            found = [[m.title for m in source.fetch(resource, DAY, None).mentions] for resource in plan]
            source.close()
        assert found == [["An Acme kettle"], ["Globex"]]

    @pytest.mark.parametrize("names", [("a/b",), ("a",), ("kettles+teapots",), ("../etc",), ("x" * 30,)])
    def test_a_name_that_is_no_subreddit_is_refused(self, names: tuple[str, ...]) -> None:
        with pytest.raises(UsageError, match=r"sources\.reddit\.subreddits.*write NAME alone of reddit\.com/r/NAME"):
            RedditSource(RedditOptions(subreddits=names))

    def test_searching_in_no_subreddit_is_refused(self) -> None:
        with pytest.raises(UsageError, match="search_in"):
            RedditSource(RedditOptions(search_in="subreddits"))


class TestRecordedAnswers:
    """Recorded bodies, served whole to the real client; their words are not repeated here."""

    def test_every_recorded_post_and_comment_becomes_a_mention(self, shared: Path) -> None:
        listings = list(recorded_listings(shared / "recorded" / "reddit"))
        assert len(listings) >= 25
        window = Window(since=datetime(2005, 1, 1, tzinfo=UTC), until=NOW)
        for name, body, page in self.served(listings, window):
            children = body["data"]["children"]
            assert page.skipped == (), name
            assert page.exhausted == (not body["data"]["after"]), name
            expected = dict.fromkeys(child["data"].get("name") for child in children)
            assert [mention.id for mention in page.mentions] == list(expected), name
            for child, mention in zip(children, page.mentions, strict=True):
                check_mapping(child["kind"], child["data"], mention)

    def served(self, listings: list[tuple[str, dict]], window: Window) -> Iterator[tuple[str, dict, Page]]:
        with Fixed({}) as server:
            source = source_for(server)
            for name, body in listings:
                server.body = body
                yield name, body, source.fetch(NEW, window, None)
            source.close()


def recorded_listings(folder: Path) -> Iterator[tuple[str, dict]]:
    for path in sorted(folder.glob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(body, dict) and body.get("kind") == "Listing":
            kinds = {child["kind"] for child in body["data"]["children"]}
            if kinds and kinds <= {"t1", "t3"}:
                yield path.name, body


def check_mapping(kind: str, data: dict, mention: Mention) -> None:
    assert mention.published_at == datetime.fromtimestamp(data["created_utc"], UTC)
    assert (mention.author is None) == (data["author"] == "[deleted]")
    assert mention.author is None or mention.author.handle == data["author"]
    assert mention.url is not None
    assert mention.url.startswith("https://www.reddit.com/")
    assert mention.id[3:] in mention.url
    assert (mention.edited_at is None) == isinstance(data["edited"], bool)
    assert mention.engagement.likes == (None if data.get("score_hidden") else max(0, data["score"]))
    if kind == "t1":
        assert (mention.kind, mention.reply_to, mention.thread) == ("comment", data["parent_id"], data["link_id"])
        assert mention.text
    else:
        assert (mention.kind, mention.reply_to) == ("post", None)
        assert mention.title
        assert mention.engagement.replies == data["num_comments"]
        assert mention.repost_of == data.get("crosspost_parent")
        assert data["is_self"] or data["url"] == mention.url or data["url"] in mention.links


@pytest.mark.parametrize(("told", "kept"), [(True, {"over_18": True}), (False, {"over_18": False}), ("\udfff", {})])
def test_whether_a_post_is_for_adults_is_kept_where_it_is_told(told: object, kept: dict[str, bool]) -> None:
    post = {"name": "t3_abc", "title": "acme", "created_utc": 1_795_000_000, "subreddit": "kettles", "over_18": told}
    found = read_thing({"kind": "t3", "data": post})
    assert isinstance(found, Mention)
    assert found.extra == {"subreddit": "kettles", **kept}


def test_a_thing_whose_kind_is_no_word_is_skipped() -> None:
    assert read_thing({"kind": ["t3"], "data": {"name": "t3_abc", "title": "acme"}}) == Skipped(
        id="t3_abc", reason="neither a post nor a comment"
    )
