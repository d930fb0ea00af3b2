"""Say what a search finds that knows words, phrases, OR and parentheses: a reading of its own of what is asked.

Nothing of the program is used. Words are compared without case, whole; a phrase is words in a row; all
that stands side by side must be there. That is the least that Mastodon (docs.joinmastodon.org/user/network),
Bluesky (docs.bsky.app) and Google News say of themselves, seen 2026-11-22. Lemmy puts anything in place of
each space and compares letters (Postgres ILIKE).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Reader = Callable[[str], bool]

_TOKEN = re.compile(r'"[^"]*"|[()]|[^\s()"]+')


def words_of(text: str) -> list[str]:
    """Return the words of a text; a hashtag is a word with and without its sign."""
    return re.findall(r"\w+", text.casefold())


def read_search(asked: str) -> Reader:
    """Return what says whether a search finds a text. Raises ValueError for what such a search does not know."""
    tokens = _TOKEN.findall(asked)
    reader = _either(tokens)
    if tokens:
        msg = f"{asked!r} goes on with {tokens[0]!r}"
        raise ValueError(msg)
    return reader


def _either(tokens: list[str]) -> Reader:
    alternatives = [_together(tokens)]
    while tokens[:1] == ["OR"]:
        tokens.pop(0)
        alternatives.append(_together(tokens))
    return lambda text: any(finds(text) for finds in alternatives)


def _together(tokens: list[str]) -> Reader:
    terms = []
    while tokens and tokens[0] not in {"OR", ")"}:
        token = tokens.pop(0)
        if token == "(":
            terms.append(_either(tokens))
            if tokens[:1] != [")"]:
                msg = "a parenthesis is open"
                raise ValueError(msg)
            tokens.pop(0)
        else:
            terms.append(_term(token))
    if not terms:
        msg = "an alternative is empty"
        raise ValueError(msg)
    return lambda text: all(finds(text) for finds in terms)


def _term(token: str) -> Reader:
    if token.startswith("-") or token in {"AND", "NOT"}:
        msg = f"{token} is not known here"
        raise ValueError(msg)
    if token.startswith("#"):
        return lambda text: re.search(rf"(?<!\w){re.escape(token)}(?!\w)", text, re.IGNORECASE) is not None
    wanted = words_of(token)

    def finds(text: str) -> bool:
        words = words_of(text)
        return any(words[at : at + len(wanted)] == wanted for at in range(len(words)))

    return finds


def finds_letters(asked: str, text: str) -> bool:
    """Say whether the pieces of what is asked stand in a text in their order, whatever is between."""
    return re.search(".*".join(map(re.escape, asked.split())), text, re.IGNORECASE | re.DOTALL) is not None
