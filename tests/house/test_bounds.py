"""What the tests call linear is told from what grows with the square."""

from __future__ import annotations

import time
from collections import deque

import pytest

from bounds import assert_linear


def test_work_that_grows_with_its_input_is_linear() -> None:
    assert_linear(lambda size: deque(range(size), maxlen=0), 200_000, noise_seconds=0.01)


def test_work_that_grows_with_the_square_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processor's clock is stood in for: how fast a machine is at the moment decides nothing here."""
    spent = [0.0]
    monkeypatch.setattr(time, "process_time", lambda: spent[0])

    def work(size: int) -> None:
        spent[0] += 1e-6 * size * size

    with pytest.raises(AssertionError, match=r"0\.250 s for 500, but 4\.000 s for 2000"):
        assert_linear(work, 500, noise_seconds=0.01)
