"""What a chart shows, and the words beside it say, is what the records hold: figures, intervals, gaps."""

# ruff: noqa: RUF001 - charts write real minus signs

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from listener.clock import Bucket, bucket_starts
from listener.errors import UsageError
from output.drawing import drawn, share_rows, size_of
from output.samples import UNTIL, ZONE, make_bucket, make_episode, make_trend, make_unread
from reports.charts import (
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
from reports.charts.heat import hourly_means
from reports.responses import Answer
from reports.surveys import net_promoter


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


def test_days_alike_have_neither_most_nor_fewest() -> None:
    trend = make_trend(days=3)
    alike = [make_bucket(Bucket(start=one.start, end=one.end), positive=2) for one in trend.buckets]
    alt = draw_volume(replace(trend, buckets=tuple(alike)), brand="Acme").alt
    assert "6 mentions in all. 6 positive" in alt


def test_a_day_that_was_half_read_is_not_called_the_one_with_fewest() -> None:
    trend = make_trend(days=3)
    spans = [Bucket(start=one.start, end=one.end) for one in trend.buckets]
    buckets = [
        make_bucket(span, positive=n, coverage=read)
        for span, n, read in zip(spans, (1, 4, 9), (0.4, 1.0, 1.0), strict=True)
    ]
    alt = draw_volume(replace(trend, buckets=tuple(buckets)), brand="Acme").alt
    assert "most (9) on 19 Nov, fewest (4) on 18 Nov." in alt
    alone = draw_volume(replace(trend, buckets=tuple(buckets[:2])), brand="Acme").alt
    assert "most (4) on 18 Nov. " in alone
    assert "fewest" not in alone


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


def test_the_interval_of_a_day_alone_is_seen() -> None:
    def panel(felt: int) -> bytes:
        """Return the lower half of the chart of one day with as many good as bad among forty mentions."""
        trend = make_trend("Acme", days=1)
        day = replace(trend.buckets[0], positive=felt, negative=felt, neutral=40 - 2 * felt, no_evidence=0, unscored=0)
        chart = draw_volume(replace(trend, buckets=(replace(day, net_sentiment=0.0),)), brand="Acme")
        return Image.open(io.BytesIO(chart.data)).convert("RGB").crop((60, 270, 780, 360)).tobytes()

    assert panel(1) != panel(15)


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
    assert unread.endswith(". No comparison can be made: nothing is known of the time before.")
    assert "stands out" not in unread


def test_the_response_chart_counts_those_who_wait() -> None:
    alt = drawn("response").alt
    assert "20 mentions, 1 still waiting. Half were answered within 5 hours." in alt
    assert "nothing to answer" in draw_response([], brand="Acme", now=UNTIL).alt


def test_the_response_chart_tells_nothing_of_waits_that_nobody_has_had() -> None:
    asked_at = UNTIL - timedelta(hours=5)
    answered = [Answer(asked_at=asked_at, answered_at=asked_at + timedelta(hours=n)) for n in (1, 2)]
    waiting = Answer(asked_at=asked_at, answered_at=None)
    some = draw_response([*answered, waiting], brand="Acme", now=UNTIL, format="svg")
    assert some.alt.endswith("Beyond 5 hours nothing is known: nobody has waited for as long.")
    assert b"not known" in some.data
    everybody = draw_response(answered, brand="Acme", now=UNTIL, format="svg")
    assert "nothing is known" not in everybody.alt
    assert b"not known" not in everybody.data


def test_the_response_chart_takes_an_answer_in_the_same_second_for_one() -> None:
    at_once = Answer(asked_at=UNTIL, answered_at=UNTIL)
    alt = draw_response([at_once], brand="Acme", now=UNTIL).alt
    assert "1 mention, 0 still waiting. Half were answered within 1 minute." in alt


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
