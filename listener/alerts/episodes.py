"""Open, follow and close episodes: one rule, one brand, new buckets in, changes out.

Everything is decided by the time of the buckets, never by the time of the pass,
so that any way of cutting the same buckets into passes gives the same changes.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.alerts.budget import HISTORY_DAYS, Thresholds, solve
from listener.alerts.meters import BUCKET, Meter, Reading, open_meter
from listener.alerts.records import BucketCounts, Episode, EpisodeChange, RuleState
from listener.clock import to_epoch
from listener.errors import StoreVersionError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from listener.alerts.options import AlertOptions, RuleOptions

__all__ = ["evaluate", "note_cause", "thresholds"]

_CLOSES: Final = 0.5  # of the threshold: below it an episode is calm
_CALM_BUCKETS: Final = 12  # three hours in a row
_STRONGER: Final = 2.0
_SETTLE: Final = timedelta(hours=1)  # from the opening to the first message that it has grown
_SETTLE_AGAIN: Final = timedelta(hours=6)  # and to each one after
_RANK: Final = {"": 0, "digest": 1, "push": 2}
_DAY: Final = 86400
_SAME_CAUSE: Final = 0.3  # shared terms below which the cause is another one


def evaluate(  # noqa: PLR0917 - who, by what, from where, what is new, until when: the order people say it in
    brand: str,
    rule: RuleOptions,
    state: RuleState | None,
    buckets: Sequence[BucketCounts],
    now: datetime,
    options: AlertOptions,
    *,
    time_zone: str = "UTC",
) -> tuple[RuleState, tuple[EpisodeChange, ...]]:
    """Take in new quarter-hour buckets and return the new state and what changed, in order.

    `state` is None at first. `buckets` are in order of time; those already taken
    in, those that end after `now` and (but for rules about coverage) those of
    coverage 0 are passed over. `time_zone` is the brand's, for its hours of day.
    Where `state` names instants at which what is listened to changed, what is usual is
    learned anew from there. Raises StoreVersionError where the memory in `state` cannot
    be read, or is that of a rule of another kind or query.
    """
    about = f"{rule.kind} {rule.query}".rstrip()
    state = state or RuleState()
    if state.about not in {"", about}:
        msg = f'the alert rule "{rule.name}" looks at something else than before; it must be learned again'
        raise StoreVersionError(msg)
    meter = open_meter(rule, options, state.memory, time_zone)
    watch = _Watch(brand, rule, options, replace(state, about=about))
    changes = deque(at for at in state.changed if state.last is None or at > state.last)
    for bucket in buckets:
        end = bucket.start + BUCKET
        if end > now:
            break
        if watch.has_seen(bucket):
            continue
        watch.note_gap(bucket, meter.window)
        if bucket.coverage <= 0.0 and not meter.reads_uncovered:
            continue
        while changes and changes[0] <= bucket.start:
            changes.popleft()
            meter.recalibrate()
        watch.take(bucket, end, meter)
    return watch.state_with(meter.save()), tuple(watch.changes)


def thresholds(rule: RuleOptions, options: AlertOptions, state: RuleState | None) -> Thresholds:
    """Return the thresholds in force after the last bucket, with the reason for them."""
    state = state or RuleState()
    today = to_epoch(state.last) // _DAY if state.last else 0
    return solve(rule, options, [high for day, high in state.days if day < today])


def note_cause(
    state: RuleState, terms: Sequence[str], at: datetime, *, push: bool = True
) -> tuple[RuleState, tuple[EpisodeChange, ...]]:
    """Compare what an open episode is about with what people were told, and tell if it is something else.

    `terms` are the explaining terms now, strongest first. The first call for an
    episode only remembers them. Another cause (less than three in ten terms
    shared) escalates it, at most once in an hour.
    """
    episode = state.episode
    if episode is None or not terms:
        return state, ()
    if not state.terms:
        return replace(state, terms=tuple(terms)), ()
    shared = len(set(terms) & set(state.terms)) / min(len(set(terms)), len(set(state.terms)))
    if shared >= _SAME_CAUSE or (state.told_at is not None and at - state.told_at < _SETTLE):
        return state, ()
    told = push and episode.tier == "push" and not _is_muted(state, at)
    state = replace(state, terms=tuple(terms), told_at=at)
    return state, (EpisodeChange(kind="escalated", episode=episode, notify=told, at=at),)


def _is_muted(state: RuleState, at: datetime) -> bool:
    return state.muted_until is not None and at < state.muted_until


class _Watch:
    """Carry a rule's state over a run of buckets and collect the changes.

    What changes with every bucket is kept beside the state and put into it at the end.
    """

    def __init__(self, brand: str, rule: RuleOptions, options: AlertOptions, state: RuleState) -> None:
        self.brand = brand
        self.rule = rule
        self.options = options
        self.state = state
        self.changes: list[EpisodeChange] = []
        self._last = state.last
        self._held_until = state.held_until
        self._days = list(state.days)
        self._gaps = dict(state.gaps)
        self._limits: tuple[int, Thresholds] | None = None

    def state_with(self, memory: str) -> RuleState:
        """Return the state after the last bucket, with what the meter remembers."""
        return replace(
            self.state,
            memory=memory,
            last=self._last,
            held_until=self._held_until,
            days=tuple(self._days),
            gaps=tuple(self._gaps.items()),
        )

    def has_seen(self, bucket: BucketCounts) -> bool:
        """Say whether the bucket, or a later one, was taken in before."""
        return self._last is not None and bucket.start <= self._last

    def note_gap(self, bucket: BucketCounts, window: timedelta) -> None:
        """Remember for the length of the meter's window that a bucket, taken in or not, was not wholly covered."""
        start = to_epoch(bucket.start)
        if self._gaps:
            since = start - int(window.total_seconds())
            self._gaps = {at: coverage for at, coverage in self._gaps.items() if since < at < start}
        if bucket.coverage < 1.0:
            self._gaps[start] = bucket.coverage
            if (episode := self.state.episode) is not None and bucket.coverage < episode.coverage:
                self.state = replace(self.state, episode=replace(episode, coverage=bucket.coverage))

    def take(self, bucket: BucketCounts, end: datetime, meter: Meter) -> None:
        """Take in one bucket that ends at `end`."""
        limits = self._thresholds(to_epoch(bucket.start) // _DAY)
        reading = meter.read(bucket)
        self._last = bucket.start
        if bucket.backfilled:
            self._held_until = end + meter.window
        if reading is None:
            return
        self._remember(reading, bucket)
        may_raise = not bucket.backfilled and (self._held_until is None or end >= self._held_until)
        state = self.state
        if state.episode is not None:
            self._follow(state.episode, reading, bucket, end, limits, may_raise=may_raise)
        elif may_raise and reading.strength >= limits.opens:
            self._open(reading, bucket, end, limits)

    def _thresholds(self, day: int) -> Thresholds:
        """Return the thresholds of a day: solved from the days before it."""
        if self._limits is None or self._limits[0] != day:
            known = [high for number, high in self._days if number < day]
            self._limits = (day, solve(self.rule, self.options, known))
        return self._limits[1]

    def _remember(self, reading: Reading, bucket: BucketCounts) -> None:
        """Keep the strongest reading of the day, for the days to come."""
        day, strength = to_epoch(bucket.start) // _DAY, round(reading.strength, 3)
        if self._days and self._days[-1][0] == day:
            self._days[-1] = (day, max(self._days[-1][1], strength))
        else:
            self._days = [*self._days, (day, strength)][-HISTORY_DAYS - 1 :]

    def _tier(self, strength: float, limits: Thresholds) -> str:
        return self.rule.tier or ("push" if strength >= limits.pushes else "digest")

    def _severity(self, strength: float, limits: Thresholds) -> str:
        if strength >= 2.0 * limits.pushes:
            return "high"
        return "medium" if strength >= limits.pushes else "low"

    def _open(self, reading: Reading, bucket: BucketCounts, end: datetime, limits: Thresholds) -> None:
        state = self.state
        tier = self._tier(reading.strength, limits)
        cooldown = self.options.cooldown if self.rule.cooldown is None else self.rule.cooldown
        rested = state.told_at is None or end - state.told_at >= cooldown
        if not (rested or reading.strength >= _STRONGER * state.told or _RANK[tier] > _RANK[state.told_tier]):
            return
        episode = Episode(
            key=f"{self.brand}/{self.rule.name}/{to_epoch(end)}",
            brand=self.brand,
            rule=self.rule.name,
            kind=self.rule.kind,
            state="open",
            severity=self._severity(reading.strength, limits),
            tier=tier,
            opened_at=end,
            updated_at=end,
            resolved_at=None,
            observed=reading.observed,
            expected=reading.expected,
            interval=reading.interval,
            surprise=reading.surprise,
            threshold=limits.opens,
            peak=reading.figure,
            total=reading.mentions,
            coverage=min([bucket.coverage, *self._gaps.values()]),
            strongest_at=end,
            thread_at=reading.thread_at,
        )
        self.state = replace(
            state, episode=episode, calm=0, told=reading.strength, told_tier=tier, told_at=end, terms=()
        )
        self._note("opened", episode, end, tells=tier == "push")

    def _follow(
        self,
        episode: Episode,
        reading: Reading,
        bucket: BucketCounts,
        end: datetime,
        limits: Thresholds,
        *,
        may_raise: bool,
    ) -> None:
        grown = _grown(episode, reading, bucket, end)
        calm = self.state.calm + 1 if reading.strength < _CLOSES * episode.threshold else 0
        self.state = replace(self.state, episode=grown, calm=calm)
        if calm >= _CALM_BUCKETS:
            closed = replace(grown, state="resolved", resolved_at=end)
            self.state = replace(self.state, episode=None, calm=0)
            self._note("resolved", closed, end, tells=closed.tier == "push")
        elif may_raise and self._escalates(reading.strength, limits, end):
            tier = max(episode.tier, self._tier(reading.strength, limits), key=lambda tier: _RANK[tier])
            severity = self._severity(reading.strength, limits)
            worse = replace(grown, tier=tier, severity=severity)
            self.state = replace(self.state, episode=worse, told=reading.strength, told_tier=tier, told_at=end)
            self._note("escalated", worse, end, tells=tier == "push")
        else:
            self._note("updated", grown, end, tells=False)

    def _escalates(self, strength: float, limits: Thresholds, end: datetime) -> bool:
        """Say whether an open episode has become worth another message."""
        state = self.state
        if _RANK[self._tier(strength, limits)] > _RANK[state.told_tier]:
            return True
        if state.told_at is None or state.episode is None:
            return False
        first = state.told_at == state.episode.opened_at
        settled = end - state.told_at >= (_SETTLE if first else _SETTLE_AGAIN)
        return settled and strength >= _STRONGER * state.told

    def _note(self, kind: str, episode: Episode, at: datetime, *, tells: bool) -> None:
        notify = tells and not _is_muted(self.state, at)
        self.changes.append(EpisodeChange(kind=kind, episode=episode, notify=notify, at=at))


def _grown(episode: Episode, reading: Reading, bucket: BucketCounts, end: datetime) -> Episode:
    """Return the episode with one more bucket in it."""
    more = bucket.scored if episode.kind == "sentiment" else bucket.mentions  # what a reading of the kind counts, too
    grown = replace(
        episode,
        updated_at=end,
        peak=max(episode.peak, reading.figure),
        total=episode.total + more,
    )
    if abs(reading.surprise) <= abs(episode.surprise) or not reading.strength:
        return grown
    return replace(
        grown,
        observed=reading.observed,
        expected=reading.expected,
        interval=reading.interval,
        surprise=reading.surprise,
        strongest_at=end,
        thread_at=reading.thread_at,
    )
