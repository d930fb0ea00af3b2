"""Look over what the program leans on: `check`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import App, config_option, database_option, examples, now_option, pass_app
from listener.cli.findings import print_finding
from listener.errors import ConfigError, ListenerError

if TYPE_CHECKING:
    from listener.protocols import Notifier

__all__ = ["check"]

_SOME_FAILED: Final = 3


@click.command(epilog=examples("listener check"))
@config_option
@database_option
@now_option
@pass_app
def check(app: App) -> int:
    """Look over configuration, store, credentials and mail server, one line each.

    The store is only read; that it may not be written is a warning. The exit code is 2
    where the configuration is wrong and 3 where something else is.
    """
    from listener import wiring

    try:
        app.validate()
    except ConfigError as error:
        for problem in error.problems:
            print_finding("FAIL", "config", f"{error.where}: {problem}")
        return error.exit_code
    print_finding("ok", "config", str(app.config.path))
    if doubt := app.zone_doubt:
        print_finding("warn", "time zone", doubt)
    found = [_check_store(app), *(_check_source(app, name) for name in wiring.enabled_sources(app.config))]
    if not app.config.brands:
        print_finding("skip", "brands", "none is configured; nothing that is read is of a brand")
    if len(found) == 1:
        print_finding("skip", "sources", "none is enabled; nothing is collected")
    for problem in wiring.idle_rules(app.config):
        print_finding("warn", "alerts", problem)
    found.append(_check_scorers(app))
    found.append(_check_mail(app))
    return 0 if all(found) else _SOME_FAILED


def _check_store(app: App) -> bool:
    """Look over the store's pages, and see whether it may be written; nothing is written for that."""
    import os

    from listener.database import SCHEMA_VERSION, version_message
    from listener.disk import is_there, may
    from listener.search.examining import examine_pages

    path = app.database_path
    try:
        if not is_there(path) or not path.stat().st_size:  # an empty file is as good as none
            return _check_folder(app)
        found = examine_pages(path)
    except ListenerError as error:
        print_finding("FAIL", "store", str(error))
        return False
    problems = [f"{path}: {problem}" for problem in found.problems]
    problems += [version_message(path, found.version)] if found.version > SCHEMA_VERSION else []
    for problem in problems:
        print_finding("FAIL", "store", problem)
    if problems:
        return False
    older = f"; its tables are of version {found.version}, what writes next brings them to {SCHEMA_VERSION}"
    reads = f"{path} reads well{older if found.version < SCHEMA_VERSION else ''}"
    if may(path, os.W_OK) and may(path.parent, os.W_OK):
        print_finding("ok", "store", reads)
    else:
        advice = "to collect into it, check the owner and mode of file and folder"
        print_finding("warn", "store", f"{reads}, and may not be written here; {advice}")
    return True


def _check_folder(app: App) -> bool:
    """Say whether the store that is not there yet can be made."""
    import os

    from listener.disk import may

    path = app.database_path
    try:
        path.stat()
        is_there = True
    except FileNotFoundError:
        is_there = False
    except OSError as error:
        print_finding("FAIL", "store", f"{path} cannot be opened: {error.strerror}; name another place")
        return False
    if path.parent.is_dir() and may(path.parent, os.W_OK):
        print_finding("ok", "store", f"{path} is {'empty' if is_there else 'not there yet'} and can be made")
        return True
    print_finding("FAIL", "store", f"{path.parent} is not a folder that can be written; create it or name another")
    return False


def _check_source(app: App, name: str) -> bool:
    """Make the one cheap call of a source, and see whether it can be asked for every brand that listens to it."""
    from listener import wiring
    from listener.pipeline.planning import refusals

    heard = wiring.queries_for(app.config, wiring.build_queries(app.config), name)
    try:
        with wiring.in_use(wiring.build_source(app.config, name, threading.Event())) as source:
            answer = str(source.check())
            refused = refusals(source, heard)
    except ListenerError as error:
        print_finding("FAIL", name, str(error))
        return False
    except Exception as error:
        import logging

        logging.getLogger(__name__).exception("source broken source=%s", name)
        print_finding("FAIL", name, f"unexpected {type(error).__name__}; the log has the details")
        return False
    print_finding("ok", name, answer)
    for problem in refused.values():
        print_finding("FAIL", name, problem)
    return not refused


def _check_scorers(app: App) -> bool:
    """Ask every scorer in use that can be asked: a service whether it answers, a model whether it loads."""
    from listener import scoring

    config = app.config
    _, router = scoring.build_scoring(config.sentiment, str(config.path), folder=config.path.parent)
    is_right = True
    for scorer in {one.name: one for one in (*router.routes.values(), router.default) if one is not None}.values():
        ask = getattr(scorer, "check", None)
        try:
            if ask is not None:
                print_finding("ok", scorer.name, ask())
        except ListenerError as error:
            print_finding("FAIL", scorer.name, str(error))
            is_right = False
    return is_right


def _check_mail(app: App) -> bool:
    """Ask every way that messages go; mail notifiers differ in the recipient only, so one of them is asked."""
    from listener.notifying import notifiers_and_problems

    notifiers, errors = notifiers_and_problems(app.config)
    for error in errors:
        print_finding("FAIL", "notify", str(error))
    if not notifiers and not errors:
        print_finding("skip", "mail", "no mail server with a recipient is configured; nothing is sent")
    asked = {one.name if one.name == "mail" else one.destination: one for one in notifiers}
    answers = [_check_notifier(notifier) for notifier in asked.values()]  # all are asked, whatever the first says
    return all(answers) and not errors


def _check_notifier(notifier: Notifier) -> bool:
    ask = getattr(notifier, "check", None)
    try:
        print_finding(
            "ok" if ask else "skip", notifier.name, ask() if ask else "cannot be asked without sending something"
        )
    except ListenerError as error:
        print_finding("FAIL", notifier.name, str(error))
        return False
    return True
