"""Measure scorers against labels: accuracy, macro-F1, macro-recall, confusion, intervals.

Pure functions over labels as words (``negative``, ``neutral``, ``positive``).
An unscored text counts as neutral in the measures, since a reader of a report
sees no feeling either, and is counted apart.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CLASSES", "Judged", "Measures", "bootstrap_interval", "measure", "measure_by_group", "worst_errors"]

CLASSES: Final = ("negative", "neutral", "positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Hold one labelled text beside what a scorer said.

    `expected` is one of `CLASSES`, `given` too or ``unscored``. `score` is None
    where unscored. `evidence` counts what carried the score.
    """

    expected: str
    given: str
    language: str
    scorer: str
    score: float | None
    evidence: int
    text: str = ""

    @property
    def counted(self) -> str:
        """Return the class the measures take."""
        return self.given if self.given in CLASSES else "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Hold the quality of a scorer on one group of texts; shares are 0 to 1.

    `macro_f1` is the mean over the classes that occur or are given, `macro_recall`
    over those that occur, as scikit-learn has them. `covered` is the share of texts with evidence. `confusion` counts
    (expected, counted) pairs. `interval` is the 95 % bootstrap interval of
    macro-F1, None where it was not asked for.
    """

    n: int
    accuracy: float
    macro_f1: float
    macro_recall: float
    unscored: int
    covered: float
    confusion: dict[tuple[str, str], int]
    interval: tuple[float, float] | None = None


def measure(judged: Sequence[Judged], *, resamples: int = 0, seed: int = 0) -> Measures:
    """Return the measures of `judged`, with an interval where `resamples` is above 0.

    Raises ValueError where `judged` is empty.
    """
    if not judged:
        msg = "there is nothing to measure"
        raise ValueError(msg)
    pairs = [(one.expected, one.counted) for one in judged]
    confusion = Counter(pairs)
    return Measures(
        n=len(judged),
        accuracy=sum(confusion[name, name] for name in CLASSES) / len(judged),
        macro_f1=_macro_f1(confusion),
        macro_recall=_macro_recall(confusion),
        unscored=sum(one.given not in CLASSES for one in judged),
        covered=sum(one.evidence > 0 for one in judged) / len(judged),
        confusion=dict(confusion),
        interval=bootstrap_interval(pairs, resamples=resamples, seed=seed) if resamples else None,
    )


def measure_by_group(judged: Sequence[Judged], *, resamples: int = 0, seed: int = 0) -> dict[tuple[str, str], Measures]:
    """Return the measures by (language, scorer), in order of the names."""
    groups: dict[tuple[str, str], list[Judged]] = {}
    for one in judged:
        groups.setdefault((one.language, one.scorer), []).append(one)
    return {key: measure(groups[key], resamples=resamples, seed=seed) for key in sorted(groups)}


def bootstrap_interval(
    pairs: Sequence[tuple[str, str]], *, resamples: int = 1_000, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of macro-F1 over (expected, counted) pairs.

    The same seed gives the same interval (B. Efron, R. Tibshirani, "An
    Introduction to the Bootstrap", 1993, chapter 13).
    """
    draw = random.Random(seed)  # noqa: S311 - a resample, not a secret
    counts = Counter(pairs)
    kinds = sorted(counts)
    weights = [counts[kind] for kind in kinds]
    values = sorted(
        _macro_f1(Counter(draw.choices(kinds, weights=weights, k=len(pairs)))) for _ in range(max(1, resamples))
    )
    return values[int(0.025 * (len(values) - 1))], values[round(0.975 * (len(values) - 1))]


def worst_errors(judged: Sequence[Judged], limit: int = 20) -> list[Judged]:
    """Return the errors of opposite sign with the strongest scores, the worst first."""
    opposite = [one for one in judged if {one.expected, one.counted} == {"negative", "positive"}]
    return sorted(opposite, key=lambda one: -abs(one.score or 0.0))[:limit]


def _macro_f1(confusion: Counter[tuple[str, str]]) -> float:
    found = []
    for name in CLASSES:
        expected = sum(confusion[name, other] for other in CLASSES)
        given = sum(confusion[other, name] for other in CLASSES)
        if expected + given:
            found.append(2 * confusion[name, name] / (expected + given))
    return sum(found) / len(found)


def _macro_recall(confusion: Counter[tuple[str, str]]) -> float:
    recalls = []
    for name in CLASSES:
        expected = sum(confusion[name, other] for other in CLASSES)
        if expected:
            recalls.append(confusion[name, name] / expected)
    return sum(recalls) / len(recalls) if recalls else 0.0
