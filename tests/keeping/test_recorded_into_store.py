"""Recorded answers go into the store and come out as they went in; their words are not repeated here."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from listener.mention import Mention
from listener.protocols import Skipped
from listener.search import MentionFilter, Reader
from listener.store import Store
from servers.world import NOW, make_judge
from sources.hackernews import read_hit
from sources.reddit_items import read_thing
from sources.x_posts import read_posts


def recorded_x(folder: Path) -> list[Mention]:
    found: list[Mention] = []
    for path in sorted(folder.glob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        data = body.get("data") if isinstance(body, dict) else None
        if isinstance(data, list) and data and all("text" in post for post in data):
            mentions, skipped = read_posts(body)
            assert not skipped, path.name
            found += mentions
    return found


def recorded_reddit(folder: Path) -> list[Mention]:
    found: list[Mention] = []
    for path in sorted(folder.glob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(body, dict) and body.get("kind") == "Listing":
            children = body["data"]["children"]
            if {child["kind"] for child in children} <= {"t1", "t3"}:
                found += [read for child in children if isinstance(read := read_thing(child), Mention)]
    return found


def recorded_hackernews(folder: Path) -> list[Mention]:
    hits = [hit for path in sorted(folder.glob("*.json")) for hit in json.loads(path.read_text())["hits"]]
    read = [read_hit(hit) for hit in hits]
    return [one for one in read if not isinstance(one, Skipped)]


def whole_seconds(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.replace(microsecond=0)


def comparable(mention: Mention) -> Mention:
    """Leave out what later readings of the same author and post bring up to date."""
    author = mention.author
    return replace(
        mention,
        published_at=whole_seconds(mention.published_at),
        edited_at=whole_seconds(mention.edited_at),
        author=None if author is None else replace(author, name=None, followers=None, verified=None),
        engagement=replace(mention.engagement, likes=None, reposts=None, replies=None, views=None),
        extra=dict(mention.extra) if mention.extra else None,
    )


@pytest.mark.slow
def test_every_recorded_post_is_in_the_store_with_its_fields(store: Store, shared: Path) -> None:
    recorded = shared / "recorded"
    mentions = [
        *recorded_x(recorded / "x"),
        *recorded_reddit(recorded / "reddit"),
        *recorded_hackernews(recorded / "hackernews"),
    ]
    last = {mention.key: mention for mention in mentions}
    assert len(last) > 5_000
    judge = make_judge()
    for start in range(0, len(mentions), 500):
        page = mentions[start : start + 500]
        judgement = judge.judge(page, store.known([one.key for one in page]), now=NOW, keep_unmatched=True)
        store.save_page(judgement.judged, refreshed=judgement.refreshed, now=NOW)
    with Reader(store.path) as reader:
        stored = {mention.key: mention for mention in reader.every_mention(MentionFilter())}
    assert stored.keys() == last.keys()
    readings = Counter(mention.key for mention in mentions)
    for key, mention in last.items():
        assert (stored[key].text, stored[key].title) == (mention.text, mention.title), key
        if readings[key] == 1:  # of several recordings of a post some hold less than others
            assert comparable(stored[key]) == comparable(mention), key
    assert sum(count == 1 for count in readings.values()) > 2_500
    assert store.check() == []
