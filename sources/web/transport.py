"""Look at who answers a request that is for the public internet alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.leash import Leash
from sources.web.addresses import is_public

if TYPE_CHECKING:
    import socket

    from listener.protocols import StopSignal

__all__ = ["PrivateAddressError", "WebLeash"]


class PrivateAddressError(OSError):
    """Report a connection that led to an address which is not of the public internet."""


class WebLeash(Leash):
    """Hold one request to its deadline; `public_only` refuses peers that are not of the public internet."""

    def __init__(self, *, seconds: float, stop: StopSignal | None, public_only: bool) -> None:
        super().__init__(seconds=seconds, stop=stop)
        self._public_only = public_only

    def take_new(self, connection: socket.socket, *, is_direct: bool) -> None:
        """Take a connection that was just opened; raises PrivateAddressError, the connection closed, where it is refused."""
        super().take_new(connection, is_direct=is_direct)
        if self._public_only and is_direct and not is_public(str(connection.getpeername()[0])):
            connection.close()
            msg = "the peer has a private address"
            raise PrivateAddressError(msg)
