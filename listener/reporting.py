"""Make digests, alert messages and charts from the store, keep them there, hand them on."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from listener import wiring
from listener.budget import MICROS
from listener.clock import Bucket, align_down, local_day, start_before
from listener.errors import PermanentDeliveryError, TransientDeliveryError, UsageError
from listener.logs import event, redact
from listener.mention import Label
from listener.protocols import Notification
from listener.search import MentionFilter, Span
from listener.store import ChartSave, DigestSave

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from listener.config import Brand, Config
    from listener.protocols import Notifier
    from listener.search import EpisodeRow, MentionRow, Reader, TermRow, Trend, Wording
    from listener.store import OutboxItem, Store
    from listener.themes import Theme
    from reports.charts import Chart, Look
    from reports.digest import BrandSection, CostLine, DigestData, SurveyFigure, Voice
    from reports.responses import ResponseFigures

__all__ = [
    "Desk",
    "Period",
    "brand_words",
    "compose_digest",
    "deliver",
    "draw_episode_of",
    "due_period",
    "find_terms",
    "is_known_before",
    "loudness",
    "period_of",
    "render_alert_of",
    "render_digest_of",
    "save_chart",
    "save_digest",
    "section_of",
]

logger = logging.getLogger(__name__)

_STEPS: Final = {"daily": "day", "weekly": "week", "monthly": "month"}
"""The step of time that a digest of each cadence is about."""

_CHART_DAYS: Final = 30
_VOICES_LOOKED_AT: Final = 1_000
_MOST_NOW, _MOST_BEFORE = 5_000, 10_000
"""Texts of a period, and of the time before it, that are read for what is said now and was not before."""
_RETRIES: Final = tuple(timedelta(minutes=n) for n in (1, 2, 5, 15, 30, 60, 120, 240))
_ONE_VOICE: Final = 0.1
"""The share of one author from which on it is told."""
_MOST_TRIES: Final = 40
"""With the last wait repeated this is about a week: a mail server may be down over a long weekend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Hold what every report is made from: the configuration, the store read, who listens where, the time."""

    config: Config
    reader: Reader
    listening: Mapping[str, tuple[str, ...]]
    now: datetime

    def span(self, since: datetime, until: datetime, *, by: str = "day") -> Span:
        """Return the span of a trend, cut in the configured zone."""
        return Span(since=since, until=until, by=by, zone=self.config.zone(), now=self.now)

    def trend(self, brand: str, since: datetime, until: datetime, *, by: str = "day") -> Trend:
        """Return the trend of one brand."""
        return self.reader.trend([brand], self.span(since, until, by=by), self.listening)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Hold the local days [since, until) a digest is about, and the key that names it."""

    cadence: str
    since: datetime
    until: datetime
    key: str


def period_of(config: Config, day: date, zone: ZoneInfo) -> Period:
    """Return the period of the configured cadence that holds a local day."""
    cadence = config.digest.cadence
    start, end = local_day(day, zone)
    if cadence != "daily":
        step = _STEPS[cadence]
        start = align_down(start, step, zone)
        following = start.astimezone(zone).date() + timedelta(days=7 if step == "week" else 31)
        end = align_down(local_day(following, zone)[0], step, zone)
    brands = ",".join(brand.name for brand in digest_brands(config))
    return Period(
        cadence=cadence,
        since=start,
        until=end,
        key=f"digest:{cadence}:{start.astimezone(zone).date().isoformat()}:{brands}",
    )


def due_period(config: Config, now: datetime, zone: ZoneInfo) -> Period:
    """Return the latest period whose digest should have gone out by `now`.

    A period's digest goes out on the local day after it, at the configured hour.
    After a long pause only the latest is made up for.
    """
    day = now.astimezone(zone).date() - timedelta(days=1)
    period = period_of(config, day, zone)
    while now < _goes_out_at(period, config, zone):
        period = period_of(config, period.since.astimezone(zone).date() - timedelta(days=1), zone)
    return period


def _goes_out_at(period: Period, config: Config, zone: ZoneInfo) -> datetime:
    """Return the instant at which a period's digest goes out.

    An hour that a clock change repeats is meant the first time, one that it
    skips as if the clock had not changed yet. Once past, it stays past.
    """
    day = period.until.astimezone(zone).date()
    return datetime.combine(day, config.digest.at, tzinfo=zone).astimezone(UTC)


def digest_brands(config: Config) -> tuple[Brand, ...]:
    """Return the brands the digest tells of."""
    if not config.digest.brands:
        return config.brands
    wanted = {name.casefold() for name in config.digest.brands}
    return tuple(brand for brand in config.brands if brand.name.casefold() in wanted)


def compose_digest(desk: Desk, period: Period) -> DigestData:
    """Gather everything the digest of a period tells."""
    from reports.digest import DigestData as Data  # noqa: PLC0415 - loaded where a digest is made

    config = desk.config
    kinds = {brand.name: brand.kind for brand in config.brands}
    return Data(
        cadence=period.cadence,
        since=period.since,
        until=period.until,
        time_zone=config.zone().key,
        sections=tuple(section_of(desk, brand, period) for brand in digest_brands(config)),
        share=desk.reader.share(kinds, desk.span(period.since, period.until), desk.listening),
        cost=_cost(desk, period),
    )


def _cost(desk: Desk, period: Period) -> tuple[CostLine, ...]:
    """Return what sources that cost money cost in a period, beside a budget of the same length where there is one."""
    from reports.digest import CostLine as Line  # noqa: PLC0415 - loaded where a digest is made

    length = {"daily": "day", "monthly": "month"}.get(period.cadence)
    budgets = {
        limit.source: limit.amount / MICROS
        for limit in wiring.all_limits(desk.config)
        if limit.source is not None and limit.unit == "usd" and limit.period == length
    }
    sums: dict[str, list[float]] = {}
    for row in desk.reader.spending(period.since, period.until):
        held = sums.setdefault(row.source, [0, 0, 0.0])
        for place, more in enumerate((row.requests, row.items, row.usd)):
            held[place] += more
    return tuple(
        Line(source=source, requests=round(requests), items=round(items), spent=usd, budget=budgets.get(source))
        for source, (requests, items, usd) in sorted(sums.items())
        if usd or source in budgets
    )


def section_of(desk: Desk, brand: Brand, period: Period) -> BrandSection:
    """Gather what a report tells of one brand in a period."""
    from reports.digest import BrandSection as Section  # noqa: PLC0415 - loaded where a digest is made

    name, reader = brand.name, desk.reader
    before = start_before(period.since, period.until, _STEPS[period.cadence], desk.config.zone())
    gaps = tuple(
        gap
        for gap in reader.gaps(period.since, min(period.until, desk.now))
        if gap.concerns(name) and gap.source in desk.listening.get(name, ())
    )
    present = reader.wordings(name, period.since, period.until, limit=_MOST_NOW)
    return Section(
        brand=name,
        kind=brand.kind,
        trend=desk.trend(name, period.since, period.until),
        previous=desk.trend(name, before, period.since),
        gaps=gaps,
        sources=reader.count_by("source", name, period.since, period.until),
        terms=find_terms(reader, name, brand_words(brand), since=period.since, until=period.until, present=present),
        episodes=reader.episodes(brand=name, since=period.since, until=period.until),
        voices=_voices(desk, brand, period),
        themes=_themes(desk, name, period, present),
        responses=_responses(desk, brand, period),
        surveys=_surveys(desk, name, period),
    )


def _themes(desk: Desk, brand: str, period: Period, present: Sequence[Wording]) -> tuple[Theme, ...]:
    """Return the pain points and what is praised, those that weigh most first."""
    from listener.theming import read_themes  # noqa: PLC0415 - loaded where words are compared

    names = [word for one in desk.config.brands for word in brand_words(one)]
    sheet = read_themes(desk.reader, brand, names, period.since, period.until, present=present)
    return (*sheet.of_kind("pain"), *sheet.of_kind("praise"))


def find_terms(
    reader: Reader,
    brand: str,
    names: Sequence[str],
    *,
    since: datetime,
    until: datetime,
    limit: int = 8,
    present: Sequence[Wording] | None = None,
) -> tuple[TermRow, ...]:
    """Return what is said of a brand in [since, until) and was not said in the four spans before.

    Nothing is, where nothing is known of the span before. Of very many mentions an even sample is read, and what is counted in it stands for all;
    `present` is that of the span, where it was read before.
    """
    from listener.pipeline.wording import contrast_terms  # noqa: PLC0415 - loaded where words are compared

    length = until - since
    spans = ((since, until, _MOST_NOW), (since - 4 * length, since, _MOST_BEFORE))
    if present is None:
        present = reader.wordings(brand, since, until, limit=_MOST_NOW)
    before = reader.wordings(brand, since - 4 * length, since, limit=_MOST_BEFORE)
    if not before and not is_known_before(reader, since - length):
        return ()
    weights = [
        sum(row.mentions for row in reader.count_by("source", brand, start, end)) / len(read)
        if len(read) >= most
        else 1.0
        for read, (start, end, most) in zip((present, before), spans, strict=True)
    ]
    return contrast_terms(present, before, names, limit=limit, weights=(weights[0], weights[1]))


def is_known_before(reader: Reader, instant: datetime) -> bool:
    """Say whether anything was read or imported of the time before an instant."""
    first = reader.first_read_at()
    return first is not None and first <= instant


def _responses(desk: Desk, brand: Brand, period: Period) -> ResponseFigures | None:
    """Return how the mentions of a period were answered; None for a competitor, or without accounts of its own."""
    from listener.answering import responses_of  # noqa: PLC0415 - loaded where a digest is made

    if brand.kind != "own" or not brand.own_accounts:
        return None
    return responses_of(desk.config, desk.reader.asked(brand.name, desk.span(period.since, period.until)), desk.now)


def _surveys(desk: Desk, brand: str, period: Period) -> tuple[SurveyFigure, ...]:
    from listener.answering import surveys_of  # noqa: PLC0415 - loaded where a digest is made
    from reports.digest import SurveyFigure as Made  # noqa: PLC0415 - the same

    return tuple(
        Made(name=name, value=one.value, low=one.low, high=one.high, n=one.n, digits=one.digits)
        for name, one in surveys_of(desk.reader, brand, desk.span(period.since, period.until))
    )


def _voices(desk: Desk, brand: Brand, period: Period) -> tuple[Voice, ...]:
    """Return three mentions worth reading: the most heard negative, positive and unanswered one.

    Where none is known to have waited too long for an answer, the most heard of all is the third.
    """
    from listener.answering import unanswered  # noqa: PLC0415 - loaded where a digest is made
    from reports.digest import Voice as Heard  # noqa: PLC0415 - the same

    def heard(*labels: Label) -> tuple[MentionRow, ...]:
        return desk.reader.mentions(
            MentionFilter(
                brand=brand.name,
                labels=labels,
                since=period.since,
                until=period.until,
                include_reposts=False,
                limit=_VOICES_LOOKED_AT,
            )
        )

    span = desk.span(period.since, period.until)
    waiting = unanswered(desk.config, desk.reader, brand.name, span) if brand.kind == "own" else ()
    kinds: tuple[tuple[str, Callable[[], Sequence[MentionRow]]], ...] = (
        ("negative", lambda: heard(Label.NEGATIVE)),
        ("positive", lambda: heard(Label.POSITIVE)),
        ("unanswered", lambda: waiting),
        ("most engaged", heard),
    )
    chosen: dict[str, Voice] = {}
    stories: set[int] = set()
    for why, found in kinds:
        if "unanswered" in chosen:
            break
        ranked = sorted(found(), key=loudness, reverse=True)
        pick = next((one for one in ranked if one.story not in stories and one.text), None)
        if pick is not None:
            chosen[why] = Heard(why=why, mention=pick)
            stories.add(pick.story)
    return tuple(chosen.values())


def loudness(mention: MentionRow) -> tuple[int, int, float, int]:
    """Return by what mentions are ordered where the most heard come last."""
    return (mention.engagement, mention.followers or 0, abs(mention.score or 0.0), mention.number)


def render_digest_of(desk: Desk, period: Period) -> tuple[Notification, list[tuple[Chart, Trend]]]:
    """Return the rendered digest of a period with the charts in it."""
    from reports.charts import draw_volume  # noqa: PLC0415 - matplotlib is loaded where a chart is drawn
    from reports.charts.style import MAIL_LOOK  # noqa: PLC0415 - the same
    from reports.render import render_digest  # noqa: PLC0415 - loaded where a digest is made

    data = compose_digest(desk, period)
    since = align_down(period.until - timedelta(days=_CHART_DAYS), "day", desk.config.zone())
    charts = []
    for section in data.sections:
        if section.kind == "own":
            trend = desk.trend(section.brand, since, period.until)
            charts.append((draw_volume(trend, brand=section.brand, **MAIL_LOOK), trend))
    notification = render_digest(data, [chart for chart, _ in charts])
    return replace(notification, key=period.key), charts


def save_digest(
    store: Store,
    period: Period,
    notification: Notification,
    charts: Sequence[tuple[Chart, Trend]],
    destinations: Sequence[str],
    *,
    now: datetime,
) -> int:
    """Keep a digest and its charts in the store and put it into the outbox; return its number."""
    for chart, trend in charts:
        save_chart(store, chart, trend, now=now)
    return store.reports.save_digest(
        DigestSave(
            key=period.key,
            since=period.since,
            until=period.until,
            subject=notification.subject,
            text=notification.text,
            html=notification.html,
            images=notification.images,
        ),
        destinations,
        now=now,
    )


def save_chart(store: Store, chart: Chart, shown: Trend | Span, *, now: datetime) -> int:
    """Keep a chart in the store with the span it shows; return its number."""
    return store.reports.save_chart(
        ChartSave(
            kind=chart.kind,
            brand=chart.brands[0] if len(chart.brands) == 1 else None,
            since=chart.since or shown.since,
            until=chart.until or shown.until,
            coverage=chart.coverage,
            title=chart.title,
            alt=chart.alt,
            format=chart.format,
            data=chart.data,
        ),
        now=now,
    )


def render_alert_of(desk: Desk, episode: EpisodeRow, *, key: str) -> Notification:
    """Return the message about an episode, with its chart and the mentions that show it."""
    from reports.charts.style import MAIL_LOOK  # noqa: PLC0415 - matplotlib is loaded where a chart is drawn
    from reports.render import render_alert  # noqa: PLC0415 - loaded where a message is made

    chart, _ = draw_episode_of(desk, episode, MAIL_LOOK, after=timedelta(hours=1))
    message = render_alert(
        episode,
        sentence=_particulars(episode),
        mentions=desk.reader.mentions_by_number(episode.mentions, brand=episode.brand),
        chart=chart,
        time_zone=desk.config.zone().key,
        key=key,
    )
    is_worse = key.endswith(":escalated") and episode.resolved_at is None
    return replace(message, subject=f"Escalated: {message.subject}") if is_worse else message


def _particulars(episode: EpisodeRow) -> str:
    """Return what stands below the headline: how many in all, the mood against the usual one, the busiest author."""
    parts = []
    if episode.resolved_at is not None and episode.total:
        parts.append(f"{episode.total:,} mention{'' if episode.total == 1 else 's'} in all.")
    if episode.negative_share is not None:
        mood = f"{episode.negative_share:.0%} of {episode.scored:,} scored mentions are negative"
        if episode.usual_negative_share is not None:
            mood += f"; before it {episode.usual_negative_share:.0%} of {episode.usual_scored:,} were"
        parts.append(f"{mood}.")
    if (episode.author_share or 0.0) >= _ONE_VOICE:
        parts.append(f"One author wrote {episode.author_share:.0%} of them.")
    return " ".join(parts)


def draw_episode_of(
    desk: Desk, episode: EpisodeRow, look: Look, *, after: timedelta = timedelta(hours=3)
) -> tuple[Chart, Trend]:
    """Draw an episode from two days before it opened to `after` its end, with the usual range hour by hour.

    The range is left out where its rule is no longer configured. An episode of one
    source shows that source alone.
    """
    from listener.pipeline import WatchedBrand, single_rules, usual_band  # noqa: PLC0415 - loaded where it is drawn
    from reports.charts import draw_episode  # noqa: PLC0415 - matplotlib is loaded where a chart is drawn
    from reports.charts.episode import Expectation  # noqa: PLC0415 - the same

    options, rules = wiring.read_alert_options(desk.config)
    rule = next((one for one in single_rules(rules) if one.name == episode.rule), None)
    since = align_down(episode.opened_at - timedelta(days=2), "hour", desk.config.zone())
    until = max(episode.opened_at, min(desk.now, (episode.resolved_at or episode.updated_at) + after))
    source = rule.sources[0] if rule and rule.sources else None
    span = replace(desk.span(since, until, by="hour"), source=source)
    trend = desk.reader.trend([episode.brand], span, desk.listening)
    kind = episode.kind or (rule.kind if rule else None)
    usual: list[Expectation] = []
    if rule is not None:
        brand = WatchedBrand(name=episode.brand, names=(), sources=desk.listening.get(episode.brand, ()))
        hours = [Bucket(start=one.start, end=one.end) for one in trend.of(episode.brand)]
        band = usual_band(desk.reader, brand, rule, options, hours, time_zone=desk.config.zone().key)
        usual = [Expectation(start=one.start, expected=one.expected, low=one.low, high=one.high) for one in band]
    return draw_episode(episode, trend, kind=kind, usual=usual, **look), trend


def deliver(desk: Desk, store: Store, notifiers: Sequence[Notifier]) -> int:
    """Hand over what is due; return how many deliveries were accepted.

    A failure that may pass is tried again, later each time; one that will not
    pass, or a destination that is no longer configured, is parked and shown. Alerts
    wait for the end of the quiet hours, and those of a snoozed brand for its end.
    """
    by_name = {notifier.destination: notifier for notifier in notifiers}
    sent = 0
    for item in store.reports.due(now=desk.now):
        notifier = by_name.get(item.destination)
        if notifier is None:
            message = f"{item.destination} is no longer configured"
            store.reports.mark_unsent(item, error=message, next_try_at=None)
            continue
        if until := _held_until(desk, item):
            store.reports.postpone(item, until=until)
            continue
        notification = _notification(desk, item)
        if notification is None:
            store.reports.mark_unsent(item, error="what it tells of is gone from the store", next_try_at=None)
            continue
        sent += _hand_over(store, notifier, item, notification, desk.now)
    return sent


def _held_until(desk: Desk, item: OutboxItem) -> datetime | None:
    """Return until when an alert waits: the end of the quiet hours or of its brand's snooze; None where it goes."""
    from listener.alerts.quiet import read_quiet_hours  # noqa: PLC0415 - loaded where something is delivered

    episode = None if item.kind == "digest" else _episode_of(desk, item)
    if episode is None:
        return None
    snoozed = desk.reader.snoozed_until(episode.brand)
    if snoozed is not None and snoozed > desk.now:
        return snoozed
    options, _ = wiring.read_alert_options(desk.config)
    quiet = read_quiet_hours(options.quiet_hours)
    passes = {"never": (), "high": ("high",), "medium": ("high", "medium")}[options.quiet_unless]
    return None if quiet is None or episode.severity in passes else quiet.end_after(desk.now, desk.config.zone())


def _notification(desk: Desk, item: OutboxItem) -> Notification | None:
    """Return the message of a delivery, None where what it tells of is no longer stored."""
    if item.kind == "digest":
        row = desk.reader.digest(item.subject)
        if row is None:
            return None
        return Notification(
            key=row.key, kind="digest", subject=row.subject, text=row.text, html=row.html, images=row.images
        )
    episode = _episode_of(desk, item)
    return None if episode is None else render_alert_of(desk, episode, key=item.key)


def _episode_of(desk: Desk, item: OutboxItem) -> EpisodeRow | None:
    try:
        return desk.reader.episode(item.subject)
    except UsageError:
        return None


def _hand_over(store: Store, notifier: Notifier, item: OutboxItem, notification: Notification, now: datetime) -> int:
    try:
        notifier.send(notification)
    except TransientDeliveryError as error:
        following = None
        if item.attempts + 1 < _MOST_TRIES:
            following = now + _RETRIES[min(item.attempts, len(_RETRIES) - 1)]
        store.reports.mark_unsent(item, error=redact(str(error)), next_try_at=following)
    except PermanentDeliveryError as error:
        store.reports.mark_unsent(item, error=redact(str(error)), next_try_at=None)
    else:
        store.reports.mark_sent(item, now=now)
        event(logger, "delivered", kind=item.kind, number=item.subject)
        return 1
    event(logger, "not delivered", level=logging.WARNING, kind=item.kind, number=item.subject)
    return 0


def brand_words(brand: Brand) -> tuple[str, ...]:
    """Return what a brand is called: words that say nothing new of it."""
    return (brand.name, *brand.keywords, *brand.hashtags)
