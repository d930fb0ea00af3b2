"""Run `score` and `match`: mention JSONL in, the same lines with a verdict out, in order."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from listener.cli.context import App, config_option, examples, pass_app
from listener.cli.lines import BadLines, Line, lines_of, numbered_lines, opened, score_lines, scorer_towards
from listener.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listener.mention import Sentiment
    from listener.protocols import LanguageIdentifier

__all__ = ["match", "score"]

_SOME_FAILED: Final = 3
_CHUNK: Final = 500


@click.command(epilog=examples("listener score mentions.jsonl > scored.jsonl", "tail -f x.jsonl | listener score"))
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), default="-", metavar="[FILE]")
@click.option("--brand", default=None, metavar="BRAND", help="Score for this brand: with its rules and its model.")
@config_option
@pass_app
def score(app: App, file: Path, brand: str | None) -> int:
    """Add the sentiment to each line; a line with a field `target` is scored towards it.

    A .parquet file, or a folder of such files, is read as `export` writes them. Needs no configuration; where one is found its [sentiment] table holds.
    """
    from listener import wiring
    from listener.pipeline.executors import Here

    recipe = scorer_towards(app, brand)
    bad = BadLines()
    with lines_of(file, bad) as lines, wiring.open_executor(recipe.config, recipe.elsewhere) as elsewhere:
        executor = elsewhere or Here(recipe())
        for chunk, sentiments in executor.map(score_lines, _chunks(lines)):
            for line, sentiment in zip(chunk, sentiments, strict=True):
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
    bad = BadLines()
    with opened(file) as stream:
        for number, line in numbered_lines(stream, bad):
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


def _identifier() -> LanguageIdentifier:
    from listener import wiring

    return wiring.build_scoring({}, "the defaults")[0]


def _chunks(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while chunk := list(islice(lines, _CHUNK)):
        yield chunk


def _write(obj: dict[str, Any]) -> None:
    from listener.cli.output import json_text

    sys.stdout.write(json_text(obj) + "\n")
