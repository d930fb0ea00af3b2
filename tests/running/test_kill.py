"""Killed at any instant and started again, `collect` ends in the store of a run that nobody disturbed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from listener.store import Store
from running.site import (
    BRANDS,
    NOW,
    PATIENCE,
    SEEN,
    Site,
    ask,
    hackernews_table,
    hits,
    posts,
    reddit_table,
    things,
    wait_for,
    x_table,
)
from servers.hackernews import HackerNews, comment
from servers.reddit import Reddit
from servers.web import Answer, Request
from servers.x import X

PAGE_SECONDS = 0.01
"""What the simulated services take over a page, so that a sweep is long enough to be hit."""


class UnhurriedHackerNews(HackerNews):
    def route(self, request: Request) -> Answer:
        self.stopping.wait(PAGE_SECONDS)
        return super().route(request)


class UnhurriedX(X):
    def route(self, request: Request) -> Answer:
        self.stopping.wait(PAGE_SECONDS)
        return super().route(request)


@dataclass
class Tally:
    """Count the kills by what they hit: the making of the store, a sweep, or nothing since the run was over."""

    making: int = 0
    sweeping: int = 0
    missed: int = 0

    @property
    def hits(self) -> int:
        return self.making + self.sweeping


class Killer:
    """Kill runs at random instants and see to it that the store ends as it should."""

    def __init__(
        self, folder: Path, sources: str, asked: Callable[[], int], dice: random.Random, *, brands: str = BRANDS
    ) -> None:
        self._folder = folder
        self._brands = brands
        self._sources = sources
        self._asked = asked
        self._dice = dice
        self._pause = threading.Event()
        self._stores = 0
        self.tally = Tally()
        quiet = Site(folder / "quiet", sources, brands=brands)
        before = asked()
        assert quiet.collect().code == 0
        self.sweep_requests = asked() - before
        self.expected = quiet.dump()
        self.site = self._fresh()

    def _fresh(self) -> Site:
        self._stores += 1
        self._read = 0
        return Site(self._folder / f"store{self._stores}", self._sources, brands=self._brands)

    def _until(self, condition: Callable[[], bool], process: subprocess.Popen[str]) -> bool:
        """Wait for a condition; False where the process ended before."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if process.poll() is not None:
                return False
            assert time.monotonic() < deadline, "the run neither went on nor ended"
            self._pause.wait(0.001)  # the run is another process, and tells nobody how far it is
        return True

    def kill(self, *, in_making: bool) -> None:
        """Start a run and kill it: while the store is made, or after some of the requests that are left of its sweep."""
        if in_making and self.site.database.exists():
            self.finish()
        before = self._asked()
        process = self.site.start("collect", err=self._folder / "killed.err")
        if in_making:
            self._until(self.site.database.exists, process)
            self._pause.wait(self._dice.uniform(0, 0.06))
        else:
            wanted = self._dice.randint(1, max(1, self.sweep_requests - self._read - 1))
            self._until(lambda: self._asked() >= before + wanted, process)
            self._pause.wait(self._dice.uniform(0, 2 * PAGE_SECONDS))  # between two requests as well
        process.kill()
        code = process.wait(timeout=PATIENCE)
        self._read += self._asked() - before
        assert code in {0, -signal.SIGKILL}
        if code == 0:
            self.tally.missed += 1
        elif in_making:
            self.tally.making += 1
        elif ask(self.site.database, "SELECT 1 FROM windows WHERE state = 'open'"):
            self.tally.sweeping += 1
        else:
            self.tally.missed += 1
        if code == 0 or (not in_making and self._is_done()):
            self.finish()

    def _is_done(self) -> bool:
        states = {state for (state,) in ask(self.site.database, "SELECT state FROM windows")}
        return (
            states == {"drained"}
            and len(self.expected["windows"]) == ask(self.site.database, "SELECT count(*) FROM windows")[0][0]
        )

    def finish(self) -> None:
        """Let a run come to its end, compare, and begin with a new store."""
        ended = self.site.collect()
        assert ended.code == 0, ended.err
        found = self.site.dump()
        for table in (*SEEN, "windows"):
            assert found[table] == self.expected[table], table
        with Store(self.site.database) as store:
            assert store.check() == []
        self.site = self._fresh()


def test_three_kills_of_collect_change_nothing(tmp_path: Path) -> None:
    with UnhurriedHackerNews(hits(30)) as server:
        table = hackernews_table(server, hits_per_page=2)
        killer = Killer(tmp_path, table, lambda: len(server.requests), random.Random(2))
        for number in range(3):
            killer.kill(in_making=number == 0)
        killer.finish()
    assert killer.tally.making >= 1
    assert killer.tally.sweeping >= 1


@pytest.mark.slow
def test_kills_lose_no_answer_and_invent_none(tmp_path: Path) -> None:
    brands = BRANDS.replace('keywords = ["acme"]', 'keywords = ["acme"]\nown_accounts = ["help_desk"]', 1)
    items = hits(80)
    for number in range(1, 80, 6):
        tags = ["comment", "author_help_desk", f"story_{number}"]
        words = "please write to us" if number % 4 == 1 else "please write to us at Acme"
        at = items[number - 1]["created_at_i"] + 600  # type: ignore[operator]
        items.append(comment(1_000 + number, at, words, story_id=number, author="help_desk", _tags=tags))
    with UnhurriedHackerNews(items) as server:
        table = hackernews_table(server, hits_per_page=2) + "[responses]\nthreads = 500\n"
        killer = Killer(tmp_path, table, lambda: len(server.requests), random.Random(7), brands=brands)
        for _ in range(8):
            killer.kill(in_making=False)
        killer.finish()
    assert len(killer.expected["answers"]) >= 10
    assert killer.tally.sweeping >= 2


@pytest.mark.slow
def test_fifty_kills_of_collect_over_three_services_change_nothing(tmp_path: Path) -> None:
    with (
        UnhurriedHackerNews(hits(60)) as hackernews,
        UnhurriedX(posts(60), now=NOW) as x,
        Reddit(things(150, step=timedelta(minutes=5)), now=NOW) as reddit,
    ):
        sources = hackernews_table(hackernews, hits_per_page=2) + x_table(x) + reddit_table(reddit)
        servers = (hackernews, x, reddit)
        killer = Killer(tmp_path, sources, lambda: sum(len(one.requests) for one in servers), random.Random(50))
        for number in range(50):
            killer.kill(in_making=number % 5 == 0)
        killer.finish()
    assert killer.tally.making >= 6
    assert killer.tally.hits >= 15, killer.tally  # how many hit depends on how busy the machine is


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_lets_the_page_in_hand_be_stored_and_the_next_run_goes_on_there(
    number: signal.Signals, tmp_path: Path
) -> None:
    with UnhurriedHackerNews(hits(80)) as server:
        table = hackernews_table(server, hits_per_page=2)
        quiet, site = Site(tmp_path / "quiet", table), Site(tmp_path / "stopped", table)
        assert quiet.collect().code == 0
        asked = len(server.requests)
        process = site.start("collect", err=tmp_path / "err")
        wait_for(lambda: len(server.requests) > asked + 5, "the sweep is under way")
        process.send_signal(number)
        assert process.wait(timeout=PATIENCE) == 128 + number
        ((cursor, reason, pages),) = site.rows("SELECT cursor, reason, pages FROM windows WHERE state = 'open'")
        assert cursor
        assert reason is None
        assert int(str(pages)) >= 4
        assert "Traceback" not in (tmp_path / "err").read_text()
        assert site.collect().code == 0
        assert site.dump() == quiet.dump()


OPENING = """
import os, sys
from pathlib import Path
from listener.store import Store

with Store(Path(sys.argv[1]) / "first.db"):
    failed = 0  # and everything is loaded that a child needs
for turn in range(40):
    path = Path(sys.argv[1]) / f"{turn}.db"
    gate, opener = os.pipe()
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            os.close(opener)
            os.read(gate, 1)  # until every copy of the other end is closed: all at once
            try:
                with Store(path) as store:
                    store.end_replay("none")
            except BaseException as error:
                print(repr(error), flush=True)
                os._exit(1)
            os._exit(0)
        children.append(child)
    os.close(gate)
    os.close(opener)
    failed += sum(os.waitpid(child, 0)[1] != 0 for child in children)
sys.exit(failed != 0)
"""


@pytest.mark.slow
def test_processes_that_make_a_store_at_once_wait_for_each_other(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPENING, str(tmp_path)], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
