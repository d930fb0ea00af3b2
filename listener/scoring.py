"""Turn `[sentiment]` into what scores: the shipped scorers, optional ones, those of plug-ins.

A scorer is loaded where the configuration names it, and only then. One that has
an `Options` record is made with it, read from the table `[sentiment.NAME]`; one
without is made with nothing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from listener.budget import MICROS
from listener.clock import utc_now
from listener.errors import ConfigError, EndedError, ListenerError, PluginError
from listener.logs import hide_secrets
from listener.plugins import SCORERS, check_kind, find_plugins, load_plugin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from listener.config.sample import SamplePart
    from listener.mention import Sentiment
    from listener.protocols import LanguageIdentifier, Scorer, ScoringTask
    from listener.search.models import StoredModel
    from listener.store import Store
    from sentiment.encoders import Encoder
    from sentiment.llm_book import Bought, Charge
    from sentiment.llm_options import LlmOptions
    from sentiment.model import Model
    from sentiment.options import SentimentOptions
    from sentiment.routing import Router
    from sentiment.transformer import OnnxOptions

__all__ = [
    "BUILT_IN_SCORERS",
    "LlmLimit",
    "broken_scorers",
    "build_scoring",
    "describe_routes",
    "installed_scorers",
    "llm_limits",
    "load_models",
    "read_sentiment",
    "scorer_parts",
    "with_models",
]

logger: Final = logging.getLogger(__name__)

_LLM: Final = "llm"
BUILT_IN_SCORERS: Final = {
    _LLM: "sentiment.llm:LlmScorer",
    "onnx": "sentiment.transformer:OnnxScorer",
}
"""The optional scorers of the program; the shipped ones need no set-up and are no plug-ins."""

_PARTS: Final = ("supports", "score")
"""What the class of a scorer has before one is made; name and version may depend on its options."""

_SUMMARIES: Final = {
    _LLM: "A language model behind an OpenAI-compatible service, such as a local Ollama; texts are sent to it, redacted.",
    "onnx": "A fine-tuned transformer in ONNX format, from a folder or a hub; needs the extra onnx.",
}


def installed_scorers() -> tuple[str, ...]:
    """Return the names of the scorers that can be named beside the shipped ones."""
    return tuple(sorted(find_plugins(SCORERS, BUILT_IN_SCORERS)))


def broken_scorers() -> dict[str, str]:
    """Return the scorers that do not load or are none, by name, with the sentence that says why."""
    broken = {}
    for name in installed_scorers():
        try:
            check_kind(SCORERS, name, load_plugin(SCORERS, name, BUILT_IN_SCORERS), _PARTS)
        except PluginError as error:
            broken[name] = str(error)
    return broken


def read_sentiment(
    table: Mapping[str, object], problems: list[str], *, folder: Path | None = None
) -> tuple[SentimentOptions | None, dict[str, object | None]]:
    """Return the options of `[sentiment]`, and those of each scorer named in it beside the shipped ones.

    A scorer has None where it takes no options. What is wrong is appended to `problems`.
    """
    from listener.config import read_record
    from sentiment.options import SentimentOptions
    from sentiment.selection import SHIPPED_NAMES

    known = _known(table) - set(SHIPPED_NAMES)
    own = {name: table[name] for name in table if name in known}
    rest = {name: value for name, value in table.items() if name not in own}
    options = read_record(SentimentOptions, rest, "sentiment", problems, folder=folder)
    chosen = {} if options is None else options.scorers or {}
    named = {name for name in chosen.values() if name in known}
    read: dict[str, object | None] = {}
    for name in sorted({*named, *own}):
        record = _options_of(name, own.get(name, {}), problems, folder)
        if name in named:
            read[name] = record
    return options, read


class LlmLimit(NamedTuple):
    """Hold what a language model may take a day of one unit, and what is set aside for its smallest and for a full request."""

    limit: float
    least: float
    full: float


def llm_limits(table: Mapping[str, object]) -> Mapping[str, LlmLimit]:
    """Return what a language model may take a day, in requests, tokens and usd; nothing where none is chosen, or wrongly.

    A limit that is not set is left out. Its client is not loaded.
    """
    from listener.config import read_record

    chosen, own = table.get("scorers"), table.get(_LLM, {})
    if not isinstance(chosen, dict) or _LLM not in chosen.values() or not isinstance(own, dict):
        return {}
    from sentiment.llm_options import LlmOptions

    options = read_record(LlmOptions, own, f"sentiment.{_LLM}", [])
    if options is None:
        return {}
    from sentiment.llm_cost import full_request, least_request

    least, full = least_request(options), full_request(options)
    limits = {
        "requests": (options.requests_a_day, 1, 1),
        "tokens": (options.tokens_a_day, least.tokens, full.tokens),
        "usd": (options.usd_a_day, least.micro_usd / MICROS, full.micro_usd / MICROS),
    }
    return {unit: LlmLimit(limit, low, high) for unit, (limit, low, high) in limits.items() if limit is not None}


def _known(table: Mapping[str, object]) -> set[str]:
    """Return the scorers that the table may speak of; plug-ins are looked for where it speaks of another than ours."""
    from listener.config.reader import field_plans
    from sentiment.options import SentimentOptions
    from sentiment.selection import SHIPPED_NAMES

    chosen = table.get("scorers")
    names = chosen.values() if isinstance(chosen, dict) else ()
    written = {*table, *(name for name in names if isinstance(name, str))}
    own = {plan.name for plan in field_plans(SentimentOptions)}
    if written <= {*BUILT_IN_SCORERS, *SHIPPED_NAMES, *own}:
        return set(BUILT_IN_SCORERS)
    return set(installed_scorers())


def _options_of(name: str, table: object, problems: list[str], folder: Path | None) -> object | None:
    from listener.config import read_record

    where = f"sentiment.{name}"
    try:
        made = cast("Any", load_plugin(SCORERS, name, BUILT_IN_SCORERS))
    except PluginError as error:
        if name in BUILT_IN_SCORERS:
            problems.append(f"{where}: {error}")
        return None
    record = getattr(made, "Options", None)
    if not isinstance(table, dict):
        problems.append(f"{where}: is not a table; write [{where}]")
    elif record is not None:
        options: object | None = read_record(record, table, where, problems, folder=folder)
        if name in BUILT_IN_SCORERS:
            problems += _unidentified(f"{where}.languages", cast("Any", options))
        return options
    elif table:
        problems.append(f"{where}: this scorer takes no options")
    return None


def _unidentified(where: str, options: LlmOptions | OnnxOptions | None) -> list[str]:
    """Return one problem for each language of a scorer that no text is identified as."""
    from listener.errors import suggest
    from sentiment.selection import identified_languages

    known = identified_languages()
    return [
        f'{where}: no text is identified as "{tag}"; {suggest(tag, known)}'
        for tag in (options.languages if options is not None else ())
        if tag not in known
    ]


def build_scoring(
    table: Mapping[str, object], where: str, *, folder: Path | None = None, database: Path | None = None
) -> tuple[LanguageIdentifier, Router]:
    """Return what tells languages and what scores, from the `[sentiment]` table.

    Relative paths in it start at `folder`. What is paid for is remembered and counted
    in the store at `database`; None: as long as the process runs. Raises ConfigError with every problem.
    """
    from sentiment.build import build_stage

    problems: list[str] = []
    options, records = read_sentiment(table, problems, folder=folder)
    named: dict[str, Scorer] = {}
    for name, record in records.items() if not problems else ():
        try:
            named[name] = _make(name, record, database)
        except ListenerError as error:
            if name in BUILT_IN_SCORERS or not isinstance(error, PluginError):
                problems.append(f"sentiment.{name}: {error}")
            else:
                logger.warning("plug-in broken kind=scorer name=%s problem=%s", name, error)
                named[name] = _BrokenScorer(name, error)
    if problems or options is None:
        raise ConfigError([*problems, *_problems_beside(table, problems, folder)], where=where)
    try:
        return build_stage(options, named, installed=_known(table))
    except ConfigError as error:
        raise ConfigError(error.problems, where=where) from None


def _problems_beside(table: Mapping[str, object], problems: Sequence[str], folder: Path | None) -> Sequence[str]:
    """Return what else is wrong in the table, looked at without the options that cannot be read."""
    wrong = [key for key in table if any(one.startswith(f"sentiment.{key}:") for one in problems)]
    if not wrong or len(wrong) < len(problems):  # what a table of a scorer is to say would be missing
        return ()
    try:
        build_scoring({key: value for key, value in table.items() if key not in wrong}, "", folder=folder)
    except ConfigError as error:
        return [one for one in error.problems if one not in problems]
    return ()


class _BrokenScorer:
    """Stand in for the scorer of a plug-in that does not load: texts stay unscored, with that as the reason."""

    version = "0"

    def __init__(self, name: str, error: PluginError) -> None:
        self.name = name
        self._error = error

    def check(self) -> str:
        """Raise what went wrong."""
        raise self._error

    def supports(self, language: str) -> bool:
        """Say that no language is left to another scorer."""
        return bool(language)

    def score(self, tasks: Sequence[ScoringTask]) -> Sequence[Sentiment]:
        """Return (n_tasks,) unscored sentiments."""
        from listener.mention import Sentiment as Made

        return [Made.unscored(task.language, "broken_scorer") for task in tasks]


def scorer_parts() -> list[SamplePart]:
    """Return the tables of the optional scorers, for the sample and the reference."""
    from listener.config.sample import SamplePart as Made

    return [
        Made(
            path=f"sentiment.{name}",
            records=(cast("Any", load_plugin(SCORERS, name, BUILT_IN_SCORERS)).Options,),
            doc=f'{_SUMMARIES[name]} Used for the languages that `[sentiment] scorers` gives to "{name}".',
        )
        for name in BUILT_IN_SCORERS
    ]


def describe_routes(table: Mapping[str, object], where: str, *, folder: Path | None = None) -> list[str]:
    """Return one line a scorer: its name, and the languages that it scores."""
    from sentiment.selection import identified_languages

    _, router = build_scoring(table, where, folder=folder)
    others = identified_languages() - router.routes.keys()
    able = {language for language in others if router.supports(language)}
    told = {*router.routes, *able} if len(able) < len(others) else router.routes  # it may keep to languages of its own
    other = "nobody" if told is not router.routes or router.default is None else router.default.name
    languages: dict[str, list[str]] = {}
    for language in sorted(told):
        scorer = router.scorer_of(language) if router.supports(language) else None
        languages.setdefault("nobody" if scorer is None else scorer.name, []).append(language)
    lines = [f"{name}: {', '.join(tags)}" for name, tags in sorted(languages.items())]
    return [*lines, f"{other}: every other language"]


def with_models(scorer: Scorer, stored: Sequence[StoredModel]) -> Scorer:
    """Return a scorer that lets the models that are on overrule `scorer`, for their brands.

    A model that cannot be used is left out, and the log says why: its brand is
    scored by the scorer there is.
    """
    models, encoders, problems = load_models(stored)
    for problem in problems:
        logger.warning("model left out %s", problem)
    if not models:
        return scorer
    from sentiment.trained import TrainedScorer

    return TrainedScorer(scorer, models, encoders)


def load_models(stored: Sequence[StoredModel]) -> tuple[dict[str, Model], dict[str, Encoder], list[str]]:
    """Return the models that are on by brand, the encoders they need, and what is wrong with the others."""
    models: dict[str, Model] = {}
    encoders: dict[str, Encoder] = {}
    problems: list[str] = []
    for one in stored:
        if not one.is_on or one.data is None:
            continue
        from sentiment.encoders import load_encoder
        from sentiment.model import unpack

        try:
            model = unpack(one.data)
            if model.encoder is not None:
                encoders.setdefault(model.encoder, load_encoder(model.encoder))
        except ListenerError as error:
            problems.append(f"{one.brand}: {error}")
        else:
            models[one.brand] = model
    return models, encoders, problems


def _make(name: str, options: object | None, database: Path | None) -> Scorer:
    """Return a live scorer; raises PluginError where what was found is none."""
    from listener.protocols import Scorer as Interface

    made = cast("Any", load_plugin(SCORERS, name, BUILT_IN_SCORERS))
    hide_secrets(options)
    try:
        if options is None:
            scorer = made()
        elif name == _LLM and database is not None:
            scorer = made(options, _StoreBook(database))
        else:
            scorer = made(options)
    except (ListenerError, EndedError):
        raise
    except (Exception, SystemExit) as error:
        msg = f"this scorer cannot be made: {type(error).__name__}: {error}"
        raise PluginError(msg) from error
    if not isinstance(scorer, Interface):
        msg = "this is no scorer; it lacks a part of the interface listener.api.Scorer"
        raise PluginError(msg)
    return scorer


class _StoreBook:
    """Keep the book of a language model in the store (see `sentiment.llm_book.Book`); opened for each entry."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def recall(self, questions: Sequence[bytes]) -> dict[bytes, Bought]:
        """Return the answers there are."""
        from sentiment.llm_book import Bought as Made

        if not questions or not self._database.exists():
            return {}
        with self._open() as store:
            found = store.bought.recall(questions, now=utc_now())
        return {question: Made(label, score) for question, (label, score) in found.items()}

    def keep(self, answers: Mapping[bytes, Bought], *, most: int) -> None:
        """Remember answers; of more than `most` the oldest go."""
        with self._open() as store:
            store.bought.keep(answers, most=most, now=utc_now())

    def reserve(self, day: int, charge: Charge, caps: Charge) -> bool:
        """Add to the account of a day, or nothing where a cap is passed."""
        with self._open() as store:
            return store.bought.reserve(day, charge, caps)

    def settle(self, day: int, reserved: Charge, real: Charge) -> None:
        """Put what a request really cost in the place of what was reserved for it."""
        with self._open() as store:
            store.bought.settle(day, reserved, real)

    def _open(self) -> Store:
        from listener.store import Store as Made

        return Made(self._database)
