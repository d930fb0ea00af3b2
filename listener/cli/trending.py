"""Answer `trend` and `share`: how much, with what feeling, how it changed."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import (
    BRAND,
    LANGUAGE,
    App,
    OneOf,
    config_option,
    database_option,
    examples,
    format_option,
    now_option,
    pass_app,
)
from listener.cli.output import (
    UNKNOWN,
    Column,
    count_text,
    coverage_text,
    emit_json,
    emit_rows,
    emit_title,
    rounded,
    score_text,
    sparkline,
    terminal_width,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from listener.search import Reader, ShareRow, Span, Trend, TrendBucket

__all__ = [
    "bucket_name",
    "draw_here",
    "drawing_room",
    "emit_spans",
    "print_trend",
    "read_whole_span",
    "require_span",
    "share",
    "trend",
]


def _net_text(value: object) -> str:
    return f"{value:+z.1f}" if isinstance(value, float) else UNKNOWN


def _interval_text(value: object) -> str:
    return " to ".join(_net_text(end) for end in value) if isinstance(value, list) else UNKNOWN


def _percentiles_text(value: object) -> str:
    return " ".join(score_text(one) for one in value) if isinstance(value, list) else UNKNOWN


_BUCKET_COLUMNS: Final = (
    "brand", "start", "mentions", "stories", "positive", "neutral", "negative", "no_evidence", "unscored",
    "mean_score", "mean_score_interval", "net_sentiment", "engagement", "reach", "coverage", "partial",
)  # fmt: skip
_PERCENTILES: Final = "score_percentiles"
_TABLE: Final = (
    Column(name="start", title="from"),
    Column(name="mentions", align="right", text=count_text),
    Column(name="stories", align="right", text=count_text, rank=2),
    Column(name="positive", title="+", align="right", text=count_text),
    Column(name="neutral", title="0", align="right", text=count_text),
    Column(name="negative", title="-", align="right", text=count_text),
    Column(name="no_evidence", title="none", align="right", text=count_text, rank=1),
    Column(name="unscored", align="right", text=count_text),
    Column(name="mean", title="mean, 95 %", align="right"),
    Column(name="net_sentiment", title="net", align="right", text=_net_text),
    Column(name="engagement", align="right", text=count_text, rank=3),
    Column(name="reach", align="right", text=count_text, rank=4),
    Column(name="coverage", align="right", text=coverage_text),
)
_PERCENTILES_SHOWN: Final = Column(name=_PERCENTILES, title="10 50 90 %", align="right", text=_percentiles_text)
_METRICS: Final = ("mentions", "stories", "mean_score", "net_sentiment", "engagement", "reach")
_FIGURES: Final = ("response", "nps", "csat", "ces")
"""Metrics with a table of their own."""


@click.command(
    epilog=examples(
        "listener trend Acme --since 30d",
        "listener trend Acme Globex --by week --since 2026-09-01 --format csv",
        "listener trend Acme --since 7d --by hour --chart acme.png",
        "listener trend Acme --metric response --by week",
    )
)
@click.argument("brands", type=BRAND, nargs=-1, required=True, metavar="BRAND...")
@click.option("--since", default="30d", show_default=True, metavar="WHEN", help="From when: 30d, a date, today.")
@click.option("--until", default=None, metavar="WHEN", help="Up to when (not included); default: now.")
@click.option("--by", type=OneOf(("hour", "day", "week", "month")), default="day", show_default=True)
@click.option("--source", default=None, metavar="SOURCE", help="Only mentions of this source.")
@click.option(
    "--language", type=LANGUAGE, default=None, metavar="LANGUAGE", help="Only mentions in this language, such as hi."
)
@click.option("--compare", type=OneOf(("previous",)), default=None, help="Also the span before, as long.")
@click.option(
    "--metric",
    type=OneOf((*_METRICS, *_FIGURES)),
    default="mentions",
    show_default=True,
    help="What to draw; the last four have a table of their own.",
)
@click.option("--percentiles", is_flag=True, help="Also the 10th, 50th and 90th percentile of the scores.")
@click.option(
    "--chart",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw FILE.png or FILE.svg; - draws here, in place of the table.",
)
@config_option
@database_option
@format_option()
@now_option
@pass_app
def trend(
    app: App,
    brands: tuple[str, ...],
    since: str,
    until: str | None,
    by: str,
    source: str | None,
    language: str | None,
    compare: str | None,
    metric: str,
    percentiles: bool,
    chart: Path | None,
) -> None:
    """Show how mentions and their feeling went over time, bucket by bucket.

    Buckets are whole ones: by day, --since 6h begins at midnight, by hour with
    the hour. A figure that is not known is a dash, never a zero: see the column coverage.
    "none" counts texts in which nothing carried a feeling; the mean stands with
    half its 95 % interval.

    --metric response shows how fast own_accounts answered, those still waiting
    counted in; nps, csat and ces what people answered to surveys.
    """
    from listener.search import Reader

    names = tuple(dict.fromkeys(app.config.brand(name).name for name in brands))
    span = read_span(app, since, until, by=by, source=source, language=language)
    is_drawn_here = app.draws_here(chart)
    if metric in _FIGURES:
        from listener.cli.measuring import show_metric

        show_metric(app, metric, names, span, _previous(span) if compare else None, chart)
        return
    listening = app.config.listening()
    span = replace(span, percentiles=percentiles, reach=metric == "reach")
    with Reader(app.database_path) as reader:
        found = reader.trend(names, span, listening)
        before = reader.trend(names, _previous(span), listening) if compare else None
        _tell_never_matched(reader, [total.brand for total in found.totals if not total.mentions])
    if is_drawn_here:
        draw_here(found, metric=metric)
        return
    if chart is not None:
        _write_chart(found, chart, metric)
    if app.format == "json":
        emit_json(trend_json(found, app.zone, before, percentiles=percentiles))
    elif app.format == "table":
        print_trend(found, app.zone, metric=metric, before=before)
    else:
        columns = (*_BUCKET_COLUMNS, *((_PERCENTILES,) if percentiles else ()))
        rows = [bucket_row(bucket, app.zone, percentiles=percentiles) for bucket in found.buckets]
        earlier = (
            None
            if before is None
            else [bucket_row(bucket, app.zone, percentiles=percentiles) for bucket in before.buckets]
        )
        emit_spans(rows, earlier, columns, app.format)
    _tell_uncounted(found)


@click.command(epilog=examples("listener share --since 30d", "listener share --since 7d --format json"))
@click.option("--since", default="30d", show_default=True, metavar="WHEN", help="From when: 30d, a date, today.")
@click.option("--until", default=None, metavar="WHEN", help="Up to when (not included); default: now.")
@config_option
@database_option
@format_option()
@now_option
@pass_app
def share(app: App, since: str, until: str | None) -> None:
    """Show the share of voice of your brands and competitors.

    Share is 100 x the mentions of one / the mentions of all; topics are left out.
    Days begin at midnight; a span in hours (--since 6h), or an instant, is kept to the
    quarter of an hour. A brand of which nothing is known has a dash, never a zero, and is in no sum; net
    stands with its 95 % interval over the scored mentions.
    """
    from listener.search import Reader

    span = read_whole_span(app, since, until)
    kinds = {brand.name: brand.kind for brand in app.config.brands}
    with Reader(app.database_path) as reader:
        rows = reader.share(kinds, span, app.config.listening())
        _tell_never_matched(reader, [row.brand for row in rows if not row.mentions])
    columns = (
        Column(name="brand"),
        Column(name="kind"),
        Column(name="mentions", align="right", text=count_text),
        Column(name="share", title="share %", align="right"),
        Column(name="positive", title="+", align="right", text=count_text),
        Column(name="negative", title="-", align="right", text=count_text),
        Column(name="scored", align="right", text=count_text, rank=1),
        Column(name="net_sentiment", title="net", align="right", text=_net_text),
        Column(name="net_sentiment_interval", title="95 %", align="right", text=_interval_text),
        Column(name="coverage", align="right", text=coverage_text),
    )
    made = [{column.name: _share_value(row, column.name) for column in columns} for row in rows]
    if app.format == "json":
        emit_json({"since": _iso(span.since, app.zone), "until": _iso(span.until, app.zone), "brands": made})
    else:
        everything = sum(row.mentions for row in rows)
        shown = [_unrounded(row, everything) for row in made] if app.format == "table" else made
        emit_rows(shown, columns, app.format)


def _unrounded(row: dict[str, object], everything: int) -> dict[str, object]:
    """Return the row of a brand as people read it: no mention is rounded away, of it or of others."""
    if row["share"] == _ALL and row["mentions"] != everything:
        return {**row, "share": ">99.9"}
    return {**row, "share": "<0.1"} if row["mentions"] and row["share"] == 0 else row


_ALL: Final = 100.0


def _tell_never_matched(reader: Reader, empty: Sequence[str]) -> None:
    """Say which of the brands that have nothing were never looked for in what is stored."""
    if empty:
        from listener.cli.notes import tell_never_matched

        tell_never_matched(reader, empty)


def _tell_uncounted(found: Trend) -> None:
    """Say on stderr where reach is a dash since nobody asked to have it counted."""
    if any(one.mentions and one.reach is None for one in (*found.buckets, *found.totals)):
        click.echo(
            f"reach by {found.by} in {found.time_zone} is not counted beforehand and was left out, for speed; "
            "--metric reach counts it",
            err=True,
        )


def _share_value(row: ShareRow, name: str) -> object:
    """Return a value of a brand's share; counts are None where nothing is known: that is not 0."""
    if name == "net_sentiment_interval":
        from listener.intervals import net_sentiment_interval

        interval = net_sentiment_interval(row.positive, row.negative, row.scored)
        return None if interval is None else [rounded(end, 1) for end in interval]
    is_count = name in {"mentions", "positive", "negative", "scored"}
    return None if is_count and not row.is_known else getattr(row, name)


def read_span(
    app: App,
    since: str,
    until: str | None,
    *,
    by: str = "day",
    source: str | None = None,
    language: str | None = None,
) -> Span:
    """Return the span of a question: both ends aligned down to the bucket, the end open up to now.

    Raises UsageError where it is empty.
    """
    from listener.clock import align_down, parse_when
    from listener.errors import UsageError
    from listener.search import Span

    now, zone = app.now, app.zone
    asked = parse_when(since, now=now, zone=zone), now if until is None else parse_when(until, now=now, zone=zone)
    start = align_down(asked[0], by, zone)
    end = now if until is None else align_down(asked[1], by, zone)
    if start == end and asked[0] < asked[1]:
        what = "quarter of an hour" if by == "quarter" else by
        msg = f"--until {until} lies in the {what} of --since {since}, and a span ends with a whole {what}; name a later one"
        raise UsageError(msg)
    require_span(start, end, since, until)
    if end < asked[1] and end < now:
        _tell_shortened(end, until, by, zone)
    return Span(since=start, until=end, by=by, zone=zone, now=now, source=source, language=language)


def _tell_shortened(end: datetime, until: str | None, by: str, zone: ZoneInfo) -> None:
    """Say on stderr that what lies between the end of the span and --until is not in the answer."""
    from listener.cli.notes import tell

    what = "quarter of an hour" if by == "quarter" else by
    tell(
        f"note: the span ends at {end.astimezone(zone):%Y-%m-%d %H:%M}, with the last whole {what} before --until {until}"
    )


def require_span(start: datetime | None, end: datetime | None, since: str | None, until: str | None) -> None:
    """Raise UsageError where a span is empty; `since` and `until` are how its ends were written."""
    from listener.errors import UsageError

    if start is not None and end is not None and start >= end:
        msg = f"--since {since} begins at or after --until {until or 'now'}; name an earlier --since"
        raise UsageError(msg)


def read_whole_span(app: App, since: str, until: str | None) -> Span:
    """Return the span of a question that is not cut: in whole days, or in quarters of an hour where it is said so."""
    from listener.clock import is_finer_than_a_day

    is_fine = is_finer_than_a_day(since) or (until is not None and is_finer_than_a_day(until))
    return read_span(app, since, until, by="quarter" if is_fine else "day")


def emit_spans(
    rows: Sequence[Mapping[str, object]],
    before: Sequence[Mapping[str, object]] | None,
    columns: Sequence[str],
    format_name: str,
) -> None:
    """Write the rows of a span; where that before is asked for its own first, with a column that tells which is which."""
    if before is None:
        emit_rows(rows, columns, format_name)
        return
    told = [{"span": "previous", **row} for row in before] + [{"span": "this", **row} for row in rows]
    emit_rows(told, ("span", *columns), format_name)


def trend_json(
    found: Trend, zone: ZoneInfo, before: Trend | None = None, *, percentiles: bool = False
) -> dict[str, object]:
    """Return a trend in the shape that scripts read; with `percentiles` also where a bucket has none."""
    shape: dict[str, object] = {
        "brand": list(found.brands),
        "by": found.by,
        "time_zone": found.time_zone,
        "since": _iso(found.since, zone),
        "until": _iso(found.until, zone),
        "buckets": [bucket_row(bucket, zone, percentiles=percentiles) for bucket in found.buckets],
        "totals": [bucket_row(bucket, zone, percentiles=percentiles) for bucket in found.totals],
    }
    if before is not None:
        shape["previous"] = trend_json(before, zone, percentiles=percentiles)
    return shape


def bucket_row(bucket: TrendBucket, zone: ZoneInfo, *, percentiles: bool = False) -> dict[str, object]:
    """Return one bucket as a row, its start in local time."""
    interval = bucket.mean_score_interval
    values = {name: getattr(bucket, name) for name in _BUCKET_COLUMNS}
    if percentiles:
        values[_PERCENTILES] = None if bucket.score_percentiles is None else list(bucket.score_percentiles)
    return {
        **values,
        "start": _iso(bucket.start, zone),
        "mean_score_interval": None if interval is None else list(interval),
    }


def print_trend(found: Trend, zone: ZoneInfo, *, metric: str = "mentions", before: Trend | None = None) -> None:
    """Print the sparkline and the table of each brand of a trend."""
    for name in found.brands:
        _print_brand(found, name, zone, metric, before)


def _print_brand(found: Trend, name: str, zone: ZoneInfo, metric: str, before: Trend | None) -> None:
    buckets = found.of(name)
    total = next(one for one in found.totals if one.brand == name)
    line = sparkline([getattr(bucket, metric) for bucket in buckets])
    emit_title(f"{name}: {metric.replace('_', ' ')} by {found.by}, {found.time_zone}")
    width = terminal_width(sys.stdout) or len(line) or 1
    for start in range(0, len(line), width):
        click.echo(line[start : start + width])
    columns = _TABLE if total.score_percentiles is None else (*_TABLE, _PERCENTILES_SHOWN)
    rows: list[Mapping[str, object]] = [_table_row(bucket, found.by, zone) for bucket in buckets]
    rows.append({**_shown_row(total, zone), "start": "total"})
    if before is not None:
        earlier = next(one for one in before.totals if one.brand == name)
        rows.append({**_shown_row(earlier, zone), "start": "span before"})
    emit_rows(rows, columns, "table")
    click.echo()


def _table_row(bucket: TrendBucket, by: str, zone: ZoneInfo) -> dict[str, object]:
    return {**_shown_row(bucket, zone), "start": bucket_name(bucket.start, by, zone, is_partial=bucket.partial)}


def bucket_name(start: datetime, by: str, zone: ZoneInfo, *, is_partial: bool) -> str:
    """Return what a table calls a bucket: when it begins in local time, with a mark where it is not over."""
    from listener.clock import comes_twice

    local = start.astimezone(zone)
    shown = local.strftime("%Y-%m-%d %H:%M" if by == "hour" else "%Y-%m-%d")
    if by == "hour" and comes_twice(local):
        shown += f" {local:%Z}"
    return f"{shown} …" if is_partial else shown


def _shown_row(bucket: TrendBucket, zone: ZoneInfo) -> dict[str, object]:
    """Return a bucket's row with its mean and half its interval in one cell."""
    mean, interval = bucket.mean_score, bucket.mean_score_interval
    half = "" if mean is None or interval is None else f" ±{max(interval[1] - mean, mean - interval[0]):.2f}"
    return {**bucket_row(bucket, zone, percentiles=True), "mean": score_text(mean) + half}


def _previous(span: Span) -> Span:
    """Return the span of as many buckets that ends where this one begins."""
    from listener.clock import start_before

    return replace(span, since=start_before(span.since, span.until, span.by, span.zone), until=span.since)


def _write_chart(found: Trend, file: Path, metric: str) -> None:
    from listener.cli.charting import write_trend_chart

    write_trend_chart(found, file, metric=metric)


def draw_here(found: Trend, *, metric: str = "mentions", marks: Sequence[tuple[datetime, str]] = ()) -> None:
    """Draw with the characters of the terminal; a pipe gets 80 columns. `marks` as `draw_in_terminal` takes them."""
    from reports.terminal import draw_in_terminal

    width, height, colour = drawing_room()
    drawn = draw_in_terminal(found, metric=metric, width=width, height=height, colour=colour, marks=marks)
    click.echo(drawn, nl=False)


def drawing_room() -> tuple[int, int, bool]:
    """Return the columns and lines that there are to draw in, and whether in colour; a pipe gets 80, 24 and none."""
    import shutil

    from listener.cli.output import wants_colour

    if not sys.stdout.isatty():
        return 80, 24, False
    width, height = shutil.get_terminal_size((80, 24))
    return width, height, wants_colour(sys.stdout)


def _iso(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat()
