"""Take in mentions from files: matched, scored and stored like collected ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from listener.mention import Mention

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from listener.interchange import BadLine
    from listener.pipeline.judge import Judge
    from listener.protocols import StopSignal
    from listener.store import Store

__all__ = ["ImportReport", "import_mentions"]

_CHUNK: Final = 1_000
"""Mentions stored in one transaction: large enough for speed, small enough to wait for."""


@dataclass(slots=True)
class ImportReport:
    """Count what an import did; `spans` are the first and last publication time of each source."""

    read: int = 0
    new: int = 0
    changed: int = 0
    seen: int = 0
    unmatched: int = 0
    bad: int = 0
    is_stopped: bool = False
    spans: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)

    def note(self, mention: Mention) -> None:
        """Count a mention that was read."""
        self.read += 1
        at = mention.published_at
        if at is None:
            return
        first, last = self.spans.get(mention.source, (at, at))
        self.spans[mention.source] = (min(first, at), max(last, at))


def import_mentions(
    lines: Iterable[Mention | BadLine],
    store: Store,
    judge: Judge,
    stop: StopSignal,
    *,
    now: datetime,
    keep_unmatched: bool = False,
    on_bad: Callable[[BadLine], None] = lambda _line: None,
    on_chunk: Callable[[ImportReport], None] = lambda _report: None,
) -> ImportReport:
    """Store what the lines hold, chunk by chunk, and return the counts.

    Doing it again changes nothing: a mention is known by its source and id. What
    matches no brand is counted and left out unless `keep_unmatched`. A stop ends
    after the chunk in hand.
    """
    report = ImportReport()
    stream = iter(lines)
    while chunk := list(islice(stream, _CHUNK)):
        mentions = list(_good(chunk, report, on_bad))
        known = store.known([mention.key for mention in mentions])
        judgement = judge.judge(mentions, known, now=now, keep_unmatched=keep_unmatched)
        saved = store.save_page(
            judgement.judged, refreshed=judgement.refreshed, own_replies=judgement.own_replies, now=now
        )
        report.new += saved.new
        report.changed += saved.changed
        report.seen += saved.seen
        report.unmatched += judgement.unmatched
        on_chunk(report)
        if stop.is_set():
            report.is_stopped = True
            break
    return report


def declare_complete(store: Store, report: ImportReport, *, now: datetime) -> None:
    """Take the user's word that the file holds everything between its first and last mention, source by source."""
    for source, (first, last) in sorted(report.spans.items()):
        store.declare_complete(source, since=first, until=last + timedelta(seconds=1), now=now)


def _good(
    chunk: Iterable[Mention | BadLine], report: ImportReport, on_bad: Callable[[BadLine], None]
) -> Iterator[Mention]:
    for line in chunk:
        if isinstance(line, Mention):
            report.note(line)
            yield line
        else:
            report.bad += 1
            on_bad(line)
