"""Compile a tracked expression to native queries that select a superset of it.

Leaving out a condition that must also hold widens the selection, which is
allowed: the exact decision is made locally. Leaving out an alternative would
lose mentions, so alternatives that do not fit into one request are split over
several.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.errors import RejectedQueryError
from listener.frozen import dataclass
from listener.query.native import Alternatives, Both, Leaf, Widener, join_leaves, shorten
from listener.query.tree import Or, Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from listener.query.native import Expression

__all__ = ["Dialect", "NativeQuery", "compile_query", "compile_together"]

_FILTER_SHARE = 2
"""Conditions that only narrow may take one part in so many of a native string."""

_FEWEST_CHARACTERS = 8
"""Below so many characters left for alternatives, other conditions give way to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Say what one service can search natively.

    `max_length` counts code points of one native string, None for no limit.
    `conjunction` and `disjunction` join operands (" " and " OR "); an empty
    `disjunction` means that alternatives need requests of their own. `negation`
    is the prefix of a leaf that must not occur, empty where there is none.
    `phrases`, `hashtags`, `handles`, `cashtags`, `authors` say which leaves can be
    asked; what cannot is asked more widely or dropped where that only widens.
    `author_prefix` is what stands before an account name; `accounts` is the regular
    expression of such names, empty where any will do: of what is no name there
    nobody is asked for, and it is left out where it must not hold. `grouping` says whether
    parentheses work. `words_find_hashtags` says that a word also finds the hashtag
    of that word; where it is False and hashtags can be asked, both are asked for.
    `max_terms` bounds the leaves of one native string, None for no limit.
    `symbols` says that a term of nothing but symbols or emoji can be asked for.
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
    accounts: str = ""
    words_find_hashtags: bool = False
    max_terms: int | None = None
    symbols: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeQuery:
    """Hold one native string, and whether it selects exactly what was asked.

    `residual` lists, in canonical form, the conditions that only the local
    filter decides.
    """

    text: str
    exact: bool = False
    residual: tuple[str, ...] = ()


def compile_query(query: Query, dialect: Dialect) -> tuple[NativeQuery, ...]:
    """Return native queries whose union holds every match of `query`, most of it first.

    Raises RejectedQueryError where a branch has no positive part the service
    can be asked for.
    """
    widener = Widener(dialect)
    expression = widener.widen(query.tree)
    if expression is None or not expression.is_positive:
        reason = widener.obstacle(query.tree)
        msg = (
            f"{dialect.name} cannot be asked for the query of {query.brand}: {reason} "
            "holds no word, phrase or tag that the service can search for; add one with AND"
        )
        raise RejectedQueryError(msg)
    writer = _Writer(dialect, query.brand)
    texts = list(dict.fromkeys(writer.write(expression)))
    residual = tuple(sorted({*widener.dropped, *writer.dropped}))
    return tuple(NativeQuery(text=text, exact=not residual, residual=residual) for text in texts)


def compile_together(queries: Sequence[Query], dialect: Dialect) -> tuple[NativeQuery, ...]:
    """Return native queries whose union holds every match of all `queries`, in few requests.

    What they find is to be matched against every one of the queries. Raises
    RejectedQueryError naming the first brand whose query cannot be asked.
    """
    for query in queries:
        compile_query(query, dialect)
    distinct = tuple(dict.fromkeys(query.tree for query in queries))
    if not distinct:
        return ()
    tree = distinct[0] if len(distinct) == 1 else Or(distinct)
    return compile_query(Query.of(", ".join(query.brand for query in queries), tree), dialect)


class _Writer:
    """Write an expression as native strings within the limits of a dialect."""

    def __init__(self, dialect: Dialect, brand: str) -> None:
        self._dialect = dialect
        self._brand = brand
        self.dropped: set[str] = set()

    def write(self, expression: Expression) -> Iterator[str]:
        """Yield native strings whose union selects at least what `expression` does."""
        dialect = self._dialect
        if dialect.disjunction and dialect.grouping:
            yield from self._fit(expression)
            return
        branches = list(self._branches(expression))
        fitted = [text for branch in branches for text in self._fit(branch)]
        yield from self._packed(fitted) if dialect.disjunction else fitted

    def _text(self, expression: Expression, *, inner: bool = False) -> str:
        """Return the native text of an expression."""
        if isinstance(expression, Leaf):
            return expression.text
        if isinstance(expression, Both):
            joined = self._dialect.conjunction.join(self._text(part, inner=True) for part in expression.parts)
            return f"({joined})" if inner else joined
        joined = self._dialect.disjunction.join(self._text(part, inner=True) for part in expression.parts)
        return f"({joined})" if inner else joined

    def _fits(self, expression: Expression) -> bool:
        dialect = self._dialect
        if dialect.max_terms is not None and expression.n_leaves > dialect.max_terms:
            return False
        return dialect.max_length is None or len(self._text(expression)) <= dialect.max_length

    def _fit(self, expression: Expression) -> Iterator[str]:
        """Yield native texts of an expression, split or widened until each fits."""
        if self._fits(expression):
            yield self._text(expression)
        elif isinstance(expression, Alternatives):
            yield from self._split(expression.parts, ())
        elif isinstance(expression, Both):
            yield from self._fit_both(expression)
        else:
            yield self._fit_leaf(expression)

    def _split(self, alternatives: Sequence[Expression], others: tuple[Expression, ...]) -> Iterator[str]:
        """Yield texts of (some of the alternatives) AND others, as many in each as fit."""
        group: list[Expression] = []
        for alternative in alternatives:
            if group and not self._fits(_with([*group, alternative], others)):
                yield from self._fit(_with(group, others))
                group = []
            group.append(alternative)
            if not self._fits(_with(group, others)):
                yield from self._fit(_with(group, others))
                group = []
        if group:
            yield from self._fit(_with(group, others))

    def _fit_both(self, expression: Both) -> Iterator[str]:
        """Yield texts of a conjunction that is too long for one."""
        parts = list(expression.parts)
        filters = [part for part in parts if not part.is_positive]
        room = self._dialect.max_length or 0
        if filters and (not room or sum(len(self._text(part)) + 1 for part in filters) > room // _FILTER_SHARE):
            yield from self._fit(self._without(expression, filters[-1]))
            return
        pivots = [part for part in parts if isinstance(part, Alternatives) and part.is_positive]
        if pivots:
            pivot = max(pivots, key=lambda part: len(self._text(part)))
            others = tuple(part for part in parts if part is not pivot)
            longest = max(pivot.parts, key=lambda part: len(self._text(part)))
            if self._fits(_with([longest], others)):
                yield from self._split(pivot.parts, others)
                return
        positive = [part for part in parts if part.is_positive]
        candidates = filters or (positive if len(positive) > 1 else parts)
        yield from self._fit(self._without(expression, max(candidates, key=lambda part: len(self._text(part)))))

    def _without(self, expression: Both, part: Expression) -> Expression:
        """Return a conjunction without one of its conditions, which is then left to the local filter."""
        self.dropped.add(part.source)
        return join_leaves(tuple(other for other in expression.parts if other is not part))

    def _fit_leaf(self, leaf: Leaf) -> str:
        """Return the text of a leaf that is too long, cut to fewer words."""
        limit = self._dialect.max_length or 0
        short = shorten(leaf, limit)
        if short is None:
            msg = (
                f"{self._dialect.name} takes at most {limit} characters, and one term of the query of "
                f"{self._brand} is longer: {leaf.text[:40]}...; write a shorter one"
            )
            raise RejectedQueryError(msg)
        self.dropped.add(leaf.source)
        return short

    def _branches(self, expression: Expression) -> Iterator[Expression]:
        """Yield alternatives free of OR, for a service that cannot group.

        A conjunction of several ORs is asked by the one with the fewest
        alternatives; the others are left to the local filter.
        """
        if isinstance(expression, Alternatives):
            for part in expression.parts:
                yield from self._branches(part)
        elif isinstance(expression, Both):
            choices = [part for part in expression.parts if isinstance(part, Alternatives)]
            leaves = tuple(part for part in expression.parts if not isinstance(part, Alternatives))
            if any(leaf.is_positive for leaf in leaves):
                self.dropped.update(part.source for part in choices)
                yield join_leaves(leaves)
                return
            pivot = min((part for part in choices if part.is_positive), key=lambda part: part.n_leaves)
            self.dropped.update(part.source for part in choices if part is not pivot)
            for branch in self._branches(pivot):
                yield join_leaves((*(branch.parts if isinstance(branch, Both) else (branch,)), *leaves))
        else:
            yield expression

    def _packed(self, texts: Sequence[str]) -> Iterator[str]:
        """Yield texts joined by OR, as many in each as fit."""
        dialect = self._dialect
        group = ""
        for text in texts:
            joined = f"{group}{dialect.disjunction}{text}" if group else text
            if group and dialect.max_length is not None and len(joined) > dialect.max_length:
                yield group
                group = text
            else:
                group = joined
        if group:
            yield group


def _with(alternatives: Sequence[Expression], others: tuple[Expression, ...]) -> Expression:
    """Return (any of the alternatives) AND others."""
    group = alternatives[0] if len(alternatives) == 1 else Alternatives(tuple(alternatives))
    return join_leaves((group, *others)) if others else group
