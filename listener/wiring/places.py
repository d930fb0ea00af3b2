"""Say what is listened to in each source, as text that changes where it does: what was usual then says little of it."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any, Final, cast

from listener.wiring.brands import listening
from listener.wiring.sources import source_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listener.config import Config

__all__ = ["places"]

_PREFIXES: Final = ("include_", "google_news")
_NAMES: Final = frozenset({"mode", "only", "search_in"})
"""Beside the lists, which are always such: the options that say what of a service is listened to."""


def places(config: Config) -> dict[str, dict[str, str]]:
    """Return for each brand what is listened to for it, by source; the order of lists is no matter.

    An entry that belongs to one brand (an app, a survey) is nothing to the others. A
    source whose options are wrong is left out.
    """
    heard = listening(config)
    found = {}
    for name in dict.fromkeys(source for sources in heard.values() for source in sources):
        options = source_options(config, name, [])
        if options is not None:
            choices = list(_choices(options))
            owners = {owner for _, owner in choices} - {None}
            found[name] = {owner: _digest(choices, owner) for owner in (None, *owners)}
    return {
        brand: {
            source: found[source].get(brand.casefold(), found[source][None]) for source in sources if source in found
        }
        for brand, sources in heard.items()
    }


def _choices(options: object) -> Iterator[tuple[str, str | None]]:
    """Return what is chosen otherwise than by default, each with the brand that it belongs to."""
    for field in dataclasses.fields(cast("Any", options)):
        value = getattr(options, field.name)
        if value == field.default:
            continue
        if isinstance(value, tuple):
            yield from ((f"{field.name}: {entry!r}", _owner(entry)) for entry in value)
        elif field.name.startswith(_PREFIXES) or field.name in _NAMES:
            yield f"{field.name}: {value!r}", None


def _owner(entry: object) -> str | None:
    brand = getattr(entry, "brand", None)
    return brand.casefold() if isinstance(brand, str) and brand else None


def _digest(choices: list[tuple[str, str | None]], brand: str | None) -> str:
    mine = sorted({text for text, owner in choices if owner in {None, brand}})
    return hashlib.sha256("\n".join(mine).encode("utf-8", "backslashreplace")).hexdigest()[:16]
