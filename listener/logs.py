"""Write what happens to stderr: one event a line, fields not prose, no secrets.

    2026-11-20T08:00:00Z INFO page saved source=x new=80 seen=100

Code logs with `event(log, "page saved", source="x", new=80)`, or with plain
`logging` and ``extra={"fields": {...}}`` where it may not import this module.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

__all__ = ["Formatter", "configure", "event", "hide", "hide_secrets", "redact"]

MASK: Final = "[hidden]"

_hidden: Final[set[str]] = set()
_SHORTEST: Final = 4
"""A hidden text shorter than this would also blank ordinary words."""
_PART: Final = 8
"""Signs of a hidden text that are blanked too where it is cut off, and that are looked for of it in base64."""
_CUT_OFF: Final = frozenset("\"'\n\r)]}\N{HORIZONTAL ELLIPSIS}")
"""What stands behind words that were quoted up to some length."""

_HUSHED: Final = (
    r"\b[\w-]*(?:token|secret|passw(?:or)?d|api[_-]?key|access[_-]?key|accessjwt|refreshjwt|authorization|signature)"
)
_VALUE: Final = r"(?!\[hidden\]|(?:bearer|basic|oauth)\s)(\"[^\"]*\"|'[^']*'|[^\s&,;)}\]]+)"

_PATTERNS: Final = (
    # user:password@ of a URL (RFC 3986, 3.2.1); up to the last @, as addresses are read
    (re.compile(r"(?<=://)[^/?#\s]+@"), f"{MASK}@"),
    # Authorization headers (RFC 9110, 11.4); also where a dictionary of headers is printed
    (re.compile(r"(?i)\b(bearer|basic|oauth)(\s+)(?=[\w.~+/=%-]*[\d=_%-])[\w.~+/=%-]{8,}"), rf"\1\2{MASK}"),
    # key=value of query strings, which is too common a name elsewhere
    (re.compile(r"(?i)(?<=[?&])((?:key|sig)=)(?!\[hidden\])[^\s&\"'<>)\]}]+"), rf"\1{MASK}"),
    # name=value of query strings and forms; "name": "value" of JSON and of printed dictionaries
    (re.compile(rf"(?i)({_HUSHED}\s*=\s*|{_HUSHED}[\"']\s*:\s*){_VALUE}"), rf"\1{MASK}"),
    # name: value of headers, where the value is no word of a sentence
    (re.compile(rf"(?i)({_HUSHED}\s*:\s*)(?=[^\s,;]*\d)(?!\[hidden\])[^\s,;]{{6,}}"), rf"\1{MASK}"),
)


def hide_secrets(record: object) -> None:
    """Leave out what the secrets of an options record hold; None has none."""
    import dataclasses  # noqa: PLC0415 - start-up time is a promise

    from listener.options import Secret  # noqa: PLC0415 - the same

    for field in () if record is None else dataclasses.fields(cast("Any", record)):
        value = getattr(record, field.name)
        if isinstance(value, Secret) and value.is_set:
            hide(value.reveal())


def hide(secret: str) -> None:
    """Let `redact` blank this text from now on, in every output of the process; as it stands in addresses, JSON and base64, too."""
    if len(secret) >= _SHORTEST:
        from urllib.parse import quote, quote_plus  # noqa: PLC0415 - start-up time is a promise

        _hidden.update((secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]))
        _hidden.update(_in_base64(secret))


def _in_base64(secret: str) -> Iterator[str]:
    """Yield what is the same of a text in base64 whatever stands beside it, as in user:password, for each place it may have.

    A sign holds six bits: those that a neighbour has a part in are left out (RFC 4648, 4 and 5).
    """
    from base64 import b64encode, urlsafe_b64encode  # noqa: PLC0415 - start-up time is a promise

    data = secret.encode("utf-8", "surrogatepass")
    for before in range(3):
        first, last = -(-before * 8 // 6), (before + len(data)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            if last - first >= _PART:
                yield encode(bytes(before) + data)[first:last].decode()


def redact(text: str) -> str:
    """Return a text with secrets blanked: those that were hidden or read, and what looks like one."""
    from listener.options import revealed  # noqa: PLC0415 - start-up time is a promise

    for secret in revealed() - _hidden:  # read after the options were made: a key that was changed since
        hide(secret)
    known = sorted(_hidden, key=len, reverse=True)
    for secret in known:
        text = text.replace(secret, MASK)
    for secret in known:
        text = _without_begin(text, secret)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _without_begin(text: str, secret: str) -> str:
    """Blank the begin of a secret where it is cut off, as at the end of words that were quoted up to some length."""
    start = text.find(secret[:_PART]) if len(secret) > _PART else -1
    while start >= 0:
        end = start + _PART
        while text[end : end + 1] == secret[end - start : end - start + 1] != "":
            end += 1
        if text[end : end + 1] in _CUT_OFF or end == len(text):
            text = f"{text[:start]}{MASK}{text[end:]}"
            end = start + len(MASK)
        start = text.find(secret[:_PART], end)
    return text


def event(log: logging.Logger, message: str, /, *, level: int = logging.INFO, **fields: object) -> None:
    """Log one event with its fields, in the order given."""
    log.log(level, message, extra={"fields": fields}, stacklevel=2)


class Formatter(logging.Formatter):
    """Write a record as one line, `style_name` "text" (key=value) or "json".

    A traceback follows on lines of its own in text, as a field in JSON.
    """

    def __init__(self, style_name: str) -> None:
        super().__init__()
        self._is_json = style_name == "json"

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, secrets blanked."""
        at = datetime.fromtimestamp(record.created, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        fields: Mapping[str, object] = getattr(record, "fields", {})
        trace = self.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else ""
        if self._is_json:
            entry = {"at": at, "level": record.levelname.lower(), "log": record.name, "event": record.getMessage()}
            values = {key: _plain(value) for key, value in fields.items()}
            if trace:
                values["traceback"] = redact(trace)
            return _printable(json.dumps({**values, **entry, "event": redact(entry["event"])}, ensure_ascii=False))
        words = [at, record.levelname, _one_line(redact(record.getMessage()))]
        words.extend(f"{key}={_quoted(_plain(value))}" for key, value in fields.items())
        line = " ".join(words)
        return "\n".join([line, *map(_one_line, redact(trace).split("\n"))]) if trace else line


def configure(style_name: str, level: str, stream: TextIO) -> None:
    """Send the log to `stream`; `level` holds for this program, others only warn.

    May be called again: the former set-up is replaced.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter(style_name))
    root = logging.getLogger()
    for former in [one for one in root.handlers if isinstance(one.formatter, Formatter)]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for package in ("listener", "sources", "sentiment", "reports"):
        logging.getLogger(package).setLevel(level.upper())


def _plain(value: object) -> object:
    """Return a value JSON can hold; texts redacted, everything unknown as text."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return redact(str(value))


def _quoted(value: object) -> str:
    if value is None:
        return "-"
    text = _one_line(str(value))
    return json.dumps(text, ensure_ascii=False) if not text or re.search(r"[\s\"=]", text) else text


def _printable(line: str) -> str:
    """Return a line of JSON that says the same and cannot steer the terminal it is shown on."""
    return line if line.isprintable() else "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in line)


def _one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)
