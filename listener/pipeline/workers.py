"""Judge chunks of mentions ahead, in processes of their own, in the order of the file.

A worker reads lines, matches, identifies and scores; what is stored decides the rest
and stays with the process that writes. Results are the same with any number of
workers, and where one of them dies: what it had in hand is judged here.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final

from listener.interchange import BadLine, RawLine
from listener.mention import Mention
from listener.pipeline.crew import Crew, WorkerEndedError
from listener.pipeline.received import Item, Received, Sent, pack, read_item, receive, send, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Future
    from datetime import datetime

    from listener.pipeline.judge import Judge, Prejudged

__all__ = ["Chunk", "judge_ahead"]

logger: Final = logging.getLogger(__name__)

Chunk = tuple[int, list[BadLine], Sequence["Prejudged | Received"]]
"""How many lines were read, those that could not be, and what the others say."""

_MOST_ITEMS: Final = 1_000
_MOST_BYTES: Final = 8 << 20
"""A chunk ends with either: large enough to be worth sending, small enough to hold a few."""
_AHEAD: Final = 2
"""Chunks that wait for each worker."""

_Work = tuple[Sent, "datetime"]


def judge_ahead(
    items: Iterable[Item], judge: Judge, *, now: datetime, workers: int = 0, make: Callable[[], Judge] | None = None
) -> Generator[Chunk, None, None]:
    """Yield what chunks of lines say, in order; `make` makes the same `judge` in a worker and must be picklable."""
    chunks = _chunks(items)
    if workers and make is not None:
        first = next(chunks, None)
        if first is None:
            return
        if len(first) < _MOST_ITEMS:  # a small file is done before a worker has started
            yield _look(judge, first)
        else:
            yield from _judge_in_pool(chain([first], chunks), judge, now=now, workers=workers, make=make)
            return
    for chunk in chunks:
        yield _look(judge, chunk)


def _judge_in_pool(
    chunks: Iterator[list[Item]], judge: Judge, *, now: datetime, workers: int, make: Callable[[], Judge]
) -> Generator[Chunk, None, None]:
    waiting: deque[tuple[list[Item], Future[bytes]]] = deque()
    crew: Crew[Judge, _Work, bytes]
    done: Chunk
    ended: set[int | None] = {None}
    with Crew(workers, make, _work_there) as crew:
        chunk = next(chunks, None)
        while chunk is not None or waiting:
            while chunk is not None and len(waiting) < _AHEAD * workers:
                waiting.append((chunk, crew.submit((send(chunk), now))))
                chunk = next(chunks, None)
            oldest, future = waiting.popleft()
            try:
                done = unpack(future.result(), oldest)
            except WorkerEndedError as error:
                if error.process_id not in ended:
                    ended.add(error.process_id)
                    logger.warning("worker process %s ended; what it had in hand is done here", error.process_id)
                done = _look(judge, oldest)
            yield done


def _work_there(judge: Judge, work: _Work) -> bytes:
    """Read, match, identify and score a chunk in a worker process."""
    sent, now = work
    chunk = receive(sent)
    bad, mentions = _read(chunk)
    looked = judge.prejudge([mention for _, mention in mentions], now=now)
    return pack(len(chunk), bad, [(place, one) for (place, _), one in zip(mentions, looked, strict=True)])


def _look(judge: Judge, chunk: Sequence[Item]) -> Chunk:
    """Match only: what is stored already is not scored where scoring may cost something."""
    bad, mentions = _read(chunk)
    return len(chunk), bad, judge.look([mention for _, mention in mentions])


def _read(chunk: Sequence[Item]) -> tuple[list[BadLine], list[tuple[int, Mention]]]:
    """Return the lines that cannot be read, and the mentions with their positions."""
    read = [*map(read_item, chunk)]
    mentions = [(place, one) for place, one in enumerate(read) if isinstance(one, Mention)]
    return [one for one in read if isinstance(one, BadLine)], mentions


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    chunk: list[Item] = []
    size = 0
    for item in items:
        chunk.append(item)
        size += _size_of(item)
        if len(chunk) >= _MOST_ITEMS or size >= _MOST_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _size_of(item: Item) -> int:
    if isinstance(item, RawLine):
        return len(item.line or b"")
    return 4 * len(item.text) if isinstance(item, Mention) else 0
