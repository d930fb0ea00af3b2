"""Draw a measure of surveys over time with its interval, over the number of answers it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Unpack

from matplotlib.collections import LineCollection
from matplotlib.patches import Patch

from listener.clock import load_zone
from listener.intervals import SMALL_N
from reports.charts.alt import begun, bucket_words, coverage_words
from reports.charts.axes import count_axis, gap_key, mark_upright, shade_gaps, time_axis
from reports.charts.canvas import bars, canvas
from reports.scales import SCALES, figure_words
from reports.surveys import INSTRUMENTS
from reports.wording import count, coverage_percent, span_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from listener.search.records import Trend, TrendBucket
    from reports.charts.style import Chart, Look, Palette
    from reports.scales import Scale
    from reports.surveys import Figure

__all__ = ["draw_survey"]

_LEFT: Final = 52
_RIGHT: Final = 18
_DOTS: Final = 70
_BARS_WITH_GAPS: Final = 130


def draw_survey(
    trend: Trend,
    figures: Sequence[Figure | None],
    whole: Figure | None,
    *,
    brand: str,
    instrument: str,
    **look: Unpack[Look],
) -> Chart:
    """Draw a survey's measure a bucket with its 95 % interval, and below it how many answered.

    `instrument` is nps, csat or ces; the scale is always the whole one of the measure.
    `figures` are those of the trend's buckets of the `brand`, in their order, None
    where nobody answered; `whole` is that of all answers. Of fewer than `SMALL_N`
    answers it is faded. What was not read is shaded and named.
    """
    buckets = trend.of(brand)
    zone = load_zone(trend.time_zone)
    name = INSTRUMENTS[instrument]
    title = f"{brand}: {name} by {trend.by}"
    coverage = next((total.coverage for total in trend.totals if total.brand == brand), None)
    with canvas(look) as picture:
        colours = picture.colours
        read = [] if coverage is None else [f"{coverage_percent(coverage)} read"]
        facts = [span_words(trend.since, trend.until, zone), trend.time_zone, figure_words(whole, instrument), *read]
        picture.head(title, facts)
        measured = [
            (Patch(facecolor=colours.line), name),
            (Patch(facecolor=(colours.positive, 0.3)), "95 % interval"),
            (Patch(facecolor=colours.neutral), "answers"),
        ]
        picture.key([*(measured if whole else []), *gap_key(buckets, colours, pending=False)])
        pixels = picture.width - _LEFT - _RIGHT
        split = picture.top + 8 + (picture.height - picture.top - 40) * 0.68
        upper = picture.panel(left=_LEFT, top=picture.top + 10, right=_RIGHT, bottom=picture.height - split)
        lower = picture.panel(left=_LEFT, top=split + 14, right=_RIGHT, bottom=26)
        upper.spines["bottom"].set_visible(False)
        _draw_figures(upper, figures, SCALES[instrument], colours)
        _draw_answers(lower, figures, colours)
        shade_gaps([upper, lower], buckets, colours, pixels)
        time_axis(lower, [bucket.start for bucket in buckets], trend.by, zone, pixels, colours=colours)
        upper.set_xlim(lower.get_xlim())
        return picture.finish(
            kind=instrument,
            brands=(brand,),
            title=title,
            alt=_alt(title, trend, buckets, figures, whole, instrument=instrument),
            since=trend.since,
            until=trend.until,
            coverage=coverage,
        )


def _draw_figures(axes: Axes, figures: Sequence[Figure | None], scale: Scale, colours: Palette) -> None:
    nan = float("nan")
    margin = (scale.high - scale.low) * 0.04
    axes.set_ylim(scale.low - margin, scale.high + margin)
    mark_upright(axes, [(value, scale.write(value)) for value in scale.marks], colours)
    if scale.low < 0:
        axes.axhline(0, color=colours.quiet, linewidth=0.8, zorder=1)
    spans = [[(place, one.low), (place, one.high)] for place, one in enumerate(figures) if one is not None]
    wide = 5 if len(figures) <= _DOTS else 2
    drawn = LineCollection(spans, colors=[(colours.positive, 0.3)], linewidths=wide, capstyle="butt", zorder=1.5)
    axes.add_collection(drawn, autolim=False)
    places = range(len(figures))
    values = [nan if one is None else one.value for one in figures]
    firm = [one.value if one is not None and one.n >= SMALL_N else nan for one in figures]
    look: dict[str, Any] = {"color": colours.line, "marker": "o", "markersize": 3.5 if len(figures) <= _DOTS else 1.5}
    axes.plot(places, values, linewidth=1.1, alpha=0.35, zorder=2, markerfacecolor=colours.paper, **look)
    axes.plot(places, firm, linewidth=1.6, zorder=3, **look)


def _draw_answers(axes: Axes, figures: Sequence[Figure | None], colours: Palette) -> None:
    gap = 0.08 if len(figures) <= _BARS_WITH_GAPS else 0.0
    heights = [0.0 if one is None else float(one.n) for one in figures]
    spans = [(place - 0.5 + gap, place + 0.5 - gap) for place in range(len(figures))]
    bars(axes, spans, [0.0] * len(heights), heights, zorder=2, facecolor=colours.neutral, linewidth=0)
    count_axis(axes, max(heights, default=0.0), colours, most=2)


def _alt(
    title: str,
    trend: Trend,
    buckets: Sequence[TrendBucket],
    figures: Sequence[Figure | None],
    whole: Figure | None,
    *,
    instrument: str,
) -> str:
    zone = load_zone(trend.time_zone)
    head = f"{title}, {span_words(trend.since, trend.until, zone)}"
    known = [(bucket, one) for bucket, one in zip(buckets, figures, strict=True) if one is not None]
    if whole is None or not known:
        return " ".join([f"{head}: no answers.", *coverage_words(buckets, trend.by)])
    sentences = [f"{head}: {figure_words(whole, instrument)}."]
    if len(known) > 1:
        ends = (
            (word, choose(known, key=lambda pair: pair[1].value))
            for word, choose in (("Highest", max), ("Lowest", min))
        )
        sentences += [
            f"{word} {bucket_words(bucket, trend.by, zone)}: {figure_words(one, instrument)}."
            for word, (bucket, one) in ends
        ]
    if silent := len(begun(buckets)) - len(known):
        sentences.append(f"{count(silent, trend.by)} without answers.")
    return " ".join([*sentences, *coverage_words(buckets, trend.by)])
