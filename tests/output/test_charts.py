"""Charts are drawn from records: real pictures, honest words beside them, no warning in any script."""

# ruff: noqa: RUF001 - charts write real minus signs

from __future__ import annotations

import io
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from listener.clock import Bucket, bucket_starts
from listener.errors import UsageError
from listener.search.records import ShareRow, SourceCount, TermRow
from output.samples import UNTIL, ZONE, make_bucket, make_episode, make_trend, make_unread
from reports.charts import (
    KINDS,
    Chart,
    Expectation,
    draw_brands,
    draw_episode,
    draw_heat,
    draw_moods,
    draw_response,
    draw_share,
    draw_survey,
    draw_terms,
    draw_volume,
)
from reports.charts.canvas import canvas
from reports.charts.heat import hourly_means
from reports.responses import Answer
from reports.surveys import figure_of, net_promoter

if TYPE_CHECKING:
    from collections.abc import Callable

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


def share_rows(*counts: int) -> list[ShareRow]:
    total = sum(counts)
    return [
        ShareRow(
            brand=f"Brand {place}",
            kind="own" if place == 0 else "competitor",
            mentions=n,
            share=round(100 * n / total, 1) if total else None,
            positive=0,
            negative=0,
            net_sentiment=None,
            coverage=0.8 if place == 1 else 1.0,
        )
        for place, n in enumerate(counts)
    ]


def source_counts() -> list[SourceCount]:
    rows = (("x", 200, 150, 90, 30, 4), ("reddit", 2, 1, 3, 0, 1), ("mastodon", 0, 0, 0, 0, 6))
    fields = ("positive", "neutral", "negative", "no_evidence", "unscored")
    return [SourceCount(name=name, mentions=sum(n), **dict(zip(fields, n, strict=True))) for name, *n in rows]


def term(word: str, now: int, expected: float) -> TermRow:
    return TermRow(term=word, now=now, before=0, expected=expected, excess=now - expected, zeta=2.0)


def answers() -> list[Answer]:
    asked_at = UNTIL - timedelta(days=3)
    waits = [timedelta(minutes=3 * n * n) for n in range(1, 20)]
    return [Answer(asked_at=asked_at, answered_at=asked_at + wait) for wait in waits] + [
        Answer(asked_at=asked_at, answered_at=None)
    ]


def ratings(day: int) -> list[float]:
    """Return answers of 0 to 10 as tenths: three days without any, then few, then many and better ones."""
    few_or_many = 4 if day < 8 else 45
    return [] if day < 3 else [min(10, (7 * day + 3 * n) % 11 + day // 9) / 10 for n in range(few_or_many)]


def survey(instrument: str, days: int = 30, **look: Any) -> Chart:
    trend = make_trend(days=days, unread=(12, 13))
    figures = [figure_of(instrument, ratings(day)) for day in range(days)]
    whole = figure_of(instrument, [rating for day in range(days) for rating in ratings(day)])
    return draw_survey(trend, figures, whole, brand="Acme", instrument=instrument, **look)


DRAWN: dict[str, Callable[..., Chart]] = {
    "volume": lambda **look: draw_volume(make_trend(unread=(3, 4), partly=(9,)), brand="Acme", **look),
    "brands": lambda **look: draw_brands(make_trend("Acme", "Globex"), **look),
    "share": lambda **look: draw_share(share_rows(60, 40), **look),
    "episode": lambda **look: draw_episode(make_episode(), make_trend(days=2, by="hour", mean=8), **look),
    "sources": lambda **look: draw_moods(source_counts(), brand="Acme", **look),
    "languages": lambda **look: draw_moods(source_counts(), brand="Acme", by="language", **look),
    "hours": lambda **look: draw_heat(make_trend(days=7, by="hour", unread=(3,)), brand="Acme", **look),
    "terms": lambda **look: draw_terms([term("login", 24, 1.2), term("sale", 2, 12)], brand="Acme", **look),
    "response": lambda **look: draw_response(answers(), brand="Acme", now=UNTIL, **look),
    "nps": lambda **look: survey("nps", **look),
    "csat": lambda **look: survey("csat", **look),
    "ces": lambda **look: survey("ces", **look),
}


@cache
def drawn(kind: str, **look: object) -> Chart:
    """Return a chart of a kind; each is drawn once for all tests that only look at it."""
    return DRAWN[kind](**look)


def size_of(chart: Chart) -> tuple[int, int]:
    with Image.open(io.BytesIO(chart.data)) as picture:
        picture.load()
        return picture.size


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


def test_the_words_beside_a_volume_chart_say_what_it_shows_in_numbers() -> None:
    trend = make_trend(unread=(3, 4), partly=(9,), is_over=False)
    chart = draw_volume(trend, brand="Acme")
    total = trend.totals[0]
    assert f"{total.mentions:,} mentions in all" in chart.alt
    assert f"{total.positive:,} positive" in chart.alt
    assert f"n {total.scored:,}" in chart.alt
    assert "2 days were not read" in chart.alt
    assert "1 day was only partly read" in chart.alt
    assert "The last day is not over yet" in chart.alt
    assert (chart.since, chart.until, chart.brands) == (trend.since, trend.until, ("Acme",))
    assert chart.coverage == total.coverage


def test_a_brand_nobody_could_read_is_not_said_to_be_silent() -> None:
    blind = draw_volume(make_trend(days=3, unread=(0, 1, 2)), brand="Acme")
    silent = draw_volume(make_trend(days=3, mean=0), brand="Acme")
    assert "nothing is known" in blind.alt
    assert "no mentions" in silent.alt
    assert blind.data != silent.data


def test_a_gap_changes_the_picture_and_zero_mentions_do_not_look_like_one() -> None:
    pictures = {
        draw_volume(trend, brand="Acme").data
        for trend in (make_trend(mean=0), make_trend(mean=0, unread=(5,)), make_trend(mean=0, partly=(5,)))
    }
    assert len(pictures) == 3


def test_an_empty_trend_is_drawn_and_said_to_hold_nothing() -> None:
    empty = replace(make_trend(), buckets=(), totals=())
    assert size_of(draw_volume(empty, brand="Acme")) == (800, 400)
    assert "nothing is known" in draw_volume(empty, brand="Acme").alt
    assert size_of(draw_brands(replace(empty, brands=()))) == (800, 400)


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


def test_days_alike_have_neither_most_nor_fewest() -> None:
    trend = make_trend(days=3)
    alike = [make_bucket(Bucket(start=one.start, end=one.end), positive=2) for one in trend.buckets]
    alt = draw_volume(replace(trend, buckets=tuple(alike)), brand="Acme").alt
    assert "6 mentions in all. 6 positive" in alt


def test_days_that_are_to_come_are_not_told_as_unread() -> None:
    trend = make_trend(days=5, is_over=False, unread=(0,))
    ahead = [replace(make_unread(one), coverage=None, partial=True) for one in trend.buckets[3:]]
    begun = replace(trend.buckets[2], partial=True)
    early = replace(trend, buckets=(*trend.buckets[:2], begun, *ahead))
    drawn_early = (draw_volume(early, brand="Acme"), draw_brands(early))
    for chart, unread in zip(drawn_early, ("1 day was not read.", "1 day not wholly read."), strict=True):
        assert f"{unread} The last 3 days are not over yet." in chart.alt
        assert "not known" not in chart.alt


def test_share_of_voice_says_each_share_its_n_and_what_was_not_read() -> None:
    alt = draw_share(share_rows(612, 388)).alt
    assert "Brand 0 61.2 % (n 612)" in alt
    assert "Brand 1 38.8 % (n 388, 80 % read)" in alt
    assert "no brand was mentioned" in draw_share(share_rows(0, 0)).alt


def test_many_brands_are_drawn_as_far_as_they_fit_and_all_are_named() -> None:
    chart = draw_share(share_rows(*range(40, 0, -1)))
    assert size_of(chart)[0] == 800
    assert "Brand 39" in chart.alt


def test_an_episode_shows_its_band_bucket_by_bucket_where_it_is_known() -> None:
    trend = make_trend(days=2, by="hour", mean=8)
    usual = [Expectation(start=b.start, expected=7, low=2, high=13) for b in trend.buckets]
    over = make_episode(resolved_at=UNTIL, state="resolved")
    assert draw_episode(over, trend, usual=usual).data != draw_episode(over, trend).data
    alt = draw_episode(over, trend).alt
    assert "Observed 40, expected 7 (usually 2 to 13)." in alt
    assert "over since 20 Nov 2026, 00:00" in alt
    assert "still open" in draw_episode(make_episode(), trend).alt


def test_an_alert_on_stories_is_drawn_in_stories_as_its_usual_range_is() -> None:
    trend = make_trend(days=2, by="hour", mean=8)
    copied = replace(trend, buckets=tuple(replace(one, mentions=9 * (one.mentions or 0)) for one in trend.buckets))
    for rule in ("spike", "silence"):
        episode = make_episode(rule=rule)
        assert draw_episode(episode, copied).alt == draw_episode(episode, trend).alt
    assert draw_episode(make_episode(), trend).title == "Acme: stories by hour"


def test_an_alert_on_mood_is_drawn_as_a_share_and_not_as_mentions() -> None:
    mood = make_episode(rule="sentiment", observed=0.82, expected=0.18, interval=(0.05, 0.41), peak=0.9)
    trend = make_trend(days=2, by="hour", mean=8)
    alt = draw_episode(mood, trend).alt
    assert "Observed 82 %, expected 18 % (usually 5 % to 41 %)." in alt
    assert "Highest negative share in 6 hours shown: " in alt
    renamed = replace(mood, rule="our own rule")
    assert draw_episode(renamed, trend).data == draw_episode(mood, trend).data
    assert draw_episode(renamed, trend, kind="blind").title == "Acme: share that was read in 6 hours"


def test_an_alert_that_the_trend_does_not_hold_is_drawn_without_a_usual_range() -> None:
    loud = make_episode(rule="reach", observed=250_000, expected=100_000, interval=(0, 100_000))
    assert "usually" not in draw_episode(loud, make_trend(days=2, by="hour")).alt


def test_sentiment_by_source_names_n_and_what_could_not_be_scored() -> None:
    alt = drawn("sources").alt
    assert "X +23 (+17 to +30, n 470, 4 unscored)" in alt
    assert "Mastodon nothing scored (n 0, 6 unscored)" in alt
    assert draw_moods([], brand="Acme").alt == "Acme: sentiment by source: no mentions."


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


@pytest.mark.parametrize("width", [360, 480])
def test_no_word_beside_a_bar_is_cut_off_by_the_edge_of_a_narrow_picture(width: int) -> None:
    for chart in wide_names(width=width):
        picture = Image.open(io.BytesIO(chart.data)).convert("RGB")
        for left in (0, width - 3):
            edge = picture.crop((left, 0, left + 3, picture.height))
            assert len(edge.getcolors() or ()) == 1, f"{chart.title} touches the edge at {left}"


def edges_of(chart: Chart) -> list[int]:
    """Return how many colours the outermost columns at either side of a picture have."""
    picture = Image.open(io.BytesIO(chart.data)).convert("RGB")
    strips = [picture.crop((left, 0, left + 3, picture.height)) for left in (0, picture.width - 3)]
    return [len(strip.getcolors() or ()) for strip in strips]


def test_no_name_beside_a_line_runs_out_of_the_picture() -> None:
    assert edges_of(draw_brands(make_trend("W" * 16, "M" * 30))) == [1, 1]


@pytest.mark.parametrize("reach", [3_000_000, 250_000_000, 12_000_000_000_000])
def test_no_scale_of_large_counts_runs_out_of_the_picture(reach: int) -> None:
    trend = make_trend("Acme")
    loud = tuple(replace(bucket, reach=reach) for bucket in trend.buckets)
    assert edges_of(draw_brands(replace(trend, buckets=loud), metric="reach")) == [1, 1]


def test_the_interval_of_a_day_alone_is_seen() -> None:
    def panel(felt: int) -> bytes:
        """Return the lower half of the chart of one day with as many good as bad among forty mentions."""
        trend = make_trend("Acme", days=1)
        day = replace(trend.buckets[0], positive=felt, negative=felt, neutral=40 - 2 * felt, no_evidence=0, unscored=0)
        chart = draw_volume(replace(trend, buckets=(replace(day, net_sentiment=0.0),)), brand="Acme")
        return Image.open(io.BytesIO(chart.data)).convert("RGB").crop((60, 270, 780, 360)).tobytes()

    assert panel(1) != panel(15)


def test_no_n_beside_a_bar_of_a_narrow_picture_is_cut_off() -> None:
    figures = ["+22  (+11 to +33, n 182)", "−50  (−54 to −47, n 9,998)"]
    with canvas({"width": 480}) as picture:
        for texts in (figures, ["100.0 %  (n 1,234,567)"]):
            assert picture.fitted(texts, size=8.5)[0] == texts
        (cut,), room = picture.fitted(["W" * 200])
        assert cut.endswith("\N{HORIZONTAL ELLIPSIS}")
        assert room < 480 / 2


def test_brands_side_by_side_tell_what_is_known_with_n_and_interval() -> None:
    trend = make_trend("Acme", unread=(2,))
    total = replace(trend.totals[0], mean_score=-0.2, mean_score_interval=(-0.3, -0.1))
    trend = replace(trend, totals=(total,))
    said = draw_brands(trend, metric="mean_score").alt
    assert "Acme: \N{MINUS SIGN}0.20 (95 % interval \N{MINUS SIGN}0.30 to \N{MINUS SIGN}0.10, n 1,077)" in said
    assert "Acme: +3 (95 % interval \N{MINUS SIGN}1 to +8, n 1,077)" in draw_brands(trend, metric="net_sentiment").alt
    contradicted = replace(trend, totals=(replace(total, averaged=1_070),))
    assert "0.10, n 1,070)" in draw_brands(contradicted, metric="mean_score").alt
    assert "1 day not wholly read" in draw_brands(trend).alt
    known = [replace(one, coverage=None) for one in trend.buckets]
    unknown = replace(trend, buckets=tuple(known), totals=tuple(replace(one, coverage=None) for one in trend.totals))
    alt = draw_brands(unknown).alt
    assert "1 day not known" in alt
    assert "not wholly read" not in alt


def test_the_heat_map_does_not_call_hours_read_of_which_that_is_not_known() -> None:
    zone = ZoneInfo(ZONE)
    buckets = [replace(one, coverage=None) for one in make_trend(days=2, by="hour").buckets]
    trend = replace(make_trend(days=2, by="hour"), buckets=tuple(buckets))
    alt = draw_heat(trend, brand="Acme").alt
    assert len(hourly_means(buckets, zone)) == 48
    assert "an hour in which any were found on average" in alt
    assert "120 hours of the week not known." in alt
    assert "read" not in alt


def test_the_heat_map_takes_means_over_hours_that_were_read() -> None:
    zone = ZoneInfo(ZONE)
    spans = bucket_starts(UNTIL - timedelta(days=14), UNTIL, "hour", zone)
    friday_nine = [span for span in spans if (local := span.start.astimezone(zone)).weekday() == 4 and local.hour == 9]
    buckets = [make_bucket(friday_nine[0], positive=10), make_unread(friday_nine[1])]
    assert hourly_means(buckets, zone) == {(4, 9): (10.0, 1)}
    trend = replace(make_trend(days=14, by="hour"), buckets=tuple(buckets))
    assert "busiest Friday 09:00 (10 an hour, 1 hour read). 167 hours of the week never read." in (
        draw_heat(trend, brand="Acme").alt
    )
    with pytest.raises(UsageError, match="by hour"):
        draw_heat(make_trend(), brand="Acme")


def test_the_heat_map_calls_no_hour_busy_in_which_nobody_spoke() -> None:
    first, second, *_ = bucket_starts(UNTIL - timedelta(hours=2), UNTIL, "hour", ZoneInfo(ZONE))
    trend = make_trend(days=1, by="hour")
    one = replace(trend, buckets=(make_bucket(first), make_bucket(second, positive=2)))
    none = replace(trend, buckets=(make_bucket(first), make_bucket(second)))
    assert "1.0 an hour on average; busiest Thursday 23:00 (2.0 an hour, 1 hour read). 166" in (
        draw_heat(one, brand="Acme").alt
    )
    assert "0 an hour on average. 166 hours of the week never read." in draw_heat(none, brand="Acme").alt


@pytest.mark.parametrize(("mean", "said"), [(12.4, "12"), (3.21, "3.2"), (0.5, "0.5"), (0.044, "0.044"), (0, "0")])
def test_the_heat_map_writes_small_means_so_that_they_differ(mean: float, said: str) -> None:
    zone = ZoneInfo(ZONE)
    span = bucket_starts(UNTIL - timedelta(hours=1), UNTIL, "hour", zone)[0]
    bucket = replace(make_bucket(span), mentions=mean)
    trend = replace(make_trend(days=1, by="hour"), buckets=(bucket,))
    assert f": {said} an hour on average" in draw_heat(trend, brand="Acme").alt


def test_terms_that_rose_and_fell_are_told_with_both_counts() -> None:
    alt = drawn("terms").alt
    assert "Rose: login +23 (24 now, expected about 1)" in alt
    assert "Fell: sale −10 (2 now, expected about 12)" in alt
    assert "Nothing stands out" in draw_terms([], brand="Acme").alt
    unread = draw_terms([], brand="Acme", is_known=False).alt
    assert unread.endswith(". No comparison can be made: nothing was read of the time before.")
    assert "stands out" not in unread


def test_the_response_chart_counts_those_who_wait() -> None:
    alt = drawn("response").alt
    assert "20 mentions, 1 still waiting. Half were answered within 5 hours." in alt
    assert "nothing to answer" in draw_response([], brand="Acme", now=UNTIL).alt


def test_the_response_chart_takes_an_answer_in_the_same_second_for_one() -> None:
    at_once = Answer(asked_at=UNTIL, answered_at=UNTIL)
    alt = draw_response([at_once], brand="Acme", now=UNTIL).alt
    assert "1 mention, 0 still waiting. Half were answered within 1 minute." in alt


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


def test_a_survey_says_its_figure_with_interval_and_n_and_where_nobody_answered() -> None:
    trend = make_trend(days=3)
    tenths = [1.0] * 30 + [0.8] * 10 + [0.3] * 10
    figures = [None, net_promoter(tenths), net_promoter([0.9])]
    alt = draw_survey(trend, figures, net_promoter([*tenths, 0.9]), brand="Acme", instrument="nps").alt
    assert "Net Promoter Score by day" in alt
    # 31 promoters and 10 detractors of 51: 100 x 21 / 51
    assert "+41 (95 % interval" in alt
    assert "n 51)" in alt
    assert "Highest on 19 Nov: +100" in alt
    assert "Lowest on 18 Nov: +40" in alt
    assert "1 day without answers." in alt


def test_a_survey_that_nobody_answered_is_drawn_and_said_to_be_so() -> None:
    empty = draw_survey(make_trend(days=3, unread=(1,)), [None] * 3, None, brand="Acme", instrument="ces")
    assert "no answers." in empty.alt
    assert "1 day was not read." in empty.alt


def test_few_answers_look_another_way_than_many() -> None:
    trend = make_trend(days=2)
    few, many = net_promoter([1.0, 0.5] * 5), net_promoter([1.0, 0.5] * 50)
    drawings = {
        draw_survey(trend, [one, one], None, brand="Acme", instrument="nps", format="svg").data for one in (few, many)
    }
    assert len(drawings) == 2
