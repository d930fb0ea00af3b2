"""Let a brand overrule words: take a phrase out of the scoring, or give it another valence.

"War zone" is no complaint about a game of that name, and "sick" is praise among
skaters. A rule holds for the mentions of one brand. A phrase is replaced, as a
whole word and in any case, by the mask or by a reserved token that every lexical
scorer knows the valence of, so that negation and boosters still act on it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from listener.errors import ConfigError
from sentiment.target import MASK, find_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["RESERVED_VALENCES", "Ruleset", "read_rulesets", "reserved_token"]

_MOST: Final = 4.0
"""VADER's valences go from -4 to 4."""
_STEPS: Final = 10
_FIRST_RESERVED: Final = 0xE100


def reserved_token(valence: float) -> str:
    """Return the token of a valence: a private-use character three times, longer than an emoticon."""
    return chr(_FIRST_RESERVED + round((valence + _MOST) * _STEPS)) * 3


RESERVED_VALENCES: Final[Mapping[str, float]] = {
    reserved_token(step / _STEPS): step / _STEPS
    for step in range(int(-_MOST * _STEPS), int(_MOST * _STEPS) + 1)
    if step
}
"""What the reserved tokens are worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """Hold the rules of one brand: phrases with their valences, -4 to 4; 0 takes a phrase out."""

    brand: str
    valences: tuple[tuple[str, float], ...]

    @property
    def version(self) -> str:
        """Return a short digest that changes with the rules."""
        return hashlib.sha256(repr((self.brand, sorted(self.valences))).encode()).hexdigest()[:8]

    def apply(self, text: str) -> str:
        """Return `text` with the phrases replaced, longer ones first."""
        for phrase, valence in sorted(self.valences, key=lambda rule: -len(rule[0])):
            token = f" {reserved_token(valence)} " if valence else MASK
            for start, end in reversed(find_names(text, (phrase,))):
                text = f"{text[:start]}{token}{text[end:]}"
        return text


def read_rulesets(lines: Iterable[str], *, where: str = "sentiment.rulesets") -> dict[str, Ruleset]:
    """Read rules written ``Brand: phrase = valence`` and return the ruleset of each brand.

    Raises ConfigError naming every line that cannot be read.
    """
    rules: dict[str, list[tuple[str, float]]] = {}
    problems: list[str] = []
    for number, line in enumerate(lines, start=1):
        brand, colon, rest = line.partition(":")
        phrase, equals, written = rest.rpartition("=")
        try:
            valence = float(written)
        except ValueError:
            valence = _MOST + 1
        if not (colon and equals and brand.strip() and phrase.strip()) or not -_MOST <= valence <= _MOST:
            problems.append(
                f'{where}[{number}]: write "Brand: phrase = valence" with a valence from -4 to 4, not "{line}"'
            )
            continue
        rules.setdefault(brand.strip(), []).append((phrase.strip(), round(valence, 1)))
    if problems:
        raise ConfigError(problems)
    return {brand: Ruleset(brand=brand, valences=tuple(valences)) for brand, valences in rules.items()}
