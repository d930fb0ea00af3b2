"""Tell the language of a text: by its script, by its function words, by its n-grams.

The script decides where one plausible language writes it. Among the languages
of one script py3langid's model decides, restricted to those. No general model
finds Hindi, Urdu, Tamil, Malayalam or Kannada typed in Latin letters, so lists
of their function words come first there; Hindi and Urdu, one spoken language,
are ``hi-Latn`` both. Common words of the other languages add to what the n-grams
say: those alone know little of a few words, shouted or typed in haste. Where a text says too little, the platform's claim is
taken if it is possible at all, and otherwise the answer is ``und``.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import cache, lru_cache
from importlib.metadata import version as distribution_version
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from sentiment.scripts import LATIN, SCRIPT_LANGUAGES, dominant_script
from sentiment.vader import default_rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sentiment.ngrams import NgramModel

__all__ = ["LATIN_LANGUAGES", "ROMANISED", "UNKNOWN", "Identifier"]

UNKNOWN: Final = "und"

_RARE: Final = ("sv", "da", "no", "fi", "cs", "ro", "hu", "vi", "tl")
LATIN_LANGUAGES: Final = ("en", "es", "fr", "de", "pt", "it", "nl", "pl", "tr", "id", "ms", *_RARE)
"""Latin-script languages worth telling apart by default; still rarer ones would mostly be mistakes."""

ROMANISED: Final = ("hi-Latn", "ta-Latn", "ml-Latn", "kn-Latn")

_VERSION: Final = 2
_WEAK: Final = "hi-Latn-weak"
_HINTED: Final[tuple[str, ...]] = ("es", "fr", "de", "pt", "it", "nl", "id", "ms", "hi", "mr", "ne", "ur", "fa", "ar")
"""Languages whose common words are added to what the n-grams say."""
_OTHERS: Final = frozenset(_HINTED)
_LOADED: Final = "en-loaded"
_ENGLISH: Final = ("en",)
_ENGLISH_LOADED: Final = (_LOADED,)
_LISTED: Final = ("en", *ROMANISED, _WEAK, *_HINTED)
_NOISE_STARTS: Final = ("@", "&", "http://", "https://", "www.")
_BIAS: Final = {"en": 2.5, "hi": 2.0, "fa": -2.0, **dict.fromkeys(_RARE, -6.0)}
"""Added to log scores: what is short is more often the larger language, and hardly ever one of the rare ones."""
_EMOTICON: Final = re.compile(r"[:;=8xXcD][-'^o]?[:;=()\[\]DPpcCOo3|/\\*]+")
_EMOTICON_STARTS: Final = ":;=8xXcD"
_SHARES: Final = frozenset({"RT", "MT"})
_ENOUGH_PROSE: Final = 2
"""Without so many words outside hashtags, the hashtags are looked at too."""
_SEPARATOR: Final = re.compile('[\\s.,;:!?"()\u0964\u060c\u061b\u061f\u06d4]+')
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_LOWER_LETTERS: Final = bytes(
    ord(letter.lower()) if letter.isalpha() else 0x20 for letter in map(chr, range(0x80))
).ljust(0x100)
"""What each byte of ASCII is in words: a letter in lower case, or a space."""
_ENOUGH_LETTERS: Final = 2
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
_MOST_WORDS: Final = 200
"""As many words as are looked at."""


@cache
def _function_words() -> Mapping[str, tuple[str, ...]]:
    """Return the languages of each listed function word."""
    folder = files("sentiment").joinpath("data", "function_words")
    languages: dict[str, tuple[str, ...]] = {}
    alike: dict[tuple[str, ...], tuple[str, ...]] = {group: group for group in (_ENGLISH, _ENGLISH_LOADED)}
    for language in _LISTED:
        for line in folder.joinpath(f"{language}.txt").read_text(encoding="utf-8").splitlines():
            for word in () if line.startswith("#") else line.split():
                if language not in languages.get(word, ()):
                    joined = (*languages.get(word, ()), language)
                    languages[word] = alike.setdefault(joined, joined)
    for word in default_rules().lexicon:
        if len(word) >= _FEWEST_LOADED and word.isalpha() and word not in languages:
            languages[word] = _ENGLISH_LOADED
    return languages


class WordCounts(NamedTuple):
    """Hold how many words of a text are function words.

    `english` counts those of English, `hits` those of the likeliest `romanised`
    language, `others` those of the languages that the n-grams tell apart, and
    `loaded` the other words that English puts feeling in.
    """

    words: int
    english: int = 0
    romanised: str | None = None
    hits: int = 0
    others: Mapping[str, int] = MappingProxyType({})
    loaded: int = 0


def count_function_words(words: Sequence[str]) -> WordCounts:
    """Return the counts over lower-case `words`."""
    known = _function_words()
    listed = list(filter(None, map(known.get, words)))
    if not listed:
        return WordCounts(len(words))
    english, loaded = listed.count(_ENGLISH), listed.count(_ENGLISH_LOADED)
    if english + loaded == len(listed):
        return WordCounts(len(words), english, loaded=loaded)
    every: dict[str, int] = {}
    for group in listed:
        for language in group:
            every[language] = every.get(language, 0) + 1
    others = {language: count for language, count in every.items() if language in _OTHERS}
    counts = {language: count for language, count in every.items() if language not in _OTHERS}
    english = counts.pop("en", 0)
    loaded = counts.pop(_LOADED, 0)
    if _WEAK in counts:
        weak = counts.pop(_WEAK)
        different = len({word for word in words if _WEAK in known.get(word, ())})
        strong = counts.get("hi-Latn", 0)
        if (strong or different >= _FEWEST_WEAK) and strong + weak > max(english, *others.values(), 0):
            counts["hi-Latn"] = strong + weak
    if not counts:
        return WordCounts(len(words), english, others=others, loaded=loaded)
    best = max(counts, key=counts.__getitem__)
    return WordCounts(len(words), english, best, counts[best], others, loaded)


def language_by_words(counts: WordCounts) -> str | None:
    """Return the language whose function words are frequent, None where none's are.

    Romanised languages are looked for first: their writers mix in much English.
    """
    if counts.hits >= _FEWEST_HITS and counts.hits >= _FEWEST_SHARE * counts.words:
        return counts.romanised
    if counts.hits or counts.english < _ENGLISH_HITS or counts.english < _ENGLISH_SHARE * counts.words:
        return None
    return "en"


def romanised_instead(counts: WordCounts, verdict: str) -> str | None:
    """Return the romanised language that a text more likely is than its n-grams' `verdict`, if any.

    The model knows no romanised language and calls it by a neighbour, so a single
    function word is enough; in English only where it has fewer of its own.
    """
    if verdict == "en" and counts.english >= counts.hits and counts.hits < _FEWEST_HITS:
        return None
    return counts.romanised if counts.hits >= _LEAST_SHARE * counts.words else None


def _calmed(tokens: Sequence[str]) -> str:
    """Return tokens as the n-grams know them: no emoticons, and words that are shouted in lower case."""
    kept = [
        one for one in tokens if one not in _SHARES and not (one[0] in _EMOTICON_STARTS and _EMOTICON.fullmatch(one))
    ]
    prose = [one for one in kept if one[0] != "#"]
    if len(prose) >= _ENOUGH_PROSE:
        kept = prose
    words = [one.lower() if one.isupper() and len(one) > 1 else one for one in kept]
    calmed = " ".join(words).replace("#", "")
    return calmed if calmed.isascii() else unicodedata.normalize("NFKC", calmed)


def _may_hold_noise(text: str) -> bool:
    """Say whether a text holds what something starts with that says nothing of its language: most hold none."""
    return "@" in text or "&" in text or "://" in text or "www." in text


def _words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    if text.isascii() and "'" not in text:
        return text.encode("ascii").translate(_LOWER_LETTERS).decode("ascii").split()
    return _WORD.findall(text.lower().replace("\u2019", "'"))


class Identifier:
    """Identify languages (see `listener.api.LanguageIdentifier`).

    `languages` are those in Latin script that are told apart; None takes
    `LATIN_LANGUAGES`. numpy and the model are loaded with the first text that
    neither script nor function words decide.
    """

    def __init__(self, languages: Sequence[str] | None = None) -> None:
        latin = tuple(dict.fromkeys(languages)) if languages is not None else LATIN_LANGUAGES
        self._candidates = {script: choice for script, choice in SCRIPT_LANGUAGES.items() if len(choice) > 1}
        self._candidates[LATIN] = latin
        self._bias: Mapping[str, float] = _BIAS if languages is None else {}
        self._model: NgramModel | None = None
        self._lock = threading.Lock()
        self.version = f"{_VERSION}+py3langid-{distribution_version('py3langid')}+{','.join(latin)}"

    def identify(self, texts: Sequence[str], claims: Sequence[str | None]) -> Sequence[str]:
        """Return (n_texts,) BCP 47 tags in input order, ``und`` where unknown."""
        verdicts: list[str] = []
        waiting: dict[str, list[tuple[int, str, WordCounts]]] = {}
        asked_before: dict[tuple[str, str | None], int] = {}
        again: list[tuple[int, int]] = []
        for place, (text, claim) in enumerate(zip(texts, claims, strict=True)):
            first = asked_before.setdefault((text, claim), place)
            if first != place:
                verdicts.append(UNKNOWN)
                again.append((place, first))
                continue
            kept = text.split(None, _MOST_WORDS)[:_MOST_WORDS]
            if _may_hold_noise(text):
                kept = [token for token in kept if not token.startswith(_NOISE_STARTS)]
            cleaned = " ".join(kept).replace("#", "")
            verdict, script, counts = self._without_model(cleaned, claim)
            verdicts.append(verdict)
            if script is not None:
                waiting.setdefault(script, []).append((place, _calmed(kept), counts))
        for script, asked in waiting.items():
            candidates = self._candidates[script]
            hints = [_hints(counts, self._bias) for _, _, counts in asked]
            answers = self._loaded().best([cleaned for _, cleaned, _ in asked], candidates, self._bias, hints)
            for (place, _, counts), answer in zip(asked, answers, strict=True):
                verdict = answer or _claimed(claims[place], candidates)
                verdicts[place] = romanised_instead(counts, verdict) or verdict
        for place, first in again:
            verdicts[place] = verdicts[first]
        return verdicts

    def _without_model(self, text: str, claim: str | None) -> tuple[str, str | None, WordCounts]:
        """Return a verdict, None and the counts, or ``und`` and the script whose languages n-grams must tell apart."""
        nothing = WordCounts(0)
        script = dominant_script(text)
        if script is None:
            return UNKNOWN, None, nothing
        if script != LATIN:
            languages = SCRIPT_LANGUAGES[script]
            if len(languages) == 1:
                return languages[0], None, nothing
            return UNKNOWN, script, count_function_words(_SEPARATOR.split(text))
        words = _words(text)
        if len(words) < _ENOUGH_LETTERS and sum(map(len, words)) < _ENOUGH_LETTERS:
            return _claimed(claim, self._candidates[LATIN]), None, nothing
        counts = count_function_words(words)
        verdict = language_by_words(counts)
        if verdict is None or (verdict == "en" and verdict not in self._candidates[LATIN]):
            return UNKNOWN, LATIN, counts
        return verdict, None, counts

    def _loaded(self) -> NgramModel:
        with self._lock:
            if self._model is None:
                self._model = _model_of(tuple(self._candidates.values()))
            return self._model


def _hints(counts: WordCounts, bias: Mapping[str, float]) -> Mapping[str, float]:
    """Return what common words add to the log scores of their languages; nothing where no language is preferred."""
    if not bias:
        return {}
    hints = {language: _HINT * min(hits, _MOST_HINTS) for language, hits in counts.others.items()}
    if counts.english or counts.loaded:
        hints["en"] = _HINT * min(counts.english, _MOST_HINTS) + _LOADED_HINT * min(counts.loaded, _MOST_HINTS)
    return hints


@lru_cache(maxsize=2)
def _model_of(groups: tuple[tuple[str, ...], ...]) -> NgramModel:
    """Return the model for these groups of languages, read once a process: it takes most of a second."""
    from sentiment.ngrams import NgramModel  # noqa: PLC0415 - numpy and 4 MB of model, only where needed

    return NgramModel(groups)


def _claimed(claim: str | None, candidates: Sequence[str]) -> str:
    """Return the claimed language where it is one of the candidates, else ``und``."""
    primary = (claim or "").partition("-")[0].lower()
    return primary if primary in candidates else UNKNOWN
