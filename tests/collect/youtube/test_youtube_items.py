"""Every field of YouTube's videos and comments arrives, and what cannot be placed is counted."""

from __future__ import annotations

import copy
import json
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from collect.youtube_reading import ACME, BASE, WINDOW, read_all, source_for
from listener.api import (
    Author,
    Engagement,
    Mention,
    Skipped,
    from_epoch,
)
from servers.youtube import YouTube, comment, thread, video
from sources.youtube_items import read_thread, read_video

if TYPE_CHECKING:
    from pathlib import Path


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
    top = comment("c1", BASE + 9, "lid <3 & more: https://acme.example/lid.", updatedAt="2026-06-01T00:00:00Z")
    reply = comment("c1.r", BASE + 20, "same", parentId="c1", authorDisplayName="Old Name", authorChannelId=None)
    assert read_thread(thread(top, reply), "vid1") == (
        Mention(
            source="youtube",
            id="c1",
            text="lid <3 & more: https://acme.example/lid.",
            published_at=from_epoch(BASE + 9),
            url="https://www.youtube.com/watch?v=vid1&lc=c1",
            kind="comment",
            author=Author(id="UCbob", handle="bob", name="@bob"),
            engagement=Engagement(likes=2, replies=1),
            reply_to="vid1",
            thread="vid1",
            links=("https://acme.example/lid",),
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
