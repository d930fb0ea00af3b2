"""Keep what is to be looked at again, and what looking again has cost so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.clock import CLOCK_SKEW, to_epoch
from listener.store.transactions import joined_transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta
    from pathlib import Path

    from listener.store.catalogue import Catalogue

__all__ = ["RecheckBook"]

_DAY: Final = 86_400

_ENROL: Final = """
INSERT INTO rechecks (mention_id, source_id, due_at)
SELECT id, source_id, min(seen_at + :first, :latest) FROM mentions
WHERE id > :enrolled AND +source_id = :source AND seen_at >= :oldest AND purged_at IS NULL
  AND EXISTS (SELECT 1 FROM matches WHERE mention_id = mentions.id)
ON CONFLICT DO NOTHING
"""
"""The plus keeps the reading to what is new: by the index of sources it would go through all there is."""

_BRING_FORWARD: Final = """
UPDATE rechecks SET due_at = :latest WHERE source_id = :source AND due_at > :latest AND checked_at IS NULL
"""
"""A first look that is due later than this was put down by a clock that was ahead."""

_SETTLE: Final = """
UPDATE recheck_states SET requests = max(0, requests + :more), items = items + :items, checked = checked + :checked,
  changed = changed + :changed, gone = gone + :gone WHERE source_id = :source
"""

_OUTCOME: Final = """
UPDATE recheck_states SET state = :state, message = :message, retry_at = :retry_at, last_attempt_at = :now,
  last_success_at = CASE WHEN :state = 'ok' THEN :now ELSE last_success_at END WHERE source_id = :source
"""


class RecheckBook:
    """Write the schedule of looking again on the store's connection, each call one transaction."""

    def __init__(self, connection: sqlite3.Connection, path: Path, catalogue: Catalogue) -> None:
        self._connection = connection
        self._path = path
        self._catalogue = catalogue

    def _transaction(self) -> AbstractContextManager[None]:
        return joined_transaction(self._connection, self._path, self._catalogue)

    def enrol(self, source: str, *, first: timedelta, oldest: datetime, now: datetime) -> None:
        """Put the matched mentions of a source that came since the last time on the schedule.

        The first look is due `first` after a mention was first seen, and never later than
        `first` from `now`; what was seen before `oldest` is too old for any. What the clock
        of the last time, when it was ahead, took for too old is put there after all.
        """
        with self._transaction():
            key = self._key(source)
        enrolled = self._considered(key, oldest=oldest, now=now)
        with self._transaction():
            latest = to_epoch(now) + int(first.total_seconds())
            self._connection.execute(_BRING_FORWARD, {"latest": latest, "source": key})
            # Beside what is enrolled: should this be killed, the next one still knows by which clock it was.
            self._connection.execute(
                "UPDATE recheck_states SET last_attempt_at = ? WHERE source_id = ?", (to_epoch(now), key)
            )
            (last,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM mentions").fetchone()
            if last == enrolled:
                return
            self._connection.execute(
                _ENROL,
                {
                    "first": int(first.total_seconds()),
                    "latest": latest,
                    "enrolled": enrolled,
                    "source": key,
                    "oldest": to_epoch(oldest),
                },
            )
            self._connection.execute("UPDATE recheck_states SET enrolled = ? WHERE source_id = ?", (last, key))

    def reserve(self, source: str, wanted: int, *, per_day: int, now: datetime) -> bool:
        """Count `wanted` requests before they are made; False, with nothing counted, where the day's are used up.

        A day begins at midnight UTC. What is counted stays counted where the
        program dies before the answer.
        """
        with self._transaction():
            key, today = self._key(source), to_epoch(now) // _DAY
            self._connection.execute(
                "UPDATE recheck_states SET day = ?, requests = 0, items = 0 WHERE source_id = ? AND day <> ?",
                (today, key, today),
            )
            return (
                self._connection.execute(
                    "UPDATE recheck_states SET requests = requests + :wanted "
                    "WHERE source_id = :source AND requests + :wanted <= :most",
                    {"wanted": wanted, "source": key, "most": per_day},
                ).rowcount
                == 1
            )

    def settle(
        self,
        source: str,
        *,
        reserved: int,
        requests: int,
        items: int = 0,
        checked: int = 0,
        changed: int = 0,
        gone: int = 0,
    ) -> None:
        """Put what really was asked and sent in the place of what was reserved, and add up what came of it."""
        with self._transaction():
            self._connection.execute(
                _SETTLE,
                {
                    "more": requests - reserved,
                    "items": items,
                    "checked": checked,
                    "changed": changed,
                    "gone": gone,
                    "source": self._key(source),
                },
            )

    def looked(self, following: Mapping[int, datetime | None], *, now: datetime) -> None:
        """Note that mentions (by number) were looked at, and when each is due next; None: never again."""
        with self._transaction():
            self._connection.executemany(
                "UPDATE rechecks SET checked_at = ?, due_at = ? WHERE mention_id = ?",
                [(to_epoch(now), to_epoch(at), number) for number, at in following.items() if at is not None],
            )
            self._connection.executemany(
                "DELETE FROM rechecks WHERE mention_id = ?",
                [(number,) for number, at in following.items() if at is None],
            )

    def drop_erased(self, source: str, *, now: datetime) -> None:
        """Take mentions that are due and were erased since off the schedule."""
        with self._transaction():
            self._connection.execute(
                "DELETE FROM rechecks WHERE source_id = ? AND due_at <= ? AND EXISTS "
                "(SELECT 1 FROM mentions WHERE id = mention_id AND purged_at IS NOT NULL)",
                (self._key(source), to_epoch(now)),
            )

    def note_outcome(
        self, source: str, *, state: str, message: str | None, retry_at: datetime | None, now: datetime
    ) -> None:
        """Note how looking again ended: ``ok``, or the kind of failure with its sentence."""
        with self._transaction():
            self._connection.execute(
                _OUTCOME,
                {
                    "state": state,
                    "message": message,
                    "retry_at": None if retry_at is None else to_epoch(retry_at),
                    "now": to_epoch(now),
                    "source": self._key(source),
                },
            )

    def _considered(self, key: int, *, oldest: datetime, now: datetime) -> int:
        """Return the number of the last mention that was considered for a look, by a clock that was right."""
        enrolled, tried_at = self._connection.execute(
            "SELECT enrolled, last_attempt_at FROM recheck_states WHERE source_id = ?", (key,)
        ).fetchone()
        if tried_at is None or tried_at <= to_epoch(now + CLOCK_SKEW):
            return int(enrolled)
        (first,) = self._connection.execute(
            "SELECT coalesce(min(id), 1) FROM mentions WHERE seen_at >= ?", (to_epoch(oldest),)
        ).fetchone()
        return int(first) - 1

    def _key(self, source: str) -> int:
        """Return the key of a source whose row is there."""
        key = self._catalogue.source(source)
        self._connection.execute("INSERT INTO recheck_states (source_id) VALUES (?) ON CONFLICT DO NOTHING", (key,))
        return key
