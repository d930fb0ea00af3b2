"""Count the function words of many languages in a text, and say what language they speak for.

The languages of a word stand in one number, a field for each, so that the sum over
the words of a text holds how often each language was met: one look-up and one
addition a word, whatever the number of languages.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

from sentiment.vader import default_rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "ROMANISED",
    "WordCounts",
    "count_function_words",
    "hints_of",
    "language_by_words",
    "romanised_instead",
    "words_of",
]

_HINDI: Final = "hi-Latn"
ROMANISED: Final = (_HINDI, "ta-Latn", "ml-Latn", "kn-Latn")

_ENGLISH: Final = "en"
_LOADED: Final = "en-loaded"
_WEAK: Final = "hi-Latn-weak"
_HINTED: Final[tuple[str, ...]] = ("es", "fr", "de", "pt", "it", "nl", "id", "ms", "hi", "mr", "ne", "ur", "fa", "ar")
"""Languages whose common words are added to what the n-grams say."""
_LISTED: Final = (_ENGLISH, *ROMANISED, _WEAK, *_HINTED)
_LETTER: Final = r"[^\W\d_]"
_WORD: Final = re.compile(f"{_LETTER}+(?:'{_LETTER}+)?")
_STRAY: Final = re.compile(f"'(?:(?<!{_LETTER}')|(?!{_LETTER})|{_LETTER}+')")
"""An apostrophe that is not the only one within a word."""
_LOWER_LETTERS: Final = bytes(
    ord(character.lower()) if character == "'" or re.match(_LETTER, character) else 0x20
    for character in map(chr, range(0x100))
)
"""What each byte of Latin-1 is in words: a letter in lower case, an apostrophe, or a space."""
_BEYOND: Final = re.compile(
    "[^\x00-\xff\u200d\u2010-\u2027\u2030-\u205e\u20ac\u2600-\u2775\ufe0f\U0001f300-\U0001f9ff]"
)
"""What is neither of Latin-1 nor of the common signs and emoji that are certain to be no letters."""
_FIELD_BITS: Final = 32
"""More than any count of words takes, so that no field runs over into the next."""
_FIELD: Final = (1 << _FIELD_BITS) - 1
_ORDER: Final = (_ENGLISH, _LOADED, _WEAK, *ROMANISED, *_HINTED)
"""Of the fields: the commonest lowest, which keeps most of the numbers small."""
_PLACES: Final = {language: place * _FIELD_BITS for place, language in enumerate(_ORDER)}
_LOADED_AT: Final = _PLACES[_LOADED]
_HINTED_AT: Final = tuple((language, _PLACES[language]) for language in _HINTED)
_ROMANISED_AT: Final = tuple((language, _PLACES[language]) for language in ROMANISED)
_OTHERS_AT: Final = tuple(_PLACES[language] for language in (_ENGLISH, *_HINTED))
_WEAK_AT: Final = _PLACES[_WEAK]
_INDIAN: Final = sum(_FIELD << _PLACES[language] for language in (_WEAK, *ROMANISED))
"""The fields of the romanised languages."""

_FEWEST_HITS: Final = 2
_FEWEST_SHARE: Final = 0.2
_ENGLISH_HITS: Final = 2
_ENGLISH_SHARE: Final = 0.2
_LEAST_SHARE: Final = 0.12
_FEWEST_WEAK: Final = 2
_HINT: Final = 5.0
"""Added to a language's log score for each of its common words."""
_LOADED_HINT: Final = 3.0
"""Added to that of English for each other word of VADER's lexicon: "Fantastic!" alone looks Italian."""
_FEWEST_LOADED: Final = 4
_MOST_HINTS: Final = 6


@cache
def _function_words() -> Mapping[str, int]:
    """Return for each listed word the sum of ones in the fields of its languages, read when first needed."""
    folder = files("sentiment").joinpath("data", "function_words")
    fields: dict[str, int] = {}
    alike: dict[int, int] = {}
    for language in _LISTED:
        one = 1 << _PLACES[language]
        for line in folder.joinpath(f"{language}.txt").read_text(encoding="utf-8").splitlines():
            for word in () if line.startswith("#") else line.split():
                joined = fields.get(word, 0) | one
                fields[word] = alike.setdefault(joined, joined)
    for word in default_rules().lexicon:
        if len(word) >= _FEWEST_LOADED and word.isalpha():
            fields.setdefault(word, 1 << _LOADED_AT)
    return fields


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case; a hashtag is a word, or a part of the one before it."""
    if not text.isascii():
        text = text.replace("\u2019", "'")
        if _BEYOND.search(text):
            return _WORD.findall(text.replace("#", "").lower())
    plain = text.encode("latin-1", "replace").translate(_LOWER_LETTERS, b"#").decode("latin-1")
    if "'" in plain and _STRAY.search(plain):
        return _WORD.findall(plain)
    return plain.split()


class WordCounts(NamedTuple):
    """Hold how many words of a text are function words.

    `fields` is the sum over its `words`, `hits` counts those of the likeliest
    `romanised` language.
    """

    words: int
    fields: int = 0
    romanised: str | None = None
    hits: int = 0

    @property
    def english(self) -> int:
        """Return how many are of English."""
        return self.fields & _FIELD


def count_function_words(words: Sequence[str]) -> WordCounts:
    """Return the counts over lower-case `words`."""
    fields = sum(filter(None, map(_function_words().get, words)))
    if fields & _INDIAN:
        return WordCounts(len(words), fields, *_likeliest_romanised(words, fields))
    return WordCounts(len(words), fields)


def _likeliest_romanised(words: Sequence[str], fields: int) -> tuple[str | None, int]:
    """Return the romanised language most words are of, the first of several, and how many are.

    The weak words of Hindi, which others have too, count where there are more of them than of any of the others.
    """
    counts = {language: hits for language, place in _ROMANISED_AT if (hits := fields >> place & _FIELD)}
    weak = fields >> _WEAK_AT & _FIELD
    if weak:
        strong = counts.get(_HINDI, 0)
        others = max(fields >> place & _FIELD for place in _OTHERS_AT)
        if strong + weak > others and (strong or _are_different_weak(words)):
            counts[_HINDI] = strong + weak
    if not counts:
        return None, 0
    most = max(counts.values())
    likeliest = [language for language, hits in counts.items() if hits == most]
    return _first_met(words, likeliest) if len(likeliest) > 1 else likeliest[0], most


def _are_different_weak(words: Sequence[str]) -> bool:
    """Say whether different weak words of Hindi are among the words, and not one again and again."""
    get = _function_words().get
    return len({word for word in words if get(word, 0) >> _WEAK_AT & _FIELD}) >= _FEWEST_WEAK


def _first_met(words: Sequence[str], languages: Sequence[str]) -> str:
    """Return the language of which a word comes first; Hindi comes last where only weak words speak for it."""
    get = _function_words().get
    met = (language for word in words for language in languages if get(word, 0) >> _PLACES[language] & _FIELD)
    return next(met)


def language_by_words(counts: WordCounts) -> str | None:
    """Return the language whose function words are frequent, None where none's are.

    Romanised languages are looked for first: their writers mix in much English.
    """
    words, fields, romanised, hits = counts
    if hits:
        return romanised if hits >= _FEWEST_HITS and hits >= _FEWEST_SHARE * words else None
    english = fields & _FIELD
    return _ENGLISH if english >= _ENGLISH_HITS and english >= _ENGLISH_SHARE * words else None


def romanised_instead(counts: WordCounts, verdict: str) -> str | None:
    """Return the romanised language that a text more likely is than its n-grams' `verdict`, if any.

    The model knows no romanised language and calls it by a neighbour, so a single
    function word is enough; in English only where it has fewer of its own.
    """
    if verdict == _ENGLISH and counts.english >= counts.hits and counts.hits < _FEWEST_HITS:
        return None
    return counts.romanised if counts.hits >= _LEAST_SHARE * counts.words else None


def hints_of(counts: WordCounts) -> Mapping[str, float]:
    """Return what common words add to the log scores of their languages."""
    fields = counts.fields
    hints: dict[str, float] = {}
    if fields >> _WEAK_AT:
        for language, place in _HINTED_AT:
            if hits := fields >> place & _FIELD:
                hints[language] = _HINT * min(hits, _MOST_HINTS)
    english, loaded = fields & _FIELD, fields >> _LOADED_AT & _FIELD
    if english or loaded:
        hints[_ENGLISH] = _HINT * min(english, _MOST_HINTS) + _LOADED_HINT * min(loaded, _MOST_HINTS)
    return hints
