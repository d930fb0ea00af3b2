"""Hold what tests of several folders share."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from thoroughness import EVERYDAY, THOROUGH

TRAINING = {"test_cmd_train.py", "test_encoders.py", "test_trained.py"}

for name, examples in (("everyday", EVERYDAY), ("thorough", THOROUGH)):
    # a slow machine fails no test: no deadline an example, and no complaint about the time that making them takes
    settings.register_profile(name, max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def pytest_configure(config: pytest.Config) -> None:
    """Try fewer examples of a law where the slow tests are left out as well; keep one cache."""
    settings.load_profile("everyday" if config.option.markexpr == "not slow" else "thorough")
    # one cache for all tests and what they start, whatever home they are given: what is in it is large, and the same
    os.environ.setdefault("XDG_CACHE_HOME", str(Path("~/.cache").expanduser()))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests that train stand together, so that one process loads what takes seconds to load."""
    items.sort(key=lambda item: item.path.name not in TRAINING)


def pytest_collection_finish() -> None:
    """Let garbage be looked for seldom, and only in what tests make, not in what they are made of."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


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
