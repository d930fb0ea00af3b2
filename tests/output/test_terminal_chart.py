"""A trend drawn with the characters of a terminal: exact bars, nothing unknown drawn as zero."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from listener.cli.width import display_width
from listener.search.records import Trend, TrendBucket
from reports.terminal import draw_in_terminal

START = datetime(2026, 11, 1, tzinfo=UTC)
NAMES = ("mentions", "stories", "positive", "neutral", "negative", "no_evidence", "unscored", "engagement", "reach")


def bucket(place, counts, *, brand="Acme", step=timedelta(days=1), **more):
    """Return a bucket of (positive, neutral, negative, unscored) mentions; None: nothing is known."""
    fields = dict.fromkeys((*NAMES, "mean_score", "net_sentiment"))
    if counts is not None:
        positive, neutral, negative, unscored = counts
        scored = positive + neutral + negative
        fields |= {
            **dict.fromkeys(NAMES, 0),
            "mentions": sum(counts),
            "positive": positive,
            "neutral": neutral,
            "negative": negative,
            "unscored": unscored,
            "net_sentiment": 100 * (positive - negative) / scored if scored else None,
        }
    start = START + place * step
    known = {"coverage": 0.0 if counts is None else 1.0, **more}
    return TrendBucket(brand=brand, start=start, end=start + step, mean_score_interval=None, **fields, **known)


def trend(*buckets, by="day"):
    return Trend(
        brands=tuple(dict.fromkeys(one.brand for one in buckets)),
        by=by,
        time_zone="UTC",
        since=buckets[0].start,
        until=buckets[-1].end,
        buckets=buckets,
        totals=(),
    )


@pytest.mark.parametrize("width", [12, 20, 33, 40, 80])
@pytest.mark.parametrize("metric", ["mentions", "net_sentiment"])
def test_a_drawing_keeps_to_the_width_of_the_terminal(width, metric):
    """The terminal's twenty columns and more; what is narrower still gets twenty."""
    known = [bucket(place, (3 * place, 2, 5, 1)) for place in range(70)]
    found = trend(
        *known, bucket(70, None), *(bucket(place, (4, 0, 1, 0), brand="株式会社アクメ" * 3) for place in range(70))
    )
    drawn = draw_in_terminal(found, metric=metric, width=width, colour=False)
    assert max(map(display_width, drawn.splitlines())) <= max(20, width)
    assert "┤" in drawn


def body(drawn):
    """Return the lines of the bars, without what stands at their side."""
    return [re.split("[┤│]", line)[1] for line in drawn.splitlines() if "┤" in line or "│" in line]


def column(lines, place):
    return "".join(line.ljust(place + 1)[place] for line in reversed(lines)).rstrip()


@pytest.mark.parametrize("days", [1, 2, 7, 25, 37, 60])
def test_every_bar_is_as_wide_as_the_others(days):
    drawn = draw_in_terminal(trend(*(bucket(i, (5, 0, 0, 0)) for i in range(days))), width=80, colour=False)
    runs = {len(run) for run in re.findall("▓+", body(drawn)[-2])}
    assert len(runs) == 1 or days > 37
    assert all(len(line) <= 80 for line in drawn.splitlines())


def test_the_bands_of_a_bar_stand_on_one_another_from_negative_to_unscored():
    drawn = draw_in_terminal(trend(bucket(0, (10, 10, 10, 10)), bucket(1, (20, 0, 20, 0))), width=60, colour=False)
    first, second = column(body(drawn), 0), column(body(drawn), 6)
    assert re.fullmatch("█+░+▓+·+", first)
    assert re.fullmatch("█+▓+", second)
    assert len(first) == len(second)
    assert abs(first.count("█") - len(first) / 4) <= 1
    assert "40┤" in drawn


def test_what_is_not_known_is_a_question_mark_and_no_zero():
    drawn = draw_in_terminal(trend(bucket(0, (3, 0, 0, 0)), bucket(1, None), bucket(2, (0, 0, 0, 0))), colour=False)
    assert body(drawn)[-1].count("?") == 1
    assert "? nothing known: 1 day" in drawn


def test_partly_read_and_unfinished_buckets_are_named():
    drawn = draw_in_terminal(
        trend(bucket(0, (3, 0, 0, 0), coverage=0.5), bucket(1, (3, 0, 0, 0), partial=True)), colour=False
    )
    assert "partly read: 1 day" in drawn
    assert "the last day is not over" in drawn


def test_brands_have_a_panel_each_on_one_scale():
    drawn = draw_in_terminal(trend(bucket(0, (90, 0, 0, 0)), bucket(0, (9, 0, 0, 0), brand="Globex")), colour=False)
    assert drawn.count("90┤") == 2
    assert [line.split(":")[0] for line in drawn.splitlines() if "by day" in line] == ["Acme", "Globex"]


def test_a_net_sentiment_hangs_below_zero_where_it_is_negative():
    drawn = draw_in_terminal(
        trend(bucket(0, (1, 0, 9, 0)), bucket(1, (9, 0, 1, 0))), metric="net_sentiment", width=40, colour=False
    )
    assert "80┤" in drawn
    assert "\N{MINUS SIGN}80┤" in drawn
    zero = next(i for i, line in enumerate(drawn.splitlines()) if " 0┤" in line)
    assert "█" in drawn.splitlines()[zero + 2]


def test_more_buckets_than_cells_are_joined_and_said_to_be():
    hours = [bucket(i, (1, 0, 1, 0), step=timedelta(hours=1)) for i in range(240)]
    drawn = draw_in_terminal(trend(*hours, by="hour"), width=80, colour=False)
    assert "4 together" in drawn
    assert "8┤" in drawn
    moods = draw_in_terminal(trend(*hours, by="hour"), metric="net_sentiment", width=80, colour=False)
    assert "4 together" in moods


def test_reach_that_shares_a_bar_is_not_added_up():
    hours = [replace(bucket(i, (1, 0, 1, 0), step=timedelta(hours=1)), reach=500 + 20 * (i % 2)) for i in range(240)]
    drawn = draw_in_terminal(trend(*hours, by="hour"), metric="reach", width=80, colour=False)
    assert "the highest of 4" in drawn
    assert "520┤" in drawn  # who writes every hour would be counted four times


def test_joined_means_weigh_what_they_are_of():
    hours = [bucket(i, (10, 0, 0, 0), step=timedelta(hours=1), averaged=10 if i % 4 else 1) for i in range(240)]
    hours = [replace(one, mean_score=0.0 if i % 4 else 1.0) for i, one in enumerate(hours)]
    drawn = draw_in_terminal(trend(*hours, by="hour"), metric="mean_score", width=80, colour=False)
    assert "4 together" in drawn
    assert "0.03┤" in drawn  # 1 of 31, not 10 of 40


def test_nothing_at_all_can_be_drawn():
    for counts in (None, (0, 0, 0, 0)):
        assert draw_in_terminal(trend(bucket(0, counts)), colour=False).endswith("\n")


def test_colours_come_only_where_they_are_wanted():
    some = trend(bucket(0, (3, 1, 1, 0)))
    assert "\x1b[" in draw_in_terminal(some, colour=True)
    assert "\x1b" not in draw_in_terminal(some, colour=False)


def test_a_mark_stands_above_the_bar_that_it_ends_in_and_no_other():
    hour = timedelta(hours=1)
    marks = [(START + timedelta(days=2), "▼"), (START + timedelta(days=4, hours=7), "▽"), (START - hour, "!")]
    found = trend(*(bucket(i, (i + 1, 0, 0, 0)) for i in range(6)))
    plain = draw_in_terminal(found, width=60, colour=False)
    drawn = draw_in_terminal(found, width=60, colour=False, marks=marks)
    head, signs, *rest = drawn.splitlines()
    assert [head, *rest] == plain.splitlines()
    assert signs.split() == ["▼", "▽"]
    labels = next(line for line in rest if "1 Nov" in line)
    first = labels.index("1 Nov") + len("1 Nov") // 2
    between = signs.index("▽") - signs.index("▼")
    assert between % 3 == 0
    assert signs.index("▼") - first == between // 3  # a mark at the end of 2 Nov is above the second of six bars


def test_of_marks_on_one_bar_the_first_is_shown():
    found = trend(*(bucket(i, (5, 0, 0, 0)) for i in range(3)))
    noon = START + timedelta(hours=12)
    drawn = draw_in_terminal(found, width=60, colour=False, marks=[(noon, "▼"), (noon, "▽")])
    assert drawn.splitlines()[1].split() == ["▼"]
