"""Plan what a source is asked: for all brands at once, and for those apart that cannot or must not share a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.errors import RejectedQueryError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from listener.protocols import Resource, Source
    from listener.query import Query

__all__ = ["plan_resources", "refusals"]


def plan_resources(
    source: Source, queries: Sequence[Query], apart: Collection[str] = ()
) -> tuple[list[Resource], RejectedQueryError | None]:
    """Return what a source reads for `queries`, and the refusal of one that it cannot be asked for.

    A query that is refused does not stop the others. The brands in `apart` have a
    budget of their own: nothing is asked for them together with others, so that
    their budget stops them alone.
    """
    refused: RejectedQueryError | None = None
    try:
        planned = list(source.plan(queries))
    except RejectedQueryError as error:
        queries, refused = _askable(source, queries, error)
        planned = list(source.plan(queries)) if queries else []
    if not any(set(apart).intersection(resource.brands) for resource in planned):
        return planned, refused
    alone = [[query] for query in queries if query.brand in apart]
    sharing = [query for query in queries if query.brand not in apart]
    parts = [part for part in (sharing, *alone) if part]
    found = {resource.key: resource for part in parts for resource in source.plan(part)}
    return list(found.values()), refused


def _askable(
    source: Source, queries: Sequence[Query], error: RejectedQueryError
) -> tuple[list[Query], RejectedQueryError]:
    """Return the queries that a source takes, and the last refusal."""
    kept = []
    for query in queries:
        try:
            source.plan([query])
        except RejectedQueryError as refusal:
            error = refusal
        else:
            kept.append(query)
    return kept, error


def refusals(source: Source, queries: Sequence[Query]) -> dict[str, str]:
    """Return why a source cannot be asked for the queries of brands, by brand; those it takes are left out."""
    found = {}
    for query in queries:
        try:
            source.plan([query])
        except RejectedQueryError as error:
            found[query.brand] = str(error)
    return found
