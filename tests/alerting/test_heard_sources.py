"""A rule counts the sources that tell soon and for long enough: slow and new ones neither blind it nor raise it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listener import wiring
from listener.alerts.options import DEFAULT_RULES, AlertOptions, RuleOptions
from listener.config import load_config
from listener.mention import Author, Mention
from listener.pipeline import AlertStage, Judge, WatchedBrand
from listener.pipeline.quarters import read_quarters
from listener.protocols import Resource
from listener.search import Reader
from listener.store import PageProgress, Store
from servers.world import make_judge, make_mention, open_store, own_words

START = datetime(2026, 11, 20, 6, tzinfo=UTC)
QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
LATER = HOUR + QUARTER
"""Long enough after a first look for its history not to be judged with what follows."""
SLOWLY = {"prompt": QUARTER, "slow": 6 * HOUR}
HOURLY = {"prompt": QUARTER, "slow": HOUR + QUARTER}


class Place:
    """Hold a store of one brand with two sources, read and watched by hand."""

    def __init__(self, store: Store, reader: Reader, judge: Judge) -> None:
        self.store, self.reader, self.judge = store, reader, judge

    def read(self, source: str, until: datetime, mentions: Sequence[Mention] = (), *, back: timedelta = DAY) -> None:
        resource = Resource(key=f"{source}-1", lane="search", native="acme", brand="Acme")
        number = self.store.open_pass(source, [resource], now=until)[resource.key]
        judged = self.judge.judge(mentions, self.store.known([one.key for one in mentions]), now=until).judged
        windows = self.store.windows_to_read(
            number, until=until, lookback_from=until - back, look_back=False, oldest_readable=None, now=until
        )
        for window in windows:
            progress = PageProgress(window=window, cursor=None, exhausted=True)
            self.store.save_page(judged, progress=progress, now=until)

    def look(
        self,
        now: datetime,
        sources: Sequence[str] = ("prompt", "slow"),
        *,
        delays: Mapping[str, timedelta] | None = None,
        rules: Sequence[RuleOptions] = DEFAULT_RULES,
    ) -> None:
        stage = AlertStage(self.store, self.reader, AlertOptions(), rules, time_zone="UTC")
        brand = WatchedBrand(name="Acme", names=("acme",), sources=tuple(sources), delays=delays or {})
        stage.evaluate(brand, now=now)

    def episodes(self) -> list[tuple[str, float]]:
        sql = "SELECT rule, coverage FROM episodes ORDER BY id"
        return [(str(rule), coverage) for rule, coverage in self.store._connection.execute(sql)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_store(tmp_path) as store, Reader(store.path) as reader:
        yield Place(store, reader, make_judge())


def talk(source: str, begin: datetime, end: datetime, *, an_hour: int = 2) -> list[Mention]:
    """Return so many mentions an hour, each with words of its own."""
    step = HOUR / an_hour
    return [
        make_mention(
            1,
            f"acme lid {own_words(f'{source} {begin} {number}')}",
            id=f"{begin:%d%H%M}-{number}",
            source=source,
            author=Author(id=f"{source}-{number}"),
            published_at=begin + step * number + timedelta(minutes=2),
        )
        for number in range(int((end - begin) / step))
    ]


def burst(source: str, at: datetime) -> list[Mention]:
    return talk(source, at, at + QUARTER, an_hour=200)


def live(place: Place, source: str, hours: int, sources: Sequence[str], *, an_hour: int, lookback: timedelta) -> None:
    """Read hour by hour from `START` on: two mentions an hour in the first source, so many in the other one."""
    place.read(source, START, talk(source, START - lookback, START, an_hour=an_hour), back=lookback)
    for hour in range(hours):
        begin, now = START + HOUR * hour, START + HOUR * (hour + 1)
        place.read("prompt", now, talk("prompt", begin, now))
        if source in sources:
            place.read(source, now, talk(source, begin, now, an_hour=an_hour))
        place.look(now, sources)


def test_a_source_that_is_seldom_read_does_not_keep_the_others_from_raising_an_alert(place: Place) -> None:
    place.read("prompt", START, talk("prompt", START - 5 * DAY, START), back=5 * DAY)
    place.read("slow", START - 5 * HOUR)
    place.look(START, delays=SLOWLY)
    now = START + LATER
    place.read("prompt", now, burst("prompt", now - QUARTER))
    place.look(now, delays=SLOWLY)
    assert place.episodes() == [("spike", 1.0)]


def begin_with_an_hourly_one(place: Place) -> None:
    """Let both sources be known for five days, one of them read every hour."""
    for source in ("prompt", "slow"):
        place.read(source, START, talk(source, START - 5 * DAY, START), back=5 * DAY)
    place.look(START, delays=HOURLY)


def test_a_source_that_is_read_every_hour_is_waited_for_and_then_covers_the_hour(place: Place) -> None:
    begin_with_an_hourly_one(place)
    now = START + HOUR + QUARTER
    place.read("prompt", now, burst("prompt", START))
    place.look(now, delays=HOURLY)
    assert place.episodes() == []  # what the other one tells of that hour is still to come
    place.read("slow", now)
    place.look(now, delays=HOURLY)
    assert place.episodes() == [("spike", 1.0)]


def test_an_hourly_source_that_fails_holds_nobody_up_for_long(place: Place) -> None:
    begin_with_an_hourly_one(place)
    now = START + 2 * HOUR
    place.read("prompt", now, burst("prompt", START))
    place.look(now, delays=HOURLY)
    assert place.episodes() == [("spike", 0.5)]


def test_a_brand_whose_sources_are_all_seldom_read_is_told_what_one_pass_brings(place: Place) -> None:
    delays = {"slow": 6 * HOUR}
    place.read("slow", START, talk("slow", START - 5 * DAY, START), back=5 * DAY)
    place.look(START, ("slow",), delays=delays)
    now = START + 6 * HOUR
    place.read("slow", now, burst("slow", START + HOUR))
    place.look(now, ("slow",), delays=delays)
    assert ("spike", 1.0) in place.episodes()


def test_a_rule_about_a_source_that_is_seldom_read_takes_in_all_of_a_pass(place: Place) -> None:
    rules = tuple(RuleOptions(name=kind, kind=kind, sources=("slow",)) for kind in ("spike", "blind"))
    for source in ("prompt", "slow"):
        place.read(source, START, talk(source, START - 5 * DAY, START), back=5 * DAY)
    place.look(START, delays=SLOWLY, rules=rules)
    for step in range(1, 25):
        now = START + QUARTER * step
        place.read("prompt", now)
        place.look(now, delays=SLOWLY, rules=rules)
    assert place.episodes() == []
    place.read("slow", now, burst("slow", START + HOUR))
    place.look(now, delays=SLOWLY, rules=rules)
    assert place.episodes() == [("spike:slow", 1.0)]


def test_a_source_that_is_added_is_no_spike_and_counts_once_it_is_known(place: Place) -> None:
    place.read("prompt", START, talk("prompt", START - 6 * DAY, START), back=6 * DAY)
    place.look(START, ("prompt",))
    live(place, "new", 52, ("prompt", "new"), an_hour=12, lookback=DAY)
    assert place.episodes() == []
    now = START + 53 * HOUR
    place.read("prompt", now)
    place.read("new", now, burst("new", now - HOUR))
    place.look(now, ("prompt", "new"))
    assert [rule for rule, _ in place.episodes()] == ["spike"]


def test_while_a_source_is_new_the_others_raise_alerts_as_before(place: Place) -> None:
    place.read("prompt", START, talk("prompt", START - 6 * DAY, START), back=6 * DAY)
    place.look(START, ("prompt",))
    place.read("new", START, talk("new", START - DAY, START, an_hour=12))
    place.look(START, ("prompt", "new"))
    now = START + LATER
    place.read("prompt", now, burst("prompt", now - QUARTER))
    place.read("new", now, talk("new", START, now, an_hour=12))
    place.look(now, ("prompt", "new"))
    assert place.episodes() == [("spike", 1.0)]


def test_a_source_that_is_taken_away_is_no_silence(place: Place) -> None:
    for source, an_hour in (("prompt", 2), ("loud", 12)):
        place.read(source, START, talk(source, START - 6 * DAY, START, an_hour=an_hour), back=6 * DAY)
    place.look(START, ("prompt", "loud"))
    live(place, "loud", 12, ("prompt",), an_hour=12, lookback=HOUR)
    assert place.episodes() == []


def test_how_late_a_source_may_tell_is_read_off_its_schedule(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[[brands]]\nname = "Acme"\n[sources.gdelt]\n[sources.hackernews]\nevery = "5m"\njitter = "0s"\n'
        "[sources.lemmy]\nenabled = false\n",
        encoding="utf-8",
    )
    delays = wiring.reading_delays(load_config(tmp_path / "config.toml"))
    assert delays == {"gdelt": timedelta(minutes=76), "hackernews": timedelta(minutes=6)}


def test_a_brand_that_nobody_spoke_of_before_is_heard_to_burst_at_once(place: Place) -> None:
    place.read("prompt", START, back=6 * DAY)
    place.look(START, ("prompt",))
    now = START + LATER
    place.read("prompt", now, burst("prompt", now - QUARTER))
    place.look(now, ("prompt",))
    assert place.episodes() == [("spike", 1.0)]


def test_that_a_brand_cannot_be_read_is_told_though_nobody_spoke_of_it_yet(place: Place) -> None:
    place.read("prompt", START, back=DAY)
    place.look(START, ("prompt",))
    place.look(START + 7 * HOUR, ("prompt",))
    assert place.episodes() == [("blind", 0.0)]


def test_what_a_source_that_does_not_count_told_first_counts_however_long_the_stretch_that_is_looked_at(
    place: Place,
) -> None:
    said = f"acme lid {own_words('all of them')}"
    for source, at in (("gone", START - DAY), ("prompt", START)):
        mention = make_mention(1, said, id=source, source=source, author=Author(id=source), published_at=at)
        place.read(source, START + QUARTER, [mention], back=2 * DAY)
    brand = WatchedBrand(name="Acme", names=("acme",), sources=("prompt",))
    stretches = [
        read_quarters(place.reader, brand, since, START + QUARTER, late_before=START)
        for since in (START, START - HOUR, START - 2 * DAY)
    ]
    assert [quarters[-1].mentions for quarters in stretches] == [1, 1, 1]


def test_each_rule_counts_its_own_sources_whichever_rule_comes_first(place: Place) -> None:
    rules = tuple(sorted(DEFAULT_RULES, key=lambda rule: rule.kind != "blind"))
    place.read("prompt", START, talk("prompt", START - 6 * DAY, START), back=6 * DAY)
    place.look(START, ("prompt",), rules=rules)
    for hour in range(1, 10):
        now = START + HOUR * hour
        place.read("prompt", now, talk("prompt", now - HOUR, now))
        place.read("new", now, talk("new", now - HOUR, now, an_hour=60), back=HOUR)
        place.look(now, ("prompt", "new"), rules=rules)
    assert place.episodes() == []


def test_what_could_not_be_read_before_anybody_listened_is_not_lost(place: Place) -> None:
    place.read("prompt", START, back=6 * DAY)
    for source in ("short", "shorter"):
        place.read(source, START, back=HOUR)
    for quarter in range(30):
        now = START + QUARTER * quarter
        for source in ("prompt", "short", "shorter"):
            place.read(source, now)
        place.look(now, ("prompt", "short", "shorter"))
    assert place.episodes() == []
    place.look(now + 4 * HOUR, ("prompt", "short", "shorter"))
    assert [rule for rule, _ in place.episodes()] == ["blind"]


def test_a_feed_that_is_gone_keeps_the_others_of_its_source_neither_from_being_waited_for_nor_from_being_watched(
    place: Place,
) -> None:
    feeds = [Resource(key=name, lane=name, native=name, brand="Acme") for name in ("alive", "gone")]
    rules = (RuleOptions(name="spike", kind="spike"), RuleOptions(name="in", kind="spike", sources=("slow",)))

    def read_feeds(until: datetime, mentions: Sequence[Mention], *names: str) -> None:
        judged = place.judge.judge(mentions, place.store.known([one.key for one in mentions]), now=until).judged
        numbers = place.store.open_pass("slow", feeds, now=until)
        for name in names:
            for window in place.store.windows_to_read(
                numbers[name],
                until=until,
                lookback_from=START - 5 * DAY,
                look_back=False,
                oldest_readable=None,
                now=until,
            ):
                progress = PageProgress(window=window, cursor=None, exhausted=True)
                place.store.save_page(judged, progress=progress, now=until)
                judged = ()

    read_feeds(START, talk("slow", START - 5 * DAY, START), "alive", "gone")
    place.read("prompt", START, back=5 * DAY)
    place.look(START, delays=HOURLY, rules=rules)
    said = burst("slow", START + 8 * HOUR + timedelta(minutes=5))
    for quarter in range(1, 40):
        now = START + QUARTER * quarter
        place.read("prompt", now)
        place.look(now, delays=HOURLY, rules=rules)
        if quarter % 4 == 0:
            read_feeds(now, [one for one in said if now - HOUR <= (one.published_at or now) < now], "alive")
            place.look(now, delays=HOURLY, rules=rules)
    assert sorted(place.episodes()) == [("in:slow", 0.5), ("spike", 0.75)]
