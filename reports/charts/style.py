"""Give every chart the same look: colours, type sizes, the switch to dark.

Colours are those of Okabe and Ito (2008, jfly.uni-koeln.de/color), which people with
any common colour blindness tell apart. Positive is blue and negative vermilion, never
green and red, and where two bands touch they differ in lightness as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypedDict

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "DARK",
    "LIGHT",
    "MAIL_LOOK",
    "Chart",
    "Look",
    "Palette",
    "palette",
    "style_of",
]


class Look(TypedDict, total=False):
    """Say how a chart is wanted: every drawing function takes these.

    `format` is png (the default) or svg. `width` and `height` are in pixels, 800 x 400
    where not given; `scale` multiplies the pixels of a PNG for dense screens.
    """

    format: Literal["png", "svg"]
    width: int
    height: int
    scale: int
    dark: bool


MAIL_LOOK: Final[Look] = {"format": "png", "width": 480, "height": 320, "scale": 2}
"""The look of charts in mails: narrow enough to be read on a phone, sharp enough for dense screens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Hold a drawn chart and what it shows.

    `alt` says in words and numbers what the picture says. `since` and `until` are
    the half-open span it covers; `coverage` is the read share of it, 0 to 1, None
    where unknown or where the chart is of several brands.
    """

    kind: str
    brands: tuple[str, ...]
    title: str
    alt: str
    format: str
    data: bytes
    width: int
    height: int
    since: datetime | None = None
    until: datetime | None = None
    coverage: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Hold the colours of one variant.

    `series` are for brands, told apart by dashes as well; `heat` is the ramp from
    none to most.
    """

    paper: str
    ink: str
    quiet: str
    grid: str
    shade: str
    positive: str
    neutral: str
    negative: str
    unscored: str
    line: str
    series: tuple[str, ...]
    heat: tuple[str, str]


LIGHT: Final = Palette(
    paper="#ffffff",
    ink="#1c2229",
    quiet="#59636e",
    grid="#e3e7eb",
    shade="#8a949e",
    positive="#0072b2",
    neutral="#c3cad1",
    negative="#d55e00",
    unscored="#f1f3f5",
    line="#1c2229",
    series=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8c6d00", "#56b4e9", "#59636e"),
    heat=("#eef3f7", "#08457e"),
)
DARK: Final = Palette(
    paper="#14181d",
    ink="#e8ecf0",
    quiet="#a3adb8",
    grid="#2b323a",
    shade="#8a949e",
    positive="#56b4e9",
    neutral="#66707b",
    negative="#e8833a",
    unscored="#262d35",
    line="#e8ecf0",
    series=("#56b4e9", "#e8833a", "#2bc59b", "#e39ac3", "#f0e442", "#8cb4ff", "#a3adb8"),
    heat=("#1d242c", "#8fd0ff"),
)


def palette(*, dark: bool) -> Palette:
    """Return the colours of the dark or the light variant."""
    return DARK if dark else LIGHT


def style_of(colours: Palette) -> dict[str, object]:
    """Return matplotlib's settings for this look; nothing else of the user's settings counts.

    `svg.hashsalt` is fixed, so that the same figures give the same bytes.
    """
    return {
        "font.family": ["DejaVu Sans"],
        "font.size": 9.0,
        "figure.facecolor": colours.paper,
        "axes.facecolor": colours.paper,
        "axes.edgecolor": colours.quiet,
        "axes.labelcolor": colours.quiet,
        "axes.linewidth": 0.8,
        "axes.grid": False,
        "axes.axisbelow": True,
        "axes.unicode_minus": True,
        "grid.color": colours.grid,
        "grid.linewidth": 0.8,
        "text.color": colours.ink,
        "text.usetex": False,
        "xtick.color": colours.quiet,
        "ytick.color": colours.quiet,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "xtick.major.size": 3.0,
        "ytick.major.size": 0.0,
        "hatch.linewidth": 0.7,
        "lines.solid_capstyle": "round",
        "path.simplify": True,
        "svg.hashsalt": "listener",
        "svg.fonttype": "path",
    }
