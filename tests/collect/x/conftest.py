"""Put the token of the simulated X into the environment."""

from __future__ import annotations

import pytest

from servers.x import TOKEN


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)
    return TOKEN
