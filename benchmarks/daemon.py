"""Measure the idle daemon: its memory before the first scored page, and its processor time (Linux).

    python benchmarks/daemon.py [--seconds 20]

Baseline for the memory: a process that imports at its start what the daemon loads
when it needs it (clients of the services, drawing, scoring with its models, tables), with the same
scheduler. The daemon serves a new store with two sources at a port of this machine
where nobody answers, so that nothing is ever scored. Bars: 0.35 times the memory of
the eager one, and 5 ms of processor time in 10 s once it has settled.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from figures import Ratio, write_figures

MEMORY_BAR = 0.35
CPU_BAR_MS = 5.0
EAGER = (
    "apscheduler.schedulers.background", "feedparser", "matplotlib.pyplot", "numpy", "praw", "py3langid", "requests",
    "sqlite_utils", "tweepy", "vaderSentiment.vaderSentiment", "listener.daemon", "listener.reporting",
    "sentiment.routing",
)  # fmt: skip
CONFIG = """
[listener]
database = "{folder}/listener.db"
time_zone = "UTC"

[[brands]]
name = "Acme"

[sources.mastodon]
enabled = true
every = "1h"
instances = ["http://127.0.0.1:{port}"]

[sources.rss]
enabled = true
every = "1h"
feeds = ["http://127.0.0.1:{port}/feed.xml"]
"""


def main() -> int:
    """Measure both processes, print one line each; return 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="how long the idle daemon is watched")
    parser.add_argument("--settle", type=float, default=12.0, help="how long it is given before")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    asked = parser.parse_args()
    if not Path("/proc/self/schedstat").exists():
        print("no /proc here: left out")
        return 0
    with tempfile.TemporaryDirectory() as name:
        daemon, milliseconds = watch_daemon(Path(name), asked.settle, asked.seconds)
    modules = [one for one in EAGER if importlib.util.find_spec(one.partition(".")[0])]
    eager = watch_eager(modules)
    ratio = daemon / eager
    print(f"idle daemon {daemon:6.1f} MB; eager one {eager:6.1f} MB; {ratio:.2f} x (bar {MEMORY_BAR:g} x)")
    print(f"processor time {milliseconds:.2f} ms in 10 s (bar {CPU_BAR_MS:g} ms)")
    write_figures(
        asked.json,
        [
            Ratio(
                name="idle daemon",
                unit="MB",
                value=daemon,
                baseline="everything imported at the start",
                baseline_value=eager,
            )
        ],
    )
    held = ratio <= MEMORY_BAR and milliseconds <= CPU_BAR_MS
    print("held" if held else "missed")
    return 0 if held else 1


def watch_daemon(folder: Path, settle: float, seconds: float) -> tuple[float, float]:
    """Return the megabytes of a daemon and its milliseconds of processor time in 10 s."""
    with socket.socket() as taken:  # bound and never listening: nobody answers there
        taken.bind(("127.0.0.1", 0))
        config = folder / "config.toml"
        config.write_text(CONFIG.format(folder=folder.as_posix(), port=taken.getsockname()[1]), encoding="utf-8")
        command = [sys.executable, "-c", "from listener.cli.main import main; main()", "run", "--config", str(config)]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as daemon:  # noqa: S603 - our own
            time.sleep(settle)
            before = processor_ms(daemon.pid)
            time.sleep(seconds)
            spent = (processor_ms(daemon.pid) - before) * 10 / seconds
            megabytes = resident_mb(daemon.pid)
            daemon.terminate()
    return megabytes, spent


def watch_eager(modules: list[str]) -> float:
    """Return the megabytes of a process that imports everything at its start."""
    lines = [f"import {name}" for name in modules]
    lines += ["s = apscheduler.schedulers.background.BackgroundScheduler()", "s.start()", "print('ready', flush=True)"]
    lines += ["import sys", "sys.stdin.read()"]
    if "py3langid" in modules:
        lines.insert(len(modules), "py3langid.classify('is this English')")
    if "matplotlib.pyplot" in modules:
        lines.insert(len(modules), "matplotlib.pyplot.subplots()")
    command = [sys.executable, "-c", "\n".join(lines)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ}) as eager:  # noqa: S603 - our own
        if eager.stdout is None or eager.stdin is None or eager.stdout.readline() != b"ready\n":
            msg = "the eager process did not start"
            raise RuntimeError(msg)
        megabytes = resident_mb(eager.pid)
        eager.stdin.close()
        eager.terminate()
    return megabytes


def processor_ms(pid: int) -> float:
    """Return the processor time of all threads of a process in milliseconds."""
    spent = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            spent += int((thread / "schedstat").read_text(encoding="ascii").split()[0])
    return spent / 1e6


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


if __name__ == "__main__":
    sys.exit(main())
