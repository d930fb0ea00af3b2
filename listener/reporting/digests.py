"""Compose, render and keep the digest of a period."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from listener import wiring
from listener.budget import MICROS
from listener.clock import local_day
from listener.reporting.periods import digest_brands
from listener.reporting.pictures import save_chart
from listener.reporting.sections import section_of
from listener.store import DigestSave

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listener.protocols import Notification
    from listener.reporting.desk import Desk
    from listener.reporting.periods import Period
    from listener.search import Trend
    from listener.store import Store
    from reports.charts import Chart
    from reports.digest import CostLine, DigestData

__all__ = ["compose_digest", "render_digest_of", "save_digest"]

_CHART_DAYS: Final = 30
"""Local days that a chart shows at least; a month's digest shows the whole month."""
_MOST_CHARTS: Final = 50
"""Own brands with a chart, those with the most mentions: there may be thousands, and mail servers take some ten megabytes."""


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


def render_digest_of(desk: Desk, period: Period) -> tuple[Notification, list[tuple[Chart, Trend]]]:
    """Return the rendered digest of a period with the charts in it."""
    from reports.charts import draw_volume  # noqa: PLC0415 - matplotlib is loaded where a chart is drawn
    from reports.charts.style import MAIL_LOOK  # noqa: PLC0415 - the same
    from reports.render import render_digest  # noqa: PLC0415 - loaded where a digest is made
    from reports.sentences import mentions_of  # noqa: PLC0415 - the same

    data = compose_digest(desk, period)
    zone = desk.config.zone()
    first, _ = local_day(period.until.astimezone(zone).date() - timedelta(days=_CHART_DAYS), zone)
    since = min(first, period.since)
    charts = []
    own = [section for section in data.sections if section.kind == "own"]
    leading = {section.brand for section in sorted(own, key=mentions_of, reverse=True)[:_MOST_CHARTS]}
    for section in (one for one in own if one.brand in leading):
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
    erasures: int | None = None,
) -> int:
    """Keep a digest and its charts in the store and put it into the outbox; return its number.

    It is 0, and no digest kept, where something was erased since there were so many `erasures`.
    """
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
        erasures=erasures,
    )
