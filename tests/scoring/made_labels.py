"""Make labelled texts in invented words that no word list knows, so that only labels can teach them."""

from __future__ import annotations

import random

from listener.protocols import ScoringTask
from sentiment.training import Example

GLAD = ("florpy", "zindle", "brastic", "quomful")
CROSS = ("grubbed", "snarkled", "vromp", "plodgy")
PLAIN = ("lid", "spout", "cable", "handle", "paint", "carton", "parcel", "shelf", "corner", "shop")
LABELS = ("negative", "neutral", "positive")


def made_text(label: str, draw: random.Random) -> str:
    """Return a sentence of a label; every one is different."""
    words = [draw.choice(PLAIN) for _ in range(4)]
    if label != "neutral":
        words.insert(draw.randrange(4), draw.choice(GLAD if label == "positive" else CROSS))
    return f"Acme the {' '.join(words)} and {draw.choice(PLAIN)}{draw.randrange(10**6)}x{chr(97 + draw.randrange(26))}"


def made_pairs(n: int, seed: int = 0) -> list[tuple[str, str]]:
    """Return (text, label) pairs, the labels in turn."""
    draw = random.Random(seed)
    return [(made_text(LABELS[turn % 3], draw), LABELS[turn % 3]) for turn in range(n)]


def made_examples(n: int, seed: int = 0, *, language: str = "en") -> list[Example]:
    """Return the same as examples of a brand."""
    return [Example(task_of(text, language), label) for text, label in made_pairs(n, seed)]


def task_of(text: str, language: str = "en", brand: str = "Acme") -> ScoringTask:
    return ScoringTask(text=text, language=language, brand=brand, target=(brand,), masks=(brand,))
