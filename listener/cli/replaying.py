"""Run `rematch` and `rescore`: decide anew about what is stored, with nothing fetched."""

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
from listener.cli.output import Column, count_text, emit_rows, noun

if TYPE_CHECKING:
    from collections.abc import Callable

    from listener.pipeline.replaying import ReplayReport

__all__ = ["rematch", "rescore"]

_MATCHED: Final = ("gained", "lost")
_SCORED: Final = ("rescored", "relabelled")


@click.command(epilog=examples("listener rematch", "listener rematch --brand Acme --format json"))
@click.option(
    "--brand", type=BRAND, default=None, metavar="BRAND", help="Only this brand; the others stay as they are."
)
@config_option
@database_option
@format_option()
@now_option
@pass_app
def rematch(app: App, brand: str | None) -> int:
    """Match every stored mention with the present queries, as if it came in today.

    Mentions that were stored without matching anything are looked at too. People's
    labels stand, no alert is raised. Ctrl-C finishes what is in hand; the next run
    goes on there. What the queries never asked the sources for is not in the store:
    "listener collect --since" looks back for it.
    """
    from listener.pipeline import replaying

    return _replay(app, brand, replaying.rematch, _MATCHED)


@click.command(epilog=examples("listener rescore", "listener rescore --brand Acme"))
@click.option(
    "--brand", type=BRAND, default=None, metavar="BRAND", help="Only this brand; the others stay as they are."
)
@config_option
@database_option
@format_option()
@now_option
@pass_app
def rescore(app: App, brand: str | None) -> int:
    """Score every stored mention with the present scorers and rules.

    Languages are identified anew; where a query asks for a language, run "listener
    rematch" after it. People's labels stand, no alert is raised. Ctrl-C finishes
    what is in hand; the next run goes on there.
    """
    from listener.pipeline import replaying

    return _replay(app, brand, replaying.rescore, _SCORED)


def _replay(app: App, brand: str | None, how: Callable[..., ReplayReport], counts: tuple[str, ...]) -> int:
    from listener import wiring
    from listener.cli.opening import open_store
    from listener.cli.progress import progress_bar
    from listener.search.history import HistoryReader
    from listener.service import Stop, stop_on_signals

    app.validate()
    named = None if brand is None else app.config.brand(brand).name
    queries = wiring.build_queries(app.config)
    stop = Stop()
    path = app.database_path
    with stop_on_signals(stop) as asked, open_store(path, zone=app.zone.key) as store, HistoryReader(path) as reader:
        judge = wiring.build_judge(app.config, queries, reader.models(), database=path)
        store.register([(one.name, one.kind) for one in app.config.brands], queries, now=app.now)
        make = wiring.judge_maker(app.config, queries, reader.models())
        with wiring.open_executor(app.config, make) as executor, progress_bar("mentions") as move:
            report = how(
                store,
                reader,
                judge,
                stop,
                now=app.now,
                brand=named,
                executor=executor,
                on_chunk=lambda report: move(report.done, report.total),
            )
    brands = [one.name for one in app.config.brands if named in {None, one.name}]
    columns = ("brand", *counts)
    emit_rows(
        [{"brand": name, **{count: getattr(report, count)[name] for count in counts}} for name in brands],
        [
            Column(name=name) if name == "brand" else Column(name=name, align="right", text=count_text)
            for name in columns
        ],
        app.format,
    )
    click.echo(
        f"{report.done} of {report.total} {noun(report.total, 'mention')} gone through, {report.changed} stored anew",
        err=True,
    )
    if report.is_stopped:
        click.echo(
            f"stopped after {report.done} of {report.total} {noun(report.total, 'mention')}; run it again to go on there",
            err=True,
        )
        return asked.exit_code
    return 0
