"""Say in which order the resources of a source are read, so that none is always the one for which nothing is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

__all__ = ["in_turn"]

_LIMITED: Final = frozenset({"rate_limited", "budget", "capped"})
"""How a pass ends that read some resources and had no more calls for the others."""
_WELL: Final = frozenset({"ok", "waiting", "running"})

_STATE: Final = "SELECT state FROM source_states WHERE source_id = ?"

_TIMES: Final = """
SELECT resources.id, coalesce(max(CASE WHEN windows.state = 'drained' THEN to_at END), 0),
       coalesce(max(windows.updated_at), 0)
FROM resources LEFT JOIN windows ON resource_id = resources.id WHERE source_id = ? GROUP BY resources.id
"""


def in_turn(connection: sqlite3.Connection, source_id: int, ids: Mapping[str, int]) -> dict[str, int]:
    """Return ids by key in the order in which they are to be read; as given after a pass in which all went well.

    Where a limit ended the last pass, those first that are furthest behind. Where it failed,
    those first that it did not come to: one that fails for ever must not keep it from the others.
    """
    (state,) = connection.execute(_STATE, (source_id,)).fetchone() or ("waiting",)
    if state in _WELL:
        return dict(ids)
    place = 0 if state in _LIMITED else 1
    times = {number: reached for number, *reached in connection.execute(_TIMES, (source_id,))}
    return dict(sorted(ids.items(), key=lambda entry: times[entry[1]][place]))
