"""Answer questions about what is stored: trend, share of voice, mentions, terms, coverage."""

from listener.search.reader import Reader
from listener.search.records import (
    METRICS,
    AskedRow,
    CoverageGap,
    EpisodeRow,
    MentionFilter,
    MentionRow,
    ShareRow,
    SourceCount,
    SurveyRow,
    TermRow,
    Trend,
    TrendBucket,
    Wording,
)
from listener.search.trend import Span

__all__ = [
    "METRICS",
    "AskedRow",
    "CoverageGap",
    "EpisodeRow",
    "MentionFilter",
    "MentionRow",
    "Reader",
    "ShareRow",
    "SourceCount",
    "Span",
    "SurveyRow",
    "TermRow",
    "Trend",
    "TrendBucket",
    "Wording",
]
