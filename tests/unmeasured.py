"""Run programs as people do: without the measuring of coverage, which loads modules of its own and may swallow an interrupt."""

from __future__ import annotations

import os


def environment() -> dict[str, str]:
    """Return the environment without what makes a child process measure coverage."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
