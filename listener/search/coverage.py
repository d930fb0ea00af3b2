"""Say how much of a span was really read, from the ledger.

Coverage of a source in a bucket is the drained share of the bucket, averaged
over the source's active lanes; of a brand, averaged over the sources that
listen for it. Zero mentions where coverage is 1 are zero; where it is 0 they are
unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.clock import from_epoch, to_epoch
from listener.frozen import dataclass

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from listener.search.records import CoverageGap

__all__ = [
    "covered_share",
    "drained_since",
    "find_gaps",
    "load_coverage",
    "read_since",
    "read_until",
    "rounded_share",
    "share_of",
    "shares_by_source",
]

_IMPORT_LANE: Final = "import"
"""As `listener.ledger.IMPORT_LANE`, which a trend need not load."""

_Spans = list[tuple[int, int]]

SERVES_BRAND: Final = """
(brands.name = ?1 OR resources.brand_id IS NULL AND (
  NOT EXISTS (SELECT 1 FROM resource_brands WHERE resource_id = resources.id)
  OR EXISTS (SELECT 1 FROM resource_brands AS served JOIN brands AS named ON named.id = served.brand_id
             WHERE served.resource_id = resources.id AND named.name = ?1)))
"""
"""That a resource is read for the brand ?1: for it alone, for several of which it is one, or for all."""

_LANES: Final = f"""
SELECT DISTINCT sources.name, resources.lane FROM resources
JOIN sources ON sources.id = resources.source_id LEFT JOIN brands ON brands.id = resources.brand_id
WHERE resources.is_active = 1 AND {SERVES_BRAND}
"""  # noqa: S608 - constant

_BEGINS: Final = "CASE WHEN resources.brand_id IS NULL AND opened_at < ?2 THEN max(from_at, ?2) ELSE from_at END"
"""From when on a window counts for a brand whose query was first used at ?2: what is read for several brands
before is not matched with it."""

_DRAINED: Final = f"""
SELECT sources.name, resources.lane, {_BEGINS}, windows.to_at FROM windows
JOIN resources ON resources.id = windows.resource_id JOIN sources ON sources.id = resources.source_id
LEFT JOIN brands ON brands.id = resources.brand_id
WHERE windows.state = 'drained' AND windows.to_at > ?3 AND windows.from_at < ?4 AND windows.to_at > {_BEGINS}
  AND {SERVES_BRAND}
"""  # noqa: S608 - constant

_READ_UNTIL: Final = f"""
SELECT (SELECT max(to_at) FROM windows WHERE resource_id = resources.id AND state = 'drained') AS last
FROM resources JOIN sources ON sources.id = source_id LEFT JOIN brands ON brands.id = brand_id
WHERE is_active = 1 AND lane <> ?3 AND sources.name = ?2 AND {SERVES_BRAND} AND last IS NOT NULL
"""  # noqa: S608 - constant

_READ_SINCE: Final = f"""
SELECT min((SELECT from_at FROM windows WHERE resource_id = resources.id AND state = 'drained' ORDER BY from_at LIMIT 1))
FROM resources JOIN sources ON sources.id = source_id LEFT JOIN brands ON brands.id = brand_id
WHERE lane <> ?3 AND sources.name = ?2 AND {SERVES_BRAND}
"""  # noqa: S608 - constant

_DRAINED_SINCE: Final = f"""
SELECT min({_BEGINS}) FROM windows JOIN resources ON resources.id = resource_id
LEFT JOIN brands ON brands.id = resources.brand_id
WHERE state = 'drained' AND to_at > {_BEGINS} AND {SERVES_BRAND}
"""  # noqa: S608 - constant

_FIRST_ASKED: Final = """
SELECT coalesce(min(first_used_at), 0) FROM queries JOIN brands ON brands.id = brand_id WHERE name = ?
"""

_GAPS: Final = """
SELECT sources.name, resources.lane, brands.name, windows.from_at, windows.to_at, windows.state, windows.reason,
  (SELECT json_group_array(served.name) FROM resource_brands JOIN brands AS served ON served.id = resource_brands.brand_id
   WHERE resource_id = resources.id)
FROM windows JOIN resources ON resources.id = windows.resource_id
JOIN sources ON sources.id = resources.source_id LEFT JOIN brands ON brands.id = resources.brand_id
WHERE windows.state <> 'drained' AND resources.is_active = 1 AND windows.to_at > ? AND windows.from_at < ?
ORDER BY windows.from_at, sources.name, resources.lane
"""


@dataclass(frozen=True, slots=True)
class SourceCoverage:
    """Hold the drained spans of one source: one list a lane, and what was imported whole."""

    lanes: tuple[_Spans, ...]
    imported: _Spans


def load_coverage(
    connection: sqlite3.Connection, brand: str, since: datetime, until: datetime
) -> dict[str, SourceCoverage]:
    """Read what was drained for a brand in [since, until), by source."""
    lanes: dict[tuple[str, str], _Spans] = {(source, lane): [] for source, lane in connection.execute(_LANES, (brand,))}
    if not lanes:
        return {}
    values = (brand, _first_asked(connection, brand), to_epoch(since), to_epoch(until))
    for source, lane, start, end in connection.execute(_DRAINED, values):
        if (source, lane) in lanes:
            lanes[source, lane].append((start, end))
    sources = {source for source, _ in lanes}
    return {
        source: SourceCoverage(
            lanes=tuple(
                _union(spans) for (name, lane), spans in lanes.items() if name == source and lane != _IMPORT_LANE
            ),
            imported=_union(lanes.get((source, _IMPORT_LANE), [])),
        )
        for source in sources
    }


def read_until(connection: sqlite3.Connection, source: str, brand: str) -> list[datetime]:
    """Return up to when each active resource of a source is drained for a brand, without those that never were."""
    return [from_epoch(last) for (last,) in connection.execute(_READ_UNTIL, (brand, source, _IMPORT_LANE))]


def read_since(connection: sqlite3.Connection, source: str, brand: str) -> datetime | None:
    """Return from when on a source was first drained for a brand on any lane, None where it never was."""
    (first,) = connection.execute(_READ_SINCE, (brand, source, _IMPORT_LANE)).fetchone()
    return None if first is None else from_epoch(first)


def drained_since(connection: sqlite3.Connection, brand: str) -> datetime | None:
    """Return from when on anything was first drained for a brand or imported whole, None where nothing ever was.

    What is read for several brands was read for this one from when its query was first used.
    """
    (first,) = connection.execute(_DRAINED_SINCE, (brand, _first_asked(connection, brand))).fetchone()
    return None if first is None else from_epoch(first)


def _first_asked(connection: sqlite3.Connection, brand: str) -> int:
    """Return when a query of a brand was first used, 0 where none was."""
    return int(connection.execute(_FIRST_ASKED, (brand,)).fetchone()[0])


def share_of(
    coverage: dict[str, SourceCoverage],
    listening: Sequence[str],
    starts: Sequence[datetime],
    ends: Sequence[datetime],
    now: datetime,
) -> list[float | None]:
    """Return the covered share of each bucket, 0 to 1; None where nothing listens and nothing was imported.

    Only the part of a bucket that is already past counts.
    """
    shares = list(shares_by_source(coverage, listening, starts, ends, now).values())
    if len(shares) <= 1:
        return shares[0] if shares else [None] * len(starts)
    return [_mean(of_bucket) for of_bucket in zip(*shares, strict=True)]


def shares_by_source(
    coverage: dict[str, SourceCoverage],
    listening: Sequence[str],
    starts: Sequence[datetime],
    ends: Sequence[datetime],
    now: datetime,
) -> dict[str, list[float | None]]:
    """Return the covered share of each bucket by source: those that listen and those imported whole.

    Where no source listens any more, those count that the ledger knows lanes of: what
    was read in its time is still read.
    """
    listened = set(listening) or {source for source, known in coverage.items() if known.lanes}
    names = listened | {source for source, known in coverage.items() if known.imported}
    if not names:
        return {}
    latest = to_epoch(now)
    edges = [(to_epoch(start), min(to_epoch(end), latest)) for start, end in zip(starts, ends, strict=True)]
    return {
        source: _source_shares(
            coverage.get(source, SourceCoverage(lanes=(), imported=[])), edges, is_listening=source in listened
        )
        for source in sorted(names)
    }


def _source_shares(
    known: SourceCoverage, edges: Sequence[tuple[int, int]], *, is_listening: bool
) -> list[float | None]:
    """Return a source's share of each bucket; a source that is only imported counts only where it was."""
    imported = covered_share(known.imported, edges)
    if not is_listening:
        return [share or None for share in imported]
    lanes = [covered_share(lane, edges) for lane in known.lanes]
    if not lanes:
        return list(imported)
    means = [sum(shares) / len(lanes) for shares in zip(*lanes, strict=True)]
    return [max(mean, whole) for mean, whole in zip(means, imported, strict=True)]


def covered_share(spans: Sequence[tuple[int, int]], edges: Sequence[tuple[int, int]]) -> list[float]:
    """Return which share of each [start, end) the disjoint spans cover, both in order of time; 0 for an empty one."""
    if not spans or not edges:
        return [0.0] * len(edges)
    if len(spans) == 1 and spans[0][0] <= edges[0][0] and edges[-1][1] <= spans[0][1]:
        return [float(end > start) for start, end in edges]  # the usual case: read without a gap
    shares = []
    first = 0  # both are in order of time: what ended before this bucket ended before the next
    for start, end in edges:
        while first < len(spans) and spans[first][1] <= start:
            first += 1
        covered, index = 0, first
        while index < len(spans) and spans[index][0] < end:
            covered += min(spans[index][1], end) - max(spans[index][0], start)
            index += 1
        shares.append(covered / (end - start) if end > start and covered else 0.0)
    return shares


def rounded_share(share: float) -> float:
    """Return a share to four digits, rounded down as it is shown; only what is nothing is 0, and only what is whole is 1."""
    return share if share in {0.0, 1.0} else min(max(int(round(10_000 * share, 4)) / 10_000, 0.0001), 0.9999)


def find_gaps(connection: sqlite3.Connection, since: datetime, until: datetime) -> tuple[CoverageGap, ...]:
    """Return the windows in [since, until) that are open, lost or stopped by the budget, in order of time."""
    import json  # noqa: PLC0415 - a trend needs none

    from listener.search.records import CoverageGap  # noqa: PLC0415 - the same

    rows = connection.execute(_GAPS, (to_epoch(since), to_epoch(until)))
    return tuple(
        CoverageGap(
            source=source,
            lane=lane,
            brand=brand,
            since=max(from_epoch(start), since),
            until=min(from_epoch(end), until),
            state=state,
            reason=reason,
            brands=tuple(sorted(json.loads(brands))),
        )
        for source, lane, brand, start, end, state, reason, brands in rows
    )


def _union(spans: Iterable[tuple[int, int]]) -> _Spans:
    """Return sorted, disjoint spans that cover the same."""
    joined: _Spans = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _mean(shares: Sequence[float | None]) -> float | None:
    known = [share for share in shares if share is not None]
    return sum(known) / len(known) if known else None
