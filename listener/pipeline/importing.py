"""Take in mentions from files: matched, scored and stored like collected ones."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

from listener.clock import CLOCK_SKEW, EARLIEST, from_epoch, to_epoch
from listener.pipeline.sparing import made_sparingly, spared_collector
from listener.pipeline.workers import judge_ahead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from listener.interchange import BadLine
    from listener.pipeline.judge import Judge, Prejudged
    from listener.pipeline.received import Item, Received
    from listener.pipeline.workers import Chunk
    from listener.protocols import StopSignal
    from listener.store import ReplayMark, Store

__all__ = ["ImportReport", "import_mentions"]


_SMALL_PAGES: Final = 8
"""So many chunks of a thousand lines are stored each by itself: a small import is soon stored."""
_CHUNKS_A_PAGE: Final = 3


@dataclass(slots=True)
class ImportReport:
    """Count what an import did; `first` and `last` are the times, in seconds, between which each source's mentions lie.

    `undated` are those of the mentions read that claim a time that cannot be.
    """

    lines: int = 0
    read: int = 0
    new: int = 0
    changed: int = 0
    seen: int = 0
    unmatched: int = 0
    undated: int = 0
    bad: int = 0
    is_stopped: bool = False
    first: dict[str, int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)

    @property
    def spans(self) -> dict[str, tuple[datetime, datetime]]:
        """Return the first and last publication time of each source, in whole seconds."""
        return {source: (from_epoch(at), from_epoch(self.last[source])) for source, at in self.first.items()}

    def note(self, sources: Iterable[str], times: Sequence[int | None]) -> None:
        """Count mentions that were read, each with its source and its time in seconds."""
        self.read += len(times)
        self.undated += times.count(None)
        by_source: dict[str, list[int]] = {}
        for source, at in zip(sources, times, strict=True):
            if at is not None:
                by_source.setdefault(source, []).append(at)
        for source, dated in by_source.items():
            self.first[source] = min(self.first.get(source, dated[0]), *dated)
            self.last[source] = max(self.last.get(source, dated[0]), *dated)


def import_mentions(
    lines: Iterable[Item],
    store: Store,
    judge: Judge,
    stop: StopSignal,
    *,
    now: datetime,
    keep_unmatched: bool = False,
    workers: int = 0,
    make: Callable[[], Judge] | None = None,
    mark: Callable[[int], ReplayMark] | None = None,
    on_bad: Callable[[BadLine], None] = lambda _line: None,
    on_chunk: Callable[[ImportReport], None] = lambda _report: None,
) -> ImportReport:
    """Store what the lines hold, page by page, and return the counts.

    Doing it again changes nothing: a mention is known by its source and id. What
    matches no brand is counted and left out unless `keep_unmatched`. A stop ends
    after the page in hand. `workers` processes read and score ahead with what `make`
    makes, which must be the same as `judge`. `mark` gives what is kept with each
    page of how many lines are done.
    """
    report = ImportReport()
    spared = None if make is None else partial(made_sparingly, make)
    chunks = judge_ahead(lines, judge, now=now, workers=workers, make=spared)
    with closing(chunks), spared_collector(), store.in_bulk():
        for count, bad, looked in _pages(chunks):
            for line in bad:
                report.bad += 1
                on_bad(line)
            times = _times(looked, now)
            report.note([one.key[0] for one in looked], times)
            report.lines += count
            known = store.known([one.key for one in looked])
            judgement = judge.decide(looked, known, now=now, keep_unmatched=keep_unmatched)
            saved = store.save_page(
                judgement.judged,
                refreshed=judgement.refreshed,
                own_replies=judgement.own_replies,
                mark=None if mark is None else mark(report.lines),
                is_history=True,
                now=now,
            )
            report.new += saved.new
            report.changed += saved.changed
            report.seen += saved.seen
            report.unmatched += judgement.unmatched
            if dated := [at for at in times if at is not None]:
                store.shed_keys_behind(from_epoch(min(dated)), from_epoch(max(dated)))
            on_chunk(report)
            if stop.is_set():
                report.is_stopped = True
                break
    store.shed_keys(now=now)
    if not report.is_stopped:
        store.compact_import(report.new)
    return report


def _times(looked: Sequence[Prejudged | Received], now: datetime) -> list[int | None]:
    """Return the time of each mention in seconds, None where it claims none, or one that it cannot have."""
    earliest, latest = to_epoch(EARLIEST), to_epoch(now + CLOCK_SKEW)
    claimed = [one.published_at for one in looked]
    return [at if at is not None and earliest <= at <= latest else None for at in claimed]


def _pages(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Yield the first chunks each as a page, then several as one: fewer places of a large store are written again."""
    coming = iter(chunks)
    yield from islice(coming, _SMALL_PAGES)
    while some := list(islice(coming, _CHUNKS_A_PAGE)):
        yield (
            sum(count for count, _, _ in some),
            [line for _, bad, _ in some for line in bad],
            [one for _, _, looked in some for one in looked],
        )


def declare_complete(store: Store, report: ImportReport, *, now: datetime) -> None:
    """Take the user's word that the file holds everything between its first and last mention, source by source."""
    for source, (first, last) in sorted(report.spans.items()):
        until = min(last + timedelta(seconds=1), now)  # nothing that is still to come was imported
        if first < until:
            store.declare_complete(source, since=first, until=until, now=now)
