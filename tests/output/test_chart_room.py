"""Nothing in a picture is cut off by its edge, however narrow it is and however long names and figures are."""

# ruff: noqa: RUF001 - charts write real minus signs

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from output.drawing import share_rows, source_counts, term
from output.samples import make_trend
from reports.charts import (
    Chart,
    draw_brands,
    draw_moods,
    draw_share,
    draw_terms,
)
from reports.charts.canvas import canvas


def wide_names(**look: Any) -> list[Chart]:
    """Draw bars with long names in wide signs, and long figures beside them."""
    name = "株式会社最高級電気湯沸かし器製造販売"
    rows = [replace(row, brand=f"{name}{row.brand}", mentions=1_234_567, coverage=0.5) for row in share_rows(60, 40)]
    counts = [replace(row, name=f"{name}{row.name}", unscored=123_456) for row in source_counts()]
    return [
        draw_share(rows, **look),
        draw_moods(counts, brand="Acme", **look),
        draw_terms([term(name + name, 12_345, 12_300.0)], brand="Acme", **look),
    ]


def edges_of(chart: Chart) -> list[int]:
    """Return how many colours the outermost columns at either side of a picture have."""
    picture = Image.open(io.BytesIO(chart.data)).convert("RGB")
    strips = [picture.crop((left, 0, left + 3, picture.height)) for left in (0, picture.width - 3)]
    return [len(strip.getcolors() or ()) for strip in strips]


@pytest.mark.parametrize("width", [360, 480])
def test_no_word_beside_a_bar_is_cut_off_by_the_edge_of_a_narrow_picture(width: int) -> None:
    for chart in wide_names(width=width):
        picture = Image.open(io.BytesIO(chart.data)).convert("RGB")
        for left in (0, width - 3):
            edge = picture.crop((left, 0, left + 3, picture.height))
            assert len(edge.getcolors() or ()) == 1, f"{chart.title} touches the edge at {left}"


def test_no_name_beside_a_line_runs_out_of_the_picture() -> None:
    assert edges_of(draw_brands(make_trend("W" * 16, "M" * 30))) == [1, 1]


@pytest.mark.parametrize("reach", [3_000_000, 250_000_000, 12_000_000_000_000])
def test_no_scale_of_large_counts_runs_out_of_the_picture(reach: int) -> None:
    trend = make_trend("Acme")
    loud = tuple(replace(bucket, reach=reach) for bucket in trend.buckets)
    assert edges_of(draw_brands(replace(trend, buckets=loud), metric="reach")) == [1, 1]


def test_no_n_beside_a_bar_of_a_narrow_picture_is_cut_off() -> None:
    figures = ["+22  (+11 to +33, n 182)", "−50  (−54 to −47, n 9,998)"]
    with canvas({"width": 480}) as picture:
        for texts in (figures, ["100.0 %  (n 1,234,567)"]):
            assert picture.fitted(texts, size=8.5)[0] == texts
        (cut,), room = picture.fitted(["W" * 200])
        assert cut.endswith("\N{HORIZONTAL ELLIPSIS}")
        assert room < 480 / 2
