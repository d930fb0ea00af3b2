"""Weigh the words of a text by VADER's rules; see `sentiment.vader`."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from vaderSentiment.vaderSentiment import C_INCR, N_SCALAR

from sentiment.vader_words import BOOSTER_PHRASES, OUTSIDE, PHRASES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentiment.vader_words import Word

__all__ = ["valences_of", "weighty_places"]

_NEGATION: Final[float] = N_SCALAR
_CAPITALS: Final[float] = C_INCR


def weighty_places(words: Sequence[Word]) -> list[int]:
    """Return the places of the words that a score may change for."""
    return [place for place, word in enumerate(words) if word.matters]


def valences_of(text: str, words: Sequence[Word], weighty: Sequence[int]) -> list[float]:
    """Return the valences that are not zero, given the words of `text` and the places of those that matter."""
    mixed_case = False
    for place in weighty:
        if words[place].upper:
            upper = [word.upper for word in words]
            mixed_case = True in upper and False in upper
            break
    turns = False
    weighed: list[tuple[int, float]] = []
    for place in weighty:
        word = words[place]
        turns = turns or word.turns
        if word.is_judged and (word.lower != "kind" or not _follows(words, place, "of")):
            value = _weigh(words, place, mixed_case)
            if value:
                weighed.append((place, value))
    if turns and weighed and "but" in text.lower():  # "buuut" alone is no turn
        return _turn_at_but(words, weighed)
    return [value for _, value in weighed]


def _follows(words: Sequence[Word], place: int, lower: str) -> bool:
    return place + 1 < len(words) and words[place + 1].lower == lower


def _weigh(words: Sequence[Word], place: int, mixed_case: bool) -> float:
    """Return the valence of the word at `place`, given the three words before it."""
    word = words[place]
    one = words[place - 1] if place > 0 else OUTSIDE
    two = words[place - 2] if place > 1 else OUTSIDE
    three = words[place - 3] if place > 2 else OUTSIDE  # noqa: PLR2004 - as far as the rules look
    value = word.value or 0.0
    is_as_it_is = word.is_simple and not (one.lower or two.lower or three.lower)  # as most are
    if not is_as_it_is and "no" in (word.lower, one.lower, two.lower, three.lower):
        value = _after_no(words, place, one, two, three)
    if mixed_case and word.upper:
        value += _CAPITALS if value > 0 else -_CAPITALS
    if is_as_it_is:
        return value
    if one.value is None:
        value = _modified_by_first(one, value, mixed_case)
    if two.value is None:
        value = _modified_by_second(one, two, value, mixed_case)
    if three.value is None:
        value = _modified_by_third(one, two, three, value, mixed_case)
        if three.starts or two.starts or one.starts or word.starts:
            value = _apply_phrases(words, place, value)
    if one.lower == "least" and one.value is None and two.lower not in {"at", "very"}:
        value *= _NEGATION
    return value


def _after_no(words: Sequence[Word], place: int, one: Word, two: Word, three: Word) -> float:
    """Return the lexicon's valence after the rules for "no"."""
    value = words[place].value or 0.0
    if "no" in (one.lower, two.lower) or (three.lower == "no" and one.lower in {"or", "nor"}):
        return value * _NEGATION
    if words[place].lower == "no" and place + 1 < len(words) and words[place + 1].value is not None:
        return 0.0
    return value


def _boost(word: Word, value: float, mixed_case: bool) -> float:
    """Return what a booster or dampener before a word of `value` adds to it."""
    boost = word.boost
    if value < 0:
        boost = -boost
    if word.upper and mixed_case:
        boost += _CAPITALS if value > 0 else -_CAPITALS
    return boost


def _modified_by_first(one: Word, value: float, mixed_case: bool) -> float:
    """Return the valence after the word right before it."""
    if one.boost:
        value += _boost(one, value, mixed_case)
    return value * _NEGATION if one.negates else value


def _modified_by_second(one: Word, two: Word, value: float, mixed_case: bool) -> float:
    """Return the valence after the word two before it."""
    if two.boost:
        value += _boost(two, value, mixed_case) * 0.95
    if not two.negates or (two.lower == "without" and one.lower == "doubt"):
        return value
    if two.lower == "never" and one.lower in {"so", "this"}:
        return value * 1.25
    return value * _NEGATION


def _modified_by_third(one: Word, two: Word, three: Word, value: float, mixed_case: bool) -> float:
    """Return the valence after the word three before it.

    "so" or "this" right before a word count as if "never" stood there: the
    package's condition binds that way, and its scores are the reference.
    """
    if three.boost:
        value += _boost(three, value, mixed_case) * 0.9
    if one.lower in {"so", "this"}:
        return value * 1.25
    if not three.negates:
        return value
    if three.lower == "never" and two.lower in {"so", "this"}:
        return value * 1.25
    if three.lower == "without" and "doubt" in (two.lower, one.lower):
        return value
    return value * _NEGATION


def _apply_phrases(words: Sequence[Word], place: int, value: float) -> float:
    """Return the valence after idioms around the word and booster phrases before it."""
    three, two, one, zero = (word.lower for word in words[place - 3 : place + 1])
    around: tuple[tuple[str, ...], ...] = ((one, zero), (two, one, zero), (two, one), (three, two, one), (three, two))
    value = next((PHRASES[phrase] for phrase in around if phrase in PHRASES), value)
    after = [word.lower for word in words[place + 1 : place + 3]]
    for n_after in range(1, len(after) + 1):
        value = PHRASES.get((zero, *after[:n_after]), value)
    before: tuple[tuple[str, ...], ...] = ((three, two, one), (three, two), (two, one))
    for phrase in before:
        value += BOOSTER_PHRASES.get(phrase, 0.0)
    return value


def _turn_at_but(words: Sequence[Word], weighed: Sequence[tuple[int, float]]) -> list[float]:
    """Return the values halved before the first "but" and raised by half after it.

    The package looks each value up by equality and changes the first equal one,
    also where that one was changed before. A heap of places for each value
    does the same in n log n.
    """
    turn = next((place for place, word in enumerate(words) if word.lower == "but"), None)
    values = [value for _, value in weighed]
    if turn is None:
        return values
    equal: dict[float, list[int]] = {}
    for index, value in enumerate(values):
        equal.setdefault(value, []).append(index)
    for index in range(len(values)):
        value = values[index]
        first = heappop(equal[value])
        changed = value * (0.5 if weighed[first][0] < turn else 1.5)
        values[first] = changed
        heappush(equal.setdefault(changed, []), first)
    return values
