"""Turn the values of a text's words into one score, the way VADER does.

The constants are those of vaderSentiment 3.3.2 (Hutto and Gilbert, ICWSM 2014).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentiment.passage import Passage

__all__ = ["EMPTY", "NOTHING", "Reading", "Rules", "Weighed", "is_between_words", "summarise", "weigh"]

_ALPHA: Final = 15
"""Approximates the largest sum expected; brings the compound into (-1, 1)."""

_EXCLAMATION: Final = 0.292
_MOST_EXCLAMATIONS: Final = 4
_QUESTION: Final = 0.18
_MOST_QUESTIONS: Final = 3
_MANY_QUESTIONS: Final = 0.96
_MEMO_LIMIT: Final = 1 << 13

Weighed: TypeAlias = tuple[float, int]
"""The compound and the evidence of a `Reading`."""
NOTHING: Final[Weighed] = (0.0, 0)
"""Those of a text in which nothing carries sentiment."""


class Reading(NamedTuple):
    """Say how a text reads.

    `neg`, `neu` and `pos` are the shares of its words, three decimals.
    `compound` is in [-1, 1], four decimals. `evidence` counts the words, emoji
    (the words of their names) and emoticons that carried the score.
    """

    neg: float
    neu: float
    pos: float
    compound: float
    evidence: int


class Rules(Protocol):
    """Say how texts of some language read; safe to use from several threads."""

    def read(self, text: str) -> Reading:
        """Return how `text` reads."""
        ...

    def weigh(self, text: str) -> Weighed:
        """Return compound and evidence of how `text` reads."""
        ...

    def weigh_with_part(self, text: str, first: int, last: int) -> tuple[Weighed, Weighed]:
        """Return compound and evidence of how `text` reads, and of how text[first:last] does by itself."""
        ...

    def weigh_passage(self, passage: Passage) -> tuple[Weighed, Weighed]:
        """Return what `weigh_with_part` does of the text of a passage and the part about the brand."""
        ...


EMPTY: Final = Reading(0.0, 0.0, 0.0, 0.0, 0)
"""How a text without any word reads."""

_PLAIN: Final = Reading(0.0, 1.0, 0.0, 0.0, 0)


def is_between_words(text: str, place: int) -> bool:
    """Say whether no word goes on across a place of a text."""
    return place in (0, len(text)) or text[place - 1].isspace() or text[place].isspace()


def summarise(text: str, n_words: int, values: Sequence[float]) -> Reading:
    """Return the reading of a text of `n_words` words.

    `values` are the valences that are not zero, in reading order: zeros change
    neither a sum nor a share, so they are counted and not kept. `text` gives
    the exclamation and question marks that add emphasis.
    """
    if not values:
        return _PLAIN if n_words else EMPTY
    emphasis = _emphasis(text)
    positive = negative = 0.0
    for value in values:
        # one more each, to make up for a neutral word counting as one
        if value > 0:
            positive += value + 1
        else:
            negative += value - 1
    if positive > -negative:
        positive += emphasis
    elif positive < -negative:
        negative -= emphasis
    neutral = n_words - len(values)
    whole = positive - negative + neutral
    return Reading(
        round(abs(negative / whole), 3),
        round(abs(neutral / whole), 3),
        round(positive / whole, 3),
        *_weighed(values, emphasis),
    )


def weigh(text: str, values: Sequence[float]) -> Weighed:
    """Return the compound and the evidence of `summarise` without the rest, which takes longer to tell."""
    return _weighed(values, _emphasis(text)) if values else NOTHING


def _weighed(values: Sequence[float], emphasis: float) -> Weighed:
    total = float(sum(values))
    if total > 0:
        total += emphasis
    elif total < 0:
        total -= emphasis
    return (_compound(total) if total else total), len(values)  # a zero keeps its sign


@lru_cache(maxsize=_MEMO_LIMIT)
def _compound(total: float) -> float:
    """Return what brings a sum into (-1, 1), four decimals; of sums many are alike."""
    return round(total / math.sqrt(total * total + _ALPHA), 4)


def _emphasis(text: str) -> float:
    """Return what exclamation and question marks add to a score."""
    if "!" not in text and "?" not in text:
        return 0.0
    questions = text.count("?")
    added = min(text.count("!"), _MOST_EXCLAMATIONS) * _EXCLAMATION
    if questions > _MOST_QUESTIONS:
        return added + _MANY_QUESTIONS
    return added + questions * _QUESTION if questions > 1 else added
