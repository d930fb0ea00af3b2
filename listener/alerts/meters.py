"""Measure, bucket by bucket, how far a brand is from its usual, one meter a kind of rule.

A meter learns from every bucket it is given and is saved as text, so that
stopping and going on gives the same readings as never having stopped.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from math import sqrt
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from listener.alerts.baseline import SpikeBaseline
from listener.alerts.shares import WINDOW, ShareBaseline
from listener.errors import StoreVersionError

if TYPE_CHECKING:
    from datetime import datetime

    from listener.alerts.options import AlertOptions, RuleOptions
    from listener.alerts.records import BucketCounts

__all__ = ["BUCKET", "Meter", "Reading", "open_meter"]

BUCKET: Final = timedelta(minutes=15)
"""The length of the buckets that rules are evaluated on."""

_HOUR_BUCKETS: Final = 4
_WORDS_MINIMUM: Final = 3
_SHARE_MINIMUM: Final = 10
_QUIET_BUCKETS: Final = 24
_QUIET_EXPECTED: Final = 8.0
_QUIET_SPREAD: Final = 1.5
_UNKNOWN_SWING: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Say how one bucket looks to a rule.

    `strength` is what thresholds are compared with, at least 0 where it matters;
    `surprise` the same with its sign. `figure` is what a peak is taken of.
    `mentions` are those of the trailing hour. `thread_at` is as in the bucket, where it is of that thread.
    """

    strength: float
    surprise: float
    observed: float
    expected: float
    interval: tuple[float, float]
    figure: float
    mentions: int
    thread_at: datetime | None = None


class Meter(Protocol):
    """Turn buckets into readings; in order, each once."""

    window: ClassVar[timedelta]
    """How far back a reading looks: what was backfilled within it raises nothing."""
    reads_uncovered: ClassVar[bool]
    """Whether buckets of coverage 0 are to be given as well."""

    def read(self, bucket: BucketCounts) -> Reading | None:
        """Take in a bucket; None where there is nothing to say."""
        ...

    def recalibrate(self) -> None:
        """Go on with other things being listened to than before."""
        ...

    def save(self) -> str:
        """Return all it knows as text."""
        ...


def open_meter(rule: RuleOptions, options: AlertOptions, memory: str, time_zone: str) -> Meter:
    """Return the meter of a rule, going on from `memory` (empty: from nothing).

    Raises StoreVersionError where `memory` cannot be read, as that of another kind of rule.
    """
    try:
        return _open_meter(rule, options, memory, time_zone)
    except (ValueError, KeyError, TypeError) as problem:
        msg = f'what the alert rule "{rule.name}" has learned cannot be read by this version; it must be learned again'
        raise StoreVersionError(msg) from problem


def _open_meter(rule: RuleOptions, options: AlertOptions, memory: str, time_zone: str) -> Meter:
    minimum = rule.minimum_count
    match rule.kind:
        case "sentiment":
            return ShareMeter(memory, _SHARE_MINIMUM if minimum is None else minimum)
        case "words":
            return WordsMeter(memory, time_zone, _WORDS_MINIMUM if minimum is None else minimum)
        case "reach":
            return ReachMeter(rule.followers, rule.engagement)
        case "silence":
            return SilenceMeter(memory, time_zone)
        case "blind":
            return BlindMeter(memory, rule.coverage)
        case _:
            return SpikeMeter(memory, time_zone, options.minimum_count if minimum is None else minimum)


class SpikeMeter:
    """Read how many usual swings the last hour lies above the usual."""

    window: ClassVar[timedelta] = timedelta(hours=1)
    reads_uncovered: ClassVar[bool] = False

    def __init__(self, memory: str, time_zone: str, minimum: int) -> None:
        self._baseline = SpikeBaseline.from_state(memory) if memory else SpikeBaseline(time_zone, bucket=BUCKET)
        self._minimum = minimum

    def read(self, bucket: BucketCounts) -> Reading | None:
        """Take in a bucket; an hour of too few mentions has strength 0."""
        found = self._baseline.update(bucket.start, bucket.mentions, bucket.coverage)
        if not self._baseline.is_ready:
            return None
        enough = found.observed >= self._minimum
        return Reading(
            strength=max(0.0, found.score) if enough else 0.0,
            surprise=found.score,
            observed=found.observed,
            expected=found.expected,
            interval=found.interval,
            figure=found.observed,
            mentions=int(found.observed),
        )

    def recalibrate(self) -> None:
        """Learn the level anew."""
        self._baseline.recalibrate()

    def save(self) -> str:
        """Return the baseline as text."""
        return self._baseline.to_state()


class WordsMeter:
    """Read how far mentions with given words are above the usual; from the first hour.

    Until the usual is known it is taken to be none at all: a word that is listed
    because it means a crisis need not first be measured for two days.
    """

    window: ClassVar[timedelta] = timedelta(hours=1)
    reads_uncovered: ClassVar[bool] = False

    def __init__(self, memory: str, time_zone: str, minimum: int) -> None:
        self._baseline = SpikeBaseline.from_state(memory) if memory else SpikeBaseline(time_zone, bucket=BUCKET)
        self._minimum = minimum

    def read(self, bucket: BucketCounts) -> Reading | None:
        """Take in a bucket, in which only mentions with the words are counted."""
        ready = self._baseline.is_ready
        found = self._baseline.update(bucket.start, bucket.mentions, bucket.coverage)
        expected, interval = (found.expected, found.interval) if ready else (0.0, (0.0, 0.0))
        score = found.score if ready else (_height(found.observed) - _height(0.0)) / _UNKNOWN_SWING
        return Reading(
            strength=max(0.0, score) if found.observed >= self._minimum else 0.0,
            surprise=score,
            observed=found.observed,
            expected=expected,
            interval=interval,
            figure=found.observed,
            mentions=int(found.observed),
        )

    def recalibrate(self) -> None:
        """Keep what is known: such words are rare wherever one listens, and a crisis must not wait."""

    def save(self) -> str:
        """Return the baseline as text."""
        return self._baseline.to_state()


class ShareMeter:
    """Read how far the negative share of the last hours is from the usual, either way."""

    window: ClassVar[timedelta] = WINDOW
    reads_uncovered: ClassVar[bool] = False

    def __init__(self, memory: str, minimum: int) -> None:
        self._shares = ShareBaseline.from_state(memory) if memory else ShareBaseline(bucket=BUCKET)
        self._minimum = minimum

    def read(self, bucket: BucketCounts) -> Reading | None:
        """Take in a bucket; a window of too few scored mentions has strength 0."""
        found = self._shares.update(bucket.start, bucket.negative, bucket.scored, bucket.coverage)
        if not self._shares.is_ready:
            return None
        return Reading(
            strength=abs(found.score) if found.scored >= self._minimum else 0.0,
            surprise=found.score,
            observed=found.share,
            expected=found.usual,
            interval=found.interval,
            figure=found.share,
            mentions=found.scored,
        )

    def recalibrate(self) -> None:
        """Let what was remembered weigh little."""
        self._shares.recalibrate()

    def save(self) -> str:
        """Return the baseline as text."""
        return self._shares.to_state()


class SilenceMeter:
    """Read how far the last six hours lie below the usual, though they were covered."""

    window: ClassVar[timedelta] = timedelta(hours=6)
    reads_uncovered: ClassVar[bool] = False

    def __init__(self, memory: str, time_zone: str) -> None:
        held = json.loads(memory) if memory else None
        self._baseline = SpikeBaseline.from_state(held["baseline"]) if held else SpikeBaseline(time_zone, bucket=BUCKET)
        self._ring = deque([(float(count), float(usual)) for count, usual in held["ring"]] if held else [])
        self._next: float | None = held.get("next") if held else None  # where the bucket begins that adjoins the last

    def read(self, bucket: BucketCounts) -> Reading | None:
        """Take in a bucket; less than wholly covered ones, or any that is left out, are no sign of silence."""
        begin = bucket.start.timestamp()
        if self._next not in {None, begin}:
            self._ring.clear()
        self._next = begin + BUCKET.total_seconds()
        found = self._baseline.update(bucket.start, bucket.mentions, bucket.coverage)
        if not self._baseline.is_ready or bucket.coverage < 1.0:
            self._ring.clear()
            return None
        self._ring.append((float(bucket.mentions), found.expected / _HOUR_BUCKETS))
        if len(self._ring) > _QUIET_BUCKETS:
            self._ring.popleft()
        if len(self._ring) < _QUIET_BUCKETS:
            return None
        observed = sum(count for count, _ in self._ring)
        expected = sum(usual for _, usual in self._ring)
        swing = _QUIET_SPREAD * self._baseline.swing + sqrt(len(self._ring) / _HOUR_BUCKETS) * self._baseline.doubt
        score = (_height(observed) - _height(expected)) / swing if expected >= _QUIET_EXPECTED else 0.0
        low, high = _height(expected) - 2 * swing, _height(expected) + 2 * swing
        return Reading(
            strength=max(0.0, -score),
            surprise=score,
            observed=observed,
            expected=expected,
            interval=(_count(low), _count(high)),
            figure=-observed,
            mentions=int(observed),
        )

    def recalibrate(self) -> None:
        """Learn the level anew; the trailing hours were held against the former one."""
        self._baseline.recalibrate()
        self._ring.clear()

    def save(self) -> str:
        """Return baseline and trailing hours as text."""
        ring = [[count, round(usual, 6)] for count, usual in self._ring]
        held = {"baseline": self._baseline.to_state(), "ring": ring, "next": self._next}
        return json.dumps(held, separators=(",", ":"))


class BlindMeter:
    """Read how much of the last six hours was not seen at all, once anything ever was."""

    window: ClassVar[timedelta] = timedelta()
    reads_uncovered: ClassVar[bool] = True

    def __init__(self, memory: str, limit: float) -> None:
        self._ring = deque([float(coverage) for coverage in json.loads(memory)] if memory else [])
        self._limit = limit

    def read(self, bucket: BucketCounts) -> Reading | None:
        """Take in a bucket, covered or not."""
        if not self._ring and bucket.coverage <= 0.0:
            return None
        self._ring.append(min(1.0, max(0.0, bucket.coverage)))
        if len(self._ring) > _QUIET_BUCKETS:
            self._ring.popleft()
        if len(self._ring) < _QUIET_BUCKETS:
            return None
        seen = sum(self._ring) / _QUIET_BUCKETS
        blind = 1.0 - seen
        return Reading(
            strength=blind / (1.0 - self._limit) if seen < self._limit else 0.0,
            surprise=-blind,
            observed=seen,
            expected=1.0,
            interval=(self._limit, 1.0),
            figure=blind,
            mentions=bucket.mentions,
        )

    def recalibrate(self) -> None:
        """Change nothing: what was read does not depend on what was found."""

    def save(self) -> str:
        """Return the coverage of the trailing hours as text."""
        return json.dumps([round(coverage, 4) for coverage in self._ring], separators=(",", ":"))


class ReachMeter:
    """Read how far the loudest author or thread of a bucket is above what was asked for."""

    window: ClassVar[timedelta] = timedelta()
    reads_uncovered: ClassVar[bool] = False

    def __init__(self, followers: int, engagement: int) -> None:
        self._followers = followers
        self._engagement = engagement

    def read(self, bucket: BucketCounts) -> Reading | None:
        """Take in a bucket."""
        by_author = bucket.followers / self._followers
        by_thread = bucket.engagement / self._engagement
        of_author = by_author >= by_thread
        loudest = float(bucket.followers if of_author else bucket.engagement)
        limit = float(self._followers if of_author else self._engagement)
        return Reading(
            strength=max(by_author, by_thread),
            surprise=max(by_author, by_thread),
            observed=loudest,
            expected=limit,
            interval=(0.0, limit),
            figure=loudest,
            mentions=bucket.mentions,
            thread_at=None if of_author else bucket.thread_at,
        )

    def recalibrate(self) -> None:
        """Change nothing: the limits are given."""

    def save(self) -> str:
        """Return nothing: this meter remembers nothing."""
        return ""


def _height(count: float) -> float:
    """Return a count on the root scale of `listener.alerts.baseline`."""
    return 2.0 * sqrt(count + 0.375)


def _count(height: float) -> float:
    """Return the count at a height of the root scale, at least 0."""
    return max(0.0, height * height / 4.0 - 0.375) if height > 0.0 else 0.0
