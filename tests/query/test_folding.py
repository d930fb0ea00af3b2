"""Text is folded so that spellings a reader takes for one become one."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bounds import assert_linear
from listener.query.text import fold, fold_with_origins
from unmeasured import measuring_paused

SCRIPTS = st.text(
    alphabet=st.sampled_from(
        list("aZé1 .,-'#@ßİıøﬁ™²\u2019…©ñŁ")
        + list("हिन्दीज़\u200d\u200c")
        + list("コカ・ｺﾗガ")
        + list("ไทยกำ")
        + list("삼성은")
        + list("محمدُّأیي")
        + list("தமிழ்ਪੰਜਾਬੀ")
        + list("👩💻👍🏽❤\ufe0f🇮🇳")
        + ["\u0301", "\u200b", "\u00ad", "\ud83d"]
    ),
    max_size=30,
)


@measuring_paused()
def test_both_ways_of_folding_agree_on_every_common_character():
    spans = [(0, 0xAC10), (0xD7A0, 0xD800), (0xF900, 0x10000), (0x1D400, 0x1D800), (0x1F000, 0x1FB00)]
    characters = [chr(code_point) for span in spans for code_point in range(*span)]
    wrong = [character for character in characters if fold(character) != fold_with_origins(character).text]
    assert wrong == []


@given(SCRIPTS)
def test_both_ways_of_folding_agree_on_texts(text):
    assert fold(unicodedata.normalize("NFC", text)) == fold_with_origins(unicodedata.normalize("NFC", text)).text


@given(SCRIPTS)
def test_folding_twice_changes_nothing_more(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20))
def test_composed_and_decomposed_spellings_fold_to_the_same(text):
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@given(SCRIPTS)
def test_every_folded_character_knows_where_it_came_from(text):
    folded = fold_with_origins(text)
    for index in range(len(folded.text)):
        start, end = folded.span(index, index + 1)
        assert 0 <= start < end <= len(text)
        assert folded.text[index] in fold_with_origins(text[start:end]).text or folded.text[index] == "\u200d"


def test_a_span_covers_the_marks_that_folding_dropped():
    folded = fold_with_origins("a cafe\u0301 here")
    start = folded.text.index("cafe")
    assert folded.span(start, start + 4) == (2, 7)


def test_folding_a_long_text_of_marks_takes_linear_time():
    def both(size):
        text = "a" + "\u0301\u0327\u3099" * size
        assert len(fold(text)) == len(fold_with_origins(text).text)

    assert_linear(both, 10_000)
