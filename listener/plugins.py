"""Find parts by name: the built-in ones first, then those of installed plug-ins.

A plug-in is an entry point of the group `listener.sources`, `listener.scorers`
or `listener.notifiers`, its name the name of the part.
"""

from __future__ import annotations

import importlib
import os
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

from listener.errors import EndedError, ListenerError, PluginError, suggest
from listener.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "NOTIFIERS",
    "SCORERS",
    "SOURCES",
    "Plugin",
    "check_kind",
    "clashing",
    "find_plugins",
    "is_loadable",
    "load_plugin",
    "make_part",
]

SOURCES: Final = "listener.sources"
SCORERS: Final = "listener.scorers"
NOTIFIERS: Final = "listener.notifiers"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """Name a part that can be loaded: `target` is "module:attribute".

    `distribution` is the package it comes from, None for a built-in.
    """

    name: str
    target: str
    distribution: str | None = None


def find_plugins(group: str, builtins: Mapping[str, str]) -> dict[str, Plugin]:
    """Return what a group offers by name, nothing of it loaded, built-ins first.

    A plug-in cannot take the name of a built-in; of two plug-ins with one name
    the one of the distribution that sorts first holds.
    """
    found = {name: Plugin(name=name, target=target) for name, target in builtins.items()}
    for plugin in _installed(_places())[group]:
        found.setdefault(plugin.name, plugin)
    return found


def load_plugin(group: str, name: str, builtins: Mapping[str, str]) -> object:
    """Import and return the part called `name`.

    Entry points are looked at only where no built-in has the name. Raises
    PluginError where there is none, or where it does not load.
    """
    if name in builtins:
        return _load(Plugin(name=name, target=builtins[name]))
    found = find_plugins(group, builtins)
    if name not in found:
        msg = f'{group.removeprefix("listener.")}: there is no "{name}"; {suggest(name, found)}'
        raise PluginError(msg)
    return _load(found[name])


def clashing(group: str, builtins: Mapping[str, str]) -> list[str]:
    """Return a sentence for each plug-in that is left out since another part has its name."""
    taken: dict[str, str] = dict.fromkeys(builtins, "a built-in one")
    left: list[str] = []
    for plugin in _installed(_places())[group]:
        if plugin.name in taken:
            kind = group.removeprefix("listener.").removesuffix("s")
            left.append(
                f"the {kind} {plugin.name} of {plugin.distribution} is left out: {taken[plugin.name]} has that name"
            )
        taken.setdefault(plugin.name, f"that of {plugin.distribution}")
    return left


def check_kind(group: str, name: str, loaded: object, parts: Sequence[str]) -> None:
    """Refuse what is no class with these parts; raises PluginError naming those it lacks."""
    kind = group.removeprefix("listener.").removesuffix("s")
    missing = [part for part in parts if not hasattr(loaded, part)]
    if not isinstance(loaded, type) or missing:
        lacks = f"it lacks {', '.join(missing)}" if isinstance(loaded, type) else "it is not a class"
        msg = f"plug-in {name} is no {kind}: {lacks}"
        raise PluginError(msg)


def is_loadable(group: str, name: str, load: Callable[[], object]) -> bool:
    """Say whether a plug-in loads; where it does not, a warning names it and says why."""
    try:
        load()
    except PluginError as error:
        kind = group.removeprefix("listener.").removesuffix("s")
        import logging  # noqa: PLC0415 - only where there is something to say

        logging.getLogger(__name__).warning("plug-in broken kind=%s name=%s problem=%s", kind, name, error)
        return False
    return True


def make_part(name: str, make: Callable[[], T]) -> T:
    """Return what `make` makes of the class of a plug-in.

    Whatever else than an error of the program's own it raises becomes a PluginError that names the plug-in.
    """
    try:
        return make()
    except (ListenerError, EndedError):
        raise
    except (Exception, SystemExit) as error:
        msg = f"plug-in {name} cannot be made: {type(error).__name__}: {error}"
        raise PluginError(msg) from error


def _load(plugin: Plugin) -> object:
    module_name, _, attribute = plugin.target.partition(":")
    try:
        loaded: object = importlib.import_module(module_name)
        for part in attribute.split(".") if attribute else ():
            loaded = getattr(loaded, part)
    except EndedError:
        raise
    except (Exception, SystemExit) as error:  # a script without a guard at its end runs, and ends with sys.exit()
        owner = f"plug-in {plugin.name} of {plugin.distribution}" if plugin.distribution else f"built-in {plugin.name}"
        msg = f"{owner} does not load ({plugin.target}): {type(error).__name__}: {error}"
        raise PluginError(msg) from error
    return loaded


def _places() -> tuple[tuple[str, int], ...]:
    """Return where distributions are installed, each with the time of the last that came or went."""
    return tuple((place, _changed_at(place or os.curdir)) for place in sys.path)


def _changed_at(place: str) -> int:
    try:
        return os.stat(place).st_mtime_ns  # noqa: PTH116 - a str, and no Path is wanted
    except OSError:
        return 0


@lru_cache(maxsize=1)
def _installed(_places: tuple[tuple[str, int], ...]) -> dict[str, tuple[Plugin, ...]]:
    """Return the plug-ins of each group by name and distribution.

    Every distribution is opened for it, so it is done once as long as none comes or goes.
    """
    from importlib.metadata import entry_points  # noqa: PLC0415 - slow, and needed for plug-ins only

    points = entry_points()
    found = {}
    for group in (SOURCES, SCORERS, NOTIFIERS):
        plugins = [
            Plugin(
                name=point.name,
                target=point.value,
                distribution=point.dist.name if point.dist is not None else "an unknown distribution",
            )
            for point in points.select(group=group)
        ]
        found[group] = tuple(sorted(plugins, key=lambda plugin: (plugin.name, plugin.distribution or "")))
    return found
