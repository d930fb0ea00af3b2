from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    NEGATE,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
)

from listener.protocols import Scorer, ScoringTask
from sentiment.vader import VaderScorer, default_rules, polarity_scores
from unmeasured import measuring_paused

REFERENCE = SentimentIntensityAnalyzer()
WORDS = sorted(REFERENCE.lexicon)
EMOJI = sorted(character for character in REFERENCE.emojis if len(character) == 1)
CONTEXT = [
    *BOOSTER_DICT,
    *NEGATE,
    *SPECIAL_CASES,
    *("but", "BUT", "no", "kind of", "at least", "very least", "least", "never so", "without doubt", "so", "this"),
    *("or", "nor", "the", "bus stop", "yeah right", "Kind", "of", "N'T", "can't've", "İyi", "ΣΑΣ"),
]
PLAIN = [
    "Acme",
    "router",
    "x",
    "the",
    "a",
    "नहीं",
    "இல்லை",
    "很好",
    "مرحبا",
    "1",
    "A1",
    "--",
    "\u200d",
    "\ufe0f",
    "e\u0301",
]
PUNCTUATION = ["", "", "", ".", "!", "!!!!!", "?", "??", "????", "...", '"', "(", ")", ":)", "'s", "\u2019"]
SPACES = [" ", " ", " ", "  ", "\n", "\t", "\u00a0", "\u3000", ""]


def generated_texts(count: int, seed: int) -> list[str]:
    """Return texts that are dense in everything the rules look at."""
    draw = random.Random(seed)
    pools = (WORDS, WORDS, CONTEXT, CONTEXT, PLAIN, EMOJI)
    shapes = (str, str, str, str.upper, str.title, str.lower)

    def piece() -> str:
        word = draw.choice(shapes)(draw.choice(draw.choice(pools)))
        return f"{draw.choice(PUNCTUATION[:4])}{word}{draw.choice(PUNCTUATION)}{draw.choice(SPACES)}"

    return ["".join(piece() for _ in range(draw.choice((0, 1, 2, 4, 8, 16, 40)))) for _ in range(count)]


def differences(texts: list[str]) -> list[str]:
    return [
        text for text in texts if list(polarity_scores(text).items()) != list(REFERENCE.polarity_scores(text).items())
    ]


def test_every_field_equals_the_package_on_generated_texts() -> None:
    texts = generated_texts(4_000, seed=1)
    assert differences(texts[:400]) == []
    with measuring_paused():
        assert differences(texts[400:]) == []


@pytest.mark.slow
def test_every_field_equals_the_package_on_a_hundred_thousand_generated_texts() -> None:
    assert differences(generated_texts(100_000, seed=2)) == []


@pytest.mark.slow
def test_every_field_equals_the_package_on_the_shared_benchmarks(benchmark_texts: list[str]) -> None:
    assert differences(benchmark_texts) == []


@given(st.text(max_size=200))
def test_every_field_equals_the_package_on_any_string(text: str) -> None:
    assert differences([text]) == []


@given(st.lists(st.sampled_from([*CONTEXT, *WORDS[::50], *EMOJI[::40]]), max_size=14).map(" ".join))
def test_every_field_equals_the_package_on_lists_of_rule_words(text: str) -> None:
    assert differences([text]) == []


def test_equal_values_around_a_but_are_changed_as_the_package_changes_them() -> None:
    assert (
        differences(["good good good but good good", "good but good good but good GOOD", "but good", "good but"]) == []
    )


def test_a_token_too_long_to_remember_is_read_all_the_same() -> None:
    assert differences(["a" * 5_000 + " good", "." * 500 + "good" + "!" * 500]) == []


def test_evidence_counts_words_emoji_and_emoticons_that_carried_the_score() -> None:
    read = default_rules().read
    assert read("The router arrived on Tuesday").evidence == 0
    assert read("A good router").evidence == 1
    assert read("A good router, but a terrible cable :(").evidence == 3
    assert read("A router 💩 😍").evidence > 0
    assert read("I was at the bus stop").evidence == 0


def test_the_memory_of_tokens_stays_bounded() -> None:
    rules = default_rules()
    for first in range(0, 140_000, 10_000):
        rules.read(" ".join(f"w{number}" for number in range(first, first + 10_000)))
    assert len(rules._words) <= 1 << 15


def test_the_scorer_labels_by_the_cuts_of_the_readme() -> None:
    scorer = VaderScorer()
    assert isinstance(scorer, Scorer)
    texts = ["A good router", "A bad router", "The router arrived", "  "]
    words = [result.label.name for result in scorer.score([ScoringTask(text=text, language="en") for text in texts])]
    assert words == ["POSITIVE", "NEGATIVE", "NO_EVIDENCE", "UNSCORED"]


def test_a_language_it_does_not_know_is_unscored_and_never_neutral() -> None:
    (result,) = VaderScorer().score([ScoringTask(text="Das Gerät ist super", language="de")])
    assert (result.score, result.label.word, result.reason) == (None, "unscored", "unsupported_language")


def test_the_title_is_read_with_the_text_and_once_only() -> None:
    both, repeated = VaderScorer().score(
        [
            ScoringTask(text="It arrived.", title="A terrible router", language="en"),
            ScoringTask(text="A terrible router. It arrived.", title="A terrible router", language="en"),
        ]
    )
    assert both.evidence == repeated.evidence == 1
    assert both.score is not None
    assert both.score < 0


def test_the_lexicon_is_read_once_however_many_texts_are_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    right = polarity_scores("The lid is good, but the jar is bad.")
    monkeypatch.setattr("sentiment.vader.files", None)  # a package that is looked for again is not there
    assert polarity_scores("The lid is good, but the jar is bad.") == right
    assert polarity_scores("A great jar!")["compound"] > 0.5
