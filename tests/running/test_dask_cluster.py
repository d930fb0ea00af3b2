"""A Dask cluster gives chunks back in order with stages made once; where it cannot, it is said in a sentence."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from listener.errors import ListenerError, UsageError
from listener.pipeline import executors
from listener.pipeline.executors import on_dask

pytest.importorskip("distributed", reason="the extra dask is not installed")

MADE: list[int] = []
"""What was made as stages: the workers of these clusters are threads of this process."""


def make(number: int) -> int:
    MADE.append(number)
    return number


def work(stages: int, chunk: int) -> int:
    return stages + chunk


@contextmanager
def cluster(folder: Path, workers: int = 1) -> Iterator[Any]:
    """Run a scheduler with workers that are threads here, and everything between them on real sockets."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=False,
        host="127.0.0.1",
        protocol="tcp",
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
        silence_logs=50,
        local_directory=str(folder),
    ) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "_stages", {})
    MADE.clear()


def test_chunks_come_back_in_order_read_only_a_few_ahead_with_stages_made_once(tmp_path: Path) -> None:
    read: list[int] = []

    def chunks() -> Iterator[int]:
        for number in range(20):
            read.append(number)
            yield number

    with cluster(tmp_path) as running, on_dask(running.scheduler_address, partial(make, 100)) as executor:
        results = executor.map(work, chunks())
        assert next(results) == (0, 100)
        assert len(read) <= 4
        assert list(results) == [(number, 100 + number) for number in range(1, 20)]
        assert list(executor.map(work, [7])) == [(7, 107)]
    assert MADE == [100]


def test_a_worker_keeps_only_a_few_sets_of_stages_and_makes_others_anew(tmp_path: Path) -> None:
    with cluster(tmp_path) as running:
        for number in (1, 2, 3, 4, 5, 6, 6, 1):
            with on_dask(running.scheduler_address, partial(make, number)) as executor:
                assert list(executor.map(work, [10])) == [(10, 10 + number)]
    assert MADE == [1, 2, 3, 4, 5, 6, 1]
    assert len(executors._stages) == 4


def test_a_cluster_that_ends_in_the_middle_is_said_with_what_to_do(tmp_path: Path) -> None:
    with cluster(tmp_path) as running, on_dask(running.scheduler_address, partial(make, 100)) as executor:
        results = executor.map(work, range(100))
        assert next(results) == (0, 100)
        running.close()
        with pytest.raises(ListenerError, match=r"gave up: .*[^.]; run it again to go on where it was") as caught:
            list(results)
    assert "\n" not in str(caught.value)


def test_a_scheduler_without_a_worker_is_said_with_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import Client

    whole = Client.wait_for_workers
    monkeypatch.setattr(Client, "wait_for_workers", lambda self, n, timeout: whole(self, n, timeout=0.1))
    with cluster(tmp_path, workers=0) as running:
        address = running.scheduler_address
        with (
            pytest.raises(ListenerError, match=f"{address} has no worker; start some with: dask worker {address}"),
            on_dask(address, partial(make, 1)),
        ):
            pass


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r'pip install "social-listener\[dask\]"'), on_dask("", partial(make, 1)):
        pass


@pytest.mark.measured
@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("", "have social-listener 0.0.7, here it is .*; make them equal"),
        ("import sys; sys.modules['listener'] = None; ", "cannot run the program .*; install social-listener there"),
    ],
    ids=["another version", "no program"],
)
def test_a_worker_that_has_not_this_program_is_refused(tmp_path: Path, before: str, said: str) -> None:
    other = tmp_path / "social_listener-0.0.7.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: social-listener\nVersion: 0.0.7\n", encoding="utf-8")
    with cluster(tmp_path, workers=0) as running:
        start = f"{before}from distributed.cli.dask_worker import main; main()"
        options = ["--no-nanny", "--no-dashboard", "--death-timeout", "60", "--local-directory", str(tmp_path)]
        with subprocess.Popen(
            [sys.executable, "-c", start, running.scheduler_address, *options],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            stderr=subprocess.DEVNULL,
        ) as worker:
            try:
                with pytest.raises(ListenerError, match=said), on_dask(running.scheduler_address, partial(make, 1)):
                    pass
            finally:
                worker.kill()


@pytest.mark.measured
@pytest.mark.slow
def test_a_cluster_of_this_machine_works_also_where_the_usual_port_is_taken() -> None:
    with closing(socket.socket()) as other:
        with suppress(OSError):  # taken already: as well
            other.bind(("127.0.0.1", 8787))
            other.listen()
        with on_dask("", partial(make, 100)) as executor:
            assert list(executor.map(work, range(5))) == [(number, 100 + number) for number in range(5)]
    assert MADE == []  # made where the work is done: in other processes
