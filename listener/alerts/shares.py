"""Learn the usual negative share of a brand, and say how far the last hours are from it.

Shares are compared on the arcsine scale, on which their variance hardly depends
on the share. Mentions of one time are alike (one story, one crowd), so that n of
them tell less than n independent ones would: the effective number is
n / (1 + (n - 1) * rho). At first rho is 0.03, as measured between blocks of hours
on 14 600 hand-labelled tweets to airlines of February 2015; then it is learned
from how far the brand's own windows usually lie from its usual share.
"""

from __future__ import annotations

import json
from collections import deque
from datetime import timedelta
from math import asin, inf, log, sin, sqrt
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from listener.errors import StoreVersionError

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["WINDOW", "ShareBaseline", "ShareSurprise"]

WINDOW: Final = timedelta(hours=6)
"""The hours judged together."""

_HALF_LIFE: Final = 5.0 * 86400.0
_READY_WEIGHT: Final = 60.0  # mentions that must be remembered before anything is judged
_READY_SECONDS: Final = 2.0 * 86400.0
_HOUR: Final = 3600.0
_HOUR_CAP: Final = 50.0  # mentions of an hour that count at most: one loud hour is not a habit
_CLIP: Final = 0.25
_RHO: Final = 0.03
_BAND: Final = 2.0
_LEARN_SCORED: Final = 30  # in fewer, chance hides how alike they are
_CHANGED_WEIGHT: Final = 30.0  # mentions that what was usual weighs at most once something else is listened to
_CHANGED_SECONDS: Final = 86400.0  # how long nothing is judged then
_RHO_RATE: Final = log(2.0) / (10.0 * 86400.0)  # half forgotten after ten days
_RHO_LEAST, _RHO_MOST = 0.002, 0.3
_CLIP_SQUARE: Final = 6.25  # squares of scores teach up to 2.5 deviations
_STATE_VERSION: Final = 1


class ShareSurprise(NamedTuple):
    """Say how the negative share of the window compares with the usual.

    `share` and `usual` are 0 to 1, `scored` the mentions `share` is over,
    `interval` the range of most windows of so many, `score` the distance in
    standard deviations, positive where it is more negative than usual.
    """

    share: float
    usual: float
    interval: tuple[float, float]
    score: float
    scored: int


class ShareBaseline:
    """Follow the negative share of one brand and judge the last six hours by what came before."""

    __slots__ = ("_begun", "_hour", "_last", "_rho", "_ring", "_seconds", "_share", "_weight")

    def __init__(self, *, bucket: timedelta) -> None:
        """Start knowing nothing; `bucket` is the length of the buckets to come."""
        self._seconds = bucket.total_seconds()
        self._last = -inf
        self._begun = inf
        self._ring: deque[tuple[float, int, int]] = deque()  # start, negative, scored within the window
        self._hour: list[float] = [0.0, 0.0, 0.0]  # number, negative and scored of the hour that leaves the window
        self._share = 0.5
        self._weight = 0.0
        self._rho = _RHO  # how alike mentions of one time are: 0 not at all, 1 wholly

    @property
    def is_ready(self) -> bool:
        """Say whether enough is known to judge a window."""
        return self._weight >= _READY_WEIGHT and self._last - self._begun >= _READY_SECONDS

    def recalibrate(self) -> None:
        """Go on with other things being counted than before: nothing is judged for a day, and the new soon outweighs the old."""
        if self._last == -inf:
            return
        self._weight = min(self._weight, _CHANGED_WEIGHT)
        self._begun = max(self._begun, self._last - _READY_SECONDS + _CHANGED_SECONDS)

    def update(self, start: datetime, negative: int, scored: int, coverage: float = 1.0) -> ShareSurprise:
        """Take in a bucket and judge the window that ends with it.

        A bucket of coverage 0, or one not after the last, changes nothing.
        """
        begin = start.timestamp()
        is_new = coverage > 0.0 and begin > self._last
        if is_new:
            self._begun = min(self._begun, begin)
            self._last = begin
            self._ring.append((begin, negative, scored))
            horizon = begin + self._seconds - WINDOW.total_seconds()
            while self._ring[0][0] < horizon:
                self._leave(*self._ring.popleft())
        found = self._judge()
        if is_new and found.scored >= _LEARN_SCORED and self.is_ready:
            noise = 1.0 / found.scored
            square = min(_CLIP_SQUARE, found.score * found.score) * (noise + (1.0 - noise) * self._rho)
            self._rho += (square - noise - self._rho) * self._seconds * _RHO_RATE
            self._rho = min(_RHO_MOST, max(_RHO_LEAST, self._rho))
        return found

    def _judge(self) -> ShareSurprise:
        negative = sum(bad for _, bad, _ in self._ring)
        scored = sum(n for _, _, n in self._ring)
        if not scored:
            return ShareSurprise(self._share, self._share, (0.0, 1.0), 0.0, 0)
        strength = sqrt(scored / (1.0 + (scored - 1.0) * self._rho))
        centre = 2.0 * asin(sqrt(self._share))
        height = 2.0 * asin(sqrt((negative + 0.375) / (scored + 0.75)))
        reach = _BAND / strength
        interval = (_share(centre - reach), _share(centre + reach))
        score = (height - centre) * strength if self.is_ready else 0.0
        return ShareSurprise(negative / scored, self._share, interval, score, scored)

    def _leave(self, begin: float, negative: int, scored: int) -> None:
        """Let what leaves the window teach, an hour at a time."""
        number = begin // _HOUR
        if number != self._hour[0]:
            self._learn(number - self._hour[0])
            self._hour = [number, 0.0, 0.0]
        self._hour[1] += negative
        self._hour[2] += scored

    def _learn(self, passed: float) -> None:
        """Add the finished hour to the memory, which fades by the hours `passed`."""
        _, negative, scored = self._hour
        weight = min(scored, _HOUR_CAP)
        if weight:
            share = negative / scored
            if self._weight >= _READY_WEIGHT:
                share = min(self._share + _CLIP, max(self._share - _CLIP, share))
            self._share += (share - self._share) * weight / (self._weight + weight)
            self._share = min(0.99, max(0.01, self._share))
            self._weight += weight
        self._weight *= 0.5 ** (min(passed, 1e4) * _HOUR / _HALF_LIFE)

    def to_state(self) -> str:
        """Return all that is known as JSON text."""
        return json.dumps(
            {
                "version": _STATE_VERSION,
                "seconds": self._seconds,
                "last": None if self._last == -inf else self._last,
                "begun": None if self._begun == inf else self._begun,
                "ring": list(self._ring),
                "hour": self._hour,
                "share": self._share,
                "weight": self._weight,
                "rho": self._rho,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_state(cls, state: str) -> ShareBaseline:
        """Go on from what `to_state` returned.

        Raises StoreVersionError where it is of another version or damaged.
        """
        try:
            held = json.loads(state)
            if held["version"] != _STATE_VERSION:
                raise ValueError(held["version"])
            made = cls(bucket=timedelta(seconds=held["seconds"]))
            made._restore(held)
        except (ValueError, KeyError, TypeError) as problem:
            msg = "the saved share of a brand cannot be read by this version; it must be learned again"
            raise StoreVersionError(msg) from problem
        return made

    def _restore(self, held: dict[str, Any]) -> None:
        """Take over the fields of a saved state; any error of shape is the caller's."""
        self._last = -inf if held["last"] is None else float(held["last"])
        self._begun = inf if held["begun"] is None else float(held["begun"])
        self._ring = deque((float(begin), int(bad), int(n)) for begin, bad, n in held["ring"])
        self._hour = [float(part) for part in held["hour"]]
        self._share, self._weight, self._rho = (float(held[name]) for name in ("share", "weight", "rho"))


def _share(height: float) -> float:
    """Return the share at a height of the arcsine scale."""
    return sin(min(3.14159, max(0.0, height)) / 2.0) ** 2
