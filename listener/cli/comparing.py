"""Answer `compare`: two brands side by side."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import (
    BRAND,
    App,
    config_option,
    database_option,
    examples,
    format_option,
    now_option,
    pass_app,
)
from listener.cli.notes import tell_never_matched
from listener.cli.output import UNKNOWN, Column, coverage_text, emit_json, emit_rows, rounded, terminal_width
from listener.cli.width import neutralise, wrap

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from listener.comparing import Comparison, Side
    from listener.intervals import Estimate

__all__ = ["compare", "comparison_json"]

_A_TENTH: Final = 0.1
_FIGURES: Final = (
    ("mentions", "mentions"),
    ("stories", "stories"),
    ("share", "share of voice %"),
    ("net", "net sentiment"),
    ("interval", "95 % interval"),
    ("scored", "scored"),
    ("positive", "positive"),
    ("negative", "negative"),
    ("coverage", "read"),
)
_ALL: Final = 100.0


@click.command(
    epilog=examples("listener compare Acme Globex --since 30d", "listener compare Acme Globex --format json")
)
@click.argument("first", type=BRAND, metavar="BRAND")
@click.argument("second", type=BRAND, metavar="BRAND")
@click.option("--since", default="30d", show_default=True, metavar="WHEN", help="From when: 30d, a date, today.")
@click.option("--until", default=None, metavar="WHEN", help="Up to when (not included); default: now.")
@config_option
@database_option
@format_option()
@now_option
@pass_app
def compare(app: App, first: str, second: str, since: str, until: str | None) -> None:
    """Compare two brands: volume, share of voice, net sentiment, and themes of one alone.

    A difference is called real where its 95 % interval leaves out no difference:
    for volume the ratio of two Poisson rates of stories, for net sentiment a
    two-sample z. Where the two are not listened for alike, stderr says so.
    Days begin at midnight; a span in hours (--since 6h), or an instant, is kept to the
    quarter of an hour.
    """
    from listener import wiring
    from listener.cli.trending import read_whole_span
    from listener.comparing import compare_brands
    from listener.errors import UsageError
    from listener.reporting import Desk
    from listener.search import Reader

    one, other = app.config.brand(first), app.config.brand(second)
    if one.name == other.name:
        msg = f"{one.name} cannot be compared with itself; name another brand"
        raise UsageError(msg)
    span = read_whole_span(app, since, until)
    with Reader(app.database_path) as reader:
        desk = Desk(config=app.config, reader=reader, listening=wiring.listening(app.config), now=app.now)
        found = compare_brands(desk, one, other, span)
        tell_never_matched(reader, [side.brand for side in found.sides if not side.mentions])
    if app.format == "json":
        emit_json(comparison_json(found, app.zone))
    else:
        _emit_figures(found, app.format)
    if app.format == "table":
        room = terminal_width(sys.stdout)
        said = _sentences(found)
        lines = said if room is None else [line for one in said for line in wrap(neutralise(one), room)]
        click.echo("\n".join(["", *lines]))
    for warning in found.warnings:
        click.echo(f"note: {warning}", err=True)


def comparison_json(found: Comparison, zone: ZoneInfo) -> dict[str, object]:
    """Return a comparison in the shape that scripts read; an end without bound is null."""
    from listener.comparing import NET_TEST, VOLUME_TEST

    return {
        "since": found.since.astimezone(zone).isoformat(),
        "until": found.until.astimezone(zone).isoformat(),
        "brands": [_side_json(side) for side in found.sides],
        "volume_ratio": _estimate_json(found.volume, 1.0, VOLUME_TEST),
        "net_sentiment_difference": _estimate_json(found.net, 0.0, NET_TEST),
        "warnings": list(found.warnings),
    }


def _side_json(side: Side) -> dict[str, object]:
    from listener.cli.theming import theme_json

    return {**_figures(side), "brand": side.brand, "only": [theme_json(theme) for theme in side.only]}


def _figures(side: Side) -> dict[str, object]:
    figures = {name: getattr(side, name) for name, _ in _FIGURES}
    if side.mentions is None:
        figures.update(dict.fromkeys(("positive", "negative", "scored")))  # what is not known is not 0
    interval = None if side.interval is None else [rounded(end, 1) for end in side.interval]
    return {**figures, "interval": interval}


def _estimate_json(estimate: Estimate | None, nothing: float, test: str) -> dict[str, object] | None:
    from listener.comparing import is_real

    if estimate is None:
        return None
    value, *ends = (rounded(one, 4) if math.isfinite(one) else None for one in estimate)
    return {"value": value, "interval": ends, "is_real": is_real(estimate, nothing), "test": test}


def _emit_figures(found: Comparison, format_name: str) -> None:
    one, other = found.sides
    left, right = _figures(one), _figures(other)
    columns = (
        Column(name="figure"),
        Column(name=one.brand, align="right", text=_shown),
        Column(name=other.brand, align="right", text=_shown),
    )
    rows = [
        {"figure": title if format_name == "table" else name, one.brand: left[name], other.brand: right[name]}
        for name, title in _FIGURES
    ]
    if format_name == "table":
        rows = [{**row, **_worded(str(row["figure"]), one, other)} for row in rows]
    emit_rows(rows, columns, format_name)


def _worded(title: str, one: Side, other: Side) -> dict[str, str]:
    """Return a figure of both sides as every table words it; nothing for one that is written as it is."""
    match title:
        case "read":
            return {side.brand: coverage_text(side.coverage) for side in (one, other)}
        case "net sentiment":
            return {side.brand: UNKNOWN if side.net is None else f"{side.net:+z.1f}" for side in (one, other)}
        case "share of voice %":
            shares = {one.brand: _share_text(one, other), other.brand: _share_text(other, one)}
            return {brand: text for brand, text in shares.items() if text}
        case _:
            return {}


def _share_text(side: Side, other: Side) -> str:
    """Return the share of a side where it would be rounded to nothing or to all; empty where it is not."""
    if side.share == 0 and side.mentions:
        return "<0.1"
    return ">99.9" if side.share == _ALL and other.mentions else ""


def _shown(value: object) -> str:
    match value:
        case None:
            return UNKNOWN
        case [float() as low, float() as high]:
            return f"{low:+z.1f} to {high:+z.1f}"
        case float():
            return f"{value:z,.1f}"
        case int():
            return f"{value:,}"
        case _:
            return str(value)


def _sentences(found: Comparison) -> list[str]:
    from listener.comparing import is_real

    one, other = (side.brand for side in found.sides)
    lines = []
    if found.volume is None:
        lines.append("Volume: one of the two was not read, or nothing was said; there is nothing to compare.")
    else:
        verdict = "a real difference" if is_real(found.volume, 1.0) else "chance may explain it"
        lines.append(f"Volume: {_volume(found.volume, one, other)}: {verdict}.")
    if found.net is None:
        lines.append("Net sentiment: one of the two has nothing scored; there is nothing to compare.")
    else:
        verdict = "a real difference" if is_real(found.net, 0.0) else "chance may explain it"
        ends = f"95 % interval of the difference {found.net.low:+z.1f} to {found.net.high:+z.1f}"
        lines.append(f"Net sentiment: {_net(found, one, other)} ({ends}): {verdict}.")
    for side in found.sides:
        named = ", ".join(f"{theme.name} ({theme.mentions:,})" for theme in side.only)
        lines.append(f"Only said of {side.brand}: {named or 'no theme of its own'}.")
    return lines


def _net(found: Comparison, one: str, other: str) -> str:
    """Say how far the net sentiment of one brand is above or below that of the other, and what both are."""
    left, right = (UNKNOWN if side.net is None else f"{side.net:+z.1f}" for side in found.sides)
    difference = round(0.0 if found.net is None else found.net.value, 1)
    if not difference:
        return f"{one} and {other} are level, {left} and {right}"
    place = "above" if difference > 0 else "below"
    return f"{one} is {abs(difference):.1f} points {place} {other}, {left} against {right}"


def _volume(ratio: Estimate, one: str, other: str) -> str:
    """Say how many times the stories of the other one brand has; where the other has none, how many at least."""
    if not math.isfinite(ratio.value):
        return f"{other} has no story to compare with; {one} has at least {_times(ratio.low)} times as many (95 %)"
    return (
        f"{one} has {_times(ratio.value)} times the stories of {other} "
        f"(95 % interval {_times(ratio.low)} to {_times(ratio.high)})"
    )


def _times(ratio: float) -> str:
    """Write a ratio: two decimals, below a tenth two digits that tell something; only nothing is 0."""
    if ratio >= _A_TENTH or ratio <= 0:
        return f"{ratio:.2f}"
    return f"{ratio:.{1 - math.floor(math.log10(ratio))}f}"
