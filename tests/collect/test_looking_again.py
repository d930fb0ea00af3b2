"""Sources that look again tell what was edited, what is gone and what they do not know, each through its own client."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listener.api import (
    Author,
    Engagement,
    Mention,
    RecheckPage,
    Rechecks,
    SourceError,
    UnavailableError,
    UnexpectedAnswerError,
    Window,
    from_epoch,
    utc_now,
)
from listener.query.build import build_query
from servers import reddit as reddit_server
from servers import x as x_server
from servers.appview import AppView, profile
from servers.discourse import Discourse
from servers.github import GitHub
from servers.hackernews import HackerNews, comment, story
from servers.jetstream import found
from servers.lemmy import Lemmy
from servers.lemmy import comment as lemmy_comment
from servers.lemmy import post as lemmy_post
from servers.mastodon import Instance, account, status
from servers.reddit import Reddit, Thing
from servers.stackexchange import StackExchange
from servers.x import Post, X
from sources.bluesky import BlueskyOptions, BlueskySource
from sources.discourse import DiscourseOptions, DiscourseSource
from sources.github import GitHubOptions, GitHubSource
from sources.hackernews import HackerNewsOptions, HackerNewsSource
from sources.lemmy import LemmyOptions, LemmySource
from sources.mastodon import MastodonOptions, MastodonSource
from sources.reddit import RedditOptions, RedditSource
from sources.stackexchange import StackExchangeOptions, StackExchangeSource
from sources.web import Client
from sources.x import XOptions, XSource
from thoroughness import some

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers.web import SimulatedServer

NOW = utc_now().replace(microsecond=0)
BASE = 1_780_000_000
QUERIES = [build_query(brand="Acme", keywords=["acme"])]
WINDOW = Window(since=from_epoch(BASE), until=from_epoch(BASE + 10_000))


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_BEARER_TOKEN", x_server.TOKEN)
    monkeypatch.setenv("REDDIT_CLIENT_ID", reddit_server.CLIENT_ID)
    monkeypatch.setenv("REDDIT_CLIENT_SECRET", reddit_server.CLIENT_SECRET)


def stored(source: str, native: str, text: str = "as it was", **fields: object) -> Mention:
    return Mention(source=source, id=native, text=text, published_at=NOW, **fields)


# X


def x_post(minutes: int, text: str = "I like my acme", **fields: object) -> Post:
    return Post(text=text, created_at=NOW - timedelta(minutes=minutes), **fields)


def look_at_x(server: X, posts: list[Post]) -> RecheckPage:
    source = XSource(XOptions(base_url=server.url))
    mentions = [stored("x", (*post.versions, post.id)[0], repost_of=post.retweets) for post in posts]
    page = source.recheck(mentions)
    source.close()
    return page


def test_x_tells_what_is_there_with_its_counters_and_what_is_gone() -> None:
    posts = [x_post(5), x_post(6), x_post(7), x_post(8, author_is_gone=True)]
    with X([posts[0], posts[2]], now=NOW) as server:
        server.withheld.add(posts[2].id)
        page = look_at_x(server, posts[:3])
        assert [(one.id, one.text, one.engagement.likes) for one in page.present] == [
            (posts[0].id, "I like my acme", 21)
        ]
        assert set(page.gone) == {posts[1].id, posts[2].id}
        assert (page.requests, page.items) == (1, 1)
        assert server.requests[0].query.get("expansions") is None


def test_an_edited_post_of_x_is_read_in_its_newest_version_under_the_id_of_its_first() -> None:
    first = x_post(9, "I hate my acme")
    second = x_post(5, "I love my acme", versions=(first.id,))
    older = replace(first, extra={"edit_history_tweet_ids": [first.id, second.id]})
    with X([older, second], now=NOW) as server:
        page = look_at_x(server, [first])
    assert [(one.id, one.text) for one in page.present] == [(first.id, "I love my acme")]
    assert page.present[0].edited_at is not None
    assert (page.gone, page.requests) == ((), 2)


def test_a_repost_of_x_goes_with_what_it_reposts() -> None:
    original = x_post(60, "the whole of acme is good", author="ann")
    there = x_post(5, "RT @ann: the whole …", retweets=original.id)
    with X([original, there], now=NOW) as server:
        page = look_at_x(server, [there])
        assert [(one.id, one.text) for one in page.present] == [(there.id, "the whole of acme is good")]
        assert page.items == 2
    with X([there], now=NOW) as server:
        page = look_at_x(server, [there])
        assert (page.present, page.gone) == ((), (there.id,))


def test_an_error_of_x_about_something_else_deletes_nothing() -> None:
    post = x_post(5)
    with X([], now=NOW) as server:
        told = {"value": post.id, "resource_id": post.id, "parameter": "ids", "resource_type": "tweet"}
        body = {
            "errors": [told | {"title": "Disallowed Resource", "type": "https://api.twitter.com/2/problems/disallowed"}]
        }
        server.fault("status", status=200, body=json.dumps(body), headers={"Content-Type": "application/json"})
        page = look_at_x(server, [post])
    assert (page.present, page.gone) == ((), ())


# Reddit


def test_reddit_tells_removed_deleted_and_unsigned_things_from_those_it_leaves_out() -> None:
    things = [
        Thing(number=10, created_at=NOW, title="Acme", text="it is good now"),
        Thing(number=11, created_at=NOW, title="Acme", text="[removed]", extra={"removed_by_category": "moderator"}),
        Thing(number=12, created_at=NOW, title="Acme", text="[deleted]", author=None),
        Thing(number=13, created_at=NOW, parent="t3_a", text="[deleted]", author=None),
        Thing(number=14, created_at=NOW, parent="t3_a", text="acme lives on", author=None),
        Thing(
            number=15,
            created_at=NOW,
            title="Acme",
            link="https://example.org/",
            extra={"removed_by_category": "moderator"},
        ),
    ]
    hidden = Thing(number=16, created_at=NOW, title="Acme")
    with Reddit(things, now=NOW) as server:
        source = RedditSource(RedditOptions(base_url=server.url))
        page = source.recheck([stored("reddit", thing.name) for thing in [*things, hidden]])
        source.close()
    assert {one.id: one.text for one in page.present} == {
        things[0].name: "it is good now",
        things[4].name: "acme lives on",
    }
    assert set(page.gone) == {things[number].name for number in (1, 2, 3, 5)}
    assert things[4].name in page.unsigned
    assert hidden.name not in page.gone
    assert page.items == 6


# Bluesky


def uri(number: int) -> str:
    return f"at://did:plc:ada/app.bsky.feed.post/3k{number}"


def look_at_bluesky(
    posts: list[dict[str, object]], profiles: list[dict[str, object]], *numbers: int, age: timedelta = timedelta(days=1)
) -> RecheckPage:
    with AppView(posts, profiles) as server:
        source = BlueskySource(BlueskyOptions(appview_url=server.url), now=lambda: NOW + age)
        page = source.recheck([stored("bluesky", uri(number), author=Author(id="did:plc:ada")) for number in numbers])
        source.close()
        assert page.requests == len(server.requests) == 2
    return page


def test_bluesky_brings_handle_name_followers_and_counters() -> None:
    page = look_at_bluesky([found(1, BASE)], [profile("did:plc:ada", verification={"verifiedStatus": "valid"})], 1)
    (one,) = page.present
    assert one.author == Author(id="did:plc:ada", handle="ada.example", name="Ada", followers=42, verified=True)
    assert one.engagement == Engagement(likes=3, reposts=2, replies=1)


def test_a_post_that_bluesky_leaves_out_is_gone() -> None:
    page = look_at_bluesky([found(1, BASE)], [profile("did:plc:ada")], 1, 2)
    assert ([one.id for one in page.present], page.gone) == ([uri(1)], (uri(2),))
    assert look_at_bluesky([], [profile("did:plc:ada")], 2).gone == (uri(2),)


def test_a_post_that_bluesky_cannot_show_yet_is_not_taken_for_deleted() -> None:
    page = look_at_bluesky([found(1, BASE)], [profile("did:plc:ada")], 1, 2, age=timedelta(hours=1))
    assert ([one.id for one in page.present], page.gone) == ([uri(1)], ())


def test_a_server_that_knows_nothing_at_all_has_deleted_nothing() -> None:
    assert look_at_bluesky([], [], 1, 2).gone == ()


@pytest.mark.parametrize("where", ["post", "author", "profile"])
def test_an_author_who_asks_not_to_be_shown_without_account_is_not_kept(where: str) -> None:
    wish = [{"val": "!no-unauthenticated"}]
    post = found(1, BASE)
    if where == "post":
        post["labels"] = wish
    if where == "author":
        post["author"]["labels"] = wish
    page = look_at_bluesky([post], [profile("did:plc:ada", labels=wish if where == "profile" else [])], 1)
    assert (page.present, page.gone) == ((), (uri(1),))


# Hacker News


def test_hackernews_tells_deleted_and_dead_items_and_reads_the_others_as_the_search_does() -> None:
    items = [
        story(1, BASE, "Ask HN: acme?", text="Is <i>acme</i> good?<p>I ask"),
        comment(2, BASE, "it&#x27;s good", points=None),
        story(3, BASE, "Acme"),
        comment(4, BASE, "acme"),
    ]
    with HackerNews(items) as server:
        server.taken = {"3": "deleted", "4": "dead"}
        source = HackerNewsSource(HackerNewsOptions(base_url=server.url, items_url=server.url))
        (resource,) = source.plan(QUERIES)
        by_search = {one.id: one for one in source.fetch(resource, WINDOW, None).mentions}
        page = source.recheck([stored("hackernews", str(number)) for number in (1, 2, 3, 4, 5)])
        source.close()
    assert page.gone == ("3", "4")
    assert [one.id for one in page.present] == ["1", "2"]
    assert page.requests == 5
    for one in page.present:
        if one.id in by_search:
            assert (one.text, one.title, one.author) == (
                by_search[one.id].text,
                by_search[one.id].title,
                by_search[one.id].author,
            )
    assert "1" in by_search


# Mastodon and Lemmy


def mastodon_stored(one: dict[str, object], host: str = "127.0.0.1") -> Mention:
    return stored("mastodon", str(one["uri"]), extra={"local": f"{host}:{one['id']}"})


def test_mastodon_tells_edited_unwilling_and_gone_statuses() -> None:
    statuses = [
        status(1, BASE, "My #acme is good now", edited_at="2026-06-01T00:00:00Z"),
        status(2, BASE, account=account(indexable=False)),
        status(3, BASE),
    ]
    with Instance(statuses[:2]) as server:
        source = MastodonSource(MastodonOptions(instances=(server.url,)))
        elsewhere = mastodon_stored(status(4, BASE), host="other.example")
        page = source.recheck([*map(mastodon_stored, statuses), elsewhere, stored("mastodon", "https://old.example/1")])
        source.close()
    assert [(one.id, one.text) for one in page.present] == [(statuses[0]["uri"], "My #acme is good now")]
    assert page.gone == (statuses[1]["uri"], statuses[2]["uri"])
    assert page.requests == 3


@pytest.mark.parametrize(
    ("code", "body"), [(404, "<html>Not Found</html>"), (410, ""), (401, '{"error": "login"}'), (404, "[]")]
)
def test_a_page_of_some_server_before_the_instance_deletes_nothing(code: int, body: str) -> None:
    with Instance([]) as server:
        source = MastodonSource(MastodonOptions(instances=(server.url,)))
        server.fault("status", status=code, body=body)
        with pytest.raises(SourceError):
            source.recheck([mastodon_stored(status(1, BASE))])
        source.close()


@pytest.mark.parametrize("missing", [404, 400])
def test_lemmy_tells_deleted_removed_and_missing_items(missing: int) -> None:
    views = [
        lemmy_post(1, BASE, body="good now"),
        lemmy_post(2, BASE, deleted=True),
        lemmy_comment(3, BASE, removed=True),
        lemmy_comment(4, BASE, "still here"),
    ]
    with Lemmy(views) as server:
        server.missing_status = missing
        source = LemmySource(LemmyOptions(instances=(server.url,)))
        asked = [
            stored("lemmy", f"https://home.example/{kind}/{number}", kind=kind, extra={"local": f"127.0.0.1:{number}"})
            for number, kind in ((1, "post"), (2, "post"), (3, "comment"), (4, "comment"), (5, "comment"))
        ]
        page = source.recheck(asked)
        source.close()
    assert [(one.id, one.text) for one in page.present] == [(asked[0].id, "good now"), (asked[3].id, "still here")]
    assert page.gone == (asked[1].id, asked[2].id, asked[4].id)


def test_an_instance_without_the_api_deletes_nothing() -> None:
    with Lemmy([]) as server:
        source = LemmySource(LemmyOptions(instances=(server.url,)))
        server.fault("status", times=9, status=404, body='{"error": "not_found"}')
        with pytest.raises(SourceError):
            source.recheck([stored("lemmy", "https://home.example/post/1", extra={"local": "127.0.0.1:1"})])
        source.close()


# every one of them


def opened(name: str) -> tuple[SimulatedServer, Callable[[str], Rechecks], Mention]:
    made: dict[str, tuple[SimulatedServer, Callable[[str], Rechecks], Mention]] = {
        "x": (X([], now=NOW), lambda url: XSource(XOptions(base_url=url)), stored("x", "1780000000000000000")),
        "reddit": (
            Reddit([], now=NOW),
            lambda url: RedditSource(RedditOptions(base_url=url)),
            stored("reddit", "t3_abc"),
        ),
        "bluesky": (
            AppView([], []),
            lambda url: BlueskySource(BlueskyOptions(appview_url=url)),
            stored("bluesky", uri(1), author=Author(id="did:plc:ada")),
        ),
        "hackernews": (
            HackerNews([]),
            lambda url: HackerNewsSource(HackerNewsOptions(base_url=url, items_url=url)),
            stored("hackernews", "1"),
        ),
        "mastodon": (
            Instance([]),
            lambda url: MastodonSource(MastodonOptions(instances=(url,))),
            mastodon_stored(status(1, BASE)),
        ),
        "lemmy": (
            Lemmy([]),
            lambda url: LemmySource(LemmyOptions(instances=(url,))),
            stored("lemmy", "https://home.example/post/1", extra={"local": "127.0.0.1:1"}),
        ),
        "stackexchange": (
            StackExchange([]),
            lambda url: StackExchangeSource(StackExchangeOptions(base_url=url)),
            stored("stackexchange", "stackoverflow.com/q/1"),
        ),
        "github": (
            GitHub([]),
            lambda url: GitHubSource(GitHubOptions(base_url=url)),
            stored("github", "issue/1", url="https://github.com/acme/kettle/issues/1"),
        ),
        "discourse": (
            Discourse([]),
            lambda url: DiscourseSource(DiscourseOptions(instances=(url,))),
            stored("discourse", "HOST/p/1"),
        ),
    }
    return made[name]


def at_home(mention: Mention, server: SimulatedServer) -> Mention:
    """Return a mention of the server itself, where ids name their host."""
    return replace(mention, id=mention.id.replace("HOST", server.url.removeprefix("http://")))


NAMES = ("x", "reddit", "bluesky", "hackernews", "mastodon", "lemmy", "stackexchange", "github", "discourse")
FAULTS = (
    ("status", {"status": 500}),
    ("status", {"status": 429}),
    ("status", {"status": 403}),
    ("status", {"status": 200, "body": "{}"}),
    ("status", {"status": 200, "body": "null"}),
    ("status", {"status": 200, "body": "[]"}),
    ("status", {"status": 200, "body": '{"data": 5, "posts": 5, "profiles": {}, "error": "x"}'}),
    ("html_instead_of_json", {}),
    ("truncated_json", {}),
    ("reset", {}),
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("kind", "details"), FAULTS)
def test_whatever_else_a_service_says_deletes_nothing(
    name: str, kind: str, details: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "_sleep", lambda *_: None)
    server, make, mention = opened(name)
    with server:
        if name == "reddit":
            server.fault(kind, times=99, when=lambda request: request.path == "/api/info", **details)
        else:
            server.fault(kind, times=99, **details)
        source = make(server.url)
        try:
            page = source.recheck([at_home(mention, server)])
        except (SourceError, UnavailableError, UnexpectedAnswerError):
            return
        finally:
            source.close()
    assert (page.gone, page.present, page.unsigned) == ((), (), ())


KEYS = [
    "data",
    "errors",
    "resource_id",
    "value",
    "parameter",
    "type",
    "id",
    "text",
    "edit_history_tweet_ids",
    "referenced_tweets",
    "children",
    "kind",
    "name",
    "body",
    "selftext",
    "author",
    "removed_by_category",
    "created_utc",
    "posts",
    "profiles",
    "uri",
    "did",
    "record",
    "labels",
    "val",
    "deleted",
    "dead",
    "time",
    "by",
    "content",
    "account",
    "created_at",
    "visibility",
    "reblog",
    "post_view",
    "comment_view",
    "post",
    "comment",
    "ap_id",
    "published",
    "removed",
    "counts",
]
WORDS = ("ids", "1", "x", "t3_abc", uri(1), "did:plc:ada", "[deleted]", "Listing", "comment", "2026-01-01T00:00:00Z")
LEAVES = (
    st.none() | st.booleans() | st.integers(-3, 10**19) | st.floats() | st.sampled_from(WORDS) | st.text(max_size=9)
)
ANSWERS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=some(60), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(answer=ANSWERS)
def test_any_answer_is_a_reading_or_a_failure_that_is_declared(
    name: str, answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "_sleep", lambda *_: None)
    server, make, mention = opened(name)
    with server:
        server.fault(
            "status",
            times=99,
            when=lambda request: not request.path.endswith("access_token"),
            status=200,
            body=json.dumps(answer),
            headers={"Content-Type": "application/json"},
        )
        source = make(server.url)
        with contextlib.suppress(SourceError):
            mention = at_home(mention, server)
            page = source.recheck([mention])
            assert {*page.gone, *page.unsigned, *(one.id for one in page.present)} <= {mention.id}
            assert not {*page.gone} & {one.id for one in page.present}
        source.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_full_batch_takes_no_more_requests_than_are_reserved_for_it(name: str) -> None:
    server, make, mention = opened(name)
    with server:
        source = make(server.url)
        assert isinstance(source, Rechecks)
        facts = source.recheck_facts
        mention = at_home(mention, server)
        batch = [
            replace(mention, id=f"{mention.id}{number}" if name != "x" else str(10**18 + number))
            for number in range(facts.batch)
        ]
        page = source.recheck(batch)
        source.close()
        access = sum(request.path.endswith("access_token") for request in server.requests)
    assert 0 < page.requests - access <= facts.requests_a_batch
