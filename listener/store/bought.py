"""Remember the answers of a language model and keep its daily account, in the store and for every process.

No text is kept: a question is a digest of what was sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.clock import to_epoch
from listener.database import write_transaction
from listener.mention import SCORE_SCALE, Label
from listener.sqlite_errors import translated

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

__all__ = ["BoughtWriter"]

_CHUNK: Final = 500
_DAY_SECONDS: Final = 86_400


class BoughtWriter:
    """Read and write the tables of bought scores and of what they cost."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def recall(self, questions: Sequence[bytes], *, now: datetime) -> dict[bytes, tuple[Label, float]]:
        """Return the answers there are to `questions`, and note that they were asked for."""
        found: dict[bytes, tuple[Label, float]] = {}
        stale: list[tuple[int, bytes]] = []
        seconds = to_epoch(now)
        with translated(self._path):
            for start in range(0, len(questions), _CHUNK):
                chunk = questions[start : start + _CHUNK]
                marks = ", ".join("?" for _ in chunk)
                rows = self._connection.execute(
                    f"SELECT question, label, score, used_at FROM bought_scores WHERE question IN ({marks})",  # noqa: S608 - marks only
                    tuple(chunk),
                )
                for question, label, score, used_at in rows:
                    found[question] = (Label(label), score / SCORE_SCALE)
                    if used_at < seconds - _DAY_SECONDS:
                        stale.append((seconds, question))
        if stale:
            with write_transaction(self._connection, self._path):
                self._connection.executemany("UPDATE bought_scores SET used_at = ? WHERE question = ?", stale)
        return found

    def keep(self, answers: Mapping[bytes, tuple[Label, float]], *, most: int, now: datetime) -> None:
        """Remember answers; of more than `most` those go that were not asked for the longest time."""
        if not answers:
            return
        seconds = to_epoch(now)
        rows = [
            (question, int(label), round(score * SCORE_SCALE), seconds) for question, (label, score) in answers.items()
        ]
        with write_transaction(self._connection, self._path):
            self._connection.executemany(
                "INSERT OR REPLACE INTO bought_scores (question, label, score, used_at) VALUES (?, ?, ?, ?)", rows
            )
            (count,) = self._connection.execute("SELECT count(*) FROM bought_scores").fetchone()
            if count > most:
                self._connection.execute(
                    "DELETE FROM bought_scores WHERE question IN ("
                    "SELECT question FROM bought_scores ORDER BY used_at, question LIMIT ?)",
                    (count - most,),
                )

    def reserve(self, day: int, charge: tuple[int, int, int], caps: tuple[int, int, int]) -> bool:
        """Add (requests, tokens, millionths of a dollar) to a day's account, or nothing where a cap is passed."""
        with write_transaction(self._connection, self._path):
            wanted = tuple(one + more for one, more in zip(self._day(day), charge, strict=True))
            if any(one > cap for one, cap in zip(wanted, caps, strict=True)):
                return False
            self._set(day, wanted)
        return True

    def settle(self, day: int, reserved: tuple[int, int, int], real: tuple[int, int, int]) -> None:
        """Put what a request really cost in the place of what was reserved for it."""
        with write_transaction(self._connection, self._path):
            changed = zip(self._day(day), reserved, real, strict=True)
            self._set(day, tuple(max(0, one - first + then) for one, first, then in changed))

    def spent(self, day: int) -> tuple[int, int, int]:
        """Return the account of a day: requests, tokens, millionths of a dollar."""
        with translated(self._path):
            return self._day(day)

    def _day(self, day: int) -> tuple[int, int, int]:
        row = self._connection.execute(
            "SELECT requests, tokens, micro_usd FROM bought_days WHERE day = ?", (day,)
        ).fetchone()
        return (0, 0, 0) if row is None else (int(row[0]), int(row[1]), int(row[2]))

    def _set(self, day: int, account: tuple[int, ...]) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO bought_days (day, requests, tokens, micro_usd) VALUES (?, ?, ?, ?)", (day, *account)
        )
