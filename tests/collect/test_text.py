"""Text from services becomes plain, clean and bounded, whatever it holds."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds import assert_linear
from listener.cleaning import clean, clean_line
from sources.text import (
    count_of,
    instant_from_epoch,
    instant_from_http,
    instant_from_iso,
    line_of,
    links_in,
    plain_text,
    unwrap_link,
    usable_links,
)

ANY_TEXT = st.text(st.characters(codec=None, categories=None))
MARKUP = st.lists(
    st.sampled_from(
        [
            "<p>",
            "</p>",
            "<br/>",
            "<a href='",
            '"',
            "'",
            ">",
            "<",
            "</",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "<script>",
            "</script>",
            "&amp;",
            "&#x2F;",
            "&#999999999999;",
            "&bogus;",
            "Acme",
            " ",
            "\n",
            "<pre>",
            "</pre>",
            "<!",
            "e\u0301",
        ]
    )
).map("".join)


@given(ANY_TEXT)
def test_cleaning_what_is_clean_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert once.encode("utf-8").decode("utf-8") == once


@given(
    st.lists(st.sampled_from(["e", "\u0301", "\u0323", "\u0344", "\u1e69", "\ud800", "\r", "\n", "\x00"])).map("".join)
)
def test_cleaning_settles_on_runs_of_marks(text: str) -> None:
    once = clean(text + "\u0344" * 40)
    assert clean(once) == once


@pytest.mark.parametrize(
    ("dirty", "tidy"),
    [
        ("Ac\x00me", "Acme"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("tab\tstays", "tab\tstays"),
        ("\ud83dx", "x"),
        ("cafe\u0301", "caf\u00e9"),
        ("\u202eemca\u202c", "emca"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        ("Ac\u00adme", "Acme"),
    ],
)
def test_what_harms_goes_and_what_is_written_stays(dirty: str, tidy: str) -> None:
    assert clean(dirty) == tidy


def test_text_is_bounded() -> None:
    assert len(clean("\u00e9" * 300_000)) == 200_000
    assert clean_line("  a \n b\t c ", limit=4) == "a b"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One</p><p>Two &amp; three</p>", "One\n\nTwo & three"),
        ("One<p>Two<p>Three", "One\n\nTwo\n\nThree"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<details><summary>Lid</summary>Acme</details><center>leaks</center>", "Lid\nAcme\n\nleaks"),
        ("1 < 2 and <3 Acme", "1 < 2 and <3 Acme"),
        ("I <b>love</b> Acme&#x27;s kettle", "I love Acme's kettle"),
        ("<script>alert('x')</script>seen<style>p{}</style>", "seen"),
        ("<scr<script>x</script>ipt>seen", "xipt>seen"),
        ('<a href="https://example.org/?a=1&gt;2" title="a > b">link text</a>', "link text"),
        ("seen<!-- hidden > --> too<!-- never closed", "seen too"),
        ("<![CDATA[kept]]>", "kept"),
        ("<pre>a  b\n  c</pre>", "a b\nc"),
        ("a\nb  c", "a\nb c"),
        ("<p>a\nb  c</p>", "a b c"),
        ("<ul><li>one</li><li>two</li></ul>", "one\n\ntwo"),
        ('nice <img class="emoji" alt="\U0001f600" src="x.png">', "nice \U0001f600"),
        ('photo <img alt="a kettle" src="x.png">', "photo"),
        ("&#55357; &#x110000; &#" + "9" * 6000 + ";", "\ufffd \ufffd \ufffd"),
        ('<span class="invisible">https://</span><span>example.org/a</span>', "https://example.org/a"),
        ("&lt;script&gt;", "<script>"),
        ("<p title='unclosed>x</p><b>y</b>", "x\n\ny"),
    ],
)
def test_html_is_read_as_people_see_it(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@given(MARKUP)
def test_any_markup_gives_clean_text(markup: str) -> None:
    text = plain_text(markup)
    assert clean(text) == text == text.strip()


@pytest.mark.parametrize(
    "piece",
    [
        "<!--",
        "<a ",
        "<a '",
        '<a "',
        "</",
        "<![CDATA[",
        "<!",
        "<?",
        "&#",
        "&",
        "<script>",
        "<pre>",
        "</pre ",
        "<p",
        "\n ",
        "<img emoji alt='",
        "e" + "\u0301\u0323" * 20,
        "href='",
        "<svg></svg",
        "\u0344\u0323",
    ],
)
def test_hostile_markup_takes_linear_time(piece: str) -> None:
    def read(size):
        hostile = piece * (size // len(piece))
        plain_text(hostile)
        links_in(hostile)

    assert_linear(read, 50_000)


def test_links_are_unwrapped_unique_and_of_the_web() -> None:
    markup = (
        "<a href=\"https://example.org/a?x=1&amp;y=2\">a</a><a href='/b'>b</a>"
        '<a href="javascript:alert(1)">c</a><a href="https://example.org/a?x=1&amp;y=2">d</a>'
        '<a href="https://www.google.com/url?rct=j&amp;url=https://example.net/real&amp;ct=ga">e</a>'
    )
    assert links_in(markup, origin="https://example.com/page") == (
        "https://example.org/a?x=1&y=2",
        "https://example.com/b",
        "https://example.net/real",
    )


@pytest.mark.parametrize(
    "link", ["", "ftp://example.org", "https://", "http://[bad", "https://e x", "mailto:a@example.org"]
)
def test_what_is_no_link_of_the_web_is_left_out(link: str) -> None:
    assert unwrap_link(link) is None
    assert usable_links([link, None, 5]) == ()


def test_a_redirect_that_leads_back_to_itself_is_kept_as_it_is() -> None:
    loop = "https://www.google.com/url?url=https://www.google.com/url?url=x"
    assert unwrap_link(loop) == loop


def test_instants_are_read_from_every_form_services_use() -> None:
    expected = datetime(2026, 5, 15, 1, 15, tzinfo=UTC)
    assert instant_from_iso("2026-05-15T01:15:00Z") == expected
    assert instant_from_iso("2026-05-15T03:15:00.000+02:00") == expected
    assert instant_from_iso("20260515T011500Z") == expected
    assert instant_from_iso("2026-05-15 01:15:00") == expected
    assert instant_from_http("Fri, 15 May 2026 01:15:00 GMT") == expected
    assert instant_from_epoch(expected.timestamp()) == expected
    assert instant_from_epoch(str(int(expected.timestamp()))) == expected


def test_a_year_that_nobody_can_ask_for_is_no_date() -> None:
    assert instant_from_iso("0001-01-01T00:00:00Z") is None  # what some services send where they know none
    assert instant_from_iso("9999-12-31T23:59:59Z") is None
    assert instant_from_http("Mon, 01 Jan 1601 00:00:00 GMT") is None
    assert instant_from_epoch(-62_135_596_800) is None
    assert instant_from_iso("1969-07-20T20:17:40Z") is not None


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), ANY_TEXT, st.lists(st.integers())))
def test_no_value_makes_a_reader_fail(value: object) -> None:
    for read in (instant_from_iso, instant_from_http, instant_from_epoch):
        instant = read(value)
        assert instant is None or instant.utcoffset().total_seconds() == 0
    count = count_of(value)
    assert count is None or count >= 0
    line = line_of(value)
    assert line is None or clean_line(line, limit=2_000) == line != ""
