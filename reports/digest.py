"""Hold what a digest tells and put the whole of it into sentences.

Everything here is pure: records in, words out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from listener.clock import align_down, load_zone
from listener.intervals import WHOLE
from reports.hostile import clean_line, excerpt, kept_apart
from reports.responses import ResponseFigures
from reports.sentences import BrandWords, brand_words, mentions_of, total_of
from reports.wording import (
    count,
    date_words,
    day_words,
    join_words,
    money,
    number,
    place_words,
    share_words,
    short_day,
    some_words,
    span_words,
    time_words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from listener.search.records import (
        CoverageGap,
        EpisodeRow,
        MentionRow,
        ShareRow,
        SourceCount,
        TermRow,
        Trend,
    )
    from listener.themes import Theme

__all__ = [
    "BrandSection",
    "BrandWords",
    "CostLine",
    "DigestData",
    "DigestWords",
    "ResponseFigures",
    "SurveyFigure",
    "Voice",
    "other_brands",
    "period_words",
    "summarise",
]

_UNIT: Final = {"daily": "day", "weekly": "week", "monthly": "month"}
_MOST_GAPS: Final = 6
_MOST_NAMED: Final = 50
"""Brands that are named in one sentence; there may be thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """Say what one source cost in the period.

    `spent` and `budget` are money in `currency`, None where the source costs none
    or has no budget; `requests` and `items` are what was asked and received.
    """

    source: str
    requests: int
    items: int
    spent: float | None = None
    budget: float | None = None
    currency: str = "USD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Hold one mention worth reading and why it was chosen, such as ``positive``."""

    why: str
    mention: MentionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyFigure:
    """Hold one measure of a survey, named, with its 95 % interval and n; `digits` after the point are written."""

    name: str
    value: float
    low: float
    high: float
    n: int
    digits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandSection:
    """Hold what a digest knows of one brand.

    `trend` covers the period of the digest, `previous` the one before it; each
    has a total of the brand. `gaps` concern this brand or every brand.
    `voices` are in the order they are to be shown, `themes` those that weigh most first.
    `themes_in` says of how many mentions the themes were counted in how many, those that were looked at.
    """

    brand: str
    kind: str
    trend: Trend
    previous: Trend | None = None
    gaps: tuple[CoverageGap, ...] = ()
    sources: tuple[SourceCount, ...] = ()
    terms: tuple[TermRow, ...] = ()
    episodes: tuple[EpisodeRow, ...] = ()
    voices: tuple[Voice, ...] = ()
    themes: tuple[Theme, ...] = ()
    responses: ResponseFigures | None = None
    surveys: tuple[SurveyFigure, ...] = ()
    themes_in: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestData:
    """Hold everything one digest tells.

    [`since`, `until`) is the period, whole local days of `time_zone`, once after another time zone
    a part of one more or less; `cadence` is daily, weekly or monthly. `sections` are in the order of the config.
    """

    cadence: str
    since: datetime
    until: datetime
    time_zone: str
    sections: tuple[BrandSection, ...]
    share: tuple[ShareRow, ...] = ()
    cost: tuple[CostLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestWords:
    """Hold a digest in sentences, in the order they are read: what could not be seen comes first."""

    subject: str
    title: str
    period: str
    health: tuple[str, ...]
    brands: tuple[BrandWords, ...]
    share: tuple[str, ...]
    cost: tuple[str, ...]


def summarise(data: DigestData) -> DigestWords:
    """Put a digest into sentences."""
    zone = load_zone(data.time_zone)
    brands = tuple(brand_words(section, _UNIT[data.cadence], zone) for section in data.sections)
    return DigestWords(
        subject=_subject(data, brands, zone),
        title=some_words([kept_apart(clean_line(section.brand)) for section in data.sections], _MOST_NAMED)
        or "No brands",
        period=period_words(data),
        health=_health(data, zone),
        brands=brands,
        share=_share(data),
        cost=tuple(_cost(line) for line in data.cost),
    )


def period_words(data: DigestData) -> str:
    """Name the period: a day in full, a longer one by its first and last day."""
    zone = load_zone(data.time_zone)
    if data.cadence == "daily" and _begins_a_day(data, zone):
        return day_words(data.since.astimezone(zone))
    return span_words(data.since, data.until, zone)


def _begins_a_day(data: DigestData, zone: ZoneInfo) -> bool:
    return align_down(data.since, "day", zone) == data.since


def _subject(data: DigestData, brands: tuple[BrandWords, ...], zone: ZoneInfo) -> str:
    when = {
        "daily": date_words(data.since.astimezone(zone)),
        "weekly": f"week from {short_day(data.since.astimezone(zone))}",
        "monthly": span_words(data.since, data.until, zone),
    }[data.cadence if _begins_a_day(data, zone) else "monthly"]
    parts = []
    for section, words in zip(data.sections, brands, strict=True):
        total = total_of(section.trend, section.brand)
        unread = "not read" if total is None or total.coverage == 0 else "not known"
        said = {"quiet": "quiet", "blind": unread}.get(words.state)
        if said is None:
            said = count((total.mentions if total else 0) or 0, "mention")
        parts.append(f"{kept_apart(excerpt(section.brand, 30))} {said}")
    shown = parts[:3] + ([f"{len(parts) - 3} more"] if parts[3:] else [])
    opened = sum(episode.state == "open" for section in data.sections for episode in section.episodes)
    alerts = f", {count(opened, 'open alert')}" if opened else ""
    return f"{', '.join(shown) or 'Nothing to report'}{alerts} ({when})"


def _health(data: DigestData, zone: ZoneInfo) -> tuple[str, ...]:
    """Say which sources were blind when, each gap once, however many brands it concerns."""
    gaps = list(dict.fromkeys(gap for section in data.sections for gap in section.gaps))
    grouped: dict[tuple[str, str, str | None], list[CoverageGap]] = {}
    for gap in gaps:
        grouped.setdefault((gap.source, gap.state, gap.reason), []).append(gap)
    lines = [_gap_line(group, zone) for group in grouped.values()]
    more = len(lines) - _MOST_GAPS
    rest = (f"{count(more, 'more gap')} in `listener status`.",) if more > 0 else ()
    return (*lines[:_MOST_GAPS], *rest)


def _gap_line(group: list[CoverageGap], zone: ZoneInfo) -> str:
    first = group[0]
    spans = sorted({(gap.since, gap.until) for gap in group})
    when = span_words(*spans[0], zone)
    if len(spans) > 1:
        when = f"{len(spans)} spans between {time_words(spans[0][0], zone)} and {time_words(spans[-1][1], zone)}"
    fate = {
        "open": "It will be read later.",
        "lost": "It can no longer be read.",
        "budget": "The budget stopped it.",
        "unread": "Nobody asked for it.",
    }.get(first.state, "")
    reason = f" ({excerpt(first.reason, 120)})" if first.reason else ""
    return f"{clean_line(place_words(first.source))} was not (wholly) read: {when}{reason}. {fate}".strip()


def _share(data: DigestData) -> tuple[str, ...]:
    everything = sum(row.mentions for row in data.share)
    if len(data.share) < 2 or not everything:  # noqa: PLR2004 - one brand alone has no share
        return ()
    ranked = sorted(data.share, key=lambda row: (-row.mentions, row.brand))
    known = [row for row in ranked if row.share is not None]
    parts = [
        f"{kept_apart(clean_line(row.brand))} {share_words(row.share or 0.0, row.mentions, everything)}"
        for row in known[:_MOST_NAMED]
    ]
    if smaller := known[_MOST_NAMED:]:
        rest = sum(row.mentions for row in smaller)
        parts.append(f"{count(len(smaller), 'smaller brand')} {share_words(100 * rest / everything, rest, everything)}")
    lines = [f"{join_words(parts)} of {count(everything, 'mention')}."]
    unknown = [clean_line(row.brand) for row in ranked if not row.is_known]
    if unknown:
        named = some_words(unknown, _MOST_NAMED)
        lines.append(f"Nothing is known of {named}, so the shares are among the others alone.")
    partial = [
        clean_line(row.brand) for row in ranked if row.is_known and row.coverage is not None and row.coverage < WHOLE
    ]
    if partial:
        named = some_words(partial, _MOST_NAMED)
        lines.append(f"Not everything about {named} could be read, so the shares may be off.")
    return tuple(lines)


def other_brands(sections: Sequence[BrandSection], words: Sequence[BrandWords]) -> tuple[str, ...]:
    """Say in few sentences how much was said of brands that have no part of their own, the most mentioned first."""
    if not sections:
        return ()
    talk: list[tuple[int, str]] = []
    quiet, blind = 0, []
    for section, said in zip(sections, words, strict=True):
        name = kept_apart(clean_line(section.brand))
        if said.state == "talk":
            talk.append((mentions_of(section), name))
        elif said.state == "quiet":
            quiet += 1
        else:
            blind.append(name)
    talk.sort(key=lambda one: -one[0])
    none = "has no part of its own" if len(sections) == 1 else "have no part of their own"
    lines = [f"{count(len(sections), 'brand')} with fewer mentions {none}, so that this mail stays whole."]
    if talk:
        mentioned = some_words([f"{name} {number(mentions)}" for mentions, name in talk], _MOST_NAMED)
        lines.append(f"Mentions: {mentioned}.")
    if quiet:
        lines.append(f"{count(quiet, 'brand')} {'was' if quiet == 1 else 'were'} quiet.")
    if blind:
        lines.append(f"Of {some_words(blind, _MOST_NAMED)} it is not known how much was said.")
    return tuple(lines)


def _cost(line: CostLine) -> str:
    done = f"{clean_line(place_words(line.source))}: {count(line.requests, 'request')}, {count(line.items, 'item')}"
    if line.spent is None:
        return f"{done}, free."
    of = f" of {money(line.budget)}" if line.budget is not None else ""
    return f"{done}, {money(line.spent)}{of} {clean_line(line.currency)}."
