"""Time our evaluation of VADER's rules against the package, in one run.

    python benchmarks/vader.py

Prints ratios: texts a second of ours over the package's, on made-up short posts
(cold and warm memory of tokens), by length, and how time grows up to 50 000 words.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from sentiment.vader import VaderRules, default_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FILLER = [
    "the",
    "a",
    "to",
    "of",
    "and",
    "in",
    "on",
    "it",
    "is",
    "was",
    "for",
    "my",
    "this",
    "that",
    "with",
    "at",
    "so",
    "we",
    "they",
    "router",
    "parcel",
    "shop",
    "phone",
    "app",
    "day",
]
PACKAGE = SentimentIntensityAnalyzer()


def made_up_posts(count: int, words: int, seed: int) -> list[str]:
    """Return posts in which about every sixth word carries feeling."""
    draw = random.Random(seed)
    loaded = sorted(word for word in PACKAGE.lexicon if word.isalpha())
    rare = [f"name{number}" for number in range(5_000)]

    def word() -> str:
        kind = draw.random()
        return draw.choice(loaded if kind < 1 / 6 else rare if kind < 1 / 3 else FILLER)

    ends = (".", "!", "!!", "?", " \N{FACE WITH TEARS OF JOY}", " :)", "")
    return [" ".join(word() for _ in range(words)) + draw.choice(ends) for _ in range(count)]


def seconds(read: Callable[[str], object], texts: Sequence[str]) -> float:
    """Return the time one pass over `texts` takes."""
    start = time.perf_counter()
    for text in texts:
        read(text)
    return time.perf_counter() - start


def main() -> None:
    """Print the ratios."""
    rules = default_rules()
    posts = made_up_posts(4_000, 16, seed=1)
    fresh = VaderRules(rules.lexicon, rules.emoji)
    package = seconds(PACKAGE.polarity_scores, posts)
    cold, warm = seconds(fresh.read, posts), seconds(fresh.read, posts)
    print(f"posts of 16 words: package {len(posts) / package:,.0f}/s, ours {len(posts) / warm:,.0f}/s")
    print(f"  ratio cold {package / cold:.1f}, warm {package / warm:.1f}")
    for words, count in ((200, 100), (1_000, 10), (5_000, 1)):
        long = made_up_posts(count, words, seed=words)
        ours = min(seconds(rules.read, long) for _ in range(3))
        print(f"{words:6} words: ratio {seconds(PACKAGE.polarity_scores, long) / ours:.1f}")
    per_word = {
        words: min(seconds(rules.read, made_up_posts(1, words, seed=3)) for _ in range(3)) / words
        for words in (1_000, 50_000)
    }
    print(f"time a word at 50 000 words over that at 1 000: {per_word[50_000] / per_word[1_000]:.2f}")


if __name__ == "__main__":
    main()
