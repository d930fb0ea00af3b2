"""Draw share of voice: one level bar a brand, the largest first, each with its figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

from listener.intervals import WHOLE
from reports.charts.canvas import NAMED, bars, canvas
from reports.charts.glyphs import drawable, fonts_for
from reports.hostile import excerpt
from reports.wording import count, coverage_percent, share_words, span_facts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from listener.search.records import ShareRow
    from reports.charts.style import Chart, Look

__all__ = ["draw_share"]

_LONGEST_NAME: Final = 22
_MOST: Final = 14
_ROW: Final = 42
_HEAD: Final = 76
_LOWEST: Final = 140


def draw_share(
    rows: Sequence[ShareRow],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    time_zone: str | None = None,
    **look: Unpack[Look],
) -> Chart:
    """Draw the share of voice of own brand and competitors.

    Where no height is given the picture is as high as its bars need. Own brands are coloured, competitors grey; a brand that was not wholly read
    says so beside its figure. Beyond `_MOST` brands the smallest are left to the text.
    """
    ranked = sorted(rows, key=lambda row: (-row.mentions, row.brand))
    shown = ranked[:_MOST]
    everything = sum(row.mentions for row in rows)
    title = "Share of voice"
    look.setdefault("height", max(_LOWEST, _HEAD + _ROW * len(shown)))
    with canvas(look) as picture:
        colours = picture.colours
        left_out = [f"{count(len(ranked) - len(shown), 'smaller brand')} not shown"] if ranked[_MOST:] else []
        dated = span_facts(since, until, time_zone)
        n = f"{'share' if dated else 'Share'} of {count(everything, 'mention')} of {count(sum(row.is_known for row in rows), 'brand')}"
        picture.head(title, [*dated, n, *left_out])
        spare = picture.height - picture.top - 20 - _ROW * max(len(shown), 1)
        weights = ["bold" if row.kind == "own" else "normal" for row in shown]
        names = [drawable(excerpt(row.brand, _LONGEST_NAME)) for row in shown]
        names, left = picture.fitted(names, weights=weights, most=NAMED)
        wholly, briefly = ([_figure(row, everything, briefly=brief) for row in shown] for brief in (False, True))
        figures, right = picture.fitted(wholly, briefly)
        axes = picture.panel(left=left, top=picture.top + 6, right=right, bottom=14 + max(0, spare))
        axes.spines["bottom"].set_visible(False)
        axes.set(
            xlim=(0, max((row.share or 0 for row in shown), default=0) or 1), ylim=(max(len(shown), 1) - 0.5, -0.5)
        )
        for place, row in enumerate(shown):
            colour = colours.positive if row.kind == "own" else colours.neutral
            bars(axes, [(0.0, row.share or 0.0)], [place - 0.32], [place + 0.32], facecolor=colour, linewidth=0)
            picture.beside(axes, place, names[place], family=fonts_for(names[place]), weight=weights[place])
            axes.annotate(
                figures[place], (row.share or 0.0, place), xytext=(6, 0), textcoords="offset points", va="center"
            )
        return picture.finish(
            kind="share",
            brands=tuple(row.brand for row in rows),
            title=title,
            alt=_alt(ranked, everything),
            since=since,
            until=until,
        )


def _figure(row: ShareRow, everything: int, *, briefly: bool = False) -> str:
    if not row.is_known:
        return "not known"
    if row.share is None:
        return "no mentions"
    is_whole = row.coverage is None or row.coverage >= WHOLE
    gap = "" if row.coverage is None or is_whole or briefly else f", {coverage_percent(row.coverage)} read"
    return f"{share_words(row.share, row.mentions, everything)}  (n {row.mentions:,}{gap})"


def _alt(ranked: Sequence[ShareRow], everything: int) -> str:
    if not any(row.is_known for row in ranked):
        return "Share of voice: nothing was read, so nothing is known."
    if not everything and all(row.is_known for row in ranked):
        return "Share of voice: no brand was mentioned."
    parts = [f"{row.brand} {_figure(row, everything).replace('  ', ' ')}" for row in ranked]
    return f"Share of voice over {count(everything, 'mention')}: {'; '.join(parts)}."
