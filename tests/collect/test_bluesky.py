"""Bluesky's stream is drained from where it was left, sieved soundly, and its gaps are told."""

from __future__ import annotations

import json
import random
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.api import (
    Author,
    CredentialsError,
    Engagement,
    Mention,
    NotFoundError,
    Query,
    RateLimitedError,
    Secret,
    Skipped,
    SourceError,
    UnavailableError,
    UnexpectedAnswerError,
    Window,
    from_epoch,
)
from listener.errors import StoppedError, UsageError
from listener.matching import Matcher
from listener.pipeline.answers import own_replies
from listener.query import And, Field, Hashtag, Not, Or, Phrase
from listener.query.build import build_query
from listener.testing import check_source
from servers.jetstream import SECOND, Jetstream, Search, found, post
from sources.bluesky import BlueskyOptions, BlueskySource, read_events, sieve_of
from sources.bluesky_posts import read_record
from sources.jetstream import Bounds, Drained, sift

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from listener.api import Page

BASE = 1_780_000_000
ASKED = "at://did:plc:ada/app.bsky.feed.post/3kasked"
WINDOW = Window(since=from_epoch(BASE), until=from_epoch(BASE + 10_000))
NOW = from_epoch(BASE + 10_100)
ACME = Query.of("Acme", Or((Phrase("acme"), Hashtag("acmetea"))))
QUICK = Bounds(silent_seconds=0.5, total_seconds=5)


@pytest.fixture
def stream() -> Iterator[Jetstream]:
    events: list[Any] = [post(n, BASE + 60 * n, "Acme!" if n % 4 == 0 else "nothing") for n in range(100)]
    events.append(post(900, BASE + 10_050, "Acme, later"))
    with Jetstream(events) as running:
        yield running


@pytest.fixture
def source(stream: Jetstream) -> Iterator[BlueskySource]:
    made = source_for(stream)
    yield made
    made.close()


def source_for(stream: Jetstream, *, bounds: Bounds = QUICK, now: Any = NOW, **more: Any) -> BlueskySource:
    return BlueskySource(BlueskyOptions(base_url=stream.url), bounds=bounds, now=lambda: now, **more)


def read_all(source: BlueskySource, query: Query = ACME, window: Window = WINDOW) -> tuple[list[Mention], list[Page]]:
    pages: list[Page] = []
    resource = source.plan([query])[0]
    cursor = None
    while not pages or not pages[-1].exhausted:
        pages.append(source.fetch(resource, window, cursor))
        cursor = pages[-1].cursor
    return [mention for page in pages for mention in page.mentions], pages


def keys(mentions: list[Mention]) -> set[int]:
    return {int(mention.id.rpartition("/3k")[2]) for mention in mentions}


def test_bluesky_keeps_the_promises_of_a_source(stream: Jetstream) -> None:
    queries = [ACME, Query.of("Globex", Phrase("globex tea"))]
    stream.events.insert(3, post(700, BASE + 150, "Globex\r\ntea: cafe\u0301 \u202e"))
    bounds = Bounds(events=30, silent_seconds=0.5)
    mentions = check_source(lambda: source_for(stream, bounds=bounds), queries, WINDOW)
    assert keys(list(mentions)) == {*range(0, 100, 4), 700}


def test_a_window_is_drained_page_by_page_from_its_cursor(stream: Jetstream) -> None:
    source = source_for(stream, bounds=Bounds(events=30, silent_seconds=0.5))
    mentions, pages = read_all(source)
    source.close()
    assert keys(mentions) == set(range(0, 100, 4))
    assert [page.items for page in pages] == [30, 30, 30, 11]
    assert pages[-1].complete_since is None
    assert [int(asked["cursor"]) for asked in stream.asked][:2] == [BASE * SECOND, (BASE + 29 * 60 - 5) * SECOND]
    assert {asked["wantedCollections"] for asked in stream.asked} == {"app.bsky.feed.post"}


def test_events_that_come_twice_are_one_mention(stream: Jetstream, source: BlueskySource) -> None:
    stream.events[1:1] = [stream.events[0]] * 3
    mentions, pages = read_all(source)
    assert len(mentions) == len(keys(mentions)) == 25
    assert len(pages) == 1


def test_a_stream_that_breaks_is_gone_on_with_where_it_broke(stream: Jetstream, source: BlueskySource) -> None:
    stream.cut_after = 40
    resource = source.plan([ACME])[0]
    page = source.fetch(resource, WINDOW, None)
    assert (page.items, page.exhausted) == (40, False)
    stream.cut_after = None
    rest = source.fetch(resource, WINDOW, page.cursor)
    assert rest.exhausted
    assert keys([*page.mentions, *rest.mentions]) == set(range(0, 100, 4))


def test_a_beginning_that_the_server_no_longer_has_is_told_as_lost(stream: Jetstream) -> None:
    stream.keeps_since = BASE + 3_000
    source = source_for(stream, now=NOW + timedelta(hours=40))
    mentions, pages = read_all(source)
    source.close()
    assert min(keys(mentions)) == 52
    assert pages[-1].complete_since == from_epoch(BASE + 3_000)
    assert "36 hours" in pages[-1].lost_reason


def test_a_window_that_lies_wholly_before_what_is_kept_is_lost_whole(stream: Jetstream) -> None:
    stream.keeps_since = BASE + 10_050
    source = source_for(stream, now=NOW + timedelta(days=7))
    mentions, pages = read_all(source)
    source.close()
    assert (mentions, pages[0].complete_since) == ([], WINDOW.until)


def test_a_gap_in_the_middle_is_remembered_over_the_pages(stream: Jetstream) -> None:
    source = source_for(stream, bounds=Bounds(events=20, silent_seconds=0.5), now=NOW + timedelta(hours=40))
    resource = source.plan([ACME])[0]
    page = source.fetch(resource, WINDOW, None)
    stream.keeps_since = BASE + 3_000
    while not page.exhausted:
        page = source.fetch(resource, WINDOW, page.cursor)
    source.close()
    assert page.complete_since == from_epoch(BASE + 3_000)


def test_a_quiet_beginning_of_a_young_window_is_no_loss(stream: Jetstream, source: BlueskySource) -> None:
    del stream.events[:50]
    _, pages = read_all(source)
    assert pages[-1].complete_since is None


def test_silence_before_the_end_is_not_taken_for_the_end(stream: Jetstream, source: BlueskySource) -> None:
    del stream.events[-1]
    resource = source.plan([ACME])[0]
    page = source.fetch(resource, WINDOW, None)
    assert not page.exhausted
    with pytest.raises(UnavailableError, match="sent nothing in time"):
        source.fetch(resource, WINDOW, page.cursor)


@pytest.mark.parametrize(
    ("status", "error", "sentence"),
    [
        (429, RateLimitedError, "rate limit"),
        (500, UnavailableError, "down or overloaded"),
        (503, UnavailableError, "down or overloaded"),
        (404, NotFoundError, "not there"),
        (200, UnavailableError, "speaks no websocket"),
    ],
)
def test_a_refusal_is_its_error_in_one_sentence(
    stream: Jetstream, source: BlueskySource, status: int, error: type[SourceError], sentence: str
) -> None:
    stream.status, stream.headers = status, {"Retry-After": "120"}
    with pytest.raises(error, match=sentence) as caught:
        read_all(source)
    assert "\n" not in str(caught.value)
    if status == 429:
        assert caught.value.retry_at is not None


def test_a_server_that_is_not_there_is_unavailable() -> None:
    source = BlueskySource(BlueskyOptions(base_url="ws://127.0.0.1:9"), bounds=QUICK)
    with pytest.raises(UnavailableError, match="cannot be reached"):
        read_all(source)
    source.close()


def test_a_hang_up_before_the_first_event_is_unavailable(stream: Jetstream, source: BlueskySource) -> None:
    stream.cut_after = 0
    with pytest.raises(UnavailableError, match="hung up"):
        read_all(source)


def test_a_message_too_large_ends_the_stream_and_not_the_memory(stream: Jetstream, source: BlueskySource) -> None:
    stream.events.insert(0, " " * (2 << 20))
    with pytest.raises(UnavailableError, match="hung up"):
        read_all(source)


def test_messages_that_are_no_events_are_counted(stream: Jetstream, source: BlueskySource) -> None:
    stream.events[5:5] = ["{", "[]", "null", '{"time_us": "soon"}', '{"time_us": -1}', b"\xff", "[" * 5000]
    mentions, pages = read_all(source)
    assert len(mentions) == 25
    assert sum(one.reason.startswith("a message of the stream") for one in pages[0].skipped) == 7


def test_a_server_that_sends_no_events_at_all_is_not_taken_for_a_stream(
    stream: Jetstream, source: BlueskySource
) -> None:
    stream.events = ["hello"] * 1100
    with pytest.raises(UnexpectedAnswerError, match="is base_url a Jetstream server"):
        read_all(source)


def test_a_stop_ends_the_reading(stream: Jetstream) -> None:
    stop = threading.Event()
    source = source_for(stream, stop=stop)
    resource = source.plan([ACME])[0]
    stop.set()
    with pytest.raises(StoppedError):
        source.fetch(resource, WINDOW, None)
    source.close()


def test_a_cursor_that_is_none_of_ours_is_refused(source: BlueskySource) -> None:
    with pytest.raises(UnexpectedAnswerError, match="cursor of this window cannot be read"):
        source.fetch(source.plan([ACME])[0], WINDOW, "[]")


@pytest.mark.parametrize("url", ["ws://jetstream.example.org", "https://example.org", "wss://", "wss://a@example.org"])
def test_an_address_that_is_no_stream_is_told(url: str) -> None:
    with pytest.raises(UsageError, match=r"sources\.bluesky\.base_url"):
        BlueskySource(BlueskyOptions(base_url=url))


def test_check_tells_the_clock_of_the_stream(source: BlueskySource) -> None:
    assert source.check() == "the stream answers without a key; its clock reads 2026-05-28 20:26:40 UTC"


def events_of(*events: dict[str, Any]) -> tuple[tuple[Mention, ...], tuple[Skipped, ...]]:
    drained = Drained(known_us=-1, events=[(event["time_us"], event) for event in events])
    return read_events(drained, WINDOW)


def test_every_field_of_a_post_arrives() -> None:
    text = "Café ☕ with #AcmeTea by example.org"
    start = len("Café ☕ with ".encode())
    event = post(
        7,
        BASE + 5,
        text,
        facets=[
            {
                "index": {"byteStart": start, "byteEnd": start + 8},
                "features": [{"$type": "app.bsky.richtext.facet#tag"}],
            },
            {
                "index": {"byteStart": 0, "byteEnd": 4},
                "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/a"}],
            },
        ],
        tags=["kettles"],
        reply={
            "root": {"uri": "at://did:plc:bob/app.bsky.feed.post/3kroot"},
            "parent": {"uri": "at://did:plc:bob/app.bsky.feed.post/3kparent"},
        },
        embed={
            "$type": "app.bsky.embed.recordWithMedia",
            "record": {"record": {"uri": "at://did:plc:eve/app.bsky.feed.post/3kquoted"}},
            "media": {"$type": "app.bsky.embed.images", "images": []},
        },
    )
    assert events_of(event)[0] == (
        Mention(
            source="bluesky",
            id="at://did:plc:ada/app.bsky.feed.post/3k7",
            text=text,
            published_at=from_epoch(BASE + 5),
            url="https://bsky.app/profile/did:plc:ada/post/3k7",
            author=Author(id="did:plc:ada"),
            language="en",
            reply_to="at://did:plc:bob/app.bsky.feed.post/3kparent",
            thread="at://did:plc:bob/app.bsky.feed.post/3kroot",
            quote_of="at://did:plc:eve/app.bsky.feed.post/3kquoted",
            links=("https://example.org/a",),
            hashtags=("AcmeTea", "kettles"),
            has_media=True,
        ),
    )


@pytest.mark.parametrize(
    ("claimed", "believed"),
    [
        ("2026-05-28T20:27:00Z", True),
        ("2026-05-28T20:26:00Z", False),
        ("1970-01-01T00:00:00Z", False),
        ("2031-01-01T00:00:00Z", False),
        ("soon", False),
        (None, False),
    ],
)
def test_the_authors_clock_is_believed_near_the_streams_and_within_the_window(claimed: Any, believed: bool) -> None:
    (mention,), _ = events_of(post(1, BASE + 30, createdAt=claimed))
    assert mention.published_at == from_epoch(BASE + 20 if believed else BASE + 30)


def test_who_is_not_to_be_shown_to_visitors_is_left_out_and_counted() -> None:
    labels = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "!no-unauthenticated"}]}
    mentions, skipped = events_of(post(1, BASE, labels=labels))
    assert mentions == ()
    assert "not to be shown to visitors" in skipped[0].reason


def account_event(second: float, did: str = "did:plc:ada", **account: object) -> dict[str, Any]:
    return {"did": did, "time_us": int(second * SECOND), "kind": "account", "account": {"did": did, **account}}


def deletion(number: int, second: float, did: str = "ada") -> dict[str, Any]:
    event = post(number, second, did=did)
    event["commit"] = {"operation": "delete", "collection": "app.bsky.feed.post", "rkey": f"3k{number}"}
    return event


def test_the_stream_tells_of_posts_and_accounts_that_are_gone(stream: Jetstream, source: BlueskySource) -> None:
    stream.events = [
        post(1, BASE + 1, "Acme one"),
        post(2, BASE + 2, "Acme two", did="bob"),
        post(3, BASE + 3, "Acme three", did="cy"),
        post(4, BASE + 4, "Acme four", did="di"),
        deletion(1, BASE + 5),
        deletion(77, BASE + 6),
        account_event(BASE + 7, "did:plc:bob", active=False, status="deleted"),
        account_event(BASE + 8, "did:plc:cy", active=False, status="deactivated"),
        account_event(BASE + 9, "did:plc:di", active=False, status="takendown"),
        account_event(BASE + 10, "did:plc:di", active=True),
        post(900, BASE + 10_050, "the end"),
    ]
    mentions, (page,) = read_all(source)
    assert keys(mentions) == {3, 4}
    assert page.gone == tuple(f"at://did:plc:ada/app.bsky.feed.post/3k{number}" for number in (1, 77))
    assert page.gone_authors == ("did:plc:bob",)


def test_a_deletion_is_no_mention_and_the_newest_version_of_a_post_holds() -> None:
    edited = post(1, BASE + 9, "Acme, better")
    edited["commit"]["operation"] = "update"
    gone = post(1, BASE + 10)
    gone["commit"] = {"operation": "delete", "collection": "app.bsky.feed.post", "rkey": "3k1"}
    mentions, skipped = events_of(post(1, BASE + 5, "Acme"), edited, gone)
    assert ([one.text for one in mentions], skipped) == (["Acme, better"], ())


@pytest.mark.parametrize("uri", ["at://did:plc:a/app.bsky.feed.like/1", "at://x/app.bsky.feed.post/1", "javascript:1"])
def test_an_address_that_is_no_posts_is_counted(uri: str) -> None:
    assert isinstance(read_record(uri, {"text": "Acme"}, WINDOW.since), Skipped)


def test_the_stream_is_one_resource_for_all_brands_that_changes_with_their_words(source: BlueskySource) -> None:
    other = Query.of("Globex", Phrase("globex"))
    (alone,), (together,) = source.plan([ACME]), source.plan([ACME, other])
    assert (alone.lane, alone.brand, alone.native) == ("jetstream", None, '"#acmetea" OR "acme"')
    assert alone.key != together.key
    assert source.plan([]) == ()


def test_a_query_that_no_word_narrows_is_given_every_post(source: BlueskySource) -> None:
    mentions, _ = read_all(source, Query.of("Any", Not(Phrase("spam"))))
    assert len(mentions) == 100


WORDS = st.sampled_from(["Acme", "acme", "ACME", "ac\u00adme", "ac\u202eme", "\uff21\uff43\uff4d\uff45", "café", "cafe\u0301", "#AcmeTea", "C++", "tea", "एक्मे", "콜라는", "İacme", "\n", '"'])  # fmt: skip
TREES = [
    Phrase("acme"), Phrase("Café tea"), Hashtag("acmetea"), And((Phrase("C++"), Not(Phrase("tea")))),
    Or((Phrase("एक्मे"), And((Phrase("콜라"), Field("lang", "ko"))))), And((Phrase("tea"), Or((Phrase("acme"), Hashtag("tea"))))),
]  # fmt: skip


@given(st.lists(WORDS, max_size=6), st.lists(WORDS, max_size=2), st.sampled_from(TREES), st.booleans())
def test_what_matches_always_passes_the_sieve(words: list[str], tags: list[str], tree: Any, ascii_only: bool) -> None:
    query = Query.of("Brand", tree)
    source = BlueskySource()
    sieve = sieve_of(source.plan([query])[0].native)
    source.close()
    event = post(1, BASE, " ".join(words), tags=tags)
    (mention,), _ = events_of(event)
    sifted = sift(json.dumps(event, ensure_ascii=ascii_only), sieve)
    if Matcher([query]).match(mention):
        assert sifted is not None
        assert sifted[1] is not None


def test_replies_of_own_accounts_named_by_their_did_pass_the_sieve(stream: Jetstream) -> None:
    reply = {"parent": {"uri": ASKED}, "root": {"uri": ASKED}}
    own = post(1, BASE + 10, "Please write to us", did="own", reply=reply)
    stream.events = [own, post(2, BASE + 20, "Please write to us", did="other"), post(3, BASE + 30, "Acme", did="own")]
    stream.events.append(post(4, BASE + 20_000))
    query = build_query(brand="Acme", keywords=["acme"], own_accounts=["did:plc:own", "@acme.example"])
    source = source_for(stream)
    found, _ = read_all(source, query)
    source.close()
    assert keys(found) == {1, 3}
    assert Matcher([query]).match(found[0]) == ()
    assert [one.targets for one in own_replies(found, {"Acme": ("did:plc:own",)})] == [(ASKED, ASKED)]


def test_drifted_events_become_mentions_or_reasons_and_never_a_crash(stream: Jetstream, source: BlueskySource) -> None:
    dice = random.Random(8)
    values = [None, 1, -3.5, "x", [], {}, [1], {"a": 1}, True]
    stream.events = []
    for number in range(300):
        event = post(
            number,
            BASE + number,
            facets=[{"index": {"byteStart": 0, "byteEnd": 3}, "features": [{}]}],
            reply={},
            embed={},
        )
        for _ in range(3):
            target = dice.choice([event, event["commit"], event["commit"]["record"]])
            target[dice.choice([*target, "more"])] = dice.choice(values)
            if not isinstance(event.get("commit"), dict) or not isinstance(event["commit"].get("record"), dict):
                break
        stream.events.append(json.dumps(event))
    stream.events.append(post(999, BASE + 20_000))
    mentions, _ = read_all(source)
    assert len(mentions) > 50


@pytest.fixture
def search() -> Iterator[Search]:
    with Search([found(n, BASE + 100 * n) for n in range(10)]) as running:
        yield running


def searching(stream: Jetstream, search: Search, tmp_path: Path, secret: str | None = None) -> BlueskySource:
    (tmp_path / "password").write_text(secret or search.password)
    place = Secret(file=str(tmp_path / "password"))
    options = BlueskyOptions(base_url=stream.url, search_url=search.url, handle="@me.example", app_password=place)
    return BlueskySource(options, bounds=QUICK, now=lambda: NOW)


def search_all(source: BlueskySource) -> tuple[list[Mention], list[Page]]:
    resource = source.plan([ACME])[1]
    pages = [source.fetch(resource, WINDOW, None)]
    while not pages[-1].exhausted:
        pages.append(source.fetch(resource, WINDOW, pages[-1].cursor))
    return [mention for page in pages for mention in page.mentions], pages


def test_with_an_account_bluesky_keeps_its_promises_too(stream: Jetstream, search: Search, tmp_path: Path) -> None:
    assert len(check_source(lambda: searching(stream, search, tmp_path), [ACME], WINDOW)) == 35


def test_an_account_searches_in_one_session(stream: Jetstream, search: Search, tmp_path: Path) -> None:
    source = searching(stream, search, tmp_path)
    assert [one.lane for one in source.plan([ACME])] == ["jetstream", "search", "search/2"]
    mentions, pages = search_all(source)
    source.close()
    assert keys(mentions) == set(range(10))
    assert [page.items for page in pages] == [3, 3, 3, 1]
    assert search.logins == 1
    assert mentions[0].author == Author(id="did:plc:ada", handle="ada.example", name="Ada")
    assert mentions[0].engagement == Engagement(likes=3, reposts=2, replies=1)


def test_a_session_that_has_run_out_is_begun_anew_once(stream: Jetstream, search: Search, tmp_path: Path) -> None:
    search.uses = 2
    source = searching(stream, search, tmp_path)
    mentions, _ = search_all(source)
    source.close()
    assert (keys(mentions), search.logins) == (set(range(10)), 2)


def test_a_wrong_app_password_is_told_without_it(stream: Jetstream, search: Search, tmp_path: Path) -> None:
    source = searching(stream, search, tmp_path, secret="hush-hush")
    with pytest.raises(CredentialsError, match="credentials are missing or refused") as caught:
        source.check()
    source.close()
    assert "hush" not in str(caught.value)


def test_an_author_who_wants_no_visitors_is_not_found_by_search_either(
    stream: Jetstream, search: Search, tmp_path: Path
) -> None:
    search.posts[0]["author"]["labels"] = [{"val": "!no-unauthenticated"}]
    source = searching(stream, search, tmp_path)
    mentions, pages = search_all(source)
    source.close()
    assert keys(mentions) == set(range(1, 10))
    assert len(pages[-1].skipped) == 1


def test_recorded_events_are_read_field_by_field(shared: Path) -> None:
    files = sorted((shared / "recorded" / "bluesky_jetstream").glob("*.jsonl"))
    lines = [line for file in files if not file.name.startswith("_") for line in file.read_bytes().splitlines()]
    everything = sieve_of("every post")
    sifted = [sift(line, everything) for line in lines]
    assert len(sifted) == 101
    assert all(sifted)
    passed = [event for one in sifted if one is not None and (event := one[1]) is not None]
    posts = [event for event in passed if "record" in event.get("commit", {})]
    assert (len(passed), len(posts)) == (14, 12)
    for event in posts:
        record = event["commit"]["record"]
        at = event["time_us"] // SECOND
        window = Window(since=from_epoch(at - 3600), until=from_epoch(at + 3600))
        (mention,), _ = read_events(Drained(known_us=-1, events=[(event["time_us"], event)]), window)
        assert mention.id == f"at://{event['did']}/app.bsky.feed.post/{event['commit']['rkey']}"
        assert mention.text == record["text"]
        assert mention.language == (record.get("langs") or [None])[0]
        assert mention.reply_to == (record["reply"]["parent"]["uri"] if "reply" in record else None)
        tags = [f["tag"] for facet in record.get("facets", []) for f in facet["features"] if "tag" in f]
        assert mention.hashtags == tuple(dict.fromkeys(tags))


def test_recorded_answers_of_the_search_are_read_field_by_field(shared: Path) -> None:
    files = sorted((shared / "recorded" / "bluesky").glob("app.bsky.feed.searchPosts*.json"))
    posts = [one for file in files for one in json.loads(file.read_bytes())["posts"]]
    assert len(posts) == 23
    from sources.bluesky_posts import read_post

    for given_post in posts:
        mention = read_post(given_post, WINDOW.since)
        if isinstance(mention, Skipped):
            assert "!no-unauthenticated" in {label["val"] for label in given_post["author"]["labels"]}
            continue
        assert (mention.id, mention.text) == (given_post["uri"], given_post["record"]["text"])
        assert mention.author.handle == given_post["author"]["handle"]
        assert mention.engagement.likes == given_post["likeCount"]
