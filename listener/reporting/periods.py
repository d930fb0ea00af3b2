"""Say which local days a digest is about, and when it goes out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from listener.clock import align_down, local_day

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from listener.config import Brand, Config

__all__ = ["STEPS", "Period", "digest_brands", "due_period", "is_told", "joined_to", "period_of"]

STEPS: Final = {"daily": "day", "weekly": "week", "monthly": "month"}
"""The step of time that a digest of each cadence is about."""
_FARTHEST: Final = timedelta(hours=26)
"""So far apart do days begin in two zones at most, UTC+14 and UTC-12."""
_SHORTEST: Final = timedelta(hours=2)
"""A digest of less than this after a change of the time zone would tell of nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Hold the local days [since, until) a digest is about, and the key that names it.

    `stem` is what the key begins with whichever brands the digest tells of. `is_joined`
    says that it begins where the digest before ended, which is no beginning of a day.
    """

    cadence: str
    since: datetime
    until: datetime
    key: str
    stem: str = ""
    is_joined: bool = False


def period_of(config: Config, day: date, zone: ZoneInfo) -> Period:
    """Return the period of the configured cadence that holds a local day."""
    cadence = config.digest.cadence
    start, end = local_day(day, zone)
    if cadence != "daily":
        step = STEPS[cadence]
        start = align_down(start, step, zone)
        following = start.astimezone(zone).date() + timedelta(days=7 if step == "week" else 31)
        end = align_down(local_day(following, zone)[0], step, zone)
    brands = ",".join(brand.name for brand in digest_brands(config))
    stem = f"digest:{cadence}:{start.astimezone(zone).date().isoformat()}:"
    return Period(cadence=cadence, since=start, until=end, key=f"{stem}{brands}", stem=stem)


def due_period(config: Config, now: datetime, zone: ZoneInfo) -> Period:
    """Return the latest period whose digest should have gone out by `now`.

    A period's digest goes out on the local day after it, at the configured hour.
    After a long pause only the latest is made up for.
    """
    day = now.astimezone(zone).date() - timedelta(days=1)
    period = period_of(config, day, zone)
    while now < _goes_out_at(period, config, zone):
        period = period_of(config, period.since.astimezone(zone).date() - timedelta(days=1), zone)
    return period


def joined_to(period: Period, last: datetime | None, zone: ZoneInfo) -> Period:
    """Return a period from where the last digest of its cadence ended, if days began elsewhere when that was made.

    So that a change of the time zone leaves no hour out of the digests and none in two of them.
    """
    if last is None or last >= period.until or period.since - last > _FARTHEST:
        return period
    if align_down(last, "day", zone) == last:
        return period
    return replace(period, since=last, is_joined=True)


def is_told(period: Period, last: datetime | None, zone: ZoneInfo) -> bool:
    """Say whether the last digest of its cadence, made when days began elsewhere, told of a period already.

    Right after a change of the time zone the latest period that is over may be one from before that
    digest, or end so shortly after it that the rest is better told with the next.
    """
    if last is None or period.until > last + _SHORTEST or last > period.until + (period.until - period.since):
        return False
    return align_down(last, "day", zone) != last


def _goes_out_at(period: Period, config: Config, zone: ZoneInfo) -> datetime:
    """Return the instant at which a period's digest goes out.

    An hour that a clock change repeats is meant the first time, one that it
    skips as if the clock had not changed yet. Once past, it stays past.
    """
    day = period.until.astimezone(zone).date()
    return datetime.combine(day, config.digest.at, tzinfo=zone).astimezone(UTC)


def digest_brands(config: Config) -> tuple[Brand, ...]:
    """Return the brands the digest tells of."""
    if not config.digest.brands:
        return config.brands
    wanted = {name.casefold() for name in config.digest.brands}
    return tuple(brand for brand in config.brands if brand.name.casefold() in wanted)
