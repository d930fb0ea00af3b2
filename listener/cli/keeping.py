"""Run `backup`, `forget` and `purge`: what becomes of the store itself."""

from __future__ import annotations

import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import STOPPED, App, config_option, database_option, examples, now_option, pass_app
from listener.cli.notes import tell
from listener.cli.output import counted
from listener.cli.progress import wipe_line
from listener.errors import ListenerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from listener.store.erasure import Eraser, Erasure

__all__ = ["backup", "forget", "purge"]

_LONGEST_NUMBER: Final = 18
"""Digits of the longest number that the store can hold for sure."""


@click.command(epilog=examples("listener backup /backups/listener.db", "listener backup --force latest.db"))
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--force", is_flag=True, help="Replace FILE where it is an earlier copy, or empty.")
@config_option
@database_option
@pass_app
def backup(app: App, file: Path, force: bool) -> None:
    """Copy the store into FILE, also while the daemon writes: as it is at one instant, and examined.

    To restore it, stop the daemon, put FILE in the place of the store and remove
    the files beside it that end in -wal and -shm.
    """
    from listener.store.copying import back_up

    if str(file) == "-":
        msg = "a copy of the store goes into a file, not to stdout; name one"
        raise UsageError(msg)
    try:
        size = back_up(app.database_path, file, replace=force, on_progress=_show_pages)
    finally:
        wipe_line()
    tell(f"{file}: {counted(size, 'byte')}, a whole store")


@click.command(
    epilog=examples(
        "listener forget --mention reddit:t3_abc123 --dry-run",
        "listener forget --mention 1042",
        "listener forget --author mastodon:ada@social.example",
    )
)
@click.option("--author", default=None, metavar="SOURCE:HANDLE", help="Erase all of an author; their id does too.")
@click.option("--mention", default=None, metavar="MENTION", help="Erase one mention: source:id or its number.")
@click.option("--dry-run", is_flag=True, help="Only say how much it would be.")
@config_option
@database_option
@now_option
@pass_app
def forget(app: App, author: str | None, mention: str | None, dry_run: bool) -> int:
    """Erase text, author and link of mentions and their reposts from the store's files, for good.

    Counts, labels and scores stay; what was erased is not stored again when it is
    fetched again. Backups made before still hold it. It never asks back. The exit
    code is 1 where there is nothing to erase.
    """
    if (author is None) == (mention is None):
        msg = "say what to forget: --author SOURCE:HANDLE or --mention MENTION, one of them"
        raise UsageError(msg)
    with _eraser(app, dry_run=dry_run) as eraser:
        done = _forget(app, eraser, author, mention, dry_run=dry_run)
        is_late = not dry_run and eraser.is_unfinished()
        if is_late:  # an earlier run was ended in the middle: what it erased is still in the files
            eraser.rewrite()
    if not done.mentions and not done.authors:
        rest = "; what was erased before is out of the files now" if is_late else ""
        tell(f"nothing is stored of {author if mention is None else mention}{rest}")
        return 1
    _say(done, dry_run=dry_run)
    if not dry_run:
        _tell_copies(app.database_path)
    return 0


@click.command(epilog=examples("listener purge --dry-run", "listener purge"))
@click.option("--dry-run", is_flag=True, help="Only say how much it would be.")
@config_option
@database_option
@now_option
@pass_app
def purge(app: App, dry_run: bool) -> int:
    """Erase text, author and link of mentions that are older than the configuration keeps them.

    That is [listener] retention, or a source's own. Counts, labels and scores stay.
    The daemon does it once a day.
    """
    from listener import wiring
    from listener.service import Stop, clock_is_ahead, stop_on_signals
    from listener.store import Erasure

    retention = wiring.retention_of(app.config)
    stop = Stop()
    with stop_on_signals(stop) as asked, _eraser(app, dry_run=dry_run) as eraser:
        if not retention.is_limited and not eraser.is_unfinished():
            click.echo(
                "everything is kept for ever; [listener] retention or [sources.NAME] retention says else", err=True
            )
            return 0
        due = eraser.due(retention, now=app.now)
        if dry_run:
            _say(Erasure(mentions=sum(due.values())), dry_run=True)
            return 0
        if doubt := clock_is_ahead(app.config, app.database_path, now=app.now):
            msg = f"nothing is erased by its age: {doubt}"
            raise ListenerError(msg)
        try:
            done = eraser.purge(retention, now=app.now, stop=stop, on_batch=_show_mentions(sum(due.values())))
        finally:
            wipe_line()
    _say(done, dry_run=False)
    if done.mentions:
        _tell_copies(app.database_path)
    if stop.is_set():
        click.echo(STOPPED, err=True)
        return asked.exit_code
    return 0


@contextmanager
def _eraser(app: App, *, dry_run: bool) -> Iterator[Eraser]:
    """Open what erases. For a dry run the store is opened to read only: nothing can change, its version neither."""
    if dry_run:
        from listener.database import open_reader
        from listener.store.erasure import Eraser

        with closing(open_reader(app.database_path)) as connection:
            yield Eraser(connection, app.database_path)
        return
    from listener.cli.opening import open_store

    with open_store(app.database_path) as store:
        yield store.erasure


def _forget(app: App, eraser: Eraser, author: str | None, mention: str | None, *, dry_run: bool) -> Erasure:
    """Erase what was named; nothing where it names nothing."""
    from listener.cleaning import is_text
    from listener.store import Erasure

    if author is not None:
        source, _, who = author.partition(":")
        if not source or not who or not is_text(author):
            msg = f'"{author}" names no author; write SOURCE:HANDLE or SOURCE:ID, such as reddit:ada'
            raise UsageError(msg)
        return eraser.forget_author(source, who, now=app.now, dry_run=dry_run)
    if mention is None or not is_text(mention):
        return Erasure()
    if mention.isdecimal() and len(mention) <= _LONGEST_NUMBER:
        return eraser.forget_mention(int(mention), now=app.now, dry_run=dry_run)
    source, _, native_id = mention.partition(":")
    return eraser.forget_named(source, native_id, now=app.now, dry_run=dry_run)


def _say(done: Erasure, *, dry_run: bool) -> None:
    parts = [counted(done.mentions, "mention"), *([counted(done.authors, "author")] if done.authors else [])]
    click.echo(f"{'would erase' if dry_run else 'erased'} {' and '.join(parts)}")
    if done.reports:
        click.echo(f"emptied {counted(done.reports, 'report')} that quoted them")


def _tell_copies(database: Path) -> None:
    """Name the copies that upgrades left beside the store: what they hold is not erased."""
    from glob import escape

    for copy in sorted(database.parent.glob(f"{escape(database.name)}.version-*")):
        tell(f"{copy.name} beside the store, made before an upgrade, holds what the store held then; delete it")


def _show_pages(done: int, total: int) -> None:
    if sys.stderr.isatty() and total:
        click.echo(f"\r{100 * done // total} %", err=True, nl=False)


def _show_mentions(total: int) -> Callable[[int], None]:
    def show(done: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{done} of {total}", err=True, nl=False)

    return show
