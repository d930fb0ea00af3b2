"""Measure the sentiment stage on labelled sets, beside VADER alone.

    python benchmarks/sentiment_quality.py [FOLDER] [--limit N] [--bootstrap N]

FOLDER holds JSON Lines files with `text`, `lang`, `label` and, in sets labelled
towards a target, `target` with `$T$` at its place in the text. It defaults to
``benchmarks/sentiment`` under $LISTENER_SHARED, or in `shared` beside the checkout; without either
nothing is measured. Unscored counts as neutral.
Published anchors, for scale: macro-recall on the TweetEval test is 57 for VADER,
62.9 for an SVM and 72.8 for RoBERTa-Retrained (F. Barbieri et al., "TweetEval",
arXiv 2010.12421).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from beside import shared_folder

from listener.api import ScoringTask
from sentiment.build import build_stage
from sentiment.evaluation import CLASSES, Judged, Measures, measure
from sentiment.options import SentimentOptions
from sentiment.vader import polarity_scores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from listener.api import Sentiment

TARGET_MARK = "$T$"


def read_tasks(path: Path, limit: int) -> Iterator[tuple[ScoringTask, str]]:
    """Yield a task without language, and the label, for each of the first `limit` lines."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number >= limit:
                return
            row = json.loads(line)
            text, target = row["text"], row.get("target")
            if target is None:
                yield ScoringTask(text=text, language="und"), row["label"]
                continue
            at = text.find(TARGET_MARK)
            yield (
                ScoringTask(
                    text=text.replace(TARGET_MARK, target),
                    language="und",
                    target=(target,),
                    masks=(target,),
                    spans=((at, at + len(target)),) if at >= 0 else (),
                ),
                row["label"],
            )


def with_language(task: ScoringTask, language: str) -> ScoringTask:
    """Return the task with its identified language."""
    return ScoringTask(text=task.text, language=language, target=task.target, masks=task.masks, spans=task.spans)


def judge(results: Sequence[Sentiment], labels: Sequence[str]) -> list[Judged]:
    """Return results beside the labels."""
    return [
        Judged(
            expected=label,
            given=result.label.word,
            language=result.language,
            scorer=result.scorer,
            score=result.score,
            evidence=result.evidence,
        )
        for result, label in zip(results, labels, strict=True)
    ]


def judge_alone(tasks: Sequence[ScoringTask], labels: Sequence[str]) -> list[Judged]:
    """Return what VADER alone says of the whole texts."""
    judged = []
    for task, label in zip(tasks, labels, strict=True):
        compound = polarity_scores(task.text)["compound"]
        given = CLASSES[1 + (compound >= 0.05) - (compound <= -0.05)]  # noqa: PLR2004 - VADER's cuts
        judged.append(
            Judged(expected=label, given=given, language="en", scorer="vader", score=compound, evidence=bool(compound))
        )
    return judged


def line(name: str, alone: Measures, routed: Measures) -> str:
    """Return one row of the table."""
    low, high = routed.interval or (0.0, 0.0)
    interval = f"{100 * low:5.1f}-{100 * high:.1f}" if routed.interval else ""
    return (
        f"{name:28} {routed.n:6} {100 * alone.macro_f1:7.1f} {100 * routed.macro_f1:7.1f} {interval:>11} "
        f"{100 * routed.accuracy:6.1f} {100 * routed.macro_recall:6.1f} {100 * routed.covered:6.1f} {routed.unscored:6}"
    )


def main() -> int:
    """Print one line a set; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--limit", type=int, default=1_000_000)
    parser.add_argument("--bootstrap", type=int, default=0)
    arguments = parser.parse_args()
    folder = arguments.folder or shared_folder() / "benchmarks" / "sentiment"
    sets = sorted(folder.glob("*.jsonl"))
    if not sets:
        print(f"no labelled sets in {folder}; set LISTENER_SHARED or name a folder", file=sys.stderr)
        return 2 if arguments.folder else 0
    identifier, scorer = build_stage(SentimentOptions())
    head = ("set", "n", "VADER", "routed", "95 %", "acc", "mRec", "cover", "unsc.")
    print("macro-F1, in percent\n{:28} {:>6} {:>7} {:>7} {:>11} {:>6} {:>6} {:>6} {:>6}".format(*head))
    for path in sets:
        rows = list(read_tasks(path, arguments.limit))
        tasks, labels = [task for task, _ in rows], [label for _, label in rows]
        languages = identifier.identify([task.text for task in tasks], [None] * len(tasks))
        results = scorer.score([with_language(task, told) for task, told in zip(tasks, languages, strict=True)])
        routed = measure(judge(results, labels), resamples=arguments.bootstrap)
        print(line(path.stem, measure(judge_alone(tasks, labels)), routed), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
