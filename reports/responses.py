"""Say how fast people who wrote to a brand were answered, those still waiting included.

Leaving out who was never answered makes a brand look faster than it is. So the share
answered by a time is estimated with those still waiting as "not yet": Kaplan, E. L. and Meier, P.
(1958), Journal of the American Statistical Association 53, 457-481.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = [
    "Answer",
    "ResponseFigures",
    "answered_within",
    "answering_curve",
    "median_wait",
    "response_figures",
    "wait_quantile",
]

_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Hold when somebody asked and when the brand first answered; `answered_at` is None while it has not.

    `open_until` is up to when it is sure that it had not, None for the present.
    """

    asked_at: datetime
    answered_at: datetime | None
    open_until: datetime | None = None

    def wait(self, now: datetime) -> timedelta:
        """Return the time to the answer, or the time waited as far as is known."""
        return max(timedelta(), (self.answered_at or self.open_until or now) - self.asked_at)

    def was_watched_for(self, limit: timedelta, now: datetime) -> bool:
        """Say whether it is known if it was answered within `limit`."""
        seen_until = now if self.answered_at is not None or self.open_until is None else self.open_until
        return seen_until - self.asked_at >= limit


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFigures:
    """Say how those who said something of a brand were answered.

    `asked` counts those of whom it is known whether they were, `waiting` those of them who
    were not, `unknown` those of whom it is not known. `median` and `ninetieth` are the waits
    within which half and nine in ten are answered, None where fewer are. `in_time` of
    `judged` were answered within the target: who asked later than that ago is not judged.
    """

    asked: int
    waiting: int
    median: timedelta | None
    unknown: int = 0
    ninetieth: timedelta | None = None
    in_time: int = 0
    judged: int = 0

    @property
    def within_target(self) -> float | None:
        """Return the share of the judged that was answered in time; None where nobody is judged."""
        return self.in_time / self.judged if self.judged else None


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
    return wait_quantile(answers, 0.5, now)


def wait_quantile(answers: Sequence[Answer], share: float, now: datetime) -> timedelta | None:
    """Return the wait within which a share is answered, as far as is known; None where fewer ever were."""
    return next((wait for wait, answered in answering_curve(answers, now) if answered >= share - _ROUNDING), None)


def answered_within(answers: Sequence[Answer], limit: timedelta, now: datetime) -> tuple[int, int]:
    """Return (answered in time, all that could have been): who asked less than `limit` ago is left out of both."""
    judged = [answer for answer in answers if answer.was_watched_for(limit, now)]
    return sum(answer.answered_at is not None and answer.wait(now) <= limit for answer in judged), len(judged)


def response_figures(asked: Sequence[tuple[Answer, timedelta]], now: datetime, *, unknown: int = 0) -> ResponseFigures:
    """Sum up answers, each with the target it is measured by; `unknown` are those nothing is known of."""
    answers = [answer for answer, _ in asked]
    by_target: dict[timedelta, list[Answer]] = {}
    for answer, target in asked:
        by_target.setdefault(target, []).append(answer)
    counts = [answered_within(group, target, now) for target, group in by_target.items()]
    return ResponseFigures(
        asked=len(answers),
        waiting=sum(answer.answered_at is None for answer in answers),
        median=median_wait(answers, now),
        unknown=unknown,
        ninetieth=wait_quantile(answers, 0.9, now),
        in_time=sum(hits for hits, _ in counts),
        judged=sum(n for _, n in counts),
    )
