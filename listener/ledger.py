"""Know what was read: which window of which resource is drained, open or lost.

A resource's windows lie end to end. A new one begins where the last one ended,
whatever became of that; an open one is resumed from its cursor, oldest first.
Nothing moves past a window that is not drained without saying so: what can no
longer be read is lost, with the reason. Neighbouring drained windows are one.

Everything here works on a connection and inside a transaction of the caller.
Times are integer seconds UTC.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from listener.clock import CLOCK_SKEW
from listener.errors import SupersededError
from listener.frozen import dataclass

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from listener.protocols import Resource

__all__ = [
    "IMPORT_LANE",
    "PageCount",
    "WindowRow",
    "add_lookback",
    "add_window",
    "advance",
    "close_lost",
    "cut_out",
    "declare_complete",
    "drain",
    "drained_spans",
    "expire",
    "last_marker",
    "leave_future",
    "note_reason",
    "open_windows",
    "register_resources",
    "stop_for_budget",
]

IMPORT_LANE: Final = "import"
"""The lane under which a person's word stands that an imported file is complete."""

_SKEW: Final = int(CLOCK_SKEW.total_seconds())
_COLUMNS: Final = (
    "id, resource_id, from_at, to_at, state, cursor, marker, pages, requests, items, fetched, stored, "
    "reason, is_lookback, opened_at, updated_at"
)

_STILL_THE_SAME: Final = "id = ? AND resource_id = ? AND from_at = ? AND to_at = ?"
"""A number alone does not name a window: that of one joined to its neighbour is given to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRow:
    """Hold one window [from_at, to_at) of a resource and how far it was read.

    `state` is open, drained, lost or budget. `cursor` is where reading goes on,
    None before the first page. `fetched` counts mentions received, `stored`
    those that were new.
    """

    id: int
    resource_id: int
    from_at: int
    to_at: int
    state: str
    cursor: str | None
    marker: str | None
    pages: int
    requests: int
    items: int
    fetched: int
    stored: int
    reason: str | None
    is_lookback: bool
    opened_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCount:
    """Hold what one page adds to its window's counters."""

    requests: int
    items: int
    fetched: int
    stored: int


def register_resources(
    connection: sqlite3.Connection,
    source_id: int,
    resources: Sequence[Resource],
    brand_ids: dict[str, int],
    *,
    versions: Mapping[str, str] | None = None,
    lookback_from: int | None = None,
) -> dict[str, int]:
    """Make the planned resources known and the only active ones of the source; return ids by key.

    A resource that is new begins where those before it stopped that were read for
    the same brands and versions of their queries, so that a brand's lane has no
    hole when it is asked for together with others, or no longer; for a brand of
    which nothing was read under this version, it begins at `lookback_from`.
    """
    reached = {} if lookback_from is None else _reached(connection, source_id)
    known = {key for (key,) in connection.execute("SELECT key FROM resources WHERE source_id = ?", (source_id,))}
    connection.execute("UPDATE resources SET is_active = 0 WHERE source_id = ? AND lane <> ?", (source_id, IMPORT_LANE))
    connection.executemany(
        "INSERT INTO resources (source_id, key, lane, brand_id, is_active) VALUES (?, ?, ?, ?, 1) "
        "ON CONFLICT (source_id, key) DO UPDATE SET is_active = 1, lane = excluded.lane, brand_id = excluded.brand_id",
        [
            (source_id, resource.key, resource.lane, None if resource.brand is None else brand_ids[resource.brand])
            for resource in resources
        ],
    )
    ids = dict(connection.execute("SELECT key, id FROM resources WHERE source_id = ? AND is_active = 1", (source_id,)))
    for resource in resources:
        served = {brand_ids[name]: (versions or {}).get(name, "") for name in _served(resource)}
        _serve(connection, ids[resource.key], served)
        if resource.key not in known and lookback_from is not None:
            begins_at = _beginning(served, reached, lookback_from)
            connection.execute("UPDATE resources SET begins_at = ? WHERE id = ?", (begins_at, ids[resource.key]))
    return ids


def _served(resource: Resource) -> tuple[str, ...]:
    return (resource.brand,) if resource.brand is not None else resource.brands


def _serve(connection: sqlite3.Connection, resource_id: int, served: Mapping[int, str]) -> None:
    """Note for which brands a resource is read, and by which versions of their queries."""
    connection.execute("DELETE FROM resource_brands WHERE resource_id = ?", (resource_id,))
    connection.executemany(
        "INSERT INTO resource_brands (resource_id, brand_id, version) VALUES (?, ?, ?)",
        [(resource_id, brand_id, version) for brand_id, version in served.items()],
    )


def _reached(connection: sqlite3.Connection, source_id: int) -> dict[tuple[int, str], int]:
    """Return up to when the active resources were read of each (brand, version): up to the first that is behind."""
    rows = connection.execute(
        "SELECT resource_brands.brand_id, version, min(coalesce("
        "(SELECT min(from_at) FROM windows WHERE resource_id = resources.id AND state IN ('open', 'budget')), "
        "(SELECT max(to_at) FROM windows WHERE resource_id = resources.id), begins_at)) "
        "FROM resources JOIN resource_brands ON resource_id = resources.id "
        "WHERE source_id = ? AND is_active = 1 GROUP BY resource_brands.brand_id, version",
        (source_id,),
    )
    return {(brand_id, version): reached for brand_id, version, reached in rows if reached is not None}


def _beginning(served: Mapping[int, str], reached: Mapping[tuple[int, str], int], lookback_from: int) -> int | None:
    """Return where a new resource begins; None: where any look-back does."""
    begins = []
    for brand_id, version in served.items():
        before = [until for (brand, _), until in reached.items() if brand == brand_id]
        begins.append(reached.get((brand_id, version), min([lookback_from, *before])))
    return min(begins) if begins and min(begins) != lookback_from else None


def open_windows(connection: sqlite3.Connection, resource_id: int) -> list[WindowRow]:
    """Return the windows of a resource that are still to be read, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM windows WHERE resource_id = ? AND state IN ('open', 'budget') ORDER BY from_at, id",  # noqa: S608 - constant
        (resource_id,),
    )
    return [_row(row) for row in rows]


def add_window(
    connection: sqlite3.Connection, resource_id: int, *, lookback_from: int, until: int, now: int
) -> WindowRow | None:
    """Open the window from the end of the last one, or from `lookback_from` at first, to `until`.

    Returns None where there is nothing new to read. A window of which nothing was
    read because the budget was used up, or the service was down, grows instead of getting
    a neighbour: one request then reads what would have taken many.
    """
    last, begins_at = connection.execute(
        "SELECT (SELECT max(to_at) FROM windows WHERE resource_id = resources.id), begins_at FROM resources WHERE id = ?",
        (resource_id,),
    ).fetchone()
    start = last if last is not None else lookback_from if begins_at is None else begins_at
    if last is not None and start < until and (waiting := _untouched(connection, resource_id, last)) is not None:
        connection.execute("UPDATE windows SET to_at = ?, updated_at = ? WHERE id = ?", (until, now, waiting.id))
        return replace(waiting, to_at=until, updated_at=now)
    is_lookback = last is None and begins_at is None
    return _insert(connection, resource_id, start, until, now, is_lookback=is_lookback) if start < until else None


def add_lookback(
    connection: sqlite3.Connection, resource_id: int, *, since: int, until: int, now: int
) -> WindowRow | None:
    """Open the window between `since` and the first one known; None where nothing lies between."""
    (first,) = connection.execute("SELECT min(from_at) FROM windows WHERE resource_id = ?", (resource_id,)).fetchone()
    end = until if first is None else min(first, until)
    return _insert(connection, resource_id, since, end, now, is_lookback=True) if since < end else None


def leave_future(connection: sqlite3.Connection, resource_id: int, *, until: int, now: int) -> None:
    """Part open windows at `until`: a clock that was ahead let them reach into what has not happened yet.

    What lies before it can be read now; the rest waits until its time has come. A window that
    was drained or lost beyond the present is open again from the newest mention of its source on, or wholly.
    """
    _take_back(connection, resource_id, until=until, now=now)
    for window in open_windows(connection, resource_id):
        if window.from_at < until < window.to_at:
            connection.execute("UPDATE windows SET to_at = ?, updated_at = ? WHERE id = ?", (until, now, window.id))
            _insert(connection, resource_id, until, window.to_at, now, is_lookback=window.is_lookback)


def _take_back(connection: sqlite3.Connection, resource_id: int, *, until: int, now: int) -> None:
    """Open again what counts as read, or as lost, of what has not happened yet: a clock that was ahead said so.

    When it read is not known; what it called lost may still be read. Where a mention is newer than the present, it is the clock of now that is behind: nothing is taken back.
    """
    latest = now + _SKEW
    late = connection.execute(
        f"SELECT {_COLUMNS} FROM windows WHERE resource_id = ? AND state IN ('drained', 'lost') AND to_at > ?",  # noqa: S608 - constant
        (resource_id, latest),
    ).fetchall()
    if not late or connection.execute("SELECT 1 FROM mentions WHERE published_at > ? LIMIT 1", (latest,)).fetchone():
        return
    (newest,) = connection.execute(
        "SELECT max(published_at) FROM mentions WHERE source_id = (SELECT source_id FROM resources WHERE id = ?) "
        "AND published_at < ?",
        (resource_id, until),
    ).fetchone()
    for window in map(_row, late):
        edge = window.from_at if window.state == "lost" else max(window.from_at, newest or window.from_at)
        if edge > window.from_at:
            connection.execute("UPDATE windows SET to_at = ?, updated_at = ? WHERE id = ?", (edge, now, window.id))
        else:
            connection.execute("DELETE FROM windows WHERE id = ?", (window.id,))
        if edge < until:
            again = _insert(connection, resource_id, edge, until, now, is_lookback=False)
            note_reason(connection, again, reason="this machine's clock was ahead when it was read", now=now)


def last_marker(connection: sqlite3.Connection, resource_id: int, before: int) -> str | None:
    """Return the marker that the newest drained window ending at or before `before` left."""
    row = connection.execute(
        "SELECT marker FROM windows WHERE resource_id = ? AND state = 'drained' AND to_at <= ? AND marker IS NOT NULL "
        "ORDER BY to_at DESC LIMIT 1",
        (resource_id, before),
    ).fetchone()
    return None if row is None else str(row[0])


def advance(
    connection: sqlite3.Connection,
    window: WindowRow,
    count: PageCount,
    *,
    cursor: str | None,
    marker: str | None,
    now: int,
) -> WindowRow:
    """Note that a page of a window was stored; return the window as it now is.

    The first page's marker stands for the window: it holds the newest items.
    Raises SupersededError where another process has gone on with the window.
    """
    changed = connection.execute(
        "UPDATE windows SET cursor = ?, marker = coalesce(marker, ?), state = 'open', reason = NULL, pages = pages + 1, "  # noqa: S608 - constant
        "requests = requests + ?, items = items + ?, fetched = fetched + ?, stored = stored + ?, updated_at = ? "
        f"WHERE {_STILL_THE_SAME} AND cursor IS ? AND pages = ? AND state IN ('open', 'budget')",
        (
            cursor, marker, count.requests, count.items, count.fetched, count.stored, now,
            *_identity(window), window.cursor, window.pages,
        ),
    ).rowcount  # fmt: skip
    if changed != 1:
        msg = "another process has gone on with this window"
        raise SupersededError(msg)
    return replace(
        window,
        cursor=cursor,
        marker=window.marker or marker,
        state="open",
        reason=None,
        pages=window.pages + 1,
        requests=window.requests + count.requests,
        items=window.items + count.items,
        fetched=window.fetched + count.fetched,
        stored=window.stored + count.stored,
        updated_at=now,
    )


def drain(connection: sqlite3.Connection, window: WindowRow, *, now: int) -> None:
    """Close a window as read to its end, and join it with drained neighbours."""
    connection.execute(
        "UPDATE windows SET state = 'drained', cursor = NULL, reason = NULL, updated_at = ? WHERE id = ?",
        (now, window.id),
    )
    _join_neighbours(connection, window.resource_id)


def close_lost(
    connection: sqlite3.Connection, window: WindowRow, *, complete_since: int, reason: str, now: int
) -> None:
    """Close a window of which only [complete_since, to_at) could be read; the rest is lost."""
    edge = min(max(complete_since, window.from_at), window.to_at)
    if edge > window.from_at:
        lost = _insert(connection, window.resource_id, window.from_at, edge, now, is_lookback=window.is_lookback)
        _set_state(connection, lost.id, "lost", reason, now)
    if edge < window.to_at:
        connection.execute("UPDATE windows SET from_at = ? WHERE id = ?", (edge, window.id))
        drain(connection, window, now=now)
    else:
        connection.execute("DELETE FROM windows WHERE id = ?", (window.id,))


def cut_out(
    connection: sqlite3.Connection, window: WindowRow, *, since: int, until: int, reason: str, now: int
) -> None:
    """Declare [since, until) of an open window lost and leave what lies around it open."""
    start, end = max(since, window.from_at), min(until, window.to_at)
    if start >= end:
        return
    lost = _insert(connection, window.resource_id, start, end, now, is_lookback=window.is_lookback)
    _set_state(connection, lost.id, "lost", reason, now)
    pieces = [(window.from_at, start), (end, window.to_at)]
    connection.execute("DELETE FROM windows WHERE id = ?", (window.id,))
    for piece_start, piece_end in pieces:
        if piece_start < piece_end:
            _insert(connection, window.resource_id, piece_start, piece_end, now, is_lookback=window.is_lookback)


def expire(connection: sqlite3.Connection, resource_id: int, *, oldest_readable: int, reason: str, now: int) -> int:
    """Declare lost what of the open windows lies before what the service still gives.

    Returns how many windows were cut or closed.
    """
    late = [window for window in open_windows(connection, resource_id) if window.from_at < oldest_readable]
    for window in late:
        told = f"{reason}; it waited for the budget" if window.state == "budget" else reason
        if window.to_at <= oldest_readable:
            _set_state(connection, window.id, "lost", told, now)
            continue
        lost = _insert(connection, resource_id, window.from_at, oldest_readable, now, is_lookback=window.is_lookback)
        _set_state(connection, lost.id, "lost", told, now)
        connection.execute("UPDATE windows SET from_at = ? WHERE id = ?", (oldest_readable, window.id))
    return len(late)


def note_reason(connection: sqlite3.Connection, window: WindowRow, *, reason: str, now: int) -> None:
    """Say why a window is still open; one that waited for its budget no longer does."""
    connection.execute(
        "UPDATE windows SET reason = ?, state = 'open', updated_at = ? "  # noqa: S608 - constant
        f"WHERE {_STILL_THE_SAME} AND state IN ('open', 'budget')",
        (reason, now, *_identity(window)),
    )


def stop_for_budget(connection: sqlite3.Connection, window: WindowRow, *, reason: str, now: int) -> None:
    """Note that the budget stopped the reading of a window; it goes on when the period turns."""
    _set_state(connection, window.id, "budget", reason, now)


def declare_complete(connection: sqlite3.Connection, source_id: int, *, since: int, until: int, now: int) -> None:
    """Take a person's word that everything of a source in [since, until) was imported."""
    connection.execute(
        "INSERT INTO resources (source_id, key, lane, brand_id, is_active) VALUES (?, ?, ?, NULL, 1) "
        "ON CONFLICT (source_id, key) DO NOTHING",
        (source_id, IMPORT_LANE, IMPORT_LANE),
    )
    (resource_id,) = connection.execute(
        "SELECT id FROM resources WHERE source_id = ? AND key = ?", (source_id, IMPORT_LANE)
    ).fetchone()
    overlapping = connection.execute(
        "SELECT min(from_at), max(to_at) FROM windows WHERE resource_id = ? AND from_at <= ? AND to_at >= ?",
        (resource_id, until, since),
    ).fetchone()
    if overlapping[0] is not None:
        connection.execute(
            "DELETE FROM windows WHERE resource_id = ? AND from_at <= ? AND to_at >= ?", (resource_id, until, since)
        )
        since, until = min(since, overlapping[0]), max(until, overlapping[1])
    window = _insert(connection, resource_id, since, until, now, is_lookback=True)
    _set_state(connection, window.id, "drained", "declared complete on import", now)


def drained_spans(connection: sqlite3.Connection, resource_id: int) -> list[tuple[int, int]]:
    """Return the drained spans of a resource in order of time."""
    rows = connection.execute(
        "SELECT from_at, to_at FROM windows WHERE resource_id = ? AND state = 'drained' ORDER BY from_at",
        (resource_id,),
    )
    return [(start, end) for start, end in rows]


def _insert(
    connection: sqlite3.Connection, resource_id: int, start: int, end: int, now: int, *, is_lookback: bool
) -> WindowRow:
    row = connection.execute(
        "INSERT INTO windows (resource_id, from_at, to_at, state, is_lookback, opened_at, updated_at) "  # noqa: S608 - constant
        f"VALUES (?, ?, ?, 'open', ?, ?, ?) RETURNING {_COLUMNS}",
        (resource_id, start, end, is_lookback, now, now),
    ).fetchone()
    return _row(row)


def _untouched(connection: sqlite3.Connection, resource_id: int, to_at: int) -> WindowRow | None:
    """Return the window ending at `to_at` of which nothing was read, with a reason: who has just begun to read one gave none."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM windows WHERE resource_id = ? AND to_at = ? AND state IN ('open', 'budget') "  # noqa: S608 - constant
        "AND reason IS NOT NULL AND pages = 0 AND cursor IS NULL AND NOT is_lookback",
        (resource_id, to_at),
    ).fetchone()
    return None if row is None else _row(row)


def _row(row: Sequence[object]) -> WindowRow:
    names = [name.strip() for name in _COLUMNS.split(",")]
    values = dict(zip(names, row, strict=True))
    values["is_lookback"] = bool(values["is_lookback"])
    return WindowRow(**values)  # type: ignore[arg-type]  # STRICT tables hold what their columns declare


def _identity(window: WindowRow) -> tuple[int, int, int, int]:
    """Return the values of `_STILL_THE_SAME`."""
    return (window.id, window.resource_id, window.from_at, window.to_at)


def _set_state(connection: sqlite3.Connection, window_id: int, state: str, reason: str | None, now: int) -> None:
    connection.execute(
        "UPDATE windows SET state = ?, reason = ?, updated_at = ? WHERE id = ?", (state, reason, now, window_id)
    )


def _join_neighbours(connection: sqlite3.Connection, resource_id: int) -> None:
    """Make one window of drained windows that touch, the counters added up."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM windows WHERE resource_id = ? AND state = 'drained' ORDER BY from_at, id",  # noqa: S608 - constant
        (resource_id,),
    ).fetchall()
    kept: WindowRow | None = None
    for window in map(_row, rows):
        if kept is None or window.from_at > kept.to_at:
            kept = window
            continue
        kept = replace(
            kept,
            to_at=max(kept.to_at, window.to_at),
            marker=window.marker or kept.marker,
            pages=kept.pages + window.pages,
            requests=kept.requests + window.requests,
            items=kept.items + window.items,
            fetched=kept.fetched + window.fetched,
            stored=kept.stored + window.stored,
            is_lookback=kept.is_lookback and window.is_lookback,
            updated_at=max(kept.updated_at, window.updated_at),
        )
        connection.execute("DELETE FROM windows WHERE id = ?", (window.id,))
        connection.execute(
            "UPDATE windows SET to_at = ?, marker = ?, pages = ?, requests = ?, items = ?, fetched = ?, stored = ?, "
            "is_lookback = ?, updated_at = ? WHERE id = ?",
            (
                kept.to_at, kept.marker, kept.pages, kept.requests, kept.items, kept.fetched, kept.stored,
                kept.is_lookback, kept.updated_at, kept.id,
            ),
        )  # fmt: skip
