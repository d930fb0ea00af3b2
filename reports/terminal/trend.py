"""Draw a trend: the mentions of each brand in bands by sentiment, or one figure of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from listener.clock import load_zone
from reports.terminal.bars import LEAST_WIDTH, UNKNOWN, Drawing, Layer, panel_height, place_bars, rendered
from reports.terminal.lines import KEPT, bucket_label, mark_line, note_lines, title_lines
from reports.wording import MINUS, count, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from listener.search.records import Trend, TrendBucket

__all__ = ["draw_in_terminal"]

_BANDS: Final = (
    ("unscored", "\N{MIDDLE DOT}", "default"),
    ("positive", "\N{DARK SHADE}", "blue"),
    ("neutral", "\N{LIGHT SHADE}", "gray"),
    ("negative", "\N{FULL BLOCK}", "red"),
)
"""What a bar of mentions is made of, from its top down: name, sign, colour."""
_MEANS: Final = frozenset({"mean_score", "net_sentiment"})
_JOINED: Final = {"reach": "the highest of {}"}
"""What is said of buckets that share a bar, where that is not their sum or mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """Hold one drawing: bars (each a list of heights from the top band down), what stands below and its scale."""

    bars: Sequence[Sequence[float] | None]
    signs: Sequence[tuple[str, str]]
    labels: Sequence[str]
    low: float
    high: float
    is_whole: bool


def draw_in_terminal(
    trend: Trend,
    *,
    metric: str = "mentions",
    width: int = 80,
    height: int = 24,
    colour: bool,
    marks: Sequence[tuple[datetime, str]] = (),
) -> str:
    """Return a drawing of a trend, at most `width` cells wide, lines ended by a newline.

    One panel a brand, all on one scale. `metric` is a figure of a TrendBucket;
    mentions are drawn in bands by sentiment. A bucket of which nothing is known
    bears a question mark, where the bars have room; what does not fit side by
    side is joined and said to be; of reach, which does not add up, the highest is drawn.
    `height` is that of the whole terminal. `marks` are (when, sign) to be set above the
    bars, each over the bar that it ends in; where several fall on one bar, the first of
    these is shown.
    """
    width = max(width, LEAST_WIDTH)
    zone = load_zone(trend.time_zone)
    each = panel_height(height, len(trend.brands))
    joined = math.ceil(max(len(trend.of(brand)) for brand in trend.brands) / (width - _axis_room(trend, metric)))
    panels = [_panel(_join(trend.of(brand), joined), metric, trend.by, zone) for brand in trend.brands]
    low, high = min(panel.low for panel in panels), max(panel.high for panel in panels)
    lines: list[str] = []
    for brand, panel in zip(trend.brands, panels, strict=True):
        spread = f", {_JOINED.get(metric, '{} together').format(joined)}" if joined > 1 else ""
        what = f"{metric.replace('_', ' ')} by {trend.by}{spread}, {trend.time_zone}"
        lines += title_lines(brand, what, width)
        above = _marked(_join(trend.of(brand), joined), marks)
        lines += _drawn(panel, low, high, above, width=width, height=each, colour=colour)
        lines += _key(trend.of(brand), metric, trend.by, width)
    return "\n".join(lines) + "\n"


def _join(buckets: Sequence[TrendBucket], size: int) -> list[tuple[TrendBucket, ...]]:
    """Return the buckets in groups of `size`."""
    return [tuple(buckets[start : start + size]) for start in range(0, len(buckets), size)]


def _marked(groups: Sequence[Sequence[TrendBucket]], marks: Sequence[tuple[datetime, str]]) -> dict[int, str]:
    """Return the sign above each group in which a mark falls: after its start, or at its end."""
    found: dict[int, str] = {}
    for at, sign in marks:
        place = next((place for place, group in enumerate(groups) if group[0].start < at <= group[-1].end), None)
        if place is not None:
            found.setdefault(place, sign)
    return found


def _panel(groups: Sequence[tuple[TrendBucket, ...]], metric: str, by: str, zone: ZoneInfo) -> _Panel:
    """Return what is drawn of one brand."""
    bars = [_bands(group) if metric == "mentions" else _figure(group, metric) for group in groups]
    heights = [value for bar in bars if bar for value in bar]
    return _Panel(
        bars=bars,
        signs=[(sign, colour) for _, sign, colour in _BANDS] if metric == "mentions" else [("\N{FULL BLOCK}", "blue")],
        labels=[bucket_label(group[0].start, by, zone) for group in groups],
        low=min([0.0, *heights]),
        high=max([0.0, *heights]),
        is_whole=metric in {"mentions", "stories", "engagement", "reach"},
    )


def _bands(group: Sequence[TrendBucket]) -> list[float] | None:
    """Return the heights of the bands, each with those below it; None where nothing is known."""
    known = [bucket for bucket in group if bucket.mentions is not None]
    if not known:
        return None
    parts = [
        sum(bucket.unscored or 0 for bucket in known),
        sum(bucket.positive or 0 for bucket in known),
        sum((bucket.neutral or 0) + (bucket.no_evidence or 0) for bucket in known),
        sum(bucket.negative or 0 for bucket in known),
    ]
    return [float(sum(parts[place:])) for place in range(len(parts))]


def _figure(group: Sequence[TrendBucket], metric: str) -> list[float] | None:
    """Return the figure of a group as one bar, None where unknown: counts added up, means over all that was scored.

    Of reach the highest: an author may write in several buckets, so that they do not add up.
    """
    values = [float(value) for bucket in group if (value := getattr(bucket, metric)) is not None]
    if not values:
        return None
    if metric == "reach":
        return [max(values)]
    if metric not in _MEANS:
        return [sum(values)]
    weights = [max(1, _weight(bucket, metric)) for bucket in group if getattr(bucket, metric) is not None]
    return [sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)]


def _weight(bucket: TrendBucket, metric: str) -> int:
    """Return how many mentions a mean or a net sentiment is of."""
    return bucket.averaged if metric == "mean_score" and bucket.averaged is not None else bucket.scored


def _drawn(
    panel: _Panel, low: float, high: float, above: Mapping[int, str], *, width: int, height: int, colour: bool
) -> list[str]:
    """Return the lines of a panel: every bar as many cells wide as the others; signs `above` some of them."""
    if low == high:
        high = 1.0
    ticks = sorted({low, 0.0, high / 2 if not panel.is_whole or high > 1 else high, high})
    if panel.is_whole:
        ticks = sorted({float(round(tick)) for tick in ticks})
    side = [(tick, _tick(tick, is_whole=panel.is_whole)) for tick in ticks]
    room = max(len(words) for _, words in side) + 1
    places = place_bars(len(panel.bars), width - room)
    middles = places.middles
    layers = []
    for band, (sign, paint) in enumerate(panel.signs):
        tall = {place: bar[band] for place, bar in enumerate(panel.bars) if bar is not None and bar[band]}
        layers.append(Layer(sign=sign, colour=paint, heights=places.spread(tall)))
    drawing = Drawing(
        cells=places.n * places.each,
        layers=layers,
        signs={middle: UNKNOWN for middle, bar in zip(middles, panel.bars, strict=True) if bar is None},
        side=side,
        below=places.labelled(panel.labels),
        low=low,
        high=high,
    )
    signs = mark_line({middles[place]: sign for place, sign in above.items()}, room)
    return [*signs, *rendered(drawing, height=height, colour=colour)]


def _axis_room(trend: Trend, metric: str) -> int:
    """Return the cells that the figures at the side take at most."""
    values = [abs(getattr(bucket, metric) or 0) for bucket in trend.buckets]
    return len(_tick(-max(values, default=0), is_whole=True)) + 2


def _tick(value: float, *, is_whole: bool) -> str:
    """Write a figure at the side: whole numbers with thousands, others with two places below ten."""
    if is_whole or not value:
        return number(round(value)) if value >= 0 else MINUS + number(round(-value))
    digits = f"{abs(value):.2f}" if abs(value) < 10 else f"{abs(value):.0f}"  # noqa: PLR2004 - below ten, places count
    return f"{MINUS if value < 0 else ''}{digits}"


def _key(buckets: Sequence[TrendBucket], metric: str, by: str, width: int) -> list[str]:
    """Return the lines below a panel: what the signs mean, and what was not read."""
    notes = []
    if metric == "mentions":
        used = [(name, sign) for name, sign, _ in _BANDS if name != "unscored" or any(b.unscored for b in buckets)]
        notes.append("  ".join(f"{sign}{KEPT}{name}" for name, sign in reversed(used)))
    if unread := sum(getattr(bucket, metric) is None for bucket in buckets):
        notes.append(f"{UNKNOWN} nothing known: {count(unread, by)}")
    if partly := sum(b.coverage is not None and 0 < b.coverage < 1 and not b.partial for b in buckets):
        notes.append(f"partly read: {count(partly, by)}")
    if buckets and buckets[-1].partial:
        notes.append(f"the last {by} is not over")
    return note_lines(notes, width)
