"""Run `run`: the daemon."""

from __future__ import annotations

import logging

import click

from listener.cli.context import App, config_option, database_option, examples, pass_app
from listener.cli.notes import idle_reasons

__all__ = ["run"]

logger = logging.getLogger(__name__)


@click.command(epilog=examples("listener run", "listener run --config /etc/listener/config.toml"))
@config_option
@database_option
@pass_app
def run(app: App) -> None:
    """Collect on schedule, watch for alerts, send digests; until told to stop.

    SIGTERM or Ctrl-C stores the page in hand and ends within ten seconds; a second
    one ends at once. SIGHUP reads the configuration again.
    """
    from listener import wiring
    from listener.config import load_config
    from listener.daemon import Daemon
    from listener.interrupts import hear_signals
    from listener.logs import event

    hear_signals(None)  # the daemon ends what it has in hand
    config = app.validate(with_log=True)
    if doubt := app.zone_doubt:
        event(logger, "time zone not known", level=logging.WARNING, reason=doubt)
    for reason in idle_reasons(config, wiring.enabled_sources(config)):
        event(logger, "nothing to do", level=logging.WARNING, reason=reason)
    for reason in wiring.idle_rules(config):
        event(logger, "rule watches nothing", level=logging.WARNING, reason=reason)
    Daemon(config, app.database_path, load=lambda: load_config(config.path, also=wiring.further_problems)).run()
