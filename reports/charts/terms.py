"""Draw which words rose and which fell, in stories more or fewer than usual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

from reports.charts.canvas import NAMED, bars, canvas
from reports.charts.glyphs import drawable, fonts_for
from reports.hostile import excerpt
from reports.wording import signed, span_facts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from listener.search.records import TermRow
    from reports.charts.style import Chart, Look

__all__ = ["draw_terms"]

_MOST_RISEN: Final = 10
_MOST_FALLEN: Final = 5
_ROW: Final = 27
_HEAD: Final = 74
_LOWEST: Final = 150
_LONGEST_TERM: Final = 26


def draw_terms(
    rows: Sequence[TermRow],
    *,
    brand: str,
    since: datetime | None = None,
    until: datetime | None = None,
    time_zone: str | None = None,
    is_known: bool = True,
    **look: Unpack[Look],
) -> Chart:
    """Draw the words that rose most and fell most, by excess: stories now minus stories expected.

    Beside each bar stand the stories now and those usual for as long a span. Where
    nothing is known of the time before (`is_known` false) the chart says that instead.
    """
    risen = sorted((row for row in rows if row.excess > 0), key=lambda row: (-row.excess, row.term))[:_MOST_RISEN]
    fallen = sorted((row for row in rows if row.excess < 0), key=lambda row: (row.excess, row.term))[:_MOST_FALLEN]
    shown = [*risen, *reversed(fallen)]
    title = f"{brand}: what is said more and less than usual"
    look.setdefault("height", max(_LOWEST, _HEAD + _ROW * len(shown)))
    with canvas(look) as picture:
        colours = picture.colours
        facts = (
            "stories more or fewer than expected from the four spans before" if shown else _nothing(is_known=is_known)
        )
        picture.head(title, [*span_facts(since, until, time_zone), facts])
        spare = picture.height - picture.top - 20 - _ROW * max(len(shown), 1)
        terms, left = picture.fitted([drawable(excerpt(row.term, _LONGEST_TERM)) for row in shown], most=NAMED)
        figures, right = picture.fitted([_figure(row) for row in shown], size=8.5)
        axes = picture.panel(left=left, top=picture.top + 4, right=right, bottom=14 + max(0, spare))
        axes.spines["bottom"].set_visible(False)
        lowest = min((row.excess for row in shown), default=0.0)
        highest = max((row.excess for row in shown), default=1.0)
        axes.set(xlim=(min(lowest, 0.0), max(highest, 0.0) or 1.0), ylim=(max(len(shown), 1) - 0.5, -0.5))
        axes.axvline(0, color=colours.quiet, linewidth=0.8)
        for place, row in enumerate(shown):
            colour = colours.series[2] if row.excess > 0 else colours.neutral
            low, high = sorted((0.0, row.excess))
            bars(axes, [(low, high)], [place - 0.34], [place + 0.34], facecolor=colour, linewidth=0)
            picture.beside(axes, place, terms[place], family=fonts_for(terms[place]))
            picture.beside(axes, place, figures[place], right=True, size=8.5, color=colours.quiet)
        return picture.finish(
            kind="terms",
            brands=(brand,),
            title=title,
            alt=_alt(risen, fallen, title, _nothing(is_known=is_known)),
            since=since,
            until=until,
        )


def _figure(row: TermRow) -> str:
    expected = "none" if row.expected == 0 else "under 1" if row.expected < 1 else f"about {row.expected:,.0f}"
    return f"{signed(row.excess)}  ({row.now:,} now, expected {expected})"


def _nothing(*, is_known: bool) -> str:
    """Say why there is no bar."""
    return "nothing stands out" if is_known else "no comparison can be made: nothing is known of the time before"


def _alt(risen: Sequence[TermRow], fallen: Sequence[TermRow], title: str, nothing: str) -> str:
    parts = []
    for word, rows in (("rose", risen), ("fell", fallen)):
        if rows:
            named = "; ".join(f"{row.term} {_figure(row).replace('  ', ' ')}" for row in rows)
            parts.append(f"{word}: {named}")
    return f"{title}. {'. '.join(part.capitalize() for part in parts) or nothing.capitalize()}."
