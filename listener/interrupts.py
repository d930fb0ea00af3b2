"""Let a signal end a command also where Python cannot hear it: within one statement of SQLite, which may take minutes.

Python handles a signal between two steps of its own. So SQLite asks in between, and what the signal raised there,
which SQLite cannot hand on, is raised again where the statement fails. Whatever a transaction did is then rolled
back, as after any other error.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["hear_signals", "hearing", "raise_heard", "raise_kept_waiting"]


class _Ears(threading.local):
    """Hold what a thread asks; only the one that handles signals is ever given something."""

    hear: Callable[[], None] | None = None
    wait: Callable[[], None] | None = None


_ears: Final = _Ears()


def hear_signals(hear: Callable[[], None] | None, wait: Callable[[], None] | None = None) -> None:
    """Let this thread ask `hear` from now on, which raises, again, what a signal raised.

    None asks nobody: for who ends at a signal what is in hand, and then itself, as the daemon does. `wait` is asked
    besides where another process is waited for, and raises where that takes too long after a signal.
    """
    _ears.hear, _ears.wait = hear, wait


def raise_heard() -> None:
    """Raise what a signal raised, if one did."""
    if _ears.hear is not None:
        _ears.hear()


def raise_kept_waiting() -> None:
    """Raise what a signal raised, or should end by now since another process keeps this one waiting."""
    raise_heard()
    if _ears.wait is not None:
        _ears.wait()


def hearing() -> Callable[[], None] | None:
    """Return what this thread asks, None where it asks nobody."""
    return _ears.hear
