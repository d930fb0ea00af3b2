"""Read the quarters of an hour that a rule looks at: of a brand or of one source, all mentions or certain ones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from listener.alerts.options import RuleOptions
from listener.alerts.records import BucketCounts
from listener.clock import Bucket, from_epoch, to_epoch
from listener.matching import Matcher
from listener.query import Query
from listener.query.parse import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from listener.mention import Mention
    from listener.search import Reader

__all__ = ["WatchedBrand", "has_words", "quarter_of", "read_quarters", "single_rules"]

_QUARTER: Final = timedelta(minutes=15)
_ANY: Final = RuleOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedBrand:
    """Name a brand to look at: its own names explain nothing; `sources` are those that listen for it.

    `delays` say by source how long after its publication an item may be read where
    nothing is amiss, by the schedule; a source that is not named is read at once.
    `asked` say by source what is listened to in it, and by "" the brand's expression, each
    as text that changes with it; what is not named is as it was.
    """

    name: str
    names: tuple[str, ...]
    sources: tuple[str, ...]
    delays: Mapping[str, timedelta] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)


def single_rules(rules: Sequence[RuleOptions]) -> tuple[RuleOptions, ...]:
    """Return the rules about whole brands, then those about single sources, one a source, called NAME:SOURCE.

    In this order what is known of the whole is known when its parts are looked at.
    """
    whole = [rule for rule in rules if not rule.sources]
    parts = [
        replace(rule, name=f"{rule.name}:{source}", sources=(source,))
        for rule in rules
        for source in dict.fromkeys(rule.sources)
    ]
    return (*whole, *parts)


def quarter_of(instant: datetime) -> datetime:
    """Return the start of the quarter of an hour an instant is in."""
    return from_epoch(to_epoch(instant) // 900 * 900)


def read_quarters(
    reader: Reader,
    brand: WatchedBrand,
    start: datetime,
    end: datetime,
    *,
    late_before: datetime,
    rule: RuleOptions = _ANY,
) -> list[BucketCounts]:
    """Return the quarters in [start, end) as a rule takes them; those that end by `late_before` were filled late.

    `start` and `end` are edges of quarters. `rule` is one of `single_rules`: of a
    rule about a source only what that source gave is counted and covered.
    """
    source = rule.sources[0] if rule.sources else None
    quarters = [
        Bucket(start=start + _QUARTER * index, end=start + _QUARTER * (index + 1))
        for index in range((end - start) // _QUARTER)
    ]
    shares = _coverage(reader, brand, source, quarters, end)
    counts = _counts(reader, brand, rule, start, end)
    loudest = reader.loudest_by_quarter(brand.name, start, end, source=source) if rule.kind == "reach" else {}
    made = []
    for quarter, share in zip(quarters, shares, strict=True):
        stories, negative, scored = counts.get(quarter.start, (0, 0, 0))
        followers, engagement = loudest.get(quarter.start, (0, 0))
        made.append(
            BucketCounts(
                start=quarter.start,
                mentions=stories,
                negative=negative,
                scored=scored,
                coverage=share if share is not None else float(stories > 0 or followers > 0 or engagement > 0),
                backfilled=quarter.end <= late_before,
                followers=followers,
                engagement=engagement,
            )
        )
    return made


def has_words(rule: RuleOptions, mention: Mention, language: str) -> bool:
    """Say whether a mention holds what a rule of kind words looks for."""
    matcher = _matcher(rule.query)
    return any(matcher.confirm(mention, match, language) for match in matcher.match(mention))


def _coverage(
    reader: Reader, brand: WatchedBrand, source: str | None, quarters: Sequence[Bucket], end: datetime
) -> Sequence[float | None]:
    """Return the covered share of each quarter, over all sources of the brand or in one."""
    if source is None or not quarters:
        return reader.coverage(brand.name, brand.sources, quarters, end)
    shares = reader.coverage_by_source(brand.name, (source,), quarters, end)
    return shares.get(source, [None] * len(quarters))


def _counts(
    reader: Reader, brand: WatchedBrand, rule: RuleOptions, start: datetime, end: datetime
) -> dict[datetime, tuple[int, int, int]]:
    """Return (stories, negative, scored) by quarter, of what the rule looks at.

    Of a whole brand what its sources gave counts: what another one gave, that is not
    listened to any more or not yet counted, is in the store all the same.
    """
    if rule.kind == "words":
        return {at: (stories, 0, 0) for at, stories in _with_words(reader, brand.name, rule, start, end).items()}
    sources = rule.sources or brand.sources
    if rule.sources or (sources and reader.has_others(brand.name, sources, start, end)):
        rows = reader.source_quarters(brand.name, sources, start, end)
    else:
        rows = reader.quarters(brand.name, start, end)
    return {at: (stories, negative, scored) for at, stories, negative, scored in rows}


def _with_words(reader: Reader, brand: str, rule: RuleOptions, start: datetime, end: datetime) -> dict[datetime, int]:
    """Return by quarter how many stories with the rule's words begin in it."""
    found: defaultdict[datetime, set[int]] = defaultdict(set)
    for first in reader.firsts(brand, start, end, source=rule.sources[0] if rule.sources else None):
        if has_words(rule, first.mention, first.language):
            found[quarter_of(first.at)].add(first.story)
    return {at: len(stories) for at, stories in found.items()}


@lru_cache(maxsize=64)
def _matcher(query: str) -> Matcher:
    return Matcher([Query.of("", parse(query))])
