from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.evaluation import CLASSES, Judged, bootstrap_interval, measure, measure_by_group, worst_errors


def judged(expected: str, given_label: str, *, score: float | None = 0.0, language: str = "en") -> Judged:
    return Judged(
        expected=expected,
        given=given_label,
        language=language,
        scorer="vader",
        score=score,
        evidence=0 if given_label == "unscored" else 1,
    )


def test_measures_equal_those_worked_out_by_hand() -> None:
    rows = [
        *[judged("positive", "positive")] * 3,
        judged("positive", "neutral"),
        *[judged("negative", "negative")] * 2,
        *[judged("negative", "positive")] * 2,
        judged("neutral", "neutral"),
        judged("neutral", "unscored", score=None),
    ]
    measures = measure(rows)
    assert measures.n == 10
    assert measures.accuracy == pytest.approx(0.7)
    assert measures.macro_recall == pytest.approx((3 / 4 + 2 / 4 + 2 / 2) / 3)
    assert measures.macro_f1 == pytest.approx((2 * 3 / 9 + 2 * 2 / 6 + 2 * 2 / 5) / 3)
    assert measures.unscored == 1
    assert measures.covered == pytest.approx(0.9)
    assert measures.confusion["negative", "positive"] == 2


def test_a_class_that_is_nowhere_pulls_no_mean_down() -> None:
    right = measure([judged("positive", "positive"), judged("negative", "negative")], resamples=50)
    assert (right.macro_f1, right.macro_recall, right.interval) == (1.0, 1.0, (1.0, 1.0))
    half = measure([judged("negative", "negative"), judged("negative", "positive")])
    assert (half.macro_f1, half.macro_recall) == (pytest.approx((2 / 3 + 0) / 2), 0.5)


def test_groups_are_languages_and_scorers() -> None:
    groups = measure_by_group([judged("positive", "positive"), judged("positive", "negative", language="es")])
    assert {key: one.accuracy for key, one in groups.items()} == {("en", "vader"): 1.0, ("es", "vader"): 0.0}


def test_the_interval_holds_the_value_and_narrows_with_more_texts() -> None:
    few = [("positive", "positive"), ("negative", "negative"), ("neutral", "neutral"), ("neutral", "positive")] * 5
    many = few * 20
    low, high = bootstrap_interval(few, resamples=300)
    lower, higher = bootstrap_interval(many, resamples=300)
    assert low <= lower <= higher <= high
    assert bootstrap_interval(few, resamples=300) == (low, high)


def test_the_worst_errors_are_the_most_confident_of_opposite_sign() -> None:
    rows = [
        judged("positive", "negative", score=-0.2),
        judged("positive", "negative", score=-0.9),
        judged("neutral", "negative", score=-1.0),
    ]
    assert [one.score for one in worst_errors(rows, limit=5)] == [-0.9, -0.2]


def test_nothing_cannot_be_measured() -> None:
    with pytest.raises(ValueError, match="nothing to measure"):
        measure([])


@given(st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from([*CLASSES, "unscored"])), min_size=1, max_size=40))
def test_measures_are_shares_and_perfect_exactly_where_all_is_right(pairs: list[tuple[str, str]]) -> None:
    measures = measure([judged(expected, said) for expected, said in pairs])
    assert 0 <= measures.macro_f1 <= 1
    assert 0 <= measures.macro_recall <= 1
    right = all(expected == (said if said in CLASSES else "neutral") for expected, said in pairs)
    assert (measures.accuracy == 1) == right == (measures.macro_f1 == 1)
