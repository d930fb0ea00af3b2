"""A host that named a time to wait for is asked nothing before it: not when it is read, nor for threads and looks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from listener.config import load_config
from listener.service import Service
from running.site import NOW, ask
from servers.lemmy import Lemmy, post
from servers.mastodon import Instance, status
from servers.web import SimulatedServer

HOURS = 3_600
LEMMY = (
    lambda at: Lemmy([post(1, at - 2 * HOURS, "My Acme kettle")]),
    lambda at: Lemmy([post(2, at - HOURS, "Another Acme kettle", ap_id="https://other.example/post/2")]),
)
MASTODON = (
    lambda at: Instance([status(1, at - 2 * HOURS)]),
    lambda at: Instance([status(2, at - HOURS, uri="https://other.example/users/ada/statuses/2")]),
)


@pytest.fixture(params=[("lemmy", LEMMY), ("mastodon", MASTODON)], ids=["lemmy", "mastodon"])
def hosts(request: pytest.FixtureRequest) -> Iterator[tuple[str, SimulatedServer, SimulatedServer]]:
    name, (first, second) = request.param
    with first(NOW.timestamp()) as busy, second(NOW.timestamp()) as free:
        yield name, busy, free


def configured(folder: Path, name: str, busy: SimulatedServer, free: SimulatedServer) -> Service:
    file = folder / "config.toml"
    other = free.url.replace("127.0.0.1", "localhost")  # another host by its name
    file.write_text(
        '[[brands]]\nname = "Acme"\nkeywords = ["acme"]\nown_accounts = ["acme_help"]\n'
        f'[sources.{name}]\ninstances = ["{busy.url}", "{other}"]\n',
        encoding="utf-8",
    )
    return Service(load_config(file), folder / "listener.db", threading.Event())


def test_a_host_that_wants_to_be_left_alone_is_asked_for_no_thread_and_no_look(
    tmp_path: Path, hosts: tuple[str, SimulatedServer, SimulatedServer]
) -> None:
    name, busy, free = hosts
    service = configured(tmp_path, name, busy, free)

    def passed(now: datetime) -> tuple[int, int]:
        before = len(busy.requests), len(free.requests)
        service.collect(name, now=now)
        service.recheck(name, now=now)
        return len(busy.requests) - before[0], len(free.requests) - before[1]

    service.collect(name, now=NOW)
    assert ask(tmp_path / "listener.db", "SELECT count(*) FROM mentions") == [(2,)]
    busy.fault("status", times=99, status=429, body="{}", headers={"Retry-After": "36000"})
    assert passed(NOW + timedelta(hours=2))[0] > 0
    later = [passed(NOW + timedelta(hours=hour)) for hour in (4, 6, 8)]
    assert [asked for asked, _ in later] == [0, 0, 0]
    assert all(asked for _, asked in later)
    busy.calm()
    assert passed(NOW + timedelta(hours=11))[0] > 1
