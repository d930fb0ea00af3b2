"""When the daemon reads a source next: as it is due, as its service asks, and at once where that may help."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from listener.clock import utc_now
from listener.config import load_config
from listener.daemon import Daemon
from listener.pipeline import SourceOutcome
from listener.schedule import Regularly
from listener.service import Service
from listener.store import Store
from running.site import NOW, Site, hackernews_table, hits
from running.test_due_digest import mail_table
from servers.discourse import Discourse, limited
from servers.hackernews import HackerNews
from servers.smtp import Behaviour, MailServer
from stores import lay_store

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)


@contextmanager
def scheduled(site: Site) -> Iterator[tuple[Daemon, BackgroundScheduler]]:
    """Give a daemon at NOW whose jobs are put down and do not run."""
    lay_store(site.database)
    daemon = Daemon(load_config(site.config), site.database, clock=lambda: NOW)
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.start(paused=True)
    daemon._scheduler = scheduler
    try:
        daemon._schedule_sources(scheduler, daemon._source_states())
        yield daemon, scheduler
    finally:
        scheduler.shutdown()


def next_run(scheduler: BackgroundScheduler) -> datetime:
    at = scheduler.get_job("source:hackernews").next_run_time
    assert isinstance(at, datetime)
    return at


@pytest.mark.parametrize(
    ("state", "retry_at", "expected"),
    [
        (None, None, NOW),
        ("ok", None, NOW + 40 * MINUTE),
        ("unavailable", None, NOW + 40 * MINUTE),
        ("rate_limited", NOW + 3 * HOUR, NOW + 3 * HOUR),
        ("rate_limited", NOW + 3 * DAY, NOW + DAY),
        ("rate_limited", NOW - HOUR, NOW + 40 * MINUTE),
        ("wrong_key", NOW + DAY, NOW),  # a start may mean another key
        ("budget", NOW + DAY, NOW),  # or another budget
    ],
)
def test_a_source_is_read_first_after_a_start_as_it_was_left(
    tmp_path: Path, state: str | None, retry_at: datetime | None, expected: datetime
) -> None:
    site = Site(tmp_path, '[sources.hackernews]\nevery = "1h"\n')
    with Store(lay_store(site.database)) as store:
        if state is not None:
            store.reports.note_attempt("hackernews", now=NOW - 20 * MINUTE)
            store.reports.note_outcome("hackernews", state=state, message=None, retry_at=retry_at, now=NOW)
    with scheduled(site) as (_, scheduler):
        assert next_run(scheduler) == expected


@pytest.mark.parametrize(
    ("retry_at", "expected"),
    [
        (None, NOW),
        (NOW - HOUR, NOW),
        (NOW + 2 * HOUR, NOW + 2 * HOUR),
        (NOW + 9 * DAY, NOW + DAY),  # nobody waits for longer on one word of a service
    ],
)
def test_a_source_waits_as_its_service_asks_and_no_longer_than_a_day(
    tmp_path: Path, retry_at: datetime | None, expected: datetime
) -> None:
    with scheduled(Site(tmp_path, "[sources.hackernews]")) as (daemon, scheduler):
        daemon._come_back("hackernews", SourceOutcome(source="hackernews", state="rate_limited", retry_at=retry_at))
        assert next_run(scheduler) == expected


def fail(daemon: Daemon, scheduler: BackgroundScheduler, server: HackerNews, **fault: object) -> None:
    """Let a pass fail; its job is then where the scheduler puts it at each run: at the turn after it."""
    scheduler.get_job("source:hackernews").modify(next_run_time=NOW + DAY)
    server.fault("status", times=9, **{"status": 503, **fault})
    daemon._collect("hackernews")
    server.calm()


def table(server: HackerNews, more: str = "") -> str:
    return hackernews_table(server, every="1d", jitter="0s") + more


@pytest.mark.parametrize(
    ("failures", "fault", "more", "expected"),
    [
        (1, {}, "", 15 * MINUTE),
        (2, {}, "", 30 * MINUTE),
        (6, {}, "", 8 * HOUR),
        (7, {}, "", 16 * HOUR),
        (8, {}, "", DAY),  # its turn comes first
        (1, {"status": 429, "headers": {"Retry-After": "7200"}}, "", 2 * HOUR),
        (1, {"status": 404}, "", DAY),  # that does not pass by itself
        (1, {}, "[sources.hackernews.budget]\nrequests_a_day = 9\n", DAY),  # a try would take from what the turns need
    ],
)
def test_a_source_whose_turn_is_far_is_tried_again_sooner_after_what_may_pass(
    tmp_path: Path, failures: int, fault: dict[str, object], more: str, expected: timedelta
) -> None:
    with HackerNews(hits(5)) as server, scheduled(Site(tmp_path, table(server, more))) as (daemon, scheduler):
        for _ in range(failures - 1):
            fail(daemon, scheduler, server)
        fail(daemon, scheduler, server, **fault)
        late = MINUTE + (utc_now() - NOW)  # a service that says how long is counted from its answer
        assert abs(next_run(scheduler) - NOW - expected) < late


def test_a_start_goes_on_with_the_tries_of_the_daemon_before(tmp_path: Path) -> None:
    with HackerNews(hits(5)) as server:
        site = Site(tmp_path, table(server))
        with scheduled(site) as (daemon, scheduler):
            for _ in range(3):
                fail(daemon, scheduler, server)
        for _ in range(2):
            with scheduled(site) as (_, scheduler):
                assert next_run(scheduler) == NOW + HOUR


def test_an_outage_leaves_one_window_however_often_was_tried(tmp_path: Path) -> None:
    with HackerNews(hits(5)) as server:
        site = Site(tmp_path, hackernews_table(server))
        assert site.collect(now=NOW - DAY).code == 0
        server.fault("status", times=99, status=503)
        for tries in range(5):
            site.collect(now=NOW - DAY + (tries + 1) * HOUR)
        server.calm()
        tried = site.rows("SELECT count(*) FROM windows WHERE state = 'open' GROUP BY resource_id")
        assert set(tried) == {(1,)}
        server.calm()
        assert site.collect().code == 0
        assert site.rows("SELECT DISTINCT state FROM windows") == [("drained",)]
        assert site.rows("SELECT count(*) FROM mentions") == [(5,)]


def test_a_start_goes_on_soon_with_what_a_stop_cut_and_keeps_to_the_turns_of_the_daemon_before(tmp_path: Path) -> None:
    with HackerNews(hits(5)) as server:
        site = Site(tmp_path, table(server))
        with scheduled(site) as (daemon, scheduler):
            scheduler.get_job("source:hackernews").modify(next_run_time=NOW + DAY)
            daemon._stop.set()
            daemon._collect("hackernews")
        with scheduled(site) as (daemon, scheduler):
            assert next_run(scheduler) == NOW + 15 * MINUTE
            scheduler.get_job("source:hackernews").modify(next_run_time=NOW + 23 * HOUR)
            daemon._collect("hackernews")
        assert site.rows("SELECT count(*) FROM mentions") == [(5,)]
        with scheduled(site) as (_, scheduler):
            assert next_run(scheduler) == NOW + 23 * HOUR
        with Store(site.database) as store:  # as a pass by hand may meet it
            store.reports.note_outcome("hackernews", state="rate_limited", message=None, retry_at=NOW + DAY, now=NOW)
        with scheduled(site) as (_, scheduler):
            assert next_run(scheduler) == NOW + DAY


@pytest.mark.parametrize("is_first", [True, False])
def test_a_start_goes_on_soon_with_a_pass_that_was_killed_and_not_at_once(tmp_path: Path, is_first: bool) -> None:
    site = Site(tmp_path, '[sources.hackernews]\nevery = "1d"\njitter = "0s"\n')
    with Store(lay_store(site.database)) as store:
        if not is_first:
            store.reports.note_attempt("hackernews", now=NOW - DAY)
            store.reports.note_outcome("hackernews", state="ok", message=None, retry_at=None, now=NOW - DAY)
            store.reports.note_next_run("hackernews", at=NOW - MINUTE)
        store.reports.note_attempt("hackernews", now=NOW - MINUTE)  # and nothing more
    with scheduled(site) as (_, scheduler):
        assert next_run(scheduler) == NOW + 14 * MINUTE


def test_shifts_of_runs_do_not_add_up_and_a_run_between_two_turns_moves_none() -> None:
    trigger = Regularly(hours=1, jitter=60, start_date=NOW, timezone="UTC")
    at = NOW
    for turn in range(1, 200):
        following = trigger.get_next_fire_time(at, at)
        assert following is not None
        assert timedelta() <= following - (NOW + turn * HOUR) <= MINUTE
        at = following
    between = NOW + 300 * HOUR + 25 * MINUTE
    following = trigger.get_next_fire_time(between, between)
    assert following is not None
    assert timedelta() <= following - (NOW + 301 * HOUR) <= MINUTE


@pytest.mark.parametrize(("state", "expected"), [("clock_ahead", NOW + 10 * MINUTE), ("ok", NOW + DAY)])
def test_texts_are_looked_at_for_their_age_again_soon_where_the_clock_is_in_doubt(
    tmp_path: Path, state: str, expected: datetime
) -> None:
    with scheduled(Site(tmp_path, "[sources.hackernews]")) as (daemon, scheduler):
        with Store(daemon._database) as store:
            store.reports.note_attempt("hackernews", now=NOW)
            store.reports.note_outcome("hackernews", state=state, message=None, retry_at=None, now=NOW)
        job = scheduler.add_job(print, id="purge", next_run_time=NOW + DAY)
        daemon._purge()
        assert job.next_run_time == expected


def test_a_digest_that_is_due_is_delivered_as_soon_as_it_is_made(tmp_path: Path) -> None:
    with HackerNews(hits(60, step=2 * HOUR)) as server, MailServer(Behaviour()) as mail:
        site = Site(tmp_path, hackernews_table(server, lookback="5d"), more=mail_table(mail.port))
        site.collect()
        Daemon(load_config(site.config), site.database, clock=lambda: NOW)._report()
        assert site.rows("SELECT kind, state FROM outbox") == [("digest", "sent")]
        assert len(mail.behaviour.received) == 1


def test_alerts_are_looked_at_after_each_pass_and_what_is_off_by_now_is_not_read(tmp_path: Path) -> None:
    with HackerNews(hits(5)) as server:
        site = Site(tmp_path, hackernews_table(server))
        with scheduled(site) as (daemon, _):
            daemon._collect("reddit")
            assert site.rows("SELECT count(*) FROM source_states WHERE last_attempt_at IS NOT NULL") == [(0,)]
            daemon._collect("hackernews")
        assert site.rows("SELECT count(*) FROM mentions") == [(5,)]
        ((looked_at,),) = site.rows("SELECT count(*) FROM alert_states")
        assert looked_at


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(), HOUR),
        (20 * MINUTE, HOUR),
        (HOUR, HOUR),
        (150 * MINUTE, HOUR),
        (56 * 365 * DAY + 20 * MINUTE, HOUR),  # a machine without a clock of its own has learned the time
        (-20 * MINUTE, HOUR),
        (-80 * MINUTE, 2 * HOUR),
    ],
)
def test_what_was_missed_is_one_run_and_the_next_is_at_a_turn(
    tmp_path: Path, ago: timedelta, expected: timedelta
) -> None:
    with scheduled(Site(tmp_path, '[sources.hackernews]\nevery = "1h"\njitter = "0s"\n')) as (_, scheduler):
        trigger = scheduler.get_job("source:hackernews").trigger
        assert trigger.get_next_fire_time(NOW - ago, NOW) == NOW + expected


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        (limited(3_000), True),
        ({"status": 503, "headers": {"Retry-After": "3000"}}, True),
        ({"status": 503}, False),
        ({"status": 404}, False),
    ],
)
def test_one_host_of_a_source_waits_as_it_asks_in_later_passes_too_and_the_others_are_read(
    tmp_path: Path, fault: dict[str, object], waits: bool
) -> None:
    with Discourse([]) as forum, Discourse([]) as other:
        site = Site(tmp_path, f'[sources.discourse]\ninstances = ["{forum.url}", "{other.url}"]\n')
        lay_store(site.database)
        service = Service(load_config(site.config), site.database, Event())
        forum.fault("status", times=99, **fault)
        state = service.collect("discourse", now=NOW).state
        asked, others = len(forum.requests), len(other.requests)
        for minutes in (15, 30):
            assert service.collect("discourse", now=NOW + minutes * MINUTE).state == state != "ok"
        assert (len(forum.requests) == asked) is waits
        assert len(other.requests) == others + 2
        forum.calm()
        assert service.collect("discourse", now=NOW + 60 * MINUTE).state == "ok"
        assert len(forum.requests) > asked
    assert site.rows("SELECT DISTINCT state FROM windows") == [("drained",)]


def test_a_host_that_was_refused_by_a_clock_ahead_is_asked_as_soon_as_the_clock_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = NOW + 20 * HOUR
    with Discourse([]) as forum:
        site = Site(tmp_path, f'[sources.discourse]\ninstances = ["{forum.url}"]\n')
        lay_store(site.database)
        service = Service(load_config(site.config), site.database, Event())
        forum.fault("status", times=99, **limited(600))
        with monkeypatch.context() as patched:
            patched.setattr("sources.web.client.utc_now", lambda: ahead)
            assert service.collect("discourse", now=ahead).state == "rate_limited"
            asked = len(forum.requests)
            assert service.collect("discourse", now=ahead + 5 * MINUTE).state == "rate_limited"
            assert len(forum.requests) == asked
        forum.calm()
        assert service.collect("discourse", now=NOW).state == "ok"
        assert len(forum.requests) > asked
