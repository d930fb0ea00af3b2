"""Check what the kernel does not know of a configuration: everything that its parts declare."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from listener.errors import ConfigError, SourceError, UsageError, suggest
from listener.notifying import mail_problems
from listener.plugins import SOURCES, find_plugins, is_loadable
from listener.wiring.brands import build_queries, enabled_sources
from listener.wiring.sources import BUILT_IN_SOURCES, build_source, facts_of, source_class, source_options
from listener.wiring.stages import build_notifiers_of_plugins, build_scoring_of
from listener.wiring.terms import source_of_mentions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from listener.alerts.options import AlertOptions, RuleOptions
    from listener.config import Config

__all__ = [
    "further_problems",
    "idle_rules",
    "read_alert_options",
    "validate",
]


_BESIDE_EXPRESSIONS: Final = (".kind:", ".sources:", ".budget")
"""Options of a brand that its expression does not depend on: it is looked over whatever they are."""

_OF_A_QUERY: Final = '": query: '
"""What stands behind a brand's name where its `query` itself cannot be read, whatever else is wrong with the brand."""


def validate(config: Config) -> None:
    """Check everything the kernel does not know: sources' options, queries, sentiment, alerts.

    Raises ConfigError with every problem at once.
    """
    problems = further_problems(config)
    if problems:
        raise ConfigError(problems, where=str(config.path))


def further_problems(config: Config, before: Sequence[str] = ()) -> list[str]:
    """Return what is wrong in the parts of a configuration that the kernel does not know.

    `before` are the problems it is known to have: what only follows from a default that
    stands in the place of a wrong option is none.
    """
    problems: list[str] = []
    known = find_plugins(SOURCES, BUILT_IN_SOURCES)
    for name in config.sources:
        if name not in known:
            problems.append(f"sources.{name}: no such source; {suggest(name, known)}")
        elif not is_loadable(SOURCES, name, partial(source_class, name)):
            continue  # a warning names it; everything else goes on
        else:
            own: list[str] = []
            options = source_options(config, name, own)
            problems += own
            problems += _unknown_brands(config, name, options)
            problems += _budget_problems(config, name)
            problems += _terms_of_others(config, name)
            if config.sources[name].enabled and name in BUILT_IN_SOURCES:
                problems += _refused_options(_with_secrets_named(config, name, own), name)
    problems += mail_problems(config)
    problems += _rules_of_nobody(config)
    problems += _languages_of_no_text(config, before)
    checks: tuple[Callable[[Config], object], ...] = (
        build_queries,
        read_alert_options,
        build_scoring_of,
        build_notifiers_of_plugins,
    )
    for check in checks:
        try:
            check(config)
        except ConfigError as error:
            problems.extend(error.problems)
    return [problem for problem in problems if not _only_follows(problem, before)]


def _only_follows(problem: str, before: Sequence[str]) -> bool:
    """Say whether a problem may be there only since options before it are wrong."""
    if not before:
        return False
    if "there is no brand" in problem:
        return any(earlier.startswith("brands") for earlier in before)
    place = re.match(r"brands\[\d+\]|sources\.[^.:]+\.budget", problem)
    if place is None or _OF_A_QUERY in problem:
        return False
    return any(
        earlier.startswith(place[0])
        and not earlier.startswith(tuple(f"{place[0]}{one}" for one in _BESIDE_EXPRESSIONS))
        for earlier in before
    )


def _unknown_brands(config: Config, name: str, options: object) -> list[str]:
    """Return the problems of options that assign what is found to brands: each brand must be configured."""
    brands = [brand.name for brand in config.brands]
    known = {brand.casefold() for brand in brands}
    return [
        f'sources.{name}: there is no brand "{named}"; {suggest(named, brands)}'
        for named in getattr(options, "brands_named", ())
        if named.casefold() not in known
    ]


def _languages_of_no_text(config: Config, before: Sequence[str]) -> list[str]:
    """Return a sentence for each language of a brand that no text is told to be: its mentions would never count."""
    from sentiment.selection import identified_languages

    known = {one.casefold(): one for one in identified_languages()}
    told = [
        (f"brands[{number}].languages", tag, known.get(tag.casefold().partition("-")[0]))
        for number, brand in enumerate(config.brands, start=1)
        for tag in brand.languages
        if tag.casefold() not in known
    ]
    return [
        f'{where}: no text is identified as "{tag}"; '
        + (f'did you mean "{near}"?' if near else suggest(tag, known.values()))
        for where, tag, near in told
        if not any(one.startswith(where) for one in before)
    ]


def _rules_of_nobody(config: Config) -> list[str]:
    """Return a sentence for each word rule of a brand that is not configured in these letters: it would do nothing."""
    brands = [brand.name for brand in config.brands]
    rules = config.sentiment.get("rulesets")
    named = [
        (number, rule.partition(":")[0].strip())
        for number, rule in enumerate(rules if isinstance(rules, list) else (), start=1)
        if isinstance(rule, str) and ":" in rule
    ]
    return [
        f'sentiment.rulesets[{number}]: there is no brand "{name}"; {suggest(name, brands)}'
        for number, name in named
        if name and name not in brands
    ]


def _with_secrets_named(config: Config, name: str, problems: Sequence[str]) -> Config:
    """Return the configuration with a name in the place of each secret of a source that `problems` are told of."""
    from listener.config.reader import field_plans

    rest = dict(config.sources[name].rest)
    for plan in field_plans(cast("Any", source_class(name).Options)):
        places = tuple(f"sources.{name}.{key}:" for key in (plan.name, *plan.keys))
        if plan.kind == "Secret" and any(problem.startswith(places) for problem in problems):
            rest = {key: value for key, value in rest.items() if key not in {plan.name, *plan.keys}}
            rest[plan.keys[0]] = plan.name.upper()
    return replace(config, sources={**config.sources, name: replace(config.sources[name], rest=rest)})


def _refused_options(config: Config, name: str) -> list[str]:
    """Return what a source of ours says against its options when it is made: addresses, names of places.

    Nothing where options are wrong in themselves: that is told already.
    """
    if source_options(config, name, []) is None:
        return []
    try:
        build_source(config, name, threading.Event()).close()
    except ConfigError as error:
        return list(error.problems)
    except UsageError as error:
        return [str(error)]
    except SourceError:
        return []  # a key that is missing: the pass and "check" tell
    return []


def _terms_of_others(config: Config, name: str) -> list[str]:
    """Return a sentence for each option that holds for no mention, since these bear the source that their line names."""
    if source_of_mentions(config, name) is not None:
        return []
    settings = config.sources[name]
    elsewhere = {"retention": "retention in [listener]", "response_target": "[responses]"}
    return [
        f"sources.{name}.{option}: mentions keep the source that their line names, so that this holds for none; "
        f"set only, or {instead}"
        for option, instead in elsewhere.items()
        if getattr(settings, option) is not None
    ]


def _budget_problems(config: Config, name: str) -> list[str]:
    """Return what is wrong with a source's budget: prices of kinds it has not, money where nothing costs any."""
    from listener.config.budgets import rates_of, unknown_prices

    budget, facts = config.sources[name].budget, facts_of(name)
    unknown, known = unknown_prices(budget, facts)
    problems = [f"sources.{name}.budget.prices.{kind}: no such kind; {suggest(kind, known)}" for kind in unknown]
    if not rates_of(budget, facts) and (budget.usd_a_day is not None or budget.usd_a_month is not None):
        problems.append(
            f"sources.{name}.budget: {name} has no price, so that a budget in USD would never stop it; "
            "set prices, or a budget in requests or items"
        )
    return problems


def read_alert_options(config: Config) -> tuple[AlertOptions, tuple[RuleOptions, ...]]:
    """Return the options of `[alerts]` and its rules (the default ones where none are written).

    Raises ConfigError naming every option, brand, source and expression that is wrong.
    """
    from listener.alerts.checking import check_rule, doubled_names
    from listener.alerts.options import DEFAULT_RULES, AlertOptions, RuleOptions
    from listener.alerts.quiet import read_quiet_hours
    from listener.config import read_record

    problems: list[str] = []
    table = dict(config.alerts)
    rules_table = table.pop("rules", None)
    options = read_record(AlertOptions, table, "alerts", problems)
    written = table.get("quiet_hours", "")  # looked at whatever else is wrong in the table
    try:
        read_quiet_hours(written if isinstance(written, str) else "")
    except UsageError as error:
        problems.append(f"alerts.quiet_hours: {error}")
    rules: list[RuleOptions] = []
    brands = [brand.name for brand in config.brands]
    sources = {*find_plugins(SOURCES, BUILT_IN_SOURCES), *config.sources}
    if rules_table is not None:
        tables = rules_table if isinstance(rules_table, list) else [rules_table]
        for index, one in enumerate(tables, 1):
            where = f"alerts.rules[{index}]"
            if not isinstance(one, dict):
                problems.append(f"{where}: is not a table; write [[alerts.rules]]")
            elif rule := read_record(RuleOptions, one, where, problems):
                rules.append(check_rule(rule, where, problems, brands=brands, sources=sources))
    problems += [f"alerts.rules: {problem}" for problem in doubled_names(rules)]
    if problems or options is None:
        raise ConfigError(problems, where=str(config.path))
    return options, tuple(rules) or DEFAULT_RULES


def idle_rules(config: Config) -> list[str]:
    """Return a sentence for each source that a rule names and that is read for none of the rule's brands.

    Nothing that comes from there is watched, since what is imported raises no alert. Lines of files may name any source.
    """
    options, rules = read_alert_options(config)
    read = {
        brand.casefold(): {source_of_mentions(config, name) for name in names}
        for brand, names in config.hearing().items()
    }
    if not options.enabled or any(None in sources for sources in read.values()):
        return []
    return [
        f'the rule "{rule.name}" watches nothing of {source}: '
        + ("no brand of it is read there" if source in enabled_sources(config) else "no such source is enabled")
        for rule in rules
        for source in rule.sources
        if not any(source in read.get(brand.casefold(), ()) for brand in rule.brands or read)
    ]
