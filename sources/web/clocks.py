"""Notice a machine's clock that is ahead, by the Date of what services answer.

A window ends where this machine says that the present is. Were its clock ahead, a
window would be closed over hours that have not happened yet, and what is said in
them would never be asked for.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.api import ClockAheadError, utc_now
from sources.text import count_of, instant_from_http

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["MOST_AHEAD", "answered_at", "check_clock"]

MOST_AHEAD: Final = timedelta(minutes=5)
"""Far less than sources read again behind each window, so that nothing is missed up to here."""


def check_clock(headers: Mapping[str, str], *, who: str, most: timedelta = MOST_AHEAD, may_cost: bool = False) -> None:
    """Raise ClockAheadError where this machine's clock is ahead of an answer's Date by more than `most`.

    `may_cost` says that the service may have charged for the answer. A cache's answer is as old as its Age says. Where there is no Date that can be
    read, nothing is said; names of headers in any case.
    """
    there = answered_at(headers)
    if there is None:
        return
    ahead = utc_now() - there
    if ahead > most:
        minutes = int(ahead.total_seconds() // 60)
        msg = f"{who}: this machine's clock is {minutes} minutes ahead of the service's; set it right, then reading goes on"
        raise ClockAheadError(msg, may_cost=may_cost)


def answered_at(headers: Mapping[str, str]) -> datetime | None:
    """Return the time it was by the service's clock when its answer came; None where it does not say."""
    named = {name.lower(): value for name, value in headers.items() if name.lower() in {"date", "age"}}
    sent_at = instant_from_http(named.get("date"))
    if sent_at is None:
        return None
    try:
        return sent_at + timedelta(seconds=min(count_of(named.get("age", "").strip()) or 0, 1 << 31))
    except OverflowError:
        return None
