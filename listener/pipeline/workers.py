"""Judge chunks of mentions ahead, in processes of their own, in the order of the file.

A worker reads lines, matches, identifies and scores; what is stored decides the rest
and stays with the process that writes. Results are the same with any number of
workers, and where a worker dies: its chunk, and all after it, are judged here.
"""

from __future__ import annotations

import logging
import signal
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final

from listener.interchange import BadLine, RawLine
from listener.mention import Mention
from listener.pipeline.received import Item, Received, pack, read_item, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
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

_judge: Judge | None = None
"""The stages of this worker process."""


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
    waiting: deque[tuple[list[Item], Future[bytes] | None]] = deque()
    pool: ProcessPoolExecutor | None = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_prepare, initargs=(make,)
    )
    try:
        chunk = next(chunks, None)
        while chunk is not None or waiting:
            while chunk is not None and len(waiting) < _AHEAD * workers:
                waiting.append((chunk, _submit(pool, chunk, now)))
                chunk = next(chunks, None)
            oldest, future = waiting.popleft()
            try:
                done = None if future is None else unpack(future.result(), oldest)
            except BrokenProcessPool:
                logger.warning("a worker process ended; going on without workers")
                pool, done = None, None
                waiting = deque((one, None) for one, _ in waiting)
            yield done or _look(judge, oldest)
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


def _submit(pool: ProcessPoolExecutor | None, chunk: Sequence[Item], now: datetime) -> Future[bytes] | None:
    try:
        return None if pool is None else pool.submit(_work_here, chunk, now)
    except BrokenProcessPool:
        return None


def _prepare(make: Callable[[], Judge]) -> None:
    """Make the stages of a worker; an interrupt is for the process that writes."""
    global _judge  # noqa: PLW0603 - what a worker keeps between chunks
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _judge = make()


def _work_here(chunk: Sequence[Item], now: datetime) -> bytes:
    if _judge is None:
        msg = "the worker was not prepared"
        raise RuntimeError(msg)
    bad, mentions = _read(chunk)
    looked = _judge.prejudge([mention for _, mention in mentions], now=now)
    return pack(len(chunk), bad, [(place, one) for (place, _), one in zip(mentions, looked, strict=True)])


def _look(judge: Judge, chunk: Sequence[Item]) -> Chunk:
    """Match only: what is stored already is not scored where scoring may cost something."""
    bad, mentions = _read(chunk)
    return len(chunk), bad, judge.look([mention for _, mention in mentions])


def _read(chunk: Sequence[Item]) -> tuple[list[BadLine], list[tuple[int, Mention]]]:
    """Return the lines that cannot be read, and the mentions with their positions."""
    bad: list[BadLine] = []
    mentions: list[tuple[int, Mention]] = []
    for place, item in enumerate(chunk):
        read = read_item(item)
        if isinstance(read, Mention):
            mentions.append((place, read))
        else:
            bad.append(read)
    return bad, mentions


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
