"""Run `ruleset suggest`: word rules that people's labels ask for, each with what it would do."""

from __future__ import annotations

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
from listener.cli.output import Column, count_text, emit_rows
from listener.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sentiment.options import SentimentOptions
    from sentiment.suggesting import Suggestion, Suggestions
    from sentiment.training import Example

__all__ = ["ruleset"]


def _interval_text(value: object) -> str:
    return f"{100 * value[0]:.0f} to {100 * value[1]:.0f} %" if isinstance(value, (list, tuple)) else "too few"


def _valence_text(value: object) -> str:
    return "0" if value == 0 else f"{value:+g}"


_TABLE: Final = (
    Column(name="brand"),
    Column(name="phrase"),
    Column(name="valence", align="right", text=_valence_text),
    Column(name="n", title="labels with it", align="right", text=count_text),
    Column(name="fixed", align="right", text=count_text),
    Column(name="broken", align="right", text=count_text),
    Column(name="interval", title="share fixed, 95 %", align="right", text=_interval_text),
)
_COLUMNS: Final = (*(column.name for column in _TABLE), "line")


@click.group(epilog=examples("listener ruleset suggest --brand Acme"))
def ruleset() -> None:
    """Word rules of a brand: what labels ask for."""


@ruleset.command(epilog=examples("listener ruleset suggest --brand Acme", "listener ruleset suggest --format json"))
@click.option(
    "--brand",
    type=BRAND,
    default=None,
    metavar="BRAND",
    help="Only for this brand; else for every one that has labels.",
)
@click.option("--since", default=None, metavar="WHEN", help="Only from mentions of this time on: 90d, a date.")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="Rules a brand at most.")
@config_option
@database_option
@format_option()
@now_option
@pass_app
def suggest(app: App, brand: str | None, since: str | None, limit: int) -> None:
    """Propose words to take out of the scoring or to score otherwise, from labels that disagree with scores.

    Each rule is tried on the labelled mentions: fixed are those whose label becomes
    right, broken those that were right before; every rule counts on top of those above
    it. The interval is of the share fixed among the changed; it says "too few" below 6.
    That is measured on the very labels that suggest it; from 40 labels on, rules are also
    found on one half of them and tried on the other, which is what new mentions may
    expect. Look at each rule before you paste it. Only languages scored by word lists are looked at; nothing is changed.
    """
    from listener.words.stopwords import STOPWORDS
    from sentiment.build import stage_with_rules
    from sentiment.suggesting import suggest_rules, try_on_others

    options, found = _examples(app, brand, since)
    rows: list[Mapping[str, object]] = []
    kept: list[str] = []
    for name, labelled in found.items():
        stage = stage_with_rules(options, {one.task.language for one in labelled})
        made = suggest_rules(name, labelled, stage, most=limit, ignored=STOPWORDS)
        rows += [_row(one) for one in made.rules]
        kept += [one.line for one in made.rules]
        _tell(name, made)
        others = try_on_others(name, labelled, stage, most=limit, ignored=STOPWORDS) if made.rules else None
        if others is not None:
            n, before, after = others
            click.echo(
                f"{name}: rules found on half of the labels and tried on the other: {before} of {n} right become {after}",
                err=True,
            )
    if app.format != "table":
        emit_rows(rows, _COLUMNS, app.format)
    elif rows:
        emit_rows(rows, _TABLE, "table")
        _print_lines((*options.rulesets, *kept))


def _examples(app: App, brand: str | None, since: str | None) -> tuple[SentimentOptions, dict[str, list[Example]]]:
    """Return the options of the stage, and the labelled texts of each brand that word lists score."""
    from listener import scoring, wiring
    from listener.cli.training import labelled_examples
    from listener.search.history import HistoryReader
    from sentiment.lexical import LexicalScorer

    named = None if brand is None else app.config.brand(brand).name
    problems: list[str] = []
    options, _ = scoring.read_sentiment(app.config.sentiment, problems, folder=app.config.path.parent)
    if options is None or problems:
        raise ConfigError(problems, where=str(app.config.path))
    _, routed = scoring.build_scoring(app.config.sentiment, str(app.config.path), folder=app.config.path.parent)
    judge = wiring.build_judge(app.config, wiring.build_queries(app.config))
    with HistoryReader(app.database_path) as reader:
        found = labelled_examples(reader, judge, named, since=None if since is None else _instant(app, since))
    lexical = {
        name: kept
        for name, several in found.items()
        if (kept := [one for one in several if isinstance(routed.scorer_of(one.task.language), LexicalScorer)])
    }
    if not lexical:
        msg = 'there is no label of a mention that word lists score; "listener label --queue 50" begins'
        raise UsageError(msg)
    return options, lexical


def _instant(app: App, since: str) -> datetime:
    from listener.clock import parse_when

    return parse_when(since, now=app.now, zone=app.zone)


def _row(one: Suggestion) -> dict[str, object]:
    return {
        "brand": one.brand,
        "phrase": one.phrase,
        "valence": one.valence,
        "n": one.n,
        "fixed": one.fixed,
        "broken": one.broken,
        "interval": None if one.interval is None else [round(edge, 4) for edge in one.interval],
        "line": one.line,
    }


def _tell(brand: str, made: Suggestions) -> None:
    """Say how many labels are right before and after, on stderr."""
    if made.rules:
        effect = f"{made.right_before} of {made.n} labels right now, {made.right_after} with these rules"
    else:
        effect = f"{made.right_before} of {made.n} labels right; no rule would fix two or more without breaking others"
    click.echo(f"{brand}: {effect}", err=True)


def _print_lines(rules: Sequence[str]) -> None:
    """Print the lines of the configuration, those that are there already first."""
    from listener.config.sample import toml_value

    click.echo("\n[sentiment]\nrulesets = [")
    for rule in rules:
        click.echo(f"  {toml_value(rule)},")
    click.echo("]")
