"""A clock that is ahead by more than a service reaches back gives up nothing that can still be read."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from listener.config import load_config
from listener.daemon import Daemon
from listener.service import clock_is_ahead
from listener.store import Store
from running.site import KEYS, NOW, Site, hackernews_table, posts, x_table
from servers.hackernews import HackerNews, story
from servers.x import Post, X

DAY = timedelta(days=1)
WEEKS = timedelta(days=20)
"""Far more than X's search reaches back."""


def windows(site: Site) -> list[tuple[int, int, str]]:
    """Return (from, to, state) of the only resource, in order of time."""
    rows = site.rows("SELECT from_at, to_at, state FROM windows ORDER BY from_at")
    return [(int(str(start)), int(str(end)), str(state)) for start, end, state in rows]


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


def moved(server: X, now: datetime) -> datetime:
    """Let the time go on at the service."""
    server.now = now
    return now


def test_a_time_that_is_weeks_ahead_of_the_service_loses_nothing(tmp_path: Path) -> None:
    made = posts(24, step=timedelta(hours=1), newest=NOW + DAY)
    with X(made, now=NOW) as server:
        site = Site(tmp_path, x_table(server))
        assert site.collect().code == 0
        later = moved(server, NOW + DAY + timedelta(hours=1))
        wrong = site.collect(now=later + WEEKS)
        assert wrong.code == 3
        assert "lost" not in {state for *_, state in windows(site)}
        right = site.collect(now=later)
        assert right.code == 0, right.err
        assert {state for _, end, state in windows(site) if end <= later.timestamp()} == {"drained"}
        assert max(end for _, end, state in windows(site) if state == "drained") >= later.timestamp() - 60
        stored = {row[0] for row in site.rows("SELECT native_id FROM mentions")}
        assert stored == {post.id for post in made}


def test_what_is_out_of_reach_is_lost_only_once_the_service_answered(tmp_path: Path) -> None:
    with X(posts(5), now=NOW) as server:
        site = Site(tmp_path, x_table(server))
        assert site.collect().code == 0
        later = moved(server, NOW + WEEKS)
        server.fault("status", 100, status=503, body="busy")
        assert site.collect(now=later).code == 3
        assert "lost" not in {state for *_, state in windows(site)}
        server.calm()
        assert site.collect(now=later).code == 0
        edge = int((later - timedelta(days=7)).timestamp())
        assert [end for _, end, state in windows(site) if state == "lost"] == [edge]
        assert all(one[1] == two[0] for one, two in pairwise(windows(site)))


@pytest.mark.parametrize("is_put_down_ahead", [False, True])
def test_a_first_look_that_a_clock_put_off_for_weeks_is_taken_when_it_is_right(
    tmp_path: Path, is_put_down_ahead: bool
) -> None:
    second = int((NOW + WEEKS).timestamp())
    with HackerNews([story(number, second - 60 * number - 120, f"acme {number}") for number in range(1, 6)]) as server:
        site = Site(tmp_path, hackernews_table(server, items_url=server.url))
        site.collect(now=NOW + WEEKS)
        if is_put_down_ahead:
            site.run("recheck", now=NOW + WEEKS)
        told = site.run("recheck", "--format", "json", now=NOW + timedelta(minutes=1))
        assert told.rows()["hackernews"]["checked"] == 0  # the first look has its hour
        later = site.run("recheck", "--format", "json", now=NOW + timedelta(hours=1, minutes=2))
        assert later.rows()["hackernews"]["checked"] == 5


def test_what_a_clock_ahead_took_for_too_old_to_be_looked_at_is_looked_at_when_it_is_right(tmp_path: Path) -> None:
    second = int(NOW.timestamp())
    with HackerNews([story(number, second - 60 * number - 120, f"acme {number}") for number in range(1, 6)]) as server:
        site = Site(tmp_path, hackernews_table(server, items_url=server.url))
        site.collect()
        site.run("recheck", now=NOW + 6 * WEEKS)
        assert site.rows("SELECT count(*) FROM rechecks") == [(0,)]
        later = site.run("recheck", "--format", "json", now=NOW + timedelta(hours=1, minutes=2))
        assert later.rows()["hackernews"]["checked"] == 5
        again = site.run("recheck", "--format", "json", now=NOW + timedelta(hours=1, minutes=3))
        assert again.rows()["hackernews"]["checked"] == 0


HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def texts(site: Site) -> int:
    return len(site.rows("SELECT id FROM mentions WHERE purged_at IS NULL"))


def test_a_clock_that_services_say_is_ahead_erases_nothing_by_its_age(tmp_path: Path) -> None:
    with X(posts(5), now=NOW) as server:
        site = Site(tmp_path, x_table(server, retention="7d"))
        assert site.collect().code == 0
        assert site.collect(now=NOW + WEEKS).rows()["x"]["state"] == "clock_ahead"
        told = site.run("purge", now=NOW + WEEKS)
        assert (told.code, told.err.count("\n"), texts(site)) == (1, 1, 5)
        assert "nothing is erased by its age: this machine's clock is ahead of that of the services" in told.err
        assert site.run("purge", "--dry-run", now=NOW + WEEKS).out == "would erase 5 mentions\n"
        moved(server, NOW + WEEKS)
        assert site.collect(now=NOW + WEEKS).code == 0
        assert site.run("purge", now=NOW + WEEKS).code == 0
        assert texts(site) == 0


def test_that_files_are_read_does_not_speak_for_the_clock(tmp_path: Path) -> None:
    (tmp_path / "said.jsonl").write_text("")
    with X(posts(5), now=NOW) as server:
        files = f"[sources.jsonl]\npaths = [{json.dumps(str(tmp_path / 'said.jsonl'))}]\n"
        site = Site(tmp_path, x_table(server, retention="7d") + files)
        assert site.collect().code == 0
        states = {name: row["state"] for name, row in site.collect(now=NOW + WEEKS).rows().items()}
        assert states == {"x": "clock_ahead", "jsonl": "ok"}
        assert site.run("purge", now=NOW + WEEKS).code == 1
        assert texts(site) == 5


def test_what_alerts_are_made_of_is_new_still_after_a_clock_that_was_ahead(tmp_path: Path) -> None:
    made = posts(120, step=HOUR)
    recall = '[[alerts.rules]]\nname = "recall"\nkind = "words"\nquery = "recall"\nminimum_count = 3\n'
    with X(made, now=NOW) as server:
        site = Site(tmp_path, x_table(server, lookback="6d", max_results=100), more=recall)
        for minutes in range(0, 90, 10):
            assert site.collect(now=moved(server, NOW + timedelta(minutes=minutes))).code == 0
        later = moved(server, NOW + timedelta(minutes=90))
        words = ("a recall of the acme lid", "acme had to recall what I bought", "why does acme recall my kettle now")
        made += [Post(text=text, created_at=later - timedelta(minutes=3)) for text in words]
        assert site.collect(now=later + 30 * HOUR).rows()["x"]["state"] == "clock_ahead"
        last = moved(server, later + timedelta(minutes=25))
        assert site.collect(now=last).code == 0
        found = json.loads(site.run("alerts", "--format", "json", now=last).out)
        assert [one["rule"] for one in found] == ["recall"]


@pytest.mark.parametrize(
    ("read_at", "now", "is_ahead"),
    [
        (NOW, NOW + WEEKS, True),  # it was read when the clock was right
        (NOW + WEEKS - HOUR, NOW + WEEKS, False),  # it is read by this clock: the other's is behind
        (NOW + WEEKS - 2 * HOUR, NOW + WEEKS, True),  # it was not read in its last two turns
        (NOW, NOW + HOUR, False),  # the clock is another by now
    ],
)
def test_who_was_read_before_the_clock_went_ahead_says_nothing_of_it(
    tmp_path: Path, read_at: datetime, now: datetime, is_ahead: bool
) -> None:
    with X([], now=NOW) as server, HackerNews([]) as other:
        site = Site(tmp_path, x_table(server) + hackernews_table(other, every="1h"))
        with Store(site.database) as store:
            for name, state, at in (("hackernews", "ok", read_at), ("x", "clock_ahead", NOW + WEEKS)):
                store.reports.note_outcome(name, state=state, message=None, retry_at=None, now=at)
        assert bool(clock_is_ahead(load_config(site.config), site.database, now=now)) is is_ahead


def test_a_source_that_was_never_tried_says_nothing_of_the_clock(tmp_path: Path) -> None:
    with X([], now=NOW) as server, HackerNews([]) as other:
        site = Site(tmp_path, x_table(server) + hackernews_table(other))
        with Store(site.database) as store:
            store.reports.note_outcome("x", state="ok", message=None, retry_at=None, now=NOW)
            assert clock_is_ahead(load_config(site.config), site.database, now=NOW) is None
            store.reports.note_outcome("x", state="clock_ahead", message=None, retry_at=None, now=NOW)
            assert clock_is_ahead(load_config(site.config), site.database, now=NOW) is not None


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        (HOUR, (15 * MINUTE, timedelta())),
        (WEEKS, (15 * MINUTE, timedelta())),
        (MINUTE / 6, (15 * MINUTE + MINUTE / 6, -15 * MINUTE + MINUTE / 6)),  # corrected, not set: nothing is changed
    ],
)
def test_a_job_does_not_wait_for_the_time_that_a_clock_ahead_gave_it(
    tmp_path: Path, back: timedelta, expected: tuple[timedelta, timedelta]
) -> None:
    site, now = Site(tmp_path, "[sources.hackernews]"), NOW - back
    daemon = Daemon(load_config(site.config), site.database, clock=lambda: now)
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.start(paused=True)
    try:
        jobs = [scheduler.add_job(print, next_run_time=at) for at in (NOW + 15 * MINUTE, NOW - 15 * MINUTE, None)]
        assert daemon._follow_clock(scheduler, NOW) == now
        assert (jobs[0].next_run_time - now, jobs[1].next_run_time - now) == expected
        assert jobs[2].next_run_time is None
    finally:
        scheduler.shutdown()


def test_the_daemon_erases_by_the_clock_that_a_source_was_tried_by(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with X(posts(5), now=NOW) as server:
        site = Site(tmp_path, x_table(server, retention="7d"))
        assert site.collect().code == 0
        later = NOW + WEEKS
        daemon = Daemon(load_config(site.config), site.database, clock=lambda: later)
        daemon._purge()
        assert (caplog.messages.count("not purged"), texts(site)) == (1, 5)  # no source was tried by this clock
        site.collect(now=later)
        daemon._purge()
        assert (caplog.messages.count("not purged"), texts(site)) == (2, 5)  # X told that it is ahead
        moved(server, later)
        assert site.collect(now=later).code == 0
        daemon._purge()
        assert texts(site) == 0


def test_without_a_source_that_is_read_texts_are_erased_by_the_clock_there_is(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.add("a", NOW - HOUR)
    files.read(NOW)
    files.site.configure("", brands='retention = "7d"\n[[brands]]\nname = "Acme"\n')
    Daemon(load_config(files.site.config), files.site.database, clock=lambda: NOW + WEEKS)._purge()
    assert texts(files.site) == 0


class Files:
    """Hold a folder of files that are listened to, whose source knows of no other clock than this machine's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "in"
        self._folder.mkdir(parents=True)
        self.site = Site(folder, f"[sources.jsonl]\npaths = [{json.dumps(str(self._folder / '*.jsonl'))}]\n")

    def add(self, name: str, *instants: datetime) -> None:
        lines = [
            {"source": "jsonl", "id": f"{name}{number}", "text": "Acme is good", "published_at": at.isoformat()}
            for number, at in enumerate(instants)
        ]
        (self._folder / f"{name}.jsonl").write_text(
            "".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8"
        )

    def read(self, now: datetime) -> set[str]:
        """Collect, and return what is stored."""
        assert self.site.collect(now=now).code == 0
        return {str(row[0]) for row in self.site.rows("SELECT native_id FROM mentions")}


def test_what_was_counted_as_read_by_a_clock_ahead_is_read_when_it_is_right_again(tmp_path: Path) -> None:
    files, months = Files(tmp_path), timedelta(days=60)
    files.add("a", NOW - 5 * HOUR, NOW - 4 * HOUR)
    assert files.read(NOW) == {"a0", "a1"}
    files.add("b", NOW + HOUR / 2)
    assert files.read(NOW + months) == {"a0", "a1", "b0"}
    files.add("c", NOW + HOUR, NOW + 2 * HOUR)
    assert files.read(NOW + 3 * HOUR) == {"a0", "a1", "b0", "c0", "c1"}
    assert windows(files.site) == [(*ends(NOW - DAY, NOW + 3 * HOUR), "drained")]
    files.add("d", NOW + 4 * HOUR)
    assert "d0" in files.read(NOW + 5 * HOUR)


def test_a_first_read_by_a_clock_ahead_is_done_anew_when_it_is_right(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.add("a", NOW - HOUR)
    assert files.read(NOW + WEEKS) == set()
    assert files.read(NOW) == set()
    assert windows(files.site) == []
    assert files.read(NOW) == {"a0"}
    assert windows(files.site) == [(*ends(NOW - DAY, NOW), "drained")]


def test_a_clock_that_is_behind_takes_nothing_back(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.add("a", NOW - 20 * HOUR, NOW - 2 * HOUR)
    files.read(NOW)
    before = windows(files.site)
    for back in (12 * HOUR, DAY, WEEKS):
        files.read(NOW - back)
        assert windows(files.site) == before
    files.add("b", NOW + HOUR)
    assert files.read(NOW + 2 * HOUR) == {"a0", "a1", "b0"}


def test_what_is_taken_back_is_told_until_it_is_read_again(tmp_path: Path) -> None:
    files, later = Files(tmp_path), NOW + 2 * HOUR
    files.add("a", NOW - 3 * HOUR)
    files.read(NOW)
    files.read(NOW + DAY)
    ((resource,),) = files.site.rows("SELECT id FROM resources")
    with Store(files.site.database) as store:
        (again,) = store.windows_to_read(
            int(str(resource)), until=later, lookback_from=NOW, look_back=False, oldest_readable=None, now=later
        )
    assert again.reason == "this machine's clock was ahead when it was read"
    assert windows(files.site) == [
        (*ends(NOW - DAY, NOW - 3 * HOUR), "drained"),
        (*ends(NOW - 3 * HOUR, later), "open"),
    ]


def ends(since: datetime, until: datetime) -> tuple[int, int]:
    return int(since.timestamp()), int(until.timestamp())
