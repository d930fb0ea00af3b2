"""Run `label`: what a person says of a mention, one by one or as a sheet."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO, cast

import click

from listener.cli.context import (
    BRAND,
    App,
    OneOf,
    config_option,
    database_option,
    examples,
    format_option,
    now_option,
    pass_app,
)
from listener.cli.lines import opened
from listener.cli.notes import tell
from listener.cli.output import FORMULA_SIGNS, Column, emit_rows, noun, score_text
from listener.cli.unread import BadLines
from listener.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping
    from zoneinfo import ZoneInfo

    from listener.mention import Label
    from listener.search import MentionRow, Reader
    from listener.search.history import HistoryReader, StoredMention
    from listener.store import Store, Verdict

__all__ = ["label"]

_WORDS: Final = ("positive", "neutral", "negative", "irrelevant")
_SOME_FAILED: Final = 3
_GUARDED: Final = tuple(f"'{sign}" for sign in FORMULA_SIGNS)
_LONGEST_HEAD: Final = 65_536
"""Signs of the first row, which names the columns."""
_TABLE: Final = (
    Column(name="number", title="#", align="right"),
    Column(name="brand"),
    Column(name="source"),
    Column(name="author"),
    Column(name="language", title="lang"),
    Column(name="sentiment"),
    Column(name="score", align="right", text=score_text),
    Column(name="text"),
)
_SHEET: Final = (
    "mention", "brand", "label", "sentiment", "score", "language", "source", "author", "published_at", "title", "text",
    "url",
)  # fmt: skip


@click.command(
    epilog=examples(
        "listener label 412 negative",
        "listener label hackernews:4411 irrelevant --brand Acme",
        "listener label --queue 50 --export sheet.csv",
        "listener label --import sheet.csv",
    )
)
@click.argument("mention", required=False)
@click.argument("word", required=False, type=OneOf(_WORDS), metavar="[LABEL]")
@click.option(
    "--brand", type=BRAND, default=None, metavar="BRAND", help="Only towards this brand; else every one it matches."
)
@click.option("--remove", is_flag=True, help="Take the label of the mention back.")
@click.option("--queue", type=click.IntRange(1, 10_000), metavar="N", help="Show the N most useful to label.")
@click.option(
    "--export",
    "sheet",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    help="Write a CSV: queue or labels; - is stdout.",
)
@click.option(
    "--import",
    "filled",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    help="Read a filled-in CSV; - is stdin.",
)
@config_option
@database_option
@format_option()
@now_option
@pass_app
def label(
    app: App,
    mention: str | None,
    word: str | None,
    brand: str | None,
    remove: bool,
    queue: int | None,
    sheet: Path | None,
    filled: Path | None,
) -> int:
    """Say how a mention feels about a brand (positive, neutral, negative), or that it is irrelevant.

    MENTION is source:id or a number that "listener mentions" shows. A label counts
    before every scorer in every number from now on; an irrelevant mention is in
    none. The mean score keeps scores that people confirm and leaves out those they
    contradict. Labels outlive edits, rematch and rescore.

    --queue shows the mentions whose label would teach most: uncertain, influential,
    no story or author twice. With --export they go into a sheet to fill in; --export
    alone writes the labels there are. --import reads either back.
    """
    ways = [mention is not None, queue is not None or sheet is not None, filled is not None]
    if sum(ways) != 1 or (mention is not None and (word is None) != remove):
        msg = 'name a mention and its label (or --remove), or one of --queue, --export, --import; see "listener label --help"'
        raise UsageError(msg)
    named = None if brand is None else app.config.brand(brand).name
    if mention is not None:
        _label_one(app, mention, None if word is None else _label_of(word), named)
    elif filled is not None:
        return _read_sheet(app, filled, named)
    elif sheet is not None:
        _write_sheet(app, sheet, queue, named)
    else:
        _show_queue(app, queue or 0, named)
    return 0


def _label_one(app: App, name: str, said: Label | None, brand: str | None) -> None:
    from listener.cli.opening import open_store
    from listener.search import Reader

    with open_store(app.database_path) as store, Reader(app.database_path) as reader:
        number = reader.number_of(name)
        brands = store.label(number, brand, said, now=app.now)
    verdict = "its scorer's verdict again" if said is None else said.word
    click.echo(f"mention {number}: {verdict} for {', '.join(sorted(brands))}", err=True)


def _show_queue(app: App, limit: int, brand: str | None) -> None:
    from listener.search.history import HistoryReader

    with HistoryReader(app.database_path) as reader:
        chosen = list(_queued(reader, limit, brand))
    if app.format == "table":
        rows = [{**_queue_row(one, app.zone), "text": _one_line(one.title, one.text)} for one in chosen]
        emit_rows(rows, _TABLE, "table")
        click.echo('"listener label NUMBER positive|neutral|negative|irrelevant" labels one', err=True)
    else:
        emit_rows([_queue_row(one, app.zone) for one in chosen], ("number", *_SHEET), app.format)


def _queued(reader: HistoryReader, limit: int, brand: str | None) -> Iterator[MentionRow]:
    from listener.search.queue import choose

    for one in choose(reader.unlabelled(brand), limit):
        yield from reader.mentions_by_number([one.number], brand=one.brand)


def _queue_row(one: MentionRow, zone: ZoneInfo) -> dict[str, object]:
    return {
        "number": one.number,
        "mention": f"{one.source}:{one.id}",
        "brand": one.brand,
        "label": None,
        "sentiment": one.label.word,
        "score": one.score,
        "language": one.language,
        "source": one.source,
        "author": one.author,
        "published_at": one.published_at.astimezone(zone).isoformat(),
        "title": one.title,
        "text": one.text,
        "url": one.url,
    }


def _labelled_rows(
    chunks: Iterable[Iterable[StoredMention]], brand: str | None, zone: ZoneInfo
) -> Iterator[dict[str, object]]:
    for chunk in chunks:
        for one in chunk:
            for verdict in one.verdicts:
                said = one.said.get(verdict.match.brand)
                if said is not None and brand in {None, verdict.match.brand}:
                    yield _labelled_row(one, verdict, said, zone)


def _labelled_row(one: StoredMention, verdict: Verdict, said: Label, zone: ZoneInfo) -> dict[str, object]:
    mention = one.mention
    at = mention.published_at
    return {
        "mention": f"{mention.source}:{mention.id}",
        "brand": verdict.match.brand,
        "label": said.word,
        "sentiment": verdict.sentiment.label.word,
        "score": verdict.sentiment.score,
        "language": one.language,
        "source": mention.source,
        "author": None if mention.author is None else mention.author.handle,
        "published_at": None if at is None else at.astimezone(zone).isoformat(),
        "title": mention.title,
        "text": mention.text,
        "url": mention.url,
    }


def _write_sheet(app: App, file: Path, queue: int | None, brand: str | None) -> None:
    from listener.search.history import HistoryReader

    with HistoryReader(app.database_path) as reader:
        if queue is None:
            rows = list(_labelled_rows(reader.stored("labelled", brand=brand), brand, app.zone))
        else:
            rows = [_queue_row(one, app.zone) for one in _queued(reader, queue, brand)]
    if str(file) == "-":
        emit_rows(rows, _SHEET, "csv")
        return
    from listener.cli.unpacking import create

    with create(file) as out:
        out.write("\ufeff")  # with the mark, spreadsheets read UTF-8
        emit_rows(rows, _SHEET, "csv", stream=cast("TextIO", out))
    tell(f"{len(rows)} {noun(len(rows), 'mention')} written to {file}")


def _read_sheet(app: App, file: Path, brand: str | None) -> int:
    """Label what a sheet says; rows without a label are passed over."""
    from listener.cli.opening import open_store
    from listener.search import Reader

    bad = BadLines(tells_all=True)  # people wrote it
    counts = {"labelled": 0, "known": 0, "empty": 0}
    with open_store(app.database_path) as store, Reader(app.database_path) as reader, closing(_rows(file)) as rows:
        for number, row in rows:
            if isinstance(row, str):
                bad.report(number, row)
                continue
            try:
                counts[_take_row(app, store, reader, row, brand)] += 1
            except UsageError as error:
                bad.report(number, str(error))
    click.echo(
        f"{counts['labelled']} labelled, {counts['known']} known, {counts['empty']} without a label; "
        f"{bad.count} {noun(bad.count, 'line')} could not be taken",
        err=True,
    )
    return _SOME_FAILED if bad.count else 0


def _take_row(app: App, store: Store, reader: Reader, row: Mapping[str, str], brand: str | None) -> str:
    """Label what one row says and return how it counts; raises UsageError where it says nothing that can be."""
    word = _cell(row, "label").casefold()
    if not word:
        return "empty"
    if word not in _WORDS:
        from listener.errors import suggest

        msg = f"label: {word!a} is none; {suggest(word, _WORDS)}"
        raise UsageError(msg)
    said = _label_of(word)
    number = reader.number_of(_cell(row, "mention"))
    wanted = brand or _cell(row, "brand") or None
    if wanted is not None:
        stands = [one for one in reader.mentions_by_number([number], brand=wanted) if one.labelled_at is not None]
        if any(one.label is said for one in stands):
            return "known"
    store.label(number, wanted, said, now=app.now)
    return "labelled"


def _rows(file: Path) -> Generator[tuple[int, Mapping[str, str] | str]]:
    """Yield (line, cells by column, or why there are none) of a CSV file whose first row names the columns."""
    try:
        with opened(file) as stream:
            lines = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
            try:
                yield from _numbered_rows(file, lines)
            finally:
                lines.detach()  # the standard input is not ours to close
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}"
        raise UsageError(msg) from None
    except UnicodeDecodeError as error:
        msg = f"{file} is not in UTF-8 ({error.reason}); save it as CSV in UTF-8; what was read before is stored"
        raise UsageError(msg) from None


def _numbered_rows(file: Path, lines: TextIO) -> Iterator[tuple[int, Mapping[str, str] | str]]:
    from listener.tabular import csv_rows

    head = lines.readline(_LONGEST_HEAD)
    sign = ";" if head.count(";") > head.count(",") else ","
    rows = csv_rows(lines, delimiter=sign, first=head)
    _, names = next(rows, (1, []))
    missing = {"mention", "label"} - set([] if isinstance(names, str) else names)
    if missing:
        msg = f"{file}: the first row must name the columns; missing: {', '.join(sorted(missing))}"
        raise UsageError(msg)
    for number, row in rows:
        yield number, row if isinstance(row, str) else dict(zip(names, row, strict=False))


def _cell(row: Mapping[str, str], name: str) -> str:
    """Return a cell as it was before the apostrophe that keeps spreadsheets from running it."""
    text = (row.get(name) or "").strip()
    return text[1:] if text.startswith(_GUARDED) else text


def _label_of(word: str) -> Label:
    from listener.store import PERSON_LABELS

    return next(one for one in PERSON_LABELS if one.word == word)


def _one_line(title: str | None, text: str | None) -> str:
    return " — ".join(" ".join(part.split()) for part in (title, text) if part)
