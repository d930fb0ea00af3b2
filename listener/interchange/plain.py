"""Read a mention the quick way, where every field is as it should be: that is nearly every line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from listener.cleaning import TEXT_LIMIT, clean, clean_line
from listener.clock import parse_instant
from listener.errors import InputError, UsageError
from listener.frozen import maker
from listener.interchange.contract import (
    COUNT_LIMIT,
    ID_LIMIT,
    KNOWN,
    LANGUAGE_LIMIT,
    NAME_LIMIT,
    PLACE_LIMIT,
    SOURCE_LIMIT,
)
from listener.interchange.fields import read_extra, read_optional
from listener.mention import KINDS, Author, Engagement, Mention

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["plain_mention"]

_make_author: Final = maker(Author)
_make_engagement: Final = maker(Engagement)
_make_mention: Final = maker(Mention)

_LINES: Final = ("source", "id", "url", "language", "reply_to", "thread", "repost_of", "quote_of", "place")
"""Fields that are hardly ever more than a line of ASCII."""
_COUNTS: Final = ("likes", "reposts", "replies", "views")
_RARE: Final = frozenset(("title", "rating", "links", "hashtags", "has_media", "edited_at"))
_USUAL: Final = KNOWN - _RARE - {"extra"}
_NONE: Final[dict[str, Any]] = {}
_MOST_LEVELS: Final = 8


def plain_mention(obj: object) -> Mention | None:
    """Return the mention of an object in which all is as it should be, None of any other.

    It is the one that `read_mention` comes to, which reads field by field, at less than half the cost.
    """
    if type(obj) is not dict:
        return None
    author, text, kind = obj.get("author"), obj.get("text"), obj.get("kind")
    if type(text) is not str or not (kind is None or kind in KINDS) or not (author is None or type(author) is dict):
        return None
    try:
        lines = _plain_lines(obj, author or _NONE)
        if lines is None:
            return None
        source, native, url, language, reply_to, thread, repost_of, quote_of, place, author_id, handle = lines
        is_usual = obj.keys() <= _USUAL
        rare = _NONE if is_usual else _plain_rest(obj)
        is_clean = len(text) <= TEXT_LIMIT and text.isascii() and text.isprintable()
        return _make_mention(
            source, native, text if is_clean else clean(text), parse_instant(obj["published_at"]), rare.get("title"), url, kind or KINDS[0],
            None if author is None else _plain_author(author, author_id, handle), language,
            _plain_engagement(obj.get("engagement")), rare.get("rating"), reply_to, thread, repost_of, quote_of, place,
            rare.get("links", ()), rare.get("hashtags", ()), rare.get("has_media"), rare.get("edited_at"),
            None if is_usual else _plain_extra(obj),
        )  # fmt: skip
    except (InputError, UsageError, TypeError, KeyError, AttributeError):
        return None  # what is wrong is told by the long way


def _plain_lines(obj: Mapping[str, Any], author: Mapping[str, Any]) -> list[str | None] | None:
    """Return `_LINES`, and id and handle of the author, None where one of them has to be looked at closely.

    They are looked through together: white space stands only within, one blank at a time.
    """
    lines = [*map(obj.get, _LINES), author.get("id"), author.get("handle")]
    source, native, _, language, _, _, _, _, place, _, _ = lines
    together = f"|{'|'.join([line for line in lines if line is not None])}|"
    if len(together) > ID_LIMIT or not (together.isascii() and together.isprintable()):
        return None
    if " " in together and ("  " in together or "| " in together or " |" in together):
        return None
    if not source or not native or ":" in source or len(source) > SOURCE_LIMIT:
        return None
    if (language and len(language) > LANGUAGE_LIMIT) or (place and len(place) > PLACE_LIMIT):
        return None
    return [line or None for line in lines] if "||" in together else lines


def _plain_author(fields: Mapping[str, Any], native: str | None, handle: str | None) -> Author:
    name, followers, verified = fields.get("name"), fields.get("followers"), fields.get("verified")
    if (followers is not None and not _is_count(followers)) or (verified is not None and type(verified) is not bool):
        raise TypeError
    return _make_author(
        native,
        (handle.removeprefix("@") or None) if handle else None,
        None if name is None else clean_line(name, limit=NAME_LIMIT) or None,
        followers,
        verified,
    )


def _plain_engagement(fields: Mapping[str, Any] | None) -> Engagement:
    if fields is None:
        return Engagement()
    likes, reposts, replies, views = counts = [*map(fields.get, _COUNTS)]
    for count in counts:
        if count is not None and not _is_count(count):
            raise TypeError
    return _make_engagement(likes, reposts, replies, views)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < COUNT_LIMIT


def _plain_rest(obj: dict[str, Any]) -> Mapping[str, Any]:
    """Return the fields that few mentions have, read one by one."""
    if _RARE.isdisjoint(obj):
        return _NONE
    return read_optional(obj, _RARE)


def _plain_extra(obj: dict[str, Any]) -> dict[str, object] | None:
    """Return what `read_extra` does where every reader of JSON reads it alike."""
    if obj.get("extra") is None and obj.keys() <= KNOWN:
        return None
    if not all(_is_certain(value) for name, value in obj.items() if name == "extra" or name not in KNOWN):
        raise TypeError
    return read_extra(obj)


def _is_certain(value: object, levels: int = _MOST_LEVELS) -> bool:
    """Say whether a JSON value holds no number that a reader may have rounded, and is not nested deep."""
    if isinstance(value, (dict, list)):
        items = value.values() if isinstance(value, dict) else value
        return levels > 0 and all(_is_certain(item, levels - 1) for item in items)
    return value is None or isinstance(value, (str, int))
