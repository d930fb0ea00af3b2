"""Answer `mentions`: the mentions themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import (
    BRAND,
    LANGUAGE,
    App,
    OneOf,
    config_option,
    database_option,
    examples,
    format_option,
    now_option,
    pass_app,
)
from listener.cli.notes import tell_never_matched
from listener.cli.output import Column, emit_rows, score_text
from listener.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from listener.mention import Label
    from listener.search import MentionFilter, MentionRow, Reader

__all__ = ["mentions"]

_OPERATORS: Final = (" AND ", " OR ", " NOT ", " -", '"')
_NO_OPERATORS: Final = 'quotes, -, AND, OR and NOT mean nothing in it, but in the QUERY of "listener match"'
_LABELS: Final = ("positive", "neutral", "negative", "unscored", "irrelevant")
_COLUMNS: Final = (
    Column(name="number", title="#", align="right"),
    Column(name="published_at", title="when"),
    Column(name="brand"),
    Column(name="source"),
    Column(name="author"),
    Column(name="language", title="lang"),
    Column(name="sentiment"),
    Column(name="score", align="right", text=score_text),
    Column(name="text"),
    Column(name="url"),
)
_DATA_COLUMNS: Final = (
    "number", "brand", "source", "id", "kind", "url", "author", "author_name", "followers", "title", "text",
    "language", "published_at", "seen_at", "sentiment", "score", "likes", "reposts", "replies", "views", "is_repost",
    "story", "labelled_at", "is_label_stale", "answered_at", "thread_read_at",
)  # fmt: skip
_WAITING_COLUMNS: Final = (*_COLUMNS[:2], Column(name="waiting", align="right"), *_COLUMNS[2:])


@click.command(
    epilog=examples(
        "listener mentions Acme --sentiment negative --limit 10",
        "listener mentions Acme --unanswered --older-than 4h",
        'listener mentions --search "lid leaks" --since 7d --format jsonl',
    )
)
@click.argument("brand", type=BRAND, required=False)
@click.option(
    "--mention",
    "named",
    multiple=True,
    metavar="MENTION",
    help="Only this one: source:id or its number; may come again.",
)
@click.option("--search", default=None, metavar="TEXT", help="Only those that hold all of these words.")
@click.option("--sentiment", type=OneOf(_LABELS), default=None, help="Only those that feel this way.")
@click.option("--source", default=None, metavar="SOURCE", help="Only mentions of this source.")
@click.option(
    "--language", type=LANGUAGE, default=None, metavar="LANGUAGE", help="Only mentions in this language, such as hi."
)
@click.option("--since", default=None, metavar="WHEN", help="From when: 7d, a date, today; default: ever.")
@click.option("--until", default=None, metavar="WHEN", help="Up to when (not included); default: ever.")
@click.option("--originals", is_flag=True, help="Leave reposts out.")
@click.option("--unanswered", is_flag=True, help="Only those that no own account answered, as far as is known.")
@click.option("--older-than", default=None, metavar="LENGTH", help="Only those published longer ago, such as 4h.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="At most this many.")
@config_option
@database_option
@format_option()
@now_option
@pass_app
def mentions(
    app: App,
    brand: str | None,
    named: tuple[str, ...],
    search: str | None,
    sentiment: str | None,
    source: str | None,
    language: str | None,
    since: str | None,
    until: str | None,
    originals: bool,
    unanswered: bool,
    older_than: str | None,
    limit: int,
) -> None:
    """Show mentions, the newest first; a mention of two brands comes once for each.

    What was labelled irrelevant is left out unless --sentiment irrelevant asks for it.
    --unanswered leaves out reposts, articles and surveys too: nobody answers those.
    """
    from listener.cli.trending import require_span
    from listener.clock import parse_when
    from listener.search import MentionFilter, Reader

    zone = app.zone
    wanted = MentionFilter(
        brand=None if brand is None else app.config.brand(brand).name,
        source=source,
        language=language,
        labels=_labels(sentiment),
        since=None if since is None else parse_when(since, now=app.now, zone=zone),
        until=_end(app, until, older_than),
        text=search,
        include_reposts=not originals,
        limit=limit + 1,
        unanswered_of=_answering(app, brand) if unanswered else (),
    )
    require_span(wanted.since, wanted.until, since, until or older_than)
    with Reader(app.database_path) as reader:
        found = _named(app, reader, named, wanted, limit) if named else reader.mentions(wanted)
        if not found and wanted.brand is not None:
            tell_never_matched(reader, [wanted.brand])
    rows = [_row(one, zone, search) for one in found[:limit]]
    if app.format == "table":
        emit_rows(
            [
                {
                    **row,
                    "text": _one_text(row),
                    "published_at": _short(one, zone),
                    "sentiment": _feeling(one),
                    "waiting": _waiting(app, one) if unanswered else "",
                }
                for row, one in zip(rows, found, strict=False)
            ],
            _WAITING_COLUMNS if unanswered else _COLUMNS,
            "table",
        )
        if not found:
            click.echo("no mention in the store is like that", err=True)
    else:
        emit_rows(rows, (*_DATA_COLUMNS, *(("snippet",) if search is not None else ())), app.format)
    if search is not None and any(sign in f" {search} " for sign in _OPERATORS):
        click.echo("note: --search takes plain words, all of which must be there; " + _NO_OPERATORS, err=True)
    if len(found) > limit:
        click.echo(f"only the newest {limit} {'are' if limit > 1 else 'is'} shown; --limit shows more", err=True)


def _named(app: App, reader: Reader, names: Sequence[str], wanted: MentionFilter, limit: int) -> tuple[MentionRow, ...]:
    """Return the mentions of these names, in their order; a number may have the sign that `themes` shows."""
    if replace(wanted, brand=None, limit=0) != type(wanted)(limit=0):
        msg = "--mention names what is shown; beside it only BRAND, --limit and --format can stand"
        raise UsageError(msg)
    found: list[MentionRow] = []
    for name in names:
        number = reader.number_of(name[1:] if name[:1] in {"+", "-"} else name)
        brands = [wanted.brand] if wanted.brand else [brand.name for brand in app.config.brands]
        rows = [row for brand in brands for row in reader.mentions_by_number([number], brand=brand)]
        found += rows or ([] if wanted.brand else reader.mentions_by_number([number]))
    return tuple(found[: limit + 1])


def _end(app: App, until: str | None, older_than: str | None) -> datetime | None:
    """Return before when mentions were published: `until`, and longer ago than `older_than`."""
    from listener.clock import parse_duration, parse_when

    ends = []
    if until is not None:
        ends.append(parse_when(until, now=app.now, zone=app.zone))
    if older_than is not None:
        parse_duration(older_than)  # a length of time, whatever else `parse_when` reads
        ends.append(parse_when(older_than, now=app.now, zone=app.zone))
    return min(ends, default=None)


def _answering(app: App, brand: str | None) -> tuple[str, ...]:
    """Return the brands that can be told to answer: yours that have own_accounts, or the one that is named."""
    own = tuple(one for one in app.config.brands if one.kind == "own")
    wanted = own if brand is None else (app.config.brand(brand),)
    names = tuple(one.name for one in wanted if one.own_accounts)
    if not names:
        said = "no brand of yours has" if brand is None else f"{wanted[0].name} has no"
        msg = f"nobody can tell what was answered: {said} own_accounts in {app.config.path}"
        raise UsageError(msg)
    return names


def _waiting(app: App, one: MentionRow) -> str:
    """Return how long a mention waits for an answer."""
    from reports.wording import wait_words

    return wait_words(app.now - one.published_at)


def _labels(word: str | None) -> tuple[Label, ...]:
    from listener import mention

    return tuple(label for label in mention.Label if label.word == word)


def _row(one: MentionRow, zone: ZoneInfo, search: str | None) -> dict[str, object]:
    return {
        **({} if search is None else {"snippet": _snippet(one, search)}),
        **{name: getattr(one, name) for name in _DATA_COLUMNS if name != "sentiment"},
        "published_at": one.published_at.astimezone(zone).isoformat(),
        "seen_at": one.seen_at.astimezone(zone).isoformat(),
        "sentiment": one.label.word,
        **{name: _iso(getattr(one, name), zone) for name in ("labelled_at", "answered_at", "thread_read_at")},
    }


def _iso(instant: datetime | None, zone: ZoneInfo) -> str | None:
    return None if instant is None else instant.astimezone(zone).isoformat()


def _snippet(one: MentionRow, search: str) -> str | None:
    """Return the part of a mention around what was searched, as it was written, the words between « and »."""
    if one.text is None:
        return None
    from listener.fulltext import excerpt

    text, hits = excerpt(" — ".join(part for part in (one.title, one.text) if part), search)
    parts, at = [], 0
    for start, end in hits:
        parts += [text[at:start], "«", text[start:end], "»"]
        at = end
    return "".join([*parts, text[at:]])


def _feeling(one: MentionRow) -> str:
    """Return the label, and whether a person gave it."""
    if one.labelled_at is None:
        return one.label.word
    return f"{one.label.word} (by hand{', before an edit' if one.is_label_stale else ''})"


def _one_text(row: dict[str, object]) -> str:
    """Return title and text as one paragraph, of what was searched the part around it."""
    if row.get("snippet"):
        return " ".join(str(row["snippet"]).split())
    parts = [" ".join(str(part).split()) for part in (row["title"], row["text"]) if part]
    return " — ".join(parts) or ("(removed)" if row["text"] is None else "(no words)")


def _short(one: MentionRow, zone: ZoneInfo) -> str:
    return one.published_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
