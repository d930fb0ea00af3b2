"""Read Markdown as people write it: its words as a reader sees them, and its links.

All of it takes time linear in the length of what it is given.
"""

from __future__ import annotations

import html
import re
from typing import Final

from sources.text import clean

__all__ = ["addresses_in", "links_of_markdown", "text_of_markdown", "without_references", "words_of_links"]

_MOST: Final = 100_000
"""Characters that are looked through for links."""
_LINK: Final = re.compile(
    r"!?\[([^\[\]]{0,500})\]\(\s*<?((?:[^()\s<>]|\([^()\s<>]{0,200}\)){1,2000})>?(?:\s+\"[^\"]{0,500}\")?\s*\)"
)
_NO_ADDRESS: Final = "\\s<>()\\[\\]\"'`\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
"""What ends an address in a text: white space, quotes, brackets, and the signs of Chinese and Japanese."""
_BARE: Final = re.compile(rf"https?://(?:[^{_NO_ADDRESS}]|\([^{_NO_ADDRESS}]{{0,200}}\)){{1,2000}}")
_BREAKS: Final = re.compile(
    r"</?(?:p|br|div|li|ul|ol|dl|dt|dd|tr|td|th|table|h[1-6]|hr|details|summary|center|blockquote|pre)\b[^<>]{0,1000}>",
    re.IGNORECASE,
)
_TAGS: Final = re.compile(
    r"</?(?:a|abbr|b|big|code|del|em|font|i|img|ins|kbd|mark|picture|q|s|samp|small|source|span|strike|strong"
    r"|sub|sup|tbody|tfoot|thead|tt|u|var|video)\b[^<>]{0,2000}>",
    re.IGNORECASE,
)
_REFERENCE: Final = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_ESCAPED: Final = re.compile(r"\\(?=[!-/:-@\[-`{-~])")
"""A backslash before a sign, which editors write into addresses too."""
_GAP: Final = re.compile(r"\n(?:[^\S\n]*\n){2,}")


def text_of_markdown(markdown: str) -> str:
    """Return the text of Markdown, cleaned: links give their words, HTML tags and comments go, the marks stay.

    A ``<`` that opens none of the tags that such texts hold is kept: code is full of them.
    """
    bare = _without_comments(clean(markdown))
    bare = without_references(_TAGS.sub("", _BREAKS.sub("\n", words_of_links(bare))))
    return clean(_GAP.sub("\n\n", bare)).strip()


def without_references(markdown: str) -> str:
    """Return Markdown with the characters that it names (``&amp;``, ``&#x200B;``) in their place."""
    return _REFERENCE.sub(lambda named: html.unescape(named[0]), markdown) if "&" in markdown else markdown


def words_of_links(markdown: str) -> str:
    """Return Markdown with the words of its links and pictures in their place, also of pictures that are links."""
    return _LINK.sub(r"\1", _LINK.sub(r"\1", markdown))


def links_of_markdown(markdown: str) -> list[str]:
    """Return the targets of links, written out or not, in order; of the first 100 000 characters at most."""
    shown = _without_comments(markdown[:_MOST])
    found = [target for _, target in _LINK.findall(shown)] + addresses_in(_LINK.sub(" ", shown))
    return [without_references(_ESCAPED.sub("", link)) for link in found]


def addresses_in(text: str) -> list[str]:
    """Return the http(s) addresses that are written out in a text, in order; of its first 100 000 characters at most."""
    return [link.rstrip(".,;:!?*_\\") for link in _BARE.findall(text[:_MOST])]


def _without_comments(text: str) -> str:
    """Leave out HTML comments: what a form's author wrote to those who fill it in."""
    kept: list[str] = []
    position = 0
    while (start := text.find("<!--", position)) >= 0:
        kept.append(text[position:start])
        end = text.find("-->", start + 4)
        if end < 0:
            return "".join(kept)
        position = end + 3
    kept.append(text[position:])
    return "".join(kept)
