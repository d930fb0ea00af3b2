"""Draw charts: `chart`, and the --chart of `trend`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from click.core import ParameterSource

from listener.cli.context import (
    BRAND,
    NUMBER,
    App,
    OneOf,
    config_option,
    database_option,
    examples,
    now_option,
    pass_app,
)
from listener.cli.files import ending_of, write_file
from listener.cli.notes import tell
from listener.cli.trending import read_span, read_whole_span
from listener.errors import ListenerError, StoreReadOnlyError, UsageError, suggest

if TYPE_CHECKING:
    from listener.config import Brand
    from listener.search import EpisodeRow, Reader, Span, Trend
    from reports.charts import Chart, ChartKind, Look

__all__ = ["chart", "draw_survey_of", "look_for", "write_chart", "write_trend_chart"]

_FORMATS: Final = ("png", "svg")
_METRICS: Final = ("mentions", "stories", "mean_score", "net_sentiment", "engagement", "reach")
_SURVEYS: Final = ("nps", "csat", "ces")
_READS: Final = frozenset({"trend", "hours", "share", "episode", "sources", "languages", "terms", "answers", *_SURVEYS})
"""What kinds of charts are made from that this command can read from a store."""
_BY_BUCKETS: Final = frozenset({"trend", *_SURVEYS})
_UNCUT: Final = frozenset({"share", "sources", "languages", "terms", "answers"})
"""What is told of a span as a whole: some hours of it are these hours, not the days in which they lie."""


def write_trend_chart(found: Trend, file: Path, *, metric: str = "mentions") -> None:
    """Draw a trend into a file, PNG or SVG by its ending; ``-`` is PNG on stdout.

    One brand is drawn by sentiment, several with one figure, the `metric`. Raises
    UsageError for another ending, ListenerError where the file cannot be written.
    """
    look = look_for(file, is_dark=False)
    from reports.charts import draw_brands, draw_volume

    if len(found.brands) == 1 and metric == "mentions":
        drawn = draw_volume(found, brand=found.brands[0], **look)
    else:
        drawn = draw_brands(found, metric=metric, **look)
    write_chart(drawn, file)


@click.command(
    epilog=examples(
        "listener chart volume Acme --output acme.png",
        "listener chart brands Acme Globex --metric net_sentiment --output brands.svg",
        "listener chart share --since 7d --output share.png --dark",
    )
)
@click.argument("kind", metavar="KIND")
@click.argument("brands", type=BRAND, nargs=-1, metavar="[BRAND]...")
@click.option(
    "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="FILE.png or FILE.svg; - is PNG."
)
@click.option("--since", default="30d", show_default=True, metavar="WHEN", help="From when: 30d, a date, today.")
@click.option("--until", default=None, metavar="WHEN", help="Up to when (not included); default: now.")
@click.option(
    "--by",
    type=OneOf(("hour", "day", "week", "month")),
    default="day",
    show_default=True,
    help="For volume, brands, nps, csat and ces.",
)
@click.option("--metric", type=OneOf(_METRICS), default="mentions", show_default=True, help="For brands.")
@click.option("--alert", type=NUMBER, default=None, metavar="ID", help="For episode: which one; default: the newest.")
@click.option("--dark", is_flag=True, help="Light on dark.")
@config_option
@database_option
@now_option
@pass_app
def chart(
    app: App,
    kind: str,
    brands: tuple[str, ...],
    output: Path,
    since: str,
    until: str | None,
    by: str,
    metric: str,
    alert: int | None,
    dark: bool,
) -> None:
    """Draw one chart into a file and keep it in the store.

    \b
    KIND is one of
      volume     mentions of a brand by sentiment, and its net sentiment
      brands     one figure of several brands (default: all) over time
      share      share of voice of own brand and competitors
      sources    sentiment of a brand by source
      languages  sentiment of a brand by language
      hours      when people talk: weekday by hour of the day
      terms      what is said now and was not said before
      response   how long people wait for an answer of own_accounts
      nps        surveys: Net Promoter Score of a brand; csat and ces likewise
      episode    one alert: observed against usual

    What goes by buckets begins with a whole one: by day, --since 6h begins at midnight. Shares, sources, languages, terms and
    response keep to the quarter of an hour.
    """  # noqa: D301 - \b keeps click from joining the lines
    look = look_for(output, is_dark=dark)
    wanted = _kind(kind)
    _tell_unused(wanted, kind)
    is_whole = wanted.reads in _UNCUT
    span = read_whole_span(app, since, until) if is_whole else read_span(app, since, until, by=by)
    names = tuple(dict.fromkeys(app.config.brand(name).name for name in brands))
    from listener.search import Reader

    with Reader(app.database_path) as reader:
        if wanted.reads == "episode":
            drawn, shown = _draw_episode(app, reader, _find_episode(reader, names, span, alert), look)
        elif wanted.per_brand:
            drawn, shown = _draw_one(app, reader, wanted, _only_brand(app, kind, names), span, look)
        else:
            span = replace(span, reach=metric == "reach")
            drawn, shown = _draw_several(app, reader, wanted, names, span, metric, look)
    write_chart(drawn, output)
    _keep(app, drawn, shown)


def _tell_unused(wanted: ChartKind, kind: str) -> None:
    """Say which options that were given are of no use to a chart of this kind."""
    is_given = click.get_current_context().get_parameter_source
    uses = {
        "by": wanted.reads in _BY_BUCKETS,
        "metric": wanted.reads == "trend" and not wanted.per_brand,
        "alert": wanted.reads == "episode",
    }
    for name, is_used in uses.items():
        if not is_used and is_given(name) is ParameterSource.COMMANDLINE:
            tell(f"note: --{name} is of no use to the chart {kind}")


def _kind(name: str) -> ChartKind:
    """Return the kind of a chart that can be drawn from a store; raises UsageError where there is none."""
    from reports.charts import KINDS

    drawable = {word: kind for word, kind in KINDS.items() if kind.reads in _READS}
    if name not in drawable:
        msg = f'there is no chart "{name}"; {suggest(name, drawable)}'
        raise UsageError(msg)
    return drawable[name]


def look_for(file: Path, *, is_dark: bool) -> Look:
    """Return how a chart for this file is drawn; raises UsageError for an ending that is none of a picture."""
    if str(file) == "-":
        if sys.stdout.isatty():
            msg = "a picture cannot be shown here; name a file, such as acme.png, or send it on with a pipe"
            raise UsageError(msg)
        return {"format": "png", "dark": is_dark}
    ending = ending_of(file, _FORMATS, what="a chart")
    return {"format": "svg" if ending == "svg" else "png", "dark": is_dark}


def _only_brand(app: App, kind: str, names: tuple[str, ...]) -> Brand:
    """Return the one brand a chart is of: the one named, or the only one there is."""
    chosen = names or tuple(brand.name for brand in app.config.brands)
    if len(chosen) != 1:
        more = '; draw each, or several with the kind "brands"' if names else f"; {suggest('', chosen)}"
        msg = f"a chart of {kind} is of one brand{more}"
        raise UsageError(msg)
    return app.config.brand(chosen[0])


def _draw_one(
    app: App, reader: Reader, kind: ChartKind, brand: Brand, span: Span, look: Look
) -> tuple[Chart, Trend | Span]:
    """Draw a chart of one brand; return it with what says its span."""
    from dataclasses import replace

    from listener import wiring
    from listener.reporting import brand_words, find_terms, is_known_before

    name, since, until, zone = brand.name, span.since, span.until, app.zone.key
    if kind.reads in {"trend", "hours"}:
        asked = replace(span, by="hour") if kind.reads == "hours" else span
        found = reader.trend([name], asked, wiring.listening(app.config))
        return kind.draw(found, brand=name, **look), found
    if kind.reads in _SURVEYS:
        return draw_survey_of(app, reader, kind.reads, name, span, look)
    if kind.reads == "answers":
        from listener.answering import answers_of

        answers = answers_of(reader.asked(name, span))
        return kind.draw(answers, brand=name, now=span.now, since=since, until=until, time_zone=zone, **look), span
    if kind.reads == "terms":
        terms = find_terms(reader, name, brand_words(brand), since=since, until=until)
        is_known = bool(terms) or is_known_before(reader, name, since, until)
        return kind.draw(terms, brand=name, since=since, until=until, time_zone=zone, is_known=is_known, **look), span
    counts = reader.count_by({"sources": "source", "languages": "language"}[kind.reads], name, since, until)
    return kind.draw(counts, brand=name, since=since, until=until, time_zone=zone, **look), span


def draw_survey_of(
    app: App, reader: Reader, instrument: str, name: str, span: Span, look: Look
) -> tuple[Chart, Trend | Span]:
    """Draw a measure of the surveys of a brand (nps, csat or ces); return it with what says its span."""
    from listener import wiring
    from listener.answering import SurveyBucket, survey_trend
    from reports.charts import draw_survey

    listening = wiring.listening(app.config)
    found = reader.trend([name], span, listening)
    measured = survey_trend(reader, [name], span, instrument, listening)
    figures, (whole,) = (
        [one.figure for one in buckets if isinstance(one, SurveyBucket)]
        for buckets in (measured.buckets, measured.totals)
    )
    return draw_survey(found, figures, whole, brand=name, instrument=instrument, **look), found


def _draw_several(
    app: App, reader: Reader, kind: ChartKind, names: tuple[str, ...], span: Span, metric: str, look: Look
) -> tuple[Chart, Trend | Span]:
    """Draw a chart of the brands named, of all where none is; return it with what says its span."""
    from listener import wiring

    listening = wiring.listening(app.config)
    kinds = {brand.name: brand.kind for brand in app.config.brands if not names or brand.name in names}
    if kind.reads == "share":
        return kind.draw(
            reader.share(kinds, span, listening), since=span.since, until=span.until, time_zone=app.zone.key, **look
        ), span
    found = reader.trend(names or tuple(kinds), span, listening)
    return kind.draw(found, metric=metric, **look), found


def _find_episode(reader: Reader, names: tuple[str, ...], span: Span, number: int | None) -> EpisodeRow:
    """Return the episode of a number, or the newest one of the brands in a span."""
    if number is not None:
        return reader.episode(number)
    for episode in reader.episodes(since=span.since, until=span.until, limit=1_000):
        if not names or episode.brand in names:
            return episode
    msg = f'there was no alert{" of " if names else ""}{" or ".join(names)} in this span; "listener alerts" lists them'
    raise ListenerError(msg)


def _draw_episode(app: App, reader: Reader, episode: EpisodeRow, look: Look) -> tuple[Chart, Trend | Span]:
    """Draw an episode from two days before it opened to three hours after its end."""
    from listener import wiring
    from listener.reporting import Desk, draw_episode_of

    desk = Desk(config=app.config, reader=reader, listening=wiring.listening(app.config), now=app.now)
    return draw_episode_of(desk, episode, look)


def write_chart(drawn: Chart, file: Path) -> None:
    """Write the picture, and beside it on stderr what it shows in words."""
    from listener.cli.output import line_room
    from listener.cli.width import neutralise, wrap

    if str(file) == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(drawn.data)
    else:
        write_file(file, drawn.data)
        tell(f"{file} is written")
    click.echo("\n".join(wrap(neutralise(drawn.alt), line_room(sys.stderr))), err=True)


def _keep(app: App, drawn: Chart, shown: Trend | Span) -> None:
    """Keep the chart in the store; a store that may only be read is no failure."""
    from listener.reporting import save_chart
    from listener.store import Store

    try:
        with Store(app.database_path) as store:
            save_chart(store, drawn, shown, now=app.now)
    except StoreReadOnlyError as error:
        tell(f"not kept in the store: {error}")
