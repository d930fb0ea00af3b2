"""The daemon collects on schedule, serves alone, takes a new configuration, and stops when told without losing a page."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from listener.clock import utc_now
from listener.daemon import STOP_SECONDS
from listener.store import DigestSave, Store
from running.site import (
    BRANDS,
    NOW,
    PATIENCE,
    Site,
    hackernews_table,
    hits,
    posts,
    reddit_table,
    things,
    wait_for,
    x_table,
)
from servers.hackernews import HackerNews, story
from servers.reddit import Reddit
from servers.smtp import Behaviour, MailServer
from servers.web import Answer, Request, SimulatedServer
from servers.x import X

OFTEN = {"every": "1s", "jitter": "0s"}


def mail_table(port: int) -> str:
    return (
        '[digest]\nat = 00:00:00\nto = ["team@example.com"]\n'
        f'[mail]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nsender = "listener@example.org"\n'
    )


class Running:
    """Hold a daemon as a process of its own, with its log."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.log_file = site.folder / f"log{time.monotonic_ns()}"
        self.process: subprocess.Popen[str] = site.start("run", now=None, err=self.log_file)

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def wait_for(self, condition: Callable[[], object], what: str) -> object:
        """Wait for something while the daemon lives."""

        def either() -> object:
            assert self.process.poll() is None, f"the daemon ended: {self.log}"
            return condition()

        return wait_for(either, f"{what}; the log: {self.log}")

    def wait_until_ready(self) -> None:
        self.wait_for(lambda: "daemon started" in self.log, "the daemon starts")

    def wait_for_mention(self, words: str) -> None:
        sql = "SELECT 1 FROM mentions WHERE coalesce(title, '') || coalesce(text, '') LIKE ?"
        self.wait_for(lambda: self.site.database.exists() and self._rows(sql, f"%{words}%"), f"a mention of {words}")

    def _rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        if not self._rows_of("SELECT 1 FROM sqlite_master WHERE name = 'mentions'"):
            return []
        return self._rows_of(sql, *values)

    def _rows_of(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        return self.site.rows(sql, *values)

    def tell(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def stop(self) -> int:
        """Ask for a stop, which is not long in coming; return the exit code."""
        self.tell(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE)


@pytest.fixture
def start() -> Iterator[Callable[[Site], Running]]:
    """Return what starts a daemon; whatever still runs at the end is ended."""
    started: list[Running] = []

    def begin(site: Site) -> Running:
        started.append(Running(site))
        return started[-1]

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


def said(number: int, words: str) -> dict[str, object]:
    """Return a story that is two minutes old: Hacker News is read up to a minute ago."""
    return story(number, int(utc_now().timestamp()) - 120, f"{words} is what they say about acme in the kitchen")


def test_the_daemon_collects_on_schedule_alone_and_with_the_configuration_it_is_told_to_read(
    tmp_path: Path, start: Callable[[Site], Running]
) -> None:
    with HackerNews(hits(12)) as server:
        table = hackernews_table(server, **OFTEN)
        site = Site(tmp_path, table)
        daemon = start(site)
        daemon.wait_for_mention("about the new lid")
        assert site.rows("SELECT name, pid FROM heartbeats") == [("daemon", daemon.process.pid)]
        server.items.append(said(7001, "marigold"))
        daemon.wait_for_mention("marigold")

        second = site.process("run", now=None)
        assert second.code == 1
        assert f"pid {daemon.process.pid}" in second.err
        assert len(second.err.splitlines()) == 1

        site.config.write_text("[listener\n", encoding="utf-8")
        daemon.tell(signal.SIGHUP)
        daemon.wait_for(lambda: "configuration kept" in daemon.log, "the wrong configuration is refused")
        server.items.append(said(7002, "tulip"))
        daemon.wait_for_mention("tulip")

        site.configure(table, brands=BRANDS.replace('["acme"]', '["acme", "anvil"]'))
        daemon.tell(signal.SIGHUP)
        daemon.wait_for(lambda: "configuration read again" in daemon.log, "the new configuration is read")
        server.items.append(story(7003, int(utc_now().timestamp()) - 120, "an anvil fell on the lid that I had"))
        daemon.wait_for_mention("anvil fell")

        assert daemon.stop() == 0
        assert site.rows("SELECT 1 FROM heartbeats") == []
        assert "daemon stopped" in daemon.log
        assert "Traceback" not in daemon.log, daemon.log


class Gate(HackerNews):
    """Answer nothing before it is opened."""

    def __init__(self, items: list[dict[str, object]]) -> None:
        super().__init__(items)
        self.asked, self.opened = Event(), Event()

    def route(self, request: Request) -> Answer:
        self.asked.set()
        self.opened.wait(PATIENCE)
        return super().route(request)


def test_a_source_that_is_taken_away_while_it_is_read_ends_its_pass_in_order(
    tmp_path: Path, start: Callable[[Site], Running]
) -> None:
    with Gate([said(7000, "the new lid")]) as server, HackerNews([]) as items:
        site = Site(tmp_path, hackernews_table(server, items_url=items.url, every="1h"))
        daemon = start(site)
        daemon.wait_for(server.asked.is_set, "the source is read")
        site.configure("")
        daemon.tell(signal.SIGHUP)
        daemon.wait_for(lambda: "configuration read again" in daemon.log, "the new configuration is read")
        server.opened.set()
        daemon.wait_for(lambda: "source read source=hackernews" in daemon.log, "the pass ends")
        assert daemon.stop() == 0
        assert site.rows("SELECT state FROM windows WHERE state <> 'drained'") == []
        assert "Traceback" not in daemon.log, daemon.log


def test_a_daemon_that_cannot_start_does_not_pass_for_one_that_lives(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, HackerNews([]) as server:
        port = taken.getsockname()[1]
        site = Site(tmp_path, hackernews_table(server), more=f"[metrics]\nport = {port}\n")
        ended = site.process("run", now=None)
    assert ended.code == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in ended.err
    assert site.rows("SELECT 1 FROM heartbeats") == []
    assert site.run("status", "--healthcheck", now=None).code == 1


def test_a_store_that_is_gone_is_no_reason_to_begin_a_new_one(tmp_path: Path, start: Callable[[Site], Running]) -> None:
    site, away = Site(tmp_path, ""), tmp_path / "away.db"
    daemon = start(site)
    daemon.wait_until_ready()

    def read_again(said: str) -> None:
        told = daemon.log.count(said)
        daemon.tell(signal.SIGHUP)
        daemon.wait_for(lambda: daemon.log.count(said) > told, said)

    read_again("configuration read again")
    site.database.rename(away)
    read_again("the store is not there any more; put it back, or start the daemon again for a new one")
    assert not site.database.exists()
    away.rename(site.database)
    read_again("configuration read again")
    site.database.rename(away)
    assert daemon.stop() == 0
    assert not site.database.exists()
    assert "Traceback" not in daemon.log, daemon.log


@pytest.mark.slow
def test_a_killed_daemon_leaves_no_lock_behind(tmp_path: Path, start: Callable[[Site], Running]) -> None:
    with HackerNews(hits(12)) as server:
        site = Site(tmp_path, hackernews_table(server, **OFTEN))
        first = start(site)
        first.wait_until_ready()
        first.process.kill()
        first.process.wait()
        second = start(site)
        second.wait_for_mention("about the new lid")
        assert site.rows("SELECT pid FROM heartbeats") == [(second.process.pid,)]
        assert second.stop() == 0


def services() -> list[object]:
    return [
        pytest.param(lambda: HackerNews(hits(30)), lambda one: hackernews_table(one, hits_per_page=5, **OFTEN), id="hackernews"),
        pytest.param(lambda: X(posts(30), now=utc_now()), lambda one: x_table(one, **OFTEN), id="x", marks=pytest.mark.slow),
        pytest.param(
            lambda: Reddit(things(30), now=NOW), lambda one: reddit_table(one, **OFTEN), id="reddit", marks=pytest.mark.slow
        ),
    ]  # fmt: skip


@pytest.mark.parametrize(("serve", "table"), services())
def test_a_stop_in_mid_answer_is_heard_and_loses_nothing(
    serve: Callable[[], SimulatedServer],
    table: Callable[[SimulatedServer], str],
    tmp_path: Path,
    start: Callable[[Site], Running],
) -> None:
    with serve() as server:
        site = Site(tmp_path, table(server))
        slow: list[str] = []

        def is_second_page(_request: object) -> bool:
            slow.append("page")
            return len(slow) > 2

        server.fault("slow_body", when=is_second_page)
        daemon = start(site)
        daemon.wait_for(lambda: len(slow) > 2, "a page is under way")
        assert daemon.stop() == 0
        assert "stopped in mid job" not in daemon.log
        assert "Traceback" not in daemon.log
        waiting = site.rows("SELECT 1 FROM windows WHERE state = 'open'")
        assert waiting
        if isinstance(server, X):
            server.now = utc_now() + timedelta(seconds=1)
        assert site.collect(now=utc_now()).code == 0
        assert site.rows("SELECT 1 FROM windows WHERE state <> 'drained'") == []
        assert site.rows("SELECT count(*) FROM mentions") == [(30,)]


STUBBORN = """
from dataclasses import dataclass
from threading import Event

from listener.api import Page, Resource, SourceFacts, option


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    size: int = option("Nothing.", default=1)


class Stubborn:
    name = "stubborn"
    Options = Options
    facts = SourceFacts(summary="Hears nothing.")

    def __init__(self, options=None, *, stop=None):
        self.options = options

    def plan(self, queries):
        return [Resource(key="k", lane="search", native="acme")]

    def fetch(self, resource, window, cursor):
        Event().wait(3600)
        return Page()

    def check(self):
        return "answers"

    def close(self):
        pass
"""


def install(folder: Path, module: str, points: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a plug-in with sources as pip would."""
    metadata = folder / "stubborn_plugin-1.0.dist-info"
    metadata.mkdir(parents=True)
    (folder / "stubborn_plugin.py").write_text(module, encoding="utf-8")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: stubborn-plugin\nVersion: 1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text(f"[listener.sources]\n{points}", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))


@pytest.fixture
def stubborn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return a site with a plug-in, installed as pip would, that does not hear when it is told to stop."""
    install(tmp_path / "installed", STUBBORN, "stubborn = stubborn_plugin:Stubborn\n", monkeypatch)
    return Site(tmp_path / "site", '[sources.stubborn]\nevery = "1s"\n')


def wait_until_stuck(daemon: Running) -> None:
    sql = "SELECT 1 FROM windows WHERE state = 'open'"
    daemon.wait_until_ready()
    daemon.wait_for(lambda: daemon.site.rows(sql), "the plug-in is asked")


def test_a_second_signal_ends_the_daemon_at_once(stubborn: Site, start: Callable[[Site], Running]) -> None:
    daemon = start(stubborn)
    wait_until_stuck(daemon)
    daemon.tell(signal.SIGTERM)
    daemon.wait_for(lambda: "stopping" in daemon.log, "the first signal is heard")
    assert daemon.stop() == 128 + signal.SIGTERM
    assert stubborn.rows("SELECT state FROM windows") == [("open",)]


@pytest.mark.slow
def test_a_part_that_does_not_hear_is_left_behind_within_ten_seconds(
    stubborn: Site, start: Callable[[Site], Running]
) -> None:
    daemon = start(stubborn)
    wait_until_stuck(daemon)
    assert STOP_SECONDS < 10
    assert daemon.stop() == 0
    assert "stopped in mid job" in daemon.log
    assert stubborn.rows("SELECT state FROM windows") == [("open",)]


@pytest.mark.slow
def test_sources_that_take_for_ever_hold_up_no_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Callable[[Site], Running]
) -> None:
    names = [f"stubborn{number}" for number in range(12)]
    kinds = "".join(f"class Kind_{name}(Stubborn):\n    name = {name!r}\n" for name in names)
    points = "".join(f"{name} = stubborn_plugin:Kind_{name}\n" for name in names)
    install(tmp_path / "installed", STUBBORN + kinds, points, monkeypatch)
    with MailServer(Behaviour()) as mail:
        sources = "".join(f"[sources.{name}]\n" for name in names)
        site = Site(tmp_path / "site", sources, more=mail_table(mail.port))
        with Store(site.database) as store:
            digest = DigestSave(key="digest:1", since=NOW, until=NOW, subject="Acme", text="quiet", html=None)
            store.reports.save_digest(digest, ["mail to team@example.com"], now=NOW)
        daemon = start(site)
        daemon.wait_until_ready()
        daemon.wait_for(lambda: mail.behaviour.received, "the message is sent")
        daemon.wait_for(lambda: site.rows("SELECT 1 FROM outbox WHERE state = 'sent'"), "that is noted")
        daemon.tell(signal.SIGTERM)
        daemon.wait_for(lambda: "stopping" in daemon.log, "the first signal is heard")
        daemon.stop()


@pytest.mark.slow
def test_a_rate_limited_source_waits_as_asked_also_after_a_restart(
    tmp_path: Path, start: Callable[[Site], Running]
) -> None:
    with X(posts(30), now=utc_now(), limit=2) as server:
        site = Site(tmp_path, x_table(server, **OFTEN))
        sql = "SELECT next_run_at FROM source_states WHERE state = 'rate_limited'"
        first = start(site)
        first.wait_until_ready()
        first.wait_for(lambda: site.rows(sql) == [(server.reset,)], "the next run is when X said")
        assert first.stop() == 0
        asked = len(server.requests)
        with_store_changed(site, "UPDATE source_states SET next_run_at = NULL")
        second = start(site)
        second.wait_until_ready()
        second.wait_for(lambda: site.rows(sql) == [(server.reset,)], "the next run is still when X said")
        assert second.stop() == 0
        assert len(server.requests) == asked


def with_store_changed(site: Site, sql: str) -> None:
    with closing(sqlite3.connect(site.database)) as connection:
        connection.execute(sql)
        connection.commit()


@pytest.mark.slow
def test_the_digest_that_is_due_is_mailed_once_over_two_lives_of_the_daemon(
    tmp_path: Path, start: Callable[[Site], Running]
) -> None:
    with HackerNews(hits(40, step=timedelta(hours=1))) as server, MailServer(Behaviour()) as mail:
        table = hackernews_table(server, every="1h", jitter="0s", lookback="3d")
        site = Site(tmp_path, table, more=mail_table(mail.port))
        assert site.collect(now=utc_now()).code == 0
        first = start(site)
        first.wait_for(lambda: site.rows("SELECT 1 FROM outbox WHERE state = 'sent'"), "the digest is sent")
        assert first.stop() == 0
        second = start(site)
        second.wait_until_ready()
        with Store(site.database) as store:
            (name,) = site.rows("SELECT destination FROM outbox")[0]
            other = DigestSave(key="other", since=NOW, until=NOW, subject="Another", text="quiet", html=None)
            store.reports.save_digest(other, [str(name)], now=NOW)
        sent = "SELECT 1 FROM outbox WHERE state = 'sent' AND key = 'other'"
        second.wait_for(lambda: site.rows(sent), "the second daemon delivers too")
        assert second.stop() == 0
        assert [one.message["Subject"] == "Another" for one in mail.behaviour.received] == [False, True]
