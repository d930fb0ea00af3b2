"""Tell the language of a text: by its script, by its function words, by its n-grams.

The script decides where one plausible language writes it. Among the languages
of one script py3langid's model decides, restricted to those. No general model
finds Hindi, Urdu, Tamil, Malayalam or Kannada typed in Latin letters, so lists
of their function words come first there; Hindi and Urdu, one spoken language,
are ``hi-Latn`` both. Where a text says too little, the platform's claim is
taken if it is possible at all, and otherwise the answer is ``und``.
"""

from __future__ import annotations

import re
import threading
from functools import cache, lru_cache
from importlib.metadata import version as distribution_version
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

from sentiment.scripts import LATIN, SCRIPT_LANGUAGES, dominant_script

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
_HINTED: Final = ("es", "fr", "de", "pt", "it", "nl", "id", "ms")
"""Languages whose common words are added to what the n-grams say."""
_LISTED: Final = ("en", *ROMANISED, _WEAK, *_HINTED)
_NOISE_STARTS: Final = ("@", "&", "http://", "https://", "www.")
_BIAS: Final = {"en": 2.5, "hi": 2.0, "fa": -2.0, **dict.fromkeys(_RARE, -6.0)}
"""Added to log scores: what is short is more often the larger language, and hardly ever one of the rare ones."""
_EMOTICON: Final = re.compile(r"[:;=8xXcD][-'^o]?[:;=()\[\]DPpcCOo3|/\\*]+")
_ENOUGH_PROSE: Final = 2
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ENOUGH_LETTERS: Final = 2
_FEWEST_HITS: Final = 2
_FEWEST_SHARE: Final = 0.2
_ENGLISH_HITS: Final = 2
_ENGLISH_SHARE: Final = 0.2
_LEAST_SHARE: Final = 0.12
_FEWEST_WEAK: Final = 2
_HINT: Final = 5.0
"""Added to a language's log score for each of its common words."""
_MOST_HINTS: Final = 6
_MOST_WORDS: Final = 200
"""As many words as are looked at."""


@cache
def _function_words() -> Mapping[str, tuple[str, ...]]:
    """Return the languages of each listed function word."""
    folder = files("sentiment").joinpath("data", "function_words")
    languages: dict[str, tuple[str, ...]] = {}
    for language in _LISTED:
        for line in folder.joinpath(f"{language}.txt").read_text(encoding="utf-8").splitlines():
            for word in () if line.startswith("#") else line.split():
                if language not in languages.get(word, ()):
                    languages[word] = (*languages.get(word, ()), language)
    return languages


class WordCounts(NamedTuple):
    """Hold how many words of a text are function words.

    `english` counts those of English, `hits` those of the likeliest `romanised`
    language, `others` those of the languages that the n-grams tell apart.
    """

    words: int
    english: int = 0
    romanised: str | None = None
    hits: int = 0
    others: Mapping[str, int] = {}


def count_function_words(words: Sequence[str]) -> WordCounts:
    """Return the counts over lower-case `words`."""
    known = _function_words()
    counts: dict[str, int] = {}
    for word in words:
        for language in known.get(word, ()):
            counts[language] = counts.get(language, 0) + 1
    english = counts.pop("en", 0)
    others = {language: counts.pop(language) for language in _HINTED if language in counts} if counts else {}
    if _WEAK in counts:
        weak = counts.pop(_WEAK)
        different = len({word for word in words if _WEAK in known.get(word, ())})
        if "hi-Latn" in counts or different >= _FEWEST_WEAK:
            counts["hi-Latn"] = counts.get("hi-Latn", 0) + weak
    if not counts:
        return WordCounts(len(words), english, others=others)
    best = max(counts, key=counts.__getitem__)
    return WordCounts(len(words), english, best, counts[best], others)


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
    kept = [token for token in tokens if not _EMOTICON.fullmatch(token) and token != "RT"]
    prose = [token for token in kept if token[0] != "#"]
    if len(prose) >= _ENOUGH_PROSE:
        kept = prose
    words = [token.lower() if token.isupper() and len(token) > 1 else token for token in kept]
    return " ".join(words).replace("#", "")


def _words(text: str) -> list[str]:
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
        for place, (text, claim) in enumerate(zip(texts, claims, strict=True)):
            kept = [token for token in text.split()[:_MOST_WORDS] if not token.startswith(_NOISE_STARTS)]
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
        return verdicts

    def _without_model(self, text: str, claim: str | None) -> tuple[str, str | None, WordCounts]:
        """Return a verdict, None and the counts, or ``und`` and the script whose languages n-grams must tell apart."""
        nothing = WordCounts(0)
        script = dominant_script(text)
        if script is None:
            return UNKNOWN, None, nothing
        if script != LATIN:
            languages = SCRIPT_LANGUAGES[script]
            return (languages[0], None, nothing) if len(languages) == 1 else (UNKNOWN, script, nothing)
        words = _words(text)
        if sum(map(len, words)) < _ENOUGH_LETTERS:
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
    counted = {**counts.others, "en": counts.english} if counts.english else counts.others
    return {language: _HINT * min(hits, _MOST_HINTS) for language, hits in counted.items()}


@lru_cache(maxsize=2)
def _model_of(groups: tuple[tuple[str, ...], ...]) -> NgramModel:
    """Return the model for these groups of languages, read once a process: it takes most of a second."""
    from sentiment.ngrams import NgramModel  # noqa: PLC0415 - numpy and 4 MB of model, only where needed

    return NgramModel(groups)


def _claimed(claim: str | None, candidates: Sequence[str]) -> str:
    """Return the claimed language where it is one of the candidates, else ``und``."""
    primary = (claim or "").partition("-")[0].lower()
    return primary if primary in candidates else UNKNOWN
