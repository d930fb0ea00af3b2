from __future__ import annotations

from scoring.made_labels import task_of
from sentiment.build import stage_with_rules
from sentiment.options import SentimentOptions
from sentiment.suggesting import FEWEST_CHANGED, Suggestions, suggest_rules, try_on_others
from sentiment.training import Example

COLOURS = ("red", "green", "blue", "grey-ish", "white", "black", "pinkish", "brown", "amber", "violet")


def suggested(pairs: list[tuple[str, str]], *, language: str = "en", rules: tuple[str, ...] = ()) -> Suggestions:
    examples = [Example(task_of(text, language), label) for text, label in pairs]
    stage = stage_with_rules(SentimentOptions(rulesets=rules), {language})
    return suggest_rules("Acme", examples, stage, ignored=("the", "and", "has"))


def many(text: str, label: str, n: int = 7) -> list[tuple[str, str]]:
    return [(text.format(COLOURS[turn]), label) for turn in range(n)]


def test_a_word_that_is_a_name_is_taken_out() -> None:
    made = suggested(many("Acme put the {} war zone map online", "neutral") + many("the {} Acme lid", "neutral", 3))
    (rule,) = made.rules
    assert (rule.valence, rule.n, rule.fixed, rule.broken) == (0.0, 7, 7, 0)
    assert "war" in rule.phrase
    assert rule.line.startswith("Acme: ")
    assert (made.n, made.right_before, made.right_after) == (10, 3, 10)


def test_a_word_that_praises_here_is_scored_otherwise() -> None:
    made = suggested(many("this {} Acme deck is sick", "positive"))
    assert [(rule.phrase, rule.valence, rule.fixed) for rule in made.rules] == [("sick", 2.0, 7)]


def test_a_word_that_no_list_knows_gets_a_valence() -> None:
    made = suggested(many("my {} Acme has vromped again", "negative") + many("my {} Acme again", "neutral"))
    assert [(rule.phrase, rule.valence) for rule in made.rules] == [("vromped", -2.0)]


def test_a_rule_that_breaks_as_much_as_it_fixes_is_not_proposed() -> None:
    pairs = many("the {} Acme war", "neutral", 4) + many("an ugly {} war, says Acme", "negative", 4)
    pairs += many("Acme: {} war it is", "negative", 4)
    assert all(rule.fixed > 2 * rule.broken for rule in suggested(pairs).rules)
    assert "war" not in {rule.phrase for rule in suggested(pairs).rules}


def test_a_phrase_is_preferred_where_its_word_is_right_elsewhere() -> None:
    pairs = many("Acme {} war zone map", "neutral") + many("Acme {} war it is", "negative")
    (rule,) = suggested(pairs).rules
    assert rule.phrase in {"war zone", "war zone map"}
    assert (rule.fixed, rule.broken) == (7, 0)


def test_few_changed_labels_have_no_interval_and_many_have_one() -> None:
    (few,) = suggested(many("Acme {} war zone map", "neutral", 3)).rules
    (enough,) = suggested(many("Acme {} war zone map", "neutral", FEWEST_CHANGED)).rules
    assert few.interval is None
    assert enough.interval is not None
    assert 0.5 < enough.interval[0] < enough.interval[1] <= 1.0


def test_the_same_text_many_times_is_one_text() -> None:
    pairs = [(f"Acme war zone map {turn} https://made.example/{turn}", "neutral") for turn in range(9)]
    assert suggested(pairs) == Suggestions((), 1, 0, 0)


def test_rules_that_hold_already_are_built_upon() -> None:
    pairs = many("Acme {} war zone map", "neutral")
    assert suggested(pairs, rules=("Acme: war zone = 0",)).rules == ()


def test_rules_are_found_in_other_scripts_too() -> None:
    made = suggested(
        [(f"Acme का {word} राउटर खराब", "neutral") for word in ("लाल", "नीला", "हरा", "पीला")], language="hi"
    )
    assert {rule.phrase for rule in made.rules} == {"खराब"}
    assert made.right_after == 4


def test_nothing_is_proposed_where_everything_is_right() -> None:
    assert suggested(many("my {} Acme is great", "positive")).rules == ()


def test_the_names_of_brands_and_ignored_words_are_no_rules() -> None:
    made = suggested(many("the {} Acme and the lid", "positive"))
    assert not {"acme", "the", "and"} & {rule.phrase for rule in made.rules}


def test_the_same_labels_give_the_same_rules_in_the_same_order() -> None:
    pairs = many("this {} Acme deck is sick", "positive") + many("Acme {} war zone map", "neutral")
    assert suggested(pairs) == suggested(pairs)
    assert len(suggested(pairs).rules) == 2


def others(pairs: list[tuple[str, str]]) -> tuple[int, int, int] | None:
    examples = [Example(task_of(text), label) for text, label in pairs]
    return try_on_others("Acme", examples, stage_with_rules(SentimentOptions(), {"en"}), ignored=("the", "and"))


def letters(turn: int) -> str:
    return "".join(chr(97 + turn // 26**power % 26) for power in range(3)) + "x"


def test_rules_that_hold_on_other_labels_are_told_from_accidents() -> None:
    real = [(f"Acme {letters(turn)} war zone map", "neutral") for turn in range(40)]
    assert others(real) == (40, 0, 40)
    accident = [(f"Acme {letters(turn)} lid", ("neutral", "positive")[turn // 2 % 2]) for turn in range(40)]
    found = others(accident)
    assert found is not None
    assert found[2] <= found[1]


def test_few_labels_are_not_halved() -> None:
    assert others([(f"Acme {letters(turn)} war zone map", "neutral") for turn in range(39)]) is None
