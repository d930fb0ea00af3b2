"""Hand over what is in the outbox."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener import wiring
from listener.errors import EndedError, PermanentDeliveryError, StoreError, TransientDeliveryError, UsageError
from listener.logs import event, redact
from listener.protocols import Notification
from listener.reporting.messages import render_alert_of
from listener.store.reporting import LONGEST_WAIT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from listener.protocols import Notifier, StopSignal
    from listener.reporting.desk import Desk
    from listener.search import EpisodeRow
    from listener.store import OutboxItem, Store

__all__ = ["deliver"]

logger = logging.getLogger(__name__)

_RETRIES: Final = tuple(timedelta(minutes=n) for n in (1, 2, 5, 15, 30, 60, 120, 240))
_MOST_TRIES: Final = 40
"""With the last wait repeated this is about a week: a mail server may be down over a long weekend."""
_IN_HAND: Final = timedelta(minutes=5)
"""What is being handed over is left alone by others for so long; where that never ended, it is tried again."""
_SLOW_SECONDS: Final = 10.0
"""A destination that takes longer over a message holds up the others as one does that takes none."""
_PUT_OFF_SECONDS: Final = 60.0
"""For how long such destinations are offered more before the others are looked at again."""


def deliver(desk: Desk, store: Store, notifiers: Sequence[Notifier], stop: StopSignal | None = None) -> int:
    """Hand over what is due, until a stop is asked for; return how many deliveries were accepted.

    A failure that may pass is tried again, later each time; one that will not
    pass, or a destination that is no longer configured, is parked and shown. Alerts
    wait for the end of the quiet hours, and those of a snoozed brand for its end. What was
    due before a copy took the place of the store may have been sent: it is parked too.
    A destination that does not take a message, or not soon, holds up no other with what else waits for it.
    """
    if given_up := store.reports.settle_copied(now=desk.now):
        event(logger, "not sent again: the store is a copy", level=logging.WARNING, given_up=given_up)
    by_name = {notifier.destination: notifier for notifier in notifiers}
    sent = 0
    troubled: set[str] = set()
    begun = time.monotonic()
    for item in _others_first(store.reports.due(now=desk.now), troubled):
        if stop is not None and stop.is_set():
            break
        notifier = by_name.get(item.destination)
        after = timedelta(seconds=time.monotonic() - begun)
        if notifier is None:
            message = f"{item.destination} is no longer configured"
            store.reports.mark_unsent(item, error=message, next_try_at=None)
        elif until := _held_until(desk, item, desk.now + after):
            if not item.is_held and not item.attempts:  # what was tried stays due: its hold may end before the next try
                store.reports.postpone(item, until=min(until, desk.now + LONGEST_WAIT))
        else:
            started = time.monotonic()
            accepted = _hand_over(desk, store, notifier, item, after=after)
            sent += accepted
            if not accepted or time.monotonic() - started > _SLOW_SECONDS:
                troubled.add(item.destination)
    return sent


def _others_first(items: Sequence[OutboxItem], troubled: Collection[str]) -> Iterator[OutboxItem]:
    """Yield what is due, that for destinations in `troubled` after all else, and only for so long: its turn comes again."""
    put_off = []
    for item in items:
        if item.destination in troubled:
            put_off.append(item)
        else:
            yield item
    ends = time.monotonic() + _PUT_OFF_SECONDS
    for item in put_off:
        if time.monotonic() >= ends:
            return
        yield item


def _held_until(desk: Desk, item: OutboxItem, now: datetime) -> datetime | None:
    """Return until when an alert waits: the end of the quiet hours or of its brand's snooze; None where it goes `now`."""
    from listener.alerts.quiet import read_quiet_hours  # noqa: PLC0415 - loaded where something is delivered

    episode = None if item.kind == "digest" else _episode_of(desk, item)
    if episode is None:
        return None
    snoozed = desk.reader.snoozed_until(episode.brand)
    if snoozed is not None and snoozed > now:
        return snoozed
    options, _ = wiring.read_alert_options(desk.config)
    quiet = read_quiet_hours(options.quiet_hours)
    passes = {"never": (), "high": ("high",), "medium": ("high", "medium")}[options.quiet_unless]
    return None if quiet is None or episode.severity in passes else quiet.end_after(now, desk.config.zone())


def _notification(desk: Desk, item: OutboxItem) -> Notification | None:
    """Return the message of a delivery, None where what it tells of is no longer stored."""
    if item.kind == "digest":
        row = desk.reader.digest(item.subject)
        if row is None:
            return None
        return Notification(
            key=row.key, kind="digest", subject=row.subject, text=row.text, html=row.html, images=row.images
        )
    episode = _episode_of(desk, item)
    return None if episode is None else render_alert_of(desk, episode, key=item.key)


def _episode_of(desk: Desk, item: OutboxItem) -> EpisodeRow | None:
    try:
        return desk.reader.episode(item.subject)
    except UsageError:
        return None


def _hand_over(desk: Desk, store: Store, notifier: Notifier, item: OutboxItem, *, after: timedelta) -> bool:
    """Try one delivery, so long `after` the desk's time; say whether it was accepted.

    The try is noted before it is made: what cannot be written down afterwards, as on a
    full disk, is not sent every minute, and what is in hand here is not sent by another process.
    """
    pause = _RETRIES[min(item.attempts, len(_RETRIES) - 1)]
    if not store.reports.take_in_hand(item, until=desk.now + after + max(pause, _IN_HAND)):
        return False
    following = desk.now + pause if item.attempts + 1 < _MOST_TRIES else None
    try:
        notification = _notification(desk, item)
        if notification is None:
            store.reports.mark_unsent(item, error="what it tells of is gone from the store", next_try_at=None)
            return False
        notifier.send(notification)
    except (StoreError, EndedError):
        raise
    except PermanentDeliveryError as error:
        store.reports.mark_unsent(item, error=redact(str(error)), next_try_at=None)
    except TransientDeliveryError as error:
        store.reports.mark_unsent(item, error=redact(str(error)), next_try_at=following)
    except (Exception, SystemExit) as error:
        # A guard as that of collecting: one broken notifier must not keep the others from being told.
        logger.exception("delivery broken kind=%s number=%d", item.kind, item.subject)
        message = f"{item.destination}: unexpected {type(error).__name__}; the log has the details"
        store.reports.mark_unsent(item, error=message, next_try_at=following)
    else:
        store.reports.mark_sent(item, now=desk.now)
        event(logger, "delivered", kind=item.kind, number=item.subject)
        return True
    event(logger, "not delivered", level=logging.WARNING, kind=item.kind, number=item.subject)
    return False
