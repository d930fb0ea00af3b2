"""Tell how large the store is, for `status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from listener.cli.output import counted, percent_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from listener.search.size import StoreSize

__all__ = ["size_lines", "size_row"]

_UNITS: Final = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_FAR: Final = 3_650
"""Days: what is further away is no forecast."""


def size_row(size: StoreSize) -> dict[str, object]:
    """Return the size in the shape that scripts read."""
    return {
        "bytes": size.total,
        "mentions": size.mentions,
        "bytes_a_mention": None if size.bytes_a_mention is None else round(size.bytes_a_mention),
        "free_share": round(size.free_share, 4),
        "mentions_a_day": round(size.daily, 1),
        "next_bytes": size.next_bytes,
        "days_to_next": _days(size.days_to_next),
        "disk_free": size.disk_free,
        "days_to_full": _days(size.days_to_full),
    }


def size_lines(row: Mapping[str, object]) -> list[str]:
    """Return the lines for people; none where there is no store."""
    if not row:
        return []
    numbers = cast("Mapping[str, int | None]", row)
    each = numbers["bytes_a_mention"]
    line = f"size      {_bytes(numbers['bytes'])}, {counted(numbers['mentions'] or 0, 'mention')}"
    line += f" of {counted(each, 'byte')}" if each else ""
    free = numbers["free_share"] or 0.0
    lines = [line + (f"; {percent_text(free)} of it free" if free >= 0.01 else "")]  # noqa: PLR2004 - less is not worth telling
    to_next, to_full = numbers["days_to_next"], numbers["days_to_full"]
    if to_next is not None and to_next < _FAR:
        lines.append(f"growth    {_bytes(numbers['next_bytes'])} in {counted(to_next, 'day')}, as in the last 28")
    if to_full is not None and to_full < _FAR:
        lines.append(f"disk      full in {counted(to_full, 'day')} at that")
    return lines


def _days(days: float | None) -> int | None:
    return None if days is None else int(days)


def _bytes(count: float | None) -> str:
    size = count or 0
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return counted(round(size), "byte")
