"""Take out of a text what points to a person, before it leaves this machine.

Handles, e-mail addresses, links, network addresses and long numbers (telephones,
accounts, cards) become placeholders. Names of brands stay, also where they are
written as a handle: what is said is said of them. Names of people in running
text cannot be told from other words and stay.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sentiment.target import find_names

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["redact"]

_PATTERNS: Final = (
    (re.compile(r"\b(?:https?|ftp)://\S+|\bwww\.\S+|\bmailto:\S+", re.IGNORECASE), "<link>"),
    (re.compile(r"(?<!\w)@[\w.-]+@[\w-]+(?:\.[\w-]+)+"), "<user>"),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "<email>"),
    (re.compile(r"(?<!\w)@[\w.-]*\w|\bu/[\w-]+"), "<user>"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}\b", re.IGNORECASE), "<address>"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?\b"), "<number>"),
    (re.compile(r"(?<!\w)[+(]?\d(?:[\s()./-]{0,3}\d){6,}(?!\w)"), "<number>"),
    (re.compile(r"\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|me|app|info|biz|co|in|de|fr|es|it|uk|us)/\S*", re.IGNORECASE), "<link>"),
)  # fmt: skip
"""Checked in this order: a handle within an e-mail address or link belongs to that."""


def redact(text: str, keep: Sequence[str] = ()) -> str:
    """Return `text` with placeholders for what points to a person; the names of `keep` stay, without @ and #."""
    kept = find_names(text, keep) if keep else []
    parts: list[str] = []
    done = 0
    for start, end in _free_of_addresses(text, kept):
        parts += (_redacted(text[done:start]), text[start:end].lstrip("@#"))
        done = end
    return "".join((*parts, _redacted(text[done:])))


def _free_of_addresses(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans that are no part of a link, an e-mail address or a longer handle."""
    taken = [found.span() for pattern, _ in _PATTERNS for found in pattern.finditer(text)]
    return [
        (start, end)
        for start, end in spans
        if not any(first < end and start < last and (last - first) > (end - start) for first, last in taken)
    ]


def _redacted(text: str) -> str:
    for pattern, placeholder in _PATTERNS:
        text = pattern.sub(placeholder, text)
    return text
