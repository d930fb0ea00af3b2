"""Put the credentials of the simulated Reddit into the environment."""

from __future__ import annotations

import pytest

from servers.reddit import CLIENT_ID, CLIENT_SECRET


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDDIT_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("REDDIT_CLIENT_SECRET", CLIENT_SECRET)
