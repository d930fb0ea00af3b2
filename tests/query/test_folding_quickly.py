"""The quick ways of folding give what folding one character after another gives."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.query.automaton import automaton_of
from listener.query.characters import FOLDS, KINDS, TEXT_BREAK, UNSPACED, WORD, ZWJ
from listener.query.text import fold, fold_to_bytes, fold_with_origins
from unmeasured import measuring_paused

SCRIPTS = {
    "Latin": "aZéß.,-'#@ıİøﬁ™²\u2019…©ñŁſ",
    "Greek and Cyrillic": "ΣσςΆάЙйЁёІі",
    "Devanagari": "हिन्दीज़क़इंडियाॐ\u0951\u0952\u094d\u093c",
    "Bengali": "বাংলাড়য়\u09bc\u09cd\u09be",
    "Tamil and Gurmukhi": "தமிழ்ொபੰਜਾਬੀਸ਼",
    "Arabic and Hebrew": "محمدُّأییيﷺكگשׁלוֹם",
    "Thai, Lao and Burmese": "ไทยกำุ่ิ์ฺ\u0e38\u0e48ລາວ\u0eb8\u0ec8မြန်မာ့\u1037\u103a",
    "Japanese": "コカ・ｺﾗガﾞがぱは\u3099\u309a漢字々ー",
    "Korean": "삼성은각가\u1100\u1161\u11a8ㄱ",
    "emoji": "👩💻👍🏽❤\ufe0f🇮🇳🏴\U000e0067\U000e007f",
    "rare": "Ꭰꭰ𐐀𐐨𝐀𝓑\U0001d165\U0001d16d\U0001e94a\u0f71\u0f72\u302a\u1b34\u17d2\u17dd",
    "marks": "\u0301\u0323\u0300\u3099\u1b34\u0951\u094d\u0e38\u0e48\u05b0",
    "unseen": " \n\0\u200b\u200c\u00ad\u2060\u2028\u3000\ufeff\ud83d\udc69\x1c",
}
CHARACTERS = st.one_of(
    *(st.sampled_from(letters) for letters in SCRIPTS.values()),
    st.just(ZWJ),
    st.characters(exclude_categories=[]),
)
TEXTS = st.text(CHARACTERS, max_size=24)


def folded_plainly(text: str) -> str:
    """Fold one character after another; joiners and the order of marks as the neighbours ask for."""
    parts = ""
    for character in text:
        joins_letters = not parts or parts[-1] == TEXT_BREAK or KINDS[parts[-1]] & (WORD | UNSPACED)
        if character != ZWJ or not joins_letters:
            parts += FOLDS[ord(character)]
    return re.sub(r"[^\0-\x7f]+", lambda run: unicodedata.normalize("NFD", run[0]), parts)


@given(TEXTS)
def test_each_way_of_folding_gives_what_folding_plainly_gives(text):
    wanted = folded_plainly(text)
    assert fold(text) == wanted
    assert fold_to_bytes(text).decode() == wanted
    assert fold_with_origins(text).text == wanted


@given(st.lists(st.text(CHARACTERS.filter(lambda character: character != TEXT_BREAK), max_size=12), max_size=6))
def test_texts_folded_together_are_those_folded_alone(texts):
    together = fold_to_bytes(TEXT_BREAK.join(texts)).decode()
    assert together == TEXT_BREAK.join(fold(text) for text in texts)


@given(TEXTS)
def test_folding_any_text_twice_changes_nothing_more(text):
    assert fold(fold(text)) == fold(text)


@given(TEXTS)
def test_composed_and_decomposed_spellings_of_any_text_fold_to_the_same(text):
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize("text", ["が\u1b34", "\u0e38\u00ad\u3099", "コ\u094dﾞ", "\u094d\u09bc", "ก\u0e48\u0e38"])
def test_marks_that_folding_brings_together_stand_in_one_order(text):
    folded = fold(text)
    assert folded == unicodedata.normalize("NFD", folded) == fold_with_origins(text).text


@measuring_paused()
def test_every_character_folds_the_same_in_each_way():
    blocks = [range(0x20000), range(0x2F800, 0x2FA20), range(0xE0000, 0xE0200), range(0x10FFF0, 0x110000)]
    characters = [chr(code_point) for block in blocks for code_point in block if chr(code_point) not in "\0" + ZWJ]
    for start in range(0, len(characters), 4096):
        block = characters[start : start + 4096]
        wanted = [FOLDS[ord(character)] for character in block]
        assert fold("\0".join(block)).split("\0") == wanted
        assert fold_to_bytes("\0".join(block)).decode().split("\0") == wanted


@measuring_paused()
def test_every_mark_is_put_in_order_beside_others():
    marks = [chr(code_point) for code_point in range(0x20000) if unicodedata.combining(chr(code_point))]
    for mark in marks:
        for text in (f"ก\u0e48{mark}", f"क\u094d{mark}", f"ག{mark}\u0f71", f"か{mark}\u3099", f"{mark}\u094d\u1037"):
            assert fold(text) == folded_plainly(text)
            assert fold_with_origins(text).text == folded_plainly(text)


@measuring_paused()
def test_a_row_of_marks_in_the_wrong_order_is_folded_in_linear_time():
    text = "ก" + "\u0e48\u0e38" * 100_000
    assert fold(text) == "ก" + "\u0e38" * 100_000 + "\u0e48" * 100_000
    assert fold_with_origins(text).text == fold(text)


def test_many_long_strings_are_found_as_few_short_ones_are():
    strings = [chr(0x4E00 + number) * 99 + "x" for number in range(400)]
    automaton = automaton_of(strings)
    text = f"a {strings[7]} b {strings[311]}".encode()
    found = automaton.find_matches_as_indexes(text, overlapping=True)
    assert [(pattern, text[start:end].decode()) for pattern, start, end in found] == [
        (7, strings[7]),
        (311, strings[311]),
    ]


def test_without_any_string_nothing_is_found():
    assert automaton_of([]).find_matches_as_indexes(b"anything", overlapping=True) == []
