"""Answer questions about what is stored: trend, share of voice, mentions, terms, coverage."""

from typing import TYPE_CHECKING

from listener.search.reader import Reader
from listener.search.trends import METRICS, ShareRow, Span, Trend, TrendBucket

if TYPE_CHECKING:
    from listener.search.records import (
        AskedRow,
        CoverageGap,
        EpisodeRow,
        MentionFilter,
        MentionRow,
        SourceCount,
        SurveyRow,
        TermRow,
        Wording,
    )
else:

    def __getattr__(name: str) -> type:
        """Load the other records when one is asked for: a trend needs none of them."""
        if name not in __all__:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        from listener.search import records  # noqa: PLC0415 - as it says

        return getattr(records, name)


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
