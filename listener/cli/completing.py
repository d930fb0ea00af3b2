"""Offer the configured brands where a shell completes one: quickly, and silently where they cannot be read."""

from __future__ import annotations

import os
import re
import tomllib
from typing import TYPE_CHECKING, Final

from click.shell_completion import CompletionItem

from listener.cli.context import App
from listener.config import find_config
from listener.errors import ListenerError

if TYPE_CHECKING:
    import click

__all__ = ["complete_brand"]

_SIGNS: Final = r"""([\s!"#$&'()*,:;<=>?\[\\\]^`{|}~])"""
"""What bash takes for something else than a part of a word, or may."""


def complete_brand(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """Return the brands of the configuration whose names begin with `incomplete`, upper and lower case alike.

    None where there is no configuration that can be read.
    """
    begins = incomplete.strip().casefold()
    found = [(name, kind) for name, kind in _brands(ctx.ensure_object(App)) if name.casefold().startswith(begins)]
    quote = _for_bash if os.environ.get("_LISTENER_COMPLETE", "").startswith("bash") else str
    return [CompletionItem(quote(name), help=kind) for name, kind in found]


def _brands(app: App) -> list[tuple[str, str]]:
    """Return name and kind of each brand, from the file alone: whether the rest of it is right makes no difference."""
    try:
        named = app.config_file
        file = find_config(named.expanduser() if named else None, os.environ)  # shells complete with ~ as it is written
        if not file.is_file():  # a pipe would be waited for
            return []
        tables = tomllib.loads(file.read_text("utf-8-sig")).get("brands")
    except (ListenerError, OSError, ValueError, RuntimeError):  # not there, no TOML, no home folder, nested too deep
        return []
    brands = [table for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
    named_brands = [(table.get("name"), str(table.get("kind", "own"))) for table in brands]
    return [(name, kind) for name, kind in named_brands if isinstance(name, str) and name.isprintable()]


def _for_bash(name: str) -> str:
    """Return a name as one word of bash, which puts it into the line as it is; other shells quote by themselves.

    A backslash is doubled, as the script of click reads them (https://click.palletsprojects.com, seen 2026-11-23).
    Within quotes that are already begun none is needed.
    """
    words, place = os.environ.get("COMP_WORDS", "").split("\n"), os.environ.get("COMP_CWORD", "")
    if place.isdecimal() and "".join(words[int(place) :][:1]).startswith(("'", '"')):
        return name
    return re.sub(_SIGNS, r"\\\\\1", name)
