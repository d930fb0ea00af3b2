"""Hold what a reader asks and what the store answers.

Those of a trend stand in `listener.search.trends`. A count that is not known is None, never 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.frozen import dataclass
from listener.search.trends import METRICS, ShareRow, Trend, TrendBucket

if TYPE_CHECKING:
    from datetime import datetime

    from listener.mention import Label

__all__ = [
    "METRICS",
    "AskedRow",
    "CoverageGap",
    "EpisodeRow",
    "MentionFilter",
    "MentionRow",
    "ShareRow",
    "SourceCount",
    "SurveyRow",
    "TermRow",
    "Trend",
    "TrendBucket",
    "Wording",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionFilter:
    """Say which stored mentions a reader wants; None or empty is no condition.

    `since` and `until` are a half-open span of publication times. `labels` are
    the effective ones; without any, mentions that people found irrelevant are left out. `text` is plain words, all of which must occur.
    `unanswered_of` names brands: of them the mentions that they did not answer as far as is known,
    without reposts, articles and surveys, which nobody answers. `with_loudest` adds to the newest `limit` of a brand as many
    that have most engagement.
    """

    brand: str | None = None
    source: str | None = None
    language: str | None = None
    labels: tuple[Label, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    include_reposts: bool = True
    limit: int = 50
    unanswered_of: tuple[str, ...] = ()
    with_loudest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionRow:
    """Hold one stored mention as a reader sees it, once a brand it matches.

    `number` is the short number that names it on the command line. `spans` are
    the places of the brand: (field, start, end). Text, title, url and author are
    None once purged. `label` is a person's where `labelled_at` says when, and
    `score` is then None unless the scorer agreed; `is_label_stale` says that the
    words were edited since. `answered_at` is when an account of the brand's own first
    answered, `thread_read_at` up to when the thread was last read for that; None where it never was.
    """

    number: int
    brand: str | None
    source: str
    id: str
    kind: str
    url: str | None
    author: str | None
    author_name: str | None
    followers: int | None
    title: str | None
    text: str | None
    language: str
    published_at: datetime
    seen_at: datetime
    label: Label
    score: float | None
    likes: int | None
    reposts: int | None
    replies: int | None
    views: int | None
    is_repost: bool
    story: int
    spans: tuple[tuple[str, int, int], ...] = ()
    labelled_at: datetime | None = None
    is_label_stale: bool = False
    answered_at: datetime | None = None
    thread_read_at: datetime | None = None

    @property
    def engagement(self) -> int:
        """Return likes + reposts + replies over what is known."""
        return (self.likes or 0) + (self.reposts or 0) + (self.replies or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRow:
    """Hold a mention that a brand could answer, and what is known of the answer.

    `answered_at` is the first answer. Where there is none, `open_until` is up to when
    that is sure; None where nobody looked.
    """

    number: int
    source: str
    asked_at: datetime
    answered_at: datetime | None = None
    open_until: datetime | None = None

    @property
    def is_known(self) -> bool:
        """Say whether it is known that it was answered, or that it was not."""
        return self.answered_at is not None or self.open_until is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyRow:
    """Hold one answer to a survey, or the stars of a review.

    `instrument` is ``nps``, ``csat`` or ``ces``, `answer` the number given on the
    scale from `low` to `high`.
    """

    source: str
    answered_at: datetime
    instrument: str
    answer: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TermRow:
    """Hold a word or phrase that is said more than before.

    `now` and `before` count stories that hold it; `expected` is what `before`
    would give in a span as long as now; `excess` is now - expected; `zeta` is the
    log-odds z-score with informative Dirichlet prior (Monroe, Colaresi & Quinn 2008).
    """

    term: str
    now: int
    before: int
    expected: float
    excess: float
    zeta: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Hold of a stored mention what explaining a change needs; purged ones have no wording."""

    number: int
    text: str
    source: str
    published_at: datetime
    author: str | None
    story: int
    links: tuple[str, ...]
    hashtags: tuple[str, ...]
    language: str
    label: Label
    is_repost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCount:
    """Hold the mentions of one source (or language) in a span, by label."""

    name: str
    mentions: int
    positive: int
    neutral: int
    negative: int
    no_evidence: int
    unscored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageGap:
    """Hold a span in which a source was not (fully) read.

    `state` is open (will be resumed), lost (can no longer be read), budget
    (stopped by the budget) or unread (never asked for). `brand` is None where the
    source is read for several, which `brands` names, or for all.
    """

    source: str
    lane: str
    brand: str | None
    since: datetime
    until: datetime
    state: str
    reason: str | None
    brands: tuple[str, ...] = ()

    def concerns(self, brand: str) -> bool:
        """Say whether mentions of a brand may be missing."""
        return self.brand == brand or (self.brand is None and (not self.brands or brand in self.brands))


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeRow:
    """Hold one episode of an alert as it is stored.

    `interval` is the usual range (low, high) of the observed figure; `surprise`
    how many of its usual swings it is away from what is expected. The lists are the
    reasons: names, and the numbers of representative mentions. `kind` is that of its
    rule, empty where it is not known. `is_useful` is what a person said of it. `first` is
    the number of the mention its cause began with, `author_share` the share of the busiest
    author, `negative_share` that of `scored` mentions of its time, `usual_negative_share`
    that of `usual_scored` ones before; None where nothing is known.
    """

    id: int
    brand: str
    rule: str
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
    coverage: float | None
    headline: str
    terms: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    mentions: tuple[int, ...] = ()
    acknowledged_at: datetime | None = None
    is_useful: bool | None = None
    kind: str = ""
    tier: str = ""
    total: int = 0
    hashtags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    first: int | None = None
    author_share: float | None = None
    negative_share: float | None = None
    scored: int = 0
    usual_negative_share: float | None = None
    usual_scored: int = 0
