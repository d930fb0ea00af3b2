"""The message itself: structure, headers, and text that tries to become a header."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.errors import UsageError
from listener.protocols import Notification
from reports.message import build_message, eml_bytes, read_address
from thoroughness import some

NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
SENDER = "Listener <listener@example.org>"


def made(subject: str = "Acme 42 mentions", *, key: str = "k", **known: object) -> Notification:
    return Notification(key=key, kind="digest", subject=subject, text="plain", **known)  # type: ignore[arg-type]


def headers_of(notification: Notification) -> list[tuple[str, str]]:
    built = build_message(notification, sender=SENDER, recipients=["team@example.org"], date=NOW)
    return message_from_bytes(built.as_bytes(), policy=policy.default).items()  # type: ignore[return-value]


def test_a_message_of_text_and_html_is_an_alternative_with_the_pictures_beside_the_html() -> None:
    notification = made(html="<p>x</p>", images=(("chart-1", b"\x89PNG", "alt"),))
    built = build_message(notification, sender=SENDER, recipients=["team@example.org"], date=NOW)
    kinds = [part.get_content_type() for part in built.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]


def test_a_message_without_html_is_plain_text() -> None:
    built = build_message(made(), sender=SENDER, recipients=["team@example.org"], date=NOW)
    assert built.get_content_type() == "text/plain"
    assert built.get_content_charset() == "utf-8"


def test_machines_are_told_not_to_answer_and_readers_how_to_leave() -> None:
    headers = dict(headers_of(made()))
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["List-Unsubscribe"] == "<mailto:listener@example.org?subject=unsubscribe>"
    assert headers["MIME-Version"] == "1.0"


def test_the_unsubscribe_address_can_be_a_page_or_another_mailbox() -> None:
    def unsubscribe(given_address: str) -> str:
        built = build_message(made(), sender=SENDER, recipients=["a@b.c"], date=NOW, unsubscribe=given_address)
        return str(built["List-Unsubscribe"])

    assert unsubscribe("https://example.org/leave?id=1") == "<https://example.org/leave?id=1>"
    assert unsubscribe("desk@example.org") == "<mailto:desk@example.org?subject=unsubscribe>"


def test_the_same_key_gives_the_same_message_id_and_another_key_another() -> None:
    first, again, other = (dict(headers_of(made(key=key)))["Message-ID"] for key in ("a", "a", "b"))
    assert first == again != other
    assert first.endswith("@example.org>")


@pytest.mark.parametrize("separator", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028"])
def test_a_line_break_in_the_subject_starts_no_header(separator: str) -> None:
    headers = headers_of(made(f"Acme{separator}Bcc: all@example.org{separator}{separator}<b>"))
    assert [name for name, _ in headers if name.lower() == "bcc"] == []
    assert dict(headers)["Subject"] == "Acme Bcc: all@example.org <b>"


@settings(max_examples=some(40))
@given(st.text(max_size=120))
def test_no_subject_breaks_the_message(subject: str) -> None:
    names = [name for name, _ in headers_of(made(subject))]
    assert names.count("Subject") == 1
    assert "Bcc" not in names
    assert len(names) == len(headers_of(made()))


@pytest.mark.parametrize("subject", ["आज़ाद मोबाइल: 42", "ایکمی ↑", "コカコーラ 🎉", "எக்மே", "ਐਕਮੀ"])
def test_a_subject_in_any_script_arrives_as_written(subject: str) -> None:
    assert dict(headers_of(made(subject)))["Subject"] == subject


def test_a_preview_file_is_a_complete_message() -> None:
    recipients = ["team@example.org", "Desk <desk@example.org>"]
    data = eml_bytes(made(html="<p>x</p>"), SENDER, recipients, date=NOW)
    message = message_from_bytes(data, policy=policy.default)
    assert message["To"] == "team@example.org, Desk <desk@example.org>"
    assert message["Date"].datetime == NOW
    assert data == eml_bytes(made(html="<p>x</p>"), SENDER, recipients, date=NOW)


def test_no_text_can_end_its_part() -> None:
    boundary = str(build_message(made(html="x"), sender=SENDER, recipients=["a@b.c"], date=NOW).get_boundary())
    hostile = made(html=f"<p>\r\n--{boundary}--\r\n</p>")
    message = message_from_bytes(eml_bytes(hostile, SENDER, ["a@b.c"], date=NOW), policy=policy.default)
    assert boundary == message.get_boundary()
    plain, page = message.iter_parts()
    assert plain.get_content_type() == "text/plain"
    assert f"--{boundary}--" in page.get_content()


@pytest.mark.parametrize(
    "text", ["", "ada", "@example.org", "ada@", "a@b@c", "a@b\r\nBcc: c@d.e", "ada@exa mple.org", 'a@"b', "a@b,c@d"]
)
def test_what_is_no_address_is_said_to_be_none(text: str) -> None:
    with pytest.raises(UsageError, match="is not a mail address"):
        read_address(text)


def test_a_domain_in_another_script_travels_in_its_ascii_form() -> None:
    assert read_address("ada@bücher.example").addr_spec == "ada@xn--bcher-kva.example"


@pytest.mark.parametrize("to", ["jürgen@example.org", "Jürgen <jürgen@example.org>"])
def test_a_file_keeps_an_address_with_letters_beyond_ascii_as_it_is(to: str) -> None:
    data = eml_bytes(made(), "listener@example.org", [to], date=NOW)
    (line,) = [line for line in data.splitlines() if line.startswith(b"To:")]
    assert line.decode() == f"To: {to}"
