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


@pytest.fixture(scope="module")
def small_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a store of one mention, in which nobody writes."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "config.toml").write_text(_CONFIG, encoding="utf-8")
    (folder / "one.jsonl").write_text(_LINE, encoding="utf-8")
    assert _loaded(folder, "import", "one.jsonl")[0] == "0"
    return folder


@pytest.fixture(scope="module")
def of_a_trend(small_store: Path) -> set[str]:
    question = ("trend", "Acme", "--since", "2026-11-19", "--until", "2026-11-21")
    code, *loaded = _loaded(small_store, *question, of=[*HEAVY, *NOT_FOR_A_TREND])
    assert code == "0"
    return set(loaded)


@pytest.fixture(scope="module")
def of_a_chart(small_store: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    question = ("chart", "volume", "Acme", "--since", "2026-11-19")
    picture = tmp_path_factory.mktemp("picture") / "acme.png"
    code, *loaded = _loaded(small_store, *question, "--output", str(picture), of=[*HEAVY, *NOT_FOR_A_TREND])
    assert code == "0"
    return set(loaded)


def test_the_floors_of_the_house_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    assert _loaded(tmp_path, "--help") == ["0"]


def test_a_trend_loads_nothing_heavy(of_a_trend: set[str]) -> None:
    assert of_a_trend.isdisjoint(HEAVY)


def test_a_trend_loads_no_part_that_it_does_not_use(of_a_trend: set[str]) -> None:
    assert of_a_trend.isdisjoint(NOT_FOR_A_TREND)


def test_a_trend_of_a_store_that_is_named_loads_nothing_that_packs_files(small_store: Path) -> None:
    named = ("--config", "config.toml", "--database", "named.db")
    assert _loaded(small_store, "import", "one.jsonl", *named, of=["lzma"]) == ["0", "lzma"]
    assert _loaded(small_store, "trend", "Acme", *named, of=["lzma"]) == ["0"]


def test_what_is_heavy_or_not_for_a_trend_is_seen_where_it_is_loaded(of_a_chart: set[str]) -> None:
    """Without this the two tests above could not fail."""
    assert {"matplotlib", "numpy", "logging", "listener.wiring"} <= of_a_chart
