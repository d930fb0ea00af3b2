"""Write what the reporter and the daemon leave behind: charts, digests, episodes, outbox, run states."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.clock import to_epoch
from listener.sqlite_errors import translated
from listener.store.copying import COPIED
from listener.store.records import OutboxItem
from listener.store.scrubbing import count_erasures, scrub_alerts
from listener.store.transactions import joined_transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from listener.store.catalogue import Catalogue
    from listener.store.records import ChartSave, DigestSave, EpisodeSave

__all__ = ["LONGEST_WAIT", "TOLD_LATER", "ReportWriter"]

TOLD_LATER: Final = "told by the message after it"
"""What is noted of a message that was not sent by itself, since a later one of its episode says all it would."""

LONGEST_WAIT: Final = timedelta(days=1)
"""How long a delivery may be put off at once."""
_LONGEST_PAUSE: Final = timedelta(hours=5)
"""No two tries of a delivery are so far apart: one that waits for longer was put off, or by a clock that was ahead."""

_MAY_BE_SENT: Final = "it was due before this copy took the place of the store, which may have sent it"


class ReportWriter:
    """Write reports and states on the store's connection, each call one transaction."""

    def __init__(self, connection: sqlite3.Connection, path: Path, catalogue: Catalogue) -> None:
        self._connection = connection
        self._path = path
        self._catalogue = catalogue

    def _transaction(self) -> AbstractContextManager[None]:
        return joined_transaction(self._connection, self._path, self._catalogue)

    def note_attempt(self, source: str, *, now: datetime) -> None:
        """Note that a pass over a source begins."""
        with self._transaction():
            self._connection.execute(
                "INSERT INTO source_states (source_id, state, last_attempt_at, consecutive_failures) "
                "VALUES (?, 'running', ?, 0) "
                "ON CONFLICT (source_id) DO UPDATE SET last_attempt_at = excluded.last_attempt_at",
                (self._catalogue.source(source), to_epoch(now)),
            )

    def note_outcome(
        self, source: str, *, state: str, message: str | None, retry_at: datetime | None, now: datetime
    ) -> None:
        """Note how a pass over a source ended: ``ok``, or the kind of failure with its sentence."""
        seconds = to_epoch(now)
        with self._transaction():
            self._connection.execute(
                "INSERT INTO source_states (source_id, state, message, last_attempt_at, last_success_at, retry_at, "
                "consecutive_failures) VALUES (:id, :state, :message, :now, :success, :retry_at, :failed) "
                "ON CONFLICT (source_id) DO UPDATE SET state = :state, message = :message, retry_at = :retry_at, "
                "last_success_at = coalesce(:success, last_success_at), "
                "consecutive_failures = CASE WHEN :failed THEN consecutive_failures + 1 ELSE 0 END",
                {
                    "id": self._catalogue.source(source),
                    "state": state,
                    "message": message,
                    "now": seconds,
                    "success": seconds if state == "ok" else None,
                    "retry_at": None if retry_at is None else to_epoch(retry_at),
                    "failed": int(state not in {"ok", "budget"}),
                },
            )

    def failures(self, source: str) -> int:
        """Return how often a source failed since it last was read well."""
        with translated(self._path):
            row = self._connection.execute(
                "SELECT consecutive_failures FROM source_states JOIN sources ON sources.id = source_id WHERE name = ?",
                (source,),
            ).fetchone()
        return 0 if row is None else int(row[0])

    def note_next_run(self, source: str, *, at: datetime | None) -> None:
        """Note when the daemon will read a source next; None where it will not."""
        with self._transaction():
            self._connection.execute(
                "INSERT INTO source_states (source_id, state, next_run_at, consecutive_failures) "
                "VALUES (?, 'waiting', ?, 0) ON CONFLICT (source_id) DO UPDATE SET next_run_at = excluded.next_run_at",
                (self._catalogue.source(source), None if at is None else to_epoch(at)),
            )

    def note_alert_failure(self, brand: str, message: str, *, now: datetime) -> None:
        """Note that the alerts of a brand could not be looked at, and how often in a row that was so."""
        with self._transaction():
            self._connection.execute(
                "INSERT INTO alert_failures (brand_id, message, failed_at, rounds) VALUES (?, ?, ?, 1) "
                "ON CONFLICT (brand_id) DO UPDATE SET message = excluded.message, failed_at = excluded.failed_at, "
                "rounds = rounds + 1",
                (self._catalogue.brand(brand), message, to_epoch(now)),
            )

    def clear_alert_failure(self, brand: str) -> None:
        """Note that the alerts of a brand were looked at again."""
        with self._transaction():
            self._connection.execute("DELETE FROM alert_failures WHERE brand_id = ?", (self._catalogue.brand(brand),))

    def beat(self, name: str, pid: int, *, started_at: datetime, now: datetime) -> None:
        """Note that the daemon is alive."""
        with self._transaction():
            self._connection.execute(
                "INSERT INTO heartbeats (name, pid, started_at, beat_at) VALUES (?, ?, ?, ?) ON CONFLICT (name) "
                "DO UPDATE SET pid = excluded.pid, started_at = excluded.started_at, beat_at = excluded.beat_at",
                (name, pid, to_epoch(started_at), to_epoch(now)),
            )

    def rest(self, name: str, pid: int) -> None:
        """Note that the daemon has ended in order."""
        with self._transaction():
            self._connection.execute("DELETE FROM heartbeats WHERE name = ? AND pid = ?", (name, pid))

    def save_evaluation(
        self,
        brand: str,
        rule: str,
        *,
        state: str,
        evaluated_until: datetime,
        episodes: Sequence[EpisodeSave],
        destinations: Sequence[str],
        now: datetime,
        closes_others: bool = False,
        former: str | None = None,
        erasures: int | None = None,
    ) -> list[int]:
        """Store how far a rule was evaluated, its episodes and the news to send, all or nothing.

        With `closes_others` what else is open of the rule is closed where it stood:
        nobody follows it any more. That an episode is over is sent only to who heard
        of it before. `former` is the state that was gone on from, empty where there was none: where another
        process has stored one since, nothing is. Where there were not as many `erasures` before the episodes were
        explained, what is gone is taken out of them. Returns the numbers of the episodes stored, in order.
        """
        seconds = to_epoch(now)
        with self._transaction():
            brand_id = self._catalogue.brand(brand)
            if former is not None and former != self._state_of(brand_id, rule):
                return []
            self._connection.execute(
                "INSERT INTO alert_states (brand_id, rule, state, evaluated_until) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (brand_id, rule) DO UPDATE SET state = excluded.state, "
                "evaluated_until = excluded.evaluated_until",
                (brand_id, rule, state, to_epoch(evaluated_until)),
            )
            numbers = [self._save_episode(brand_id, rule, episode, destinations, seconds) for episode in episodes]
            if closes_others:
                self._close_others(brand_id, rule, numbers)
            if erasures is not None and episodes and erasures != count_erasures(self._connection):
                scrub_alerts(self._connection, [to_epoch(one.opened_at) for one in episodes])
            return numbers

    def _state_of(self, brand_id: int, rule: str) -> str:
        row = self._connection.execute(
            "SELECT state FROM alert_states WHERE brand_id = ? AND rule = ?", (brand_id, rule)
        ).fetchone()
        return "" if row is None else str(row[0])

    def _close_others(self, brand_id: int, rule: str, numbers: Sequence[int]) -> None:
        """Close the open episodes of a rule whose numbers are not among these."""
        self._connection.execute(
            "UPDATE episodes SET state = 'resolved', resolved_at = updated_at WHERE brand_id = ? AND rule = ? "
            "AND state = 'open' AND id NOT IN (SELECT value FROM json_each(?))",
            (brand_id, rule, json.dumps(list(numbers))),
        )

    def _save_episode(
        self, brand_id: int, rule: str, episode: EpisodeSave, destinations: Sequence[str], now: int
    ) -> int:
        row = self._connection.execute(
            "INSERT INTO episodes (key, brand_id, rule, state, severity, opened_at, updated_at, resolved_at, observed, "
            "expected, low, high, surprise, peak, total, coverage, headline, why) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET state = excluded.state, severity = excluded.severity, "
            "updated_at = excluded.updated_at, resolved_at = excluded.resolved_at, observed = excluded.observed, "
            "expected = excluded.expected, low = excluded.low, high = excluded.high, surprise = excluded.surprise, "
            "peak = excluded.peak, total = excluded.total, coverage = excluded.coverage, "
            "headline = excluded.headline, why = excluded.why RETURNING id",
            (
                episode.key, brand_id, rule, episode.state, episode.severity, to_epoch(episode.opened_at),
                to_epoch(episode.updated_at),
                None if episode.resolved_at is None else to_epoch(episode.resolved_at), episode.observed,
                episode.expected, *episode.interval, episode.surprise, episode.peak, episode.total, episode.coverage,
                episode.headline, episode.why,
            ),
        ).fetchone()  # fmt: skip
        number = int(row[0])
        for news in episode.news:
            to = self._informed(number, destinations) if news == "resolved" else destinations
            self._enqueue(f"{episode.key}:{news}", f"alert-{news}", number, to, now)
        return number

    def _informed(self, number: int, destinations: Sequence[str]) -> list[str]:
        """Return the destinations that something of an episode went to, or waits to go to."""
        rows = self._connection.execute(
            "SELECT DISTINCT destination FROM outbox WHERE subject_id = ? AND kind LIKE 'alert-%'", (number,)
        )
        known = {destination for (destination,) in rows}
        return [destination for destination in destinations if destination in known]

    def _enqueue(self, key: str, kind: str, subject: int, destinations: Sequence[str], now: int) -> None:
        self._connection.executemany(
            "INSERT INTO outbox (key, destination, kind, subject_id, state, next_try_at, created_at) "
            "VALUES (?, ?, ?, ?, 'pending', ?, ?) ON CONFLICT (key, destination) DO NOTHING",
            [(key, destination, kind, subject, now, now) for destination in destinations],
        )

    def acknowledge(self, number: int, *, now: datetime) -> bool:
        """Note that a person has seen an episode; False where there is no such number."""
        with self._transaction():
            changed = self._connection.execute(
                "UPDATE episodes SET acknowledged_at = coalesce(acknowledged_at, ?) WHERE id = ?",
                (to_epoch(now), number),
            ).rowcount
        return changed == 1

    def rate(self, number: int, *, is_useful: bool, now: datetime) -> None:
        """Note whether a person found an episode worth being told of; the last word counts.

        Raises StoreError where there is no such number.
        """
        with self._transaction():
            self._connection.execute(
                "INSERT INTO episode_feedback (episode_id, is_useful, told_at) VALUES (?, ?, ?) "
                "ON CONFLICT (episode_id) DO UPDATE SET is_useful = excluded.is_useful, told_at = excluded.told_at",
                (number, int(is_useful), to_epoch(now)),
            )

    def snooze(self, brand: str, *, until: datetime) -> None:
        """Send no alert of a brand before `until`; episodes are still recorded."""
        with self._transaction():
            self._connection.execute(
                "INSERT INTO snoozes (brand_id, until_at) VALUES (?, ?) "
                "ON CONFLICT (brand_id) DO UPDATE SET until_at = excluded.until_at",
                (self._catalogue.brand(brand), to_epoch(until)),
            )

    def save_chart(self, chart: ChartSave, *, now: datetime) -> int:
        """Store a chart in the place of an older one of the same kind, brand, span and format."""
        brand_id = None if chart.brand is None else self._catalogue_brand(chart.brand)
        with self._transaction():
            self._connection.execute(
                "DELETE FROM charts WHERE kind = ? AND brand_id IS ? AND from_at = ? AND to_at = ? AND format = ?",
                (chart.kind, brand_id, to_epoch(chart.since), to_epoch(chart.until), chart.format),
            )
            row = self._connection.execute(
                "INSERT INTO charts (kind, brand_id, from_at, to_at, coverage, title, alt, format, data, made_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                (
                    chart.kind, brand_id, to_epoch(chart.since), to_epoch(chart.until), chart.coverage,
                    chart.title, chart.alt, chart.format, chart.data, to_epoch(now),
                ),
            ).fetchone()  # fmt: skip
        return int(row[0])

    def _catalogue_brand(self, name: str) -> int:
        with self._transaction():
            return self._catalogue.brand(name)

    def save_digest(
        self, digest: DigestSave, destinations: Sequence[str], *, now: datetime, erasures: int | None = None
    ) -> int:
        """Store a digest and what is to be sent of it; a period that has one keeps it.

        Returns its number, 0 where it is not stored since there were not as many `erasures` before it was
        composed: it may quote what is gone. Destinations that already got it get nothing again.
        """
        seconds = to_epoch(now)
        with self._transaction():
            row = self._connection.execute("SELECT id FROM digests WHERE key = ?", (digest.key,)).fetchone()
            if row is None and erasures is not None and erasures != count_erasures(self._connection):
                return 0
            number = int(row[0]) if row else self._insert_digest(digest, seconds)
            self._enqueue(digest.key, "digest", number, destinations, seconds)
        return number

    def take_up_again(self, key: str, destinations: Sequence[str], *, now: datetime) -> None:
        """Let what was given up of a digest, or waits for another try, be tried at once; not of one from which something was erased."""
        with self._transaction():
            self._connection.executemany(
                "UPDATE outbox SET attempts = CASE state WHEN 'failed' THEN 0 ELSE attempts END, "
                "state = 'pending', next_try_at = ? WHERE key = ? AND kind = 'digest' AND destination = ? "
                "AND (state = 'failed' OR state = 'pending' AND attempts > 0 AND last_error <> ?) "
                "AND EXISTS (SELECT 1 FROM digests WHERE digests.id = subject_id AND text <> '')",
                [(to_epoch(now), key, destination, COPIED) for destination in destinations],
            )

    def _insert_digest(self, digest: DigestSave, now: int) -> int:
        row = self._connection.execute(
            "INSERT INTO digests (key, from_at, to_at, subject, text, html, made_at) VALUES (?, ?, ?, ?, ?, ?, ?) "
            "RETURNING id",
            (
                digest.key, to_epoch(digest.since), to_epoch(digest.until), digest.subject, digest.text, digest.html,
                now,
            ),
        ).fetchone()  # fmt: skip
        number = int(row[0])
        self._connection.executemany(
            "INSERT INTO digest_charts (digest_id, position, content_id, alt, data) VALUES (?, ?, ?, ?, ?)",
            [
                (number, position, content_id, alt, data)
                for position, (content_id, data, alt) in enumerate(digest.images)
            ],
        )
        return number

    def settle_copied(self, *, now: datetime) -> int:
        """Give up what was due before this copy of a store took its place: that may have been sent. Return how much that is.

        What waits for later than `now`, as for the end of quiet hours, the former store did not send.
        """
        with translated(self._path):
            asked = self._connection.execute(
                "SELECT 1 FROM outbox WHERE state = 'pending' AND last_error = ?", (COPIED,)
            )
            if asked.fetchone() is None:
                return 0
        with self._transaction():
            given_up = self._connection.execute(
                "UPDATE outbox SET state = 'failed', last_error = ? "
                "WHERE state = 'pending' AND last_error = ? AND next_try_at <= ?",
                (_MAY_BE_SENT, COPIED, to_epoch(now)),
            ).rowcount
            self._connection.execute(
                "UPDATE outbox SET last_error = NULL WHERE state = 'pending' AND last_error = ?", (COPIED,)
            )
        return given_up

    def due(self, *, now: datetime) -> list[OutboxItem]:
        """Return what is to be delivered now, oldest first; also what waits for longer than until another try.

        A message tells of its episode as it stands by then: of several that wait the last one tells all. What was put
        off is looked at each time: what it waits for may be over sooner, as a snooze that is ended.
        Destinations that did not take what was tried come after the others, since they may take their time.
        """
        with translated(self._path):
            rows = self._connection.execute(
                "SELECT id, key, destination, kind, subject_id, attempts, next_try_at FROM outbox "
                "WHERE state = 'pending' AND (next_try_at <= ? OR next_try_at > ? OR (attempts = 0 AND kind LIKE 'alert-%')) "
                "AND (kind NOT LIKE 'alert-%' "
                "OR id IN (SELECT max(id) FROM outbox WHERE state = 'pending' AND kind LIKE 'alert-%' "
                "GROUP BY subject_id, destination)) ORDER BY destination IN ("
                "SELECT destination FROM outbox WHERE state = 'pending' AND attempts > 0), id",
                (to_epoch(now), to_epoch(now + _LONGEST_PAUSE)),
            ).fetchall()
        return [
            OutboxItem(
                number=number,
                key=key,
                destination=destination,
                kind=kind,
                subject=subject,
                attempts=attempts,
                is_held=to_epoch(now) < next_try_at <= to_epoch(now + LONGEST_WAIT),
            )
            for number, key, destination, kind, subject, attempts, next_try_at in rows
        ]

    def postpone(self, item: OutboxItem, *, until: datetime) -> None:
        """Let a delivery wait, no longer than `LONGEST_WAIT` from now on; that is no failed try."""
        with self._transaction():
            self._connection.execute("UPDATE outbox SET next_try_at = ? WHERE id = ?", (to_epoch(until), item.number))

    def take_in_hand(self, item: OutboxItem, *, until: datetime) -> bool:
        """Count a try of a delivery, due again at `until` unless it is marked; False where another process made one.

        While it is in hand nothing is known of how the try ended, nor of the one before.
        """
        with self._transaction():
            changed = self._connection.execute(
                "UPDATE outbox SET attempts = attempts + 1, next_try_at = ?, last_error = NULL "
                "WHERE id = ? AND state = 'pending' AND attempts = ?",
                (to_epoch(until), item.number, item.attempts),
            ).rowcount
        return changed == 1

    def mark_sent(self, item: OutboxItem, *, now: datetime) -> None:
        """Note that a delivery that was taken in hand was accepted, and with it what waited before it of the same episode."""
        with self._transaction():
            self._connection.execute(
                "UPDATE outbox SET state = 'sent', sent_at = ?, last_error = NULL WHERE id = ?",
                (to_epoch(now), item.number),
            )
            self._connection.execute(
                "UPDATE outbox SET state = 'sent', sent_at = ?, last_error = ? WHERE id < ? AND state = 'pending' "
                "AND subject_id = ? AND destination = ? AND kind LIKE 'alert-%' AND ? LIKE 'alert-%'",
                (to_epoch(now), TOLD_LATER, item.number, item.subject, item.destination, item.kind),
            )

    def mark_unsent(self, item: OutboxItem, *, error: str, next_try_at: datetime | None) -> None:
        """Note that a delivery failed; it is parked where there is no next try, and stays sent where another process sent it since."""
        with self._transaction():
            self._connection.execute(
                "UPDATE outbox SET state = ?, last_error = ?, next_try_at = ? WHERE id = ? AND state <> 'sent'",
                (
                    "failed" if next_try_at is None else "pending",
                    error,
                    0 if next_try_at is None else to_epoch(next_try_at),
                    item.number,
                ),
            )
