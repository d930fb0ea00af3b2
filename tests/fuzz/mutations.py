"""Make bad answers out of good ones: fields dropped, renamed, retyped; texts, dates and numbers nobody expects; bytes cut."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any

DEEP = 400
WORDS = (
    "",
    " ",
    "\0",
    "\ud800",
    "acme \udfff",
    "\u202eacme\u2066",
    "\x1b[2J\x07",
    "a" * 70_000,
    "<" * 3_000,
    "&#" + "9" * 400 + ";",
    "<!--" * 500,
    "[" * 3_000 + "](x)",
    "acme\r\nBcc: x@example.com",
    "=HYPERLINK(1)",
    "http://[::1",
    "javascript:alert(1)",
    "http://" + "a." * 3_000,
    "i\u0307" * 200,
    "\ufeff",
    "NaN",
    "-1",
    "1e999",
    "null",
)
DATES = (
    "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00+23:59",
    "2026-02-30T25:61:61Z",
    "2026-11-20",
    "20261120T000000Z",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Fri, 99 Foo 99999 99:99:99 +9999",
    "tomorrow",
    "2026-11-20T00:00:00+99:99",
    "+292277026596-12-04T15:30:08Z",
)
NUMBERS = (
    0,
    -1,
    1 << 31,
    1 << 53,
    1 << 63,
    1 << 64,
    -(1 << 63),
    10**400,
    1.5,
    -0.0,
    1e308,
    5e-324,
    253402300800,
    -62135596801,
)


def mutated_json(dice: random.Random, value: Any, *, changes: int | None = None) -> bytes:
    """Return a JSON value with a few places changed, as bytes that may be no JSON any more."""
    fresh = json.loads(json.dumps(value))
    for _ in range(changes or dice.randrange(1, 5)):
        fresh = _changed(dice, fresh)
    text = json.dumps(fresh, ensure_ascii=dice.random() < 0.5)
    text = text.replace('"<deep>"', "[" * DEEP + "]" * DEEP).replace(
        '"<deeper>"', '{"a":' * 50_000 + "1" + "}" * 50_000
    )
    body = text.encode("utf-8", "surrogatepass")
    return mutated_bytes(dice, body) if dice.random() < 0.25 else body


def _changed(dice: random.Random, root: Any) -> Any:
    """Change one place of a value, anywhere in it."""
    places = list(_places(root))
    if not places:
        return _other(dice, root)
    holder, key = dice.choice(places)
    way = dice.randrange(6)
    if way == 0 and isinstance(holder, dict):
        del holder[key]
    elif way == 1 and isinstance(holder, dict):
        holder[str(key) + dice.choice(["", "_", "\0", "s"]) + "x"] = holder.pop(key)
    elif way == 2 and isinstance(holder, list):
        holder.extend([holder[key]] * dice.randrange(1, 4))
    elif way == 3 and isinstance(holder, list):
        holder[key] = holder
        holder[key] = [1, None, "acme", {}]
    else:
        holder[key] = _other(dice, holder[key])
    return root


def _places(value: Any, depth: int = 0) -> list[tuple[Any, Any]]:
    if depth > 12:
        return []
    if isinstance(value, dict):
        found = [(value, key) for key in value]
    elif isinstance(value, list):
        found = [(value, index) for index in range(len(value))]
    else:
        return []
    return found + [place for holder, key in found for place in _places(holder[key], depth + 1)]


def _other(dice: random.Random, value: Any) -> Any:
    """Return something else where `value` stood."""
    kinds: list[Callable[[], Any]] = [
        lambda: None,
        lambda: dice.random() < 0.5,
        lambda: dice.choice(NUMBERS),
        lambda: dice.choice(WORDS),
        lambda: dice.choice(DATES),
        lambda: [value],
        lambda: {"a": value},
        list,
        dict,
        lambda: dice.choice(["<deep>", "<deep>", "<deeper>"]),
        lambda: float("nan"),
        lambda: str(value),
        lambda: [value] * 300,
    ]
    return dice.choice(kinds)()


def mutated_bytes(dice: random.Random, body: bytes) -> bytes:
    """Return bytes cut, in another encoding, or with some of them changed."""
    at = dice.randrange(len(body) + 1)
    noise = bytes(dice.randrange(256) for _ in range(dice.randrange(1, 20)))
    text = body.decode("utf-8", "replace")
    ways: list[Callable[[], bytes]] = [
        lambda: body[:at],
        lambda: body[at:],
        lambda: text.encode("utf-16"),
        lambda: b"\xef\xbb\xbf" + body,
        lambda: body[:at] + noise + body[at:],
        lambda: body[:at] + body[at : at + 200] * 5 + body[at:],
        lambda: text.encode("latin-1", "replace"),
        lambda: b"",
        lambda: body.replace(b" ", b"\0", 3),
    ]
    return dice.choice(ways)()


_TAG = re.compile(rb"<[^<>]{1,200}>")
_TEXT = re.compile(rb">([^<>]{1,400})<")


def mutated_markup(dice: random.Random, body: bytes, *, changes: int | None = None) -> bytes:
    """Return XML or HTML with a few tags, texts and declarations changed."""
    for _ in range(changes or dice.randrange(1, 5)):
        way = dice.randrange(8)
        found = list((_TAG if way < 4 else _TEXT).finditer(body))
        if not found:
            return mutated_bytes(dice, body)
        one = dice.choice(found)
        start, end = one.span(0 if way < 4 else 1)
        word = dice.choice([*WORDS, *DATES]).encode("utf-8", "surrogatepass")
        put = (
            b"",
            body[start:end] * dice.choice([2, 50, 2_000]),
            b"<![CDATA[" + body[start:end],
            body[start:end].replace(b">", b' a="' + word[:200] + b'>"', 1),
            word,
            b"&unknown;&#x110000;&#0;" + word[:50],
            b"<b>" * dice.choice([3, DEEP]) + word,
            b"<!DOCTYPE a [<!ENTITY b '" + word[:50] + b"'>]>&b;",
        )[way]
        body = body[:start] + put + body[end:]
    if dice.random() < 0.1:
        body = re.sub(
            rb'encoding="[^"]*"', b'encoding="' + dice.choice([b"utf-7", b"utf-16", b"x", b"ebcdic-cp-us"]) + b'"', body
        )
    return mutated_bytes(dice, body) if dice.random() < 0.2 else body
