"""Draw one episode of an alert: what was observed against what is usual."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Unpack

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from listener.clock import load_zone
from reports.charts.alt import coverage_words
from reports.charts.axes import count_axis, gap_key, reading, shade_gaps, share_axis, time_axis
from reports.charts.canvas import canvas
from reports.charts.measures import measure_of
from reports.hostile import excerpt
from reports.wording import span_words, time_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from matplotlib.axes import Axes

    from listener.search.records import EpisodeRow, Trend, TrendBucket
    from reports.charts.measures import Measure
    from reports.charts.style import Chart, Look, Palette

__all__ = ["Expectation", "draw_episode"]

_LEFT: Final = 52
_RIGHT: Final = 18
_WIDE: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Hold what is usual for the bucket that begins at `start`: the figure and its band."""

    start: datetime
    expected: float
    low: float
    high: float


def draw_episode(
    episode: EpisodeRow,
    trend: Trend,
    *,
    kind: str | None = None,
    usual: Sequence[Expectation] = (),
    **look: Unpack[Look],
) -> Chart:
    """Draw what the alert measured, the usual range of it, and where the episode opened and ended.

    `kind` is the kind of the alert's rule, taken from its name where not given.
    `usual` gives the range bucket by bucket; where it is empty the range of the
    episode itself is drawn from its opening on. Where the trend does not hold what
    was measured (one loud author, matching words) the mentions are drawn, without a range.
    """
    buckets = trend.of(episode.brand)
    zone = load_zone(trend.time_zone)
    measure = measure_of(episode, kind)
    values = measure.series(buckets, trend.by)
    title = f"{episode.brand}: {measure.named(trend.by)}"
    band = _band(episode, buckets, usual) if measure.comparable else []
    with canvas(look) as picture:
        colours = picture.colours
        pixels = picture.width - _LEFT - _RIGHT
        picture.head(title, [span_words(trend.since, trend.until, zone), trend.time_zone])
        picture.key(
            [
                (Patch(facecolor=colours.line), "observed"),
                (Patch(facecolor=colours.negative), "during the episode"),
                *([(Patch(facecolor=(colours.positive, 0.25)), "usual range")] if band else []),
                *gap_key(buckets, colours, pending=False),
            ]
        )
        axes = picture.panel(left=_LEFT, top=picture.top + 10, right=_RIGHT, bottom=26)
        _draw_band(axes, band, colours)
        _draw_observed(axes, episode, buckets, values, colours)
        highest = [value for value in (*values, *(high for _, _, high in band)) if not math.isnan(value)]
        if measure.is_share:
            share_axis(axes, colours)
        else:
            count_axis(axes, max(highest, default=0.0), colours)
        shade_gaps([axes], buckets, colours, pixels)
        time_axis(axes, [bucket.start for bucket in buckets], trend.by, zone, pixels, colours=colours)
        _mark(axes, episode, buckets, colours)
        return picture.finish(
            kind="episode",
            brands=(episode.brand,),
            title=title,
            alt=_alt(episode, trend, measure, values),
            since=trend.since,
            until=trend.until,
            coverage=episode.coverage,
        )


def _is_during(episode: EpisodeRow, bucket: TrendBucket) -> bool:
    ended = episode.resolved_at
    return bucket.end > episode.opened_at and (ended is None or bucket.start < ended)


def _band(
    episode: EpisodeRow, buckets: Sequence[TrendBucket], usual: Sequence[Expectation]
) -> list[tuple[float, float, float]]:
    """Return (expected, low, high) a bucket, NaN where nothing is said of it."""
    nothing = (math.nan, math.nan, math.nan)
    if usual:
        known = {one.start: (one.expected, one.low, one.high) for one in usual}
        return [known.get(bucket.start, nothing) for bucket in buckets]
    own = (episode.expected, *episode.interval)
    return [own if _is_during(episode, bucket) else nothing for bucket in buckets]


def _draw_band(axes: Axes, band: Sequence[tuple[float, float, float]], colours: Palette) -> None:
    """Draw the band as steps, so that a band of one bucket shows as well."""
    edges, expected, low, high = [], [], [], []
    for index, (middle, bottom, top) in enumerate(band):
        edges += [index - _WIDE, index + _WIDE]
        expected += [middle] * 2
        low += [bottom] * 2
        high += [top] * 2
    axes.fill_between(edges, low, high, facecolor=(colours.positive, 0.25), linewidth=0, zorder=1.5)
    axes.plot(edges, expected, color=colours.positive, linewidth=1.1, linestyle=(0, (4, 2)), zorder=1.8)


def _draw_observed(
    axes: Axes, episode: EpisodeRow, buckets: Sequence[TrendBucket], values: Sequence[float], colours: Palette
) -> None:
    places = list(range(len(buckets)))
    firm = [
        value if reading(bucket) == "read" and not bucket.partial else math.nan
        for value, bucket in zip(values, buckets, strict=True)
    ]
    during = [value if _is_during(episode, bucket) else math.nan for value, bucket in zip(values, buckets, strict=True)]
    axes.plot(places, values, color=colours.line, linewidth=1.2, alpha=0.45, zorder=2)
    axes.plot(places, firm, color=colours.line, linewidth=1.6, zorder=3)
    axes.plot(places, during, "o", color=colours.negative, markersize=4.5, zorder=4)


def _mark(axes: Axes, episode: EpisodeRow, buckets: Sequence[TrendBucket], colours: Palette) -> None:
    """Draw an upright line, with its word, where the episode opened and where it ended."""
    for moment, word, height in ((episode.opened_at, "opened", 0.99), (episode.resolved_at, "over", 0.93)):
        place = next((i for i, b in enumerate(buckets) if moment and b.start <= moment < b.end), None)
        if place is None:
            continue
        axes.add_line(
            Line2D([place, place], [0, 1], transform=axes.get_xaxis_transform(), color=colours.quiet, linewidth=0.9)
        )
        near_end = place > 0.85 * len(buckets)
        axes.annotate(
            word,
            (place, height),
            xycoords=axes.get_xaxis_transform(),
            xytext=(-4 if near_end else 4, 0),
            textcoords="offset points",
            ha="right" if near_end else "left",
            va="top",
            size=8,
            color=colours.quiet,
        )


def _alt(episode: EpisodeRow, trend: Trend, measure: Measure, values: Sequence[float]) -> str:
    zone = load_zone(trend.time_zone)
    low, high = episode.interval
    known = [value for value in values if not math.isnan(value)]
    ending = "still open" if episode.resolved_at is None else f"over since {time_words(episode.resolved_at, zone)}"
    sentences = [
        f"{excerpt(episode.brand, 80)}: {excerpt(episode.headline, 200).rstrip('.')}.",
        f"Opened {time_words(episode.opened_at, zone)}, {ending}.",
    ]
    if measure.comparable:
        usual = f"expected {measure.write(episode.expected)} (usually {measure.write(low)} to {measure.write(high)})"
        sentences.append(f"Observed {measure.write(episode.observed)}, {usual}.")
    if known:
        sentences.append(f"Highest {measure.named(trend.by)} shown: {measure.write(max(known))}.")
    return " ".join([*sentences, *coverage_words(trend.of(episode.brand), trend.by)])
