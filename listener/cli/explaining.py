"""Answer `explain`: what each source is asked for a brand, and how often."""

from __future__ import annotations

import math
import threading
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import App, config_option, examples, format_option, now_option, pass_app
from listener.cli.output import emit_rows
from listener.errors import ListenerError
from listener.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from listener.protocols import Resource
    from listener.query import Query

__all__ = ["explain"]

_COLUMNS: Final = (
    "brand",
    "source",
    "lane",
    "native",
    "shared",
    "filter",
    "every",
    "requests_a_day",
    "cost",
    "problem",
)
_LINE: Final = 80
_DAY: Final = timedelta(days=1)
_SOME_FAILED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Hold what one source is asked for one brand; `resources` is empty where `problem` says why."""

    source: str
    every: timedelta
    cost: str
    resources: tuple[Resource, ...]
    problem: str | None = None

    @property
    def requests_a_day(self) -> int:
        """Return the requests of a quiet day: one a resource and pass."""
        return math.ceil(_DAY / self.every * len(self.resources))


@click.command(epilog=examples("listener explain Acme", "listener explain --format json"))
@click.argument("brand", required=False)
@config_option
@format_option()
@now_option
@pass_app
def explain(app: App, brand: str | None) -> int:
    """Show what each source is asked for a brand, what is filtered here, and the requests a day.

    The table ends with what scores which language. Nothing is asked. Requests are those of quiet days: one for each thing asked at
    each pass; more where more than one page is new. The exit code is 3 where a
    source cannot be asked for a brand.
    """
    from listener import wiring

    wanted = None if brand is None else app.config.brand(brand).name
    wiring.validate(app.config)
    queries = wiring.build_queries(app.config)
    plans = {query: _plans(app, query) for query in queries if wanted in {None, query.brand}}
    if app.format == "table":
        for query, found in plans.items():
            _print_brand(query, found)
        _print_scorers(app)
    else:
        emit_rows([row for query, found in plans.items() for row in _rows(query, found)], _COLUMNS, app.format)
    has_problem = any(plan.problem for found in plans.values() for plan in found)
    return _SOME_FAILED if has_problem else 0


def _plans(app: App, query: Query) -> list[_Plan]:
    """Return what each enabled source that listens for a brand would be asked."""
    from listener import wiring

    return [_plan(app, name, query) for name in wiring.listening(app.config)[query.brand]]


def _plan(app: App, name: str, query: Query) -> _Plan:
    from listener import wiring

    try:
        schedule = wiring.schedule_of(app.config, name)
        with closing(wiring.build_source(app.config, name, threading.Event())) as source:
            cost = source.facts.cost
            resources = tuple(source.plan([query]))
    except ListenerError as error:
        return _Plan(source=name, every=_DAY, cost="", resources=(), problem=str(error))
    return _Plan(source=name, every=schedule.every, cost=cost, resources=resources)


def _rows(query: Query, plans: Sequence[_Plan]) -> list[dict[str, object]]:
    """Return one row a thing asked, or one with the problem."""
    from listener.clock import format_duration

    rows: list[dict[str, object]] = []
    for plan in plans:
        whole: dict[str, object] = {"brand": query.brand, "source": plan.source, "filter": query.text}
        if plan.problem is not None:
            rows.append({**whole, "problem": plan.problem})
        rows += [
            {
                **whole,
                "lane": resource.lane,
                "native": resource.native,
                "shared": resource.brand is None,
                "every": format_duration(plan.every),
                "requests_a_day": math.ceil(_DAY / plan.every),
                "cost": plan.cost,
            }
            for resource in plan.resources
        ]
    return rows


def _print_brand(query: Query, plans: Sequence[_Plan]) -> None:
    """Print what is asked for one brand, source by source."""
    from listener.clock import format_duration

    click.echo(query.brand)
    _print_text("filtered here: ", query.text)
    for plan in plans:
        if plan.problem is not None:
            _print_text(f"  {plan.source}: ", f"cannot be asked: {plan.problem}")
            continue
        asked = f"{plan.requests_a_day:,} request{'' if plan.requests_a_day == 1 else 's'} a day or more"
        _print_text(f"  {plan.source}: ", f"every {format_duration(plan.every)}, {asked}; cost: {plan.cost}")
        for resource in plan.resources:
            _print_text("    ", resource.native + (" (for all brands at once)" if resource.brand is None else ""))
        if not plan.resources:
            click.echo("    is asked nothing")
    if not plans:
        click.echo("  no enabled source listens for it")
    click.echo()


def _print_scorers(app: App) -> None:
    """Print what scores which language, and which models overrule that."""
    from listener import scoring

    config = app.config
    click.echo("scored by")
    lines = scoring.describe_routes(config.sentiment, str(config.path), folder=config.path.parent)
    for line in [*_trained(config.database), *lines]:
        _print_text("  ", line)


def _trained(database: Path) -> list[str]:
    """Return a line for each model that is on; none where the store is not there or of another version."""
    from listener.errors import StoreError
    from listener.search import Reader

    try:
        if not database.exists():
            return []
        with Reader(database) as reader:
            stored = [one for one in reader.models() if one.is_on]
    except StoreError:
        return []
    return [f"trained: {', '.join(one.card.get('languages') or ())} of {one.brand}" for one in stored]


def _print_text(head: str, text: str) -> None:
    """Print a text behind its head, wrapped below it."""
    from listener.cli.width import neutralise, wrap

    first, *more = wrap(neutralise(head.lstrip() + text), _LINE - 6)
    click.echo(head[: len(head) - len(head.lstrip())] + first)
    for line in more:
        click.echo(f"      {line}")
