"""Say which sources of a brand a rule counts, how long it waits for them, and since when they can be compared.

A source that is read every few hours tells of a quarter of an hour long after a rule
has looked at it: it is neither counted nor waited for where others are prompt. One
that was added lately would make the same talk look like more of it: it counts once
as much of it is known as a baseline needs. What is changed within a source, or in
the brand's expression, is noticed by `listener.pipeline.alerting`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.alerts.baseline import READY_AFTER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from listener.alerts.options import RuleOptions
    from listener.pipeline.quarters import WatchedBrand
    from listener.search import Reader

__all__ = ["has_usual", "heard_sources", "in_turn", "is_compared", "ordinary_delay", "patience_with"]

_PROMPT: Final = timedelta(minutes=90)
"""Sources that tell of a quarter within this time are waited for; slower ones where no other is quicker."""
_STALE_AFTER: Final = timedelta(hours=1)
"""A source that is behind by more than this, and than its schedule explains, holds back nobody."""
_GRACE: Final = timedelta(minutes=30)
"""What a pass may take, and how late it may begin."""
_ORDINARY_DELAY: Final = timedelta(hours=2)
"""A quarter that is looked at later than this after its end was not filled by an ordinary pass."""
_SETTLED_AFTER: Final = timedelta(hours=1.5 * READY_AFTER)
_COMPARED: Final = frozenset({"spike", "sentiment", "silence"})
"""The kinds that hold the present against what was usual before; the others have limits of their own."""


def is_compared(rule: RuleOptions) -> bool:
    """Say whether a rule holds a whole brand against its past, so that both must be of the same sources."""
    return rule.kind in _COMPARED and not rule.sources


def has_usual(rule: RuleOptions) -> bool:
    """Say whether a rule holds the present against what it learned, of a whole brand or of one source."""
    return rule.kind in _COMPARED


def heard_sources(reader: Reader, brand: WatchedBrand, *, now: datetime) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the sources of a brand that are prompt, and those of them that can also be compared with the past."""
    delays = {source: _delay(brand, source) for source in brand.sources}
    limit = max(_PROMPT, min(delays.values(), default=_PROMPT))
    prompt = tuple(source for source, delay in delays.items() if delay <= limit)
    since = {source: reader.read_since(source, brand.name) for source in prompt}
    settled = tuple(source for source, at in since.items() if at is not None and at <= now - _SETTLED_AFTER)
    return prompt, settled or prompt


def patience_with(brand: WatchedBrand, source: str) -> timedelta:
    """Return how far behind a source may be that is read as its schedule says."""
    return max(_STALE_AFTER, _delay(brand, source) + _GRACE)


def in_turn(brand: WatchedBrand, source: str, ends: Sequence[datetime]) -> datetime | None:
    """Return up to when a source is read, given how far each of its resources is; None where none was.

    What falls behind the others, as a feed that is gone, is waited for no longer than a source would be.
    """
    return min((end for end in ends if max(ends) - end < patience_with(brand, source)), default=None)


def ordinary_delay(brand: WatchedBrand, rule: RuleOptions) -> timedelta:
    """Return how long after its end a quarter is looked at, at most, where nothing is amiss."""
    waited = rule.sources or brand.sources
    return max([_ORDINARY_DELAY, *(patience_with(brand, source) + _GRACE for source in waited)])


def _delay(brand: WatchedBrand, source: str) -> timedelta:
    return brand.delays.get(source, timedelta())
