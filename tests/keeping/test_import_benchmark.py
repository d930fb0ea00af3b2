"""The measurement of imports measures what it says: every side stores everything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "importing.py"


@pytest.mark.slow
def test_every_side_stores_all_it_is_given(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARK), "--mentions", "400", "--workers", "1", "--json", str(out)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    told = json.loads(out.read_text(encoding="utf-8"))
    stored = {(one["name"], one["mentions"]): one["stored"] for one in told["figures"]}
    assert stored == {
        ("one by one", 40): 40,
        ("batches", 400): 400,
        ("listener import", 400): 400,
        ("listener import, 1 workers", 400): 400,
        ("listener import, 1 workers", 40): 40,
    }
    assert all(one["seconds"] > 0 and one["bytes_a_mention"] > 0 for one in told["figures"])
