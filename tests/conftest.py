"""Hold what tests of several folders share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take proxies away: the suite talks to loopback only."""
    for name in list(os.environ):
        if name.lower() in {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "listener_config"}:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of recorded answers and benchmarks, or skip the test."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("LISTENER_SHARED", beside))
    if not folder.is_dir():
        pytest.skip("no recorded answers beside the checkout; set LISTENER_SHARED to their folder")
    return folder
