from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from house.code import ROOT
from unmeasured import environment

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAVY = [
    "matplotlib",
    "numpy",
    "tweepy",
    "praw",
    "requests",
    "apscheduler",
    "sqlite_utils",
    "pandas",
    "jinja2",
    "feedparser",
    "asyncio",
    "PIL",
    "plotext",
    "css_inline",
    "py3langid",
    "vaderSentiment",
    "regex",
]
NOT_FOR_A_TREND = ["logging", "traceback", "listener.wiring", "listener.search.records", "listener.store"]
"""What costs a trend time to load and gives it nothing."""
_ASK = """
import sys
from listener.cli.main import run
code = run(sys.argv[1:])
loaded = sorted(set({heavy!r}) & set(sys.modules))
print("LOADED", code, *loaded, file=sys.stderr)
"""
_CONFIG = '[listener]\ntime_zone = "Asia/Kolkata"\n\n[[brands]]\nname = "Acme"\n\n[sources.hackernews]\n'
_LINE = (
    '{"source": "survey", "id": "1", "text": "Acme is great today, says everybody", '
    '"published_at": "2026-11-20T08:00:00Z"}\n'
)


def _loaded(folder: Path, *arguments: str, of: Sequence[str] = HEAVY) -> list[str]:
    """Return the exit code and which of the modules a command line had loaded at its end."""
    ran = subprocess.run(
        [sys.executable, "-c", _ASK.format(heavy=list(of)), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=environment(),
    )
    return ran.stderr.rpartition("LOADED ")[2].split()


@pytest.fixture
def small_store(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(_CONFIG, encoding="utf-8")
    (tmp_path / "one.jsonl").write_text(_LINE, encoding="utf-8")
    assert _loaded(tmp_path, "import", "one.jsonl")[0] == "0"
    return tmp_path


def test_the_floors_of_the_house_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    assert _loaded(tmp_path, "--help") == ["0"]


def test_a_trend_loads_nothing_heavy(small_store: Path) -> None:
    assert _loaded(small_store, "trend", "Acme", "--since", "2026-11-19", "--until", "2026-11-21") == ["0"]


def test_a_trend_loads_no_part_that_it_does_not_use(small_store: Path) -> None:
    question = ("Acme", "--since", "2026-11-19", "--until", "2026-11-21")
    assert _loaded(small_store, "trend", *question, of=NOT_FOR_A_TREND) == ["0"]
    chart = _loaded(small_store, "chart", "volume", "Acme", "--output", "acme.svg", of=NOT_FOR_A_TREND)
    assert {"0", "logging", "listener.wiring"} <= set(chart)


def test_what_is_heavy_is_seen_where_it_is_loaded(small_store: Path) -> None:
    """Without this the two tests above could not fail."""
    loaded = _loaded(small_store, "chart", "volume", "Acme", "--since", "2026-11-19", "--output", "acme.png")
    assert {"0", "matplotlib", "numpy"} <= set(loaded)
