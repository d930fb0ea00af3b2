"""Charts are drawn from records: real pictures of the size that is asked for, no warning in any script."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from PIL import Image

from listener.errors import UsageError
from output.drawing import DRAWN, drawn, share_rows, size_of, source_counts, term
from output.samples import make_episode, make_trend
from reports.charts import (
    KINDS,
    Chart,
    draw_brands,
    draw_episode,
    draw_moods,
    draw_share,
    draw_terms,
    draw_volume,
)

SCRIPTS = {
    "Hindi": "आज़ाद मोबाइल",
    "Urdu": "ایکمی موبائل",
    "Tamil": "எக்மே கைபேசி",
    "Punjabi": "ਐਕਮੀ ਮੋਬਾਈਲ",
    "Japanese": "コカコーラ 携帯",
    "emoji": "Acme 🎉👩‍👩‍👧🏽",
    "formula": r"$\frac{1}{0}$ $ \$",
    "controls": "Ac\x00me\u202e\ud800\r\nBcc",
    "marks": "Z" + "\u0335" * 500,
    "empty": "",
    "long": "very " * 300,
}


def shades_of(chart: Chart) -> int:
    with Image.open(io.BytesIO(chart.data)) as picture:
        return len(picture.convert("RGB").getcolors(1 << 24))


def test_every_kind_of_the_table_is_drawn_here_and_names_itself() -> None:
    assert set(DRAWN) == set(KINDS)
    for kind in KINDS:
        assert drawn(kind).kind == kind


@pytest.mark.parametrize("kind", ["volume", "brands", "episode", "hours", "response", "nps"])
def test_a_chart_is_a_picture_of_800_by_400_unless_told_otherwise(kind: str) -> None:
    chart = drawn(kind)
    assert chart.data.startswith(b"\x89PNG\r\n\x1a\n")
    assert size_of(chart) == (chart.width, chart.height) == (800, 400)
    assert shades_of(chart) > 20


@pytest.mark.parametrize("kind", ["share", "sources", "languages", "terms"])
def test_a_chart_of_bars_is_as_high_as_they_need(kind: str) -> None:
    chart = drawn(kind)
    assert size_of(chart) == (chart.width, chart.height)
    assert chart.width == 800
    assert 140 <= chart.height < 400


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_size_density_and_darkness_are_as_asked(kind: str) -> None:
    chart = drawn(kind, width=480, height=320, scale=2, dark=True)
    assert size_of(chart) == (chart.width, chart.height) == (960, 640)
    with Image.open(io.BytesIO(chart.data)) as dark, Image.open(io.BytesIO(drawn(kind).data)) as light:
        assert max(dark.convert("RGB").getpixel((2, 2))) < 40
        assert min(light.convert("RGB").getpixel((2, 2))) > 240


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_svg_holds_its_title_and_its_description(kind: str) -> None:
    chart = drawn(kind, format="svg")
    tree = ET.fromstring(chart.data)  # noqa: S314 - our own drawing
    spoken = {child.tag.rpartition("}")[2]: child.text for child in tree}
    assert spoken["title"] == chart.title
    assert spoken["desc"] == chart.alt
    assert tree.get("role") == "img"


@pytest.mark.parametrize("kind", ["volume", "terms"])
@pytest.mark.parametrize("form", ["png", "svg"])
def test_the_same_figures_give_the_same_bytes(kind: str, form: str) -> None:
    assert DRAWN[kind](format=form).data == drawn(kind, format=form).data


def test_names_in_many_scripts_share_a_picture_without_a_warning() -> None:
    names = list(SCRIPTS.values())
    rows = [replace(row, brand=name) for row, name in zip(share_rows(*range(len(names), 0, -1)), names, strict=True)]
    trend = make_trend(*names, days=7)
    for chart in (
        draw_share(rows),
        draw_brands(trend),
        draw_terms([term(name, 9, 1) for name in names], brand=names[0]),
        draw_moods([replace(source_counts()[0], name=name) for name in names], brand=names[1]),
        draw_episode(make_episode(brand=names[2], headline=" ".join(names)), trend),
    ):
        assert size_of(chart)[0] == 800


@pytest.mark.parametrize("name", SCRIPTS.values(), ids=SCRIPTS)
def test_a_name_in_any_script_is_drawn_as_a_title_without_a_warning(name: str) -> None:
    chart = draw_volume(make_trend(name, days=3), brand=name, width=320, height=200)
    assert size_of(chart) == (320, 200)


@pytest.mark.parametrize(
    "name", ["\u06a9\u06cc\u0679\u0644\u0648\u0646", "\u05e7\u05d5\u05de\u05e7\u05d5\u05dd", "Acme"]
)
def test_a_title_begins_on_the_left_with_the_brand_whichever_way_its_name_runs(name: str) -> None:
    """A name in Urdu, Hebrew, English: after it stands what is drawn of it, which differs from chart to chart."""
    volume = draw_volume(make_trend(name, days=3), brand=name)
    moods = draw_moods([replace(source_counts()[0])], brand=name)
    first, second = (Image.open(io.BytesIO(chart.data)).convert("L").crop((0, 8, 400, 30)) for chart in (volume, moods))
    begins, ends = 14, 50  # less than any of the names takes
    assert first.crop((begins, 0, ends, 22)).tobytes() == second.crop((begins, 0, ends, 22)).tobytes()
    assert first.crop((begins, 0, ends, 22)).getextrema()[0] < 100
    assert first.tobytes() != second.tobytes()


@pytest.mark.parametrize("by", ["hour", "day", "week", "month"])
def test_buckets_of_every_length_are_drawn(by: str) -> None:
    chart = draw_volume(make_trend(days=62, by=by), brand="Acme", width=400, height=240)
    assert f"by {by}" in chart.alt


@pytest.mark.parametrize("metric", ["mentions", "stories", "mean_score", "net_sentiment", "engagement", "reach"])
def test_every_figure_of_a_trend_can_be_drawn_for_several_brands(metric: str) -> None:
    chart = draw_brands(make_trend("Acme", "Globex", unread=(2,)), metric=metric)
    assert "Acme: " in chart.alt
    assert "Globex: " in chart.alt


def test_a_figure_that_is_none_is_refused_with_the_near_miss() -> None:
    with pytest.raises(UsageError, match='did you mean "mentions"'):
        draw_brands(make_trend(), metric="mention")


@pytest.mark.parametrize(
    "look", [{"format": "pdf"}, {"width": 10}, {"height": 10}, {"width": 100_000}, {"height": 100_000}], ids=str
)
def test_what_cannot_be_drawn_is_refused(look: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        drawn("volume", **look)


def test_the_users_own_matplotlib_settings_change_nothing_and_are_kept() -> None:
    import matplotlib as mpl

    before = DRAWN["volume"]().data
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.bbox": "tight", "text.usetex": False}):
        assert DRAWN["volume"]().data == before
        assert mpl.rcParams["font.size"] == 30


def test_drawing_never_loads_pyplot() -> None:
    program = "import sys, reports.charts, reports.render; raise SystemExit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_png_says_nothing_of_the_program_that_made_it() -> None:
    data = drawn("volume").data
    names, at = [], 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        names.append(data[at + 4 : at + 8])
        at += 12 + length
    assert b"tEXt" not in names
