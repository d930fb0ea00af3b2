"""Draw an episode; keep charts in the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from listener import wiring
from listener.clock import Bucket, align_down
from listener.store import ChartSave

if TYPE_CHECKING:
    from listener.reporting.desk import Desk
    from listener.search import EpisodeRow, Span, Trend
    from listener.store import Store
    from reports.charts import Chart, Look

__all__ = ["draw_episode_of", "save_chart"]


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
