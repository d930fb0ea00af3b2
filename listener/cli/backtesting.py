"""Answer `alerts backtest`: what rules would have raised over the stored history, drawn or beside other rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
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
from listener.cli.output import UNKNOWN, Column, count_text, emit_rows
from listener.errors import ListenerError, UsageError, suggest
from listener.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from listener.alerts.backtest import Backtest
    from listener.alerts.options import AlertOptions, RuleOptions
    from listener.alerts.records import BucketCounts, Episode
    from listener.pipeline import WatchedBrand
    from listener.search import Reader, Trend

__all__ = ["backtest"]

_HISTORY: Final = timedelta(days=60)
"""What the rules learn from before the span that is replayed."""
_BY_HOUR_UP_TO: Final = timedelta(days=7)
"""The longest span that is drawn by hour."""
_PUSHED, _FOR_DIGEST = "\N{BLACK DOWN-POINTING TRIANGLE}", "\N{WHITE DOWN-POINTING TRIANGLE}"


def _figure(value: object) -> str:
    """Write an observed or expected figure as briefly as it can be read."""
    return f"{value:,.3g}" if isinstance(value, float) and abs(value) < 1_000 else f"{value:,.0f}"  # noqa: PLR2004 - three digits say it


def _rate(value: object) -> str:
    """Write how many a week; not known where a rule was not replayed."""
    return f"{value:.2f}" if isinstance(value, float) else UNKNOWN


def _length(found: object) -> str:
    return str(len(found)) if isinstance(found, list) else UNKNOWN


_OPENED: Final = (
    Column(name="opened_at", title="opens"),
    Column(name="brand"),
    Column(name="rule"),
    Column(name="severity"),
    Column(name="tier"),
)
_WOULD: Final = (
    *_OPENED,
    Column(name="told", text=lambda value: "at once" if value else "digest", rank=1),
    Column(name="observed", align="right", text=_figure),
    Column(name="expected", align="right", text=_figure),
    Column(name="per_week", title="rule a week", align="right", text=_rate, rank=1),
)
_WOULD_DATA: Final = (
    "opened_at", "resolved_at", "brand", "rule", "severity", "tier", "told", "observed", "expected", "interval", "surprise",
    "coverage", "per_week",
)  # fmt: skip
_BESIDE: Final = (
    Column(name="brand"),
    Column(name="rule"),
    Column(name="per_week", title="a week", align="right", text=_rate),
    Column(name="other_per_week", title="other a week", align="right", text=_rate),
    Column(name="both", align="right", text=count_text),
    Column(name="only_here", title="only here", align="right", text=_length),
    Column(name="only_other", title="only other", align="right", text=_length),
)
_ONLY: Final = (*_OPENED, Column(name="only_in", title="only"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """Hold what is replayed: the rules about brands and single sources, and what holds for all."""

    options: AlertOptions
    rules: tuple[RuleOptions, ...]

    def of(self, brand: str) -> list[RuleOptions]:
        """Return the rules that hold for a brand."""
        return [rule for rule in self.rules if not rule.brands or brand in rule.brands]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Replayed:
    """Hold what one rule would have done with one brand: everything, what opened in the span, and how often a week."""

    whole: Backtest
    opened: tuple[Episode, ...]
    per_week: float | None


_Found = dict[tuple[str, str], _Replayed]
"""What was replayed, by brand and rule."""


@click.command(
    epilog=examples(
        "listener alerts backtest --since 90d",
        "listener alerts backtest --brand Acme --chart acme.png",
        "listener alerts backtest --brand Acme --compare calmer.toml",
    )
)
@click.option("--since", default="90d", show_default=True, metavar="WHEN", help="From when: 90d, a date.")
@click.option("--brand", type=BRAND, default=None, metavar="BRAND", help="Only this brand.")
@click.option(
    "--chart",
    type=click.Path(dir_okay=False, path_type=Path),
    help=(
        "Draw the mentions of one brand with what would have opened: FILE.png or FILE.svg; - draws in the terminal "
        "in place of the rows."
    ),
)
@click.option(
    "--compare",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Replay [alerts] of this configuration too, and say what differs.",
)
@config_option
@database_option
@format_option()
@now_option
@pass_app
def backtest(app: App, since: str, brand: str | None, chart: Path | None, compare: Path | None) -> None:
    """Say which alerts the present rules would have raised over the stored history; nothing is written to the store.

    The history is taken as if it had come in time. What lies up to 60 days before
    --since is learned from. The rate a week is that of the rule for the brand.
    """
    from listener.clock import parse_when

    start = parse_when(since, now=app.now, zone=app.zone)
    if start >= app.now:
        msg = f"--since {since} begins now or later; name an earlier one, such as 90d"
        raise UsageError(msg)
    wanted = None if brand is None else app.config.brand(brand).name
    if compare is not None:
        if chart is not None:
            msg = "--chart draws the rules of one configuration; leave it or --compare out"
            raise UsageError(msg)
        here, other = _replay(app, start, wanted, [_rules_of(app, None), _rules_of(app, compare)])
        _emit_comparison(app, here, other, start)
        return
    is_drawn_here = app.draws_here(chart)
    _check_chart(chart)
    drawn = "" if chart is None else wanted or _only_brand(app)
    (found,) = _replay(app, start, drawn or wanted, [_rules_of(app, None)])
    if chart is not None:
        _draw(app, chart, drawn, start, [each for one in found.values() for each in one.opened])
    if not is_drawn_here:
        _emit(app, found)


def _check_chart(file: Path | None) -> None:
    """Refuse what is no picture before the long work begins."""
    if file is not None and str(file) != "-":
        from listener.cli.charting import look_for

        look_for(file, is_dark=False)


def _rules_of(app: App, file: Path | None) -> _Rules:
    """Return the rules of the present configuration or, with a `file`, of another one.

    Of the other only [alerts] counts; it may name brands and sources of either.
    """
    from listener import wiring
    from listener.config import load_config
    from listener.pipeline import single_rules

    config = app.config
    if file is not None:
        other, known = load_config(file), {brand.name for brand in config.brands}
        config = replace(
            other,
            brands=(*config.brands, *(brand for brand in other.brands if brand.name not in known)),
            sources={**other.sources, **config.sources},
        )
    options, rules = wiring.read_alert_options(config)
    return _Rules(options=options, rules=single_rules(rules))


def _replay(app: App, start: datetime, wanted: str | None, sets: Sequence[_Rules]) -> list[_Found]:
    """Replay each of the sets of rules over the stored quarters of the brand wanted, of all where it is None."""
    from listener import wiring
    from listener.cli.progress import progress_bar
    from listener.pipeline import WatchedBrand
    from listener.search import Reader

    queries = [query for query in wiring.build_queries(app.config) if wanted in {None, query.brand}]
    listening = wiring.listening(app.config)
    total = sum(len(rules.of(query.brand)) for query in queries for rules in sets)
    found: list[_Found] = [{} for _ in sets]
    done = 0
    with Reader(app.database_path) as reader, progress_bar("rules") as move:
        for query in queries:
            since = reader.known_since(query.brand)
            watched = WatchedBrand(name=query.brand, names=query.names, sources=listening[query.brand])
            history = _History(app, reader, watched, start, since) if since else None
            for rules, replayed in zip(sets, found, strict=True):
                whole: list[Episode] = []
                for rule in sorted(rules.of(query.brand), key=lambda rule: bool(rule.sources)):
                    if history is not None:
                        made = history.replay(rule, rules.options, whole)
                        replayed[query.brand, rule.name] = made
                        whole += () if rule.sources else made.whole.episodes
                    done += 1
                    move(done, total)
    return found


class _History:
    """Read what is stored of one brand, each kind of count once, and replay rules over it."""

    def __init__(self, app: App, reader: Reader, brand: WatchedBrand, start: datetime, earliest: datetime) -> None:
        """Take the stretch from 60 days before `start` to now, as far as there is history from `earliest` on."""
        from listener.pipeline import quarter_of

        self._reader, self._brand, self._zone = reader, brand, app.zone.key
        self._first, self._end = quarter_of(max(earliest, start - _HISTORY)), quarter_of(app.now)
        self._start = max(start, earliest)
        self._read: dict[tuple[object, ...], Sequence[BucketCounts]] = {}

    def replay(self, rule: RuleOptions, options: AlertOptions, told: Sequence[Episode]) -> _Replayed:
        """Replay one rule; one about a single source is silent where `told`, of the whole brand, tells already."""
        from listener.alerts.backtest import backtest as replay

        series = {self._brand.name: self._quarters(rule)}
        (whole,) = replay(series, [rule], options, time_zone=self._zone, whole=told)
        opened = tuple(episode for episode in whole.episodes if episode.opened_at >= self._start)
        weeks = (self._end - self._start) / timedelta(weeks=1)
        return _Replayed(whole=whole, opened=opened, per_week=round(len(opened) / weeks, 4) if weeks > 0 else None)

    def _quarters(self, rule: RuleOptions) -> Sequence[BucketCounts]:
        """Return the quarters as a rule takes them; rules that count the same share them."""
        from listener.pipeline import read_quarters

        apart = (rule.kind, rule.query) if rule.kind in {"words", "reach"} else ()
        key = (rule.sources, *apart)
        if key not in self._read:
            self._read[key] = read_quarters(
                self._reader, self._brand, self._first, self._end, late_before=self._first, rule=rule
            )
        return self._read[key]


def _emit(app: App, found: _Found) -> None:
    """Write one row an episode, in order of opening, and their number to stderr."""
    rows = [(_row(app, episode), episode, one) for one in found.values() for episode in one.opened]
    rows.sort(key=lambda row: (row[1].opened_at, row[1].brand, row[1].rule))
    emit_rows(
        ({**row, "told": episode.key in one.whole.told_of, "per_week": one.per_week} for row, episode, one in rows),
        _WOULD if app.format == "table" else _WOULD_DATA,
        app.format,
    )
    if app.format == "table":
        pushed = sum(episode.key in one.whole.told_of for _, episode, one in rows)
        click.echo(
            f"{len(rows)} would have opened, {pushed} of them with a message at once{_a_week(found.values())}", err=True
        )


def _a_week(found: Iterable[_Replayed]) -> str:
    """Return how many a week all rules raise together; nothing where no time is replayed."""
    rates = [one.per_week for one in found if one.per_week is not None]
    return f"; {sum(rates):.2f} a week" if rates else ""


def _emit_comparison(app: App, here: _Found, other: _Found, start: datetime) -> None:
    """Write one row a brand and rule and, for people, what only one of the configurations would have opened."""
    rows = [_compared(app, key, here.get(key), other.get(key), start) for key in dict.fromkeys([*here, *other])]
    emit_rows(rows, _BESIDE if app.format == "table" else [column.name for column in _BESIDE], app.format)
    if app.format != "table":
        return
    apart = [
        {**episode, "only_in": word}
        for row in rows
        for word, column in (("here", "only_here"), ("other", "only_other"))
        for episode in _rows_in(row[column])
    ]
    if apart:
        click.echo()
        emit_rows(sorted(apart, key=lambda episode: str(episode["opened_at"])), _ONLY, app.format)
    shared = sum(int(str(row["both"])) for row in rows)
    click.echo(
        f"{shared} would have opened with both{_a_week(here.values())} here, "
        f"{sum(one.per_week or 0.0 for one in other.values()):.2f} with the other; "
        f"{len(apart)} with only one",
        err=True,
    )


def _rows_in(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []


def _compared(
    app: App, key: tuple[str, str], here: _Replayed | None, other: _Replayed | None, start: datetime
) -> Mapping[str, object]:
    """Return how the episodes of one rule of a brand differ; a rule that only one side has has all its own."""
    from listener.alerts.backtest import compare

    both = 0
    only_here = () if here is None else here.opened
    only_other = () if other is None else other.opened
    if here is not None and other is not None:
        found = compare(here.whole, other.whole)
        both = sum(max(one.opened_at, twin.opened_at) >= start for one, twin in found.both)
        only_here = tuple(one for one in found.only_first if one.opened_at >= start)
        only_other = tuple(one for one in found.only_second if one.opened_at >= start)
    return {
        "brand": key[0],
        "rule": key[1],
        "per_week": None if here is None else here.per_week,
        "other_per_week": None if other is None else other.per_week,
        "both": both,
        "only_here": [_row(app, episode) for episode in only_here],
        "only_other": [_row(app, episode) for episode in only_other],
    }


def _row(app: App, episode: Episode) -> dict[str, object]:
    """Return an episode in the shape that scripts read."""
    return {
        **{name: getattr(episode, name) for name in _WOULD_DATA if hasattr(episode, name)},
        "opened_at": _time(app, episode.opened_at),
        "resolved_at": None if episode.resolved_at is None else _time(app, episode.resolved_at),
    }


def _time(app: App, instant: datetime) -> str:
    """Return a time as the format wants it: short in the table, ISO 8601 elsewhere."""
    local = instant.astimezone(app.zone)
    return local.strftime("%Y-%m-%d %H:%M") if app.format == "table" else local.isoformat()


def _only_brand(app: App) -> str:
    """Return the brand a chart is of where none is named: the only one that something is stored of, or that there is.

    Others are refused before they are replayed.
    """
    from listener.search import Reader

    names = [brand.name for brand in app.config.brands]
    if len(names) > 1:
        with Reader(app.database_path) as reader:
            names = [name for name in names if reader.first_and_last(name) is not None] or names
    if len(names) == 1:
        return names[0]
    if not names:
        msg = f"there is no brand to draw in {app.config.path}; add [[brands]]"
        raise ListenerError(msg)
    msg = f"--chart is of one brand; name it with --brand; {suggest('', names)}"
    raise UsageError(msg)


def _draw(app: App, file: Path, brand: str, start: datetime, episodes: Sequence[Episode]) -> None:
    """Draw the mentions of a brand with what would have opened, by hour where the span is short."""
    from listener import wiring
    from listener.clock import align_down
    from listener.search import Reader, Span

    by = "hour" if app.now - start <= _BY_HOUR_UP_TO else "day"
    span = Span(since=align_down(start, by, app.zone), until=app.now, by=by, zone=app.zone, now=app.now)
    with Reader(app.database_path) as reader:
        found = reader.trend([brand], span, wiring.listening(app.config))
    if str(file) == "-":
        _draw_here(found, episodes)
        return
    from listener.cli.charting import look_for, write_chart
    from reports.charts import Opening, draw_backtest

    openings = [Opening(at=one.opened_at, rule=one.rule, tier=one.tier) for one in episodes]
    write_chart(draw_backtest(found, openings, brand=brand, **look_for(file, is_dark=False)), file)


def _draw_here(found: Trend, episodes: Sequence[Episode]) -> None:
    """Draw in the terminal, a sign above each bar in which an alert would open; say below what the signs mean."""
    from listener.cli.trending import draw_here, drawing_room
    from listener.cli.width import wrap

    shown = [one for one in episodes if found.since < one.opened_at <= found.until]
    pushed = [one.opened_at for one in shown if one.tier == "push"]
    others = [one.opened_at for one in shown if one.tier != "push"]
    draw_here(found, marks=[*((at, _PUSHED) for at in pushed), *((at, _FOR_DIGEST) for at in others)])
    if shown:
        said = f"{_PUSHED} opens with a message at once: {len(pushed)}; {_FOR_DIGEST} for the digest: {len(others)}"
        room, *_ = drawing_room()
        click.echo("\n".join(wrap(said, room)))
    else:
        click.echo("no alert would have opened")
