"""Answer questions about what is stored: trend, share of voice, mentions, terms, coverage."""

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
)

__all__ = [
    "METRICS",
    "CoverageGap",
    "EpisodeRow",
    "MentionFilter",
    "MentionRow",
    "ShareRow",
    "SourceCount",
    "TermRow",
    "Trend",
    "TrendBucket",
]
