"""Write `report`: one page about one brand."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from listener.cli.context import App, config_option, database_option, examples, now_option, pass_app
from listener.cli.files import ending_of, write_file

__all__ = ["report"]

_ENDINGS: Final = ("html", "pdf")


@click.command(
    epilog=examples(
        "listener report Acme --since 30d --output acme.html", "listener report Acme --since 7d --output acme.pdf"
    )
)
@click.argument("brand")
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="FILE.html or FILE.pdf.")
@click.option("--since", default="30d", show_default=True, metavar="WHEN", help="From when: 30d, a date, today.")
@click.option("--until", default=None, metavar="WHEN", help="Up to when (not included); default: now.")
@config_option
@database_option
@now_option
@pass_app
def report(app: App, brand: str, output: Path, since: str, until: str | None) -> None:
    """Write one page about a brand that opens without a network: charts, themes, alerts, figures, mentions.

    A PDF is printed by an installed Chromium or Chrome; HTML needs none.
    """
    from listener import wiring
    from listener.cli.trending import read_span
    from listener.reporting import Desk
    from listener.search import Reader
    from reports.printing import find_browser, print_pdf

    ending = ending_of(output, _ENDINGS, what="a report")
    named = app.config.brand(brand)
    span = read_span(app, since, until)
    if ending == "pdf":
        find_browser()
    from listener.presenting import write_page

    with Reader(app.database_path) as reader:
        desk = Desk(config=app.config, reader=reader, listening=wiring.listening(app.config), now=app.now)
        page = write_page(desk, named, span.since, span.until)
    write_file(output, page.encode() if ending == "html" else print_pdf(page))
    click.echo(f"{output} is written", err=True)
