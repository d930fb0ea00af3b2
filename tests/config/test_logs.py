"""The log: one event a line, as key=value or JSON, and no secret in it."""

from __future__ import annotations

import io
import json
import logging
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING

import pytest

from listener.logs import MASK, configure, event, hide, redact
from listener.options import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LOG = logging.getLogger("listener.made_up")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root, level = logging.getLogger(), logging.getLogger().level
    before = list(root.handlers)
    configure("text", "info", stream)
    yield stream
    for handler in [one for one in root.handlers if one not in before]:
        root.removeHandler(handler)
    root.setLevel(level)


def test_an_event_is_one_line_with_its_fields_in_order(lines: io.StringIO) -> None:
    event(LOG, "page saved", source="x", new=80, cursor=None, why="two words", quote='a"b')
    line = lines.getvalue()
    assert line.endswith(' INFO page saved source=x new=80 cursor=- why="two words" quote="a\\"b"\n')
    assert line[:20].endswith("Z")


def test_a_field_cannot_begin_a_line_of_its_own(lines: io.StringIO) -> None:
    event(LOG, "seen\nforged", title="a\nINFO forged\x1b[31m")
    assert len(lines.getvalue().splitlines()) == 1
    assert "\x1b" not in lines.getvalue()


@pytest.mark.parametrize("style", ["text", "json"])
def test_nothing_that_is_logged_can_steer_a_terminal(lines: io.StringIO, style: str) -> None:
    hostile = "a\x1b[2J\x9b31m\u202eb\u2028\U000e0041 é👍"
    configure(style, "info", lines)
    event(LOG, hostile, title=hostile)
    try:
        raise ValueError(hostile)
    except ValueError:
        LOG.exception("source failed")
    assert "é👍" in lines.getvalue()
    assert all(line.isprintable() for line in lines.getvalue().split("\n"))
    if style == "json":
        seen, failed = map(json.loads, lines.getvalue().splitlines())
        assert seen["event"] == seen["title"] == hostile
        assert f"ValueError: {hostile}" in failed["traceback"]


def test_a_quiet_level_leaves_out_what_matters_less(lines: io.StringIO) -> None:
    configure("text", "warning", lines)
    event(LOG, "page saved")
    event(LOG, "source failed", level=logging.WARNING)
    assert [line.split(" ", 2)[2] for line in lines.getvalue().splitlines()] == ["source failed"]


def test_json_lines_hold_the_fields_and_the_traceback(lines: io.StringIO) -> None:
    configure("json", "info", lines)
    event(LOG, "page saved", source="x", new=80)
    try:
        int("x")
    except ValueError:
        LOG.exception("source failed")
    saved, failed = map(json.loads, lines.getvalue().splitlines())
    assert (saved["event"], saved["level"], saved["source"], saved["new"]) == ("page saved", "info", "x", 80)
    assert "ValueError" in failed["traceback"]


def test_a_traceback_follows_its_event_without_secrets(lines: io.StringIO) -> None:
    try:
        msg = "GET https://user:hunter22@example.com/?access_token=hunter33"
        raise ValueError(msg)
    except ValueError:
        LOG.exception("source failed")
    assert "Traceback" in lines.getvalue()
    assert "hunter" not in lines.getvalue()


def test_a_hidden_text_is_blanked_in_events_and_fields(lines: io.StringIO) -> None:
    hide("made-up-key-1")
    event(LOG, "asked with made-up-key-1", url="https://example.com/made-up-key-1")
    assert "made-up-key-1" not in lines.getvalue()
    assert lines.getvalue().count(MASK) == 2


def test_a_hidden_text_is_blanked_as_it_stands_in_an_address_or_in_json_too() -> None:
    hide('made up*key/2((&"')
    for text in (
        "https://example.com/?q=acme&key=made+up%2Akey%2F2%28%28%26%22&page=1",
        "https://example.com/made%20up%2Akey/2%28%28%26%22",
        '{"asked": "made up*key/2((&\\""}',
    ):
        assert "key" not in redact(text).replace("key=", "")


@pytest.mark.parametrize("user", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_a_hidden_text_is_blanked_in_base64_whatever_stands_beside_it(
    user: str, encode: Callable[[bytes], bytes]
) -> None:
    hide("made??up>>key")
    sent = encode(f"{user}:made??up>>key".encode()).decode()
    shown = redact(f"cannot decode {sent}")
    assert MASK in shown
    assert "made" not in b64decode(shown.removeprefix("cannot decode ").partition(MASK)[0] + "==").decode("latin-1")
    assert sent[-12:-3] not in shown


@pytest.mark.parametrize(
    "text",
    ['refused ("asked with made-up-k")', "asked with made-up-ke", "asked with made-up-key-…", "made-up-key\nnext"],
)
def test_a_hidden_text_is_blanked_where_it_is_cut_off_too(text: str) -> None:
    hide("made-up-key-1")
    assert redact(text) == re.sub("made-up[-a-z]*", MASK, text)


def test_what_only_begins_as_a_hidden_text_does_stays() -> None:
    hide("https://hooks.example.com/key-1")
    assert redact("https://hooks.example.org/ answers") == "https://hooks.example.org/ answers"


def test_a_secret_that_was_changed_is_blanked_once_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("made-up-key-1\n", encoding="utf-8")
    secret = Secret(file=str(file))
    secret.reveal()
    file.write_text("other-key-2\n", encoding="utf-8")
    secret.reveal()
    assert redact("made-up-key-1, other-key-2") == f"{MASK}, {MASK}"


@pytest.mark.parametrize(
    "text",
    [
        "https://user:hunter22@example.com/feed",
        "https://user:p@hunter22@example.com/feed",
        "https://example.com/?api_key=hunter22&q=acme",
        "https://example.com/?q=acme&key=hunter22",
        "/search?key=hunter22 is refused",
        "https://example.com/?q=acme&access_token=hunter22",
        "Authorization: Bearer hunter22hunter22",
        "{'Authorization': 'Basic aHVudGVyMjI='}".replace("aHVudGVyMjI=", "hunter22="),
        '{"client_secret": "hunter22", "grant_type": "password"}',
        "password=hunter22",
        "X-Api-Key: hunter22",
        "mailtos://me:hunter22@mail.example.com",
    ],
)
def test_what_looks_like_a_secret_is_blanked(text: str) -> None:
    assert "hunter22" not in redact(text)
    assert MASK in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "mail.password: a secret does not belong into this file",
        "the token is missing; set X_BEARER_TOKEN",
        "bearer tokens are refused",
        'x.bearer_token_env: names "X_BEARER_TOKEN"',
        "https://example.com/@acme?q=secret",
        "the key=value of a form",
        "reach us at team@example.com",
    ],
)
def test_an_ordinary_sentence_is_left_as_it_is(text: str) -> None:
    assert redact(text) == text
