"""Tell in the log what of an answer could not become a mention, so that nothing is left out without a word."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Final

from listener.logs import event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listener.protocols import Skipped

__all__ = ["tell_skipped"]

logger = logging.getLogger(__name__)

_MOST_REASONS: Final = 5
"""Reasons that one page is told of; how many more there are stands behind them."""


def tell_skipped(source: str, skipped: Sequence[Skipped]) -> None:
    """Log what a page left out, with the reasons and how often each holds.

    What has no id could not be read, such as a line of a file: that is a warning,
    since somebody may mend it. What the service gave with an id and is none of our
    business (a bot's, deleted, twice) is for those who debug.
    """
    for level, some in (
        (logging.WARNING, [one.reason for one in skipped if one.id is None]),
        (logging.DEBUG, [one.reason for one in skipped if one.id is not None]),
    ):
        if some:
            event(logger, "items skipped", level=level, source=source, n=len(some), reasons=_listed(Counter(some)))


def _listed(counts: Counter[str]) -> str:
    told = [
        reason if count == 1 else f"{reason} ({count} times)" for reason, count in counts.most_common(_MOST_REASONS)
    ]
    more = len(counts) - len(told)
    return "; ".join([*told, *([f"and {more} more"] if more else [])])
