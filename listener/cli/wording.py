"""Answer `terms`: what is said now and was not said before."""

from __future__ import annotations

from typing import Final

import click

from listener.cli.context import App, config_option, database_option, examples, format_option, now_option, pass_app
from listener.cli.output import Column, count_text, emit_rows

__all__ = ["terms"]


def _decimal(value: object) -> str:
    """Write a figure with one decimal."""
    return f"{value:,.1f}" if isinstance(value, (int, float)) else str(value)


_COLUMNS: Final = (
    Column(name="term"),
    Column(name="now", align="right", text=count_text),
    Column(name="before", align="right", text=count_text),
    Column(name="expected", align="right", text=_decimal),
    Column(name="excess", align="right", text=_decimal),
    Column(name="zeta", align="right", text=_decimal),
)


@click.command(epilog=examples("listener terms Acme --since 7d", "listener terms Acme --since 24h --format csv"))
@click.argument("brand")
@click.option("--since", default="7d", show_default=True, metavar="WHEN", help="From when: 7d, a date, today.")
@click.option("--until", default=None, metavar="WHEN", help="Up to when (not included); default: now.")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="At most this many.")
@config_option
@database_option
@format_option()
@now_option
@pass_app
def terms(app: App, brand: str, since: str, until: str | None, limit: int) -> None:
    """Show the words of a brand's mentions that surely rose against the four spans before.

    now and before count posts, an author and a story once; expected is what before
    would give now. Ordered by excess, now - expected; zeta says how sure it is, in
    standard deviations.
    """
    from listener.cli.trending import read_span
    from listener.reporting import brand_words, find_terms
    from listener.search import Reader

    named = app.config.brand(brand)
    span = read_span(app, since, until, by="hour")
    with Reader(app.database_path) as reader:
        found = find_terms(reader, named.name, brand_words(named), since=span.since, until=span.until, limit=limit)
    emit_rows([{column.name: getattr(row, column.name) for column in _COLUMNS} for row in found], _COLUMNS, app.format)
    if not found and app.format == "table":
        click.echo(f"nothing is said of {named.name} more than before", err=True)
