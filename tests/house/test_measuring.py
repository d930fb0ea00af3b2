"""Where no coverage is to be measured, none is, however many measure this process."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from coverage import Coverage

from unmeasured import measured_until, measuring_paused, measuring_resumed


@pytest.fixture
def inner(monkeypatch: pytest.MonkeyPatch) -> Iterator[Coverage]:
    """Return the inner one of two that measure, as in a worker of a suite that is measured."""
    monkeypatch.setenv("COVERAGE_PROCESS_CONFIG", "told to children")
    outer, inner = (Coverage(data_file=None, config_file=False) for _ in range(2))
    outer.start()
    inner.start()
    yield inner
    inner.stop()
    outer.stop()


def test_nothing_is_measured_while_measuring_is_paused(inner: Coverage) -> None:
    with measuring_paused():
        assert Coverage.current() is None
        assert "COVERAGE_PROCESS_CONFIG" not in os.environ
        with measuring_resumed():
            assert Coverage.current() is inner
            assert "COVERAGE_PROCESS_CONFIG" in os.environ
        assert Coverage.current() is None
    assert Coverage.current() is inner
    assert "COVERAGE_PROCESS_CONFIG" in os.environ


def test_a_law_is_measured_for_so_many_examples(inner: Coverage) -> None:
    class Law:
        def inner_test(self) -> bool:
            return Coverage.current() is inner

    law = Law()
    with measured_until(law, 2):
        assert [law.inner_test() for _ in range(4)] == [True, True, False, False]
    assert Coverage.current() is inner
