"""Answer `top`: the hashtags, pages and authors a brand's mentions have most."""

from __future__ import annotations

from typing import Final

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
from listener.cli.output import Column, count_text, emit_rows

__all__ = ["top"]

_KINDS: Final = ("hashtags", "links", "authors")


@click.command(
    epilog=examples(
        "listener top Acme --since 30d",
        "listener top Acme --of links --since 7d --format csv",
        "listener top Acme --of authors --source mastodon",
    )
)
@click.argument("brand", type=BRAND)
@click.option("--of", "what", type=OneOf(_KINDS), default="hashtags", show_default=True, help="What to count.")
@click.option("--since", default="30d", show_default=True, metavar="WHEN", help="From when: 30d, a date, today.")
@click.option("--until", default=None, metavar="WHEN", help="Up to when (not included); default: the end of today.")
@click.option("--source", default=None, metavar="SOURCE", help="Only mentions of this source.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most this many.")
@config_option
@database_option
@format_option()
@now_option
@pass_app
def top(app: App, brand: str, what: str, since: str, until: str | None, source: str | None, limit: int) -> None:
    """Show which hashtags, pages or authors a brand's mentions have most.

    Days begin at midnight; 6h, or an instant, is kept to the quarter of an hour. A mention counts once for each; mentions whose text was erased count for none.
    """
    from datetime import timedelta

    from listener.cli.trending import read_whole_span
    from listener.clock import align_down
    from listener.search import MentionFilter, Reader

    named = app.config.brand(brand)
    span = read_whole_span(app, since, until)
    end = span.until
    if until is None and align_down(end, "day", app.zone) != end:
        end = align_down(align_down(end, "day", app.zone) + timedelta(hours=36), "day", app.zone)
    with Reader(app.database_path) as reader:
        found = reader.top(what, named.name, span.since, end, source=source, limit=limit)
        none = ""
        if not found:
            tell_never_matched(reader, [named.name])
            is_any = reader.mentions(
                MentionFilter(brand=named.name, source=source, since=span.since, until=end, limit=1)
            )
            unread = "" if is_any else unread_words(app, reader, named.name, span.since, span.until)
            none = unread or f"no mention of {named.name} in this span has any"
    columns = (Column(name="value", title=what), Column(name="mentions", align="right", text=count_text))
    emit_rows([{"value": row.value, "mentions": row.mentions} for row in found], columns, app.format)
    if none:
        click.echo(none, err=True)
