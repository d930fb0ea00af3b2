"""Name everything that can go wrong, each with the exit code it leads to.

    ListenerError                    1  anything this program raises on purpose
    ├── UsageError                   2  what was asked cannot be asked that way
    │   ├── ConfigError              2  the configuration file is wrong; holds every problem found
    │   └── QueryError               2  a tracked expression cannot be read; knows the column
    ├── InputError                   3  some lines or items of the input could not be read
    ├── PluginError                  1  a plug-in is missing, broken or does not keep its promise
    ├── StoreError                   1  the store cannot be read or written
    │   ├── StoreVersionError        1  the store was made by another version
    │   ├── StoreBusyError           1  another process holds the store for too long
    │   ├── StoreFullError           1  the disk is full
    │   ├── StoreReadOnlyError       1  the store may not be written
    │   └── SupersededError          1  another process went on with the same window
    ├── AlreadyRunningError          1  a daemon already serves this store
    ├── StoppedError                 1  a stop was asked for while work was under way
    ├── SourceError                  3  a source did not answer as it should
    │   ├── TransientSourceError     3  worth another try later
    │   │   ├── RateLimitedError     3  come back at `retry_at`
    │   │   └── UnavailableError     3  server down, overloaded, unreachable, or its answer was cut
    │   │       └── ClockAheadError  3  this machine's clock is ahead of the service's
    │   └── PermanentSourceError     3  no use to try again before something is changed
    │       ├── CredentialsError     3  a key is missing or refused
    │       ├── ForbiddenError       3  the key is right and the thing is not allowed
    │       ├── NotFoundError        3  the thing asked for is not there (any more)
    │       ├── RejectedQueryError   3  the service refuses the native query
    │       ├── UsageCappedError     3  a usage cap of the service is reached, until `until`
    │       └── UnexpectedAnswerError 3 the answer has not the shape it is documented to have
    └── DeliveryError                1  a notification could not be handed over
        ├── TransientDeliveryError   1  worth another try later
        └── PermanentDeliveryError   1  no use to try again before something is changed

A message says what is wrong, where, and what to do. It never holds a secret.
Beside the tree stands `EndedError`, a SystemExit: a signal ends the program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

__all__ = [
    "AlreadyRunningError",
    "ClockAheadError",
    "ConfigError",
    "CredentialsError",
    "DeliveryError",
    "EndedError",
    "ForbiddenError",
    "InputError",
    "ListenerError",
    "NotFoundError",
    "PermanentDeliveryError",
    "PermanentSourceError",
    "PluginError",
    "QueryError",
    "RateLimitedError",
    "RejectedQueryError",
    "SourceError",
    "StoppedError",
    "StoreBusyError",
    "StoreError",
    "StoreFullError",
    "StoreReadOnlyError",
    "StoreVersionError",
    "SupersededError",
    "TransientDeliveryError",
    "TransientSourceError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "UsageCappedError",
    "UsageError",
    "suggest",
]


class EndedError(SystemExit):
    """End the program after a signal: unlike a mere SystemExit, no plug-in raises it."""


class ListenerError(Exception):
    """Report a failure in one sentence a user can act on."""

    exit_code = 1


class UsageError(ListenerError):
    """Report a request that cannot be served as it was put."""

    exit_code = 2


class ConfigError(UsageError):
    """Report every problem of a configuration at once.

    `problems` holds one line a problem, each beginning with the path of the
    option, such as ``sources.x.every: ...``.
    """

    def __init__(self, problems: Sequence[str], *, where: str = "the configuration") -> None:
        self.problems = tuple(" ".join(problem.splitlines()) for problem in problems)
        self.where = where = " ".join(where.splitlines())
        if len(self.problems) == 1:
            super().__init__(f"{where}: {self.problems[0]}")
            return
        head = f"{where}: {len(self.problems)} problems"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems)]))


class QueryError(UsageError):
    """Report a tracked expression that cannot be read.

    `column` counts code points from 1; None where no single place is to blame.
    """

    def __init__(self, message: str, *, column: int | None = None) -> None:
        self.column = column
        super().__init__(message if column is None else f"column {column}: {message}")


class InputError(ListenerError):
    """Report input of which some lines or items could not be read."""

    exit_code = 3


class PluginError(ListenerError):
    """Report a plug-in that is missing, does not load or breaks its contract."""


class StoreError(ListenerError):
    """Report a store that cannot be read or written."""


class StoreVersionError(StoreError):
    """Report a store whose tables belong to another version of the program."""


class StoreBusyError(StoreError):
    """Report that another process held the store longer than the time-out."""


class StoreFullError(StoreError):
    """Report that the disk (or a quota, or a file size limit) is full."""


class StoreReadOnlyError(StoreError):
    """Report that the store or its folder may not be written."""


class SupersededError(StoreError):
    """Report that another process has gone on with the window being read."""


class AlreadyRunningError(ListenerError):
    """Report that a daemon already serves the store; `pid` is its process id."""

    def __init__(self, message: str, *, pid: int | None = None) -> None:
        self.pid = pid
        super().__init__(message)


class StoppedError(ListenerError):
    """Report that a stop was asked for before the work was done."""


class SourceError(ListenerError):
    """Report a source that did not answer as it should."""

    exit_code = 3


class TransientSourceError(SourceError):
    """Report a failure that another try later may not meet.

    `retry_at` is the aware UTC instant the service named, None where it named none.
    """

    def __init__(self, message: str, *, retry_at: datetime | None = None) -> None:
        self.retry_at = retry_at
        super().__init__(message)


class RateLimitedError(TransientSourceError):
    """Report that the service asks to come back later, at `retry_at` where it says when."""


class UnavailableError(TransientSourceError):
    """Report a server that is down, overloaded or unreachable, or an answer cut short.

    `may_cost` says that the service may have charged for the answer all the same,
    because it had begun to give one.
    """

    def __init__(self, message: str, *, retry_at: datetime | None = None, may_cost: bool = False) -> None:
        self.may_cost = may_cost
        super().__init__(message, retry_at=retry_at)


class ClockAheadError(UnavailableError):
    """Report that this machine's clock is ahead of a service's: nothing can be read before it is set right."""


class PermanentSourceError(SourceError):
    """Report a failure that stays until somebody changes something."""


class CredentialsError(PermanentSourceError):
    """Report a key that is missing or that the service refuses."""


class ForbiddenError(PermanentSourceError):
    """Report something the key does not allow."""


class NotFoundError(PermanentSourceError):
    """Report that the thing asked for is not there, or no longer."""


class RejectedQueryError(PermanentSourceError):
    """Report that the service refuses the native query it was given."""


class UsageCappedError(PermanentSourceError):
    """Report that a usage cap (not a rate limit) of the service is reached.

    `until` is the aware UTC instant at which the period turns, None where unknown.
    """

    def __init__(self, message: str, *, until: datetime | None = None) -> None:
        self.until = until
        super().__init__(message)


class UnexpectedAnswerError(PermanentSourceError):
    """Report an answer that has not the shape the service documents."""


class DeliveryError(ListenerError):
    """Report a notification that could not be handed over."""


class TransientDeliveryError(DeliveryError):
    """Report a delivery that another try later may achieve."""


class PermanentDeliveryError(DeliveryError):
    """Report a delivery that fails until somebody changes something."""


def suggest(word: str, known: Iterable[str]) -> str:
    """Say which names are valid, the nearest first where one is near.

    Returns a sentence part such as ``did you mean "Acme"? known: Acme, Globex``.
    """
    names = sorted(known)
    if not names:
        return "none is known"
    folded = {name.casefold(): name for name in names}
    from difflib import get_close_matches  # noqa: PLC0415 - start-up time is a promise

    near = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    listing = "known: " + ", ".join(names)
    return f'did you mean "{folded[near[0]]}"? {listing}' if near else listing
