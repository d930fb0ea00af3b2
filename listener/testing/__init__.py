"""Check that a source, a scorer or a notifier keeps its promises; offer fakes of all three.

For authors of plug-ins, and for the program's own suite. Every check raises
AssertionError with a sentence that says which promise was broken and how:

    def test_my_source():
        queries = [build_query(brand="Acme", keywords=["Acme"])]
        check_source(lambda: MySource(MyOptions(base_url=server.url)), queries, window)
"""

from listener.query.build import build_query
from listener.testing.checks import (
    check_mention,
    check_notifier,
    check_options,
    check_page,
    check_scorer,
    check_source,
)
from listener.testing.fakes import FakeNotifier, FakeScorer, FakeSource, FakeSourceOptions, FrozenClock

__all__ = [
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
