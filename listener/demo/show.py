"""Run the whole job on the bundled archive: no key, no network.

Collect, match, score, store, alert, chart and digest are the real stages; only
the services are replaced by the archive and the clock by the archive's end.
"""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from listener import reporting, wiring
from listener.clock import align_down
from listener.config import load_config
from listener.demo.source import ArchiveSource, read_archive
from listener.demo.world import (
    ARCHIVE_DAYS,
    ARCHIVE_END,
    ARCHIVE_START,
    OUTAGE_SINCE,
    OUTAGE_SOURCE,
    OUTAGE_UNTIL,
    OWN_BRAND,
)
from listener.errors import ListenerError
from listener.pipeline import Collector, CollectRequest
from listener.search import Reader
from listener.service import Service
from listener.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listener.config import Config
    from listener.search import EpisodeRow, Trend
    from reports.charts import Chart

__all__ = ["DATABASE", "DemoResult", "run_demo"]

DATABASE: Final = "listener.db"
_MARK: Final = ".listener-demo"
"""A file that says that a folder was made by the demo and may be replaced by it."""
_OF_THE_DISK: Final = "lost+found"
"""What a disk that is mounted for the demo holds from the beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """Hold what the demo left behind: the folder, the files in it, and the alert that is open at its end."""

    folder: Path
    files: tuple[Path, ...]
    mentions: int
    episode: EpisodeRow | None


def run_demo(folder: Path) -> DemoResult:
    """Replay the archive into `folder` and write its store, charts and digest there.

    A folder that an earlier demo made is emptied first. It stays itself, since it may be a
    mounted one, a link to one, or where one stands. Raises ListenerError where the folder
    holds anything else.
    """
    config = _prepare(folder)
    database = folder / DATABASE
    mentions = _collect(config, database)
    service = Service(config, database, threading.Event())
    service.evaluate_alerts(now=ARCHIVE_END, live=False)
    with Store(database) as store, Reader(database) as reader:  # closed last, the store takes in its log
        desk = reporting.Desk(config=config, reader=reader, listening=wiring.listening(config), now=ARCHIVE_END)
        episode = _open_episode(reader)
        files = [*_write_charts(desk, store, episode, folder), *_write_digest(desk, store, folder)]
    return DemoResult(
        folder=folder, files=(database, *files, folder / "config.toml"), mentions=mentions, episode=episode
    )


def _prepare(folder: Path) -> Config:
    """Make the folder ready, with the demo's configuration in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = [entry for entry in folder.iterdir() if entry.name not in {_MARK, _OF_THE_DISK}]
        if before and not (folder / _MARK).exists():
            msg = f"{folder} is there already and was not made by the demo; name another folder"
            raise ListenerError(msg)
        (folder / _MARK).write_text("made by listener demo\n", encoding="utf-8")
        for entry in before:
            _remove(entry)
        shutil.copyfile(Path(__file__).with_name("demo.toml"), folder / "config.toml")
    except OSError as error:
        msg = f"{folder}: the demo cannot write there: {error.strerror}"
        raise ListenerError(msg) from None
    return load_config(folder / "config.toml")


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()


def _collect(config: Config, database: Path) -> int:
    """Read the archive, source by source, through the stages that collection uses; return what was stored."""
    queries = wiring.build_queries(config)
    judge = wiring.build_judge(config, queries)
    stored = 0
    with Store(database) as store:
        store.cut_days(config.zone().key)
        store.register([(brand.name, brand.kind) for brand in config.brands], queries, now=ARCHIVE_START)
        collector = Collector(store, judge, queries, threading.Event())
        for name, mentions in sorted(read_archive().items()):
            source = ArchiveSource(name, mentions)
            if name == OUTAGE_SOURCE:
                stored += _collect_around_outage(store, collector, source)
            request = CollectRequest(now=ARCHIVE_END, lookback=timedelta(days=ARCHIVE_DAYS))
            stored += collector.collect(source, request).new
    return stored


def _collect_around_outage(store: Store, collector: Collector, source: ArchiveSource) -> int:
    """Read up to the outage, then let the time of the outage be lost."""
    request = CollectRequest(now=OUTAGE_SINCE, lookback=OUTAGE_SINCE - ARCHIVE_START)
    stored = collector.collect(source, request).new
    (resource,) = source.plan(())
    resource_id = store.open_pass(source.name, [resource], now=OUTAGE_UNTIL)[resource.key]
    store.windows_to_read(
        resource_id,
        until=OUTAGE_UNTIL,
        lookback_from=ARCHIVE_START,
        look_back=False,
        oldest_readable=None,
        now=OUTAGE_UNTIL,
    )
    store.declare_lost(
        resource_id, since=OUTAGE_SINCE, until=OUTAGE_UNTIL, reason="the service was down", now=OUTAGE_UNTIL
    )
    return stored


def _open_episode(reader: Reader) -> EpisodeRow | None:
    """Return the episode that is open at the archive's end: the own brand's first, a spike before other rules."""
    episodes = [episode for episode in reader.episodes(since=ARCHIVE_END) if episode.state == "open"]
    return max(episodes, key=lambda one: (one.brand == OWN_BRAND, one.rule == "spike", one.surprise), default=None)


def _write_charts(desk: reporting.Desk, store: Store, episode: EpisodeRow | None, folder: Path) -> Iterator[Path]:
    from reports.charts import draw_brands, draw_share, draw_volume  # noqa: PLC0415 - matplotlib is slow to load

    zone = desk.config.zone()
    month = align_down(ARCHIVE_END - timedelta(days=30), "day", zone)
    trend = desk.trend(OWN_BRAND, month, ARCHIVE_END)
    yield _keep(store, draw_volume(trend, brand=OWN_BRAND), trend, folder / "trend.png")
    brands = [brand.name for brand in desk.config.brands]
    together = desk.reader.trend(brands, desk.span(ARCHIVE_START, ARCHIVE_END, by="week"), desk.listening)
    yield _keep(store, draw_brands(together), together, folder / "brands.png")
    kinds = {brand.name: brand.kind for brand in desk.config.brands}
    shares = desk.reader.share(kinds, desk.span(month, ARCHIVE_END), desk.listening)
    yield _keep(
        store, draw_share(shares, since=month, until=ARCHIVE_END, time_zone=zone.key), trend, folder / "share.png"
    )
    if episode is not None:
        yield _keep(store, *reporting.draw_episode_of(desk, episode, {}), folder / "alert.png")


def _keep(store: Store, chart: Chart, trend: Trend, file: Path) -> Path:
    reporting.save_chart(store, chart, trend, now=ARCHIVE_END)
    file.write_bytes(chart.data)
    return file


def _write_digest(desk: reporting.Desk, store: Store, folder: Path) -> list[Path]:
    from reports.render import eml_bytes, html_page  # noqa: PLC0415 - loaded where a digest is made

    period = reporting.period_of(desk.config, (ARCHIVE_END - timedelta(hours=1)).date(), desk.config.zone())
    notification, charts = reporting.render_digest_of(desk, period)
    reporting.save_digest(store, period, notification, charts, (), now=ARCHIVE_END)
    page, mail = folder / "digest.html", folder / "digest.eml"
    page.write_text(html_page(notification), encoding="utf-8")
    mail.write_bytes(eml_bytes(notification, "listener@kettlune.example", desk.config.digest.to, date=ARCHIVE_END))
    return [page, mail]
