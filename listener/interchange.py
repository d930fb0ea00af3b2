"""Read and write mentions as JSONL: one JSON object a line, UTF-8.

The shape is a contract with scripts (docs: mention JSONL). What comes in is
cleaned and bounded; fields without a place in a mention are kept under `extra`.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, TypeGuard, TypeVar

import orjson

from listener.cleaning import TEXT_LIMIT, clean, clean_line
from listener.clock import parse_instant
from listener.errors import InputError, UsageError, suggest
from listener.frozen import maker
from listener.mention import KINDS, Author, Engagement, Mention

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = [
    "LINE_LIMIT",
    "BadLine",
    "RawLine",
    "mention_from_json",
    "mention_to_json",
    "raw_lines",
    "read_lines",
    "read_raw_line",
]

LINE_LIMIT: Final = 4 << 20
"""The most bytes of one line that are read."""

_ID_LIMIT: Final = 512
_NAME_LIMIT: Final = 512
_LINE_LIMIT: Final = 2_000
_LINKS_LIMIT: Final = 100
_EXTRA_LIMIT: Final = 20_000
_SOURCE_LIMIT: Final = 64
_LANGUAGE_LIMIT: Final = 35  # the longest tag that RFC 5646 asks to be handled
_PLACE_LIMIT: Final = 16
_COUNT_LIMIT: Final = 1 << 53
_FIELDS: Final = (
    *("source", "id", "url", "kind", "author", "title", "text", "language", "published_at", "engagement", "rating"),
    *("reply_to", "thread", "repost_of", "quote_of", "place"),
)
"""The fields of the contract, in its order."""

_MORE_FIELDS: Final = ("links", "hashtags", "has_media", "edited_at", "extra")
"""Fields of a mention beyond the contract; written only where there is something to say."""

_KNOWN: Final = frozenset((*_FIELDS, *_MORE_FIELDS))

_SOURCE_NAME: Final = re.compile(rf"[^:]{{1,{_SOURCE_LIMIT}}}")
_MOST_DIGITS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """Say which line (counted from 1) could not be read, and why."""

    number: int
    reason: str


class RawLine(NamedTuple):
    """Hold a line that is not read yet; None in the place of one that is too long."""

    number: int
    line: bytes | None
    limit: int = LINE_LIMIT


def raw_lines(stream: IO[bytes], *, line_limit: int = LINE_LIMIT) -> Iterator[RawLine]:
    """Yield each line of `stream` that is not blank, in order; never holds more than one."""
    for number, line in _lines(stream, line_limit):
        if line is None or line:
            yield RawLine(number, line, line_limit)


def read_raw_line(raw: RawLine) -> Mention | BadLine:
    """Return what a line says."""
    if raw.line is None:
        return BadLine(number=raw.number, reason=f"the line is longer than {raw.limit} bytes")
    return _read_line(raw.number, raw.line)


def read_lines(stream: IO[bytes], *, line_limit: int = LINE_LIMIT) -> Iterator[Mention | BadLine]:
    """Yield a mention or a BadLine for each line of `stream` that is not blank, in order.

    Never holds more than one line. A byte order mark at the start and CRLF line
    ends are fine; a line of more than `line_limit` bytes is passed over.
    """
    yield from map(read_raw_line, raw_lines(stream, line_limit=line_limit))


def _lines(stream: IO[bytes], limit: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield (number, line without white space at its ends); None for a line that is too long."""
    number = 0
    while raw := stream.readline(limit + 1):
        number += 1
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) > limit and not raw.endswith(b"\n"):
            while (rest := stream.readline(limit + 1)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        else:
            yield number, raw.strip()


def _read_line(number: int, line: bytes) -> Mention | BadLine:
    """Return what a line says: the quick way where both ways come to the same, else by the standard reader.

    Only that one takes whole numbers of any length, lone surrogates and NaN, and tells what is wrong and where.
    """
    try:
        plain = _plain_mention(orjson.loads(line))
    except orjson.JSONDecodeError:
        plain = None
    if plain is not None:
        return plain
    try:
        return _read_mention(json.loads(line.decode("utf-8")))
    except UnicodeDecodeError as problem:
        return BadLine(number=number, reason=f"byte {problem.start + 1} of the line is not UTF-8")
    except json.JSONDecodeError as problem:
        return BadLine(number=number, reason=f"not JSON: {problem.msg} at column {problem.colno}")
    except (ValueError, RecursionError):
        return BadLine(number=number, reason="not JSON that can be read: a number is too long or the nesting too deep")
    except InputError as problem:
        return BadLine(number=number, reason=str(problem))


def mention_from_json(obj: object) -> Mention:
    """Return the mention that a JSON object of the contract stands for.

    `source`, `id`, `text` and `published_at` are needed, all others may be
    missing or null. Texts are cleaned (NFC, no control characters) and cut to
    their limits. Raises InputError naming the field, what was found and what is wanted.
    """
    return _plain_mention(obj) or _read_mention(obj)


def _read_mention(obj: object) -> Mention:
    """Return the mention of any JSON value, field by field."""
    if not isinstance(obj, dict):
        msg = f"a mention is a JSON object; found {_seen(obj)}"
        raise InputError(msg)
    read = _Reader(obj)
    known = {name: way(read, name) for name, way in _NEEDED.items()}
    known |= {name: way(read, name) for name, way in _OPTIONAL.items() if obj.get(name) is not None}
    return Mention(**known, extra=_extra(obj))


_make_author: Final = maker(Author)
_make_engagement: Final = maker(Engagement)
_make_mention: Final = maker(Mention)

_LINES: Final = ("source", "id", "url", "language", "reply_to", "thread", "repost_of", "quote_of", "place")
"""Fields that are hardly ever more than a line of ASCII."""
_RARE: Final = frozenset(("title", "rating", "links", "hashtags", "has_media", "edited_at"))
_NONE: Final[dict[str, Any]] = {}
_MOST_LEVELS: Final = 8


def _plain_mention(obj: object) -> Mention | None:
    """Return the mention of an object in which all is as it should be, None of any other.

    It is the one that `_read_mention` comes to, which reads field by field, at less than half the cost.
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
        rare = _plain_rest(obj)
        return _make_mention(
            source, native, clean(text), parse_instant(obj["published_at"]), rare.get("title"), url, kind or KINDS[0],
            None if author is None else _plain_author(author, author_id, handle), language,
            _plain_engagement(obj.get("engagement")), rare.get("rating"), reply_to, thread, repost_of, quote_of, place,
            rare.get("links", ()), rare.get("hashtags", ()), rare.get("has_media"), rare.get("edited_at"),
            _plain_extra(obj),
        )  # fmt: skip
    except (InputError, UsageError, TypeError, KeyError, AttributeError):
        return None  # what is wrong is told by the long way


def _plain_lines(obj: Mapping[str, Any], author: Mapping[str, Any]) -> list[str | None] | None:
    """Return `_LINES`, and id and handle of the author, None where one of them has to be looked at closely.

    They are looked through together: white space stands only within, one blank at a time.
    """
    lines = [*map(obj.get, _LINES), author.get("id"), author.get("handle")]
    source, native, _, language, *_, place, _, _ = lines
    together = f"|{'|'.join([line for line in lines if line is not None])}|"
    if (
        len(together) > _ID_LIMIT
        or not (together.isascii() and together.isprintable())
        or "  " in together
        or "| " in together
        or " |" in together
    ):
        return None
    if not source or not native or ":" in source or len(source) > _SOURCE_LIMIT:
        return None
    if (language and len(language) > _LANGUAGE_LIMIT) or (place and len(place) > _PLACE_LIMIT):
        return None
    return [line or None for line in lines]


def _plain_author(fields: Mapping[str, Any], native: str | None, handle: str | None) -> Author:
    name, followers, verified = fields.get("name"), fields.get("followers"), fields.get("verified")
    return _make_author(
        native,
        (handle.removeprefix("@") or None) if handle else None,
        None if name is None else clean_line(name, limit=_NAME_LIMIT) or None,
        _plain_count(followers),
        _plain_flag(verified),
    )


def _plain_engagement(fields: Mapping[str, Any] | None) -> Engagement:
    if fields is None:
        return Engagement()
    get = fields.get
    return _make_engagement(
        _plain_count(get("likes")),
        _plain_count(get("reposts")),
        _plain_count(get("replies")),
        _plain_count(get("views")),
    )


def _plain_count(value: object) -> int | None:
    if value is None or (type(value) is int and 0 <= value < _COUNT_LIMIT):
        return value
    raise TypeError


def _plain_flag(value: object) -> bool | None:
    if value is None or type(value) is bool:
        return value
    raise TypeError


def _plain_rest(obj: dict[str, Any]) -> Mapping[str, Any]:
    """Return the fields that few mentions have, read one by one."""
    if _RARE.isdisjoint(obj):
        return _NONE
    read = _Reader(obj)
    return {name: _OPTIONAL[name](read, name) for name in _RARE if obj.get(name) is not None}


def _plain_extra(obj: dict[str, Any]) -> dict[str, object] | None:
    """Return what `_extra` does where every reader of JSON reads it alike."""
    if obj.get("extra") is None and obj.keys() <= _KNOWN:
        return None
    if not all(_is_certain(value) for name, value in obj.items() if name == "extra" or name not in _KNOWN):
        raise TypeError
    return _extra(obj)


def _is_certain(value: object, levels: int = _MOST_LEVELS) -> bool:
    """Say whether a JSON value holds no number that a reader may have rounded, and is not nested deep."""
    if isinstance(value, (dict, list)):
        items = value.values() if isinstance(value, dict) else value
        return levels > 0 and all(_is_certain(item, levels - 1) for item in items)
    return value is None or isinstance(value, (str, int))


def mention_to_json(mention: Mention) -> dict[str, object]:
    """Return the JSON object of a mention: every field of the contract, in its order, then what else is known.

    Reading it again gives an equal mention, provided the mention's time is known
    and its texts are clean.
    """
    fields: dict[str, object] = {name: getattr(mention, name) for name in _FIELDS}
    fields["author"] = _author_to_json(mention.author)
    fields["published_at"] = _instant_to_json(mention.published_at)
    fields["engagement"] = _engagement_to_json(mention.engagement)
    more = {
        "links": list(mention.links),
        "hashtags": list(mention.hashtags),
        "has_media": mention.has_media,
        "edited_at": _instant_to_json(mention.edited_at),
        "extra": dict(mention.extra) if mention.extra else None,
    }
    return fields | {name: value for name, value in more.items() if value not in (None, [])}


T_Read = TypeVar("T_Read")

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

    def line(self, name: str, *, limit: int = _LINE_LIMIT) -> str | None:
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
        if len(value) > _ID_LIMIT:
            raise self.wrong(name, f"at most {_ID_LIMIT} characters")  # a cut id would be another id
        return clean_line(value, limit=_ID_LIMIT) or None

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
        if not _is_whole(value) or not 0 <= value < _COUNT_LIMIT:
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

    def lines(self, name: str, *, limit: int = _LINE_LIMIT) -> tuple[str, ...]:
        value = self._fields.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(name, "a list of texts")
        cleaned = (clean_line(item, limit=limit) for item in value[:_LINKS_LIMIT])
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
    handle = fields.line("handle", limit=_NAME_LIMIT)
    return Author(
        id=fields.identifier("id"),
        handle=(handle.removeprefix("@") or None) if handle else None,
        name=fields.line("name", limit=_NAME_LIMIT),
        followers=fields.count("followers"),
        verified=fields.flag("verified"),
    )


def _whole(address: str | None) -> str | None:
    """Return an address, None for one that is too long: cut, it would be another."""
    return None if address is None or len(address) > _LINE_LIMIT else address


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
    "url": lambda read, name: _whole(read.line(name, limit=_LINE_LIMIT + 1)),
    "kind": _kind,
    "author": _author,
    "title": _Reader.line,
    "language": lambda read, name: read.line(name, limit=_LANGUAGE_LIMIT),
    "engagement": _engagement,
    "rating": _Reader.ratio,
    "reply_to": _Reader.identifier,
    "thread": _Reader.identifier,
    "repost_of": _Reader.identifier,
    "quote_of": _Reader.identifier,
    "place": lambda read, name: read.line(name, limit=_PLACE_LIMIT),
    "links": lambda read, name: tuple(filter(_whole, read.lines(name, limit=_LINE_LIMIT + 1))),
    "hashtags": lambda read, name: tuple(tag.removeprefix("#") for tag in read.lines(name)),
    "has_media": _Reader.flag,
    "edited_at": _Reader.instant,
}
"""How each field is read that may be there."""


def _extra(obj: Mapping[str, object]) -> dict[str, object] | None:
    """Return the fields that have no place in a mention, under the names they came with."""
    nested = obj.get("extra")
    if nested is None and obj.keys() <= _KNOWN:
        return None
    if nested is not None and not isinstance(nested, dict):
        msg = f"extra: found {_seen(nested)}; wanted an object or null"
        raise InputError(msg)
    unknown = (nested or {}) | {name: value for name, value in obj.items() if name not in _KNOWN}
    try:
        extra = _cleaned(unknown)
        size = len(json.dumps(extra, ensure_ascii=False))
    except (RecursionError, ValueError, TypeError):
        msg = "extra: the unknown fields are nested too deep or hold something that is not JSON"
        raise InputError(msg) from None
    if not isinstance(extra, dict) or not extra:
        return None
    if size > _EXTRA_LIMIT:
        msg = f"extra: the unknown fields take {size} characters; wanted at most {_EXTRA_LIMIT}"
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
            return {clean_line(str(name), limit=_NAME_LIMIT): _cleaned(item) for name, item in value.items()}
        case float() if not math.isfinite(value):
            return None
        case _:
            return value


def _author_to_json(author: Author | None) -> dict[str, object] | None:
    if author is None:
        return None
    return {name: getattr(author, name) for name in ("id", "handle", "name", "followers", "verified")}


def _engagement_to_json(engagement: Engagement) -> dict[str, object] | None:
    counts = {name: getattr(engagement, name) for name in ("likes", "reposts", "replies", "views")}
    return counts if any(count is not None for count in counts.values()) else None


def _instant_to_json(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat()


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
        case int() | float():
            return f"the number {value:.12g}" if abs(value) < 1e300 else "a huge number"  # noqa: PLR2004 - near the end of floats
        case list():
            return f"a list of {len(value)}"
        case _:
            return "an object"
