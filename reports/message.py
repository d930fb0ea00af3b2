"""Build the mail of a notification: plain text, HTML and its pictures in one message.

The message follows RFC 5322 and RFC 2045 to 2049 (MIME), RFC 2369 (List-Unsubscribe) and
RFC 3834 (Auto-Submitted). The same notification always gets the same
Message-ID, so that a repeated delivery can be told from a second digest.
"""

from __future__ import annotations

import hashlib
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Final

from listener.errors import UsageError
from reports.hostile import clean_line, web_link

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from listener.protocols import Notification

__all__ = ["build_message", "eml_bytes", "read_address"]

_LONGEST_SUBJECT: Final = 200


def read_address(text: str) -> Address:
    """Read one mail address, with or without a name: ``Reports <reports@example.org>``.

    Raises UsageError where it is none.
    """
    name, spec = parseaddr(clean_line(text))
    try:
        if clean_line(text) != text.strip() or spec.count("@") != 1 or text.strip().rstrip(">")[-len(spec) :] != spec:
            raise ValueError(text)
        local, _, domain = spec.partition("@")
        if not local or not domain or set(domain) & set(' <>[]()\\,;:"'):
            raise ValueError(text)
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode()
        return Address(display_name=name, username=local, domain=ascii_domain)
    except (ValueError, IndexError, HeaderParseError):
        msg = f'"{clean_line(text)[:120]}" is not a mail address; write it as name@example.org'
        raise UsageError(msg) from None


def build_message(
    notification: Notification,
    *,
    sender: str,
    recipients: Sequence[str],
    date: datetime,
    unsubscribe: str | None = None,
) -> EmailMessage:
    """Return the message; `date` is its Date.

    `unsubscribe` is an http(s) address or a mail address; the sender's own where
    not given. Line breaks in a subject or name cannot start a header of their own.
    Raises UsageError where an address is none.
    """
    origin = read_address(sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = origin
    message["To"] = [read_address(recipient) for recipient in recipients]
    message["Subject"] = clean_line(notification.subject)[:_LONGEST_SUBJECT]
    message["Date"] = format_datetime(date)
    message["Message-ID"] = _message_id(notification.key, origin.domain)
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{_unsubscribe(unsubscribe, origin)}>"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(notification.text, charset="utf-8", cte="quoted-printable")
    if notification.html is not None:
        message.add_alternative(notification.html, subtype="html", charset="utf-8", cte="quoted-printable")
        _add_images(message, notification)
    _fix_boundaries(message, notification.key)
    return message


def _add_images(message: EmailMessage, notification: Notification) -> None:
    """Put the pictures beside the HTML part, where its cid: addresses find them."""
    parts = message.get_payload()
    page = parts[-1] if isinstance(parts, list) else None
    if not isinstance(page, EmailMessage):
        return
    for name, data, _ in notification.images:
        page.add_related(
            data, maintype="image", subtype="png", cid=f"<{name}>", filename=f"{name}.png", disposition="inline"
        )


def _fix_boundaries(message: EmailMessage, key: str) -> None:
    """Give the parts boundaries that depend on the key alone, so that equal mails are equal bytes.

    The equals sign in them never stands in a part as it is: quoted-printable and
    base64 both write it otherwise, so no text can end a part.
    """
    for place, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{_digest(key)}_{place}")


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _message_id(key: str, domain: str) -> str:
    return f"<{_digest(key)}@{domain}>"


def _unsubscribe(given: str | None, origin: Address) -> str:
    if given and (link := web_link(given)):
        return link
    address = read_address(given) if given else origin
    return f"mailto:{address.addr_spec}?subject=unsubscribe"


def eml_bytes(notification: Notification, sender: str, to: Sequence[str], *, date: datetime) -> bytes:
    """Return the mail as a file that mail programs open; `date` is its Date.

    Headers are UTF-8 (RFC 6532) where an address has letters beyond ASCII before its @, for
    which there is no other form. Raises UsageError where an address is none.
    """
    message = build_message(notification, sender=sender, recipients=to, date=date)
    is_ascii = all(read_address(one).username.isascii() for one in (sender, *to))
    return message.as_bytes(policy=SMTP if is_ascii else SMTPUTF8)
