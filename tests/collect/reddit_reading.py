"""Read the simulated Reddit on a day that stands still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from listener.api import Mention, Page, Resource, Window
from servers.web import Answer, Request, SimulatedServer
from sources.reddit import RedditOptions, RedditSource

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = Window(since=NOW - timedelta(days=1), until=NOW)
SEARCH = Resource(key="s", lane="search", native='/r/all/search "acme"', brand="Acme")
NEW = Resource(key="n", lane="new", native="/r/kettles/new")
COMMENTS = Resource(key="c", lane="comments", native="/r/kettles+teapots/comments")


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def source_for(server: SimulatedServer, **options: object) -> RedditSource:
    return RedditSource(RedditOptions(base_url=server.url, **options), now=lambda: NOW)


def read_all(source: RedditSource, resource: Resource, window: Window = DAY) -> list[Page]:
    pages = [source.fetch(resource, window, None)]
    while not pages[-1].exhausted:
        pages.append(source.fetch(resource, window, pages[-1].cursor))
    source.close()
    return pages


def only(server: SimulatedServer, resource: Resource = SEARCH, window: Window = DAY) -> Mention:
    (page,) = read_all(source_for(server), resource, window)
    (mention,) = page.mentions
    assert page.skipped == ()
    return mention


class Fixed(SimulatedServer):
    """Grants access, and answers everything else with one body."""

    def __init__(self, body: object) -> None:
        super().__init__()
        self.body = body

    def route(self, request: Request) -> Answer:
        if request.path.endswith("access_token"):
            return Answer.json({"access_token": "simulated", "expires_in": 3600, "scope": "*"})
        return Answer.json(self.body)
