"""Hold what tests of several folders share."""

from __future__ import annotations

import gc
import logging
import os
import shutil
from collections.abc import Generator, Iterator
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from servers.smtp import make_certificate
from thoroughness import EVERYDAY, THOROUGH
from unmeasured import measured_until, measuring_paused

TRAINING = {"test_cmd_train.py", "test_encoders.py", "test_trained.py"}

for name, examples in (("everyday", EVERYDAY), ("thorough", THOROUGH)):
    # a slow machine fails no test: no deadline an example, and no complaint about the time that making them takes
    settings.register_profile(name, max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def pytest_configure(config: pytest.Config) -> None:
    """Try fewer examples of a law where the slow tests are left out as well; keep one cache."""
    settings.load_profile("everyday" if config.option.markexpr == "not slow" else "thorough")
    # one cache for all tests and what they start, whatever home they are given: what is in it is large, and the same
    os.environ.setdefault("XDG_CACHE_HOME", str(Path("~/.cache").expanduser()))
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # some tests load the library themselves


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes long come first, to two workers alike, so that neither waits for the other at the end.

    Workers are given halves of the list and take from one another's ends. The tests that
    train stand together, so that one process loads what takes seconds to load.
    """
    long = {item.path for item in items if item.get_closest_marker("slow")}
    halves = [[item for item in items if item.path.name in TRAINING], []]
    others = [item for item in items if item.path.name not in TRAINING]
    for _, tests in groupby(sorted(others, key=lambda item: item.path not in long), key=lambda item: item.path):
        min(halves, key=len).extend(tests)
    items[:] = halves[0] + halves[1]


def pytest_collection_finish() -> None:
    """Let garbage be looked for seldom, and only in what tests make, not in what they are made of."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure coverage where it is told something: not in slow tests, nor in ever more examples of a law.

    What they run is run by quick tests and by the first examples as well, and under the tracer it takes twice as long.
    """
    if item.get_closest_marker("slow") and not item.get_closest_marker("measured"):
        with measuring_paused():
            return (yield)
    law = getattr(getattr(item, "obj", None), "hypothesis", None)
    with measured_until(law, EVERYDAY):
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def _short_pauses() -> Iterator[None]:
    """Let a source that tries again pause for a moment only, unless a test says how long: its tests need no more."""
    from sources.web import Limits  # not where the tests are gathered for others to run

    named = Limits.__init__.__kwdefaults__
    usual = named["backoff_seconds"]
    named["backoff_seconds"] = usual / 25
    yield
    named["backoff_seconds"] = usual


@pytest.fixture(scope="session", autouse=True)
def _bare_environment() -> Iterator[None]:
    """Take proxies away before anything is set up: the suite talks to loopback only."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.lower() in {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "listener_config"}:
                patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _log_of_a_new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test's made-up key be blanked in what another one reads, nor its level keep lines from another one's log."""
    monkeypatch.setattr("listener.logs._hidden", set())
    monkeypatch.setattr("listener.options._revealed", set())
    for package in ("listener", "sources", "sentiment", "reports"):
        logging.getLogger(package).setLevel(logging.NOTSET)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with the key and certificate of a server on the loopback, or skip the test."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("the openssl command, which makes the test's certificate, is not installed")
    return make_certificate(tmp_path_factory.mktemp("certificate"), openssl)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of recorded answers and benchmarks, or skip the test."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("LISTENER_SHARED", beside))
    if not folder.is_dir():
        pytest.skip("no recorded answers beside the checkout; set LISTENER_SHARED to their folder")
    return folder
