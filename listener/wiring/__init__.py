"""Turn a configuration into live objects; the only place that names the built-ins.

`brands` says what is listened for, `sources` finds and builds sources, `terms` says
when they are read, what they may cost and how long texts are kept, `stages` builds
what looks at texts and what news go out by, `checking` tells what is wrong with a
configuration, `composing` writes the sample of one.

Nothing heavy is imported before it is asked for: a source's module is loaded when
that source is built, the sentiment stage when something is to be scored.
"""

from listener.wiring.brands import build_queries, enabled_sources, listening, own_accounts, queries_for
from listener.wiring.checking import further_problems, idle_rules, read_alert_options, validate
from listener.wiring.composing import reference, sample
from listener.wiring.places import places
from listener.wiring.sources import (
    BUILT_IN_SOURCES,
    broken_sources,
    build_source,
    clashing_plugins,
    facts_of,
    in_use,
    require_source,
    source_class,
    source_facts,
)
from listener.wiring.stages import (
    build_judge,
    build_notifiers,
    build_scoring,
    build_scoring_of,
    digest_notifiers,
    judge_maker,
    open_executor,
)
from listener.wiring.terms import (
    Schedule,
    all_limits,
    budget_of,
    reading_delays,
    recheck_of,
    retention_of,
    schedule_of,
    source_limits,
)

__all__ = [
    "BUILT_IN_SOURCES",
    "Schedule",
    "all_limits",
    "broken_sources",
    "budget_of",
    "build_judge",
    "build_notifiers",
    "build_queries",
    "build_scoring",
    "build_scoring_of",
    "build_source",
    "clashing_plugins",
    "digest_notifiers",
    "enabled_sources",
    "facts_of",
    "further_problems",
    "idle_rules",
    "in_use",
    "judge_maker",
    "listening",
    "open_executor",
    "own_accounts",
    "places",
    "queries_for",
    "read_alert_options",
    "reading_delays",
    "recheck_of",
    "reference",
    "require_source",
    "retention_of",
    "sample",
    "schedule_of",
    "source_class",
    "source_facts",
    "source_limits",
    "validate",
]
