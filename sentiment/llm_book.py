"""Say how answers of a language model are remembered, and how what they cost is counted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple, Protocol

from listener.api import Label  # noqa: TC001 - what a remembered answer is made of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Book", "Bought", "Charge", "MemoryBook"]


class Bought(NamedTuple):
    """Hold what the model said of one text: NEGATIVE, NEUTRAL or POSITIVE, and a score in [-1, 1]."""

    label: Label
    score: float


class Charge(NamedTuple):
    """Count requests, tokens and millionths of a US dollar."""

    requests: int = 0
    tokens: int = 0
    micro_usd: int = 0


class Book(Protocol):
    """Remember answers by a digest of the question, and keep the daily account.

    An implementer guarantees: `reserve` is atomic over all processes that share
    the account, so that their sum never passes a cap; safe to use from several threads.
    """

    def recall(self, questions: Sequence[bytes]) -> Mapping[bytes, Bought]:
        """Return the answers there are."""
        ...

    def keep(self, answers: Mapping[bytes, Bought], *, most: int) -> None:
        """Remember answers; of more than `most` the oldest go."""
        ...

    def reserve(self, day: int, charge: Charge, caps: Charge) -> bool:
        """Add to the account of a day (since 1970-01-01, UTC) and return True, or add nothing where a cap is passed."""
        ...

    def settle(self, day: int, reserved: Charge, real: Charge) -> None:
        """Put what a request really cost in the place of what was reserved for it."""
        ...


class MemoryBook:
    """Remember as long as the process runs: for one pass over a pipe, without a store (see `Book`)."""

    def __init__(self) -> None:
        self._answers: dict[bytes, Bought] = {}
        self._days: dict[int, Charge] = {}
        self._lock = threading.Lock()

    def recall(self, questions: Sequence[bytes]) -> Mapping[bytes, Bought]:
        """Return the answers there are."""
        with self._lock:
            return {question: self._answers[question] for question in questions if question in self._answers}

    def keep(self, answers: Mapping[bytes, Bought], *, most: int) -> None:
        """Remember answers; of more than `most` the oldest go."""
        with self._lock:
            self._answers.update(answers)
            for question in list(self._answers)[: max(0, len(self._answers) - most)]:
                del self._answers[question]

    def reserve(self, day: int, charge: Charge, caps: Charge) -> bool:
        """Add to the account of a day, or nothing where a cap is passed."""
        with self._lock:
            spent = self._days.get(day, Charge())
            wanted = Charge(*map(sum, zip(spent, charge, strict=True)))
            if any(one > cap for one, cap in zip(wanted, caps, strict=True)):
                return False
            self._days[day] = wanted
            return True

    def settle(self, day: int, reserved: Charge, real: Charge) -> None:
        """Put what a request really cost in the place of what was reserved for it."""
        with self._lock:
            spent = self._days.get(day, Charge())
            self._days[day] = Charge(
                *(max(0, one - first + then) for one, first, then in zip(spent, reserved, real, strict=True))
            )
