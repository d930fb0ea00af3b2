"""Any answer that X could give is read or named as skipped, and ids tell their time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sources.x_posts import first_id_at, published_of_id, read_posts

FIELDS = [
    "attachments",
    "author_id",
    "conversation_id",
    "country_code",
    "created_at",
    "edit_history_tweet_ids",
    "entities",
    "expanded_url",
    "geo",
    "hashtags",
    "id",
    "lang",
    "like_count",
    "media_keys",
    "note_tweet",
    "place_id",
    "places",
    "public_metrics",
    "referenced_tweets",
    "tag",
    "text",
    "tweets",
    "type",
    "urls",
    "username",
    "users",
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6),
    max_leaves=25,
)


class TestAnyAnswer:
    @given(st.fixed_dictionaries({}, optional={"data": st.lists(JSON, max_size=4), "includes": JSON, "meta": JSON}))
    def test_every_post_is_a_mention_or_named_as_skipped(self, answer: dict) -> None:
        mentions, skipped = read_posts(answer)
        posts = answer.get("data", [])
        assert len({mention.id for mention in mentions}) == len(mentions)
        assert len(mentions) + len(skipped) <= len(posts)
        assert bool(posts) == bool(mentions or skipped)
        for mention in mentions:
            assert mention.text.encode("utf-8").decode() == mention.text
            assert mention.url is not None


class TestIds:
    @given(st.datetimes(datetime(2011, 1, 1), datetime(2080, 1, 1)))  # noqa: DTZ001 - made aware below
    def test_the_first_id_of_an_instant_parts_before_from_after(self, naive: datetime) -> None:
        instant = naive.replace(tzinfo=UTC, microsecond=naive.microsecond // 1000 * 1000)
        first = first_id_at(instant)
        assert published_of_id(str(first)) == instant
        assert published_of_id(str(first - 1)) == instant - timedelta(milliseconds=1)

    def test_an_id_from_before_the_clock_holds_no_time(self) -> None:
        assert published_of_id("20") is None
        assert published_of_id("a") is None
