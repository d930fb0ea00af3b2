"""Draw bars of whole cells between a scale at the side and labels below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import plotext

from reports.terminal.lines import label_line, note_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "FEW",
    "FIRM",
    "LEAST_WIDTH",
    "UNKNOWN",
    "Drawing",
    "Layer",
    "Places",
    "panel_height",
    "panels_within",
    "place_bars",
    "rendered",
]

LEAST_WIDTH: Final = 20
"""Columns that every drawing takes for granted."""
FIRM: Final = "\N{FULL BLOCK}"
FEW: Final = "\N{LIGHT SHADE}"
"""The sign of a bar, and of one that rests on few."""
UNKNOWN: Final = "?"
"""What stands in place of a bar of which nothing is known."""
_BELOW: Final = 2
"""Lines that the axis below the bars and its labels take of the height of a drawing."""
_LEAST_STEP: Final = 2
"""Lines that a marked part of a scale takes, where there is any way: a coarser one hides what happened."""
_WIDEST_BAR: Final = 6
_LEAST_HEIGHT, _TALLEST = 8, 20
_GAP: Final = 14
"""Cells that a label below the bars takes with the space around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Hold bars drawn with one sign and colour: the height of each, by the cell that it stands in."""

    sign: str
    colour: str
    heights: Mapping[int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Hold what one drawing shows.

    Bars stand on zero, between `low` and `high`, a bar of zero on the line of zero alone; later layers cover earlier ones. `signs` stand on
    zero in place of a bar, by cell. `side` are the (height, words) that the scale names, `below` the (cell, words).
    Where `has_line` holds, zero is a line from end to end.
    """

    cells: int
    layers: Sequence[Layer]
    signs: Mapping[int, str]
    side: Sequence[tuple[float, str]]
    below: Sequence[tuple[int, str]]
    low: float
    high: float
    has_line: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Say where bars stand: each in as many cells as the others, all but its first `filled` ones left empty."""

    n: int
    each: int

    @property
    def filled(self) -> int:
        """Return how many cells of a bar are drawn; the last one parts it from its neighbour, where there is room."""
        return max(1, self.each - 1)

    @property
    def middles(self) -> list[int]:
        """Return the middle cell of each bar."""
        return [place * self.each + self.filled // 2 for place in range(self.n)]

    def spread(self, heights: Mapping[int, float]) -> dict[int, float]:
        """Return the height in each cell, given that of each bar."""
        return {place * self.each + cell: height for place, height in heights.items() for cell in range(self.filled)}

    def labelled(self, labels: Sequence[str]) -> list[tuple[int, str]]:
        """Return the labels that have room below the bars, with their cells."""
        every = max(1, math.ceil(_GAP / self.each))
        return list(zip(self.middles, labels, strict=True))[::every]


def place_bars(n: int, room: int) -> Places:
    """Return where `n` bars stand in `room` cells."""
    return Places(n=n, each=max(1, min(_WIDEST_BAR, room // n)))


def panel_height(height: int, n: int) -> int:
    """Return the lines of each of `n` drawings below one another in a terminal of `height`, words around them left out."""
    return max(_LEAST_HEIGHT, min(_TALLEST, (height - 3) // n - 3))


def panels_within(height: int, n: int, steps: int, draw: Callable[[int], list[str]], *, width: int) -> list[str]:
    """Return the lines of `n` panels that `draw` makes of the height of each, fewer than the terminal's where they can be.

    All of `steps` equal parts of the scale end on a line of their own: one below the other
    where else there are too many lines. Where even so there are, the last line says what shows all.
    """
    room = panel_height(height, n) - _BELOW - 1
    lines = draw(max(_LEAST_STEP, room // steps) * steps + 1 + _BELOW)
    if len(lines) < height:  # one line is for what is typed next
        return lines
    coarse = draw(steps + 1 + _BELOW)
    if len(coarse) < height:
        finer = "a taller terminal or fewer brands show finer steps" if n > 1 else "a taller terminal shows finer steps"
        return [*coarse, *note_lines([finer], width)][: height - 1]
    more = "fewer brands" if n > 1 else "a longer step (--by)"
    return [*lines, *note_lines([f"{len(lines) + 1} lines, of which this terminal shows {height}: {more} fit"], width)]


def rendered(drawing: Drawing, *, height: int, colour: bool) -> list[str]:
    """Return the lines of a drawing: `height` of them, the last two below the bars."""
    room = max(len(words) for _, words in drawing.side)
    plotext.clear_figure()
    plotext.limit_size(width=False, height=False)
    plotext.theme("clear")
    plotext.frame(frame=False)
    plotext.xaxes(lower=True, upper=False)
    plotext.yaxes(left=True, right=False)
    plotext.plotsize(drawing.cells + room + 1, height)
    # One unit a cell, and one bar a cell, so that rounding cannot make bars of unequal width.
    plotext.xlim(0, max(1, drawing.cells - 1))
    plotext.ylim(drawing.low, drawing.high)
    plotext.scatter([0], [drawing.high], marker=" ")  # where there is nothing else, no scale would be drawn
    if drawing.has_line:
        plotext.scatter(range(drawing.cells), [0.0] * drawing.cells, marker="\N{BOX DRAWINGS LIGHT HORIZONTAL}")
    for layer in drawing.layers:
        tall = {cell: height for cell, height in layer.heights.items() if height}
        if tall:
            plotext.bar(list(tall), list(tall.values()), marker=layer.sign, width=0.01, color=layer.colour)
        flat = [cell for cell in layer.heights if cell not in tall]
        if flat:  # a bar of no height is none to plotext; here it is a figure that is zero, on the line of zero
            plotext.scatter(flat, [0.0] * len(flat), marker=layer.sign, color=layer.colour)
    for sign in sorted(set(drawing.signs.values())):
        at = [cell for cell, one in drawing.signs.items() if one == sign]
        plotext.scatter(at, [0.0] * len(at), marker=sign)
    plotext.xticks([cell for cell, _ in drawing.below], [" "] * len(drawing.below))  # the words are set below
    plotext.yticks([value for value, _ in drawing.side], [words.rjust(room) for _, words in drawing.side])
    drawn = plotext.build()
    plotext.clear_figure()
    lines = [line.rstrip() for line in (drawn if colour else plotext.uncolorize(drawn)).splitlines()]
    labels = [(cell + room + 1, words) for cell, words in drawing.below]
    return [*lines[: height - 1], label_line(labels, drawing.cells + room + 1)]
