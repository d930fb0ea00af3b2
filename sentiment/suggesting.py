"""Find word rules that labels ask for: phrases to take out of the scoring, or to give another valence.

A phrase is a candidate where texts that hold it are scored otherwise than they
are labelled. Each is tried with each valence, alone, by scoring the labelled texts
that hold it anew: a text is fixed where its label becomes right, broken where it
becomes wrong. The best one is taken, and the others are tried again on top of it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from listener.intervals import wilson_interval
from sentiment.evaluation import CLASSES
from sentiment.features import wording_of
from sentiment.scope import scope_of
from sentiment.target import MASK, find_names

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from listener.api import Scorer, ScoringTask
    from sentiment.training import Example

__all__ = ["FEWEST_CHANGED", "Suggestion", "Suggestions", "suggest_rules", "try_on_others"]

FEWEST_CHANGED: Final = 6
"""Texts whose label a rule must change before an interval says anything: all fixed, 6 give 61 to 100 %."""
_FEWEST_WRONG: Final = 2
"""Wrongly scored texts that must hold a phrase: one alone is an accident."""
_FEWEST_FOR_NEW: Final = 3
"""Texts that a new valence must fix: a word has more ways to be there by accident than to be misread."""
_LONGEST_PHRASE: Final = 3
_MOST_CANDIDATES: Final = 300
_FEWEST_TO_HALVE: Final = 40
_VALENCES: Final = (0.0, 2.0, -2.0)
"""What a phrase may become: nothing, about as good as "good", about as bad as "bad" (VADER: 1.9 and -2.5)."""
_PUNCTUATION: Final = ".,;:!?\"'()[]{}<>\u2026\u201c\u201d\u2018\u2019\u0964\u061f\u060c\u3002"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Hold one rule and what it does on the labelled texts, after the rules before it.

    `n` texts hold the phrase; of them `fixed` become right and `broken` wrong.
    `interval` is the 95 % interval (Wilson) of the share fixed among those changed,
    None where they are too few. `examples` are mentions it fixes, by place.
    """

    brand: str
    phrase: str
    valence: float
    n: int
    fixed: int
    broken: int
    interval: tuple[float, float] | None
    examples: tuple[int, ...]

    @property
    def line(self) -> str:
        """Return the rule as `[sentiment] rulesets` has it."""
        return f"{self.brand}: {self.phrase} = {self.valence:g}"


class Suggestions(NamedTuple):
    """Hold the rules for one brand, the best first, and how many of `n` labelled texts are right before and after."""

    rules: tuple[Suggestion, ...]
    n: int
    right_before: int
    right_after: int


def suggest_rules(
    brand: str,
    examples: Sequence[Example],
    scorer_with: Callable[[Iterable[str]], Scorer],
    *,
    most: int = 20,
    ignored: Collection[str] = (),
) -> Suggestions:
    """Return the rules that would make the most labels right.

    `scorer_with` returns the scorer with more rules, written as in the
    configuration. `ignored` words are no rule by themselves. Texts that differ in links, handles and digits only count once.
    """
    work = _Work(brand, _different(examples), scorer_with, ignored)
    before = sum(work.is_right)
    rules: list[Suggestion] = []
    while len(rules) < most:
        found = work.best()
        if found is None:
            break
        rules.append(found)
        work.take(found)
    return Suggestions(tuple(rules), len(work.is_right), before, sum(work.is_right))


def try_on_others(
    brand: str,
    examples: Sequence[Example],
    scorer_with: Callable[[Iterable[str]], Scorer],
    *,
    most: int = 20,
    ignored: Collection[str] = (),
) -> tuple[int, int, int] | None:
    """Find rules on each half of the texts and try them on the other: return (n, right before, right after).

    That is what new mentions may expect; on the texts that suggest a rule it always
    looks better. None where the texts are too few to be halved.
    """
    different = _different(examples)
    if len(different) < _FEWEST_TO_HALVE:
        return None
    before = after = 0
    for known, other in ((different[::2], different[1::2]), (different[1::2], different[::2])):
        found = suggest_rules(brand, known, scorer_with, most=most, ignored=ignored)
        lines = [rule.line for rule in found.rules]
        before += sum(_right(scorer_with(()), other))
        after += sum(_right(scorer_with(lines), other))
    return len(different), before, after


class _Work:
    """Hold the labelled texts, what is right so far, and the rules taken."""

    def __init__(
        self,
        brand: str,
        examples: Sequence[Example],
        scorer_with: Callable[[Iterable[str]], Scorer],
        ignored: Collection[str],
    ) -> None:
        self._brand = brand
        self._examples = examples
        self._scorer_with = scorer_with
        self._taken: list[str] = []
        self._tried: dict[tuple[str, float], Suggestion | None] = {}
        self.is_right = self._right(range(len(examples)), ())
        self._holders = _holders(examples, self.is_right, frozenset(ignored))

    def best(self) -> Suggestion | None:
        """Return the rule with the most fixed over broken texts; None where none fixes enough."""
        for phrase in self._holders:
            for valence in _VALENCES:
                if (phrase, valence) not in self._tried:
                    self._tried[phrase, valence] = self._try(phrase, valence)
        return min((one for one in self._tried.values() if one is not None), key=_rank, default=None)

    def take(self, rule: Suggestion) -> None:
        """Let a rule hold from now on."""
        self._taken.append(rule.line)
        places = self._holders.pop(rule.phrase)
        for place, right in zip(places, self._right(places, ()), strict=True):
            self.is_right[place] = right
        touched = set(places)
        stale = [key for key in self._tried if key[0] == rule.phrase or touched & set(self._holders[key[0]])]
        for key in stale:
            del self._tried[key]

    def _try(self, phrase: str, valence: float) -> Suggestion | None:
        places = self._holders[phrase]
        if sum(not self.is_right[place] for place in places) < _FEWEST_WRONG:
            return None
        rule = f"{self._brand}: {phrase} = {valence:g}"
        after = dict(zip(places, self._right(places, (rule,)), strict=True))
        fixed = [place for place in places if after[place] and not self.is_right[place]]
        broken = [place for place in places if self.is_right[place] and not after[place]]
        if len(fixed) < (_FEWEST_FOR_NEW if valence else _FEWEST_WRONG) or len(fixed) <= 2 * len(broken):
            return None
        changed = len(fixed) + len(broken)
        return Suggestion(
            brand=self._brand,
            phrase=phrase,
            valence=valence,
            n=len(places),
            fixed=len(fixed),
            broken=len(broken),
            interval=wilson_interval(len(fixed), changed) if changed >= FEWEST_CHANGED else None,
            examples=tuple(fixed[:3]),
        )

    def _right(self, places: Iterable[int], more: Iterable[str]) -> list[bool]:
        """Say of each place whether its label comes out under the rules taken and `more`."""
        return _right(self._scorer_with((*self._taken, *more)), [self._examples[place] for place in places])


def _rank(one: Suggestion) -> tuple[int, int, int, int, str]:
    """Order rules: the most gained, the fewest broken, the gentlest, the shortest."""
    return (one.broken - one.fixed, one.broken, abs(round(one.valence)), len(one.phrase), one.phrase)


def _right(scorer: Scorer, examples: Sequence[Example]) -> list[bool]:
    """Say of each text whether its label comes out."""
    results = scorer.score([one.task for one in examples])
    return [_said(result.label.word) == one.label for one, result in zip(examples, results, strict=True)]


def _said(word: str) -> str:
    return word if word in CLASSES else "neutral"


def _different(examples: Sequence[Example]) -> list[Example]:
    seen: dict[str, Example] = {}
    for one in examples:
        seen.setdefault(wording_of(one.task), one)
    return list(seen.values())


def _holders(
    examples: Sequence[Example], is_right: Sequence[bool], ignored: Collection[str]
) -> dict[str, tuple[int, ...]]:
    """Return the candidates, each with the places of all texts that hold it; those in most wrong texts are kept."""
    wrong: defaultdict[str, int] = defaultdict(int)
    for one, right in zip(examples, is_right, strict=True):
        if not right:
            for phrase in set(_phrases(one.task)) - set(ignored):
                wrong[phrase] += 1
    frequent = [phrase for phrase, count in wrong.items() if count >= _FEWEST_WRONG]
    kept = sorted(frequent, key=lambda phrase: (-wrong[phrase], phrase))[:_MOST_CANDIDATES]
    texts = [scope_of(one.task).whole for one in examples]
    folded = [text.casefold() for text in texts]
    holders: Mapping[str, list[int]] = {phrase: [] for phrase in kept}
    for phrase, places in holders.items():
        first = phrase.split()[0]
        places += [place for place, text in enumerate(texts) if first in folded[place] and find_names(text, (phrase,))]
    return {phrase: tuple(places) for phrase, places in holders.items()}


def _phrases(task: ScoringTask) -> Iterator[str]:
    """Yield the words of a text and what stands together of them, in lower case, names left out."""
    words = [word.strip(_PUNCTUATION) for word in scope_of(task).whole.casefold().split()]
    for length in range(1, _LONGEST_PHRASE + 1):
        for start in range(len(words) - length + 1):
            parts = words[start : start + length]
            if all(_is_word(part) for part in parts) and _carries(parts):
                yield " ".join(parts)


def _is_word(part: str) -> bool:
    return (
        bool(part) and MASK not in part and "=" not in part and ":" not in part and not part.startswith(("@", "http"))
    )


def _carries(parts: Sequence[str]) -> bool:
    """Say whether parts are worth a rule: a single one must have three letters, and more than digits."""
    return any(sum(map(str.isalpha, part)) > 2 or not part.isascii() for part in parts)  # noqa: PLR2004 - letters
