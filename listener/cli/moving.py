"""Run `import` and `export`: mentions in and out as files."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

import click

from listener.cli.context import (
    BRAND,
    STOPPED,
    App,
    OneOf,
    config_option,
    database_option,
    examples,
    now_option,
    pass_app,
)
from listener.cli.notes import tell
from listener.cli.output import lines_to, noun
from listener.cli.progress import progress_bar
from listener.cli.unpacking import create, format_of, is_called_json, open_lines
from listener.cli.unread import BadLines, tell_all_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from listener.mention import Mention
    from listener.pipeline.importing import ImportReport
    from listener.pipeline.judge import Judge
    from listener.search import MentionFilter
    from listener.store import ReplayMark

__all__ = ["export", "import_"]

_SOME_FAILED: Final = 3
_RECOGNISED_BY: Final = 1 << 20
"""Bytes at the begin of a file by which, with its size, it is known again."""
_MOST_WORKERS: Final = 2
"""More do not help: one process writes, and is busy with that."""
_WORTH_WORKERS: Final = 16 << 20
"""Bytes of a file: a smaller one is done about as soon as workers have loaded their languages."""
_FILE_FORMATS: Final = ("jsonl", "csv")
_PARQUET: Final = "parquet"


@click.command(
    "import",
    epilog=examples(
        "listener import mentions.jsonl",
        "listener import mentions.csv.gz --complete",
        "listener import archive",
        "cat x.jsonl | listener import -",
    ),
)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE")
@click.option("--complete", is_flag=True, help="The file holds everything between its first and last mention.")
@click.option("--keep-unmatched", is_flag=True, help="Store what matches no brand too.")
@click.option(
    "--workers",
    type=click.IntRange(0, 64),
    default=None,
    help="Processes that read and score beside this one; 0 none. Default: for large files one a processor, at most 2.",
)
@click.option(
    "--format", "file_format", type=OneOf((*_FILE_FORMATS, _PARQUET)), default=None, help="Else by the ending."
)
@tell_all_option
@config_option
@database_option
@now_option
@pass_app
def import_(
    app: App,
    file: Path,
    complete: bool,
    keep_unmatched: bool,
    workers: int | None,
    file_format: str | None,
    tell_all: bool,
) -> int:
    """Take in mentions from a JSONL or CSV file (also .gz and .zst); - reads standard input.

    A .parquet file, or a folder with such files below it, is read as `export` writes
    them (extra parquet): the mentions, not what was decided about them.

    Importing a file again changes nothing; one that was stopped, however, goes on
    where it was. A line that cannot be read is reported with its number and left
    out, and makes the exit code 3.
    """
    from listener import wiring
    from listener.cli.opening import open_store
    from listener.errors import ListenerError
    from listener.pipeline.importing import declare_complete, import_mentions
    from listener.search import Reader
    from listener.service import Stop, stop_on_signals

    queries = wiring.build_queries(app.validate())
    stop = Stop()
    with ExitStack() as stack:
        size = _size_of(file)
        move: Callable[[int, int], None] = _move_nothing  # until there is a bar
        lines = open_lines(stack, file, file_format, on_bytes=lambda done: move(done, size))
        lines.begin()  # what is wrong with all of a file is told before a store is made
        # until here a pipe may be waited for, and nothing is in hand
        asked = stack.enter_context(stop_on_signals(stop))
        store = stack.enter_context(open_store(app.database_path, make=True, zone=app.zone.key))
        move = stack.enter_context(progress_bar("importing"))
        models = stack.enter_context(Reader(app.database_path)).models()
        judge = wiring.build_judge(app.config, queries, models, database=app.database_path)
        store.register([(brand.name, brand.kind) for brand in app.config.brands], queries, now=app.now)
        place = None if complete or not size else _place_of(file, judge, keep_unmatched=keep_unmatched)
        found = None if place is None else store.replay_mark(place.kind)
        before, unread = (0, 0) if found is None else (found.position, _bad_of(found))
        bad = stack.enter_context(BadLines(tells_all=tell_all))
        report = import_mentions(
            islice(lines, before, None),
            store,
            judge,
            stop,
            now=app.now,
            keep_unmatched=keep_unmatched,
            workers=_workers(workers, size),
            make=wiring.judge_maker(app.config, queries, models),
            mark=None
            if place is None
            else lambda done: replace(place, target=str(unread + bad.count), position=before + done),
            on_bad=lambda line: bad.report(line.number, line.reason),
        )
        is_whole = not report.is_stopped and lines.problem is None
        if place is not None and is_whole:
            store.end_replay(place.kind)
        if complete and is_whole and not report.bad:
            declare_complete(store, report, now=app.now)
    if before:
        _tell_before(before, unread)
    _summarise(report, complete=complete, keep_unmatched=keep_unmatched)
    if report.is_stopped:
        return asked.exit_code
    if lines.problem is not None:
        raise ListenerError(lines.problem)
    return _SOME_FAILED if unread + bad.count else 0


@click.command(
    epilog=examples(
        "listener export > all.jsonl",
        "listener export --brand Acme --since 30d --output acme.csv.gz",
        "listener export --format parquet --output archive",
    )
)
@click.option(
    "--brand",
    type=BRAND,
    default=None,
    metavar="BRAND",
    help="Only mentions of this brand, none labelled irrelevant for it; Parquet has these too, with their label.",
)
@click.option("--source", default=None, metavar="SOURCE", help="Only mentions of this source.")
@click.option("--since", default=None, metavar="WHEN", help="From when: 30d, a date, today.")
@click.option("--until", default=None, metavar="WHEN", help="Up to when (not included).")
@click.option("--output", type=click.Path(path_type=Path), help="Write here; default, and -: stdout.")
@click.option(
    "--format",
    "file_format",
    type=OneOf((*_FILE_FORMATS, _PARQUET, "json", "table")),
    default=None,
    help="Else by the ending; parquet fills the folder --output, a part a brand and day.",
)
@config_option
@database_option
@now_option
@pass_app
def export(
    app: App,
    brand: str | None,
    source: str | None,
    since: str | None,
    until: str | None,
    output: Path | None,
    file_format: str | None,
) -> None:
    """Write stored mentions as JSONL or CSV, oldest first; `listener import` reads them again.

    Parquet (extra parquet) is for other engines: mentions with what was decided about
    them, in folders brand=NAME/day=DATE; a day written again is replaced, and removed
    where all its texts were erased since. Hence whole days (UTC) are written, of all
    sources: those between --since and --until.
    """
    from listener.cli.trending import require_span
    from listener.clock import parse_when
    from listener.search import MentionFilter, Reader

    wanted = MentionFilter(
        brand=None if brand is None else app.config.brand(brand).name,
        source=source,
        since=None if since is None else parse_when(since, now=app.now, zone=app.zone),
        until=None if until is None else parse_when(until, now=app.now, zone=app.zone),
    )
    require_span(wanted.since, wanted.until, since, until)
    chosen = file_format or format_of(output)
    if chosen == _PARQUET:
        _export_parquet(app, wanted, output if file_format else None)
        return
    with Reader(app.database_path) as reader, ExitStack() as stack:
        mentions = reader.every_mention(wanted)  # before the file is opened, which may empty it
        is_named = output is not None and str(output) != "-"
        out = stack.enter_context(create(cast("Path", output))) if is_named else sys.stdout
        count = _write(mentions, out, chosen)
    click.echo(f"{count} {noun(count, 'mention')} written", err=True)
    if is_named and file_format is None and is_called_json(cast("Path", output)):
        tell(f"{output} holds a line of JSON for each, as import reads them; --format json makes it one list")


def _export_parquet(app: App, wanted: MentionFilter, folder: Path | None) -> None:
    from listener.errors import UsageError
    from listener.parquet import refuse_long_names, remove_emptied, whole_days, write_parquet
    from listener.search import Reader

    if folder is None or str(folder) == "-":
        msg = (
            "Parquet is written into a folder, a part a brand and day: name it with --output, and say --format parquet"
        )
        raise UsageError(msg)
    if wanted.source is not None:
        msg = (
            "--source: a part of Parquet is all of a day of a brand, and replaces what was there; "
            "leave it out, and ask for the column source"
        )
        raise UsageError(msg)
    since, until = whole_days(wanted.since, wanted.until)
    wanted = replace(wanted, since=since, until=until)
    with Reader(app.database_path) as reader:
        refuse_long_names(reader.brands_decided(wanted))
        count = write_parquet(reader.every_decided(wanted), folder)
        gone = remove_emptied(folder, reader.is_emptied, brand=wanted.brand, since=since, until=until)
    tell(f"{count} {noun(count, 'mention')} written below {folder}")
    if gone:
        click.echo(f"{gone} {noun(gone, 'day')} removed there, of which nothing is left", err=True)


def _write(mentions: Iterator[Mention], out: IO[str], chosen: str) -> int:
    if chosen == "csv":
        from listener.tabular import write_csv

        return write_csv(mentions, lines_to(cast("TextIO", out)))
    from listener.cli.objects import emit_objects
    from listener.interchange import mention_to_json

    return emit_objects(map(mention_to_json, mentions), chosen, stream=cast("TextIO", out))


def _move_nothing(done: int, total: int) -> None:
    """Stand in for what moves a bar."""


def _place_of(file: Path, judge: Judge, *, keep_unmatched: bool) -> ReplayMark:
    """Return by what a stopped import of a file is known: the file, and what is done with it.

    Its target tells how many lines could not be read.
    """
    from hashlib import blake2b

    from listener.store import ReplayMark as Mark

    if file.is_dir():
        begin = repr([(str(part.relative_to(file)), part.stat().st_size) for part in _parts(file)]).encode()
    else:
        with file.open("rb") as stream:
            begin = stream.read(_RECOGNISED_BY)
    told = repr((_size_of(file), sorted(judge.queries.items()), judge.scoring, keep_unmatched))
    digest = blake2b(begin + told.encode(), digest_size=16).hexdigest()
    return Mark(kind=f"import {digest}", target="0", position=0)


def _bad_of(mark: ReplayMark) -> int:
    """Return how many of the lines that are done could not be read: the exit code tells of them too."""
    return int(mark.target) if mark.target.isdecimal() else 0


def _size_of(file: Path) -> int:
    """Return how many bytes a file, or the files of a folder, have; 0 where nobody knows, as of a pipe."""
    if str(file) == "-":
        return 0
    parts = _parts(file) if os.path.isdir(file) else [file]  # noqa: PTH112 - Path's may raise
    return sum(part.stat().st_size for part in parts if os.path.isfile(part))  # noqa: PTH113 - the same


def _parts(folder: Path) -> list[Path]:
    from listener.parquet import parquet_files

    return parquet_files(folder)


def _workers(asked: int | None, size: int) -> int:
    """Return how many processes to use beside this one: none for a small file, or where there is but one processor."""
    if asked is not None:
        return asked
    if size < _WORTH_WORKERS:
        return 0
    processors = os.cpu_count() or 1
    return 0 if processors == 1 else min(processors, _MOST_WORKERS)


def _tell_before(lines: int, unread: int) -> None:
    rest = f"; {unread} of them could not be read" if unread else ""
    click.echo(f"went on after the first {lines} {noun(lines, 'line')}, stored before{rest}", err=True)


def _summarise(report: ImportReport, *, complete: bool, keep_unmatched: bool) -> None:
    stored = report.new + report.changed + report.seen + (0 if keep_unmatched else report.unmatched)
    if report.undated:
        click.echo(
            f"{report.undated} {noun(report.undated, 'mention')} with a time that cannot be (before 1900, or still to come): "
            "what is stored of that counts at the time of its first import",
            err=True,
        )
    others = "" if report.is_stopped or report.read <= stored else f", {report.read - stored} repeated or erased before"
    click.echo(
        f"{report.read} {noun(report.read, 'mention')} read: {report.new} new, {report.changed} changed, {report.seen} known, "
        f"{report.unmatched} of no brand{others}; {report.bad} {noun(report.bad, 'line')} could not be read",
        err=True,
    )
    if report.is_stopped:
        click.echo(STOPPED, err=True)
    elif complete and report.bad:
        click.echo("not noted as complete: some lines could not be read", err=True)
