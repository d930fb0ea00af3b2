"""Load the word lists of a language: valences, negators, boosters, contrasts.

Valences come from ``data/lexicons`` (each folder with its licence), the rest
and words added by this project from ``data/rules``.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

__all__ = ["LISTS_VERSION", "Wordlist", "load_wordlist", "shipped_languages"]

LISTS_VERSION: Final = 4
"""Raised whenever a change of rules or data changes a score."""

_REPEATED: Final = re.compile(r"(.)\1{2,}")
_ACCENTS: Final = re.compile("[\u0300-\u036f\u064b-\u0655]")
"""What combines with Latin, Greek and Arabic letters; vowel signs of Indian scripts are none."""
_FOLDERS: Final = (("afinn", 0.8), ("vader-fr", 1.0))
"""Folders of lists, each with what brings it to VADER's scale: AFINN goes to 5, VADER to 4."""
ENGLISH_NEGATORS: Final = frozenset(NEGATE)
ENGLISH_BOOSTERS: Final = frozenset(word for word, boost in BOOSTER_DICT.items() if boost > 0 and " " not in word)
ENGLISH_DAMPENERS: Final = frozenset(word for word, boost in BOOSTER_DICT.items() if boost < 0 and " " not in word)
_FEWEST_LETTERS: Final = 4
"""A stem shorter than this is another word too often."""


@dataclass(frozen=True, kw_only=True)
class Wordlist:
    """Hold what is known of the words of one language, in lower case, NFC.

    `phrases` are of two words or more. `neutral` words carry nothing, though a list has them, or they look like
    forms of a word that carries something. `suffixes` are endings that may be
    exchanged for one another when a word is not found as it is written.
    `accented` says that people leave accents out. `segmented` says that the
    language is written without spaces.
    """

    language: str
    valences: Mapping[str, float]
    phrases: Mapping[tuple[str, ...], float] = field(default_factory=dict)
    negators: frozenset[str] = frozenset()
    negators_behind: frozenset[str] = frozenset()
    boosters: frozenset[str] = frozenset()
    dampeners: frozenset[str] = frozenset()
    contrasts: frozenset[str] = frozenset()
    neutral: frozenset[str] = frozenset()
    suffixes: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    segmented: bool = False

    @cached_property
    def phrase_words(self) -> frozenset[str]:
        """Return the words of which phrases are made."""
        return frozenset(word for phrase in self.phrases for word in phrase)

    @cached_property
    def known(self) -> frozenset[str]:
        """Return every single word that means something to the rules."""
        return frozenset(self.valences).union(
            self.negators, self.negators_behind, self.boosters, self.dampeners, self.contrasts, self.phrase_words,
            self.neutral,
        )  # fmt: skip

    @cached_property
    def plain(self) -> Mapping[str, str]:
        """Return each word by its spelling without accents, where that is no word itself.

        Of several that differ in accents only nobody knows which one is meant: the weakest, the first by
        its letters, holds.
        """
        plain: dict[str, str] = {}
        accented = [word for word in self.known if not word.isascii()]
        for word in sorted(accented, key=lambda word: (abs(self.valences.get(word, 0.0)), word)):
            bare = _without_accents(word)
            if bare not in self.known:
                plain.setdefault(bare, word)
        return plain

    def forms(self, token: str) -> Iterator[str]:
        """Yield the spellings under which a token may be listed, the likeliest first."""
        lower = unicodedata.normalize("NFC", token.lower())
        yield lower
        shorter = _REPEATED.sub(r"\1\1", lower)
        if shorter != lower:
            yield shorter
            yield _REPEATED.sub(r"\1", lower)
        bare = _without_accents(lower)
        listed = self.plain.get(bare)
        if listed is not None:
            yield listed
        yield bare
        for beginning in self.prefixes:
            if bare.startswith(beginning) and len(bare) - len(beginning) >= _FEWEST_LETTERS - 1:
                yield bare[len(beginning) :]
        for ending in self.suffixes:
            if lower.endswith(ending) and len(lower) - len(ending) >= _FEWEST_LETTERS:
                stem = lower[: len(lower) - len(ending)]
                yield stem
                for other in self.suffixes:
                    yield stem + other


def shipped_languages() -> tuple[str, ...]:
    """Return the languages that have a list, in order."""
    return tuple(
        sorted(entry.name.removesuffix(".toml") for entry in _data("rules").iterdir() if entry.name.endswith(".toml"))
    )


def load_wordlist(language: str, english: Mapping[str, float]) -> Wordlist:
    """Return the list of one of `shipped_languages`; those that mix in English take `english` valences too."""
    rules = tomllib.loads(_data("rules").joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    own = _own_valences(rules["valences"])
    weakest = float(rules.get("weakest", 0.0))
    valences = {word: value for word, value in _listed_valences(language).items() if abs(value) >= weakest}
    dropped = _words(rules, "drop")
    for word in dropped:
        valences.pop(word, None)
    valences.update(own)
    negators, behind = _words(rules, "negators"), _words(rules, "negators_behind")
    boosters, dampeners, contrasts = (_words(rules, name) for name in ("boosters", "dampeners", "contrasts"))
    if rules.get("english"):
        mixed_in = {word: value for word, value in english.items() if word.isalpha() and word not in dropped}
        valences = {**mixed_in, **valences}
        negators |= ENGLISH_NEGATORS
        boosters |= ENGLISH_BOOSTERS
        dampeners |= ENGLISH_DAMPENERS
        contrasts |= {"but"}
    singles = frozenset(word for word in own if " " not in word)
    return Wordlist(
        language=language,
        valences={word: value for word, value in valences.items() if " " not in word},
        phrases={tuple(word.split()): value for word, value in valences.items() if " " in word},
        negators=negators,
        negators_behind=behind,
        boosters=boosters - singles,
        dampeners=dampeners - singles,
        contrasts=contrasts - singles,
        neutral=dropped,
        suffixes=tuple(rules.get("suffixes", "").split()),
        prefixes=tuple(rules.get("prefixes", "").split()),
        segmented=bool(rules.get("segmented", False)),
    )


def _data(*names: str) -> Traversable:
    return files("sentiment").joinpath("data", *names)


def _words(rules: Mapping[str, str], name: str) -> frozenset[str]:
    return frozenset(_normal(word) for word in rules.get(name, "").split())


def _own_valences(groups: Mapping[str, str]) -> dict[str, float]:
    return {_normal(word): float(value) for value, words in groups.items() for word in words.split()}


def _listed_valences(language: str) -> dict[str, float]:
    """Return the valences of the shipped lists on VADER's scale; a later folder goes before an earlier one."""
    valences: dict[str, float] = {}
    for folder, scale in _FOLDERS:
        entry = _data("lexicons", folder, f"{language}.tsv")
        if entry.is_file():
            for line in entry.read_text(encoding="utf-8").splitlines():
                word, tab, value = line.partition("\t")
                if tab and not word.startswith("#"):
                    valences[_normal(word)] = float(value) * scale
    return valences


def _normal(word: str) -> str:
    return unicodedata.normalize("NFC", word.replace("_", " ").lower())


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", word)))
