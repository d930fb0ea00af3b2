"""Formulas against values computed by hand from their sources, and laws they must keep."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.intervals import (
    net_sentiment,
    net_sentiment_difference,
    net_sentiment_interval,
    poisson_change,
    rate_ratio,
    wilson_interval,
)
from reports.responses import Answer, answered_within, answering_curve, median_wait
from reports.surveys import customer_effort, customer_satisfaction, net_promoter

NOW = datetime(2026, 11, 20, tzinfo=UTC)
COUNTS = st.integers(0, 5_000)


def test_net_sentiment_is_the_published_example() -> None:
    # 80 positive, 20 negative, 100 neutral: (80 - 20) / 200 = 30 points (Black Box help centre).
    assert net_sentiment(80, 20, 200) == pytest.approx(30.0)
    assert net_sentiment(0, 0, 0) is None


def test_the_wilson_interval_is_the_published_one() -> None:
    # Newcombe, R. G. (1998), Statistics in Medicine 17, 857-872, table I: 81 of 263 and 15 of 148 and 0 of 20.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson_interval(0, 0) is None


@given(st.integers(1, 5_000))
def test_the_interval_of_a_share_that_is_nothing_begins_with_nothing_and_of_all_ends_with_all(n: int) -> None:
    assert wilson_interval(0, n)[0] == 0.0
    assert wilson_interval(n, n)[1] == 1.0


def test_the_interval_of_net_sentiment_is_the_formula_by_hand() -> None:
    # Agresti & Min (2005): b = 38, c = 27, n = 93; d = 11 / 95 = 0.115789;
    # se = sqrt((66 / 95 - d^2) / 95) = sqrt((0.694737 - 0.013407) / 95) = 0.084687; d +- 1.959964 se.
    assert net_sentiment_interval(38, 27, 93) == pytest.approx((-5.0194, 28.1773), abs=5e-3)


@given(COUNTS, COUNTS, COUNTS)
def test_the_interval_of_net_sentiment_is_ordered_and_within_the_scale(positive: int, negative: int, rest: int) -> None:
    n = positive + negative + rest
    interval = net_sentiment_interval(positive, negative, n)
    if n == 0:
        assert interval is None
        return
    assert interval is not None
    assert -100 <= interval[0] < interval[1] <= 100


@given(COUNTS, COUNTS, COUNTS)
def test_turning_moods_around_turns_the_interval_around(positive: int, negative: int, rest: int) -> None:
    n = positive + negative + rest + 1
    one, other = net_sentiment_interval(positive, negative, n), net_sentiment_interval(negative, positive, n)
    assert one is not None
    assert other is not None
    assert one == pytest.approx((-other[1], -other[0]))


def test_the_interval_narrows_with_n() -> None:
    widths = [
        high - low for low, high in filter(None, (net_sentiment_interval(3 * k, k, 10 * k) for k in (1, 10, 100)))
    ]
    assert widths == sorted(widths, reverse=True)


def test_two_counts_apart_by_chance_are_within_two_deviations() -> None:
    # Anscombe: 2 (sqrt(105.375) - sqrt(57.375)) / sqrt 2 = 1.414214 (10.265233 - 7.574629) = 3.8051.
    assert poisson_change(105, 57) == pytest.approx(3.8051, abs=5e-4)
    assert abs(poisson_change(30, 26)) < 1.96
    assert poisson_change(7, 7) == 0


@given(COUNTS, COUNTS)
def test_the_change_has_the_sign_of_the_difference(now: int, before: int) -> None:
    assert math.copysign(1, poisson_change(now, before) or (now - before)) == math.copysign(1, now - before)


def asked(*waits: int | None, hours_ago: int = 100) -> list[Answer]:
    """Return questions of `hours_ago`; a wait is in hours, None while nobody has answered."""
    at = NOW - timedelta(hours=hours_ago)
    return [Answer(asked_at=at, answered_at=None if wait is None else at + timedelta(hours=wait)) for wait in waits]


def test_the_answering_curve_is_the_estimate_by_hand() -> None:
    # Ten questions: answered after 1, 1, 2, 5 and 8 h; two asked 4 h ago and three 9 h ago still wait.
    # S(1) = 8/10; S(2) = 8/10 x 7/8 = 0.7; two leave at 4 h; S(5) = 0.7 x 4/5 = 0.56; S(8) = 0.56 x 3/4 = 0.42.
    answers = [*asked(1, 1, 2, 5, 8), *asked(None, None, hours_ago=4), *asked(None, None, None, hours_ago=9)]
    curve = answering_curve(answers, NOW)
    assert [wait / timedelta(hours=1) for wait, _ in curve] == [1, 2, 5, 8]
    assert [share for _, share in curve] == pytest.approx([0.2, 0.3, 0.44, 0.58])
    assert median_wait(answers, NOW) == timedelta(hours=8)


def test_leaving_out_those_who_wait_would_make_it_look_faster() -> None:
    assert median_wait(asked(1, 2, 3), NOW) == timedelta(hours=2)
    assert median_wait(asked(1, 2, 3, None, None), NOW) == timedelta(hours=3)
    assert median_wait(asked(1, None, None), NOW) is None
    assert median_wait([], NOW) is None


def test_answered_within_a_limit_judges_only_those_who_could_have_been() -> None:
    recent = asked(0, None, hours_ago=1)
    assert answered_within([*asked(1, 30, None), *recent], timedelta(hours=24), NOW) == (1, 3)
    assert answered_within(recent, timedelta(hours=24), NOW) == (0, 0)


def test_net_promoter_score_is_promoters_minus_detractors() -> None:
    # 5 of 10 give 9 or 10, 2 give 7 or 8, 3 give 0 to 6: 50 - 30 = 20.
    ratings = [r / 10 for r in (10, 10, 9, 9, 9, 8, 7, 6, 3, 0)]
    score = net_promoter(ratings)
    assert score is not None
    assert (score.value, score.n) == (pytest.approx(20.0), 10)
    assert score.low < 20 < score.high
    assert net_promoter([]) is None


def test_customer_satisfaction_is_the_two_best_of_five() -> None:
    # Stars 5, 4, 4, 3, 1 are 1, 0.75, 0.75, 0.5, 0: three of five.
    score = customer_satisfaction([1.0, 0.75, 0.75, 0.5, 0.0])
    assert score is not None
    assert score.value == pytest.approx(60.0)
    assert (score.low, score.high) == pytest.approx((23.07, 88.24), abs=0.01)  # Wilson, 3 of 5
    assert customer_satisfaction([]) is None


def test_customer_effort_is_the_mean_of_seven_answers() -> None:
    # Answers 7, 6, 4, 1 are 1, 5/6, 1/2, 0: mean 4.5.
    score = customer_effort([1.0, 5 / 6, 0.5, 0.0])
    assert score is not None
    assert score.value == pytest.approx(4.5)
    assert 1 <= score.low < 4.5 < score.high <= 7
    assert customer_effort([]) is None


def test_alike_answers_of_few_people_do_not_make_effort_certain() -> None:
    # Five sevens, with 1 and 7 added: mean 43 / 7 = 6.142857, deviation sqrt(30.857143 / 6) = 2.267787,
    # half 2.446912 x 2.267787 / sqrt 7 = 2.097353 (t with 6 degrees, Abramowitz and Stegun, table 26.10): 4.0455 to 7.
    score = customer_effort([1.0] * 5)
    assert score is not None
    assert (score.value, score.low, score.high, score.n) == pytest.approx((7.0, 4.0455, 7.0, 5), abs=5e-4)
    # 400 answers: the two that are added no longer show. mean 4, deviation 2: half about 1.966 x 2 / 20 = 0.197.
    many = customer_effort([0.5 + (1 if n % 2 else -1) / 3 for n in range(400)])
    assert many is not None
    assert (many.low, many.high) == pytest.approx((3.803, 4.197), abs=0.005)


def test_a_ratio_of_counts_is_the_formula_by_hand() -> None:
    # 15 against 5: the share is 15 of 20; Wilson: centre (0.75 + 3.841459 / 40) / 1.192073 = 0.709711,
    # half 1.959964 sqrt(0.75 x 0.25 / 20 + 3.841459 / 1600) / 1.192073 = 0.178420; 0.531291 / 0.468709 = 1.13352
    # and 0.888140 / 0.111860 = 7.9396. With twice the exposure of the first every figure halves.
    assert rate_ratio(15, 5) == pytest.approx((3.0, 1.13352, 7.9396), abs=5e-4)
    assert rate_ratio(15, 5, 2.0, 1.0) == pytest.approx((1.5, 0.56676, 3.9698), abs=5e-4)


def test_a_ratio_without_counts_on_one_side_is_open_to_that_side() -> None:
    # 0 of 20 has the Wilson interval 0 to 0.1611 (Newcombe 1998, table I): 0.1611 / 0.8389 = 0.1920.
    assert rate_ratio(0, 20) == pytest.approx((0.0, 0.0, 0.1921), abs=2e-4)
    ratio = rate_ratio(20, 0)
    assert ratio is not None
    assert (ratio.value, ratio.high) == (math.inf, math.inf)
    assert ratio.low == pytest.approx(1 / 0.1921, rel=2e-3)
    assert rate_ratio(0, 0) is None


@given(st.integers(1, 5_000), st.integers(1, 5_000))
def test_turning_a_ratio_around_turns_its_interval_around(a: int, b: int) -> None:
    one, other = rate_ratio(a, b), rate_ratio(b, a)
    assert one is not None
    assert other is not None
    assert one.low < one.value < one.high
    assert (one.value, one.low, one.high) == pytest.approx((1 / other.value, 1 / other.high, 1 / other.low))


def test_a_difference_of_net_sentiment_is_the_formula_by_hand() -> None:
    # First 38, 27, n 93: 11 / 95 = 0.115789, variance (66 / 95 - 0.013407) / 95 = 0.0071719. Second 20, 30, n 98:
    # -10 / 100, variance (51 / 100 - 0.01) / 100 = 0.005. 21.5789 +- 196 sqrt(0.0121719) = 21.6235.
    # The plain difference is 1100 / 93 + 1000 / 98 = 22.0321.
    assert net_sentiment_difference((38, 27, 93), (20, 30, 98)) == pytest.approx((22.0321, -0.0446, 43.2024), abs=2e-3)
    assert net_sentiment_difference((0, 0, 0), (1, 1, 2)) is None


@given(COUNTS, COUNTS, COUNTS)
def test_equal_moods_are_never_called_different(positive: int, negative: int, rest: int) -> None:
    mood = (positive, negative, positive + negative + rest + 1)
    difference = net_sentiment_difference(mood, mood)
    assert difference is not None
    assert difference.value == 0.0
    assert difference.low < 0.0 < difference.high
