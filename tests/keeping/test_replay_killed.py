"""A replay that is killed at any statement leaves a whole store, and the next run ends as an undisturbed one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keeping.test_replaying import dump, keep, new_scorers_judge, replay
from listener.mention import Label
from listener.pipeline import replaying as stages
from listener.store import Store
from servers.world import NOW, make_mention, open_store

KILLED = """
import os, signal, sys
from pathlib import Path
from keeping.test_replaying import new_scorers_judge, replay
from listener.pipeline import replaying as stages
from listener.search import history
from listener.store import Store

history._CHUNK = 4
left = int(sys.argv[2])
with Store(Path(sys.argv[1])) as store:
    def count(_sql):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    store._connection.set_trace_callback(count)
    replay(stages.rescore, store, new_scorers_judge())
"""


def fill(folder: Path) -> Store:
    store = open_store(folder)
    keep(store, [make_mention(n, f"Acme is good, Globex {n}") for n in range(1, 14)])
    store.label(3, "Acme", Label.IRRELEVANT, now=NOW)
    return store


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[list[tuple[object, ...]]]:
    with fill(tmp_path_factory.mktemp("undisturbed")) as store:
        replay(stages.rescore, store, new_scorers_judge())
        return dump(store)


@pytest.mark.parametrize("statements", [75, *(pytest.param(number, marks=pytest.mark.slow) for number in (4, 30, 120))])
def test_a_killed_replay_ends_as_an_undisturbed_one(
    tmp_path: Path, statements: int, undisturbed: list[list[tuple[object, ...]]]
) -> None:
    fill(tmp_path).close()
    path = tmp_path / "listener.db"
    command = [sys.executable, "-c", KILLED, str(path), str(statements)]
    killed = subprocess.run(command, cwd=Path(__file__).parents[1], timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    with Store(path) as store:
        assert store.check() == []
        assert dump(store) != undisturbed
        replay(stages.rescore, store, new_scorers_judge())
        assert dump(store) == undisturbed
        assert store.check() == []
