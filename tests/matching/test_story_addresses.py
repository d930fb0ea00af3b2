"""An article is known by its address, however a feed, a search engine or a reader came by it."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.stories import canonical_url

PLAIN = "https://news.example/2026/acme-kettle"


@pytest.mark.parametrize(
    "written",
    [
        "http://news.example/2026/acme-kettle",
        "https://www.news.example/2026/acme-kettle/",
        "https://NEWS.example:443/2026//acme-kettle#comments",
        "https://m.news.example/2026/acme-kettle",
        "https://amp.news.example/2026/acme-kettle",
        "https://news.example/2026/acme-kettle/amp/",
        "https://news.example/2026/acme-kettle.amp?amp=1",
        "https://news.example/2026/acme-kettle/index.html",
        "https://news.example/2026/acme%2Dkettle",
        "https://news.example/2026/acme-kettle;jsessionid=1A2B",
        "https://www.google.com/amp/s/news.example/2026/acme-kettle/amp",
        "https://news-example.cdn.ampproject.org/c/s/news.example/2026/acme-kettle",
        "https://news.example/2026/acme-kettle?utm_source=rss&utm_medium=feed&fbclid=x&at_campaign=64&ref=hn",
        " https://news.example/2026/acme-kettle?__twitter_impression=true&srsltid=1&_ga=2 ",
    ],
)
def test_the_same_page_has_one_address(written: str) -> None:
    assert canonical_url(written) == canonical_url(PLAIN)


@pytest.mark.parametrize(
    "written",
    [
        "https://news.example/2026/acme-kettles",
        "https://news.example/2026/acme-kettle?page=2",
        "https://news.example/2026/Acme-kettle",
        "https://blog.news.example/2026/acme-kettle",
        "https://news.example:8443/2026/acme-kettle",
        "https://m.example/2026/acme-kettle",
        "https://news.example/2026/acme-kettle/stamp",
        "https://news.example/2026/acme-kettle?fbid=7",
    ],
)
def test_another_page_has_another_address(written: str) -> None:
    assert canonical_url(written) not in {None, canonical_url(PLAIN)}


def test_a_short_host_is_not_taken_for_a_dress() -> None:
    assert canonical_url("https://m.example/a") == "m.example/a"
    assert canonical_url("https://amp.dev/a") == "amp.dev/a"


def test_letters_beyond_ascii_are_written_in_one_way() -> None:
    assert canonical_url("https://caf\u00e9.example/th\u00e9?q=\u00e9") == canonical_url(
        "https://xn--caf-dma.example/th%c3%A9?q=%C3%A9"
    )


@pytest.mark.parametrize(
    "written", ["", "news.example", "ftp://news.example/a", "https://", "https://[", "http://x:99999/"]
)
def test_what_is_no_address_has_none(written: str) -> None:
    assert canonical_url(written) is None


@given(st.text(string.ascii_letters + string.digits + "/%.;?&=:@-\u00e9\ud800 ", max_size=60))
def test_how_a_page_was_come_by_never_changes_its_address(rest: str) -> None:
    form = canonical_url(f"https://news.example/{rest}x")
    assert form is not None
    assert form.startswith("news.example")
    assert canonical_url(f"  http://www.news.example//{rest}x#part ") == form
