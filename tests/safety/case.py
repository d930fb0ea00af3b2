"""Say what a case of harm is, and how a guard is taken out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

Patch = pytest.MonkeyPatch


@dataclass(frozen=True, kw_only=True)
class Case:
    """`harm` tries, in a folder of its own, and says whether it did; `remove` takes the guard out."""

    name: str
    harm: Callable[[Patch, Path], bool]
    remove: Callable[[Patch], None]


def passing_through(target: object, name: str) -> Callable[[Patch], None]:
    """Return what lets a text pass through a guard as it is."""
    return lambda patch: patch.setattr(target, name, lambda text, *_, **__: text)
