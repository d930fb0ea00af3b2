"""Give every test of running the keys of the simulated services."""

from __future__ import annotations

import pytest

from running.site import KEYS


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
