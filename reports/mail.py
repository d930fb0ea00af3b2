"""Hand notifications to a mail server."""

from __future__ import annotations

import binascii
import ipaddress
import smtplib
import ssl
import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from listener.clock import utc_now
from listener.errors import (
    CredentialsError,
    DeliveryError,
    PermanentDeliveryError,
    TransientDeliveryError,
    UsageError,
)
from reports.hostile import clean_line
from reports.message import build_message, read_address
from reports.smtp import Smtp, SmtpTls
from reports.wording import join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from email.message import EmailMessage

    from listener.options import Secret
    from listener.protocols import Notification

__all__ = ["SECURITY", "MailNotifier"]

SECURITY: Final = ("tls", "starttls", "none")
"""How the connection is protected: from the first byte, after STARTTLS, or not at all."""

_TIMEOUT_SECONDS: Final = 30.0
_REMEMBERED: Final = 200
_TEMPORARY: Final = range(400, 500)
_FOR_GOOD: Final = range(500, 600)
"""What else is answered is no refusal (RFC 5321, 4.2.1): a line that was cut, or another service's page of an error."""
_LONGEST_ANSWER: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """Hold what a server answered to one recipient."""

    recipient: str
    code: int
    answer: str

    def __str__(self) -> str:
        return f"{self.recipient} ({self.code} {self.answer})"


class MailNotifier:
    """Send notifications by SMTP, one message a recipient over one connection.

    Each recipient sees only their own address. Who has accepted a
    notification is remembered by its key: trying again after a partial refusal reaches
    only the others. Certificates are verified; a password is never sent over a
    connection that is not encrypted, except to this machine itself.
    Safe to use from several threads; they take turns.
    """

    name = "mail"

    def __init__(
        self,
        *,
        host: str,
        recipients: Sequence[str],
        sender: str,
        port: int | None = None,
        security: str = "starttls",
        user: str | None = None,
        password: Secret | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        context: ssl.SSLContext | None = None,
        unsubscribe: str | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Take the server and the addresses; nothing is connected yet.

        `port` is 465, 587 or 25 by `security` where not given. `context` takes the place of the
        system's trusted certificates. Raises UsageError for an address that is
        none, an unknown `security` or no recipient.
        """
        if security not in SECURITY:
            msg = f'mail security "{security}" is not known; choose {join_words(SECURITY)}'
            raise UsageError(msg)
        if not recipients:
            msg = "mail has no recipient; name at least one address"
            raise UsageError(msg)
        self._host = host
        self._port = port or {"tls": 465, "starttls": 587, "none": 25}[security]
        self._security = security
        self._user = user
        self._password = password
        self._timeout_seconds = timeout_seconds
        self._context = context
        self._unsubscribe = unsubscribe
        self._now = now
        self._sender = str(read_address(sender))
        self._recipients = tuple(dict.fromkeys(str(read_address(recipient)) for recipient in recipients))
        self._accepted: OrderedDict[str, set[str]] = OrderedDict()
        self._lock = threading.Lock()
        self.destination = f"mail to {', '.join(read_address(r).addr_spec for r in self._recipients)}"

    def send(self, notification: Notification) -> None:
        """Deliver to every recipient that has not accepted it yet.

        Raises TransientDeliveryError where another try may help, PermanentDeliveryError
        where the server refuses for good; both name who was refused.
        """
        with self._lock:
            accepted = self._accepted.setdefault(notification.key, set())
            self._accepted.move_to_end(notification.key)
            while len(self._accepted) > _REMEMBERED:
                self._accepted.popitem(last=False)
            waiting = [recipient for recipient in self._recipients if recipient not in accepted]
            refusals: list[_Refusal] = []
            try:
                with self._connection() as server:
                    for recipient in waiting:
                        message = self._message(notification, recipient)
                        if (refusal := self._submit(server, message, recipient)) is None:
                            accepted.add(recipient)
                        else:
                            refusals.append(refusal)
            except DeliveryError:
                if len(accepted) < len(self._recipients):
                    raise  # what a server says once it has taken every message, changes nothing
            if refusals:
                raise _refused(refusals, delivered=len(accepted))
            del self._accepted[notification.key]

    def check(self) -> str:
        """Connect, log in and leave again; return one line on what answered.

        Raises a DeliveryError.
        """
        with self._connection() as server:
            code, answer = server.noop()
        if code >= _TEMPORARY.start:
            raise _failure(code, f"{self._where} does not answer as it should: {code} {_readable(answer)}")
        return f"{self._where} accepts mail{f' from user {self._user}' if self._user else ''}"

    @property
    def _where(self) -> str:
        return f"mail server {self._host}:{self._port}"

    def _message(self, notification: Notification, recipient: str) -> EmailMessage:
        return build_message(
            notification, sender=self._sender, recipients=[recipient], date=self._now(), unsubscribe=self._unsubscribe
        )

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        """Open a connection that is logged in; every failure comes out as a DeliveryError."""
        secret = self._secret()
        try:
            with self._open() as server:
                if secret is not None and self._user:
                    self._log_in(server, self._user, secret)
                yield server
        except DeliveryError:
            raise
        except ssl.SSLCertVerificationError as problem:
            msg = (
                f"{self._where} shows a certificate that cannot be verified: {problem.verify_message}; it must be "
                "renewed there, or name this host, or its issuer be in the file that SSL_CERT_FILE names"
            )
            raise TransientDeliveryError(msg) from problem  # one that ran out is renewed; nothing was refused
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as problem:  # as one that is just being started does
            msg = f"{self._where} cannot be reached or broke off while TLS began"
            raise TransientDeliveryError(msg) from problem
        except ssl.SSLError as problem:
            msg = f"{self._where} does not speak TLS as expected: {problem.reason}; check the port and security"
            raise PermanentDeliveryError(msg) from problem
        except smtplib.SMTPAuthenticationError as problem:
            msg = f"{self._where} refuses user {self._user}: {problem.smtp_code}; check the user and {self._places}"
            raise _failure(problem.smtp_code, msg) from None
        except smtplib.SMTPNotSupportedError as problem:
            msg = f"{self._where} cannot do what is needed: {problem}"
            raise PermanentDeliveryError(msg) from problem
        except smtplib.SMTPResponseException as problem:
            msg = f"{self._where} answered {problem.smtp_code} {_readable(problem.smtp_error)}"
            raise _failure(problem.smtp_code, msg) from problem
        except (smtplib.SMTPException, OSError, binascii.Error) as problem:
            msg = f"{self._where} cannot be reached or broke off: {_readable(str(problem)) or type(problem).__name__}"
            raise TransientDeliveryError(msg) from problem

    def _log_in(self, server: smtplib.SMTP, user: str, secret: str) -> None:
        try:
            server.login(user, secret)
        except smtplib.SMTPException as problem:
            if type(problem) is not smtplib.SMTPException:
                raise
            msg = f"{self._where} offers no way to log in that is known here: {_readable(str(problem))}"
            raise PermanentDeliveryError(msg) from problem

    def _open(self) -> smtplib.SMTP:
        if self._security == "tls":
            return SmtpTls(
                self._host,
                self._port,
                timeout=self._timeout_seconds,
                context=self._context or ssl.create_default_context(),
            )
        server = Smtp(self._host, self._port, timeout=self._timeout_seconds)
        if self._security == "starttls":
            try:
                server.starttls(context=self._context or ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server

    @property
    def _places(self) -> str:
        return self._password.places if self._password else "the password"

    def _secret(self) -> str | None:
        """Return the password, or None where no user is configured."""
        if not self._user:
            return None
        if self._security == "none" and not _is_loopback(self._host):
            msg = (
                f"{self._where}: the password is not sent over a connection without encryption; "
                "set security to tls or starttls"
            )
            raise PermanentDeliveryError(msg)
        if self._password is None:
            msg = f"{self._where}: user {self._user} has no password; name the place it is kept in"
            raise PermanentDeliveryError(msg)
        try:
            return self._password.reveal()
        except CredentialsError as problem:
            msg = f"{self._where}: password of {self._user}: {problem}"
            raise TransientDeliveryError(msg) from None  # the daemon may have it where this process has not

    def _submit(self, server: smtplib.SMTP, message: EmailMessage, recipient: str) -> _Refusal | None:
        """Hand over one message; return the refusal where the server refuses this recipient."""
        spec = read_address(recipient).addr_spec
        try:
            server.send_message(message, to_addrs=[spec])
        except smtplib.SMTPRecipientsRefused as problem:
            code, answer = problem.recipients[spec]
            return _Refusal(recipient=spec, code=code, answer=_readable(answer))
        except smtplib.SMTPDataError as problem:
            return _Refusal(recipient=spec, code=problem.smtp_code, answer=_readable(problem.smtp_error))
        return None


def _refused(refusals: Sequence[_Refusal], *, delivered: int) -> DeliveryError:
    """Return the error that names who was refused; worth another try where one refusal is temporary."""
    named = join_words([str(refusal) for refusal in refusals])
    others = f"; {delivered} other{'' if delivered == 1 else 's'} accepted it" if delivered else ""
    msg = f"the mail server refused {named}{others}"
    temporary = any(refusal.code not in _FOR_GOOD for refusal in refusals)
    return TransientDeliveryError(msg) if temporary else PermanentDeliveryError(msg)


def _failure(code: int, message: str) -> DeliveryError:
    return PermanentDeliveryError(message) if code in _FOR_GOOD else TransientDeliveryError(message)


def _readable(answer: bytes | str) -> str:
    """Return a server's words on one line, bounded."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return clean_line(text)[:_LONGEST_ANSWER]


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
