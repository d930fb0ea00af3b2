"""What is listened to may change within a source: that is neither a spike nor a silence, and what is one soon shows again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerting.watching import HOUR, START, said
from listener import wiring
from listener.alerts.episodes import evaluate
from listener.alerts.options import AlertOptions, RuleOptions
from listener.alerts.records import BucketCounts, RuleState
from listener.config import load_config
from listener.mention import Mention
from listener.pipeline import AlertStage, WatchedBrand
from listener.protocols import Resource
from listener.search import Reader
from listener.store import PageProgress, Store
from servers.world import make_judge, open_store, own_words

SPIKE, SILENCE = RuleOptions(name="spike", kind="spike"), RuleOptions(name="silence", kind="silence")
IN_X = RuleOptions(name="spike-in", kind="spike", sources=("x",))
FEW, MANY = {"": "v1", "x": "two feeds"}, {"": "v1", "x": "three feeds"}
WIDER = {"": "v2", "x": "two feeds"}
DAYS = 3
MIDNIGHT = datetime(2026, 11, 16, tzinfo=UTC)
"""A Monday."""


class Place:
    """Hold a store of one brand and source that is read and watched hour by hour."""

    def __init__(self, store: Store, reader: Reader, rules: tuple[RuleOptions, ...]) -> None:
        self.store, self.reader, self.rules = store, reader, rules
        self.judge = make_judge()
        self.now = START

    def read(self, mentions: list[Mention]) -> None:
        resource = Resource(key="x-1", lane="search", native="acme", brand="Acme")
        number = self.store.open_pass("x", [resource], now=self.now)[resource.key]
        judged = self.judge.judge(mentions, {}, now=self.now).judged
        back = START - timedelta(days=DAYS)
        for window in self.store.windows_to_read(
            number, until=self.now, lookback_from=back, look_back=False, oldest_readable=None, now=self.now
        ):
            self.store.save_page(
                judged, progress=PageProgress(window=window, cursor=None, exhausted=True), now=self.now
            )

    def look(self, asked: Mapping[str, str]) -> None:
        stage = AlertStage(self.store, self.reader, AlertOptions(), self.rules, time_zone="UTC")
        stage.evaluate(WatchedBrand(name="Acme", names=("acme",), sources=("x",), asked=asked), now=self.now)

    def begin(self, an_hour: int, asked: Mapping[str, str] = FEW) -> None:
        """Read three days of so many mentions an hour and learn them."""
        self.read(talk(-24 * DAYS, 0, an_hour))
        self.look(asked)

    def live(self, hours: int, an_hour: int, asked: Mapping[str, str]) -> None:
        """Read and look every hour."""
        for _ in range(hours):
            hour = (self.now - START) // HOUR
            self.now += HOUR
            self.read(talk(hour, hour + 1, an_hour))
            self.look(asked)

    def rules_that_told(self) -> list[str]:
        return sorted(one.rule for one in self.reader.episodes())


def talk(begin: int, end: int, an_hour: int) -> list[Mention]:
    """Return so many mentions in each hour from START on, each with words of its own."""
    return [
        said("x", START + HOUR * hour + HOUR * turn / an_hour, f"acme {own_words(f'{hour}-{turn}')}", f"{hour}-{turn}")
        for hour in range(begin, end)
        for turn in range(an_hour)
    ]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_store(tmp_path) as store, Reader(store.path) as reader:
        yield Place(store, reader, (SPIKE, SILENCE, IN_X))


@pytest.mark.parametrize("asked", [MANY, WIDER])
def test_more_talk_where_more_is_listened_to_is_no_spike(place: Place, asked: dict[str, str]) -> None:
    place.begin(3)
    place.live(10, 15, asked)
    assert place.rules_that_told() == []
    place.live(1, 70, asked)
    assert place.rules_that_told() == ["spike", "spike-in:x"]


def test_more_talk_where_the_same_is_listened_to_is_a_spike(place: Place) -> None:
    place.begin(3)
    place.live(3, 15, dict(FEW))
    assert place.rules_that_told() == ["spike", "spike-in:x"]


@pytest.mark.parametrize(("asked", "rules"), [(FEW, ["silence"]), ({"": "v1", "x": "one feed"}, [])])
def test_less_talk_is_a_silence_only_where_the_same_is_listened_to(
    place: Place, asked: dict[str, str], rules: list[str]
) -> None:
    place.begin(8)
    place.live(16, 1, asked)
    assert place.rules_that_told() == rules


def test_what_changed_is_kept_where_a_rule_learns_from_the_history_again(place: Place) -> None:
    place.begin(3)
    place.live(9, 15, MANY)
    with place.store._connection:
        place.store._connection.execute("UPDATE alert_states SET state = json_set(state, '$.memory', 'damaged')")
    place.live(4, 15, MANY)
    assert place.rules_that_told() == []
    place.live(1, 70, MANY)
    assert place.rules_that_told() == ["spike", "spike-in:x"]


HISTORY = [(hour, 20 if 7 <= hour % 24 < 22 else 2) for hour in range(-24 * 20, 0)]
"""Twenty days, busy by day and quiet by night."""


def judged(live: Sequence[tuple[int, int]], *changes: int, kind: str = "spike", coverage: float = 1.0) -> list[int]:
    """Return in which hour episodes open where these counts by hour follow the history; changes came at these hours."""
    rule = RuleOptions(name="rule", kind=kind)
    buckets = [
        BucketCounts(
            start=MIDNIGHT + HOUR * hour + HOUR * turn / 4,
            mentions=(count + turn) // 4,
            coverage=1.0 if hour < 0 else coverage,
            backfilled=hour < 0,
        )
        for hour, count in [*HISTORY, *live]
        for turn in range(4)
    ]
    state = RuleState(changed=tuple(MIDNIGHT + HOUR * hour for hour in changes))
    end = buckets[-1].start + HOUR
    _, told = evaluate("Acme", rule, state, buckets, end, AlertOptions(), time_zone="UTC")
    return [(change.at - MIDNIGHT) // HOUR for change in told if change.kind == "opened"]


def live(days: int, change: Callable[[int], int], *, loud: int | None = None) -> list[tuple[int, int]]:
    """Return so many days, each hour's usual count changed; `loud` is an hour that holds four times as much."""
    usual = dict(HISTORY)
    return [(hour, change(usual[hour % 24 - 24]) * (4 if hour == loud else 1)) for hour in range(10, 10 + 24 * days)]


CHANGES = {
    "three times": lambda count: 3 * count,
    "so many more at all hours": lambda count: count + 25,
    "a third": lambda count: count // 3,
    "nothing": lambda count: count,
}


@pytest.mark.parametrize("kind", ["spike", "silence"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_no_week_after_a_change_is_unusual_by_itself(change: Callable[[int], int], kind: str) -> None:
    assert judged(live(8, change), 10, kind=kind) == []


def test_the_same_without_a_change_is_unusual() -> None:
    assert judged(live(2, CHANGES["three times"]))
    assert judged(live(2, CHANGES["so many more at all hours"]))
    assert judged(live(2, lambda count: count // 10), kind="silence")


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("loud", [17, 34, 60])
def test_a_loud_hour_stands_out_from_the_eighth_hour_after_a_change_on(change: Callable[[int], int], loud: int) -> None:
    assert judged(live(3, change, loud=loud), 10) == [loud]


def test_an_expression_that_is_taken_back_is_a_change_too() -> None:
    there = [(hour, 3 * count) for hour, count in live(2, CHANGES["nothing"])]
    back = [(hour + 48, count) for hour, count in live(2, CHANGES["nothing"])]
    again = [(hour + 96, 3 * count) for hour, count in live(2, CHANGES["nothing"])]
    assert judged([*there, *back, *again], 10, 58, 106) == []


def test_another_usual_of_the_negative_share_is_learned_within_days() -> None:
    def hours(begin: int, end: int, negative: int) -> list[BucketCounts]:
        return [
            BucketCounts(start=MIDNIGHT + HOUR * hour / 4, mentions=5, negative=negative, scored=5, backfilled=hour < 0)
            for hour in range(begin * 4, end * 4)
        ]

    def told(*changed: int) -> int:
        rule = RuleOptions(name="sentiment", kind="sentiment")
        state = RuleState(changed=tuple(MIDNIGHT + HOUR * hour for hour in changed))
        buckets = [*hours(-240, 0, 1), *hours(0, 96, 3)]
        _, changes = evaluate("Acme", rule, state, buckets, MIDNIGHT + HOUR * 97, AlertOptions(), time_zone="UTC")
        return len([change for change in changes if change.kind == "opened"])

    assert told() == 1
    assert told(0) == 0


@pytest.mark.parametrize(("loud", "hours"), [(17, []), (40, [40])])
def test_a_change_that_is_only_half_read_keeps_the_former_usual_after_a_day(loud: int, hours: list[int]) -> None:
    assert judged(live(2, CHANGES["nothing"], loud=loud), 10, coverage=0.5) == hours


@pytest.mark.parametrize("kind", ["spike", "silence", "sentiment"])
def test_the_same_is_found_in_passes_of_any_length_across_a_change(kind: str) -> None:
    rule = RuleOptions(name="rule", kind=kind)
    buckets = [
        BucketCounts(
            start=MIDNIGHT + HOUR * hour + HOUR * turn / 4,
            mentions=count // 4 + turn + 1,
            negative=1,
            scored=count // 4 + turn + 1,
        )
        for hour, count in [*HISTORY[-96:], *live(4, CHANGES["three times"], loud=40)]
        for turn in range(4)
    ]
    end = buckets[-1].start + HOUR
    first = RuleState(changed=(MIDNIGHT + HOUR * 10,))
    whole, told = evaluate("Acme", rule, first, buckets, end, AlertOptions(), time_zone="UTC")
    state, found = first, []
    for begin in range(0, len(buckets), 7):
        part = buckets[begin : begin + 7]
        state, changes = evaluate(
            "Acme", rule, RuleState.from_json(state.to_json()), part, end, AlertOptions(), time_zone="UTC"
        )
        found += changes
    assert (found, state) == (list(told), whole)


def test_the_state_of_a_rule_keeps_what_it_listened_to() -> None:
    state = RuleState(asked=(("", "v1"), ("x", "two")), changed=(START, START + HOUR))
    assert RuleState.from_json(state.to_json()) == state
    assert RuleState.from_json(RuleState().to_json()) == RuleState()


def told_places(folder: Path, sources: str) -> dict[str, dict[str, str]]:
    file = folder / "config.toml"
    brands = '[[brands]]\nname = "Acme"\n[[brands]]\nname = "Globex"\nkind = "competitor"\n'
    file.write_text(f"{brands}{sources}", encoding="utf-8")
    return wiring.places(load_config(file))


def test_the_places_of_a_source_change_with_its_lists_and_what_it_includes(tmp_path: Path) -> None:
    def feeds(text: str) -> str:
        return told_places(tmp_path, f"[sources.rss]\n{text}\n")["Acme"]["rss"]

    one = feeds('feeds = ["https://one.example/a"]')
    assert feeds('feeds = ["https://one.example/a", "https://one.example/b"]') != one
    assert feeds('feeds = ["https://one.example/a"]\ngoogle_news = true') != one
    assert feeds('feeds = ["https://one.example/a"]\nevery = "10m"\nallow_private = true') == one
    both = feeds('feeds = ["https://one.example/a", "https://one.example/b"]')
    assert feeds('feeds = ["https://one.example/b", "https://one.example/a"]') == both


def test_an_app_of_another_brand_changes_nothing_for_a_brand(tmp_path: Path) -> None:
    app = '[[sources.appstore.apps]]\nid = "12345678{}"\nbrand = "{}"\n'
    alone = told_places(tmp_path, app.format(1, "Acme") + app.format(4, "Globex"))
    both = told_places(tmp_path, app.format(1, "Acme") + app.format(4, "Globex") + app.format(2, "Globex"))
    assert both["Acme"] == alone["Acme"]
    assert both["Globex"] != alone["Globex"]
    assert told_places(tmp_path, app.format(1, "Acme") + app.format(3, "Acme"))["Acme"] != alone["Acme"]


def test_no_place_stands_in_the_store_in_plain_text(tmp_path: Path) -> None:
    told = told_places(tmp_path, '[sources.rss]\nfeeds = ["https://one.example/a?key=hidden"]\n')
    assert "hidden" not in str(told)
