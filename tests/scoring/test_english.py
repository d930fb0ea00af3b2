"""What English says of a thing, where VADER hears too much or too little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from listener.protocols import ScoringTask
from sentiment.build import build_stage, stage_with_rules
from sentiment.english import english_lexicon, prepared
from sentiment.evaluation import CLASSES, Judged, measure
from sentiment.options import SentimentOptions
from sentiment.vader import EXACT, VaderScorer, default_rules, polarity_scores

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from listener.api import Sentiment

REFERENCE = SentimentIntensityAnalyzer()


def read(text: str) -> Sentiment:
    (result,) = VaderScorer().score([ScoringTask(text=text, language="en")])
    return result


def word(text: str) -> str:
    result = read(text)
    return result.label.word if result.evidence else "nothing"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("please share this number with a friend", "nothing"),
        ("I hope they want to play", "nothing"),
        ("their support is slow", "negative"),
        ("it sounds like rain", "nothing"),
        ("I like rain", "positive"),
        ("the app is slow and clunky", "negative"),
        ("the app is not slow", "positive"),
        ("a gripping, witty film", "positive"),
        ("a tedious, predictable film", "negative"),
        ("a solid kettle, well made", "positive"),
    ],
)
def test_faults_and_merits_count_in_whole_texts_and_requests_and_wishes_do_not(text: str, expected: str) -> None:
    assert word(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("can't wait to see it", "positive"),
        ("I CANNOT WAIT", "positive"),
        ("we can't wait any longer", "nothing"),
        ("looking forward to the new one", "positive"),
        ("not looking forward to the new one", "negative"),
        ("they let us down again", "negative"),
        ("fed up with it", "negative"),
        ("we got ripped off", "negative"),
        ("their support is a joke", "negative"),
        ("two thumbs up", "positive"),
        ("thumbs down from me", "negative"),
        ("the hinge fell apart", "negative"),
        ("the lid falls apart", "negative"),
        ("hats off to the cook", "positive"),
        ("sit down and wait", "nothing"),
    ],
)
def test_a_fixed_phrase_means_other_than_its_words(text: str, expected: str) -> None:
    assert word(text) == expected


@pytest.mark.parametrize(
    ("lengthened", "plain"),
    [
        ("this is goooood", "this is good"),
        ("sooooo good", "so good"),
        ("I looooove it", "I love it"),
        ("GOOOOD one", "GOOD one"),
        ("thanks :))))", "thanks :)"),
        ("it is nooot good", "it is not good"),
    ],
)
def test_a_lengthened_word_counts_as_the_word_it_lengthens(lengthened: str, plain: str) -> None:
    assert read(lengthened) == read(plain)
    assert read(plain).evidence


def test_a_word_that_is_listed_lengthened_keeps_its_own_worth() -> None:
    lexicon = default_rules().lexicon
    tokens = [token for token in lexicon if any(token[at : at + 3] == token[at] * 3 for at in range(len(token) - 2))]
    assert tokens
    known = english_lexicon(lexicon)
    assert all(bool(read(f"x {token} x").evidence) == (token in known) for token in tokens)


def test_a_handle_has_no_feeling() -> None:
    assert word("@Happy and .@Great: it opens on Monday") == "nothing"
    assert word("Happy it opens on Monday @Awful") == "positive"
    assert word("#great, it opens on Monday") == "positive"


def test_a_curly_apostrophe_negates_as_a_straight_one_does() -> None:
    assert read("it isn\u2019t good") == read("it isn't good")
    assert word("it isn\u2019t good") == "negative"


@pytest.mark.parametrize(
    "text",
    [
        "Acme closes at 182 in New York",
        "Acme reports its 4Q figures on Monday",
        "Our DX team tests NFC on a Kia",
        "It runs on Windows XP, Qt and a WD drive",
        "Acme moves from TX to Warsaw",
        "Drive D: and rows 7) and 8) of the table (in %)",
        "Acme Pay asks for the CVC of the card",
        "Tips and tricks, and a teaser of the next one",
        "The shares, the securities and their values",
        "It validates the arguments and commits the values respectively",
        "An alert with an attachment",
        "They missed the train in the lower town",
    ],
)
def test_numbers_short_forms_and_terms_carry_no_feeling(text: str) -> None:
    assert (read(text).evidence, word(text)) == (0, "nothing")


def test_listed_words_that_stay_keep_what_vader_gives_them() -> None:
    lexicon = default_rules().lexicon
    own = english_lexicon(lexicon)
    assert all(own[token] == valence for token, valence in lexicon.items() if token in own)
    assert all(own.get(token) for token in ("bug", "fire", "war", "offline", "no", ":(", "</3") if lexicon.get(token))
    assert all(-4 <= valence <= 4 and valence for token, valence in own.items() if token not in lexicon)
    assert all(token == token.lower() and " " not in token for token in own if token not in lexicon)


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert -1 <= (read(text).score or 0.0) <= 1


@given(st.lists(st.sampled_from(["the", "kettle", "is", "good", "bad", "not", "very", "new", "."]), max_size=12))
def test_a_text_without_phrases_is_read_as_it_is_written(words: list[str]) -> None:
    assert prepared(" ".join(words)) == " ".join(words)


@given(st.text(max_size=200))
def test_the_exact_scorer_has_the_numbers_of_the_package_for_any_text(text: str) -> None:
    (result,) = VaderScorer(exact=True).score([ScoringTask(text=text, language="en")])
    assert result.score is None or result.score == REFERENCE.polarity_scores(text)["compound"]


def test_the_exact_scorer_is_chosen_by_its_name_for_english_alone() -> None:
    _, stage = build_stage(SentimentOptions(scorers={"en": EXACT}))
    text = "please help, it is slow"
    english, spanish = stage.score([ScoringTask(text=text, language="en"), ScoringTask(text="bueno", language="es")])
    assert (english.scorer, english.score) == (EXACT, polarity_scores(text)["compound"])
    assert spanish.scorer == "lexicon"


def test_rules_of_a_brand_hold_in_the_exact_scorer_too() -> None:
    options = SentimentOptions(scorers={"en": EXACT}, rulesets=("Acme: slow = -2",))
    task = ScoringTask(text="it is slow", language="en", brand="Acme")
    (asked,) = build_stage(options)[1].score([task])
    (suggested,) = stage_with_rules(options, {"en"})(()).score([task])
    assert asked == suggested
    assert (asked.scorer, asked.label.word) == (EXACT, "negative")


def test_both_ways_to_read_english_have_versions_of_their_own() -> None:
    assert VaderScorer().version != VaderScorer(exact=True).version


def label_of_package(text: str) -> str:
    score = polarity_scores(text)["compound"]
    return CLASSES[1 + (score >= 0.05) - (score <= -0.05)]


def macro_f1(labels: Sequence[str], given: Sequence[str]) -> float:
    judged = [
        Judged(expected=label, given=one, language="en", scorer="x", score=None, evidence=0)
        for label, one in zip(labels, given, strict=True)
    ]
    return 100 * measure(judged).macro_f1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("umsab_english", 58.5),
        ("tweeteval_sentiment", 56.0),
        ("vader_gt_tweets", 72.0),
        ("vader_gt_amazon", 55.3),
        ("vader_gt_movie", 44.0),
        ("vader_gt_nyt", 57.0),
    ],
)
def test_english_is_labelled_better_than_by_the_package(
    name: str, least: float, labelled_set: Callable[[str], list[tuple[str, str]]]
) -> None:
    texts, labels = zip(*labelled_set(name), strict=True)
    identifier, stage = build_stage(SentimentOptions())
    languages = identifier.identify(texts, [None] * len(texts))
    results = stage.score(
        [ScoringTask(text=text, language=language) for text, language in zip(texts, languages, strict=True)]
    )
    routed = macro_f1(labels, [result.label.word for result in results])
    package = macro_f1(labels, [label_of_package(text) for text in texts])
    assert routed >= max(least, package)
