"""Run `import` and `export`: mentions in and out as files."""

from __future__ import annotations

import gzip
import io
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

import click

from listener.cli.context import App, config_option, database_option, examples, now_option, pass_app
from listener.errors import ListenerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listener.interchange import BadLine
    from listener.mention import Mention
    from listener.pipeline.importing import ImportReport

__all__ = ["export", "import_"]

_SOME_FAILED: Final = 3
_FILE_FORMATS: Final = ("jsonl", "csv")


@click.command(
    "import",
    epilog=examples(
        "listener import mentions.jsonl",
        "listener import mentions.csv.gz --complete",
        "cat x.jsonl | listener import -",
    ),
)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE")
@click.option("--complete", is_flag=True, help="The file holds everything between its first and last mention.")
@click.option("--keep-unmatched", is_flag=True, help="Store what matches no brand too.")
@click.option("--format", "file_format", type=click.Choice(_FILE_FORMATS), default=None, help="Else by the ending.")
@config_option
@database_option
@now_option
@pass_app
def import_(app: App, file: Path, complete: bool, keep_unmatched: bool, file_format: str | None) -> int:
    """Take in mentions from a JSONL or CSV file (also .gz); - reads standard input.

    Importing a file again changes nothing. A line that cannot be read is reported
    with its number and left out, and makes the exit code 3.
    """
    from listener import wiring
    from listener.pipeline.importing import declare_complete, import_mentions
    from listener.search import Reader
    from listener.service import stop_on_signals
    from listener.store import Store

    wiring.validate(app.config)
    queries = wiring.build_queries(app.config)
    stop = threading.Event()
    with ExitStack() as stack:
        stack.enter_context(stop_on_signals(stop))
        lines = _open_lines(stack, file, file_format)
        store = stack.enter_context(Store(app.database_path))
        models = stack.enter_context(Reader(app.database_path)).models()
        judge = wiring.build_judge(app.config, queries, models, database=app.database_path)
        store.register(
            [(brand.name, brand.kind) for brand in app.config.brands], queries, now=app.now, zone=app.zone.key
        )
        report = import_mentions(
            lines,
            store,
            judge,
            stop,
            now=app.now,
            keep_unmatched=keep_unmatched,
            on_bad=_report_bad,
            on_chunk=_show_progress,
        )
        if complete and not report.is_stopped and not report.bad:
            declare_complete(store, report, now=app.now)
    _summarise(report, complete=complete)
    return _SOME_FAILED if report.bad else 0


@click.command(
    epilog=examples("listener export > all.jsonl", "listener export --brand Acme --since 30d --output acme.csv.gz")
)
@click.option("--brand", default=None, metavar="BRAND", help="Only mentions of this brand.")
@click.option("--source", default=None, metavar="SOURCE", help="Only mentions of this source.")
@click.option("--since", default=None, metavar="WHEN", help="From when: 30d, a date, today.")
@click.option("--until", default=None, metavar="WHEN", help="Up to when (not included).")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write here; default: stdout.")
@click.option("--format", "file_format", type=click.Choice(_FILE_FORMATS), default=None, help="Else by the ending.")
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
    """Write stored mentions as JSONL or CSV, oldest first; `listener import` reads them again."""
    from listener.clock import parse_when
    from listener.search import MentionFilter, Reader

    wanted = MentionFilter(
        brand=None if brand is None else app.config.brand(brand).name,
        source=source,
        since=None if since is None else parse_when(since, now=app.now, zone=app.zone),
        until=None if until is None else parse_when(until, now=app.now, zone=app.zone),
    )
    chosen = file_format or _format_of(output)
    with Reader(app.database_path) as reader, ExitStack() as stack:
        out = sys.stdout if output is None else stack.enter_context(_create(output))
        count = _write(reader.every_mention(wanted), out, chosen)
    click.echo(f"{count} mentions written", err=True)


def _write(mentions: Iterator[Mention], out: IO[str], chosen: str) -> int:
    if chosen == "csv":
        from listener.tabular import write_csv

        return write_csv(mentions, out)
    from listener.cli.output import json_text
    from listener.interchange import mention_to_json

    count = 0
    for mention in mentions:
        out.write(json_text(mention_to_json(mention)) + "\n")
        count += 1
    return count


def _open_lines(stack: ExitStack, file: Path, file_format: str | None) -> Iterator[Mention | BadLine]:
    """Open a file for reading, unpacked where its name says so."""
    if str(file) == "-":
        raw: IO[bytes] = sys.stdin.buffer
    else:
        try:
            raw = stack.enter_context(file.open("rb"))
        except OSError as error:
            msg = f"{file} cannot be read: {error.strerror}"
            raise UsageError(msg) from None
        if file.suffix == ".gz":
            raw = cast("IO[bytes]", stack.enter_context(gzip.GzipFile(fileobj=raw)))
    return _unpacked(_lines(raw, file_format or _format_of(file)), file)


def _lines(raw: IO[bytes], chosen: str) -> Iterator[Mention | BadLine]:
    if chosen == "csv":
        from listener.tabular import read_csv

        return read_csv(io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline=""))
    from listener.interchange import read_lines

    return read_lines(raw)


def _unpacked(lines: Iterator[Mention | BadLine], file: Path) -> Iterator[Mention | BadLine]:
    """Turn what goes wrong in unpacking and reading into a sentence; what came before is kept."""
    try:
        yield from lines
    except (OSError, EOFError) as error:
        msg = f"{file} is damaged or not gzip: {error}; what was read before is stored"
        raise ListenerError(msg) from None


def _format_of(file: Path | None) -> str:
    name = "" if file is None else file.name.removesuffix(".gz")
    return "csv" if name.endswith(".csv") else "jsonl"


def _create(file: Path) -> IO[str]:
    try:
        if file.suffix == ".gz":
            return cast("IO[str]", gzip.open(file, "wt", encoding="utf-8", newline=""))
        return file.open("w", encoding="utf-8", newline="")
    except OSError as error:
        msg = f"{file} cannot be written: {error.strerror}"
        raise ListenerError(msg) from None


def _report_bad(line: BadLine) -> None:
    click.echo(f"line {line.number}: {line.reason}", err=True)


def _show_progress(report: ImportReport) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{report.read} read, {report.new} new", err=True, nl=False)


def _summarise(report: ImportReport, *, complete: bool) -> None:
    if sys.stderr.isatty():
        click.echo(err=True)
    click.echo(
        f"{report.read} mentions read: {report.new} new, {report.changed} changed, {report.seen} known, "
        f"{report.unmatched} of no brand; {report.bad} lines could not be read",
        err=True,
    )
    if report.is_stopped:
        click.echo("stopped; run it again to go on", err=True)
    elif complete and report.bad:
        click.echo("not noted as complete: some lines could not be read", err=True)
