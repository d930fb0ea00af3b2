"""Gather what a report tells of one brand in a period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.clock import start_before
from listener.mention import Label
from listener.reporting.periods import STEPS
from listener.reporting.terms import MOST_NOW, brand_words, find_terms
from listener.search import MentionFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from listener.config import Brand
    from listener.reporting.desk import Desk
    from listener.reporting.periods import Period
    from listener.search import MentionRow, Wording
    from listener.theming import ThemeSheet
    from reports.digest import BrandSection, SurveyFigure, Voice
    from reports.responses import ResponseFigures

__all__ = ["loudness", "section_of"]

_VOICES_LOOKED_AT: Final = 1_000


def section_of(desk: Desk, brand: Brand, period: Period, *, by: str = "day") -> BrandSection:
    """Gather what a report tells of one brand in a period, which is of whole days, or `by` hour of whole hours."""
    from reports.digest import BrandSection as Section  # noqa: PLC0415 - loaded where a digest is made

    name, reader = brand.name, desk.reader
    step = STEPS[period.cadence] if by == "day" else by
    before = start_before(period.since, period.until, step, desk.config.zone())
    present = reader.wordings(name, period.since, period.until, limit=MOST_NOW)
    themes = _themes(desk, name, period, present)
    return Section(
        brand=name,
        kind=brand.kind,
        trend=desk.trend(name, period.since, period.until, by=by),
        previous=None if period.is_joined else desk.trend(name, before, period.since, by=by),
        gaps=desk.gaps(name, period.since, min(period.until, desk.now)),
        sources=reader.count_by("source", name, period.since, period.until),
        terms=find_terms(reader, name, brand_words(brand), since=period.since, until=period.until, present=present),
        episodes=reader.episodes(brand=name, since=period.since, until=period.until),
        voices=_voices(desk, brand, period),
        themes=(*themes.of_kind("pain"), *themes.of_kind("praise")),
        themes_in=(themes.mentions, themes.read),
        responses=_responses(desk, brand, period),
        surveys=_surveys(desk, name, period),
    )


def _themes(desk: Desk, brand: str, period: Period, present: Sequence[Wording]) -> ThemeSheet:
    from listener.theming import read_themes  # noqa: PLC0415 - loaded where words are compared

    return read_themes(desk.reader, brand, desk.names, period.since, period.until, present=present)


def _responses(desk: Desk, brand: Brand, period: Period) -> ResponseFigures | None:
    """Return how the mentions of a period were answered; None for a competitor, or without accounts of its own."""
    from listener.answering import responses_of  # noqa: PLC0415 - loaded where a digest is made

    if brand.kind != "own" or not brand.own_accounts:
        return None
    return responses_of(desk.config, desk.reader.asked(brand.name, desk.span(period.since, period.until)), desk.now)


def _surveys(desk: Desk, brand: str, period: Period) -> tuple[SurveyFigure, ...]:
    from listener.answering import surveys_of  # noqa: PLC0415 - loaded where a digest is made
    from reports.digest import SurveyFigure as Made  # noqa: PLC0415 - the same

    return tuple(
        Made(name=name, value=one.value, low=one.low, high=one.high, n=one.n, digits=one.digits)
        for name, one in surveys_of(desk.reader, brand, desk.span(period.since, period.until))
    )


def _voices(desk: Desk, brand: Brand, period: Period) -> tuple[Voice, ...]:
    """Return three mentions worth reading: the most heard negative, positive and unanswered one.

    Where none is known to have waited too long for an answer, the most heard of all is the third.
    """
    from listener.answering import unanswered  # noqa: PLC0415 - loaded where a digest is made
    from reports.digest import Voice as Heard  # noqa: PLC0415 - the same

    def heard(*labels: Label) -> tuple[MentionRow, ...]:
        return desk.reader.mentions(
            MentionFilter(
                brand=brand.name,
                labels=labels,
                since=period.since,
                until=period.until,
                include_reposts=False,
                with_loudest=True,
                limit=_VOICES_LOOKED_AT,
            )
        )

    span = desk.span(period.since, period.until)
    waiting = unanswered(desk.config, desk.reader, brand.name, span) if brand.kind == "own" else ()
    kinds: tuple[tuple[str, Callable[[], Sequence[MentionRow]]], ...] = (
        ("negative", lambda: heard(Label.NEGATIVE)),
        ("positive", lambda: heard(Label.POSITIVE)),
        ("unanswered", lambda: waiting),
        ("most engaged", heard),
    )
    chosen: dict[str, Voice] = {}
    stories: set[int] = set()
    for why, found in kinds:
        if "unanswered" in chosen:
            break
        ranked = sorted(found(), key=loudness, reverse=True)
        pick = next((one for one in ranked if one.story not in stories and one.text), None)
        if pick is not None:
            chosen[why] = Heard(why=why, mention=pick)
            stories.add(pick.story)
    return tuple(chosen.values())


def loudness(mention: MentionRow) -> tuple[int, int, float, int]:
    """Return by what mentions are ordered where the most heard come last."""
    return (mention.engagement, mention.followers or 0, abs(mention.score or 0.0), mention.number)
