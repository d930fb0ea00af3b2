"""Do what the daemon and the one-shot commands share: open the parts, run a pass, close them."""

from __future__ import annotations

import logging
import signal
import threading
import time
from _thread import start_new_thread
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final, cast

from listener import wiring
from listener.errors import EndedError, PluginError, SourceError, StoreBusyError, UsageError
from listener.interrupts import hear_signals, hearing
from listener.logs import redact
from listener.pipeline import Collector, CollectRequest, SourceOutcome
from listener.pipeline.answers import ThreadPlan, follow_threads
from listener.pipeline.leaving import LeftAlone
from listener.pipeline.patience import CLOCK_AHEAD, DISABLED
from listener.protocols import ReadsThreads
from listener.search import Reader
from listener.store import Retention, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path
    from types import FrameType

    from listener.config import Config
    from listener.pipeline import Judge
    from listener.pipeline.rechecking import RecheckOutcome
    from listener.protocols import Rechecks, Source, StopSignal
    from listener.reporting import Desk, Period
    from listener.store import SaveResult

__all__ = ["Service", "Stop", "StopAsked", "beside_signals", "clock_is_ahead", "stop_on_signals"]

_TRIED: Final = timedelta(days=1)
"""How long ago a source may have been tried for the clock to be the one it was tried by."""
_AWAITED: Final = timedelta(minutes=30)
"""A digest waits no longer than this for sources that have not read its last minutes, if their turn is past or comes by then."""
_MAKES: Final = 3
"""How often a digest is made anew at most where something was erased meanwhile."""
_PATIENCE_SECONDS: Final = 3.0
"""How long after a signal another process, which is mostly at a page, is waited for: then what is in hand is left."""
_FEW_FAILURES: Final = 2
"""As a machine that wakes may see before it has its network and its time again; a source with more is really down."""

logger = logging.getLogger(__name__)


class StopAsked:
    """Say how a command ends that was asked to stop: `exit_code` is 128 + the signal's number, 0 where none came."""

    __slots__ = ("asked_at", "exit_code", "is_twice")

    def __init__(self) -> None:
        self.exit_code = 0
        self.is_twice = False
        self.asked_at = 0.0

    def raise_second(self) -> None:
        """Interrupt, where a second signal came."""
        if self.is_twice:
            raise EndedError(self.exit_code)

    def raise_kept_waiting(self) -> None:
        """Interrupt, where another process has kept this one from writing for long since a signal came.

        Mostly it is at a page, and what is in hand here is stored behind that.
        """
        if self.exit_code and time.monotonic() - self.asked_at > _PATIENCE_SECONDS:
            raise EndedError(self.exit_code)


def beside_signals(job: Callable[[], None]) -> None:
    """Do what a signal's handler wants done, such as setting an event, in a thread of its own.

    A handler runs in the middle of whatever it interrupts. That may hold the lock of the very
    event, since it waits for it or another signal has just come: the handler would wait for ever.
    """
    start_new_thread(job, ())


class Stop(threading.Event):
    """Be an event that the handler of a signal can set: from then on it is, while those who wait are woken beside it."""

    _is_asked = False

    def ask(self) -> None:
        """Set the event, whatever the signal interrupted."""
        self._is_asked = True
        beside_signals(self.set)

    def is_set(self) -> bool:
        """Say whether it was set."""
        return self._is_asked or super().is_set()


@contextmanager
def stop_on_signals(stop: Stop) -> Iterator[StopAsked]:
    """Set `stop` at the first SIGINT or SIGTERM within the block; the second interrupts at once."""
    asked = StopAsked()

    def ask(number: int, frame: FrameType | None) -> None:
        del frame
        asked.is_twice = bool(asked.exit_code) or stop.is_set()
        asked.asked_at = time.monotonic()
        asked.exit_code = 128 + number  # as shells tell of a program that a signal ended
        asked.raise_second()
        stop.ask()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    heard_before = hearing()
    hear_signals(asked.raise_second, asked.raise_kept_waiting)
    try:
        yield asked
    finally:
        hear_signals(heard_before)
        for number, handler in before.items():
            signal.signal(number, handler)


def clock_is_ahead(config: Config, database: Path, *, now: datetime) -> str | None:
    """Say so where services tell that this machine's clock is ahead of theirs, and none can be read; None elsewhere.

    One that was read counts from its last two turns on: before that the clock may have been another.
    What was told at a time that is still to come was told of another clock than this one.
    """
    with Reader(database) as reader:
        found = reader.source_states()
    tried = {
        name: (found[name].state, at)
        for name in wiring.enabled_sources(config)
        if name in found and not wiring.facts_of(name).is_local
        if (at := found[name].last_attempt_at) is not None and at <= now
    }
    told = max((at for state, at in tried.values() if state == CLOCK_AHEAD), default=None)
    if told is None:
        return None
    if any(
        state == "ok" and at > told - 2 * wiring.schedule_of(config, name).every for name, (state, at) in tried.items()
    ):
        return None
    return "this machine's clock is ahead of that of the services; set it right and collect once"


class Service:
    """Do the daemon's jobs, each by itself: every call opens the store for as long as it works.

    Safe to use from several threads. The one-shot commands use it too.
    """

    def __init__(self, config: Config, database: Path, stop: StopSignal) -> None:
        self._config = config
        self._database = database
        self._stop = stop
        self._listening = wiring.listening(config)
        self._queries = wiring.build_queries(config)
        self._notifiers = wiring.build_notifiers(config)
        for why in wiring.clashing_plugins():
            logger.warning("plug-in left out problem=%s", why)
        self._making = threading.Lock()
        self._made: tuple[object, Judge] | None = None
        self._awaited: tuple[str, datetime] | None = None
        self._asked: dict[str, dict[str, str]] | None = None
        self._left_alone: dict[str, LeftAlone] = {}

    @property
    def _judge(self) -> Judge:
        """Return the stages that look at text; made anew where a model was trained or switched in between."""
        with Reader(self._database) as reader:
            models = reader.models()
        stamp = tuple((one.brand, one.trained_at, one.is_on) for one in models)
        with self._making:
            if self._made is None or self._made[0] != stamp:
                self._made = (stamp, wiring.build_judge(self._config, self._queries, models, database=self._database))
            return self._made[1]

    @property
    def _places(self) -> dict[str, dict[str, str]]:
        """Return what is listened to for each brand, by source; the configuration says it once and for all."""
        if self._asked is None:
            self._asked = wiring.places(self._config)
        return self._asked

    def register(self, store: Store, now: datetime) -> None:
        """Make the brands of the configuration and their queries known to the store."""
        store.register(
            [(brand.name, brand.kind) for brand in self._config.brands],
            self._queries,
            now=now,
            zone=self._config.zone().key,
        )

    def collect(
        self,
        name: str,
        *,
        now: datetime,
        brand: str | None = None,
        since: datetime | None = None,
        on_page: Callable[[str, SaveResult], None] | None = None,
    ) -> SourceOutcome:
        """Run one pass over a source: what is open, then what is new.

        Whatever the source does ends in the outcome. Raises StoreError.
        """
        with Store(self._database) as store:
            self.register(store, now)
            try:
                source = wiring.build_source(self._config, name, self._stop)
                schedule = wiring.schedule_of(self._config, name)
            except (PluginError, SourceError, UsageError) as error:
                said = redact(str(error))
                store.reports.note_outcome(name, state="broken", message=said, retry_at=None, now=now)
                return SourceOutcome(source=name, state="broken", message=said)
            collector = Collector(store, self._judge, self._queries, self._stop, on_page=on_page)
            budget = wiring.budget_of(self._config, name)
            left = self._left_alone.setdefault(name, LeftAlone())
            request = CollectRequest(
                now=now, lookback=schedule.lookback, since=since, brand=brand, budget=budget, left_alone=left
            )
            heard = wiring.queries_for(self._config, self._queries, name)
            with wiring.in_use(source):
                outcome = collector.collect(source, request, heard)
                if outcome.state == "ok" or (outcome.pages and source.facts.resources_fail_alone):
                    self._follow_threads(store, source, name, now)
                return outcome

    def _follow_threads(self, store: Store, source: Source, name: str, now: datetime) -> None:
        """Look for answers of the brands' own accounts, where the source can and may read threads."""
        settings, listed = self._config.responses, wiring.own_accounts(self._config, name)
        accounts = {brand: names for brand, names in listed.items() if self._config.brand(brand).kind == "own"}
        if settings.read_threads and accounts and isinstance(source, ReadsThreads):
            plan = ThreadPlan(
                accounts=accounts,
                follow=settings.follow,
                threads=settings.threads,
                budget=wiring.budget_of(self._config, name),
            )
            follow_threads(source, name, store, plan, self._stop, now=now)

    def recheck(self, name: str, *, now: datetime, only_new: bool = False) -> RecheckOutcome | None:
        """Look again at mentions of a source that are due; None where it does not offer that, or is not to.

        With `only_new` at those alone that were never completed by a look, where the
        source's mentions come incomplete. Whatever the source does ends in the outcome. Raises StoreError.
        """
        from listener.pipeline.rechecking import Rechecker, RecheckOutcome, RecheckRequest  # noqa: PLC0415 - not for a mere collection
        from listener.search.rechecks import RecheckReader  # noqa: PLC0415 - the same

        try:
            how = wiring.recheck_of(self._config, name)
            if how is None or (only_new and not how[0].is_lookup):
                return None
            source = wiring.build_source(self._config, name, self._stop)
        except (PluginError, SourceError, UsageError) as error:
            return RecheckOutcome(source=name, state="broken", message=redact(str(error)))
        request = RecheckRequest(
            now=now,
            ages=self._config.listener.recheck_after,
            per_day=how[1],
            budget=wiring.budget_of(self._config, name),
            only_new=only_new,
            left_alone=self._left_alone.setdefault(name, LeftAlone()),
        )
        with wiring.in_use(source), Store(self._database) as store, RecheckReader(self._database) as reader:
            self.register(store, now)
            return Rechecker(store, reader, self._judge, self._stop).recheck(cast("Rechecks", source), request)

    def collect_all(
        self,
        names: Sequence[str],
        *,
        now: datetime,
        brand: str | None = None,
        since: datetime | None = None,
        on_page: Callable[[str, SaveResult], None] | None = None,
    ) -> list[SourceOutcome]:
        """Run one pass over each source, one after the other, until a stop is asked for."""
        outcomes = []
        for name in names:
            if self._stop.is_set():
                break
            outcome = self.collect(name, now=now, brand=brand, since=since, on_page=on_page)
            if outcome.new:
                self.recheck(name, now=now, only_new=True)
            outcomes.append(outcome)
        return outcomes

    def evaluate_alerts(self, *, now: datetime, live: bool = True) -> int:
        """Look at what is new of every brand; return how many episodes changed.

        What goes wrong with one is logged and noted, and holds up no other. While services say that
        this machine's clock is ahead only the rules that tell what cannot be read are looked at:
        for the others hours that have not happened would be over, and what is new would come too late.
        """
        from listener.pipeline import AlertStage, WatchedBrand  # noqa: PLC0415 - not for a mere collection

        options, rules = wiring.read_alert_options(self._config)
        if live and clock_is_ahead(self._config, self._database, now=now):
            rules = tuple(rule for rule in rules if rule.kind == "blind")
        delays, places = wiring.reading_delays(self._config), self._places

        def brands() -> Iterator[WatchedBrand]:
            for query in self._queries:
                if self._stop.is_set():
                    break
                sources = self._listening[query.brand]
                asked = {"": query.version, **places[query.brand]}
                yield WatchedBrand(name=query.brand, names=query.names, sources=sources, delays=delays, asked=asked)

        with Store(self._database) as store, Reader(self._database) as reader:
            stage = AlertStage(
                store,
                reader,
                options,
                rules,
                time_zone=self._config.zone().key,
                destinations=[notifier.destination for notifier in self._notifiers],
            )
            return stage.evaluate_all(brands(), now=now, live=live)

    def make_due_digest(self, *, now: datetime) -> int | None:
        """Make the digest that should have gone out by now, once; return its number, None where none is due.

        Nothing is due while no mail is configured, or for a period before anything was read. At the very end of
        its period, and after a pause (a sleeping machine), it waits for the sources to be read once more, half an hour at most;
        while services say that this machine's clock is ahead nothing is: the period may not be over.
        """
        from listener import reporting  # noqa: PLC0415 - not for a mere collection

        period = reporting.due_period(self._config, now, self._config.zone())
        if not wiring.digest_notifiers(self._config):
            return None
        with Reader(self._database) as reader:
            first = reader.first_read_at()
            if first is None or first >= period.until or reader.digest_key(period.stem) is not None:
                return None
            if self._is_behind(reader, period, now) or clock_is_ahead(self._config, self._database, now=now):
                return None
            last = reader.digest_until(period.cadence)
            if reporting.is_told(period, last, self._config.zone()):
                return None
            period = reporting.joined_to(period, last, self._config.zone())
            return self.make_digest(reader, period, now=now, send=True)

    def _is_behind(self, reader: Reader, period: Period, now: datetime) -> bool:
        """Say whether a period's digest is better made a little later: a source is about to read what is missing of it."""
        if self._awaited is None or self._awaited[0] != period.key or now < self._awaited[1]:
            self._awaited = (period.key, now)
        if now - self._awaited[1] >= _AWAITED:
            return False
        states = reader.source_states()
        for name in wiring.enabled_sources(self._config):
            state = states.get(name)
            if state is None or state.last_success_at is None or state.state in DISABLED | {"budget", "capped"}:
                continue
            if state.consecutive_failures > _FEW_FAILURES:
                continue
            schedule = wiring.schedule_of(self._config, name)
            turn = state.last_success_at + schedule.every + schedule.jitter
            if state.last_success_at - wiring.facts_of(name).lag < period.until and turn <= now + _AWAITED:
                return True
        return False

    def make_digest(self, reader: Reader, period: Period, *, now: datetime, send: bool) -> int:
        """Render a period's digest and keep it; with `send` it goes to the outbox. Returns its number.

        Raises StoreBusyError where something was erased each time while it was made.
        """
        from listener import reporting  # noqa: PLC0415 - not for a mere collection

        notifiers = wiring.digest_notifiers(self._config) if send else ()
        destinations = [notifier.destination for notifier in notifiers]
        for _ in range(_MAKES):
            erasures = reader.erasures()
            notification, charts = reporting.render_digest_of(self._desk(reader, now), period)
            with Store(self._database) as store:
                number = reporting.save_digest(
                    store, period, notification, charts, destinations, now=now, erasures=erasures
                )
            if number:
                return number
        msg = f"{self._database}: mentions are being erased; make the digest once that is done"
        raise StoreBusyError(msg)

    def take_up_digest(self, period: Period, *, now: datetime) -> None:
        """Let what was given up of a period's digest be tried again: whoever asks for it may have mended the cause."""
        destinations = [notifier.destination for notifier in wiring.digest_notifiers(self._config)]
        with Store(self._database) as store:
            store.reports.take_up_again(period.key, destinations, now=now)

    def doubts_clock(self, *, now: datetime) -> str | None:
        """Say why nothing should be erased by the age it has at `now`, None where nothing speaks against it.

        Texts that a wrong clock takes for old are gone for good: a source has to be tried with this clock first.
        """
        if doubt := clock_is_ahead(self._config, self._database, now=now):
            return doubt
        enabled = wiring.enabled_sources(self._config)
        with Reader(self._database) as reader:
            states = reader.source_states()
        tried = [one.last_attempt_at for name in enabled if (one := states.get(name)) and one.last_attempt_at]
        apart = max([_TRIED, *(2 * wiring.schedule_of(self._config, name).every for name in enabled)])
        if tried and now - max(tried) > apart:
            return f"no source was tried since {max(tried):%Y-%m-%d %H:%M} UTC, and the clock may be wrong"
        return None

    def purge(self, *, now: datetime) -> int:
        """Erase what is older than it is to be kept, and shed what is not needed; return how many mentions went."""
        retention = wiring.retention_of(self._config)
        with Store(self._database) as store:
            store.shed_keys(now=now)
            if not retention.is_limited and not store.erasure.is_unfinished():
                return 0
            return store.erasure.purge(retention, now=now, stop=self._stop).mentions

    def finish_erasure(self, *, now: datetime) -> None:
        """Write the store anew where something was erased and that is still to be done."""
        with Store(self._database) as store:
            if store.erasure.is_unfinished():
                store.erasure.purge(Retention(by_source={}), now=now, stop=self._stop)

    def deliver(self, *, now: datetime) -> int:
        """Hand over what is due; return how many deliveries were accepted."""
        from listener import reporting  # noqa: PLC0415 - not for a mere collection

        with Store(self._database) as store, Reader(self._database) as reader:
            return reporting.deliver(self._desk(reader, now), store, self._notifiers, self._stop)

    def _desk(self, reader: Reader, now: datetime) -> Desk:
        from listener.reporting import Desk as Made  # noqa: PLC0415 - not for a mere collection

        return Made(config=self._config, reader=reader, listening=self._listening, now=now)
