"""Read back what a source wrote to go on from."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from listener.api import UnexpectedAnswerError
from sources.text import as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["object_in", "reading_cursor", "refuse_cursor"]


def object_in(text: str | None) -> Mapping[str, object]:
    """Return the JSON object that a marker holds, or a cursor without which reading may begin anew; empty where it is none of ours."""
    try:
        return as_object(json.loads(text)) if text else {}
    except (ValueError, RecursionError):
        return {}


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
