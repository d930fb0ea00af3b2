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
from collections import OrderedDict
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from listener.errors import PermanentDeliveryError, TransientDeliveryError
from reports.hostile import call_nobody, clean_line
from reports.patience import Patience

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
_REMEMBERED: Final = 200
_TELL_ADDRESSES: Final = ("apprise", "urllib3.connectionpool", "urllib3.connection")
"""Who logs addresses with the keys in them."""


class AppriseNotifier:
    """Send notifications to one Apprise URL: the text, and the chart where the service takes attachments.

    Safe to use from several threads; they take turns. One answer is waited for 30 seconds at most, a
    delivery four minutes; then it is left behind, and while it is not at its end no other begins.
    Of a text that is sent in pieces each is sent once: trying again goes on where the
    service took no more.
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
        self._accepted: OrderedDict[str, set[str]] = OrderedDict()
        self._patience = Patience(self.destination)

    def send(self, notification: Notification) -> None:
        """Deliver the notification.

        Raises PermanentDeliveryError where the URL is none that Apprise knows or the
        service refuses for good, TransientDeliveryError otherwise.
        """
        try:
            self._patience.wait_for(lambda: self._deliver(notification))
        finally:
            while len(self._accepted) > _REMEMBERED:
                self._accepted.popitem(last=False)
        self._accepted.pop(notification.key, None)

    def _deliver(self, notification: Notification) -> None:
        """Hand over what the service has not taken yet of a notification."""
        from reports.requesting import within_bounds  # noqa: PLC0415 - requests is loaded where something is sent

        with within_bounds(), _log_of_apprise() as lines:
            service = self._service()
            _send_once(service, self._accepted.setdefault(notification.key, set()))
            try:
                is_taken = _notify(service, notification)
            except Exception as error:  # each of a hundred services reads answers in its own way
                msg = f"{self.destination} answered what Apprise cannot read: {type(error).__name__}"
                raise TransientDeliveryError(msg) from error
        if not is_taken:
            raise self._failure(lines)

    def check(self) -> str:
        """Return one line on the service the URL stands for; nothing is sent or connected.

        Raises PermanentDeliveryError where it is none that Apprise knows.
        """
        with _log_of_apprise():
            service = self._service()
        takes = "takes charts" if service.attachment_support else "takes text only"
        return f"{self.destination} is {clean_line(str(service.service_name))} and {takes}; nothing was sent"

    def _service(self) -> Any:
        """Return Apprise's object for the URL."""
        import apprise  # noqa: PLC0415 - it loads more than a hundred services

        from reports.requesting import bound_requests  # noqa: PLC0415 - requests is loaded where something is sent

        bound_requests()
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


def _send_once(service: Any, accepted: set[str]) -> None:
    """Let a service send the pieces of a message in order: none that it took before, none after one that it did not take.

    `accepted` tells of those that were taken and is added to. A service calls `_timed_send` for each
    piece, before Apprise 2 it called `send`.
    """
    name = "_timed_send" if hasattr(service, "_timed_send") else "send"
    send = getattr(service, name)
    is_refused, places = False, count()

    def send_piece(**piece: Any) -> bool:
        nonlocal is_refused
        words = repr((next(places), piece.get("title"), piece.get("body")))
        mark = hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
        if mark in accepted:
            return True
        is_refused = is_refused or not send(**piece)
        if not is_refused:
            accepted.add(mark)
        return not is_refused

    setattr(service, name, send_piece)


_lines: ContextVar[list[str] | None] = ContextVar("lines", default=None)
"""What Apprise logs is told apart by the thread that delivers."""


class _Keep(logging.Filter):
    """Keep what Apprise logs within a delivery, and show nobody what is logged with addresses and their keys."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let pass what belongs to no delivery."""
        lines = _lines.get()
        if lines is not None and record.levelno >= logging.WARNING and record.name == "apprise":
            lines.append(record.getMessage())
        return lines is None


_KEEP: Final = _Keep()


@contextmanager
def _log_of_apprise() -> Iterator[list[str]]:
    """Gather what Apprise logs in this thread within the block; it goes nowhere else."""
    for name in _TELL_ADDRESSES:
        logging.getLogger(name).addFilter(_KEEP)
    log = logging.getLogger("apprise")
    if not log.isEnabledFor(logging.WARNING):
        log.setLevel(logging.WARNING)
    lines: list[str] = []
    token = _lines.set(lines)
    try:
        yield lines
    finally:
        _lines.reset(token)
