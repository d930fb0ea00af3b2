"""Run `collect`: one pass over the sources, then exit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import (
    BRAND,
    STOPPED,
    App,
    config_option,
    database_option,
    examples,
    format_option,
    now_option,
    pass_app,
)
from listener.cli.notes import idle_reasons
from listener.cli.output import Column, count_text, emit_rows
from listener.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from listener.pipeline import SourceOutcome

__all__ = ["collect"]

_COLUMNS: Final = (
    Column(name="source"),
    Column(name="state"),
    Column(name="new", align="right", text=count_text),
    Column(name="changed", align="right", text=count_text),
    Column(name="fetched", align="right", text=count_text),
    Column(name="unmatched", align="right", text=count_text),
    Column(name="skipped", align="right", text=count_text),
    Column(name="pages", align="right", text=count_text),
    Column(name="message"),
)
_SOME_FAILED: Final = 3


@click.command(
    epilog=examples(
        "listener collect", "listener collect --source hackernews --since 7d", "listener collect --brand Acme"
    )
)
@click.option("--source", "only", default=None, metavar="SOURCE", help="Only this source.")
@click.option("--brand", type=BRAND, default=None, metavar="BRAND", help="Only what is asked for this brand.")
@click.option("--since", default=None, metavar="WHEN", help="Look back to here wherever nothing was read yet.")
@config_option
@database_option
@format_option()
@now_option
@pass_app
def collect(app: App, only: str | None, brand: str | None, since: str | None) -> int:
    """Read every enabled source once: what is open, then what is new.

    Ctrl-C stores the page in hand and stops with exit code 130 (SIGTERM: 143); the
    next run goes on there. It is 3 where a source failed and the rest is done.
    """
    from listener import wiring
    from listener.cli.opening import bring_up
    from listener.cli.progress import page_line
    from listener.clock import parse_when
    from listener.service import Service, Stop, stop_on_signals

    app.validate(with_log=True)
    if only is not None:
        wiring.require_source(app.config, only)
    start: datetime | None = None if since is None else parse_when(since, now=app.now, zone=app.zone)
    if start is not None and start > app.now:
        msg = f"--since {since} is still to come; name a time that is past"
        raise UsageError(msg)
    stop = Stop()
    names = [only] if only is not None else list(wiring.enabled_sources(app.config))
    named = None if brand is None else app.config.brand(brand).name
    with stop_on_signals(stop) as asked:
        service = Service(app.config, app.database_path, stop)
        bring_up(app.database_path, app.zone.key)
        with page_line() as tell:
            outcomes = service.collect_all(names, now=app.now, brand=named, since=start, on_page=tell)
        if outcomes and not stop.is_set():
            service.evaluate_alerts(now=app.now)
            service.deliver(now=app.now)
    emit_rows([_row(outcome) for outcome in outcomes], _COLUMNS, app.format)
    if asked.exit_code:
        click.echo(STOPPED, err=True)
        return asked.exit_code
    for reason in idle_reasons(app.config, names):
        click.echo(reason, err=True)
    return _SOME_FAILED if any(outcome.is_failure for outcome in outcomes) else 0


def _row(outcome: SourceOutcome) -> dict[str, object]:
    return {column.name: getattr(outcome, column.name) for column in _COLUMNS}
