"""Do what the daemon and the one-shot commands share: open the parts, run a pass, close them."""

from __future__ import annotations

import signal
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from listener import wiring
from listener.errors import PluginError
from listener.pipeline import Collector, CollectRequest, SourceOutcome
from listener.store import Store

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path
    from types import FrameType

    from listener.config import Config
    from listener.protocols import Source, StopSignal
    from listener.store import SaveResult

__all__ = ["collect_once", "collect_source", "register", "stop_on_signals"]


@contextmanager
def stop_on_signals(stop: threading.Event) -> Iterator[None]:
    """Set `stop` at the first SIGINT or SIGTERM within the block; the second interrupts at once."""

    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def register(config: Config, store: Store, now: datetime) -> None:
    """Make the brands of the configuration and their queries known to the store."""
    queries = wiring.build_queries(config)
    store.register([(brand.name, brand.kind) for brand in config.brands], queries, now=now)


def collect_once(
    config: Config,
    database: Path,
    *,
    stop: StopSignal,
    now: datetime,
    only: str | None = None,
    brand: str | None = None,
    since: datetime | None = None,
    on_page: Callable[[str, SaveResult], None] | None = None,
) -> list[SourceOutcome]:
    """Run one pass over every enabled source (or `only` one), one after the other.

    A source that fails does not stop the others. Returns one outcome a source.
    """
    names = [only] if only is not None else list(wiring.enabled_sources(config))
    queries = wiring.build_queries(config)
    judge = wiring.build_judge(config, queries)
    outcomes = []
    with Store(database) as store:
        register(config, store, now)
        collector = Collector(store, judge, queries, stop, on_page=on_page)
        for name in names:
            if stop.is_set():
                break
            outcomes.append(collect_source(config, collector, name, stop, now=now, brand=brand, since=since))
    return outcomes


def collect_source(
    config: Config,
    collector: Collector,
    name: str,
    stop: StopSignal,
    *,
    now: datetime,
    brand: str | None = None,
    since: datetime | None = None,
) -> SourceOutcome:
    """Build one source, run a pass over it and close it."""
    try:
        source: Source = wiring.build_source(config, name, stop)
    except PluginError as error:
        return SourceOutcome(source=name, state="broken", message=str(error))
    schedule = wiring.schedule_of(config, name)
    request = CollectRequest(now=now, lookback=schedule.lookback, since=since, brand=brand)
    queries = wiring.queries_for(config, wiring.build_queries(config), name)
    with closing(source):
        return collector.collect(source, request, queries)
