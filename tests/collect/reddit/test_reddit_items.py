"""What Reddit tells of a post or a comment stands in its mention, whatever else it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collect.reddit_reading import COMMENTS, DAY, NEW, NOW, SEARCH, Fixed, ago, only, source_for
from listener.api import Engagement, Mention, Skipped
from servers.reddit import Reddit, Thing
from sources.reddit_items import read_thing


class TestFields:
    def test_a_post_comes_with_everything_reddit_tells(self) -> None:
        post = Thing(number=900, created_at=ago(hours=1), title="Acme <3", text="boils & *whistles*")
        with Reddit([post], now=NOW) as server:
            mention = only(server)
        assert (mention.source, mention.id, mention.kind) == ("reddit", "t3_p0", "post")
        assert (mention.title, mention.text) == ("Acme <3", "boils & *whistles*")
        assert mention.url == "https://www.reddit.com/r/kettles/comments/p0/a_post/"
        assert mention.published_at == ago(hours=1)
        assert mention.author is not None
        assert mention.author.handle == "jo_acme"
        assert (mention.author.id or "").startswith("t2_")
        assert mention.engagement == Engagement(likes=12, reposts=1, replies=4)
        assert (mention.thread, mention.reply_to, mention.repost_of) == ("t3_p0", None, None)
        assert (mention.links, mention.has_media, mention.edited_at, mention.language) == ((), False, None, None)
        assert mention.extra == {"subreddit": "kettles", "over_18": False}

    def test_a_comment_names_its_parent_and_its_post_and_not_the_posts_counters(self) -> None:
        comment = Thing(number=901, created_at=ago(hours=1), text="acme?", parent="t1_zz", link="t3_p0")
        with Reddit([comment], now=NOW) as server:
            mention = only(server, COMMENTS)
        assert (mention.id, mention.kind, mention.title) == ("t1_p1", "comment", None)
        assert (mention.reply_to, mention.thread) == ("t1_zz", "t3_p0")
        assert mention.url == "https://www.reddit.com/r/kettles/comments/p0/a_post/p1/"
        assert mention.engagement == Engagement(likes=12)

    def test_a_comment_without_its_address_gets_one_that_works(self) -> None:
        comment = Thing(
            number=901, created_at=ago(hours=1), text="acme?", parent="t3_p0", link="t3_p0", extra={"permalink": None}
        )
        with Reddit([comment], now=NOW) as server:
            assert only(server, COMMENTS).url == "https://www.reddit.com/comments/p0/_/p1/"

    def test_a_link_post_names_its_target_and_its_picture(self) -> None:
        link = Thing(
            number=900,
            created_at=ago(hours=1),
            title="acme",
            link="https://globex.example/a.png",
            extra={"post_hint": "image"},
        )
        with Reddit([link], now=NOW) as server:
            mention = only(server)
        assert (mention.links, mention.has_media) == (("https://globex.example/a.png",), True)

    def test_what_a_text_links_to_is_told_and_the_characters_it_names_are_there(self) -> None:
        text = "&#x200B;\n\nR&amp;D, see [this](https://globex.example/a_(b)) or https://initech.example/c\\_d. \\_Acme\\_Lid\\_\n\n&#x200B;"
        post = Thing(number=900, created_at=ago(hours=1), title="acme", text=text)
        with Reddit([post], now=NOW) as server:
            mention = only(server)
        assert mention.text == (
            "R&D, see [this](https://globex.example/a_(b)) or https://initech.example/c_d. \\_Acme_Lid\\_"
        )
        assert mention.links == ("https://globex.example/a_(b)", "https://initech.example/c_d")
        comment = Thing(number=901, created_at=ago(hours=1), text=f"acme: {text}", parent="t1_zz", link="t3_p0")
        with Reddit([comment], now=NOW) as server:
            assert only(server, COMMENTS).links == mention.links

    def test_a_crosspost_is_a_repost_with_the_words_of_its_original(self) -> None:
        extra = {"crosspost_parent": "t3_aa", "crosspost_parent_list": [{"name": "t3_aa", "selftext": "the story"}]}
        with Reddit([Thing(number=900, created_at=ago(hours=1), title="acme", extra=extra)], now=NOW) as server:
            mention = only(server)
        assert (mention.repost_of, mention.text) == ("t3_aa", "the story")

    def test_an_edit_has_its_time(self) -> None:
        edited = ago(minutes=5)
        extra = {"edited": edited.timestamp()}
        with Reddit([Thing(number=900, created_at=ago(hours=1), title="acme", extra=extra)], now=NOW) as server:
            assert only(server).edited_at == edited

    def test_the_text_of_an_account_that_is_gone_has_no_author(self) -> None:
        with Reddit([Thing(number=900, created_at=ago(hours=1), title="acme", author=None)], now=NOW) as server:
            assert only(server).author is None

    def test_a_removed_post_keeps_its_title_only(self) -> None:
        post = Thing(number=900, created_at=ago(hours=1), title="acme", text="[removed]")
        with Reddit([post], now=NOW) as server:
            mention = only(server)
        assert (mention.title, mention.text) == ("acme", "")

    @pytest.mark.parametrize("words", ["[deleted]", "[removed]", "[ Removed by Reddit ]"])
    def test_what_was_taken_away_is_no_mention(self, words: str) -> None:
        comment = Thing(number=901, created_at=ago(hours=1), text=words, parent="t3_p0")
        post = Thing(number=900, created_at=ago(hours=1), title="[deleted by user]", text=words)
        with Reddit([comment, post], now=NOW) as server:
            source = source_for(server)
            pages = [source.fetch(resource, DAY, None) for resource in (COMMENTS, NEW)]
            source.close()
        assert [page.mentions for page in pages] == [(), ()]
        assert [skipped.id for page in pages for skipped in page.skipped] == ["t1_p1", "t3_p0"]

    @pytest.mark.parametrize(
        ("extra", "likes"), [({"score": -4}, 0), ({"score_hidden": True}, None), ({"score": "9"}, 9)]
    )
    def test_a_score_is_never_below_zero_and_hidden_is_unknown(self, extra: dict, likes: int | None) -> None:
        with Reddit([Thing(number=900, created_at=ago(hours=1), title="acme", extra=extra)], now=NOW) as server:
            assert only(server).engagement.likes == likes

    def test_hostile_values_become_unknown_or_are_named(self) -> None:
        good = {
            "kind": "t3",
            "data": {"name": "t3_a1", "title": "acme\x00\ud800", "created_utc": ago(hours=1).timestamp()},
        }
        odd = good["data"] | {
            "author": None,
            "score": [],
            "edited": "x",
            "url": "javascript:1",
            "permalink": "//e.example",
        }
        things = [
            {"kind": "t3", "data": odd},
            {"kind": "t5", "data": {"name": "t5_x"}},
            {"kind": "t1", "data": {"name": "t1_x", "body": "acme", "created_utc": "soon"}},
            {"kind": ["t3"], "data": 4},
            "thing",
        ]
        with Fixed({"kind": "Listing", "data": {"after": None, "children": things}}) as server:
            source = source_for(server)
            page = source.fetch(SEARCH, DAY, None)
            source.close()
        (mention,) = page.mentions
        assert mention.title == "acme"
        assert (mention.author, mention.links, mention.edited_at, mention.engagement) == (None, (), None, Engagement())
        assert mention.url == "https://www.reddit.com/comments/a1/"
        assert len(page.skipped) == 4


FIELDS = [
    "author",
    "author_fullname",
    "body",
    "created_utc",
    "crosspost_parent",
    "crosspost_parent_list",
    "edited",
    "gallery_data",
    "id",
    "is_self",
    "is_video",
    "link_id",
    "media",
    "media_metadata",
    "name",
    "num_comments",
    "parent_id",
    "permalink",
    "post_hint",
    "score",
    "selftext",
    "subreddit",
    "title",
    "url",
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["t3_a1", "t1_b2", "[deleted]", "/r/a/", "https://acme.example", "9"])
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)


class TestAnyThing:
    @given(
        kind=st.sampled_from(["t1", "t3"]) | VALUES,
        data=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=12),
    )
    def test_it_is_a_mention_or_named_as_skipped(self, kind: object, data: dict) -> None:
        found = read_thing({"kind": kind, "data": data})
        if isinstance(found, Mention):
            assert found.title or found.text
            assert found.published_at is not None
            assert f"{found.title}{found.text}".encode()
        else:
            assert found.reason


@pytest.mark.parametrize(("told", "kept"), [(True, {"over_18": True}), (False, {"over_18": False}), ("\udfff", {})])
def test_whether_a_post_is_for_adults_is_kept_where_it_is_told(told: object, kept: dict[str, bool]) -> None:
    post = {"name": "t3_abc", "title": "acme", "created_utc": 1_795_000_000, "subreddit": "kettles", "over_18": told}
    found = read_thing({"kind": "t3", "data": post})
    assert isinstance(found, Mention)
    assert found.extra == {"subreddit": "kettles", **kept}


def test_a_thing_whose_kind_is_no_word_is_skipped() -> None:
    assert read_thing({"kind": ["t3"], "data": {"name": "t3_abc", "title": "acme"}}) == Skipped(
        id="t3_abc", reason="neither a post nor a comment"
    )
