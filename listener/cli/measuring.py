"""Answer `trend` for answers and surveys: how fast people were answered, how satisfied they say they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypedDict, Unpack

import click

from listener.cli.output import (
    UNKNOWN,
    Column,
    count_text,
    coverage_text,
    emit_json,
    emit_rows,
    emit_title,
    rounded,
    share_text,
)
from listener.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from pathlib import Path

    from listener.answering import FigureTrend, ResponseBucket, SurveyBucket
    from listener.cli.context import App
    from listener.search import Reader, Span
    from reports.responses import ResponseFigures

__all__ = ["SURVEYS", "show_metric"]

SURVEYS: Final = ("nps", "csat", "ces")


class _Room(TypedDict):
    """Say how large a terminal is, and whether to colour."""

    width: int
    height: int
    colour: bool


_RESPONSE_DATA: Final = (
    "brand", "start", "asked", "answered", "waiting", "unknown", "median_seconds", "p90_seconds", "within_target",
    "within_target_interval", "within_target_n", "coverage", "partial",
)  # fmt: skip
_RESPONSE_FIGURES: Final = (
    Column(name="asked", align="right", text=count_text),
    Column(name="answered", align="right", text=count_text),
    Column(name="waiting", align="right", text=count_text),
    Column(name="unknown", title="not known", align="right", text=count_text),
    Column(name="median", title="half in", align="right"),
    Column(name="p90", title="90 % in", align="right"),
    Column(name="within_target", title="in time", align="right", text=share_text),
    Column(name="interval", title="95 %", align="right", rank=1),
    Column(name="within_target_n", title="n", align="right", text=count_text),
)
_RESPONSE: Final = (
    Column(name="start", title="from"), *_RESPONSE_FIGURES, Column(name="coverage", align="right", text=coverage_text, rank=2),
)  # fmt: skip
_BY_SOURCE: Final = (Column(name="source"), Column(name="target", align="right"), *_RESPONSE_FIGURES)


def show_metric(
    app: App, metric: str, names: Sequence[str], span: Span, before: Span | None, chart: Path | None
) -> None:
    """Read and write one of the metrics that no rollup holds, with that of the span before where it is asked for."""
    from listener import wiring
    from listener.answering import response_trend, survey_trend
    from listener.search import Reader

    if str(chart) == "-":
        _draw_here(app, metric, names, span)
        return
    listening = wiring.listening(app.config)

    def read(reader: Reader, asked: Span) -> FigureTrend:
        if metric == "response":
            return response_trend(app.config, reader, names, asked, listening)
        return survey_trend(reader, names, asked, metric, listening)

    with Reader(app.database_path) as reader:
        found = read(reader, span)
        earlier = None if before is None else read(reader, before)
        if chart is not None:
            _draw(app, reader, metric, names, span, chart)
    _hint(app, metric, names)
    if app.format == "json":
        emit_json({**_json(app, found), **({} if earlier is None else {"previous": _json(app, earlier)})})
    elif app.format == "table":
        _print(app, found, earlier)
    else:
        from listener.cli.trending import emit_spans

        columns = _RESPONSE_DATA if metric == "response" else _survey_data(metric)
        rows = [_row(app, metric, one) for one in found.buckets]
        before_rows = None if earlier is None else [_row(app, metric, one) for one in earlier.buckets]
        emit_spans(rows, before_rows, columns, app.format)


def _draw(app: App, reader: Reader, metric: str, names: Sequence[str], span: Span, file: Path) -> None:
    from listener.answering import answers_of
    from listener.cli.charting import draw_survey_of, look_for, write_chart
    from reports.charts import draw_response

    if len(names) != 1:
        msg = f"--chart with --metric {metric} is of one brand; draw each"
        raise UsageError(msg)
    look = look_for(file, is_dark=False)
    if metric != "response":
        drawn, _ = draw_survey_of(app, reader, metric, names[0], span, look)
        write_chart(drawn, file)
        return
    answers = answers_of(reader.asked(names[0], span))
    write_chart(
        draw_response(
            answers, brand=names[0], now=span.now, since=span.since, until=span.until, time_zone=app.zone.key, **look
        ),
        file,
    )


def _draw_here(app: App, metric: str, names: Sequence[str], span: Span) -> None:
    """Draw with the characters of the terminal, one panel a brand."""
    from listener.cli.trending import drawing_room
    from listener.search import Reader

    width, height, colour = drawing_room()
    with Reader(app.database_path) as reader:
        if metric == "response":
            drawn = _waits(reader, names, span, width=width, height=height, colour=colour)
        else:
            drawn = _surveys(app, reader, metric, names, span, width=width, height=height, colour=colour)
    click.echo(drawn, nl=False)
    _hint(app, metric, names)


def _waits(reader: Reader, names: Sequence[str], span: Span, **room: Unpack[_Room]) -> str:
    from listener.answering import answers_of
    from reports.terminal import Asked, draw_waits_in_terminal

    asked = []
    for name in names:
        rows = reader.asked(name, span)
        answers = answers_of(rows)
        asked.append(Asked(brand=name, answers=answers, unknown=len(rows) - len(answers)))
    return draw_waits_in_terminal(asked, now=span.now, since=span.since, until=span.until, zone=span.zone, **room)


def _surveys(app: App, reader: Reader, metric: str, names: Sequence[str], span: Span, **room: Unpack[_Room]) -> str:
    from listener import wiring
    from listener.answering import SurveyBucket, survey_trend
    from reports.terminal import Rated, Surveyed, draw_surveys_in_terminal

    found = survey_trend(reader, names, span, metric, wiring.listening(app.config))
    rated: dict[str, list[Rated]] = {name: [] for name in names}
    left_out = dict.fromkeys(names, 0)
    for one in found.buckets:
        if isinstance(one, SurveyBucket):
            left_out[one.brand] += one.left_out
            rated[one.brand].append(
                Rated(start=one.start, ratings=one.ratings, coverage=one.coverage, partial=one.partial)
            )
    surveyed = [Surveyed(brand=name, buckets=rated[name], left_out=left_out[name]) for name in names]
    return draw_surveys_in_terminal(surveyed, instrument=metric, by=span.by, zone=span.zone, **room)


def _hint(app: App, metric: str, names: Sequence[str]) -> None:
    """Say on stderr why nothing can be known of the answers of a brand."""
    if metric != "response":
        return
    for name in names:
        if not app.config.brand(name).own_accounts:
            click.echo(f"{name} has no own_accounts in {app.config.path}: nobody can tell its answers", err=True)


def _json(app: App, found: FigureTrend) -> dict[str, object]:
    shape: dict[str, object] = {
        "brand": list(found.brands),
        "metric": found.metric,
        "by": found.span.by,
        "time_zone": found.span.zone.key,
        "since": found.span.since.astimezone(app.zone).isoformat(),
        "until": found.span.until.astimezone(app.zone).isoformat(),
        "buckets": [_row(app, found.metric, one) for one in found.buckets],
        "totals": [_row(app, found.metric, one) for one in found.totals],
    }
    if found.metric == "response":
        shape["sources"] = [
            {
                "brand": one.brand,
                "source": one.source,
                "target_seconds": None if one.target is None else int(one.target.total_seconds()),
                **_figures(one.figures),
            }
            for one in found.sources
        ]
    return shape


def _row(app: App, metric: str, one: ResponseBucket | SurveyBucket) -> dict[str, object]:
    """Return one bucket as scripts read it."""
    from listener.answering import ResponseBucket

    figures = _figures(one.figures) if isinstance(one, ResponseBucket) else _survey(metric, one)
    if not one.is_known:
        figures = dict.fromkeys(figures)  # what is not known is not 0
    return {
        "brand": one.brand,
        "start": one.start.astimezone(app.zone).isoformat(),
        **figures,
        "coverage": one.coverage,
        "partial": one.partial,
    }


def _figures(figures: ResponseFigures) -> dict[str, object]:
    from listener.intervals import wilson_interval

    share = figures.within_target
    interval = wilson_interval(figures.in_time, figures.judged)
    return {
        "asked": figures.asked,
        "answered": figures.asked - figures.waiting,
        "waiting": figures.waiting,
        "unknown": figures.unknown,
        "median_seconds": _seconds(figures.median),
        "p90_seconds": _seconds(figures.ninetieth),
        "within_target": None if share is None else round(share, 4),
        "within_target_interval": None if interval is None else [round(end, 4) for end in interval],
        "within_target_n": figures.judged,
    }


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else int(length.total_seconds())


def _digits(metric: str) -> int:
    """Return how many places of a survey's measure are told."""
    return 2 if metric == "ces" else 1


def _survey_data(metric: str) -> tuple[str, ...]:
    groups = ("promoters", "passives", "detractors") if metric == "nps" else ()
    return ("brand", "start", metric, f"{metric}_interval", "n", *groups, "left_out", "coverage", "partial")


def _survey(metric: str, one: SurveyBucket) -> dict[str, object]:
    figure, digits = one.figure, _digits(metric)
    row: dict[str, object] = {
        metric: None if figure is None else rounded(figure.value, digits),
        f"{metric}_interval": None if figure is None else [rounded(figure.low, digits), rounded(figure.high, digits)],
        "n": 0 if figure is None else figure.n,
    }
    if one.groups is not None:
        row |= dict(zip(("promoters", "passives", "detractors"), one.groups, strict=True))
    return {**row, "left_out": one.left_out}


def _print(app: App, found: FigureTrend, earlier: FigureTrend | None) -> None:
    columns = _RESPONSE if found.metric == "response" else _survey_columns(found.metric)
    for name in found.brands:
        emit_title(f"{name}: {_TITLES[found.metric]} by {found.span.by}, {found.span.zone.key}")
        rows = [_shown(app, found, one) for one in found.buckets if one.brand == name]
        rows += [{**_shown(app, found, one), "start": "total"} for one in found.totals if one.brand == name]
        if earlier is not None:
            before = [one for one in earlier.totals if one.brand == name]
            rows += [{**_shown(app, earlier, one), "start": "span before"} for one in before]
        emit_rows(rows, columns, "table")
        click.echo()
        if found.sources:
            own = [one for one in found.sources if one.brand == name]
            emit_rows([_shown(app, found, one) for one in own], _BY_SOURCE, "table")
            click.echo()


_TITLES: Final = {
    "response": "time to the first answer",
    "nps": "Net Promoter Score (-100 to 100)",
    "csat": "customer satisfaction (percent of the two best of five)",
    "ces": "customer effort (1 hard to 7 easy)",
}


def _survey_columns(metric: str) -> tuple[Column, ...]:
    groups = ("promoters", "passives", "detractors") if metric == "nps" else ()
    return (
        Column(name="start", title="from"),
        Column(name=metric, align="right", text=_figure_text),
        Column(name="interval", title="95 %", align="right"),
        Column(name="n", align="right", text=count_text),
        *(Column(name=group, align="right", text=count_text, rank=1) for group in groups),
        Column(name="left_out", title="left out", align="right", text=count_text, rank=2),
    )


def _figure_text(value: object) -> str:
    return UNKNOWN if value is None else str(value)


def _shown(app: App, found: FigureTrend, one: ResponseBucket | SurveyBucket) -> dict[str, object]:
    """Return one bucket as people read it."""
    from listener.answering import ResponseBucket
    from listener.cli.trending import bucket_name

    name = bucket_name(one.start, found.span.by, app.zone, is_partial=one.partial)
    row = {**_row(app, found.metric, one), "start": name}
    if isinstance(one, ResponseBucket):
        return row | _shown_waits(one)
    interval = row[f"{found.metric}_interval"]
    digits = _digits(found.metric)
    ends = " to ".join(f"{end:.{digits}f}" for end in interval) if isinstance(interval, list) else UNKNOWN
    return {**row, "interval": ends}


def _shown_waits(one: ResponseBucket) -> dict[str, object]:
    from listener.intervals import wilson_interval
    from reports.wording import wait_words

    figures = one.figures
    interval = wilson_interval(figures.in_time, figures.judged)
    return {
        "source": one.source,
        "target": UNKNOWN if one.target is None else wait_words(one.target),
        "median": UNKNOWN if figures.median is None else wait_words(figures.median),
        "p90": UNKNOWN if figures.ninetieth is None else wait_words(figures.ninetieth),
        "interval": UNKNOWN if interval is None else f"{share_text(interval[0])} to {share_text(interval[1])}",
    }
