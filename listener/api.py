"""Offer plug-ins everything they may use, and nothing else.

Plug-ins import from here and from `listener.testing`. What stands here does not
change without a changelog entry.
"""

from __future__ import annotations

from listener.cleaning import clean, clean_line
from listener.clock import format_duration, from_epoch, parse_duration, parse_instant, to_epoch, utc_now
from listener.errors import (
    CredentialsError,
    DeliveryError,
    ForbiddenError,
    ListenerError,
    NotFoundError,
    PermanentDeliveryError,
    PermanentSourceError,
    RateLimitedError,
    RejectedQueryError,
    SourceError,
    StoppedError,
    TransientDeliveryError,
    TransientSourceError,
    UnavailableError,
    UnexpectedAnswerError,
    UsageCappedError,
)
from listener.mention import ASSIGNED_BRAND, KINDS, Author, Engagement, Label, Match, Mention, Sentiment, Span
from listener.options import OptionInfo, Secret, option
from listener.protocols import (
    LanguageIdentifier,
    Notification,
    Notifier,
    Page,
    RecheckFacts,
    RecheckPage,
    Rechecks,
    Resource,
    Scorer,
    ScoringTask,
    Skipped,
    Source,
    SourceFacts,
    StopSignal,
    Window,
)
from listener.query import Query
from listener.query.compile import Dialect, NativeQuery, compile_query, compile_together

__all__ = [
    "ASSIGNED_BRAND",
    "KINDS",
    "Author",
    "CredentialsError",
    "DeliveryError",
    "Dialect",
    "Engagement",
    "ForbiddenError",
    "Label",
    "LanguageIdentifier",
    "ListenerError",
    "Match",
    "Mention",
    "NativeQuery",
    "NotFoundError",
    "Notification",
    "Notifier",
    "OptionInfo",
    "Page",
    "PermanentDeliveryError",
    "PermanentSourceError",
    "Query",
    "RateLimitedError",
    "ReadsThreads",
    "RecheckFacts",
    "RecheckPage",
    "Rechecks",
    "RejectedQueryError",
    "Resource",
    "Scorer",
    "ScoringTask",
    "Secret",
    "Sentiment",
    "Skipped",
    "Source",
    "SourceError",
    "SourceFacts",
    "Span",
    "StopSignal",
    "StoppedError",
    "TransientDeliveryError",
    "TransientSourceError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "UsageCappedError",
    "Window",
    "clean",
    "clean_line",
    "compile_query",
    "compile_together",
    "format_duration",
    "from_epoch",
    "option",
    "parse_duration",
    "parse_instant",
    "to_epoch",
    "utc_now",
]
