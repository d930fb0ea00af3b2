"""Say from where to where the scale of a measure goes, which values are marked and how one is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reports.wording import MINUS, number, signed

if TYPE_CHECKING:
    from collections.abc import Callable

    from reports.surveys import Figure

__all__ = ["SCALES", "WAITS", "Scale", "figure_words"]

WAITS: Final = ((1, "1 min"), (10, "10 min"), (60, "1 h"), (360, "6 h"), (1_440, "1 day"), (10_080, "1 week"))
"""What a scale of waiting times names, each with its minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Hold the ends of a measure, the values that are marked (evenly spaced) and how one is written."""

    low: float
    high: float
    marks: tuple[float, ...]
    write: Callable[[float], str]


def _one_place(value: float) -> str:
    return f"{value:.1f}"


def _whole_percent(value: float) -> str:
    return f"{value:.0f} %"


SCALES: Final = {
    "nps": Scale(low=-100, high=100, marks=(-100, -50, 0, 50, 100), write=signed),
    "csat": Scale(low=0, high=100, marks=(0, 25, 50, 75, 100), write=_whole_percent),
    "ces": Scale(low=1, high=7, marks=(1, 3, 5, 7), write=_one_place),
}
"""The measures by what a survey calls its question; always the whole scale."""


def figure_words(figure: Figure | None, instrument: str) -> str:
    """Write a measure with its 95 % interval and n; "no answers" where there is none."""
    if figure is None:
        return "no answers"
    write = SCALES[instrument].write
    low, high = write(figure.low), write(figure.high)
    return f"{write(figure.value)} (95 % interval {low} to {high}, n {number(figure.n)})".replace("-", MINUS)
