"""Talk to a mail server that may never come to an end of what it says."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import threading
from typing import IO, TYPE_CHECKING, Any, Final, cast

__all__ = ["Smtp", "SmtpTls"]

_MOST_LINES: Final = 200
"""Lines of one reply; that to EHLO has one for each extension, and the longest known some twenty."""
_TIMES_LONGER: Final = 4
"""A server may look through a message before it takes it (RFC 5321, 4.5.3.2.6): who does not wait sends it again."""


class _Lines:
    """Hand over the lines of a connection, of each reply no more than `left`."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.left = _MOST_LINES

    def readline(self, limit: int) -> bytes:
        """Return the next line, as smtplib asks for it."""
        self.left -= 1
        if self.left < 0:
            msg = "a reply without end"
            raise OSError(msg)
        return self._stream.readline(limit)

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()


class _Utf8(str):
    """A text that goes over the wire in UTF-8 where smtplib means ASCII (RFC 4616, 2)."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        """Return the text in UTF-8."""
        return super().encode("utf-8")


if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import ReadableBuffer as Buffer

    _Base = smtplib.SMTP
else:
    _Base = object


class _Bounded(_Base):
    """Take each reply whole within the time-out, which holds for single bytes otherwise, and in a number of lines."""

    _is_handing_over = False

    def login(self, user: str, password: str, *, initial_response_ok: bool = True) -> tuple[int, bytes]:
        """Log in, also with letters beyond ASCII."""
        return super().login(user, _Utf8(password), initial_response_ok=initial_response_ok)

    def auth(
        self, mechanism: str, authobject: Callable[..., str | None], *, initial_response_ok: bool = True
    ) -> tuple[int, bytes]:
        """Log in by one mechanism."""

        def respond(*challenge: bytes) -> str | None:
            response = authobject(*challenge)
            return None if response is None else _Utf8(response)

        return super().auth(mechanism, cast("Any", respond), initial_response_ok=initial_response_ok)

    def data(self, msg: Buffer | str) -> tuple[int, bytes]:
        """Hand over a message; return the code and the words of the reply to it, which may take four times as long."""
        self._is_handing_over = True
        try:
            return super().data(msg)
        finally:
            self._is_handing_over = False

    def getreply(self) -> tuple[int, bytes]:
        """Return the code and the words of the next reply; raises SMTPServerDisconnected where it does not end."""
        connection = self.sock
        if connection is None:
            return super().getreply()
        if self.file is None:
            self.file = _Lines(connection.makefile("rb"))
        self.file.left = _MOST_LINES
        seconds = self.timeout * (_TIMES_LONGER if self._is_handing_over else 1)
        connection.settimeout(seconds)
        end = threading.Timer(seconds, _cut, (connection,))
        end.daemon = True
        end.start()
        try:
            return super().getreply()
        finally:
            end.cancel()
            with contextlib.suppress(OSError):  # closed already
                connection.settimeout(self.timeout)


class Smtp(_Bounded, smtplib.SMTP):
    """A connection that is plain at first."""


class SmtpTls(_Bounded, smtplib.SMTP_SSL):
    """A connection that is private from the first byte."""


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # closed already
        # not SSLSocket.shutdown, which takes the TLS state away from under the thread that reads
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
