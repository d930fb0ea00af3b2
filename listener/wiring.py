"""Turn a configuration into live objects; the only file that names the built-ins.

Nothing heavy is imported before it is asked for: a source's module is loaded when
that source is built, the sentiment stage when something is to be scored.
"""

from __future__ import annotations

import dataclasses
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from listener.errors import ConfigError, PluginError, QueryError, UsageError, suggest
from listener.frozen import dataclass
from listener.plugins import NOTIFIERS, SCORERS, SOURCES, check_kind, clashing, find_plugins, is_loadable, load_plugin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import timedelta
    from pathlib import Path

    from listener.alerts.options import AlertOptions, RuleOptions
    from listener.budget import Budget, Limit
    from listener.config import Brand, Config
    from listener.config.sample import SamplePart
    from listener.pipeline import Judge
    from listener.pipeline.executors import Executor
    from listener.protocols import LanguageIdentifier, Notifier, RecheckFacts, Scorer, Source, SourceFacts, StopSignal
    from listener.query import Query
    from listener.search.models import StoredModel
    from listener.store import Retention

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
    "digest_notifiers",
    "enabled_sources",
    "judge_maker",
    "listening",
    "open_executor",
    "own_accounts",
    "queries_for",
    "read_alert_options",
    "recheck_of",
    "reference",
    "retention_of",
    "sample",
    "schedule_of",
    "source_class",
    "source_facts",
    "source_limits",
    "validate",
]

logger: Final = logging.getLogger(__name__)

S = TypeVar("S")

_SOURCE_PARTS: Final = ("name", "Options", "facts", "plan", "fetch", "check", "close")

BUILT_IN_SOURCES: Final = {
    "appstore": "sources.appstore:AppStoreSource",
    "bluesky": "sources.bluesky:BlueskySource",
    "discourse": "sources.discourse:DiscourseSource",
    "github": "sources.github:GitHubSource",
    "gdelt": "sources.gdelt:GdeltSource",
    "hackernews": "sources.hackernews:HackerNewsSource",
    "jsonl": "sources.jsonl:JsonlSource",
    "lemmy": "sources.lemmy:LemmySource",
    "mastodon": "sources.mastodon:MastodonSource",
    "reddit": "sources.reddit:RedditSource",
    "rss": "sources.rss:RssSource",
    "stackexchange": "sources.stackexchange:StackExchangeSource",
    "survey": "sources.survey:SurveySource",
    "x": "sources.x:XSource",
    "youtube": "sources.youtube:YouTubeSource",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Say how often a source is read, how far back at first, and how far a run may shift."""

    every: timedelta
    lookback: timedelta
    jitter: timedelta


def enabled_sources(config: Config) -> tuple[str, ...]:
    """Return the names of the sources that are collected from, in the file's order."""
    return tuple(name for name, settings in config.sources.items() if settings.enabled)


def listening(config: Config) -> dict[str, tuple[str, ...]]:
    """Return the enabled sources of each brand: coverage is measured over them."""
    enabled = enabled_sources(config)
    return {
        brand.name: tuple(name for name in enabled if not brand.sources or name in brand.sources)
        for brand in config.brands
    }


def build_queries(config: Config) -> tuple[Query, ...]:
    """Return the query of every brand; raises ConfigError naming each that cannot be read."""
    problems: list[str] = []
    queries = [_build_query(brand, index, problems) for index, brand in enumerate(config.brands, 1)]
    if problems:
        raise ConfigError(problems, where=str(config.path))
    return tuple(query for query in queries if query is not None)


def _build_query(brand: Brand, index: int, problems: list[str]) -> Query | None:
    from listener.query.build import build_query

    try:
        return build_query(
            brand=brand.name,
            keywords=brand.keywords,
            hashtags=brand.hashtags,
            exclude=brand.exclude,
            context=brand.context,
            own_accounts=brand.own_accounts,
            languages=brand.languages,
            query=brand.query or None,
            inside_hashtags=brand.inside_hashtags,
        )
    except QueryError as error:
        problems.append(f'brands[{index}] "{brand.name}": {error}')
        return None


def own_accounts(config: Config, source: str | None = None) -> dict[str, tuple[str, ...]]:
    """Return the brands' own accounts by brand, those of the brands that listen to a source where one is named."""
    heard = listening(config)
    return {
        brand.name: brand.own_accounts
        for brand in config.brands
        if brand.own_accounts and (source is None or source in heard[brand.name])
    }


def queries_for(config: Config, queries: tuple[Query, ...], source: str) -> tuple[Query, ...]:
    """Return the queries of the brands that listen to a source."""
    heard = listening(config)
    return tuple(query for query in queries if source in heard[query.brand])


def source_class(name: str) -> type[Source]:
    """Import and return the class of a source, built-in or plug-in; raises PluginError."""
    made = load_plugin(SOURCES, name, BUILT_IN_SOURCES)
    if name not in BUILT_IN_SOURCES:
        check_kind(SOURCES, name, made, _SOURCE_PARTS)
        own = getattr(made, "name", None)
        if own != name:
            msg = f'plug-in {name} is no source of that name: it calls itself "{own}"'
            raise PluginError(msg)
    return cast("type[Source]", made)


def facts_of(name: str) -> SourceFacts:
    """Return what is known of a source; of one that does not load nothing but the defaults."""
    from listener.protocols import SourceFacts as Facts

    try:
        return source_class(name).facts
    except PluginError:
        return Facts(summary="does not load")


def source_facts() -> dict[str, SourceFacts]:
    """Return what is known of every installed source, by name; one that does not load is in `broken_sources`."""
    broken = broken_sources()
    return {name: source_class(name).facts for name in find_plugins(SOURCES, BUILT_IN_SOURCES) if name not in broken}


def clashing_plugins() -> tuple[str, ...]:
    """Return a sentence for each plug-in that is left out since another part has its name."""
    from listener.scoring import BUILT_IN_SCORERS
    from sentiment.selection import SHIPPED_NAMES

    scorers = {**BUILT_IN_SCORERS, **dict.fromkeys(SHIPPED_NAMES, "")}
    builtins: dict[str, Mapping[str, str]] = {SOURCES: BUILT_IN_SOURCES, SCORERS: scorers, NOTIFIERS: {}}
    return tuple(why for group, known in builtins.items() for why in clashing(group, known))


def broken_sources() -> dict[str, str]:
    """Return the sources that do not load, by name, with the sentence that says why."""
    broken = {}
    for name in find_plugins(SOURCES, BUILT_IN_SOURCES):
        try:
            source_class(name)
        except PluginError as error:
            broken[name] = str(error)
    return broken


def build_source(config: Config, name: str, stop: StopSignal) -> Source:
    """Return a live source; raises ConfigError for wrong options, PluginError where there is none."""
    problems: list[str] = []
    source_class(name)
    options = _source_options(config, name, problems)
    if options is None:
        raise ConfigError(problems, where=str(config.path))
    from listener.logs import hide_secrets

    hide_secrets(options)
    made = cast("type", source_class(name))(options, stop=stop)
    return cast("Source", made)


def _source_options(config: Config, name: str, problems: list[str]) -> object | None:
    from listener.config import read_record

    try:
        options_class: type = source_class(name).Options
    except PluginError as error:
        problems.append(f"sources.{name}: {error}")
        return None
    return read_record(options_class, config.sources[name].rest, f"sources.{name}", problems, folder=config.path.parent)


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

    budget = config.sources[name].budget
    try:
        facts = facts_of(name)
    except PluginError:
        return []  # is told of elsewhere
    unknown, known = unknown_prices(budget, facts)
    problems = [f"sources.{name}.budget.prices.{kind}: no such kind; {suggest(kind, known)}" for kind in unknown]
    if not rates_of(budget, facts) and (budget.usd_a_day is not None or budget.usd_a_month is not None):
        problems.append(
            f"sources.{name}.budget: {name} has no price, so that a budget in USD would never stop it; "
            "set prices, or a budget in requests or items"
        )
    return problems


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

    options = _source_options(config, name, [])
    fields = () if options is None else dataclasses.fields(cast("Any", options))
    secrets = [value for field in fields if isinstance(value := getattr(options, field.name), Secret)]
    has_key = any(secret.is_set for secret in secrets)
    return limits_of_source(name, config.sources[name].budget, facts_of(name), has_key=has_key)


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


def retention_of(config: Config) -> Retention:
    """Return how long texts are kept: `[listener] retention`, and what sources have of their own.

    A source without a `retention` in the file keeps to what the service's terms
    allow, or to that of `[listener]` where that is shorter.
    """
    from listener.store import Retention

    default = config.listener.retention
    own = {}
    for name, settings in config.sources.items():
        allowed = _allowed_retention(name) if settings.retention is None else None
        if settings.retention is not None:
            own[name] = settings.retention
        elif allowed is not None:
            own[name] = allowed if default is None else min(default, allowed)
    return Retention(default=default, by_source=own)


def _allowed_retention(name: str) -> timedelta | None:
    """Return how long a service lets texts be kept; None where it does not say, or its source does not load."""
    try:
        return facts_of(name).retention
    except PluginError:
        return None


def build_scoring(
    table: Mapping[str, object], where: str, *, folder: Path | None = None, database: Path | None = None
) -> tuple[LanguageIdentifier, Scorer]:
    """Return what tells languages and what scores, from the `[sentiment]` table; raises ConfigError."""
    from listener import scoring

    return scoring.build_scoring(table, where, folder=folder, database=database)


def build_scoring_of(config: Config | None, database: Path | None = None) -> tuple[LanguageIdentifier, Scorer]:
    """Return the same for a configuration, or for none: then the defaults hold.

    What is paid for is counted in the store at `database`, else in that of the configuration.
    """
    if config is None:
        return build_scoring({}, "the configuration")
    return build_scoring(
        config.sentiment, str(config.path), folder=config.path.parent, database=database or config.database
    )


def build_judge(
    config: Config, queries: tuple[Query, ...], models: Sequence[StoredModel] = (), *, database: Path | None = None
) -> Judge:
    """Return the stages that look at text: match, language, score.

    `models` are what the store has learned; `database` is the store, where it is not the configuration's.
    """
    from listener import scoring
    from listener.matching import Matcher
    from listener.pipeline import Judge

    identifier, base = build_scoring_of(config, database)
    scorer = scoring.with_models(base, models)
    return Judge(queries, Matcher(queries), identifier, scorer, own_accounts=own_accounts(config))


def judge_maker(
    config: Config, queries: tuple[Query, ...], models: Sequence[StoredModel] = ()
) -> Callable[[], Judge] | None:
    """Return what makes the same stages in another process; None where only one may score.

    That is so where scorers are chosen: they may be large, count what they cost, or not be shared.
    """
    from functools import partial

    return None if config.sentiment.get("scorers") else partial(build_judge, config, queries, tuple(models))


def open_executor(
    config: Config | None, make: Callable[[], S] | None
) -> AbstractContextManager[Executor[S]] | AbstractContextManager[None]:
    """Return what opens the configured executor of stages that `make` makes; None in place of it: work here."""
    from contextlib import nullcontext

    if config is None or config.listener.executor != "dask":
        return nullcontext()
    if make is None:
        logger.warning("chosen scorers score in one process only; the Dask cluster is not used")
        return nullcontext()
    from listener.pipeline.executors import on_dask

    return on_dask(config.listener.dask_scheduler, make)


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


def build_notifiers(config: Config) -> tuple[Notifier, ...]:
    """Return where alerts go: see `listener.notifying`."""
    from listener import notifying

    return notifying.build_notifiers(config)


def build_notifiers_of_plugins(config: Config) -> None:
    """Raise ConfigError where an option of `[notifiers.NAME]` is wrong."""
    from listener import notifying

    notifying.plugin_notifiers(config)


def digest_notifiers(config: Config) -> tuple[Notifier, ...]:
    """Return where digests go: see `listener.notifying`."""
    from listener import notifying

    return notifying.digest_notifiers(config)


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
            problems += _unknown_brands(config, name, _source_options(config, name, problems))
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


def require_source(config: Config, name: str) -> None:
    """Refuse the name of a source that is not configured, naming the near miss."""
    if name not in config.sources:
        msg = f'source "{name}" is not configured in {config.path}; {suggest(name, config.sources)}'
        raise UsageError(msg)


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


def sample() -> str:
    """Write the whole sample configuration: every table, every option, its default."""
    from listener.config.sample import compose_sample

    return compose_sample(_parts())


def reference() -> str:
    """Write the reference of every table and option, as Markdown."""
    from listener.config.sample import reference_markdown

    return reference_markdown(_parts())


def with_database(config: Config, database: str) -> Config:
    """Return the same configuration with another store."""
    return dataclasses.replace(config, listener=dataclasses.replace(config.listener, database=database))
