"""Write one alert for people, and make the sample that tries the way alerts go."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import click

from listener.cli.output import line_room
from listener.cli.width import display_width, neutralise, pad, wrap
from listener.percentages import coverage_percent, percent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from listener.protocols import Notification
    from listener.search import EpisodeRow, MentionRow

__all__ = ["print_episode", "print_list", "sample_alert"]

_LABEL: Final = 10
_EXCERPT: Final = 400
_WHOLE: Final = 100
"""Figures from here on are written without decimals."""
_LOUD: Final = 0.1
"""The share of one author from which on it is told."""
_SHARES: Final = frozenset({"sentiment", "blind"})
"""The kinds of rules whose figures are shares of 1."""
_KINDS: Final = {
    "spike": "many more mentions than usual",
    "sentiment": "another share of negative mentions than usual",
    "words": "mentions with watched words",
    "reach": "one loud author or thread",
    "silence": "quiet: the sources were read, and little was said",
    "blind": "blind: sources could not be read; what was said is not known",
}


def print_episode(episode: EpisodeRow, mentions: Sequence[MentionRow], zone: ZoneInfo, *, limits: str = "") -> None:
    """Print an alert in at most 80 columns, fewer on a narrower terminal, the headline first.

    `limits` says which threshold is in force and why, empty where that is not known.
    """

    def when(instant: datetime) -> str:
        return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M")

    over = "still open" if episode.resolved_at is None else f"over since {when(episode.resolved_at)}"
    read = "" if episode.coverage is None else coverage_percent(episode.coverage)
    least = "" if read == "100 %" or read.startswith("under") else "at least "
    seen = f"{least}{read} of the sources were read" if read else "not known"
    lines = {
        "alert": f"{episode.id}, rule {episode.rule}, severity {episode.severity}",
        "kind": _KINDS.get(_kind(episode), ""),
        "since": f"{when(episode.opened_at)} ({zone.key}), {over}",
        **_figures(episode),
        "threshold": limits,
        "coverage": seen,
        "seen by": "nobody yet" if episode.acknowledged_at is None else f"somebody, {when(episode.acknowledged_at)}",
        "rated": {None: "", True: "useful", False: "useless"}[episode.is_useful],
        "said": ", ".join(episode.terms),
        "tags": ", ".join(f"#{tag}" for tag in episode.hashtags),
        "where": ", ".join(episode.sources),
        "who": ", ".join(episode.authors),
        "links": ", ".join(episode.links),
        "languages": ", ".join(episode.languages),
        "one voice": f"wrote {percent(voice)} of it" if (voice := episode.author_share or 0.0) >= _LOUD else "",
        "negative": _mood(episode),
        "begins": "" if episode.first is None else f"with mention {episode.first}",
    }
    room = line_room(sys.stdout)
    for line in wrap(neutralise(f"{episode.brand}: {episode.headline}"), room):
        click.echo(line)
    click.echo()
    for label, text in lines.items():
        if text:
            _print_field(label, text, room)
    for mention in mentions:
        _print_mention(mention, when(mention.published_at), room)
    gone = len(episode.mentions) - len(mentions)
    if gone:
        click.echo()
        for line in wrap(f"{gone} more mention{'' if gone == 1 else 's'} of it left the store", room):
            click.echo(line)


def _kind(episode: EpisodeRow) -> str:
    return episode.kind or episode.rule


def _figures(episode: EpisodeRow) -> dict[str, str]:
    """Return what was measured against what is usual, in words."""

    def figure(value: float) -> str:
        if _kind(episode) in _SHARES:
            return coverage_percent(value) if _kind(episode) == "blind" else percent(value)
        return f"{value:,.0f}" if value >= _WHOLE else f"{value:.3g}"

    low, high = episode.interval
    if _kind(episode) == "reach":
        return {"observed": figure(episode.observed), "limit": figure(episode.expected)}
    if _kind(episode) == "blind":
        return {"observed": f"{figure(episode.observed)} of six hours was read", "limit": figure(low)}
    is_fall = _kind(episode) == "silence" or episode.surprise < 0
    peak = "" if is_fall else f", peak {figure(episode.peak)}"  # the highest figure says nothing of a fall
    return {
        "observed": f"{figure(episode.observed)}{peak}",
        "expected": f"{figure(episode.expected)}, usually {figure(low)} to {figure(high)}",
        "surprise": f"{episode.surprise:+.1f} usual swings",
    }


def _mood(episode: EpisodeRow) -> str:
    """Return the negative share of its time against the usual one, each with the mentions it is over."""
    if episode.negative_share is None:
        return ""
    now = f"{percent(episode.negative_share)} of {episode.scored:,} scored"
    if episode.usual_negative_share is None:
        return now
    return f"{now}, before it {percent(episode.usual_negative_share)} of {episode.usual_scored:,}"


def print_list(episodes: Sequence[EpisodeRow], zone: ZoneInfo) -> None:
    """Print alerts in at most 80 columns, fewer on a narrower terminal: what they are, below it the headline."""
    if not episodes:
        click.echo("no alerts", err=True)
        return
    number = max(len(str(one.id)) for one in episodes)
    widths = [
        max(display_width(neutralise(text)) for text in texts) for texts in zip(*map(_facts, episodes), strict=True)
    ]
    room, indent = line_room(sys.stdout), " " * (number + 2)
    for one in episodes:
        opened = one.opened_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        facts = [pad(neutralise(text), width, "left") for text, width in zip(_facts(one), widths, strict=True)]
        head = "  ".join([f"{one.id:>{number}}", opened, *facts]).rstrip()
        if display_width(head) > room:  # then the columns give way to lines
            first, *more = wrap("  ".join([opened, *map(neutralise, _facts(one))]), room - len(indent))
            head = "\n".join(
                line.rstrip() for line in (f"{one.id:>{number}}  {first}", *(indent + one for one in more))
            )
        click.echo(head)
        for line in wrap(neutralise(one.headline), room - len(indent)):
            click.echo(indent + line)


def sample_alert(brand: str, now: datetime, zone: ZoneInfo) -> Notification:
    """Return an alert that says it is a test; one of another `now` is another one."""
    from listener.clock import to_epoch
    from listener.search import EpisodeRow
    from reports.render import render_alert

    sentence = "This is a test: alerts of listener reach you here. Nothing happened."
    episode = EpisodeRow(
        id=0,
        brand=brand,
        rule="test",
        state="open",
        severity="low",
        opened_at=now - timedelta(hours=1),
        updated_at=now,
        resolved_at=None,
        observed=0.0,
        expected=0.0,
        interval=(0.0, 0.0),
        surprise=0.0,
        peak=0.0,
        coverage=1.0,
        headline="a test of the way alerts go",
    )
    return render_alert(episode, sentence=sentence, time_zone=zone.key, key=f"test:{to_epoch(now)}")


def _facts(episode: EpisodeRow) -> tuple[str, ...]:
    return (episode.brand, episode.rule, episode.severity, episode.state)


def _print_field(label: str, text: str, room: int) -> None:
    first, *more = wrap(neutralise(text), room - _LABEL)
    click.echo(f"{label:<{_LABEL}}{first}")
    for line in more:
        click.echo(" " * _LABEL + line)


def _print_mention(mention: MentionRow, when: str, room: int) -> None:
    who = mention.author_name or mention.author or "unknown author"
    head = f"#{mention.number}  {when}  {mention.source}  {who}  {mention.label.word}"
    whole = " ".join(" ".join(part.split()) for part in (mention.title, mention.text) if part)
    shown = whole if len(whole) <= _EXCERPT else whole[: _EXCERPT - 1] + "…"
    click.echo()
    for line in wrap(neutralise(head), room):
        click.echo(line.rstrip())
    for line in wrap(neutralise(shown or "(the text was removed)"), room - 4):
        click.echo(f"    {line}")
    if mention.url:
        click.echo(f"    {neutralise(mention.url)}")
