"""Run collection, alerts, digests and deliveries on a schedule, until told to stop.

One daemon serves a store: a lock file beside it says which. The first SIGTERM or
SIGINT lets the page in hand be stored and ends within ten seconds; a second one
ends at once. SIGHUP reads the configuration again and keeps the old one where
the new one is wrong. What is due is told by the store, so that a restart, a
sleeping machine or a clock change neither skips nor repeats anything. A supervisor
that speaks systemd's protocol (sd_notify) is told when it serves, that it lives, and that it stops.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Final, Self

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from listener import wiring
from listener.clock import utc_now
from listener.disk import is_there, lock_refusal, open_private
from listener.errors import AlreadyRunningError, ListenerError, StoreError
from listener.logs import event
from listener.schedule import LONGEST_WAIT, Regularly, first_run_at, first_run_of
from listener.search import Reader
from listener.search.rechecks import RecheckReader
from listener.service import Service, beside_signals
from listener.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path
    from types import FrameType

    from listener.config import Config
    from listener.metrics import MetricsEndpoint
    from listener.pipeline import SourceOutcome
    from listener.search.states import SourceState

__all__ = ["STOP_SECONDS", "Daemon", "InstanceLock", "tell_supervisor"]

STOP_SECONDS: Final = 9.0
"""How long a stop waits for the page in hand."""

_HEARTBEAT: Final = timedelta(seconds=30)
_REPORTING: Final = timedelta(seconds=60)
_WATCHING: Final = timedelta(minutes=15)
"""Alerts are looked at after each pass, and this often where none was: a refused key ends all passes for a day."""
_PURGING: Final = timedelta(days=1)
_FIRST_PURGE: Final = timedelta(minutes=1)
"""A daemon that is started every day purges too."""
_PURGE_AGAIN: Final = timedelta(minutes=10)
_RECHECKS_APART: Final = (timedelta(minutes=15), timedelta(hours=12))
"""The shortest and the longest time between two passes of looking again."""
_SET_BACK: Final = timedelta(seconds=10)
"""A clock that goes back by more was set; by less it was corrected, which no schedule notices."""
_WORKERS: Final = 8
_OWN_WORKERS: Final = 2
"""Heartbeat and reporting have threads of their own: long passes over many sources hold up neither."""
_MISFIRE_SECONDS: Final = None
"""A run that is late (a sleeping laptop, a busy worker) runs late; it is never dropped."""

logger = logging.getLogger(__name__)


class InstanceLock:
    """Hold the lock against a second daemon on the same store.

    The lock is the operating system's: it is gone with the process, however that ends. Windows
    has none of the kind: there nothing keeps a second daemon away.
    """

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            import fcntl  # noqa: PLC0415 - not there on Windows
        except ImportError:
            return self
        self._file = os.fdopen(open_private(self._path), "r+", encoding="ascii")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            text = self._file.read().strip()
            self._file.close()
            if why := lock_refusal(error):
                msg = f"{self._path}: {why}"
                raise StoreError(msg) from None
            pid = int(text) if text.isdecimal() else None
            msg = f"a daemon already serves this store (pid {text or 'unknown'}); stop it first"
            raise AlreadyRunningError(msg, pid=pid) from None
        try:
            self._file.seek(0)
            self._file.truncate()
            self._file.write(f"{os.getpid()}\n")
            self._file.flush()
        except OSError as error:
            with contextlib.suppress(OSError):  # closing tries to write it again
                self._file.close()
            msg = f"{self._path}: cannot be written: {error.strerror or error}"
            raise StoreError(msg) from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # of a disk that fails: the lock goes with the file
                self._file.truncate(0)
            self._file.close()


def tell_supervisor(**states: str) -> bool:
    """Tell the supervisor named by $NOTIFY_SOCKET how the daemon is; False where there is none or it does not listen.

    The protocol is systemd's: a datagram of NAME=value lines to a local socket
    (https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html, seen 2026-11).
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")) or not hasattr(socket, "AF_UNIX"):
        return False
    place = "\0" + address[1:] if address.startswith("@") else address
    message = "\n".join(f"{name}={value}" for name, value in states.items())
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.settimeout(1.0)
            channel.sendto(message.encode(), place)
    except OSError:
        return False
    return True


class Daemon:
    """Serve one store until a stop is asked for.

    `load` reads the configuration again (for SIGHUP). `clock` tells the time.
    """

    def __init__(
        self,
        config: Config,
        database: Path,
        *,
        load: Callable[[], Config] | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._config = config
        self._database = database
        self._load = load
        self._clock = clock
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._reload = threading.Event()
        self._is_asked = False
        self._running: set[str] = set()
        self._started_at = self._watched_at = clock()
        self._watching = threading.Lock()
        self._service = Service(config, database, self._stop)
        self._scheduler: BackgroundScheduler | None = None
        self._metrics: MetricsEndpoint | None = None

    def run(self) -> None:
        """Serve until stopped; raises AlreadyRunningError where another daemon serves the store."""
        with InstanceLock(self._database), self._signals(), self._heartbeat():
            event(logger, "daemon started", pid=os.getpid(), database=self._database.name)
            self._serve_metrics()
            scheduler = self._start()
            tell_supervisor(READY="1", STATUS=self._status())
            try:
                self._serve(scheduler)
            finally:
                if self._metrics is not None:
                    self._metrics.close()
                event(logger, "stopping", pid=os.getpid())
                tell_supervisor(STOPPING="1", STATUS="storing what is in hand")
                scheduler.shutdown(wait=False)
                self._wait_for_jobs()

    def ask_to_stop(self) -> None:
        """Ask for an orderly stop (what SIGTERM does)."""
        self._stop.set()
        self._wake.set()

    @contextlib.contextmanager
    def _heartbeat(self) -> Iterator[None]:
        """Make the store ready and say in it that the daemon lives, until it ends: in order or because it cannot start."""
        with Store(self._database) as store:
            self._service.register(store, self._clock())
            store.reports.beat("daemon", os.getpid(), started_at=self._started_at, now=self._clock())
        try:
            yield
        finally:
            with contextlib.suppress(StoreError), self._open() as store:
                store.reports.rest("daemon", os.getpid())
            event(logger, "daemon stopped", pid=os.getpid())

    def _open(self) -> Store:
        self._require_store()
        return Store(self._database)

    def _require_store(self) -> None:
        """Raise StoreError where the store is gone: a volume that is not mounted any more is no reason to begin a new one."""
        if not is_there(self._database):
            msg = f"{self._database}: the store is not there any more; put it back, or start the daemon again for a new one"
            raise StoreError(msg)

    def _serve_metrics(self) -> None:
        """Serve the metrics where the configuration says; raises ListenerError where that cannot be."""
        settings = self._config.metrics
        if self._metrics is None:
            if settings.port is None:
                return
            from listener.metrics import MetricsEndpoint, exposition, gather  # noqa: PLC0415 - only where wanted

            self._metrics = MetricsEndpoint(lambda: exposition(gather(self._config, self._database, now=self._clock())))
        self._metrics.move(settings.host, settings.port)

    def _serve(self, scheduler: BackgroundScheduler) -> None:
        """Wait for signals; read the configuration again where asked to."""
        latest = self._clock()
        while not self._stop.is_set():
            self._wake.wait(timeout=1.0)
            self._wake.clear()
            latest = self._follow_clock(scheduler, latest)
            if self._reload.is_set():
                self._reload.clear()
                self._read_again(scheduler)

    def _follow_clock(self, scheduler: BackgroundScheduler, latest: datetime) -> datetime:
        """Bring jobs forward where the clock was set back: they would wait for a time that was before; returns the time."""
        now = self._clock()
        back = latest - now
        if back > _SET_BACK:
            event(logger, "clock set back", level=logging.WARNING, seconds=int(back.total_seconds()))
            for job in scheduler.get_jobs():
                if job.next_run_time is not None:
                    job.modify(next_run_time=max(now, job.next_run_time - back))
        return now

    def _start(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(_WORKERS), "own": ThreadPoolExecutor(_OWN_WORKERS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": _MISFIRE_SECONDS},
        )
        self._scheduler = scheduler
        self._schedule_sources(scheduler, self._source_states())
        now = self._clock()
        scheduler.add_job(
            self._beat, Regularly(seconds=int(_HEARTBEAT.total_seconds()), timezone="UTC"), id="heartbeat",
            next_run_time=now, executor="own",
        )  # fmt: skip
        scheduler.add_job(
            self._report, Regularly(seconds=int(_REPORTING.total_seconds()), timezone="UTC"), id="reporting",
            next_run_time=now + timedelta(seconds=5), executor="own",
        )  # fmt: skip
        scheduler.add_job(
            self._watch, Regularly(seconds=int(_WATCHING.total_seconds()), timezone="UTC"), id="alerts",
            next_run_time=now + _WATCHING,
        )  # fmt: skip
        scheduler.add_job(
            self._purge, Regularly(seconds=int(_PURGING.total_seconds()), timezone="UTC"), id="purge",
            next_run_time=now + _FIRST_PURGE,
        )  # fmt: skip
        scheduler.start()
        return scheduler

    def _source_states(self) -> dict[str, SourceState]:
        with Reader(self._database) as reader:
            return reader.source_states()

    def _schedule_sources(self, scheduler: BackgroundScheduler, states: Mapping[str, SourceState]) -> None:
        """Give every enabled source its job, the first run as the store says it is due."""
        for job in scheduler.get_jobs():
            if job.id.startswith(("source:", "recheck:")):
                job.remove()
        now = self._clock()
        for name in wiring.enabled_sources(self._config):
            schedule = wiring.schedule_of(self._config, name)
            first = first_run_of(states.get(name), schedule.every, now)
            scheduler.add_job(
                self._collect,
                Regularly(
                    seconds=max(1, int(schedule.every.total_seconds())),
                    start_date=first,
                    jitter=int(schedule.jitter.total_seconds()) or None,
                    timezone="UTC",
                ),
                args=(name,),
                id=f"source:{name}",
                next_run_time=first,
            )
        self._schedule_rechecks(scheduler)
        with self._job("schedule"):
            for name in wiring.enabled_sources(self._config):
                self._note_next_run(name)

    def _schedule_rechecks(self, scheduler: BackgroundScheduler) -> None:
        """Give every enabled source that looks again at its mentions a job, as often as its requests a day last."""
        now = self._clock()
        with RecheckReader(self._database) as reader:
            states = reader.rechecks(now)
        for name in wiring.enabled_sources(self._config):
            how = wiring.recheck_of(self._config, name)
            if how is None:
                continue
            facts, per_day = how
            shortest, longest = _RECHECKS_APART
            every = min(longest, max(shortest, timedelta(days=1) * facts.requests_a_batch / per_day))
            state = states.get(name)
            scheduler.add_job(
                self._recheck,
                Regularly(seconds=int(every.total_seconds()), timezone="UTC"),
                args=(name,),
                id=f"recheck:{name}",
                next_run_time=first_run_at(
                    state.last_attempt_at if state else now, every, now, state.retry_at if state else None
                ),
            )

    def _collect(self, name: str) -> None:
        """Run one pass over a source, then look at alerts; what goes wrong is noted, never raised."""
        service = self._service  # one pass, one configuration, whatever is read again meanwhile
        with self._job(f"source:{name}"):
            self._require_store()
            if not self._is_enabled(name):
                return
            outcome = service.collect(name, now=self._clock())
            self._come_back(name, outcome)
            self._note_next_run(name)
            if outcome.new and not self._stop.is_set() and service is self._service:
                service.recheck(name, now=self._clock(), only_new=True)
            if outcome.state != "stopped" and not self._stop.is_set():
                self._evaluate_alerts()

    def _watch(self) -> None:
        """Look at alerts where no pass has done so of late: that nothing can be read is told all the same."""
        with self._job("alerts"):
            self._require_store()
            if self._clock() - self._watched_at >= _WATCHING - _HEARTBEAT:
                self._evaluate_alerts()

    def _evaluate_alerts(self) -> None:
        """Look at alerts, one look after the other: of two at once the older one could be the last to be noted."""
        with self._watching:
            self._watched_at = self._clock()
            self._service.evaluate_alerts(now=self._watched_at)

    def _is_enabled(self, name: str) -> bool:
        """Say whether a source is still to be read: its job may have waited while the configuration was read again."""
        return name in wiring.enabled_sources(self._config)

    def _recheck(self, name: str) -> None:
        """Look again at mentions of a source; what goes wrong is noted, never raised."""
        service = self._service
        with self._job(f"recheck:{name}"):
            self._require_store()
            if self._is_enabled(name):
                service.recheck(name, now=self._clock())

    def _come_back(self, name: str, outcome: SourceOutcome) -> None:
        """Let the next run wait until the service wants to be asked again, a day at most, or bring it forward after what may pass."""
        job = None if self._scheduler is None else self._scheduler.get_job(f"source:{name}")
        if job is None or job.next_run_time is None:
            return
        if outcome.retry_at is not None and outcome.retry_at > job.next_run_time:
            job.modify(next_run_time=min(outcome.retry_at, self._clock() + LONGEST_WAIT))
        elif outcome.again_at is not None and outcome.again_at < job.next_run_time:
            job.modify(next_run_time=outcome.again_at)

    def _note_next_run(self, name: str) -> None:
        job = None if self._scheduler is None else self._scheduler.get_job(f"source:{name}")
        with self._open() as store:
            store.reports.note_next_run(name, at=None if job is None else job.next_run_time)

    def _report(self) -> None:
        """Deliver what waits, and make the digest that is due: one that cannot be made holds up no alert."""
        with self._job("reporting"):
            self._require_store()
            self._service.deliver(now=self._clock())
            if self._service.make_due_digest(now=self._clock()) is not None:
                self._service.deliver(now=self._clock())

    def _purge(self) -> None:
        """Erase what is older than the configuration keeps it; a little later where the clock that says so is in doubt."""
        with self._job("purge"):
            self._require_store()
            now = self._clock()
            if doubt := self._service.doubts_clock(now=now):
                event(logger, "not purged", level=logging.WARNING, reason=doubt)
                job = None if self._scheduler is None else self._scheduler.get_job("purge")
                if job is not None:
                    job.modify(next_run_time=now + _PURGE_AGAIN)
                return
            purged = self._service.purge(now=now)
            if purged:
                event(logger, "purged", mentions=purged)

    def _status(self) -> str:
        count = len(wiring.enabled_sources(self._config))
        return f"serving {self._database.name} from {count} source{'' if count == 1 else 's'}"

    def _beat(self) -> None:
        """Say that the daemon lives: to the supervisor also where the store cannot be written."""
        tell_supervisor(WATCHDOG="1")
        with self._job("heartbeat"), self._open() as store:
            store.reports.beat("daemon", os.getpid(), started_at=self._started_at, now=self._clock())

    @contextlib.contextmanager
    def _job(self, name: str) -> Iterator[None]:
        """Keep account of running jobs, and turn their failures into log lines."""
        self._running.add(name)
        try:
            yield
        except ListenerError as error:
            event(logger, "job failed", level=logging.ERROR, job=name, error=str(error))
        finally:
            self._running.discard(name)

    def _read_again(self, scheduler: BackgroundScheduler) -> None:
        if self._load is None:
            return
        try:
            config = self._load()
            wiring.validate(config)
            service = Service(config, self._database, self._stop)
            with self._open() as store:
                service.register(store, self._clock())
            states = self._source_states()
        except ListenerError as error:
            event(logger, "configuration kept", level=logging.ERROR, error=str(error))
            return
        self._config, self._service = config, service
        self._schedule_sources(scheduler, states)
        tell_supervisor(STATUS=self._status())
        event(logger, "configuration read again", path=config.path.name)
        try:
            self._serve_metrics()
        except ListenerError as error:
            event(logger, "metrics not moved", level=logging.ERROR, error=str(error))

    def _wait_for_jobs(self) -> None:
        """Give running jobs their time; then leave them: a transaction that is cut stores nothing."""
        patience = threading.Event()
        waited = 0.0
        while self._running and waited < STOP_SECONDS:
            patience.wait(0.1)
            waited += 0.1
        if self._running:
            event(logger, "stopped in mid job", level=logging.WARNING, jobs=",".join(sorted(self._running)))
            logging.shutdown()
            sys.stderr.flush()
            os._exit(0)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Take over the signals for as long as the daemon runs."""
        handlers: dict[int, Callable[[int, FrameType | None], None]] = {
            signal.SIGTERM: self._on_stop,
            signal.SIGINT: self._on_stop,
        }
        if hasattr(signal, "SIGHUP"):
            handlers[signal.SIGHUP] = self._on_hangup
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_stop(self, number: int, _frame: FrameType | None) -> None:
        if self._is_asked or self._stop.is_set():
            os._exit(128 + number)
        self._is_asked = True
        beside_signals(self.ask_to_stop)

    def _on_hangup(self, _number: int, _frame: FrameType | None) -> None:
        beside_signals(self._ask_to_reload)

    def _ask_to_reload(self) -> None:
        self._reload.set()
        self._wake.set()
