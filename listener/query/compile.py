"""Compile a tracked expression to native queries that select a superset of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from listener.query.tree import Query

__all__ = ["Dialect", "NativeQuery", "compile_query"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Say what one service can search natively.

    `max_length` counts code points of one native string, None for no limit.
    `conjunction` and `disjunction` join operands (" " and " OR "); an empty
    `disjunction` means that alternatives need requests of their own. `negation`
    is the prefix of a leaf that must not occur, empty where there is none.
    `phrases`, `hashtags`, `handles`, `cashtags`, `authors` say which leaves can be
    asked; what cannot is asked more widely or dropped where that only widens.
    `author_prefix` is what stands before an account name. `grouping` says whether
    parentheses work.
    """

    name: str
    max_length: int | None = None
    conjunction: str = " "
    disjunction: str = " OR "
    negation: str = "-"
    grouping: bool = True
    phrases: bool = True
    hashtags: bool = True
    handles: bool = True
    cashtags: bool = False
    authors: bool = False
    author_prefix: str = "from:"


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeQuery:
    """Hold one native string, and whether it selects exactly what was asked."""

    text: str
    exact: bool = False


def compile_query(query: Query, dialect: Dialect) -> tuple[NativeQuery, ...]:
    """Return native queries whose union holds every match of `query`, most of it first.

    Raises RejectedQueryError where a branch has no positive part the service
    can be asked for.
    """
    raise NotImplementedError(query, dialect)
