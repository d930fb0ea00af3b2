"""Keep worker processes, each on a pipe of its own, so that one that is killed is noticed at any instant.

The standard pool hears all its workers through one pipe: one that is killed while it
writes its result leaves half a message and a lock there, and everybody waits for ever
(concurrent.futures of Python 3.11, reproduced 2026-11-22). A pipe that only one
process writes ends with that process.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing import get_context
from queue import Empty, SimpleQueue
from threading import Lock, Semaphore, Thread
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

__all__ = ["Crew", "WorkerEndedError"]

S = TypeVar("S")
C = TypeVar("C")
R = TypeVar("R")

_IN_HAND: Final = 2
"""Chunks at each worker: the one it works on, and the next, so that it need not wait for it."""
_NICENESS: Final = 10
"""How far workers stand back where there are fewer processors than processes: all of them wait for the one that asks."""


class WorkerEndedError(Exception):
    """A worker ended before it gave back a chunk. It never leaves the pipeline: the chunk is done there.

    `process_id` tells which, None where none is left at all.
    """

    def __init__(self, process_id: int | None) -> None:
        super().__init__(process_id)
        self.process_id = process_id


class _Worker(Generic[R]):
    """Hold a worker process, its pipe, and what it was asked and did not answer yet."""

    def __init__(self, process: BaseProcess, pipe: Connection) -> None:
        self.process = process
        self.pipe = pipe
        self.in_hand: deque[Future[R]] = deque()
        self.slots = Semaphore(_IN_HAND)


class Crew(Generic[S, C, R]):
    """Run `work` over chunks in processes that make what they need for it once, with `make`.

    Both must be picklable, as must chunks and results. An interrupt from the keyboard
    is for the process that asks. A context manager: workers end with it, whatever
    they have in hand.
    """

    def __init__(self, workers: int, make: Callable[[], S], work: Callable[[S, C], R]) -> None:
        self._tasks: SimpleQueue[tuple[C, Future[R]] | None] = SimpleQueue()
        self._lock = Lock()
        self._alive = workers
        self._workers: list[_Worker[R]] = []
        self._threads: list[Thread] = []
        context = get_context("spawn")
        for _ in range(workers):
            here, there = context.Pipe()
            process = context.Process(target=_serve, args=(there, make, work), daemon=True)
            process.start()
            there.close()  # so that the worker alone holds its end
            worker: _Worker[R] = _Worker(process, here)
            self._workers.append(worker)
            for target in (self._send, self._receive):
                thread = Thread(target=target, args=(worker,), daemon=True)
                thread.start()
                self._threads.append(thread)

    def __enter__(self) -> Crew[S, C, R]:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            self._tasks.put(None)
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()
        for thread in self._threads:  # each ends with its worker
            thread.join()
        for worker in self._workers:
            worker.pipe.close()

    def submit(self, chunk: C) -> Future[R]:
        """Hand a chunk to the next worker that is free; its future raises WorkerEndedError where that ends first."""
        future: Future[R] = Future()
        with self._lock:
            if self._alive:
                self._tasks.put((chunk, future))
            else:
                future.set_exception(WorkerEndedError(None))
        return future

    def _send(self, worker: _Worker[R]) -> None:
        """Send a worker chunks for as long as it takes them."""
        while True:
            worker.slots.acquire()
            task = self._tasks.get()
            if task is None:
                return
            chunk, future = task
            worker.in_hand.append(future)
            try:
                worker.pipe.send(chunk)
            except OSError:
                self._give_up(future, worker.process.pid)
                return

    def _receive(self, worker: _Worker[R]) -> None:
        """Give out what a worker sends, in the order it was asked; at its end give up what it had in hand."""
        try:
            while True:
                answer = worker.pipe.recv()
                future = worker.in_hand.popleft()
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)
                worker.slots.release()
        except (EOFError, OSError):
            pass
        except Exception:  # noqa: BLE001 - an error of the work that cannot be read here: the asking process meets it itself
            worker.process.terminate()
        worker.process.join()
        with self._lock:
            self._alive -= 1
            is_last = not self._alive
        while worker.in_hand:
            self._give_up(worker.in_hand.popleft(), worker.process.pid)
        if is_last:
            self._give_up_rest()
        worker.slots.release()  # its sender may wait for it: it finds nobody there

    def _give_up_rest(self) -> None:
        """Give up what no worker took; after that no thread waits for more."""
        with suppress(Empty):
            while True:
                task = self._tasks.get_nowait()
                if task is not None:
                    self._give_up(task[1], None)
        for _ in self._workers:
            self._tasks.put(None)

    def _give_up(self, future: Future[R], process_id: int | None) -> None:
        with self._lock:
            if not future.done():
                future.set_exception(WorkerEndedError(process_id))


def _serve(pipe: Connection, make: Callable[[], Any], work: Callable[[Any, Any], Any]) -> None:
    """Be a worker: answer each chunk, until the process that asks closes the pipe or ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):  # not on Windows
        os.nice(_NICENESS)
    stages = make()
    chunks: SimpleQueue[tuple[Any] | None] = SimpleQueue()
    Thread(target=_take_in, args=(pipe, chunks), daemon=True).start()
    while (taken := chunks.get()) is not None:
        try:
            answer = work(stages, taken[0])
        except Exception as error:  # noqa: BLE001 - it is raised again in the process that asked
            answer = error
        with suppress(BrokenPipeError):
            pipe.send(answer)


def _take_in(pipe: Connection, chunks: SimpleQueue[tuple[Any] | None]) -> None:
    """Read ahead: a worker that only read when it is done would be waited for by one that writes to it."""
    with suppress(EOFError, OSError):
        while True:
            chunks.put((pipe.recv(),))
    chunks.put(None)
