"""Write `report`: one page about one brand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import BRAND, App, config_option, database_option, examples, now_option, pass_app
from listener.cli.files import ending_of, write_file
from listener.cli.notes import tell

if TYPE_CHECKING:
    from listener.search import Span

__all__ = ["report"]

_ENDINGS: Final = ("html", "pdf")
_LONGEST_BY_HOUR: Final = timedelta(days=3)
"""Up to so long a page has room for each hour."""


@click.command(
    epilog=examples(
        "listener report Acme --since 30d --output acme.html", "listener report Acme --since 7d --output acme.pdf"
    )
)
@click.argument("brand", type=BRAND)
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="FILE.html or FILE.pdf.")
@click.option("--since", default="30d", show_default=True, metavar="WHEN", help="From when: 30d, a date, today.")
@click.option("--until", default=None, metavar="WHEN", help="Up to when (not included); default: now.")
@config_option
@database_option
@now_option
@pass_app
def report(app: App, brand: str, output: Path, since: str, until: str | None) -> None:
    """Write one page about a brand that opens without a network: charts, themes, alerts, figures, mentions.

    Days begin at midnight; 6h, or an instant, begins with its hour and goes by hour, for up to
    three days. A PDF is printed by an installed Chromium or Chrome; HTML needs none.
    """
    from listener import wiring
    from listener.reporting import Desk
    from listener.search import Reader
    from reports.printing import find_browser, print_pdf

    ending = ending_of(output, _ENDINGS, what="a report")
    named = app.config.brand(brand)
    span = _span_of(app, since, until)
    if ending == "pdf":
        find_browser()
    from listener.presenting import write_page

    with Reader(app.database_path) as reader:
        desk = Desk(config=app.config, reader=reader, listening=wiring.listening(app.config), now=app.now)
        page = write_page(desk, named, span)
    write_file(output, page.encode() if ending == "html" else print_pdf(page))
    tell(f"{output} is written")


def _span_of(app: App, since: str, until: str | None) -> Span:
    """Return the span of a page: by hour where hours are asked for and there is room for them, else by day."""
    from listener.cli.trending import read_span
    from listener.clock import is_finer_than_a_day

    is_fine = any(is_finer_than_a_day(end) for end in (since, until) if end is not None)
    if is_fine:
        by_hour = read_span(app, since, until, by="hour")
        if by_hour.until - by_hour.since <= _LONGEST_BY_HOUR:
            return by_hour
    by_day = read_span(app, since, until)
    if not is_fine:
        return by_day
    begin = by_day.since.astimezone(app.zone)
    click.echo(f"note: a page of more than 3 days is one of whole days; it begins at {begin:%Y-%m-%d %H:%M}", err=True)
    return by_day
