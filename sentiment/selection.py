"""Choose the scorer of each language, as `[sentiment] scorers` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from listener.errors import ConfigError, suggest
from sentiment.language import LATIN_LANGUAGES, ROMANISED, UNKNOWN
from sentiment.scripts import SCRIPT_LANGUAGES
from sentiment.vader import EXACT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from listener.api import Scorer

__all__ = ["AUTO", "DEFAULT", "NOBODY", "SHIPPED_NAMES", "Routes", "choose_routes", "identified_languages"]

DEFAULT: Final = "default"
"""The key that stands for every language not named."""
AUTO: Final = "auto"
"""The shipped scorer of a language, where it has one."""
NOBODY: Final = "none"
"""Leaves a language unscored."""
SHIPPED_NAMES: Final = (AUTO, NOBODY, "vader", EXACT, "lexicon", "symbols")
"""What may be chosen without anything being installed or set up."""


class Routes(NamedTuple):
    """Hold the scorer of each language, and the one of every other language; None: unscored."""

    by_language: Mapping[str, Scorer | None]
    default: Scorer | None = None


def identified_languages() -> frozenset[str]:
    """Return every tag that a text can be identified as."""
    by_script = {language for languages in SCRIPT_LANGUAGES.values() for language in languages}
    return frozenset({*by_script, *LATIN_LANGUAGES, *ROMANISED, UNKNOWN})


def choose_routes(
    chosen: Mapping[str, str],
    shipped: Mapping[str, Scorer],
    named: Mapping[str, Scorer],
    *,
    only: Iterable[str] = (),
    installed: Iterable[str] = (),
    where: str = "sentiment.scorers",
) -> Routes:
    """Return the routes of `chosen`, which names a scorer for languages and for `DEFAULT`.

    `shipped` are the scorers of the program by language, `named` the others
    there are by name; `installed` are further names to suggest. A shipped scorer keeps to the languages it is made for.
    With `only` all other languages stay unscored. Raises ConfigError naming
    every language and scorer that is none.
    """
    problems = [
        f'sentiment.languages: no text is identified as "{language}"; {suggest(language, identified_languages())}'
        for language in only
        if language not in identified_languages()
    ]
    default = chosen.get(DEFAULT, AUTO)
    routes: dict[str, Scorer | None] = dict(shipped) if default == AUTO else {}
    able = {name: scorer for name, scorer in named.items() if name not in SHIPPED_NAMES}
    fallback = able.get(default)
    if fallback is None and default not in {AUTO, NOBODY}:
        problems.append(
            f'{where}.{DEFAULT}: "{default}" cannot score them all; {suggest(default, {AUTO, NOBODY, *able, *installed})}'
        )
    for language, name in chosen.items():
        if language == DEFAULT:
            continue
        if language not in identified_languages():
            problems.append(
                f'{where}.{language}: no text is identified as "{language}"; {suggest(language, (*identified_languages(), DEFAULT))}'
            )
            continue
        routes[language], problem = _scorer_called(name, language, shipped, named)
        if problem is None and routes[language] is None and name != NOBODY:
            problem = f'there is no scorer "{name}"; {suggest(name, {*SHIPPED_NAMES, *named, *installed})}'
        if problem:
            problems.append(f"{where}.{language}: {problem}")
    if problems:
        raise ConfigError(problems)
    wanted = {*only, UNKNOWN} if only else None
    if wanted is None:
        return Routes(routes, fallback)
    kept = {language: scorer for language, scorer in routes.items() if language in wanted}
    if fallback is not None:
        kept = {**dict.fromkeys(wanted, fallback), **kept}
    return Routes(kept)


def _scorer_called(
    name: str, language: str, shipped: Mapping[str, Scorer], named: Mapping[str, Scorer]
) -> tuple[Scorer | None, str | None]:
    """Return the scorer called `name` for a language, or what is wrong with it; nothing of either where there is none."""
    own = shipped.get(language)
    if name == NOBODY:
        return None, None
    if name == AUTO or (own is not None and name == own.name):
        return own, None if own is not None else "no scorer is shipped for it; name a plug-in, or leave it out"
    if name in SHIPPED_NAMES and name not in named:
        instead = f'"{own.name}" does' if own is not None else "no shipped scorer does"
        return None, f'"{name}" does not score it; {instead}'
    if name not in named:
        return None, None
    return (named[name], None) if named[name].supports(language) else (None, f'"{name}" does not score it')
