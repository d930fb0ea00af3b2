"""Draw the mood by source or by language: one level bar each, all scored mentions as 100 %."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Unpack

from matplotlib.patches import Patch

from listener.intervals import SMALL_N, net_sentiment, net_sentiment_interval
from reports.charts.canvas import NAMED, bars, canvas
from reports.charts.glyphs import drawable, fonts_for
from reports.hostile import excerpt
from reports.wording import count, interval_words, language_words, number, place_words, signed, span_facts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from matplotlib.axes import Axes

    from listener.search.records import SourceCount
    from reports.charts.style import Chart, Look, Palette

__all__ = ["draw_moods"]

_MOST: Final = 12
_ROW: Final = 36
_HEAD: Final = 92
_LOWEST: Final = 160
_LONGEST_NAME: Final = 20
_FAINT: Final = 0.4


def draw_moods(
    rows: Sequence[SourceCount],
    *,
    brand: str,
    by: Literal["source", "language"] = "source",
    since: datetime | None = None,
    until: datetime | None = None,
    time_zone: str | None = None,
    **look: Unpack[Look],
) -> Chart:
    """Draw negative, neutral and positive shares of the scored mentions of each source or language.

    Beside each bar stand net sentiment, its 95 % interval and n; bars of fewer than
    `SMALL_N` scored are faded. The `_MOST` largest are drawn; all are named in the alt text.
    """
    ranked = sorted((row for row in rows if row.mentions), key=lambda row: (-row.mentions, row.name))
    shown = ranked[:_MOST]
    title = f"{brand}: sentiment by {by}"
    look.setdefault("height", max(_LOWEST, _HEAD + _ROW * len(shown)))
    with canvas(look) as picture:
        colours = picture.colours
        left_out = [f"{len(ranked) - len(shown)} smaller not shown"] if ranked[_MOST:] else []
        n = count(sum(row.mentions for row in rows), "mention")
        picture.head(title, [*span_facts(since, until, time_zone), n, *left_out])
        words = {"negative": colours.negative, "neutral": colours.neutral, "positive": colours.positive}
        picture.key([(Patch(facecolor=colour), word) for word, colour in words.items()])
        spare = picture.height - picture.top - 20 - _ROW * max(len(shown), 1)
        names, left = picture.fitted([drawable(excerpt(_named(row, by), _LONGEST_NAME)) for row in shown], most=NAMED)
        ways = [[_figure(row, room=room) for row in shown] for room in (2, 1, 0)]
        figures, right = picture.fitted(*ways, size=8.5)
        axes = picture.panel(left=left, top=picture.top + 4, right=right, bottom=14 + max(0, spare))
        axes.spines["bottom"].set_visible(False)
        axes.set(xlim=(0, 1), ylim=(max(len(shown), 1) - 0.5, -0.5))
        for place, row in enumerate(shown):
            _bar(axes, place, row, picture.colours)
            picture.beside(axes, place, names[place], family=fonts_for(names[place]))
            picture.beside(axes, place, figures[place], right=True, size=8.5, color=colours.quiet)
        return picture.finish(
            kind=f"{by}s",
            brands=(brand,),
            title=title,
            alt=_alt(ranked, title, by),
            since=since,
            until=until,
        )


def _scored(row: SourceCount) -> int:
    return row.positive + row.neutral + row.negative + row.no_evidence


def _named(row: SourceCount, by: str) -> str:
    return language_words(row.name) if by == "language" else place_words(row.name)


def _bar(axes: Axes, place: int, row: SourceCount, colours: Palette) -> None:
    n = _scored(row)
    left = 0.0
    neutral = row.neutral + row.no_evidence
    for part, colour in (
        (row.negative, colours.negative),
        (neutral, colours.neutral),
        (row.positive, colours.positive),
    ):
        right = left + (part / n if n else 0)
        faint = 1.0 if n >= SMALL_N else _FAINT
        if right > left:
            bars(axes, [(left, right)], [place - 0.32], [place + 0.32], facecolor=(colour, faint), linewidth=0)
        left = right


def _figure(row: SourceCount, *, room: int = 2) -> str:
    """Write net sentiment with interval and n, or why there is none; with more `room` how many are unscored too.

    Without any `room` the interval is left to the alt text.
    """
    n = _scored(row)
    interval = net_sentiment_interval(row.positive, row.negative, n)
    net = net_sentiment(row.positive, row.negative, n)
    rest = f", {number(row.unscored)} unscored" if row.unscored and room > 1 else ""
    if interval is None or net is None:
        return f"nothing scored (n 0{rest})"
    if not room:
        return f"{signed(net)}  (n {number(n)})"
    return f"{signed(net)}  ({interval_words(*interval)}, n {number(n)}{rest})"


def _alt(ranked: Sequence[SourceCount], title: str, by: str) -> str:
    if not ranked:
        return f"{title}: no mentions."
    parts = [f"{_named(row, by)} {_figure(row).replace('  ', ' ')}" for row in ranked]
    return f"{title}, net sentiment with 95 % interval: {'; '.join(parts)}."
