"""Remember what hosts said that want no request for a while, from one pass to the next of one process."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.protocols import LeavesAlone

if TYPE_CHECKING:
    from datetime import datetime

    from listener.errors import TransientSourceError
    from listener.protocols import Resource

__all__ = ["LeftAlone"]

_LONGEST: Final = timedelta(days=1)
"""Sources read no later time out of an answer."""


class LeftAlone:
    """Hold what the resources of a source that fail alone met, and when: a host may have named a time to wait for."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[datetime, Resource, TransientSourceError]] = {}

    def remember(self, resource: Resource, error: TransientSourceError, *, now: datetime) -> None:
        """Keep what a resource met, where it is not what it met before."""
        said = self._said.get(resource.key)
        if said is None or error is not said[2]:
            self._said[resource.key] = now, resource, error

    def check(self, resource: Resource, *, now: datetime) -> None:
        """Raise anew what was said of a resource where it wants no request yet."""
        said = self._said.get(resource.key)
        if said is not None and _holds(said[0], said[2].retry_at, now):
            raise said[2].with_traceback(None)

    def tell(self, source: object, *, now: datetime) -> None:
        """Let a source that was made anew know which resources want no request yet, where it cares."""
        if isinstance(source, LeavesAlone):
            for at, resource, error in tuple(self._said.values()):
                if _holds(at, error.retry_at, now):
                    source.leave_alone(resource, error)


def _holds(said_at: datetime, retry_at: datetime | None, now: datetime) -> bool:
    """Say whether a time is still to come; what was said in the future is of another clock."""
    return retry_at is not None and said_at <= now < retry_at <= said_at + _LONGEST
