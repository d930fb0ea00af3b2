"""Say how sure a mean score is, and how much more was positive than negative."""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from typing import Final

from listener.mention import SCORE_SCALE

__all__ = ["mean_interval", "mean_score", "net_sentiment", "student_t_975"]

_FEWEST_FOR_INTERVAL: Final = 5
_Z_975: Final = 1.959963984540054
_SCALE: Final = float(SCORE_SCALE)

_ROUNDED: Final = 1.5 * 2.0**52
"""Added to a number within 2**51 of 0 and taken away again it leaves what `round` gives, in a fifth of the time.

Floats between 2**52 and 2**53 are whole, and sums are rounded half to even (IEEE 754).
"""


def net_sentiment(positive: int, negative: int, scored: int) -> float | None:
    """Return 100 x (positive - negative) / scored, one decimal; None where nothing was scored."""
    return (1000 * (positive - negative) / scored + _ROUNDED - _ROUNDED) / 10 if scored else None


def mean_score(scored: int, total: int) -> float | None:
    """Return the mean of scores, four digits; None where there is none. `total` is the sum of scores x 10 000."""
    return (total / scored + _ROUNDED - _ROUNDED) / _SCALE if scored else None


def mean_interval(scored: int, total: int, squares: int) -> tuple[float, float] | None:
    """Return the 95 % Student t interval of a mean score, clipped to [-1, 1]; None below 5 scores.

    `total` and `squares` are the sums of scores x 10 000 and of their squares.
    """
    if scored < _FEWEST_FOR_INTERVAL:
        return None
    mean, degrees = total / scored, scored - 1
    variance = (squares - total * mean) / degrees  # a trend has hundreds: comparing is quicker than max and min
    half = student_t_975(degrees) * sqrt(variance / scored) if variance > 0 else 0.0
    low, high = mean - half + _ROUNDED - _ROUNDED, mean + half + _ROUNDED - _ROUNDED
    return low / _SCALE if low > -_SCALE else -1.0, high / _SCALE if high < _SCALE else 1.0


@lru_cache(maxsize=4_096)
def student_t_975(degrees: int) -> float:
    """Return the 97.5 % quantile of Student's t, to three digits from 4 degrees of freedom on.

    Expansion 26.7.5 of Abramowitz & Stegun, Handbook of Mathematical Functions (1964).
    """
    z = _Z_975
    return (
        z
        + (z**3 + z) / (4 * degrees)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * degrees**4)
    )
