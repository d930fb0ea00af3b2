"""Run the stages over chunks of an archive: in this process, or on a Dask cluster.

An executor makes the stages once where the work is done, hands them one chunk after
the other, and gives back each chunk with its result in the order they came in. What
is written stays with the process that asks, so that a worker or a whole cluster
that dies loses nothing that was stored.
"""

from __future__ import annotations

import hashlib
import pickle
from collections import deque
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from listener.errors import ListenerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from distributed import Client, Future

__all__ = ["Executor", "Here", "on_dask"]

S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)
C = TypeVar("C")
R = TypeVar("R")

_AHEAD: Final = 2
"""Chunks that wait for each thread of the cluster, besides the one under way."""
_RETRIES: Final = 3
_PATIENCE: Final = 30.0
"""Seconds that a scheduler is waited for; and, once it is there, its first worker."""
_KEPT: Final = 4
"""Sets of stages that a worker keeps at most: models are large."""
_DISTRIBUTION: Final = "social-listener"


class Executor(Protocol[S_co]):
    """Run work over chunks, with the stages that were made where it runs."""

    def map(self, work: Callable[[S_co, C], R], chunks: Iterable[C]) -> Iterator[tuple[C, R]]:
        """Yield (chunk, result) in the order of the chunks, which are read only a few ahead."""
        ...


class Here(Generic[S]):
    """Run everything in this process, one chunk after the other."""

    def __init__(self, stages: S) -> None:
        self._stages = stages

    def map(self, work: Callable[[S, C], R], chunks: Iterable[C]) -> Iterator[tuple[C, R]]:
        """Yield (chunk, result) in the order of the chunks."""
        for chunk in chunks:
            yield chunk, work(self._stages, chunk)


@contextmanager
def on_dask(address: str, make: Callable[[], S]) -> Iterator[Executor[S]]:
    """Hand over an executor on the Dask cluster whose scheduler listens at `address`; empty: one of this machine.

    `make` makes the stages and must be picklable. The workers need this program in
    the same version. Raises UsageError where the extra `dask` is not installed,
    ListenerError where the cluster cannot be reached or has other versions.
    """
    try:
        from distributed import Client, LocalCluster  # noqa: PLC0415 - slow to load, and an extra
    except ImportError:
        msg = 'executor = "dask" needs the extra: pip install "social-listener[dask]"'
        raise UsageError(msg) from None
    named = address or "of this machine"
    try:
        # any free port: even without a dashboard a scheduler serves its health, and warns where the usual port is taken
        cluster = (
            None
            if address
            else LocalCluster(
                threads_per_worker=1,
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                silence_logs=40,
            )
        )
        client = Client(cluster or address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        msg = f"the Dask scheduler {named} cannot be reached: {error}; look at [listener] dask_scheduler"
        raise ListenerError(msg) from None
    try:
        _check(client, named)
        yield _OnDask(client, make, named)
    finally:
        client.close(timeout=5)
        if cluster is not None:
            cluster.close(timeout=5)


class _OnDask(Generic[S]):
    """Run chunks on the workers of a Dask cluster."""

    def __init__(self, client: Client, make: Callable[[], S], named: str) -> None:
        self._client = client
        self._named = named
        blob = pickle.dumps(make)
        self._recipe = (hashlib.sha256(blob).hexdigest(), blob)

    def map(self, work: Callable[[S, C], R], chunks: Iterable[C]) -> Iterator[tuple[C, R]]:
        """Yield (chunk, result) in the order of the chunks; what a dead worker had in hand goes to another."""
        from distributed import KilledWorker  # noqa: PLC0415 - the same
        from distributed.client import FutureCancelledError  # noqa: PLC0415 - the same

        # The recipe goes with every chunk: what is scattered is gone with the worker that holds it.
        waiting: deque[tuple[C, Future]] = deque()
        most = 1 + _AHEAD * max(1, sum(self._client.nthreads().values()))
        try:
            for chunk in chunks:
                waiting.append(
                    (chunk, self._client.submit(_run, self._recipe, work, chunk, pure=False, retries=_RETRIES))
                )
                if len(waiting) >= most:
                    yield self._oldest(waiting)
            while waiting:
                yield self._oldest(waiting)
        except (OSError, KilledWorker, FutureCancelledError) as error:
            said = " ".join(str(error).split()).removesuffix(".")
            msg = f"the Dask cluster {self._named} gave up: {said}; run it again to go on where it was"
            raise ListenerError(msg) from None
        finally:
            self._client.cancel([future for _, future in waiting])

    def _oldest(self, waiting: deque[tuple[C, Future]]) -> tuple[C, Any]:
        chunk, future = waiting.popleft()
        return chunk, future.result()


_stages: dict[str, object] = {}
"""The stages of this worker process, by the digest of what made them."""


def _run(recipe: tuple[str, bytes], work: Callable[[Any, C], R], chunk: C) -> R:
    """Run one chunk on a worker, with stages made by the first chunk that needs them."""
    name, blob = recipe
    if name not in _stages:
        while len(_stages) >= _KEPT:
            del _stages[next(iter(_stages))]
        _stages[name] = pickle.loads(blob)()  # noqa: S301 - sent by the program itself over the user's own cluster
    return work(_stages[name], chunk)


def _version() -> str:
    return version(_DISTRIBUTION)


def _check(client: Client, named: str) -> None:
    """Make sure that every worker has this program in this version."""
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
        found = set(client.run(_version).values())
    except TimeoutError:
        msg = f"the Dask scheduler {named} has no worker; start some with: dask worker {named}"
        raise ListenerError(msg) from None
    except Exception as error:  # noqa: BLE001 - whatever a worker without the program raises
        msg = f"a worker of the Dask cluster {named} cannot run the program ({error}); install {_DISTRIBUTION} there"
        raise ListenerError(msg) from None
    if others := found - {_version()}:
        msg = f"workers of the Dask cluster {named} have {_DISTRIBUTION} {', '.join(sorted(others))}, here it is {_version()}; make them equal"
        raise ListenerError(msg)
