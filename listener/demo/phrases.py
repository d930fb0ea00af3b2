"""Read the hand-written phrases of each language from the files beside this module."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Phrasebook", "Topic", "fill", "load_phrasebook"]

_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Hold what people say in one mood or about one event.

    `lines` name the brand and carry the matter, `openers` and `tails` stand
    before and after them in the same mood, `short` stand alone, `seeds` are what others pass on.
    """

    lines: tuple[str, ...]
    openers: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrasebook:
    """Hold all phrases of one language.

    `claims` are what platforms say the language is, "" where they say nothing.
    `versus` are (line, label), `news` (title, summary) by mood or event. `tech`
    is by mood, `other_sense` and `own` by brand, `statements` by event.
    """

    language: str
    claims: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]]
    slots: Mapping[str, tuple[str, ...]]
    topics: Mapping[str, Topic]
    versus: tuple[tuple[str, str], ...] = ()
    news: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    tech: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    other_sense: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    statements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_TOPICS = ("positive", "negative", "neutral", "crisis", "outage", "launch")


def load_phrasebook(language: str) -> Phrasebook:
    """Return the phrases of one of `world.LANGUAGES`."""
    path = resources.files("listener.demo").joinpath("phrases", f"{language}.toml")
    tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return Phrasebook(
        language=tables["language"],
        claims=tuple(tables["claims"]),
        names=_lists(tables["names"]),
        slots=_lists(tables["slots"]),
        topics={name: Topic(**_lists(tables[name])) for name in _TOPICS},
        versus=tuple((line, label) for line, label in tables["versus"]["lines"]),
        news={
            name: tuple((title, summary) for title, summary in items) for name, items in tables.get("news", {}).items()
        },
        tech=_lists(tables.get("tech", {})),
        other_sense=_lists(tables.get("other_sense", {})),
        own=_lists(tables.get("own", {})),
        statements=_lists(tables.get("statements", {})),
    )


def fill(phrase: str, values: Mapping[str, str]) -> str:
    """Return the phrase with its {slots} filled in."""
    return _SLOT.sub(lambda slot: values[slot.group(1)], phrase)


def _lists(table: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(items) for name, items in table.items()}
