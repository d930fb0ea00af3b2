"""Serve the simulated YouTube, its key in the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from collect.youtube_reading import BASE
from servers.youtube import KEY, YouTube, video

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUTUBE_API_KEY", KEY)


@pytest.fixture
def server() -> Iterator[YouTube]:
    with YouTube([video(n, BASE + 100 * n) for n in range(120)]) as running:
        yield running
