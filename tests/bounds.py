"""Tell bounded work from work without a bound, on any machine: no test is decided by how fast it runs.

`assert_linear` compares the work for an input with the work for one four times as
long, in one run. `within_a_minute` is for waits: whoever uses it sees to it that what
is waited for would otherwise last for many minutes, or for ever. `never_sleep` is for
what must not wait at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from unmeasured import measuring_paused

MINUTE = 60.0
FOR_EVER = 3_600.0
"""Seconds; for limits that must not be what ends a wait."""

_TIMES_LONGER = 4
_MOST_GROWTH = 10
"""Between the growth of linear work, 4, and that of work that grows with the square, 16."""
_ROUNDS = 3


@contextmanager
def within_a_minute() -> Iterator[None]:
    """Fail where the block lasts longer than a minute."""
    began = time.monotonic()
    yield
    seconds = time.monotonic() - began
    assert seconds < MINUTE, f"{seconds:.0f} s: nothing put an end to it"


def never_sleep(seconds: float) -> None:
    """Stand in for `time.sleep` where nobody may wait."""
    msg = f"somebody sleeps {seconds} s"
    raise AssertionError(msg)


def assert_linear(work: Callable[[int], object], size: int, *, noise_seconds: float = 0.25) -> None:
    """Fail where the work for an input four times as long as `size` is out of proportion.

    Processor time is compared, best of several rounds; there is another round only where
    the machine may have disturbed the last. `noise_seconds` are no growth at all.
    """
    short, long = FOR_EVER, FOR_EVER
    with measuring_paused():  # a tracer costs by the line, not by the work
        for _ in range(_ROUNDS):
            short, long = min(short, _cost(work, size)), min(long, _cost(work, _TIMES_LONGER * size))
            if long <= _MOST_GROWTH * short + noise_seconds:
                return
    msg = f"{short:.3f} s for {size}, but {long:.3f} s for {_TIMES_LONGER * size}"
    raise AssertionError(msg)


def _cost(work: Callable[[int], object], size: int) -> float:
    began = time.process_time()
    work(size)
    return time.process_time() - began
