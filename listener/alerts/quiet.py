"""Say when nothing is pushed: hours of the night, in local time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from listener.errors import UsageError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = ["QuietHours", "read_quiet_hours"]

_FORM: Final = re.compile(r"(\d{1,2}):(\d{2})\s*[-\u2013]\s*(\d{1,2}):(\d{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Hold the local times [start, end) in which nothing is pushed; past midnight where start is after end."""

    start: time
    end: time

    def end_after(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """Return when the quiet hours that hold `now` end, in UTC; None where it is not quiet.

        What the clocks show counts: a night in which they change is an hour longer
        or shorter. An end that the clocks leap over is the moment at which they do.
        """
        local = now.astimezone(zone)
        if not self._holds(local.time()):
            return None
        for days in range(3):  # a day may have no end: the clocks leap over all of what is not quiet
            wanted = datetime.combine(local.date() + timedelta(days=days), self.end, tzinfo=zone)
            for fold in (0, 1):
                end = _first_at(wanted.replace(fold=fold), zone)
                if end > now and not self._holds(end.astimezone(zone).time()):
                    return end
        return None  # not reached: an end is always ahead

    def _holds(self, moment: time) -> bool:
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


def _first_at(wanted: datetime, zone: ZoneInfo) -> datetime:
    """Return when the clocks show a local time, in UTC; of one that they leap over, when they do."""
    sooner, later = sorted(wanted.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if sooner.astimezone(zone).time() == wanted.time():
        return wanted.astimezone(UTC)
    offset = later.astimezone(zone).utcoffset()
    while later - sooner > timedelta(seconds=1):
        middle = sooner + (later - sooner) // timedelta(seconds=2) * timedelta(seconds=1)
        if middle.astimezone(zone).utcoffset() == offset:
            later = middle
        else:
            sooner = middle
    return later


def read_quiet_hours(text: str) -> QuietHours | None:
    """Read quiet hours written as 22:00-07:00; None where the text is empty.

    Raises UsageError where they cannot be read or are no span.
    """
    if not text.strip():
        return None
    found = _FORM.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError(text)
        first, second, third, fourth = (int(part) for part in found.groups())
        start, end = time(first, second), time(third, fourth)
    except ValueError:
        msg = f'"{text}" is no span of local time; write it as 22:00-07:00'
        raise UsageError(msg) from None
    if start == end:
        msg = f'"{text}" begins when it ends; to push nothing at all, set tier = "digest" in the rules'
        raise UsageError(msg)
    return QuietHours(start=start, end=end)
