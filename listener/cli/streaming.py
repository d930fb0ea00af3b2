"""Run `score` and `match`: mention JSONL in, the same lines with a verdict out, in order."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import BRAND, App, config_option, database_option, examples, format_option, pass_app
from listener.cli.lines import Line, lines_of, numbered_lines, opened_lines, score_lines, scorer_towards
from listener.cli.objects import emit_objects
from listener.cli.unread import BadLines, tell_all_option
from listener.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listener.cli.lines import LineScorer
    from listener.matching import Matcher
    from listener.mention import Sentiment
    from listener.pipeline.executors import Executor
    from listener.protocols import LanguageIdentifier

__all__ = ["match", "score"]

_SOME_FAILED: Final = 3
_CHUNK: Final = 500


@click.command(epilog=examples("listener score mentions.jsonl > scored.jsonl", "tail -f x.jsonl | listener score"))
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), default="-", metavar="[FILE]")
@click.option(
    "--brand", type=BRAND, default=None, metavar="BRAND", help="Score for this brand: with its rules and its model."
)
@tell_all_option
@config_option
@database_option
@format_option("jsonl")
@pass_app
def score(app: App, file: Path, brand: str | None, tell_all: bool) -> int:
    """Add the sentiment to each line; a line with a field `target` is scored towards it.

    A .parquet file, or a folder of such files, is read as `export` writes them. Needs no configuration; where one is found its [sentiment] table holds, and the names of its brands carry no feeling.
    """
    from listener import wiring
    from listener.pipeline.executors import Here

    recipe = scorer_towards(app, brand)
    with (
        BadLines(tells_all=tell_all) as bad,
        lines_of(file, bad) as lines,
        wiring.open_executor(recipe.config, recipe.elsewhere) as elsewhere,
    ):
        emit_objects(_scored(lines, elsewhere or Here(recipe())), app.format, added="sentiment")
    return _SOME_FAILED if bad.count else 0


@click.command(
    epilog=examples(
        "listener match '\"acme rockets\" AND launch' mentions.jsonl", "listener match '#acme' < x.jsonl | wc -l"
    )
)
@click.argument("query")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), default="-", metavar="[FILE]")
@tell_all_option
@config_option
@format_option("jsonl")
@pass_app
def match(app: App, query: str, file: Path, tell_all: bool) -> int:
    """Write the lines that satisfy QUERY, with the places that made them match.

    Needs no configuration; where one is found its [sentiment] table says how the language of `lang:` is told.
    """
    from listener import wiring
    from listener.matching import Matcher
    from listener.query.build import build_query
    from listener.query.parse import parse

    parse(query)  # an expression that cannot be read is told before anything is waited for
    made = build_query(brand="match", query=query)
    asks_language = "lang:" in query.lower()
    config = app.config_if_any if asks_language or app.config_file is not None else None
    identifier = wiring.build_scoring_of(config)[0] if asks_language else None
    with BadLines(tells_all=tell_all) as bad, opened_lines(file) as stream:
        found = _matching(numbered_lines(stream, bad), Matcher((made,)), identifier, bad)
        rows = ({**line.obj, "match": {"query": query, "spans": spans}} for line, spans in found)
        emit_objects(rows, app.format, added="match")
    return _SOME_FAILED if bad.count else 0


def _scored(lines: Iterator[Line], executor: Executor[LineScorer]) -> Iterator[dict[str, object]]:
    """Yield each line with its sentiment; what was yielded is handed on before the next are waited for."""
    for chunk, sentiments in executor.map(score_lines, _chunks(lines)):
        for line, sentiment in zip(chunk, sentiments, strict=True):
            yield {**line.obj, "sentiment": sentiment_json(sentiment)}
        sys.stdout.flush()


def _matching(
    lines: Iterator[tuple[int, Line]], matcher: Matcher, identifier: LanguageIdentifier | None, bad: BadLines
) -> Iterator[tuple[Line, list[list[object]]]]:
    """Yield each line that satisfies the expression with the places that made it match."""
    from dataclasses import replace

    from listener.interchange import mention_from_json

    for number, line in lines:
        try:
            mention = replace(mention_from_json(line.obj), text=line.text, title=line.title)
        except InputError as error:
            bad.report(number, str(error))
            continue
        found = matcher.match(mention)
        if found and identifier is not None:
            (language,) = identifier.identify([line.whole_text], [mention.language])
            found = tuple(one for one in found if matcher.confirm(mention, one, language))
        if found:
            yield line, [list(span) for span in found[0].spans]


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


def _chunks(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while chunk := list(islice(lines, _CHUNK)):
        yield chunk
