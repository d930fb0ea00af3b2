"""Say an episode in one sentence that can be read first, and alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.clock import load_zone
from listener.percentages import coverage_percent, percent

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["first_sentence"]

_SOURCES: Final = {
    "bluesky": "Bluesky",
    "hackernews": "Hacker News",
    "mastodon": "Mastodon",
    "reddit": "Reddit",
    "rss": "news and feeds",
    "x": "X",
    "youtube": "YouTube",
}
_WHOLE: Final = 0.995
_ABOUT_TERMS: Final = frozenset({"spike", "sentiment", "words"})
"""The kinds of which terms are the reason; a silence or one loud voice does not come from words."""


def first_sentence(
    *,
    kind: str,
    observed: float,
    expected: float,
    at: datetime,
    time_zone: str = "UTC",
    term: tuple[str, float] | None = None,
    source: str | None = None,
    since: datetime | None = None,
    coverage: float = 1.0,
) -> str:
    """Return the sentence for an episode of a kind of rule, without a full stop.

    Of kind reach it is about an author, of kind thread about a thread that such a rule found.
    `observed` and `expected` are the episode's, `at` the end of its hour. `term`
    is the first explaining term with its share of the posts, `source` where most
    of those are from, `since` when they began. Times are written in `time_zone`.
    """
    zone = load_zone(time_zone)
    sentence = _HEADS.get(kind, _spike)(observed, expected, f"{at.astimezone(zone):%A %H:%M}")
    if term is not None and kind in _ABOUT_TERMS:
        sentence += f"; {percent(term[1])} come from “{term[0]}”"
        sentence += f" on {_SOURCES.get(source, source)}" if source else ""
        if since is not None:
            same_day = since.astimezone(zone).date() == at.astimezone(zone).date()
            sentence += f", since {since.astimezone(zone):{'%H:%M' if same_day else '%A %H:%M'}}"
    if coverage < _WHOLE and kind != "blind":
        sentence += f" (at times only {coverage_percent(coverage)} of the sources were seen)"
    return sentence


def _spike(observed: float, expected: float, when: str) -> str:
    return f"{_count(observed)} in the last hour, about {_round(expected)} are usual for a {when}"


def _words(observed: float, expected: float, when: str) -> str:
    usual = f"about {_round(expected)} are usual for a {when}" if expected >= 1.0 else "usually there are none"
    return f"{_count(observed)} with watched words in the last hour, {usual}"


def _sentiment(observed: float, expected: float, when: str) -> str:
    return f"{percent(observed)} of the mentions of the last 6 hours are negative, usually {percent(expected)} ({when})"


def _silence(observed: float, expected: float, when: str) -> str:
    return f"{_count(observed)} in the last 6 hours, about {_round(expected)} are usual up to a {when}"


def _blind(observed: float, expected: float, when: str) -> str:
    del expected  # always all of it
    return f"only {coverage_percent(observed)} of the last 6 hours could be read, up to {when}"


def _reach(observed: float, expected: float, when: str) -> str:
    return f"a mention by somebody with {int(observed):,} followers, the line is at {int(expected):,} ({when})"


def _thread(observed: float, expected: float, when: str) -> str:
    return f"a thread with {int(observed):,} likes, reposts and replies, the line is at {int(expected):,} ({when})"


_HEADS: Final = {
    "spike": _spike,
    "words": _words,
    "sentiment": _sentiment,
    "silence": _silence,
    "blind": _blind,
    "reach": _reach,
    "thread": _thread,
}


def _count(number: float) -> str:
    """Write a number of mentions."""
    return f"{int(number):,} mention{'' if int(number) == 1 else 's'}"


def _round(number: float) -> str:
    """Write an expected number with two digits that mean something."""
    if number < 10.0:  # noqa: PLR2004 - one digit before the point
        return f"{number:.1f}".removesuffix(".0")
    digits = len(str(int(number))) - 2
    return f"{int(round(number / 10**digits) * 10**digits):,}"
