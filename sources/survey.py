"""Read answers to surveys out of files: NPS, CSAT and CES, with what people wrote beside the number.

NPS asks for 0 to 10 (Reichheld 2003), CSAT mostly for 1 to 5 and sometimes 1 to
7, CES in its present form for 1 (hard) to 7 (easy) (Dixon, Freeman and Toman
2010, form of 2013). An answer is a mention of the brand that was asked about:
nobody writes the name of the brand into its own questionnaire.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from listener.api import (
    ASSIGNED_BRAND,
    Author,
    Mention,
    Page,
    PermanentSourceError,
    Resource,
    Skipped,
    SourceFacts,
    StoppedError,
    UnexpectedAnswerError,
    option,
)
from listener.clock import load_zone
from listener.errors import suggest
from sources.files import FilesToRead, PlaceInFile, count_words, files_of, opened
from sources.survey_rows import RowReader, cell_of, number_of
from sources.text import ID_LIMIT, clean, instant_from_epoch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from listener.api import Query, StopSignal, Window
    from sources.survey_rows import Row

__all__ = ["Survey", "SurveyOptions", "SurveySource", "read_answer"]

_SCALES: Final = {"nps": (0.0, 10.0), "csat": (1.0, 5.0), "ces": (1.0, 7.0)}
_MOST_CHECKED: Final = 10
"""Files of a survey, the last by name, whose columns a check looks at."""
_MOST_ROWS: Final = 20_000
"""The most rows read for one page, answers of the window or not."""
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
_COUNTRY: Final = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Hold one `[[sources.survey.surveys]]`: whose survey it is, where its files are, what its columns mean."""

    brand: str = option(
        "The brand that was asked about; every answer is one of its mentions.", default="", example="Acme"
    )
    instrument: str = option("What was asked.", default="nps", choices=tuple(_SCALES))
    paths: tuple[Path, ...] = option(
        'Files or patterns, from this file\'s folder on: CSV with a row of names, or .jsonl; ".gz" is unpacked.',
        default=(),
        example=(Path("surveys/nps-*.csv"),),
    )
    name: str = option(
        "What sets its answers apart from those of other surveys; without it brand and instrument.", default=""
    )
    scale: tuple[float, ...] = option(
        "Lowest and highest answer; without it 0 to 10 for nps, 1 to 5 for csat, 1 to 7 for ces.",
        default=(),
        example=(1, 7),
    )
    low_is_good: bool = option("Whether the lowest answer is the best one.", default=False)
    answer_column: str = option("Column of the number that was given.", default="score")
    comment_column: str = option("Column of what was written beside it; may be missing.", default="comment")
    time_column: str = option("Column of when it was answered.", default="answered_at")
    id_column: str = option(
        "Column of the answer's own id; without one the row's content tells it apart.", default="id"
    )
    respondent_column: str = option("Column of who answered; empty: nobody is stored.", default="")
    language_column: str = option("Column of the language (BCP 47); empty: it is identified.", default="")
    country_column: str = option("Column of the country (ISO 3166, two letters).", default="")
    time_format: str = option(
        "How times are written, as strptime reads them; without it ISO 8601 or epoch seconds.",
        default="",
        example="%d/%m/%Y %H:%M",
    )
    time_zone: str = option("Zone of times that are written without one.", default="UTC")
    delimiter: str = option("Sign between fields of CSV; without it the one most used in the first row.", default="")

    def __post_init__(self) -> None:
        """Refuse what no answer could be read with."""
        if not self.brand.strip() or not self.paths:
            msg = "brand and paths must be set"
            raise ValueError(msg)
        if self.scale and not (len(self.scale) == 2 and self.scale[0] < self.scale[1]):  # noqa: PLR2004 - lowest, highest
            msg = "scale must be two numbers, the lowest answer and the highest"
            raise ValueError(msg)
        if len(self.delimiter) > 1:
            msg = "delimiter must be one sign"
            raise ValueError(msg)
        load_zone(self.time_zone)

    @property
    def range(self) -> tuple[float, float]:
        """Return the lowest and the highest answer."""
        return (self.scale[0], self.scale[1]) if self.scale else _SCALES[self.instrument]


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyOptions:
    """Hold the options of `[sources.survey]`."""

    surveys: tuple[Survey, ...] = option("One survey: whose it is, where its files are.", default=())
    page_size: int = option("Answers in one page.", default=1_000, minimum=1, maximum=5_000)

    @property
    def brands_named(self) -> tuple[str, ...]:
        """Return the brands that must be configured."""
        return tuple(survey.brand for survey in self.surveys)


@dataclass(slots=True, kw_only=True)
class _Harvest:
    """Gather what one page will hold; `is_ahead`: an answer belongs to a later window, for which its file is read again."""

    mentions: dict[str, Mention]
    skipped: list[Skipped]
    rows: int = 0
    is_ahead: bool = False


class SurveySource:
    """Read the answers that files hold."""

    name = "survey"
    Options: ClassVar[type] = SurveyOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="Answers to surveys (NPS, CSAT, CES) out of CSV or JSON Lines files.",
        sees="what the files hold; answers that arrive up to a year late are found",
        overlap=timedelta(days=366),  # a file that comes today holds answers of long ago; unchanged files are not read
        every=timedelta(hours=1),
        lookback=timedelta(days=366),
        resources_fail_alone=True,
        is_local=True,
    )

    def __init__(self, options: SurveyOptions, *, stop: StopSignal | None = None) -> None:
        self._options = options
        self._stop = stop
        self._surveys = {
            _key(survey, str(path)): (survey, str(path)) for survey in options.surveys for path in survey.paths
        }
        self._counted: tuple[str, PlaceInFile, Counter[str]] | None = None

    def plan(self, queries: Sequence[Query]) -> Sequence[Resource]:
        """Return one resource for each path of the surveys of these brands."""
        brands = {query.brand.casefold(): query.brand for query in queries}
        return [
            Resource(key=key, lane=f"{survey.instrument}:{path}", native=path, brand=brands[survey.brand.casefold()])
            for key, (survey, path) in self._surveys.items()
            if survey.brand.casefold() in brands
        ]

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read the next answers of the window, in the order of the files' names and rows."""
        if resource.key not in self._surveys:
            msg = f"survey: {resource.native} is not among [[sources.survey.surveys]] any more"
            raise UnexpectedAnswerError(msg)
        survey, pattern = self._surveys[resource.key]
        paths = files_of(pattern, source=self.name)
        harvest = _Harvest(mentions={}, skipped=[])
        files = FilesToRead(paths, window, cursor, source=self.name)
        for start in files:
            harvest.is_ahead = False
            files.leave(self._read(survey, start, window, harvest), is_ahead=harvest.is_ahead)
        return Page(
            mentions=tuple(harvest.mentions.values()),
            cursor=files.cursor,
            exhausted=files.cursor is None,
            marker=files.marker,
            skipped=tuple(harvest.skipped),
            requests=0,
            items=harvest.rows,
        )

    def check(self) -> str:
        """Say how many files there are to read, and which columns that are named they lack.

        Raises UnexpectedAnswerError where one lacks a column that every answer needs.
        """
        if not self._surveys:
            msg = "survey: there is nothing to read; write a [[sources.survey.surveys]]"
            raise PermanentSourceError(msg)
        count, lacking = 0, list[str]()
        for survey, pattern in self._surveys.values():
            files = files_of(pattern, source=self.name)
            count += len(files)
            for path in files[-_MOST_CHECKED:]:
                with opened(path, source=self.name) as stream:
                    columns = _reader(survey, stream, PlaceInFile(path=path)).columns
                absent = _named(survey, but=columns) if columns else []
                lacking += [f'{Path(path).name} has no column "{name}"' for name in absent]
        return "; ".join([count_words(count, (pattern for _, pattern in self._surveys.values())), *lacking])

    def close(self) -> None:
        """Forget what was counted."""
        self._counted = None

    def _read(self, survey: Survey, start: PlaceInFile, window: Window, harvest: _Harvest) -> PlaceInFile | None:
        """Add what a file holds of the window; return where to go on, None at the file's end."""
        remembered, self._counted = self._counted, None
        is_next = start.offset > 0 and remembered is not None and remembered[:2] == (_key(survey, ""), start)
        counts: Counter[str] = remembered[2] if is_next and remembered is not None else Counter()
        with opened(start.path, source=self.name) as stream:
            reader = _reader(survey, stream, start if is_next else PlaceInFile(path=start.path))
            for row in reader:
                answer = read_answer(row, survey, counts, shown=Path(start.path).name)
                if row.offset < start.offset:
                    continue  # of an earlier page; only counted
                harvest.rows += 1
                if isinstance(answer, Skipped):
                    harvest.skipped.append(answer)
                elif answer.published_at is not None and window.since <= answer.published_at < window.until:
                    harvest.mentions.pop(answer.id, None)  # a later row of the same answer is a newer reading
                    harvest.mentions[answer.id] = answer
                elif answer.published_at is not None and answer.published_at >= window.until:
                    harvest.is_ahead = True
                if len(harvest.mentions) >= self._options.page_size or harvest.rows >= _MOST_ROWS:
                    onward = PlaceInFile(path=start.path, offset=reader.offset, line=reader.line)
                    self._counted = (_key(survey, ""), onward, counts)
                    return onward
                if self._stop is not None and self._stop.is_set():
                    msg = "survey: stopped before the file was read"
                    raise StoppedError(msg)
        return None


def _named(survey: Survey, *, but: Sequence[str]) -> list[str]:
    """Return the columns, of those that may be missing, that the configuration names itself and are not among these."""
    optional = ("comment_column", "id_column", "respondent_column", "language_column", "country_column")
    usual = Survey(brand=survey.brand, paths=survey.paths)
    named = [getattr(survey, one) for one in optional if getattr(survey, one) != getattr(usual, one)]
    return [column for column in named if column and column not in but]


def _reader(survey: Survey, stream: IO[bytes], start: PlaceInFile) -> RowReader:
    """Return the reader of a file; raises UnexpectedAnswerError where it lacks a column, or has one several times."""
    reader = RowReader(stream, start.path, delimiter=survey.delimiter, at=(start.offset, start.line))
    for name, column in (("answer_column", survey.answer_column), ("time_column", survey.time_column)):
        if reader.columns and column not in reader.columns:
            near = suggest(column, reader.columns)
            msg = f'survey: {start.path} has no column "{column}"; {near}; set {name} of this survey'
            raise UnexpectedAnswerError(msg)
    used = {str(getattr(survey, one.name)) for one in fields(survey) if one.name.endswith("_column")} - {""}
    if repeated := [name for name in used if reader.columns.count(name) > 1]:
        msg = f'survey: {start.path} has several columns "{min(repeated)}"; one alone is read, so rename the others'
        raise UnexpectedAnswerError(msg)
    return reader


def read_answer(row: Row, survey: Survey, counts: Counter[str], *, shown: str) -> Mention | Skipped:
    """Return the mention that a row of a survey stands for, or why it is none; `shown` names its file.

    `counts` holds how often each content without an id stood in the file before.
    """
    where = f"{shown}, line {row.line}"
    fields = row.fields
    if row.problem is not None:
        return Skipped(id=None, reason=f"{where}: {row.problem}")
    written = cell_of(fields, survey.answer_column)
    answer = number_of(written)
    low, high = survey.range
    if answer is None or not low <= answer <= high:
        found = "there is no answer" if written is None else "the answer is no number on the scale"
        return Skipped(id=None, reason=f"{where}: {found} ({low:g} to {high:g})")
    time = cell_of(fields, survey.time_column)
    answered_at = _instant(time, survey)
    if answered_at is None:
        return Skipped(id=None, reason=f"{where}: the time of the answer cannot be read")
    comment = fields.get(survey.comment_column)
    comment = clean(comment).strip() if isinstance(comment, str) else ""
    respondent = cell_of(fields, survey.respondent_column)
    above = high - answer if survey.low_is_good else answer - low
    return Mention(
        source=SurveySource.name,
        id=_identity(survey, cell_of(fields, survey.id_column), (time, written, respondent, comment), counts),
        text=comment,
        published_at=answered_at,
        kind="survey",
        author=Author(id=respondent) if respondent else None,
        language=_fitting(_LANGUAGE, cell_of(fields, survey.language_column)),
        rating=above / (high - low),
        place=(_fitting(_COUNTRY, cell_of(fields, survey.country_column)) or "").upper() or None,
        extra={
            ASSIGNED_BRAND: survey.brand,
            "survey": {"instrument": survey.instrument, "answer": answer, "scale": [_plain(low), _plain(high)]},
        },
    )


def _identity(survey: Survey, given: str | None, content: tuple[str | None, ...], counts: Counter[str]) -> str:
    """Return the id of an answer: its own, else a hash of what it says and how often that was said before it.

    Two people who give the same bare number on the same day are two answers; the
    same row of an overlapping export is one.
    """
    whose = survey.name or f"{survey.brand}/{survey.instrument}"
    if given is None:
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:24]
        counts[digest] += 1
        given = f"sha256:{digest}" if counts[digest] == 1 else f"sha256:{digest}-{counts[digest]}"
    native = f"{whose}/{given}"
    return native if len(native) <= ID_LIMIT else "sha256:" + hashlib.sha256(native.encode()).hexdigest()


def _instant(written: str | None, survey: Survey) -> datetime | None:
    """Return the aware UTC time of an answer, whole seconds."""
    if written is None:
        return None
    try:
        if survey.time_format:
            read = datetime.strptime(written, survey.time_format)  # noqa: DTZ007 - the zone is put in below
        elif re.fullmatch(r"\d{9,11}(?:\.\d+)?", written):
            read = instant_from_epoch(written) or datetime.fromisoformat(written)
        else:
            read = datetime.fromisoformat(written)
        read = read if read.tzinfo else read.replace(tzinfo=load_zone(survey.time_zone))
        return read.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None


def _fitting(pattern: re.Pattern[str], text: str | None) -> str | None:
    return text if text and pattern.fullmatch(text) else None


def _plain(number: float) -> int | float:
    return int(number) if number == int(number) else number


def _key(survey: Survey, path: str) -> str:
    """Return what identifies a path of a survey read with these columns."""
    return hashlib.sha256(f"{survey!r}\n{path}".encode()).hexdigest()[:16]
