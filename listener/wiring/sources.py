"""Find sources by name, built-in ones first, and make live ones of their options."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, cast

from listener.errors import ConfigError, PluginError, UsageError, suggest
from listener.plugins import NOTIFIERS, SCORERS, SOURCES, check_kind, clashing, find_plugins, load_plugin, make_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from listener.config import Config
    from listener.protocols import Source, SourceFacts, StopSignal

__all__ = [
    "BUILT_IN_SOURCES",
    "broken_sources",
    "build_source",
    "clashing_plugins",
    "facts_of",
    "in_use",
    "require_source",
    "source_class",
    "source_facts",
    "source_options",
]


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

_SOURCE_PARTS: Final = ("name", "Options", "facts", "plan", "fetch", "check", "close")


def source_class(name: str) -> type[Source]:
    """Import and return the class of a source, built-in or plug-in; raises PluginError."""
    made = load_plugin(SOURCES, name, BUILT_IN_SOURCES)
    if name not in BUILT_IN_SOURCES:
        check_kind(SOURCES, name, made, _SOURCE_PARTS)
        own = getattr(made, "name", None)
        if own != name:
            msg = f'plug-in {name} is no source of that name: it calls itself "{own}"'
            raise PluginError(msg)
        _check_declared(name, cast("type[Source]", made))
    return cast("type[Source]", made)


def _check_declared(name: str, made: type[Source]) -> None:
    """Refuse a source of a plug-in whose facts or options are none; raises PluginError."""
    from dataclasses import is_dataclass
    from datetime import timedelta

    from listener.protocols import SourceFacts as Facts

    facts: object = made.facts
    spans = ("every", "lookback", "overlap", "lag")
    if not isinstance(facts, Facts) or not all(isinstance(getattr(facts, one), timedelta) for one in spans):
        msg = f"plug-in {name} is no source: its facts are no SourceFacts whose {', '.join(spans)} are timedeltas"
        raise PluginError(msg)
    if not is_dataclass(made.Options):
        msg = f"plug-in {name} is no source: its Options are not a dataclass"
        raise PluginError(msg)


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


def require_source(config: Config, name: str) -> None:
    """Refuse the name of a source that is not configured, naming the near miss."""
    if name not in config.sources:
        msg = f'source "{name}" is not configured in {config.path}; {suggest(name, config.sources)}'
        raise UsageError(msg)


def build_source(config: Config, name: str, stop: StopSignal) -> Source:
    """Return a live source; raises ConfigError for wrong options, PluginError where there is none."""
    problems: list[str] = []
    source_class(name)
    options = source_options(config, name, problems)
    if options is None:
        raise ConfigError(problems, where=str(config.path))
    from listener.logs import hide_secrets

    hide_secrets(options)
    kind = cast("type", source_class(name))
    if name in BUILT_IN_SOURCES:
        return cast("Source", kind(options, stop=stop))
    return cast("Source", make_part(name, lambda: kind(options, stop=stop)))


@contextmanager
def in_use(source: Source) -> Iterator[Source]:
    """Close a source at the end; that it cannot be closed is a line of the log: what it gave is not worth less for it."""
    try:
        yield source
    finally:
        try:
            source.close()
        except Exception:
            import logging

            logging.getLogger(__name__).exception("source not closed source=%s", source.name)


def source_options(config: Config, name: str, problems: list[str]) -> object | None:
    """Return the options of a source as its class declares them; None and further `problems` where they are wrong."""
    from listener.config import SourceSettings, option_names, read_record

    try:
        options_class: type = source_class(name).Options
    except PluginError as error:
        problems.append(f"sources.{name}: {error}")
        return None
    return read_record(
        options_class,
        config.sources[name].rest,
        f"sources.{name}",
        problems,
        folder=config.path.parent,
        beside=option_names(SourceSettings),
    )
