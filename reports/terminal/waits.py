"""Draw how long people wait for an answer: the share answered within a time, those still waiting counted in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.intervals import SMALL_N
from reports.responses import answering_curve, median_wait
from reports.scales import WAITS
from reports.terminal.bars import FEW, FIRM, LEAST_WIDTH, UNKNOWN, Drawing, Layer, panels_within, rendered
from reports.terminal.lines import note_lines, title_lines
from reports.wording import count, number, span_words, wait_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from reports.responses import Answer

__all__ = ["Asked", "draw_waits_in_terminal"]

_MINUTE: Final = timedelta(minutes=1)
_SHORTEST_SCALE: Final = 2_160.0
"""Minutes that the scale spans at least: a day and a half."""
_SHARES: Final = ((0.0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Hold what is known of the answers of one brand; of `unknown` more mentions nothing is."""

    brand: str
    answers: Sequence[Answer]
    unknown: int = 0


def draw_waits_in_terminal(
    brands: Sequence[Asked],
    *,
    now: datetime,
    since: datetime,
    until: datetime,
    zone: ZoneInfo,
    width: int = 80,
    height: int = 24,
    colour: bool,
) -> str:
    """Return a drawing of the share answered within a time, at most `width` cells wide, lines ended by a newline.

    One panel a brand, all on one scale of time, from a minute to a day and a half or what the longest wait is. An
    answer counts from the cell of its wait on; waits under a minute stand at the minute. Who was not answered
    by `now` is still waiting, not left out. Beyond the longest wait of a brand nothing is known, unless all
    were answered: a question mark says so. `height` is that of the whole terminal,
    which the drawing fits, or says what would.
    """
    width = max(width, LEAST_WIDTH)
    cells = width - max(len(words) for _, words in _SHARES) - 1
    longest = max([_SHORTEST_SCALE, *(one.wait(now) / _MINUTE for brand in brands for one in brand.answers)])

    def draw(rows: int) -> list[str]:
        lines: list[str] = []
        for brand in brands:
            if not brand.answers:
                lines += title_lines(brand.brand, _nothing_words(brand), width)
                continue
            head = f"share answered within a time, {span_words(since, until, zone)}, {zone.key}"
            lines += title_lines(brand.brand, head, width)
            shares = _shares(brand.answers, now, longest, cells)
            lines += rendered(_drawing(shares, len(brand.answers), longest, cells), height=rows, colour=colour)
            lines += note_lines(_notes(brand, shares, now), width)
        return lines

    return "\n".join(panels_within(height, len(brands), len(_SHARES) - 1, draw, width=width)) + "\n"


def _nothing_words(brand: Asked) -> str:
    if not brand.unknown:
        return "nothing to answer is known"
    return f"whether anybody answered is not known of {count(brand.unknown, 'mention')}"


def _cell(minutes: float, longest: float, cells: int) -> int:
    """Return the cell of a wait on a scale of logarithms from a minute to the longest."""
    return round(math.log(max(minutes, 1.0)) / math.log(longest) * (cells - 1))


def _shares(answers: Sequence[Answer], now: datetime, longest: float, cells: int) -> list[float | None]:
    """Return the share answered within the time of each cell; None where nobody waited as long."""
    curve = answering_curve(answers, now)
    reached = dict.fromkeys(range(cells), 0.0)
    for wait, share in curve:
        reached[_cell(wait / _MINUTE, longest, cells)] = share
    whole = curve[-1][1] if curve else 0.0
    known = cells if whole == 1 else _cell(max(one.wait(now) for one in answers) / _MINUTE, longest, cells) + 1
    shares: list[float | None] = []
    share = 0.0
    for cell in range(cells):
        share = max(share, reached[cell])
        shares.append(share if cell < known else None)
    return shares


def _drawing(shares: Sequence[float | None], n: int, longest: float, cells: int) -> Drawing:
    heights = {cell: share for cell, share in enumerate(shares) if share}
    unknown = [cell for cell, share in enumerate(shares) if share is None]
    few = n < SMALL_N
    return Drawing(
        cells=cells,
        layers=[Layer(sign=FEW if few else FIRM, colour="gray" if few else "blue", heights=heights)],
        signs={unknown[len(unknown) // 2]: UNKNOWN} if unknown else {},
        side=_SHARES,
        below=[(_cell(minutes, longest, cells), words) for minutes, words in WAITS if minutes <= longest],
        low=0.0,
        high=1.0,
    )


def _notes(brand: Asked, shares: Sequence[float | None], now: datetime) -> list[str]:
    """Say of how many people the drawing tells, and what its signs mean."""
    n = len(brand.answers)
    waiting = sum(answer.answered_at is None for answer in brand.answers)
    median = median_wait(brand.answers, now)
    half = f"half within {wait_words(median)}" if median is not None else "fewer than half answered"
    notes = [f"{count(n, 'mention')}; {number(waiting)} still waiting; {half}"]
    if n < SMALL_N:
        notes.append(f"{FEW} fewer than {SMALL_N} mentions")
    if None in shares:
        notes.append(f"{UNKNOWN} nothing known: nobody has waited for as long")
    if brand.unknown:
        notes.append(f"left out, not known whether answered: {count(brand.unknown, 'mention')}")
    return notes
