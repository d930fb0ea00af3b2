"""Run `score` and `match`: mention JSONL in, the same lines with a verdict out, in order."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import click

from listener.cli.context import App, config_option, examples, pass_app
from listener.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from listener.mention import Sentiment
    from listener.protocols import LanguageIdentifier, Scorer, ScoringTask

__all__ = ["match", "score"]

_SOME_FAILED: Final = 3
_CHUNK: Final = 500
_LINE_LIMIT: Final = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One readable line: its object and its texts as given."""

    obj: dict[str, Any]
    text: str
    title: str | None


@click.command(epilog=examples("listener score mentions.jsonl > scored.jsonl", "tail -f x.jsonl | listener score"))
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), default="-", metavar="[FILE]")
@config_option
@pass_app
def score(app: App, file: Path) -> int:
    """Add the sentiment to each line; a line with a field `target` is scored towards it.

    Needs no configuration; where one is found its [sentiment] table holds.
    """
    from listener import wiring

    config = app.config_if_any
    table: Mapping[str, object] = {} if config is None else config.sentiment
    identifier, scorer = wiring.build_scoring(table, "the configuration" if config is None else str(config.path))
    bad = _Counter()
    with _opened(file) as stream:
        lines = _read(stream, bad)
        while chunk := list(islice(lines, _CHUNK)):
            for line, sentiment in zip(chunk, _sentiments(chunk, identifier, scorer), strict=True):
                _write({**line.obj, "sentiment": sentiment_json(sentiment)})
            sys.stdout.flush()
    return _SOME_FAILED if bad.count else 0


@click.command(
    epilog=examples(
        "listener match '\"acme rockets\" AND launch' mentions.jsonl", "listener match '#acme' < x.jsonl | wc -l"
    )
)
@click.argument("query")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), default="-", metavar="[FILE]")
@pass_app
def match(app: App, query: str, file: Path) -> int:
    """Write the lines that satisfy QUERY, with the places that made them match."""
    from dataclasses import replace

    from listener.interchange import mention_from_json
    from listener.matching import Matcher
    from listener.query.build import build_query
    from listener.query.parse import parse

    del app
    parse(query)  # an expression that cannot be read is told before anything is waited for
    made = build_query(brand="match", query=query)
    matcher = Matcher((made,))
    identifier: LanguageIdentifier | None = None
    bad = _Counter()
    with _opened(file) as stream:
        for number, line in _numbered(stream, bad):
            try:
                mention = replace(mention_from_json(line.obj), text=line.text, title=line.title)
            except InputError as error:
                bad.report(number, str(error))
                continue
            found = matcher.match(mention)
            if found and "lang:" in query:
                identifier = identifier or _identifier()
                (language,) = identifier.identify([mention.text], [mention.language])
                found = tuple(one for one in found if matcher.confirm(mention, one, language))
            if found:
                spans = [list(span) for span in found[0].spans]
                _write({**line.obj, "match": {"query": query, "spans": spans}})
    return _SOME_FAILED if bad.count else 0


def sentiment_json(sentiment: Sentiment) -> dict[str, object]:
    """Return a sentiment in the shape that scripts read."""
    shape: dict[str, object] = {
        "score": None if sentiment.score is None else round(sentiment.score, 4),
        "label": sentiment.label.word,
        "language": sentiment.language,
        "scorer": sentiment.scorer,
        "version": sentiment.version,
        "evidence": sentiment.evidence,
        "confidence": sentiment.confidence,
    }
    if sentiment.whole_text_score is not None:
        shape["whole_text_score"] = round(sentiment.whole_text_score, 4)
    if sentiment.reason is not None:
        shape["reason"] = sentiment.reason
    return shape


def _sentiments(chunk: list[_Line], identifier: LanguageIdentifier, scorer: Scorer) -> list[Sentiment]:
    claims = [line.obj["language"] if isinstance(line.obj.get("language"), str) else None for line in chunk]
    texts = [f"{line.title}\n{line.text}" if line.title else line.text for line in chunk]
    languages = identifier.identify(texts, claims)
    return list(scorer.score([_task(line, language) for line, language in zip(chunk, languages, strict=True)]))


def _task(line: _Line, language: str) -> ScoringTask:
    from listener.protocols import ScoringTask as Task

    text = line.text if line.text.strip() else line.title or ""
    target = line.obj.get("target")
    if not isinstance(target, str) or not target.strip():
        return Task(text=text, title=line.title, language=language)
    return Task(
        text=text,
        title=line.title,
        language=language,
        brand=target,
        target=(target,),
        spans=_places(target, text),
        masks=(target,),
    )


def _places(target: str, text: str) -> tuple[tuple[int, int], ...]:
    """Return where a target stands in a text, as the matcher sees it."""
    from listener.errors import QueryError
    from listener.matching import Matcher
    from listener.mention import Mention
    from listener.query.build import build_query

    try:
        matcher = Matcher((build_query(brand=target, keywords=(target,)),))
    except QueryError:
        return ()
    found = matcher.match(Mention(source="line", id="1", text=text, published_at=None))
    return tuple((start, end) for match_ in found for field, start, end in match_.spans if field == "text")


def _identifier() -> LanguageIdentifier:
    from listener import wiring

    return wiring.build_scoring({}, "the defaults")[0]


class _Counter:
    """Report lines that cannot be read, and count them."""

    def __init__(self) -> None:
        self.count = 0

    def report(self, number: int, reason: str) -> None:
        """Say what is wrong with a line."""
        self.count += 1
        click.echo(f"line {number}: {reason}", err=True)


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    """Hand over the bytes of a file, or of standard input."""
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = file.open("rb")
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}"
        raise UsageError(msg) from None
    with stream:
        yield stream


def _read(stream: IO[bytes], bad: _Counter) -> Iterator[_Line]:
    for _, line in _numbered(stream, bad):
        yield line


def _numbered(stream: IO[bytes], bad: _Counter) -> Iterator[tuple[int, _Line]]:
    """Yield (number, line) of the lines that hold a JSON object with a text."""
    number = 0
    while raw := stream.readline(_LINE_LIMIT):
        number += 1
        if not raw.strip():
            continue
        try:
            obj = json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse)
        except (ValueError, RecursionError):
            bad.report(number, "not a JSON object in UTF-8")
            continue
        reason = _unfit(obj)
        if reason:
            bad.report(number, reason)
            continue
        yield number, _Line(obj=obj, text=obj.get("text") or "", title=obj.get("title") or None)


def _refuse(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are not JSON


def _unfit(obj: object) -> str | None:
    if not isinstance(obj, dict):
        return "not a JSON object"
    for name in ("text", "title"):
        if not isinstance(obj.get(name), str | None):
            return f"{name}: must be text"
    return None if "text" in obj else "text: is missing"


def _write(obj: dict[str, Any]) -> None:
    from listener.cli.output import json_text

    sys.stdout.write(json_text(obj) + "\n")
