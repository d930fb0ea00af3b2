"""Say how many examples of a law are tried: as many as wanted with the slow tests, fewer every day."""

from __future__ import annotations

from hypothesis import settings

THOROUGH = 100
EVERYDAY = 10
_FEWEST = 5


def some(thorough: int) -> int:
    """Return how many examples to try of a law of which a thorough run tries so many."""
    return max(_FEWEST, thorough * settings.default.max_examples // THOROUGH)
