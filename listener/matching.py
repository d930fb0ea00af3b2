"""Match mentions against the queries of all brands at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.mention import Match
from listener.query.evaluate import evaluate_reading
from listener.query.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listener.mention import Mention
    from listener.query import Query

__all__ = ["Matcher"]


class Matcher:
    """Find the queries that mentions satisfy. Pure: no clock, no store, no network."""

    def __init__(self, queries: Sequence[Query]) -> None:
        self._queries = tuple(queries)
        self._by_key = {(query.brand, query.version): query for query in self._queries}

    def match(self, mention: Mention) -> tuple[Match, ...]:
        """Return the matches of a mention, in the order of the queries.

        Conditions on the language count as satisfied: they wait for `confirm`.
        """
        reading = Reading(mention)
        matches = []
        for query in self._queries:
            spans = evaluate_reading(query.tree, reading)
            if spans is not None:
                matches.append(Match(brand=query.brand, query_version=query.version, spans=spans))
        return tuple(matches)

    def confirm(self, mention: Mention, match: Match, language: str) -> bool:
        """Say whether a match still holds now that the language is identified.

        False too for a match of a query this matcher does not have.
        """
        query = self._by_key.get((match.brand, match.query_version))
        return query is not None and evaluate_reading(query.tree, Reading(mention, language)) is not None
