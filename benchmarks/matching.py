"""Measure matching of many queries against the loops it replaces, in one run.

    python benchmarks/matching.py [--posts 200000] [--queries 10000]

Every figure is a ratio against a baseline named beside it, measured in the same
process on the same posts (CPU time). The posts are made up of a Zipf-like
vocabulary in five languages; about one in twenty names a tracked brand, and about
two in five are plain ASCII, as in public streams. They are matched in pages of a
hundred, as the pipeline does; what one costs by itself is printed too.
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from figures import Ratio, write_figures
from made_words import word

from listener.matching import Matcher
from listener.mention import Mention
from listener.query import And, Hashtag, Node, Not, Or, Phrase, Query
from listener.query.build import build_query
from listener.query.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMON = [
    "the",
    "a",
    "i",
    "to",
    "and",
    "of",
    "my",
    "is",
    "it",
    "for",
    "on",
    "you",
    "in",
    "this",
    "that",
    "so",
    "be",
    "with",
    "not",
    "just",
    "was",
    "are",
    "at",
    "have",
    "but",
    "what",
    "all",
    "they",
    "from",
    "out",
    "up",
    "get",
    "like",
    "me",
    "time",
    "new",
    "day",
    "good",
    "if",
    "when",
    "no",
    "now",
    "can",
    "really",
    "how",
    "one",
    "people",
    "coffee",
    "phone",
    "service",
    "app",
    "update",
    "order",
    "delivery",
    "price",
    "store",
    "support",
    "team",
    "game",
    "music",
    "train",
    "bank",
    "fast",
    "slow",
    "great",
    "terrible",
    "love",
    "hate",
    "again",
    "broken",
]
HINDI = [
    "यह",
    "सेवा",
    "बहुत",
    "खराब",
    "है",
    "मुझे",
    "नया",
    "फोन",
    "पसंद",
    "आया",
    "आज",
    "कल",
    "ग्राहक",
    "सहायता",
    "क्यों",
    "कोई",
    "खरीदे",
    "अच्छा",
    "नहीं",
    "मेरा",
    "दिन",
]
SPANISH = [
    "el",
    "la",
    "de",
    "que",
    "y",
    "en",
    "un",
    "servicio",
    "café",
    "muy",
    "mañana",
    "año",
    "teléfono",
    "está",
    "malo",
    "bueno",
    "nunca",
    "más",
    "rápido",
    "envío",
]
JAPANESE = "サービスが最悪だった新しい電話を買ったとても良い今日は雨コーヒー飲みたい"
TAMIL = ["இது", "மிகவும்", "நல்ல", "சேவை", "எனக்கு", "பிடிக்கும்", "இன்று", "புதிய", "தொலைபேசி", "வாங்க", "வேண்டாம்"]
TAILS = (
    *("", "", "", "", " ...", " ?!", "!"),
    *(" \U0001f602", "\u2026 https://short.example/a1b2", " \u2764\ufe0f", " it\u2019s me", " \U0001f525\U0001f525"),
)

BRAND_SHARE = 0.05
PARTS = 20
PAGE = 100

BARS = {
    "posts a second and core": 100_000,
    "keywords against the substring loop": 80,
    "booleans against a loop over the trees": 300,
    "growth from 100 to 10 000 queries": 3,
}


def brand_names(rng: random.Random, count: int) -> list[str]:
    """Return made-up names of two to four syllables, each once."""
    names: dict[str, None] = {}
    while len(names) < count:
        names[word(rng, rng.randint(2, 4))] = None
    return list(names)


def posts_of(rng: random.Random, names: Sequence[str], count: int) -> list[Mention]:
    """Return mentions, of which one in twenty names a brand."""
    weights = [1 / (rank + 2) for rank in range(len(COMMON))]
    posts = []
    for number in range(count):
        words = _words(rng, weights)
        if rng.random() < BRAND_SHARE:
            words.insert(rng.randrange(len(words) + 1), rng.choice(names).capitalize())
        text = " ".join(words) + rng.choice(TAILS)
        posts.append(Mention(source="bench", id=str(number), text=text, published_at=None))
    return posts


def _words(rng: random.Random, weights: Sequence[float]) -> list[str]:
    [language] = rng.choices(("en", "es", "hi", "ta", "ja"), (70, 12, 8, 3, 7))
    length = rng.randint(6, 40)
    if language == "en":
        return rng.choices(COMMON, weights, k=length)
    if language == "ja":
        return ["".join(rng.choices(JAPANESE, k=length * 2))]
    return rng.choices({"es": SPANISH, "hi": HINDI, "ta": TAMIL}[language], k=length)


def boolean_of(rng: random.Random, name: str) -> str:
    """Return a boolean expression about a brand, of the sorts people write."""
    a, b, c = rng.sample(COMMON[20:], 3)
    return rng.choice(
        [
            f"{name} ({a} OR {b}) -{c}",
            f'({name} OR "{name} {a}") -({b} {c})',
            f"{name} NEAR/5 ({a} OR {b} OR {c})",
            f"({name} OR #{name}) -{a} -{b}",
        ]
    )


def naive_holds(node: Node, text: str) -> bool:
    """Decide a tree by substrings: the loop that is replaced, as quick as a plain loop can be."""
    kind = type(node)
    if kind is Phrase:
        return node.text in text
    if kind is Hashtag:
        return "#" + node.tag in text
    if kind is Not:
        return not naive_holds(node.child, text)
    if kind is Or:  # plain loops: generator expressions would double the time of the baseline
        for child in node.children:  # noqa: SIM110 - see above
            if naive_holds(child, text):
                return True
        return False
    for child in node.children if kind is And else (node.left, node.right):  # noqa: SIM110 - see above
        if not naive_holds(child, text):
            return False
    return True


def seconds_each(work: Callable[[Sequence[Mention]], object], posts: Sequence[Mention]) -> float:
    """Return CPU seconds a post: the median over parts of the posts, since other work disturbs single ones."""
    size = max(1, len(posts) // PARTS)
    parts = []
    for start in range(0, len(posts) - size + 1, size):
        part = posts[start : start + size]
        before = time.process_time()
        work(part)
        parts.append((time.process_time() - before) / size)
    return statistics.median(parts)


def one_by_one(work: Callable[[Mention], object]) -> Callable[[Sequence[Mention]], None]:
    """Return the work on many posts that is done on one after another."""

    def each(posts: Sequence[Mention]) -> None:
        for post in posts:
            work(post)

    return each


def by_page(matcher: Matcher) -> Callable[[Sequence[Mention]], None]:
    """Return the work of matching posts as the pipeline does, page by page."""

    def each(posts: Sequence[Mention]) -> None:
        for start in range(0, len(posts), PAGE):
            matcher.match_many(posts[start : start + PAGE])

    return each


def megabytes() -> float:
    """Return the peak resident memory of this process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def report(figure: str, value: float, baseline: str) -> bool:
    """Print one figure beside its bar; return whether it is met."""
    bar = BARS[figure]
    met = value <= bar if figure.startswith("growth") else value >= bar
    print(f"{figure:<42} {value:>12,.1f}   bar {bar:>9,}   {'met' if met else 'MISSED':<7} {baseline}")
    return met


def main() -> int:
    """Run all measurements; return 1 where a bar is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--posts", type=int, default=200_000)
    options.add_argument("--queries", type=int, default=10_000)
    options.add_argument("--json", type=Path, help="also write the figures here")
    given = options.parse_args()
    rng = random.Random(20261122)
    names = brand_names(rng, given.queries)
    posts = posts_of(rng, names, given.posts)
    gc.freeze()  # the posts are the benchmark's own: walking them is not the matcher's work
    few, some = posts[:100], posts[:20_000]
    ascii_share = sum(post.text.isascii() for post in some) / len(some)
    mean = sum(len(post.text) for post in some) / len(some)
    print(
        f"{len(posts):,} posts of {mean:.0f} characters, {ascii_share:.0%} ASCII; {given.queries:,} queries; before: {megabytes():.0f} MB"
    )

    keywords = [build_query(brand=name) for name in names]
    trees = [parse(boolean_of(rng, name)) for name in names]
    booleans = [Query.of(name, tree) for name, tree in zip(names, trees, strict=True)]
    mixed = [*keywords[: len(names) * 4 // 5], *booleans[len(names) * 4 // 5 :]]

    before = time.process_time()
    matcher = Matcher(mixed)
    print(f"built in {time.process_time() - before:.2f} s; {megabytes():.0f} MB")
    hits = sum(bool(matcher.match(post)) for post in some)
    print(f"{hits / len(some):.1%} of posts match")
    each = seconds_each(by_page(matcher), posts)
    met = [report("posts a second and core", 1 / each, "the mixture, one in five queries boolean")]
    print(f"{'the same, one post at a time':<42} {1 / seconds_each(one_by_one(matcher.match), posts):>12,.1f}")

    def over_names(post: Mention) -> list[str]:
        text = post.text.lower()
        return [name for name in names if name in text]

    loop = seconds_each(one_by_one(over_names), few)
    ours = seconds_each(by_page(Matcher(keywords)), some)
    figures = [against("keywords", ours, loop, "a substring loop")]
    met.append(
        report("keywords against the substring loop", loop / ours, f"{loop * 1e6:,.0f} us against {ours * 1e6:.1f} us")
    )

    def over_trees(post: Mention) -> list[Query]:
        text = post.text.lower()
        return [query for query in booleans if naive_holds(query.tree, text)]

    loop = seconds_each(one_by_one(over_trees), few)
    ours = seconds_each(by_page(Matcher(booleans)), some)
    figures.append(against("booleans", ours, loop, "a loop over the trees"))
    met.append(
        report(
            "booleans against a loop over the trees", loop / ours, f"{loop * 1e6:,.0f} us against {ours * 1e6:.1f} us"
        )
    )

    small = seconds_each(by_page(Matcher([*keywords[:80], *booleans[80:100]])), some)
    large = seconds_each(by_page(matcher), some)
    met.append(
        report("growth from 100 to 10 000 queries", large / small, f"{small * 1e6:.1f} us to {large * 1e6:.1f} us")
    )
    figures.append(against("all queries", large, small, "100 queries"))
    write_figures(given.json, figures)
    print(f"peak memory {megabytes():.0f} MB")
    return 0 if all(met) else 1


def against(name: str, ours: float, theirs: float, baseline: str) -> Ratio:
    """Return the microseconds a post of ours and of a baseline."""
    return Ratio(name=name, unit="us a post", value=1e6 * ours, baseline=baseline, baseline_value=1e6 * theirs)


if __name__ == "__main__":
    sys.exit(main())
