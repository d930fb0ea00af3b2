"""Feeds that are made to keep a reader busy are refused, or read as quickly as others; ordinary ones are read as ever."""

from __future__ import annotations

import pytest

from listener.api import Mention, UnexpectedAnswerError
from sources.rss_bounds import bound_authors, oddity_of
from sources.rss_entries import read_entries
from sources.web import Answer

MANY = 200_000
"""Repetitions that took a reader minutes to hours, had it looked at them as it looks at a few."""


def read(body: bytes, content_type: str = "application/rss+xml") -> list[Mention]:
    answer = Answer(status=200, headers={"content-type": content_type}, body=body, url="https://example.org/feed")
    return [one for one in read_entries(answer) if isinstance(one, Mention)]


def feed(inside: str, before: str = '<?xml version="1.0"?>') -> str:
    item = f"<item><title>Acme</title><guid>1</guid>{inside}</item>"
    return f'{before}<rss version="2.0"><channel><title>News</title>{item}</channel></rss>'


def attributes(number: int) -> str:
    return "".join(f'a{one}="&gt;>" ' for one in range(number))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (feed(f"<link {attributes(201)}/>"), "an element of more than 200 attributes"),
        (feed("<a/>" * MANY), "more than 200,000 tags"),
        (feed("", '<?xml version="1.0"?>' + "\n" * MANY), "more than 8,192 characters before its first element"),
        (feed("", "<?xml " + "encoding='" * 99 + "?>"), "in too many ways how it is encoded"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32-be"])
def test_what_no_real_feed_has_is_refused_in_every_encoding(body: str, why: str, encoding: str) -> None:
    with pytest.raises(UnexpectedAnswerError, match=why) as caught:
        read(body.encode(encoding))
    assert str(caught.value).startswith("rss: the feed of example.org ")


@pytest.mark.parametrize("named", ["utf-7", "UTF7"])
def test_what_is_hidden_in_the_encoding_that_is_named_is_found(named: str) -> None:
    hidden = feed(f"<link {attributes(201)}/>").encode("utf-7").replace(b"<", b"+ADw-").replace(b">", b"+AD4-")
    assert oddity_of(hidden, "text/xml") is None
    with pytest.raises(UnexpectedAnswerError, match="attributes"):
        read(hidden, f"text/xml; charset={named}")


@pytest.mark.parametrize(
    "inside",
    [
        f"<author>{'a.' * MANY}</author>",
        f"<author>{'&#97;<!-- -->' * 1_000}{'a]]>'.join(['<![CDATA[a'] * 3)}{'a-' * MANY}</author>",
        f"<description><![CDATA[{'<!--' * (MANY // 2)}]]></description>",
        f"<description><![CDATA[<!--{'--' * MANY}]]></description>",
        f"<description>encoding='{chr(39) * MANY}</description>",
    ],
)
def test_what_would_keep_a_reader_busy_for_hours_is_read_at_once(inside: str) -> None:
    assert [one.title for one in read(feed(inside).encode())] == ["Acme"]


def test_an_address_is_taken_out_of_an_author_as_ever() -> None:
    (found,) = read(feed("<author>ada@example.org (Ada)</author>").encode())
    assert found.author is not None
    assert found.author.name == "Ada"


def test_a_reader_that_looks_for_no_address_is_left_as_it_is() -> None:
    class Other:
        """A parser of another version."""

    before = dict(vars(Other))
    bound_authors(Other)
    bound_authors(None)
    assert dict(vars(Other)) == before


def test_scripts_and_styles_of_an_entry_are_no_text_of_it() -> None:
    inside = "<script>alert(1)</script><style>p {}</style><p onclick='x()'>Acme <b>flies</b></p>"
    (found,) = read(feed(f"<description><![CDATA[{inside}]]></description>").encode())
    assert found.text == "Acme flies"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "koi8-r"])
@pytest.mark.parametrize("after", ["", "\n", " <!DOCTYPE rss>", '<!DOCTYPE rss [<!ENTITY name "Globex">]>'])
def test_a_feed_on_one_line_keeps_its_encoding_and_its_entities(encoding: str, after: str) -> None:
    name = "&name;" if "ENTITY" in after else "Globex"
    declared = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>{after}'
    (found,) = read(feed(f"<description>ракета {name} {'x=' * 500}</description>", declared).encode(encoding))
    assert found.text.startswith("ракета Globex x=")
