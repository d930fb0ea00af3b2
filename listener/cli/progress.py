"""Show how far long work is: a bar on stderr, and only on a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from listener.store import SaveResult

__all__ = ["page_line", "progress_bar"]


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Hand over what moves the bar: call it with how much is done and how much there is."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr, show_pos=True) as bar:

        def move(done: int, total: int) -> None:
            bar.length = max(1, total)
            bar.update(done - bar.pos)

        yield move


@contextmanager
def page_line() -> Iterator[Callable[[str, SaveResult], None] | None]:
    """Hand over what tells of each page of a source on one line that is written anew; None where nobody looks on."""
    if not sys.stderr.isatty():
        yield None
        return
    pages: dict[str, int] = {}
    new: dict[str, int] = {}

    def tell(source: str, result: SaveResult) -> None:
        pages[source] = pages.get(source, 0) + 1
        new[source] = new.get(source, 0) + result.new
        click.echo(f"{_START}{source}: page {pages[source]:,} read, new mentions: {new[source]:,}", err=True, nl=False)

    try:
        yield tell
    finally:
        click.echo(_START, err=True, nl=False)


_START = "\r\x1b[K"
"""To the start of the line, and what stands on it wiped out."""
