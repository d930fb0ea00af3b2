"""Read back what a source wrote to go on from."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from listener.api import UnexpectedAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["reading_cursor", "refuse_cursor"]


def refuse_cursor(source: str) -> NoReturn:
    """Raise UnexpectedAnswerError that says what to do about a cursor that `source` did not write."""
    msg = f"{source}: the cursor of this window cannot be read; collect the window from its start"
    raise UnexpectedAnswerError(msg) from None


@contextmanager
def reading_cursor(source: str) -> Iterator[None]:
    """Raise UnexpectedAnswerError where the block cannot make anything of a cursor, whatever stands in it."""
    try:
        yield
    except (ValueError, TypeError, RecursionError, OverflowError):
        refuse_cursor(source)
