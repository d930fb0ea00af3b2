"""Run a real SMTP server on loopback that keeps what it receives and refuses on demand."""

from __future__ import annotations

import contextlib
import ssl
import subprocess
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import EmailMessage
    from pathlib import Path

_TRIES = 10
_START_SECONDS = 30.0


@dataclass
class Received:
    """Hold one message as the server took it."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """Return the message, parsed as a mail program would."""
        return message_from_bytes(self.raw, policy=policy.default)  # type: ignore[return-value]  # policy.default makes EmailMessage


@dataclass
class Behaviour:
    """Say how the server answers; `refuse` maps an address to its answer to RCPT."""

    refuse: Mapping[str, str] = field(default_factory=dict)
    data_answer: str = "250 OK"
    received: list[Received] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - named and called by aiosmtpd
        """Accept a recipient or refuse it as told."""
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - named and called by aiosmtpd
        """Keep a message, or refuse it as told."""
        if self.data_answer.startswith("250"):
            self.received.append(
                Received(sender=envelope.mail_from, recipients=list(envelope.rcpt_tos), raw=envelope.original_content)
            )
        return self.data_answer


class MailServer(Controller):
    """Serve SMTP on a free port of loopback, plain, after STARTTLS or under TLS."""

    def __init__(
        self,
        behaviour: Behaviour,
        *,
        login: tuple[str, str] | None = None,
        certificate: Path | None = None,
        implicit_tls: bool = False,
        login_code: bytes = b"535 5.7.8 no",
        without_mechanisms: bool = False,
        mechanism: str | None = None,
    ) -> None:
        self.behaviour = behaviour
        self.logins: list[str] = []
        self._login = login
        self._login_code = login_code
        context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
        options: dict[str, Any] = {}
        if context is not None and not implicit_tls:
            options = {"tls_context": context, "require_starttls": True}
        if login is not None:
            options |= {"authenticator": self._authenticate, "auth_require_tls": False}
        if without_mechanisms:
            options["auth_exclude_mechanism"] = ["PLAIN", "LOGIN"]
        if mechanism is not None:
            options["auth_exclude_mechanism"] = [one for one in ("PLAIN", "LOGIN") if one != mechanism]
        super().__init__(
            behaviour,
            hostname="127.0.0.1",
            port=0,
            ssl_context=context if implicit_tls else None,
            ident="test",
            ready_timeout=_START_SECONDS,
            **options,
        )

    def _authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False)
        self.logins.append(data.login.decode())
        if (data.login.decode(), data.password.decode()) == self._login:
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False, message=self._login_code.decode())

    def _trigger_server(self) -> None:
        """Learn the port that the system gave before aiosmtpd makes its first connection.

        That connection has a time-out of a second: on a busy machine it is made again.
        """
        self.port = self.server.sockets[0].getsockname()[1]
        for _ in range(_TRIES - 1):
            with contextlib.suppress(TimeoutError):
                return super()._trigger_server()
        return super()._trigger_server()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self.stop()


def make_certificate(folder: Path, openssl: str) -> Path:
    """Make a certificate for localhost and 127.0.0.1 with its key in one file; it is its own authority."""
    key, certificate, both = folder / "key.pem", folder / "cert.pem", folder / "both.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both
