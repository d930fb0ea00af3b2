"""Choose the mentions that are most worth a person's label.

Worth is uncertainty x influence. Nobody should label the same thing twice: each
story and each author comes once while there are others, and every mention chosen
lowers the worth of the others in its language.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from listener.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from listener.mention import Label

__all__ = ["Candidate", "choose", "worth"]

_NOTHING_KNOWN: Final = 0.9
"""Uncertainty where nothing carried the score, or nobody could score: much, but a weak score can be more."""
_MANY_FOLLOWERS: Final = 7.0
_MUCH_ENGAGEMENT: Final = 5.0
"""Decimal logarithms of what counts as the most influence: ten million followers, 100 000 reactions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Hold of an unlabelled match what says whether a label would teach anything.

    `author` is a key, None where nobody is named.
    """

    number: int
    brand: str
    language: str
    label: Label
    score: float | None
    evidence: int
    confidence: float | None
    followers: int
    engagement: int
    story: int
    author: int | None


def worth(candidate: Candidate) -> float:
    """Return how much a label of the candidate would be worth, 0 and up."""
    reach = min(1.0, math.log10(1 + candidate.followers) / _MANY_FOLLOWERS)
    echo = min(1.0, math.log10(1 + max(0, candidate.engagement)) / _MUCH_ENGAGEMENT)
    return _uncertainty(candidate) * (0.5 + reach + echo)


def choose(candidates: Iterable[Candidate], limit: int) -> list[Candidate]:
    """Return at most `limit` candidates, the worthiest first; the same ones for the same store."""
    by_language: dict[str, list[Candidate]] = defaultdict(list)
    for one in sorted(candidates, key=lambda one: (-worth(one), one.number, one.brand)):
        by_language[one.language].append(one)
    chosen: list[Candidate] = []
    stories: set[int] = set()
    for has_new_authors in (True, False):
        _take(by_language, chosen, stories, limit, has_new_authors=has_new_authors)
    return chosen


def _take(
    by_language: dict[str, list[Candidate]],
    chosen: list[Candidate],
    stories: set[int],
    limit: int,
    *,
    has_new_authors: bool,
) -> None:
    """Move candidates from the queues to `chosen`, the worthiest language first."""
    taken = Counter(one.language for one in chosen)
    positions = dict.fromkeys(by_language, 0)
    authors: set[int] = set()
    while len(chosen) < limit:
        heads: list[tuple[float, str]] = []
        for language, queue in by_language.items():
            positions[language] = _next(queue, positions[language], stories, authors)
            if positions[language] < len(queue):
                heads.append((-worth(queue[positions[language]]) / (1 + taken[language]), language))
        if not heads:
            return
        language = min(heads)[1]
        one = by_language[language][positions[language]]
        chosen.append(one)
        taken[language] += 1
        stories.add(one.story)
        if has_new_authors and one.author is not None:
            authors.add(one.author)


def _next(queue: Sequence[Candidate], position: int, stories: set[int], authors: set[int]) -> int:
    """Return the position of the next candidate whose story and author are new."""
    while position < len(queue) and (queue[position].story in stories or queue[position].author in authors):
        position += 1
    return position


def _uncertainty(candidate: Candidate) -> float:
    """Return how little the scorer's verdict says, 0 to 1."""
    if candidate.score is None or candidate.evidence == 0:
        return _NOTHING_KNOWN
    doubts = [1 - abs(candidate.score), 1 / (1 + candidate.evidence)]
    if candidate.confidence is not None:
        doubts.append(1 - candidate.confidence)
    return max(doubts)
