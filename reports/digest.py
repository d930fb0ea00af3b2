"""Hold what a digest tells and put it into sentences, as a person would write them.

Everything here is pure: records in, words out. "Quiet" (nobody said anything,
and we looked) and "blind" (we could not look) are different words throughout.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from listener.clock import load_zone
from reports.charts.style import WHOLE
from reports.hostile import clean_line, excerpt
from reports.intervals import Z95, net_sentiment_interval, poisson_change
from reports.wording import (
    count,
    date_words,
    day_words,
    interval_words,
    join_words,
    number,
    percent,
    plural,
    short_day,
    signed,
    span_words,
    time_words,
)

if TYPE_CHECKING:
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
        TrendBucket,
    )

__all__ = ["BrandSection", "BrandWords", "CostLine", "DigestData", "DigestWords", "Voice", "period_words", "summarise"]

CADENCES: Final = ("daily", "weekly", "monthly")
_UNIT: Final = {"daily": "day", "weekly": "week", "monthly": "month"}
_FEWEST_SCORED: Final = 5
_FEWEST_FOR_PERCENT: Final = 20
_DOUBLE: Final = 2.0
_MOST_GAPS: Final = 6
_MOST_TERMS: Final = 5
_MOST_SOURCES: Final = 3


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
class BrandSection:
    """Hold what a digest knows of one brand.

    `trend` covers the period of the digest, `previous` the one before it; each
    has a total of the brand. `gaps` concern this brand or every brand.
    `voices` are in the order they are to be shown.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestData:
    """Hold everything one digest tells.

    [`since`, `until`) is the period, whole local days of `time_zone`; `cadence` is
    daily, weekly or monthly. `sections` are in the order of the config.
    """

    cadence: str
    since: datetime
    until: datetime
    time_zone: str
    sections: tuple[BrandSection, ...]
    share: tuple[ShareRow, ...] = ()
    cost: tuple[CostLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandWords:
    """Hold the sentences about one brand; `state` is ``talk``, ``quiet`` or ``blind``."""

    brand: str
    state: str
    sentences: tuple[str, ...]


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
    brands = tuple(_brand_words(section, data, zone) for section in data.sections)
    return DigestWords(
        subject=_subject(data, brands, zone),
        title=join_words([clean_line(section.brand) for section in data.sections]) or "No brands",
        period=period_words(data),
        health=_health(data, zone),
        brands=brands,
        share=_share(data),
        cost=tuple(_cost(line) for line in data.cost),
    )


def period_words(data: DigestData) -> str:
    """Name the period: a day in full, a longer one by its first and last day."""
    zone = load_zone(data.time_zone)
    if data.cadence == "daily":
        return day_words(data.since.astimezone(zone))
    return span_words(data.since, data.until, zone)


def _total(trend: Trend | None, brand: str) -> TrendBucket | None:
    return next((total for total in trend.totals if total.brand == brand), None) if trend else None


def _subject(data: DigestData, brands: tuple[BrandWords, ...], zone: ZoneInfo) -> str:
    when = {
        "daily": date_words(data.since.astimezone(zone)),
        "weekly": f"week from {short_day(data.since.astimezone(zone))}",
        "monthly": span_words(data.since, data.until, zone),
    }[data.cadence]
    parts = []
    for section, words in zip(data.sections, brands, strict=True):
        total = _total(section.trend, section.brand)
        said = {"quiet": "quiet", "blind": "not read"}.get(words.state)
        if said is None:
            said = count((total.mentions if total else 0) or 0, "mention")
        parts.append(f"{excerpt(section.brand, 30)} {said}")
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
    return f"{clean_line(first.source)} was not (wholly) read: {when}{reason}. {fate}".strip()


def _brand_words(section: BrandSection, data: DigestData, zone: ZoneInfo) -> BrandWords:
    total = _total(section.trend, section.brand)
    unit = _UNIT[data.cadence]
    if total is None or total.mentions is None:
        line = f"Blind: nothing of this {unit} could be read, so how much was said is not known."
        return BrandWords(brand=section.brand, state="blind", sentences=(line, *_episodes(section, zone)))
    if total.mentions == 0:
        return _silence(section, total, unit, zone)
    before = _total(section.previous, section.brand)
    sentences = [
        _volume(total, before, unit),
        *_partly(total, unit),
        *_mood(total, before, unit),
        *_unscored(total),
        *_sources(section, total),
        *_terms(section),
        *_episodes(section, zone),
    ]
    return BrandWords(brand=section.brand, state="talk", sentences=tuple(sentences))


def _silence(section: BrandSection, total: TrendBucket, unit: str, zone: ZoneInfo) -> BrandWords:
    episodes = _episodes(section, zone)
    if total.coverage is None:
        line = f"Nothing was found, but how much of the {unit} was read is not known."
        return BrandWords(brand=section.brand, state="quiet", sentences=(line, *episodes))
    if total.coverage >= WHOLE:
        line = f"A quiet {unit}: nobody mentioned it, and everything was read."
        return BrandWords(brand=section.brand, state="quiet", sentences=(line, *episodes))
    line = f"Nothing was found in the {percent(total.coverage)} of the {unit} that could be read."
    state = "quiet" if total.coverage > 0 else "blind"
    if state == "blind":
        line = f"Blind: nothing of this {unit} could be read, so how much was said is not known."
    return BrandWords(brand=section.brand, state=state, sentences=(line, *episodes))


def _volume(total: TrendBucket, before: TrendBucket | None, unit: str) -> str:
    now = total.mentions or 0
    stories = total.stories
    told = "" if stories is None or stories == now else f" ({count(stories, 'story', 'stories')})"
    return f"{count(now, 'mention')}{told}{_change(total, before, unit)}."


def _change(total: TrendBucket, before: TrendBucket | None, unit: str) -> str:
    """Compare with the period before; within what chance alone gives, no direction is claimed."""
    if before is None:
        return ""
    if before.mentions is None:
        return f"; the {unit} before was not read, so there is nothing to compare with"
    now, then = total.mentions or 0, before.mentions
    if then == 0:
        return f", none the {unit} before"
    if abs(poisson_change(now, then)) < Z95:
        return f", about as many as the {unit} before ({number(then)})"
    word = "up" if now > then else "down"
    if min(now, then) < _FEWEST_FOR_PERCENT:
        return f", {word} from {number(then)} the {unit} before"
    ratio = now / then
    if ratio >= _DOUBLE:
        return f", {ratio:.1f} times the {number(then)} of the {unit} before"
    return f", {word} {percent(abs(ratio - 1))} from {number(then)} the {unit} before"


def _partly(total: TrendBucket, unit: str) -> list[str]:
    if total.coverage is None:
        return [f"How much of the {unit} was read is not known."]
    if total.coverage >= WHOLE:
        return []
    return [f"Only {percent(total.coverage)} of the {unit} could be read, so the real figure may be higher."]


def _mood(total: TrendBucket, before: TrendBucket | None, unit: str) -> list[str]:
    interval = net_sentiment_interval(total.positive or 0, total.negative or 0, total.scored)
    if interval is None or total.net_sentiment is None:
        return ["None of them could be scored, so nothing is said of the mood."]
    if total.scored < _FEWEST_SCORED:
        return [f"Too few were scored (n {total.scored}) to speak of a mood."]
    neutral = (total.neutral or 0) + (total.no_evidence or 0)
    spread = f"95 % interval {interval_words(*interval)}, n {number(total.scored)}"
    figure = f"Net sentiment {signed(total.net_sentiment)} ({spread})"
    counts = (
        f"{number(total.positive or 0)} positive, {number(neutral)} neutral, {number(total.negative or 0)} negative"
    )
    return [f"{figure}: {counts}{_mood_change(total, before, unit)}."]


def _mood_change(total: TrendBucket, before: TrendBucket | None, unit: str) -> str:
    """Compare net sentiment with the period before by a two-sample z test on the difference."""
    if before is None or before.net_sentiment is None or total.net_sentiment is None or before.scored < _FEWEST_SCORED:
        return ""
    spread = math.hypot(_standard_error(total), _standard_error(before))
    then = f"({signed(before.net_sentiment)}, n {number(before.scored)})"
    difference = total.net_sentiment - before.net_sentiment
    if abs(difference) < Z95 * spread:
        return f"; no clear change from the {unit} before {then}"
    return f"; {'better' if difference > 0 else 'worse'} than the {unit} before {then}"


def _standard_error(bucket: TrendBucket) -> float:
    """Return the standard error of net sentiment in points: half the width of its interval over z."""
    interval = net_sentiment_interval(bucket.positive or 0, bucket.negative or 0, bucket.scored)
    return (interval[1] - interval[0]) / (2 * Z95) if interval else math.inf


def _unscored(total: TrendBucket) -> list[str]:
    if not total.unscored:
        return []
    return [
        f"{number(total.unscored)} of {number(total.mentions or 0)} could not be scored and {plural(total.unscored, 'is', 'are')} in no average."
    ]


def _sources(section: BrandSection, total: TrendBucket) -> list[str]:
    busy = sorted((s for s in section.sources if s.mentions), key=lambda s: (-s.mentions, s.name))
    if not busy:
        return []
    if len(busy) == 1 and busy[0].mentions == total.mentions:
        return [f"All of it on {clean_line(busy[0].name)}."]
    named = [f"{clean_line(source.name)} ({number(source.mentions)})" for source in busy[:_MOST_SOURCES]]
    return [f"Most of it on {join_words(named)}." if busy[_MOST_SOURCES:] else f"Said on {join_words(named)}."]


def _terms(section: BrandSection) -> list[str]:
    risen = [term for term in section.terms if term.excess > 0][:_MOST_TERMS]
    if not risen:
        return []
    named = [
        f"\N{LEFT DOUBLE QUOTATION MARK}{excerpt(t.term, 40)}\N{RIGHT DOUBLE QUOTATION MARK} ({t.now}, usually {_usual(t.expected)})"
        for t in risen
    ]
    return [f"Said more than usual: {join_words(named)}."]


def _usual(expected: float) -> str:
    return "none" if expected == 0 else "under 1" if expected < 1 else f"about {number(expected)}"


def _episodes(section: BrandSection, zone: ZoneInfo) -> list[str]:
    lines = []
    for episode in section.episodes:
        if episode.resolved_at is None:
            state = f"Alert, open since {time_words(episode.opened_at, zone)}"
        else:
            state = f"Alert, {time_words(episode.opened_at, zone)} to {time_words(episode.resolved_at, zone)}"
        headline = excerpt(episode.headline, 240).rstrip(".")
        partial = (
            "" if episode.coverage is None or episode.coverage >= WHOLE else f" (on {percent(episode.coverage)} read)"
        )
        lines.append(f"{state}: {headline}{partial}.")
    return lines


def _share(data: DigestData) -> tuple[str, ...]:
    everything = sum(row.mentions for row in data.share)
    if len(data.share) < 2 or not everything:  # noqa: PLR2004 - one brand alone has no share
        return ()
    ranked = sorted(data.share, key=lambda row: (-row.mentions, row.brand))
    parts = [f"{clean_line(row.brand)} {row.share:.1f} %" for row in ranked if row.share is not None]
    lines = [f"{join_words(parts)} of {count(everything, 'mention')}."]
    partial = [clean_line(row.brand) for row in ranked if row.coverage is not None and row.coverage < WHOLE]
    if partial:
        lines.append(f"Not everything about {join_words(partial)} could be read, so the shares may be off.")
    return tuple(lines)


def _cost(line: CostLine) -> str:
    done = f"{clean_line(line.source)}: {count(line.requests, 'request')}, {count(line.items, 'item')}"
    if line.spent is None:
        return f"{done}, free."
    of = f" of {line.budget:,.2f}" if line.budget is not None else ""
    return f"{done}, {line.spent:,.2f}{of} {clean_line(line.currency)}."
