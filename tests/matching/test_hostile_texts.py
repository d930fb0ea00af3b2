"""Texts made to be slow are matched in time that grows with their length alone.

The limits are generous (work that grew with the square would take a minute), so
that a busy machine does not fail the tests.
"""

from __future__ import annotations

import time

import pytest

from listener.matching import Matcher
from listener.mention import Mention
from listener.query import Query
from listener.query.parse import parse

SIZE = 20_000
TEXTS = {
    "one letter": "a" * SIZE,
    "one word": "a " * (SIZE // 2),
    "two words": "a b " * (SIZE // 4),
    "spaces": "a" + " " * SIZE + "b",
    "marks of exclamation": "!" * SIZE,
    "flags": "\U0001f1ee\U0001f1f3" * (SIZE // 2),
    "joined emoji": "\U0001f469\u200d\U0001f4bb" * (SIZE // 3),
    "accents": "a" + "\u0301\u0327" * (SIZE // 2),
    "signs": "#" * SIZE,
    "tags": "#A" * (SIZE // 2),
    "one tag": "#" + "Ab" * (SIZE // 2),
    "syllables": "\uac00" * SIZE,
    "zero-width": "a\u200b" * (SIZE // 2),
    "ligatures": "\ufdfa" * (SIZE // 20),
    "surrogates": "\ud83d" * SIZE,
    "zero": "a\x00" * (SIZE // 2),
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
    before = time.process_time()
    found = matcher.match(Mention(source="jsonl", id="1", text=text, title=text[:1000], published_at=None))
    assert time.process_time() - before < 8
    assert all(len(match.spans) <= 1_000 for match in found)
