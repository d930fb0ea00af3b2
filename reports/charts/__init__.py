"""Draw every chart of the program, as PNG or SVG, from records alone.

`KINDS` is the table behind ``listener chart KIND``: what each kind shows, which
records it is drawn from and the function that draws it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from reports.charts.brands import draw_brands
from reports.charts.episode import Expectation, draw_episode
from reports.charts.heat import draw_heat
from reports.charts.moods import draw_moods
from reports.charts.replay import Opening, draw_backtest
from reports.charts.response import draw_response
from reports.charts.share import draw_share
from reports.charts.style import MAIL_LOOK, Chart, Look
from reports.charts.survey import draw_survey
from reports.charts.terms import draw_terms
from reports.charts.volume import draw_volume
from reports.surveys import INSTRUMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "KINDS",
    "MAIL_LOOK",
    "Chart",
    "ChartKind",
    "Expectation",
    "Look",
    "Opening",
    "draw_backtest",
    "draw_brands",
    "draw_episode",
    "draw_heat",
    "draw_moods",
    "draw_response",
    "draw_share",
    "draw_survey",
    "draw_terms",
    "draw_volume",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartKind:
    """Say what a kind of chart shows, and how to call the function that draws it.

    `reads` names the records that are the first argument: ``trend`` (a Trend), ``hours`` (a
    Trend by hour), ``share`` (ShareRows), ``episode`` (an EpisodeRow, then a Trend), ``sources`` and
    ``languages`` (SourceCounts), ``terms`` (TermRows), ``answers`` (Answers, and ``now=``), ``nps``,
    ``csat`` and ``ces`` (a Trend, a Figure for each of its buckets, that of all answers). Where `per_brand` holds,
    the chart is of one brand, given as ``brand=``. All take the keywords of `Look`.
    """

    summary: str
    reads: str
    draw: Callable[..., Chart]
    per_brand: bool = False


KINDS: Final[Mapping[str, ChartKind]] = {
    "volume": ChartKind(
        summary="mentions over time by sentiment, and net sentiment with its interval",
        reads="trend",
        draw=draw_volume,
        per_brand=True,
    ),
    "brands": ChartKind(summary="one figure of several brands over time", reads="trend", draw=draw_brands),
    "share": ChartKind(summary="share of voice of own brand and competitors", reads="share", draw=draw_share),
    "episode": ChartKind(summary="one alert: observed against usual", reads="episode", draw=draw_episode),
    "sources": ChartKind(summary="sentiment by source", reads="sources", draw=draw_moods, per_brand=True),
    "languages": ChartKind(
        summary="sentiment by language", reads="languages", draw=partial(draw_moods, by="language"), per_brand=True
    ),
    "hours": ChartKind(
        summary="when people talk: weekday by hour of the day", reads="hours", draw=draw_heat, per_brand=True
    ),
    "terms": ChartKind(summary="what is said more and less than usual", reads="terms", draw=draw_terms, per_brand=True),
    "response": ChartKind(
        summary="how long people wait for an answer", reads="answers", draw=draw_response, per_brand=True
    ),
    **{
        instrument: ChartKind(
            summary=f"surveys: {name} over time with its interval",
            reads=instrument,
            draw=partial(draw_survey, instrument=instrument),
            per_brand=True,
        )
        for instrument, name in INSTRUMENTS.items()
    },
}
"""The kinds of `listener chart`, by name."""
