"""Say when a source is asked again after it failed: what kind of failure it was decides."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.budget import day_of, start_of
from listener.errors import (
    CredentialsError,
    ForbiddenError,
    RateLimitedError,
    TransientSourceError,
    UsageCappedError,
)
from listener.logs import redact

if TYPE_CHECKING:
    from datetime import datetime

    from listener.errors import SourceError

__all__ = ["CLOCK_AHEAD", "DISABLED", "comes_back", "told", "tried_again"]

CLOCK_AHEAD: Final = "clock_ahead"
"""The state of a source whose service's time is behind this machine's."""

DISABLED: Final = frozenset({"wrong_key", "forbidden"})
"""States in which only somebody's change can help: the source is tried once a day, and when the daemon starts anew."""

_FIRST_WAIT: Final = timedelta(minutes=1)
_FIRST_TRY: Final = timedelta(minutes=15)
_LONGEST_WAIT: Final = timedelta(hours=1)
_MOST_DOUBLINGS: Final = 10
_ONE_TRY_A_DAY: Final = timedelta(days=1)


def comes_back(error: SourceError, failures: int, now: datetime) -> datetime | None:
    """Return before when a source is not to be asked again, None: at its next usual time.

    A limit ends when the service says, a cap when its period turns (the UTC day,
    where the service does not say). What is overloaded is asked more and more
    rarely: after the second failure in a row a minute later at the earliest, then
    two, four, an hour at most; `failures` are those before this one. A key that is
    refused is tried once a day.
    """
    if isinstance(error, UsageCappedError):
        return error.until or start_of(day_of(now) + 1)
    if isinstance(error, (CredentialsError, ForbiddenError)):
        return now + _ONE_TRY_A_DAY
    if not isinstance(error, TransientSourceError):
        return None
    if not failures or (isinstance(error, RateLimitedError) and error.retry_at is not None):
        return error.retry_at
    wait = now + min(_FIRST_WAIT * (1 << min(failures - 1, _MOST_DOUBLINGS)), _LONGEST_WAIT)
    return wait if error.retry_at is None else max(error.retry_at, wait)


def tried_again(failures: int, now: datetime) -> datetime:
    """Return when a source is tried again whose failure may pass sooner than its usual turn comes.

    A quarter of an hour later, and twice as long after each further failure in a row: of a source that is
    read once a day these are six tries in sixteen hours, then its turns. `failures` are those before this one.
    """
    return now + _FIRST_TRY * (1 << min(failures, _MOST_DOUBLINGS))


def told(error: SourceError, again: datetime | None) -> str:
    """Return the sentence for people, without secrets that a service repeats; of a source that is left alone, until when."""
    said = redact(str(error))
    if again is None or not isinstance(error, (CredentialsError, ForbiddenError, UsageCappedError)):
        return said
    until = f"{again:%Y-%m-%d %H:%M} UTC"
    if isinstance(error, UsageCappedError):
        return f"{said}; goes on {until}"
    return f"{said}; the daemon leaves it alone until {until}, or until it is started or told to read its configuration"
