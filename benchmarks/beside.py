"""Say where labelled data may lie: in the folder that $LISTENER_SHARED names, else in `shared` beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["shared_folder"]


def shared_folder() -> Path:
    """Return that folder, which need not be there."""
    return Path(os.environ.get("LISTENER_SHARED") or Path(__file__).resolve().parents[2] / "shared")
