"""Tell the language of a text: by its script, by its n-grams, by its function words.

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
from functools import cache
from importlib.metadata import version as distribution_version
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from sentiment.scripts import LATIN, SCRIPT_LANGUAGES, dominant_script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentiment.ngrams import NgramModel

__all__ = ["LATIN_LANGUAGES", "ROMANISED", "UNKNOWN", "Identifier", "romanised_language"]

UNKNOWN: Final = "und"

LATIN_LANGUAGES: Final = (
    *("en", "es", "fr", "de", "pt", "it", "nl", "pl", "tr", "id", "ms"),
    *("sv", "da", "no", "fi", "cs", "ro", "hu", "vi", "tl"),
)
"""Latin-script languages worth telling apart by default; rarer ones would mostly be mistakes."""

ROMANISED: Final = ("hi-Latn", "ta-Latn", "ml-Latn", "kn-Latn")

_VERSION: Final = 1
_NOISE: Final = re.compile(r"(?:https?://|www\.)\S+|[@#&]\w+;?")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_LATIN_LETTERS: Final = re.compile(r"[A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff]+")
_ENOUGH_LETTERS: Final = 2
_FEWEST_HITS: Final = 2
_FEWEST_SHARE: Final = 0.2


@cache
def _function_words() -> tuple[tuple[str, frozenset[str]], ...]:
    """Return (language, its function words) for each romanised language."""
    folder = files("sentiment").joinpath("data", "function_words")
    lists = []
    for language in ROMANISED:
        lines = folder.joinpath(f"{language}.txt").read_text(encoding="utf-8").splitlines()
        lists.append((language, frozenset(word for line in lines if not line.startswith("#") for word in line.split())))
    return tuple(lists)


def romanised_language(words: Sequence[str]) -> str | None:
    """Return the Indian language that lower-case Latin `words` are of, None where too few are known of any."""
    best, most = None, 0
    for language, known in _function_words():
        hits = sum(word in known for word in words)
        if hits > most:
            best, most = language, hits
    return best if most >= _FEWEST_HITS and most >= _FEWEST_SHARE * len(words) else None


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
        self._model: NgramModel | None = None
        self._lock = threading.Lock()
        self.version = f"{_VERSION}+py3langid-{distribution_version('py3langid')}+{','.join(latin)}"

    def identify(self, texts: Sequence[str], claims: Sequence[str | None]) -> Sequence[str]:
        """Return (n_texts,) BCP 47 tags in input order, ``und`` where unknown."""
        verdicts: list[str] = []
        waiting: dict[str, list[tuple[int, str]]] = {}
        for place, (text, claim) in enumerate(zip(texts, claims, strict=True)):
            cleaned = _NOISE.sub(" ", text)
            verdict, script = self._by_script(cleaned, claim)
            verdicts.append(verdict)
            if script is not None:
                waiting.setdefault(script, []).append((place, cleaned))
        for script, asked in waiting.items():
            answers = self._loaded().best([cleaned for _, cleaned in asked], self._candidates[script])
            for (place, _), answer in zip(asked, answers, strict=True):
                verdicts[place] = answer or _claimed(claims[place], self._candidates[script])
        return verdicts

    def _by_script(self, text: str, claim: str | None) -> tuple[str, str | None]:
        """Return a verdict and None, or ``und`` and the script among whose languages n-grams must decide."""
        letters = sum(map(len, _LATIN_LETTERS.findall(text)))
        script = dominant_script(text, letters)
        if script is None:
            return UNKNOWN, None
        if script != LATIN:
            languages = SCRIPT_LANGUAGES[script]
            return (languages[0], None) if len(languages) == 1 else (UNKNOWN, script)
        if letters < _ENOUGH_LETTERS:
            return _claimed(claim, self._candidates[LATIN]), None
        romanised = romanised_language(_WORD.findall(text.lower()))
        return (romanised, None) if romanised else (UNKNOWN, LATIN)

    def _loaded(self) -> NgramModel:
        with self._lock:
            if self._model is None:
                from sentiment.ngrams import NgramModel  # noqa: PLC0415 - numpy and 4 MB of model, only where needed

                self._model = NgramModel([name for names in self._candidates.values() for name in names])
            return self._model


def _claimed(claim: str | None, candidates: Sequence[str]) -> str:
    """Return the claimed language where it is one of the candidates, else ``und``."""
    primary = (claim or "").partition("-")[0].lower()
    return primary if primary in candidates else UNKNOWN
