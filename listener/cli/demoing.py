"""Run `demo`: the whole job with no key and no network."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listener.cli.context import App, examples, pass_app, unread_config_option

if TYPE_CHECKING:
    from listener.demo.show import DemoResult

__all__ = ["demo"]


@click.command(epilog=examples("listener demo", "listener demo /tmp/listener-demo"))
@click.argument("folder", default="listener-demo", type=click.Path(file_okay=False, path_type=Path), metavar="[DIR]")
@unread_config_option
@pass_app
def demo(app: App, folder: Path) -> None:
    """Replay a bundled archive of invented brands through the real stages.

    Leaves a store, charts and a digest in DIR (default: ./listener-demo), and prints
    the trend, the alert that is open, and what to try next.
    """
    from listener.demo.show import run_demo
    from listener.demo.world import ARCHIVE_DAYS

    del app
    click.echo(f"replaying {ARCHIVE_DAYS} days of three invented brands ...", err=True)
    result = run_demo(folder)
    _print_trend(result)
    _print_alert(result)
    _print_next(result)


def _print_trend(result: DemoResult) -> None:
    from datetime import timedelta

    from listener import wiring
    from listener.cli.trending import print_trend
    from listener.config import load_config
    from listener.demo.show import DATABASE
    from listener.demo.world import ARCHIVE_END, OWN_BRAND
    from listener.search import Reader, Span

    config = load_config(result.folder / "config.toml")
    zone = config.zone()
    span = Span(since=ARCHIVE_END - timedelta(days=14), until=ARCHIVE_END, by="day", zone=zone, now=ARCHIVE_END)
    with Reader(result.folder / DATABASE) as reader:
        print_trend(reader.trend([OWN_BRAND], span, wiring.listening(config)), zone)


def _print_alert(result: DemoResult) -> None:
    episode = result.episode
    if episode is None:
        click.echo("No alert is open.\n")
        return
    click.echo(f"Open alert {episode.id}, {episode.brand}, {episode.severity}:")
    click.echo(f"  {episode.headline}")
    if episode.terms:
        click.echo(f"  said now and usually not: {', '.join(episode.terms)}")
    click.echo()


def _print_next(result: DemoResult) -> None:
    from listener.demo.world import ARCHIVE_END, OWN_BRAND

    click.echo(f"{result.mentions} mentions stored. Look at:")
    for file in result.files:
        click.echo(f"  {os.path.relpath(file)}")
    config = os.path.relpath(result.folder / "config.toml")
    fixed = f"--config {shlex.quote(config)} --now {ARCHIVE_END.isoformat()}"
    program = shlex.quote(_program())
    click.echo("\nTry next:")
    click.echo(f"  {program} trend {OWN_BRAND} --by hour --since 2d {fixed}")
    click.echo(f"  {program} mentions {OWN_BRAND} --sentiment negative --search lid {fixed}")
    click.echo(f"  {program} share --since 30d {fixed}")


def _program() -> str:
    """Return how this program is called from here: by its name where the shell finds it."""
    started = Path(sys.argv[0])
    found = shutil.which("listener")
    is_on_path = found is not None and started.exists() and Path(found).resolve() == started.resolve()
    return "listener" if is_on_path or started.name != "listener" else os.path.relpath(started)
