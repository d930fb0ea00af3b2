"""Entities of entities are seen wherever they are declared, and nowhere else, in the time that reading takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bounds import assert_linear
from safety.growing import LAUGHS, feed_of
from sources import rss_entries


def test_what_looks_like_a_document_type_inside_an_article_is_no_bomb() -> None:
    quoted = "<![CDATA[" + LAUGHS + "]]>"
    assert not rss_entries.declares_entities_of_entities(feed_of("", quoted))
    assert not rss_entries.declares_entities_of_entities(feed_of('<!DOCTYPE r [<!ENTITY nbsp "&#160;">]>', "a&nbsp;b"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("before", ["", "<!-- <rss '\" -->", "<?xml-stylesheet href='x'?>"])
def test_entities_of_entities_are_seen_in_every_encoding_and_behind_anything(encoding: str, before: str) -> None:
    bomb = feed_of(before + LAUGHS, "&c;").decode().encode(encoding)
    assert rss_entries.declares_entities_of_entities(bomb)


@pytest.mark.parametrize(
    "slow",
    [
        lambda size: b"<!---->" * size,
        lambda size: b"<!DOCTYPE r [" + b"'" * (20 * size + 1),
        lambda size: b"<!DOCTYPE" * (5 * size),
        lambda size: b"<!DOCTYPE r [<!--" * (2 * size),
    ],
    ids=["comments", "quotes", "document types", "comments without end"],
)
def test_looking_for_entities_takes_no_longer_than_reading(slow: Callable[[int], bytes]) -> None:
    def look(size: int) -> None:
        assert not rss_entries.declares_entities_of_entities(slow(size))

    assert_linear(look, 10_000)
