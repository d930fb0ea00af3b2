"""Serve an answer that comes a byte at a time, faster than any pause between two is noticed, and is long in coming."""

from __future__ import annotations

import socket
import threading
from typing import Self


class Dripping:
    """Send `begin` to each client, then `most` single bytes; note in `served` whether it was there for the last.

    `speaks_first` does not wait for a request.
    """

    def __init__(self, begin: bytes, *, speaks_first: bool = False, most: int = 200, interval: float = 0.05) -> None:
        self._begin, self._speaks_first, self._most, self._interval = begin, speaks_first, most, interval
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._serve)]
        self.served: list[bool] = []

    @property
    def url(self) -> str:
        """Return the address without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """Return the port that is listened on."""
        return int(self._listening.getsockname()[1])

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listening.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._drip, args=(connection,)))
            self._threads[-1].start()

    def _drip(self, connection: socket.socket) -> None:
        with connection:
            try:
                if not self._speaks_first:
                    connection.recv(1 << 16)
                connection.sendall(self._begin)
                for _ in range(self._most):
                    connection.sendall(b" ")
                    if self._stopping.wait(self._interval):
                        return
            except OSError:
                self.served.append(False)
                return
        self.served.append(True)
