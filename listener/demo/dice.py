"""Draw at random in a way that every Python draws alike.

Only `random.Random.random` is promised to give the same sequence in all
versions (docs.python.org/3/library/random.html, "Notes on Reproducibility",
seen 2026-11), so every other draw is made of it.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Dice"]

T = TypeVar("T")


class Dice:
    """Draw numbers and pick things, the same ones for the same seed. Not for use by several threads."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a simulation, repeatable on purpose
        self._decks: dict[str, list[object]] = {}

    def unit(self) -> float:
        """Return a number in [0, 1)."""
        return self._random.random()

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.unit() < probability

    def below(self, limit: int) -> int:
        """Return a whole number in [0, limit)."""
        return int(self.unit() * limit)

    def pick(self, things: Sequence[T]) -> T:
        """Return one of the things, each as likely."""
        return things[self.below(len(things))]

    def weighted(self, weights: Mapping[str, float]) -> str:
        """Return one of the keys, as likely as its weight says."""
        rest = self.unit() * sum(weights.values())
        for key, weight in weights.items():
            rest -= weight
            if rest < 0:
                return key
        return next(reversed(list(weights)))

    def deal(self, deck: str, things: Sequence[T]) -> T:
        """Return one of the things from the shuffled deck of this name; none comes twice before all came once."""
        cards = self._decks.get(deck)
        if not cards:
            cards = list(things)
            for place in range(len(cards) - 1, 0, -1):
                other = self.below(place + 1)
                cards[place], cards[other] = cards[other], cards[place]
            self._decks[deck] = cards
        return cards.pop()  # type: ignore[return-value]  # a deck only ever holds the things it is named for

    def poisson(self, mean: float) -> int:
        """Return a count of independent arrivals with this mean (Knuth's product of uniforms)."""
        floor, product, count = math.exp(-mean), self.unit(), 0
        while product > floor:
            product *= self.unit()
            count += 1
        return count

    def crowd(self, mean: float) -> int:
        """Return a count close to this mean: many who talk of one thing are steadier than single voices."""
        return int(mean * (0.85 + 0.3 * self.unit()) + self.unit())

    def heavy(self, typical: float, highest: int) -> int:
        """Return a count that is mostly around `typical` and rarely many times that, at most `highest`."""
        drawn = typical * self.unit() / (1.0 - self.unit()) ** 0.8
        return min(int(drawn), highest)
