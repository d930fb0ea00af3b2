"""Read a mention field by field, and say of the first that is wrong what was found and what is wanted."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, Final, TypeGuard, TypeVar

from listener.cleaning import TEXT_LIMIT, clean, clean_line
from listener.clock import parse_instant
from listener.errors import InputError, UsageError, suggest
from listener.interchange.contract import (
    COUNT_LIMIT,
    EXTRA_LIMIT,
    ID_LIMIT,
    KNOWN,
    LANGUAGE_LIMIT,
    LINE_LIMIT,
    LINKS_LIMIT,
    NAME_LIMIT,
    PLACE_LIMIT,
    SOURCE_LIMIT,
)
from listener.mention import KINDS, Author, Engagement, Mention

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

__all__ = ["read_extra", "read_mention", "read_optional"]

T_Read = TypeVar("T_Read")

_SOURCE_NAME: Final = re.compile(rf"[^:]{{1,{SOURCE_LIMIT}}}")
_MOST_DIGITS: Final = 40
_INSTANT: Final = "an ISO 8601 time with its offset, such as 2026-11-20T08:00:00+00:00"


class _Reader:
    """Read the fields of one JSON object, `path` being what stands before their names in messages."""

    def __init__(self, fields: Mapping[str, object], path: str = "") -> None:
        self._fields = fields
        self._path = path

    def wrong(self, name: str, wanted: str) -> InputError:
        found = _seen(self._fields[name]) if name in self._fields else "nothing"
        return InputError(f"{self._path}{name}: found {found}; wanted {wanted}")

    def needed(self, name: str, value: T_Read | None, wanted: str) -> T_Read:
        if value is None:
            raise self.wrong(name, wanted)
        return value

    def line(self, name: str, *, limit: int = LINE_LIMIT) -> str | None:
        value = self._fields.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.wrong(name, "a text or null")
        return clean_line(value, limit=limit) or None

    def text(self, name: str) -> str:
        value = self._fields.get(name)
        if not isinstance(value, str):
            raise self.wrong(name, "a text")
        return clean(value, limit=TEXT_LIMIT)

    def identifier(self, name: str) -> str | None:
        value = self._fields.get(name)
        if value is None:
            return None
        if _is_whole(value) and abs(value) < 10**_MOST_DIGITS:
            value = str(value)
        if not isinstance(value, str):
            raise self.wrong(name, "a text or a whole number")
        if len(value) > ID_LIMIT:
            raise self.wrong(name, f"at most {ID_LIMIT} characters")  # a cut id would be another id
        return clean_line(value, limit=ID_LIMIT) or None

    def instant(self, name: str) -> datetime | None:
        value = self._fields.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.wrong(name, _INSTANT)
        try:
            return parse_instant(value)
        except UsageError:
            raise self.wrong(name, _INSTANT) from None

    def count(self, name: str) -> int | None:
        value = self._fields.get(name)
        if value is None:
            return None
        if not _is_whole(value) or not 0 <= value < COUNT_LIMIT:
            raise self.wrong(name, "a whole number from 0, or null where it is not known")
        return value

    def flag(self, name: str) -> bool | None:
        value = self._fields.get(name)
        if value is None or isinstance(value, bool):
            return value
        raise self.wrong(name, "true, false or null")

    def name(self, name: str) -> str:
        wanted = "a name of at most 64 characters without a colon"
        value = self.needed(name, self.line(name), wanted)
        if not _SOURCE_NAME.fullmatch(value):
            raise self.wrong(name, wanted)
        return value

    def ratio(self, name: str) -> float | None:
        value = self._fields.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise self.wrong(name, "a number from 0 to 1, or null")
        return float(value)

    def lines(self, name: str, *, limit: int = LINE_LIMIT) -> tuple[str, ...]:
        value = self._fields.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(name, "a list of texts")
        cleaned = (clean_line(item, limit=limit) for item in value[:LINKS_LIMIT])
        return tuple(dict.fromkeys(item for item in cleaned if item))

    def nested(self, name: str) -> _Reader | None:
        value = self._fields.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(name, "an object or null")
        return _Reader(value, f"{name}.")


def _author(read: _Reader, name: str) -> Author | None:
    fields = read.nested(name)
    if fields is None:
        return None
    handle = fields.line("handle", limit=NAME_LIMIT)
    return Author(
        id=fields.identifier("id"),
        handle=(handle.removeprefix("@") or None) if handle else None,
        name=fields.line("name", limit=NAME_LIMIT),
        followers=fields.count("followers"),
        verified=fields.flag("verified"),
    )


def _whole(address: str | None) -> str | None:
    """Return an address, None for one that is too long: cut, it would be another."""
    return None if address is None or len(address) > LINE_LIMIT else address


def _kind(read: _Reader, name: str) -> str:
    kind = read.line(name) or KINDS[0]
    if kind not in KINDS:
        msg = f"{name}: found {_seen(kind)}; wanted one of the known kinds ({suggest(kind, KINDS)})"
        raise InputError(msg)
    return kind


def _engagement(read: _Reader, name: str) -> Engagement:
    fields = read.nested(name)
    if fields is None:
        return Engagement()
    return Engagement(
        likes=fields.count("likes"),
        reposts=fields.count("reposts"),
        replies=fields.count("replies"),
        views=fields.count("views"),
    )


_NEEDED: Final[dict[str, Callable[[_Reader, str], Any]]] = {
    "source": _Reader.name,
    "id": lambda read, name: read.needed(name, read.identifier(name), "a text or a whole number"),
    "text": _Reader.text,
    "published_at": lambda read, name: read.needed(name, read.instant(name), _INSTANT),
}
"""How each field is read that must be there."""

_OPTIONAL: Final[dict[str, Callable[[_Reader, str], Any]]] = {
    "url": lambda read, name: _whole(read.line(name, limit=LINE_LIMIT + 1)),
    "kind": _kind,
    "author": _author,
    "title": _Reader.line,
    "language": lambda read, name: read.line(name, limit=LANGUAGE_LIMIT),
    "engagement": _engagement,
    "rating": _Reader.ratio,
    "reply_to": _Reader.identifier,
    "thread": _Reader.identifier,
    "repost_of": _Reader.identifier,
    "quote_of": _Reader.identifier,
    "place": lambda read, name: read.line(name, limit=PLACE_LIMIT),
    "links": lambda read, name: tuple(filter(_whole, read.lines(name, limit=LINE_LIMIT + 1))),
    "hashtags": lambda read, name: tuple(tag.removeprefix("#") for tag in read.lines(name)),
    "has_media": _Reader.flag,
    "edited_at": _Reader.instant,
}
"""How each field is read that may be there."""


def read_mention(obj: object) -> Mention:
    """Return the mention of any JSON value; raises InputError naming the field, what was found and what is wanted."""
    if not isinstance(obj, dict):
        msg = f"a mention is a JSON object; found {_seen(obj)}"
        raise InputError(msg)
    read = _Reader(obj)
    known = {name: way(read, name) for name, way in _NEEDED.items()}
    known |= read_optional(obj, _OPTIONAL)
    return Mention(**known, extra=read_extra(obj))


def read_optional(obj: Mapping[str, object], names: Iterable[str]) -> dict[str, Any]:
    """Return those of the fields that need not be there which are, each as a mention has it."""
    read = _Reader(obj)
    return {name: _OPTIONAL[name](read, name) for name in names if obj.get(name) is not None}


def read_extra(obj: Mapping[str, object]) -> dict[str, object] | None:
    """Return the fields that have no place in a mention, under the names they came with."""
    nested = obj.get("extra")
    if nested is None and obj.keys() <= KNOWN:
        return None
    if nested is not None and not isinstance(nested, dict):
        msg = f"extra: found {_seen(nested)}; wanted an object or null"
        raise InputError(msg)
    unknown = (nested or {}) | {name: value for name, value in obj.items() if name not in KNOWN}
    try:
        extra = _cleaned(unknown)
        size = len(json.dumps(extra, ensure_ascii=False))
    except (RecursionError, ValueError, TypeError):
        msg = "extra: the unknown fields are nested too deep or hold something that is not JSON"
        raise InputError(msg) from None
    if not isinstance(extra, dict) or not extra:
        return None
    if size > EXTRA_LIMIT:
        msg = f"extra: the unknown fields take {size} characters; wanted at most {EXTRA_LIMIT}"
        raise InputError(msg)
    return extra


def _cleaned(value: object) -> object:
    """Return a JSON value with every text in it clean and no number JSON has not."""
    match value:
        case str():
            return clean(value)
        case list():
            return [_cleaned(item) for item in value]
        case dict():
            return {clean_line(str(name), limit=NAME_LIMIT): _cleaned(item) for name, item in value.items()}
        case float() if not math.isfinite(value):
            return None
        case _:
            return value


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _seen(value: object) -> str:
    """Describe a JSON value shortly, for messages."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            short = clean_line(value[:80], limit=40)
            return f'the text "{short}"' if len(value) <= len(short) else f'a text that begins "{short}"'
        case float() if math.isnan(value):
            return "no number (NaN)"
        case int() | float():
            return f"the number {value:.12g}" if abs(value) < 1e300 else "a huge number"  # noqa: PLR2004 - near the end of floats
        case list():
            return f"a list of {len(value)}"
        case _:
            return "an object"
