"""Text from outside is cleaned: controls, overrides, piles of marks, length, links."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.hostile import call_nobody, clean_block, clean_line, direction, excerpt, web_link


@given(st.text())
def test_a_cleaned_line_has_no_control_no_break_and_no_override(text: str) -> None:
    cleaned = clean_line(text)
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Co", "Zl", "Zp"} for c in cleaned)
    assert not any(0x202A <= ord(c) <= 0x202E or 0x2066 <= ord(c) <= 0x2069 for c in cleaned)
    assert clean_line(cleaned) == cleaned


def test_ordinary_text_of_every_script_is_left_alone() -> None:
    for text in ("आज़ाद क्षत्रिय", "لاگ اِن نہیں", "コカコーラ", "எக்மே", "👩‍👩‍👧 👍🏽", "naïve café"):
        assert clean_line(text) == text


def test_a_block_keeps_its_lines_but_not_many_empty_ones() -> None:
    assert clean_block("a\r\n\r\n\r\n\r\nb\tc\x00") == "a\n\nb c"


def test_piles_of_marks_are_cut_down() -> None:
    assert clean_line("a" + "\u0301" * 200) == "a" + "\u0301" * 8


def test_an_excerpt_is_cut_at_a_word_and_says_so() -> None:
    assert excerpt("one two three four", 14) == "one two three…"
    assert excerpt("short", 14) == "short"


def test_an_excerpt_never_cuts_a_cluster_apart() -> None:
    family = "👩‍👩‍👧"
    assert excerpt(family * 5, 3) == family * 2 + "…"
    assert excerpt("क्षि" * 5, 3).endswith("क्षि…")


@given(st.text(max_size=400), st.integers(2, 50))
def test_an_excerpt_is_never_longer_than_asked(text: str, length: int) -> None:
    import regex

    assert len(regex.findall(r"\X", excerpt(text, length))) <= length


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.org/x",
        "//example.org/x",
        "https://",
        "https://user@example.org/",
        "https://example.org/a b",
        "https://example.org/\nx",
        'https://example.org/"onclick=x',
        "https://example.org/<script>",
        "https://[broken",
        "https://good.example\N{FRACTION SLASH}login\N{FRACTION SLASH}.example.org/",
        "https://good.example\N{FULLWIDTH SOLIDUS}.example.org/",
        "https://example\N{IDEOGRAPHIC FULL STOP}org/",
        "https://example\N{ZERO WIDTH SPACE}.org/",
        "https://example.org:99999999/",
        "https://example.org/" + "a" * 2_000,
    ],
)
def test_addresses_that_could_mislead_are_not_linked(url: str | None) -> None:
    assert web_link(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/@ada/1?x=1&y=2#z",
        "HTTP://example.org",
        "http://127.0.0.1:8000/a",
        "https://[2001:db8::1]:8080/",
        "https://bücher.example/ü",
        "https://उदाहरण.भारत/",
        "https://my_blog.example.org/",
    ],
)
def test_plain_web_addresses_are_linked_as_they_are(url: str) -> None:
    assert web_link(url) == url


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ایکمی Acme", "rtl"), ("#5 אקמי", "rtl"), ("Acme ایکمی", "ltr"), ("आज़ाद", "ltr"), ("123 🎉", "ltr"), ("", "ltr")],
)
def test_the_first_strong_letter_decides_the_direction(text: str, expected: str) -> None:
    assert direction(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "@everyone look",
        "look, @here",
        "<@123456789012345678>",
        "<@&123456789012345678> <!channel> <!subteam^S1> <#C1>",
        "<users/all>",
        '<at user_id="all">',
        "@**all**",
        "<https://evil.example|bank.example>",
        "[bank.example](https://evil.example)",
        "[https://bank.example](https://evil.example)",
        "![](https://evil.example/pixel.png)",
        "https://evil.example/@everyone/@Here",
    ],
)
def test_a_chat_room_finds_nobody_to_call_and_no_link_with_words_of_its_own(text: str) -> None:
    import regex

    hushed = call_nobody(text)

    assert not regex.search(r"@\w|@\*|<[@!#]|<[^\W\d]|\]\(", hushed)
    assert hushed.replace("\u200b", "").replace("%40", "@") == text
    assert call_nobody(hushed) == hushed


@pytest.mark.parametrize(
    "text",
    ["60 mentions, 3 < 5 and 7 > 2 <3", "https://example.org/@ada/1?x=1&y=2#z", "https://[::1]:80/", "a @ b [1]"],
)
def test_what_calls_nobody_goes_to_chat_rooms_as_it_is(text: str) -> None:
    assert call_nobody(text) == text
