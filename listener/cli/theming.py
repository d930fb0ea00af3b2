"""Answer `themes`: what people keep talking about, and how they feel about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import (
    BRAND,
    App,
    OneOf,
    config_option,
    database_option,
    examples,
    format_option,
    now_option,
    pass_app,
)
from listener.cli.notes import tell_never_matched, unread_words
from listener.cli.output import UNKNOWN, Column, count_text, counted, emit_json, emit_rows, rounded, share_text

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from listener.themes import Cell, Theme
    from listener.theming import ThemeSheet

__all__ = ["theme_json", "themes"]


def _net_text(value: object) -> str:
    return f"{value:+z.0f}" if isinstance(value, (int, float)) else UNKNOWN


def _interval_text(value: object) -> str:
    return f"{value[0]:+z.0f} to {value[1]:+z.0f}" if isinstance(value, list) else UNKNOWN


def _sources_text(value: object) -> str:
    return ", ".join(f"{one['source']} {one['mentions']}" for one in value) if isinstance(value, list) else UNKNOWN


def _to_read(theme: Theme) -> str:
    """Return the mentions to read: of pain two negative ones, of praise two positive, of what is mixed one of each."""
    positive, negative = ([f"{sign}{one}" for one in some] for sign, some in zip("+-", theme.quotes, strict=True))
    chosen = {"pain": negative, "praise": positive}.get(theme.kind, [*positive[:1], *negative[:1]])
    return ", ".join(chosen) or UNKNOWN


def _kind_colour(value: object) -> str | None:
    return {"pain": "red", "praise": "green"}.get(str(value))


_COLUMNS: Final = (
    Column(name="kind", colour=_kind_colour),
    Column(name="theme"),
    Column(name="phrases", title="also"),
    Column(name="mentions", align="right", text=count_text),
    Column(name="stories", align="right", text=count_text),
    Column(name="before", align="right", text=count_text),
    Column(name="trend"),
    Column(name="net", align="right", text=_net_text),
    Column(name="interval", title="95 %", align="right", text=_interval_text),
    Column(name="scored", title="n", align="right", text=count_text),
    Column(name="sources", text=_sources_text),
    Column(name="quotes", title="read"),
)
_CELLS: Final = (
    Column(name="theme"),
    Column(name="value"),
    Column(name="mentions", align="right", text=count_text),
    Column(name="share", align="right", text=share_text),
    Column(name="usual", title="of all", align="right", text=share_text),
    Column(name="net", align="right", text=_net_text),
    Column(name="interval", title="95 %", align="right", text=_interval_text),
    Column(name="scored", title="n", align="right", text=count_text),
)


@click.command(
    epilog=examples(
        "listener themes Acme --since 30d",
        "listener themes Acme --since 7d --by stage",
        "listener themes Acme --format json",
    )
)
@click.argument("brand", type=BRAND)
@click.option("--since", default="30d", show_default=True, metavar="WHEN", help="From when: 30d, a date, today.")
@click.option("--until", default=None, metavar="WHEN", help="Up to when (not included); default: now.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="At most this many themes.")
@click.option("--by", type=OneOf(("source", "language", "stage")), default=None, help="Where each theme lives.")
@config_option
@database_option
@format_option()
@now_option
@pass_app
def themes(app: App, brand: str, since: str, until: str | None, limit: int, by: str | None) -> None:
    """Show what recurs in a brand's mentions: pain points, then praise, then the rest.

    A theme is pain or praise where the 95 % interval of its net sentiment leaves out
    zero; those of most mentions x net come first. before counts the stories of the
    span before. read names two mentions for "listener mentions --mention": of pain two negative
    ones, of praise two positive, of the rest one of each. With --by, each theme by source, language or the stage of the journey that [journey]
    of the configuration tells by words.
    """
    from listener.cli.trending import read_span
    from listener.reporting import brand_words
    from listener.search import Reader
    from listener.theming import read_themes

    named = app.config.brand(brand)
    span = read_span(app, since, until, by="hour")
    names = [name for one in app.config.brands for name in brand_words(one)]
    with Reader(app.database_path) as reader:
        sheet = read_themes(reader, named.name, names, span.since, span.until)
        tell_never_matched(reader, [] if sheet.mentions else [named.name])
        unread = "" if sheet.mentions else unread_words(app, reader, named.name, span.since, span.until)
    shown = sheet.ranked()[:limit]
    if by is not None:
        cells = sheet.crossed(by, shown, app.config.journey.stages)
        is_table = app.format == "table"
        emit_rows([{**_cell_row(one), **(_mood(one) if is_table else {})} for one in cells], _CELLS, app.format)
    elif app.format == "json":
        emit_json(sheet_json(sheet, shown, app.zone) | ({"mentions": None} if unread else {}))
    else:
        rows = [theme_json(theme) for theme in shown]
        if app.format == "table":
            rows = [{**row, **_mood(theme), "quotes": _to_read(theme)} for row, theme in zip(rows, shown, strict=True)]
        emit_rows(rows, _COLUMNS, app.format)
    _say_limits(sheet, unread)


def _mood(found: Theme | Cell) -> dict[str, object]:
    """Return net sentiment and its interval as they are: what is shown whole is rounded once."""
    return {"net": found.net, "interval": None if found.interval is None else list(found.interval)}


def sheet_json(sheet: ThemeSheet, shown: tuple[Theme, ...], zone: ZoneInfo) -> dict[str, object]:
    """Return themes in the shape that scripts read."""
    return {
        "brand": sheet.brand,
        "since": sheet.since.astimezone(zone).isoformat(),
        "until": sheet.until.astimezone(zone).isoformat(),
        "mentions": sheet.mentions,
        "read": sheet.read,
        "themes": [theme_json(theme) for theme in shown],
    }


def theme_json(theme: Theme) -> dict[str, object]:
    """Return one theme as a row; net sentiment and its interval have one decimal."""
    return {
        "kind": theme.kind,
        "theme": theme.name,
        "phrases": list(theme.phrases[1:]),
        "mentions": theme.mentions,
        "stories": theme.stories,
        "before": theme.before,
        "trend": theme.trend,
        "net": None if theme.net is None else rounded(theme.net, 1),
        "interval": None if theme.interval is None else [rounded(end, 1) for end in theme.interval],
        "scored": theme.scored,
        "sources": [{"source": name, "mentions": n} for name, n in theme.sources],
        "quotes": dict(zip(("positive", "negative"), map(list, theme.quotes), strict=True)),
    }


def _cell_row(cell: Cell) -> dict[str, object]:
    return {
        "theme": cell.theme,
        "value": cell.value,
        "mentions": cell.mentions,
        "share": round(cell.share, 4),
        "usual": round(cell.usual, 4),
        "net": None if cell.net is None else rounded(cell.net, 1),
        "interval": None if cell.interval is None else [rounded(end, 1) for end in cell.interval],
        "scored": cell.scored,
    }


def _say_limits(sheet: ThemeSheet, unread: str) -> None:
    from listener.themes import MOST_READ

    if sheet.read < sheet.mentions:
        click.echo(
            f"looked at {sheet.read:,} of {sheet.mentions:,} mentions: of those that have a text at most "
            f"{MOST_READ:,}, spread evenly",
            err=True,
        )
    if not sheet.themes:
        click.echo(unread or f"no theme recurs in the {counted(sheet.read, 'mention')} of {sheet.brand}", err=True)
