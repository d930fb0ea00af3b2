"""Look at what is new of each brand and open, follow and close episodes.

Only whole quarters of an hour are looked at, once each, and only up to the
instant to which the brand's sources are drained: a source that was not read yet
looks like silence. What was filled in late (a look-back, a backlog after an
outage, an import) teaches what is usual and never raises an alert.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.alerts.episodes import evaluate
from listener.alerts.records import BucketCounts, RuleState
from listener.alerts.why import explain
from listener.clock import Bucket, from_epoch, to_epoch
from listener.errors import StoreVersionError
from listener.pipeline.wording import item_of
from listener.store import EpisodeSave

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from listener.alerts.options import AlertOptions, RuleOptions
    from listener.alerts.records import Episode, EpisodeChange
    from listener.alerts.why import Why
    from listener.search import Reader
    from listener.store import Store

__all__ = ["AlertStage", "WatchedBrand", "read_quarters"]

_QUARTER: Final = timedelta(minutes=15)
_ORDINARY_DELAY: Final = timedelta(hours=2)
"""A quarter that is looked at later than this after its end was not filled by an ordinary pass."""
_HISTORY: Final = timedelta(days=60)
"""How far back a rule learns from when it first meets a brand."""
_STALE_AFTER: Final = timedelta(hours=6)
"""A source that is behind by more holds back nobody: the coverage says what is missing."""
_BEFORE: Final = timedelta(days=28)
_MOST_NOW, _MOST_BEFORE = 1_000, 2_000
"""Newest mentions looked at for reasons: enough for shares of a percent, and quick on a busy brand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedBrand:
    """Name a brand to look at: its own names explain nothing; `sources` are those that listen for it."""

    name: str
    names: tuple[str, ...]
    sources: tuple[str, ...]


class AlertStage:
    """Evaluate the rules of brands against the store.

    `destinations` are where news go; none: episodes are only recorded.
    """

    def __init__(
        self,
        store: Store,
        reader: Reader,
        options: AlertOptions,
        rules: Sequence[RuleOptions],
        *,
        time_zone: str,
        destinations: Sequence[str] = (),
    ) -> None:
        self._store = store
        self._reader = reader
        self._options = options
        self._rules = rules
        self._time_zone = time_zone
        self._destinations = destinations
        self._cut: tuple[object, list[BucketCounts]] = (None, [])

    def evaluate(self, brand: WatchedBrand, *, now: datetime, live: bool = True) -> int:
        """Look at everything new of a brand; return how many episodes changed.

        With `live` False everything since the last look counts as seen in time:
        for replays of history.
        """
        if not self._options.enabled:
            return 0
        until = self._ready_until(brand, now) if live else now
        return sum(
            self._evaluate_rule(brand, rule, until, now, live=live)
            for rule in self._rules
            if not rule.brands or brand.name in rule.brands
        )

    def _ready_until(self, brand: WatchedBrand, now: datetime) -> datetime:
        """Return the instant to which every source that is not far behind is drained."""
        ends = [self._reader.read_until(source, brand.name) for source in brand.sources]
        fresh = [end for end in ends if end is not None and now - end < _STALE_AFTER]
        return min([*fresh, now])

    def _evaluate_rule(
        self, brand: WatchedBrand, rule: RuleOptions, until: datetime, now: datetime, *, live: bool
    ) -> int:
        known = self._reader.alert_state(brand.name, rule.name)
        state, start = self._resume(brand, known, now)
        end = from_epoch(to_epoch(until) // 900 * 900)
        if start is None or start >= end:
            return 0
        late_before = start if not live else end if known is None else now - _ORDINARY_DELAY
        buckets = self._buckets(brand, start, end, late_before)
        muted = self._reader.snoozed_until(brand.name)
        state, changes = evaluate(
            brand.name,
            rule,
            replace(state, muted_until=muted),
            buckets,
            end,
            self._options,
            time_zone=self._time_zone,
        )
        episodes = self._to_save(brand, rule, changes)
        self._store.reports.save_evaluation(
            brand.name,
            rule.name,
            state=state.to_json(),
            evaluated_until=end,
            episodes=episodes,
            destinations=self._destinations,
            now=now,
        )
        return len(episodes)

    def _resume(
        self, brand: WatchedBrand, known: tuple[str, datetime] | None, now: datetime
    ) -> tuple[RuleState, datetime | None]:
        """Return the state of a rule and from where it goes on; None where the brand has no history."""
        if known is not None:
            try:
                return RuleState.from_json(known[0]), known[1]
            except StoreVersionError:
                pass  # written by another version: what is usual is learned again from the stored history
        span = self._reader.first_and_last(brand.name)
        if span is None:
            return RuleState(), None
        first = max(span[0], now - _HISTORY)
        return RuleState(), from_epoch(to_epoch(first) // 900 * 900)

    def _buckets(
        self, brand: WatchedBrand, start: datetime, end: datetime, late_before: datetime
    ) -> list[BucketCounts]:
        """Return the brand's quarters in [start, end); those that end by `late_before` were filled late.

        A brand's rules mostly go on from the same instant: the last answer is kept.
        """
        wanted = (brand.name, start, end, late_before)
        if self._cut[0] != wanted:
            self._cut = (wanted, read_quarters(self._reader, brand, start, end, late_before=late_before))
        return self._cut[1]

    def _to_save(self, brand: WatchedBrand, rule: RuleOptions, changes: Sequence[EpisodeChange]) -> list[EpisodeSave]:
        """Return each changed episode once, as it stands at the end, with all the news of it."""
        last: dict[str, Episode] = {}
        news: dict[str, list[str]] = {}
        for change in changes:
            last[change.episode.key] = change.episode
            if change.notify:
                news.setdefault(change.episode.key, []).append(change.kind)
        return [
            _save(episode, self._explain(brand, rule, episode), tuple(news.get(key, ())))
            for key, episode in last.items()
        ]

    def _explain(self, brand: WatchedBrand, rule: RuleOptions, episode: Episode) -> Why:
        begin, end = episode.opened_at - timedelta(hours=1), episode.updated_at
        present = self._reader.wordings(brand.name, begin, end, limit=_MOST_NOW)
        before = self._reader.wordings(brand.name, begin - _BEFORE, begin, limit=_MOST_BEFORE)
        return explain(
            [item_of(wording) for wording in present],
            [item_of(wording) for wording in before],
            episode.expected,
            observed=episode.observed,
            at=episode.updated_at,
            time_zone=self._time_zone,
            names=brand.names,
            coverage=episode.coverage,
            kind=rule.kind,
        )


def read_quarters(
    reader: Reader, brand: WatchedBrand, start: datetime, end: datetime, *, late_before: datetime
) -> list[BucketCounts]:
    """Return a brand's quarters in [start, end) as rules take them; those that end by `late_before` were filled late.

    `start` and `end` are edges of quarters.
    """
    counts = {at: figures for at, *figures in reader.quarters(brand.name, start, end)}
    quarters = [
        Bucket(start=start + _QUARTER * index, end=start + _QUARTER * (index + 1))
        for index in range((end - start) // _QUARTER)
    ]
    shares = reader.coverage(brand.name, brand.sources, quarters, end)
    return [
        _counts(quarter, counts.get(quarter.start, [0, 0, 0]), share, is_late=quarter.end <= late_before)
        for quarter, share in zip(quarters, shares, strict=True)
    ]


def _counts(quarter: Bucket, figures: Sequence[int], share: float | None, *, is_late: bool) -> BucketCounts:
    stories, negative, scored = figures
    coverage = share if share is not None else float(stories > 0)
    return BucketCounts(
        start=quarter.start,
        mentions=stories,
        negative=negative,
        scored=scored,
        coverage=coverage,
        backfilled=is_late,
    )


def _save(episode: Episode, why: Why, news: tuple[str, ...]) -> EpisodeSave:
    reasons: Mapping[str, object] = {
        "terms": [factor.value for factor in why.terms],
        "hashtags": [factor.value for factor in why.hashtags],
        "sources": [factor.value for factor in why.sources],
        "authors": [factor.value for factor in why.authors],
        "languages": [factor.value for factor in why.languages],
        "mentions": [int(number) for number in why.mentions],
    }
    return EpisodeSave(
        key=episode.key,
        state=episode.state,
        severity=episode.severity,
        opened_at=episode.opened_at,
        updated_at=episode.updated_at,
        resolved_at=episode.resolved_at,
        observed=episode.observed,
        expected=episode.expected,
        interval=episode.interval,
        surprise=episode.surprise,
        peak=episode.peak,
        total=episode.total,
        coverage=episode.coverage,
        headline=why.sentence,
        why=json.dumps(reasons, ensure_ascii=False, separators=(",", ":")),
        news=news,
    )
