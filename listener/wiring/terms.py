"""Say when a source is read, what it may cost, and how long its texts are kept."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final, cast

from listener.errors import PluginError
from listener.frozen import dataclass
from listener.wiring.brands import enabled_sources
from listener.wiring.sources import facts_of, source_class, source_options

if TYPE_CHECKING:
    from datetime import timedelta

    from listener.budget import Budget, Limit
    from listener.config import Config
    from listener.protocols import RecheckFacts
    from listener.store import Retention

__all__ = [
    "Schedule",
    "all_limits",
    "budget_of",
    "reading_delays",
    "recheck_of",
    "response_target_of",
    "retention_of",
    "schedule_of",
    "source_limits",
    "source_of_mentions",
]

_READS_OTHERS: Final = {"jsonl": "only"}
"""Sources whose mentions bear the name that their line has, and the option that says which one is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Say how often a source is read, how far back at first, and how far a run may shift."""

    every: timedelta
    lookback: timedelta
    jitter: timedelta


def schedule_of(config: Config, name: str) -> Schedule:
    """Return when a source is read: as configured, else by the source's own defaults.

    Without `jitter` a run may shift by a tenth of its interval, at most a minute.
    """
    settings, facts = config.sources[name], facts_of(name)
    every = settings.every or facts.every
    return Schedule(
        every=every,
        lookback=settings.lookback or facts.lookback,
        jitter=settings.jitter if settings.jitter is not None else min(every / 10, every.__class__(minutes=1)),
    )


def reading_delays(config: Config) -> dict[str, timedelta]:
    """Return by enabled source how long after its publication an item may be read where all goes by the schedule."""
    delays = {}
    for name in enabled_sources(config):
        schedule = schedule_of(config, name)
        delays[name] = schedule.every + schedule.jitter + facts_of(name).lag
    return delays


def budget_of(config: Config, name: str) -> Budget:
    """Return what may be spent on a source: its own limits, those of the brands, and what its things cost."""
    from listener.budget import Budget
    from listener.config.budgets import limits_of_brand, rates_of

    own = config.sources[name].budget
    brands = [limit for brand in config.brands for limit in limits_of_brand(brand.name, brand.budget)]
    facts = facts_of(name)
    return Budget(limits=(*source_limits(config, name), *brands), rates=rates_of(own, facts))


def source_limits(config: Config, name: str) -> tuple[Limit, ...]:
    """Return the limits of a source itself: its budget, or a cap of the service."""
    from listener.config.budgets import limits_of_source
    from listener.options import Secret

    options = source_options(config, name, [])
    fields = () if options is None else dataclasses.fields(cast("Any", options))
    secrets = [value for field in fields if isinstance(value := getattr(options, field.name), Secret)]
    has_key = any(secret.is_set for secret in secrets)
    own = getattr(options, "requests_a_day", None)
    cap = own if isinstance(own, int) else None
    return limits_of_source(name, config.sources[name].budget, facts_of(name), has_key=has_key, own_cap=cap)


def all_limits(config: Config) -> tuple[Limit, ...]:
    """Return every limit of the enabled sources that load, and of the brands."""
    from listener.config.budgets import limits_of_brand

    limits = [limit for brand in config.brands for limit in limits_of_brand(brand.name, brand.budget)]
    for name in reversed(enabled_sources(config)):
        try:
            limits = [*source_limits(config, name), *limits]
        except PluginError:
            continue  # `sources` and `doctor` tell of it
    return tuple(limits)


def recheck_of(config: Config, name: str) -> tuple[RecheckFacts, int] | None:
    """Return how a source looks again at its mentions, and its requests a day; None where it does not, or is not to."""
    facts: RecheckFacts | None = getattr(source_class(name), "recheck_facts", None)
    if facts is None or not config.listener.recheck_after:
        return None
    settings = config.sources[name]
    own = settings.recheck_requests_a_day
    per_day = facts.requests_per_day if own is None else own
    return (facts, per_day) if per_day else None


def source_of_mentions(config: Config, name: str) -> str | None:
    """Return the source that the mentions of a configured one bear; None where their lines name any."""
    option = _READS_OTHERS.get(name)
    return name if option is None else str(config.sources[name].rest.get(option) or "") or None


def response_target_of(config: Config, source: str) -> timedelta:
    """Return within how long a mention of a source should be answered, also of one that is read out of files."""
    own = (
        settings.response_target
        for name, settings in config.sources.items()
        if name in _READS_OTHERS and source_of_mentions(config, name) == source
    )
    return next((target for target in own if target is not None), None) or config.response_target(source)


def retention_of(config: Config) -> Retention:
    """Return how long texts are kept: `[listener] retention`, and what sources have of their own.

    A source without a `retention` in the file keeps to what the service's terms
    allow, or to that of `[listener]` where that is shorter.
    """
    from listener.store import Retention

    default = config.listener.retention
    own: dict[str, timedelta] = {}
    for name, settings in config.sources.items():
        borne, kept = source_of_mentions(config, name), settings.retention
        if kept is None and (allowed := facts_of(name).retention) is not None:
            kept = allowed if default is None else min(default, allowed)
        if borne is not None and kept is not None:
            own[borne] = min(kept, own.get(borne, kept))
    return Retention(default=default, by_source=own)
