"""Bound what Apprise asks and is answered.

Apprise sends with the functions of requests: those bound the wait for the next byte, not for the
last, and keep whatever comes. Each makes a session, and each session an adapter: the one of
this module, once `bound_requests` was called. Outside of a delivery it is as any other.
"""

from __future__ import annotations

import contextlib
import io
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import requests
import urllib3

from listener.leash import Leash, LeashedAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["bound_requests", "within_bounds"]

_SECONDS: Final = 30.0
"""How long one answer may take, its body included."""
_MOST_BYTES: Final = 1 << 20
"""Services answer a message with a few hundred bytes."""
_PIECE: Final = 1 << 16

_is_bound: ContextVar[bool] = ContextVar("is_bound", default=False)


def bound_requests() -> None:
    """Let every session of requests that is made from now on have an adapter that can bound it."""
    setattr(requests.sessions, "HTTPAdapter", _Adapter)  # noqa: B010 - a class is not assigned to as its type has it


@contextlib.contextmanager
def within_bounds() -> Iterator[None]:
    """Bound the requests of this thread within the block."""
    token = _is_bound.set(True)
    try:
        yield
    finally:
        _is_bound.reset(token)


class _Adapter(LeashedAdapter):
    """End an answer that takes too long, and keep no more than the begin of one that is too large."""

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        """Send a request and take its answer."""
        if not _is_bound.get():
            return super().send(request, *arguments, **options)
        with Leash(seconds=_SECONDS):
            answer = super().send(request, *arguments, **{**options, "stream": True})
            _take_body(answer)
        return answer


def _take_body(answer: requests.Response) -> None:
    """Put what comes of the body in the place of the connection.

    The status has said by then whether the message was taken: one that was is not to be sent
    again for what its answer ends like. Where a redirect leads stands in its headers.
    """
    connection, body = answer.raw, io.BytesIO()
    try:
        with contextlib.suppress(urllib3.exceptions.HTTPError, OSError):
            while (
                not answer.is_redirect
                and body.tell() < _MOST_BYTES
                and (piece := connection.read1(_PIECE, decode_content=True))
            ):
                body.write(piece[: _MOST_BYTES - body.tell()])
    finally:
        connection.close()
    body.seek(0)
    answer.raw = body
