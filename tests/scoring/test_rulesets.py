from __future__ import annotations

import pytest

from listener.errors import ConfigError
from listener.mention import Sentiment
from listener.protocols import ScoringTask
from sentiment.build import build_stage
from sentiment.options import SentimentOptions
from sentiment.rulesets import RESERVED_VALENCES, Ruleset, read_rulesets

OPTIONS = SentimentOptions(rulesets=("Acme: war zone = 0", "Acme: sick = 2.5", "Globex: cheap = -2"))


def score(text: str, *, brand: str | None, language: str = "en", options: SentimentOptions = OPTIONS) -> Sentiment:
    _, scorer = build_stage(options)
    return scorer.score([ScoringTask(text=text, language=language, brand=brand)])[0]


def test_a_phrase_set_to_zero_carries_nothing_for_its_brand_only() -> None:
    assert score("The War Zone map is out", brand="Acme").evidence == 0
    assert score("The War Zone map is out", brand="Globex").label.word == "negative"
    assert score("The War Zone map is out", brand=None).label.word == "negative"


def test_a_word_can_be_given_another_valence_and_is_still_negated_and_punctuated() -> None:
    assert score("That deck is sick!", brand="Acme").label.word == "positive"
    assert score("That deck is sick!", brand="Globex").label.word == "negative"
    assert score("That deck is not sick", brand="Acme").label.word == "negative"


@pytest.mark.parametrize(("language", "text"), [("es", "es muy sick"), ("zh", "很sick"), ("hi-Latn", "ekdam sick hai")])
def test_rules_hold_in_every_language(language: str, text: str) -> None:
    assert score(text, brand="Acme", language=language).label.word == "positive"


def test_rules_show_in_the_version() -> None:
    plain, ruled = score("ok", brand=None, options=SentimentOptions()), score("ok", brand=None)
    assert plain.version != ruled.version


def test_every_rule_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        read_rulesets(["Acme: sick = 2", "sick = 2", "Acme: sick", "Acme: sick = 9", "Acme: = 1", "Acme: x = good"])
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        f"sentiment.rulesets[{number}]" for number in range(2, 7)
    ]


def test_reserved_tokens_are_one_for_each_valence_and_hold_no_word() -> None:
    assert len(RESERVED_VALENCES) == 80
    assert min(RESERVED_VALENCES.values()) == -4
    assert not any(token.isalnum() for token in RESERVED_VALENCES)


def test_longer_phrases_are_replaced_first() -> None:
    ruleset = Ruleset(brand="Acme", valences=(("war", -1.0), ("war zone", 0.0)))
    assert "war" not in ruleset.apply("a war zone")
    assert len(ruleset.apply("a war zone").split()) == 2
