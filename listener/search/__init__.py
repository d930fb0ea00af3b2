"""Answer questions about what is stored: trend, share of voice, mentions, terms, coverage."""

from listener.search.reader import Reader
from listener.search.records import (
    METRICS,
    CoverageGap,
    EpisodeRow,
    MentionFilter,
    MentionRow,
    ShareRow,
    SourceCount,
    TermRow,
    Trend,
    TrendBucket,
    Wording,
)
from listener.search.trend import Span

__all__ = [
    "METRICS",
    "CoverageGap",
    "EpisodeRow",
    "MentionFilter",
    "MentionRow",
    "Reader",
    "ShareRow",
    "SourceCount",
    "Span",
    "TermRow",
    "Trend",
    "TrendBucket",
    "Wording",
]
