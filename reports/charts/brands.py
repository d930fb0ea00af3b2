"""Draw one figure of several brands side by side over time, each line named at its end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, Unpack

from listener.clock import load_zone
from listener.errors import UsageError, suggest
from listener.intervals import SMALL_N, WHOLE, net_sentiment_interval
from listener.search.records import METRICS
from reports.charts.alt import begun, unfinished_words
from reports.charts.axes import count_axis, mark_upright, reading, round_values, time_axis
from reports.charts.canvas import canvas
from reports.charts.glyphs import drawable, fonts_for
from reports.hostile import excerpt
from reports.wording import MINUS, count, coverage_percent, interval_words, join_words, number, signed, span_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from listener.search.records import Trend, TrendBucket
    from reports.charts.canvas import Canvas
    from reports.charts.style import Chart, Look

__all__ = ["draw_brands"]

_LEFT: Final = 58
_NAME_ROOM: Final = 132
_BESIDE: Final = 8
_EDGE: Final = 6
"""Pixels between a name and its line, and between a name and the edge of the picture."""

_DOTS: Final = 70
_NAME_HEIGHT: Final = 15.0
_LONGEST_NAME: Final = 16
_DASHES: Final = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (7, 2, 1.5, 2)))
_METRIC_WORDS: Final = {
    "mentions": "mentions",
    "stories": "stories",
    "mean_score": "mean score",
    "net_sentiment": "net sentiment",
    "engagement": "engagement",
    "reach": "reach",
}
_AVERAGES: Final = frozenset({"mean_score", "net_sentiment"})


def draw_brands(trend: Trend, *, metric: str = "mentions", **look: Unpack[Look]) -> Chart:
    """Draw one figure of every brand of the trend as a line, named at its right end.

    `metric` is one of METRICS. A line breaks where nothing was read and is faded
    where a bucket was only partly read, is not over, or an average has few scored mentions.
    Raises UsageError for another metric.
    """
    if metric not in METRICS:
        msg = f'"{metric}" is not a figure of a trend; {suggest(metric, METRICS)}'
        raise UsageError(msg)
    named = join_words([excerpt(brand, 40) for brand in trend.brands])
    title = f"{_METRIC_WORDS[metric].capitalize()} by {trend.by}: {named}"
    zone = load_zone(trend.time_zone)
    with canvas(look) as picture:
        picture.head(title, [span_words(trend.since, trend.until, zone), trend.time_zone, *_note(trend)])
        axes = picture.panel(left=_LEFT, top=picture.top + 4, right=_NAME_ROOM, bottom=26)
        series = [[_value(bucket, metric) for bucket in trend.of(brand)] for brand in trend.brands]
        for position, brand in enumerate(trend.brands):
            _line(axes, trend.of(brand), series[position], position, picture, firm_averages=metric in _AVERAGES)
        _scale(axes, series, metric, picture)
        starts = [bucket.start for bucket in trend.of(trend.brands[0])] if trend.brands else []
        time_axis(axes, starts, trend.by, zone, picture.width - _LEFT - _NAME_ROOM, colours=picture.colours)
        _names(axes, trend.brands, series, picture)
        return picture.finish(
            kind="brands",
            brands=trend.brands,
            title=title,
            alt=_alt(trend, metric),
            since=trend.since,
            until=trend.until,
        )


def _value(bucket: TrendBucket, metric: str) -> float:
    value: float | None = getattr(bucket, metric)
    return math.nan if value is None else float(value)


def _note(trend: Trend) -> list[str]:
    """Say how much was read, of the brand of which it was least, and what is drawn faint."""
    shares = [total.coverage for total in trend.totals]
    known = [share for share in shares if share is not None]
    note = ["how much was read is not known"] if len(known) < len(shares) else []
    if len(known) == len(shares) and known and min(known) < WHOLE:
        least = coverage_percent(min(known))
        of_several = f"{least} of a brand read" if least.startswith("under") else f"{least} or more read"
        note = [f"{least} read" if len(known) == 1 else of_several]
    incomplete = any(reading(bucket) == "partly" or bucket.partial for bucket in trend.buckets)
    return [*note, "faint where partly read or not over yet"] if incomplete else note


def _line(
    axes: Axes,
    buckets: Sequence[TrendBucket],
    values: Sequence[float],
    position: int,
    picture: Canvas,
    *,
    firm_averages: bool,
) -> None:
    def is_firm(bucket: TrendBucket) -> bool:
        whole = reading(bucket) == "read" and not bucket.partial
        return whole and (not firm_averages or bucket.scored >= SMALL_N)

    firm = [value if is_firm(bucket) else math.nan for value, bucket in zip(values, buckets, strict=True)]
    colour = picture.colours.series[position % len(picture.colours.series)]
    dash = _DASHES[position % len(_DASHES)]
    places = range(len(values))
    axes.plot(
        places,
        values,
        color=colour,
        linewidth=1.3,
        alpha=0.4,
        linestyle=dash,
        marker="o" if len(values) <= _DOTS else None,
        markersize=2,
    )
    marker = "o" if len(values) <= _DOTS else ""
    axes.plot(places, firm, color=colour, linewidth=1.9, linestyle=dash, marker=marker, markersize=3)


def _scale(axes: Axes, series: Sequence[Sequence[float]], metric: str, picture: Canvas) -> None:
    known = [value for values in series for value in values if not math.isnan(value)]
    if metric not in _AVERAGES:
        count_axis(axes, max(known, default=0), picture.colours)
        return
    limit = 1.12 * max([abs(value) for value in known], default=1.0) or 1.0
    axes.set_ylim(-limit, limit)
    axes.axhline(0, color=picture.colours.quiet, linewidth=0.8, zorder=1)
    write = signed if metric == "net_sentiment" else _two_places
    mark_upright(axes, [(value, write(value)) for value in round_values(axes, 6)], picture.colours)


def _two_places(value: float) -> str:
    return f"{value:+z.2f}".replace("-", MINUS)


def _names(axes: Axes, brands: Sequence[str], series: Sequence[Sequence[float]], picture: Canvas) -> None:
    """Write each name beside the end of its line; names that would touch are moved apart."""
    ends = []
    for position, values in enumerate(series):
        known = [value for value in values if not math.isnan(value)]
        if known:
            height = axes.transData.transform((0.0, known[-1]))[1]
            ends.append((float(height), position))
    floor = axes.bbox.y0
    placed: list[tuple[float, int]] = []
    for height, position in sorted(ends):
        floor = max(height, floor)
        placed.append((floor, position))
        floor += _NAME_HEIGHT
    overshoot = max(0.0, floor - axes.bbox.y1 - _NAME_HEIGHT)
    bold: dict[str, Any] = {"size": 8.5, "weight": "bold"}
    names = [drawable(excerpt(brands[position], _LONGEST_NAME)) for _, position in placed]
    fitting = picture.cut_to(names, _NAME_ROOM - _BESIDE - _EDGE, **bold)
    for (height, position), shown in zip(placed, fitting, strict=True):
        picture.figure.text(
            (picture.width - _NAME_ROOM + _BESIDE) / picture.width,
            (height - overshoot) / picture.height,
            shown,
            va="center",
            family=fonts_for(shown),
            **bold,
            color=picture.colours.series[position % len(picture.colours.series)],
        )


def _alt(trend: Trend, metric: str) -> str:
    zone = load_zone(trend.time_zone)
    words = _METRIC_WORDS[metric]
    sentences = [f"{words.capitalize()} by {trend.by}, {span_words(trend.since, trend.until, zone)}."]
    for total in trend.totals:
        value = _value(total, metric)
        if math.isnan(value):
            said = "not known"
        elif metric in _AVERAGES:
            said = _average(total, metric)
        else:
            said = number(value)
        sentences.append(f"{total.brand}: {', '.join([said, *_gaps(trend.of(total.brand), trend.by)])}.")
    return " ".join([*sentences, *unfinished_words(trend.of(trend.brands[0]) if trend.brands else (), trend.by)])


def _average(total: TrendBucket, metric: str) -> str:
    """Write an average with its 95 % interval, where there is one, and n."""
    if metric == "mean_score":
        shown, ends = f"{total.mean_score:+z.2f}", total.mean_score_interval
        spread = f"95 % interval {ends[0]:+z.2f} to {ends[1]:+z.2f}, " if ends else ""
        n = total.scored if total.averaged is None else total.averaged
        return f"{shown} ({spread}n {number(n)})".replace("-", MINUS)
    interval = net_sentiment_interval(total.positive or 0, total.negative or 0, total.scored)
    spread = f"95 % interval {interval_words(*interval)}, " if interval else ""
    return f"{signed(total.net or 0)} ({spread}n {number(total.scored)})"


def _gaps(buckets: Sequence[TrendBucket], step: str) -> list[str]:
    """Say of how many buckets nothing is known, and how many were not wholly read."""
    states = [reading(bucket) for bucket in begun(buckets)]
    missing = (
        ("not known", states.count("unknown")),
        ("not wholly read", states.count("unread") + states.count("partly")),
    )
    return [f"{count(n, step)} {said}" for said, n in missing if n]
