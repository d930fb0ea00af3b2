"""Every field of Bluesky's posts arrives; deletions, and who is not to be shown, are told."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from collect.bluesky_reading import BASE, WINDOW, events_of, keys, read_all
from listener.api import (
    Author,
    Mention,
    Skipped,
    Window,
    from_epoch,
)
from servers.jetstream import SECOND, Jetstream, post
from sources.bluesky import BlueskySource, read_events, sieve_of
from sources.bluesky_posts import read_record
from sources.jetstream import Drained, sift

if TYPE_CHECKING:
    from pathlib import Path


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
