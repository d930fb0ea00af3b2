"""Say what is listened for: the query of every brand, and who listens to which source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.errors import ConfigError, QueryError

if TYPE_CHECKING:
    from listener.config import Brand, Config
    from listener.query import Query

__all__ = [
    "build_queries",
    "enabled_sources",
    "listening",
    "own_accounts",
    "queries_for",
]


def enabled_sources(config: Config) -> tuple[str, ...]:
    """Return the names of the sources that are collected from, in the file's order."""
    return tuple(name for name, settings in config.sources.items() if settings.enabled)


def listening(config: Config) -> dict[str, tuple[str, ...]]:
    """Return the enabled sources of each brand: coverage is measured over them."""
    return config.listening()


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
    heard = config.hearing()
    return {
        brand.name: brand.own_accounts
        for brand in config.brands
        if brand.own_accounts and (source is None or source in heard[brand.name])
    }


def queries_for(config: Config, queries: tuple[Query, ...], source: str) -> tuple[Query, ...]:
    """Return the queries of the brands that listen to a source."""
    heard = config.hearing()
    return tuple(query for query in queries if source in heard[query.brand])
