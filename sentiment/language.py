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
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, NamedTuple

from sentiment.function_words import (
    ROMANISED,
    WordCounts,
    count_function_words,
    hints_of,
    language_by_words,
    romanised_instead,
    words_of,
)
from sentiment.scripts import LATIN, SCRIPT_LANGUAGES, dominant_script

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sentiment.ngrams import NgramModel

__all__ = ["LATIN_LANGUAGES", "ROMANISED", "UNKNOWN", "Identifier"]

UNKNOWN: Final = "und"
_installed: Final = cache(version)
"""Looked up once a process: each time it searches the files of installed packages."""

_RARE: Final = ("sv", "da", "no", "fi", "cs", "ro", "hu", "vi", "tl")
LATIN_LANGUAGES: Final = ("en", "es", "fr", "de", "pt", "it", "nl", "pl", "tr", "id", "ms", *_RARE)
"""Latin-script languages worth telling apart by default; still rarer ones would mostly be mistakes."""

_VERSION: Final = 5
_NOISE_STARTS: Final = ("@", "&", "http://", "https://", "www.")
_BIAS: Final = {"en": 2.5, "hi": 2.0, "fa": -2.0, **dict.fromkeys(_RARE, -6.0)}
"""Added to log scores: what is short is more often the larger language, and hardly ever one of the rare ones."""
_EMOTICON: Final = re.compile(r"[:;=8xXcD][-'^o]?[:;=()\[\]DPpcCOo3|/\\*]+")
_EMOTICON_STARTS: Final = ":;=8xXcD"
_SHARES: Final = frozenset({"RT", "MT"})
_ENOUGH_PROSE: Final = 2
"""Without so many words outside hashtags, the hashtags are looked at too."""
_SEPARATOR: Final = re.compile('[\\s.,;:!?"()\u0964\u060c\u061b\u061f\u06d4]+')
_MOST_KEPT: Final = 1 << 14
_LONGEST_KEPT: Final = 40
"""So many words are remembered, none of more characters."""
_ENOUGH_LETTERS: Final = 2
_MOST_WORDS: Final = 200
"""As many words as are looked at."""
_SURELY_FEW: Final = 2 * _MOST_WORDS
"""A text of so many characters cannot hold more words."""


class _Asked(NamedTuple):
    """Hold a text of which n-grams must tell the language: those of `script` are plausible."""

    script: str
    text: str
    counts: WordCounts


def _prose(text: str) -> str:
    """Return the first words of a text, without those that say nothing of its language."""
    words = text.split(None, _MOST_WORDS)[:_MOST_WORDS]
    return " ".join([word for word in words if not word.startswith(_NOISE_STARTS)])


def _may_hold_noise(text: str) -> bool:
    """Say whether a text holds what something starts with that says nothing of its language: most hold none."""
    return "@" in text or "&" in text or "://" in text or "www." in text


class _Calm(dict[str, str]):
    """Remember words as the n-grams know them: nothing for an emoticon, and what is shouted in lower case."""

    def __missing__(self, word: str) -> str:
        """Look at a word that has not been met before."""
        if word in _SHARES or (word[0] in _EMOTICON_STARTS and _EMOTICON.fullmatch(word)):
            calm = ""
        else:
            calm = word.lower() if word.isupper() and len(word) > 1 else word
        if len(self) < _MOST_KEPT and len(word) <= _LONGEST_KEPT:
            self[word] = calm
        return calm


_CALM: Final = _Calm()


def _calmed(text: str) -> str:
    """Return a text as the n-grams know it."""
    words = [*filter(None, map(_CALM.__getitem__, text.split()))]
    if "#" in text:
        prose = [word for word in words if word[0] != "#"]
        calmed = " ".join(prose if len(prose) >= _ENOUGH_PROSE else words).replace("#", "")
    else:
        calmed = " ".join(words)
    return calmed if calmed.isascii() else unicodedata.normalize("NFKC", calmed)


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
        self.version = f"{_VERSION}+py3langid-{_installed('py3langid')}+{','.join(latin)}"

    def identify(self, texts: Sequence[str], claims: Sequence[str | None]) -> Sequence[str]:
        """Return (n_texts,) BCP 47 tags in input order, ``und`` where unknown."""
        verdicts: list[str] = []
        waiting: list[tuple[int, _Asked]] = []
        asked_before: dict[tuple[str, str | None], int] = {}
        again: list[tuple[int, int]] = []
        for place, (text, claim) in enumerate(zip(texts, claims, strict=True)):
            first = asked_before.setdefault((text, claim), place)
            if first != place:
                verdicts.append(UNKNOWN)
                again.append((place, first))
                continue
            verdict = self._without_model(text, claim)
            if isinstance(verdict, str):
                verdicts.append(verdict)
            else:
                verdicts.append(UNKNOWN)
                waiting.append((place, verdict))
        for (place, asked), answer in zip(waiting, self._by_ngrams([asked for _, asked in waiting]), strict=True):
            verdict = answer or _claimed(claims[place], self._candidates[asked.script])
            verdicts[place] = romanised_instead(asked.counts, verdict) or verdict
        for place, first in again:
            verdicts[place] = verdicts[first]
        return verdicts

    def _without_model(self, text: str, claim: str | None) -> str | _Asked:
        """Return a verdict, or what is to be asked of the n-grams."""
        if len(text) > _SURELY_FEW or _may_hold_noise(text):
            text = _prose(text)
        script = dominant_script(text)
        if script is None:
            return UNKNOWN
        if script != LATIN:
            languages = SCRIPT_LANGUAGES[script]
            if len(languages) == 1:
                return languages[0]
            words = _SEPARATOR.split(text.strip().replace("#", ""))
            return _Asked(script, _calmed(text), count_function_words(words))
        words = words_of(text)
        if len(words) < _ENOUGH_LETTERS and sum(map(len, words)) < _ENOUGH_LETTERS:
            return _claimed(claim, self._candidates[LATIN])
        counts = count_function_words(words)
        verdict = language_by_words(counts)
        if verdict is None or (verdict == "en" and verdict not in self._candidates[LATIN]):
            return _Asked(LATIN, _calmed(text), counts)
        return verdict

    def _by_ngrams(self, asked: Sequence[_Asked]) -> Sequence[str | None]:
        """Return the likeliest language of each text, None where none of its n-grams is known.

        Common words add to what these say; not where the user chose the languages, of which none is preferred.
        """
        if not asked:
            return []
        hints = [hints_of(one.counts) if self._bias else {} for one in asked]
        candidates = [self._candidates[one.script] for one in asked]
        return self._loaded().best([one.text for one in asked], candidates, self._bias, hints)

    def _loaded(self) -> NgramModel:
        with self._lock:
            if self._model is None:
                self._model = _model_of(tuple(self._candidates.values()))
            return self._model


@lru_cache(maxsize=2)
def _model_of(groups: tuple[tuple[str, ...], ...]) -> NgramModel:
    """Return the model for these groups of languages, read once a process: it takes most of a second."""
    from sentiment.ngrams import NgramModel  # noqa: PLC0415 - numpy and 4 MB of model, only where needed

    return NgramModel(groups)


def _claimed(claim: str | None, candidates: Sequence[str]) -> str:
    """Return the claimed language where it is one of the candidates, else ``und``."""
    primary = (claim or "").partition("-")[0].lower()
    return primary if primary in candidates else UNKNOWN
