"""Turn a text into what a trained model looks at: hashed pieces of its words, and what the word lists say.

Pieces are the character n-grams of each word with its borders, and pairs of
neighbouring words, of the text with the names of all brands masked; each is
hashed to one of `BUCKETS`. Beside them stand the numbers of VADER, of the
language's own list, and of the score that the model may overrule.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple
from zlib import crc32

from listener.api import Label
from sentiment.lexicon import LexiconScorer
from sentiment.scope import Scope, scope_of
from sentiment.vader import default_rules
from sentiment.wordlists import shipped_languages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listener.api import ScoringTask, Sentiment
    from sentiment.reading import Reading

__all__ = ["BUCKETS", "FEATURES_VERSION", "N_NUMBERS", "Features", "Featuriser", "wording_of"]

FEATURES_VERSION: Final = 2
"""Raised whenever the same text would give other features: models of another version are not used."""
BUCKETS: Final = 1 << 16
N_NUMBERS: Final = 11 * 3 + 6

_SHORTEST, _LONGEST = 2, 5
_MOST_WORDS: Final = 400
_LONGEST_WORD: Final = 40
_MEMO_LIMIT: Final = 1 << 14
_SMALL, _LARGE = 0.05, 0.5
_MUCH_EVIDENCE: Final = 10
_MANY_MARKS: Final = 3
_MANY_WORDS: Final = 50
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+")
_HANDLE: Final = re.compile(r"@\w+")
_DIGIT: Final = re.compile(r"\d")
_REPEATED: Final = re.compile(r"(.)\1{2,}")
_NO_WORDS: Final = ("rt", "@", "@:", "http")
_NOTHING: Final = (0.0,) * 11


class Features(NamedTuple):
    """Hold the features of one text.

    `buckets` are distinct and sorted. `numbers` are (N_NUMBERS,), most of them in
    [-1, 1]. `text` is the masked text as it was cut into words, for encoders.
    """

    buckets: tuple[int, ...]
    numbers: tuple[float, ...]
    text: str


class Featuriser:
    """Make features; remembers the buckets of words. Safe to use from several threads."""

    def __init__(self) -> None:
        self._memo: dict[str, tuple[int, ...]] = {}
        self._lists: dict[str, LexiconScorer | None] = {}

    def features(self, task: ScoringTask, base: Sentiment) -> Features:
        """Return the features of a task; `base` is the score that the model may overrule."""
        scope = scope_of(task)
        words = _words(scope.whole)
        found: set[int] = set()
        for word in words:
            found.update(self._buckets(word))
        found.update(_bucket(f"{one}\0{two}") for one, two in pairwise(words))
        if scope.local is not None:
            found.update(_bucket(f"\1{word}") for word in _words(scope.local))
        numbers = (
            *_of_base(base, scope),
            *_of_reading(default_rules().read(scope.whole)),
            *self._of_list(task.language, scope.whole),
            *_of_style(scope.whole, len(words)),
        )
        return Features(tuple(sorted(found)), numbers, " ".join(words))

    def _buckets(self, word: str) -> tuple[int, ...]:
        """Return the buckets of the n-grams of a word, borders included."""
        known = self._memo.get(word)
        if known is None:
            bordered = f" {word} "
            lengths = range(_SHORTEST, _LONGEST + 1)
            pieces = {bordered[at : at + n] for n in lengths for at in range(len(bordered) - n + 1)}
            known = tuple({_bucket(piece) for piece in pieces})
            if len(self._memo) >= _MEMO_LIMIT:
                self._memo.clear()
            self._memo[word] = known
        return known

    def _of_list(self, language: str, text: str) -> Sequence[float]:
        if language not in self._lists:
            self._lists[language] = LexiconScorer(language) if language in shipped_languages() else None
        listed = self._lists[language]
        return _NOTHING if listed is None else _of_reading(listed.read(text))


def wording_of(task: ScoringTask) -> str:
    """Return the letters of a task: two texts that differ in links, handles, digits or signs only have the same."""
    words = _words(scope_of(task).whole)
    return " ".join(filter(None, ("".join(filter(str.isalpha, word)) for word in words if word not in _NO_WORDS)))


def _words(text: str) -> list[str]:
    """Return the words of a text: lower case, links, handles and digits each alike, no letter more than thrice."""
    plain = unicodedata.normalize("NFC", text.lower())
    plain = _HANDLE.sub("@", _LINK.sub(" http ", plain))
    plain = _REPEATED.sub(r"\1\1\1", _DIGIT.sub("0", plain))
    return [word[:_LONGEST_WORD] for word in plain.split()[:_MOST_WORDS]]


def _bucket(piece: str) -> int:
    return crc32(piece.encode("utf-8", "surrogatepass")) % BUCKETS


def _of_reading(reading: Reading) -> tuple[float, ...]:
    return (*_of_score(reading.compound, reading.evidence), reading.pos, reading.neg, reading.neu)


def _of_score(score: float, evidence: int) -> tuple[float, ...]:
    return (
        score,
        abs(score),
        float(score >= _SMALL),
        float(score <= -_SMALL),
        float(score >= _LARGE),
        float(score <= -_LARGE),
        float(evidence > 0),
        min(evidence, _MUCH_EVIDENCE) / _MUCH_EVIDENCE,
    )


def _of_base(base: Sentiment, scope: Scope) -> tuple[float, ...]:
    score = base.score or 0.0
    return (
        *_of_score(score, base.evidence),
        float(base.label is Label.UNSCORED),
        float(scope.local is not None),
        score - (base.whole_text_score if base.whole_text_score is not None else score),
    )


def _of_style(text: str, n_words: int) -> tuple[float, ...]:
    letters = sum(map(str.isalpha, text)) or 1
    return (
        min(text.count("!"), _MANY_MARKS) / _MANY_MARKS,
        min(text.count("?"), _MANY_MARKS) / _MANY_MARKS,
        float("http" in text),
        float("@" in text),
        sum(map(str.isupper, text)) / letters,
        min(n_words, _MANY_WORDS) / _MANY_WORDS,
    )
