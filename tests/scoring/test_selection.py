from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listener.errors import ConfigError, PluginError
from listener.mention import Label, Sentiment
from listener.protocols import ScoringTask
from sentiment.build import build_stage
from sentiment.options import SentimentOptions
from sentiment.selection import identified_languages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listener.protocols import Scorer


class Loud:
    """Call every text of its languages positive."""

    name = "loud"
    version = "1"

    def __init__(self, *languages: str) -> None:
        self._languages = languages

    def supports(self, language: str) -> bool:
        return not self._languages or language in self._languages

    def score(self, tasks: Sequence[ScoringTask]) -> Sequence[Sentiment]:
        return [
            Sentiment(score=1.0, label=Label.POSITIVE, language=one.language, scorer="loud", version="1", evidence=1)
            if self.supports(one.language)
            else Sentiment.unscored(one.language, "unsupported_language")
            for one in tasks
        ]


class Short(Loud):
    """Forget the last task."""

    def score(self, tasks: Sequence[ScoringTask]) -> Sequence[Sentiment]:
        return super().score(tasks)[:-1]


def scorer_of(text: str, language: str, scorers: dict[str, str], named: dict[str, Scorer] | None = None) -> str:
    _, stage = build_stage(SentimentOptions(scorers=scorers), named)
    (result,) = stage.score([ScoringTask(text=text, language=language)])
    return result.scorer if result.reason is None else result.reason


@pytest.mark.parametrize(
    ("language", "scorers", "expected"),
    [
        ("en", {}, "vader"),
        ("es", {"es": "lexicon"}, "lexicon"),
        ("es", {"es": "auto"}, "lexicon"),
        ("es", {"es": "none"}, "unsupported_language"),
        ("es", {"es": "loud"}, "loud"),
        ("en", {"es": "loud"}, "vader"),
        ("th", {"default": "loud"}, "loud"),
        ("es", {"default": "loud"}, "loud"),
        ("es", {"default": "loud", "es": "auto"}, "lexicon"),
        ("es", {"default": "loud", "es": "none"}, "unsupported_language"),
        ("en", {"default": "none", "es": "auto"}, "unsupported_language"),
    ],
)
def test_a_language_is_scored_by_what_is_chosen_for_it(language: str, scorers: dict[str, str], expected: str) -> None:
    assert scorer_of("Acme 100 :)", language, scorers, {"loud": Loud()}) == expected


def test_a_default_scores_only_what_it_can() -> None:
    assert scorer_of("Acme", "th", {"default": "loud"}, {"loud": Loud("es")}) == "unsupported_language"


def test_languages_asked_for_leave_a_default_out_elsewhere() -> None:
    options = SentimentOptions(scorers={"default": "loud", "hi": "auto"}, languages=("hi", "th"))
    _, stage = build_stage(options, {"loud": Loud()})
    tasks = [ScoringTask(text="Acme 100", language=language) for language in ("hi", "th", "es")]
    assert [one.scorer for one in stage.score(tasks)] == ["lexicon", "loud", "none"]


def test_a_language_that_no_text_is_told_to_be_is_refused_with_all_else_that_is_wrong() -> None:
    options = SentimentOptions(languages=("EN", "no"), scorers={"es": "lexikon"}, rulesets=("Acme: sick",))
    with pytest.raises(ConfigError) as caught:
        build_stage(options)
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "sentiment.rulesets[1]",
        "sentiment.languages",
        "sentiment.scorers.es",
    ]
    assert 'no text is identified as "EN"; did you mean "en"?' in caught.value.problems[1]


@pytest.mark.parametrize(
    ("scorers", "problem"),
    [
        ({"en": "lexicon"}, 'sentiment.scorers.en: "lexicon" does not score it; "vader" does'),
        ({"es": "vader"}, 'sentiment.scorers.es: "vader" does not score it; "lexicon" does'),
        ({"th": "lexicon"}, 'sentiment.scorers.th: "lexicon" does not score it; no shipped scorer does'),
        ({"th": "auto"}, "sentiment.scorers.th: no scorer is shipped for it"),
        ({"es": "lexikon"}, 'did you mean "lexicon"?'),
        ({"es": "loud"}, '"loud" does not score it'),
        ({"hi-latn": "lexicon"}, 'did you mean "hi-Latn"?'),
        ({"default": "vader"}, 'sentiment.scorers.default: "vader" cannot score them all'),
        ({"default": "loudd"}, 'did you mean "loud"?'),
    ],
)
def test_a_choice_that_cannot_be_is_told_with_its_language(scorers: dict[str, str], problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build_stage(SentimentOptions(scorers=scorers), {"loud": Loud("hi")})
    assert problem in caught.value.problems[0]


def test_every_wrong_choice_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        build_stage(SentimentOptions(scorers={"xx": "vader", "en": "lexicon", "default": "x"}))
    assert len(caught.value.problems) == 3


def test_a_choice_shows_in_the_version_of_the_stage() -> None:
    versions = {
        build_stage(SentimentOptions(scorers=scorers), {"loud": Loud()})[1].version
        for scorers in ({}, {"es": "none"}, {"es": "loud"}, {"default": "loud"})
    }
    assert len(versions) == 4


def test_a_scorer_that_answers_too_little_is_named() -> None:
    with pytest.raises(PluginError, match="scorer loud: 2 tasks gave 1 results"):
        build_stage(SentimentOptions(scorers={"es": "loud"}), {"loud": Short()})[1].score(
            [ScoringTask(text="hola", language="es")] * 2
        )


def test_every_shipped_language_can_be_identified() -> None:
    _, stage = build_stage(SentimentOptions())
    assert set(stage.routes) <= identified_languages()
