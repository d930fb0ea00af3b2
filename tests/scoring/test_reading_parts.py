"""What is read once for a text and the part of it about a brand is as if each were read alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.protocols import ScoringTask
from sentiment.english import may_change, prepared, taken_out
from sentiment.lexicon import LexiconScorer
from sentiment.memo import LONGEST_REMEMBERED, Memo
from sentiment.passage import passage_of
from sentiment.scope import places_of, scope_at, scope_of
from sentiment.target import MASK, find_names
from sentiment.vader import VaderScorer
from thoroughness import some

PIECES = (
    *(
        "Acme",
        "#acme",
        "Globex's",
        "Best  Buy",
        "\u0130stanbul",
        "like",
        "LIKE,",
        "\U0001f60dlike",
        "l\u0131ke",
        "looks",
    ),
    *("off", "rip me", "thumbs", "up", "fed", "can't", "can\u2019t", "wait", "down", "let", "a joke", "fell", "apart"),
    *(
        "good",
        "GOOD",
        "bad!!",
        "goooood",
        "not",
        "very",
        "but",
        "buuut",
        "button",
        "no",
        "kind of",
        "so",
        "never",
        "??",
    ),
    *(
        "\U0001f60d",
        "\U0001f44d\U0001f3fd",
        "\U0001f51b",
        "\ufe0f",
        "\u061f",
        "\uff01",
        "\u2026",
        "\u3002",
        "\x1a",
        MASK,
    ),
    *(
        "bueno",
        "malo",
        "pero",
        "muy",
        "no",
        "अच्छा",
        "नहीं",
        "最高",
        "最悪",
        "とても",
        "not good",
        "than",
        "better",
        "\u0640",
    ),
    *("https://acme.example/x", "\u00abAcme\u00bb", "acme_", "Acmeは", ".", "\n", "\u3000", "ΣΑΣ", "\u00df"),
)
HINTING = (
    "like",
    "LIKE",
    "like,",
    "off",
    "off!",
    "down",
    "wait",
    "forward",
    "joke",
    "apart",
    "thumbs",
    "up",
    "fed",
    "l\u0131ke",
)
TEXTS = st.lists(
    st.tuples(
        st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), st.sampled_from([" ", " ", " ", "", "\n", ". "])
    ),
    max_size=16,
).map(lambda pairs: "".join(piece + space for piece, space in pairs))
RULES = {
    "en": VaderScorer()._rules(),
    "en exactly": VaderScorer(exact=True)._rules(),
    **{language: LexiconScorer(language)._rules() for language in ("es", "hi", "ja")},
}


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=some(40))
@given(text=TEXTS, bounds=st.tuples(st.integers(0, 60), st.integers(0, 60)))
def test_a_text_and_a_part_of_it_weigh_what_each_weighs_alone(name: str, text: str, bounds: tuple[int, int]) -> None:
    rules = RULES[name]
    first, last = sorted(min(place, len(text)) for place in bounds)
    assert rules.weigh_with_part(text, first, last) == (rules.weigh(text), rules.weigh(text[first:last]))


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=some(40))
@given(text=TEXTS)
def test_a_text_weighs_what_it_reads(name: str, text: str) -> None:
    reading = RULES[name].read(text)
    assert RULES[name].weigh(text) == (reading.compound, reading.evidence)


@settings(max_examples=some(40))
@given(TEXTS)
def test_a_text_without_a_hint_is_only_straightened(text: str) -> None:
    if prepared(text) != text.replace("\u2019", "'"):
        assert any(may_change(token) for token in text.split())


def test_hints_are_found_beside_emoji_and_in_any_case() -> None:
    tokens = ("like", "LIKE,", "\U0001f60dlike", "off!", "Thumbs", "fed", "wait...", "forward", "joke", "apart", "down")
    assert all(may_change(token) for token in tokens)
    assert not any(may_change(token) for token in ("likely", "office", "coffee", "Acme", "waiter", "federal"))


@settings(max_examples=some(60))
@given(
    st.lists(st.sampled_from([*HINTING, "we", "-", "you", "hats", "look", "can't", "cannot", "so", "us", "a", "let"]))
)
def test_of_tokens_that_may_change_those_that_are_taken_out_are_known_beforehand(tokens: list[str]) -> None:
    taken = taken_out(tokens, [place for place, token in enumerate(tokens) if may_change(token)])
    if taken is not None:
        left = [MASK if place in taken else token for place, token in enumerate(tokens)]
        assert prepared(" ".join(tokens)).split() == left


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("we like it", []),
        ("it looks like that", [2]),
        ("like that", [0]),
        ("turn off", []),
        ("hats off", None),
        ("like like", None),
        ("LIKE that", None),
    ],
)
def test_a_like_that_compares_is_taken_out_and_phrases_are_left_to_the_whole_text(
    text: str, taken: list[int] | None
) -> None:
    tokens = text.split()
    assert taken_out(tokens, [place for place, token in enumerate(tokens) if may_change(token)]) == taken


@settings(max_examples=some(40))
@given(
    TEXTS,
    st.lists(st.sampled_from(["Acme", "Globex", "Best Buy", "buy", "C++", "like", "\u0130stanbul", "@"]), max_size=4),
    st.lists(st.tuples(st.integers(-2, 50), st.integers(-2, 50)), max_size=3),
)
def test_the_bounds_of_a_part_cut_it_out_of_the_whole(
    text: str, names: list[str], spans: list[tuple[int, int]]
) -> None:
    scope = scope_of(
        ScoringTask(text=text, language="en", target=("Acme",), spans=tuple(spans), masks=tuple(names), title="Acme")
    )
    if scope.bounds is not None:
        first, last = scope.bounds
        assert scope.whole[first:last] == scope.local


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=some(40))
@given(before=TEXTS, own=st.sampled_from(["Acme ", " Acme", "Acme's ", "(acme)", "Acme. ", "Yahoo! "]), behind=TEXTS)
def test_a_passage_weighs_what_its_text_and_the_part_about_the_brand_do(
    name: str, before: str, own: str, behind: str
) -> None:
    masks = ("Globex", "button", "Best Buy", "up")
    task = ScoringTask(text=f"{before}{own}{behind}", language="en", target=("Acme", "Yahoo!"), masks=masks)
    places = places_of(task)
    passage = passage_of(places, "\x1a")
    if passage is not None:
        scope = scope_at(places, "\x1a")
        assert scope.bounds is not None
        assert passage.masked() == (scope.whole, *scope.bounds)
        assert RULES[name].weigh_passage(passage) == RULES[name].weigh_with_part(scope.whole, *scope.bounds)


@pytest.mark.parametrize(
    "text",
    ["Acme is great", "So they say that Acme's phones, all but one, were good to us. Bad luck!", "¡Acme, sí! 😍"],
)
def test_a_text_that_names_its_brand_once_is_a_passage(text: str) -> None:
    passage = passage_of(places_of(ScoringTask(text=text, language="en", target=("Acme",), masks=("Globex",))), "*")
    assert passage is not None
    assert " ".join(passage.tokens) == text.replace("Acme", "*")


@pytest.mark.parametrize(
    "text",
    ["Acme or Acme", "Acme and New Co", "#Acme is great", "Globes", "better than Acme", "良い。Acme", f"{MASK} Acme"],
)
def test_a_text_that_is_not_that_simple_is_no_passage(text: str) -> None:
    places = places_of(ScoringTask(text=text, language="en", target=("Acme",), masks=("Globex", "New Co")))
    assert passage_of(places, "*") is None


@settings(max_examples=some(40))
@given(TEXTS, st.lists(st.sampled_from(["Acme", "globex", "like", "x_1", "good", "off", "N0"]), min_size=1, max_size=4))
def test_plain_names_are_found_at_once_where_each_is_by_itself(text: str, names: list[str]) -> None:
    beside = " C++"  # a name that is no plain word, so that the names are searched for one by one
    *one_by_one, _ = find_names(text + beside, (*names, "C++"))
    assert find_names(text, names) == one_by_one


def test_tokens_are_looked_up_once_and_long_ones_are_not_kept() -> None:
    asked: list[str] = []

    def look_up(token: str) -> int:
        asked.append(token)
        return len(token)

    memo = Memo(look_up, 3)
    long = "x" * (LONGEST_REMEMBERED + 1)
    assert [memo[token] for token in ("a", "bb", "a", long, long)] == [1, 2, 1, len(long), len(long)]
    assert asked == ["a", "bb", long, long]
    assert [memo[token] for token in ("ccc", "dddd")] == [3, 4]
    assert len(memo) == 1
