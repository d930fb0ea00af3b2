"""Tell how collection, alerts and deliveries stand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from listener.clock import from_epoch, to_epoch
from listener.frozen import dataclass
from listener.search.records import EpisodeRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

__all__ = [
    "AlertFailure",
    "AlertFeedback",
    "DaemonState",
    "Delivery",
    "DigestRow",
    "OutboxCounts",
    "SourceState",
    "Unsent",
    "read_alert_failures",
    "read_daemon",
    "read_deliveries",
    "read_digest",
    "read_episode",
    "read_episodes",
    "read_feedback",
    "read_outbox",
    "read_source_states",
    "window_counts",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """Hold how the last passes over a source went; None where there was none."""

    name: str
    state: str
    message: str | None
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    retry_at: datetime | None
    next_run_at: datetime | None
    consecutive_failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxCounts:
    """Count deliveries: waiting, given up, done; `errors` are what the newest that failed of each destination met."""

    pending: int
    failed: int
    sent: int
    errors: tuple[Unsent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFeedback:
    """Count the episodes that people found worth being told of, those they did not, and the others."""

    useful: int
    useless: int
    unrated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFailure:
    """Say why the alerts of a brand could not be looked at, when that was last tried and how often in a row."""

    brand: str
    message: str
    failed_at: datetime
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """Hold the newest delivery to a destination that failed: pending or failed, what went wrong, since when it waits."""

    destination: str
    state: str
    error: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Hold how one message to one destination stands: pending, sent or failed, how often tried, and what went wrong last."""

    destination: str
    state: str
    attempts: int
    last_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonState:
    """Hold what the daemon last said of itself."""

    pid: int
    started_at: datetime
    heartbeat_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestRow:
    """Hold a stored digest as it was rendered; `images` are (content id, PNG bytes, alt text)."""

    number: int
    key: str
    subject: str
    text: str
    html: str | None
    images: tuple[tuple[str, bytes, str], ...]


_EPISODES: Final = """
SELECT episodes.id, brands.name, rule, state, severity, opened_at, updated_at, resolved_at, observed, expected, low,
       high, surprise, peak, total, coverage, headline, why, acknowledged_at, is_useful
FROM episodes JOIN brands ON brands.id = episodes.brand_id
LEFT JOIN episode_feedback ON episode_feedback.episode_id = episodes.id
"""


def read_source_states(connection: sqlite3.Connection) -> dict[str, SourceState]:
    """Return the state of every source that was ever tried, by name."""
    rows = connection.execute(
        "SELECT name, state, message, last_attempt_at, last_success_at, retry_at, next_run_at, consecutive_failures "
        "FROM source_states JOIN sources ON sources.id = source_id ORDER BY name"
    )
    return {
        name: SourceState(
            name=name,
            state=state,
            message=message,
            last_attempt_at=_instant(attempt),
            last_success_at=_instant(success),
            retry_at=_instant(retry),
            next_run_at=_instant(following),
            consecutive_failures=failures,
        )
        for name, state, message, attempt, success, retry, following, failures in rows
    }


def read_outbox(connection: sqlite3.Connection) -> OutboxCounts:
    """Return how many deliveries wait, were given up and were made, and why the newest of each destination was not."""
    counts = dict(connection.execute("SELECT state, count(*) FROM outbox GROUP BY state"))
    unsent = connection.execute(  # beside max() SQLite takes the other columns from the row that has it
        "SELECT destination, state, last_error, max(created_at) FROM outbox "
        "WHERE state != 'sent' AND last_error IS NOT NULL GROUP BY destination ORDER BY max(created_at) DESC, destination"
    )
    errors = tuple(
        Unsent(destination=destination, state=state, error=error, created_at=from_epoch(created))
        for destination, state, error, created in unsent
    )
    return OutboxCounts(
        pending=counts.get("pending", 0), failed=counts.get("failed", 0), sent=counts.get("sent", 0), errors=errors
    )


def read_feedback(connection: sqlite3.Connection) -> AlertFeedback:
    """Return what people said of all episodes."""
    useful, useless, everything = connection.execute(
        "SELECT count(*) FILTER (WHERE is_useful = 1), count(*) FILTER (WHERE is_useful = 0), count(*) "
        "FROM episodes LEFT JOIN episode_feedback ON episode_id = episodes.id"
    ).fetchone()
    return AlertFeedback(useful=useful, useless=useless, unrated=everything - useful - useless)


def read_deliveries(connection: sqlite3.Connection, key: str) -> tuple[Delivery, ...]:
    """Return how the message of a key stands with each destination it goes to."""
    rows = connection.execute(
        "SELECT destination, state, attempts, last_error FROM outbox WHERE key = ? ORDER BY destination", (key,)
    )
    return tuple(
        Delivery(destination=destination, state=state, attempts=attempts, last_error=error)
        for destination, state, attempts, error in rows
    )


def window_counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how many windows of active resources are in each state."""
    counts = dict(
        connection.execute(
            "SELECT windows.state, count(*) FROM windows JOIN resources ON resources.id = resource_id "
            "WHERE is_active = 1 GROUP BY windows.state"
        )
    )
    return {state: counts.get(state, 0) for state in ("open", "drained", "lost", "budget")}


def read_alert_failures(connection: sqlite3.Connection) -> tuple[AlertFailure, ...]:
    """Return the brands whose alerts could not be looked at when it was last tried, in order of name."""
    rows = connection.execute(
        "SELECT name, message, failed_at, rounds FROM alert_failures JOIN brands ON brands.id = brand_id ORDER BY name"
    )
    return tuple(
        AlertFailure(brand=brand, message=message, failed_at=from_epoch(at), rounds=rounds)
        for brand, message, at, rounds in rows
    )


def read_daemon(connection: sqlite3.Connection, name: str = "daemon") -> DaemonState | None:
    """Return what the daemon last said of itself, None where none runs or ever ran."""
    row = connection.execute("SELECT pid, started_at, beat_at FROM heartbeats WHERE name = ?", (name,)).fetchone()
    if row is None:
        return None
    return DaemonState(pid=row[0], started_at=from_epoch(row[1]), heartbeat_at=from_epoch(row[2]))


def read_digest(connection: sqlite3.Connection, number: int) -> DigestRow | None:
    """Return one stored digest, None where there is none of that number, or it was emptied by an erasure."""
    row = connection.execute(
        "SELECT id, key, subject, text, html FROM digests WHERE id = ? AND (text <> '' OR html <> '')", (number,)
    ).fetchone()
    if row is None:
        return None
    images = connection.execute(
        "SELECT content_id, data, alt FROM digest_charts WHERE digest_id = ? ORDER BY position", (number,)
    ).fetchall()
    return DigestRow(number=row[0], key=row[1], subject=row[2], text=row[3], html=row[4], images=tuple(images))


def read_episodes(
    connection: sqlite3.Connection,
    *,
    brand: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 100,
) -> tuple[EpisodeRow, ...]:
    """Return episodes that touch [since, until), the newest first."""
    rows = connection.execute(
        f"{_EPISODES} WHERE (:brand IS NULL OR brands.name = :brand) "
        "AND (:since IS NULL OR coalesce(resolved_at, updated_at) >= :since OR state = 'open') "
        "AND (:until IS NULL OR opened_at < :until) ORDER BY opened_at DESC, episodes.id DESC LIMIT :limit",
        {
            "brand": brand,
            "since": None if since is None else to_epoch(since),
            "until": None if until is None else to_epoch(until),
            "limit": limit,
        },
    )
    return tuple(_episode(row) for row in rows)


def read_episode(connection: sqlite3.Connection, number: int) -> EpisodeRow | None:
    """Return one episode by its number, None where there is none."""
    row = connection.execute(f"{_EPISODES} WHERE episodes.id = ?", (number,)).fetchone()
    return None if row is None else _episode(row)


def _episode(row: Sequence[Any]) -> EpisodeRow:
    (
        number, brand, rule, state, severity, opened_at, updated_at, resolved_at, observed, expected, low, high,
        surprise, peak, total, coverage, headline, why, acknowledged_at, is_useful,
    ) = row  # fmt: skip
    reasons = json.loads(why)
    return EpisodeRow(
        id=number,
        brand=brand,
        rule=rule,
        state=state,
        severity=severity,
        opened_at=from_epoch(opened_at),
        updated_at=from_epoch(updated_at),
        resolved_at=_instant(resolved_at),
        observed=observed,
        expected=expected,
        interval=(low, high),
        surprise=surprise,
        peak=peak,
        coverage=coverage,
        headline=headline,
        terms=tuple(reasons.get("terms", ())),
        sources=tuple(reasons.get("sources", ())),
        authors=tuple(reasons.get("authors", ())),
        mentions=tuple(reasons.get("mentions", ())),
        acknowledged_at=_instant(acknowledged_at),
        is_useful=None if is_useful is None else bool(is_useful),
        kind=reasons.get("kind", ""),
        tier=reasons.get("tier", ""),
        total=total,
        hashtags=tuple(reasons.get("hashtags", ())),
        links=tuple(reasons.get("links", ())),
        languages=tuple(reasons.get("languages", ())),
        first=reasons.get("first"),
        author_share=reasons.get("author_share"),
        negative_share=reasons.get("negative_share"),
        scored=reasons.get("scored", 0),
        usual_negative_share=reasons.get("usual_negative_share"),
        usual_scored=reasons.get("usual_scored", 0),
    )


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else from_epoch(seconds)
