"""Serve metrics where the configuration says, and move when it says otherwise."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from listener.errors import ListenerError
from listener.logs import event
from listener.metrics.serving import MetricsServer

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MetricsEndpoint"]

logger = logging.getLogger(__name__)


class MetricsEndpoint:
    """Answer GET /metrics with what `write` returns at one address at a time; not safe for several threads."""

    def __init__(self, write: Callable[[], str]) -> None:
        self._write = write
        self._at: tuple[str, int] | None = None
        self._server: MetricsServer | None = None

    def move(self, host: str, port: int | None) -> None:
        """Listen at another address, at none where `port` is None.

        Raises ListenerError where it cannot be listened on; the address of before then stays.
        """
        wanted = None if port is None else (host, port)
        if wanted == self._at:
            return
        before = self._at
        self.close()  # first: the new address may take in the old one, as 0.0.0.0 does
        if wanted is None:
            event(logger, "metrics served no longer")
            return
        try:
            self._open(wanted)
        except ListenerError:
            if before is not None:
                with suppress(ListenerError):
                    self._open(before)
            raise

    def close(self) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._server.__exit__()
        self._at = self._server = None

    def _open(self, at: tuple[str, int]) -> None:
        server = MetricsServer(*at, self._write)
        self._server, self._at = server.__enter__(), at
        event(logger, "metrics served", host=at[0], port=server.port)
