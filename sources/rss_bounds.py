"""Tell feeds that are made to keep a parser busy from those that are just broken.

feedparser (6.0, seen 2026-11) reads what it is given with regular expressions and look-ups whose
time grows with the square of some lengths, or their cube: a few kilobytes keep it busy for minutes,
and everything else in the process with it. What no real feed has is refused before.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any, Final

import feedparser

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["bound_authors", "oddity_of", "with_own_line"]

_MOST_TAGS: Final = 200_000
_MOST_ATTRIBUTES: Final = 200
"""Of one element: each is looked up among all of it."""
_LONGEST_PROLOG: Final = 8_192
"""Characters before the first element, in which each line is looked at from every blank before it."""
_MOST_ENCODINGS: Final = 3
_LONGEST_DECLARATION: Final = 1_000
_LONGEST_AUTHOR: Final = 1_000
"""Characters of an author in which a mail address is looked for, from every one of them."""

_LOOKS_FOR_ADDRESS: Final = "_sync_author_detail"

_TAG: Final = re.compile(r"""<\w[^<>"']*+(?:"[^"<]*+"[^<>"']*+|'[^'<]*+'[^<>"']*+)*+""")
_ATTRIBUTE: Final = re.compile(r"=\s*+[\"']")
_FIRST_ELEMENT: Final = re.compile(r"<\w", re.ASCII)
_DECLARED: Final = re.compile(r"encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_CHARSET: Final = re.compile(r"(?i)charset\s*=\s*[\"']?([\w.:-]{1,40})")
_WIDE: Final = (
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00<\x00?", "utf-16-be"),
    (b"<\x00?\x00", "utf-16-le"),
)
"""How a document begins in which a letter is more than one byte (XML 1.0, appendix F)."""
_SLOW_CODECS: Final = frozenset({"punycode", "idna"})


def oddity_of(body: bytes, content_type: str) -> str | None:
    """Return what a feed in XML has that no real one has, as the end of a sentence; None where there is nothing.

    Takes time linear in the length of `body`.
    """
    for text in _readings(body, content_type):
        if text.count("<") > _MOST_TAGS:
            return f"holds more than {_MOST_TAGS:,} tags"
        first = _FIRST_ELEMENT.search(text)
        prolog = text[: first.start()] if first else ""
        if len(prolog) > _LONGEST_PROLOG:
            return f"holds more than {_LONGEST_PROLOG:,} characters before its first element"
        if prolog.count("encoding") > _MOST_ENCODINGS:
            return "says in too many ways how it is encoded"
        for tag in _TAG.finditer(text):
            if tag.end() - tag.start() > 4 * _MOST_ATTRIBUTES and len(_ATTRIBUTE.findall(tag[0])) > _MOST_ATTRIBUTES:
                return f"holds an element of more than {_MOST_ATTRIBUTES} attributes"
    return None


def with_own_line(body: bytes) -> bytes:
    """Return a feed in XML with a line break before its first element; nothing where there is no element.

    How it is encoded is looked for in all of the first line, which often is the whole feed.
    """
    codec = _codec_of(body)
    text = body.decode(codec, "replace")
    first = _FIRST_ELEMENT.search(text)
    if first is None:
        return b""
    place = len(text[: first.start()].encode(codec))
    return body[:place] + "\n".encode(codec) + body[place:]


def _codec_of(body: bytes) -> str:
    return next((codec for start, codec in _WIDE if body.startswith(start)), "latin-1")


def _readings(body: bytes, content_type: str) -> Iterator[str]:
    """Yield the text of a feed in each encoding that it may be read in."""
    plain = body.decode(_codec_of(body), "replace")
    yield plain
    named = [
        found[1] for found in (_CHARSET.search(content_type), _DECLARED.search(plain[:_LONGEST_DECLARATION])) if found
    ]
    for name in dict.fromkeys(named):
        try:
            codec = codecs.lookup(name).name
            if codec not in _SLOW_CODECS:
                yield body.decode(codec, "replace")
        except (LookupError, ValueError, TypeError):  # none that feedparser could read either
            continue


def bound_authors(parser: Any) -> None:
    """Have a class of feedparser look for an address in the beginning of an author only.

    Nothing public does that. A class that has no such step is left as it is.
    """
    look_anywhere = getattr(parser, _LOOKS_FOR_ADDRESS, None)
    if look_anywhere is None:
        return

    def look(self: Any, key: str = "author") -> None:
        context = self._get_context()
        author = context.get(key)
        if isinstance(author, str) and len(author) > _LONGEST_AUTHOR:
            context[key] = author[:_LONGEST_AUTHOR]
        look_anywhere(self, key)

    setattr(parser, _LOOKS_FOR_ADDRESS, look)


bound_authors(getattr(getattr(feedparser, "mixin", None), "_FeedParserMixin", None))
