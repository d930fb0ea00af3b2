"""Compose the sample configuration and its reference of what every part declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.wiring.sources import BUILT_IN_SOURCES, source_class

if TYPE_CHECKING:
    from listener.config.sample import SamplePart

__all__ = [
    "reference",
    "sample",
]


def sample() -> str:
    """Write the whole sample configuration: every table, every option, its default."""
    from listener.config.sample import compose_sample

    return compose_sample(_parts())


def reference() -> str:
    """Write the reference of every table and option, as Markdown."""
    from listener.config.sample import reference_markdown

    return reference_markdown(_parts())


def _parts() -> list[SamplePart]:
    from listener.alerts.options import AlertOptions, RuleOptions
    from listener.config.records import SourceSettings
    from listener.config.sample import SamplePart, delivery_parts, listening_parts
    from listener.scoring import scorer_parts
    from sentiment.options import SentimentOptions

    sources = [_source_part(name, SourceSettings) for name in BUILT_IN_SOURCES]
    return [
        *listening_parts(),
        *sources,
        SamplePart(
            path="sentiment", records=(SentimentOptions,), doc="How feelings are read and labelled.", is_active=True
        ),
        *scorer_parts(),
        SamplePart(path="alerts", records=(AlertOptions,), doc="What is worth waking somebody for.", is_active=True),
        SamplePart(
            path="alerts.rules",
            records=(RuleOptions,),
            doc="One rule; without any, the default ones watch every brand.",
            is_list=True,
        ),
        *delivery_parts(),
    ]


def _source_part(name: str, settings: type) -> SamplePart:
    from listener.config.sample import SamplePart

    made = source_class(name)
    facts = made.facts
    return SamplePart(
        path=f"sources.{name}",
        records=(settings, made.Options),
        doc=f"{facts.summary} Key: {facts.key_needed}. Cost: {facts.cost}.",
        defaults={"every": facts.every, "lookback": facts.lookback}
        | ({"retention": facts.retention} if facts.retention else {}),
    )
