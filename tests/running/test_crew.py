"""Chunks given to worker processes come back, or their future says that they do not: nobody waits for ever."""

from __future__ import annotations

import os

import pytest

from listener.pipeline.crew import Crew, WorkerEndedError


class NamedError(Exception):
    """An error that cannot be made again from its text alone."""

    def __init__(self, *, name: str) -> None:
        super().__init__(name)


def make() -> int:
    return 100


def work(stages: int, chunk: int) -> int:
    if chunk == 7:
        raise NamedError(name="seven")
    if chunk == 8:
        os._exit(1)
    return stages // chunk


def test_results_come_back_and_errors_are_raised_where_they_are_asked_for() -> None:
    with Crew(1, make, work) as crew:
        asked = [crew.submit(chunk) for chunk in (1, 2, 0, 4)]
        assert [one.result(60) for one in (asked[0], asked[1], asked[3])] == [100, 50, 25]
        with pytest.raises(ZeroDivisionError):
            asked[2].result(60)


@pytest.mark.parametrize("chunk", [7, 8])
def test_a_worker_that_ends_or_answers_what_cannot_be_read_gives_up_what_it_had_and_all_that_follows(
    chunk: int,
) -> None:
    with Crew(1, make, work) as crew:
        first, *rest = [crew.submit(one) for one in (1, chunk, 2, 3, 4)]
        assert first.result(60) == 100
        for one in rest:
            with pytest.raises(WorkerEndedError):
                one.result(60)
        with pytest.raises(WorkerEndedError):
            crew.submit(5).result(60)
