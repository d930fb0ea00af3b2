"""Work out what was usual hour by hour around an episode, by the very rule that watched it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from listener.alerts.meters import BUCKET, open_meter
from listener.pipeline.quarters import quarter_of, read_quarters

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from listener.alerts.options import AlertOptions, RuleOptions
    from listener.clock import Bucket
    from listener.pipeline.quarters import WatchedBrand
    from listener.search import Reader

__all__ = ["Usual", "usual_band"]

_HISTORY: Final = timedelta(days=60)
_WITH_BAND: Final = frozenset({"spike", "sentiment", "silence"})
"""The kinds whose usual is learned from what charts show; words and reach are not in a trend, coverage is plain."""


class Usual(NamedTuple):
    """Hold what was usual for the hour that begins at `start`: the figure and the range of most such hours."""

    start: datetime
    expected: float
    low: float
    high: float


def usual_band(
    reader: Reader,
    brand: WatchedBrand,
    rule: RuleOptions,
    options: AlertOptions,
    hours: Sequence[Bucket],
    *,
    time_zone: str,
) -> tuple[Usual, ...]:
    """Return what was usual at each of `hours` (in order, on edges of quarters), judged by what came before it.

    Counts are of mentions as charts show them, reposts included. Hours for which too
    little was known are left out; all of them for kinds of rules that learn no range.
    """
    since = reader.known_since(brand.name)
    if rule.kind not in _WITH_BAND or since is None or not hours:
        return ()
    start, end = quarter_of(max(since, hours[0].start - _HISTORY)), hours[-1].end
    if start >= end:
        return ()
    mentions = reader.mentions_by_quarter(brand.name, start, end, source=rule.sources[0] if rule.sources else None)
    starts = {hour.end: hour.start for hour in hours}
    meter = open_meter(rule, options, "", time_zone)
    band = []
    for quarter in read_quarters(reader, brand, start, end, late_before=start, rule=rule):
        if quarter.coverage <= 0.0:
            continue
        reading = meter.read(replace(quarter, mentions=mentions.get(quarter.start, 0)))
        begin = starts.get(quarter.start + BUCKET)
        if reading is not None and begin is not None:
            band.append(Usual(begin, reading.expected, *reading.interval))
    return tuple(band)
