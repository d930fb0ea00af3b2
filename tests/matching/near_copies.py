"""Write posts in several scripts from a seed, and change them as people and bots do."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SYLLABLES: Final = {
    "latin": ["ka", "lo", "mi", "ra", "ten", "vo", "su", "bri", "dal", "fe", "gor", "hin", "lum", "nor", "pax"],
    "cyrillic": ["ка", "ло", "ми", "ра", "тен", "во", "су", "бри", "дал", "фе", "гор", "хин"],  # noqa: RUF001 - another script
    "devanagari": ["का", "लो", "मि", "रा", "तेन", "वो", "सु", "दल", "फे", "गोर", "हिन", "नोर"],
    "arabic": ["كا", "لو", "مي", "را", "تن", "فو", "سو", "بر", "دل", "في", "جر", "هن"],
    "han": list("天鳥谷風五日車消光海山川花月星雨雪火水木金土石田"),
}
VARIANTS: Final = ("repost", "link", "emoji", "case", "deleted", "replaced")
COMMON: Final = 40
"""Words of each script that are in most texts, as in any language."""


class Posts:
    """Make posts of 8 to 30 words, of which a half are common ones."""

    def __init__(self, script: str, seed: int) -> None:
        self._rng = random.Random(f"{script} {seed}")
        self._words = [
            "".join(self._rng.choices(SYLLABLES[script], k=self._rng.choice((2, 2, 3)))) for _ in range(4_000)
        ]
        self.space = "" if script == "han" else " "

    def words(self) -> list[str]:
        rng = self._rng
        count = 8 + min(22, int(rng.expovariate(1 / 8)))
        return [rng.choice(self._words[:COMMON] if rng.random() < 0.5 else self._words) for _ in range(count)]

    def variant(self, words: list[str], kind: str) -> str:
        """Return a post said again, in one of the VARIANTS."""
        rng, text = self._rng, self.space.join(words)
        place = rng.randrange(len(words))
        match kind:
            case "repost":
                return f"RT @somebody: {text}"
            case "link":
                return f"{text} https://site.example/{rng.randrange(10**6)}"
            case "emoji":
                return f"{text} 😂🔥"
            case "case":
                return text.upper()
            case "deleted":
                return self.space.join(words[:place] + words[place + 1 :])
            case _:
                return self.space.join([*words[:place], rng.choice(self._words), *words[place + 1 :]])

    def pairs(self, kind: str, count: int) -> Iterator[tuple[str, str]]:
        for _ in range(count):
            words = self.words()
            yield self.space.join(words), self.variant(words, kind)
