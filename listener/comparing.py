"""Put two brands side by side, and say which of their differences chance does not explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.frozen import dataclass
from listener.intervals import WHOLE, Estimate, net_sentiment_difference, net_sentiment_interval, rate_ratio
from listener.percentages import coverage_percent
from listener.theming import read_themes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from listener.config import Brand
    from listener.reporting import Desk
    from listener.search import ShareRow, Span, TrendBucket
    from listener.themes import Theme
    from listener.theming import ThemeSheet

__all__ = ["NET_TEST", "VOLUME_TEST", "Comparison", "Side", "compare_brands", "filter_warnings", "is_real"]

VOLUME_TEST: Final = (
    "ratio of two Poisson rates of stories, 95 % interval from the Wilson interval of the binomial share "
    "(Przyborowski & Wilenski 1940, Wilson 1927)"
)
NET_TEST: Final = (
    "two-sample z on net sentiment, half a mention added to each of four cells of either side (Agresti & Min 2005)"
)
_FILTERS: Final = ("languages", "sources", "exclude", "context")
_MOST_THEMES: Final = 5
_ONE_PERCENT: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Hold one brand of a comparison; what is not known is None. `share` is in percent of all brands."""

    brand: str
    mentions: int | None
    stories: int | None
    share: float | None
    positive: int
    negative: int
    scored: int
    net: float | None
    interval: tuple[float, float] | None
    coverage: float | None
    only: tuple[Theme, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Hold two brands side by side over [since, until).

    `volume` is the ratio of their stories, first to second; `net` the difference of
    their net sentiment in points, first minus second; each None where there is nothing
    to compare. `warnings` say why the figures may not be comparable.
    """

    since: datetime
    until: datetime
    sides: tuple[Side, Side]
    volume: Estimate | None
    net: Estimate | None
    warnings: tuple[str, ...]


def compare_brands(desk: Desk, first: Brand, second: Brand, span: Span) -> Comparison:
    """Compare two brands over a span; `desk` says what is read and who listens where."""
    from listener.reporting import brand_words  # noqa: PLC0415 - reporting is loaded where a brand is compared

    totals = desk.reader.totals([first.name, second.name], span, desk.listening)
    rows = desk.reader.share({brand.name: brand.kind for brand in desk.config.brands}, span, desk.listening)
    names = [word for brand in desk.config.brands for word in brand_words(brand)]
    sheets = [read_themes(desk.reader, brand.name, names, span.since, span.until) for brand in (first, second)]
    one = _side(totals[0], rows, sheets[0], sheets[1])
    other = _side(totals[1], rows, sheets[1], sheets[0])
    are_known = one.stories is not None and other.stories is not None
    return Comparison(
        since=span.since,
        until=span.until,
        sides=(one, other),
        volume=rate_ratio(one.stories or 0, other.stories or 0) if are_known else None,
        net=net_sentiment_difference(
            (one.positive, one.negative, one.scored), (other.positive, other.negative, other.scored)
        ),
        warnings=(*filter_warnings(first, second), *_coverage_warnings(one, other)),
    )


def filter_warnings(first: Brand, second: Brand) -> tuple[str, ...]:
    """Return a sentence for each filter that the configuration sets otherwise for the two brands."""
    return tuple(_filter_differences(first, second))


def _filter_differences(first: Brand, second: Brand) -> Iterator[str]:
    for name in _FILTERS:
        one, other = getattr(first, name), getattr(second, name)
        if {word.casefold() for word in one} != {word.casefold() for word in other}:
            yield (
                f"{first.name} and {second.name} are not listened for alike: {name} is {_listed(one)} for "
                f"{first.name}, {_listed(other)} for {second.name}"
            )


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words) if words else "not set"


def _coverage_warnings(*sides: Side) -> Iterator[str]:
    for side in sides:
        if side.coverage is None:
            yield f"how much of {side.brand} was read is not known, so its volume may be higher"
        elif not side.coverage:
            yield f"nothing of {side.brand} was read, so its volume is not known"
        elif side.coverage < WHOLE:
            only = "only " if side.coverage >= _ONE_PERCENT else ""
            yield f"{only}{coverage_percent(side.coverage)} of {side.brand} was read, so its volume may be higher"


def is_real(estimate: Estimate, nothing: float) -> bool:
    """Say whether the interval leaves out what stands for no difference: 1 for a ratio, 0 for a difference."""
    return not estimate.low <= nothing <= estimate.high


def _side(total: TrendBucket, rows: Sequence[ShareRow], mine: ThemeSheet, others: ThemeSheet) -> Side:
    positive, negative = total.positive or 0, total.negative or 0
    theirs = {phrase for theme in others.themes for phrase in theme.phrases}
    return Side(
        brand=total.brand,
        mentions=total.mentions,
        stories=total.stories,
        share=next((row.share for row in rows if row.brand == total.brand), None),
        positive=positive,
        negative=negative,
        scored=total.scored,
        net=total.net_sentiment,
        interval=net_sentiment_interval(positive, negative, total.scored),
        coverage=total.coverage,
        only=tuple(theme for theme in mine.themes if theirs.isdisjoint(theme.phrases))[:_MOST_THEMES],
    )
