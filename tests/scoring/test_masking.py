from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.mention import Label
from listener.protocols import ScoringTask
from sentiment.lexical import LexicalScorer
from sentiment.lexicon import LexiconScorer, SymbolScorer
from sentiment.target import MASK, mask
from sentiment.vader import VaderScorer, default_rules

SHIPPED: dict[str, LexicalScorer] = {
    "en": VaderScorer(),
    "und": SymbolScorer(),
    **{language: LexiconScorer(language) for language in ("es", "ja", "hi-Latn")},
}


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("Discord is down", ("Discord",), "* is down"),
        ("DISCORD is down", ("discord",), "* is down"),
        ("#Discord and @discord", ("Discord",), "* and *"),
        ("Discord's app", ("Discord",), "*'s app"),
        ("discordant notes", ("discord",), "discordant notes"),
        ("an undiscord", ("discord",), "an undiscord"),
        ("C++ and C", ("C++",), "* and C"),
        ("Best Buy and best  buy", ("Best Buy",), "* and *"),
        ("Best Buy is a buy", ("Best", "Best Buy"), "* is a buy"),
        ("\u0130stanbul, istanbul", ("\u0130stanbul",), "*, *"),
        ("कोका-कोला", ("कोका-कोला",), "*"),
        ("जियो नेटवर्क", ("जिय",), "जियो नेटवर्क"),
        ("caf\u00e9 Caf\u00e9", ("cafe\u0301",), "* *"),
        ("nothing here", (), "nothing here"),
        ("blank", ("", " "), "blank"),
        ("アクメは最高", ("アクメ",), "*は最高"),
        ("アクメックス", ("アクメ",), "アクメックス"),
        ("Acmeは最高", ("Acme",), "*は最高"),
        ("애크미는 좋다", ("애크미",), "*는 좋다"),
    ],
)
def test_names_are_masked_as_whole_words_in_any_case(text: str, names: tuple[str, ...], expected: str) -> None:
    assert mask(text, names) == expected.replace("*", MASK)


def test_a_brand_named_by_a_loaded_word_does_not_score_by_its_name() -> None:
    masked, plain = VaderScorer().score(
        [
            ScoringTask(text="Discord is down again", language="en", masks=("Discord", "Target")),
            ScoringTask(text="Discord is down again", language="en"),
        ]
    )
    assert masked.evidence == 0
    assert plain.score is not None
    assert plain.score < 0


def test_no_word_of_the_lexicon_scores_as_a_brand_name() -> None:
    lexicon = default_rules().lexicon
    scorer = VaderScorer()
    wrong = []
    for word in lexicon:
        praise = "wonderful" if word == "lovely" else "lovely"
        neutral, liked = scorer.score(
            [
                ScoringTask(text=f"The {word} parcel arrived on Tuesday", language="en", masks=(word,)),
                ScoringTask(text=f"The {word} parcel is {praise}", language="en", masks=(word,)),
            ]
        )
        if neutral.score or liked.label.word != "positive":
            wrong.append(word)
    assert wrong == []


@given(st.text(max_size=60), st.lists(st.text(max_size=8), max_size=4).map(tuple))
def test_masking_takes_any_text_and_any_names_and_masks_what_is_left_no_further(
    text: str, names: tuple[str, ...]
) -> None:
    once = mask(text, names)
    if MASK not in "".join(names):
        assert mask(once, names) == once or MASK in once


@given(st.text(alphabet="aAcCkKsSiI#@ .+é\u0130\u0131\u017f\u212aß\u0307ж", max_size=30))
def test_what_stands_in_another_word_does_not_change_which_names_are_found(text: str) -> None:
    names = ("ask", "Sic", "C+", "k", "ai ck", "аж", "@@")
    longer_when_folded = " \u00df\u00df"
    assert mask(text + longer_when_folded, names) == mask(text, names) + longer_when_folded


def test_a_letter_of_ascii_is_found_as_whatever_else_unicode_takes_for_it() -> None:
    beyond = "".join(map(chr, range(0x80, 0x110000)))
    likened = re.findall("[a-z]", beyond, re.IGNORECASE)
    assert {"\u017f", "\u212a"} <= set(likened)
    folded = [c for c in beyond if (fold := c.casefold()).isascii() and len(fold) == 1]
    assert set(folded) <= set(likened)
    for character in likened:
        letter = next(one for one in string.ascii_lowercase if re.match(one, character, re.IGNORECASE))
        assert mask(f"- {character}{character} -", (letter * 2,)) == f"- {MASK} -"


@given(
    st.lists(
        st.sampled_from(
            [
                "Acme",
                "#acme",
                "not",
                "very",
                "GOOD",
                "bad!!",
                "like",
                "sooo",
                "looks",
                "but",
                "😍",
                "\u2019",
                "Acme's",
                ":)",
                "\x1a",
            ]
        ),
        max_size=12,
    ),
    st.sampled_from(["en", "es", "ja", "hi-Latn", "und"]),
)
def test_a_masked_text_scores_as_it_reads(words: list[str], language: str) -> None:
    text = " ".join(words)
    scorer = SHIPPED[language]
    result = scorer.score([ScoringTask(text=text, language=language, masks=("Acme",))])[0]
    reading = scorer.read(mask(text, ("Acme",)))
    if result.label is not Label.UNSCORED:
        assert (result.score, result.evidence) == (reading.compound, reading.evidence)
    else:
        assert not text.strip() or not reading.evidence
