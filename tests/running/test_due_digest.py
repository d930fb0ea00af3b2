"""A digest goes out once for each period, whatever clocks and restarts do; a delivery is made once or waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import pytest

from listener.clock import to_epoch
from listener.config import Brand, Config, DigestSettings, load_config
from listener.daemon import Daemon
from listener.reporting import Desk, Period, due_period, is_told, joined_to, period_of, render_digest_of
from listener.schedule import first_run_at
from listener.search import CoverageGap, Reader
from listener.service import Service
from listener.store import DigestSave, Store
from running.site import BRANDS, KEYS, NOW, Site, hackernews_table, hits, posts, x_table
from servers.hackernews import HackerNews
from servers.smtp import Behaviour, MailServer
from servers.x import X
from stores import lay_store

QUARTER = timedelta(minutes=15)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def config_of(at: time = time(8), cadence: str = "daily") -> Config:
    return Config(
        path=Path("config.toml"), brands=(Brand(name="Acme"),), digest=DigestSettings(at=at, cadence=cadence)
    )  # fmt: skip


def local(zone: str, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[misc, arg-type]


SPANS = [
    ("America/New_York", datetime(2026, 3, 6, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 10, 30, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 23, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2026, 2, 26, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 9, 4, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 3, tzinfo=UTC)),
]


@pytest.mark.parametrize("at", [time(0), time(0, 30), time(1, 30), time(2, 30), time(8), time(23, 45)], ids=str)
@pytest.mark.parametrize(("name", "begin"), SPANS, ids=lambda value: str(value)[:16])
def test_one_digest_falls_due_for_each_local_day_and_never_an_older_one_after_it(
    name: str, begin: datetime, at: time
) -> None:
    zone, config = ZoneInfo(name), config_of(at)
    instants = [begin + QUARTER * step for step in range(4 * 24 * 5)]
    due = [due_period(config, instant, zone) for instant in instants]
    days = [period.since.astimezone(zone).date() for period in due]
    assert days == sorted(days)
    seen = sorted(set(days))
    assert seen == [seen[0] + DAY * step for step in range(len(seen))]
    assert len(seen) >= 5
    assert len({period.key for period in due}) == len(seen)
    for instant, period in zip(instants, due, strict=True):
        assert period.until <= instant
        assert instant - period.until < timedelta(hours=50)


def test_a_digest_is_due_from_its_hour_on_the_day_after() -> None:
    zone, config = ZoneInfo("Asia/Kolkata"), config_of(time(8))
    early, punctual = local("Asia/Kolkata", 2026, 11, 20, 7, 59), local("Asia/Kolkata", 2026, 11, 20, 8, 0)
    assert due_period(config, early, zone).key == "digest:daily:2026-11-18:Acme"
    assert due_period(config, punctual, zone).key == "digest:daily:2026-11-19:Acme"


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 11, 2), 24)])
def test_a_daily_period_is_the_local_day_however_long_it_is(day: date, hours: int) -> None:
    period = period_of(config_of(), day, ZoneInfo("America/New_York"))
    assert period.until - period.since == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("cadence", "now", "since", "until"),
    [
        ("weekly", (2026, 11, 23, 8, 0), (2026, 11, 16), (2026, 11, 23)),
        ("weekly", (2026, 11, 23, 7, 59), (2026, 11, 9), (2026, 11, 16)),
        ("weekly", (2026, 11, 29, 23, 59), (2026, 11, 16), (2026, 11, 23)),
        ("monthly", (2026, 3, 1, 8, 0), (2026, 2, 1), (2026, 3, 1)),
        ("monthly", (2026, 3, 31, 23, 0), (2026, 2, 1), (2026, 3, 1)),
        ("monthly", (2026, 4, 1, 7, 59), (2026, 2, 1), (2026, 3, 1)),
        ("monthly", (2027, 1, 1, 8, 0), (2026, 12, 1), (2027, 1, 1)),
        ("monthly", (2028, 3, 1, 9, 0), (2028, 2, 1), (2028, 3, 1)),
    ],
)
def test_weeks_and_months_end_where_the_calendar_ends_them(
    cadence: str, now: tuple[int, ...], since: tuple[int, ...], until: tuple[int, ...]
) -> None:
    name = "America/New_York"
    period = due_period(config_of(cadence=cadence), local(name, *now), ZoneInfo(name))
    assert (period.since, period.until) == (local(name, *since), local(name, *until))


@pytest.mark.parametrize("cadence", ["daily", "weekly", "monthly"])
@pytest.mark.parametrize("hour", [1, 7, 13, 19])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Asia/Kolkata", "America/New_York"),
        ("America/New_York", "Asia/Kolkata"),
        ("Pacific/Kiritimati", "Pacific/Pago_Pago"),
        ("Pacific/Honolulu", "Pacific/Auckland"),
        ("UTC", "Europe/Berlin"),
    ],
)
@pytest.mark.parametrize("is_young", [False, True], ids=["after some digests", "after the first digest"])
def test_a_time_zone_that_is_changed_leaves_no_hour_out_and_tells_of_none_twice(
    first: str, second: str, hour: int, cadence: str, is_young: bool
) -> None:
    config, begin = config_of(cadence=cadence), datetime(2026, 10, 1, hour, tzinfo=UTC)
    after, days = {"daily": (3, 6), "weekly": (12, 30), "monthly": (40, 100)}[cadence]
    changed = 1 if is_young else 24 * after
    made: dict[str, Period] = {}
    for step in range(24 * days):
        if abs(step - changed) > 48 and step % 6:
            continue  # every hour around the change, every sixth else
        zone = ZoneInfo(first if step < changed else second)
        period = due_period(config, begin + timedelta(hours=step), zone)
        if period.stem not in made:
            last = max((one.until for one in made.values()), default=None)
            if not is_told(period, last, zone):
                made[period.stem] = joined_to(period, last, zone)
    told = list(made.values())
    assert len(told) >= 3
    assert all(before.until == after.since for before, after in pairwise(told))
    assert sum(one.is_joined for one in told) == 1


def test_a_digest_after_a_pause_begins_with_its_day_wherever_the_last_one_ended() -> None:
    zone, config = ZoneInfo("America/New_York"), config_of()
    period = period_of(config, date(2026, 11, 20), zone)
    for last in (None, period.since - timedelta(hours=27), period.since - DAY, period.since, period.until):
        assert joined_to(period, last, zone) == period


def test_a_source_runs_when_its_interval_is_over_and_at_once_where_that_is_past() -> None:
    hour = timedelta(hours=1)
    assert first_run_at(None, hour, NOW) == NOW
    assert first_run_at(NOW - timedelta(hours=3), hour, NOW) == NOW
    assert first_run_at(NOW - timedelta(minutes=10), hour, NOW) == NOW + timedelta(minutes=50)
    assert first_run_at(NOW + timedelta(days=400), hour, NOW) == NOW + hour  # the clock was wrong before


def test_a_source_that_asked_for_patience_is_not_asked_sooner_after_a_restart() -> None:
    hour = timedelta(hours=1)
    last, retry_at = NOW - timedelta(hours=3), NOW + timedelta(minutes=12)
    assert first_run_at(last, hour, NOW, retry_at) == retry_at
    assert first_run_at(last, hour, NOW, NOW - hour) == NOW
    assert first_run_at(NOW, hour, NOW, retry_at) == NOW + hour
    assert first_run_at(last, hour, NOW, NOW + timedelta(days=30)) == NOW + DAY  # a month's cap may be raised before


MAIL = """
[digest]
at = 08:00:00
to = [{to}]

[mail]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "listener@example.org"
"""
TEAM, BOSS = "team@example.com", "boss@example.com"


def mail_table(port: int, *to: str) -> str:
    return MAIL.format(port=port, to=", ".join(f'"{address}"' for address in to or (TEAM,)))


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site that was read over five days."""
    patch = pytest.MonkeyPatch()
    with HackerNews(hits(60, step=timedelta(hours=2))) as server:
        site = Site(tmp_path_factory.mktemp("collected"), hackernews_table(server, lookback="5d"), more=mail_table(9))
        assert site.collect().code == 0
        yield site
    patch.undo()


def service(site: Site) -> Service:
    return Service(load_config(site.config), site.database, Event())


def digests(site: Site) -> list[tuple[object, ...]]:
    return site.rows("SELECT key FROM digests ORDER BY id")


def test_a_digest_is_made_once_also_by_another_service_after_a_restart(collected: Site) -> None:
    zone = load_config(collected.config).zone()
    today = (NOW - 2 * MINUTE).astimezone(zone).date()  # whose first minutes are read
    eight = datetime.combine(today, time(8), tzinfo=zone).astimezone(UTC)
    number = service(collected).make_due_digest(now=eight)
    assert number is not None
    again = service(collected)
    assert again.make_due_digest(now=eight) is None
    assert again.make_due_digest(now=eight + timedelta(hours=9)) is None
    assert again.make_due_digest(now=eight - timedelta(minutes=1)) is not None  # the one of the day before was missed
    assert service(collected).make_due_digest(now=eight) is None
    keys = [f"digest:daily:{today - DAY * days}:Acme,Globex" for days in (1, 2)]
    assert digests(collected) == [(key,) for key in keys]
    assert collected.rows("SELECT key, count(*) FROM outbox GROUP BY key ORDER BY key DESC") == [(k, 1) for k in keys]
    missed = eight + 3 * DAY + timedelta(hours=5)  # the machine slept over three mornings: only the latest is made up
    woken = service(collected)
    assert woken.make_due_digest(now=missed) is None  # what it slept over is read first
    assert woken.make_due_digest(now=missed + timedelta(minutes=29)) is None
    assert woken.make_due_digest(now=missed + timedelta(minutes=30)) is not None
    assert digests(collected)[2:] == [(f"digest:daily:{today + 2 * DAY}:Acme,Globex",)]


def test_after_a_pause_the_digest_is_made_once_the_sources_were_read_again(tmp_path: Path) -> None:
    with HackerNews(hits(60, step=timedelta(hours=2))) as server:
        site = Site(tmp_path, hackernews_table(server, lookback="5d"), more=mail_table(9))
        site.collect(now=NOW - 2 * DAY)
        woken = service(site)
        assert woken.make_due_digest(now=NOW) is None
        site.collect(now=NOW)
        assert woken.make_due_digest(now=NOW) is not None


@pytest.mark.parametrize(
    ("every", "read_before", "read_after", "made_after"),
    [
        ("10m", 4, 6, 6),  # the last minutes of the day are in its digest
        ("10m", 4, None, 30),  # but half an hour at most
        ("10m", 4, 0, 30),  # Hacker News is read up to a minute ago, here up to a minute before midnight
        ("1h", 35, 25, 25),
        ("1h", 15, 45, 0),  # whose turn comes later is not waited for
    ],
)
def test_a_digest_right_after_its_day_waits_for_a_source_whose_turn_is_near(
    tmp_path: Path, every: str, read_before: int, read_after: int | None, made_after: int
) -> None:
    midnight = local("Asia/Kolkata", 2026, 11, 20, 0, 0)
    with HackerNews(hits(60, step=timedelta(hours=2), newest=midnight)) as server:
        mail = mail_table(9).replace("08:00:00", "00:00:00")
        site = Site(tmp_path, hackernews_table(server, lookback="5d", every=every, jitter="0s"), more=mail)
        assert site.collect(now=midnight - read_before * MINUTE).code == 0
        made = service(site)
        for minute in range(31):
            now = midnight + minute * MINUTE
            if minute == read_after:
                assert site.collect(now=now).code == 0
            if made.make_due_digest(now=now) is not None:
                break
        assert minute == made_after
        assert digests(site) == [("digest:daily:2026-11-19:Acme,Globex",)]


@pytest.mark.parametrize(
    ("cadence", "day", "first"),
    [
        ("daily", date(2026, 11, 19), date(2026, 10, 21)),
        ("daily", date(2026, 3, 10), date(2026, 2, 9)),  # clocks were set forward two days before
        ("weekly", date(2026, 11, 9), date(2026, 10, 17)),  # and back eight days before
        ("monthly", date(2026, 2, 1), date(2026, 1, 30)),
        ("monthly", date(2026, 10, 1), date(2026, 10, 1)),
    ],
)
def test_the_chart_of_a_digest_shows_thirty_local_days_and_no_less_than_its_period(
    tmp_path: Path, cadence: str, day: date, first: date
) -> None:
    zone = ZoneInfo("America/New_York")
    site = Site(tmp_path, "[sources.hackernews]", more=f'[digest]\ncadence = "{cadence}"\n')
    site.config.write_text(site.config.read_text().replace("Asia/Kolkata", zone.key))
    config = load_config(site.config)
    lay_store(site.database)
    with Reader(site.database) as reader:
        desk = Desk(config=config, reader=reader, listening={"Acme": (), "Globex": ()}, now=NOW)
        period = period_of(config, day, zone)
        ((_, trend),) = render_digest_of(desk, period)[1]
    starts = [bucket.start.astimezone(zone) for bucket in trend.buckets]
    assert (starts[0].date(), starts[-1].date()) == (first, (period.until - QUARTER).astimezone(zone).date())
    assert len(starts) == max(30, (period.until - period.since) // DAY)


def test_of_many_brands_those_with_the_most_mentions_have_a_picture_in_the_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.reporting.digests._MOST_CHARTS", 3)
    names = [f"Brand{number}" for number in range(5)]
    brands = "".join(f'[[brands]]\nname = "{name}"\n' for name in names)
    site = Site(tmp_path, "[sources.hackernews]", brands=brands)
    said = [name for place, name in enumerate(names) if place not in {1, 3}]
    lines = [
        {"source": "forum", "id": name, "published_at": (NOW - DAY).isoformat(), "text": f"{name} is here"}
        for name in said
    ]
    file = tmp_path / "said.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    assert site.run("import", str(file)).code == 0
    config = load_config(site.config)
    with Reader(site.database) as reader:
        desk = Desk(config=config, reader=reader, listening=dict.fromkeys(names, ()), now=NOW)
        period = period_of(config, (NOW - DAY).astimezone(config.zone()).date(), config.zone())
        digest, charts = render_digest_of(desk, period)
    assert [chart.brands for chart, _ in charts] == [(name,) for name in said]
    assert "Only the most mentioned brands have a picture here" in " ".join(digest.text.split())


def test_a_source_that_keeps_failing_does_not_hold_up_the_digest(tmp_path: Path) -> None:
    with HackerNews(hits(10)) as server:
        site = Site(tmp_path, hackernews_table(server, lookback="5d"), more=mail_table(9))
        site.collect(now=NOW - 2 * DAY)
    woken = service(site)
    for _ in range(2):  # as before the network is there again
        assert site.collect(now=NOW).code != 0
        assert woken.make_due_digest(now=NOW) is None
    assert site.collect(now=NOW).code != 0
    assert woken.make_due_digest(now=NOW) is not None


def test_a_source_that_was_never_read_does_not_hold_up_the_digest(tmp_path: Path) -> None:
    with HackerNews(hits(10)) as server:
        site = Site(tmp_path, hackernews_table(server, lookback="5d") + x_table(server), more=mail_table(9))
        assert site.collect("--source", "hackernews").code == 0
        with Store(site.database) as store:
            store.reports.note_outcome("x", state="unavailable", message="down", retry_at=None, now=NOW)
        assert service(site).make_due_digest(now=NOW) is not None


def test_a_source_whose_turn_has_not_come_does_not_hold_up_the_digest(tmp_path: Path) -> None:
    with HackerNews(hits(60, step=timedelta(hours=2))) as server:
        table = hackernews_table(server, lookback="5d", every="2d")
        site = Site(tmp_path, table, more=mail_table(9))
        assert site.collect(now=NOW - DAY).code == 0
        assert service(site).make_due_digest(now=NOW) is not None


def test_no_digest_is_made_of_a_day_that_only_a_clock_ahead_says_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with X(posts(5), now=NOW) as server:
        site = Site(tmp_path, x_table(server), more=mail_table(9))
        assert site.collect().code == 0
        wrong = NOW + 2 * DAY
        early = service(site)
        for hours in range(4):  # longer than it waits for sources that fail
            site.collect(now=wrong + timedelta(hours=hours))
            assert early.make_due_digest(now=wrong + timedelta(hours=hours)) is None
        assert digests(site) == []
        server.now = wrong
        assert site.collect(now=wrong).code == 0
        assert early.make_due_digest(now=wrong) is not None


@pytest.mark.parametrize("hour", [0, 6, 14])
def test_the_digest_after_a_change_of_the_time_zone_says_from_when_on_it_tells(tmp_path: Path, hour: int) -> None:
    began = (NOW - 2 * DAY).replace(hour=hour)
    with HackerNews(hits(60, step=timedelta(hours=2))) as server:
        site = Site(tmp_path, hackernews_table(server, lookback="5d"), more=mail_table(9))
        site.collect()
    assert service(site).make_due_digest(now=began) is not None
    site.config.write_text(site.config.read_text().replace("Asia/Kolkata", "America/New_York"))
    for hours in range(48):
        service(site).make_due_digest(now=began + timedelta(hours=hours))
    told = site.rows("SELECT from_at, to_at, subject, text FROM digests ORDER BY id")
    assert len(told) >= 2
    assert all(before[1] == after[0] for before, after in pairwise(told))
    begins = datetime.fromtimestamp(int(str(told[0][1])), ZoneInfo("America/New_York"))
    assert all(f"{begins:%H:%M}" in str(words) for words in told[1][2:])
    assert "than the day before" not in str(told[1][3])


def test_a_brand_that_is_added_during_the_day_brings_no_second_digest(tmp_path: Path) -> None:
    with HackerNews(hits(60, step=timedelta(hours=2))) as server:
        sources = hackernews_table(server, lookback="5d")
        site = Site(tmp_path, sources, more=mail_table(9))
        site.collect()
        assert service(site).make_due_digest(now=NOW) is not None
        site.configure(sources, more=mail_table(9), brands=f'{BRANDS}\n[[brands]]\nname = "Initech"\n')
        assert service(site).make_due_digest(now=NOW) is None
        assert len(digests(site)) == 1
        site.collect(now=NOW + DAY)
        assert service(site).make_due_digest(now=NOW + DAY) is not None


def test_nothing_is_due_before_anything_was_read_or_without_a_recipient(tmp_path: Path) -> None:
    with HackerNews(hits(10)) as server:
        site = Site(tmp_path, hackernews_table(server, lookback="1h"), more=mail_table(9))
        site.collect()
        assert service(site).make_due_digest(now=NOW) is None
        site.configure(hackernews_table(server), more="[digest]\nat = 00:00:00\n")
        assert service(site).make_due_digest(now=NOW + 5 * DAY) is None


@pytest.fixture
def waiting(tmp_path: Path) -> Site:
    """Return a site with a digest to be sent to the team."""
    site = Site(tmp_path, "[sources.hackernews]", more=mail_table(9))
    enqueue(site, TEAM)
    return site


def enqueue(site: Site, *to: str) -> None:
    """Put a digest into the outbox for each recipient, as the configured notifiers call them."""
    site.configure("[sources.hackernews]", more=mail_table(9, *to))
    names = [notifier.destination for notifier in service(site)._notifiers]
    period = Period(cadence="daily", since=NOW - DAY, until=NOW, key="digest:daily:test:Acme")
    with Store(site.database) as store:
        store.reports.save_digest(
            DigestSave(key=period.key, since=period.since, until=period.until, subject="Acme", text="quiet", html=None),
            names,
            now=NOW,
        )


def outbox(site: Site) -> list[tuple[object, ...]]:
    return site.rows("SELECT state, attempts, next_try_at FROM outbox ORDER BY id")


def test_a_mail_server_that_is_down_delays_and_loses_nothing(waiting: Site) -> None:
    assert service(waiting).deliver(now=NOW) == 0
    minute = timedelta(minutes=1)
    assert outbox(waiting) == [("pending", 1, to_epoch(NOW + minute))]
    assert service(waiting).deliver(now=NOW + timedelta(seconds=30)) == 0
    assert outbox(waiting) == [("pending", 1, to_epoch(NOW + minute))]
    assert service(waiting).deliver(now=NOW + minute) == 0
    assert outbox(waiting) == [("pending", 2, to_epoch(NOW + 3 * minute))]
    with MailServer(Behaviour()) as mail:
        waiting.configure("[sources.hackernews]", more=mail_table(mail.port))
        assert service(waiting).deliver(now=NOW + 3 * minute) == 1
        assert service(waiting).deliver(now=NOW + DAY) == 0
        assert [message.recipients for message in mail.behaviour.received] == [[TEAM]]
    assert [state for state, *_ in outbox(waiting)] == ["sent"]


def test_a_digest_that_cannot_be_made_holds_up_no_other_message(tmp_path: Path) -> None:
    with HackerNews(hits(60, step=timedelta(hours=2))) as server, MailServer(Behaviour()) as mail:
        site = Site(tmp_path, hackernews_table(server, lookback="5d"), more=mail_table(mail.port))
        site.collect()
        waits = DigestSave(key="digest:0", since=NOW - DAY, until=NOW, subject="waits", text="quiet", html=None)
        with Store(site.database) as store:
            store.reports.save_digest(waits, [f"mail to {TEAM}"], now=NOW)
            store._connection.execute(
                "CREATE TRIGGER full BEFORE INSERT ON digests BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
            )
        Daemon(load_config(site.config), site.database, clock=lambda: NOW)._report()
        assert [one.message["Subject"] for one in mail.behaviour.received] == ["waits"]


def test_a_refused_recipient_is_parked_and_shown_and_the_others_get_their_mail(waiting: Site) -> None:
    enqueue(waiting, BOSS)
    with MailServer(Behaviour(refuse={TEAM: "550 5.1.1 no such user"})) as mail:
        waiting.configure("[sources.hackernews]", more=mail_table(mail.port, TEAM, BOSS))
        assert service(waiting).deliver(now=NOW) == 1
        assert service(waiting).deliver(now=NOW + 30 * DAY) == 0
        assert [message.recipients for message in mail.behaviour.received] == [[BOSS]]
    assert [state for state, *_ in outbox(waiting)] == ["failed", "sent"]
    ((error,),) = waiting.rows("SELECT last_error FROM outbox WHERE state = 'failed'")
    assert "550" in str(error)
    with Reader(waiting.database) as reader:
        counts = reader.outbox()
    assert (counts.pending, counts.failed, counts.sent) == (0, 1, 1)


def test_a_destination_that_is_no_longer_configured_is_parked(waiting: Site) -> None:
    with MailServer(Behaviour()) as mail:
        waiting.configure("[sources.hackernews]", more=mail_table(mail.port, BOSS))
        assert service(waiting).deliver(now=NOW) == 0
        assert mail.behaviour.received == []
    ((state, error),) = waiting.rows("SELECT state, last_error FROM outbox")
    assert state == "failed"
    assert "no longer configured" in str(error)


def test_a_message_about_what_is_gone_is_parked_and_holds_nobody_up(waiting: Site) -> None:
    with Store(waiting.database) as store:
        store._connection.execute(
            "INSERT INTO outbox (key, destination, kind, subject_id, state, next_try_at, created_at) "
            "SELECT 'Acme/spike/1:opened', destination, 'alert-opened', 4711, 'pending', 0, 0 FROM outbox"
        )
        store._connection.execute("UPDATE outbox SET id = 900 WHERE kind = 'digest'")
    with MailServer(Behaviour()) as mail:
        waiting.configure("[sources.hackernews]", more=mail_table(mail.port))
        assert service(waiting).deliver(now=NOW) == 1
    assert waiting.rows("SELECT kind, state FROM outbox ORDER BY id") == [
        ("alert-opened", "failed"),
        ("digest", "sent"),
    ]


def test_gaps_of_a_brand_are_those_that_concern_it_of_the_sources_that_listen_for_it(tmp_path: Path) -> None:
    site = Site(tmp_path, "[sources.hackernews]")
    config = load_config(site.config)
    lay_store(site.database)

    def gap(hour: int, source: str, brand: str | None, *brands: str) -> CoverageGap:
        since = NOW - hour * timedelta(hours=1)
        until = since + timedelta(hours=1)
        return CoverageGap(
            source=source, lane="", brand=brand, since=since, until=until, state="open", reason=None, brands=brands
        )

    found = (gap(5, "a", None), gap(4, "a", "Acme"), gap(3, "b", "Acme"), gap(2, "a", None, "Acme", "Globex"), gap(1, "a", "Globex"))  # fmt: skip
    asked: list[object] = []
    with Reader(site.database) as reader, pytest.MonkeyPatch.context() as held:
        held.setattr(reader, "gaps", lambda *span: asked.append(span) or found)
        desk = Desk(config=config, reader=reader, listening={"Acme": ("a",), "Globex": ("a", "b")}, now=NOW)
        for brand in ("Acme", "Globex", "Initech"):
            right = tuple(one for one in found if one.concerns(brand) and one.source in desk.listening.get(brand, ()))
            assert desk.gaps(brand, NOW - DAY, NOW) == right
        assert asked == [(NOW - DAY, NOW)]
