"""Formulas against values computed by hand from their sources, and laws they must keep."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.intervals import net_sentiment, net_sentiment_interval, poisson_change, wilson_interval

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
