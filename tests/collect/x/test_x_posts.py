"""Posts of X become mentions with everything that X tells."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from collect.x_reading import ACME, DAY, NOW, Fixed, ago, one, source_for
from listener.api import (
    Engagement,
    Mention,
    Page,
    Window,
)
from servers.x import Post, X, id_at, number_of, time_of
from sources.x_posts import published_of_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.mark.usefixtures("token")
class TestFields:
    def test_a_post_comes_with_everything_x_tells(self) -> None:
        post = Post(
            text="Acme <3 & #kettles",
            created_at=ago(hours=1),
            extra={
                "geo": {"place_id": "de01"},
                "attachments": {"media_keys": ["3_1"]},
                "entities": {
                    "hashtags": [{"tag": "kettles"}],
                    "urls": [
                        {
                            "url": "https://t.co/a",
                            "expanded_url": "https://sho.rt/1",
                            "unwound_url": "https://acme.example/1",
                        },
                        {"url": "https://t.co/b", "expanded_url": "https://x.com/jo_acme/status/1/photo/1"},
                        {"url": "https://t.co/c", "expanded_url": "https://globex.example/"},
                    ],
                },
            },
        )
        with X([post], now=NOW) as server:
            mention = one(server)
        assert mention.id == post.id
        assert mention.source == "x"
        assert mention.text == "Acme <3 & #kettles"
        assert mention.published_at == time_of(post.id).replace(microsecond=0)
        assert mention.url == f"https://x.com/jo_acme/status/{post.id}"
        assert mention.author is not None
        assert (mention.author.id, mention.author.handle, mention.author.name) == (
            number_of("jo_acme"),
            "jo_acme",
            "Jo Acme",
        )
        assert (mention.author.followers, mention.author.verified) == (120, False)
        assert mention.engagement == Engagement(likes=21, reposts=7, replies=3, views=500)
        assert (mention.language, mention.place, mention.thread) == ("en", "DE", post.id)
        assert mention.hashtags == ("kettles",)
        assert mention.links == ("https://acme.example/1", "https://globex.example/")
        assert mention.has_media is True
        assert not mention.is_repost

    def test_a_repost_has_the_whole_text_of_its_original_and_no_counters_of_its_own(self) -> None:
        original = Post(text="Acme " + "kettle " * 40 + "#end", created_at=ago(days=2), author="acme_inc")
        repost = Post(text=f"RT @acme_inc: {original.text[:100]}…", created_at=ago(hours=1), retweets=original.id)
        with X([original, repost], now=NOW) as server:
            mention = one(server)
        assert mention.text == original.text
        assert mention.hashtags == ("end",)
        assert mention.repost_of == original.id
        assert mention.engagement == Engagement()
        assert mention.author is not None
        assert mention.author.handle == "jo_acme"

    def test_a_repost_of_something_gone_keeps_its_own_words(self) -> None:
        repost = Post(text="RT @globex: Acme is…", created_at=ago(hours=1), retweets="1500000000000000000")
        with X([repost], now=NOW) as server:
            mention = one(server)
        assert mention.text == "RT @globex: Acme is…"
        assert mention.repost_of == "1500000000000000000"

    def test_replies_and_quotes_name_what_they_answer_and_keep_their_counters(self) -> None:
        other = Post(text="Globex is here", created_at=ago(hours=3))
        post = Post(text="unlike Acme", created_at=ago(hours=1), replies_to=other.id, quotes=other.id)
        with X([other, post], now=NOW) as server:
            mention = one(server)
        assert (mention.reply_to, mention.quote_of, mention.repost_of) == (other.id, other.id, None)
        assert mention.thread == other.id
        assert mention.engagement.likes == 21

    def test_a_long_post_comes_whole(self) -> None:
        note = {"text": "Acme " + "word " * 100 + "&amp; done", "entities": {"hashtags": [{"tag": "last"}]}}
        with X([Post(text="Acme word…", created_at=ago(hours=1), extra={"note_tweet": note})], now=NOW) as server:
            mention = one(server)
        assert mention.text.endswith("& done")
        assert mention.hashtags == ("last",)

    def test_an_edited_post_is_the_same_mention_under_its_first_id(self) -> None:
        first = Post(text="Acme is fien", created_at=ago(hours=1, minutes=5))
        second = Post(text="Acme is fine", created_at=ago(hours=1), versions=(first.id,))
        reply = Post(text="@jo_acme Acme? really", created_at=ago(minutes=40), replies_to=second.id)
        with X([first, second, reply], now=NOW) as server:
            server.posts.remove(first)  # search knows the newest version only
            source = source_for(server)
            answer, edited = source.fetch(ACME, DAY, None).mentions
            source.close()
        assert (edited.id, edited.text) == (first.id, "Acme is fine")
        assert edited.published_at == time_of(first.id)
        assert edited.edited_at == time_of(second.id).replace(microsecond=0)
        assert edited.url == f"https://x.com/jo_acme/status/{second.id}"
        assert answer.reply_to == first.id

    def test_two_versions_in_one_answer_are_one_mention_in_its_newest_words(self) -> None:
        first = Post(text="Acme is fien", created_at=ago(hours=1, minutes=5))
        second = Post(text="Acme is fine", created_at=ago(hours=1), versions=(first.id,))
        with X([first, second], now=NOW) as server:
            assert one(server).text == "Acme is fine"

    def test_an_author_who_is_gone_leaves_an_id_and_a_link_that_works(self) -> None:
        post = Post(text="Acme", created_at=ago(hours=1), author_is_gone=True)
        with X([post], now=NOW) as server:
            mention = one(server)
        assert mention.url == f"https://x.com/i/web/status/{post.id}"
        assert mention.author is not None
        assert (mention.author.id, mention.author.handle) == (number_of("jo_acme"), None)

    def test_authors_are_asked_for_only_where_wanted(self) -> None:
        with X([Post(text="Acme", created_at=ago(hours=1))], now=NOW) as server:
            mention = one(server, expand_authors=False)
            asked = server.requests[0]
        assert "author_id" not in asked.param("expansions").split(",")
        assert "user.fields" not in asked.query
        assert mention.author is not None
        assert mention.author.handle is None

    @pytest.mark.parametrize(("claim", "tag"), [("iw", "he"), ("in", "id"), ("und", None), ("qme", None), ("pt", "pt")])
    def test_language_claims_become_current_tags(self, claim: str, tag: str | None) -> None:
        with X([Post(text="Acme", created_at=ago(hours=1), lang=claim)], now=NOW) as server:
            assert one(server).language == tag

    def test_what_cannot_be_read_is_named_and_the_rest_is_kept(self) -> None:
        good = {"id": id_at(ago(hours=1)), "text": "Acme"}
        body = {"data": [good, {"id": "5"}, {"text": "no id"}, 7], "meta": {"result_count": 4}}
        with Fixed(body) as server:
            source = source_for(server)
            page = source.fetch(ACME, DAY, None)
            source.close()
        assert [mention.text for mention in page.mentions] == ["Acme"]
        assert [skipped.id for skipped in page.skipped] == ["5", None, None]

    def test_hostile_values_become_unknown(self) -> None:
        post = {
            "id": id_at(ago(hours=1)),
            "text": "Acme\x00 \ud800",
            "author_id": {"a": 1},
            "created_at": "never",
            "lang": 5,
            "public_metrics": {"like_count": "many", "retweet_count": -1, "reply_count": True},
            "entities": {"urls": [{"expanded_url": "javascript:alert(1)"}, 3], "hashtags": "x"},
            "referenced_tweets": [None, {"type": ["retweeted"], "id": "1"}],
            "edit_history_tweet_ids": {},
            "attachments": [],
            "geo": "here",
        }
        with Fixed({"data": [post], "includes": {"users": 3, "tweets": [4]}, "meta": None}) as server:
            mention = one(server)
        assert mention.text.strip() == "Acme"
        assert mention.author is None
        assert mention.published_at == time_of(str(post["id"]))
        assert (mention.engagement, mention.links, mention.hashtags) == (Engagement(), (), ())


@pytest.mark.usefixtures("token")
class TestRecordedAnswers:
    """Recorded bodies, served whole to the real client; their words are not repeated here."""

    def test_every_recorded_post_becomes_a_mention(self, shared: Path) -> None:
        bodies = list(recorded_pages(shared / "recorded" / "x"))
        assert len(bodies) >= 40
        for name, body, page in self.served(bodies, Window(since=datetime(2006, 1, 1, tzinfo=UTC), until=DAY.until)):
            posts = body["data"]
            assert page.skipped == (), name
            assert page.exhausted == ("next_token" not in body.get("meta", {})), name
            first_ids = dict.fromkeys(post.get("edit_history_tweet_ids", [post["id"]])[0] for post in posts)
            assert [mention.id for mention in page.mentions] == list(first_ids), name
            mapped = {mention.id: mention for mention in page.mentions}
            for post in posts:
                check_mapping(
                    post, mapped[post.get("edit_history_tweet_ids", [post["id"]])[0]], body.get("includes", {})
                )

    def served(self, bodies: list[tuple[str, dict]], window: Window) -> Iterator[tuple[str, dict, Page]]:
        with Fixed({}) as server:
            source = source_for(server)
            for name, body in bodies:
                server.body = body
                yield name, body, source.fetch(ACME, window, None)
            source.close()


def recorded_pages(folder: Path) -> Iterator[tuple[str, dict]]:
    for path in sorted(folder.glob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        data = body.get("data") if isinstance(body, dict) else None
        if isinstance(data, list) and data and all("text" in post for post in data):
            yield path.name, body


def check_mapping(post: dict, mention: Mention, includes: dict) -> None:
    kinds = {ref["type"]: ref["id"] for ref in post.get("referenced_tweets", [])}
    users = {user["id"]: user for user in includes.get("users", [])}
    included = {tweet["id"]: tweet for tweet in includes.get("tweets", [])}
    if "created_at" in post and mention.id == post["id"]:
        assert mention.published_at == datetime.fromisoformat(post["created_at"])
        written = published_of_id(post["id"]) or mention.published_at  # ids of before 2010-11 hold no time
        assert abs(written - mention.published_at) < timedelta(seconds=2)
    assert mention.published_at is not None
    assert mention.is_repost == ("retweeted" in kinds)
    assert (mention.reply_to is None) == ("replied_to" not in kinds)
    assert (mention.quote_of is None) == ("quoted" not in kinds)
    assert "&amp;" not in mention.text or "&amp;amp;" in post["text"]
    if mention.is_repost:
        assert mention.engagement == Engagement()
        assert kinds["retweeted"] not in included or len(mention.text) >= len(post["text"]) - 40
    elif "public_metrics" in post:
        assert mention.engagement.likes == post["public_metrics"]["like_count"]
    if post.get("author_id") in users:
        assert mention.author is not None
        assert mention.author.handle == users[post["author_id"]]["username"]
        assert mention.url == f"https://x.com/{mention.author.handle}/status/{post['id']}"
    if "lang" in post and post["lang"] in {"de", "en", "es"}:
        assert mention.language == post["lang"]
