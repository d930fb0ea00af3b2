"""Bluesky's stream is drained from where it was left, sieved soundly, and its gaps are told."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collect.bluesky_reading import ACME, BASE, NOW, QUICK, WINDOW, events_of, keys, read_all, source_for
from listener.api import (
    NotFoundError,
    Query,
    RateLimitedError,
    SourceError,
    UnavailableError,
    UnexpectedAnswerError,
    from_epoch,
)
from listener.errors import StoppedError, UsageError
from listener.matching import Matcher
from listener.pipeline.answers import own_replies
from listener.query import And, Field, Hashtag, Not, Or, Phrase
from listener.query.build import build_query
from listener.testing import check_source
from servers.jetstream import SECOND, Jetstream, post
from sources.bluesky import BlueskyOptions, BlueskySource, sieve_of
from sources.jetstream import Bounds, sift

if TYPE_CHECKING:
    pass


ASKED = "at://did:plc:ada/app.bsky.feed.post/3kasked"


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


def test_a_page_holds_no_more_events_than_a_budget_has_room_for_and_loses_none(stream: Jetstream) -> None:
    source = source_for(stream, bounds=Bounds(events=30, silent_seconds=0.5))
    resource = source.plan([ACME])[0]
    mentions = []
    cursor, counts = None, []
    for size in (1, 7, 30, 100, None):
        page = source.fetch(resource, replace(WINDOW, size=size), cursor)
        cursor = page.cursor
        mentions += page.mentions
        counts.append(page.items)
    source.close()
    assert counts == [1, 7, 30, 30, 30]
    assert keys(mentions) == set(range(0, 98, 4))
    assert source.requests_made == len(stream.asked) == 5


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
