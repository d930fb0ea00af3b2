"""Run the program under a simulated clock, each time as a process of its own, forked from one that has all loaded.

Reads orders from stdin, a JSON object a line, and answers on stdout: the pid of
the process that does it, what that process says of the time, and at last how it
ended. `listener collect` and `listener run` are the program's own; only the
system's clock is another, and in the daemon it leaps to the next thing due.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import time_machine

PAUSE = 0.002
DAY = 86_400 + 3_600
"""No job of a daemon waits for longer."""


def say(**what: object) -> None:
    """Write one line to whoever gives the orders."""
    os.write(1, (json.dumps(what) + "\n").encode())


def hear() -> dict[str, Any]:
    """Read one line, byte by byte: what follows may be for the next process."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            os._exit(0)
        line += byte
    try:
        heard: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}  # the rest of a line of which a killed process had read the beginning
    return heard


def serve() -> None:
    load_everything()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    while True:
        order = hear()
        if "do" not in order:
            continue  # meant for a process that was killed
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os._exit(obey(order))
        say(pid=pid)
        _, status = os.waitpid(pid, 0)
        say(code=os.waitstatus_to_exitcode(status))


def load_everything() -> None:
    """Import what passes use and read the models, so that a fork has them."""
    from listener import wiring
    from listener.config import load_config

    wiring.source_facts()
    if len(sys.argv) > 1:
        config = load_config(Path(sys.argv[1]))
        judge = wiring.build_judge(config, wiring.build_queries(config))
        judge._identifier.identify(["this is what we had in the kitchen", "dies ist unsere Küche"], [None, None])


def obey(order: dict[str, Any]) -> int:
    """Do one order in this process; return its exit code."""
    if order.get("nice"):
        os.nice(order["nice"])
    with Path(order["log"]).open("ab", buffering=0) as log:
        os.dup2(log.fileno(), 2)
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115 - lives as long as the process
    if order.get("file_size"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_size"], order["file_size"]))
    with time_machine.travel(datetime.fromtimestamp(order["now"], UTC), tick=True) as clock:
        if order["do"] == "daemon":
            return Hurried(order, clock).run()
        return command(order)


def command(order: dict[str, Any]) -> int:
    from listener.cli.main import run

    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        return run([order["do"], "--config", order["config"], *order.get("words", [])])


class Hurried:
    """Let a daemon live: its clock stands while it works and leaps to the next thing due when it rests."""

    def __init__(self, order: dict[str, Any], clock: Any) -> None:
        from listener.config import load_config
        from listener.daemon import Daemon

        config = load_config(Path(order["config"]))
        self._until: int = order["until"]
        self._sample: int = order.get("sample", 0)
        self._back: int = order.get("back", 0)
        self._clock = clock
        self._told = 0
        self._sampled_at = int(order["now"])
        self._now = float(order["now"])
        self._daemon = Daemon(config, config.database, load=lambda: load_config(Path(order["config"])))

    def run(self) -> int:
        from listener.logs import configure

        configure("text", "info", sys.stderr)
        driver = threading.Thread(target=self._drive, daemon=True)
        driver.start()
        self._daemon.run()
        return 0

    def _drive(self) -> None:
        while self._daemon._scheduler is None or not self._daemon._scheduler.running:
            time.sleep(PAUSE)  # the daemon of another thread tells nobody that it has begun, nor that it rests
        scheduler = self._daemon._scheduler
        while not self._daemon._stop.is_set():
            while not self._rests(scheduler):
                time.sleep(PAUSE)
            if self._back:
                self._set_back()
                return
            due = min(job.next_run_time.timestamp() for job in scheduler.get_jobs())
            self._leap(min(due, self._until))
            if due >= self._until:
                self._daemon.ask_to_stop()
            else:
                scheduler.wakeup()

    def _set_back(self) -> None:
        """Set the clock back and let it run; the daemon is stopped once it has noticed, or else ends with 7."""
        self._clock.move_to(datetime.fromtimestamp(time.time() - self._back, UTC), tick=True)
        ends = time.monotonic() + 20.0
        while time.monotonic() < ends:
            jobs = self._daemon._scheduler.get_jobs() if self._daemon._scheduler else []
            if all(job.next_run_time.timestamp() < time.time() + DAY for job in jobs):
                self._daemon.ask_to_stop()
                return
            time.sleep(PAUSE)
        os._exit(7)

    def _rests(self, scheduler: Any) -> bool:
        """Say whether every job that was due is done."""
        executor = scheduler._executors.get("default")
        if self._daemon._running or any(executor._instances.values()):
            return False
        now = time.time()
        return all(job.next_run_time.timestamp() > now for job in scheduler.get_jobs())

    def _leap(self, to: float) -> None:
        """Move the clock on, once whoever simulates the world has done so."""
        if to <= time.time():
            return
        if int(to) > self._told:
            self._told = int(to)
            say(time=self._told)
            hear()
        if self._sample and int(to) >= self._sampled_at + self._sample:
            self._sampled_at = int(to)
            say(**measured(int(to)))
        self._clock.move_to(datetime.fromtimestamp(to, UTC), tick=True)


def measured(now: int) -> dict[str, object]:
    """Return what this process holds: memory (kB), open files, threads, connections."""
    gc.collect()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    fields = dict(line.split(":", 1) for line in status.splitlines())
    links = [_target(entry) for entry in Path("/proc/self/fd").iterdir()]
    return {
        "sample": now,
        "rss": int(fields["VmRSS"].split()[0]),
        "files": len([link for link in links if link]),
        "sockets": len([link for link in links if link.startswith("socket:")]),
        "threads": int(fields["Threads"]),
    }


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:
        return ""


if __name__ == "__main__":
    serve()
