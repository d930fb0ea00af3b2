from __future__ import annotations

import pytest

from listener.protocols import Scorer, ScoringTask
from listener.testing import check_options, check_scorer
from sentiment.build import build_stage
from sentiment.lexicon import LexiconScorer
from sentiment.options import SentimentOptions
from sentiment.vader import VaderScorer

TASKS = [
    ScoringTask(text="A lovely router", language="en"),
    ScoringTask(text="Acme is better than Globex", language="en", target=("Acme",), masks=("Acme", "Globex")),
    ScoringTask(text="It arrived", language="en", title="A horrible day"),
    ScoringTask(text="", language="en"),
    ScoringTask(text="El router es excelente", language="es"),
    ScoringTask(text="राउटर अच्छा नहीं है", language="hi"),
    ScoringTask(text="router bahut accha hai", language="hi-Latn"),
    ScoringTask(text="路由器很好", language="zh"),
    ScoringTask(text="jIyajbe'", language="tlh"),
    ScoringTask(text="?!", language="und"),
]


@pytest.mark.parametrize(
    "scorer",
    [VaderScorer(), LexiconScorer("hi"), build_stage(SentimentOptions())[1]],
    ids=["vader", "lexicon", "stage"],
)
def test_a_scorer_keeps_the_promises_of_every_scorer(scorer: Scorer) -> None:
    check_scorer(scorer, TASKS)


def test_the_options_of_the_stage_are_declared_as_options_are() -> None:
    check_options(SentimentOptions)
