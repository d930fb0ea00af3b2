"""Render one page about one brand: a file that opens without a network and reads without a script."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from listener.clock import comes_twice, load_zone
from listener.intervals import net_sentiment_interval
from listener.mention import Label
from reports.hostile import clean_line, direction, excerpt
from reports.render import MentionView, templates, view_of
from reports.sentences import brand_words, themes_counted, total_of
from reports.wording import (
    count,
    coverage_percent,
    date_words,
    interval_words,
    language_words,
    number,
    place_words,
    share_words,
    signed,
    span_words,
    time_words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from listener.search.records import EpisodeRow, MentionRow, ShareRow, SourceCount, Trend, TrendBucket
    from listener.themes import Theme
    from reports.charts.style import Chart
    from reports.digest import BrandSection

__all__ = ["PageData", "Picture", "render_page"]

_DASH: Final = "\N{EN DASH}"
_MOST_THEMES: Final = 8
_NAME: Final = 60
_FELT: Final = {"pain": Label.NEGATIVE, "praise": Label.POSITIVE}
"""The label of what a theme of a kind quotes: no praise stands below what hurts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Hold one chart drawn for light and for dark screens; both are PNG."""

    light: Chart
    dark: Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class PageData:
    """Hold everything a page tells of one brand in [since, until).

    `trend` is what the table by time shows, `quoted` the mentions that themes quote by
    number, `mentions` those to be listed, in order.
    """

    section: BrandSection
    since: datetime
    until: datetime
    time_zone: str
    made_at: datetime
    trend: Trend
    languages: tuple[SourceCount, ...] = ()
    share: tuple[ShareRow, ...] = ()
    quoted: Mapping[int, MentionRow] = field(default_factory=dict)
    mentions: tuple[MentionRow, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """Hold a theme as the page shows it."""

    name: str
    direction: str
    figures: str
    also: str
    quotes: tuple[MentionView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """Hold a table: the first cell of a row names it, the others are figures."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def render_page(data: PageData) -> str:
    """Return the page as HTML; pictures are data addresses, links lead to the mentions only."""
    zone = load_zone(data.time_zone)
    section = data.section
    total = total_of(section.trend, section.brand)
    context = {
        "brand": clean_line(section.brand),
        "period": span_words(data.since, data.until, zone),
        "zone": data.time_zone,
        "made": time_words(data.made_at, zone),
        "tiles": _tiles(total, data.share, section.brand),
        "sentences": brand_words(replace(section, episodes=(), themes_in=(0, 0)), "period", zone).sentences,
        "pictures": [
            {
                "light": _address(one.light),
                "dark": _address(one.dark),
                "alt": one.light.alt,
                "width": one.light.width,
                "height": one.light.height,
            }
            for one in data.pictures
        ],
        "counted": themes_counted(section),
        "pains": _themes(section.themes, "pain", data, zone),
        "praises": _themes(section.themes, "praise", data, zone),
        "episodes": [_episode(episode, zone) for episode in section.episodes],
        "tables": _tables(data, zone),
        "views": [view_of(row, zone) for row in data.mentions],
    }
    return templates().get_template("report.html.j2").render(context)


def _address(chart: Chart) -> str:
    return f"data:image/png;base64,{base64.b64encode(chart.data).decode('ascii')}"


def _tiles(total: TrendBucket | None, share: Sequence[ShareRow], brand: str) -> list[tuple[str, str, str]]:
    """Return the figures on top as (name, figure, what stands below it)."""
    if total is None or total.mentions is None:
        is_open = total is not None and total.coverage is None
        return [("Mentions", _DASH, "how much was read is not known" if is_open else "nothing was read")]
    read = "how much was read is not known" if total.coverage is None else f"{coverage_percent(total.coverage)} read"
    tiles = [("Mentions", number(total.mentions), read)]
    if total.stories is not None:
        tiles.append(("Stories", number(total.stories), "each thing said counted once"))
    interval = net_sentiment_interval(total.positive or 0, total.negative or 0, total.scored)
    if interval is not None and total.net is not None:
        spread = f"95 % interval {interval_words(*interval)}, n {number(total.scored)}"
        tiles.append(("Net sentiment", signed(total.net), spread))
    mine = next((row for row in share if row.brand == brand), None)
    if mine is not None and mine.share is not None and len(share) > 1:
        everything = sum(row.mentions for row in share)
        said = share_words(mine.share, mine.mentions, everything)
        tiles.append(("Share of voice", said, f"of {count(everything, 'mention')}"))
    return tiles


def _themes(themes: Sequence[Theme], kind: str, data: PageData, zone: ZoneInfo) -> list[_Shown]:
    trends = {
        "new": "new in this period",
        "up": "more than before",
        "down": "less than before",
        "steady": "about as before",
        "unknown": "the period before was not read",
    }
    shown = []
    for theme in [theme for theme in themes if theme.kind == kind][:_MOST_THEMES]:
        spread = (
            f" (95 % interval {interval_words(*theme.interval)}, n {number(theme.scored)})" if theme.interval else ""
        )
        net = "" if theme.net is None else f", net sentiment {signed(theme.net)}{spread}"
        stories = count(theme.stories, "story", "stories")
        sources = ", ".join(f"{clean_line(place_words(name))} {number(n)}" for name, n in theme.sources)
        rows = [data.quoted[one] for felt in theme.quotes for one in felt if one in data.quoted]
        shown.append(
            _Shown(
                name=excerpt(theme.name, _NAME),
                direction=direction(theme.name),
                figures=f"{count(theme.mentions, 'mention')} in {stories}, {trends[theme.trend]}{net}. {sources}.",
                also=", ".join(excerpt(phrase, _NAME) for phrase in theme.phrases[1:]),
                quotes=tuple(view_of(row, zone) for row in rows if row.label is _FELT[kind]),
            )
        )
    return shown


def _episode(episode: EpisodeRow, zone: ZoneInfo) -> dict[str, str]:
    end = f"to {time_words(episode.resolved_at, zone)}" if episode.resolved_at else "and open"
    return {
        "headline": excerpt(episode.headline, 240),
        "facts": f"{clean_line(episode.severity)}, {time_words(episode.opened_at, zone)} {end}",
        "terms": ", ".join(excerpt(term, _NAME) for term in episode.terms),
    }


def _tables(data: PageData, zone: ZoneInfo) -> list[_Table]:
    """Return the tables that hold what the charts draw, those of nothing left out."""
    heads = ("mentions", "positive", "neutral", "negative", "unscored", "net")
    by = data.trend.by
    times = tuple(_bucket_row(bucket, by, zone) for bucket in data.trend.of(data.section.brand))
    tables = [_Table(title=f"By {by}", heads=(by, *heads, "read"), rows=times)]
    for title, rows, named in (
        ("By source", data.section.sources, place_words),
        ("By language", data.languages, language_words),
    ):
        made = tuple((clean_line(named(row.name)), *_mood_cells(row)) for row in rows)
        tables.append(_Table(title=title, heads=(title[3:], *heads), rows=made))
    everything = sum(row.mentions for row in data.share)
    shares = tuple(
        (
            clean_line(row.brand),
            number(row.mentions) if row.is_known else _DASH,
            _DASH if row.share is None else share_words(row.share, row.mentions, everything),
        )
        for row in data.share
    )
    tables.append(_Table(title="Share of voice", heads=("brand", "mentions", "share"), rows=shares))
    return [table for table in tables if table.rows]


def _bucket_row(bucket: TrendBucket, by: str, zone: ZoneInfo) -> tuple[str, ...]:
    local = bucket.start.astimezone(zone)
    begin = time_words(bucket.start, zone) if by == "hour" else date_words(local)
    begin += f" {local:%Z}" if by == "hour" and comes_twice(local) else ""
    name = begin + (" (not over)" if bucket.partial else "")
    read = _DASH if bucket.coverage is None else coverage_percent(bucket.coverage)
    if bucket.mentions is None:
        return (name, *[_DASH] * 6, read)
    net = _DASH if bucket.net is None else signed(bucket.net)
    neutral = (bucket.neutral or 0) + (bucket.no_evidence or 0)
    counts = (bucket.mentions, bucket.positive or 0, neutral, bucket.negative or 0, bucket.unscored or 0)
    return (name, *map(number, counts), net, read)


def _mood_cells(row: SourceCount) -> tuple[str, ...]:
    scored = row.mentions - row.unscored
    net = signed(100 * (row.positive - row.negative) / scored) if scored else _DASH
    counts = (row.mentions, row.positive, row.neutral + row.no_evidence, row.negative, row.unscored)
    return (*map(number, counts), net)
