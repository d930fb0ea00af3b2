"""Read sources into a real store and watch it with rules, as the daemon does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from listener.alerts.options import AlertOptions, RuleOptions
from listener.mention import Author, Mention
from listener.pipeline import AlertStage, WatchedBrand
from listener.protocols import Resource
from listener.search import EpisodeRow, Reader
from listener.store import PageProgress, Store
from servers.world import make_judge, make_mention, open_store, own_words

START = datetime(2026, 11, 20, 6, tzinfo=UTC)
"""What lies before is history, what comes after is read live."""
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
SOURCES = ("hackernews", "x")


@dataclass
class Watch:
    """Hold a store with sources that are read and rules that look at it."""

    store: Store
    reader: Reader
    rules: tuple[RuleOptions, ...]
    destinations: tuple[str, ...] = ("mail to team@example.com",)

    def read(self, until: datetime, mentions: Sequence[Mention] = (), *, sources: Sequence[str] = SOURCES) -> None:
        """Read sources up to an instant."""
        judge = make_judge()
        for source in sources:
            mine = [one for one in mentions if one.source == source]
            judgement = judge.judge(mine, self.store.known([one.key for one in mine]), now=until)
            judged, refreshed = judgement.judged, judgement.refreshed
            resource = Resource(key=f"{source}-1", lane="search", native="acme", brand="Acme")
            number = self.store.open_pass(source, [resource], now=until)[resource.key]
            windows = self.store.windows_to_read(
                number,
                until=until,
                lookback_from=START - timedelta(days=10),
                look_back=False,
                oldest_readable=None,
                now=until,
            )
            for window in windows:
                progress = PageProgress(window=window, cursor=None, exhausted=True)
                self.store.save_page(judged, refreshed=refreshed, progress=progress, now=until)
                judged, refreshed = (), ()

    def look(self, now: datetime) -> int:
        """Evaluate the rules; return how many episodes changed."""
        stage = AlertStage(
            self.store,
            self.reader,
            AlertOptions(),
            self.rules,
            time_zone="Asia/Kolkata",
            destinations=self.destinations,
        )
        return stage.evaluate(WatchedBrand(name="Acme", names=("acme",), sources=SOURCES), now=now)

    def live(self, mentions: Sequence[Mention], *, hours: int) -> None:
        """Read and look every quarter of an hour after START."""
        for turn in range(1, hours * 4 + 1):
            until = START + QUARTER * turn
            self.read(until, [one for one in mentions if until - QUARTER <= (one.published_at or START) < until])
            self.look(until)

    def episodes(self) -> dict[str, EpisodeRow]:
        """Return the newest episode of each rule."""
        return {one.rule: one for one in reversed(self.reader.episodes())}

    def news(self) -> list[str]:
        """Return what goes out: rule and kind, in order."""
        rows = self.store._connection.execute("SELECT key FROM outbox ORDER BY id").fetchall()
        return [f"{key.split('/')[1]} {key.rsplit(':', 1)[1]}" for (key,) in rows]


@contextmanager
def watching(folder: Path, *rules: RuleOptions, after_usual: bool = False) -> Iterator[Watch]:
    """Open a new store that is watched by the rules, `after_usual` with all of `usual()` read until START."""
    if after_usual:
        (folder / "listener.db").write_bytes(_usual_store())
    with open_store(folder) as store, Reader(store.path) as reader:
        yield Watch(store=store, reader=reader, rules=rules)


@cache
def _usual_store() -> bytes:
    """Return a store in which `usual()` was read until START; it is made once."""
    with tempfile.TemporaryDirectory() as folder:
        with watching(Path(folder)) as watch:
            watch.read(START, usual())
        return (Path(folder) / "listener.db").read_bytes()


def usual(*, days: int = 8, sources: Sequence[str] = SOURCES) -> list[Mention]:
    """Return two mentions an hour and source before START, each with words of its own."""
    return [
        said(
            source,
            START - HOUR * (hour + 1) + timedelta(minutes=11 + 30 * turn),
            f"acme lid {own_words(f'{source} {hour}-{turn}')}",
            f"usual-{hour}-{turn}",
        )
        for source in sources
        for hour in range(24 * days)
        for turn in range(2)
    ]


def burst(source: str, at: datetime, count: int = 60, about: str = "recall of the kettle") -> list[Mention]:
    """Return many mentions within a quarter of an hour that are all about one thing."""
    return [
        said(
            source,
            at + timedelta(seconds=10 * number),
            f"acme {about}, {own_words(f'{source} {about} {number}')}",
            f"{about.split(maxsplit=1)[0]}-{number}",
        )
        for number in range(count)
    ]


def said(source: str, at: datetime, text: str, name: str, **fields: object) -> Mention:
    """Return a mention of one source."""
    return make_mention(
        1,
        text,
        **{"source": source, "id": f"{source}-{name}", "author": Author(id=f"{source}-{name}", handle=name), **fields},
        published_at=at,
    )
