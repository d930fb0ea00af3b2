"""Check rules against what is configured: brands, sources, expressions, names."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from listener.errors import QueryError, suggest
from listener.query.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from listener.alerts.options import RuleOptions

__all__ = ["check_rule", "doubled_names"]


def check_rule(
    rule: RuleOptions, where: str, problems: list[str], *, brands: Iterable[str], sources: Iterable[str]
) -> RuleOptions:
    """Return a rule with its brands as `brands` writes them; what is wrong with it is added to `problems`.

    `where` names its table, `sources` are all that may be meant.
    """
    where = f'{where} "{rule.name}"'
    known = {brand.casefold(): brand for brand in brands}
    problems += [f"{where}: {problem}" for problem in _problems(rule, known.values(), tuple(sources))]
    return replace(rule, brands=tuple(known.get(_folded(name), name) for name in rule.brands))


def doubled_names(rules: Sequence[RuleOptions]) -> list[str]:
    """Return a problem for each name that several rules bear: what is known of a rule is kept by its name."""
    return [
        f'{count} rules are called "{name}"; give each a name of its own'
        for name, count in Counter(rule.name for rule in rules).items()
        if count > 1
    ]


def _problems(rule: RuleOptions, brands: Iterable[str], sources: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with a rule."""
    known = {_folded(brand) for brand in brands}
    if ":" in rule.name:
        yield "name: holds a colon; a rule about sources is called NAME:SOURCE by itself"
    for name in rule.brands:
        if _folded(name) not in known:
            yield f'brands: there is no brand "{name}"; {suggest(name, brands)}'
    for name in rule.sources:
        if name not in sources:
            yield f'sources: there is no source "{name}"; {suggest(name, sources)}'
    if rule.kind == "words" and not rule.query.strip():
        yield "query: a rule of kind words needs one, such as recall OR lawsuit"
    elif rule.kind != "words" and rule.query.strip():
        yield f"query: only rules of kind words have one; this is of kind {rule.kind}"
    elif rule.query.strip():
        try:
            parse(rule.query)
        except QueryError as error:
            yield f"query: {error}"


def _folded(name: str) -> str:
    return name.strip().casefold()
