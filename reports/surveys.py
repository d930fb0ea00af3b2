"""Sum up survey answers with the measures the trade knows, each with n and an interval.

Answers are 0 to 1, as mentions hold them: 9 of 10 is 0.9, 4 of 5 stars is 0.75.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from listener.intervals import net_sentiment, net_sentiment_interval, wilson_interval
from reports.bootstrap import bootstrap_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Figure", "customer_effort", "customer_satisfaction", "net_promoter"]

_PROMOTER: Final = 0.9
_DETRACTOR: Final = 0.6
_SATISFIED: Final = 0.75
_EFFORT_SCALE: Final = 7
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Hold a measure with its 95 % interval and the number of answers it rests on."""

    value: float
    low: float
    high: float
    n: int


def net_promoter(ratings: Sequence[float]) -> Figure | None:
    """Return the Net Promoter Score, -100 to 100; None without answers.

    Percent of 9 and 10 minus percent of 0 to 6, out of 10: Reichheld, F. F. (2003),
    "The One Number You Need to Grow", Harvard Business Review, December. The interval is that of
    `net_sentiment_interval`: it too is a difference of two shares.
    """
    promoters = sum(rating >= _PROMOTER - _ROUNDING for rating in ratings)
    detractors = sum(rating <= _DETRACTOR + _ROUNDING for rating in ratings)
    value = net_sentiment(promoters, detractors, len(ratings))
    interval = net_sentiment_interval(promoters, detractors, len(ratings))
    if value is None or interval is None:
        return None
    return Figure(value=value, low=interval[0], high=interval[1], n=len(ratings))


def customer_satisfaction(ratings: Sequence[float]) -> Figure | None:
    """Return customer satisfaction, 0 to 100; None without answers.

    Percent of the two best of five answers ("top two box": Farris, Bendle, Pfeifer and
    Reibstein (2010), Marketing Metrics, 2nd edition, chapter 2), with the Wilson interval.
    """
    satisfied = sum(rating >= _SATISFIED - _ROUNDING for rating in ratings)
    interval = wilson_interval(satisfied, len(ratings))
    if interval is None:
        return None
    return Figure(value=100 * satisfied / len(ratings), low=100 * interval[0], high=100 * interval[1], n=len(ratings))


def customer_effort(ratings: Sequence[float]) -> Figure | None:
    """Return the Customer Effort Score, 1 (hard) to 7 (easy); None without answers.

    Mean agreement that it was easy, on a scale of seven: Dixon, Freeman and Toman (2010), "Stop
    Trying to Delight Your Customers", Harvard Business Review, July, in the form with seven answers of
    2013. The interval is a percentile bootstrap.
    """
    if not ratings:
        return None
    answers = [1 + (_EFFORT_SCALE - 1) * rating for rating in ratings]
    low, high = bootstrap_mean(answers)
    return Figure(value=sum(answers) / len(answers), low=low, high=high, n=len(answers))
