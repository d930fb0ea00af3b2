"""Tell how things stand: `status` and `sources`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import App, config_option, database_option, examples, format_option, now_option, pass_app
from listener.cli.output import Column, count_text, coverage_text, emit_json, emit_rows
from listener.cli.rechecking import RECHECK_COLUMNS, recheck_rows
from listener.cli.sizing import size_lines, size_row
from listener.cli.spent import BUDGET_COLUMNS, RECALL_COLUMNS, budget_rows, recall_rows, scoring_rows
from listener.clock import parse_instant
from listener.errors import ListenerError

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from listener.search import Reader
    from listener.search.states import DaemonState, OutboxCounts, SourceState

__all__ = ["sources", "status"]

_FRESH: Final = timedelta(minutes=3)
"""A heartbeat comes every 30 seconds; six in a row are not missed by chance."""
_MOST_FAILURES: Final = 3
_LOST_SHOWN: Final = timedelta(days=30)


def _share(value: object) -> str:
    """Write how much was read with one decimal: of a week, a percent is more than an hour."""
    return coverage_text(value, digits=1)


_SOURCE_COLUMNS: Final = (
    Column(name="name", title="source"),
    Column(name="enabled"),
    Column(name="state"),
    Column(name="last_success_at", title="last success"),
    Column(name="next_run_at", title="next run"),
    Column(name="consecutive_failures", title="failures", align="right", text=count_text),
    Column(name="message"),
)
_COVERAGE_COLUMNS: Final = (
    Column(name="brand"),
    Column(name="source", text=lambda value: "all" if value is None else str(value)),
    Column(name="last_24h", title="last 24 h", align="right", text=_share),
    Column(name="last_7d", title="last 7 d", align="right", text=_share),
)
_WINDOW_COLUMNS: Final = (
    Column(name="state"),
    Column(name="source"),
    Column(name="lane"),
    Column(name="since", title="from"),
    Column(name="until", title="to"),
    Column(name="reason"),
)
_INSTALLED_COLUMNS: Final = ("name", "enabled", "state", "last_success_at", "key_needed", "cost", "sees")


@click.command(epilog=examples("listener status", "listener status --format json", "listener status --healthcheck"))
@click.option(
    "--healthcheck",
    is_flag=True,
    help="Say nothing; exit 0 where the daemon lives, sources answer and alerts are looked at, else 1.",
)
@config_option
@database_option
@format_option()
@now_option
@pass_app
def status(app: App, healthcheck: bool) -> int:
    """Show last and next runs, coverage, open and lost windows, the outbox and the daemon.

    As csv and jsonl only the sources are written; json has everything.
    """
    if healthcheck:
        return 0 if _is_healthy(app) else 1
    told = _status(app)
    if app.format == "json":
        emit_json(told)
    elif app.format == "table":
        _print_status(app, told)
    else:
        emit_rows(_rows(told["sources"]), [column.name for column in _SOURCE_COLUMNS], app.format)
    return 0


@click.command(epilog=examples("listener sources", "listener sources --format json"))
@config_option
@database_option
@format_option()
@now_option
@pass_app
def sources(app: App) -> None:
    """List the sources that are installed: key, cost, what they see, and how they stand here."""
    from listener import wiring

    config = app.config_if_any
    states = _states_if_any(app) if config is not None or app.database_file is not None else {}
    configured = {} if config is None else config.sources
    broken = wiring.broken_sources()
    rows = [
        {
            **_state_row(
                name, states.get(name), is_enabled=name in configured and configured[name].enabled, zone=app.zone
            ),
            "key_needed": facts.key_needed,
            "cost": facts.cost,
            "sees": facts.sees,
        }
        for name, facts in wiring.source_facts().items()
    ]
    rows += [{"name": name, "enabled": False, "state": "broken", "sees": why} for name, why in broken.items()]
    if app.format == "table":
        rows = [_shortened(row, "last_success_at") for row in rows]
    titles = {"name": "source", "last_success_at": "last success", "key_needed": "key"}
    columns = [Column(name=name, title=titles.get(name, "")) for name in _INSTALLED_COLUMNS]
    emit_rows(sorted(rows, key=lambda row: str(row["name"])), columns, app.format)


def _is_healthy(app: App) -> bool:
    """Say whether the daemon gave a sign of life and no enabled source fails again and again."""
    from listener import wiring
    from listener.pipeline.patience import DISABLED
    from listener.search import Reader

    try:
        enabled = wiring.enabled_sources(app.config)
        with Reader(app.database_path) as reader:
            daemon, states, failing = reader.daemon(), reader.source_states(), reader.alert_failures()
    except ListenerError:
        return False
    if daemon is None or not _is_fresh(daemon.heartbeat_at, app.now):
        return False
    brands = {brand.name for brand in app.config.brands}
    if any(one.brand in brands and one.rounds > _MOST_FAILURES for one in failing):
        return False
    known = [states[name] for name in enabled if name in states]
    return all(one.consecutive_failures <= _MOST_FAILURES and one.state not in DISABLED for one in known)


def _is_fresh(heartbeat_at: datetime, now: datetime) -> bool:
    """Say whether a sign of life is of just now; one to come was given by a clock that was ahead."""
    return abs(now - heartbeat_at) <= _FRESH


def _status(app: App) -> dict[str, object]:
    """Return everything that is told, in the shape that scripts read."""
    from listener.disk import is_there
    from listener.search import Reader

    told: dict[str, object] = {
        "config": str(app.config.path),
        "database": str(app.database_path),
        "now": _iso(app.now, app.zone),
    }
    if not is_there(app.database_path):
        nothing: dict[str, object] = {
            "sources": _source_rows(app, {}, None),
            "coverage": [],
            "windows": {"open": 0, "lost": 0, "budget": 0, "listed": []},
            "budget": [],
            "scoring_budget": [],
            "recall": [],
            "rechecks": [],
            "outbox": {"pending": 0, "failed": 0, "sent": 0, "errors": []},
            "alerts": {"useful": 0, "useless": 0, "unrated": 0},
            "alert_failures": [],
            "snoozes": [],
            "daemon": {"pid": None, "heartbeat_at": None},
            "size": None,
        }
        return told | nothing
    with Reader(app.database_path) as reader:
        outbox, daemon, rated = reader.outbox(), reader.daemon(), reader.feedback()
        return told | {
            "sources": _source_rows(app, reader.source_states(), daemon),
            "coverage": _coverage_rows(app, reader),
            "windows": _windows(app, reader),
            "budget": budget_rows(app, reader),
            "scoring_budget": scoring_rows(app, reader),
            "recall": recall_rows(app, reader),
            "rechecks": recheck_rows(app),
            "outbox": _outbox(app, outbox),
            "alerts": {"useful": rated.useful, "useless": rated.useless, "unrated": rated.unrated},
            "alert_failures": _alert_failures(app, reader),
            "snoozes": [
                {"brand": brand, "until_at": _iso(until, app.zone)} for brand, until in reader.snoozes(app.now).items()
            ],
            "daemon": {
                "pid": None if daemon is None else daemon.pid,
                "heartbeat_at": None if daemon is None else _iso(daemon.heartbeat_at, app.zone),
            },
            "size": size_row(reader.size(app.now)),
        }


def _source_rows(app: App, states: dict[str, SourceState], daemon: DaemonState | None) -> list[dict[str, object]]:
    """Return the configured sources as they stand; one that is off, or that no daemon serves, has no next run."""
    rows = [
        _state_row(name, states.get(name), is_enabled=settings.enabled, zone=app.zone)
        for name, settings in app.config.sources.items()
    ]
    is_served = daemon is not None and _is_fresh(daemon.heartbeat_at, app.now)
    return [row if is_served and row["enabled"] else {**row, "next_run_at": None} for row in rows]


def _state_row(name: str, state: SourceState | None, *, is_enabled: bool, zone: ZoneInfo) -> dict[str, object]:
    """Return a source as it stands; without a state it was never read."""
    if state is None:
        unread = "not read yet" if is_enabled else "off"
        return {
            "name": name,
            "enabled": is_enabled,
            "last_success_at": None,
            "next_run_at": None,
            "state": unread,
            "consecutive_failures": 0,
            "message": None,
        }
    return {
        "name": name,
        "enabled": is_enabled,
        "last_success_at": _iso(state.last_success_at, zone),
        "next_run_at": _iso(state.next_run_at, zone),
        "state": state.state,
        "consecutive_failures": state.consecutive_failures,
        "message": state.message,
    }


def _alert_failures(app: App, reader: Reader) -> list[dict[str, object]]:
    """Return the configured brands whose alerts could not be looked at when it was last tried."""
    brands = {brand.name for brand in app.config.brands}
    return [
        {"brand": one.brand, "failed_at": _iso(one.failed_at, app.zone), "rounds": one.rounds, "message": one.message}
        for one in reader.alert_failures()
        if one.brand in brands
    ]


def _coverage_rows(app: App, reader: Reader) -> list[dict[str, object]]:
    """Return how much of the last day and week was read: of each brand over all its sources, then of each source."""
    from listener import wiring
    from listener.clock import Bucket

    spans = [[Bucket(start=app.now - timedelta(days=days), end=app.now)] for days in (1, 7)]
    rows: list[dict[str, object]] = []
    for brand, listening in wiring.listening(app.config).items():
        whole = [reader.coverage(brand, listening, span, app.now)[0] for span in spans]
        rows.append({"brand": brand, "source": None, "last_24h": _rounded(whole[0]), "last_7d": _rounded(whole[1])})
        day, week = (reader.coverage_by_source(brand, listening, span, app.now) for span in spans)
        rows += [
            {"brand": brand, "source": name, "last_24h": _rounded(day[name][0]), "last_7d": _rounded(week[name][0])}
            for name in listening
        ]
    return rows


def _windows(app: App, reader: Reader) -> dict[str, object]:
    """Return how many windows are not read, and each of them."""
    from listener.clock import from_epoch

    counts = reader.window_counts()
    listed = [
        {
            "state": gap.state,
            "source": gap.source,
            "lane": gap.lane,
            "brand": gap.brand,
            "brands": list(gap.brands),
            "since": _iso(gap.since, app.zone),
            "until": _iso(gap.until, app.zone),
            "reason": gap.reason,
        }
        for gap in reader.gaps(from_epoch(0), app.now)
    ]
    return {"open": counts["open"], "lost": counts["lost"], "budget": counts["budget"], "listed": listed}


def _outbox(app: App, found: OutboxCounts) -> dict[str, object]:
    errors = [
        {
            "destination": one.destination,
            "state": one.state,
            "message": one.error,
            "created_at": _iso(one.created_at, app.zone),
        }
        for one in found.errors
    ]
    return {"pending": found.pending, "failed": found.failed, "sent": found.sent, "errors": errors}


def _print_status(app: App, told: dict[str, object]) -> None:
    """Print everything for people, block by block."""
    from listener.cli.width import neutralise
    from listener.disk import is_there

    daemon, outbox, windows = _table(told["daemon"]), _table(told["outbox"]), _table(told["windows"])
    for name in ("config", "database"):
        click.echo(f"{name:8}  {neutralise(str(told[name]))}")
    click.echo(f"daemon    {_daemon_words(daemon, app.now)}")
    click.echo(f"outbox    {outbox['pending']} waiting, {outbox['failed']} given up, {outbox['sent']} sent")
    for row in _rows(outbox["errors"]):
        outlook = "given up" if row["state"] == "failed" else "waits for another try"
        since = _short(row["created_at"])
        click.echo("outbox    " + neutralise(f"{row['destination']}, since {since}: {row['message']}; {outlook}"))
    if outbox["failed"]:
        click.echo(
            'outbox    "listener digest --send" tries a digest that was given up again; "listener alerts" lists alerts'
        )
    for line in size_lines(_table(told["size"])):
        click.echo(line)
    _print_alerts(told)
    click.echo()
    sources = [_shortened(row, "last_success_at", "next_run_at") for row in _rows(told["sources"])]
    if sources:
        emit_rows(sources, _SOURCE_COLUMNS, "table")
    else:
        click.echo("no source is configured")
    coverage = _rows(told["coverage"])
    if coverage:
        click.echo("\ncoverage")
        emit_rows(coverage, _COVERAGE_COLUMNS, "table")
    _print_budgets(told)
    rechecks = [_shortened(row, "last_success_at") for row in _rows(told["rechecks"])]
    if rechecks:
        click.echo("\nlooked again")
        emit_rows(rechecks, RECHECK_COLUMNS, "table")
    click.echo(f"\nwindows   {windows['open']} open, {windows['lost']} lost, {windows['budget']} stopped by the budget")
    _print_windows(app, _rows(windows["listed"]))
    if not is_there(app.database_path):
        click.echo('there is no store yet; "listener collect" makes one', err=True)


def _print_alerts(told: dict[str, object]) -> None:
    """Print how alerts were rated, of which brands they could not be looked at, and of which they are not sent now."""
    from listener.cli.width import neutralise

    rated = _table(told["alerts"])
    if any(rated.values()):
        click.echo(f"alerts    {rated['useful']} useful, {rated['useless']} useless, {rated['unrated']} not rated")
    for row in _rows(told["alert_failures"]):
        what = f"of {row['brand']} could not be looked at, last {_short(row['failed_at'])}: {row['message']}"
        click.echo(f"alerts    {neutralise(what)}")
    for row in _rows(told["snoozes"]):
        click.echo(f"alerts    of {neutralise(str(row['brand']))} are snoozed until {_short(row['until_at'])}")


def _daemon_words(daemon: dict[str, object], now: datetime) -> str:
    """Say whether the daemon runs; one that was killed has taken no leave of the store."""
    at = daemon["heartbeat_at"]
    if at is None:
        return "does not run"
    is_fresh = _is_fresh(parse_instant(str(at)), now)
    return f"pid {daemon['pid']}, {'last sign of life' if is_fresh else 'no sign of life since'} {_short(at)}"


def _print_budgets(told: dict[str, object]) -> None:
    """Print the budgets, and how much of what there is was received."""
    budgets = [
        {**_shortened(row, "resets_at"), "owner": row["source"] or f"brand {row['brand']}"}
        for row in _rows(told["budget"])
    ]
    budgets += [
        {**_shortened(row, "resets_at"), "owner": f"scorer {row['scorer']}", "allowed": row["limit"], "reserved": None}
        for row in _rows(told["scoring_budget"])
    ]
    if budgets:
        click.echo("\nbudgets")
        emit_rows(budgets, BUDGET_COLUMNS, "table")
    recall = _rows(told["recall"])
    if recall:
        click.echo("\nrecall of the last 24 h, where the service says what it has")
        emit_rows(recall, RECALL_COLUMNS, "table")


def _print_windows(app: App, listed: list[dict[str, object]]) -> None:
    """Print the windows that are not read; of the lost ones those of the last days."""
    oldest = _iso(app.now - _LOST_SHOWN, app.zone) or ""
    shown = [row for row in listed if row["state"] != "lost" or str(row["until"]) >= oldest]
    if shown:
        emit_rows([_shortened(row, "since", "until") for row in shown], _WINDOW_COLUMNS, "table")
    if len(shown) < len(listed):
        older = len(listed) - len(shown)
        click.echo(f"{older} lost longer than {_LOST_SHOWN.days} days ago; --format json lists them too", err=True)


def _states_if_any(app: App) -> dict[str, SourceState]:
    """Return the states of the store's sources, none where there is no store."""
    from listener.disk import is_there
    from listener.search import Reader

    if not is_there(app.database_path):
        return {}
    with Reader(app.database_path) as reader:
        return reader.source_states()


def _rows(value: object) -> list[dict[str, object]]:
    return [_table(row) for row in value] if isinstance(value, list) else []


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _shortened(row: dict[str, object], *names: str) -> dict[str, object]:
    return {**row, **{name: _short(row.get(name)) for name in names}}


def _short(iso: object) -> str | None:
    """Return a local time as tables show it."""
    return str(iso)[:16].replace("T", " ") if iso is not None else None


def _rounded(share: float | None) -> float | None:
    from listener.search.coverage import rounded_share

    return None if share is None else rounded_share(share)


def _iso(instant: datetime | None, zone: ZoneInfo) -> str | None:
    return None if instant is None else instant.astimezone(zone).isoformat()
