"""Know what VADER's rules ask of one word; see `sentiment.vader`."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Final

from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE, SPECIAL_CASES

from sentiment.memo import LONGEST_REMEMBERED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["BOOSTER_PHRASES", "OUTSIDE", "PHRASES", "PLAIN", "Word", "WordBook"]

_EMOTICON_LENGTH: Final = 2
"""A token that would be stripped to this or less is taken for an emoticon and left as it is."""

_HANDLE: Final = re.compile(r"\W?@\w")
_LENGTHENED: Final = re.compile(r"(\D)\1{2,}")
"""Three of one letter or sign are no English spelling: "sooo", ":)))"."""

PHRASES: Final[Mapping[tuple[str, ...], float]] = {tuple(key.split()): value for key, value in SPECIAL_CASES.items()}
BOOSTER_PHRASES: Final[Mapping[tuple[str, ...], float]] = {
    tuple(key.split()): value for key, value in BOOSTER_DICT.items() if " " in key
}
_PHRASE_STARTS: Final = frozenset(key[0] for key in (*PHRASES, *BOOSTER_PHRASES))
_CONTEXT: Final = frozenset(
    {"at", "but", "doubt", "kind", "least", "never", "no", "nor", "of", "or", "so", "this", "very", "without"}
).union(*PHRASES, *BOOSTER_PHRASES)
"""Words the rules ask for by name; of every other word without a value only its case counts."""


class Word:
    """Hold what the rules ask of one token; `hints` says that a text it stands in may have to be prepared.

    What `is_judged` may carry sentiment; what `is_simple` besides does so as it is where no rule asks for the words before it.
    """

    __slots__ = (
        "boost",
        "hints",
        "is_judged",
        "is_simple",
        "lower",
        "matters",
        "negates",
        "starts",
        "turns",
        "upper",
        "value",
    )

    def __init__(
        self,
        lower: str,
        value: float | None,
        *,
        boost: float = 0.0,
        upper: bool = False,
        negates: bool = False,
        hints: bool = False,
    ) -> None:
        self.lower = lower
        self.value = value
        self.boost = boost
        self.upper = upper
        self.negates = negates
        self.hints = hints
        self.turns = lower == "but"
        self.matters = value is not None or bool(boost) or hints or self.turns
        self.starts = lower in _PHRASE_STARTS
        self.is_judged = value is not None and not boost
        self.is_simple = not self.starts and lower != "no"


PLAIN: Final = Word("", None)
_PLAIN_UPPER: Final = Word("", None, upper=True)
OUTSIDE: Final = Word("", 0.0)
"""Stands before the first word: like a word with a value, it modifies nothing."""
_NEGATE: Final = frozenset(NEGATE)


class WordBook:
    """Look tokens up in a lexicon, which gives the valence of lower-case tokens, -4 to 4.

    `hints` tells of a token whether a text may have to be prepared for it; only the lenient look-up asks.
    """

    def __init__(self, lexicon: Mapping[str, float], hints: Callable[[str], bool]) -> None:
        self._lexicon = lexicon
        self._hints = hints

    def look_up(self, raw: str) -> Word:
        """Return what the rules ask of a token, as VADER takes it."""
        stripped = raw.strip(string.punctuation)
        token = raw if len(stripped) <= _EMOTICON_LENGTH else stripped
        lower = token.lower()
        value = self._lexicon.get(lower)
        boost = BOOSTER_DICT.get(lower, 0.0)
        negates = lower in _NEGATE or "n't" in lower
        upper = token.isupper()
        if value is None and not boost and not negates and lower not in _CONTEXT:
            return _PLAIN_UPPER if upper else PLAIN
        return Word(lower, value, boost=boost, upper=upper, negates=negates)

    def look_up_leniently(self, raw: str) -> Word:
        """Return the same, but with lengthened words understood, nothing heard in handles, and what hints."""
        word = self.look_up(raw)
        if len(raw) <= LONGEST_REMEMBERED:
            word = self._understood(raw, word)
        if self._hints(raw):
            return Word(word.lower, word.value, boost=word.boost, upper=word.upper, negates=word.negates, hints=True)
        return word

    def _understood(self, raw: str, word: Word) -> Word:
        """Return `word`, or what a lengthened one stands for ("goooood"); a handle stands for nobody's feeling."""
        if _HANDLE.match(raw):
            return PLAIN
        if word.lower or not _LENGTHENED.search(raw):
            return word
        shorter = (self.look_up(_LENGTHENED.sub(letters, raw)) for letters in (r"\1\1", r"\1"))
        return next((known for known in shorter if known.lower), word)
