"""Read what people write about apps in Apple's App Store, country by country, newest first.

The feed of customer reviews (itunes.apple.com/COUNTRY/rss/customerreviews, shapes
seen 2026-09 and 2026-11) holds the newest 500 reviews of a country, 50 a page. It
knows no search: every review of an app is read. At times it is empty for a while
in one form of its address and full in the other, so that an empty answer alone
proves nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from listener.api import (
    ASSIGNED_BRAND,
    Author,
    Engagement,
    Mention,
    Page,
    PermanentSourceError,
    Resource,
    Skipped,
    SourceFacts,
    UnavailableError,
    UnexpectedAnswerError,
    option,
)
from sources.adapter import checked_base_url
from sources.cursors import refuse_cursor
from sources.text import (
    as_list,
    as_object,
    clean,
    count_of,
    instant_from_iso,
    line_of,
    plain_text,
    usable_links,
)
from sources.web import Client, Limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from listener.api import Query, StopSignal, Window

__all__ = ["App", "AppStoreOptions", "AppStoreSource", "read_entry"]

_LAST_PAGE: Final = 10
_PAGE: Final = 50
_STARS: Final = 5
_PAGE_OF: Final = re.compile(r"/page=(\d{1,3})/")
_AUTHOR: Final = re.compile(r"/id(\d{1,20})$")


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Hold one `[[sources.appstore.apps]]`: an app, whose it is, and where its reviews are read."""

    id: str = option("Number of the app, as in apps.apple.com/us/app/name/idNUMBER.", default="", example="1234567890")
    brand: str = option(
        "Brand of the app: all its reviews are that brand's. Empty: those whose words name a brand are.",
        default="",
        example="Acme",
    )
    countries: tuple[str, ...] = option("Stores to read, by country (ISO 3166, two letters).", default=("us",))

    def __post_init__(self) -> None:
        """Refuse what is no app and no country."""
        if not re.fullmatch(r"\d{5,15}", self.id, re.ASCII):
            msg = 'id must be the number of an app, 5 to 15 digits alone, written as a text such as "1234567890"'
            raise ValueError(msg)
        wrong = [country for country in self.countries if not re.fullmatch(r"[A-Za-z]{2}", country)]
        if wrong or not self.countries:
            msg = "countries must be codes of two letters, such as us or in"
            raise ValueError(msg)
        if "uk" in map(str.lower, self.countries):
            msg = "countries: the store of the United Kingdom is gb, not uk"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppStoreOptions:
    """Hold the options of `[sources.appstore]`."""

    apps: tuple[App, ...] = option("One app whose reviews are read.", default=())
    base_url: str = option("Where the feed is.", default="https://itunes.apple.com")
    seconds_between_requests: float = option("Pause between two requests.", default=3.0, minimum=0, maximum=60)

    @property
    def brands_named(self) -> tuple[str, ...]:
        """Return the brands that must be configured."""
        return tuple(app.brand for app in self.apps if app.brand)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Feed:
    """Hold one page as it was sent: its reviews, and the number of the last page where it says so."""

    entries: Sequence[Mapping[str, object]] = ()
    last_page: int | None = None


class AppStoreSource:
    """Read the reviews of apps."""

    name = "appstore"
    Options: ClassVar[type] = AppStoreOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="Reviews of apps in Apple's App Store, with their stars.",
        sees="the newest 500 reviews of each app and country; stars without words are not in the feed",
        overlap=timedelta(days=2),  # a review is shown some time after it was written
        every=timedelta(hours=6),
        lookback=timedelta(days=30),
        resources_fail_alone=True,
        items_a_page=2 * _PAGE,
    )

    def __init__(self, options: AppStoreOptions, *, stop: StopSignal | None = None) -> None:
        self._options = options
        self._apps = {app.id: app for app in options.apps}
        self._base = checked_base_url(options.base_url, option="sources.appstore.base_url")
        limits = Limits(spacing_seconds=options.seconds_between_requests)
        self._client = Client(self.name, trusted=[self._base], limits=limits, stop=stop)
        self._onward: dict[str, int] = {}

    def plan(self, queries: Sequence[Query]) -> Sequence[Resource]:
        """Return a resource for each app and country; apps of brands that do not listen here are left out."""
        brands = {query.brand.casefold(): query.brand for query in queries}
        return [
            Resource(
                key=f"{app.id}-{country}",
                lane=f"reviews:{app.id}/{country}",
                native=f"app {app.id} in {country.upper()}",
                brand=brands.get(app.brand.casefold()),
            )
            for app in self._apps.values()
            if not app.brand or app.brand.casefold() in brands
            for country in dict.fromkeys(country.lower() for country in app.countries)
        ]

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read one page of up to 50 reviews, the newest first.

        Where somebody else read the page before, it is read once more: what was taken away
        since has moved reviews up into it. So it is where the window reaches far beyond the overlap, as
        the first one does: what moved between two requests would be met by no later window.
        And where a page is empty and says nothing of others: it is the end only if the page before says no other.
        """
        number, country = _page_number(cursor), resource.key.partition("-")[2]
        app = self._apps.get(resource.key.partition("-")[0])
        if app is None:
            msg = f"appstore: {resource.native} is not among [[sources.appstore.apps]] any more"
            raise UnexpectedAnswerError(msg)
        made = self._client.requests_made
        feed = self._read(app, country, number)
        is_once = window.until - window.since > 2 * self.facts.overlap
        may_miss = number > 1 and (is_once or self._onward.get(resource.key) != number)
        is_untold = number > 1 and not feed.entries and feed.last_page is None
        before = self._read(app, country, number - 1) if may_miss or is_untold else _Feed()
        last = feed.last_page or 0
        had_some = window.marker == _HAS_REVIEWS if number == 1 else number <= last
        goes_further = is_untold and len(before.entries) >= _PAGE and number <= (before.last_page or 0)
        if not feed.entries and (had_some or last > number or goes_further):
            msg = f"appstore: the feed of {resource.native} is empty, though it has reviews"
            raise UnavailableError(msg)
        mentions, skipped, oldest = _read_entries([*before.entries, *feed.entries], app, country, window)
        is_past = oldest is not None and oldest < window.since
        is_full = len(feed.entries) >= _PAGE or number < last
        goes_on = is_full and not is_past and number < _LAST_PAGE
        is_cut = is_full and not is_past and number >= _LAST_PAGE
        self._onward[resource.key] = number + 1
        return Page(
            mentions=mentions,
            cursor=json.dumps(number + 1) if goes_on else None,
            exhausted=not goes_on,
            complete_since=min(oldest or window.until, window.until) if is_cut else None,
            lost_reason="the feed holds the newest 500 reviews of a country" if is_cut else None,
            marker=_HAS_REVIEWS if feed.entries else window.marker,
            skipped=skipped,
            requests=self._client.requests_made - made,
            items=len(before.entries) + len(feed.entries),
        )

    @property
    def requests_made(self) -> int:
        """Return how many calls were sent so far."""
        return self._client.requests_made

    def check(self) -> str:
        """Read the first page of the first app; return how many reviews it holds."""
        if not self._apps:
            msg = "appstore: there is nothing to read; write an [[sources.appstore.apps]]"
            raise PermanentSourceError(msg)
        app = next(iter(self._apps.values()))
        country = app.countries[0].lower()
        found = len(self._read(app, country, 1).entries)
        return f"answers without a key; {found} reviews on the first page of app {app.id} in {country.upper()}"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _read(self, app: App, country: str, number: int) -> _Feed:
        """Return a page of the feed; an empty first one is asked for once more by its other address."""
        stem = f"{self._base}/{country}/rss/customerreviews"
        feed = self._feed(f"{stem}/page={number}/id={app.id}/sortBy=mostRecent/json")
        if number == 1 and not feed.entries:
            other = self._feed(f"{stem}/id={app.id}/sortBy=mostRecent/json")
            return other if other.entries else feed
        return feed

    def _feed(self, url: str) -> _Feed:
        answer = as_object(self._client.get_json(url))
        feed = answer.get("feed")
        if not isinstance(feed, dict):
            msg = "appstore: the feed does not answer as documented (there is no feed in it); is base_url right?"
            raise UnexpectedAnswerError(msg)
        links = [as_object(as_object(link).get("attributes")) for link in _many(feed.get("link"))]
        lasts = [_PAGE_OF.search(str(link.get("href"))) for link in links if link.get("rel") == "last"]
        entries = [as_object(entry) for entry in _many(feed.get("entry"))]
        return _Feed(
            entries=[
                entry for entry in entries if "im:rating" in entry or "im:name" not in entry
            ],  # else the app itself
            last_page=int(lasts[0][1]) if lasts and lasts[0] else None,
        )


_HAS_REVIEWS: Final = "has reviews"
"""The marker of an app and country that had reviews when it was last read."""


def _many(value: object) -> list[object]:
    """Return a list; the feed writes a list of one as that one, and none as nothing."""
    return [value] if isinstance(value, dict) else as_list(value)


def _page_number(cursor: str | None) -> int:
    if cursor is None:
        return 1
    try:
        number = count_of(json.loads(cursor))
    except (ValueError, RecursionError):
        number = None
    if not number or number > _LAST_PAGE:
        refuse_cursor("appstore")
    return number


def _read_entries(
    entries: Sequence[Mapping[str, object]], app: App, country: str, window: Window
) -> tuple[tuple[Mention, ...], tuple[Skipped, ...], datetime | None]:
    """Return the mentions of a window, what could not become one, and the time of the oldest review."""
    mentions: dict[str, Mention] = {}
    skipped: list[Skipped] = []
    times: list[datetime] = []
    for entry in entries:
        read = read_entry(entry, app, country)
        if isinstance(read, Skipped):
            skipped.append(read)
        elif read.published_at is not None:
            times.append(read.published_at)
            if window.since <= read.published_at < window.until:
                mentions.setdefault(read.id, read)
    return tuple(mentions.values()), tuple(skipped), min(times, default=None)


def read_entry(entry: Mapping[str, object], app: App, country: str) -> Mention | Skipped:
    """Return the mention that a review stands for, or why it is none."""
    native = line_of(_label(entry.get("id")), limit=64)
    if native is None:
        return Skipped(id=None, reason="the review has no id")
    written_at = instant_from_iso(_label(entry.get("updated")))
    if written_at is None:
        return Skipped(id=native, reason="the review has no time")
    title, text = line_of(_label(entry.get("title"))), _text(as_object(entry.get("content")))
    stars = count_of(_label(entry.get("im:rating")))
    if not (title or text or stars):
        return Skipped(id=native, reason="the review has no words and no stars")
    link = as_object(as_object(entry.get("link")).get("attributes")).get("href")
    version = line_of(_label(entry.get("im:version")), limit=60)
    extra = {ASSIGNED_BRAND: app.brand or None, "app": app.id, "version": version}
    return Mention(
        source=AppStoreSource.name,
        id=native,
        text=text,
        title=title,
        published_at=written_at,
        url=next(iter(usable_links([link])), None),
        kind="review",
        author=_author(as_object(entry.get("author"))),
        engagement=Engagement(likes=count_of(_label(entry.get("im:voteSum")))),
        rating=(stars - 1) / (_STARS - 1) if stars is not None and 1 <= stars <= _STARS else None,
        place=country.upper(),
        extra={name: value for name, value in extra.items() if value is not None},
    )


def _label(value: object) -> object:
    """Return what the feed wraps as {"label": ...}, or the value as it stands."""
    return value.get("label") if isinstance(value, dict) else value


def _text(content: Mapping[str, object]) -> str:
    """Return what was written; the feed says whether it is markup."""
    written = content.get("label")
    if not isinstance(written, str):
        return ""
    is_markup = as_object(content.get("attributes")).get("type") == "html"
    return plain_text(written) if is_markup else clean(written).strip()


def _author(author: Mapping[str, object]) -> Author | None:
    name = line_of(_label(author.get("name")), limit=200)
    address = _AUTHOR.search(line_of(_label(author.get("uri"))) or "")
    if name is None and address is None:
        return None
    return Author(id=address[1] if address else name, name=name)
