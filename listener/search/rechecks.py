"""Tell which mentions are due to be looked at again, and how that stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.clock import from_epoch, to_epoch
from listener.frozen import dataclass
from listener.search.exporting import COLUMNS, read_mention
from listener.search.reader import Reader
from listener.sqlite_errors import translated

if TYPE_CHECKING:
    from datetime import datetime

    from listener.mention import Mention

__all__ = ["DueMention", "RecheckReader", "RecheckState"]

_DAY: Final = 86_400

_DUE: Final = f"""
SELECT mentions.id, mentions.seen_at, {COLUMNS}
FROM rechecks JOIN mentions ON mentions.id = rechecks.mention_id JOIN sources ON sources.id = mentions.source_id
LEFT JOIN authors ON authors.id = mentions.author_id
WHERE rechecks.source_id = (SELECT id FROM sources WHERE name = :source) AND rechecks.due_at <= :now
  AND (:is_new = 0 OR rechecks.checked_at IS NULL) AND mentions.text IS NOT NULL
ORDER BY rechecks.due_at, mentions.id LIMIT :limit
"""  # noqa: S608 - built from constants of this module

_STATES: Final = """
SELECT name, day, requests, items, state, message, retry_at, last_attempt_at, last_success_at, checked, changed, gone,
  (SELECT count(*) FROM rechecks WHERE rechecks.source_id = recheck_states.source_id AND due_at <= :now)
FROM recheck_states JOIN sources ON sources.id = source_id ORDER BY name
"""

_COUNTS: Final = """
SELECT brands.name, sources.name, sum(mentions) FROM rollup_day JOIN brands ON brands.id = brand_id
JOIN sources ON sources.id = source_id GROUP BY brand_id, source_id ORDER BY brands.name, sources.name
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMention:
    """Hold a mention that is due, its number and when it was first seen."""

    number: int
    seen_at: datetime
    mention: Mention


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckState:
    """Hold how looking again at the mentions of a source stands.

    `requests` and `items` are those of the present UTC day, `due` the mentions
    that wait; `checked`, `changed` and `gone` are counted since the beginning.
    """

    source: str
    requests: int
    items: int
    state: str
    message: str | None
    retry_at: datetime | None
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    checked: int
    changed: int
    gone: int
    due: int


class RecheckReader(Reader):
    """Answer also what is to be looked at again."""

    def due(self, source: str, *, now: datetime, limit: int, only_new: bool = False) -> tuple[DueMention, ...]:
        """Return the mentions of a source that are due, the longest overdue first.

        With `only_new` those that were never looked at since they were stored.
        """
        values = {"source": source, "now": to_epoch(now), "limit": limit, "is_new": int(only_new)}
        with translated(self.path):
            rows = self._connection.execute(_DUE, values).fetchall()
        return tuple(
            DueMention(number=number, seen_at=from_epoch(seen_at), mention=read_mention(row))
            for number, seen_at, *row in rows
        )

    def mention_counts(self) -> tuple[tuple[str, str, int], ...]:
        """Return (brand, source, mentions) from the counts by day."""
        with translated(self.path):
            rows = self._connection.execute(_COUNTS).fetchall()
        return tuple((brand, source, count) for brand, source, count in rows)

    def rechecks(self, now: datetime) -> dict[str, RecheckState]:
        """Return how looking again stands, by source; a source that was never looked at again is left out."""
        today = to_epoch(now) // _DAY
        with translated(self.path):
            rows = self._connection.execute(_STATES, {"now": to_epoch(now)}).fetchall()
        return {
            name: RecheckState(
                source=name,
                requests=requests if day == today else 0,
                items=items if day == today else 0,
                state=state,
                message=message,
                retry_at=_instant(retry_at),
                last_attempt_at=_instant(attempt),
                last_success_at=_instant(success),
                checked=checked,
                changed=changed,
                gone=gone,
                due=due,
            )
            for (
                name, day, requests, items, state, message, retry_at, attempt, success, checked, changed, gone, due,
            ) in rows
        }  # fmt: skip


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else from_epoch(seconds)
