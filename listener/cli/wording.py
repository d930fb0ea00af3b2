"""Answer `terms`: what is said now and was not said before, and what tells noise from the rest."""

from __future__ import annotations

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
from listener.cli.notes import tell_never_matched, unread_words
from listener.cli.output import UNKNOWN, Column, count_text, emit_rows
from listener.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listener.config import Brand
    from listener.search.history import StoredMention

__all__ = ["terms"]


def _decimal(value: object) -> str:
    """Write a figure with one decimal."""
    return f"{value:,.1f}" if isinstance(value, (int, float)) else UNKNOWN


_COLUMNS: Final = (
    Column(name="term"),
    Column(name="now", align="right", text=count_text),
    Column(name="before", align="right", text=count_text),
    Column(name="expected", align="right", text=_decimal),
    Column(name="excess", align="right", text=_decimal),
    Column(name="zeta", align="right", text=_decimal),
)


_NOISE: Final = (
    Column(name="kind"),
    Column(name="value", title="what"),
    Column(name="zeta", align="right", text=_decimal),
    Column(name="noise_removed", title="noise removed", align="right", text=count_text),
    Column(name="good_lost", title="good lost", align="right", text=count_text),
    Column(name="unlabelled_removed", title="unlabelled removed", align="right", text=count_text),
    Column(name="config", title="line for the brand"),
)


@click.command(
    epilog=examples(
        "listener terms Acme --since 7d",
        "listener terms Acme --since 24h --format csv",
        "listener terms Acme --noise",
        "listener terms Acme --noise --context rocket --context anvil",
    )
)
@click.argument("brand", type=BRAND)
@click.option(
    "--since", default=None, metavar="WHEN", help="From when: 7d, a date, today; default: 7d, for noise ever."
)
@click.option("--until", default=None, metavar="WHEN", help="Up to when (not included); default: now.")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="At most this many.")
@click.option("--noise", is_flag=True, help="Show what tells irrelevant mentions from the others.")
@click.option("--context", multiple=True, metavar="WORD", help="With --noise: also try this word of context.")
@config_option
@database_option
@format_option()
@now_option
@pass_app
def terms(
    app: App, brand: str, since: str | None, until: str | None, limit: int, noise: bool, context: tuple[str, ...]
) -> None:
    """Show the words of a brand's mentions that surely rose against the four spans before.

    now and before count posts, an author and a story once; expected is what before
    would give now. Ordered by excess, now - expected; zeta says how sure it is, in
    standard deviations.

    With --noise, the words, authors, sites and subreddits of mentions labelled
    irrelevant (or dropped by an added --context), each tried on the stored history:
    how many noisy mentions it would remove, how many good ones (labelled otherwise)
    would be lost, and the line to paste. "listener rematch" applies it.
    """
    if context and not noise:
        msg = "--context goes with --noise"
        raise UsageError(msg)
    if noise:
        _show_noise(app, app.config.brand(brand), since, until, context, limit)
        return
    from listener.cli.trending import read_span
    from listener.reporting import brand_words, find_terms, is_known_before
    from listener.search import MentionFilter, Reader

    named = app.config.brand(brand)
    span = read_span(app, since or "7d", until, by="hour")
    with Reader(app.database_path) as reader:
        found = find_terms(reader, named.name, brand_words(named), since=span.since, until=span.until, limit=limit)
        is_known = bool(found) or is_known_before(reader, named.name, span.since, span.until)
        unsaid = ""
        if not found:
            tell_never_matched(reader, [named.name])
            is_any = reader.mentions(MentionFilter(brand=named.name, since=span.since, until=span.until, limit=1))
            unsaid = "" if is_any else unread_words(app, reader, named.name, span.since, span.until)
    emit_rows([{column.name: getattr(row, column.name) for column in _COLUMNS} for row in found], _COLUMNS, app.format)
    if not found:
        unread = f"nothing is known of the time before {span.since.astimezone(app.zone):%Y-%m-%d %H:%M} to compare with"
        nothing = f"nothing is said of {named.name} more than before" if is_known else unread
        click.echo(unsaid if unsaid and is_known else nothing, err=True)


def _show_noise(
    app: App, brand: Brand, since: str | None, until: str | None, context: tuple[str, ...], limit: int
) -> None:
    from listener import wiring
    from listener.clock import parse_when
    from listener.search.history import HistoryReader
    from listener.search.noise import find_noise

    query = next(one for one in wiring.build_queries(app.config) if one.brand == brand.name)
    start = None if since is None else parse_when(since, now=app.now, zone=app.zone)
    end = None if until is None else parse_when(until, now=app.now, zone=app.zone)
    with HistoryReader(app.database_path) as reader:

        def history() -> Iterator[tuple[StoredMention, ...]]:
            return reader.stored("matched", brand=brand.name, since=start, until=end)

        found = find_noise(
            history, query, exclude=brand.exclude, context=brand.context, added_context=context, limit=limit
        )
    emit_rows([{column.name: getattr(row, column.name) for column in _NOISE} for row in found], _NOISE, app.format)
    if not found and app.format == "table":
        click.echo(
            f"nothing tells noise of {brand.name} from the rest; label what is not about it: "
            '"listener label --queue 50", then "listener label NUMBER irrelevant"',
            err=True,
        )
