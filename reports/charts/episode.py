"""Draw one episode of an alert: what was observed against what is usual."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Unpack

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from listener.clock import load_zone
from reports.charts.alt import coverage_words
from reports.charts.axes import count_axis, gap_key, reading, shade_gaps, time_axis
from reports.charts.canvas import canvas
from reports.hostile import excerpt
from reports.wording import count, number, span_words, time_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from matplotlib.axes import Axes

    from listener.search.records import EpisodeRow, Trend, TrendBucket
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
    episode: EpisodeRow, trend: Trend, *, usual: Sequence[Expectation] = (), **look: Unpack[Look]
) -> Chart:
    """Draw the mentions of the episode's brand a bucket, the usual band, and where it opened and ended.

    `usual` gives the band bucket by bucket; where it is empty the band of the
    episode itself is drawn from its opening on.
    """
    buckets = trend.of(episode.brand)
    zone = load_zone(trend.time_zone)
    title = f"{episode.brand}: mentions by {trend.by}, observed and usual"
    with canvas(look) as picture:
        colours = picture.colours
        picture.head(title, f"{span_words(trend.since, trend.until, zone)} \N{MIDDLE DOT} {episode.headline}")
        usual_key = [(Patch(facecolor=(colours.positive, 0.25)), "usual range")]
        observed_key = [(Patch(facecolor=colours.line), f"mentions by {trend.by}")]
        during_key = [(Patch(facecolor=colours.negative), "during the episode")]
        picture.key([*observed_key, *during_key, *usual_key, *gap_key(buckets, colours, pending=False)])
        axes = picture.panel(left=_LEFT, top=picture.top + 10, right=_RIGHT, bottom=26)
        band = _band(episode, buckets, usual)
        _draw_band(axes, band, colours)
        _draw_observed(axes, episode, buckets, colours)
        counts = [float(bucket.mentions or 0) for bucket in buckets]
        tops = [high for _, _, high in band if not math.isnan(high)]
        count_axis(axes, max([*counts, *tops], default=0.0), colours)
        shade_gaps([axes], buckets, colours, picture.width - _LEFT - _RIGHT)
        time_axis(axes, [bucket.start for bucket in buckets], trend.by, zone, picture.width - _LEFT - _RIGHT)
        _mark(axes, episode, buckets, colours)
        return picture.finish(
            kind="episode",
            brands=(episode.brand,),
            title=title,
            alt=_alt(episode, trend, buckets),
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


def _draw_observed(axes: Axes, episode: EpisodeRow, buckets: Sequence[TrendBucket], colours: Palette) -> None:
    places = list(range(len(buckets)))
    values = [math.nan if bucket.mentions is None else float(bucket.mentions) for bucket in buckets]
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


def _alt(episode: EpisodeRow, trend: Trend, buckets: Sequence[TrendBucket]) -> str:
    zone = load_zone(trend.time_zone)
    low, high = episode.interval
    known = [bucket.mentions for bucket in buckets if bucket.mentions is not None]
    most = f" The highest {trend.by} shown has {count(max(known), 'mention')}." if known else ""
    ending = "still open" if episode.resolved_at is None else f"over since {time_words(episode.resolved_at, zone)}"
    head = (
        f"{excerpt(episode.brand, 80)}: {excerpt(episode.headline, 200)} Opened {time_words(episode.opened_at, zone)}, "
        f"{ending}. Observed {number(episode.observed)}, expected {number(episode.expected)} "
        f"(usually {number(low)} to {number(high)}).{most}"
    )
    return " ".join([head, *coverage_words(buckets, trend.by)])
