"""Reddit keeps the promises of a source, and recorded answers of it become mentions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from collect.reddit_reading import DAY, NEW, NOW, Fixed, ago, source_for
from listener.api import Mention, Page, Query, Window
from listener.query import Phrase
from listener.testing import check_source
from servers.reddit import Reddit, Thing, posts_every

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
