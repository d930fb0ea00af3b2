"""Sources that read threads bring what a brand's own accounts replied, each through its own client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from listener.api import (
    Mention,
    NotFoundError,
    Page,
    RateLimitedError,
    ReadsThreads,
    Source,
    SourceError,
    UnexpectedAnswerError,
    from_epoch,
    utc_now,
)
from listener.pipeline.answers import own_replies
from servers import reddit as reddit_server
from servers import x as x_server
from servers.appview import AppView
from servers.hackernews import HackerNews, comment, story
from servers.jetstream import found
from servers.lemmy import Lemmy, creator
from servers.lemmy import comment as lemmy_comment
from servers.lemmy import post as lemmy_post
from servers.mastodon import Instance, account, status
from servers.reddit import Reddit, Thing
from servers.web import SimulatedServer
from servers.x import Post, X
from sources.bluesky import BlueskyOptions, BlueskySource
from sources.hackernews import HackerNewsOptions, HackerNewsSource
from sources.lemmy import LemmyOptions, LemmySource, read_view
from sources.mastodon import MastodonOptions, MastodonSource
from sources.mastodon_statuses import read_status
from sources.reddit import RedditOptions, RedditSource
from sources.x import XOptions, XSource
from sources.x_threads import conversations_query

NOW = utc_now().replace(microsecond=0)
ASKED_AT = NOW - timedelta(hours=3)
AT = int(ASKED_AT.timestamp())
ANSWERED_AT = ASKED_AT + timedelta(hours=1)

Case = tuple[Source, SimulatedServer, list[Mention], tuple[str, ...]]


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_BEARER_TOKEN", x_server.TOKEN)
    monkeypatch.setenv("REDDIT_CLIENT_ID", reddit_server.CLIENT_ID)
    monkeypatch.setenv("REDDIT_CLIENT_SECRET", reddit_server.CLIENT_SECRET)


@contextmanager
def hackernews() -> Iterator[Case]:
    own = {"_tags": ["comment", "author_acme_help", "story_1"], "author": "acme_help"}
    items = [
        story(1, AT, "Acme leaks"),
        comment(2, AT + 60, "Yes it does"),
        comment(3, AT + 3600, "Write to us", **own),
        comment(
            4, AT + 3600, "elsewhere", story_id=9, author="acme_help", _tags=["comment", "author_acme_help", "story_9"]
        ),
    ]
    with HackerNews(items) as server:
        asked = [mention("hackernews", "1", thread="1"), mention("hackernews", "77", thread="7")]
        source = HackerNewsSource(HackerNewsOptions(base_url=server.url))
        yield source, server, asked, ("acme_help", "no name at all", "acme.example")


@contextmanager
def lemmy() -> Iterator[Case]:
    answer = lemmy_comment(8, AT + 3600, "Write to us", path="0.5.8")
    answer["creator"] = creator("acme_help")
    views = [lemmy_post(1, AT), lemmy_comment(5, AT + 60), answer]
    with Lemmy(views) as server:
        read = read_view(views[1], "127.0.0.1")
        assert isinstance(read, Mention)
        yield LemmySource(LemmyOptions(instances=(server.url,))), server, [read], ("acme_help@home.example",)


@contextmanager
def mastodon() -> Iterator[Case]:
    first = status(1, AT)
    second = status(2, AT + 60, "True", in_reply_to_id=first["id"], account=account("bob"))
    unlisted = account("acme_help@acme.example", indexable=False, discoverable=False)
    own = status(3, AT + 3600, "Write to us", in_reply_to_id=second["id"], account=unlisted)
    with Instance([first, second, own]) as server:
        read = read_status(first, "127.0.0.1")
        assert isinstance(read, Mention)
        source = MastodonSource(MastodonOptions(instances=(server.url,)))
        yield source, server, [read], ("acme_help@acme.example",)


@contextmanager
def bluesky() -> Iterator[Case]:
    first = found(1, AT)
    reply = {"parent": {"uri": first["uri"]}, "root": {"uri": first["uri"]}}
    second = found(2, AT + 60, "True")
    second["record"]["reply"] = reply
    own = found(3, AT + 3600, "Write to us", author={"did": "did:plc:own", "handle": "acme.example"})
    own["record"]["reply"] = {"parent": {"uri": second["uri"]}, "root": {"uri": first["uri"]}}
    with AppView([first, second, own], []) as server:
        source = BlueskySource(BlueskyOptions(appview_url=server.url))
        yield source, server, [mention("bluesky", str(second["uri"]), thread=str(first["uri"]))], ("acme.example",)


@contextmanager
def reddit() -> Iterator[Case]:
    things = [
        Thing(number=1, created_at=ASKED_AT, title="Acme leaks"),
        Thing(number=5, created_at=ANSWERED_AT, text="Write to us", author="Acme_Help", parent="t1_zz", link="t3_1"),
        Thing(number=6, created_at=ANSWERED_AT, text="Elsewhere", author="Acme_Help", parent="t3_9", link="t3_9"),
    ]
    with Reddit(things, now=NOW) as server:
        source = RedditSource(RedditOptions(base_url=server.url), now=lambda: NOW)
        asked = [mention("reddit", "t3_1", thread="t3_1"), mention("reddit", "t3_2", thread="t3_2")]
        yield source, server, asked, ("acme_help", "nobody_here", "acme.example")


@contextmanager
def x() -> Iterator[Case]:
    asked = Post(text="Acme leaks", created_at=ASKED_AT, author="jo")
    posts = [
        asked,
        Post(text="Write to us", created_at=ANSWERED_AT, author="acme_help", replies_to=asked.id),
        Post(text="Same here", created_at=ANSWERED_AT, author="ada", replies_to=asked.id),
        Post(text="Elsewhere", created_at=ANSWERED_AT, author="acme_help"),
    ]
    with X(posts, now=NOW) as server:
        source = XSource(XOptions(base_url=server.url, read_threads=True), now=lambda: NOW)
        yield source, server, [mention("x", asked.id, thread=asked.id), mention("x", "99")], ("acme_help",)


CASES = [hackernews, lemmy, mastodon, bluesky, reddit, x]


def mention(source: str, native: str, **fields: Any) -> Mention:
    return Mention(source=source, id=native, text="", published_at=from_epoch(AT), **fields)


def read(source: Source, asked: list[Mention], accounts: tuple[str, ...]) -> Page:
    assert isinstance(source, ReadsThreads)
    assert source.threads_at_once > 0
    return source.replies(asked[: source.threads_at_once], accounts)


@pytest.mark.parametrize("case", CASES)
def test_the_reply_of_an_own_account_is_found_in_its_thread(case: Callable[[], Any]) -> None:
    with case() as (source, _, asked, accounts):
        page = read(source, asked, accounts)
        source.close()
    replies = own_replies(page.mentions, {"Acme": accounts})
    in_thread = [one for one in replies if (asked[0].thread or asked[0].id) in one.targets]
    assert [one.answered_at for one in in_thread] == [ANSWERED_AT]
    assert page.exhausted
    assert page.requests >= 1


@pytest.mark.parametrize("case", CASES)
def test_others_who_reply_answer_nothing(case: Callable[[], Any]) -> None:
    with case() as (source, _, asked, _accounts):
        page = read(source, asked, ("somebody_else",))
        source.close()
    assert own_replies(page.mentions, {"Acme": ("somebody_else",)}) == ()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("body", ["[]", '"?"', '{"data": 3, "hits": 3, "comments": 3, "descendants": 3, "thread": 3}'])
def test_an_answer_of_another_shape_is_told_and_not_taken_for_silence(case: Callable[[], Any], body: str) -> None:
    with case() as (source, server, asked, accounts):
        if source.name == "reddit":
            read(source, asked, accounts)  # has its access token now
        server.fault("status", times=9, status=200, body=body)
        with pytest.raises(UnexpectedAnswerError):
            read(source, asked, accounts)
        source.close()


@pytest.mark.parametrize("case", CASES)
def test_a_limit_is_raised_and_not_waited_for(case: Callable[[], Any]) -> None:
    with case() as (source, server, asked, accounts):
        if source.name == "reddit":
            read(source, asked, accounts)
        server.fault("status", times=9, status=429, body="{}", headers={"Retry-After": "900"})
        with pytest.raises(RateLimitedError):
            read(source, asked, accounts)
        source.close()


def test_threads_of_hackernews_reddit_and_x_are_one_question() -> None:
    for case in (hackernews, x):
        with case() as (source, server, asked, accounts):
            read(source, asked, accounts)
            source.close()
            assert len(server.requests) == 1


def test_what_a_source_cannot_read_is_said() -> None:
    with mastodon() as (source, _, _asked, accounts):
        page = read(source, [mention("mastodon", "https://far.example/1", extra={"local": "far.example:1"})], accounts)
        source.close()
        assert ([one.id for one in page.skipped], page.requests) == (["https://far.example/1"], 0)
    with lemmy() as (source, _, _asked, accounts):
        page = read(source, [mention("lemmy", "https://far.example/1")], accounts)
        source.close()
        assert [one.id for one in page.skipped] == ["https://far.example/1"]
    for case in (hackernews, reddit, x):
        with case() as (source, server, asked, _accounts):
            page = read(source, asked, ("acme@mastodon.example",))
            source.close()
            assert [one.id for one in page.skipped] == [one.id for one in asked]
            assert server.requests == []


def test_a_thread_that_is_gone_is_not_found() -> None:
    for case, gone in ((mastodon, "404"), (bluesky, "at://did:plc:ada/app.bsky.feed.post/gone")):
        with case() as (source, _, _asked, accounts):
            one = mention(source.name, gone, extra={"local": "127.0.0.1:404"})
            with pytest.raises(NotFoundError):
                read(source, [one], accounts)
            source.close()


def test_reddit_reads_an_account_back_to_the_oldest_mention_and_no_further() -> None:
    own = [
        Thing(number=100 + n, created_at=NOW - timedelta(minutes=n), text="Hello", author="acme_help", parent="t3_9")
        for n in range(350)
    ]
    with Reddit(own, now=NOW) as server:
        source = RedditSource(RedditOptions(base_url=server.url), now=lambda: NOW)
        page = source.replies([mention("reddit", "t3_1")], ["acme_help"])
        source.close()
    assert len(page.mentions) == 200
    assert min(one.published_at for one in page.mentions if one.published_at) < ASKED_AT


def test_threads_of_x_cost_and_are_read_only_where_that_is_asked_for() -> None:
    source = XSource(XOptions())
    assert source.threads_at_once == 0
    with x() as (source, _, asked, accounts):
        page = read(source, asked, accounts)
        source.close()
    assert [kind for kind, _ in page.billed].count("post") == 1


def test_reddit_without_an_app_reads_no_threads() -> None:
    assert RedditSource(RedditOptions(mode="feed")).threads_at_once == 0


def test_a_query_of_x_never_grows_beyond_what_it_takes() -> None:
    asked = [mention("x", str(10**18 + number)) for number in range(8)]
    query = conversations_query(asked, [f"account_{n:07}" for n in range(9)])
    assert query is not None
    assert len(query) <= 512
    assert query.count("conversation_id:") == 8
    assert conversations_query(asked, ["not an account"]) is None
    assert conversations_query([mention("x", "x) OR (acme")], ["acme"]) is None


def test_a_server_that_is_down_is_told() -> None:
    for case in CASES:
        with case() as (source, server, asked, accounts):
            server.fault("status", times=99, status=500, body="")
            with pytest.raises(SourceError):
                read(source, asked, accounts)
            source.close()
