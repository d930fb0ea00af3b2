"""Read the simulated X on a day that stands still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from listener.api import Mention, Resource, Window
from servers.web import Answer, Request, SimulatedServer
from sources.x import XOptions, XSource

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ACME = Resource(key="k", lane="search", native="acme", brand="Acme")
DAY = Window(since=NOW - timedelta(days=1), until=NOW - timedelta(seconds=30))


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def source_for(server: SimulatedServer, **options: object) -> XSource:
    return XSource(XOptions(base_url=server.url, **options), now=lambda: NOW)


class Fixed(SimulatedServer):
    """Answers every request with one body."""

    def __init__(self, body: object) -> None:
        super().__init__()
        self.body = body

    def route(self, request: Request) -> Answer:
        return Answer.json(self.body)


def one(server: SimulatedServer, **options: object) -> Mention:
    """Return the only mention that a source of the server gives of a day."""
    source = source_for(server, **options)
    (mention,) = source.fetch(ACME, DAY, None).mentions
    source.close()
    return mention
