"""The daemon looks at alerts also while it reads nothing: that nothing can be read is not told a day late."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from listener.config import load_config
from listener.daemon import Daemon
from running.site import NOW, Site, hackernews_table, hits
from servers.hackernews import HackerNews
from stores import lay_store

QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
OPENED = "SELECT DISTINCT opened_at FROM episodes WHERE rule = 'blind'"


def test_lost_coverage_is_told_within_hours_though_no_source_is_asked_before_tomorrow(tmp_path: Path) -> None:
    now = NOW
    with HackerNews(hits(5)) as server:
        site = Site(tmp_path, hackernews_table(server))
        lay_store(site.database)
        daemon = Daemon(load_config(site.config), site.database, clock=lambda: now)
        daemon._collect("hackernews")
        server.fault("status", times=9, status=403)
        now += QUARTER
        daemon._collect("hackernews")
        assert site.rows("SELECT state FROM source_states") == [("forbidden",)]
        while now < NOW + 9 * HOUR and not site.rows(OPENED):
            now += QUARTER
            daemon._watch()
    ((opened_at,),) = site.rows(OPENED)
    assert NOW + 5 * HOUR < now < NOW + 7 * HOUR
    assert abs(int(str(opened_at)) - now.timestamp()) <= QUARTER.total_seconds()


def test_a_look_that_a_pass_has_just_taken_is_not_taken_again(tmp_path: Path) -> None:
    now, looks = NOW, []
    site = Site(tmp_path, "")
    lay_store(site.database)
    daemon = Daemon(load_config(site.config), site.database, clock=lambda: now)
    daemon._service.evaluate_alerts = lambda *, now, live=True: looks.append(now) or 0  # type: ignore[method-assign]
    for _ in range(4):
        now += QUARTER / 2
        daemon._watch()
    assert looks == [NOW + QUARTER, NOW + 2 * QUARTER]


def test_a_daemon_puts_the_look_between_passes_on_its_schedule(tmp_path: Path) -> None:
    site = Site(tmp_path, "")
    lay_store(site.database)
    scheduler = Daemon(load_config(site.config), site.database)._start()
    try:
        assert scheduler.get_job("alerts") is not None
    finally:
        scheduler.shutdown()
