"""A delivery is made once, or waits and is seen to wait: whatever breaks on either side of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from listener.config import load_config
from listener.errors import StoreError, TransientDeliveryError
from listener.protocols import Notification, Notifier
from listener.reporting import Desk, deliver
from listener.search import Reader
from listener.store import DigestSave, Store
from listener.store.copying import back_up
from listener.testing import FakeNotifier
from running.site import NOW, Site
from stores import lay_store

MINUTE = timedelta(minutes=1)
FULL = "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"


class Broken(FakeNotifier):
    """Raise what no notifier should, as a defect does."""

    def send(self, notification: Notification) -> None:
        raise ZeroDivisionError(notification.key)


class Quits(FakeNotifier):
    """End the program instead of delivering, as a script would."""

    def send(self, notification: Notification) -> None:
        raise SystemExit(notification.key)


class Calls(FakeNotifier):
    """Do something else once it has delivered."""

    def __init__(self, destination: str, then: Callable[[], object]) -> None:
        super().__init__(destination)
        self._then = then

    def send(self, notification: Notification) -> None:
        super().send(notification)
        self._then()


class Outbox:
    """Hold a store with one message for each of some destinations."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def fill(self, *destinations: str, key: str = "digest:1") -> None:
        digest = DigestSave(key=key, since=NOW - MINUTE, until=NOW, subject="Acme", text="quiet", html=None)
        with Store(self.site.database) as store:
            store.reports.save_digest(digest, destinations, now=NOW)

    def deliver(self, notifiers: Sequence[Notifier], minutes: int = 0, stop: Event | None = None) -> int:
        now = NOW + MINUTE * minutes
        with Store(self.site.database) as store, Reader(self.site.database) as reader:
            desk = Desk(config=load_config(self.site.config), reader=reader, listening={}, now=now)
            return deliver(desk, store, notifiers, stop)

    def execute(self, sql: str) -> None:
        with Store(self.site.database) as store:
            store._connection.execute(sql)

    def rows(self) -> list[tuple[object, ...]]:
        return self.site.rows("SELECT destination, state, attempts FROM outbox ORDER BY id")


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    site = Site(tmp_path, "")
    with Store(lay_store(site.database)):
        yield Outbox(site)


@pytest.mark.parametrize(("kind", "raised"), [(Broken, "ZeroDivisionError"), (Quits, "SystemExit")])
def test_a_notifier_that_breaks_is_shown_and_keeps_nobody_else_from_being_told(
    outbox: Outbox, caplog: pytest.LogCaptureFixture, kind: type[FakeNotifier], raised: str
) -> None:
    outbox.fill("broken", "team")
    team = FakeNotifier("team")
    assert outbox.deliver([kind("broken"), team]) == 1
    assert [one.key for one in team.sent] == ["digest:1"]
    assert outbox.rows() == [("broken", "pending", 1), ("team", "sent", 1)]
    ((error,),) = outbox.site.rows("SELECT last_error FROM outbox WHERE destination = 'broken'")
    assert error == f"broken: unexpected {raised}; the log has the details"
    assert raised in caplog.text


def test_a_notifier_that_stays_broken_is_given_up_in_the_end(outbox: Outbox) -> None:
    outbox.fill("broken")
    for _ in range(50):
        outbox.execute("UPDATE outbox SET next_try_at = 0")
        outbox.deliver([Broken("broken")])
    assert outbox.rows() == [("broken", "failed", 40)]


def test_nothing_is_sent_while_the_store_cannot_be_written(outbox: Outbox) -> None:
    outbox.fill("team")
    team = FakeNotifier("team")
    outbox.execute(f"CREATE TRIGGER full BEFORE UPDATE ON outbox {FULL}")
    for minute in range(3):
        with pytest.raises(StoreError):
            outbox.deliver([team], minute)
    assert team.sent == []
    outbox.execute("DROP TRIGGER full")
    assert outbox.deliver([team], 3) == 1
    assert outbox.rows() == [("team", "sent", 1)]


def test_what_was_sent_and_could_not_be_written_down_is_not_sent_every_minute(outbox: Outbox) -> None:
    outbox.fill("team")
    team = FakeNotifier("team")
    outbox.execute(f"CREATE TRIGGER full BEFORE UPDATE ON outbox WHEN NEW.state = 'sent' {FULL}")
    with pytest.raises(StoreError):
        outbox.deliver([team])
    for minute in range(1, 5):
        assert outbox.deliver([team], minute) == 0
    assert len(team.sent) == 1
    outbox.execute("DROP TRIGGER full")
    assert outbox.deliver([team], 5) == 1  # nobody knows any more whether it arrived
    assert len({one.key for one in team.sent}) == 1


def test_what_one_process_has_in_hand_another_one_leaves_alone(outbox: Outbox) -> None:
    outbox.fill("team")
    other = FakeNotifier("team")
    team = Calls("team", lambda: outbox.deliver([other], 1))
    assert outbox.deliver([team]) == 1
    assert (len(team.sent), other.sent) == (1, [])


def test_what_another_process_sent_in_the_meantime_is_not_sent_again(outbox: Outbox) -> None:
    outbox.fill("team")
    other = FakeNotifier("team")

    class Hangs(FakeNotifier):
        def send(self, notification: Notification) -> None:
            assert outbox.deliver([other], 10) == 1
            raise TransientDeliveryError(notification.key)

    assert outbox.deliver([Hangs("team")]) == 0
    assert outbox.deliver([other], 600) == 0
    assert outbox.rows() == [("team", "sent", 2)]


def test_a_stop_lets_the_message_in_hand_be_noted_and_leaves_the_rest(outbox: Outbox) -> None:
    outbox.fill("team", "boss")
    stop = Event()
    notifiers = [Calls("team", stop.set), FakeNotifier("boss")]
    assert outbox.deliver(notifiers, stop=stop) == 1
    assert outbox.rows() == [("team", "sent", 1), ("boss", "pending", 0)]
    assert outbox.deliver(notifiers) == 1


def test_what_waits_for_one_that_takes_nothing_holds_up_nobody_else(outbox: Outbox) -> None:
    order: list[str] = []
    down = [TransientDeliveryError("down")] * 9

    class Noted(FakeNotifier):
        def send(self, notification: Notification) -> None:
            order.append(f"{notification.key} {self.destination}")
            super().send(notification)

    room, team = Noted("room", failures=down), Noted("team")
    outbox.fill("room", key="digest:1")
    outbox.fill("room", "team", key="digest:2")
    assert outbox.deliver([room, team]) == 1
    assert order == ["digest:1 room", "digest:2 team", "digest:2 room"]
    outbox.fill("room", "team", key="digest:3")
    order.clear()
    assert outbox.deliver([room, team], minutes=10) == 1
    assert order[0] == "digest:3 team"
    assert len(order) == 4


def test_one_that_takes_its_time_holds_up_nobody_else(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listener.reporting.delivery._SLOW_SECONDS", 0.0)
    order: list[str] = []
    room = Calls("room", lambda: order.append("room"))
    outbox.fill("room", key="digest:1")
    outbox.fill("room", "team", key="digest:2")
    assert outbox.deliver([room, Calls("team", lambda: order.append("team"))]) == 3
    assert order == ["room", "team", "room"]


def test_of_many_messages_none_waits_for_another_turn(outbox: Outbox) -> None:
    everybody = [FakeNotifier(f"reader {n}") for n in range(50)]
    outbox.fill(*(one.destination for one in everybody))
    assert outbox.deliver(everybody) == 50


def restore(outbox: Outbox, file: Path) -> None:
    """Put a copy in the place of the store."""
    for ending in ("-wal", "-shm"):
        outbox.site.database.with_name(outbox.site.database.name + ending).unlink(missing_ok=True)
    file.replace(outbox.site.database)


def test_what_was_due_before_a_copy_took_the_place_of_the_store_is_given_up_and_not_sent_twice(
    outbox: Outbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mail = FakeNotifier("mail")
    outbox.fill("mail")
    back_up(outbox.site.database, tmp_path / "copy.db")
    assert outbox.deliver([mail]) == 1
    restore(outbox, tmp_path / "copy.db")
    assert outbox.deliver([mail], minutes=60) == outbox.deliver([mail], minutes=61) == 0
    assert outbox.rows() == [("mail", "failed", 0)]
    assert "not sent again: the store is a copy" in caplog.text
    with Reader(outbox.site.database) as reader:
        assert "may have sent it" in reader.outbox().errors[0].error


def test_what_was_to_wait_for_longer_when_a_copy_took_the_place_of_the_store_is_sent_from_it(
    outbox: Outbox, tmp_path: Path
) -> None:
    mail = FakeNotifier("mail")
    outbox.fill("mail")
    outbox.execute("UPDATE outbox SET next_try_at = next_try_at + 7200, last_error = 'mail server is away'")
    back_up(outbox.site.database, tmp_path / "copy.db")
    restore(outbox, tmp_path / "copy.db")
    assert outbox.deliver([mail], minutes=60) == 0
    assert outbox.deliver([mail], minutes=180) == 1


def test_a_copy_changes_nothing_of_what_the_store_still_sends(outbox: Outbox, tmp_path: Path) -> None:
    outbox.fill("mail")
    back_up(outbox.site.database, tmp_path / "copy.db")
    assert outbox.deliver([FakeNotifier("mail")], minutes=60) == 1
