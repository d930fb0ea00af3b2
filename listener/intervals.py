"""Say how sure a share or a difference is, from the counts alone, and from where on it counts.

Formulas are exact or adjusted for small counts; each names its source.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

__all__ = [
    "SMALL_N",
    "WHOLE",
    "Z95",
    "Estimate",
    "net_sentiment",
    "net_sentiment_difference",
    "net_sentiment_interval",
    "poisson_change",
    "rate_ratio",
    "wilson_interval",
]

Z95: Final = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


SMALL_N: Final = 10
"""Averages over fewer scored mentions are drawn faded: their interval spans most of the scale."""

WHOLE: Final = 0.995
"""Coverage from which a bucket is drawn as read: what is missing then is less than half a percent of what is there."""


class Estimate(NamedTuple):
    """Hold a figure with its 95 % interval; ends may be infinite."""

    value: float
    low: float
    high: float


def wilson_interval(hits: int, n: int) -> tuple[float, float] | None:
    """Return the 95 % score interval of a share, each end in [0, 1]; None where `n` is 0.

    Without a hit it begins at 0, and with hits alone it ends at 1, to the last digit.
    Wilson, E. B. (1927), Journal of the American Statistical Association 22, 209-212.
    """
    if n == 0:
        return None
    share = hits / n
    centre = share + Z95**2 / (2 * n)
    half = Z95 * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n * n))
    scale = 1 + Z95**2 / n
    return (centre - half) / scale if hits else 0.0, (centre + half) / scale if hits < n else 1.0


def net_sentiment(positive: int, negative: int, scored: int) -> float | None:
    """Return 100 x (positive - negative) / scored; None where nothing is scored."""
    return 100 * (positive - negative) / scored if scored else None


def net_sentiment_interval(positive: int, negative: int, scored: int) -> tuple[float, float] | None:
    """Return the 95 % interval of net sentiment in points, within [-100, 100]; None below 1 scored.

    Net sentiment is the difference of two shares of one sample. Half a mention is
    added to each of the four cells (the "Wald + 2" interval): Agresti, A. and Min, Y.
    (2005), Statistics in Medicine 24, 729-740.
    """
    if scored == 0:
        return None
    difference, variance = _adjusted(positive, negative, scored)
    spread = math.sqrt(variance)
    return max(-100.0, 100 * (difference - Z95 * spread)), min(100.0, 100 * (difference + Z95 * spread))


def poisson_change(now: int, before: int) -> float:
    """Return how many standard deviations two counts of equal spans are apart.

    2 (sqrt(now + 3/8) - sqrt(before + 3/8)) / sqrt(2): Anscombe, F. J. (1948), Biometrika
    35, 246-254, makes counts nearly normal with variance 1/4 on the root scale.
    Positive where `now` is larger.
    """
    return math.sqrt(2) * (math.sqrt(now + 0.375) - math.sqrt(before + 0.375))


def rate_ratio(a: int, b: int, exposure_a: float = 1.0, exposure_b: float = 1.0) -> Estimate | None:
    """Return the ratio of two Poisson rates, a / exposure_a to b / exposure_b, with its 95 % interval.

    Given a + b, `a` is binomial with the share p = ratio e_a / (ratio e_a + e_b) (Przyborowski
    and Wilenski 1940, Biometrika 31, 313-323), so the ends are those of the Wilson interval
    of that share, put back on the scale of the ratio. None where both counts are 0.
    """
    share = wilson_interval(a, a + b)
    if share is None or exposure_a <= 0 or exposure_b <= 0:
        return None
    scale = exposure_b / exposure_a
    low, high = (scale * p / (1.0 - p) if p < 1.0 else math.inf for p in share)
    return Estimate(scale * a / b if b else math.inf, low if a else 0.0, high if b else math.inf)


def net_sentiment_difference(one: tuple[int, int, int], other: tuple[int, int, int]) -> Estimate | None:
    """Return how far net sentiment is apart in points, `one` minus `other`, with its 95 % interval.

    Each is (positive, negative, scored). A two-sample z interval: value and variance of
    either side are those of its own interval (see `net_sentiment_interval`), and variances
    of independent samples add up. The two differ where the interval leaves out 0. None
    where either has nothing scored.
    """
    if not one[2] or not other[2]:
        return None
    (centre, variance), (other_centre, other_variance) = _adjusted(*one), _adjusted(*other)
    half = 100 * Z95 * math.sqrt(variance + other_variance)
    middle = 100 * (centre - other_centre)
    plain = 100 * ((one[0] - one[1]) / one[2] - (other[0] - other[1]) / other[2])
    return Estimate(plain, max(-200.0, middle - half), min(200.0, middle + half))


def _adjusted(positive: int, negative: int, scored: int) -> tuple[float, float]:
    """Return the difference of two shares and its variance, half a mention added to each of four cells."""
    n = scored + 2
    difference = (positive - negative) / n
    return difference, ((positive + negative + 1) / n - difference**2) / n
