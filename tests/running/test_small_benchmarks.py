"""Every benchmark of speed runs in a small form and writes its figures beside those of a named baseline; how fast it is decides nothing here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SMALL = {
    "charts": ("--rounds", "1", "--charts", "2"),
    "daemon": ("--seconds", "0.5", "--settle", "0.5"),
    "digest": ("--mentions", "400", "--days", "60"),
    "jetstream": ("--events", "400", "--brands", "5", "--rounds", "1"),
    "matching": ("--posts", "300", "--queries", "120"),
    "startup": ("--rounds", "1"),
    "vader": ("--posts", "50", "--words", "2000"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SMALL))
def test_a_benchmark_in_its_small_form_writes_figures_and_baselines(name: str, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARKS / f"{name}.py"), *SMALL[name], "--json", str(file)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode in {0, 1}, done.stderr  # 1: a bar that is for the large form
    assert "Traceback" not in done.stderr
    if name == "daemon" and not Path("/proc/self/schedstat").exists():
        return
    figures = json.loads(file.read_text(encoding="utf-8"))["figures"]
    assert figures
    for one in figures:
        assert one["name"]
        assert one["baseline"]
        assert one["ratio"] == pytest.approx(one["value"] / one["baseline_value"])
        assert one["value"] > 0


def test_every_benchmark_of_speed_writes_json() -> None:
    scripts = {file.stem for file in BENCHMARKS.glob("*.py") if "__main__" in file.read_text(encoding="utf-8")}
    quality = {"alerts", "sentiment_quality", "trained"}  # how good, not how fast
    assert scripts - quality - {"made_stores"} == {*SMALL, "importing", "store"}
