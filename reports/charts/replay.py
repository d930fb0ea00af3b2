"""Draw what rules would have raised: the mentions of a brand, and when an alert would have opened."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Unpack

from matplotlib.patches import Patch

from listener.clock import load_zone
from reports.charts.alt import replay_alt
from reports.charts.axes import PENDING_HATCH, count_axis, gap_key, mark_upright, shade_gaps, time_axis
from reports.charts.canvas import bars, canvas
from reports.wording import count, coverage_percent, span_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from matplotlib.axes import Axes

    from listener.search.records import Trend, TrendBucket
    from reports.charts.style import Chart, Look, Palette

__all__ = ["Opening", "draw_backtest"]

_LEFT: Final = 62
_RIGHT: Final = 18
_LANE: Final = 26
_BARS_WITH_GAPS: Final = 130
_LANES: Final = ("push", "digest")
_WORDS: Final = {"push": "at once", "digest": "digest"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Say when a rule would have opened an episode, and how it would have been told.

    `at` is the end of what made it open; `tier` is push or digest.
    """

    at: datetime
    rule: str
    tier: str


def draw_backtest(trend: Trend, openings: Sequence[Opening], *, brand: str, **look: Unpack[Look]) -> Chart:
    """Draw the mentions of one brand a bucket, and above them a mark for each bucket in which an alert would open.

    There is a lane of marks for each tier; a mark for several has their number. What
    lies outside of the trend is not drawn. What was not read is shaded and named.
    """
    buckets = trend.of(brand)
    zone = load_zone(trend.time_zone)
    title = f"{brand}: what the rules would have raised"
    shown = [opening for opening in openings if _place(opening, buckets) is not None]
    total = next((total for total in trend.totals if total.brand == brand), None)
    with canvas(look) as picture:
        colours = picture.colours
        pixels = picture.width - _LEFT - _RIGHT
        facts = [span_words(trend.since, trend.until, zone), trend.time_zone, f"mentions by {trend.by}"]
        if total is not None and total.mentions is not None:
            facts.append(count(total.mentions, "mention"))
        if total is not None and total.coverage is not None:
            facts.append(f"{coverage_percent(total.coverage)} read")
        picture.head(title, [*facts, count(len(shown), "alert")])
        picture.key(
            [
                (Patch(facecolor=colours.neutral), "mentions"),
                (Patch(facecolor=colours.negative), "opens with a message at once"),
                (Patch(facecolor=colours.positive), "opens for the digest"),
                *gap_key(buckets, colours),
            ]
        )
        top = picture.top + 8
        lanes = picture.panel(left=_LEFT, top=top, right=_RIGHT, bottom=picture.height - top - _LANE * len(_LANES))
        axes = picture.panel(left=_LEFT, top=top + _LANE * len(_LANES) + 6, right=_RIGHT, bottom=26)
        _draw_mentions(axes, buckets, colours)
        shade_gaps([axes], buckets, colours, pixels)
        time_axis(axes, [bucket.start for bucket in buckets], trend.by, zone, pixels, colours=colours)
        _draw_marks(lanes, axes, shown, buckets, colours)
        return picture.finish(
            kind="backtest",
            brands=(brand,),
            title=title,
            alt=replay_alt(trend, brand, [(one.at, one.rule, one.tier) for one in shown]),
            since=trend.since,
            until=trend.until,
            coverage=None if total is None else total.coverage,
        )


def _place(opening: Opening, buckets: Sequence[TrendBucket]) -> int | None:
    """Return the bucket that holds what made an episode open: its end belongs to what came before it."""
    return next((i for i, bucket in enumerate(buckets) if bucket.start < opening.at <= bucket.end), None)


def _draw_mentions(axes: Axes, buckets: Sequence[TrendBucket], colours: Palette) -> None:
    gap = 0.08 if len(buckets) <= _BARS_WITH_GAPS else 0.0
    spans = [(index - 0.5 + gap, index + 0.5 - gap) for index in range(len(buckets))]
    heights = [float(bucket.mentions or 0) for bucket in buckets]
    floor = [0.0] * len(buckets)
    bars(axes, spans, floor, heights, zorder=2, facecolor=colours.neutral, linewidth=0)
    pending = [height if bucket.partial else 0.0 for height, bucket in zip(heights, buckets, strict=True)]
    look = {"facecolor": "none", "edgecolor": colours.paper, "hatch": PENDING_HATCH, "linewidth": 0}
    bars(axes, spans, floor, pending, zorder=3, **look)
    count_axis(axes, max(heights, default=0.0), colours)


def _draw_marks(
    lanes: Axes, axes: Axes, openings: Sequence[Opening], buckets: Sequence[TrendBucket], colours: Palette
) -> None:
    """Draw a triangle a bucket and tier in its lane, and a fine line from it down to what was said."""
    lanes.set_xlim(axes.get_xlim())
    lanes.set_ylim(-0.5, len(_LANES) - 0.5)
    lanes.spines["bottom"].set_visible(False)
    named = [(place, _WORDS[tier]) for place, tier in enumerate(reversed(_LANES))]
    mark_upright(lanes, named, colours, lines=False, size=8)
    marks = Counter((opening.tier, _place(opening, buckets) or 0) for opening in openings)
    colour_of = {"push": colours.negative, "digest": colours.positive}
    for (tier, place), n in marks.items():
        level = len(_LANES) - 1 - _LANES.index(tier)
        lanes.plot([place], [level], "v", color=colour_of[tier], markersize=7, zorder=3)
        if tier == "push" or ("push", place) not in marks:
            faint = 0.8 if tier == "push" else 0.35
            axes.axvline(place, color=colour_of[tier], linewidth=0.8, linestyle=(0, (2, 2)), alpha=faint, zorder=1.5)
        if n > 1:
            lanes.annotate(
                str(n),
                (place, level),
                xytext=(0, 4),
                textcoords="offset points",
                ha="center",
                size=7,
                color=colours.ink,
            )
