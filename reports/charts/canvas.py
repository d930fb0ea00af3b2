"""Open a picture, lay out its head and panels in pixels, and turn it into bytes.

Only Figure objects and the Agg canvas are used, never pyplot, which keeps global
state and every figure ever made. matplotlib's settings are global too: a
lock lets one thread draw at a time, and the settings are put back afterwards.
"""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis, YAxis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from listener.errors import UsageError
from reports.charts.glyphs import drawable, fonts_for
from reports.charts.style import Chart, Look, palette, style_of
from reports.hostile import clean_line, direction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from matplotlib.patches import Patch
    from matplotlib.text import Text

    from reports.charts.style import Palette

__all__ = ["NAMED", "Canvas", "bars", "canvas"]

_DPI: Final = 100
_SMALLEST: Final = (320, 140)
_LARGEST: Final = (4_000, 4_000)
_MARGIN: Final = 14
NAMED: Final = 1 / 3
"""The share of a picture that names beside bars take at most; the figures on the other side may take more."""

_SWATCH: Final = 16
_KEY_LINE: Final = 20
_BETWEEN: Final = " \N{MIDDLE DOT} "
_PNG_EFFORT: Final = 3
"""Of zlib's nine: more takes twice the time and makes the file a twentieth smaller."""

_BAR: Final = (Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY)
_LOCK: Final = threading.RLock()


class _NoTicks(Axis):
    """Hold the limits and the scale of an axis and draw nothing: scales are written by hand."""

    def draw(self, renderer: Any, *_: Any, **__: Any) -> None:
        """Draw nothing."""

    def set_tick_params(self, *_: Any, **__: Any) -> None:
        """Leave ticks unmade: asked for how they look, matplotlib makes one to try it on."""

    def set_clip_path(self, path: Any, transform: Any = None) -> None:
        """Clip the axis itself; the ticks it could be asked for are not made for that."""
        Artist.set_clip_path(self, path, transform)


class _LevelAxis(_NoTicks, XAxis):
    """Be the level axis of a panel."""


class _UprightAxis(_NoTicks, YAxis):
    """Be the upright axis of a panel."""


class _Panel(Axes):
    """Be axes whose scales are written by hand (`mark_level`, `mark_upright`).

    Making and drawing matplotlib's own ticks took half of the time of a chart.
    """

    def _init_axis(self) -> None:
        """Make both axes, as matplotlib's manual of custom projections has it."""
        self.xaxis = _LevelAxis(self, clear=False)
        self.yaxis = _UprightAxis(self, clear=False)
        for side in ("bottom", "top"):
            self.spines[side].register_axis(self.xaxis)
        for side in ("left", "right"):
            self.spines[side].register_axis(self.yaxis)


class Canvas:
    """Hold one picture under way; made by `canvas`, ended by `finish`.

    Positions are pixels from the top left, as a reader of the code would measure
    them on the picture.
    """

    def __init__(self, look: Look, colours: Palette) -> None:
        """Open an empty picture of the size and colours asked for."""
        self.format = look.get("format", "png")
        self.width = look.get("width", 800)
        self.height = look.get("height", 400)
        self.scale = look.get("scale", 1)
        self.colours = colours
        self.figure = Figure(figsize=(self.width / _DPI, self.height / _DPI), dpi=_DPI)
        self._renderer: Any = FigureCanvasAgg(self.figure).get_renderer()  # type: ignore[no-untyped-call]  # untyped in matplotlib's stubs
        self.top = _MARGIN

    def panel(self, *, left: float, top: float, right: float, bottom: float) -> Axes:
        """Add axes; `right` and `bottom` are distances from the picture's edges.

        They draw no scale: `mark_level` and `mark_upright` write one.
        """
        rectangle = (
            left / self.width,
            bottom / self.height,
            (self.width - left - right) / self.width,
            (self.height - top - bottom) / self.height,
        )
        axes = _Panel(self.figure, rectangle)
        self.figure.add_axes(axes)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_position(("outward", 0.0))  # at the edge, which drawing a scale would have settled
        return axes

    def write(self, text: str, *, x: float, y: float, **look: Any) -> Text:
        """Put cleaned text with its top left corner at (x, y); `look` is matplotlib's for texts."""
        shown = drawable(text)
        return self.figure.text(x / self.width, 1 - y / self.height, shown, va="top", family=fonts_for(shown), **look)

    def width_of(self, text: Text) -> float:
        """Return the width in pixels that a text takes as drawn."""
        return float(text.get_window_extent(self._renderer).width)

    def head(self, title: str, facts: Sequence[str]) -> None:
        """Write the title, cut where it would run out of the picture, and the facts below it.

        The facts stand on one line, on more where they do not fit.
        """
        self._line(title, size=11.5, weight="bold", step=21)
        line = _BETWEEN.join(facts)
        if not self._fits(line):
            line = ""
            for fact in facts:
                longer = f"{line}{_BETWEEN}{fact}" if line else fact
                if line and not self._fits(longer):
                    self._line(line, size=8.5, color=self.colours.quiet, step=15)
                    longer = fact
                line = longer
        self._line(line, size=8.5, color=self.colours.quiet, step=20)

    def _fits(self, text: str) -> bool:
        tried = self.write(text, x=_MARGIN, y=self.top, size=8.5)
        fits = self.width_of(tried) <= self.width - 2 * _MARGIN
        tried.remove()
        return fits

    def _line(self, text: str, *, step: int, **look: Any) -> None:
        """Write one line of the head; what does not fit is cut off and marked by an ellipsis."""
        room = self.width - 2 * _MARGIN
        shown = _from_the_left(clean_line(text))
        written = self.write(shown, x=_MARGIN, y=self.top, **look)
        while self.width_of(written) > room and len(shown) > 1:
            fitting = int(len(shown) * room / self.width_of(written))
            shown = shown[: max(1, min(fitting, len(shown) - 1) - 1)].rstrip()
            written.set_text(drawable(f"{shown}\N{HORIZONTAL ELLIPSIS}"))
        self.top += step

    def key(self, entries: Sequence[tuple[Patch, str]]) -> None:
        """Lay out a key below the head: a swatch and a word each, on as many lines as it takes."""
        left = _MARGIN
        for swatch, label in entries:
            words = self.write(label, x=left + _SWATCH + 6, y=self.top, size=8.5)
            end = left + _SWATCH + 6 + self.width_of(words)
            if end > self.width - _MARGIN and left > _MARGIN:
                left, end = _MARGIN, end - left + _MARGIN
                self.top += _KEY_LINE
                words.set_position(((left + _SWATCH + 6) / self.width, 1 - self.top / self.height))
            self._place(swatch, left)
            left = int(end) + 16
        self.top += _KEY_LINE if entries else 0

    def _place(self, swatch: Patch, left: float) -> None:
        """Give a swatch its place on the line of the key and draw it there."""
        box = Rectangle((left / self.width, 1 - (self.top + 12) / self.height), _SWATCH / self.width, 10 / self.height)
        box.update_from(swatch)
        box.set_transform(self.figure.transFigure)
        self.figure.add_artist(box)

    def fitted(
        self, *choices: Sequence[str], size: float = 9.0, weights: Sequence[str] = (), most: float = 0.4
    ) -> tuple[list[str], float]:
        """Return drawable texts to stand beside bars, and the pixels that the widest takes with its margins.

        None is wider than the share `most` of the picture: the first of `choices` that fits
        is taken, and where none does the last, cut off and marked by an ellipsis.
        """
        most *= self.width
        texts: list[str] = []
        widest = 0.0
        for texts in map(list, choices):
            looks = [{"size": size, "weight": weight} for weight in weights or ["normal"] * len(texts)]
            widths = [self._measured(text, look) for text, look in zip(texts, looks, strict=True)]
            widest = max(widths, default=0.0)
            if widest <= most:
                return texts, widest + 8 + 2 * _MARGIN
        shown = [self._cut(*one, most) for one in zip(texts, looks, widths, strict=True)]
        return shown, most + 8 + 2 * _MARGIN

    def cut_to(self, texts: Sequence[str], most: float, **look: Any) -> list[str]:
        """Return drawable texts of at most `most` pixels as drawn; what is wider is cut off and marked by an ellipsis."""
        return [self._cut(text, look, self._measured(text, look), most) for text in texts]

    def _measured(self, text: str, look: dict[str, Any]) -> float:
        tried = self.figure.text(0, 0, text, family=fonts_for(text), **look)
        width = self.width_of(tried)
        tried.remove()
        return width

    def _cut(self, text: str, look: dict[str, Any], width: float, most: float) -> str:
        kept, shown = text, text
        while width > most and len(kept) > 1:
            kept = kept[: max(1, min(int(len(kept) * most / width), len(kept) - 1) - 1)].rstrip()
            shown = f"{kept}\N{HORIZONTAL ELLIPSIS}"
            width = self._measured(shown, look)
        return shown

    def beside(self, axes: Axes, place: float, text: str, *, right: bool = False, **look: Any) -> None:
        """Write drawable text to the left (or `right`) of level bar number `place`."""
        axes.annotate(
            text,
            (1 if right else 0, place),
            xycoords=axes.get_yaxis_transform(),
            xytext=(8 if right else -8, 0),
            textcoords="offset points",
            ha="left" if right else "right",
            va="center",
            **look,
        )

    def finish(
        self,
        *,
        kind: str,
        brands: tuple[str, ...],
        title: str,
        alt: str,
        since: datetime | None = None,
        until: datetime | None = None,
        coverage: float | None = None,
    ) -> Chart:
        """Draw everything and return the chart; equal figures give equal bytes."""
        data = io.BytesIO()
        if self.format == "svg":
            nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
            self.figure.savefig(data, format="svg", dpi=_DPI, metadata=nothing)
        else:
            effort = {"compress_level": _PNG_EFFORT}
            self.figure.savefig(
                data, format="png", dpi=_DPI * self.scale, metadata={"Software": None}, pil_kwargs=effort
            )
        title, alt = clean_line(title), clean_line(alt)
        return Chart(
            kind=kind,
            brands=brands,
            title=title,
            alt=alt,
            format=self.format,
            data=_described(data.getvalue(), title, alt) if self.format == "svg" else data.getvalue(),
            width=self.width * self.scale,
            height=self.height * self.scale,
            since=since,
            until=until,
            coverage=coverage,
        )


def _from_the_left(text: str) -> str:
    """Return a line of the head so that it is set as the English that it is, where a name in it that runs from right to left is first.

    Fonts are laid out by their first letter with a direction (Unicode Standard Annex 9, rule P2), which a mark then is.
    """
    return f"\N{LEFT-TO-RIGHT MARK}{text}" if direction(text) == "rtl" else text


def _described(svg: bytes, title: str, alt: str) -> bytes:
    """Return the SVG with its title and description inside, for readers that do not see it."""
    words = f'role="img">\n <title>{escape(title)}</title>\n <desc>{escape(alt)}</desc>'
    start = svg.index(b"<svg")
    end = svg.index(b">", start)
    return svg[:end] + b" " + words.encode() + svg[end + 1 :]


@contextmanager
def canvas(look: Look) -> Iterator[Canvas]:
    """Open a picture in the one style; matplotlib's settings are put back at the end.

    Raises UsageError for a format or size that cannot be drawn.
    """
    chosen = look.get("format", "png")
    if chosen not in {"png", "svg"}:
        msg = f'charts cannot be drawn as "{chosen}"; choose png or svg'
        raise UsageError(msg)
    width, height = look.get("width", 800), look.get("height", 400)
    if not (_SMALLEST[0] <= width <= _LARGEST[0] and _SMALLEST[1] <= height <= _LARGEST[1]):
        msg = (
            f"a chart of {width} x {height} pixels cannot be drawn legibly; "
            f"choose {_SMALLEST[0]} to {_LARGEST[0]} wide and {_SMALLEST[1]} to {_LARGEST[1]} high"
        )
        raise UsageError(msg)
    colours = palette(dark=look.get("dark", False))
    settings: Any = style_of(colours)
    with _LOCK, mpl.rc_context():
        now, usual = mpl.rcParams, mpl.rcParamsDefault
        now.update({name: value for name, value in usual.items() if now[name] != value})
        now.update(settings)
        yield Canvas(look, colours)


def bars(
    axes: Axes, spans: Sequence[tuple[float, float]], lows: Sequence[float], highs: Sequence[float], **look: Any
) -> None:
    """Draw upright bars over (left, right) spans as one shape; empty ones are left out.

    One shape is made and drawn many times faster than as many single bars.
    """
    corners = [
        corner
        for (left, right), low, high in zip(spans, lows, highs, strict=True)
        if high > low
        for corner in ((left, low), (left, high), (right, high), (right, low), (left, low))
    ]
    if corners:
        path = Path(corners, _BAR * (len(corners) // len(_BAR)))
        axes.add_artist(PathPatch(path, snap=True, **look))
