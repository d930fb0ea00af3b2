"""Wait for a delivery no longer than so long, whatever it waits for."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from listener.errors import TransientDeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from listener.protocols import Notification, Notifier

__all__ = ["Patience", "PatientNotifier"]

_SECONDS: Final = 240.0
"""A service with a pace of its own may take a long text in a dozen pieces."""


class Patience:
    """Let jobs for one destination take turns, each in a thread that keeps no program from its end.

    One that is not done within four minutes is left behind; while it goes on no other begins.
    """

    def __init__(self, destination: str) -> None:
        self._destination = destination
        self._turn = threading.Lock()
        self._last: Future[None] | None = None

    def wait_for(self, job: Callable[[], None]) -> None:
        """Do a job and raise what it raises; raises TransientDeliveryError where it takes too long, or one before does."""
        with self._turn:
            if self._last is not None and not self._last.done():
                msg = f"{self._destination} has not come to an end with a message from before"
                raise TransientDeliveryError(msg)
            outcome = self._last = _beside(job)
            try:
                outcome.exception(_SECONDS)
            except TimeoutError:
                msg = f"{self._destination} did not come to an end within {_SECONDS / 60:.0f} minutes"
                raise TransientDeliveryError(msg) from None
            outcome.result()


class PatientNotifier:
    """Wait for a notifier that may know no bounds; everything else is the notifier's own."""

    def __init__(self, notifier: Notifier) -> None:
        self.name, self.destination = notifier.name, notifier.destination
        self._notifier = notifier
        self._patience = Patience(notifier.destination)

    def __getattr__(self, name: str) -> object:
        """Return what the notifier has beyond its interface, such as `check`."""
        return getattr(self._notifier, name)

    def send(self, notification: Notification) -> None:
        """Deliver; raises what the notifier raises, TransientDeliveryError where it takes more than four minutes."""
        self._patience.wait_for(lambda: self._notifier.send(notification))


def _beside(job: Callable[[], None]) -> Future[None]:
    outcome: Future[None] = Future()

    def run() -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            outcome.set_exception(error)
        else:
            outcome.set_result(None)

    threading.Thread(target=run, name="delivery", daemon=True).start()
    return outcome
