"""Run `evaluate`: how often the scorers say what people say."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import BRAND, App, config_option, database_option, examples, format_option, pass_app
from listener.cli.lines import Line, numbered_lines, opened_lines, score_lines, scorer_towards
from listener.cli.output import UNKNOWN, Column, count_text, emit_json, emit_rows, score_text
from listener.cli.unread import BadLines, tell_all_option
from listener.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sentiment.evaluation import Judged, Measures

__all__ = ["evaluate"]

_SOME_FAILED: Final = 3
_CHUNK: Final = 500
_NOBODY: Final = "none"


def _share_text(value: object) -> str:
    return f"{100 * value:.1f}" if isinstance(value, (int, float)) else UNKNOWN


def _interval_text(value: object) -> str:
    return f"{100 * value[0]:.1f} to {100 * value[1]:.1f}" if isinstance(value, list) else UNKNOWN


_TABLE: Final = (
    Column(name="language"),
    Column(name="scorer"),
    Column(name="n", align="right", text=count_text),
    Column(name="accuracy", title="accuracy %", align="right", text=_share_text),
    Column(name="macro_f1", title="macro-F1 %", align="right", text=_share_text),
    Column(name="macro_f1_interval", title="95 % interval", align="right", text=_interval_text),
    Column(name="macro_recall", title="macro-recall %", align="right", text=_share_text),
    Column(name="unscored", align="right", text=count_text),
    Column(name="evidence_coverage", title="evidence %", align="right", text=_share_text),
)
_COLUMNS: Final = (*(column.name for column in _TABLE), "confusion")
_WORST: Final = (
    Column(name="expected"),
    Column(name="given"),
    Column(name="score", align="right", text=score_text),
    Column(name="language", title="lang"),
    Column(name="scorer"),
    Column(name="text"),
)


@click.command(
    epilog=examples("listener evaluate labelled.jsonl --worst 20", "listener evaluate --labels --brand Acme")
)
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True), metavar="[FILE]")
@click.option("--labels", is_flag=True, help="Measure against the labels in the store.")
@click.option(
    "--brand",
    type=BRAND,
    default=None,
    metavar="BRAND",
    help="Towards this brand; lines of a file with its rules and its model.",
)
@click.option("--worst", type=click.IntRange(0, 1_000), default=0, metavar="N", help="List the N worst errors.")
@click.option(
    "--resamples",
    type=click.IntRange(0, 10_000),
    default=500,
    show_default=True,
    help="Draws for the intervals of macro-F1; 0: none.",
)
@tell_all_option
@config_option
@database_option
@format_option()
@pass_app
def evaluate(
    app: App, file: Path | None, labels: bool, brand: str | None, worst: int, resamples: int, tell_all: bool
) -> int:
    """Measure the scorers on labelled texts: accuracy, macro-F1, macro-recall, by language and scorer.

    FILE holds one JSON object a line: `text`, `label` (positive, neutral, negative),
    perhaps `language` and `target`. Unscored texts count as neutral in the measures
    and are shown apart, under the scorer of their language. evidence is the share of
    texts in which anything carried the score. Needs no configuration; where one is
    found its [sentiment] table holds, and the names of its brands carry no feeling.
    """
    if (file is None) != labels:
        msg = "name a file of labelled texts, or --labels for those in the store"
        raise UsageError(msg)
    with BadLines(tells_all=tell_all) as bad:
        judged = _stored(app, brand) if file is None else _scored(app, file, bad, brand)
    if not judged:
        msg = "there is no labelled text to measure; " + ('"listener label" makes some' if labels else f"see {file}")
        raise UsageError(msg)
    if labels and any(one.scorer == "trained" for one in judged):
        click.echo(
            'trained: it learned from labels like these; "listener train --show" has its figures on unseen texts',
            err=True,
        )
    _show(app, _settled(judged), worst=worst, resamples=resamples)
    return _SOME_FAILED if bad.count else 0


def _show(app: App, judged: Sequence[Judged], *, worst: int, resamples: int) -> None:
    from sentiment.evaluation import measure, measure_by_group, worst_errors

    by = [
        {"language": language, "scorer": scorer, **_figures(measures)}
        for (language, scorer), measures in measure_by_group(judged, resamples=resamples).items()
    ]
    total = _figures(measure(judged, resamples=resamples))
    errors: list[Mapping[str, object]] = [
        {column.name: getattr(one, column.name) for column in _WORST} for one in worst_errors(judged, worst)
    ]
    if app.format == "json":
        emit_json({"n": total["n"], "by": by, "total": total, **({"worst": errors} if worst else {})})
        return
    rows = [*by, {"language": "all", "scorer": "all", **total}]
    if app.format != "table":
        emit_rows(rows, _COLUMNS, app.format)
        return
    emit_rows(rows, _TABLE, "table")
    click.echo()
    _print_confusion(total["confusion"])
    if worst:
        click.echo("\nworst errors")
        emit_rows([{**one, "text": " ".join(str(one["text"]).split())} for one in errors], _WORST, "table")


def _print_confusion(confusion: object) -> None:
    from sentiment.evaluation import CLASSES

    if isinstance(confusion, dict):
        columns = [
            Column(name="label"),
            *(Column(name=name, title=f"scored {name}", align="right") for name in CLASSES),
        ]
        emit_rows([{"label": name, **confusion[name]} for name in CLASSES], columns, "table")


def _figures(measures: Measures) -> dict[str, object]:
    """Return measures in the shape that scripts read; confusion is {label: {scored: n}}."""
    from sentiment.evaluation import CLASSES

    return {
        "n": measures.n,
        "accuracy": round(measures.accuracy, 4),
        "macro_f1": round(measures.macro_f1, 4),
        "macro_f1_interval": None if measures.interval is None else [round(edge, 4) for edge in measures.interval],
        "macro_recall": round(measures.macro_recall, 4),
        "unscored": measures.unscored,
        "evidence_coverage": round(measures.covered, 4),
        "confusion": {
            expected: {given: measures.confusion.get((expected, given), 0) for given in CLASSES} for expected in CLASSES
        },
    }


def _scored(app: App, file: Path, bad: BadLines, brand: str | None) -> list[Judged]:
    """Score the labelled lines of a file."""
    from sentiment.evaluation import Judged as Made

    made = scorer_towards(app, brand)()
    judged: list[Judged] = []
    with opened_lines(file) as stream:
        lines = _labelled(numbered_lines(stream, bad), bad)
        while chunk := list(islice(lines, _CHUNK)):
            sentiments = score_lines(made, [line for line, _ in chunk])
            for (line, expected), sentiment in zip(chunk, sentiments, strict=True):
                claimed = line.obj.get("language")
                judged.append(
                    Made(
                        expected=expected,
                        given=sentiment.label.word,
                        language=claimed if isinstance(claimed, str) and claimed else sentiment.language,
                        scorer=sentiment.scorer,
                        score=sentiment.score,
                        evidence=sentiment.evidence,
                        text=line.text or line.title or "",
                    )
                )
    return judged


def _labelled(lines: Iterator[tuple[int, Line]], bad: BadLines) -> Iterator[tuple[Line, str]]:
    """Yield (line, label) of the lines that have one; report the others."""
    from sentiment.evaluation import CLASSES

    for number, line in lines:
        label = line.obj.get("label")
        if isinstance(label, str) and label.strip().casefold() in CLASSES:
            yield line, label.strip().casefold()
        else:
            bad.report(number, f"label: must be one of {', '.join(CLASSES)}")


def _stored(app: App, brand: str | None) -> list[Judged]:
    """Set the scorers' verdicts in the store beside what people said; irrelevant ones are left out."""
    from listener.search.history import HistoryReader
    from sentiment.evaluation import CLASSES
    from sentiment.evaluation import Judged as Made

    named = None if brand is None else app.config.brand(brand).name
    with HistoryReader(app.database_path) as reader:
        return [
            Made(
                expected=one.said[verdict.match.brand].word,
                given=verdict.sentiment.label.word,
                language=one.language,
                scorer=verdict.sentiment.scorer,
                score=verdict.sentiment.score,
                evidence=verdict.sentiment.evidence,
                text=one.mention.text or one.mention.title or "",
            )
            for chunk in reader.stored("labelled", brand=named)
            for one in chunk
            for verdict in one.verdicts
            if named in {None, verdict.match.brand}
            and verdict.match.brand in one.said
            and one.said[verdict.match.brand].word in CLASSES
        ]


def _settled(judged: Sequence[Judged]) -> list[Judged]:
    """Put unscored texts under the scorer that scores most of their language, where there is one."""
    scorers: dict[str, Counter[str]] = {}
    for one in judged:
        if one.scorer != _NOBODY:
            scorers.setdefault(one.language, Counter())[one.scorer] += 1
    return [
        replace(one, scorer=scorers[one.language].most_common(1)[0][0])
        if one.scorer == _NOBODY and one.language in scorers
        else one
        for one in judged
    ]
