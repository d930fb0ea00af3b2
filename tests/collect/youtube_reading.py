"""Read the simulated YouTube with a day's searches to spare."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from listener.api import Query, Window, from_epoch
from listener.query import Phrase
from servers.reading import drained
from servers.youtube import YouTube
from sources.youtube import YouTubeOptions, YouTubeSource

if TYPE_CHECKING:
    from listener.api import Mention, Page

BASE = 1_780_000_000
WINDOW = Window(since=from_epoch(BASE), until=from_epoch(BASE + 100_000))
ACME = Query.of("Acme", Phrase("acme"))


def source_for(server: YouTube, **options: Any) -> YouTubeSource:
    return YouTubeSource(YouTubeOptions(base_url=server.url, **{"searches_a_day": 10_000, **options}))


def read_all(
    server: YouTube, query: Query = ACME, window: Window = WINDOW, **options: Any
) -> tuple[list[Mention], list[Page]]:
    with closing(source_for(server, **options)) as source:
        return drained(source, [query], window)


def talked_of(server: YouTube, number: int, *threads: dict[str, Any]) -> str:
    """Give a video comments; return its id."""
    item = server.videos[number]
    item["statistics"]["commentCount"] = str(len(threads))
    server.threads[item["id"]] = list(threads)
    return str(item["id"])
