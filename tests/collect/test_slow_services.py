"""A service that answers without end or not at all costs a pass its deadline and no more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bounds import within_a_minute
from listener.api import Query, UnavailableError, Window, from_epoch
from listener.query import Phrase
from servers.appstore import AppStore
from servers.gdelt import Gdelt
from servers.youtube import KEY, YouTube
from sources.appstore import App, AppStoreOptions, AppStoreSource
from sources.gdelt import GdeltOptions, GdeltSource
from sources.web import Client
from sources.youtube import YouTubeOptions, YouTubeSource

if TYPE_CHECKING:
    from servers.web import SimulatedServer

WINDOW = Window(since=from_epoch(1_780_000_000), until=from_epoch(1_780_010_000))
ACME = Query.of("Acme", Phrase("acme"))
QUICK = {"connect_seconds": 0.3, "read_seconds": 0.2, "total_seconds": 0.4}


def gdelt(server: SimulatedServer) -> GdeltSource:
    return GdeltSource(GdeltOptions(base_url=server.url, seconds_between_requests=0))


def youtube(server: SimulatedServer) -> YouTubeSource:
    return YouTubeSource(YouTubeOptions(base_url=server.url))


def appstore(server: SimulatedServer) -> AppStoreSource:
    app = App(id="1234567", brand="Acme")
    return AppStoreSource(AppStoreOptions(apps=(app,), base_url=server.url, seconds_between_requests=0))


@pytest.mark.parametrize("fault", ["slow_body", "hang"])
@pytest.mark.parametrize(
    ("serve", "make"),
    [
        (lambda: Gdelt([], now=WINDOW.until), gdelt),
        (lambda: YouTube([]), youtube),
        (lambda: AppStore({}), appstore),
    ],
    ids=["gdelt", "youtube", "appstore"],
)
def test_a_slow_service_is_given_up(serve: Any, make: Any, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUTUBE_API_KEY", KEY)
    with serve() as server:
        server.fault(fault, times=9)
        source = make(server)
        for client in vars(source).values():
            if isinstance(client, Client):
                client._limits = replace(client._limits, **QUICK)
        failed = pytest.raises(UnavailableError, match=r"did not (answer in time|finish its answer in 0\.4 s)")
        with within_a_minute(), failed:
            source.fetch(source.plan([ACME])[0], WINDOW, None)
        source.close()
