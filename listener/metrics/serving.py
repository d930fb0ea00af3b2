"""Serve the metrics over HTTP: one page, bounded in every direction.

A request is read up to some kilobytes and some seconds, whatever comes in whatever
pace; one that is not GET /metrics is refused. Nothing that is asked reaches the
store but the fact that it was asked, and that at most once in some seconds.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Self

from listener.errors import ListenerError, StoreError
from listener.logs import event
from listener.metrics.exposition import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MetricsServer"]

logger = logging.getLogger(__name__)

_PATH: Final = "/metrics"
_MOST_BYTES: Final = 8_192
"""Of a request with its headers."""
_PATIENCE_SECONDS: Final = 5.0
"""For one request, from its first byte to the last of the answer."""
_FRESH_SECONDS: Final = 2.0
"""For so long an answer is given again without asking the store."""
_AT_ONCE: Final = 4
"""Connections that are served at the same time; more are hung up on."""
_ACCEPT_SECONDS: Final = 0.25


class MetricsServer:
    """Answer GET /metrics with what `write` returns, until closed.

    `write` is called by several threads, one at a time. Raises ListenerError where the
    address cannot be listened on.
    """

    def __init__(self, host: str, port: int, write: Callable[[], str]) -> None:
        self._write = write
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._answer: tuple[float, str] | None = None
        self._is_local = _is_local(host)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family, backlog=16)
        except OSError as error:
            number = error.errno or 0  # below 0: of a look-up of names, which has sentences of its own
            why = os.strerror(number) if number > 0 else error.strerror
            msg = f"metrics: cannot listen on {host} port {port} ({why}); change [metrics]"
            raise ListenerError(msg) from None
        self._socket.settimeout(_ACCEPT_SECONDS)
        self._thread = threading.Thread(target=self._serve, name="metrics", daemon=True)

    @property
    def port(self) -> int:
        """Return the port that is listened on."""
        return int(self._socket.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        with suppress(OSError):  # where a system refuses it, the next look ends the wait for a client
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(timeout=2 * _ACCEPT_SECONDS)

    def _serve(self) -> None:
        while not self._closed.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            except OSError:  # closed, or a client that has gone
                if self._closed.wait(_ACCEPT_SECONDS):
                    return
                continue
            if not self._slots.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._handle, args=(connection,), name="metrics-request", daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        try:
            with connection:
                ends = time.monotonic() + _PATIENCE_SECONDS
                status, body = self._answer_to(_read_head(connection, ends))
                _send(connection, status, body, ends)
        except OSError:
            logger.debug("metrics request abandoned")
        finally:
            self._slots.release()

    def _answer_to(self, head: bytes | None) -> tuple[HTTPStatus, str]:
        """Return the answer to a request; `head` None: it was too large, or too slow."""
        if head is None:
            return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the request is too large or too slow\n"
        request, *fields = head.split(b"\r\n")
        parts = request.split(b" ")
        if len(parts) != 3 or not parts[2].startswith(b"HTTP/1."):  # noqa: PLR2004 - method, path, version
            return HTTPStatus.BAD_REQUEST, "this is no request of HTTP/1\n"
        if self._is_local and not _names_this_machine(fields):
            return HTTPStatus.MISDIRECTED_REQUEST, "the host that is asked for is not this machine\n"
        if parts[1].partition(b"?")[0] != _PATH.encode():
            return HTTPStatus.NOT_FOUND, f"there is {_PATH} and nothing else\n"
        if parts[0] != b"GET":
            return HTTPStatus.METHOD_NOT_ALLOWED, "there is nothing here but to read\n"
        return self._page()

    def _page(self) -> tuple[HTTPStatus, str]:
        with self._lock:
            now = time.monotonic()
            if self._answer is None or now - self._answer[0] > _FRESH_SECONDS:
                try:
                    self._answer = (now, self._write())
                except StoreError as error:
                    event(logger, "metrics not read", level=logging.WARNING, error=str(error))
                    return HTTPStatus.SERVICE_UNAVAILABLE, "the store cannot be read\n"
            return HTTPStatus.OK, self._answer[1]


def _read_head(connection: socket.socket, ends: float) -> bytes | None:
    """Return a request up to its empty line; None where it is too large or comes too slowly."""
    head = b""
    while b"\r\n\r\n" not in head:
        left = ends - time.monotonic()
        if left <= 0 or len(head) > _MOST_BYTES:
            return None
        connection.settimeout(left)
        try:
            piece = connection.recv(_MOST_BYTES)
        except TimeoutError:
            return None
        if not piece:
            break
        head += piece
    return head.partition(b"\r\n\r\n")[0] if len(head) <= _MOST_BYTES else None


def _send(connection: socket.socket, status: HTTPStatus, body: str, ends: float) -> None:
    encoded = body.encode("utf-8")
    kind = CONTENT_TYPE if status is HTTPStatus.OK else "text/plain; charset=utf-8"
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\nContent-Length: {len(encoded)}\r\n"
        "Connection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    connection.settimeout(max(0.1, ends - time.monotonic()))
    connection.sendall(head.encode("ascii") + encoded)


def _names_this_machine(fields: list[bytes]) -> bool:
    """Say whether the Host of a request is a name of this machine.

    A web page somewhere else may not make a browser here ask under a name of its own.
    """
    hosts = [field.partition(b":")[2].strip() for field in fields if field.lower().startswith(b"host:")]
    if len(hosts) != 1:
        return False
    name = hosts[0].decode("ascii", "replace").lower()
    name = name.partition("]")[0].lstrip("[") if name.startswith("[") else name.partition(":")[0]
    return _is_local(name)


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
