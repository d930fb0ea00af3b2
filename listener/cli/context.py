"""Share what every command needs: the options that recur, and what they lead to.

    @click.command(epilog=examples("listener trend Acme --since 30d"))
    @config_option
    @database_option
    @format_option()
    @now_option
    @pass_app
    def trend(app: App) -> None: ...

The options put their values into `App`; what they lead to (configuration, time
zone, path of the store) is read when it is asked for.
"""

from __future__ import annotations

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from click.shell_completion import CompletionItem

    from listener.config import Config

__all__ = [
    "BRAND",
    "FORMATS",
    "LANGUAGE",
    "NUMBER",
    "STOPPED",
    "App",
    "OneOf",
    "config_option",
    "database_option",
    "examples",
    "format_option",
    "now_option",
    "pass_app",
    "unread_config_option",
]

_BITS: Final = 63
FORMATS: Final = ("table", "json", "csv", "jsonl")
STOPPED: Final = "stopped; run it again to go on"
"""What a command says that a signal ended after it stored what it had in hand."""

Command = TypeVar("Command", bound="Callable[..., Any]")


class App:
    """Hold the shared options of one command line and find what they name.

    `format` is one of FORMATS. `fixed_now` is the instant of --now, None where
    the clock is asked.
    """

    def __init__(self) -> None:
        self.debug = False
        self.config_file: Path | None = None
        self.database_file: Path | None = None
        self.format = "table"
        self.fixed_now: datetime | None = None

    @cached_property
    def config(self) -> Config:
        """Return the configuration; raises ConfigError where there is none, or with every problem of a wrong one."""
        from listener.config import find_config, load_config
        from listener.errors import ConfigError

        file = find_config(self.config_file, os.environ)
        try:
            return load_config(file)
        except ConfigError:
            from listener import wiring

            return load_config(file, also=wiring.further_problems)

    @cached_property
    def config_if_any(self) -> Config | None:
        """Return the configuration, None where no file is named and none is found.

        Raises ConfigError where a file is named or found and is wrong.
        """
        return self.config if self.has_config else None

    @property
    def has_config(self) -> bool:
        """Say whether a configuration is named or found."""
        from listener.config import VARIABLE, places

        is_named = self.config_file is not None or bool(os.environ.get(VARIABLE, "").strip())
        return is_named or any(os.path.isfile(place) for place in places(os.environ))  # noqa: PTH113 - Path's may raise

    def validate(self, *, with_log: bool = False) -> Config:
        """Return the configuration once it is right in everything that its parts declare, too.

        `with_log` sends the log to stderr as it says, before anything is logged. Raises
        ConfigError with every problem at once.
        """
        from listener import wiring

        config = self.config
        if with_log:
            from listener.logs import configure

            configure(config.log.format, config.log.level, sys.stderr)
        wiring.validate(config)
        return config

    @property
    def now(self) -> datetime:
        """Return the instant of --now, or the present one; aware UTC."""
        if self.fixed_now is not None:
            return self.fixed_now
        from listener.clock import utc_now

        return utc_now()

    @cached_property
    def zone(self) -> ZoneInfo:
        """Return the time zone of the configuration, the machine's where there is none."""
        if self.config_if_any is not None:
            return self.config_if_any.zone()
        from listener.clock import system_zone

        return system_zone()

    @property
    def zone_doubt(self) -> str:
        """Say so where days are cut in the machine's time zone and $TZ names none; empty elsewhere."""
        if self.config_if_any is not None and self.config_if_any.listener.time_zone:
            return ""
        from listener.clock import mistaken_zone

        return mistaken_zone()

    @property
    def database_path(self) -> Path:
        """Return the store's path: --database, or the one the configuration names; of a link to a file that file.

        What stands beside the store (log, lock) bears the name of the file, as SQLite has it.
        """
        path = self.database_file if self.database_file is not None else self.config.database
        return Path(os.path.realpath(path)) if os.path.islink(path) else path  # noqa: PTH114 - Path's may raise

    def draws_here(self, chart: Path | None) -> bool:
        """Say whether a chart is for the terminal (-); raises UsageError where data is asked for in its place."""
        if str(chart) != "-":
            return False
        if self.format != "table":
            from listener.errors import UsageError

            msg = f"--chart - draws in the place of the rows; leave out --format {self.format}, or name a file"
            raise UsageError(msg)
        return True


class OneOf(click.Choice[str]):
    """Take one of some words; name the near miss of any other."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return what is wrong with a word that is none of them."""
        from listener.errors import suggest

        del ctx
        return (
            f'"{" ".join(str(value)[:40].splitlines())}" is not possible; {suggest(str(value), map(str, self.choices))}'
        )


class _Number(click.types.IntParamType):
    """Read a number of the store: a whole one that SQLite can hold."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number; fails for one of more than 63 bits."""
        number = int(super().convert(value, param, ctx))
        if number.bit_length() > _BITS:
            self.fail(f"{str(value)[:40]!r} is no number of this store", param, ctx)
        return number


class _Brand(click.types.StringParamType):
    """Take the name of a brand; whether there is one is said by who asks for it."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the configured brands whose names begin so."""
        from listener.cli.completing import complete_brand

        del param
        return complete_brand(ctx, incomplete)


class _Language(click.types.StringParamType):
    """Read a language tag, in the case that RFC 5646 (2.1.1) recommends and languages are stored in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the tag; fails for what is none, such as a language's name."""
        import re

        tag = str(value).strip().replace("_", "-")
        if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", tag):
            self.fail(f"{str(value)[:40]!r} is no language tag; write one such as en, hi or hi-Latn", param, ctx)
        first, *more = tag.lower().split("-")
        return "-".join([first, *({2: one.upper(), 4: one.title()}.get(len(one), one) for one in more)])


BRAND: Final = _Brand()
"""The type of arguments and options that name a brand."""

NUMBER: Final = _Number()
"""The type of arguments that number something in the store."""

LANGUAGE: Final = _Language()
"""The type of options that name a language."""

pass_app = click.make_pass_decorator(App, ensure=True)
"""Hand the App to a command as its first argument."""


def config_option(command: Command) -> Command:
    """Add --config."""
    return click.option(
        "--config",
        type=click.Path(),
        metavar="FILE",
        expose_value=False,
        callback=_path_into("config_file"),
        help="The configuration file (else $LISTENER_CONFIG, ./config.toml, the user's config folder).",
    )(command)


def unread_config_option(command: Command) -> Command:
    """Add a --config that changes nothing, so that a script can give it to every command."""
    return click.option(
        "--config", type=click.Path(), metavar="FILE", expose_value=False, help="Taken, and not read: none is needed."
    )(command)


def database_option(command: Command) -> Command:
    """Add --database."""
    return click.option(
        "--database",
        type=click.Path(dir_okay=False),
        metavar="FILE",
        expose_value=False,
        callback=_path_into("database_file"),
        help="The store (else the one the configuration names).",
    )(command)


def format_option(default: str = "table") -> Callable[[Command], Command]:
    """Return a decorator that adds --format with this default."""
    return click.option(
        "--format",
        type=OneOf(FORMATS),
        default=default,
        show_default=True,
        expose_value=False,
        callback=_into("format"),
        help="How rows are written.",
    )


def now_option(command: Command) -> Command:
    """Add the hidden --now, which fixes the clock."""
    return click.option(
        "--now", metavar="ISO8601", hidden=True, expose_value=False, callback=_fix_now, help="Fix the clock."
    )(command)


def examples(*lines: str) -> str:
    """Return an epilog that shows these command lines as they are."""
    title = "Example:" if len(lines) == 1 else "Examples:"
    return "\n".join(["\b", title, *(f"  {line}" for line in lines)])


def _into(attribute: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """Return a callback that puts the value of an option into the App."""

    def put(ctx: click.Context, _parameter: click.Parameter, value: object) -> None:
        if value is not None:
            setattr(ctx.ensure_object(App), attribute, value)

    return put


def _path_into(attribute: str) -> Callable[[click.Context, click.Parameter, str | None], None]:
    """Return a callback that puts a path into the App; pathlib is loaded where one is given."""

    def put(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
        if value is not None:
            from pathlib import Path

            if not value.strip():
                msg = f"--{attribute.removesuffix('_file')} names no file; an empty variable of the shell, perhaps"
                raise click.UsageError(msg)
            setattr(ctx.ensure_object(App), attribute, Path(value))

    return put


def _fix_now(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    from listener.clock import countable, parse_instant

    ctx.ensure_object(App).fixed_now = countable(parse_instant(value), value)
