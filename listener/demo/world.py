"""Describe the invented world of the demo: brands, rhythm, events and one blind spot.

The brands are made up; none of the names is a word or a company. Days and
hours are those of Asia/Kolkata, where the brand of the demo lives.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ARCHIVE_DAYS",
    "ARCHIVE_END",
    "ARCHIVE_START",
    "BRANDS",
    "EVENTS",
    "HOUR_SHARES",
    "LANGUAGES",
    "LANGUAGES_OF",
    "OUTAGE_SINCE",
    "OUTAGE_SOURCE",
    "OUTAGE_UNTIL",
    "OWN_BRAND",
    "SOURCES",
    "SOURCE_SHARES",
    "TIME_ZONE",
    "WEEKDAY_FACTORS",
    "Event",
    "Fictional",
]

TIME_ZONE: Final = "Asia/Kolkata"
ARCHIVE_DAYS: Final = 90
ARCHIVE_END: Final = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
"""The instant at which the demo's clock stands: the end of a local day."""
ARCHIVE_START: Final = ARCHIVE_END - timedelta(days=ARCHIVE_DAYS)

OUTAGE_SOURCE: Final = "reddit"
OUTAGE_SINCE: Final = datetime(2026, 11, 6, 2, 0, tzinfo=UTC)
OUTAGE_UNTIL: Final = datetime(2026, 11, 6, 16, 0, tzinfo=UTC)
"""The window [since, until) that the demo never gets to see: 14 hours of an ordinary Friday."""

SOURCES: Final = ("x", "reddit", "hackernews", "mastodon", "rss")
LANGUAGES: Final = ("en", "hi", "hi-Latn", "ur", "ta", "pa", "es")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fictional:
    """Describe one invented brand.

    `daily` is the number of mentions of an ordinary day, `moods` the shares of
    positive, negative and neutral talk, `accounts` its own handles.
    """

    name: str
    kind: str
    daily: float
    moods: Mapping[str, float]
    accounts: tuple[str, ...]


BRANDS: Final = (
    Fictional(
        name="Kettlune",
        kind="own",
        daily=34.0,
        moods={"positive": 0.40, "negative": 0.27, "neutral": 0.33},
        accounts=("kettlune_home", "kettlune_help"),
    ),
    Fictional(
        name="Boilwick",
        kind="competitor",
        daily=23.0,
        moods={"positive": 0.29, "negative": 0.39, "neutral": 0.32},
        accounts=("boilwick_kitchen",),
    ),
    Fictional(
        name="Simmerquill",
        kind="competitor",
        daily=14.0,
        moods={"positive": 0.44, "negative": 0.20, "neutral": 0.36},
        accounts=("simmerquill_tea",),
    ),
)
OWN_BRAND: Final = BRANDS[0].name

SOURCE_SHARES: Final = {"x": 0.48, "reddit": 0.23, "hackernews": 0.07, "mastodon": 0.16, "rss": 0.06}
LANGUAGES_OF: Final[dict[str, dict[str, float]]] = {
    "x": {"en": 0.34, "hi": 0.17, "hi-Latn": 0.20, "ur": 0.06, "ta": 0.09, "pa": 0.06, "es": 0.08},
    "reddit": {"en": 0.60, "hi-Latn": 0.27, "es": 0.08, "hi": 0.05},
    "hackernews": {"en": 1.0},
    "mastodon": {"en": 0.53, "hi": 0.11, "ta": 0.10, "ur": 0.06, "pa": 0.06, "es": 0.14},
    "rss": {"en": 0.60, "hi": 0.17, "ta": 0.11, "es": 0.12},
}

_HOURS: Final = (8, 4, 2, 2, 3, 10, 26, 46, 58, 62, 64, 60, 56, 58, 54, 50, 52, 58, 64, 72, 76, 70, 48, 22)
HOUR_SHARES: Final = tuple(weight / sum(_HOURS) for weight in _HOURS)
"""The share of a day's talk in each local hour: evenings are lively, nights are quiet."""
WEEKDAY_FACTORS: Final = (1.06, 1.08, 1.06, 1.04, 1.02, 0.82, 0.92)
"""How busy Monday to Sunday are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Describe something that makes people talk about one brand.

    `times_usual` is, hour by hour from `start`, how many times the usual hour is
    added to it. `first_sources` is where it breaks out in its first two hours,
    `then_sources` where it spreads to. `statements_after` says when the brand
    itself speaks. `hashtag` is what people gather under.
    """

    name: str
    brand: str
    label: str
    start: datetime
    times_usual: tuple[float, ...]
    first_sources: Mapping[str, float]
    then_sources: Mapping[str, float]
    statements_after: tuple[timedelta, ...]
    hashtag: str

    @property
    def end(self) -> datetime:
        """Return the instant at which the last of its hours ends."""
        return self.start + timedelta(hours=len(self.times_usual))


EVENTS: Final = (
    Event(
        name="outage",
        brand=OWN_BRAND,
        label="negative",
        start=datetime(2026, 9, 29, 4, 30, tzinfo=UTC),
        times_usual=(3, 6, 8, 8, 7, 6, 5, 3, 2, 1, 0.5),
        first_sources={"x": 0.75, "reddit": 0.15, "mastodon": 0.10},
        then_sources={"x": 0.58, "reddit": 0.20, "mastodon": 0.14, "hackernews": 0.05, "rss": 0.03},
        statements_after=(timedelta(hours=2, minutes=12), timedelta(hours=8, minutes=40)),
        hashtag="KettluneDown",
    ),
    Event(
        name="launch",
        brand=OWN_BRAND,
        label="positive",
        start=datetime(2026, 10, 22, 5, 30, tzinfo=UTC),
        times_usual=(6, 7, 6.5, 6, 5, 4.5, 4, 4, 4.5, 4, 3.5, 3, *[0.5] * 8, *[1.6] * 16, *[0.3] * 8, *[0.8] * 16),
        first_sources={"x": 0.62, "mastodon": 0.18, "rss": 0.12, "reddit": 0.08},
        then_sources={"x": 0.55, "mastodon": 0.18, "rss": 0.05, "reddit": 0.18, "hackernews": 0.04},
        statements_after=(timedelta(minutes=3), timedelta(hours=5)),
        hashtag="KettluneDuo",
    ),
    Event(
        name="crisis",
        brand=OWN_BRAND,
        label="negative",
        start=datetime(2026, 11, 20, 3, 30, tzinfo=UTC),
        times_usual=(2.4, 4, 6, 8.5, 10.5, 11.5, 12, 12, 11.5, 11, 11, 10.5, 10.5, 10, 10),
        first_sources={"reddit": 0.78, "x": 0.20, "mastodon": 0.02},
        then_sources={"x": 0.56, "reddit": 0.20, "mastodon": 0.13, "hackernews": 0.05, "rss": 0.06},
        statements_after=(timedelta(hours=4, minutes=25), timedelta(hours=9, minutes=10), timedelta(hours=13)),
        hashtag="KettluneRecall",
    ),
)
"""A day without the app (over), a new kettle, and the recall of a lid that is not over when the archive ends."""
