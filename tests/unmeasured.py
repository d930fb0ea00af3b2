"""Run without the measuring of coverage what would be disturbed by it, or what it would learn nothing from.

A child process is to run as people run it: measuring loads modules of its own and may
swallow an interrupt. And a tracer doubles the time of whatever runs under it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any


def environment() -> dict[str, str]:
    """Return the environment without what makes a child process measure coverage."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


@contextmanager
def measuring_paused() -> Iterator[None]:
    """Measure no coverage inside, neither here nor in the processes that are started."""
    measuring = _stop()
    if not measuring:
        yield
        return
    told = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("COVERAGE_")}
    _paused.append((measuring, told))
    try:
        yield
    finally:
        _paused.pop()
        _start(measuring)
        os.environ.update(told)


@contextmanager
def measuring_resumed() -> Iterator[None]:
    """Measure coverage inside, also where it is paused: for what only slow tests prepare."""
    if not _paused:
        yield
        return
    measuring, told = _paused[-1]
    os.environ.update(told)
    _start(measuring)
    try:
        yield
    finally:
        _stop()
        for name in told:
            del os.environ[name]


_paused: list[tuple[list[Any], dict[str, str]]] = []
"""What was measuring, and the environment that says so to child processes."""


@contextmanager
def measured_until(law: Any, examples: int) -> Iterator[None]:
    """Measure coverage inside until so many examples of a law were tried; `law` is what Hypothesis keeps of a test, or None."""
    if law is None or not _is_measured():
        yield
        return
    whole, tried = law.inner_test, 0
    stopped: list[Any] = []

    @wraps(whole)
    def counted(*arguments: object, **named: object) -> object:
        nonlocal tried
        tried += 1
        if tried == examples + 1:
            stopped.extend(_stop())
        return whole(*arguments, **named)

    law.inner_test = counted
    try:
        yield
    finally:
        law.inner_test = whole
        _start(stopped)


def _is_measured() -> bool:
    coverage = sys.modules.get("coverage")
    return coverage is not None and coverage.Coverage.current() is not None


def _stop() -> list[Any]:
    """Stop all that measures the coverage of this process; return it, the last begun first.

    A worker of pytest-xdist is measured three times over: as a child process, as a
    session and as a worker. Where one of them stops, the one begun before goes on.
    """
    stopped = []
    while _is_measured():
        stopped.append(sys.modules["coverage"].Coverage.current())
        stopped[-1].stop()
    return stopped


def _start(stopped: list[Any]) -> None:
    for measuring in reversed(stopped):
        measuring.start()
