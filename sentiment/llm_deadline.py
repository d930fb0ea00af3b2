"""Hold a request to its deadline, however slowly its answer comes.

A read time-out bounds the wait for the next byte, not for the last: a service
that sends a byte of a header now and then would hold its reader for ever.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any, Self

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    import requests
    from urllib3.poolmanager import PoolManager, ProxyManager

__all__ = ["Deadline"]


class Deadline:
    """End the connections of a session once its seconds are over, as a context manager; `is_over` says whether they are.

    What is read of them then ends, or fails as a connection that was closed.
    """

    def __init__(self, session: requests.Session, seconds: float) -> None:
        self.is_over = False
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        for prefix in ("http://", "https://"):
            session.mount(prefix, _Adapter(self))

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()
        self._sockets.clear()

    def hold(self, connection: socket.socket) -> None:
        """Take a connection that was opened."""
        self._sockets.append(connection)
        if self.is_over:
            self._cut()

    def _end(self) -> None:
        self.is_over = True
        self._cut()

    def _cut(self) -> None:
        for connection in self._sockets:
            with contextlib.suppress(OSError):  # closed already
                # not SSLSocket.shutdown, which takes the TLS state away from under the thread that reads
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """Open connections that a deadline holds."""

    def __init__(self, deadline: Deadline) -> None:
        self._pools = _pools_of(deadline)
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*arguments, **options)
        self._use(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> ProxyManager:
        """Return the pools of the connections through a proxy."""
        manager: ProxyManager = super().proxy_manager_for(*arguments, **options)
        self._use(manager)
        return manager

    def _use(self, manager: PoolManager) -> None:
        manager.pool_classes_by_scheme = self._pools


def _pools_of(deadline: Deadline) -> dict[str, type[HTTPConnectionPool]]:
    """Return kinds of pools whose connections the deadline is shown, by scheme."""

    class Http(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            deadline.hold(self.sock)

    class Https(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            deadline.hold(self.sock)

    class HttpPool(HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(HTTPSConnectionPool):
        ConnectionCls = Https

    return {"http": HttpPool, "https": HttpsPool}
