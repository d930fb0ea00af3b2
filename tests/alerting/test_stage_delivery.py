"""What rules found reaches people: when it is quiet, rated, shown, drawn."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerting.watching import HOUR, START, Watch, burst, watching
from cli.conftest import Place, place
from listener import wiring
from listener.clock import Bucket
from listener.config import load_config
from listener.errors import ConfigError
from listener.pipeline import WatchedBrand, usual_band
from listener.protocols import Notification
from listener.reporting import Desk, deliver, draw_episode_of, render_alert_of
from listener.search import Reader
from listener.store import Store
from reports.charts.style import MAIL_LOOK
from stores import lay_store

__all__ = ["place"]

CONFIG = """
[listener]
time_zone = "Asia/Kolkata"
[[brands]]
name = "Acme"
[[brands]]
name = "Globex"
[sources.hackernews]
[sources.x]
bearer_token_env = "ACME_TOKEN"
[alerts]
{alerts}
[[alerts.rules]]
name = "spike"
tier = "push"
"""


class Inbox:
    """Take every notification."""

    name = "inbox"
    destination = "mail to team@example.com"

    def __init__(self) -> None:
        self.taken: list[Notification] = []

    def send(self, notification: Notification) -> None:
        self.taken.append(notification)


@pytest.fixture(scope="module")
def after_burst(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store in which Acme had a burst an hour after START, at 12:30 in India; nobody writes to it."""
    folder = tmp_path_factory.mktemp("burst")
    file = folder / "config.toml"
    file.write_text(CONFIG.format(alerts=""), encoding="utf-8")
    _, rules = wiring.read_alert_options(load_config(file))
    with watching(folder, *rules, after_usual=True) as watch:
        watch.look(START)
        watch.live(burst("x", START + HOUR), hours=2)
    return folder / "listener.db"


@pytest.fixture
def watched(place: Place, after_burst: Path) -> Place:
    """Return a place with a copy of that store."""
    place.configure(CONFIG.format(alerts=""))
    place.database.write_bytes(after_burst.read_bytes())
    return place


def carry(place: Place, now: datetime, inbox: Inbox) -> int:
    config = load_config(place.config_file)
    with Store(lay_store(place.database)) as store, Reader(place.database) as reader:
        desk = Desk(config=config, reader=reader, listening=wiring.listening(config), now=now)
        return deliver(desk, store, [inbox])


def test_alerts_wait_for_the_end_of_the_quiet_hours(watched: Place) -> None:
    watched.configure(CONFIG.format(alerts='quiet_hours = "12:00-14:00"'))
    inbox = Inbox()

    assert carry(watched, START + 2 * HOUR, inbox) == 0  # 13:30
    assert carry(watched, datetime(2026, 11, 20, 8, 29, tzinfo=UTC), inbox) == 0
    assert carry(watched, datetime(2026, 11, 20, 8, 30, tzinfo=UTC), inbox) == 1
    assert [one.subject[:5] for one in inbox.taken] == ["Acme:"]


def test_a_round_that_lasts_into_the_quiet_hours_pushes_nothing_in_them(
    watched: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.configure(CONFIG.format(alerts='quiet_hours = "13:31-14:00"'))
    with Store(watched.database) as store:
        store._connection.execute(
            "INSERT INTO outbox (key, destination, kind, subject_id, state, next_try_at, created_at) "
            "SELECT key, 'chat room', kind, subject_id, state, next_try_at, created_at FROM outbox"
        )
    seconds = [0.0]
    monkeypatch.setattr("listener.reporting.delivery.time.monotonic", lambda: seconds[0])

    class Slow(Inbox):
        def send(self, notification: Notification) -> None:
            super().send(notification)
            seconds[0] += 90.0

    slow, room = Slow(), Inbox()
    room.destination = "chat room"
    config = load_config(watched.config_file)
    with Store(watched.database) as store, Reader(watched.database) as reader:
        for at, sent in (
            (START + 2 * HOUR, 1),
            (START + 2.4 * HOUR, 0),
            (START + 2.5 * HOUR, 1),
        ):  # 13:30, 13:54, 14:00
            desk = Desk(config=config, reader=reader, listening=wiring.listening(config), now=at)
            assert deliver(desk, store, [slow, room]) == sent
    assert (len(slow.taken), len(room.taken)) == (1, 1)


def test_of_an_episode_that_came_and_went_in_quiet_hours_one_message_tells(place: Place) -> None:
    place.configure(CONFIG.format(alerts='quiet_hours = "12:00-22:00"'))
    _, rules = wiring.read_alert_options(load_config(place.config_file))
    with watching(place.folder, *rules, after_usual=True) as watch:
        watch.look(START)
        watch.live(burst("x", START + HOUR), hours=8)
        assert watch.news() == ["spike opened", "spike resolved"]
    inbox = Inbox()

    assert carry(place, START + 9 * HOUR, inbox) == 0
    assert carry(place, START + 11 * HOUR, inbox) == 1
    assert carry(place, START + 35 * HOUR, inbox) == 0
    assert [one.subject.partition(":")[0] for one in inbox.taken] == ["Over"]
    with Reader(place.database) as reader:
        assert (reader.outbox().pending, reader.outbox().failed, reader.outbox().sent) == (0, 0, 2)


def test_how_an_episode_ended_is_told_to_who_heard_that_it_began(place: Place) -> None:
    place.configure(CONFIG.format(alerts=""))
    _, rules = wiring.read_alert_options(load_config(place.config_file))
    inbox = Inbox()
    with watching(place.folder, *rules, after_usual=True) as watch:
        watch.look(START)
        watch.live(burst("x", START + HOUR), hours=2)
        assert carry(place, START + 2 * HOUR, inbox) == 1
        for turn in range(9, 33):
            watch.read(START + turn * HOUR / 4, [])
            watch.look(START + turn * HOUR / 4)
        assert carry(place, START + 8 * HOUR, inbox) == 1
    assert [one.subject.partition(":")[0] for one in inbox.taken] == ["Acme", "Over"]


def test_a_severe_alert_is_pushed_in_quiet_hours_where_that_is_wanted(watched: Place) -> None:
    watched.configure(CONFIG.format(alerts='quiet_hours = "12:00-14:00"\nquiet_unless = "high"'))
    inbox = Inbox()

    assert carry(watched, START + 2 * HOUR, inbox) == 1


def test_what_waits_respects_a_snooze_that_came_later(watched: Place) -> None:
    with Store(watched.database) as store:
        store.reports.snooze("Acme", until=START + 9 * HOUR)
    inbox = Inbox()

    assert carry(watched, START + 8 * HOUR, inbox) == 0
    assert carry(watched, START + 9 * HOUR, inbox) == 1


def test_what_a_clock_that_was_ahead_let_wait_goes_when_it_is_right(watched: Place) -> None:
    with Store(watched.database) as store:
        (item,) = store.reports.due(now=START + 2 * HOUR)
        store.reports.postpone(item, until=START + timedelta(days=365))
    inbox = Inbox()

    assert carry(watched, START + 2 * HOUR, inbox) == 1
    assert carry(watched, START + 2 * HOUR, inbox) == 0


def test_what_waits_goes_as_soon_as_its_snooze_is_ended(watched: Place) -> None:
    with Store(watched.database) as store:
        store.reports.snooze("Acme", until=START + 12 * HOUR)
    inbox = Inbox()
    assert carry(watched, START + 2 * HOUR, inbox) == 0

    assert watched.run("alerts", "snooze", "Acme", "0h", "--now", (START + 3 * HOUR).isoformat()).code == 0
    assert carry(watched, START + 3 * HOUR, inbox) == 1


@pytest.mark.parametrize("hours", [3, 10])
def test_what_was_tried_before_it_was_snoozed_goes_as_soon_as_that_is_ended(watched: Place, hours: int) -> None:
    inbox = Inbox()
    with Store(watched.database) as store:
        (item,) = store.reports.due(now=START + 2 * HOUR)
        assert store.reports.take_in_hand(item, until=START + 2 * HOUR)
        store.reports.snooze("Acme", until=START + (2 + hours) * HOUR)
    assert carry(watched, START + 2 * HOUR, inbox) == 0

    with Store(watched.database) as store:
        store.reports.snooze("Acme", until=START + 3 * HOUR)
    assert carry(watched, START + 3 * HOUR, inbox) == 1


def test_what_waits_follows_quiet_hours_that_are_changed(watched: Place) -> None:
    watched.configure(CONFIG.format(alerts='quiet_hours = "12:00-23:00"'))
    inbox = Inbox()
    assert carry(watched, START + 2 * HOUR, inbox) == 0

    watched.configure(CONFIG.format(alerts='quiet_hours = "12:00-14:00"'))
    assert carry(watched, START + 3 * HOUR, inbox) == 1


def test_a_long_snooze_is_noted_once_a_day(watched: Place) -> None:
    with Store(watched.database) as store:
        store.reports.snooze("Acme", until=START + timedelta(days=9))
        assert not store.reports.due(now=START + 2 * HOUR)[0].is_held
    inbox = Inbox()

    assert carry(watched, START + 2 * HOUR, inbox) == 0
    with Store(watched.database) as store:
        assert store.reports.due(now=START + 3 * HOUR)[0].is_held
        assert not store.reports.due(now=START + 26 * HOUR)[0].is_held
    for day in range(1, 9):
        assert carry(watched, START + timedelta(days=day) + 2 * HOUR, inbox) == 0
    assert carry(watched, START + timedelta(days=9), inbox) == 1


def test_waiting_is_no_failed_try(watched: Place) -> None:
    watched.configure(CONFIG.format(alerts='quiet_hours = "12:00-14:00"'))
    carry(watched, START + 2 * HOUR, Inbox())

    with Store(watched.database) as store:
        (item,) = store.reports.due(now=START + 3 * HOUR)
    assert item.attempts == 0


def test_the_message_holds_a_chart_with_the_usual_band(watched: Place) -> None:
    config = load_config(watched.config_file)
    with Reader(watched.database) as reader:
        desk = Desk(config=config, reader=reader, listening=wiring.listening(config), now=START + 2 * HOUR)
        (episode,) = reader.episodes()
        message = render_alert_of(desk, episode, key="k")
        chart, trend = draw_episode_of(desk, episode, MAIL_LOOK)

    assert len(message.images) == 1
    assert message.images[0][1].startswith(b"\x89PNG")
    assert trend.until - trend.since >= timedelta(days=2)
    assert "Observed 60, expected" in chart.alt
    assert message.text.count("60 mentions in the last hour") == 2  # the headline and what the chart shows
    assert "0 % of 60 scored mentions are negative; before it 0 % of 768 were." in " ".join(message.text.split())


def test_news_of_an_episode_are_told_apart_by_their_subject(watched: Place) -> None:
    config = load_config(watched.config_file)
    with Reader(watched.database) as reader:
        desk = Desk(config=config, reader=reader, listening=wiring.listening(config), now=START + 2 * HOUR)
        (episode,) = reader.episodes()
        over = replace(episode, state="resolved", resolved_at=START + 2 * HOUR)
        worse = render_alert_of(desk, episode, key="Acme/spike/1:escalated")
        ended = render_alert_of(desk, over, key="Acme/spike/1:resolved")

    assert worse.subject.startswith("Escalated: Acme: 60 mentions")
    assert ended.subject.startswith("Over: Acme: 60 mentions")
    assert "mentions in all." in ended.text


def test_the_band_is_what_was_usual_before_each_hour(watched: Place) -> None:
    config = load_config(watched.config_file)
    options, (rule,) = wiring.read_alert_options(config)
    brand = WatchedBrand(name="Acme", names=(), sources=("hackernews", "x"))
    hours = [Bucket(start=START + HOUR * turn, end=START + HOUR * (turn + 1)) for turn in range(-3, 2)]
    with Reader(watched.database) as reader:
        band = usual_band(reader, brand, rule, options, hours, time_zone="Asia/Kolkata")
        early = usual_band(reader, brand, rule, options, hours[:3], time_zone="Asia/Kolkata")
        other = usual_band(reader, brand, replace(rule, kind="blind"), options, hours, time_zone="Asia/Kolkata")

    assert [one.start for one in band] == [hour.start for hour in hours]
    assert band[:3] == early
    assert all(one.low <= one.expected <= one.high for one in band)
    assert 3 < band[0].expected < 5
    assert other == ()


@pytest.mark.parametrize(("word", "count"), [("useful", "1 useful, 0 useless"), ("useless", "0 useful, 1 useless")])
def test_what_people_say_of_an_alert_is_stored_counted_and_shown(watched: Place, word: str, count: str) -> None:
    said = watched.run("alerts", word, "1")
    shown = watched.run("alerts", "show", "1")
    status = watched.run("status")
    told = json.loads(watched.run("status", "--format", "json").out)["alerts"]

    assert said.code == 0
    assert f"is noted as {word}; so far {count}" in said.err
    assert f"rated     {word}" in shown.out
    assert f"alerts    {count}, 0 not rated" in status.out
    assert told == {"useful": int(word == "useful"), "useless": int(word == "useless"), "unrated": 0}


def test_the_last_word_on_an_alert_counts(watched: Place) -> None:
    watched.run("alerts", "useful", "1")
    watched.run("alerts", "useless", "1")

    assert "rated     useless" in watched.run("alerts", "show", "1").out


def test_an_alert_that_does_not_exist_cannot_be_rated(watched: Place) -> None:
    answer = watched.run("alerts", "useful", "77")

    assert answer.code == 2
    assert "no alert has the number 77" in answer.err


def test_an_alert_is_shown_with_its_threshold_and_the_reason_for_it(watched: Place) -> None:
    lines = watched.run("alerts", "show", "1").out.splitlines()

    assert any(line.startswith("threshold opens from 3.0, a message at once from 4.5;") for line in lines)
    assert "of 14 days of history are in" in " ".join(" ".join(lines).split())
    assert "kind      many more mentions than usual" in lines
    assert max(map(len, lines)) <= 80


def test_a_replay_counts_for_each_rule_what_that_rule_looks_at(watched: Place) -> None:
    words = '[[alerts.rules]]\nname = "danger"\nkind = "words"\nquery = "recall"\n'
    parts = '[[alerts.rules]]\nname = "each"\nsources = ["x", "hackernews"]\n'
    watched.configure(CONFIG.format(alerts="") + words + parts)

    answer = watched.run("alerts", "backtest", "--format", "json", now=START + 2 * HOUR)

    assert {one["rule"]: one["observed"] for one in json.loads(answer.out)} == {
        "spike": 60,
        "danger": 60,
        "each:x": 60,
    }


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ('kind = "words"', "query: a rule of kind words needs one, such as recall OR lawsuit"),
        ('kind = "words"\nquery = "recall AND ("', "query: "),
        ('query = "recall"', "query: only rules of kind words have one; this is of kind spike"),
        ('brands = ["Acmee"]', 'brands: there is no brand "Acmee"; did you mean "Acme"?'),
        ('sources = ["hackernew"]', 'sources: there is no source "hackernew"; did you mean "hackernews"?'),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_name(place: Place, rule: str, problem: str) -> None:
    place.configure(CONFIG.format(alerts="") + f'[[alerts.rules]]\nname = "mine"\n{rule}\n')

    with pytest.raises(ConfigError) as caught:
        wiring.read_alert_options(load_config(place.config_file))

    assert f'alerts.rules[2] "mine": {problem}' in str(caught.value)


def test_brands_of_rules_are_read_in_any_case(place: Place) -> None:
    place.configure(CONFIG.format(alerts="") + '[[alerts.rules]]\nname = "mine"\nbrands = ["acme", "GLOBEX"]\n')

    assert wiring.read_alert_options(load_config(place.config_file))[1][1].brands == ("Acme", "Globex")


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ('[[alerts.rules]]\nname = "spike"\n', '2 rules are called "spike"'),
        ('[[alerts.rules]]\nname = "a:b"\n', "name: holds a colon"),
    ],
)
def test_names_of_rules_are_their_own(place: Place, more: str, problem: str) -> None:
    place.configure(CONFIG.format(alerts="") + more)

    with pytest.raises(ConfigError, match=problem):
        wiring.read_alert_options(load_config(place.config_file))


@pytest.mark.parametrize("beside", ["", 'sensitivity = "loud"'])
def test_quiet_hours_that_cannot_be_read_are_a_problem_of_the_configuration(place: Place, beside: str) -> None:
    place.configure(CONFIG.format(alerts=f'quiet_hours = "night"\n{beside}'))

    with pytest.raises(ConfigError, match=r'alerts\.quiet_hours: "night" is no span of local time'):
        wiring.read_alert_options(load_config(place.config_file))


def test_quiet_and_blind_are_told_apart(place: Place) -> None:
    place.configure(CONFIG.format(alerts=""))
    shown = {}
    for kind in ("silence", "blind"):
        folder = place.folder / kind
        folder.mkdir()
        rule = wiring.read_alert_options(load_config(place.config_file))[1][0]
        with watching(folder, type(rule)(name=kind, kind=kind), after_usual=True) as watch:
            _go_dark(watch, is_read=kind == "silence")
        answer = place.run("alerts", "show", "1", "--database", str(folder / "listener.db"))
        shown[kind] = answer.out

    assert "kind      quiet: the sources were read, and little was said" in shown["silence"]
    assert "kind      blind: sources could not be read; what was said is not known" in shown["blind"]


def _go_dark(watch: Watch, *, is_read: bool) -> None:
    """Let nothing come after START: because nothing was said, or because nothing was read."""
    watch.look(START)
    for hour in range(1, 12):
        if is_read:
            watch.read(START + HOUR * hour)
        watch.look(START + HOUR * hour)
