"""Hold a page to the requests that were set aside for it.

Whoever sends a request takes one first; where none is left it is not sent. So a
second try, a redirect or an answer in more parts than any before spends no more
than a budget has room for. Without an allowance everything may be sent.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from listener.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Allowance", "allowed", "take_request"]


class Allowance:
    """Count the requests that were taken; `most` of them there are, None: any number."""

    def __init__(self, most: int | None) -> None:
        self.most = most
        self.taken = 0


_current: Final[ContextVar[Allowance | None]] = ContextVar("allowance", default=None)


@contextmanager
def allowed(requests: int | None) -> Iterator[Allowance]:
    """Let at most so many requests be sent within the block, by this thread; None: any number."""
    allowance = Allowance(requests)
    token = _current.set(allowance)
    try:
        yield allowance
    finally:
        _current.reset(token)


def take_request(who: str) -> None:
    """Take one request of the allowance, before it is sent; raises UnavailableError where none is left."""
    allowance = _current.get()
    if allowance is None:
        return
    if allowance.most is not None and allowance.taken >= allowance.most:
        msg = f"{who}: the budget has no room for another request of this page; the next pass goes on"
        raise UnavailableError(msg)
    allowance.taken += 1
