"""Draw when people talk: mentions an hour by local weekday and hour of the day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Unpack

from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Patch

from listener.clock import load_zone
from listener.errors import UsageError
from reports.charts.axes import mark_level, mark_upright, reading
from reports.charts.canvas import canvas
from reports.wording import WEEKDAYS, count, span_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from matplotlib.axes import Axes

    from listener.search.records import Trend, TrendBucket
    from reports.charts.canvas import Canvas
    from reports.charts.style import Chart, Look

__all__ = ["draw_heat", "hourly_means"]

_LEFT: Final = 92
_RIGHT: Final = 18
_HOURS: Final = 24
_STEPS: Final = 4
_MOST_LABELLED: Final = 3


def hourly_means(buckets: Sequence[TrendBucket], zone: ZoneInfo) -> dict[tuple[int, int], tuple[float, int]]:
    """Return (mean mentions, number of hours read) by (weekday, local hour); Monday is 0.

    Only hours that were read and are over count, and where of some it is not known how
    much was read, those in which anything was found. What was never read is absent.
    """
    sums: dict[tuple[int, int], list[int]] = {}
    for bucket in buckets:
        if bucket.mentions is not None and reading(bucket) == "read" and not bucket.partial:
            local = bucket.start.astimezone(zone)
            sums.setdefault((local.weekday(), local.hour), []).append(bucket.mentions)
    return {cell: (sum(counts) / len(counts), len(counts)) for cell, counts in sums.items()}


def draw_heat(trend: Trend, *, brand: str, **look: Unpack[Look]) -> Chart:
    """Draw the mean number of mentions an hour for each weekday and local hour.

    Hours that were not wholly read are left out of the means; a cell that was
    never read is hatched. Raises UsageError for a trend that is not by hour.
    """
    if trend.by != "hour":
        msg = f"the heat map is made of hours, this trend is by {trend.by}; ask for it by hour"
        raise UsageError(msg)
    zone = load_zone(trend.time_zone)
    means = hourly_means(trend.of(brand), zone)
    highest = max((mean for mean, _ in means.values()), default=0.0)
    title = f"{brand}: mentions by weekday and hour"
    with canvas(look) as picture:
        hours = count(sum(n for _, n in means.values()), "hour")
        taken = f"mean of {hours} {_taken(trend, brand)}"
        picture.head(title, [span_words(trend.since, trend.until, zone), trend.time_zone, taken])
        ramp = LinearSegmentedColormap.from_list("volume", [picture.colours.heat[0], picture.colours.heat[1]])
        picture.key(_key(means, highest, ramp, picture, _missing(trend, brand)))
        axes = picture.panel(left=_LEFT, top=picture.top + 6, right=_RIGHT, bottom=28)
        axes.spines["bottom"].set_visible(False)
        _cells(axes, means, highest, ramp, picture)
        axes.set(xlim=(0, _HOURS), ylim=(len(WEEKDAYS), 0))
        named = [(hour + 0.5, f"{hour:02}:00") for hour in range(0, _HOURS, 3)]
        mark_level(axes, named, picture.colours, ticks=False)
        named = [(day + 0.5, name) for day, name in enumerate(WEEKDAYS)]
        mark_upright(axes, named, picture.colours, lines=False)
        return picture.finish(
            kind="hours",
            brands=(brand,),
            title=title,
            alt=_alt(means, title, trend, brand),
            since=trend.since,
            until=trend.until,
            coverage=next((total.coverage for total in trend.totals if total.brand == brand), None),
        )


def _is_open(trend: Trend, brand: str) -> bool:
    """Say whether hours stand in the means of which it is not known how much was read: those with anything in them."""
    return any(bucket.mentions is not None and bucket.coverage is None for bucket in trend.of(brand))


def _taken(trend: Trend, brand: str) -> str:
    return "in which any were found, the others are not known" if _is_open(trend, brand) else "read"


def _missing(trend: Trend, brand: str) -> str:
    return "not known" if _is_open(trend, brand) else "not read"


def _key(
    means: dict[tuple[int, int], tuple[float, int]],
    highest: float,
    ramp: LinearSegmentedColormap,
    picture: Canvas,
    missing: str,
) -> list[tuple[Patch, str]]:
    steps = range(_STEPS + 1) if highest else range(1)
    entries = [(Patch(facecolor=ramp(step / _STEPS)), _mean(highest * step / _STEPS)) for step in steps]
    if len(means) < _HOURS * len(WEEKDAYS):
        entries.append((Patch(**_never(picture)), missing))
    return entries


def _never(picture: Canvas) -> dict[str, Any]:
    shade = picture.colours.shade
    return {"facecolor": (shade, 0.15), "edgecolor": (shade, 0.6), "hatch": "....", "linewidth": 0}


def _cells(
    axes: Axes,
    means: dict[tuple[int, int], tuple[float, int]],
    highest: float,
    ramp: LinearSegmentedColormap,
    picture: Canvas,
) -> None:
    every = [(day, hour) for day in range(len(WEEKDAYS)) for hour in range(_HOURS)]
    known = [cell for cell in every if cell in means]
    colours = [ramp(means[cell][0] / highest if highest else 0.0) for cell in known]
    drawn: dict[str, Any] = {"facecolors": colours, "edgecolors": picture.colours.paper, "linewidth": 1}
    each = [_corners(day, hour, hour + 1) for day, hour in known]
    never = [_corners(*run) for run in _runs([cell for cell in every if cell not in means])]
    for shapes, look in ((each, drawn), (never, _never(picture))):
        axes.add_collection(PolyCollection(shapes, **look), autolim=False)


def _runs(cells: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Return (weekday, first hour, end) of the hours that lie side by side: hatching costs much a shape."""
    runs: list[tuple[int, int, int]] = []
    for day, hour in cells:
        if runs and runs[-1][0] == day and runs[-1][2] == hour:
            runs[-1] = (day, runs[-1][1], hour + 1)
        else:
            runs.append((day, hour, hour + 1))
    return runs


def _corners(day: int, start: int, end: int) -> list[tuple[float, float]]:
    return [(start, day), (end, day), (end, day + 1), (start, day + 1)]


def _mean(value: float) -> str:
    """Write a mean an hour: one decimal below ten, two digits that tell something below one."""
    if value >= 10 or value == 0:  # noqa: PLR2004 - as said
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def _alt(means: dict[tuple[int, int], tuple[float, int]], title: str, trend: Trend, brand: str) -> str:
    head = f"{title}, {span_words(trend.since, trend.until, load_zone(trend.time_zone))}"
    if not means:
        return f"{head}: nothing was read, so nothing is known."
    is_open = _is_open(trend, brand)
    seen = "found" if is_open else "read"
    ranked = sorted(means.items(), key=lambda entry: (-entry[1][0], entry[0]))
    busiest = [
        f"{WEEKDAYS[day]} {hour:02}:00 ({_mean(mean)} an hour, {count(n, 'hour')} {seen})"
        for (day, hour), (mean, n) in ranked[:_MOST_LABELLED]
        if mean
    ]
    peak = f"; busiest {', '.join(busiest)}" if busiest else ""
    never = _HOURS * len(WEEKDAYS) - len(means)
    unread = f" {count(never, 'hour')} of the week {'not known' if is_open else 'never read'}." if never else ""
    everything = sum(mean * n for mean, n in means.values()) / sum(n for _, n in means.values())
    among = " in which any were found" if is_open else ""
    return f"{head}: {_mean(everything)} an hour{among} on average{peak}.{unread}"
