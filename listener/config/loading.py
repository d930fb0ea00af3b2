"""Find the configuration file and read it.

All problems of a file are reported at once; only a file that cannot be read as
TOML at all ends at its first.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from listener.clock import load_zone
from listener.config.reader import field_plans, read_values, show
from listener.config.records import (
    Brand,
    Config,
    DigestSettings,
    JourneySettings,
    ListenerSettings,
    LogSettings,
    MailSettings,
    MetricsSettings,
    NotifierSettings,
    NotifySettings,
    ResponseSettings,
    SourceSettings,
    folded_name,
)
from listener.errors import ConfigError, UsageError, suggest
from listener.options import at_home

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["VARIABLE", "find_config", "load_config", "places"]

VARIABLE: Final = "LISTENER_CONFIG"
"""The environment variable that can name the file."""

T = TypeVar("T")

_TABLES: Final = (
    "listener",
    "brands",
    "sources",
    "sentiment",
    "alerts",
    "journey",
    "responses",
    "digest",
    "mail",
    "notify",
    "notifiers",
    "log",
    "metrics",
)
_HEADS: Final = {"sources": "each as [sources.NAME]", "notifiers": "each as [notifiers.NAME]"}
"""How the tables are written of which there may be several, each with a name."""
_HINTS: Final = (
    ("Invalid value", 'a text stands between straight quotes, such as "Acme"; true and false are written small'),
    ("Illegal character '\\n'", "a text ends with a quote on the line on which it begins"),
    (
        "Expected newline",
        'lengths of time and other texts stand in quotes, such as "15m"; numbers have a point, no comma',
    ),
    ("Cannot declare", "each table is written once; of brands there may be several, each as [[brands]]"),
    ("Cannot overwrite", "each option is written once"),
)
"""How a sentence of tomllib begins, and what is mostly wrong then."""
_LARGEST_FILE: Final = 1_048_576
"""Bytes; a configuration is some kilobytes, more is the wrong file."""
_LONGEST_NAME: Final = 100
_LANGUAGE: Final = r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*"


def places(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the places in which a file is looked for when none is named, best first."""
    if environ.get(VARIABLE, "").strip():
        return (at_home(environ[VARIABLE]),)
    from platformdirs import user_config_path  # noqa: PLC0415 - only where no file is named and none is here

    return (Path("config.toml"), user_config_path("listener", appauthor=False) / "config.toml")


def find_config(explicit: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the file to read: the one named, $LISTENER_CONFIG, here, or the user's.

    Raises ConfigError naming every place that was tried.
    """
    if explicit is not None:
        if _is_there(explicit):
            return explicit
        raise ConfigError(["there is no such file"], where=str(explicit))
    if environ.get(VARIABLE, "").strip():
        (named,) = places(environ)
        if _is_there(named):
            return named
        raise ConfigError([f"there is no such file (it is named by ${VARIABLE})"], where=str(named))
    here = Path("config.toml")
    if os.path.isfile(here):  # noqa: PTH113 - Path's raises where the folder may not be looked into
        return here
    tried = places(environ)
    for place in tried:
        if os.path.exists(place):  # noqa: PTH110 - the same
            return place
    listing = ", ".join(["--config", f"${VARIABLE}", *(str(place.absolute()) for place in tried)])
    problem = f'no configuration file; tried {listing}; "listener init" writes one'
    raise ConfigError([problem])


def _is_there(named: Path) -> bool:
    """Say whether there is a file; raises ConfigError where that cannot be asked, as in a folder of somebody else."""
    try:
        return named.exists()
    except OSError as error:
        raise ConfigError([f"cannot be read: {error.strerror}"], where=str(named)) from None


def load_config(path: Path, *, also: Callable[[Config, Sequence[str]], Sequence[str]] | None = None) -> Config:
    """Read a configuration file.

    `also` looks over what this package knows nothing of: it is given what was read, with
    the default in place of each option that is wrong, and the problems so far, and returns
    further ones. Raises ConfigError with every problem found, each with its path.
    """
    where = path.absolute()
    return _assemble(_read_toml(where), where, also)


def _read_toml(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError([f"cannot be read: {error.strerror}"], where=str(path)) from None
    if len(raw) > _LARGEST_FILE:
        raise ConfigError(["is larger than 1 MB; is it the right file?"], where=str(path))
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError([f"is not written in UTF-8 (line {line})"], where=str(path)) from None
    except tomllib.TOMLDecodeError as error:
        hint = next((f"; {hint}" for begin, hint in _HINTS if str(error).startswith(begin)), "")
        raise ConfigError([f"is not valid TOML: {error}{hint}"], where=str(path)) from None
    except ValueError:  # Python reads no number of more than 4,300 digits
        raise ConfigError(["is not valid TOML: a number has too many digits"], where=str(path)) from None
    except RecursionError:
        raise ConfigError(["is not valid TOML: nested too deeply"], where=str(path)) from None


def _assemble(
    tables: Mapping[str, object], path: Path, also: Callable[[Config, Sequence[str]], Sequence[str]] | None
) -> Config:
    problems = [_unknown_table(key, value) for key, value in tables.items() if key not in _TABLES]

    def table(name: str, cls: type[T]) -> T:
        return _read(cls, _table(tables, name, problems), name, problems, folder=path.parent)

    sources = _read_sources(_table(tables, "sources", problems), problems)
    config = Config(
        path=path,
        listener=table("listener", ListenerSettings),
        brands=tuple(_read_brands(tables.get("brands", []), problems)),
        sources=sources,
        sentiment=_table(tables, "sentiment", problems),
        alerts=_table(tables, "alerts", problems),
        journey=table("journey", JourneySettings),
        responses=table("responses", ResponseSettings),
        digest=table("digest", DigestSettings),
        mail=table("mail", MailSettings),
        notify=table("notify", NotifySettings),
        notifiers=_read_notifiers(_table(tables, "notifiers", problems), problems),
        log=table("log", LogSettings),
        metrics=table("metrics", MetricsSettings),
    )
    _check_listener(config.listener, problems)
    _check_brands(config, problems)
    _check_digest(config, problems)
    if also is not None:
        problems += also(config, tuple(problems))
    if problems:
        raise ConfigError(problems, where=str(path))
    return config


def _read(
    cls: type[T],
    table: Mapping[str, object],
    path: str,
    problems: list[str],
    *,
    folder: Path | None = None,
    **given: object,
) -> T:
    """Read a table; what is wrong in it is a problem and has its default, so that the rest can be checked."""
    return cls(**{**given, **read_values(cls, table, path, problems, folder=folder)})


def _table(tables: Mapping[str, object], name: str, problems: list[str]) -> dict[str, object]:
    value = tables.get(name, {})
    if isinstance(value, dict):
        return value
    problems.append(f"{name}: is not a table; write {_HEADS.get(name, f'it as [{name}]')}")
    return {}


def _unknown_table(name: str, value: object) -> str:
    """Return the problem of a table that there is none of: it may be one of a source."""
    nearest = suggest(name, _TABLES)
    is_source = isinstance(value, dict) and not nearest.startswith("did you mean")
    return f"{name}: no such table; {f'a source has [sources.{name}]; ' if is_source else ''}{nearest}"


def _read_brands(value: object, problems: list[str]) -> list[Brand]:
    if isinstance(value, dict):
        problems.append("brands: there may be several; write each as [[brands]], with two brackets")
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        problems.append("brands: is not a list of tables; write each brand as [[brands]]")
        return []
    return [_read(Brand, item, f"brands[{number}]", problems, name="") for number, item in enumerate(value, start=1)]


def _read_sources(tables: Mapping[str, object], problems: list[str]) -> dict[str, SourceSettings]:
    kernel_keys = {plan.name for plan in field_plans(cast("Any", SourceSettings))}
    sources: dict[str, SourceSettings] = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            problems.append(f"sources.{name}: {show(table)} is not a table; write it as [sources.{name}]")
            continue
        own = {key: value for key, value in table.items() if key in kernel_keys}
        rest = {key: value for key, value in table.items() if key not in kernel_keys}
        sources[name] = _read(SourceSettings, own, f"sources.{name}", problems, name=name, rest=rest)
    return sources


def _read_notifiers(tables: Mapping[str, object], problems: list[str]) -> dict[str, NotifierSettings]:
    kernel_keys = {plan.name for plan in field_plans(cast("Any", NotifierSettings))}
    notifiers: dict[str, NotifierSettings] = {}
    for name, table in tables.items():
        where = f"notifiers.{name}"
        if not isinstance(table, dict):
            problems.append(f"{where}: {show(table)} is not a table; write it as [{where}]")
            continue
        own = {key: value for key, value in table.items() if key in kernel_keys}
        rest = {key: value for key, value in table.items() if key not in kernel_keys}
        notifiers[name] = _read(NotifierSettings, own, where, problems, name=name, rest=rest)
    return notifiers


def _check_listener(settings: ListenerSettings, problems: list[str]) -> None:
    if not settings.database.strip():
        problems.append("listener.database: is empty; name the file of the store")
    if settings.time_zone:
        try:
            load_zone(settings.time_zone)
        except UsageError as error:
            problems.append(f"listener.time_zone: {error}")


def _check_brands(config: Config, problems: list[str]) -> None:
    first: dict[str, int] = {}
    for number, brand in enumerate(config.brands, start=1):
        path = f"brands[{number}]"
        if not any(problem.startswith(f"{path}.name:") for problem in problems):
            _check_name(brand.name, path, first.setdefault(folded_name(brand.name), number), problems)
        problems.extend(
            f"{path}.sources: {show(name)} has no table [sources.{name}]; {suggest(name, config.sources)}"
            for name in brand.sources
            if config.sources and name not in config.sources
        )
        problems.extend(
            f'{path}.languages: {show(tag)} is not a language tag; write one such as "en" or "hi-Latn"'
            for tag in brand.languages
            if not re.fullmatch(_LANGUAGE, tag)
        )


def _check_name(name: str, path: str, first: int, problems: list[str]) -> None:
    """Check a brand's name; `first` is the number of the brand that has it first."""
    if not name.strip():
        problems.append(f"{path}.name: is empty; a brand needs a name")
    elif not name.isprintable() or name != name.strip() or len(name) > _LONGEST_NAME:
        problems.append(
            f"{path}.name: {show(name)} is not a name; at most {_LONGEST_NAME} signs, none of them invisible, "
            "no space at its ends"
        )
    elif path != f"brands[{first}]":
        problems.append(f"{path}.name: {show(name)} is also the name of brands[{first}]")


def _check_digest(config: Config, problems: list[str]) -> None:
    names = {brand.name.casefold(): brand.name for brand in config.brands if brand.name}
    problems.extend(
        f"digest.brands: there is no brand {show(name)}; {suggest(name, names.values())}"
        for name in config.digest.brands
        if name.strip().casefold() not in names
    )
    problems.extend(
        f"digest.to: {show(address)} is not a mail address"
        for address in config.digest.to
        if not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+", address)
    )
