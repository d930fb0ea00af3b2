"""What the tests call linear is told from what grows with the square."""

from __future__ import annotations

from collections import deque

import pytest

from bounds import assert_linear


def test_work_that_grows_with_its_input_is_linear() -> None:
    assert_linear(lambda size: deque(range(size), maxlen=0), 200_000, noise_seconds=0.01)


def test_work_that_grows_with_the_square_is_not() -> None:
    with pytest.raises(AssertionError, match=r"s for 500, but .* s for 2000"):
        assert_linear(lambda size: deque(range(size * size), maxlen=0), 500, noise_seconds=0.01)
