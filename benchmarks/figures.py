"""Write figures as JSON: what was measured, a named baseline of the same run, and how many times the baseline it is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Hold one measurement and that of its baseline, in the same unit and from the same run."""

    name: str
    unit: str
    value: float
    baseline: str
    baseline_value: float

    @property
    def ratio(self) -> float:
        """Return how many times the baseline it is."""
        return self.value / self.baseline_value


def write_figures(file: Path | None, figures: Sequence[Ratio]) -> None:
    """Write figures into a file, nothing where none is named."""
    if file is None:
        return
    rows = [{**asdict(one), "ratio": one.ratio} for one in figures]
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    file.write_text(json.dumps({"made_at": made_at, "figures": rows}, indent=2) + "\n", encoding="utf-8")
