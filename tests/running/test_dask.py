"""Scoring, rematching and rescoring on a real Dask cluster give what this process gives, also where a worker dies."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from listener.errors import ListenerError
from listener.pipeline.executors import Here, on_dask

pytest.importorskip("distributed", reason="the extra dask is not installed")

CONFIG = """\
[listener]
time_zone = "UTC"
{executor}
[[brands]]
name = "Acme"
keywords = ["acme"{more}]
{rules}
"""
MENTIONS = 4_000
START_SECONDS = 60


def free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Cluster:
    """Hold a scheduler and two workers, each a process."""

    def __init__(self, folder: Path) -> None:
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self._folder = folder
        host, port = self.address.removeprefix("tcp://").split(":")
        self.scheduler = self._start("scheduler", "--host", host, "--port", port, "--no-dashboard", "--no-show")
        self.workers = [self._work(number) for number in range(2)]

    def _work(self, number: int) -> subprocess.Popen[bytes]:
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "60", "--name", str(number)]
        return self._start("worker", self.address, *options, "--local-directory", str(self._folder / f"w{number}"))

    def _start(self, what: str, *words: str) -> subprocess.Popen[bytes]:
        code = f"from distributed.cli.dask_{what} import main; main()"
        with (self._folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen([sys.executable, "-c", code, *words], stdout=log, stderr=log)

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait(timeout=30)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    try:
        yield made
    finally:
        made.close()


def write_config(folder: Path, *, address: str | None = None, more: str = "", rules: str = "") -> None:
    executor = "" if address is None else f'executor = "dask"\ndask_scheduler = "{address}"'
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(CONFIG.format(executor=executor, more=more, rules=rules), encoding="utf-8")


def command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "listener.cli.main", *words, "--config", str(folder / "config.toml")]


def run(folder: Path, *words: str) -> str:
    done = subprocess.run(command(folder, *words), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def archive(file: Path, count: int) -> None:
    moods = ("I love acme, great", "acme is terrible", "अक्मे acme बहुत अच्छा है", "comet is awful", "acme el peor servicio")
    with file.open("w", encoding="utf-8") as out:
        for number in range(count):
            mention = {
                "source": "forum",
                "id": str(number),
                "text": f"{moods[number % len(moods)]} {number}",
                "published_at": f"2026-11-{1 + number % 20:02}T10:00:00+00:00",
            }
            out.write(json.dumps(mention, ensure_ascii=False) + "\n")


def decided(folder: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "listener.db")) as store:
        return store.execute(
            "SELECT native_id, matches.language, label, score, evidence, reason FROM matches "
            "JOIN mentions ON mentions.id = mention_id ORDER BY native_id"
        ).fetchall()


@pytest.mark.slow
def test_a_history_is_rematched_and_rescored_the_same_where_a_worker_is_killed_in_the_middle(
    cluster: Cluster, tmp_path: Path
) -> None:
    rules = '[sentiment]\nrulesets = ["Acme: terrible = 0"]'
    here, there = tmp_path / "here", tmp_path / "there"
    archive(tmp_path / "archive.jsonl", MENTIONS)
    for folder, address in ((here, None), (there, cluster.address)):
        write_config(folder)
        run(folder, "import", "--keep-unmatched", str(tmp_path / "archive.jsonl"))
        write_config(folder, address=address, more=', "comet"', rules=rules)
    for what in ("rematch", "rescore"):
        run(here, what)

    run(there, "rematch")
    changed = len(decided(there))
    with subprocess.Popen(command(there, "rescore"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as running:
        wait_for_first_chunk(there, running)
        os.kill(cluster.workers[0].pid, signal.SIGKILL)
        _, said = running.communicate(timeout=300)
    assert running.returncode == 0, said.decode()

    assert changed == MENTIONS
    assert decided(there) == decided(here)


def wait_for_first_chunk(folder: Path, running: subprocess.Popen[bytes]) -> None:
    """Wait until a chunk of the replay is stored, or the replay is over."""
    until = time.monotonic() + START_SECONDS
    with closing(sqlite3.connect(folder / "listener.db", timeout=30)) as store:
        while time.monotonic() < until and running.poll() is None:
            if store.execute("SELECT count(*) FROM replays WHERE kind = 'rescore'").fetchone()[0]:
                return
            time.sleep(0.01)  # another process works, and tells nobody


@pytest.mark.slow
def test_an_archive_is_scored_in_order_as_without_a_cluster(cluster: Cluster, tmp_path: Path) -> None:
    archive(tmp_path / "archive.jsonl", 3_000)
    write_config(tmp_path / "here")
    write_config(tmp_path / "there", address=cluster.address)

    there = run(tmp_path / "there", "score", str(tmp_path / "archive.jsonl"))

    assert there == run(tmp_path / "here", "score", str(tmp_path / "archive.jsonl"))
    assert len(there.splitlines()) == 3_000


@pytest.mark.slow
def test_a_parquet_archive_is_scored_rematched_and_rescored_as_without_a_cluster(
    cluster: Cluster, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    archive(tmp_path / "archive.jsonl", 1_500)
    here, there = tmp_path / "here", tmp_path / "there"
    write_config(here)
    run(here, "import", str(tmp_path / "archive.jsonl"))
    run(here, "export", "--format", "parquet", "--output", str(tmp_path / "archive"))

    write_config(there, address=cluster.address)
    run(there, "import", str(tmp_path / "archive"))
    scored = [json.loads(line) for line in run(there, "score", str(tmp_path / "archive")).splitlines()]
    write_config(there, address=cluster.address, more=', "comet"')
    run(there, "rematch")
    run(there, "rescore")

    right = decided(here)
    assert len(right) == 1_200  # of five one names another brand
    assert decided(there) == right
    assert [(one["id"], one["sentiment"]["language"]) for one in sorted(scored, key=lambda one: one["id"])] == [
        (native_id, language) for native_id, language, *_ in right
    ]


def test_a_scheduler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listener.pipeline.executors._PATIENCE", 0.5)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(ListenerError, match=f"{address} cannot be reached.*dask_scheduler"), on_dask(address, dict):
        pass


def test_here_reads_one_chunk_after_the_other() -> None:
    read: list[int] = []

    def chunks() -> Iterator[int]:
        for number in range(3):
            read.append(number)
            yield number

    results = Here(10).map(lambda stages, chunk: stages + chunk, chunks())
    assert next(results) == (0, 10)
    assert read == [0]
    assert list(results) == [(1, 11), (2, 12)]
