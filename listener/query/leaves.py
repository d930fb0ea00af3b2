"""Read single terms of a tracked expression: words, phrases, tags, fields."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from listener.errors import QueryError, suggest
from listener.mention import KINDS
from listener.query.languages import unknown_language
from listener.query.terms import entity_key, read_name
from listener.query.tree import (
    Author,
    Bound,
    Cashtag,
    Field,
    Handle,
    Hashtag,
    Near,
    Phrase,
    Prefix,
    Raw,
    TagWords,
    Title,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from listener.query.tree import Node

__all__ = ["MAX_WORDS", "read_quoted", "read_word"]

MAX_WORDS: Final = 50
"""A phrase has at most so many words."""

_SHORTEST_PREFIX: Final = 2

_BOUND: Final = re.compile(r"([A-Za-z]+)(>=|<=|>|<|=)(.*)", re.DOTALL)
_FIELD: Final = re.compile(r"([A-Za-z]+):(.*)", re.DOTALL)
_NUMBER: Final = re.compile(r"\d{1,15}(?:\.\d{1,9})?")
_HOST: Final = re.compile(r"[^\s/:@?#]+\.[^\s/:@?#.]+")
_MEASURES: Final = ("followers", "likes", "reposts", "replies", "views", "rating")
_TRAITS: Final = {"is": ("repost", "reply", "quote"), "has": ("link", "media")}
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


def read_quoted(parts: re.Match[str], column: int) -> Node:
    """Return the leaf of a quoted token (groups field, inside, star, within).

    Raises QueryError where it cannot be read.
    """
    text = _ESCAPE.sub(r"\1", parts["inside"])
    field = parts["field"]
    if field is not None:
        if parts["within"] is not None:
            msg = f'~ stands after a plain phrase only, such as "fast delivery"~3; not after {field}:'
            raise QueryError(msg, column=column)
        return _read_field(field, text, column, starred=parts["star"] is not None)
    if parts["star"] is not None:
        return _prefix(text, column)
    phrase = _phrase(text, column)
    if parts["within"] is None:
        return phrase
    return _slop(phrase, parts["within"], column)


def read_word(word: str, column: int) -> Node:
    """Return the leaf of a token without quotes. Raises QueryError where it cannot be read."""
    bound = _BOUND.fullmatch(word)
    if bound is not None:
        return _bound(bound, column)
    field = _FIELD.fullmatch(word)
    if field is not None:
        value = field[2]
        starred = field[1].lower() == "title" and value.endswith("*")
        return _read_field(field[1], value[:-1] if starred else value, column, starred=starred)
    if word[0] in "#\uff03":
        return Hashtag(_tag(word.lstrip("#\uff03"), column))
    if word[0] in "@\uff20":
        return Handle(_account(word[1:], column))
    if word[0] == "$" and re.fullmatch(r"[A-Za-z]+(?:\.[A-Za-z]+)?", word[1:]):
        return Cashtag(word[1:])
    if word.endswith("*"):
        return _prefix(word[:-1], column)
    if "*" in word:
        msg = f'"{word[:40]}": * may stand only at the end of a word, such as car*; quote the word if * is part of it'
        raise QueryError(msg, column=column + word.index("*"))
    return _phrase(word, column)


def _phrase(text: str, column: int) -> Phrase:
    """Return a phrase, its size checked."""
    _check_words(text, column)
    return Phrase(text)


def _check_words(text: str, column: int) -> None:
    """Refuse a phrase without a single word, or with too many."""
    pieces = read_name(text).pieces
    if not pieces:
        msg = "nothing here can be searched for; expected a word, a name or an emoji"
        raise QueryError(msg, column=column)
    if len(pieces) > MAX_WORDS:
        msg = f"a phrase of {len(pieces)} words; at most {MAX_WORDS} are searched for"
        raise QueryError(msg, column=column)


def _prefix(text: str, column: int) -> Prefix:
    """Return the prefix of a word."""
    pieces = read_name(text).pieces
    if not pieces or len(pieces[-1]) < _SHORTEST_PREFIX or text[-1:].isspace():
        msg = f"* needs at least {_SHORTEST_PREFIX} letters before it, such as car*"
        raise QueryError(msg, column=column)
    _check_words(text, column)
    return Prefix(text)


def _slop(phrase: Phrase, digits: str, column: int) -> Node:
    """Return words that stand near each other in any order: "a b"~3 is a NEAR/3 b."""
    if len(digits) > 3 or int(digits) > 100:  # noqa: PLR2004 - the bound of NEAR, three digits
        msg = "~ allows at most 100 words between"
        raise QueryError(msg, column=column)
    words = phrase.text.split()
    node: Node = _phrase(words[0], column)
    for word in words[1:]:
        node = Near(node, _phrase(word, column), int(digits))
    return node


def _tag(tag: str, column: int) -> str:
    """Return the word of a hashtag."""
    name = read_name(tag)
    if len(name.pieces) != 1 or not name.is_plain:
        msg = f'"#{tag[:40]}" is not a hashtag; expected letters, digits or _ after #'
        raise QueryError(msg, column=column)
    return tag


def _account(handle: str, column: int) -> str:
    """Return the name of an account."""
    stripped = handle.lstrip("@")
    if not stripped or not entity_key(stripped) or not re.fullmatch(r"[\w.@\-]+", stripped):
        msg = f'"{handle[:40]}" is not an account name; expected letters, digits, _ . or -'
        raise QueryError(msg, column=column)
    return stripped


def _writer(name: str, column: int) -> str:
    """Return the handle of an author, or the id that a service has for one, such as did:plc:abc or an address."""
    if "/" not in name and ":" not in name:
        return _account(name, column)
    if not re.fullmatch(r"(?=.*\w)[\w.@:/%~+\-]+", name):
        msg = f'"{name[:40]}" is neither the name of an account nor the id that a service has for one'
        raise QueryError(msg, column=column)
    return name.lstrip("@")


def _bound(parts: re.Match[str], column: int) -> Bound:
    """Return a bound on a number."""
    measure = parts[1].lower()
    if measure not in _MEASURES:
        msg = f'"{parts[1]}" is not a number that can be compared; {suggest(measure, _MEASURES)}'
        raise QueryError(msg, column=column)
    at = column + parts.start(3)
    if not _NUMBER.fullmatch(parts[3]) or not parts[3].isascii():
        msg = (
            f"expected a number after {parts[1]}{parts[2]}, such as {measure}{parts[2]}{_EXAMPLES.get(measure, '1000')}"
        )
        raise QueryError(msg, column=at)
    value = float(parts[3])
    if measure == "rating" and value > 1:
        msg = "rating is between 0 and 1 (4 of 5 stars is 0.75)"
        raise QueryError(msg, column=at)
    if measure != "rating" and not math.isclose(value, round(value)):
        msg = f"{measure} are counted in whole numbers"
        raise QueryError(msg, column=at)
    return Bound(measure, parts[2], value)


_EXAMPLES: Final = {"rating": "0.5"}


def _read_field(name: str, value: str, column: int, *, starred: bool) -> Node:
    """Return the leaf of a field and its value."""
    field = name.lower()
    at = column + len(name) + 1
    if field not in _READERS:
        msg = (
            f'"{name}" is not a field; {suggest(field, _READERS)}; '
            "to search for these words themselves, put them in quotes"
        )
        raise QueryError(msg, column=column)
    if not value.strip():
        msg = f"expected a value after {name}:"
        raise QueryError(msg, column=at)
    if starred:
        if field != "title":
            msg = f"* cannot stand after {name}:"
            raise QueryError(msg, column=at)
        return Title(_prefix(value, at))
    return _READERS[field](value, at)


def _site(value: str, column: int) -> Field:
    host = value.lower().removeprefix("https://").removeprefix("http://").removeprefix("www.").strip("./*")
    if not _HOST.fullmatch(host):
        msg = f'"{value[:60]}" is not a host; expected one such as example.org (url: looks into whole addresses)'
        raise QueryError(msg, column=column)
    return Field("site", host)


def _language(value: str, column: int) -> Field:
    tag = value.strip().replace("_", "-")
    if not re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}", tag):
        msg = f'"{value[:40]}" is not a language; expected a BCP 47 tag such as en, hi or hi-Latn'
        raise QueryError(msg, column=column)
    if problem := unknown_language(tag):
        raise QueryError(problem, column=column)
    return Field("lang", tag.lower())


def _source(value: str, column: int) -> Field:
    name = value.strip().lower()
    if not re.fullmatch(r"[a-z0-9_\-]+", name):
        msg = f'"{value[:40]}" is not the name of a source; expected one such as reddit'
        raise QueryError(msg, column=column)
    return Field("source", name)


def _subreddit(value: str, column: int) -> Field:
    name = value.strip().strip("/").lower().removeprefix("r/")
    if not re.fullmatch(r"[a-z0-9_]{2,50}", name):
        msg = f'"{value[:60]}" is not a subreddit; expected its name, such as subreddit:coffee'
        raise QueryError(msg, column=column)
    return Field("subreddit", name)


def _kind(value: str, column: int) -> Field:
    name = value.strip().lower()
    if name not in KINDS:
        msg = f'"{value[:40]}" is not a kind of mention; {suggest(name, KINDS)}'
        raise QueryError(msg, column=column)
    return Field("kind", name)


def _country(value: str, column: int) -> Field:
    code = value.strip().upper()
    if code == "UK":
        msg = "the United Kingdom is GB in ISO 3166; write country:gb"
        raise QueryError(msg, column=column)
    if not re.fullmatch(r"[A-Z]{2}", code):
        msg = f'"{value[:40]}" is not a country; expected two letters of ISO 3166 such as IN'
        raise QueryError(msg, column=column)
    return Field("country", code)


def _trait(field: str) -> Callable[[str, int], Field]:
    def read(value: str, column: int) -> Field:
        name = value.strip().lower()
        if name not in _TRAITS[field]:
            msg = f'"{field}:{value[:40]}" is not known; {suggest(name, _TRAITS[field])}'
            raise QueryError(msg, column=column)
        return Field(field, name)

    return read


def _raw(value: str, column: int) -> Raw:
    if not value.strip():
        msg = "expected a text after raw:"
        raise QueryError(msg, column=column)
    return Raw(value)


def _tag_words(value: str, column: int) -> TagWords:
    _check_words(value, column)
    return TagWords(value)


def _met_tag_words(value: str, column: int) -> TagWords:
    _check_words(value, column)
    return TagWords(value, is_met=True)


_READERS: Final[dict[str, Callable[[str, int], Node]]] = {
    "title": lambda value, column: Title(_phrase(value, column)),
    "author": lambda value, column: Author(_writer(value.strip(), column)),
    "site": _site,
    "url": lambda value, _column: Field("url", value.strip()),
    "lang": _language,
    "source": _source,
    "subreddit": _subreddit,
    "kind": _kind,
    "country": _country,
    "raw": _raw,
    "hashtag": _tag_words,
    "inhashtag": _met_tag_words,
    "is": _trait("is"),
    "has": _trait("has"),
}
