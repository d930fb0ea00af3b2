"""Time our evaluation of VADER's rules against the package, in one run.

    python benchmarks/vader.py [--posts 4000] [--words 50000] [--json FILE]

Prints ratios: texts a second of ours over the package's, on made-up short posts
(cold and warm memory of tokens), by length, and how time grows up to 50 000 words.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

from figures import Ratio, write_figures
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
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--posts", type=int, default=4_000, help="how many short posts are scored")
    parser.add_argument(
        "--words", type=int, default=50_000, help="how long the longest text is; the package reads a tenth"
    )
    parser.add_argument("--json", type=Path, help="also write the figures here")
    asked = parser.parse_args()
    rules = default_rules()
    posts = made_up_posts(asked.posts, 16, seed=1)
    fresh = VaderRules(rules.lexicon, rules.emoji)
    package = seconds(PACKAGE.polarity_scores, posts)
    cold, warm = seconds(fresh.read, posts), seconds(fresh.read, posts)
    print(f"posts of 16 words: package {len(posts) / package:,.0f}/s, ours {len(posts) / warm:,.0f}/s")
    print(f"  ratio cold {package / cold:.1f}, warm {package / warm:.1f}")
    figures = [vader_ratio("posts of 16 words, cold", cold, package), vader_ratio("posts of 16 words", warm, package)]
    for words, count in ((200, 100), (1_000, 10), (5_000, 1)):
        if words > asked.words // 10:
            break
        long = made_up_posts(count, words, seed=words)
        ours = min(seconds(rules.read, long) for _ in range(3))
        figures.append(vader_ratio(f"a text of {words} words", ours, seconds(PACKAGE.polarity_scores, long)))
        print(f"{words:6} words: ratio {1 / figures[-1].ratio:.1f}")
    per_word = {
        words: min(seconds(rules.read, made_up_posts(1, words, seed=3)) for _ in range(3)) / words
        for words in (1_000, asked.words)
    }
    print(f"time a word at {asked.words} words over that at 1000: {per_word[asked.words] / per_word[1_000]:.2f}")
    write_figures(asked.json, figures)


def vader_ratio(name: str, ours: float, package: float) -> Ratio:
    """Return our time and that of the package."""
    return Ratio(name=name, unit="s", value=ours, baseline="vaderSentiment", baseline_value=package)


if __name__ == "__main__":
    main()
