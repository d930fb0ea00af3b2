"""Word the message about an episode."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.percentages import percent
from listener.reporting.pictures import draw_episode_of

if TYPE_CHECKING:
    from listener.protocols import Notification
    from listener.reporting.desk import Desk
    from listener.search import EpisodeRow

__all__ = ["render_alert_of"]

_ONE_VOICE: Final = 0.1
"""The share of one author from which on it is told."""


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
        what = "scored mention" if episode.kind == "sentiment" else "mention"
        parts.append(f"{episode.total:,} {what}{'' if episode.total == 1 else 's'} in all.")
    if episode.negative_share is not None:
        mood = f"{percent(episode.negative_share)} of {episode.scored:,} scored mentions are negative"
        if episode.usual_negative_share is not None:
            mood += f"; before it {percent(episode.usual_negative_share)} of {episode.usual_scored:,} were"
        parts.append(f"{mood}.")
    if episode.author_share is not None and episode.author_share >= _ONE_VOICE:
        parts.append(f"One author wrote {percent(episode.author_share)} of them.")
    return " ".join(parts)
