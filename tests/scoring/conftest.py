"""Find the labelled texts that some tests measure on; they are never part of this project."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


def benchmark_folder() -> Path:
    """Return the folder of labelled sets, existing or not."""
    shared = os.environ.get("LISTENER_SHARED") or Path(__file__).parents[3] / "shared"
    return Path(shared) / "benchmarks" / "sentiment"


@pytest.fixture
def labelled_set() -> Callable[[str], list[tuple[str, str]]]:
    """Return what gives (text, label) of a set by its name, and skips where it is not at hand."""

    def rows_of(name: str) -> list[tuple[str, str]]:
        path = benchmark_folder() / f"{name}.jsonl"
        if not path.exists():
            pytest.skip("the shared benchmark texts are not here (set LISTENER_SHARED)")
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [(row["text"], row["label"]) for row in rows]

    return rows_of


@pytest.fixture
def benchmark_texts() -> list[str]:
    """Return every benchmark text; skips where they are not at hand."""
    names = sorted(benchmark_folder().glob("*.jsonl"))
    if not names:
        pytest.skip("the shared benchmark texts are not here (set LISTENER_SHARED)")
    return [json.loads(line)["text"] for name in names for line in name.read_text(encoding="utf-8").splitlines()]
