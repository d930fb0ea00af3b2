"""Hold what the pipeline hands to the store and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from listener.ledger import WindowRow
    from listener.mention import Match, Mention, Sentiment
    from listener.store.spending import Charge

__all__ = [
    "ChartSave",
    "DigestSave",
    "EpisodeSave",
    "Judged",
    "KnownMention",
    "OutboxItem",
    "PageProgress",
    "Rejudged",
    "ReplayMark",
    "SaveResult",
    "Verdict",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Hold that a mention matches a brand, and the feeling towards it."""

    match: Match
    sentiment: Sentiment


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Hold a mention with everything the stages found out about it.

    `published_at` stands in where the mention has no date of its own.
    """

    mention: Mention
    published_at: datetime
    language: str
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """Hold what of a stored mention comes out otherwise; `text_hash` is of the words it is about.

    `found` are verdicts on matches that it did not have, or not like this, `scored` are new ones on matches
    that it has, `lost` the brands that it matches no more. The language is None where it is as it was.
    """

    number: int
    text_hash: bytes
    language: str | None = None
    found: tuple[Verdict, ...] = ()
    scored: tuple[Verdict, ...] = ()
    lost: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayMark:
    """Say how far a replay over the stored mentions is.

    `kind` is its name, `target` what it brings the mentions to: a replay goes on
    where one of the same kind and target stopped. `position` is the last number done.
    """

    kind: str
    target: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMention:
    """Hold what is stored of a mention: enough to see what changed."""

    number: int
    text_hash: bytes
    query_versions: frozenset[tuple[str, str]]
    """(brand, query version) of its stored matches."""
    is_purged: bool = False
    """Its words were erased; it is not to be stored again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageProgress:
    """Say what saving a page means for the window it belongs to."""

    window: WindowRow
    cursor: str | None
    exhausted: bool
    marker: str | None = None
    complete_since: datetime | None = None
    lost_reason: str | None = None
    requests: int = 1
    items: int = 0
    fetched: int = 0
    charge: Charge | None = None
    """What the page cost."""
    existing: tuple[tuple[int, int, int], ...] = ()
    """(since, until, count) in epoch seconds: what the service says it has of spans of the window."""
    found_at: tuple[int, ...] = ()
    """When the mentions of the page were published, whether they match or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveResult:
    """Count what a page changed; `window` is the window as it now is, None once it is closed."""

    new: int = 0
    changed: int = 0
    seen: int = 0
    window: WindowRow | None = None
    brands: frozenset[str] = field(default=frozenset())
    """Brands with a new match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeSave:
    """Hold an episode as it now stands, and which news of it are to be sent.

    `key` names the episode for ever. `why` is JSON text: names and mention
    numbers, no texts. `news` are the kinds (opened, escalated, resolved) to put
    into the outbox, each once a destination.
    """

    key: str
    state: str
    severity: str
    opened_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    observed: float
    expected: float
    interval: tuple[float, float]
    surprise: float
    peak: float
    total: int
    coverage: float | None
    headline: str
    why: str
    news: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSave:
    """Hold a drawn chart and what it shows."""

    kind: str
    brand: str | None
    since: datetime
    until: datetime
    coverage: float | None
    title: str
    alt: str
    format: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSave:
    """Hold a rendered digest; `key` names its period and brands. `images` as in a notification."""

    key: str
    since: datetime
    until: datetime
    subject: str
    text: str
    html: str | None
    images: tuple[tuple[str, bytes, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """Hold one delivery that is due. `subject` is the episode's or the digest's number.

    `is_held` says that it was put off, as for the end of quiet hours, to a time that has not come.
    """

    number: int
    key: str
    destination: str
    kind: str
    subject: int
    attempts: int
    is_held: bool
