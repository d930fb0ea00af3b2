"""Answer how the program itself is doing: sources, daemon, deliveries, digests, spending, size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.clock import from_epoch
from listener.search.opened import OpenedStore
from listener.sqlite_errors import translated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from listener.budget import Limit
    from listener.search import states
    from listener.search.recall import RecallRow
    from listener.search.size import StoreSize
    from listener.search.spending import BudgetRow, SpendingRow, UsualRow

__all__ = ["StateReader"]


class StateReader(OpenedStore):
    """Answer about runs, deliveries, digests, what was spent and received, and how large the store is."""

    def source_states(self) -> dict[str, states.SourceState]:
        """Return the state of every source that was ever tried."""
        from listener.search import states

        with translated(self.path):
            return states.read_source_states(self._connection)

    def daemon(self) -> states.DaemonState | None:
        """Return what the daemon last said of itself."""
        from listener.search import states

        with translated(self.path):
            return states.read_daemon(self._connection)

    def outbox(self) -> states.OutboxCounts:
        """Return how many deliveries wait, were given up and were made."""
        from listener.search import states

        with translated(self.path):
            return states.read_outbox(self._connection)

    def deliveries(self, key: str) -> tuple[states.Delivery, ...]:
        """Return how the message of a key stands with each destination it goes to."""
        from listener.search import states

        with translated(self.path):
            return states.read_deliveries(self._connection, key)

    def digest(self, number: int) -> states.DigestRow | None:
        """Return a stored digest by its number, None where there is none."""
        from listener.search import states

        with translated(self.path):
            return states.read_digest(self._connection, number)

    def digest_key(self, stem: str) -> str | None:
        """Return the key of the first digest that was made whose key begins so, None where none was."""
        with translated(self.path):
            row = self._connection.execute(
                "SELECT key FROM digests WHERE substr(key, 1, length(?1)) = ?1 ORDER BY id", (stem,)
            ).fetchone()
        return None if row is None else str(row[0])

    def digest_until(self, cadence: str) -> datetime | None:
        """Return where the latest digest of a cadence ended, None where none was made."""
        with translated(self.path):
            (until,) = self._connection.execute(
                "SELECT max(to_at) FROM digests WHERE substr(key, 1, length(?1)) = ?1", (f"digest:{cadence}:",)
            ).fetchone()
        return None if until is None else from_epoch(until)

    def erasures(self) -> int:
        """Return a number that grows with each erasure: what was composed before one may quote what is gone."""
        from listener.store.scrubbing import count_erasures

        with translated(self.path):
            return count_erasures(self._connection)

    def window_counts(self) -> dict[str, int]:
        """Return how many windows are in each state."""
        from listener.search import states

        with translated(self.path):
            return states.window_counts(self._connection)

    def recall(self, since: datetime, until: datetime) -> tuple[RecallRow, ...]:
        """Return how much of what services say they have of [since, until) was received, by source and lane."""
        from listener.search import recall

        with translated(self.path):
            return recall.read_recall(self._connection, since, until)

    def spending(self, since: datetime, until: datetime) -> tuple[SpendingRow, ...]:
        """Return what was spent in [since, until), by source and brand; a UTC day counts where its noon lies."""
        from listener.search import spending

        with translated(self.path):
            return spending.read_spending(self._connection, since, until)

    def usual_spending(self, now: datetime) -> tuple[UsualRow, ...]:
        """Return what a usual day costs by source and brand, from the last 14 whole UTC days."""
        from listener.search import spending

        with translated(self.path):
            return spending.read_usual(self._connection, now)

    def bought(self, now: datetime) -> tuple[int, int, float]:
        """Return what was asked of the language model today (UTC): requests, tokens, US dollars; what is set aside counts."""
        from listener.search import spending

        with translated(self.path):
            return spending.read_bought(self._connection, now)

    def waiting_for_budget(self) -> frozenset[tuple[str, str | None]]:
        """Return of which sources, and for which brand or several (None), something waits for a budget."""
        from listener.search import spending

        with translated(self.path):
            return spending.read_waiting(self._connection)

    def budgets(self, limits: Sequence[Limit], now: datetime) -> tuple[BudgetRow, ...]:
        """Return how each limit stands now."""
        from listener.search import spending

        with translated(self.path):
            return spending.read_budgets(self._connection, limits, now)

    def size(self, now: datetime) -> StoreSize:
        """Return how large the store is and how it grows."""
        from listener.search import size

        with translated(self.path):
            return size.read_size(self._connection, self.path, now)
