"""Make a small place to listen from: a configuration, a store with mentions in it, and a way to run commands."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from listener import wiring
from listener.cli.main import run
from listener.config import load_config
from listener.mention import Author, Engagement, Label, Match, Mention, Sentiment
from listener.protocols import Resource
from listener.store import Judged, PageProgress, Store, Verdict
from stores import lay_store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)

CONFIG = """\
[listener]
time_zone = "Asia/Kolkata"

[[brands]]
name = "Acme"
keywords = ["Acme", "Acme Rockets"]

[[brands]]
name = "Globex"
kind = "competitor"

[sources.hackernews]
base_url = "http://127.0.0.1:9"
"""


@dataclass(frozen=True)
class Answer:
    """Hold what a command line gave."""

    code: int
    out: str
    err: str


class Place:
    """Hold a folder with a configuration and, once something is stored, a store."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.config_file = folder / "config.toml"
        self.database = folder / "listener.db"
        self._capsys = capsys
        self._numbers = iter(range(1, 1_000_000))
        self.configure(CONFIG)

    def configure(self, text: str) -> None:
        self.config_file.write_text(text, encoding="utf-8")

    def run(self, *arguments: str, now: datetime | None = NOW, config: bool = True) -> Answer:
        """Run a command line; --config and --now stand at its end."""
        more = ["--config", str(self.config_file)] if config else []
        more += [] if now is None else ["--now", now.isoformat()]
        self._capsys.readouterr()
        code = run([*arguments, *more])
        captured = self._capsys.readouterr()
        return Answer(code=code, out=captured.out, err=captured.err)

    def store(self) -> Store:
        """Open the store, the brands of the configuration known to it."""
        config = load_config(self.config_file)
        store = Store(lay_store(self.database))
        store.register([(one.name, one.kind) for one in config.brands], wiring.build_queries(config), now=NOW)
        return store

    def mention(self, text: str, *, at: datetime, source: str = "hackernews", author: str = "ada") -> Mention:
        number = str(next(self._numbers))
        return Mention(
            source=source,
            id=number,
            text=text,
            published_at=at,
            url=f"https://news.example/{number}",
            author=Author(id=author, handle=author, name=author.title(), followers=100),
            engagement=Engagement(likes=3),
        )

    def save(self, mentions: Sequence[Mention], *, brand: str = "Acme", label: Label = Label.POSITIVE) -> None:
        """Store mentions of a brand, each with this label."""
        versions = {query.brand: query.version for query in wiring.build_queries(load_config(self.config_file))}
        score = {Label.POSITIVE: 0.5, Label.NEGATIVE: -0.5, Label.UNSCORED: None}.get(label, 0.0)
        sentiment = Sentiment(score=score, label=label, language="en", scorer="vader", version="1", evidence=1)
        verdict = Verdict(match=Match(brand=brand, query_version=versions[brand]), sentiment=sentiment)
        with self.store() as store:
            store.save_page(
                [
                    Judged(mention=one, published_at=one.published_at or NOW, language="en", verdicts=(verdict,))
                    for one in mentions
                ],
                now=NOW,
            )

    def fill(self, days: int = 5, a_day: int = 4, *, brand: str = "Acme", text: str = "Acme is fine") -> None:
        """Store `a_day` different mentions of a brand on each of the last days."""
        mentions = [
            self.mention(f"{text}, says person {day * a_day + turn}", at=NOW - timedelta(days=day, hours=turn + 1))
            for day in range(days)
            for turn in range(a_day)
        ]
        self.save(mentions, brand=brand)

    def drain(self, since: datetime, until: datetime, *, source: str = "hackernews", brand: str = "Acme") -> None:
        """Note that a source was read for a brand in [since, until)."""
        with self.store() as store:
            resource = Resource(key=f"{brand}-1", lane=f"search:{brand}", native=brand, brand=brand)
            ids = store.open_pass(source, [resource], now=until)
            for window in store.windows_to_read(
                ids[resource.key], until=until, lookback_from=since, look_back=False, oldest_readable=None, now=until
            ):
                store.save_page([], progress=PageProgress(window=window, cursor=None, exhausted=True), now=until)
            store.reports.note_outcome(source, state="ok", message=None, retry_at=None, now=until)


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path / "none"))
    return Place(tmp_path, capsys)


@pytest.fixture
def filled(place: Place) -> Place:
    """Return a place with five days of mentions of Acme: twenty, stored once for all tests with this configuration."""
    config = place.config_file.read_text(encoding="utf-8")
    if config in _filled_stores:
        lay_store(place.database).write_bytes(_filled_stores[config])
        deque(islice(place._numbers, 20), maxlen=0)
    else:
        place.fill()
        _filled_stores[config] = place.database.read_bytes()
    return place


_filled_stores: dict[str, bytes] = {}
"""Stores with these mentions, by the configuration that they were filled with."""
