"""Build what looks at texts and what news go out by: matching, languages, scorers, notifiers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, TypeVar

from listener.wiring.brands import own_accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from listener.config import Config
    from listener.pipeline import Judge
    from listener.pipeline.executors import Executor
    from listener.protocols import LanguageIdentifier, Notifier, Scorer
    from listener.query import Query
    from listener.search.models import StoredModel

__all__ = [
    "build_judge",
    "build_notifiers",
    "build_notifiers_of_plugins",
    "build_scoring",
    "build_scoring_of",
    "digest_notifiers",
    "judge_maker",
    "open_executor",
]


logger: Final = logging.getLogger(__name__)
S = TypeVar("S")


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
