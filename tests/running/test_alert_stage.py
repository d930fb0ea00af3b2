"""Alerts over a store: one episode for one burst, however often looked at; nothing over what was filled in late."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listener.alerts.options import DEFAULT_RULES, AlertOptions
from listener.mention import Author, Mention
from listener.pipeline import AlertStage, Judge, WatchedBrand
from listener.protocols import Resource
from listener.search import Reader
from listener.store import PageProgress, Store
from servers.world import make_judge, make_mention, open_store, own_words

START = datetime(2026, 11, 20, 6, tzinfo=UTC)
"""A Friday at 11:30 in India: what lies before is history, what comes after is read live."""
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
BRAND = WatchedBrand(name="Acme", names=("acme",), sources=("x",))
DESTINATIONS = ("mail to team@example.com", "mail to boss@example.com")
SEARCH = Resource(key="acme-1", lane="search", native="acme", brand="Acme")


@dataclass
class Station:
    """Hold a store that is read and watched as the daemon does."""

    store: Store
    reader: Reader
    judge: Judge

    def read(self, until: datetime, mentions: Sequence[Mention] = (), *, is_drained: bool = True) -> None:
        """Read the source up to an instant; what is not drained stays open."""
        number = self.store.open_pass("x", [SEARCH], now=until)[SEARCH.key]
        judgement = self.judge.judge(mentions, self.store.known([one.key for one in mentions]), now=until)
        windows = self.store.windows_to_read(
            number,
            until=until,
            lookback_from=START - timedelta(days=28),
            look_back=False,
            oldest_readable=None,
            now=until,
        )
        for window in windows:
            progress = PageProgress(window=window, cursor=None if is_drained else "more", exhausted=is_drained)
            self.store.save_page(judgement.judged, refreshed=judgement.refreshed, progress=progress, now=until)

    def look(self, now: datetime, *, live: bool = True) -> int:
        """Evaluate the default rules; return how many episodes changed."""
        stage = AlertStage(
            self.store, self.reader, AlertOptions(), DEFAULT_RULES, time_zone="Asia/Kolkata", destinations=DESTINATIONS
        )
        return stage.evaluate(BRAND, now=now, live=live)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return self.store._connection.execute(sql).fetchall()

    def episodes(self) -> list[tuple[object, ...]]:
        """Return the episodes but for the rule about coverage, which tells of what is not read."""
        return self.rows(
            "SELECT key, rule, state, severity, opened_at, observed, expected, surprise, peak FROM episodes "
            "WHERE rule <> 'blind' ORDER BY key"
        )

    def outbox(self) -> list[tuple[object, ...]]:
        return self.rows("SELECT key, destination, kind FROM outbox ORDER BY key, destination")


def usual(begin: datetime, end: datetime) -> list[Mention]:
    """Return two mentions an hour, each with words of its own."""
    hours = int((end - begin) / HOUR)
    return [
        make_mention(
            1,
            f"acme lid {own_words(f'{begin} {hour}-{turn}')}",
            id=f"{int(begin.timestamp())}-{hour}-{turn}",
            author=Author(id=f"usual-{hour}-{turn}"),
            published_at=begin + HOUR * hour + timedelta(minutes=11 + 30 * turn),
        )
        for hour in range(hours)
        for turn in range(2)
    ]


def burst(at: datetime, count: int = 60) -> list[Mention]:
    """Return many mentions within a quarter of an hour that are all about one thing."""
    return [
        make_mention(
            1,
            f"acme recall of the kettle, {own_words(f'witness {number}')}",
            id=f"burst-{number}",
            author=Author(id=f"witness-{number}"),
            published_at=at + timedelta(seconds=10 * number),
        )
        for number in range(count)
    ]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a store with four usual weeks in it, looked at once."""
    folder = tmp_path_factory.mktemp("history")
    with opened(folder) as station:
        station.read(START, usual(START - timedelta(days=28), START))
        station.look(START)
        assert station.episodes() == []
    return folder


@contextmanager
def opened(folder: Path) -> Iterator[Station]:
    with open_store(folder) as store, Reader(store.path) as reader:
        yield Station(store=store, reader=reader, judge=make_judge())


@pytest.fixture
def new_station(history: Path, tmp_path: Path) -> Iterator[Callable[[], Station]]:
    """Return what opens a copy of the history."""
    with ExitStack() as stack:
        made: list[Path] = []

        def make() -> Station:
            made.append(tmp_path / f"copy{len(made)}")
            shutil.copytree(history, made[-1])
            return stack.enter_context(opened(made[-1]))

        yield make


@pytest.fixture
def station(new_station: Callable[[], Station]) -> Station:
    return new_station()


def live_day(station: Station, *, step: timedelta, hours: int = 6, burst_at: datetime = START + HOUR) -> None:
    """Read and look on schedule; at `burst_at` comes a burst."""
    everything = usual(START, START + HOUR * hours) + burst(burst_at)
    now = START
    while now < START + HOUR * hours:
        begin, now = now, now + step
        station.read(now, [one for one in everything if one.published_at and begin <= one.published_at < now])
        station.look(now)


def test_a_burst_opens_one_episode_with_its_reasons_and_one_message_for_each_destination(station: Station) -> None:
    live_day(station, step=QUARTER, hours=2)
    ((key, rule, state, _, opened_at, observed, expected, surprise, _),) = station.episodes()
    assert (rule, state) == ("spike", "open")
    assert opened_at == int((START + HOUR + QUARTER).timestamp())
    assert float(str(observed)) >= 60
    assert float(str(expected)) < 10
    assert float(str(surprise)) > 0
    assert station.outbox() == [(f"{key}:opened", name, "alert-opened") for name in sorted(DESTINATIONS)]
    (episode,) = station.reader.episodes(brand="Acme")
    assert "recall" in " ".join(episode.terms)
    assert episode.mentions
    assert episode.headline


def test_a_look_with_a_clock_that_was_ahead_blinds_nothing_once_it_is_right_again(station: Station) -> None:
    station.look(START + timedelta(hours=30))
    live_day(station, step=QUARTER, hours=2)
    ((_, rule, state, _, opened_at, *_),) = station.episodes()
    assert (rule, state, opened_at) == ("spike", "open", int((START + HOUR + QUARTER).timestamp()))


def test_looking_again_changes_nothing(station: Station) -> None:
    live_day(station, step=QUARTER, hours=2)
    before, sent = station.episodes(), station.outbox()
    assert station.look(START + 2 * HOUR) == 0
    assert station.look(START + 2 * HOUR + timedelta(minutes=14)) == 0
    assert (station.episodes(), station.outbox()) == (before, sent)


def test_the_same_is_found_in_passes_of_any_length(new_station: Callable[[], Station]) -> None:
    found = []
    for minutes in (15, 90):
        station = new_station()
        live_day(station, step=timedelta(minutes=minutes))
        found.append((station.episodes(), station.outbox()))
    assert len(found[0][0]) == 1
    assert found[0][0][0][2] == "resolved"
    assert found.count(found[0]) == len(found)


def test_a_backlog_after_an_outage_raises_nothing(station: Station) -> None:
    back = START + 9 * HOUR
    station.read(back, usual(START, back) + burst(START + HOUR))
    station.look(back)
    assert station.episodes() == []
    assert station.outbox() == []
    for step in range(1, 9):
        now = back + QUARTER * step
        station.read(now)
        station.look(now)
    assert station.episodes() == []


def test_a_first_look_back_raises_nothing_and_a_replay_of_the_same_history_does(tmp_path: Path) -> None:
    with opened(tmp_path) as station:
        station.read(START, usual(START - timedelta(days=28), START) + burst(START - timedelta(days=2)))
        station.look(START)
        assert station.episodes() == []
        assert station.outbox() == []
        station.rows("DELETE FROM alert_states")
        assert station.look(START, live=False) > 0
        assert [(rule, opened_at) for _, rule, _, _, opened_at, *_ in station.episodes() if rule == "spike"] == [
            ("spike", int((START - timedelta(days=2) + QUARTER).timestamp()))
        ]


def test_hours_that_were_not_read_are_neither_a_spike_nor_silence(station: Station) -> None:
    for step in range(1, 4 * 8):
        now = START + QUARTER * step
        station.read(now, burst(START + HOUR) if step == 5 else (), is_drained=False)
        station.look(now)
    assert station.episodes() == []
    assert station.rows("SELECT 1 FROM outbox WHERE key NOT LIKE '%/blind/%'") == []


def test_a_snoozed_brand_is_watched_and_nobody_is_told(station: Station) -> None:
    station.store.reports.snooze("Acme", until=START + 4 * HOUR)
    live_day(station, step=QUARTER, hours=2)
    assert [row[1] for row in station.episodes()] == ["spike"]
    assert station.outbox() == []


def test_an_episode_and_its_message_are_stored_together_with_how_far_was_looked(station: Station) -> None:
    live_day(station, step=QUARTER, hours=2)
    assert station.rows("SELECT DISTINCT evaluated_until FROM alert_states") == [(int((START + 2 * HOUR).timestamp()),)]
    numbers = {number for (number,) in station.rows("SELECT id FROM episodes")}
    assert {number for (number,) in station.rows("SELECT subject_id FROM outbox")} <= numbers


def test_of_two_processes_that_look_at_once_the_later_note_is_not_put_over_the_earlier(station: Station) -> None:
    for quarter in range(1, 9):
        now = START + QUARTER * quarter
        station.read(now, burst(now - QUARTER) if quarter == 8 else [])
        if quarter < 8:
            station.look(now)
    with Reader(station.store.path) as late:
        late._connection.execute("BEGIN")
        assert late.alert_state("Acme", "spike") is not None  # it sees the store as it is here
        for quarter in range(8, 16):
            station.read(START + QUARTER * quarter)
            station.look(START + QUARTER * quarter)
        before = station.rows("SELECT * FROM alert_states"), station.rows("SELECT * FROM episodes")
        assert len(before[1]) == 1
        stage = AlertStage(station.store, late, AlertOptions(), DEFAULT_RULES, time_zone="Asia/Kolkata")
        assert stage.evaluate(BRAND, now=START + QUARTER * 8) == 0
    assert (station.rows("SELECT * FROM alert_states"), station.rows("SELECT * FROM episodes")) == before
