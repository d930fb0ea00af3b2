"""Examine the installation, the store and the machine: `doctor`."""

from __future__ import annotations

import platform
import re
import stat
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import App, config_option, database_option, examples, now_option, pass_app
from listener.cli.findings import print_finding
from listener.cli.opening import open_store
from listener.errors import ConfigError, ListenerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import Distribution
    from pathlib import Path

__all__ = ["doctor"]

_DISTRIBUTION: Final = "social-listener"
_PACKAGES: Final = ("listener", "sources", "sentiment", "reports")
_SKEW: Final = timedelta(minutes=5)
_MOST_SHOWN: Final = 20

Finding = tuple[str, str, str]
"""State (ok, skip, warn or FAIL), what was looked at, a sentence."""


@click.command(epilog=examples("listener doctor", "listener doctor --rebuild"))
@click.option("--rebuild", is_flag=True, help="First compute the store's counts anew from its rows.")
@click.option("--migrate", is_flag=True, help="First bring an older store up to this version.")
@click.option("--compact", is_flag=True, help="Last give empty pages of the store's file back, where it pays.")
@config_option
@database_option
@now_option
@pass_app
def doctor(app: App, rebuild: bool, migrate: bool, compact: bool) -> int:
    """Examine installation, configuration, store and machine, one line each.

    The exit code is 1 where something is wrong.
    """
    failures = 0
    for examine in (_python, _owners, _plugins, _config, _sqlite, _time_zones):
        for finding in examine(app):
            failures += finding[0] == "FAIL"
            print_finding(*finding)
    for finding in _store(app, rebuild=rebuild, migrate=migrate):
        failures += finding[0] == "FAIL"
        print_finding(*finding)
    if compact and not failures:
        for finding in _compact(app):
            print_finding(*finding)
    return 1 if failures else 0


def _compact(app: App) -> Iterator[Finding]:
    """Write the store's file anew without its empty pages."""
    from listener.disk import is_there
    from listener.store.compacting import compact

    if is_there(app.database_path):
        done, why = compact(app.database_path)
        yield "ok" if done else "skip", "compact", why


def _python(_app: App) -> Iterator[Finding]:
    """Name the versions of Python, the program and what it needs."""
    from importlib.metadata import PackageNotFoundError, requires, version

    yield "ok", "python", f"{platform.python_version()} on {platform.platform(terse=True)}"
    try:
        needed = requires(_DISTRIBUTION) or []
        yield "ok", "program", f"{_DISTRIBUTION} {version(_DISTRIBUTION)}"
    except PackageNotFoundError:
        yield "FAIL", "program", f"{_DISTRIBUTION} is not installed as a package; install it with pip, pipx or uv"
        return
    found = []
    for line in needed:
        name = re.split(r"[\s<>=!~;\[(]", line, maxsplit=1)[0]
        if "extra ==" in line:
            continue
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            yield "FAIL", "packages", f"{name} is missing; install {_DISTRIBUTION} again"
    yield "ok", "packages", ", ".join(found)


def _owners(_app: App) -> Iterator[Finding]:
    """Name every other distribution that brings a package of the same name: only one of them is imported."""
    from importlib.metadata import distributions

    owners: dict[str, set[str]] = {name: set() for name in _PACKAGES}
    for distribution in distributions():
        for name in owners.keys() & _packages_of(distribution):
            owners[name].add(distribution.name)
    others = {name: sorted(found - {_DISTRIBUTION}) for name, found in owners.items()}
    for name, strangers in others.items():
        if strangers:
            advice = f"install {_DISTRIBUTION} into an environment of its own"
            yield "FAIL", "names", f'the package "{name}" is also brought by {", ".join(strangers)}; {advice}'
    if not any(others.values()):
        yield "ok", "names", f"nobody else owns {', '.join(_PACKAGES)}"


def _packages_of(distribution: Distribution) -> set[str]:
    """Return the packages at the top of a distribution: those that it declares, else those of its list of files."""
    declared = distribution.read_text("top_level.txt")
    if declared:
        return set(declared.split())
    return set(re.findall(r"^(\w+)(?:/|\.\w)", distribution.read_text("RECORD") or "", re.MULTILINE))


def _plugins(_app: App) -> Iterator[Finding]:
    """Load every source, every scorer and every notifier there is."""
    from listener import notifying, scoring, wiring

    for why in wiring.clashing_plugins():
        yield "warn", "plug-ins", why
    broken = wiring.broken_sources()
    for why in broken.values():
        yield "FAIL", "plug-ins", why
    facts = wiring.source_facts()
    yield "ok", "plug-ins", f"sources that load: {', '.join(sorted(facts))}"
    unfit = scoring.broken_scorers()
    for why in unfit.values():
        yield "FAIL", "plug-ins", why
    silent = notifying.broken_notifiers()
    for why in silent.values():
        yield "FAIL", "plug-ins", why
    loading = [name for name in scoring.installed_scorers() if name not in unfit]
    yield "ok", "plug-ins", f"scorers that load: {', '.join(['the shipped ones', *loading])}"
    telling = [name for name in notifying.installed_notifiers() if name not in silent]
    yield "ok", "plug-ins", f"notifiers that load: {', '.join(['the shipped ones', *telling])}"


def _config(app: App) -> Iterator[Finding]:
    """Read the configuration and all that depends on it."""
    try:
        if not app.has_config:
            yield "skip", "config", 'there is none; "listener init" writes one'
            return
        config = app.validate()
    except ConfigError as error:
        for problem in error.problems:
            yield "FAIL", "config", f"{error.where}: {problem}"
    else:
        yield "ok", "config", str(config.path)


def _sqlite(_app: App) -> Iterator[Finding]:
    """See whether SQLite can do what the store needs."""
    from listener.database import sqlite_problems, sqlite_version

    problems = sqlite_problems()
    for problem in problems:
        yield "FAIL", "sqlite", problem
    if not problems:
        yield "ok", "sqlite", f"{sqlite_version()} with full-text search"


def _time_zones(app: App) -> Iterator[Finding]:
    """Load a zone that has rules, and the one in which days are cut."""
    from listener.clock import load_zone

    try:
        load_zone("Europe/Berlin")
        zone, doubt = app.zone, app.zone_doubt
    except ConfigError:
        return  # told already
    except ListenerError as error:
        yield "FAIL", "time zones", f"{error}; install the package tzdata"
    else:
        yield "warn" if doubt else "ok", "time zones", doubt or f"days are cut in {zone.key}"


def _store(app: App, *, rebuild: bool, migrate: bool) -> Iterator[Finding]:
    """Examine the store: who may read it, its pages, its counts, and the clock against it."""
    from listener.cli.progress import progress_bar
    from listener.disk import is_there
    from listener.search import Reader

    try:
        path = app.database_path
    except ConfigError:
        yield "skip", "store", "without a configuration name it with --database"
        return
    try:
        is_stored = is_there(path)
    except ListenerError as error:
        yield "FAIL", "store", str(error)
        return
    if not is_stored:
        yield "skip", "store", f'{path} is not there yet; "listener collect" makes it'
        return
    yield from _modes(path)
    yield from _disk(path)
    try:
        if not migrate:
            Reader(path).close()
        with open_store(path) as store:
            if rebuild:
                store.rebuild_rollups()
                yield "ok", "rebuild", "the counts were computed anew from the rows"
            with progress_bar("examining") as move:
                problems = store.check(move)
        yield from _clock(app, path)
        yield from _models(path)
        yield from _scores(app, path)
    except ListenerError as error:
        yield "FAIL", "store", str(error)
    else:
        yield from (("FAIL", "store", problem) for problem in problems[:_MOST_SHOWN])
        if problems[_MOST_SHOWN:]:
            yield "FAIL", "store", f"and {len(problems) - _MOST_SHOWN} more of the kind"
        if problems:
            yield "FAIL", "store", '"listener doctor --rebuild" mends counts; for a damaged file restore a backup'
        else:
            yield "ok", "store", f"{path} is whole, and its counts equal its rows"


def _models(path: Path) -> Iterator[Finding]:
    """Read every trained model that is on."""
    from listener.scoring import load_models
    from listener.search import Reader

    with Reader(path) as reader:
        stored = reader.models()
    models, _, problems = load_models(stored)
    for problem in problems:
        yield "FAIL", "models", problem
    for one in stored:
        if one.brand in models:
            total = one.card.get("total") or {}
            share = f"{100 * total.get('macro_f1', 0):.1f} % ({100 * total.get('gain', 0):+.1f} over its base)"
            yield "ok", "models", f"{one.brand}: {', '.join(models[one.brand].languages)}, macro-F1 {share}"


def _scores(app: App, path: Path) -> Iterator[Finding]:
    """See whether stored feelings were told by other versions of the present scorers: they are not to be compared with new ones."""
    from listener.scoring import build_scoring
    from listener.search.history import HistoryReader

    try:
        if not app.has_config:
            return
        config = app.config
        _, router = build_scoring(config.sentiment, str(config.path), folder=config.path.parent)
    except ConfigError:
        return  # told already
    present = {(one.name, one.version) for one in (*router.routes.values(), router.default) if one is not None}
    names = {name for name, _ in present}
    with HistoryReader(path) as reader:
        found = reader.scored_by()
    other = {key: count for key, count in found.items() if key[0] in names and key not in present}
    if other:
        by = ", ".join(f"{name} {version}" for name, version in sorted(other))
        told = f"{sum(other.values())} feelings were told by other rules than today's ({by})"
        yield "warn", "scores", f'{told}; "listener rescore" brings them up to date'
    else:
        yield "ok", "scores", "what is stored was scored by the rules of today"


def _modes(path: Path) -> Iterator[Finding]:
    """See who else may read the store and the files SQLite keeps beside it."""
    import os

    if os.name != "posix":
        yield "skip", "file modes", "this system has none"
        return
    files = [path, *(path.with_name(path.name + ending) for ending in ("-wal", "-shm"))]
    open_files = [one for one in files if one.exists() and stat.S_IMODE(one.stat().st_mode) & 0o077]
    for one in open_files:
        mode = stat.S_IMODE(one.stat().st_mode)
        yield "FAIL", "file modes", f"{one} can be read by others (mode {mode:03o}); chmod 600 closes it"
    if not open_files:
        yield "ok", "file modes", "only their owner can read the store's files"


def _disk(path: Path) -> Iterator[Finding]:
    """See whether other machines may reach the store's file, or others on this one under another name."""
    from listener.disk import network_of, other_name

    if name := other_name(path):
        yield "warn", "disk", f"{name}; what is written under two names at a time is lost, or damages the store"
    if kind := network_of(path):
        danger = "what uses it on another machine damages it; better keep it on a disk of this one"
        yield "warn", "disk", f"{path} lies on a file system of a network ({kind}): {danger}"


def _clock(app: App, path: Path) -> Iterator[Finding]:
    """Compare the clock with the newest instants the store has noted."""
    from listener.search import Reader

    with Reader(path) as reader:
        daemon = reader.daemon()
        noted = [state.last_attempt_at for state in reader.source_states().values()]
    known = [at for at in (*noted, daemon.heartbeat_at if daemon else None) if at is not None]
    if known and max(known) > app.now + _SKEW:
        ahead = f"{max(known).astimezone(app.zone):%Y-%m-%d %H:%M}"
        yield "FAIL", "clock", f"it is behind: the store was written at {ahead}; set the clock of this machine"
    else:
        yield "ok", "clock", f"{app.now.astimezone(app.zone):%Y-%m-%d %H:%M} {app.zone.key}, not behind the store"
