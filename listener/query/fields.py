"""Decide conditions on the properties of a mention. What is unknown satisfies none."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Final

from listener.query.tree import (
    Author,
    Bound,
    Country,
    FromSource,
    Kind,
    Language,
    Node,
    Site,
    Subreddit,
    Trait,
    Url,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from listener.mention import Mention
    from listener.query.reading import Reading

__all__ = ["holds"]

_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}

_MEASURES: Final[dict[str, Callable[[Mention], float | None]]] = {
    "followers": lambda mention: mention.author.followers if mention.author else None,
    "likes": lambda mention: mention.engagement.likes,
    "reposts": lambda mention: mention.engagement.reposts,
    "replies": lambda mention: mention.engagement.replies,
    "views": lambda mention: mention.engagement.views,
    "rating": lambda mention: mention.rating,
}

_TRAITS: Final[dict[str, Callable[[Mention], bool]]] = {
    "is:repost": lambda mention: mention.is_repost,
    "is:reply": lambda mention: mention.reply_to is not None,
    "is:quote": lambda mention: mention.quote_of is not None,
    "has:link": lambda mention: bool(mention.links) or "http://" in mention.text or "https://" in mention.text,
    "has:media": lambda mention: mention.has_media is True,
}


def holds(node: Node, reading: Reading) -> bool:
    """Say whether a condition on a property is satisfied; a language has to be identified."""
    mention = reading.mention
    match node:
        case Author(handle):
            return _is_author(handle, mention)
        case Site(host):
            own = reading.site[0]
            return own == host or own.endswith("." + host)
        case Url(text):
            needle = text.casefold()
            return any(needle in address.casefold() for address in (mention.url or "", *mention.links))
        case Language(tag):
            return _is_language(tag, reading.language)
        case Subreddit(name):
            host, path = reading.site
            return (host == "reddit.com" or host.endswith(".reddit.com")) and f"{path}/".startswith(f"/r/{name}/")
        case _:
            return _holds_plain(node, mention)


def _holds_plain(node: Node, mention: Mention) -> bool:
    """Decide what is read from one field as it stands."""
    match node:
        case FromSource(name):
            return mention.source.casefold() == name.casefold()
        case Kind(name):
            return mention.kind == name
        case Country(code):
            return mention.place is not None and mention.place.upper() == code.upper()
        case Trait(name):
            return _TRAITS[name](mention)
        case Bound(measure, sign, value):
            known = _MEASURES[measure](mention)
            return known is not None and _COMPARE[sign](known, value)
    msg = f"{type(node).__name__} is not a condition on a property"
    raise TypeError(msg)


def _is_author(handle: str, mention: Mention) -> bool:
    """Say whether an account wrote a mention; handles have no case."""
    author = mention.author
    if author is None or author.handle is None:
        return False
    return author.handle.lstrip("@").casefold() == handle.lstrip("@").casefold()


def _is_language(tag: str, language: str | None) -> bool:
    """Say whether a language is that of a tag or a variety of it (RFC 4647, basic filtering)."""
    if language is None:
        return False
    wanted, known = tag.lower(), language.lower()
    return known == wanted or known.startswith(wanted + "-")
