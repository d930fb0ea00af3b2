"""What emoji are worth: by their use where their names mislead, alike in every language and beside every word."""

from __future__ import annotations

import pytest

from listener.api import Label, ScoringTask
from sentiment.emoji import EMOJI_VALENCES
from sentiment.lexicon import LexiconScorer, SymbolScorer
from sentiment.vader import VaderScorer, polarity_scores

ANGRY, THUMB, BROKEN, TONE = "\U0001f621", "\U0001f44d", "\U0001f494", "\U0001f3fd"
HEART = "\u2764\ufe0f"


def compound(scorer, text, language):
    (result,) = scorer.score([ScoringTask(text=text, language=language)])
    return result.score


@pytest.mark.parametrize("emoji", EMOJI_VALENCES)
def test_each_stands_for_the_same_feeling_in_every_language_and_alone(emoji):
    scores = [
        compound(VaderScorer(), emoji, "en"),
        compound(LexiconScorer("es"), emoji, "es"),
        compound(LexiconScorer("hi"), emoji, "hi"),
        compound(SymbolScorer(), emoji, "und"),
    ]
    assert len(set(scores)) == 1
    assert scores[0] * EMOJI_VALENCES[emoji] > 0


@pytest.mark.parametrize(
    ("text", "label"), [(ANGRY * 2, Label.NEGATIVE), (BROKEN, Label.NEGATIVE), (THUMB, Label.POSITIVE)]
)
def test_a_text_of_nothing_else_has_a_label(text, label):
    (result,) = SymbolScorer().score([ScoringTask(text=text, language="und")])
    assert result.label is label


@pytest.mark.parametrize("text", [f"{THUMB}great", f"great{THUMB}", f"{THUMB}{TONE}great", f"great {THUMB}{TONE}"])
def test_neither_a_tone_of_skin_nor_a_word_beside_one_hides_the_other(text):
    assert compound(VaderScorer(), text, "en") == compound(VaderScorer(), f"{THUMB} great", "en")


def test_the_selector_of_the_coloured_form_means_nothing():
    assert compound(VaderScorer(), f"{HEART}great", "en") == compound(VaderScorer(), f"{HEART[0]} great", "en")


def test_the_exact_scorer_reads_names_as_the_package_does():
    assert compound(VaderScorer(exact=True), BROKEN, "en") == polarity_scores(BROKEN)["compound"] > 0


MARK, BULLET, CLOCK, CARD, LAUGH = "\u2705", "\U0001f539", "\u23f0", "\U0001f4b3", "\U0001f602"


@pytest.mark.parametrize("emoji", [MARK, BULLET, CLOCK, CARD, LAUGH])
@pytest.mark.parametrize("language", ["en", "es", "hi", "und"])
def test_signs_whose_names_feel_something_and_laughter_say_nothing(emoji, language):
    scorer = {"en": VaderScorer(), "und": SymbolScorer()}.get(language, LexiconScorer(language))
    (result,) = scorer.score([ScoringTask(text=f"{emoji} 09:30 {emoji}", language=language)])
    assert result.evidence == 0
    assert result.label in {Label.NO_EVIDENCE, Label.UNSCORED}
