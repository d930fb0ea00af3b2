"""Keep connections on a leash: a deadline and a stop.

A read time-out bounds the wait for the next byte, not for the last: a server
that sends a byte now and then holds its reader for ever. So a request here has
a `Leash`, whose thread ends the connection once the deadline has passed or a
stop is asked for, wherever the reader is: in the headers, in the body, in TLS.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Self

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from urllib3.poolmanager import PoolManager, ProxyManager

    from listener.protocols import StopSignal

__all__ = ["Leash", "LeashedAdapter", "was_reached"]

_LOOK_EVERY_SECONDS: Final = 0.2
_LEASH: ContextVar[Leash | None] = ContextVar("leash", default=None)


class Leash:
    """Hold one request (one hop, one try) to its deadline, as a context manager.

    `seconds` is what is left of the deadline. `broken` then says why the connection was
    ended: "deadline", "stop" or None.
    """

    def __init__(self, *, seconds: float, stop: StopSignal | None = None) -> None:
        self.broken: str | None = None
        self._ends = time.monotonic() + seconds
        self._stop = stop
        self._done = threading.Event()
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._watch, name="deadline", daemon=True)

    def __enter__(self) -> Self:
        self._token = _LEASH.set(self)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        _LEASH.reset(self._token)
        self._done.set()
        self._thread.join()
        self._sockets.clear()

    def take_new(self, connection: socket.socket, *, is_direct: bool) -> None:
        """Take a connection that was just opened, to the service itself or to a proxy; may refuse it with an OSError."""
        del is_direct
        self.hold(connection)

    def hold(self, connection: socket.socket) -> None:
        """Take a connection that this request uses."""
        self._sockets.append(connection)
        if self.broken:
            self._cut()

    def _watch(self) -> None:
        while not self._done.wait(max(0.0, min(_LOOK_EVERY_SECONDS, self._ends - time.monotonic()))):
            if self._stop is not None and self._stop.is_set():
                self.broken = "stop"
            elif time.monotonic() >= self._ends:
                self.broken = "deadline"
            if self.broken:
                self._cut()
                return

    def _cut(self) -> None:
        for connection in self._sockets:
            with contextlib.suppress(OSError):  # closed already
                # not SSLSocket.shutdown, which takes the TLS state away from under the thread that reads
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Leashed:
    """Show the leash every connection that is opened or used again."""

    sock: Any
    proxy: Any

    def _new_conn(self) -> socket.socket:
        opened: socket.socket = super()._new_conn()  # type: ignore[misc]  # a mixin before a urllib3 connection
        leash = _LEASH.get()
        if leash is not None:
            leash.take_new(opened, is_direct=self.proxy is None)
        return opened

    def request(self, *arguments: Any, **options: Any) -> None:
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]
        leash = _LEASH.get()
        if leash is not None:
            leash.hold(self.sock)
        super().request(*arguments, **options)  # type: ignore[misc]


class _LeashedHttp(_Leashed, HTTPConnection):
    """A plain connection on a leash."""


class _LeashedHttps(_Leashed, HTTPSConnection):
    """A TLS connection on a leash."""


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _LeashedHttp


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _LeashedHttps


class LeashedAdapter(HTTPAdapter):
    """Give a requests session connections that obey the leash of the request at hand."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*arguments, **options)
        _use_leashed(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> ProxyManager:
        """Return the pools of the connections through a proxy."""
        manager: ProxyManager = super().proxy_manager_for(*arguments, **options)
        _use_leashed(manager)
        return manager


def _use_leashed(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


def was_reached(error: Exception) -> bool:
    """Say whether a request that failed may have arrived: what never reached the service, it does not charge for."""
    if isinstance(error, (requests.exceptions.SSLError, requests.exceptions.ProxyError, requests.ConnectTimeout)):
        return False
    causes = [error, *error.args, *(getattr(cause, "reason", None) for cause in error.args)]
    return not any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in causes)
