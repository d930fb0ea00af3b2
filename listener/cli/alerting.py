"""List alerts, look at one, acknowledge, snooze, try the way they go, and replay the rules."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import click

from listener.cli.backtesting import backtest
from listener.cli.context import (
    BRAND,
    NUMBER,
    App,
    config_option,
    database_option,
    examples,
    format_option,
    now_option,
    pass_app,
)
from listener.cli.findings import print_finding
from listener.cli.output import emit_json, emit_rows
from listener.errors import DeliveryError, EndedError, ListenerError, UsageError

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from click.shell_completion import CompletionItem

    from listener.search import EpisodeRow, Reader

__all__ = ["alerts"]

_LONGEST_SNOOZE: Final = timedelta(days=365)
_PAUSES: Final = {"spike": timedelta(hours=7), "silence": timedelta(hours=13), "sentiment": timedelta(days=1)}
"""For how long a rule of a kind is silent where all is read once something else is listened to: six and twelve whole hours, a day."""
_FIGURES: Final = ("observed", "expected", "interval", "surprise", "coverage")
_DATA: Final = ("id", "brand", "rule", "state", "severity", "opened_at", "resolved_at", *_FIGURES)


class _Listing(click.Group):
    """List where no subcommand is named: `alerts --brand Acme` is `alerts list --brand Acme`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `list` before options that are not those of the group."""
        is_bare = not args and not ctx.resilient_parsing  # what a shell completes may become a subcommand
        if is_bare or (args and args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the subcommands, or the options of `list`, that begin with `incomplete`."""
        if incomplete.startswith("-"):
            return list_.shell_complete(ctx, incomplete)
        return super().shell_complete(ctx, incomplete)


@click.group(
    cls=_Listing, epilog=examples("listener alerts", "listener alerts show 3", "listener alerts snooze Acme 4h")
)
def alerts() -> None:
    """List alerts (without a subcommand), look at one, acknowledge, rate, snooze, test and replay."""


@alerts.command(
    "list", epilog=examples("listener alerts list --brand Acme --since 7d", "listener alerts --format json")
)
@click.option("--brand", type=BRAND, default=None, metavar="BRAND", help="Only those of this brand.")
@click.option("--since", default=None, metavar="WHEN", help="From when: 7d, a date, today; default: ever.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most this many.")
@config_option
@database_option
@format_option()
@now_option
@pass_app
def list_(app: App, brand: str | None, since: str | None, limit: int) -> None:
    """List alerts, the newest first."""
    from listener.clock import parse_when
    from listener.search import Reader

    name = None if brand is None else app.config.brand(brand).name
    start = None if since is None else parse_when(since, now=app.now, zone=app.zone)
    with Reader(app.database_path) as reader:
        found = reader.episodes(brand=name, since=start, limit=limit + 1)
        snoozes = reader.snoozes(app.now)
        pauses = _pauses(app, reader)
    _emit(app, found[:limit])
    for snoozed, until in snoozes.items():
        if name in {None, snoozed}:
            click.echo(f"alerts of {snoozed} are snoozed until {_moment(app, until)}", err=True)
    for paused, rules in pauses.items():
        if name in {None, paused}:
            said = "something else is listened to than before, and what is usual is learned anew"
            click.echo(f"alerts of {paused} pause: {', '.join(rules)}; {said}", err=True)
    if len(found) > limit:
        click.echo(f"only the newest {limit} {'are' if limit > 1 else 'is'} shown; --limit shows more", err=True)


@alerts.command(epilog=examples("listener alerts show 3"))
@click.argument("number", metavar="ID", type=NUMBER)
@config_option
@database_option
@format_option()
@now_option
@pass_app
def show(app: App, number: int) -> None:
    """Show one alert: what, why, and mentions that show it."""
    from listener.cli.episodes import print_episode
    from listener.search import Reader

    with Reader(app.database_path) as reader:
        episode = reader.episode(number)
        mentions = reader.mentions_by_number(episode.mentions, brand=episode.brand)
        limits = _limits(app, reader, episode) if app.format == "table" else ""
    if app.format == "json":
        emit_json({name: value for name, value in _row(episode, app.zone).items() if name != "headline"})
    elif app.format == "table":
        print_episode(episode, mentions, app.zone, limits=limits)
    else:
        _emit(app, (episode,))


@alerts.command(epilog=examples("listener alerts ack 3"))
@click.argument("number", metavar="ID", type=NUMBER)
@config_option
@database_option
@now_option
@pass_app
def ack(app: App, number: int) -> None:
    """Note that somebody has seen an alert."""
    from listener.search import Reader
    from listener.store import Store

    with Reader(app.database_path) as reader:
        episode = reader.episode(number)
    with Store(app.database_path) as store:
        store.reports.acknowledge(episode.id, now=app.now)
    click.echo(f"alert {episode.id} of {episode.brand} is acknowledged", err=True)


@alerts.command(epilog=examples("listener alerts useful 3"))
@click.argument("number", metavar="ID", type=NUMBER)
@config_option
@database_option
@now_option
@pass_app
def useful(app: App, number: int) -> None:
    """Note that an alert was worth being told of; `alerts show` and `status` tell it."""
    _rate(app, number, is_useful=True)


@alerts.command(epilog=examples("listener alerts useless 3"))
@click.argument("number", metavar="ID", type=NUMBER)
@config_option
@database_option
@now_option
@pass_app
def useless(app: App, number: int) -> None:
    """Note that an alert was not worth being told of; `alerts show` and `status` tell it."""
    _rate(app, number, is_useful=False)


def _rate(app: App, number: int, *, is_useful: bool) -> None:
    from listener.search import Reader
    from listener.store import Store

    with Reader(app.database_path) as reader:
        episode = reader.episode(number)
    with Store(app.database_path) as store:
        store.reports.rate(episode.id, is_useful=is_useful, now=app.now)
    with Reader(app.database_path) as reader:
        told = reader.feedback()
    click.echo(
        f"alert {episode.id} of {episode.brand} is noted as {'useful' if is_useful else 'useless'}; "
        f"so far {told.useful} useful, {told.useless} useless",
        err=True,
    )


@alerts.command(epilog=examples("listener alerts snooze Acme 4h", "listener alerts snooze Acme 0h"))
@click.argument("brand", type=BRAND)
@click.argument("length", metavar="LENGTH")
@config_option
@database_option
@now_option
@pass_app
def snooze(app: App, brand: str, length: str) -> None:
    """Send no alert of a brand for a while, such as 4h or 2d; 0h ends it. Alerts are still recorded."""
    from listener import wiring
    from listener.clock import parse_duration
    from listener.search import Reader
    from listener.service import clock_is_ahead
    from listener.store import Store

    name, lasts = app.config.brand(brand).name, parse_duration(length)
    if lasts > _LONGEST_SNOOZE:
        msg = f"{length} is longer than a year; to hear nothing of {name}, leave it out of the rules in [alerts]"
        raise UsageError(msg)
    until = app.now + lasts
    Reader(app.database_path).close()  # a snooze makes no store
    with Store(app.database_path) as store:
        brands = [(one.name, one.kind) for one in app.config.brands]
        store.register(brands, wiring.build_queries(app.config), now=app.now)
        store.reports.snooze(name, until=until)
    click.echo(f"alerts of {name} are sent {f'from {_moment(app, until)} on' if lasts else 'again'}", err=True)
    if lasts and (doubt := clock_is_ahead(app.config, app.database_path, now=app.now)):
        click.echo(f"{doubt}; then snooze {name} anew, or this lasts longer", err=True)


def _moment(app: App, at: datetime) -> str:
    return at.astimezone(app.zone).strftime("%Y-%m-%d %H:%M")


@alerts.command(epilog=examples("listener alerts test"))
@config_option
@now_option
@pass_app
def test(app: App) -> int:
    """Send a sample alert to everybody who gets alerts; one line each."""
    from listener import wiring

    notifiers = wiring.build_notifiers(app.config)
    if not notifiers:
        msg = f"there is nobody to send to: set host in [mail] and to in [digest], or urls_env in [notify], of {app.config.path}"
        raise ListenerError(msg)
    from listener.cli.episodes import sample_alert

    name = app.config.brands[0].name if app.config.brands else "Acme"
    notification = sample_alert(name, app.now, app.zone)
    failures = 0
    for notifier in notifiers:
        try:
            notifier.send(notification)
        except DeliveryError as error:
            failures += 1
            print_finding("FAIL", notifier.name, str(error))
        except EndedError:
            raise
        except (Exception, SystemExit) as error:
            failures += 1
            import logging

            logging.getLogger(__name__).exception("notifier broken name=%s", notifier.name)
            print_finding("FAIL", notifier.name, f"unexpected {type(error).__name__}; the log has the details")
        else:
            print_finding("ok", notifier.name, notifier.destination)
    return 1 if failures else 0


def _pauses(app: App, reader: Reader) -> dict[str, list[str]]:
    """Return by brand the rules that pause since something else is listened to, each with the earliest end of that."""
    from listener import wiring
    from listener.pipeline import single_rules

    _, rules = wiring.read_alert_options(app.config)
    kinds = {rule.name: rule.kind for rule in single_rules(rules)}
    brands = {brand.name for brand in app.config.brands}
    pauses: dict[str, list[str]] = {}
    for brand, rule, at in reader.learned_anew(app.now - max(_PAUSES.values())):
        lasts = _PAUSES.get(kinds.get(rule, ""))
        if brand in brands and lasts is not None and at <= app.now < at + lasts:
            pauses.setdefault(brand, []).append(f"{rule} until {_moment(app, at + lasts)}")
    return pauses


def _limits(app: App, reader: Reader, episode: EpisodeRow) -> str:
    """Return the threshold now in force for the rule of an episode with its reason; empty where it is not configured."""
    from listener import wiring
    from listener.alerts.episodes import thresholds
    from listener.alerts.records import RuleState
    from listener.errors import StoreVersionError
    from listener.pipeline import single_rules

    options, rules = wiring.read_alert_options(app.config)
    rule = next((one for one in single_rules(rules) if one.name == episode.rule), None)
    if rule is None:
        return ""
    known = reader.alert_state(episode.brand, rule.name)
    try:
        state = None if known is None else RuleState.from_json(known[0])
    except StoreVersionError:
        state = None
    limits = thresholds(rule, options, state)
    return f"opens from {limits.opens:.1f}, a message at once from {limits.pushes:.1f}; {limits.reason}"


def _emit(app: App, found: tuple[EpisodeRow, ...]) -> None:
    """Write alerts: the whole shape in JSON, flat in CSV, two lines each for people."""
    if app.format == "table":
        from listener.cli.episodes import print_list

        print_list(found, app.zone)
        return
    more = ("headline",) if app.format == "csv" else ("why",)
    emit_rows((_row(one, app.zone) for one in found), [*_DATA, *more], app.format)


def _row(episode: EpisodeRow, zone: ZoneInfo) -> dict[str, object]:
    """Return an alert in the shape that scripts read."""
    resolved = episode.resolved_at
    return {
        **{name: getattr(episode, name) for name in ("id", "brand", "rule", "state", "severity", "headline")},
        "opened_at": episode.opened_at.astimezone(zone).isoformat(),
        "resolved_at": None if resolved is None else resolved.astimezone(zone).isoformat(),
        **{name: getattr(episode, name) for name in _FIGURES},
        "interval": list(episode.interval),
        "why": {
            "terms": list(episode.terms),
            "sources": list(episode.sources),
            "authors": list(episode.authors),
            "mentions": list(episode.mentions),
        },
    }


alerts.add_command(backtest)
