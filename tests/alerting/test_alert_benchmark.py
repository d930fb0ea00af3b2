"""The labelled spikes stay found, at the threshold the program ships with."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def shared_folder() -> Path:
    for place in (os.environ.get("LISTENER_SHARED"), ROOT.parent / "shared"):
        if place and (Path(place) / "benchmarks" / "alerts").is_dir():
            return Path(place)
    pytest.skip("the labelled series are not there (LISTENER_SHARED, or a folder shared beside the checkout)")


@pytest.fixture(scope="module")
def figures():
    pytest.importorskip("numpy")
    shared = shared_folder()
    spec = importlib.util.spec_from_file_location("alert_benchmark", ROOT / "benchmarks" / "alerts.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(ROOT / "benchmarks"))  # where it finds its helper
    try:
        spec.loader.exec_module(module)
        labelled = module.load(shared)
        scores = {name: module._scores(counts) for name, counts in labelled.series.items()}
        yield module, labelled, scores
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
        del sys.modules[spec.name]


@pytest.mark.slow
@pytest.mark.parametrize("threshold", [3.1, 3.25, 3.4, 3.5])
def test_the_labelled_spikes_score_above_every_detector_of_the_benchmark_but_one(figures, threshold):
    module, labelled, scores = figures
    standard, _, _, found, false_alerts = module._figures(labelled, scores, threshold, cooled=True)
    assert standard >= 81
    assert found >= 13
    assert false_alerts <= 0.6


@pytest.mark.slow
def test_one_label_is_at_most_one_alert_a_day(figures):
    module, labelled, scores = figures
    for name, counts in labelled.series.items():
        times = [start for start, _ in counts]
        alerts = [times[i] for i in module.cool(times, scores[name], module.FIXED)]
        for begin, end in labelled.windows[name]:
            inside = [at for at in alerts if begin <= at <= end]
            assert len(inside) <= -(-(end - begin) // module.COOLDOWN)


def test_the_benchmark_says_what_it_leaves_out(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "alerts.py"), "--shared", str(tmp_path), "--only", "nab"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "not found" in done.stdout
