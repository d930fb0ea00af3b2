"""Check what the kernel does not know of a configuration: everything that its parts declare."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from listener.errors import ConfigError, UsageError, suggest
from listener.plugins import SOURCES, find_plugins, is_loadable
from listener.wiring.brands import build_queries
from listener.wiring.sources import BUILT_IN_SOURCES, facts_of, source_class, source_options
from listener.wiring.stages import build_notifiers_of_plugins, build_scoring_of

if TYPE_CHECKING:
    from listener.alerts.options import AlertOptions, RuleOptions
    from listener.config import Config

__all__ = [
    "read_alert_options",
    "validate",
]


def validate(config: Config) -> None:
    """Check everything the kernel does not know: sources' options, queries, sentiment, alerts.

    Raises ConfigError with every problem at once.
    """
    problems: list[str] = []
    known = find_plugins(SOURCES, BUILT_IN_SOURCES)
    for name in config.sources:
        if name not in known:
            problems.append(f"sources.{name}: no such source; {suggest(name, known)}")
        elif not is_loadable(SOURCES, name, partial(source_class, name)):
            continue  # a warning names it; everything else goes on
        else:
            problems += _unknown_brands(config, name, source_options(config, name, problems))
            problems += _budget_problems(config, name)
    for check in (build_queries, read_alert_options):
        try:
            check(config)
        except ConfigError as error:
            problems.extend(error.problems)
    for build in (build_scoring_of, build_notifiers_of_plugins):
        try:
            build(config)
        except ConfigError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigError(problems, where=str(config.path))


def _unknown_brands(config: Config, name: str, options: object) -> list[str]:
    """Return the problems of options that assign what is found to brands: each brand must be configured."""
    brands = [brand.name for brand in config.brands]
    known = {brand.casefold() for brand in brands}
    return [
        f'sources.{name}: there is no brand "{named}"; {suggest(named, brands)}'
        for named in getattr(options, "brands_named", ())
        if named.casefold() not in known
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
    try:
        read_quiet_hours("" if options is None else options.quiet_hours)
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
