"""Make mentions, verdicts and stores for tests; everything in it is made up."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from listener.matching import Matcher
from listener.mention import Author, Engagement, Label, Match, Mention, Sentiment
from listener.pipeline import Judge
from listener.protocols import ScoringTask
from listener.query import Query
from listener.query.build import build_query
from listener.store import Judged, Store, Verdict
from stores import lay_store

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACME = build_query(brand="Acme", keywords=["acme"])
GLOBEX = build_query(brand="Globex", keywords=["globex"])
QUERIES: tuple[Query, ...] = (ACME, GLOBEX)

WORDS = [
    first + last
    for first in ("mor", "tel", "kan", "pid", "rus", "lov", "hem", "zat")
    for last in ("a", "ine", "ock", "ulp", "er")
]
"""Forty words that mean nothing."""


def own_words(person: str) -> str:
    """Return what a person says in words of their own, so that no two are near copies of one another."""
    return " ".join(random.Random(person).sample(WORDS, 10))


class WordScorer:
    """Feel good about "good" and bad about "bad"; leave "xyzzy" unscored."""

    name = "words"
    version = "1"

    def supports(self, language: str) -> bool:
        return bool(language)

    def score(self, tasks: list[ScoringTask]) -> list[Sentiment]:
        return [self._one(task) for task in tasks]

    def _one(self, task: ScoringTask) -> Sentiment:
        if "xyzzy" in task.text:
            return Sentiment.unscored(task.language, "unsupported_language")
        score = 0.5 * task.text.count("good") - 0.5 * task.text.count("bad")
        score = max(-1.0, min(1.0, score))
        label = Label.NO_EVIDENCE if score == 0 else Label.POSITIVE if score > 0 else Label.NEGATIVE
        return Sentiment(score=score, label=label, language=task.language, scorer="words", version="1", evidence=1)


class English:
    """Take everything for English."""

    version = "1"

    def identify(self, texts: list[str], claims: list[str | None]) -> list[str]:
        return [claim or "en" for _, claim in zip(texts, claims, strict=True)]


def make_judge(queries: tuple[Query, ...] = QUERIES) -> Judge:
    """Return the real stages with a scorer whose verdicts can be read off the text."""
    return Judge(queries, Matcher(queries), English(), WordScorer())


def make_mention(number: int = 1, text: str = "Acme is good", **fields: object) -> Mention:
    """Return a mention; its time is `number` minutes before NOW unless given."""
    values: dict[str, object] = {
        "source": "x",
        "id": str(number),
        "text": text,
        "published_at": NOW - timedelta(minutes=number),
        "author": Author(id=f"a{number % 7}", handle=f"jo_{number % 7}", followers=10 * (number % 7)),
        "engagement": Engagement(likes=number, reposts=0, replies=None),
        **fields,
    }
    return Mention(**values)  # type: ignore[arg-type]


def open_store(folder: Path, queries: tuple[Query, ...] = QUERIES) -> Store:
    """Return a new store with the two brands registered."""
    store = Store(lay_store(folder / "listener.db"))
    store.register([("Acme", "own"), ("Globex", "competitor")], queries, now=NOW)
    return store


def store_mentions(store: Store, mentions: list[Mention], judge: Judge | None = None) -> None:
    """Carry mentions through the stages into the store, as one page without a window."""
    judgement = (judge or make_judge()).judge(mentions, store.known([one.key for one in mentions]), now=NOW)
    store.save_page(judgement.judged, refreshed=judgement.refreshed, now=NOW)


def stories_of(store: Store) -> set[frozenset[str]]:
    """Return the stories of a store as the services' ids of their mentions."""
    found: dict[int, set[str]] = {}
    for native_id, story in store._connection.execute("SELECT native_id, story_id FROM mentions"):
        found.setdefault(story, set()).add(native_id)
    return {frozenset(one) for one in found.values()}


def assert_same_stories_in_any_order(
    folder: Path,
    mentions: Sequence[Mention],
    order: random.Random,
    page: int,
    after: Callable[[Store, Sequence[Mention]], None] | None = None,
) -> None:
    """Assert that mentions are the same stories in one page and, shuffled, in small ones; `after` is called after each."""
    (folder / "one").mkdir()
    (folder / "other").mkdir()
    with open_store(folder / "one") as store:
        store_mentions(store, list(mentions))
        right = stories_of(store)
    shuffled = order.sample(mentions, len(mentions))
    with open_store(folder / "other") as store:
        for start in range(0, len(shuffled), page):
            stored = shuffled[start : start + page]
            store_mentions(store, stored)
            if after is not None:
                after(store, stored)
        assert stories_of(store) == right
        assert store.check() == []


def make_judged(mention: Mention, label: Label, score: float | None) -> Judged:
    """Return a mention of Acme with this verdict."""
    sentiment = Sentiment(score=score, label=label, language="en", scorer="words", version="1")
    verdict = Verdict(match=Match(brand="Acme", query_version=ACME.version), sentiment=sentiment)
    return Judged(mention=mention, published_at=mention.published_at or NOW, language="en", verdicts=(verdict,))
