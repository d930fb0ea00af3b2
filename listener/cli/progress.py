"""Show how far long work is: a bar on stderr, and only on a terminal."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from listener.store import SaveResult

__all__ = ["page_line", "progress_bar", "upgrade_bar", "wipe_line"]

_USUAL_COLUMNS: Final = 80
_WIDEST_BAR, _NARROWEST_BAR = 36, 4
_BESIDE_TIME: Final = 23
"""Columns of two spaces, "100%", two spaces and a time such as "12d 00:00:00", and one that stays free."""
_BESIDE_BAR: Final = _BESIDE_TIME + 4
"""The same with brackets and two spaces more."""


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Hand over what moves the bar: call it with how much is done and how much there is, 0 where nobody knows.

    It stays on one line, whatever the width of the terminal.
    """
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    columns = _columns()
    room = columns - len(label) - _BESIDE_BAR
    width = min(room, _WIDEST_BAR)
    template = "%(label)s  [%(bar)s]  %(info)s" if width >= _NARROWEST_BAR else "%(label)s  %(info)s"
    has_time = columns >= len(label) + _BESIDE_TIME
    with click.progressbar(
        length=1, label=label, file=sys.stderr, width=max(1, width), bar_template=template, show_percent=True,
        show_eta=has_time,
    ) as bar:  # fmt: skip
        told = ""

        def move(done: int, total: int) -> None:
            nonlocal told
            if not total:
                said = f"{done / 1e6:,.1f} MB"
                if said != told:
                    click.echo(f"{_START}{label}  {said}", err=True, nl=False)
                told = said
                return
            bar.length = max(1, total)
            bar.update(done - bar.pos)

        yield move


@contextmanager
def upgrade_bar() -> Iterator[Callable[[int, int], None]]:
    """Hand over what shows how far the upgrade of a store is; nothing is shown where there is nothing to do."""
    with ExitStack() as stack:
        bars: list[Callable[[int, int], None]] = []

        def move(done: int, total: int) -> None:
            if not bars:
                bars.append(stack.enter_context(progress_bar("counting anew")))
            bars[0](done, total)

        yield move


def wipe_line() -> None:
    """Wipe out what tells of progress, so that a sentence has the line for itself."""
    if sys.stderr.isatty():
        click.echo(_START, err=True, nl=False)


def _columns() -> int:
    """Return how wide the terminal is that stderr is."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _USUAL_COLUMNS
    except (OSError, ValueError):  # nobody knows
        return _USUAL_COLUMNS


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
