"""Decide anew about what is stored: match it with the present queries, score it with the present scorers.

A replay goes through the mentions in the order of their numbers, a chunk a
transaction, and writes only what comes out otherwise. Stopped or killed, it goes
on where it was; done again, it changes nothing. People's labels stand, purged
mentions keep what was decided, and no alert is raised.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from listener.mention import SCORE_SCALE
from listener.pipeline.executors import Here
from listener.pipeline.sparing import spared_collector
from listener.store import Rejudged, ReplayMark, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from listener.pipeline.executors import Executor
    from listener.pipeline.judge import Judge
    from listener.protocols import StopSignal
    from listener.search.history import HistoryReader, StoredMention
    from listener.store import Store

__all__ = ["ReplayReport", "rematch", "rescore"]

_Decision = tuple[str, tuple[Verdict, ...]]
"""The language of a mention and the verdicts on it."""

_REMATCH: Final = "rematch"
_RESCORE: Final = "rescore"


@dataclass(slots=True)
class ReplayReport:
    """Count what a replay did, by brand where it is a Counter.

    `done` of `total` mentions are gone through (those of an earlier, stopped
    run included); `changed` were stored anew.
    """

    total: int = 0
    done: int = 0
    changed: int = 0
    is_stopped: bool = False
    gained: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    rescored: Counter[str] = field(default_factory=Counter)
    relabelled: Counter[str] = field(default_factory=Counter)

    def note(self, old: Sequence[Verdict], new: Sequence[Verdict]) -> None:
        """Count what is otherwise between the old verdicts on a mention and the new ones."""
        before = {verdict.match.brand: verdict for verdict in old}
        after = {verdict.match.brand: verdict for verdict in new}
        self.gained.update(after.keys() - before.keys())
        self.lost.update(before.keys() - after.keys())
        for brand in before.keys() & after.keys():
            self.rescored[brand] += _feeling(before[brand]) != _feeling(after[brand])
            self.relabelled[brand] += before[brand].sentiment.label is not after[brand].sentiment.label


def rematch(
    store: Store,
    reader: HistoryReader,
    judge: Judge,
    stop: StopSignal,
    *,
    now: datetime,
    brand: str | None = None,
    executor: Executor[Judge] | None = None,
    on_chunk: Callable[[ReplayReport], None] = lambda _report: None,
) -> ReplayReport:
    """Match every stored mention with the present queries, also those that matched nothing before.

    `brand` leaves all others as they are. Matches of brands that are not
    configured (any more) stay. A match that comes out as it was keeps its score;
    one that is new is scored in the language that was identified. `executor` does
    the work with the same stages; without one it is done here.
    """
    scope = {name: version for name, version in judge.queries.items() if brand in {None, name}}
    replay = _Replay(store, reader, stop, kind=_REMATCH, target=_digest(sorted(scope.items())))
    work = partial(_rematched, frozenset(scope))
    report = replay.run("all", None, executor or Here(judge), work, now=now, on_chunk=on_chunk)
    if not report.is_stopped:
        store.note_rematched(scope)
    return report


def rescore(
    store: Store,
    reader: HistoryReader,
    judge: Judge,
    stop: StopSignal,
    *,
    now: datetime,
    brand: str | None = None,
    executor: Executor[Judge] | None = None,
    on_chunk: Callable[[ReplayReport], None] = lambda _report: None,
) -> ReplayReport:
    """Identify the language of every stored match anew and score it with the present scorers.

    `brand` leaves the scores of all others as they are. What matches is not
    looked at: that is `rematch`. `executor` does the work with the same stages;
    without one it is done here.
    """
    scope = {name for name in judge.queries if brand in {None, name}}
    replay = _Replay(store, reader, stop, kind=_RESCORE, target=_digest([sorted(scope), judge.scoring]))
    work = partial(_rescored, frozenset(scope))
    return replay.run("matched", brand, executor or Here(judge), work, now=now, on_chunk=on_chunk)


def _rematched(scope: frozenset[str], judge: Judge, chunk: Sequence[StoredMention]) -> list[_Decision]:
    """Decide what mentions match, of the brands in scope, and score what is new."""
    each = judge.match([one.mention for one in chunk], [one.language for one in chunk])
    found = [[match for match in matches if match.brand in scope] for matches in each]
    kept = [{verdict.match: verdict for verdict in one.verdicts} for one in chunk]
    waiting = [
        (one.mention, match, one.language)
        for one, matches, known in zip(chunk, found, kept, strict=True)
        for match in matches
        if match not in known
    ]
    sentiments = iter(judge.score(waiting) if waiting else ())
    return [
        (
            one.language,
            (
                *(verdict for verdict in one.verdicts if verdict.match.brand not in scope),
                *(known.get(match) or Verdict(match=match, sentiment=next(sentiments)) for match in matches),
            ),
        )
        for one, matches, known in zip(chunk, found, kept, strict=True)
    ]


def _rescored(scope: frozenset[str], judge: Judge, chunk: Sequence[StoredMention]) -> list[_Decision]:
    """Decide how mentions feel, towards the brands in scope."""
    languages = judge.identify([one.mention for one in chunk])
    waiting = [
        (one.mention, verdict.match, language)
        for one, language in zip(chunk, languages, strict=True)
        for verdict in one.verdicts
        if verdict.match.brand in scope
    ]
    sentiments = iter(judge.score(waiting) if waiting else ())

    def again(verdict: Verdict) -> Verdict:
        if verdict.match.brand not in scope:
            return verdict
        sentiment = next(sentiments)
        return verdict if judge.outlives(verdict.sentiment, sentiment) else replace(verdict, sentiment=sentiment)

    return [
        (language, tuple(again(verdict) for verdict in one.verdicts))
        for one, language in zip(chunk, languages, strict=True)
    ]


class _Replay:
    """Go through the stored mentions chunk by chunk and keep how far it is."""

    def __init__(self, store: Store, reader: HistoryReader, stop: StopSignal, *, kind: str, target: str) -> None:
        self._store = store
        self._reader = reader
        self._stop = stop
        self._kind = kind
        self._target = target

    def run(
        self,
        only: str,
        brand: str | None,
        executor: Executor[Judge],
        work: Callable[[Judge, Sequence[StoredMention]], list[_Decision]],
        *,
        now: datetime,
        on_chunk: Callable[[ReplayReport], None],
    ) -> ReplayReport:
        begun = self._store.replay_position(self._kind, self._target)
        report = ReplayReport(total=self._reader.count_stored())
        with spared_collector():
            for chunk, decisions in executor.map(work, self._reader.stored(only, brand=brand, after=begun)):
                judged = list(_changes(chunk, decisions, report))
                position = chunk[-1].number
                mark = ReplayMark(kind=self._kind, target=self._target, position=position)
                report.changed += self._store.save_replay(judged, mark=mark, now=now)
                report.done = self._reader.count_through(position)
                on_chunk(report)
                if self._stop.is_set():
                    report.is_stopped = True
                    return report
        report.done = report.total
        on_chunk(report)
        self._store.end_replay(self._kind)
        return report


def _changes(
    chunk: Sequence[StoredMention], decisions: Sequence[_Decision], report: ReplayReport
) -> Iterator[Rejudged]:
    """Yield what comes out otherwise than it is stored, and count it."""
    for one, (language, verdicts) in zip(chunk, decisions, strict=True):
        before = {verdict.match.brand: verdict for verdict in one.verdicts}
        otherwise = [new for new in verdicts if _fact(before.get(new.match.brand)) != _fact(new)]
        lost = frozenset(before.keys() - {new.match.brand for new in verdicts})
        if language == one.language and not otherwise and not lost:
            continue
        report.note(one.verdicts, verdicts)
        stood = {verdict.match for verdict in one.verdicts}
        yield Rejudged(
            number=one.number,
            text_hash=one.text_hash,
            language=None if language == one.language else language,
            found=tuple(new for new in otherwise if new.match not in stood),
            scored=tuple(new for new in otherwise if new.match in stood),
            lost=lost,
        )


def _fact(verdict: Verdict | None) -> tuple[object, ...] | None:
    """Return what the store would keep of a verdict, to compare."""
    return None if verdict is None else (verdict.match, *_feeling(verdict))


def _feeling(verdict: Verdict) -> tuple[object, ...]:
    felt = verdict.sentiment
    return (
        felt.label, _scaled(felt.score), _scaled(felt.whole_text_score), felt.evidence, felt.confidence, felt.scorer,
        felt.version, felt.reason,
    )  # fmt: skip


def _scaled(score: float | None) -> int | None:
    return None if score is None else round(score * SCORE_SCALE)


def _digest(parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
