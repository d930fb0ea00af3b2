"""Stand in for sources, scorers, notifiers and the clock."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from listener.api import (
    DeliveryError,
    Label,
    Mention,
    Notification,
    Page,
    Resource,
    ScoringTask,
    Sentiment,
    SourceFacts,
    option,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from listener.api import Query, Window

__all__ = ["FakeNotifier", "FakeScorer", "FakeSource", "FakeSourceOptions", "FrozenClock"]


@dataclass(slots=True)
class FrozenClock:
    """Tell a time that stands still until it is moved; call it for the present instant."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 20, 8, tzinfo=UTC))

    def __call__(self) -> datetime:
        """Return the present instant."""
        return self.now

    def advance(self, length: timedelta) -> None:
        """Move the time forward."""
        self.now += length


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeSourceOptions:
    """Hold the options of a FakeSource."""

    page_size: int = option("Mentions in one page.", default=2, minimum=1)


class FakeSource:
    """Hand out given mentions, newest first; raise `failures`, one a fetch, before anything else.

    The list of mentions and of failures may be changed while the source is used.
    `fetched` counts the calls of fetch.
    """

    name = "fake"
    Options: ClassVar[type] = FakeSourceOptions
    facts: ClassVar[SourceFacts] = SourceFacts(summary="Mentions made up by a test.", sees="what it is given")

    def __init__(
        self,
        mentions: Sequence[Mention] = (),
        *,
        name: str = "fake",
        options: FakeSourceOptions | None = None,
        failures: Sequence[Exception] = (),
    ) -> None:
        self.name = name
        self.mentions = list(mentions)
        self.failures = list(failures)
        self.fetched = 0
        self.closed = False
        self._options = options or FakeSourceOptions()

    def plan(self, queries: Sequence[Query]) -> Sequence[Resource]:
        """Return one resource for every brand."""
        return [
            Resource(key=f"{query.brand}-{query.version}", lane="search", native=query.text, brand=query.brand)
            for query in queries
        ]

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Return the next page of the window."""
        del resource  # a superset of what any query matches
        self.fetched += 1
        if self.failures:
            raise self.failures.pop(0)
        fitting = sorted(self._fitting(window), key=lambda mention: (mention.published_at, mention.id), reverse=True)
        start = 0 if cursor is None else int(json.loads(cursor))
        end = start + self._options.page_size
        is_last = end >= len(fitting)
        return Page(
            mentions=tuple(fitting[start:end]),
            cursor=None if is_last else json.dumps(end),
            exhausted=is_last,
            items=len(fitting[start:end]),
        )

    def check(self) -> str:
        """Say that everything is fine."""
        return "answers"

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True

    def _fitting(self, window: Window) -> Iterator[Mention]:
        for mention in self.mentions:
            if mention.published_at is not None and window.since <= mention.published_at < window.until:
                yield mention


class FakeScorer:
    """Score by two words: "good" and "bad"; supports the given languages and counts its calls."""

    name = "fake"
    version = "1"

    def __init__(self, languages: Collection[str] = ("en",)) -> None:
        self.calls = 0
        self._languages = frozenset(languages)

    def supports(self, language: str) -> bool:
        """Say whether texts of this language can be scored."""
        return language in self._languages

    def score(self, tasks: Sequence[ScoringTask]) -> Sequence[Sentiment]:
        """Return (n_tasks,) sentiments in input order."""
        self.calls += 1
        return [self._one(task) for task in tasks]

    def _one(self, task: ScoringTask) -> Sentiment:
        if not self.supports(task.language):
            return Sentiment.unscored(task.language, "unsupported_language")
        words = task.text.casefold().split()
        if not words:
            return Sentiment.unscored(task.language, "empty")
        good, bad = words.count("good"), words.count("bad")
        score = (good - bad) / (good + bad) if good + bad else 0.0
        label = Label.POSITIVE if score > 0 else Label.NEGATIVE if score < 0 else Label.NEUTRAL
        return Sentiment(
            score=score,
            label=label if good + bad else Label.NO_EVIDENCE,
            language=task.language,
            scorer=self.name,
            version=self.version,
            evidence=good + bad,
        )


class FakeNotifier:
    """Keep what is sent in `sent`; raise `failures`, one a send, before anything else."""

    name = "fake"

    def __init__(self, destination: str = "a test", *, failures: Sequence[DeliveryError] = ()) -> None:
        self.destination = destination
        self.failures = list(failures)
        self.sent: list[Notification] = []

    def send(self, notification: Notification) -> None:
        """Keep the notification, or raise the next failure."""
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(notification)
