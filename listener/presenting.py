"""Gather what the page of one brand shows, draw its charts and write it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.reporting import Period, loudness, section_of
from listener.search import MentionFilter
from reports.charts import draw_heat, draw_moods, draw_share, draw_volume
from reports.page import PageData, Picture, render_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from listener.config import Brand
    from listener.reporting import Desk
    from listener.search import MentionRow, ShareRow, Span
    from reports.charts import Chart, Look
    from reports.digest import BrandSection

__all__ = ["write_page"]

_SHOWN: Final = 40
_LOOKED_AT: Final = 1_000
_DAYS_BY_DAY: Final = timedelta(days=62)


def write_page(desk: Desk, brand: Brand, span: Span) -> str:
    """Return the page of a brand as HTML that needs nothing beside itself; `span` is one by day, or a short one by hour."""
    since, until = span.since, span.until
    section = section_of(desk, brand, Period(cadence="daily", since=since, until=until, key="page"), by=span.by)
    share = desk.reader.share({one.name: one.kind for one in desk.config.brands}, span, desk.listening)
    by = span.by if until - since <= _DAYS_BY_DAY else "week"
    numbers = {number for theme in section.themes for felt in theme.quotes for number in felt}
    quoted = {row.number: row for row in desk.reader.mentions_by_number(sorted(numbers), brand=brand.name)}
    return render_page(
        PageData(
            section=section,
            since=since,
            until=until,
            time_zone=desk.config.zone().key,
            made_at=desk.now,
            trend=section.trend if by == span.by else desk.trend(brand.name, since, until, by=by),
            languages=desk.reader.count_by("language", brand.name, since, until),
            share=share,
            quoted=quoted,
            mentions=_loudest(desk, brand.name, since, until),
            pictures=_pictures(desk, section, share, by),
        )
    )


def _loudest(desk: Desk, brand: str, since: datetime, until: datetime) -> tuple[MentionRow, ...]:
    """Return the most heard originals, one a story."""
    wanted = MentionFilter(
        brand=brand, since=since, until=until, include_reposts=False, with_loudest=True, limit=_LOOKED_AT
    )
    chosen: dict[int, MentionRow] = {}
    for row in sorted(desk.reader.mentions(wanted), key=loudness, reverse=True):
        if row.text or row.title:
            chosen.setdefault(row.story, row)
    return tuple(chosen.values())[:_SHOWN]


def _pictures(desk: Desk, section: BrandSection, share: tuple[ShareRow, ...], by: str) -> tuple[Picture, ...]:
    """Draw every chart twice, for light and for dark screens; those with nothing to show are left out."""
    name, trend = section.brand, section.trend
    since, until = trend.since, trend.until
    shown = trend if by == trend.by else desk.trend(name, since, until, by=by)
    languages = desk.reader.count_by("language", name, since, until)
    makers: list[Callable[[Look], Chart]] = [lambda look: draw_volume(shown, brand=name, **look)]
    if by != "hour":
        hours = desk.trend(name, since, until, by="hour")
        makers.append(lambda look: draw_heat(hours, brand=name, **look))
    if section.sources:
        makers.append(lambda look: draw_moods(section.sources, brand=name, since=since, until=until, **look))
        makers.append(lambda look: draw_moods(languages, brand=name, by="language", since=since, until=until, **look))
    if sum(row.mentions > 0 for row in share) > 1:
        makers.append(lambda look: draw_share(share, since=since, until=until, **look))
    return tuple(Picture(light=make(_look(dark=False)), dark=make(_look(dark=True))) for make in makers)


def _look(*, dark: bool) -> Look:
    """Return a look that a phone can show and a printer too; some kinds choose their own height."""
    return {"format": "png", "width": 480, "scale": 2, "dark": dark}
