"""Turn "alerts a week" into thresholds, from a brand's own history where there is enough.

With a cool-down of a day a rule raises at most one alert a day, so that the
alerts a threshold would have raised are close to the days on which the
strongest reading reached it. The threshold is the reading that days reached as
often as the budget allows, recent days counting more: a baseline grows sharper
over its first weeks, so that older readings are weaker than those to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listener.alerts.options import AlertOptions, RuleOptions

__all__ = ["HISTORY_DAYS", "SOLVED_FROM_DAYS", "Thresholds", "alerts_per_week", "solve"]

SOLVED_FROM_DAYS: Final = 14
"""Days of history from which on thresholds are solved from it."""

HISTORY_DAYS: Final = 56
"""Days of history that are looked at."""

_BUDGETS: Final = {"calm": 0.5, "balanced": 1.0, "keen": 3.0}
_CURVE: Final = ((0.12, 6.7), (0.25, 5.2), (0.4, 4.6), (0.7, 3.6), (1.0, 3.0), (3.0, 2.4), (10.0, 2.0))
"""(unlabelled alerts a series and week, threshold), measured on the hourly mentions of ten
companies in 2015 (Numenta Anomaly Benchmark, realTweets), the last two extended by hand."""
_SOLVED_KINDS: Final = {"spike": 1.0, "sentiment": 0.85, "silence": 1.2}
_FIXED: Final = {"words": 2.4, "reach": 1.0, "blind": 1.0}
_PUSH: Final = 1.5
_LOWEST, _HIGHEST = 0.6, 2.5  # how far history may move a threshold from its default
_ABOVE: Final = 1.1  # of the strongest reading, where the budget does not allow for a single day of the history
_HALF_LIFE: Final = 14.0  # days after which a day counts half
_MARGIN: Final = 0.8  # of the budget is aimed at, for it is a limit and the days to come are not those that were


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Hold the strengths from which an episode opens and from which it is pushed.

    `basis` is rule (written in the configuration), default or history; `reason`
    is one sentence that says where the numbers come from.
    """

    opens: float
    pushes: float
    basis: str
    reason: str


def alerts_per_week(options: AlertOptions) -> float:
    """Return the budget: the number itself, or what the sensitivity word stands for."""
    return options.alerts_per_week if options.alerts_per_week is not None else _BUDGETS[options.sensitivity]


def solve(rule: RuleOptions, options: AlertOptions, strengths: Sequence[float]) -> Thresholds:
    """Return the thresholds of a rule, given the strongest reading of each past day.

    `strengths` (n_days,), oldest first, at most `HISTORY_DAYS` are meant.
    """
    if rule.threshold is not None:
        reason = f"threshold {rule.threshold:g} as the rule says"
        return Thresholds(opens=rule.threshold, pushes=rule.threshold * _PUSH, basis="rule", reason=reason)
    if rule.kind in _FIXED:
        fixed = _FIXED[rule.kind]
        return Thresholds(opens=fixed, pushes=fixed * _PUSH, basis="default", reason="the rule's own limit")
    budget = alerts_per_week(options)
    usual = _interpolate(budget) * _SOLVED_KINDS[rule.kind]
    days = len(strengths)
    if days < SOLVED_FROM_DAYS:
        reason = (
            f"threshold {usual:.1f}, the default for {_alerts(budget)} a week; "
            f"{days} of {SOLVED_FROM_DAYS} days of history are in"
        )
        return Thresholds(opens=usual, pushes=usual * _PUSH, basis="default", reason=reason)
    exact = _reached_at_most(strengths, _MARGIN * budget / 7.0)
    opens = min(max(exact, usual * _LOWEST), usual * _HIGHEST)
    passed = sum(strength >= opens for strength in strengths)
    reason = (
        f"threshold {opens:.1f} for {_alerts(budget)} a week: in the last {days} days "
        f"{passed} {'day' if passed == 1 else 'days'} reached it"
    )
    return Thresholds(opens=opens, pushes=opens * _PUSH, basis="history", reason=reason)


def _reached_at_most(strengths: Sequence[float], share: float) -> float:
    """Return the reading that a share of days to come is expected to reach, by the days that were.

    Of n equal days to come after n, the one to come is above the k-th highest
    with probability k / (n + 1); days here weigh the less the older they are.
    """
    weights: list[float] = [0.5 ** (age / _HALF_LIFE) for age in range(len(strengths) - 1, -1, -1)]
    allowed = share * (sum(weights) + 1.0)
    ranked = sorted(zip(strengths, weights, strict=True), reverse=True)
    above, passed = ranked[0][0] * _ABOVE, 0.0
    for strength, weight in ranked:
        if passed + weight > allowed:
            return above - (above - strength) * (allowed - passed) / weight
        above, passed = strength, passed + weight
    return above


def _interpolate(budget: float) -> float:
    """Return the default threshold for a budget, linear in its logarithm, flat beyond the ends."""
    if budget <= _CURVE[0][0]:
        return _CURVE[0][1]
    for (low, high_threshold), (high, low_threshold) in pairwise(_CURVE):
        if budget <= high:
            share = log(budget / low) / log(high / low)
            return high_threshold + (low_threshold - high_threshold) * share
    return _CURVE[-1][1]


def _alerts(budget: float) -> str:
    return f"{budget:g} alert{'' if budget == 1.0 else 's'}"
