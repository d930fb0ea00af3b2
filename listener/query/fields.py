"""Decide conditions on the properties of a mention. What is unknown satisfies none."""

from __future__ import annotations

import operator
import unicodedata
from typing import TYPE_CHECKING, Final

from listener.query.tree import Author, Bound, Field, Node

if TYPE_CHECKING:
    from collections.abc import Callable

    from listener.mention import Author as Writer
    from listener.mention import Mention
    from listener.query.reading import Reading

__all__ = ["holds", "is_written_by"]

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
    "repost": lambda mention: mention.is_repost,
    "reply": lambda mention: mention.reply_to is not None,
    "quote": lambda mention: mention.quote_of is not None,
    "link": lambda mention: bool(mention.links) or "http://" in mention.text or "https://" in mention.text,
    "media": lambda mention: mention.has_media is True,
}


def holds(node: Node, reading: Reading) -> bool:
    """Say whether a condition on a property is satisfied; a language has to be identified."""
    match node:
        case Author(handle):
            return is_written_by(reading.mention.author, handle)
        case Field(name, value):
            return _FIELDS[name](value, reading)
        case Bound(measure, sign, bound):
            known = _MEASURES[measure](reading.mention)
            return known is not None and _COMPARE[sign](known, bound)
    msg = f"{type(node).__name__} is not a condition on a property"
    raise TypeError(msg)


def is_written_by(author: Writer | None, account: str) -> bool:
    """Say whether an account, by its handle or by the service's id, is the author; handles have no case."""
    if author is None:
        return False
    wanted = account.lstrip("@").casefold()
    return any(name is not None and name.lstrip("@").casefold() == wanted for name in (author.handle, author.id))


def _is_on_site(host: str, reading: Reading) -> bool:
    """Say whether the permalink is on a host or on one below it; either may be written in Punycode."""
    own, wanted = _in_letters(reading.site[0]), _in_letters(host)
    return own == wanted or own.endswith("." + wanted)


def _in_letters(host: str) -> str:
    """Return a host with its own letters, where labels are in Punycode (RFC 3492, such as xn--mnchen-3ya)."""
    if "xn--" not in host:
        return host if host.isascii() else unicodedata.normalize("NFC", host)
    try:
        labels = [
            label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label
            for label in host.split(".")
        ]
    except UnicodeError:  # it only looks like Punycode
        return host
    return unicodedata.normalize("NFC", ".".join(labels))


def _has_url(text: str, reading: Reading) -> bool:
    """Say whether an address of the mention, its own or of a link, holds a text."""
    needle = text.casefold()
    return any(needle in address.casefold() for address in (reading.mention.url or "", *reading.mention.links))


def _is_language(tag: str, reading: Reading) -> bool:
    """Say whether the language is that of a tag or a variety of it (RFC 4647, basic filtering)."""
    if reading.language is None:
        return False
    known = reading.language.lower()
    return known == tag.lower() or known.startswith(tag.lower() + "-")


def _is_in_subreddit(name: str, reading: Reading) -> bool:
    """Say whether the permalink lies in a subreddit."""
    host, path = reading.site
    return (host == "reddit.com" or host.endswith(".reddit.com")) and f"{path}/".startswith(f"/r/{name.lower()}/")


def _has_trait(name: str, reading: Reading) -> bool:
    """Say whether a yes-or-no property holds."""
    return _TRAITS[name](reading.mention)


_FIELDS: Final[dict[str, Callable[[str, Reading], bool]]] = {
    "site": _is_on_site,
    "url": _has_url,
    "lang": _is_language,
    "source": lambda name, reading: reading.mention.source.casefold() == name.casefold(),
    "subreddit": _is_in_subreddit,
    "kind": lambda name, reading: reading.mention.kind == name,
    "country": lambda code, reading: (reading.mention.place or "").upper() == code.upper(),
    "is": _has_trait,
    "has": _has_trait,
}
