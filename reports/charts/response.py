"""Draw how long people wait for an answer, those still waiting counted in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Unpack

from listener.intervals import wilson_interval
from reports.charts.axes import mark_level, shade_unknown, share_axis
from reports.charts.canvas import canvas
from reports.responses import answered_within, answering_curve, median_wait
from reports.scales import WAITS
from reports.wording import count, percent, span_facts, wait_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from reports.charts.style import Chart, Look
    from reports.responses import Answer

__all__ = ["draw_response"]

_LEFT: Final = 58
_RIGHT: Final = 24
_SHORTEST: Final = 1.0
_NAMED: Final = (timedelta(hours=1), timedelta(days=1))
_HALF: Final = 0.5


def draw_response(
    answers: Sequence[Answer],
    *,
    brand: str,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    time_zone: str | None = None,
    **look: Unpack[Look],
) -> Chart:
    """Draw the share of people answered within a time, on a scale from a minute to weeks.

    Who has not been answered by `now` counts as still waiting, not as left out. Beyond
    the longest wait nothing is known, unless all were answered: there the line ends.
    """
    curve = answering_curve(answers, now)
    median = median_wait(answers, now)
    waiting = sum(answer.answered_at is None for answer in answers)
    title = f"{brand}: time to an answer"
    with canvas(look) as picture:
        colours = picture.colours
        half = f"half within {wait_words(median)}" if median is not None else "fewer than half answered"
        asked = [
            count(len(answers), "mention"),
            f"{waiting:,} still waiting",
            half,
            "share answered by the time below",
        ]
        facts = asked if answers else ["nothing to answer is known"]
        picture.head(title, [*span_facts(since, until, time_zone), *facts])
        axes = picture.panel(left=_LEFT, top=picture.top + 8, right=_RIGHT, bottom=28)
        minutes = [max(wait / timedelta(minutes=1), _SHORTEST) for wait, _ in curve]
        longest, known = _ends(answers, now)
        shares = [share for _, share in curve]
        axes.set_xscale("log")
        axes.set_xlim(_SHORTEST, longest * 1.05)
        if known < longest:
            shade_unknown(axes, known, longest * 1.05, colours)
        axes.plot(
            [_SHORTEST, *minutes, known],
            [0.0, *shares, shares[-1] if shares else 0.0],
            drawstyle="steps-post",
            color=colours.positive,
            linewidth=1.9,
        )
        if median is not None:
            at = max(median / timedelta(minutes=1), _SHORTEST)
            axes.plot([_SHORTEST, at, at], [_HALF, _HALF, 0], color=colours.quiet, linewidth=1, linestyle=(0, (3, 2)))
            axes.plot([at], [_HALF], "o", color=colours.ink, markersize=5)
        share_axis(axes, colours)
        fitting = [(minute, word) for minute, word in WAITS if minute <= longest]
        mark_level(axes, fitting, colours)
        return picture.finish(
            kind="response", brands=(brand,), title=title, alt=_alt(answers, title, now), since=since, until=until
        )


def _ends(answers: Sequence[Answer], now: datetime) -> tuple[float, float]:
    """Return in minutes where the scale ends, and up to where the share answered is known."""
    waits = [max(answer.wait(now) / timedelta(minutes=1), _SHORTEST) for answer in answers]
    longest = max([*waits, 1.5 * WAITS[4][0]])
    is_open = any(answer.answered_at is None for answer in answers)
    return longest, max(waits) if is_open else longest


def _alt(answers: Sequence[Answer], title: str, now: datetime) -> str:
    if not answers:
        return f"{title}: nothing to answer is known."
    waiting = sum(answer.answered_at is None for answer in answers)
    sentences = [f"{title}: {count(len(answers), 'mention')}, {waiting:,} still waiting."]
    median = median_wait(answers, now)
    half = "Fewer than half were answered." if median is None else f"Half were answered within {wait_words(median)}."
    sentences.append(half)
    for limit in _NAMED:
        hits, n = answered_within(answers, limit, now)
        if interval := wilson_interval(hits, n):
            spread = f"95 % interval {percent(interval[0])} to {percent(interval[1])}, n {n:,}"
            sentences.append(f"Within {wait_words(limit)}: {percent(hits / n)} ({spread}).")
    longest, known = _ends(answers, now)
    if known < longest:
        sentences.append(
            f"Beyond {wait_words(timedelta(minutes=known))} nothing is known: nobody has waited for as long."
        )
    return " ".join(sentences)
