from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.errors import PluginError
from listener.mention import Label, Sentiment
from listener.protocols import LanguageIdentifier, Scorer, ScoringTask
from sentiment.build import build_stage
from sentiment.options import SentimentOptions
from sentiment.routing import Router
from sentiment.vader import VaderScorer

if TYPE_CHECKING:
    from collections.abc import Sequence


class FixedScorer:
    """Give every text the same score, as a plug-in might."""

    def __init__(self, score: float) -> None:
        self.name = "fixed"
        self.version = "7"
        self.result = score

    def supports(self, language: str) -> bool:
        return language == "xx"

    def score(self, tasks: Sequence[ScoringTask]) -> Sequence[Sentiment]:
        return [
            Sentiment(
                score=self.result,
                label=Label.NEUTRAL,
                language=task.language,
                scorer=self.name,
                version=self.version,
                evidence=1,
            )
            for task in tasks
        ]


def test_every_text_goes_to_the_scorer_of_its_language_and_results_keep_the_order() -> None:
    router = Router({"en": VaderScorer(), "xx": FixedScorer(-0.5)})
    results = router.score(
        [
            ScoringTask(text="lovely", language="en"),
            ScoringTask(text="zzz", language="xx"),
            ScoringTask(text="horrible", language="en"),
            ScoringTask(text="qqq", language="tlh"),
            ScoringTask(text=" \n", language="tlh"),
        ]
    )
    assert [result.scorer for result in results] == ["vader", "fixed", "vader", "none", "none"]
    assert [result.label.word for result in results] == ["positive", "neutral", "negative", "unscored", "unscored"]
    assert [result.reason for result in results] == [None, None, None, "unsupported_language", "empty"]


def test_a_text_in_which_nothing_carries_feeling_is_counted_apart_from_neutral() -> None:
    none, balanced = Router({"en": VaderScorer()}).score(
        [
            ScoringTask(text="It arrived on Tuesday", language="en"),
            ScoringTask(text="good bad", language="en", target=()),
        ]
    )
    assert (none.label, none.score, none.evidence) == (Label.NO_EVIDENCE, 0.0, 0)
    assert balanced.evidence == 2
    assert balanced.label is not Label.NO_EVIDENCE


def test_cuts_of_the_configuration_decide_the_label_and_show_in_the_version() -> None:
    task = ScoringTask(text="a good router", language="en")
    usual, strict = Router({"en": VaderScorer()}), Router({"en": VaderScorer()}, positive_at=0.9)
    (before,), (after,) = usual.score([task]), strict.score([task])
    assert (before.label, after.label) == (Label.POSITIVE, Label.NEUTRAL)
    assert before.score == after.score
    assert before.version != after.version
    assert usual.version != strict.version


def test_a_scorer_that_judges_classes_keeps_its_own_label() -> None:
    (result,) = Router({"xx": FixedScorer(0.9)}, positive_at=0.1).score([ScoringTask(text="zzz", language="xx")])
    assert result.label is Label.NEUTRAL


def test_the_version_follows_routes_and_not_their_order() -> None:
    one = Router({"en": VaderScorer(), "xx": FixedScorer(1)})
    two = Router({"xx": FixedScorer(1), "en": VaderScorer()})
    other = Router({"en": VaderScorer(), "yy": FixedScorer(1)})
    assert one.version == two.version
    assert one.version != other.version


@given(st.lists(st.tuples(st.text(max_size=20), st.sampled_from(["en", "und", "xx", ""])), max_size=8))
def test_there_is_one_result_for_each_text_and_unscored_exactly_where_there_is_no_score(
    asked: list[tuple[str, str]],
) -> None:
    results = Router({"en": VaderScorer(), "xx": FixedScorer(0.0)}).score(
        [ScoringTask(text=text, language=language) for text, language in asked]
    )
    assert len(results) == len(asked)
    assert all((result.score is None) == (result.label is Label.UNSCORED) for result in results)
    assert all((result.reason is not None) == (result.label is Label.UNSCORED) for result in results)


def test_the_stage_is_built_from_options_and_scores_only_the_languages_asked_for() -> None:
    identifier, scorer = build_stage(SentimentOptions())
    assert isinstance(identifier, LanguageIdentifier)
    assert isinstance(scorer, Scorer)
    assert scorer.supports("en")
    assert not scorer.supports("tlh")
    _, narrow = build_stage(SentimentOptions(languages=("th",)))
    assert not narrow.supports("en")


def test_building_the_stage_and_scoring_english_loads_no_numpy() -> None:
    program = (
        "import sys; from sentiment.build import build_stage; from sentiment.options import SentimentOptions;"
        "from listener.api import ScoringTask;"
        "identifier, scorer = build_stage(SentimentOptions());"
        "scorer.score([ScoringTask(text='good', language='en')]);"
        "identifier.identify(['நல்ல', ''], [None, None]);"
        "sys.exit('numpy' in sys.modules or 'py3langid' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"score": -0.8, "label": Label.POSITIVE}, "label that contradicts its score (positive at -0.8)"),
        ({"score": 0.1, "label": Label.NEGATIVE}, "contradicts its score (negative at 0.1)"),
        ({"score": float("nan"), "label": Label.NEUTRAL}, "outside -1 to 1"),
        ({"score": 1.7, "label": Label.POSITIVE}, "outside -1 to 1"),
        ({"score": 0.2, "whole_text_score": float("inf")}, "outside -1 to 1"),
        ({"score": 0.2, "confidence": 1.2}, "a confidence outside 0 to 1"),
        ({"score": 0.2, "confidence": float("nan")}, "a confidence outside 0 to 1"),
        ({"score": None}, "a label but no score"),
        ({"score": 0.0, "label": Label.UNSCORED}, "a score though it is unscored"),
        ({"score": 0.0, "label": Label.IRRELEVANT}, "only people may say"),
        ({"score": 0.0, "evidence": -1}, "less than no evidence"),
        ({"score": "0.5"}, "in the place of a label or a number"),
        ({"score": 0.5, "label": "positive"}, "in the place of a label or a number"),
        ({"score": 0.5, "evidence": None}, "in the place of a label or a number"),
        (None, "a result is a NoneType"),
    ],
)
def test_a_result_that_contradicts_itself_is_refused_by_the_name_of_its_scorer(
    result: dict[str, object] | None, told: str
) -> None:
    class Odd(FixedScorer):
        def score(self, tasks: Sequence[ScoringTask]) -> Sequence[Sentiment]:
            usual = {"label": Label.NEUTRAL, "language": "xx", "scorer": "fixed", "version": "7"}
            return [None if result is None else Sentiment(**{**usual, **result}) for _ in tasks]  # type: ignore[arg-type, misc]

    with pytest.raises(PluginError) as caught:
        Router({"xx": Odd(0.0)}).score([ScoringTask(text="zzz", language="xx")])
    assert str(caught.value).startswith("scorer fixed: a result ")
    assert told in str(caught.value)
