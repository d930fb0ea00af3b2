"""Learn what is usual for a series of counts, and say how unusual the last hour is.

The model is small enough to explain in a mail. Counts of an hour are put on the
scale 2 * sqrt(n + 3/8), on which a Poisson count has a variance near one
whatever its mean (Anscombe 1948, Biometrika 35:246-254). On that scale a level,
a profile over the hours of working days and of weekends, and a usual swing are
learned by exponential forgetting from every complete hour. A residual is
clipped before it teaches, so that a spike raises neither the level nor the
swing by much. The surprise of the last hour is its distance from level plus
profile in units of the swing, judged by what was known before that hour began.
"""

from __future__ import annotations

import json
from collections import deque
from datetime import datetime
from math import inf, sqrt
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from listener.clock import load_zone
from listener.errors import StoreVersionError

if TYPE_CHECKING:
    from datetime import timedelta, tzinfo

__all__ = ["READY_AFTER", "SpikeBaseline", "Surprise"]

READY_AFTER: Final = 48
"""Hours that must have been learned before anything is called a surprise."""

_HOUR: Final = 3600.0
_DAY: Final = 86400
_LEVEL_RATE: Final = 1.0 - 0.5 ** (1.0 / 96.0)  # half forgotten after 4 days of hours
_SWING_RATE: Final = 1.0 - 0.5 ** (1.0 / 168.0)  # after a week of hours
_PROFILE_DECAY: Final = 0.5 ** (1.0 / 28.0)  # after 28 days of that hour
_CLIP: Final = 8.0  # usual swings; beyond them a residual teaches no more than this
_SWING_FLOOR: Final = 0.5  # half of what chance alone gives a busy series
_PRIOR_HOURS: Final = 6.0  # what the belief "the swing is that of chance" weighs
_PSEUDO_DAYS: Final = 4.0  # days of an hour until its own mean outweighs the plain one
_BAND: Final = 2.0  # swings either way in the band that is shown
_LOOKS: Final = 1.0 / 3.0  # see Surprise.score; 3 then means the same for every length of bucket
_LEARN_COVERAGE: Final = 0.9
_COMPARED_HOURS: Final = 6  # hours that say by how much a change of what is counted changed the counts
_COMPARED_WITHIN: Final = 24.0  # hours after which it is not waited for them any longer
_DOUBTED_HOURS: Final = 168.0  # a week: by then the profile has learned at which hours there are how many more
_MOST_CHANGE: Final = 20.0  # of the height, that is of 400 times the count: more is no usual to go on from
_HOURS: Final = 24
_ROOT_OF_NONE: Final = 2.0 * sqrt(0.375)
_STATE_VERSION: Final = 1


class Surprise(NamedTuple):
    """Say how the last hour compares with what is usual.

    `observed` is the count of the trailing hour (of the bucket, where buckets
    are longer), `expected` the usual count for that time, `interval` the range
    most such hours fall into (two usual swings either way). `score` is the
    distance in usual swings, negative below the usual; 0.0 where the bucket is
    not covered or less than `READY_AFTER` hours are known. Where an hour is looked
    at several times, at every one of its buckets, chance has several chances: the
    score is then up to a third smaller, so that a threshold means the same alarms.
    """

    observed: float
    expected: float
    interval: tuple[float, float]
    score: float


class SpikeBaseline:
    """Follow one series of counts and judge each new bucket by the past alone.

    Buckets have one length, any length, and come in order; those of less than an
    hour are judged as the trailing hour at every bucket. The hours of the profile
    are those of the time zone. Work and memory for a bucket are constant.

    A bucket of coverage 0 is as if it had not come: it teaches nothing, raises
    nothing and moves no clock. So is one that is not after the last. A partly
    covered hour is judged as it is, since what was seen is a lower bound, but
    teaches only from coverage 0.9.
    """

    __slots__ = (
        "_base",
        "_change",
        "_changed",
        "_covered",
        "_doubt",
        "_end",
        "_fresh",
        "_heights",
        "_here",
        "_hours",
        "_last",
        "_length",
        "_level",
        "_pending",
        "_reach",
        "_ring",
        "_slope",
        "_slots",
        "_span",
        "_sum",
        "_total",
        "_unit",
        "_variance",
        "_weights",
        "_zone",
    )

    def __init__(self, time_zone: str | tzinfo, *, bucket: timedelta | None = None) -> None:
        """Start knowing nothing.

        `bucket` is the length of the buckets; where it is None the smallest
        distance between two of them is taken for it. Raises UsageError for a time
        zone the IANA database does not hold.
        """
        self._zone = load_zone(str(time_zone))
        self._length = bucket.total_seconds() if bucket else 0.0
        self._span = _span(self._length)  # seconds judged at once
        self._last = -inf  # start of the last bucket taken in
        self._ring: deque[tuple[float, float]] = deque()  # start and count of the trailing hour's buckets
        self._sum = 0.0
        self._end = -inf  # end of the clock hour under way
        self._total = self._covered = 0.0  # its count, and the sum of its buckets' coverage
        self._slots = (0, 0)  # places in the profile of the hour before it and of itself
        self._pending: tuple[float, int] | None = None  # a complete hour that has not taught yet
        self._hours = 0.0
        self._level = 0.0
        self._variance = 1.0
        self._heights = [0.0] * (2 * _HOURS)  # the profile: working days, then weekends
        self._weights = [0.0] * (2 * _HOURS)
        self._fresh = inf  # hours learned since what is counted changed
        self._changed = -inf  # when that was
        # By hour, then of all: how many times the usual height, and how many beyond the usual count.
        self._change: list[tuple[float, float]] = []
        self._aim()

    @property
    def hours(self) -> int:
        """Return the number of hours that have been learned."""
        return int(self._hours)

    @property
    def is_ready(self) -> bool:
        """Say whether enough is known to call something a surprise."""
        return self._hours >= READY_AFTER and self._fresh >= _COMPARED_HOURS

    @property
    def swing(self) -> float:
        """Return the usual swing on the scale 2 * sqrt(n + 3/8)."""
        return max(_SWING_FLOOR, sqrt(self._variance))

    @property
    def doubt(self) -> float:
        """Return how far apart, on the same scale, the usual of this hour lies by the two ways to read a change."""
        return self._doubt

    def recalibrate(self) -> None:
        """Go on with other things being counted than before: from now on more or fewer of them are no surprise.

        The next six whole hours say by how much the usual changes, and nothing is
        called a surprise before; the swing and the shape of the day are kept. The hours
        after a change may be so many times, or so many more than, what they were: until
        two days have shown which, nothing is a surprise that one of the two explains.
        Where six hours are not covered within a day, the usual of before holds on.
        """
        self._learn()
        if not self._hours:
            return
        self._fresh, self._changed, self._change = 0.0, self._last, []
        self._aim()

    def update(self, start: datetime, count: float, coverage: float = 1.0) -> Surprise:
        """Take in the bucket that begins at `start` and judge the hour that ends with it.

        `start` is aware (a naive one is read in the zone of the profile), `count`
        at least 0, `coverage` 0 to 1.
        """
        begin = (start if start.tzinfo else start.replace(tzinfo=self._zone)).timestamp()
        last, length = self._last, self._length
        if coverage <= 0.0 or begin <= last:
            expected, interval = self._band(self._base + self._slope)
            return Surprise(count, expected, interval, 0.0)
        if begin - last < length or not length:
            self._measure(begin - last)
            length = self._length
        if begin >= self._end:
            self._turn(begin)
        self._last = begin
        self._total += count
        self._covered += coverage
        ring, horizon = self._ring, begin - self._span
        ring.append((begin, count))
        observed = self._sum + count
        while ring[0][0] <= horizon:
            observed -= ring.popleft()[1]
        self._sum = observed
        left = self._end - begin - length
        if left <= 0.0:
            self._learn()
            usual = self._base + self._slope
        else:
            usual = self._base + self._slope * (1.0 - left / self._span)
        expected, interval = self._band(usual)
        score = (2.0 * sqrt(observed + 0.375) - usual) / self._unit if self.is_ready else 0.0
        if left <= 0.0:
            self._close()
        return Surprise(observed, expected, interval, score)

    def to_state(self) -> str:
        """Return all that is known as JSON text, below 4 kB for buckets of a minute or more."""
        return json.dumps(
            {
                "version": _STATE_VERSION,
                "zone": self._zone.key,
                "length": self._length,
                "last": None if self._last == -inf else self._last,
                "end": None if self._end == -inf else self._end,
                "ring": list(self._ring),
                "hour": [self._total, self._covered, *self._slots],
                "pending": self._pending,
                "hours": self._hours,
                "level": self._level,
                "variance": self._variance,
                "heights": self._heights,
                "weights": self._weights,
                "fresh": None if self._fresh == inf else self._fresh,
                "changed": None if self._changed == -inf else self._changed,
                "change": self._change,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_state(cls, state: str) -> SpikeBaseline:
        """Go on from what `to_state` returned.

        Raises StoreVersionError where `state` is of another version or damaged:
        the history must then be read again.
        """
        try:
            held = json.loads(state)
            if held["version"] != _STATE_VERSION:
                raise ValueError(held["version"])
            made = cls(str(held["zone"]))
            made._restore(held)
        except (ValueError, KeyError, TypeError, IndexError) as problem:
            msg = "the saved baseline of a series cannot be read by this version; it must be learned again"
            raise StoreVersionError(msg) from problem
        return made

    def _restore(self, held: dict[str, Any]) -> None:
        """Take over the fields of a saved state; any error of shape is the caller's."""
        self._length = float(held["length"])
        self._span = _span(self._length)
        self._last = -inf if held["last"] is None else float(held["last"])
        self._end = -inf if held["end"] is None else float(held["end"])
        self._ring = deque((float(begin), count) for begin, count in held["ring"])
        self._sum = sum(count for _, count in self._ring)
        self._total, self._covered, before, here = held["hour"]
        self._slots = (int(before), int(here))
        self._pending = (held["pending"][0], int(held["pending"][1])) if held["pending"] else None
        self._hours, self._level, self._variance = (float(held[name]) for name in ("hours", "level", "variance"))
        self._heights = [float(height) for height in held["heights"]]
        self._weights = [float(weight) for weight in held["weights"]]
        fresh, changed = held.get("fresh"), held.get("changed")
        self._fresh, self._changed = inf if fresh is None else float(fresh), -inf if changed is None else float(changed)
        self._change = [(float(times), float(more)) for times, more in held.get("change", ())]
        if not len(self._heights) == len(self._weights) == 2 * _HOURS:
            raise ValueError(len(self._heights))
        self._aim()

    def _measure(self, gap: float) -> None:
        """Take the smallest distance between two buckets for their length."""
        if gap < inf:
            self._length = gap
            self._span = _span(gap)

    def _turn(self, begin: float) -> None:
        """Begin the clock hour that holds `begin`, closing one that was left unfinished."""
        if self._covered:
            self._learn()
            self._close()
        offset = datetime.fromtimestamp(begin, self._zone).utcoffset()
        ahead = offset.total_seconds() if offset else 0.0
        local = (begin + ahead) // self._span * self._span
        self._end = local - ahead + self._span
        before, was_here = _slot(local - self._span), self._slots[1]
        self._slots = (before, _slot(local))
        self._aim(self._here if before == was_here else None)

    def _aim(self, before: float | None = None, here: float | None = None) -> None:
        """Work out what holds until the next hour is learned or begun.

        The usual height of the judged hour is `_base` where it is the clock hour
        before the present one, and `_slope` more where it is the present one.
        `before` and `here` are what the profile says of the two, where known.
        """
        season = self._profile(self._slots[0]) if before is None else before
        self._here = self._profile(self._slots[1]) if here is None else here
        self._base = self._level + season
        self._slope = self._here - season
        swing = self.swing
        self._doubt = self._between() if _COMPARED_HOURS <= self._fresh < _DOUBTED_HOURS else 0.0
        self._reach = _BAND * swing + self._doubt
        self._unit = swing * (1.0 + (1.0 - self._length / self._span) * _LOOKS) + self._doubt

    def _between(self) -> float:
        """Return how far apart the usual of this hour is as so many times, and as so many more than, it was.

        The less the more hours have shown what it is.
        """
        ((times, more),) = self._change
        usual = max(_ROOT_OF_NONE, self._level + self._here)
        before = max(_ROOT_OF_NONE, usual / times)
        added = 2.0 * sqrt(max(0.0, before * before / 4.0 - 0.375 + more) + 0.375)
        return abs(usual - added) * (1.0 - self._fresh / _DOUBTED_HOURS)

    def _band(self, usual: float) -> tuple[float, tuple[float, float]]:
        """Return the expected count and the band around it for a usual height."""
        reach = self._reach
        low, high = usual - reach, usual + reach
        return (
            usual * usual / 4.0 - 0.375 if usual > _ROOT_OF_NONE else 0.0,
            (
                low * low / 4.0 - 0.375 if low > _ROOT_OF_NONE else 0.0,
                high * high / 4.0 - 0.375 if high > _ROOT_OF_NONE else 0.0,
            ),
        )

    def _close(self) -> None:
        """Put the clock hour aside; it teaches when the next one has passed."""
        covered = self._covered * self._length / self._span
        if covered >= _LEARN_COVERAGE:
            self._pending = (self._total / min(1.0, covered), self._slots[1])
        self._total = self._covered = 0.0
        if self._fresh < _COMPARED_HOURS and self._end - self._changed > _COMPARED_WITHIN * self._span:
            self._fresh, self._change = inf, []

    def _learn(self) -> None:
        """Let the hour put aside teach level, swing and profile."""
        if self._pending is None:
            return
        count, slot = self._pending
        self._pending = None
        height = 2.0 * sqrt(count + 0.375)
        if not self._hours:
            self._level = height
        season = self._profile(slot)
        if self._fresh < _COMPARED_HOURS:
            self._compare(count, height, max(_ROOT_OF_NONE, self._level + season))
            return
        limit = _CLIP * self.swing
        residual = min(limit, max(-limit, height - self._level - season))
        self._hours += 1.0
        self._fresh += 1.0
        self._level += residual * max(_LEVEL_RATE, 1.0 / min(self._hours, self._fresh))
        square = residual * residual - self._variance
        self._variance += square * max(_SWING_RATE, 1.0 / (self._hours + _PRIOR_HOURS))
        weight = self._weights[slot] = self._weights[slot] * _PROFILE_DECAY + 1.0
        self._heights[slot] += (season + residual - self._heights[slot]) / weight
        self._aim(here=self._here if (self._slots[1] - slot) % _HOURS else None)

    def _compare(self, count: float, height: float, usual: float) -> None:
        """Hold an hour after a change against the usual of before; with the last of them the usual changes.

        The medians count: neither an hour that was still read in the former way nor a loud one moves them.
        """
        self._change.append((height / usual, count - (usual * usual / 4.0 - 0.375)))
        self._fresh += 1.0
        self._hours += 1.0
        if self._fresh < _COMPARED_HOURS:
            return
        times = min(_MOST_CHANGE, max(1.0 / _MOST_CHANGE, _median([times for times, _ in self._change])))
        self._change = [(times, _median([more for _, more in self._change]))]
        self._level *= times
        self._heights = [times * height for height in self._heights]
        self._variance = min(1.0, self._variance) + max(0.0, self._variance - 1.0) * times * times
        for slot in range(_HOURS):
            self._soften(slot, slot + _HOURS)
        self._aim()

    def _soften(self, slot: int, other: int) -> None:
        """Let an hour of the profile learn as quickly as after its first day, without changing what it says now."""
        if min(self._weights[slot], self._weights[other]) <= 1.0:
            return
        here, there = self._profile(slot), self._profile(other)
        self._weights[slot] = self._weights[other] = 1.0
        any_day = (here + there) * (1.0 + _PSEUDO_DAYS) / (2.0 + 3.0 * _PSEUDO_DAYS)
        self._heights[slot] = (1.0 + _PSEUDO_DAYS) * here - _PSEUDO_DAYS * any_day
        self._heights[other] = (1.0 + _PSEUDO_DAYS) * there - _PSEUDO_DAYS * any_day

    def _profile(self, slot: int) -> float:
        """Return how far an hour usually lies from the level, the less sure the nearer to 0.

        An hour of a kind of day leans on the same hour of all days, and that on 0.
        """
        other = slot - _HOURS if slot >= _HOURS else slot + _HOURS
        weight, height = self._weights[slot], self._heights[slot]
        beside = self._weights[other]
        any_day = (weight * height + beside * self._heights[other]) / (weight + beside + _PSEUDO_DAYS)
        return (weight * height + _PSEUDO_DAYS * any_day) / (weight + _PSEUDO_DAYS)


def _median(values: list[float]) -> float:
    """Return the middle of an even number of values."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return (ordered[middle - 1] + ordered[middle]) / 2.0


def _span(length: float) -> float:
    """Return the seconds judged at once: whole buckets, as near to an hour as they come."""
    return max(1, round(_HOUR / length)) * length if length else _HOUR


def _slot(local: float) -> int:
    """Return the place in the profile of a local time in seconds since 1970-01-01, a Thursday."""
    day, second = divmod(int(local), _DAY)
    return second // 3600 + (_HOURS if (day + 3) % 7 >= 5 else 0)  # noqa: PLR2004 - Saturday is the fifth from Monday
