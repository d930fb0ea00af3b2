"""Tell the time, read time spans and cut time into buckets.

Only this module asks the clock. Everything else is given `now`. Instants are
aware UTC datetimes; buckets are cut in a named time zone, so that a day is the
local day, 23 or 25 hours long where clocks change.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, pairwise, repeat
from operator import add
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from listener.errors import UsageError
from listener.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CLOCK_SKEW",
    "EARLIEST",
    "STEPS",
    "Bucket",
    "align_down",
    "bucket_edges",
    "bucket_starts",
    "comes_twice",
    "countable",
    "format_duration",
    "from_epoch",
    "is_countable",
    "is_finer_than_a_day",
    "load_zone",
    "local_day",
    "mistaken_zone",
    "parse_duration",
    "parse_instant",
    "parse_when",
    "start_before",
    "system_zone",
    "to_epoch",
    "utc_now",
]

STEPS: Final = ("hour", "day", "week", "month")
"""The bucket lengths reports can be cut into."""

_UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_DURATION: Final = r"(\d{1,9})\s*([smhdw])"
_LONGEST_NUMBER: Final = 9
_LONGEST_LENGTH: Final = timedelta(days=400_000)
"""About a thousand years: what is much longer leads from the present out of the calendar, which begins with the year 1."""
_LEAP_SECONDS: Final = "right/"
"""How names of time zones begin that count leap seconds: tzdata has each zone once more so."""
_LONGEST_ZONE: Final = 50
"""Longer than any name of a time zone: more is not compared."""
_DAY: Final = timedelta(days=1)
_LENGTHS: Final = {"hour": timedelta(hours=1), "day": _DAY, "week": timedelta(weeks=1)}
"""How long buckets are: hours always, the others in zones whose clocks never change (where `utcoffset(None)` is known)."""
_QUARTER_SECONDS: Final = 900
_MIDNIGHT: Final = time()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2199
"""Years that may be asked for: further away, spans and buckets would leave the calendar."""

CLOCK_SKEW: Final = timedelta(hours=1)
"""A date further in the future than this is no date: it would count in a bucket that has not begun."""
EARLIEST: Final = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC) - timedelta(days=1)
_END: Final = datetime(_LAST_YEAR + 1, 1, 1, tzinfo=UTC) + timedelta(days=1)
"""The same in every time zone: its own first and last day lie up to a day beside those of UTC.

What claims to be from before EARLIEST has no date: 0001-01-01 is what some services send for none.
"""


def utc_now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def to_epoch(instant: datetime) -> int:
    """Return whole seconds since 1970-01-01 UTC, rounded down."""
    since = instant - _EPOCH
    return since.days * 86_400 + since.seconds


def from_epoch(seconds: int) -> datetime:
    """Return the aware UTC instant of whole seconds since 1970-01-01 UTC."""
    return _EPOCH + timedelta(seconds=seconds)


def parse_duration(text: str) -> timedelta:
    """Read a length of time such as ``90s``, ``15m``, ``4h``, ``7d``, ``2w`` or ``1h 30m``.

    Raises UsageError naming the forms that are understood. A capital M is none: elsewhere it stands for months.
    """
    stripped = text.strip().lower()
    parts = _parts_of(stripped)
    if parts and "M" in text:
        msg = f'"{text}" may be minutes or months; write {stripped} for minutes, days or weeks for months, such as 30d'
        raise UsageError(msg)
    if not parts:
        msg = f'"{text}" is not a length of time; write a number and one of s, m, h, d, w, such as 15m or 7d'
        raise UsageError(msg)
    try:
        length = sum((int(number) * _UNITS[unit] for number, unit in parts), timedelta())
    except OverflowError:
        length = timedelta.max
    if length > _LONGEST_LENGTH:
        msg = f'"{text}" is longer than this program can count'
        raise UsageError(msg)
    return length


def _parts_of(text: str) -> list[tuple[str, str]]:
    """Return (number, unit) of each part of a length of time; none where the text is something else."""
    if text[-1:] in _UNITS and text[:-1].isdecimal() and len(text) <= _LONGEST_NUMBER + 1:
        return [(text[:-1], text[-1])]  # as most are; without a pattern, which would have to be compiled first
    return [] if re.sub(_DURATION, "", text).strip() else re.findall(_DURATION, text)


def format_duration(length: timedelta) -> str:
    """Write a length of time as `parse_duration` reads it, in its largest exact unit."""
    seconds = int(length.total_seconds())
    for unit in ("w", "d", "h", "m"):
        size = int(_UNITS[unit].total_seconds())
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def load_zone(name: str) -> ZoneInfo:
    """Return the time zone called `name` in the IANA database.

    Raises UsageError where there is none of that name, and for one that counts leap seconds: times here count none.
    """
    if name.startswith(_LEAP_SECONDS):
        msg = f'time zone "{name}" counts leap seconds, which would cut days wrongly; write "{_without_leaps(name)}"'
        raise UsageError(msg)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = _near_zone(name)
        meant = f'did you mean "{near}"? ' if near else ""
        msg = f'time zone "{name}" is not known; {meant}write an IANA name such as Europe/Berlin or Asia/Kolkata'
        raise UsageError(msg) from None


def _near_zone(name: str) -> str:
    """Return the name of a time zone that is written nearly so, or ends so; empty where there is none."""
    from difflib import get_close_matches  # noqa: PLC0415 - both only where a zone is mistyped
    from zoneinfo import available_timezones  # noqa: PLC0415

    # Places alone: Etc/GMT+1 lies west of Greenwich (POSIX), which is not what people mean by GMT+1.
    places = [zone for zone in sorted(available_timezones()) if "/" in zone and not zone.startswith("Etc/")]
    known = {zone.casefold(): zone for zone in places}
    known |= {zone.casefold().rpartition("/")[2]: zone for zone in places if zone.count("/") == 1}
    near = get_close_matches(name[:_LONGEST_ZONE].strip().casefold().replace(" ", "_"), known, n=1, cutoff=0.8)
    return known[near[0]] if near else ""


def system_zone() -> ZoneInfo:
    """Return the time zone that $TZ names, else the one this machine is set to, UTC where none can be found."""
    if named := _zone_of_environment():
        with suppress(ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo(named)
    from tzlocal import get_localzone_name  # noqa: PLC0415 - asked only where no zone is configured

    try:
        return ZoneInfo(_without_leaps(get_localzone_name() or "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def mistaken_zone() -> str:
    """Say so where $TZ names no time zone, so that days are cut in another than was meant; empty elsewhere."""
    try:
        load_zone(_zone_of_environment() or "UTC")
    except UsageError as error:
        return f"days are cut in {system_zone().key}, as $TZ names no other: {error}"
    return ""


def _zone_of_environment() -> str:
    """Return the name that $TZ holds; empty where it is not set, or names a file, such as :/etc/localtime."""
    named = os.environ.get("TZ", "").removeprefix(":")
    is_file = os.path.isabs(named) and os.path.exists(named)  # noqa: PTH110, PTH117 - Path's may raise
    return "" if is_file else _without_leaps(named)


def _without_leaps(name: str) -> str:
    """Return the name of a time zone's twin that counts no leap seconds, as no time here does."""
    return name.removeprefix(_LEAP_SECONDS)


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant with an offset and return it in UTC.

    Raises UsageError where it cannot be read or has no offset.
    """
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        msg = f'"{text}" is not an ISO 8601 date and time, such as 2026-11-20T08:00:00+05:30'
        raise UsageError(msg) from None
    if instant.tzinfo is None:
        msg = f'"{text}" has no offset; write one, such as 2026-11-20T08:00:00+00:00 or a Z at the end'
        raise UsageError(msg)
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        msg = f'"{text}" is outside the years this program can count'
        raise UsageError(msg) from None


def parse_when(text: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """Read a point in time: a span back from `now`, a local date, or an instant.

    ``7d`` is seven days before `now`; ``today``, ``yesterday`` and ``2026-11-20``
    are local midnights in `zone`; ``2026-11-20T08:00`` is local time and with an
    offset that instant. Returns aware UTC. Raises UsageError otherwise, and for what
    is so far away that no span could be counted back from it.
    """
    return countable(_read_when(text, now, zone), text)


def is_finer_than_a_day(text: str) -> bool:
    """Say whether a point in time that `parse_when` reads means more than its day: ``1h``, an instant with a time."""
    word = text.strip().lower()
    parts = _parts_of(word)
    return any(unit in "smh" for _, unit in parts) if parts else ":" in word


def is_countable(instant: datetime) -> bool:
    """Say whether an aware instant lies in the years that are counted in."""
    return EARLIEST <= instant < _END


def countable(instant: datetime, text: str) -> datetime:
    """Return an instant of the years that are counted in, or raise UsageError about what was written."""
    if is_countable(instant):
        return instant
    msg = f'"{text}" is outside the years {_FIRST_YEAR} to {_LAST_YEAR}'
    raise UsageError(msg)


def _read_when(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    word = text.strip().lower()
    today = now.astimezone(zone).date()
    if word == "now":
        return now
    if word in {"today", "yesterday"}:
        day = today if word == "today" else today - timedelta(days=1)
        return _local(datetime.combine(day, time()), zone)
    if _parts_of(word):
        try:
            return now - parse_duration(text)
        except OverflowError:
            msg = f'"{text}" is outside the years {_FIRST_YEAR} to {_LAST_YEAR}'
            raise UsageError(msg) from None
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        msg = (
            f'"{text}" is not a time; write a span such as 7d, a date such as 2026-11-20, '
            "today, yesterday, or an ISO 8601 instant"
        )
        raise UsageError(msg) from None
    try:
        return instant.astimezone(UTC) if instant.tzinfo else _local(instant, zone)
    except OverflowError:
        msg = f'"{text}" is outside the years {_FIRST_YEAR} to {_LAST_YEAR}'
        raise UsageError(msg) from None


def local_day(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the half-open span [since, until) of a local calendar day, in UTC."""
    start = datetime.combine(day, time())
    return _local(start, zone), _local(start + timedelta(days=1), zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A half-open piece of time [start, end), aware UTC."""

    start: datetime
    end: datetime


def align_down(instant: datetime, step: str, zone: ZoneInfo) -> datetime:
    """Return the start of the bucket that holds `instant`.

    Hours are cut on the UTC offset in force, so that every hour of a day on
    which clocks go back is its own bucket. Weeks begin on Monday. A "quarter" is
    one of an hour, the finest that is counted; nothing is cut into them.
    """
    if step == "quarter":
        return from_epoch(to_epoch(instant) // _QUARTER_SECONDS * _QUARTER_SECONDS)
    local = instant.astimezone(zone)
    if step == "hour":
        return instant - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return _local(_FLOORS[step](local.replace(tzinfo=None)), zone)


def comes_twice(local: datetime) -> bool:
    """Say whether the clocks show a local time twice, since they are set back in between."""
    return local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()


def bucket_edges(since: datetime, until: datetime, step: str, zone: ZoneInfo) -> list[datetime]:
    """Cut [since, until) into buckets of `step`, whole ones: `since` is aligned down.

    Returns where each begins, and where the last one ends: its natural end, which may be after `until`.
    """
    start = align_down(since, step, zone)
    length = _LENGTHS.get(step) if step == "hour" or zone.utcoffset(None) is not None else None
    if length is not None:
        return [*accumulate(repeat(length, -((start - until) // length)), add, initial=start)]
    edges = [start]
    while edges[-1] < until:
        edges.append(_next_start(edges[-1], step, zone))
    return edges


def bucket_starts(since: datetime, until: datetime, step: str, zone: ZoneInfo) -> list[Bucket]:
    """Cut [since, until) into buckets of `step` as `bucket_edges` does."""
    return [Bucket(start=start, end=end) for start, end in pairwise(bucket_edges(since, until, step, zone))]


def start_before(since: datetime, until: datetime, step: str, zone: ZoneInfo) -> datetime:
    """Return the start of the span that ends at `since` and has as many buckets as [since, until).

    Of one local day that is the day before, 23 or 25 hours long though either may be; of
    two months the two before; of hours those before, the last of them cut where clocks were
    changed by half an hour in between.
    """
    many = len(bucket_edges(since, until, step, zone)) - 1
    start = align_down(since, step, zone)
    if step == "hour":
        sooner = start - many * _LENGTHS["hour"]
        aligned = align_down(sooner, step, zone)
        return aligned if aligned == sooner else aligned + _LENGTHS["hour"]
    naive = start.astimezone(zone).replace(tzinfo=None)
    if step == "month":
        months = naive.year * 12 + naive.month - 1 - many
        return _local(_midnight(naive.replace(year=months // 12, month=months % 12 + 1, day=1)), zone)
    return _local(_FLOORS[step](naive - many * _LENGTHS[step]), zone)


def _next_start(start: datetime, step: str, zone: ZoneInfo) -> datetime:
    """Return the start of the day, week or month after the one that begins at `start`."""
    if step == "day" and (start + _DAY).astimezone(zone).time() == _MIDNIGHT:
        return start + _DAY  # as on most days: no change of clocks in between
    naive = start.astimezone(zone).replace(tzinfo=None)
    if step == "month":
        following = (naive.replace(day=1) + timedelta(days=32)).replace(day=1)
    else:
        following = naive + timedelta(days=7 if step == "week" else 1)
    return _local(_FLOORS[step](following), zone)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


_FLOORS: Final[dict[str, Callable[[datetime], datetime]]] = {
    "day": _midnight,
    "week": lambda moment: _midnight(moment - timedelta(days=moment.weekday())),
    "month": lambda moment: _midnight(moment.replace(day=1)),
}


def _local(naive: datetime, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a wall-clock time; a time that is skipped moves forward."""
    return naive.replace(tzinfo=zone).astimezone(UTC)
