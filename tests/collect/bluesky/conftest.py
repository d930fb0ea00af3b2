"""Serve the simulated stream of Bluesky, and read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from collect.bluesky_reading import hundred_posts, source_for
from servers.jetstream import Jetstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sources.bluesky import BlueskySource


@pytest.fixture
def stream() -> Iterator[Jetstream]:
    with Jetstream(hundred_posts()) as running:
        yield running


@pytest.fixture
def source(stream: Jetstream) -> Iterator[BlueskySource]:
    made = source_for(stream)
    yield made
    made.close()
