"""Measure the digest of stores of any size: one child process a size, for its processor time and its memory.

    python benchmarks/digest.py [--mentions 20000 400000] [--days 365] [--cadence monthly]
    python benchmarks/digest.py --mentions 1040000 --days 80

The store is made up (see made_stores.py): a year of 20 brands, the first of which
has a quarter of all mentions; with 4 800 000 mentions, or 1 040 000 in 80 days, it has
100 000 a month. The baseline is reading the month's texts of that brand from the same store, once.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import Ratio, write_figures
from made_stores import BRANDS, DAYS, UNTIL, made, multiply, write_bulk

CONFIG = """\
[listener]
time_zone = "UTC"
[[brands]]
name = "{brand}"
[digest]
cadence = "{cadence}"
"""

LARGEST_FIRST_PART = 200_000

CHILD = """
import json, resource, sys, time
from datetime import datetime
from pathlib import Path
from listener import reporting, wiring
from listener.config import load_config
from listener.search import Reader
folder, now, brand = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), sys.argv[3]
config = load_config(folder / "config.toml")
with Reader(folder / "listener.db") as reader:
    desk = reporting.Desk(config=config, reader=reader, listening=wiring.listening(config), now=now)
    period = reporting.due_period(config, now, config.zone())
    before = time.process_time()
    if len(sys.argv) > 4:
        read = sum(1 for one in reader.wordings(brand, period.since, period.until, limit=10_000_000))
        print(json.dumps({"seconds": time.process_time() - before, "mentions": read}))
    else:
        reporting.render_digest_of(desk, period)
        status = Path("/proc/self/status")  # ru_maxrss counts the process that started this one too
        told = status.read_text() if status.exists() else ""
        peak = next((int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM")), 0) / 1024
        peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": time.process_time() - before, "megabytes": peak}))
"""


def main() -> None:
    """Print time and memory of the digest, and its ratio to reading the texts it is about."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mentions", type=int, nargs="+", default=[20_000])
    parser.add_argument("--days", type=int, default=DAYS, help="how long the mentions of the store go back")
    parser.add_argument("--cadence", choices=("daily", "weekly", "monthly"), default="monthly")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    asked = parser.parse_args()
    figures = []
    print(f"{'mentions':>12}{'in the period':>16}{'digest s':>10}{'peak MB':>9}{'times the reading of its texts':>32}")
    for mentions in asked.mentions:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            make(folder, mentions, asked.cadence, asked.days)
            texts, digest = child(folder, "texts"), child(folder)
        figures.append(
            Ratio(
                name=f"digest of {mentions} mentions", unit="s", value=digest["seconds"], baseline="reading its texts once",
                baseline_value=texts["seconds"],
            )
        )  # fmt: skip
        print(
            f"{mentions:12,}{int(texts['mentions']):16,}{digest['seconds']:10.2f}{digest['megabytes']:9.0f}"
            f"{digest['seconds'] / texts['seconds']:32.1f}"
        )
    write_figures(asked.json, figures)
    print("bars: 5 s and 300 MB for 100 000 mentions a month")


def make(folder: Path, mentions: int, cadence: str, days: int) -> None:
    """Write a store of `mentions` and a configuration for it; copies of a first part stand for the rest."""
    (folder / "config.toml").write_text(CONFIG.format(brand=BRANDS[0], cadence=cadence), encoding="utf-8")
    times = max(1, mentions // LARGEST_FIRST_PART)
    write_bulk(folder / "listener.db", made(mentions // times, days=days))
    if times > 1:
        multiply(folder / "listener.db", times)


def child(folder: Path, *more: str) -> dict[str, float]:
    """Run the digest, or with an argument the baseline, in a process of its own."""
    now = UNTIL.replace(day=1, hour=9).isoformat()
    command = [sys.executable, "-c", CHILD, str(folder), now, BRANDS[0], *more]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this interpreter, the text above
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
