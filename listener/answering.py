"""Put answers and surveys into figures by period, from the store: how fast, how satisfied, how sure."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final, TypeVar

from listener.clock import bucket_starts
from listener.frozen import dataclass
from listener.search import MentionFilter
from listener.wiring.terms import response_target_of
from reports.responses import Answer, response_figures
from reports.surveys import INSTRUMENTS, figure_of, promoters, ratings_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from listener.config import Config
    from listener.search import AskedRow, MentionRow, Reader, Span, SurveyRow, TrendBucket
    from reports.responses import ResponseFigures
    from reports.surveys import Figure

__all__ = [
    "FigureTrend",
    "ResponseBucket",
    "SurveyBucket",
    "answers_of",
    "response_trend",
    "responses_of",
    "survey_trend",
    "surveys_of",
    "unanswered",
]

_MOST_LOOKED_AT: Final = 1_000

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseBucket:
    """Hold how the mentions of one brand in one bucket were answered.

    `source` and `target` are given where it is of one source. `coverage` and `partial` as in a trend. Where nothing is
    known of the bucket, `is_known` is False, and its counts are 0 and mean nothing.
    """

    brand: str
    start: datetime
    figures: ResponseFigures
    source: str | None = None
    target: timedelta | None = None
    coverage: float | None = None
    partial: bool = False
    is_known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyBucket:
    """Hold one measure of the surveys of one brand in one bucket; `figure` is None where nobody answered.

    `groups` are promoters, passives and detractors, of NPS alone. `left_out` counts
    answers on scales the measure is not made for. `coverage`, `partial` and `is_known` as in a `ResponseBucket`.
    `ratings` are the answers the figure is of, 0 to 1.
    """

    brand: str
    start: datetime
    figure: Figure | None
    groups: tuple[int, int, int] | None = None
    left_out: int = 0
    coverage: float | None = None
    partial: bool = False
    ratings: tuple[float, ...] = ()
    is_known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureTrend:
    """Hold a metric over time: buckets by brand, then time; one total a brand; responses by source too."""

    metric: str
    brands: tuple[str, ...]
    span: Span
    buckets: tuple[ResponseBucket, ...] | tuple[SurveyBucket, ...]
    totals: tuple[ResponseBucket, ...] | tuple[SurveyBucket, ...]
    sources: tuple[ResponseBucket, ...] = ()


def answers_of(rows: Sequence[AskedRow]) -> list[Answer]:
    """Return what is known of the answers to mentions; those of which nothing is known are left out."""
    return [
        Answer(asked_at=row.asked_at, answered_at=row.answered_at, open_until=row.open_until)
        for row in rows
        if row.is_known
    ]


def responses_of(config: Config, rows: Sequence[AskedRow], now: datetime) -> ResponseFigures:
    """Sum up how mentions were answered, each measured by the target of its source."""
    known = [row for row in rows if row.is_known]
    targets = [response_target_of(config, row.source) for row in known]
    asked = list(zip(answers_of(known), targets, strict=True))
    return response_figures(asked, now, unknown=len(rows) - len(known))


def response_trend(
    config: Config, reader: Reader, brands: Sequence[str], span: Span, listening: Mapping[str, Sequence[str]]
) -> FigureTrend:
    """Return how the mentions of each bucket were answered, by the time they were published."""
    known = reader.trend(brands, span, listening)
    buckets: list[ResponseBucket] = []
    totals: list[ResponseBucket] = []
    sources: list[ResponseBucket] = []
    for brand, total in zip(brands, known.totals, strict=True):
        rows = reader.asked(brand, span)
        parts = _parted(rows, [row.asked_at for row in rows], span)
        for bucket, part in zip(known.of(brand), parts, strict=True):
            buckets.append(_response(config, brand, part, bucket, span.now))
        totals.append(_response(config, brand, rows, total, span.now))
        for source in sorted({row.source for row in rows}):
            own = [row for row in rows if row.source == source]
            figures, target = responses_of(config, own, span.now), response_target_of(config, source)
            sources.append(
                ResponseBucket(brand=brand, start=total.start, figures=figures, source=source, target=target)
            )
    return FigureTrend(
        metric="response", brands=tuple(brands), span=span, buckets=tuple(buckets), totals=tuple(totals),
        sources=tuple(sources),
    )  # fmt: skip


def survey_trend(
    reader: Reader, brands: Sequence[str], span: Span, instrument: str, listening: Mapping[str, Sequence[str]]
) -> FigureTrend:
    """Return a measure of surveys by bucket; `instrument` is ``nps``, ``csat`` or ``ces``."""
    known = reader.trend(brands, span, listening)
    buckets: list[SurveyBucket] = []
    totals: list[SurveyBucket] = []
    for brand, total in zip(brands, known.totals, strict=True):
        rows = [row for row in reader.survey_answers(brand, span) if row.instrument == instrument]
        parts = _parted(rows, [row.answered_at for row in rows], span)
        for bucket, part in zip(known.of(brand), parts, strict=True):
            buckets.append(_survey(instrument, part, bucket))
        totals.append(_survey(instrument, rows, total))
    return FigureTrend(metric=instrument, brands=tuple(brands), span=span, buckets=tuple(buckets), totals=tuple(totals))


def surveys_of(reader: Reader, brand: str, span: Span) -> tuple[tuple[str, Figure], ...]:
    """Return the measures of a brand's surveys in a span, by name; those nobody answered are left out."""
    rows = reader.survey_answers(brand, span)
    figures = ((name, figure_of(key, ratings_of(rows, key))) for key, name in INSTRUMENTS.items())
    return tuple((name, figure) for name, figure in figures if figure is not None)


def unanswered(config: Config, reader: Reader, brand: str, span: Span) -> tuple[MentionRow, ...]:
    """Return mentions of a span that are known to wait for longer than their source's target."""
    found = reader.mentions(
        MentionFilter(
            brand=brand,
            since=span.since,
            until=span.until,
            unanswered_of=(brand,),
            with_loudest=True,
            limit=_MOST_LOOKED_AT,
        )
    )
    asked = reader.asked(brand, span, among=[one.number for one in found])
    known = {row.number: row for row in asked if row.open_until is not None}
    return tuple(
        one
        for one in found
        if (row := known.get(one.number)) is not None
        and row.open_until is not None
        and row.open_until - row.asked_at >= response_target_of(config, one.source)
    )


def _parted(rows: Sequence[Row], times: Sequence[datetime], span: Span) -> list[list[Row]]:
    """Return the rows of each bucket of a span."""
    starts = [bucket.start for bucket in bucket_starts(span.since, span.until, span.by, span.zone)]
    parts: list[list[Row]] = [[] for _ in starts]
    for row, at in zip(rows, times, strict=True):
        parts[bisect_right(starts, at) - 1].append(row)
    return parts


def _response(
    config: Config, brand: str, rows: Sequence[AskedRow], bucket: TrendBucket, now: datetime
) -> ResponseBucket:
    return ResponseBucket(
        brand=brand,
        start=bucket.start,
        figures=responses_of(config, rows, now),
        coverage=bucket.coverage,
        partial=bucket.partial,
        is_known=bucket.mentions is not None,
    )


def _survey(instrument: str, rows: Sequence[SurveyRow], bucket: TrendBucket) -> SurveyBucket:
    ratings = ratings_of(rows, instrument)
    return SurveyBucket(
        brand=bucket.brand,
        start=bucket.start,
        figure=figure_of(instrument, ratings),
        groups=promoters(ratings) if instrument == "nps" else None,
        left_out=len(rows) - len(ratings),
        coverage=bucket.coverage,
        partial=bucket.partial,
        ratings=tuple(ratings),
        is_known=bucket.mentions is not None,
    )
