"""Draw a measure of surveys over time: a bar a bucket on the whole scale of the measure, fewer answers in a lighter sign."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from listener.intervals import SMALL_N
from reports.scales import SCALES, Scale, figure_words
from reports.surveys import INSTRUMENTS, figure_of
from reports.terminal.bars import FEW, FIRM, LEAST_WIDTH, UNKNOWN, Drawing, Layer, panels_within, place_bars, rendered
from reports.terminal.lines import KEPT, bucket_label, note_lines, title_lines
from reports.wording import count, number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from reports.surveys import Figure

__all__ = ["Rated", "Surveyed", "draw_surveys_in_terminal"]

_NOBODY: Final = "\N{MIDDLE DOT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """Hold the answers of one bucket, each 0 to 1; `coverage` and `partial` as in a trend."""

    start: datetime
    ratings: Sequence[float]
    coverage: float | None
    partial: bool = False

    @property
    def is_read(self) -> bool:
        """Say whether it is known that who answered is here, at least in part."""
        return bool(self.ratings) or bool(self.coverage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """Hold what people answered about one brand, by bucket in order of time; `left_out` answers are on another scale."""

    brand: str
    buckets: Sequence[Rated]
    left_out: int = 0


def draw_surveys_in_terminal(
    brands: Sequence[Surveyed],
    *,
    instrument: str,
    by: str,
    zone: ZoneInfo,
    width: int = 80,
    height: int = 24,
    colour: bool,
) -> str:
    """Return a drawing of ``nps``, ``csat`` or ``ces``, at most `width` cells wide, lines ended by a newline.

    One panel a brand, on the whole scale of the measure; below it the figure of the whole span with its
    interval. The buckets are those of one span, each `by` long. Those that do not fit side by side are
    joined, and the measure is that of all their answers. A bar of fewer than `SMALL_N` answers has a lighter sign;
    where nobody answered, and where nothing is known, stands a sign in place of a bar.
    `height` is that of the whole terminal, which the drawing fits, or says what would.
    """
    width = max(width, LEAST_WIDTH)
    scale = SCALES[instrument]
    room = max(len(scale.write(mark)) for mark in scale.marks) + 1
    joined = math.ceil(max(len(brand.buckets) for brand in brands) / (width - room))

    def draw(rows: int) -> list[str]:
        lines: list[str] = []
        for brand in brands:
            spread = f", {joined} together" if joined > 1 else ""
            lines += title_lines(brand.brand, f"{INSTRUMENTS[instrument]} by {by}{spread}, {zone.key}", width)
            groups = [brand.buckets[start : start + joined] for start in range(0, len(brand.buckets), joined)]
            figures = [_figure(group, instrument) for group in groups]
            labels = [bucket_label(group[0].start, by, zone) for group in groups]
            lines += rendered(_drawing(groups, figures, labels, scale, width - room), height=rows, colour=colour)
            lines += note_lines([f"whole span: {figure_words(_figure(brand.buckets, instrument), instrument)}"], width)
            lines += note_lines(_notes(brand, figures, by), width)
        return lines

    return "\n".join(panels_within(height, len(brands), len(scale.marks) - 1, draw, width=width)) + "\n"


def _figure(buckets: Sequence[Rated], instrument: str) -> Figure | None:
    """Return the measure over the answers of all buckets together; None where nobody answered."""
    return figure_of(instrument, [rating for bucket in buckets for rating in bucket.ratings])


def _drawing(
    groups: Sequence[Sequence[Rated]], figures: Sequence[Figure | None], labels: Sequence[str], scale: Scale, room: int
) -> Drawing:
    """Return what is drawn of one brand: bars from zero, or from the lowest value where that is above it."""
    foot = max(0.0, scale.low)
    places = place_bars(len(groups), room)
    firm = {place: one.value - foot for place, one in enumerate(figures) if one and one.n >= SMALL_N}
    few = {place: one.value - foot for place, one in enumerate(figures) if one and one.n < SMALL_N}
    signs = {
        middle: _NOBODY if any(bucket.is_read for bucket in group) else UNKNOWN
        for middle, group, one in zip(places.middles, groups, figures, strict=True)
        if one is None
    }
    return Drawing(
        cells=places.n * places.each,
        layers=[
            Layer(sign=FIRM, colour="blue", heights=places.spread(firm)),
            Layer(sign=FEW, colour="gray", heights=places.spread(few)),
        ],
        signs=signs,
        side=[(mark - foot, scale.write(mark)) for mark in scale.marks],
        below=places.labelled(labels),
        low=scale.low - foot,
        high=scale.high - foot,
        has_line=scale.low < 0,
    )


def _notes(brand: Surveyed, figures: Sequence[Figure | None], by: str) -> list[str]:
    """Say what the signs mean, and what was not read."""
    notes = []
    if any(one is not None and one.n < SMALL_N for one in figures):
        firm = any(one is not None and one.n >= SMALL_N for one in figures)
        many = f"{FIRM}{KEPT}{SMALL_N} answers or more  {FEW}{KEPT}fewer"
        notes.append(many if firm else f"{FEW} fewer than {SMALL_N} answers")
    silent = [bucket for bucket in brand.buckets if not bucket.ratings]
    if nobody := sum(bucket.is_read for bucket in silent):
        notes.append(f"{_NOBODY} nobody answered: {count(nobody, by)}")
    if unknown := len(silent) - nobody:
        unread = sum(bucket.coverage == 0 for bucket in silent)
        which = {0: "", unknown: ", not read"}.get(unread, f", {number(unread)} of them not read")
        notes.append(f"{UNKNOWN} nothing known: {count(unknown, by)}{which}")
    if partly := sum(one.coverage is not None and 0 < one.coverage < 1 and not one.partial for one in brand.buckets):
        notes.append(f"partly read: {count(partly, by)}")
    if brand.buckets[-1].partial:
        notes.append(f"the last {by} is not over")
    if brand.left_out:
        notes.append(f"left out, on another scale: {count(brand.left_out, 'answer')}")
    return notes
