"""Put the parts of the sentiment stage together; loads no numpy until a text needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment.language import Identifier
from sentiment.lexical import LexicalScorer
from sentiment.lexicon import LexiconScorer, SymbolScorer
from sentiment.routing import Router
from sentiment.rulesets import read_rulesets
from sentiment.vader import VaderScorer
from sentiment.wordlists import shipped_languages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from listener.api import LanguageIdentifier, Scorer
    from sentiment.options import SentimentOptions

__all__ = ["build_stage", "shipped_routes"]


def shipped_routes() -> dict[str, Scorer]:
    """Return the scorer of every language that has one out of the box."""
    routes: dict[str, Scorer] = {language: LexiconScorer(language) for language in shipped_languages()}
    return {**routes, "en": VaderScorer(), "und": SymbolScorer()}


def build_stage(
    options: SentimentOptions, extra: Mapping[str, Scorer] | None = None
) -> tuple[LanguageIdentifier, Scorer]:
    """Return what tells languages and what scores, as `options` say.

    `extra` are scorers of plug-ins by language; they go before the shipped ones.
    A language asked for that has no scorer stays unscored. Raises ConfigError
    where a ruleset cannot be read.
    """
    rulesets = read_rulesets(options.rulesets)
    shipped = {
        language: scorer.with_rulesets(rulesets) if isinstance(scorer, LexicalScorer) else scorer
        for language, scorer in shipped_routes().items()
    }
    routes = {**shipped, **(extra or {})}
    if options.languages:
        routes = {language: scorer for language, scorer in routes.items() if language in (*options.languages, "und")}
    return Identifier(), Router(routes, positive_at=options.positive_at, negative_at=options.negative_at)
