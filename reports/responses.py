"""Say how fast people who wrote to a brand were answered, those still waiting included.

Leaving out who was never answered makes a brand look faster than it is. So the share
answered by a time is estimated with those still waiting as "not yet": Kaplan, E. L. and Meier, P.
(1958), Journal of the American Statistical Association 53, 457-481.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["Answer", "answered_within", "answering_curve", "median_wait"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Hold when somebody asked and when the brand first answered; `answered_at` is None while it has not."""

    asked_at: datetime
    answered_at: datetime | None

    def wait(self, now: datetime) -> timedelta:
        """Return the time to the answer, or the time waited until `now`."""
        return max(timedelta(), (self.answered_at or now) - self.asked_at)


def answering_curve(answers: Sequence[Answer], now: datetime) -> list[tuple[timedelta, float]]:
    """Return (wait, estimated share answered within it) at each wait that ended in an answer, in order."""
    waits = sorted((answer.wait(now), answer.answered_at is None) for answer in answers)
    at_risk = len(waits)
    waiting = 1.0
    curve = []
    for wait, group in groupby(waits, key=lambda one: one[0]):
        ended = [is_open for _, is_open in group]
        answered = ended.count(False)
        if answered:
            waiting *= 1 - answered / at_risk
            curve.append((wait, 1 - waiting))
        at_risk -= len(ended)
    return curve


def median_wait(answers: Sequence[Answer], now: datetime) -> timedelta | None:
    """Return the wait within which half are answered; None where fewer than half ever were."""
    return next((wait for wait, share in answering_curve(answers, now) if share >= 0.5), None)  # noqa: PLR2004 - a median


def answered_within(answers: Sequence[Answer], limit: timedelta, now: datetime) -> tuple[int, int]:
    """Return (answered in time, all that could have been): who asked less than `limit` ago is left out of both."""
    judged = [answer for answer in answers if now - answer.asked_at >= limit]
    return sum(answer.answered_at is not None and answer.wait(now) <= limit for answer in judged), len(judged)
