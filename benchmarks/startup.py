"""Print how long `listener --help` and `listener trend` take, against the two imports they cannot do without.

The baseline is ``python -c "import sqlite3, click"``. All run in this interpreter,
in turn, with their byte code cached; processor time counts, the best of each, so that
other work on the machine does not. The bar is 2 times.

    python benchmarks/startup.py
    python benchmarks/startup.py --config listener-demo/config.toml --brand Acme
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import Ratio, write_figures

BAR = 2.0
BASELINE = "baseline"


def main() -> int:
    """Measure, print one line a command, return 1 where one is over the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="how often each is run; the best counts")
    parser.add_argument("--config", type=Path, help="a configuration with a store: measure `listener trend` too")
    parser.add_argument("--brand", default="Acme", help="the brand to ask for")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    chosen = parser.parse_args()
    start = "from listener.cli.main import main; main()"
    commands = {
        BASELINE: [sys.executable, "-c", "import sqlite3, click"],
        "listener --help": [sys.executable, "-c", start, "--help"],
    }
    if chosen.config is not None:
        commands["listener trend"] = [
            sys.executable, "-c", start, "trend", chosen.brand, "--config", str(chosen.config.absolute()),
        ]  # fmt: skip
    best = _best_of(commands, chosen.rounds)
    worst = 0.0
    for name, seconds in best.items():
        ratio = seconds / best[BASELINE]
        worst = max(worst, ratio)
        print(f"{name:16} {seconds * 1000:7.1f} ms {ratio:6.2f} x")
    baseline = best.pop(BASELINE)
    write_figures(
        chosen.json,
        [
            Ratio(
                name=name,
                unit="ms",
                value=1000 * seconds,
                baseline='python -c "import sqlite3, click"',
                baseline_value=1000 * baseline,
            )
            for name, seconds in best.items()
        ],
    )
    print(f"bar {BAR:g} x: {'held' if worst <= BAR else 'missed'}")
    return 0 if worst <= BAR else 1


def _best_of(commands: dict[str, list[str]], rounds: int) -> dict[str, float]:
    """Return the least processor time of each command in seconds, taken in turn."""
    best = dict.fromkeys(commands, float("inf"))
    with tempfile.TemporaryDirectory() as cache:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = cache
        for number in range(rounds + 1):
            for name, command in commands.items():
                began = _of_children()
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)  # noqa: S603 - our own
                if number:  # the first round fills the cache
                    best[name] = min(best[name], _of_children() - began)
    return best


def _of_children() -> float:
    """Return the seconds of processor time, of the system too, that processes which ended have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
