"""Read a source as a pass does: every resource of its plan, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from listener.api import Mention, Page, Query, Source, SourceError, Window


class NotedWaits:
    """Be a stop signal that is never set, waits for nothing and notes how long it was to wait."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0)
        return False


def drained(
    source: Source, queries: Sequence[Query], window: Window, *, anew: Callable[[], Source] | None = None
) -> tuple[list[Mention], list[Page]]:
    """Return all mentions of a window and the pages they came on; with `anew` each page is read by a new source."""
    pages: list[Page] = []
    for resource in source.plan(queries):
        cursor = None
        while True:
            reader = source if anew is None else anew()
            pages.append(reader.fetch(resource, window, cursor))
            if anew is not None:
                reader.close()
            cursor = pages[-1].cursor
            if pages[-1].exhausted:
                break
    return [mention for page in pages for mention in page.mentions], pages


def failure(source: Source, error: type[SourceError], queries: Sequence[Query], window: Window) -> str:
    """Return the sentence with which reading fails: one line that names the source."""
    with pytest.raises(error) as caught:
        drained(source, queries, window)
    sentence = str(caught.value)
    assert sentence.startswith(f"{source.name}: ")
    assert "\n" not in sentence
    return sentence
