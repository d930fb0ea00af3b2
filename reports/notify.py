"""Hand notifications to chat rooms, phones and web hooks through Apprise.

Apprise (github.com/caronc/apprise, 1.9, seen 2026-11) takes one URL a
destination, in which the keys stand; it is loaded when something is sent. It
tells only whether a delivery succeeded, so the status a service answered is
read from what it logs: that decides whether another try makes sense.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from listener.errors import PermanentDeliveryError, TransientDeliveryError
from reports.hostile import call_nobody, clean_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listener.protocols import Notification

__all__ = ["AppriseNotifier", "split_urls"]

_SCHEME: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9+.-]{0,30})://\S")
_STATUS: Final = re.compile(r"\berror=(\d{3})\b")
_TRY_AGAIN: Final = frozenset({408, 423, 425, 429})
"""Refusals below 500 that pass by themselves (RFC 9110, RFC 6585, RFC 8470)."""
_SERVER_FAULT: Final = 500
_HASH_SIGNS: Final = 6
_LONGEST_TITLE: Final = 200
_turn = threading.Lock()
"""What Apprise logs is told apart by letting one delivery happen at a time."""


class AppriseNotifier:
    """Send notifications to one Apprise URL: the text, and the chart where the service takes attachments.

    Safe to use from several threads; they take turns. A delivery is bounded by
    Apprise's own limits of 4 seconds to connect and to read.
    """

    name = "apprise"

    def __init__(self, url: str) -> None:
        """Take the URL; nothing is loaded or connected yet.

        The destination is called by the scheme of the URL and a short hash of it.
        """
        self._url = url
        found = _SCHEME.match(url)
        scheme = found[1].lower() if found else "unreadable address"
        digest = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_SIGNS]
        self.destination = f"{scheme} ({digest})"

    def send(self, notification: Notification) -> None:
        """Deliver the notification.

        Raises PermanentDeliveryError where the URL is none that Apprise knows or the
        service refuses for good, TransientDeliveryError otherwise.
        """
        with _turn, _log_of_apprise() as lines:
            service = self._service()
            accepted = _notify(service, notification)
        if not accepted:
            raise self._failure(lines)

    def check(self) -> str:
        """Return one line on the service the URL stands for; nothing is sent or connected.

        Raises PermanentDeliveryError where it is none that Apprise knows.
        """
        with _turn, _log_of_apprise():
            service = self._service()
        takes = "takes charts" if service.attachment_support else "takes text only"
        return f"{self.destination} is {clean_line(str(service.service_name))} and {takes}; nothing was sent"

    def _service(self) -> Any:
        """Return Apprise's object for the URL."""
        import apprise  # noqa: PLC0415 - it loads more than a hundred services

        service = apprise.Apprise.instantiate(self._url)
        if service is None:
            msg = f"{self.destination}: Apprise knows no such address; its wiki lists how each service is written"
            raise PermanentDeliveryError(msg)
        if "overflow=" not in self._url.lower():
            service.overflow_mode = apprise.OverflowMode.SPLIT
        return service

    def _failure(self, lines: list[str]) -> TransientDeliveryError | PermanentDeliveryError:
        """Return the error for a delivery that failed, from what was logged of it."""
        codes = [int(code) for line in lines for code in _STATUS.findall(line)]
        if not codes:
            return TransientDeliveryError(f"{self.destination} cannot be reached or did not take the message")
        msg = f"{self.destination} answered {codes[-1]}"
        if codes[-1] >= _SERVER_FAULT or codes[-1] in _TRY_AGAIN:
            return TransientDeliveryError(msg)
        return PermanentDeliveryError(f"{msg}; check its address and key in [notify]")


def split_urls(text: str) -> tuple[str, ...]:
    """Return the URLs of a text in which white space separates them, each once."""
    return tuple(dict.fromkeys(text.split()))


def _notify(service: Any, notification: Notification) -> bool:
    """Hand text and charts to a service; a chart that cannot be attached is left out."""
    import apprise  # noqa: PLC0415 - it loads more than a hundred services

    files = apprise.AppriseAttachment()
    if service.attachment_support:
        from apprise.attachment.memory import AttachMemory  # noqa: PLC0415 - the same

        make: Any = AttachMemory  # Apprise types it in part only
        for name, data, _ in notification.images:
            files.add(make(content=data, name=f"{name}.png", mimetype="image/png"))
    return bool(
        service.notify(
            body=call_nobody(notification.text),
            title=call_nobody(clean_line(notification.subject)[:_LONGEST_TITLE]),
            notify_type=apprise.NotifyType.WARNING if notification.kind == "alert" else apprise.NotifyType.INFO,
            body_format=apprise.NotifyFormat.TEXT,
            attach=files if len(files) else None,
        )
    )


class _Lines(logging.Handler):
    """Keep what is logged, and show it to nobody: Apprise logs addresses with their keys."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(record.getMessage())


@contextmanager
def _log_of_apprise() -> Iterator[list[str]]:
    """Gather what Apprise logs within the block; it goes nowhere else."""
    log, handler = logging.getLogger("apprise"), _Lines()
    level, propagates = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.WARNING)
    log.propagate = False
    try:
        yield handler.lines
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        log.propagate = propagates
