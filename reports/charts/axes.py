"""Put time on the axis and shade what was not read.

Buckets stand side by side at whole numbers, 0 to n - 1: a day of 23 hours is as
wide as any other, and nothing depends on how matplotlib understands dates.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.markers import TICKDOWN, MarkerStyle
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from listener.intervals import WHOLE
from reports.charts.glyphs import drawable
from reports.wording import number, short_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from matplotlib.axes import Axes

    from listener.search.records import TrendBucket
    from reports.charts.style import Palette

__all__ = [
    "PENDING_HATCH",
    "count_axis",
    "gap_key",
    "mark_level",
    "mark_upright",
    "reading",
    "round_values",
    "shade_gaps",
    "shade_unknown",
    "share_axis",
    "tick_labels",
    "time_axis",
]

PENDING_HATCH: Final = "////"
_UNREAD_HATCH: Final = "...."
_WORDS: Final = {"unread": "not read", "partly": "partly read", "unknown": "not known"}
_PIXELS_A_TICK: Final = 62
_LETTERS: Final = 8.5
_TICK: Final = 3.0
_AWAY: Final = 3.5
"""Size of a scale's letters, length of a tick and the distance between the two, in points."""

_LARGE: Final = ((10**12, " tn"), (10**9, " bn"), (10**6, " m"))
"""Trillions, billions and millions, as counts of them are written."""

_SHARES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_HOURS: Final = (1, 2, 3, 6, 12)
_DAYS: Final = (1, 2)


def reading(bucket: TrendBucket) -> str:
    """Say how far a bucket was read: ``read``, ``partly``, ``unread`` or ``unknown``.

    A bucket that is not over is judged by what could be read of it so far: it is
    only ``unread`` or ``unknown`` where nothing is there at all.
    """
    if bucket.mentions is None:
        return "unknown" if bucket.coverage is None else "unread"
    if bucket.coverage is None or bucket.partial or bucket.coverage >= WHOLE:
        return "read"
    return "partly" if bucket.coverage > 0 else "unread"


def shade_gaps(panels: Sequence[Axes], buckets: Sequence[TrendBucket], colours: Palette, pixels: float) -> None:
    """Shade every run of buckets that was not wholly read, and name it where its name fits.

    `panels` are shaded from first to last, the name stands in the first; `pixels` is their width.
    """
    for state, run in _runs([reading(bucket) for bucket in buckets]):
        if state == "read":
            continue
        left, right = run[0] - 0.5, run[-1] + 0.5
        for axes in panels:
            axes.axvspan(left, right, **_shade(state, colours))
        words = _WORDS[state]
        if (right - left) * pixels / max(len(buckets), 1) > 6.5 * len(words):
            _name(panels[0], (left + right) / 2, words, colours)


def shade_unknown(axes: Axes, left: float, right: float, colours: Palette) -> None:
    """Shade what nobody knows, between two places of a level axis whose limits are set, and name it where its name fits."""
    axes.axvspan(left, right, **_shade("unknown", colours))
    begin, end = (float(axes.transData.transform((place, 0))[0]) for place in (left, right))
    if end - begin > 6.5 * len(_WORDS["unknown"]):
        middle = float(axes.transData.inverted().transform(((begin + end) / 2, 0))[0])
        _name(axes, middle, _WORDS["unknown"], colours)


def _name(axes: Axes, at: float, words: str, colours: Palette) -> None:
    """Name what is shaded around a place."""
    axes.text(
        at,
        0.96,
        words,
        transform=axes.get_xaxis_transform(),
        ha="center",
        va="top",
        size=8,
        color=colours.quiet,
        style="italic",
    )


def _shade(state: str, colours: Palette) -> dict[str, Any]:
    strong = state != "partly"
    return {
        "facecolor": (colours.shade, 0.20 if strong else 0.24),
        "edgecolor": (colours.shade, 0.55) if strong else "none",
        "hatch": _UNREAD_HATCH if strong else None,
        "linewidth": 0,
        "zorder": 0.4,
    }


def gap_key(buckets: Sequence[TrendBucket], colours: Palette, *, pending: bool = True) -> list[tuple[Patch, str]]:
    """Return the entries of the key for what `shade_gaps` shades and, with `pending`, for a hatched bucket not over."""
    states = {reading(bucket) for bucket in buckets}
    entries = [(Patch(**_shade(state, colours)), words) for state, words in _WORDS.items() if state in states]
    if pending and any(bucket.partial for bucket in buckets):
        entries.append(
            (Patch(facecolor="none", edgecolor=colours.quiet, hatch=PENDING_HATCH, linewidth=0.5), "not over yet")
        )
    return entries


def _runs(states: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    for state, run in itertools.groupby(range(len(states)), key=lambda index: states[index]):
        yield state, list(run)


def count_axis(axes: Axes, highest: float, colours: Palette, *, most: int = 4) -> None:
    """Scale the upright axis for counts from 0, with about `most` lines at whole numbers.

    Counts of a million and more are written in millions or more, or they would run out of the picture.
    """
    axes.set_ylim(0, max(highest, 1) * 1.14)
    unit, name = next(((unit, name) for unit, name in _LARGE if highest >= unit), (1, ""))
    marks = [
        (value, f"{value / unit:,.6g}{name}" if value and name else number(value))
        for value in round_values(axes, most, whole=True)
    ]
    mark_upright(axes, marks, colours)
    axes.spines["bottom"].set_color(colours.quiet)


def share_axis(axes: Axes, colours: Palette) -> None:
    """Scale the upright axis for shares of 1, written in percent."""
    axes.set_ylim(0, 1.06)
    mark_upright(axes, [(share, f"{100 * share:.0f} %") for share in _SHARES], colours)
    axes.spines["bottom"].set_color(colours.quiet)


def round_values(axes: Axes, most: int, *, whole: bool = False) -> list[float]:
    """Return at most `most` + 1 round values within the limits of the upright axis, `whole` numbers where asked."""
    low, high = axes.get_ylim()
    values = MaxNLocator(nbins=most, integer=whole).tick_values(low, high)
    return [float(value) for value in values if low <= value <= high]


def mark_upright(
    axes: Axes, marks: Sequence[tuple[float, str]], colours: Palette, *, lines: bool = True, size: float = _LETTERS
) -> None:
    """Write a scale to the left of axes: (value, drawable words) pairs, with `lines` a fine line across at each."""
    if lines:
        across = [[(0.0, value), (1.0, value)] for value, _ in marks]
        drawn = LineCollection(
            across, colors=colours.grid, linewidths=0.8, zorder=0.5, transform=axes.get_yaxis_transform()
        )
        axes.add_collection(drawn, autolim=False)
    place, upright, level = axes.get_yaxis_text1_transform(_AWAY)
    for value, words in marks:
        axes.text(0, value, words, transform=place, va=upright, ha=level, size=size, color=colours.quiet)


def mark_level(
    axes: Axes, marks: Sequence[tuple[float, str]], colours: Palette, *, ticks: bool = True, size: float = _LETTERS
) -> None:
    """Write a scale below axes: (value, drawable words) pairs, with `ticks` a short line down at each."""
    length = _TICK if ticks else 0.0
    if ticks:
        ends = Line2D(
            [value for value, _ in marks],
            [0.0] * len(marks),
            linestyle="none",
            marker=MarkerStyle(TICKDOWN),
            markersize=_TICK,
            markeredgewidth=0.8,
            color=colours.quiet,
            transform=axes.get_xaxis_transform(),
            clip_on=False,
        )
        axes.add_artist(ends)
    place, upright, level = axes.get_xaxis_text1_transform(length + _AWAY)
    for value, words in marks:
        axes.text(value, 0, words, transform=place, va=upright, ha=level, size=size, color=colours.quiet)


def time_axis(
    axes: Axes, starts: Sequence[datetime], by: str, zone: ZoneInfo, pixels: float, *, colours: Palette
) -> None:
    """Scale the level axis for `starts` side by side and label as many as fit `pixels`."""
    axes.set_xlim(-0.5, max(len(starts), 1) - 0.5)
    ticks = tick_labels(starts, by, zone, max(2, int(pixels / _PIXELS_A_TICK)))
    mark_level(axes, [(index, drawable(label)) for index, label in ticks], colours)


def tick_labels(starts: Sequence[datetime], by: str, zone: ZoneInfo, most: int) -> list[tuple[int, str]]:
    """Return at most `most` (index, label) pairs at round local times.

    Hours are labelled at multiples of 1, 2, 3, 6 or 12, the first of a day by its
    date; days singly, every second, on Mondays or on firsts of months.
    """
    local = [start.astimezone(zone) for start in starts]
    for choice in _choices(by):
        picked = [index for index, moment in enumerate(local) if choice(moment)]
        if picked and len(picked) <= most:
            return [(index, _label(local[index], by)) for index in picked]
    step = -(-len(local) // most) if local else 1
    return [(index, _label(local[index], by)) for index in range(0, len(local), step)]


def _choices(by: str) -> Iterator[Callable[[datetime], bool]]:
    if by == "hour":
        for step in _HOURS:
            yield lambda moment, step=step: moment.hour % step == 0  # type: ignore[misc]  # mypy cannot infer a lambda's default
    if by in {"hour", "day"}:
        for step in _DAYS:
            yield lambda moment, step=step: moment.hour < 1 and moment.toordinal() % step == 0  # type: ignore[misc]  # as above
        yield lambda moment: moment.hour < 1 and moment.weekday() == 0
        yield lambda moment: moment.hour < 1 and moment.weekday() == 0 and moment.toordinal() // 7 % 2 == 0
    if by != "week":
        yield lambda moment: moment.hour < 1 and moment.day == 1
        yield lambda moment: moment.hour < 1 and moment.day == 1 and moment.month % 3 == 1
        yield lambda moment: moment.hour < 1 and moment.day == 1 and moment.month == 1


def _label(moment: datetime, by: str) -> str:
    if by == "hour" and moment.hour:
        return f"{moment:%H:%M}"
    if by == "month":
        month = short_day(moment).split()[1]
        return f"{month} {moment.year}" if moment.month == 1 else month
    return short_day(moment)
