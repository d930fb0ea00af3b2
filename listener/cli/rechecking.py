"""Run `recheck`: look again at what was collected, then exit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import (
    STOPPED,
    App,
    config_option,
    database_option,
    examples,
    format_option,
    now_option,
    pass_app,
)
from listener.cli.output import Column, count_text, emit_rows

if TYPE_CHECKING:
    from listener.pipeline.rechecking import RecheckOutcome

__all__ = ["RECHECK_COLUMNS", "recheck", "recheck_rows"]

_COLUMNS: Final = (
    Column(name="source"),
    Column(name="state"),
    Column(name="checked", align="right", text=count_text),
    Column(name="changed", align="right", text=count_text),
    Column(name="gone", align="right", text=count_text),
    Column(name="unknown", align="right", text=count_text),
    Column(name="requests", align="right", text=count_text),
    Column(name="message"),
)
RECHECK_COLUMNS: Final = (
    Column(name="source"),
    Column(name="state"),
    Column(name="due", align="right", text=count_text),
    Column(name="last_success_at", title="last success"),
    Column(name="requests_today", title="requests today", align="right", text=count_text),
    Column(name="requests_a_day", title="of", align="right", text=count_text),
    Column(name="checked", align="right", text=count_text),
    Column(name="changed", align="right", text=count_text),
    Column(name="gone", align="right", text=count_text),
    Column(name="message"),
)
"""What `status` shows of looking again."""
_SOME_FAILED: Final = 3


@click.command(epilog=examples("listener recheck", "listener recheck --source bluesky"))
@click.option("--source", "only", default=None, metavar="SOURCE", help="Only this source.")
@config_option
@database_option
@format_option()
@now_option
@pass_app
def recheck(app: App, only: str | None) -> int:
    """Look again at the mentions that are due: edits and counters are taken over, what is gone is erased.

    A mention is due at the ages of recheck_after, as far as the requests a day of its
    source last; the daemon does this by itself. What a service does not answer for
    stays. The exit code is 3 where a source failed and the rest is done.
    """
    from listener import wiring
    from listener.cli.opening import bring_up
    from listener.service import Service, Stop, stop_on_signals

    app.validate(with_log=True)
    if only is not None:
        wiring.require_source(app.config, only)
    stop = Stop()
    names = [only] if only is not None else list(wiring.enabled_sources(app.config))
    with stop_on_signals(stop) as asked:
        service = Service(app.config, app.database_path, stop)
        bring_up(app.database_path, app.zone.key)
        found = [service.recheck(name, now=app.now) for name in names if not stop.is_set()]
        outcomes = [outcome for outcome in found if outcome is not None]
        if outcomes and not stop.is_set():  # also of what was erased by one that was ended in the middle
            service.finish_erasure(now=app.now)
    emit_rows([_row(outcome) for outcome in outcomes], _COLUMNS, app.format)
    if asked.exit_code:
        click.echo(STOPPED, err=True)
        return asked.exit_code
    if not outcomes:
        click.echo("no enabled source looks again at its mentions", err=True)
    return _SOME_FAILED if any(outcome.is_failure for outcome in outcomes) else 0


def recheck_rows(app: App) -> list[dict[str, object]]:
    """Return how looking again stands of each source that was looked at again, for `status`."""
    from listener import wiring
    from listener.search.rechecks import RecheckReader

    with RecheckReader(app.database_path) as reader:
        states = reader.rechecks(app.now)
    rows: list[dict[str, object]] = []
    for name, state in states.items():
        how = wiring.recheck_of(app.config, name) if name in app.config.sources else None
        success = state.last_success_at
        rows.append(
            {
                "source": name,
                "state": state.state,
                "due": state.due,
                "last_success_at": None if success is None else success.astimezone(app.zone).isoformat(),
                "requests_today": state.requests,
                "requests_a_day": 0 if how is None else how[1],
                "items_today": state.items,
                "checked": state.checked,
                "changed": state.changed,
                "gone": state.gone,
                "message": state.message,
            }
        )
    return rows


def _row(outcome: RecheckOutcome) -> dict[str, object]:
    return {column.name: getattr(outcome, column.name) for column in _COLUMNS}
