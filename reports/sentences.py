"""Write about one brand as a person would: with n and intervals, and no direction that chance explains.

"Quiet" (nobody said anything, and we looked) and "blind" (we could not look) are
different words throughout.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from listener.intervals import WHOLE, Z95, net_sentiment_interval, poisson_change, wilson_interval
from reports.hostile import clean_line, excerpt, kept_apart
from reports.wording import (
    MINUS,
    count,
    coverage_percent,
    interval_words,
    join_words,
    number,
    percent,
    place_words,
    plural,
    signed,
    time_words,
    wait_words,
)

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from listener.search.records import Trend, TrendBucket
    from listener.themes import Theme
    from reports.digest import BrandSection

__all__ = ["BrandWords", "brand_words", "mentions_of", "themes_counted", "total_of"]

_FEWEST_SCORED: Final = 5
_FEWEST_FOR_PERCENT: Final = 20
_DOUBLE: Final = 2.0
_MOST_TERMS: Final = 5
_MOST_SOURCES: Final = 3
_MOST_THEMES: Final = 2
_FEWEST_STORIES: Final = 5
_BLIND: Final = "Blind: nothing of this {unit} could be read, so how much was said is not known."
_UNKNOWN: Final = "Nothing was found, but how much of the {unit} was read is not known."
_ALIKE: Final = 1.5
"""By how much the larger of two counts may exceed the other and still be called about as many."""
_LIKE: Final = 0.1
"""How far the coverage of two periods, or their length, may be apart before their counts stand side by side without a direction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandWords:
    """Hold the sentences about one brand; `state` is ``talk``, ``quiet`` or ``blind``."""

    brand: str
    state: str
    sentences: tuple[str, ...]


def total_of(trend: Trend | None, brand: str) -> TrendBucket | None:
    """Return the total of one brand, None where the trend has none."""
    return next((total for total in trend.totals if total.brand == brand), None) if trend else None


def mentions_of(section: BrandSection) -> int:
    """Return how many mentions a brand has in the period, 0 where that is not known."""
    total = total_of(section.trend, section.brand)
    return (total.mentions if total else 0) or 0


def brand_words(section: BrandSection, unit: str, zone: ZoneInfo) -> BrandWords:
    """Return the sentences about one brand; `unit` is day, week or month."""
    total = total_of(section.trend, section.brand)
    if total is None or total.mentions is None:
        line = _BLIND.format(unit=unit) if total is not None and total.coverage == 0 else _UNKNOWN.format(unit=unit)
        return BrandWords(brand=section.brand, state="blind", sentences=(line, *_episodes(section, zone)))
    if total.mentions == 0:
        return _silence(section, total, unit, zone)
    before = total_of(section.previous, section.brand)
    sentences = [
        _volume(total, before, unit, elapsed=_elapsed(section.trend, total)),
        *_unfinished(total, unit),
        *_partly(total, unit),
        *_episodes(section, zone),
        *_mood(total, before, unit),
        *_unscored(total),
        *_sources(section, total),
        *_terms(section),
        *_themes(section),
        *_answers(section),
        *_surveys(section),
    ]
    return BrandWords(brand=section.brand, state="talk", sentences=tuple(sentences))


def _silence(section: BrandSection, total: TrendBucket, unit: str, zone: ZoneInfo) -> BrandWords:
    episodes = _episodes(section, zone)
    if total.coverage is None:
        line = _UNKNOWN.format(unit=unit)
        return BrandWords(brand=section.brand, state="quiet", sentences=(line, *episodes))
    if total.coverage >= WHOLE:
        read = "everything" if total.coverage == 1 else coverage_percent(total.coverage)
        line = f"A quiet {unit}: nobody mentioned it, and {read} was read."
        if total.partial and unit != "period":
            line = f"A quiet {unit} so far: nobody mentioned it, and {read} was read. The {unit} is not over yet."
        return BrandWords(brand=section.brand, state="quiet", sentences=(line, *episodes))
    line = f"Nothing was found in the {coverage_percent(total.coverage)} of the {unit} that could be read."
    state = "quiet" if total.coverage > 0 else "blind"
    if state == "blind":
        line = _BLIND.format(unit=unit)
    return BrandWords(brand=section.brand, state=state, sentences=(line, *episodes))


def _volume(total: TrendBucket, before: TrendBucket | None, unit: str, *, elapsed: float) -> str:
    now = total.mentions or 0
    stories = total.stories
    told = "" if stories is None or stories == now else f" ({count(stories, 'story', 'stories')})"
    return f"{count(now, 'mention')}{told}{_change(total, before, unit, elapsed)}."


def _elapsed(trend: Trend, total: TrendBucket) -> float:
    """Return which share of a period is over, 0 where it is not and that is not known."""
    if not total.partial:
        return 1.0
    return (trend.until - total.start) / (total.end - total.start) if trend.until < total.end else 0.0


def _change(total: TrendBucket, before: TrendBucket | None, unit: str, elapsed: float) -> str:
    """Compare with the period before; within what chance alone gives, no direction is claimed.

    Nor is one where much less of the period before was read than of this one, or where
    less was said while much of this one is still to come.
    """
    if before is None:
        return ""
    if before.mentions is None:
        fate = "was not read" if before.coverage == 0 else "is not known"
        return f"; the {unit} before {fate}, so there is nothing to compare with"
    now, then = total.mentions or 0, before.mentions
    if before.coverage is not None and before.coverage < (total.coverage or 1.0) - _LIKE:
        return f"; of the {unit} before only {coverage_percent(before.coverage)} was read ({number(then)} found)"
    if then == 0:
        return f", none the {unit} before"
    if abs(poisson_change(now, then)) < Z95:
        alike = max(now, then) <= _ALIKE * min(now, then)
        word = "about as many as" if alike else "no clear change from"
        return f", {word} the {unit} before ({number(then)})"
    if now < then and elapsed < 1.0 - _LIKE:
        return f"; {number(then)} in the whole {unit} before"
    return _moved(now, then, unit)


def _moved(now: int, then: int, unit: str) -> str:
    """Say in which direction a count moved, and how far where both are large enough."""
    word = "up" if now > then else "down"
    if min(now, then) < _FEWEST_FOR_PERCENT:
        return f", {word} from {number(then)} the {unit} before"
    ratio = now / then
    if ratio >= _DOUBLE:
        return f", {ratio:.1f} times the {number(then)} of the {unit} before"
    return f", {word} {percent(abs(ratio - 1))} from {number(then)} the {unit} before"


def _unfinished(total: TrendBucket, unit: str) -> list[str]:
    return [f"The {unit} is not over yet."] if total.partial and unit != "period" else []


def _partly(total: TrendBucket, unit: str) -> list[str]:
    if total.coverage is None:
        return [f"How much of the {unit} was read is not known."]
    if total.coverage >= WHOLE:
        return []
    return [f"Only {coverage_percent(total.coverage)} of the {unit} could be read, so the real figure may be higher."]


def _mood(total: TrendBucket, before: TrendBucket | None, unit: str) -> list[str]:
    interval = net_sentiment_interval(total.positive or 0, total.negative or 0, total.scored)
    if interval is None or total.net is None:
        return ["None of them could be scored, so nothing is said of the mood."]
    if total.scored < _FEWEST_SCORED:
        return [f"Too few were scored (n {total.scored}) to speak of a mood."]
    neutral = (total.neutral or 0) + (total.no_evidence or 0)
    spread = f"95 % interval {interval_words(*interval)}, n {number(total.scored)}"
    figure = f"Net sentiment {signed(total.net)} ({spread})"
    counts = (
        f"{number(total.positive or 0)} positive, {number(neutral)} neutral, {number(total.negative or 0)} negative"
    )
    return [f"{figure}: {counts}{_mood_change(total, before, unit)}."]


def _mood_change(total: TrendBucket, before: TrendBucket | None, unit: str) -> str:
    """Compare net sentiment with the period before by a two-sample z test on the difference."""
    if before is None or before.net is None or total.net is None or before.scored < _FEWEST_SCORED:
        return ""
    spread = math.hypot(_standard_error(total), _standard_error(before))
    then = f"({signed(before.net)}, n {number(before.scored)})"
    difference = total.net - before.net
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
        return [f"All of it on {clean_line(place_words(busy[0].name))}."]
    named = [
        f"{kept_apart(clean_line(place_words(source.name)))} ({number(source.mentions)})"
        for source in busy[:_MOST_SOURCES]
    ]
    if not busy[_MOST_SOURCES:]:
        return [f"Said on {join_words(named)}."]
    if 2 * sum(source.mentions for source in busy[:_MOST_SOURCES]) > sum(source.mentions for source in busy):
        return [f"Most of it on {join_words(named)}."]
    return [f"Said on {len(busy)} sources, most on {join_words(named)}."]


def _terms(section: BrandSection) -> list[str]:
    risen = [term for term in section.terms if term.excess > 0][:_MOST_TERMS]
    if not risen:
        return []
    named = [
        f"\N{LEFT DOUBLE QUOTATION MARK}{kept_apart(excerpt(t.term, 40))}\N{RIGHT DOUBLE QUOTATION MARK} "
        f"({number(t.now)}, expected {_expected(t.expected)})"
        for t in risen
    ]
    return [f"Said more than usual: {join_words(named)}."]


def _themes(section: BrandSection) -> list[str]:
    """Name what hurts and what pleases, where enough stories say so."""
    lines = []
    for kind, words in (("pain", "What hurts"), ("praise", "What pleases")):
        telling = [theme for theme in section.themes if theme.kind == kind and theme.stories >= _FEWEST_STORIES]
        if telling:
            lines.append(f"{words}: {join_words([_theme(theme) for theme in telling[:_MOST_THEMES]])}.")
    return [*lines, *filter(None, [themes_counted(section)])] if lines else []


def themes_counted(section: BrandSection) -> str:
    """Return a sentence where themes were not counted in all mentions, so that nobody takes their figures for all; else nothing."""
    whole, read = section.themes_in
    return (
        f"Themes are counted in the {number(read)} of {number(whole)} mentions that were looked at."
        if read < whole
        else ""
    )


def _theme(theme: Theme) -> str:
    name = f"\N{LEFT DOUBLE QUOTATION MARK}{kept_apart(excerpt(theme.name, 40))}\N{RIGHT DOUBLE QUOTATION MARK}"
    change = {"new": ", new", "up": ", more than before", "down": ", less than before"}.get(theme.trend, "")
    spread = f", 95 % interval {interval_words(*theme.interval)}" if theme.interval else ""
    net = f", net sentiment {signed(theme.net)}{spread}, n {number(theme.scored)}" if theme.net is not None else ""
    return f"{name} ({count(theme.mentions, 'mention')}{change}{net})"


def _expected(expected: float) -> str:
    """Write how many of as many mentions as there are the time before would give."""
    return "none" if expected == 0 else "under 1" if expected < 1 else f"about {number(expected)}"


def _episodes(section: BrandSection, zone: ZoneInfo) -> list[str]:
    lines = []
    for episode in section.episodes:
        if episode.resolved_at is None:
            state = f"Alert, open since {time_words(episode.opened_at, zone)}"
        else:
            state = f"Alert, {time_words(episode.opened_at, zone)} to {time_words(episode.resolved_at, zone)}"
        headline = excerpt(episode.headline, 240).rstrip(".")
        is_partial = episode.coverage is not None and episode.coverage < WHOLE and episode.rule != "blind"
        partial = f" (at times on {coverage_percent(episode.coverage or 0)} read)" if is_partial else ""
        lines.append(f"{state}: {headline}{partial}.")
    return lines


def _answers(section: BrandSection) -> list[str]:
    """Say how fast people were answered, those still waiting counted in."""
    seen = section.responses
    if seen is None or not seen.asked:
        return []
    half = f"half within {wait_words(seen.median)}" if seen.median is not None else "fewer than half so far"
    most = f", nine in ten within {wait_words(seen.ninetieth)}" if seen.ninetieth is not None else ""
    waiting = f", {number(seen.waiting)} without an answer yet" if seen.waiting else ""
    lines = [f"{count(seen.asked, 'mention')} to answer{waiting}; answered: {half}{most}."]
    interval = wilson_interval(seen.in_time, seen.judged)
    if interval is not None and seen.within_target is not None:
        spread = f"95 % interval {percent(interval[0])} to {percent(interval[1])}, n {number(seen.judged)}"
        lines.append(f"{percent(seen.within_target)} were answered within the target ({spread}).")
    if seen.unknown:
        lines.append(f"Of {count(seen.unknown, 'mention')} it is not known whether anybody answered.")
    return lines


def _surveys(section: BrandSection) -> list[str]:
    lines = []
    for survey in section.surveys:
        name = excerpt(survey.name, 60)
        if survey.n < _FEWEST_SCORED:
            lines.append(f"{name}: too few answers (n {survey.n}) for a figure.")
        else:
            digits = survey.digits
            spread = f"95 % interval {survey.low:z.{digits}f} to {survey.high:z.{digits}f}, n {number(survey.n)}"
            lines.append(f"{name} {survey.value:z.{digits}f} ({spread}).".replace("-", MINUS))
    return lines
