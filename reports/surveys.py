"""Sum up survey answers with the measures the trade knows, each with n and an interval.

Answers are 0 to 1, as mentions hold them: 9 of 10 is 0.9, 4 of 5 stars is 0.75.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Final

from listener.intervals import net_sentiment, net_sentiment_interval, wilson_interval
from listener.search.averages import student_t_975

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listener.search.records import SurveyRow

__all__ = [
    "INSTRUMENTS",
    "Figure",
    "customer_effort",
    "customer_satisfaction",
    "figure_of",
    "net_promoter",
    "promoters",
    "ratings_of",
]

INSTRUMENTS: Final = {"nps": "Net Promoter Score", "csat": "Customer satisfaction", "ces": "Customer effort"}
"""The measures, by what a survey calls its question."""

_PROMOTER: Final = 0.9
_DETRACTOR: Final = 0.6
_SATISFIED: Final = 0.75
_EFFORT_SCALE: Final = 7
_TEN: Final = 10.0
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Hold a measure with its 95 % interval and the number of answers it rests on.

    `digits` after the point are written.
    """

    value: float
    low: float
    high: float
    n: int
    digits: int = 0


def net_promoter(ratings: Sequence[float]) -> Figure | None:
    """Return the Net Promoter Score, -100 to 100; None without answers.

    Percent of 9 and 10 minus percent of 0 to 6, out of 10: Reichheld, F. F. (2003),
    "The One Number You Need to Grow", Harvard Business Review, December. The interval is that of
    `net_sentiment_interval`: it too is a difference of two shares.
    """
    fans, _, critics = promoters(ratings)
    value = net_sentiment(fans, critics, len(ratings))
    interval = net_sentiment_interval(fans, critics, len(ratings))
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
    2013. The interval is that of Student's t with one answer added at either end of the scale, as
    Agresti and Coull (1998, The American Statistician 52, 119-126) add successes and failures to a
    share: alike answers of few people do not make it certain.
    """
    if not ratings:
        return None
    answers = [1 + (_EFFORT_SCALE - 1) * rating for rating in ratings]
    widened = [*answers, 1.0, float(_EFFORT_SCALE)]
    half = student_t_975(len(widened) - 1) * stdev(widened) / math.sqrt(len(widened))
    low, high = max(1.0, fmean(widened) - half), min(float(_EFFORT_SCALE), fmean(widened) + half)
    return Figure(value=fmean(answers), low=low, high=high, n=len(answers), digits=1)


def promoters(ratings: Sequence[float]) -> tuple[int, int, int]:
    """Return how many are promoters (9 and 10 of 10), passives (7 and 8) and detractors (0 to 6)."""
    fans = sum(rating >= _PROMOTER - _ROUNDING for rating in ratings)
    critics = sum(rating <= _DETRACTOR + _ROUNDING for rating in ratings)
    return fans, len(ratings) - fans - critics, critics


def ratings_of(rows: Sequence[SurveyRow], instrument: str) -> list[float]:
    """Return the answers to one question, 0 to 1.

    NPS answers are tenths of a scale that ends at 10; on another scale there are no
    promoters. The others are where on their own scale they lie.
    """
    asked = [row for row in rows if row.instrument == instrument]
    if instrument == "nps":
        return [row.answer / _TEN for row in asked if row.high == _TEN and row.low in {0.0, 1.0}]
    return [(row.answer - row.low) / (row.high - row.low) for row in asked]


def figure_of(instrument: str, ratings: Sequence[float]) -> Figure | None:
    """Return the measure of a survey's question; None without answers."""
    measures = {"nps": net_promoter, "csat": customer_satisfaction, "ces": customer_effort}
    return measures[instrument](ratings)
