"""Texts made to be slow are matched in time that grows with their length alone."""

from __future__ import annotations

import pytest

from bounds import assert_linear
from listener.matching import Matcher
from listener.mention import Mention
from listener.query import Query
from listener.query.parse import parse

SIZE = 5_000
TEXTS = {
    "one letter": lambda size: "a" * size,
    "one word": lambda size: "a " * (size // 2),
    "two words": lambda size: "a b " * (size // 4),
    "spaces": lambda size: "a" + " " * size + "b",
    "marks of exclamation": lambda size: "!" * size,
    "flags": lambda size: "\U0001f1ee\U0001f1f3" * (size // 2),
    "joined emoji": lambda size: "\U0001f469\u200d\U0001f4bb" * (size // 3),
    "accents": lambda size: "a" + "\u0301\u0327" * (size // 2),
    "signs": lambda size: "#" * size,
    "tags": lambda size: "#A" * (size // 2),
    "one tag": lambda size: "#" + "Ab" * (size // 2),
    "syllables": lambda size: "\uac00" * size,
    "zero-width": lambda size: "a\u200b" * (size // 2),
    "ligatures": lambda size: "\ufdfa" * (size // 20),
    "surrogates": lambda size: "\ud83d" * size,
    "zero": lambda size: "a\x00" * (size // 2),
}
EXPRESSIONS = [
    "a",
    '"a b"',
    '"' + "a " * 49 + 'c"',
    '"! ! a"',
    "aa*",
    "#a",
    '#aaaa OR @a OR "$a"',
    "a NEAR/100 b",
    "a NEAR/100 c",
    "a NEAR/50 a NEAR/50 b NEAR/50 a",
    "(a OR aa OR b) NEAR/3 (b OR a) -c",
    'raw:"a"',
    'hashtag:"ab ab c"',
    "\U0001f1f3\U0001f1ee",
    "\U0001f469",
    "\uac00",
    "title:a",
    "url:a",
]


@pytest.fixture(scope="module")
def matcher():
    return Matcher([Query.of(f"brand {number}", parse(text)) for number, text in enumerate(EXPRESSIONS)])


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_hostile_text_is_matched_in_linear_time(matcher, text):
    def match(size):
        words = text(size)
        found = matcher.match(Mention(source="jsonl", id="1", text=words, title=words[:1000], published_at=None))
        assert all(len(match.spans) <= 1_000 for match in found)

    assert_linear(match, SIZE)
