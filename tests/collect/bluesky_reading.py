"""Read the simulated stream of Bluesky, impatiently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from listener.api import Query, Window, from_epoch
from listener.query import Hashtag, Or, Phrase
from servers.jetstream import Jetstream, post
from sources.bluesky import BlueskyOptions, BlueskySource, read_events
from sources.jetstream import Bounds, Drained

if TYPE_CHECKING:
    from listener.api import Mention, Page, Skipped

BASE = 1_780_000_000
WINDOW = Window(since=from_epoch(BASE), until=from_epoch(BASE + 10_000))
NOW = from_epoch(BASE + 10_100)
ACME = Query.of("Acme", Or((Phrase("acme"), Hashtag("acmetea"))))
QUICK = Bounds(silent_seconds=0.5, total_seconds=5)


def source_for(stream: Jetstream, *, bounds: Bounds = QUICK, now: Any = NOW, **more: Any) -> BlueskySource:
    return BlueskySource(BlueskyOptions(base_url=stream.url), bounds=bounds, now=lambda: now, **more)


def read_all(source: BlueskySource, query: Query = ACME, window: Window = WINDOW) -> tuple[list[Mention], list[Page]]:
    pages: list[Page] = []
    resource = source.plan([query])[0]
    cursor = None
    while not pages or not pages[-1].exhausted:
        pages.append(source.fetch(resource, window, cursor))
        cursor = pages[-1].cursor
    return [mention for page in pages for mention in page.mentions], pages


def keys(mentions: list[Mention]) -> set[int]:
    return {int(mention.id.rpartition("/3k")[2]) for mention in mentions}


def hundred_posts() -> list[Any]:
    """Return the events of a window, a minute apart, of which every fourth names the brand, and one after it."""
    events: list[Any] = [post(n, BASE + 60 * n, "Acme!" if n % 4 == 0 else "nothing") for n in range(100)]
    return [*events, post(900, BASE + 10_050, "Acme, later")]


def events_of(*events: dict[str, Any]) -> tuple[tuple[Mention, ...], tuple[Skipped, ...]]:
    drained = Drained(known_us=-1, events=[(event["time_us"], event) for event in events])
    return read_events(drained, WINDOW)
