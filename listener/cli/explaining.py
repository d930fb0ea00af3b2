"""Answer `explain`: what each source is asked for a brand, how often, and at what cost."""

from __future__ import annotations

import math
import sys
import threading
from dataclasses import field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import (
    BRAND,
    App,
    config_option,
    database_option,
    examples,
    format_option,
    now_option,
    pass_app,
)
from listener.cli.costing import read_costs
from listener.cli.output import emit_rows, line_room
from listener.cli.upkeep import UPKEEP_COLUMNS, Upkeep, read_upkeep
from listener.errors import ListenerError
from listener.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from listener.cli.costing import Costs
    from listener.protocols import Resource, SourceFacts
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
    "brands",
    "measured_days",
    "paid_reads_a_day",
    "usd_a_day",
    "usd_a_month",
    "prices",
    *UPKEEP_COLUMNS,
    "budget",
    "cost",
    "problem",
)
_DAY: Final = timedelta(days=1)
_SOME_FAILED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Hold what one source is asked for one brand; `resources` is empty where `problem` says why."""

    source: str
    every: timedelta
    facts: SourceFacts | None
    resources: tuple[Resource, ...]
    problem: str | None = None
    upkeep: Upkeep = field(default_factory=Upkeep)

    @property
    def requests_a_day(self) -> int:
        """Return the requests of a quiet day: one a resource and pass."""
        return math.ceil(_DAY / self.every * len(self.resources))


@click.command(epilog=examples("listener explain Acme", "listener explain --format json"))
@click.argument("brand", type=BRAND, required=False)
@config_option
@database_option
@format_option()
@now_option
@pass_app
def explain(app: App, brand: str | None) -> int:
    """Show what each source is asked for a brand, what is filtered here, and what that costs a day.

    Nothing is asked. Requests are those of quiet days: one for each thing asked at
    each pass; more where more than one page is new. Paid reads and US dollars are
    those of the last 14 whole UTC days, held against the budgets. What looking again
    and reading threads takes is told at most, for all brands of a source together. The table ends
    with what scores which language. The exit code is 3 where a source cannot be
    asked for a brand.
    """
    from listener import wiring

    app.validate()
    wanted = None if brand is None else app.config.brand(brand).name
    queries = wiring.build_queries(app.config)
    costs = read_costs(app)
    planned = {name: _planned(app, name, queries) for name in wiring.enabled_sources(app.config)}
    plans = {
        query: [_plan(name, query, planned[name]) for name in app.config.hearing()[query.brand]]
        for query in queries
        if wanted in {None, query.brand}
    }
    if app.format == "table":
        for query, found in plans.items():
            _print_brand(app, query, found, costs)
        if (total := costs.total()) is not None:
            click.echo(f"in all: {total}\n")
        _print_scorers(app)
    else:
        rows = [row for query, found in plans.items() for row in _rows(app, query, found, costs)]
        emit_rows(rows, _COLUMNS, app.format)
    has_problem = any(plan.problem for found in plans.values() for plan in found)
    return _SOME_FAILED if has_problem else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    """Hold what one source is asked for all brands that listen to it, and why it cannot be asked for some."""

    every: timedelta = _DAY
    facts: SourceFacts | None = None
    resources: tuple[Resource, ...] = ()
    problem: str | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    upkeep: Upkeep = field(default_factory=Upkeep)


def _planned(app: App, name: str, queries: tuple[Query, ...]) -> _Planned:
    """Plan a source as a collection would."""
    from listener import wiring
    from listener.pipeline.planning import plan_resources, refusals

    heard = wiring.queries_for(app.config, queries, name)
    try:
        every = wiring.schedule_of(app.config, name).every
        with wiring.in_use(wiring.build_source(app.config, name, threading.Event())) as source:
            resources, refused = plan_resources(source, heard, wiring.budget_of(app.config, name).brands)
            problems = {} if refused is None else refusals(source, heard)
            upkeep = read_upkeep(app.config, name, source)
    except ListenerError as error:
        return _Planned(problem=str(error))
    return _Planned(every=every, facts=source.facts, resources=tuple(resources), problems=problems, upkeep=upkeep)


def _plan(name: str, query: Query, planned: _Planned) -> _Plan:
    """Return what of a source's plan is for one brand."""
    problem = planned.problem or planned.problems.get(query.brand)
    if problem is not None:
        return _Plan(source=name, every=_DAY, facts=None, resources=(), problem=problem)
    resources = tuple(
        resource
        for resource in planned.resources
        if query.brand in {resource.brand, *resource.brands} or not (resource.brand or resource.brands)
    )
    return _Plan(source=name, every=planned.every, facts=planned.facts, resources=resources, upkeep=planned.upkeep)


def _rows(app: App, query: Query, plans: Sequence[_Plan], costs: Costs) -> list[dict[str, object]]:
    """Return one row a thing asked, or one with the problem."""
    from listener.clock import format_duration

    rows: list[dict[str, object]] = []
    for plan in plans:
        whole: dict[str, object] = {"brand": query.brand, "source": plan.source, "filter": query.text}
        if plan.problem is not None:
            rows.append({**whole, "problem": plan.problem})
        if plan.facts is not None:
            whole |= costs.row(app, plan.source, query.brand, plan.facts) | plan.upkeep.row()
        rows += [
            {
                **whole,
                "lane": resource.lane,
                "native": resource.native,
                "shared": resource.brand is None,
                "every": format_duration(plan.every),
                "requests_a_day": math.ceil(_DAY / plan.every),
                "brands": ", ".join(resource.brands) or resource.brand,
                "cost": "" if plan.facts is None else plan.facts.cost,
            }
            for resource in plan.resources
        ]
    return rows


def _print_brand(app: App, query: Query, plans: Sequence[_Plan], costs: Costs) -> None:
    """Print what is asked for one brand, source by source."""
    from listener.clock import format_duration

    click.echo(query.brand)
    _print_text("filtered here: ", query.text)
    for plan in plans:
        if plan.problem is not None or plan.facts is None:
            _print_text(f"  {plan.source}: ", f"cannot be asked: {plan.problem}")
            continue
        asked = f"{plan.requests_a_day:,} request{'' if plan.requests_a_day == 1 else 's'} a day or more"
        _print_text(f"  {plan.source}: ", f"every {format_duration(plan.every)}, {asked}; cost: {plan.facts.cost}")
        for resource in plan.resources:
            _print_text("    ", resource.native + _shared_with(resource, query.brand))
        if not plan.resources:
            click.echo("    is asked nothing")
        for head, text in [*costs.lines(app, plan.source, query.brand, plan.facts), *plan.upkeep.lines()]:
            _print_text(head, text)
    if not plans:
        click.echo("  no enabled source listens for it")
    click.echo()


def _shared_with(resource: Resource, brand: str) -> str:
    """Say with which brands a request is shared."""
    if resource.brand is not None:
        return ""
    others = [name for name in resource.brands if name != brand]
    return f" (shared with {', '.join(others)})" if others else " (for all brands at once)"


def _print_scorers(app: App) -> None:
    """Print what scores which language, and which models overrule that."""
    from listener import scoring

    config = app.config
    click.echo("scored by")
    lines = scoring.describe_routes(config.sentiment, str(config.path), folder=config.path.parent)
    for line in [*_trained(app.database_path), *lines]:
        _print_text("  ", line)


def _trained(database: Path) -> list[str]:
    """Return a line for each model that is on; none where the store is not there or of another version."""
    from listener.disk import is_there
    from listener.errors import StoreError
    from listener.search import Reader

    try:
        if not is_there(database):
            return []
        with Reader(database) as reader:
            stored = [one for one in reader.models() if one.is_on]
    except StoreError:
        return []
    return [f"trained: {', '.join(one.card.get('languages') or ())} of {one.brand}" for one in stored]


def _print_text(head: str, text: str) -> None:
    """Print a text behind its head, wrapped below it."""
    from listener.cli.width import neutralise, wrap

    first, *more = wrap(neutralise(head.lstrip() + text), line_room(sys.stdout) - 6)
    click.echo(head[: len(head) - len(head.lstrip())] + first)
    for line in more:
        click.echo(f"      {line}")
