"""Answer what alerts are judged by, and what became of them."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from listener.clock import from_epoch, to_epoch
from listener.errors import UsageError
from listener.search.opened import OpenedStore
from listener.sqlite_errors import translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from listener.search import states
    from listener.search.exporting import First
    from listener.search.quarters import QuarterThreads
    from listener.search.records import EpisodeRow

__all__ = ["AlertReader"]


class AlertReader(OpenedStore):
    """Answer about the quarters of an hour that rules look at, episodes, what people said of them, and snoozes."""

    def episodes(
        self,
        *,
        brand: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> tuple[EpisodeRow, ...]:
        """Return episodes that touch [since, until), the newest first."""
        from listener.search import states

        with translated(self.path):
            return states.read_episodes(self._connection, brand=brand, since=since, until=until, limit=limit)

    def episode(self, number: int) -> EpisodeRow:
        """Return one episode; UsageError where there is none of that number."""
        from listener.search import states

        with translated(self.path):
            found = states.read_episode(self._connection, number)
        if found is None:
            msg = f'no alert has the number {number}; "listener alerts" lists them'
            raise UsageError(msg)
        return found

    def feedback(self) -> states.AlertFeedback:
        """Return what people said of all alerts."""
        from listener.search import states

        with translated(self.path):
            return states.read_feedback(self._connection)

    def alert_failures(self) -> tuple[states.AlertFailure, ...]:
        """Return the brands whose alerts could not be looked at when it was last tried."""
        from listener.search import states

        with translated(self.path):
            return states.read_alert_failures(self._connection)

    def snoozed_until(self, brand: str) -> datetime | None:
        """Return until when alerts of a brand are not sent, None where they are."""
        with translated(self.path):
            row = self._connection.execute(
                "SELECT until_at FROM snoozes JOIN brands ON brands.id = brand_id WHERE name = ?", (brand,)
            ).fetchone()
        return None if row is None else from_epoch(row[0])

    def snoozes(self, now: datetime) -> dict[str, datetime]:
        """Return until when alerts of the brands are not sent of which that is so now, by name."""
        with translated(self.path):
            rows = self._connection.execute(
                "SELECT name, until_at FROM snoozes JOIN brands ON brands.id = brand_id WHERE until_at > ? ORDER BY name",
                (to_epoch(now),),
            ).fetchall()
        return {name: from_epoch(until) for name, until in rows}

    def alert_state(self, brand: str, rule: str) -> tuple[str, datetime] | None:
        """Return (state, evaluated until) of a rule for a brand, None where it was never evaluated."""
        with translated(self.path):
            row = self._connection.execute(
                "SELECT state, evaluated_until FROM alert_states JOIN brands ON brands.id = brand_id "
                "WHERE brands.name = ? AND rule = ?",
                (brand, rule),
            ).fetchone()
        return None if row is None else (str(row[0]), from_epoch(row[1]))

    def learned_anew(self, since: datetime) -> tuple[tuple[str, str, datetime], ...]:
        """Return (brand, rule, when) of the rules for which something else was listened to than before, after `since`."""
        with translated(self.path):
            rows = self._connection.execute(
                "SELECT name, rule, changed FROM (SELECT name, rule, CASE WHEN json_valid(state) "
                "THEN json_extract(state, '$.changed[#-1]') END AS changed "
                "FROM alert_states JOIN brands ON brands.id = brand_id) WHERE changed > ? ORDER BY name, changed, rule",
                (to_epoch(since),),
            ).fetchall()
        return tuple((brand, rule, from_epoch(at)) for brand, rule, at in rows)

    def quarters(self, brand: str, since: datetime, until: datetime) -> list[tuple[datetime, int, int, int]]:
        """Return (start, stories, negative, scored) of a brand's 15-minute buckets that hold anything.

        Stories, not mentions: a cascade of reposts is one thing said once.
        """
        with translated(self.path), closing(self._connection.cursor()) as cursor:
            rows = cursor.execute(
                "SELECT bucket * 900, stories, negative, positive + neutral + negative + no_evidence "
                "FROM rollup_quarter JOIN brands ON brands.id = brand_id "
                "WHERE name = ? AND bucket >= ? / 900 AND bucket < (? + 899) / 900 ORDER BY bucket",
                (brand, to_epoch(since), to_epoch(until)),
            )
            return [(from_epoch(start), count, negative, scored) for start, count, negative, scored in rows]

    def source_quarters(
        self, brand: str, sources: Sequence[str], since: datetime, until: datetime
    ) -> list[tuple[datetime, int, int, int]]:
        """Return (start, stories, negative, scored) of a brand's 15-minute buckets in some sources that hold anything."""
        from listener.search import quarters

        with translated(self.path):
            return quarters.source_quarters(self._connection, brand, sources, since, until)

    def has_others(self, brand: str, sources: Sequence[str], since: datetime, until: datetime) -> bool:
        """Say whether anything of a brand in [since, until), or that stories of it may begin with, came from another source."""
        from listener.search import quarters

        with translated(self.path):
            return quarters.has_others(self._connection, brand, sources, since, until)

    def mentions_by_quarter(
        self, brand: str, since: datetime, until: datetime, *, source: str | None = None
    ) -> dict[datetime, int]:
        """Return how many mentions a brand has in each 15-minute bucket that holds any."""
        from listener.search import quarters

        with translated(self.path):
            return quarters.mentions_by_quarter(self._connection, brand, source, since, until)

    def loudest_by_quarter(
        self, brand: str, since: datetime, until: datetime, *, source: str | None = None
    ) -> dict[datetime, tuple[int, int]]:
        """Return (followers of the most followed author, engagement of the most engaged thread) by 15-minute bucket."""
        from listener.search import quarters

        with translated(self.path):
            return quarters.loudest_by_quarter(self._connection, brand, source, since, until)

    def threads_by_quarter(
        self, brand: str, since: datetime, until: datetime, *, newest: int, source: str | None = None
    ) -> tuple[int, dict[int, QuarterThreads]]:
        """Return the number of the newest mention of all, and what the quarters hold, by their start in seconds."""
        from listener.search import quarters

        with translated(self.path):
            return quarters.threads_by_quarter(self._connection, brand, source, since, until, newest=newest)

    def loudest_mention(
        self, brand: str, since: datetime, until: datetime, *, lines: tuple[int, int], source: str | None = None
    ) -> int | None:
        """Return the number of the mention furthest above a line: (followers of its author, engagement of its thread)."""
        from listener.search import quarters

        with translated(self.path):
            return quarters.loudest_mention(self._connection, brand, source, since, until, lines=lines)

    def firsts(self, brand: str, since: datetime, until: datetime, *, source: str | None = None) -> Iterator[First]:
        """Yield the mentions with which the stories of a brand begin (in one source) in [since, until), oldest first."""
        from listener.search import exporting

        with translated(self.path):
            yield from exporting.iterate_firsts(self._connection, brand, source, since, until)
