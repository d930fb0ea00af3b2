"""Make text from outside safe to lay out: controls, direction, length, links.

Escaping for HTML is the templates' job; this is about what escaping leaves in.
"""

from __future__ import annotations

import unicodedata
from typing import Final
from urllib.parse import urlsplit

import regex

__all__ = ["call_nobody", "clean_block", "clean_line", "direction", "excerpt", "kept_apart", "web_link"]

LONGEST_LINK: Final = 2_000
"""Longer addresses are not linked: some mail readers cut them, which changes where they lead."""

_HOST: Final = regex.compile(r"[\w\p{M}.-]+|[\da-f:.]+")
"""A name of letters and digits, or an IP address. Signs that look like a slash, a colon or a full stop are in no host
that can be had (RFC 5892, 2), and hide where ``good.example\N{FRACTION SLASH}login.evil.example`` leads."""

_OVERRIDES: Final = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Bidirectional embeddings, overrides and isolates: they could turn the text around them."""

_NONCHARACTERS: Final = (
    *range(0xFDD0, 0xFDF0),
    *(plane + low for plane in range(0, 0x110000, 0x10000) for low in (0xFFFE, 0xFFFF)),
)
_DROPPED: Final = dict.fromkeys([*_OVERRIDES, *_NONCHARACTERS])
_UNSAFE: Final = frozenset({"Cc", "Cs", "Co"})
_SPACES: Final = regex.compile(r"\s+")
_BLANK_LINES: Final = regex.compile(r"\n{3,}")
_CLUSTER: Final = regex.compile(r"\X")
_MAX_MARKS: Final = 8
"""A base character carries at most this many marks; longer piles paint over the lines around."""

_PILE: Final = regex.compile(rf"(\p{{M}}{{{_MAX_MARKS}}})\p{{M}}+")

_NOTHING_SEEN: Final = "\N{ZERO WIDTH SPACE}"
_CALL: Final = regex.compile(
    r"(?P<address>(?i:https?)://[^\s<>\]]+)"  # stays what it is
    r"|@(?=[\w&!*<])"  # before a name
    r"|<(?=[^\W\d]|[@!#:/&])"  # opens a tag, a call or a link
    r"|\](?=\()"  # between the words of a link and where it leads
)
_GROUP: Final = regex.compile(r"(?i)@(?=all|channel|everyone|here|room)")


def clean_line(text: str) -> str:
    """Return `text` on one line, without control, override and private characters."""
    return _SPACES.sub(" ", _strip(_SPACES.sub(" ", text))).strip()


def clean_block(text: str) -> str:
    """Return `text` with its line breaks (at most one empty line at a time), otherwise as `clean_line`."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return _BLANK_LINES.sub("\n\n", "\n".join(clean_line(line) for line in lines)).strip()


def _strip(text: str) -> str:
    kept = "".join(c for c in text.translate(_DROPPED) if unicodedata.category(c) not in _UNSAFE)
    return _PILE.sub(r"\1", kept)


def call_nobody(text: str) -> str:
    """Return a text in which chat rooms find nobody to call and no link whose words are not its address.

    ``@everyone`` of a stranger would wake a whole room (Discord, Mattermost, Rocket.Chat), as would
    ``<users/all>`` (Google Chat), and ``[bank.example](https://...)`` lead elsewhere than it says. Behind
    the sign that does it stands one that is not seen, as discord.py's `escape_mentions` does (seen 2026-11);
    in an address, which has to stay one, the names of groups have ``%40`` (RFC 3986, 2.1).
    """
    return _CALL.sub(_called_off, text)


def _called_off(found: regex.Match[str]) -> str:
    return _GROUP.sub("%40", found[0]) if found["address"] else f"{found[0]}{_NOTHING_SEEN}"


def kept_apart(text: str) -> str:
    """Return a cleaned text that runs from right to left so that a number behind it keeps its place.

    Without a mark between them the number would be shown before the name, as a part of
    it (Unicode Standard Annex 9, rules W2 and N1).
    """
    runs_left = any(unicodedata.bidirectional(sign) in {"R", "AL"} for sign in text)
    return f"{text}\N{LEFT-TO-RIGHT MARK}" if runs_left else text


def excerpt(text: str, length: int = 280) -> str:
    """Return at most `length` characters as readers see them, cut at a word where one is near.

    A cluster (a letter with its marks, a flag, a family emoji) is never cut
    apart. What was cut off is marked by an ellipsis.
    """
    clusters = _CLUSTER.findall(clean_line(text[: length * 16]))
    if len(clusters) <= length and len(text) <= length * 16:
        return "".join(clusters)
    kept = "".join(clusters[: length - 1])
    head, _, tail = kept.rpartition(" ")
    return f"{(head if head and len(tail) < length // 5 else kept).rstrip()}\N{HORIZONTAL ELLIPSIS}"


def web_link(url: str | None) -> str | None:
    """Return `url` where it is an absolute http(s) address that is safe to link, else None.

    Refused: other schemes, no host or one that cannot be, a user name before the host (it
    hides where the link leads), spaces and control characters, more than `LONGEST_LINK` characters.
    """
    if url is None or len(url) > LONGEST_LINK or clean_line(url) != url or " " in url:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port  # raises where it is none
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not _HOST.fullmatch(host) or "@" in parts.netloc:
        return None
    return None if any(c in url for c in "<>\"'\\`{}|^") else url


def direction(text: str) -> str:
    """Return ``rtl`` where the first letter with a direction runs right to left, else ``ltr``.

    This is rule P2 and P3 of the Unicode Bidirectional Algorithm (UAX 9).
    """
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in {"R", "AL"}:
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"
