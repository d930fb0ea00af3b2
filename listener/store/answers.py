"""Keep what a brand's own accounts answered: to which mention and when, no text.

A reply may come before or after the mention it answers: the newest is read
first. So replies are kept by the hash of what they answer, and the first answer
of a mention is found from either side, in the transaction that stores the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from listener.clock import CLOCK_SKEW, EARLIEST, from_epoch, to_epoch
from listener.database import write_transaction
from listener.mention import Label, Mention
from listener.sqlite_errors import translated

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from listener.store.catalogue import Catalogue

__all__ = ["AnswerBook", "OwnReply", "WaitingThread", "write_answers", "write_own_replies"]

_SHORTEST_GAP: Final = 1_800
"""Seconds between two readings of a thread; they grow with the mention's age."""

_SKEW: Final = int(CLOCK_SKEW.total_seconds())
"""A thread that was read further in the future than this was read by a clock that was ahead: it counts as never read."""

_DUE: Final = f"""
SELECT mentions.id, mentions.native_id, mentions.thread, mentions.url, mentions.published_at, mentions.extra,
       (:now - coalesce(tried_at, mentions.published_at)) * 1.0
         / CASE WHEN tried_at IS NULL THEN {_SHORTEST_GAP}
           ELSE max({_SHORTEST_GAP}, (:now - mentions.published_at) / 4) END AS overdue
FROM mentions JOIN sources ON sources.id = mentions.source_id
LEFT JOIN thread_reads ON mention_id = mentions.id AND tried_at <= :now + {_SKEW}
WHERE sources.name = :source AND mentions.published_at >= :since AND mentions.published_at <= :now
  AND repost_of IS NULL AND purged_at IS NULL AND kind NOT IN ('survey', 'article')
  AND (tried_at IS NULL OR overdue >= 1)
  AND EXISTS (
    SELECT 1 FROM matches JOIN brands ON brands.id = matches.brand_id
    WHERE matches.mention_id = mentions.id AND matches.label <> {int(Label.IRRELEVANT)}
      AND brands.name IN (SELECT value FROM json_each(:brands))
      AND NOT EXISTS (
        SELECT 1 FROM answers WHERE answers.mention_id = mentions.id AND answers.brand_id = matches.brand_id
      )
  )
ORDER BY overdue DESC, mentions.id LIMIT :limit
"""  # noqa: S608 - built from constants of this module

_OF_REPLY: Final = """
SELECT id, published_at FROM mentions WHERE source_id = :source AND native_id IN (:target, :erased)
UNION
SELECT id, published_at FROM mentions WHERE thread = :target AND thread <> native_id AND source_id = :source
"""

_REPLY: Final = """
INSERT INTO own_replies (target, source_id, brand_id, answered_at) VALUES (:target, :source, :brand, :at)
ON CONFLICT DO NOTHING
"""
_REPLY_SEEN: Final = """
INSERT INTO own_replies (target, source_id, brand_id, answered_at) SELECT :target, :source, :brand, :at
WHERE NOT EXISTS (SELECT 1 FROM own_replies WHERE target = :target AND source_id = :source AND brand_id = :brand)
"""
"""Of one whose time is that of its reading: the next reading of it is not another reply."""

_ANSWER: Final = """
INSERT INTO answers (mention_id, brand_id, answered_at) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET answered_at = min(answered_at, excluded.answered_at)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReply:
    """Say that an account of a brand's own replied: `targets` are native ids of what it answers."""

    brand: str
    source: str
    targets: tuple[str, ...]
    answered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingThread:
    """Hold a thread that is to be read: its mentions by number, and one of them as its source gave it."""

    numbers: tuple[int, ...]
    mention: Mention


class AnswerBook:
    """Say which threads are to be read for answers, and keep what was found, on the store's connection."""

    def __init__(self, connection: sqlite3.Connection, path: Path, catalogue: Catalogue) -> None:
        self._connection = connection
        self._path = path
        self._catalogue = catalogue

    def due(
        self, source: str, brands: Sequence[str], *, now: datetime, follow: timedelta, limit: int
    ) -> tuple[WaitingThread, ...]:
        """Return threads of mentions of `brands` without an answer, published within `follow`, most overdue first.

        A thread is due when it was never read, and again after a quarter of the
        mention's age, half an hour at least. At most `limit` mentions are looked at.
        """
        import json  # noqa: PLC0415 - only where threads are read

        values = {
            "source": source,
            "brands": json.dumps(list(brands)),
            "now": to_epoch(now),
            "since": to_epoch(now - follow),
            "limit": limit,
        }
        with translated(self._path):
            rows = self._connection.execute(_DUE, values).fetchall()
        threads: dict[str, list[int]] = {}
        firsts: dict[str, Mention] = {}
        for number, native_id, thread, url, published_at, extra, _ in rows:
            key = thread or native_id
            threads.setdefault(key, []).append(number)
            firsts.setdefault(
                key,
                Mention(
                    source=source,
                    id=native_id,
                    text="",
                    published_at=from_epoch(published_at),
                    url=url,
                    thread=thread,
                    extra=json.loads(extra) if extra else None,
                ),
            )
        return tuple(WaitingThread(numbers=tuple(numbers), mention=firsts[key]) for key, numbers in threads.items())

    def note_read(
        self,
        threads: Sequence[WaitingThread],
        replies: Sequence[OwnReply],
        *,
        unread: Collection[str] = (),
        now: datetime,
    ) -> int:
        """Keep what the reading of threads brought, and that they were read; return how many mentions it answers.

        `unread` are native ids of mentions whose threads could not be read: nothing more is known of those.
        """
        at = to_epoch(now)
        reads = [
            (number, at, None if thread.mention.id in unread else at) for thread in threads for number in thread.numbers
        ]
        with write_transaction(self._connection, self._path):
            (before,) = self._connection.execute("SELECT count(*) FROM answers").fetchone()
            write_own_replies(self._connection, self._catalogue, replies, now=now)
            self._connection.executemany(
                "INSERT INTO thread_reads (mention_id, tried_at, read_at) VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET tried_at = excluded.tried_at, read_at = coalesce(excluded.read_at, read_at)",
                reads,
            )
            (after,) = self._connection.execute("SELECT count(*) FROM answers").fetchone()
        return int(after - before)


def write_own_replies(
    connection: sqlite3.Connection, catalogue: Catalogue, replies: Iterable[OwnReply], *, now: datetime
) -> None:
    """Store own replies, inside the caller's transaction, and the answers they are to mentions that are stored.

    One that claims to be from before `EARLIEST` has no time, so that nobody knows how fast it
    was: it is left out, as one that claims none. One from the future was written by `now`.
    """
    seen, latest = to_epoch(now), to_epoch(now + CLOCK_SKEW)
    for reply in replies:
        if reply.answered_at < EARLIEST:
            continue
        source, brand, claimed = (
            catalogue.source(reply.source),
            catalogue.brand(reply.brand),
            to_epoch(reply.answered_at),
        )
        at = claimed if claimed <= latest else seen
        for target in dict.fromkeys(reply.targets):
            connection.execute(
                _REPLY if at == claimed else _REPLY_SEEN,
                {"target": _digest(target), "source": source, "brand": brand, "at": at},
            )
            values = {"source": source, "target": target, "erased": f"erased:{_digest(target).hex()}"}
            found = connection.execute(_OF_REPLY, values).fetchall()
            connection.executemany(
                _ANSWER, [(number, brand, at) for number, published_at in found if published_at <= at]
            )


def write_answers(connection: sqlite3.Connection, mentions: Iterable[tuple[int, str, str | None, int, int]]) -> None:
    """Find the answers to mentions that were just stored, inside the caller's transaction.

    Each is (number, native id, thread, key of its source, time of publication in seconds).
    """
    (has_any,) = connection.execute("SELECT EXISTS (SELECT 1 FROM own_replies)").fetchone()
    for number, native_id, thread, source, published_at in mentions if has_any else ():
        targets = {_digest(native_id), _digest(thread or native_id)}
        for target in targets:
            rows = connection.execute(
                "SELECT brand_id, min(answered_at) FROM own_replies "
                "WHERE target = ? AND source_id = ? AND answered_at >= ? GROUP BY brand_id",
                (target, source, published_at),
            ).fetchall()
            connection.executemany(_ANSWER, [(number, brand, at) for brand, at in rows])


def _digest(native_id: str) -> bytes:
    """Return what stands for a native id; that of an erased mention is made of the same."""
    return blake2b(native_id.encode("utf-8", "replace"), digest_size=16).digest()
