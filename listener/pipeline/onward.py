"""See that the pages of a window lead somewhere."""

from __future__ import annotations

from typing import Final

from listener.errors import PluginError, UnexpectedAnswerError
from listener.protocols import Page

__all__ = ["Onward"]

_MOST_ALIKE: Final = 4
"""Pages with the very same items, one after the other; where many items are of one second, two may be right."""
_MOST_EMPTY: Final = 1_000
"""Pages for which the service sent nothing at all, one after the other."""


class Onward:
    """Follow the pages of one window of a source: a service that names a next page for ever must not be asked for ever."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._last: tuple[str | None, ...] = ()
        self._alike = self._empty = 0

    def check(self, page: Page, cursor: str | None) -> None:
        """Take the page that `cursor` led to; raises UnexpectedAnswerError where it leads to more of the same for ever."""
        _check_shape(self._source, page)
        items = (*(one.id for one in page.mentions), *(one.id for one in page.skipped))
        self._alike = self._alike + 1 if items and items == self._last else 1
        self._empty = 0 if page.items or items else self._empty + 1
        self._last = items
        if page.cursor is None:
            return
        if page.cursor == cursor or self._alike >= _MOST_ALIKE:
            msg = f"{self._source}: the service answers with the same page again and again"
            raise UnexpectedAnswerError(msg)
        if self._empty >= _MOST_EMPTY:
            msg = f"{self._source}: the service names a next page {_MOST_EMPTY} times and sends nothing"
            raise UnexpectedAnswerError(msg)


def _check_shape(source: str, page: object) -> None:
    """Refuse what no window can go on from; raises PluginError, since it is the source's own mistake."""
    if not isinstance(page, Page):
        msg = f"{source}: fetch() returned {type(page).__name__} and not a Page"
        raise PluginError(msg)
    if page.cursor is None and not page.exhausted:
        msg = f"{source}: fetch() returned a page that is not the last of its window and names no cursor to go on with"
        raise PluginError(msg)
    requests: object = page.requests
    if not isinstance(requests, int):
        msg = f"{source}: fetch() returned a page whose requests are no number"
        raise PluginError(msg)
