"""Gather what a monitoring system wants to know from the store and the process.

Every question is short and reads what is kept ready (states, counts by day, the
ledger); none goes through the mentions.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from listener import wiring
from listener.clock import Bucket
from listener.metrics.exposition import Family, Sample
from listener.search.rechecks import RecheckReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from listener.config import Config
    from listener.search import Reader
    from listener.search.states import SourceState

__all__ = ["gather"]

_SPANS: Final = (("24h", timedelta(days=1)), ("7d", timedelta(days=7)))
_PAGE_FILE: Final = Path("/proc/self/statm")
_HANDLES: Final = Path("/proc/self/fd")


def gather(config: Config, database: Path, *, now: datetime) -> list[Family]:
    """Return every metric as it stands now. Raises StoreError where the store cannot be read."""
    with RecheckReader(database) as reader:
        return [
            *_process(database),
            *_daemon(reader),
            *_sources(reader, wiring.enabled_sources(config)),
            *_coverage(config, reader, now),
            *_windows(reader),
            *_outbox(reader),
            *_alerts(config, reader),
            *_mentions(reader),
            *_budgets(config, reader, now),
            *_rechecks(config, reader, now),
        ]


def _family(name: str, help_text: str, samples: Iterable[tuple[Mapping[str, str], float | None]]) -> Family:
    """Return a gauge; a value that is not known is left out."""
    known = tuple(Sample(labels=labels, value=float(value)) for labels, value in samples if value is not None)
    return Family(name=name, help=help_text, samples=known)


def _process(database: Path) -> list[Family]:
    size = sum(file.stat().st_size for file in _files(database))
    return [
        _family("listener_build_info", "The version of the program.", [({"version": _version()}, 1)]),
        _family("listener_store_size_bytes", "Size of the store's files.", [({}, size)]),
        _family("process_resident_memory_bytes", "Resident memory size in bytes.", [({}, _resident_bytes())]),
        _family("process_open_fds", "Number of open file descriptors.", [({}, _open_handles())]),
    ]


def _files(database: Path) -> list[Path]:
    return [file for file in (database, database.with_name(database.name + "-wal")) if file.exists()]


def _daemon(reader: Reader) -> list[Family]:
    state = reader.daemon()
    started, beat = (None, None) if state is None else (state.started_at.timestamp(), state.heartbeat_at.timestamp())
    return [
        _family("listener_daemon_start_time_seconds", "When the daemon began, in Unix time.", [({}, started)]),
        _family("listener_daemon_heartbeat_timestamp_seconds", "When the daemon last gave a sign.", [({}, beat)]),
    ]


def _sources(reader: Reader, enabled: Sequence[str]) -> list[Family]:
    states = reader.source_states()
    shown = [(name, states.get(name)) for name in enabled]

    def times(field: str) -> list[tuple[Mapping[str, str], float | None]]:
        return [({"source": name}, _timestamp(state, field)) for name, state in shown]

    return [
        _family(
            "listener_source_state",
            "1 for the state each enabled source is in: ok, or the kind of its last failure.",
            [({"source": name, "state": "unread" if state is None else state.state}, 1) for name, state in shown],
        ),
        _family(
            "listener_source_last_success_timestamp_seconds",
            "When a pass over the source last worked, in Unix time.",
            times("last_success_at"),
        ),
        _family(
            "listener_source_last_attempt_timestamp_seconds",
            "When a pass over the source last began, in Unix time.",
            times("last_attempt_at"),
        ),
        _family(
            "listener_source_next_run_timestamp_seconds",
            "When the daemon will read the source next, in Unix time.",
            times("next_run_at"),
        ),
        _family(
            "listener_source_consecutive_failures",
            "Passes over the source that failed since one worked.",
            [({"source": name}, None if state is None else state.consecutive_failures) for name, state in shown],
        ),
    ]


def _timestamp(state: SourceState | None, field: str) -> float | None:
    instant: datetime | None = getattr(state, field, None)
    return None if instant is None else instant.timestamp()


def _coverage(config: Config, reader: Reader, now: datetime) -> list[Family]:
    samples: list[tuple[Mapping[str, str], float | None]] = []
    for brand, listening in wiring.listening(config).items():
        for word, length in _SPANS:
            span = [Bucket(start=now - length, end=now)]
            whole = reader.coverage(brand, listening, span, now)[0]
            samples.append(({"brand": brand, "source": "", "window": word}, whole))
            by_source = reader.coverage_by_source(brand, listening, span, now)
            samples += [({"brand": brand, "source": name, "window": word}, by_source[name][0]) for name in listening]
    return [
        _family(
            "listener_coverage_ratio",
            "Share of the last time that was read; an empty source stands for all of them. Left out where not known.",
            samples,
        )
    ]


def _windows(reader: Reader) -> list[Family]:
    counts = reader.window_counts()
    return [
        _family(
            "listener_windows",
            "Windows of time in the ledger that are not drained, by state.",
            [({"state": state}, count) for state, count in sorted(counts.items()) if state != "drained"],
        )
    ]


def _outbox(reader: Reader) -> list[Family]:
    outbox = reader.outbox()
    counts = {"pending": outbox.pending, "failed": outbox.failed, "sent": outbox.sent}
    return [
        _family(
            "listener_outbox_deliveries",
            "Alerts and digests to one destination each, by state.",
            [({"state": state}, count) for state, count in counts.items()],
        )
    ]


def _alerts(config: Config, reader: Reader) -> list[Family]:
    failing = {one.brand: one.rounds for one in reader.alert_failures()}
    return [
        _family(
            "listener_alert_consecutive_failures",
            "Rounds in which the alerts of a brand could not be looked at since one worked.",
            [({"brand": brand.name}, failing.get(brand.name, 0)) for brand in config.brands],
        )
    ]


def _mentions(reader: RecheckReader) -> list[Family]:
    return [
        _family(
            "listener_mentions",
            "Stored mentions of a brand by source.",
            [({"brand": brand, "source": source}, count) for brand, source, count in reader.mention_counts()],
        )
    ]


def _budgets(config: Config, reader: Reader, now: datetime) -> list[Family]:
    rows = [
        (
            {"owner": row.source or f"brand {row.brand}", "unit": row.unit, "period": row.period},
            row.used + row.reserved,
            row.limit,
        )
        for row in reader.budgets(wiring.all_limits(config), now)
    ]
    return [
        _family(
            "listener_budget_used",
            "What of a budget is spent or set aside, in its unit.",
            [(labels, used) for labels, used, _ in rows],
        ),
        _family(
            "listener_budget_limit", "What may be spent, in its unit.", [(labels, most) for labels, _, most in rows]
        ),
    ]


def _rechecks(config: Config, reader: RecheckReader, now: datetime) -> list[Family]:
    states = reader.rechecks(now)
    limits = {name: wiring.recheck_of(config, name) for name in wiring.enabled_sources(config)}
    return [
        _family(
            "listener_recheck_due",
            "Mentions that wait to be looked at again.",
            [({"source": name}, state.due) for name, state in states.items()],
        ),
        _family(
            "listener_recheck_requests_today",
            "Requests for looking again since midnight UTC.",
            [({"source": name}, state.requests) for name, state in states.items()],
        ),
        _family(
            "listener_recheck_requests_limit",
            "Requests a day for looking again.",
            [({"source": name}, how[1]) for name, how in limits.items() if how is not None],
        ),
    ]


def _version() -> str:
    try:
        return version("social-listener")
    except PackageNotFoundError:
        return "0"


def _resident_bytes() -> int | None:
    """Return the memory this process holds; None where the system does not tell."""
    with suppress(OSError, ValueError, IndexError):
        return int(_PAGE_FILE.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    with suppress(ImportError, OSError):
        import resource  # noqa: PLC0415 - not there on Windows

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    return None


def _open_handles() -> int | None:
    with suppress(OSError):
        return sum(1 for _ in _HANDLES.iterdir())
    return None
