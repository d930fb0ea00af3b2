"""Say how sure a share or a difference is, from the counts alone, and from where on it counts.

Formulas are exact or adjusted for small counts; each names its source.
"""

from __future__ import annotations

import math
from typing import Final

__all__ = ["SMALL_N", "WHOLE", "Z95", "net_sentiment", "net_sentiment_interval", "poisson_change", "wilson_interval"]

Z95: Final = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


SMALL_N: Final = 10
"""Averages over fewer scored mentions are drawn faded: their interval spans most of the scale."""

WHOLE: Final = 0.995
"""Coverage from which a bucket counts as read: below it the missing part would show in a percentage."""


def wilson_interval(hits: int, n: int) -> tuple[float, float] | None:
    """Return the 95 % score interval of a share, each end in [0, 1]; None where `n` is 0.

    Wilson, E. B. (1927), Journal of the American Statistical Association 22, 209-212.
    """
    if n == 0:
        return None
    share = hits / n
    centre = share + Z95**2 / (2 * n)
    half = Z95 * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n * n))
    scale = 1 + Z95**2 / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


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
    n = scored + 2
    difference = (positive - negative) / n
    spread = math.sqrt((positive + negative + 1) / n - difference**2) / math.sqrt(n)
    return max(-100.0, 100 * (difference - Z95 * spread)), min(100.0, 100 * (difference + Z95 * spread))


def poisson_change(now: int, before: int) -> float:
    """Return how many standard deviations two counts of equal spans are apart.

    2 (sqrt(now + 3/8) - sqrt(before + 3/8)) / sqrt(2): Anscombe, F. J. (1948), Biometrika
    35, 246-254, makes counts nearly normal with variance 1/4 on the root scale.
    Positive where `now` is larger.
    """
    return math.sqrt(2) * (math.sqrt(now + 0.375) - math.sqrt(before + 0.375))
