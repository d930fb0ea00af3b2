"""Read lines of JSON with a text each, and score them: what `score`, `match` and `evaluate` share."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from listener.errors import ListenerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from listener.cli.context import App
    from listener.cli.unread import BadLines
    from listener.config import Config
    from listener.mention import Sentiment
    from listener.protocols import LanguageIdentifier, Scorer, ScoringTask
    from listener.search.models import StoredModel

__all__ = [
    "Line",
    "LineRecipe",
    "LineScorer",
    "Towards",
    "lines_of",
    "numbered_lines",
    "opened",
    "opened_lines",
    "score_lines",
    "scorer_towards",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Hold one readable line: its object and its texts as given."""

    obj: dict[str, Any]
    text: str
    title: str | None

    @property
    def whole_text(self) -> str:
        """Return title and text: what the language is told by."""
        return f"{self.title}\n{self.text}" if self.title else self.text


@contextmanager
def opened(file: Path) -> Iterator[IO[bytes]]:
    """Hand over the bytes of a file, unpacked where its name says so, or of standard input where it is called -."""
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    from listener.cli.unpacking import open_bytes

    with ExitStack() as stack:
        yield open_bytes(stack, file)


def opened_lines(file: Path) -> AbstractContextManager[IO[bytes]]:
    """Hand over the bytes of a file as `opened` does; raises UsageError for one that is CSV by its name."""
    if file.name.lower().removesuffix(".gz").removesuffix(".zst").endswith(".csv"):
        msg = f'{file}: lines of JSON are read here, not CSV; "listener import" takes CSV, "listener export" writes such lines'
        raise UsageError(msg)
    return opened(file)


@contextmanager
def lines_of(file: Path, bad: BadLines) -> Iterator[Iterator[Line]]:
    """Hand over the readable lines of a JSONL file, or the mentions of Parquet: a file, or a folder of such files."""
    if file.suffix.lower() == ".parquet" or os.path.isdir(file):  # noqa: PTH112 - Path's may raise
        yield _of_parquet(file, bad)
        return
    with opened_lines(file) as stream:
        yield (line for _, line in numbered_lines(stream, bad))


def _of_parquet(place: Path, bad: BadLines) -> Iterator[Line]:
    from listener.interchange import BadLine, mention_to_json
    from listener.parquet import read_parquet

    try:
        place.stat()
    except OSError as error:
        msg = f"{place} cannot be read: {error.strerror}"
        raise UsageError(msg) from None
    try:
        for one in read_parquet(place):
            if isinstance(one, BadLine):
                bad.report(one.number, one.reason)
            else:
                yield Line(obj=mention_to_json(one), text=one.text, title=one.title)
    except OSError as error:
        msg = f"{place} is damaged or not readable: {error}"
        raise ListenerError(msg) from None


def numbered_lines(stream: IO[bytes], bad: BadLines) -> Iterator[tuple[int, Line]]:
    """Yield (number, line) of the lines that hold a JSON object with a text; report the others.

    Raises UsageError where the stream is one list of JSON.
    """
    from listener.cli.unpacking import json_lines

    for number, raw, limit in json_lines(stream):
        if raw is None:
            bad.report(number, f"the line is longer than {limit} bytes")
            continue
        try:
            obj = json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse)
        except (ValueError, RecursionError):
            bad.report(number, "not a JSON object in UTF-8")
            continue
        reason = _unfit(obj)
        if reason:
            bad.report(number, reason)
            continue
        yield number, Line(obj=obj, text=obj.get("text") or "", title=obj.get("title") or None)


class Towards(NamedTuple):
    """Name the brand that lines are scored for: its own names, and those of all brands."""

    brand: str
    names: tuple[str, ...]
    masks: tuple[str, ...]


class LineScorer(NamedTuple):
    """Hold what scores lines: what tells languages, what scores, the brand they are scored for, names of all brands."""

    identifier: LanguageIdentifier
    scorer: Scorer
    towards: Towards | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRecipe:
    """Hold what a `LineScorer` is made from, also in another process; `database` is the store, where not the configuration's."""

    config: Config | None
    models: tuple[StoredModel, ...] = ()
    towards: Towards | None = None
    database: Path | None = None

    def __call__(self) -> LineScorer:
        """Make it."""
        from listener import scoring, wiring

        identifier, scorer = wiring.build_scoring_of(self.config, self.database)
        queries = wiring.build_queries(self.config) if self.config is not None else ()
        names = tuple(sorted({name for query in queries for name in query.names}))
        return LineScorer(identifier, scoring.with_models(scorer, self.models), self.towards, names)

    @property
    def elsewhere(self) -> LineRecipe | None:
        """Return the recipe where another process may follow it; None where scorers are chosen, which may cost."""
        return None if self.config is not None and self.config.sentiment.get("scorers") else self


def scorer_towards(app: App, brand: str | None) -> LineRecipe:
    """Return what makes the scorer of lines for a brand.

    With a brand of the configuration its rules hold, and what was learned from its labels.
    """
    from listener import wiring

    if brand is None:
        return LineRecipe(config=app.config_if_any, database=app.database_file)
    from listener.disk import is_there
    from listener.search import Reader

    name = app.config.brand(brand).name
    queries = wiring.build_queries(app.config)
    models: tuple[StoredModel, ...] = ()
    if is_there(app.database_path):
        with Reader(app.database_path) as reader:
            models = tuple(one for one in reader.models() if one.brand == name)
    masks = tuple(sorted({each for query in queries for each in query.names}))
    names = next(query.names for query in queries if query.brand == name)
    return LineRecipe(config=app.config, models=models, towards=Towards(name, names, masks), database=app.database_file)


def score_lines(made: LineScorer, chunk: Sequence[Line]) -> list[Sentiment]:
    """Return the sentiment of each line, in order; towards the `target` that a line names, else towards the brand."""
    identifier, scorer, towards, names = made
    claims = [line.obj["language"] if isinstance(line.obj.get("language"), str) else None for line in chunk]
    languages = identifier.identify([line.whole_text for line in chunk], claims)
    tasks = [_task(line, language, towards, names) for line, language in zip(chunk, languages, strict=True)]
    return list(scorer.score(tasks))


def _task(line: Line, language: str, towards: Towards | None, names: tuple[str, ...]) -> ScoringTask:
    from listener.protocols import ScoringTask as Task

    text = line.text if line.text.strip() else line.title or ""
    target = line.obj.get("target")
    if not isinstance(target, str) or not target.strip():
        if towards is None:
            return Task(text=text, title=line.title, language=language, masks=names)
        brand, names, masks = towards
        return Task(text=text, title=line.title, language=language, brand=brand, target=names, masks=masks)
    return Task(
        text=text,
        title=line.title,
        language=language,
        brand=target,
        target=(target,),
        spans=_places(target, text),
        masks=(target, *names),
    )


def _places(target: str, text: str) -> tuple[tuple[int, int], ...]:
    """Return where a target stands in a text, as the matcher sees it."""
    from listener.errors import QueryError
    from listener.matching import Matcher
    from listener.mention import Mention
    from listener.query.build import build_query

    try:
        matcher = Matcher((build_query(brand=target, keywords=(target,)),))
    except QueryError:
        return ()
    found = matcher.match(Mention(source="line", id="1", text=text, published_at=None))
    return tuple((start, end) for match_ in found for field, start, end in match_.spans if field == "text")


def _refuse(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are not JSON


def _unfit(obj: object) -> str | None:
    if not isinstance(obj, dict):
        return "not a JSON object"
    for name in ("text", "title"):
        if not isinstance(obj.get(name), str | None):
            return f"{name}: must be text"
    return None if "text" in obj else "text: is missing"
