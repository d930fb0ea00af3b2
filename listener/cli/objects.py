"""Write objects shaped like lines of mention JSONL: as such lines, as one list, as CSV or as a table."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from listener.cli.output import Column, emit_rows, json_text, lines_to, score_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TextIO

__all__ = ["emit_objects"]

_NESTED: Final = {
    "sentiment": ("score", "label", "language", "scorer", "version", "evidence", "confidence", "whole_text_score", "reason"),
    "match": ("query", "spans"),
}  # fmt: skip
"""What `score` and `match` add to an object, field by field."""
_SHOWN: Final[dict[str, tuple[Column, ...]]] = {
    "sentiment": (
        Column(name="sentiment.label", title="sentiment"),
        Column(name="sentiment.score", title="score", align="right", text=score_text),
        Column(name="sentiment.language", title="lang"),
        Column(name="sentiment.scorer", title="scorer", rank=1),
        Column(name="sentiment.reason", title="reason", rank=2),
    ),
    "match": (Column(name="match.spans", title="spans", rank=1),),
}
"""What of that a table shows."""


def emit_objects(
    objects: Iterable[Mapping[str, object]], format_name: str, *, added: str = "", stream: TextIO | None = None
) -> int:
    """Write objects as "jsonl", "json", "csv" or "table"; return how many.

    `added` names what was added to each: ``sentiment``, ``match`` or nothing. All but
    the table are written as the objects come; a CSV has the columns of `export`, those
    of what was added, and everything else under `extra`.
    """
    out = stream or sys.stdout
    counted = _Counted(objects)
    if format_name == "jsonl":
        for one in counted:
            out.write(json_text(one) + "\n")
    elif format_name == "json":
        _write_list(counted, out)
    elif format_name == "csv":
        from listener.tabular import write_objects

        write_objects(counted, lines_to(out), [f"{added}.{name}" for name in _NESTED.get(added, ())])
    else:
        columns = (
            *(Column(name="source"), Column(name="id"), Column(name="published_at", title="when", rank=3)),
            *(
                Column(name="author.handle", title="author", rank=4),
                *_SHOWN.get(added, ()),
                Column(name="said", title="text"),
            ),
        )
        rows = [_row(one, added) for one in counted]
        filled = {name for row in rows for name, value in row.items() if value is not None}
        emit_rows(rows, [one for one in columns if one.name in filled or not rows], "table", stream=out)
    return counted.count


class _Counted:
    """Count objects as they go by."""

    def __init__(self, objects: Iterable[Mapping[str, object]]) -> None:
        self._objects = objects
        self.count = 0

    def __iter__(self) -> Iterator[Mapping[str, object]]:
        for one in self._objects:
            self.count += 1
            yield one


def _write_list(objects: Iterable[Mapping[str, object]], out: TextIO) -> None:
    before = "["
    for one in objects:
        out.write(f"{before}\n  {json_text(one)}")
        before = ","
    out.write("[]\n" if before == "[" else "\n]\n")


def _row(one: Mapping[str, object], added: str) -> dict[str, object]:
    """Return what a table shows of an object, nested fields under their path."""
    row = {**one, "said": " - ".join(str(one[name]) for name in ("title", "text") if one.get(name))}
    for outer in ("author", added):
        nested = one.get(outer)
        if isinstance(nested, dict):
            row |= {f"{outer}.{name}": value for name, value in nested.items()}
    return row
