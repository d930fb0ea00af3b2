"""Declare the options of `[alerts]` and of each `[[alerts.rules]]`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from listener.options import option

__all__ = ["DEFAULT_RULES", "KINDS", "SENSITIVITIES", "TIERS", "AlertOptions", "RuleOptions"]

KINDS: Final = ("spike", "sentiment", "words", "reach", "silence", "blind")
"""What a rule watches: many more mentions than usual; a shift of the negative share, either
way; mentions that match a query; one loud author or thread; unusual quiet; lost coverage."""

SENSITIVITIES: Final = ("calm", "balanced", "keen")
TIERS: Final = ("push", "digest")
"""How an episode reaches people: a message now, or a line in the next digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertOptions:
    """Hold what holds for every rule; a rule may say otherwise."""

    enabled: bool = option("whether anything is watched at all", default=True)
    sensitivity: str = option(
        "how readily a brand raises an alert: calm about one in two weeks, balanced one a week, keen three a week",
        default="balanced",
        choices=SENSITIVITIES,
    )
    alerts_per_week: float | None = option(
        "alerts a week a brand may raise by each rule; takes the place of the sensitivity word",
        default=None,
        minimum=0.02,
        maximum=50,
        example=1.0,
    )
    cooldown: timedelta = option(
        "after an alert, how long the same rule stays silent about the same brand unless things get twice as strong, "
        "or for the first time strong enough to be told at once",
        default=timedelta(hours=24),
    )
    minimum_count: int = option(
        "mentions in an hour, copies counted once, below which no spike is reported, however unusual",
        default=5,
        minimum=1,
    )
    quiet_hours: str = option(
        "local hours in which nothing is pushed; what comes up waits for their end",
        default="",
        example="22:00-07:00",
    )
    quiet_unless: str = option(
        "the severity from which on an alert is pushed in the quiet hours all the same",
        default="never",
        choices=("never", "high", "medium"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOptions:
    """Hold one rule; what is None is taken from `[alerts]` or solved from the brand's history."""

    name: str = option("the rule's name in lists and messages", default="spike")
    kind: str = option("what the rule watches", default="spike", choices=KINDS)
    brands: tuple[str, ...] = option("the brands it holds for; none named: all", default=())
    sources: tuple[str, ...] = option("the sources it looks at, each by itself; none named: all together", default=())
    query: str = option(
        "for kind words: the expression that mentions must also match",
        default="",
        example="recall OR lawsuit OR boycott",
    )
    tier: str | None = option(
        "push or digest; left out, the strength decides", default=None, choices=TIERS, example="push"
    )
    threshold: float | None = option(
        "usual swings (for reach, times its limits) from which on an episode opens; left out, solved from the alerts "
        "a week, but for words, reach and blind, which have limits of their own",
        default=None,
        minimum=0.5,
        maximum=100,
        example=4.0,
    )
    minimum_count: int | None = option(
        "mentions needed, copies counted once but for sentiment; left out, that of [alerts] (for words: 3, for sentiment: 10 scored)",
        default=None,
        minimum=1,
        example=5,
    )
    followers: int = option(
        "for kind reach: followers from which on one author is reported", default=100_000, minimum=1
    )
    engagement: int = option(
        "for kind reach: likes, reposts and replies from which on one thread is reported", default=1_000, minimum=1
    )
    coverage: float = option(
        "for kind blind: the covered share of six hours below which it is reported", default=0.5, minimum=0, maximum=1
    )
    cooldown: timedelta | None = option("as in [alerts], for this rule", default=None, example=timedelta(hours=12))


DEFAULT_RULES: Final = (
    RuleOptions(name="spike", kind="spike"),
    RuleOptions(name="sentiment", kind="sentiment"),
    RuleOptions(name="reach", kind="reach", tier="digest"),
    RuleOptions(name="silence", kind="silence", tier="digest"),
    RuleOptions(name="blind", kind="blind", tier="digest"),
)
"""The rules in force where the configuration names none (words need a query, so there is none)."""
