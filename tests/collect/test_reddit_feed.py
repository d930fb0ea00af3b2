"""Reddit's public feeds are read within their limits, say how little they reach, and give the API's mentions."""

from __future__ import annotations

import random
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from listener.api import (
    Author,
    ForbiddenError,
    Mention,
    NotFoundError,
    Page,
    Query,
    RateLimitedError,
    Secret,
    SourceError,
    UnavailableError,
    Window,
)
from listener.errors import UsageError
from listener.query import Or, Phrase
from listener.testing import FrozenClock, check_source
from running.site import Site
from servers.reading import NotedWaits, drained
from servers.reddit import CLIENT_ID, CLIENT_SECRET, Reddit, Thing, posts_every
from servers.reddit_feed import BLOCKED, RedditFeeds, entry, feed
from sources import reddit_feed
from sources.reddit import RedditOptions, RedditSource
from sources.web import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 20, 12, 5, tzinfo=UTC)
DAY = Window(since=NOW - timedelta(days=1), until=NOW)
ACME = Query.of("Acme", Phrase("acme"))


@pytest.fixture(autouse=True)
def _no_spacing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reddit_feed, "_SPACING_SECONDS", 0.0)


def thing(number: int, minutes: float, **fields: Any) -> Thing:
    return Thing(number=number, created_at=NOW - timedelta(minutes=minutes), **{"title": "My Acme kettle", **fields})


@pytest.fixture
def server() -> Iterator[RedditFeeds]:
    things = posts_every(timedelta(minutes=10), 400, before=NOW)
    things += [
        thing(90_000 + n, 5 * n + 1, text="Acme leaks", parent="t3_abc", link="t3_abc", title="") for n in range(30)
    ]
    with RedditFeeds(things, now=NOW) as running:
        yield running


def source_for(server: RedditFeeds, *, clock: FrozenClock | None = None, **options: Any) -> RedditSource:
    table = {"mode": "feed", "base_url": server.url, **options}
    return RedditSource(RedditOptions(**table), now=clock or FrozenClock(NOW))


def read_all(source: RedditSource, query: Query = ACME, window: Window = DAY) -> tuple[list[Mention], list[Page]]:
    return drained(source, [query], window)


def test_the_feeds_keep_the_promises_of_a_source(server: RedditFeeds) -> None:
    server.calls = 10_000
    server.things.append(
        thing(1, 3, title="Globex\u202e &amp; <3 cafe\u0301", text="a <b>kettle</b>\r\n<3 caf\u0065\u0301")
    )
    queries = [ACME, Query.of("Globex", Or((Phrase("globex tea"), Phrase("globex"))))]
    found = check_source(lambda: source_for(server, subreddits=("kettles",)), queries, DAY)
    assert len({mention.id for mention in found}) == 144 + 30 + 1


def test_a_search_is_turned_over_to_the_beginning_of_the_window(server: RedditFeeds) -> None:
    with closing(source_for(server)) as source:
        mentions, pages = read_all(source)
    assert len({mention.id for mention in mentions}) == 144
    assert [page.items for page in pages] == [100, 100]
    assert [page.complete_since for page in pages] == [None, None]
    assert [request.path for request in server.requests] == ["/search.rss"] * 2
    assert {request.param("sort") for request in server.requests} == {"new"}


def test_no_key_is_needed_and_none_is_sent(server: RedditFeeds) -> None:
    with closing(source_for(server, client_id=Secret(), client_secret=Secret())) as source:
        read_all(source)
    assert all("authorization" not in request.headers for request in server.requests)


def test_one_name_is_used_for_every_request(server: RedditFeeds) -> None:
    with closing(source_for(server, user_agent="script:acme-listening:1.0 (by /u/acme_insights)")) as source:
        read_all(source)
    assert {request.headers["user-agent"] for request in server.requests} == {
        "script:acme-listening:1.0 (by /u/acme_insights)"
    }
    with pytest.raises(UsageError, match="user_agent"):
        source_for(server, user_agent="line\nbreak")


def test_requests_keep_their_distance(server: RedditFeeds, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = NotedWaits()
    monkeypatch.setattr(reddit_feed, "_SPACING_SECONDS", 7_200.0)
    table = RedditOptions(mode="feed", base_url=server.url)
    with closing(RedditSource(table, now=FrozenClock(NOW), stop=waits)) as source:
        resource = source.plan([ACME])[0]
        for _ in range(3):
            source.fetch(resource, DAY, None)
    assert len(waits.seconds) == 2
    assert all(3_600 < seconds <= 7_200 for seconds in waits.seconds)


def test_what_lies_below_a_feed_is_told_as_lost(server: RedditFeeds) -> None:
    month = Window(since=NOW - timedelta(days=30), until=NOW)
    server.things[:] = posts_every(timedelta(minutes=10), 900, before=NOW)
    with closing(source_for(server)) as source:
        mentions, pages = read_all(source, window=month)
    assert (len(mentions), len(pages)) == (400, 4)
    assert pages[-1].complete_since is not None
    assert abs(pages[-1].complete_since - (NOW - timedelta(minutes=4_000))) < timedelta(hours=1)
    assert pages[-1].lost_reason == "Reddit went on beyond 4 pages"


def test_a_feed_that_cannot_be_turned_over_ends_there(server: RedditFeeds) -> None:
    server.turns_pages = False
    with closing(source_for(server)) as source:
        mentions, pages = read_all(source)
    assert (len(mentions), len(pages)) == (100, 2)
    assert pages[-1].lost_reason == "Reddit ended the feed after 100 things"
    assert pages[-1].complete_since > NOW - timedelta(minutes=1_001)


def test_a_feed_of_less_than_a_page_ends_with_the_empty_one_below_it() -> None:
    with RedditFeeds(posts_every(timedelta(minutes=10), 60, before=NOW), now=NOW) as server:
        _, (first, last) = read_all(source_for(server))
        assert len(server.requests) == 2
    assert (first.items, last.items, last.complete_since) == (60, 0, None)


def test_a_short_feed_is_taken_for_all_there_is(server: RedditFeeds) -> None:
    server.things[:] = posts_every(timedelta(minutes=10), 7, before=NOW)
    with closing(source_for(server)) as source:
        mentions, pages = read_all(source)
    assert (len(mentions), len(pages), pages[0].complete_since) == (7, 1, None)


def test_a_feed_gives_the_same_mentions_as_the_api_but_for_what_it_lacks() -> None:
    things = [
        thing(11, 1, title="My Acme & <b>", text="It leaks, 1 < 2"),
        thing(12, 2, title="A link", link="https://example.org/a?b=1&c=2"),
        thing(13, 3, author=None, title="From nobody"),
        thing(14, 4, title="", text="Acme is fine", parent="t3_b", link="t3_b", author="sam"),
    ]
    with Reddit(things, now=NOW) as api, RedditFeeds(things, now=NOW) as feeds, pytest.MonkeyPatch.context() as patch:
        patch.setenv("ID", CLIENT_ID)
        patch.setenv("SECRET", CLIENT_SECRET)
        by_api = RedditOptions(
            client_id=Secret(env="ID"), client_secret=Secret(env="SECRET"), base_url=api.url, subreddits=("kettles",)
        )
        with closing(RedditSource(by_api, now=FrozenClock(NOW))) as source:
            wanted = {mention.id: mention for mention in read_all(source)[0]}
        with closing(source_for(feeds, subreddits=("kettles",))) as source:
            found = {mention.id: mention for mention in read_all(source)[0]}
    assert set(found) == set(wanted) == {"t3_b", "t3_c", "t3_d", "t1_e"}
    for native, mention in found.items():
        other = wanted[native]
        assert mention.engagement.total is None
        handle = other.author.handle if other.author else None
        assert replace(mention, author=None) == replace(
            other,
            author=None,
            engagement=mention.engagement,
            reply_to=None,
            extra=mention.extra,
            has_media=mention.has_media,
        )
        assert mention.author == (Author(handle=handle) if handle else None)
        assert mention.extra == {"subreddit": "kettles"}


def test_only_what_its_author_wrote_is_an_entrys_text(server: RedditFeeds) -> None:
    markup = '<div class="md"><p>One</p><div><a href="https://example.org/y">two</a></div></div> submitted by <a href="x"> /u/jo </a>'
    markup += '<a href="https://example.org/x">[link]</a>'
    bare = feed([entry(thing(5, 5)).replace("&lt;", "<", 0)])
    bare = bare.replace(bare[bare.index('<content type="html">') : bare.index("</content>")], "", 1)
    bare = bare.replace("</content>", f'<content type="html"><![CDATA[{markup}]]></content>')
    server.fault("status", status=200, body=bare)
    with closing(source_for(server)) as source:
        [mention] = source.fetch(source.plan([ACME])[0], DAY, None).mentions
    assert mention.text == "One\n\ntwo"
    assert mention.links == ("https://example.org/x", "https://example.org/y")


def test_the_calls_of_a_period_are_not_overdrawn(server: RedditFeeds) -> None:
    clock = FrozenClock(NOW)
    server.calls = 1
    with closing(source_for(server, clock=clock)) as source:
        resource = source.plan([ACME])[0]
        cursor = source.fetch(resource, DAY, None).cursor
        with pytest.raises(RateLimitedError) as caught:
            source.fetch(resource, DAY, cursor)
        assert caught.value.retry_at == NOW + timedelta(seconds=300)
        assert len(server.requests) == 1
        server.calls = 50
        clock.advance(timedelta(seconds=301))
        assert source.fetch(resource, DAY, cursor).mentions


def test_a_429_without_a_time_leaves_reddit_alone_for_ten_minutes(server: RedditFeeds) -> None:
    server.fault("status", status=429)
    with closing(source_for(server)) as source:
        resource = source.plan([ACME])[0]
        for _ in range(2):
            with pytest.raises(RateLimitedError) as caught:
                source.fetch(resource, DAY, None)
            assert caught.value.retry_at == NOW + timedelta(minutes=10)
    assert len(server.requests) == 1


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again without a pause."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


FAULTS: list[tuple[dict[str, Any], type[SourceError], str]] = [
    ({"kind": "html_instead_of_json", "body": BLOCKED}, ForbiddenError, "user_agent"),
    ({"kind": "status", "status": 403, "body": BLOCKED}, ForbiddenError, "may not be read"),
    ({"kind": "status", "status": 404}, NotFoundError, "not there"),
    ({"kind": "status", "status": 503}, UnavailableError, "down or overloaded"),
    ({"kind": "reset"}, UnavailableError, "hung up"),
    ({"kind": "status", "status": 200, "body": "not a feed"}, ForbiddenError, "in the place of the feed"),
]


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize(("fault", "error", "sentence"), FAULTS)
def test_a_fault_is_its_error_in_one_sentence(
    server: RedditFeeds, fault: dict[str, Any], error: type[SourceError], sentence: str
) -> None:
    server.fault(times=9, **fault)
    with closing(source_for(server)) as source, pytest.raises(error) as caught:
        read_all(source)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("reddit: ")
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize("kind", ["slow_body", "hang"])
def test_a_feed_that_does_not_get_done_is_left_at_the_deadline(
    server: RedditFeeds, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(reddit_feed, "Limits", partial(Limits, total_seconds=0.3, read_seconds=0.2))
    server.fault(kind, times=9)
    with closing(source_for(server)) as source, pytest.raises(UnavailableError, match="did not"):
        read_all(source)


def test_a_subreddit_that_is_not_there_is_told(server: RedditFeeds) -> None:
    server.unknown.add("nosuch")
    with closing(source_for(server, subreddits=("nosuch",))) as source:
        listing = source.plan([ACME])[1]
        with pytest.raises(NotFoundError, match=r"sources\.reddit\.subreddits"):
            source.fetch(listing, DAY, None)


def test_odd_entries_become_mentions_or_reasons_and_never_a_crash(server: RedditFeeds) -> None:
    dice = random.Random(8)
    whole = feed([entry(each) for each in server.things[:15]])
    read = 0
    with closing(source_for(server)) as source:
        resource = source.plan([ACME])[0]
        for _ in range(15):
            start = dice.randrange(200, len(whole))
            cut = dice.choice(["", "<", "&#x0;", "<entry/>", "]]>", "<id>x</id>", "\x00"])
            server.fault("status", status=200, body=whole[:start] + cut + whole[start + dice.randrange(60) :])
            page = source.fetch(resource, DAY, None)
            read += len(page.mentions)
    assert read > 100


def test_a_check_says_that_it_is_a_part(server: RedditFeeds) -> None:
    with closing(source_for(server)) as source:
        assert (
            source.check() == "Reddit answered by its public feeds, which show a part; 99 calls are left in this period"
        )


def test_stored_things_cannot_be_looked_at_again_through_feeds(server: RedditFeeds) -> None:
    with closing(source_for(server)) as source:
        mentions, _ = read_all(source)
        asked = len(server.requests)
        page = source.recheck(mentions[:3])
    assert (page.present, page.gone, page.requests, len(server.requests)) == ((), (), 0, asked)


BRAND = '[[brands]]\nname = "Acme"\nkeywords = ["acme"]\n'


def test_nothing_counts_twice_when_the_mode_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDDIT_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("REDDIT_CLIENT_SECRET", CLIENT_SECRET)
    things = posts_every(timedelta(minutes=30), 40, before=NOW)
    with Reddit(things, now=NOW) as api, RedditFeeds(things, now=NOW) as feeds:
        site = Site(tmp_path, f'[sources.reddit]\nmode = "feed"\nbase_url = "{feeds.url}"\n', brands=BRAND)
        assert site.collect(now=NOW).rows()["reddit"]["new"] == 40
        site.configure(f'[sources.reddit]\nbase_url = "{api.url}"\n', brands=BRAND)
        row = site.collect(now=NOW + timedelta(minutes=5)).rows()["reddit"]
        assert (row["state"], row["new"], row["fetched"] > 0) == ("ok", 0, True)
        assert site.rows("SELECT count(*), max(likes) FROM mentions") == [(40, 12)]
        site.configure(f'[sources.reddit]\nmode = "feed"\nbase_url = "{feeds.url}"\n', brands=BRAND)
        site.collect(now=NOW + timedelta(minutes=10))
        assert site.rows("SELECT count(*), max(likes) FROM mentions") == [(40, 12)]


def test_two_days_away_are_caught_up_and_a_busy_month_is_in_the_ledger_as_lost(tmp_path: Path) -> None:
    things = posts_every(timedelta(minutes=30), 40, before=NOW)
    with RedditFeeds(things, now=NOW) as feeds:
        site = Site(tmp_path, f'[sources.reddit]\nmode = "feed"\nbase_url = "{feeds.url}"\n', brands=BRAND)
        site.collect(now=NOW)
        later = NOW + timedelta(days=2)
        feeds.things += [
            Thing(number=90_000_000 + n, created_at=later - timedelta(minutes=20 * n), title="acme")
            for n in range(1, 144)
        ]
        assert site.collect(now=later).rows()["reddit"]["new"] == 143
        assert site.rows("SELECT count(*) FROM windows WHERE state <> 'drained'") == [(0,)]
        away = later + timedelta(days=30)
        feeds.things += [
            Thing(number=95_000_000 + n, created_at=away - timedelta(hours=n), title="acme") for n in range(1, 700)
        ]
        assert site.collect(now=away).rows()["reddit"]["new"] == 400
    [(begin, end, reason)] = site.rows("SELECT from_at, to_at, reason FROM windows WHERE state = 'lost'")
    assert begin == int(later.timestamp())
    assert abs(int(str(end)) - (away - timedelta(hours=400)).timestamp()) < 6 * 3600
    assert "beyond 4 pages" in str(reason)
