"""Write metrics in the Prometheus text format (pure).

Format: prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4, seen 2026-11.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from listener.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["CONTENT_TYPE", "Family", "Sample", "exposition"]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_MOST_SAMPLES: Final = 5_000
"""Of one family: a page stays a page, whatever is configured."""
_LONGEST_LABEL: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Hold one value and the labels that tell it from its siblings."""

    value: float
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Hold the samples of one metric; `kind` is ``gauge`` or ``counter``."""

    name: str
    help: str
    samples: tuple[Sample, ...]
    kind: str = "gauge"


def exposition(families: Iterable[Family]) -> str:
    """Return metrics as text; a family without samples is left out."""
    blocks = []
    for family in families:
        if not family.samples:
            continue
        lines = [f"# HELP {family.name} {_help(family.help)}", f"# TYPE {family.name} {family.kind}"]
        lines += [f"{family.name}{_labels(one.labels)} {_number(one.value)}" for one in family.samples[:_MOST_SAMPLES]]
        blocks.append("\n".join(lines) + "\n")
    return "".join(blocks)


def _help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _labels(labels: Mapping[str, str]) -> str:
    """Write labels; a value may be any text, what is not valid UTF-8 is replaced."""
    if not labels:
        return ""
    shown = (f'{name}="{_label_value(value)}"' for name, value in labels.items())
    return "{" + ",".join(shown) + "}"


def _label_value(value: str) -> str:
    kept = value[:_LONGEST_LABEL].encode("utf-8", "replace").decode("utf-8").replace("\r", " ")
    return kept.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
