"""Look at what is new of each brand and open, follow and close episodes.

Only whole quarters of an hour are looked at, once each, and only up to the
instant to which the brand's sources are drained: a source that was not read yet
looks like silence. What was filled in late (a look-back, a backlog after an
outage, an import) teaches what is usual and never raises an alert.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.alerts.episodes import evaluate, note_cause
from listener.alerts.inhibition import inhibit
from listener.alerts.records import RuleState
from listener.errors import ListenerError, StoreVersionError
from listener.logs import event, redact
from listener.pipeline.gathering import with_gathered
from listener.pipeline.hearing import has_usual, heard_sources, in_turn, is_compared, ordinary_delay, patience_with
from listener.pipeline.quarters import quarter_of, read_quarters, single_rules
from listener.pipeline.reasons import find_reasons

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from listener.alerts.options import AlertOptions, RuleOptions
    from listener.alerts.records import BucketCounts, Episode, EpisodeChange
    from listener.pipeline.quarters import WatchedBrand
    from listener.search import Reader
    from listener.store import EpisodeSave, Store

__all__ = ["AlertStage"]

logger = logging.getLogger(__name__)

_KEPT: Final = 3
"""Answers of the store kept for a brand's other rules: two months of quarters are 5 760 records."""
_HISTORY: Final = timedelta(days=60)
"""How far back a rule learns from when it first meets a brand."""
_QUARTER: Final = timedelta(minutes=15)
_SET_BACK: Final = timedelta(minutes=5)
"""A look that lies further in the future was made by a clock that was ahead."""
_MOST_CHANGES: Final = 20
"""Changes of what is listened to that a rule remembers for the case that it learns from the history again."""
_COUNTED_APART: Final = frozenset({"words", "reach"})
"""The kinds whose quarters hold other counts than those of the other rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """Say what is to be looked at: a rule about a brand (or one source), up to when, at what time.

    `brand` names the sources that the rule hears, `listening` all that listen for it.
    With `is_live` False what is stored counts as seen in time.
    """

    brand: WatchedBrand
    listening: tuple[str, ...]
    rule: RuleOptions
    until: datetime
    now: datetime
    is_live: bool


class AlertStage:
    """Evaluate the rules of brands against the store.

    A rule that names sources is one rule a source, and silent where the rule of
    its kind about the whole brand has an episode. `destinations` are where news
    go; none: episodes are only recorded.
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
        self._rules = single_rules(rules)
        self._time_zone = time_zone
        self._destinations = destinations
        self._cut: dict[object, list[BucketCounts]] = {}

    def evaluate_all(self, brands: Iterable[WatchedBrand], *, now: datetime, live: bool = True) -> int:
        """Look at everything new of brands, one after the other; return how many episodes changed.

        What goes wrong with one is logged and noted in the store, and the others are looked at all the
        same. Raises StoreError where even the note cannot be made.
        """
        changed = 0
        failing = {one.brand for one in self._reader.alert_failures()}
        for brand in brands:
            try:
                changed += self.evaluate(brand, now=now, live=live)
            except ListenerError as error:
                said = redact(str(error))
                event(logger, "alerts failed", level=logging.ERROR, brand=brand.name, error=said)
                self._store.reports.note_alert_failure(brand.name, said, now=now)
            except Exception as error:
                # A guard as that of collecting: what one brand stumbles over must not leave the others unwatched.
                logger.exception("alerts failed brand=%s", brand.name)
                said = f"unexpected {type(error).__name__}; the log has the details"
                self._store.reports.note_alert_failure(brand.name, said, now=now)
            else:
                if brand.name in failing:
                    self._store.reports.clear_alert_failure(brand.name)
        return changed

    def evaluate(self, brand: WatchedBrand, *, now: datetime, live: bool = True) -> int:
        """Look at everything new of a brand; return how many episodes changed.

        With `live` False everything since the last look counts as seen in time:
        for replays of history.
        """
        if not self._options.enabled:
            return 0
        changed = 0
        whole: list[Episode] = []
        ends = {source: in_turn(brand, source, self._reader.read_until(source, brand.name)) for source in brand.sources}
        hears = heard_sources(self._reader, brand, now=now) if live else (brand.sources, brand.sources)
        for rule in self._rules:
            if rule.brands and brand.name not in rule.brands:
                continue
            heard = replace(brand, sources=hears[is_compared(rule)])
            until = _ready_until(heard, rule, ends, now) if live else now
            look = _Look(brand=heard, listening=brand.sources, rule=rule, until=until, now=now, is_live=live)
            count, episodes = self._look(look, whole if rule.sources else ())
            changed += count
            if not rule.sources:
                whole.extend(episodes)
        return changed

    def _look(self, look: _Look, whole: Sequence[Episode]) -> tuple[int, list[Episode]]:
        """Take in what is new to a rule; return how many episodes changed, and those that changed or are open.

        A state that another version wrote, or a clock that was ahead, is learned again from the stored history.
        """
        known = self._reader.alert_state(look.brand.name, look.rule.name)
        if known is not None and known[1] - look.now > _SET_BACK:
            return self._go_on(look, known, whole, is_learned_again=True)
        try:
            return self._go_on(look, known, whole)
        except StoreVersionError:
            return self._go_on(look, known, whole, is_learned_again=known is not None)

    def _go_on(
        self,
        look: _Look,
        known: tuple[str, datetime] | None,
        whole: Sequence[Episode],
        *,
        is_learned_again: bool = False,
    ) -> tuple[int, list[Episode]]:
        brand, rule, end = look.brand, look.rule, quarter_of(look.until)
        erasures = self._reader.erasures()
        state, start = (
            (_of_changes(known), self._first_quarter(look, is_known=known is not None))
            if known is None or is_learned_again
            else (RuleState.from_json(known[0]), known[1])
        )
        if start is None or start >= end:
            return 0, [state.episode] if state.episode else []
        late_before = start
        if look.is_live:
            is_new = known is None or is_learned_again
            if not is_new:
                _check_heard(look, state)
            late_before = end if is_new else look.now - ordinary_delay(brand, rule)
            state = _asked(look, state, end if known is None else min(known[1], end))
        quarters = self._quarters(look, start, end, late_before)
        if look.is_live and rule.kind == "reach":
            state, quarters = with_gathered(self._reader, brand.name, rule, state, quarters)
        state, changes = evaluate(
            brand.name,
            rule,
            replace(state, muted_until=self._reader.snoozed_until(brand.name)),
            quarters,
            end,
            self._options,
            time_zone=self._time_zone,
        )
        state, episodes = self._explained(look, state, inhibit(changes, whole), whole)
        if is_compared(rule):
            state = replace(state, heard=tuple(sorted(brand.sources)))
        stored = self._store.reports.save_evaluation(
            brand.name,
            rule.name,
            state=state.to_json(),
            evaluated_until=end,
            episodes=episodes,
            destinations=self._destinations,
            now=look.now,
            closes_others=is_learned_again,
            former="" if known is None else known[0],
            erasures=erasures,
        )
        if len(stored) < len(episodes):
            event(logger, "another process looked at alerts meanwhile", brand=brand.name, rule=rule.name)
            return 0, [state.episode] if state.episode else []
        latest = {change.episode.key: change.episode for change in changes}
        if state.episode:
            latest[state.episode.key] = state.episode
        return len(episodes), list(latest.values())

    def _first_quarter(self, look: _Look, *, is_known: bool) -> datetime | None:
        """Return from where a rule starts; None where nothing is known of the brand, not even that nobody spoke of it."""
        since = self._reader.known_since(look.brand.name)
        if since is None:
            return None
        # What could not be read before anybody listened is nothing that was lost.
        history = (
            _HISTORY if is_known or not look.is_live or look.rule.kind != "blind" else look.now - look.until + _QUARTER
        )
        return quarter_of(max(since, look.now - history))

    def _quarters(self, look: _Look, start: datetime, end: datetime, late_before: datetime) -> list[BucketCounts]:
        """Return the quarters in [start, end) that a rule takes in.

        A brand's rules mostly go on from the same instant: the last few answers are kept.
        """
        rule = look.rule
        apart = rule.name if rule.kind in _COUNTED_APART else None
        wanted = (look.brand.name, look.brand.sources, rule.sources, apart, start, end, late_before)
        if wanted not in self._cut:
            while len(self._cut) >= _KEPT:
                del self._cut[next(iter(self._cut))]
            found = read_quarters(self._reader, look.brand, start, end, late_before=late_before, rule=rule)
            self._cut[wanted] = found
        return self._cut[wanted]

    def _explained(
        self, look: _Look, state: RuleState, changes: Sequence[EpisodeChange], whole: Sequence[Episode]
    ) -> tuple[RuleState, list[EpisodeSave]]:
        """Return each changed episode once, as it stands at the end, with its reasons and all the news of it.

        An open one whose cause has become another is news too; the state remembers the cause.
        """
        last = {change.episode.key: change.episode for change in changes}
        saves = []
        for key, episode in last.items():
            news = [change.kind for change in changes if change.notify and change.episode.key == key]
            reasons = find_reasons(self._reader, look.brand, look.rule, episode, time_zone=self._time_zone)
            if state.episode is not None and state.episode.key == key:
                state, more = note_cause(state, reasons.cause, episode.updated_at)
                news += [change.kind for change in inhibit(more, whole) if change.notify]
            saves.append(reasons.to_save(news))
        return state, saves


def _ready_until(
    brand: WatchedBrand, rule: RuleOptions, ends: Mapping[str, datetime | None], now: datetime
) -> datetime:
    """Return the instant to which every source is drained that is not further behind than its schedule explains.

    One that is holds back nobody: the coverage says what is missing. But a rule about the
    mentions of a single source waits for it, and for the rule of its kind about the whole.
    """
    waited = {source: end for source in (*brand.sources, *rule.sources) if (end := ends.get(source))}
    fresh = [end for source, end in waited.items() if now - end < patience_with(brand, source)]
    awaited = [] if rule.kind == "blind" else [waited[source] for source in rule.sources if source in waited]
    return min([*fresh, *awaited, now])


def _check_heard(look: _Look, state: RuleState) -> None:
    """Raise StoreVersionError where a rule counted other sources before: what was usual for them says nothing of these."""
    if is_compared(look.rule) and set(state.heard or look.listening) != set(look.brand.sources):
        msg = f'the alert rule "{look.rule.name}" hears other sources than before; it must be learned again'
        raise StoreVersionError(msg)


def _of_changes(known: tuple[str, datetime] | None) -> RuleState:
    """Return a state that has learned nothing but when what is listened to was changed, as far as that can be read."""
    try:
        former = RuleState() if known is None else RuleState.from_json(known[0])
    except StoreVersionError:
        former = RuleState()
    return RuleState(asked=former.asked, changed=former.changed)


def _asked(look: _Look, state: RuleState, at: datetime) -> RuleState:
    """Return the state with what is listened to now; where that is something else than before, it changed at `at`."""
    if not has_usual(look.rule):
        return state
    heard = {"", *(look.rule.sources or look.brand.sources)}
    asked = {name: what for name, what in look.brand.asked.items() if name in heard}
    before = {name: what for name, what in state.asked if not name or name in look.listening}
    changed = [one for one in state.changed if look.now - _HISTORY < one <= at]
    others = sorted(name for name, what in asked.items() if before.get(name, what) != what)
    if others:
        changed.append(at)
        event(
            logger, "what is usual is learned anew", brand=look.brand.name, rule=look.rule.name,
            changed=",".join(name or "expression" for name in others),
        )  # fmt: skip
    return replace(state, asked=tuple(sorted({**before, **asked}.items())), changed=tuple(changed[-_MOST_CHANGES:]))
