from __future__ import annotations

import listener.api
import listener.testing

API = [
    "ASSIGNED_BRAND",
    "KINDS",
    "Author",
    "ClockAheadError",
    "CredentialsError",
    "DeliveryError",
    "Dialect",
    "Engagement",
    "ForbiddenError",
    "Label",
    "LanguageIdentifier",
    "LeavesAlone",
    "ListenerError",
    "Match",
    "Mention",
    "Metered",
    "MeteredThreads",
    "NativeQuery",
    "NotFoundError",
    "Notification",
    "Notifier",
    "OptionInfo",
    "Page",
    "PageBound",
    "PermanentDeliveryError",
    "PermanentSourceError",
    "Price",
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
TESTING = [
    "FakeNotifier",
    "FakeScorer",
    "FakeSource",
    "FakeSourceOptions",
    "FrozenClock",
    "build_query",
    "check_mention",
    "check_notifier",
    "check_options",
    "check_page",
    "check_scorer",
    "check_source",
]


def test_what_plug_ins_may_use_changes_on_purpose_only() -> None:
    assert listener.api.__all__ == API
    assert listener.testing.__all__ == TESTING


def test_everything_that_is_promised_is_there() -> None:
    for module in (listener.api, listener.testing):
        assert [name for name in module.__all__ if not hasattr(module, name)] == []
