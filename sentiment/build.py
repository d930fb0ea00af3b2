"""Put the parts of the sentiment stage together; loads no numpy until a text needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.errors import ConfigError
from sentiment.language import Identifier
from sentiment.lexical import LexicalScorer
from sentiment.lexicon import LexiconScorer, SymbolScorer
from sentiment.routing import Router
from sentiment.rulesets import read_rulesets
from sentiment.selection import choose_routes
from sentiment.vader import EXACT, VaderScorer
from sentiment.wordlists import shipped_languages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from listener.api import LanguageIdentifier, Scorer
    from sentiment.options import SentimentOptions
    from sentiment.rulesets import Ruleset
    from sentiment.selection import Routes

__all__ = ["build_stage", "shipped_routes", "stage_with_rules"]


def shipped_routes() -> dict[str, Scorer]:
    """Return the scorer of every language that has one out of the box."""
    routes: dict[str, Scorer] = {language: LexiconScorer(language) for language in shipped_languages()}
    return {**routes, "en": VaderScorer(), "und": SymbolScorer()}


def stage_with_rules(options: SentimentOptions, languages: Iterable[str]) -> Callable[[Iterable[str]], Scorer]:
    """Return what makes the shipped scorers of `languages` with more rules than `options` has."""
    shipped = shipped_routes()
    if (options.scorers or {}).get("en") == EXACT:
        shipped["en"] = VaderScorer(exact=True)
    wanted = {one: shipped[one] for one in languages if isinstance(shipped.get(one), LexicalScorer)}

    def stage(more: Iterable[str]) -> Scorer:
        rulesets = read_rulesets((*options.rulesets, *more))
        routes: dict[str, Scorer | None] = {
            language: scorer.with_rulesets(rulesets)
            for language, scorer in wanted.items()
            if isinstance(scorer, LexicalScorer)
        }
        return Router(routes, positive_at=options.positive_at, negative_at=options.negative_at)

    return stage


def build_stage(
    options: SentimentOptions, named: Mapping[str, Scorer] | None = None, *, installed: Iterable[str] = ()
) -> tuple[LanguageIdentifier, Router]:
    """Return what tells languages and what scores, as `options` say.

    `named` are the scorers beside the shipped ones that `options.scorers` may
    name: optional ones and those of plug-ins; `installed` are the names there are. A language asked for that has no
    scorer stays unscored. Raises ConfigError where a ruleset or the choice of a
    scorer cannot be read.
    """
    try:
        rulesets = read_rulesets(options.rulesets)
    except ConfigError as error:
        _choose(options, {}, named, installed, before=error.problems)
        raise
    routes = _choose(options, rulesets, named, installed)
    cuts = {"positive_at": options.positive_at, "negative_at": options.negative_at}
    return Identifier(), Router(routes.by_language, default=routes.default, **cuts)


def _choose(
    options: SentimentOptions,
    rulesets: Mapping[str, Ruleset],
    named: Mapping[str, Scorer] | None,
    installed: Iterable[str],
    *,
    before: Sequence[str] = (),
) -> Routes:
    """Return which scorer scores which language; raises ConfigError with the problems there were `before`, too."""
    shipped = {
        language: scorer.with_rulesets(rulesets) if isinstance(scorer, LexicalScorer) else scorer
        for language, scorer in shipped_routes().items()
    }
    beside = {EXACT: VaderScorer(exact=True).with_rulesets(rulesets), **(named or {})}
    try:
        return choose_routes(options.scorers or {}, shipped, beside, only=options.languages, installed=installed)
    except ConfigError as error:
        raise ConfigError([*before, *error.problems]) from None
