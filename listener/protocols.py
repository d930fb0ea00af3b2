"""Say what a source, a scorer and a notifier must be, and what they hand over.

Everything that stands behind these interfaces, built-in or plug-in, is held to
the same contract suite (`listener.testing`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from listener.mention import Mention, Sentiment
    from listener.query import Query

__all__ = [
    "LanguageIdentifier",
    "Notification",
    "Notifier",
    "Page",
    "Resource",
    "Scorer",
    "ScoringTask",
    "Skipped",
    "Source",
    "SourceFacts",
    "StopSignal",
    "Window",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Name one stream of mentions that a source reads with a cursor of its own.

    `key` identifies it for ever within the source and changes whenever what it
    selects changes (put a version or hash of the native query into it).
    `lane` is the stable, readable name across versions, such as ``search`` or
    ``feed:https://example.org/rss``: coverage of a lane is the union over its
    versions. `native` is what the service is asked (a query, a URL, a
    subreddit). `brand` is the brand it serves, None where its mentions are
    matched against every brand.
    """

    key: str
    lane: str
    native: str
    brand: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Ask for what was published in [since, until), aware UTC, whole seconds.

    `since` already reaches back by the source's overlap. `marker` is what the
    last drained window of the resource left in `Page.marker`, None at first.
    """

    since: datetime
    until: datetime
    marker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Say that one item of an answer could not become a mention, and why."""

    id: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Hold one answer of a source, read as far as it could be.

    `mentions` in the order the service gave them, each id once. `cursor` is
    opaque, JSON text or a token, at most 4 kB: with it the same window goes on
    in another process. `exhausted` says that nothing of the window is left to
    read; exactly then `cursor` is None. An empty page need not be exhausted.
    `complete_since`: on an exhausted page, the instant back to which the window
    was really read, where the service ended before the window did (history
    limit, item limit, feed length); None: all of it. `lost_reason` then says
    why. `marker` is handed to the resource's next window once this one is
    drained. `requests` counts the calls made for this page; `items` what the
    service sent, mentions or not (what a paid API bills).
    """

    mentions: tuple[Mention, ...] = ()
    cursor: str | None = None
    exhausted: bool = True
    complete_since: datetime | None = None
    lost_reason: str | None = None
    marker: str | None = None
    skipped: tuple[Skipped, ...] = ()
    requests: int = 1
    items: int | None = None


@runtime_checkable
class StopSignal(Protocol):
    """Tell a worker that it should end (threading.Event fits)."""

    def is_set(self) -> bool:
        """Say whether to stop as soon as what is in hand is safe."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds for the stop; True once it is set."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """Say what is known of a source, for `listener sources` and the manual.

    `key_needed` names the credential or is "none"; `cost` and `sees` are one
    phrase each. `horizon` is how far back the service can be read, None where
    there is no limit. `overlap` is how far behind the last window is read again
    for items that were indexed late. `lag` is how long after its publication an
    item may first be readable: windows end that long before now.
    `every` and `lookback` are the defaults of the schedule and the first window.
    `resources_fail_alone` says that each resource may be another host (feeds,
    instances): what goes wrong with one says nothing about the others.
    """

    summary: str
    key_needed: str = "none"
    cost: str = "free"
    sees: str = ""
    horizon: timedelta | None = None
    overlap: timedelta = timedelta(minutes=30)
    lag: timedelta = timedelta()
    every: timedelta = timedelta(minutes=15)
    lookback: timedelta = timedelta(days=1)
    resources_fail_alone: bool = False


@runtime_checkable
class Source(Protocol):
    """Fetch mentions from one service.

    An implementer guarantees: `plan` and `fetch` touch nothing but the service;
    `fetch` with the same window and cursor may be called again and gives the
    same mentions or newer readings of them; it never sleeps for longer than a
    request takes (a limit is raised as RateLimitedError, not waited for); every
    failure is a SourceError; each request has a time-out; text is plain and NFC.
    One instance is used by one thread at a time.
    """

    name: str
    """Lower-case name, also the table in the config and the mentions' `source`."""

    Options: ClassVar[type]
    """Frozen dataclass of the source's own options (see `listener.options`)."""

    facts: ClassVar[SourceFacts]

    def plan(self, queries: Sequence[Query]) -> Sequence[Resource]:
        """Return the resources that together can see every match of `queries`.

        A brand's mentions are a superset: what was asked exactly is decided
        locally. Raises RejectedQueryError for a query the service cannot ask.
        """
        ...

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read one page of a window: its first where `cursor` is None."""
        ...

    def check(self) -> str:
        """Make one cheap call with the credentials; return one line on what answered.

        Raises a SourceError (CredentialsError where a key is missing or refused).
        """
        ...

    def close(self) -> None:
        """Release connections; the instance is not used afterwards."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringTask:
    """Ask for the feeling of one text towards one brand.

    `language` is the identified language (BCP 47, ``und`` where unknown,
    ``hi-Latn`` for romanised Hindi or Urdu). `target` are the brand's names, empty
    for the whole text. `spans` are code-point ranges of the brand in `text`.
    `masks` are the names of all tracked brands: words that must not carry
    sentiment by themselves.
    """

    text: str
    language: str
    title: str | None = None
    brand: str | None = None
    target: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    masks: tuple[str, ...] = field(default=())


@runtime_checkable
class Scorer(Protocol):
    """Score texts.

    An implementer guarantees: results in input order, one each; the same input
    gives the same result under the same `version`; a text it cannot judge is
    returned unscored with a reason, never neutral; safe to use from several threads.
    """

    name: str
    version: str

    def supports(self, language: str) -> bool:
        """Say whether texts of this language can be scored."""
        ...

    def score(self, tasks: Sequence[ScoringTask]) -> Sequence[Sentiment]:
        """Return (n_tasks,) sentiments in input order."""
        ...


@runtime_checkable
class LanguageIdentifier(Protocol):
    """Tell the language of texts; deterministic, safe to use from several threads."""

    version: str

    def identify(self, texts: Sequence[str], claims: Sequence[str | None]) -> Sequence[str]:
        """Return (n_texts,) BCP 47 tags in input order, ``und`` where unknown.

        `claims` are the platforms' own (may be wrong or None): a prior, not a verdict.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """Hold one message to people: an alert or a digest, rendered.

    `key` is the idempotency key: the same key is delivered once to a destination.
    `text` is the plain twin of `html`, equal in content. `images` are
    (content id, PNG bytes, alt text) that the HTML shows inline.
    """

    key: str
    kind: str
    subject: str
    text: str
    html: str | None = None
    images: tuple[tuple[str, bytes, str], ...] = ()


@runtime_checkable
class Notifier(Protocol):
    """Hand a notification to one destination.

    An implementer guarantees: `send` returns only after the destination accepted
    the message; raises TransientDeliveryError or PermanentDeliveryError
    otherwise; bounded in time.
    """

    name: str
    destination: str
    """Readable, free of secrets; with the key it identifies a delivery."""

    def send(self, notification: Notification) -> None:
        """Deliver, or raise a DeliveryError."""
        ...
