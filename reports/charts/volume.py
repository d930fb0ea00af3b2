"""Draw how much was said of a brand, in which mood, and what was not read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Unpack

from matplotlib.patches import Patch

from listener.clock import load_zone
from listener.intervals import SMALL_N, net_sentiment_interval
from reports.charts.alt import volume_alt
from reports.charts.axes import PENDING_HATCH, count_axis, gap_key, mark_upright, shade_gaps, time_axis
from reports.charts.canvas import bars, canvas
from reports.wording import count, coverage_percent, signed, span_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from listener.search.records import Trend, TrendBucket
    from reports.charts.style import Chart, Look, Palette

__all__ = ["draw_volume", "mood_key", "stack"]

_LEFT: Final = 52
_RIGHT: Final = 18
_BARS_WITH_GAPS: Final = 130
_DOTS: Final = 70
_STEPS: Final = ((60, 50), (28, 25))
"""From which limit of net sentiment on its lines are how far apart, so that they never crowd."""


def draw_volume(trend: Trend, *, brand: str, **look: Unpack[Look]) -> Chart:
    """Draw the mentions of one brand a bucket, stacked by sentiment, over its net sentiment.

    Neutral includes texts without evidence; unscored stays apart. Net sentiment has
    its 95 % interval and is faded where fewer than `SMALL_N` were scored. What was
    not read is shaded and named, a bucket that is not over is hatched.
    """
    buckets = trend.of(brand)
    zone = load_zone(trend.time_zone)
    title = f"{brand}: mentions by {trend.by}"
    with canvas(look) as picture:
        colours = picture.colours
        picture.head(title, _facts(trend, buckets, brand))
        picture.key([*mood_key(buckets, colours), *gap_key(buckets, colours)])
        pixels = picture.width - _LEFT - _RIGHT
        split = picture.top + 8 + (picture.height - picture.top - 40) * 0.60
        upper = picture.panel(left=_LEFT, top=picture.top + 8, right=_RIGHT, bottom=picture.height - split)
        lower = picture.panel(left=_LEFT, top=split + 24, right=_RIGHT, bottom=26)
        stack(upper, buckets, colours)
        _net_panel(lower, buckets, colours)
        shade_gaps([upper, lower], buckets, colours, pixels)
        time_axis(lower, [bucket.start for bucket in buckets], trend.by, zone, pixels, colours=colours)
        upper.set_xlim(lower.get_xlim())
        picture.write("Net sentiment, with 95 % interval", x=_LEFT - 38, y=split + 6, size=8.5, color=colours.quiet)
        return picture.finish(
            kind="volume",
            brands=(brand,),
            title=title,
            alt=volume_alt(trend, brand),
            since=trend.since,
            until=trend.until,
            coverage=next((total.coverage for total in trend.totals if total.brand == brand), None),
        )


def _facts(trend: Trend, buckets: Sequence[TrendBucket], brand: str) -> list[str]:
    total = next((total for total in trend.totals if total.brand == brand), None)
    facts = [span_words(trend.since, trend.until, load_zone(trend.time_zone)), trend.time_zone]
    if not buckets or total is None or total.mentions is None:
        return [*facts, "nothing was read, so how much was said is not known"]
    read = "how much was read is not known" if total.coverage is None else f"{coverage_percent(total.coverage)} read"
    return [*facts, count(total.mentions, "mention"), f"{total.scored:,} scored", read]


def mood_key(buckets: Sequence[TrendBucket], colours: Palette) -> list[tuple[Patch, str]]:
    """Return the entries of the key for the bands that occur."""
    entries = [
        (Patch(facecolor=colours.positive), "positive"),
        (Patch(facecolor=colours.neutral), "neutral"),
        (Patch(facecolor=colours.negative), "negative"),
    ]
    if any(bucket.unscored for bucket in buckets):
        entries.append(
            (Patch(facecolor=colours.unscored, edgecolor=colours.quiet, linewidth=0.6), "unscored"),
        )
    return entries


def stack(axes: Axes, buckets: Sequence[TrendBucket], colours: Palette) -> None:
    """Stack the bands of each bucket: negative lowest, where bands compare best."""
    gap = 0.08 if len(buckets) <= _BARS_WITH_GAPS else 0.0
    spans = [(index - 0.5 + gap, index + 0.5 - gap) for index in range(len(buckets))]
    lows = [0.0] * len(buckets)
    outline = {"edgecolor": colours.quiet, "linewidth": 0.5} if len(buckets) <= _DOTS else {"linewidth": 0}
    for band, look in (
        ([b.negative or 0 for b in buckets], {"facecolor": colours.negative, "linewidth": 0}),
        ([(b.neutral or 0) + (b.no_evidence or 0) for b in buckets], {"facecolor": colours.neutral, "linewidth": 0}),
        ([b.positive or 0 for b in buckets], {"facecolor": colours.positive, "linewidth": 0}),
        ([b.unscored or 0 for b in buckets], {"facecolor": colours.unscored, **outline}),
    ):
        highs = [low + height for low, height in zip(lows, band, strict=True)]
        bars(axes, spans, lows, highs, zorder=2, **look)
        lows = highs
    pending = [high if bucket.partial else 0.0 for bucket, high in zip(buckets, lows, strict=True)]
    bars(
        axes,
        spans,
        [0.0] * len(buckets),
        pending,
        zorder=3,
        facecolor="none",
        edgecolor=colours.paper,
        hatch=PENDING_HATCH,
        linewidth=0,
    )
    count_axis(axes, max(lows, default=0), colours)


def _is_known(values: Sequence[float], place: int) -> bool:
    return 0 <= place < len(values) and not math.isnan(values[place])


def _net_panel(axes: Axes, buckets: Sequence[TrendBucket], colours: Palette) -> None:
    nan = float("nan")
    net = [nan if b.net_sentiment is None else b.net_sentiment for b in buckets]
    scored = [b.scored for b in buckets]
    intervals = [
        net_sentiment_interval(b.positive or 0, b.negative or 0, n) for b, n in zip(buckets, scored, strict=True)
    ]
    places = list(range(len(buckets)))
    firm = [value if n >= SMALL_N else nan for value, n in zip(net, scored, strict=True)]
    low = [interval[0] if interval else nan for interval in intervals]
    high = [interval[1] if interval else nan for interval in intervals]
    axes.axhline(0, color=colours.quiet, linewidth=0.8, zorder=1)
    axes.fill_between(places, low, high, facecolor=(colours.shade, 0.28), linewidth=0, zorder=1.5)
    known = [place for place in places if _is_known(low, place)]
    alone = [place for place in known if not _is_known(low, place - 1) and not _is_known(low, place + 1)]
    axes.vlines(  # a band from nothing to nothing would not be seen
        alone, [low[place] for place in alone], [high[place] for place in alone], color=(colours.shade, 0.6), zorder=1.5
    )
    axes.plot(places, net, color=colours.line, linewidth=1.1, alpha=0.35, zorder=2)
    axes.plot(places, firm, color=colours.line, linewidth=1.6, zorder=3)
    if len(buckets) <= _DOTS:
        axes.plot(
            places, net, "o", color=colours.line, markersize=3, alpha=0.4, markerfacecolor=colours.paper, zorder=2
        )
        axes.plot(places, firm, "o", color=colours.line, markersize=3, zorder=4)
    reach = max([20.0, *(abs(value) for value in (*low, *high, *net) if value == value)])  # noqa: PLR0124 - NaN differs from itself
    limit = min(112.0, reach * 1.12)
    axes.set_ylim(-limit, limit)
    step = next((step for least, step in _STEPS if limit > least), 20)
    values = [value for value in range(-2 * step, 2 * step + 1, step) if abs(value) <= limit]
    mark_upright(axes, [(value, signed(value)) for value in values], colours)
