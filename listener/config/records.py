"""Hold the tables of the configuration file that the kernel knows.

Each record declares its options once (see `listener.options`): validation,
sample and reference are made from them. The tables of sources, of sentiment and
of alerts are kept as they were read: whoever owns their options validates them.
"""

from __future__ import annotations

import unicodedata
from dataclasses import field
from datetime import time, timedelta
from typing import TYPE_CHECKING, Final

from listener.clock import load_zone, system_zone
from listener.config.budgets import BrandBudget, SourceBudget
from listener.errors import UsageError, suggest
from listener.frozen import dataclass
from listener.options import OPTION, OptionInfo, Secret, at_home, option

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from zoneinfo import ZoneInfo

__all__ = [
    "BRAND_KINDS",
    "Brand",
    "Config",
    "DigestSettings",
    "JourneySettings",
    "ListenerSettings",
    "LogSettings",
    "MailSettings",
    "MetricsSettings",
    "NotifierSettings",
    "NotifySettings",
    "ResponseSettings",
    "SourceSettings",
    "folded_name",
]

BRAND_KINDS: Final = ("own", "competitor", "topic")
"""What a brand can be to the listener."""

_MAIL_PORTS: Final = {"tls": 465, "starttls": 587, "none": 25}
"""The usual port of each way to speak SMTP (RFC 8314 and RFC 6409, seen 2026-11)."""

_BRANDED: Final = {"appstore": "apps", "survey": "surveys"}
"""Sources of which each place is of one brand: the table that lists the places, each with its `brand`."""

_MAIL_SOURCES: Final = frozenset({"mail", "email", "imap"})
"""Names of sources in which people wait for letters, not for posts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """Hold `[listener]`: where the store is and how days are cut."""

    database: str = option(
        "The store, an SQLite file; a relative path starts at this file's folder.", default="listener.db"
    )
    time_zone: str = option(
        "IANA name of the zone in which days begin; without it the zone of this machine.",
        default="",
        example="Europe/Berlin",
    )
    retention: timedelta | None = option(
        "How long after its publication text, author and link of a mention are kept; without it for ever. "
        "Counts and scores stay.",
        default=None,
        minimum=86_400,
        example="730d",
    )
    recheck_after: tuple[timedelta, ...] = option(
        "How long after it was first seen a mention is looked at again, for edits, deletions and counters.",
        default=(timedelta(hours=1), timedelta(days=1), timedelta(days=7), timedelta(days=30)),
        minimum=60,
    )
    executor: str = option(
        "Where score, rematch and rescore do their work: here, or on a Dask cluster (extra dask).",
        default="here",
        choices=("here", "dask"),
    )
    dask_scheduler: str = option(
        "Address of the cluster's scheduler; empty: a cluster of this machine's own processors.",
        default="",
        example="tcp://127.0.0.1:8786",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """Hold one `[[brands]]`: who is listened for and how texts name them."""

    name: str = field(metadata={OPTION: OptionInfo(help="What the brand is called in reports", example="Acme")})
    kind: str = option(
        "Yours, a competitor's, or a topic that has no share of voice.", default="own", choices=BRAND_KINDS
    )
    keywords: tuple[str, ...] = option(
        "Words and phrases that name the brand; without keywords, hashtags and query it is the name.",
        default=(),
        example=("Acme", "Acme Rockets"),
    )
    hashtags: tuple[str, ...] = option("Hashtags of the brand, with or without #.", default=(), example=("acme",))
    inside_hashtags: bool = option(
        "Whether keywords count inside hashtags in CamelCase too (#LoveAcmeCoffee), where these come along.",
        default=False,
    )
    query: str = option(
        "A boolean expression, in addition to keywords and hashtags.",
        default="",
        example='"acme rockets" OR (acme AND launch)',
    )
    exclude: tuple[str, ...] = option(
        "A text with one of these is about something else; author:, site:, subreddit: too.",
        default=(),
        example=("acme thread", "site:jerseys.example"),
    )
    context: tuple[str, ...] = option(
        "Where not empty, a text must hold one of these too; for names that are also words.",
        default=(),
        example=("rocket", "anvil"),
    )
    own_accounts: tuple[str, ...] = option(
        "Handles of the brand itself; what they write is not counted, and what they reply to is answered.",
        default=(),
        example=("acme", "acme_support"),
    )
    sources: tuple[str, ...] = option(
        "Listen in these sources only; empty: in all.", default=(), example=("hackernews",)
    )
    languages: tuple[str, ...] = option(
        "Count texts in these languages only; empty: in all.", default=(), example=("en", "hi")
    )
    budget: BrandBudget = option("What may be spent on the brand, over all sources.", default=BrandBudget())


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """Hold what every `[sources.NAME]` has, and the source's own options unread.

    `every` and `lookback` are None where the source's own default holds. `rest`
    is the table without these keys, to be read with the source's Options.
    """

    name: str
    rest: Mapping[str, object]
    enabled: bool = option("Whether to collect from this source.", default=True)
    every: timedelta | None = option("How often to collect.", default=None, minimum=1, example="15m")
    lookback: timedelta | None = option(
        "How far back the first collection looks.", default=None, minimum=1, example="1d"
    )
    jitter: timedelta | None = option(
        "By how much at most a run is shifted, so that sources do not start together; without it a tenth of `every`, "
        "at most 1m.",
        default=None,
        minimum=0,
        example="30s",
    )
    retention: timedelta | None = option(
        "How long texts of this source are kept, where its terms say otherwise than `[listener]`.",
        default=None,
        minimum=86_400,
        example="30d",
    )
    recheck_requests_a_day: int | None = option(
        "Requests a UTC day for looking again at mentions; 0: never; without it the source's own default.",
        default=None,
        minimum=0,
        maximum=1_000_000,
        example=100,
    )
    response_target: timedelta | None = option(
        "Within how long a mention here should be answered; without it as `[responses]` says.",
        default=None,
        minimum=60,
        example="2h",
    )
    budget: SourceBudget = option("What may be spent on this source.", default=SourceBudget())


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneySettings:
    """Hold `[journey]`: words that tell from which stage of a purchase somebody speaks."""

    awareness: tuple[str, ...] = option(
        "Words and phrases of people who just heard of it.",
        default=("heard of", "saw an ad", "advert", "never knew", "new to me", "launch", "launched", "announced"),
    )
    consideration: tuple[str, ...] = option(
        "Of people who weigh it up.",
        default=(
            "thinking of buying", "should i buy", "worth it", "worth buying", "compared to", "versus", "vs",
            "alternative", "alternatives", "which one", "any good", "considering",
        ),
    )  # fmt: skip
    purchase: tuple[str, ...] = option(
        "Of people who buy it or wait for it.",
        default=(
            "bought", "ordered", "my order", "paid", "price", "checkout", "discount", "delivery", "delivered",
            "shipped", "in stock", "out of stock",
        ),
    )  # fmt: skip
    use: tuple[str, ...] = option(
        "Of people who use it or need help with it.",
        default=(
            "using", "works", "stopped working", "broke", "broken", "fails", "failed", "support", "customer service",
            "warranty", "refund", "repair", "update", "every day", "i own", "i use",
        ),
    )  # fmt: skip
    advocacy: tuple[str, ...] = option(
        "Of people who tell others to buy it, or not to.",
        default=(
            "recommend", "highly recommended", "told my friends", "you should buy", "everyone should", "never again",
            "avoid", "stay away", "boycott", "would buy again",
        ),
    )  # fmt: skip

    @property
    def stages(self) -> dict[str, tuple[str, ...]]:
        """Return the phrases of each stage, in the order of the journey."""
        return {
            "awareness": self.awareness,
            "consideration": self.consideration,
            "purchase": self.purchase,
            "use": self.use,
            "advocacy": self.advocacy,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseSettings:
    """Hold `[responses]`: within how long people should be answered, and how answers are found."""

    social: timedelta = option("Within how long a mention should be answered.", default=timedelta(hours=4), minimum=60)
    mail: timedelta = option("The same in sources called mail, email or imap.", default=timedelta(hours=24), minimum=60)
    read_threads: bool = option(
        "Read the threads of unanswered mentions for replies of own_accounts that no query finds.", default=True
    )
    follow: timedelta = option(
        "How long after its publication a mention's thread is read.", default=timedelta(days=7), minimum=3_600
    )
    threads: int = option(
        "Mentions whose threads are read in one pass of a source.", default=20, minimum=1, maximum=500
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSettings:
    """Hold `[digest]`: when the summary goes out and to whom."""

    at: time = option("Local time at which it goes out.", default=time(8, 0))
    cadence: str = option(
        "How often; a weekly one goes out on Monday, a monthly one on the first.",
        default="daily",
        choices=("daily", "weekly", "monthly"),
    )
    to: tuple[str, ...] = option(
        "Mail addresses it goes to; empty: no digest by mail.", default=(), example=("team@example.com",)
    )
    brands: tuple[str, ...] = option("Brands it tells of; empty: all.", default=(), example=("Acme",))


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """Hold `[mail]`: the server that takes alerts and digests."""

    host: str = option("Name of the SMTP server; without it no mail is sent.", default="", example="smtp.example.com")
    port: int | None = option(
        "Port of the server; without it 465 for tls, 587 for starttls, 25 for none.",
        default=None,
        minimum=1,
        maximum=65_535,
        example=587,
    )
    security: str = option(
        "How the connection is kept private; with none a password goes only to a server on this machine.",
        default="starttls",
        choices=("tls", "starttls", "none"),
    )
    user: str = option("Name to log in with; empty: no login.", default="", example="listener@example.com")
    password: Secret = option("Password to log in with.", default=Secret(), example="LISTENER_MAIL_PASSWORD")
    sender: str = option("Address the mail comes from; empty: the user.", default="", example="listener@example.com")

    @property
    def port_in_use(self) -> int:
        """Return the port: the one set, or the usual one of the security."""
        return self.port if self.port is not None else _MAIL_PORTS[self.security]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings:
    """Hold `[notify]`: other ways to be told, as Apprise URLs."""

    urls: Secret = option(
        "Apprise URLs (chat rooms, phones), separated by white space; they hold keys and are therefore a secret.",
        default=Secret(),
        example="LISTENER_NOTIFY_URLS",
    )
    digest: bool = option("Whether the digest goes there too, as text; alerts always do.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierSettings:
    """Hold what every `[notifiers.NAME]` has, and the options of the plug-in unread."""

    name: str
    rest: Mapping[str, object]
    enabled: bool = option("Whether it is told of anything.", default=True)
    digest: bool = option("Whether the digest goes there too; alerts always do.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """Hold `[log]`: what is written to stderr while working."""

    format: str = option("One event a line, as key=value or as JSON.", default="text", choices=("text", "json"))
    level: str = option(
        "The least important event that is written.", default="info", choices=("debug", "info", "warning", "error")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSettings:
    """Hold `[metrics]`: where a monitoring system asks the daemon how it is."""

    port: int | None = option(
        "Port on which the daemon answers GET /metrics in the Prometheus text format; without it there is none.",
        default=None,
        minimum=1,
        maximum=65_535,
        example=9464,
    )
    host: str = option(
        "Address it listens on; anything but this machine's own shows brands and sources to the network.",
        default="127.0.0.1",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Hold a whole configuration file, as far as the kernel reads it.

    `path` is absolute. `sources` is keyed by name, in the file's order.
    `sentiment` and `alerts` are the tables as read.
    """

    path: Path
    listener: ListenerSettings = ListenerSettings()
    brands: tuple[Brand, ...] = ()
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)
    sentiment: Mapping[str, object] = field(default_factory=dict)
    alerts: Mapping[str, object] = field(default_factory=dict)
    journey: JourneySettings = JourneySettings()
    responses: ResponseSettings = ResponseSettings()
    digest: DigestSettings = DigestSettings()
    mail: MailSettings = MailSettings()
    notify: NotifySettings = NotifySettings()
    notifiers: Mapping[str, NotifierSettings] = field(default_factory=dict)
    log: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()

    @property
    def database(self) -> Path:
        """Return the store's path; a relative one starts at the file's folder."""
        return self.path.parent / at_home(self.listener.database)

    def zone(self) -> ZoneInfo:
        """Return the time zone in which days are cut: the one set, or the machine's."""
        return load_zone(self.listener.time_zone) if self.listener.time_zone else system_zone()

    def hearing(self) -> dict[str, tuple[str, ...]]:
        """Return the enabled sources of which each brand takes what names it."""
        enabled = [name for name, settings in self.sources.items() if settings.enabled]
        return {
            brand.name: tuple(name for name in enabled if not brand.sources or name in brand.sources)
            for brand in self.brands
        }

    def listening(self) -> dict[str, tuple[str, ...]]:
        """Return the sources that are read for each brand: coverage is measured over them.

        Those that it hears, but for files and apps that are each of another brand:
        nothing there could be read for it, so nothing is missing.
        """
        others = {name: _brands_alone(settings) for name, settings in self.sources.items()}
        return {
            brand: tuple(name for name in heard if (only := others[name]) is None or brand.casefold() in only)
            for brand, heard in self.hearing().items()
        }

    def response_target(self, source: str) -> timedelta:
        """Return within how long a mention of a source should be answered."""
        settings = self.sources.get(source)
        if settings is not None and settings.response_target is not None:
            return settings.response_target
        return self.responses.mail if source in _MAIL_SOURCES else self.responses.social

    def brand(self, name: str) -> Brand:
        """Return the brand called `name`, upper and lower case alike, as are letters written with their marks apart.

        Raises UsageError naming the brands there are.
        """
        wanted = folded_name(name)
        for brand in self.brands:
            if folded_name(brand.name) == wanted:
                return brand
        msg = f'there is no brand "{name}" in {self.path}; {suggest(name, (brand.name for brand in self.brands))}'
        raise UsageError(msg)


def folded_name(name: str) -> str:
    """Return what is equal for names that nobody can tell apart but by their case."""
    return unicodedata.normalize("NFC", name.strip()).casefold()


def _brands_alone(settings: SourceSettings) -> frozenset[str] | None:
    """Return the brands, in lower case, that are all a source is read for; None where it is read for every one."""
    places = settings.rest.get(_BRANDED.get(settings.name, ""))
    if not isinstance(places, list) or not places:
        return None
    named = [place.get("brand") if isinstance(place, dict) else None for place in places]
    brands = [brand.casefold() for brand in named if isinstance(brand, str) and brand.strip()]
    return frozenset(brands) if len(brands) == len(places) else None
