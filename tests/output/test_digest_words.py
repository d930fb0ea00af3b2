"""A digest says what a person would say: with n, without false precision, quiet apart from blind."""

# ruff: noqa: RUF001 - reports write real minus signs, dashes and multiplication signs

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from listener.search.records import CoverageGap, ShareRow, SourceCount, TermRow, Trend
from listener.themes import Theme
from output.samples import UNTIL, ZONE, make_episode, make_total, make_trend
from reports.digest import (
    BrandSection,
    CostLine,
    DigestData,
    DigestWords,
    ResponseFigures,
    SurveyFigure,
    summarise,
)


def day_of(brand: str = "Acme", *, coverage: float | None = 1.0, **counts: int | None) -> Trend:
    """Return the trend of one day whose total has these counts; `mentions=None` is a day not read."""
    trend = make_trend(brand, days=1, mean=0)
    made = make_total([replace(trend.buckets[0], **{k: v for k, v in counts.items() if k != "mentions"})], trend.since)
    unknown = {"mentions": None} if "mentions" in counts else {}
    return replace(trend, totals=(replace(made, coverage=coverage, **unknown),))


def digest_of(*sections: BrandSection, cadence: str = "daily", **known: object) -> DigestWords:
    days = {"daily": 1, "weekly": 7, "monthly": 31}[cadence]
    made = DigestData(
        cadence=cadence, since=UNTIL - timedelta(days=days), until=UNTIL, time_zone=ZONE, sections=sections, **known
    )  # type: ignore[arg-type]
    return summarise(made)


def sentences_of(trend: Trend, **known: object) -> tuple[str, ...]:
    (words,) = digest_of(BrandSection(brand="Acme", kind="own", trend=trend, **known)).brands  # type: ignore[arg-type]
    return words.sentences


def test_a_quiet_day_is_one_honest_line() -> None:
    words = digest_of(BrandSection(brand="Acme", kind="own", trend=day_of()))
    assert words.brands[0].state == "quiet"
    assert words.brands[0].sentences == ("A quiet day: nobody mentioned it, and everything was read.",)
    assert words.subject == "Acme quiet (19 Nov 2026)"


def test_a_day_that_is_not_over_is_quiet_so_far() -> None:
    (said,) = sentences_of(unfinished(day_of()))
    assert said == "A quiet day so far: nobody mentioned it, and everything was read. The day is not over yet."


def test_a_blind_day_is_never_called_quiet() -> None:
    for trend in (day_of(mentions=None, coverage=0.0), day_of(coverage=0.0), day_of(mentions=None, coverage=None)):
        (words,) = digest_of(BrandSection(brand="Acme", kind="own", trend=trend)).brands
        assert words.state == "blind"
        assert "quiet" not in " ".join(words.sentences).lower()
        assert "not known" in words.sentences[0]


def test_nothing_found_in_a_day_half_read_is_neither_quiet_nor_blind() -> None:
    assert sentences_of(day_of(coverage=0.5)) == ("Nothing was found in the 50 % of the day that could be read.",)
    assert sentences_of(day_of(coverage=None)) == ("Nothing was found, but how much of the day was read is not known.",)


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (30, 26, "about as many as the day before (26)"),
        (5, 1, "no clear change from the day before (1)"),
        (105, 57, "up 84 % from 57 the day before"),
        (57, 105, "down 46 % from 105 the day before"),
        (400, 100, "4.0 times the 100 of the day before"),
        (40, 8, "up from 8 the day before"),
        (5, 0, "none the day before"),
    ],
)
def test_a_change_is_named_only_where_it_is_more_than_chance(now: int, before: int, said: str) -> None:
    first, *_ = sentences_of(day_of(positive=now), previous=day_of(positive=before))
    assert first == f"{now} mentions, {said}."


def test_a_day_before_that_was_not_read_is_not_compared_with() -> None:
    first, *_ = sentences_of(day_of(positive=9), previous=day_of(mentions=None, coverage=0.0))
    assert first == "9 mentions; the day before was not read, so there is nothing to compare with."


def test_a_day_before_of_which_nothing_is_known_is_not_called_unread() -> None:
    first, *_ = sentences_of(day_of(positive=9), previous=day_of(mentions=None, coverage=None))
    assert first == "9 mentions; the day before is not known, so there is nothing to compare with."


@pytest.mark.parametrize("found", [0, 8])
def test_no_direction_is_claimed_against_a_day_of_which_much_less_was_read(found: int) -> None:
    first, *_ = sentences_of(day_of(positive=105), previous=day_of(positive=found, coverage=0.04))
    assert first == f"105 mentions; of the day before only 4 % was read ({found} found)."
    alike, *_ = sentences_of(day_of(positive=105, coverage=0.5), previous=day_of(positive=57, coverage=0.45))
    assert alike == "105 mentions, up 84 % from 57 the day before."


def test_a_day_of_which_it_is_not_known_what_was_read_is_not_called_blind() -> None:
    words = digest_of(BrandSection(brand="Acme", kind="own", trend=day_of(mentions=None, coverage=None)))
    assert words.brands[0].sentences == ("Nothing was found, but how much of the day was read is not known.",)
    assert words.subject == "Acme not known (19 Nov 2026)"


def test_net_sentiment_is_rounded_once() -> None:
    trend = day_of(positive=8, negative=3)  # 45.45...
    kept = replace(trend, totals=tuple(replace(total, net_sentiment=45.5) for total in trend.totals))

    said = sentences_of(kept, previous=kept)[1]

    assert said.startswith("Net sentiment +45 (")
    assert said.endswith("; no clear change from the day before (+45, n 11).")


def test_net_sentiment_comes_with_interval_n_and_counts() -> None:
    said = sentences_of(day_of(positive=38, neutral=20, negative=27, no_evidence=8, unscored=12))
    assert said[1] == "Net sentiment +12 (95 % interval −5 to +28, n 93): 38 positive, 28 neutral, 27 negative."
    assert said[2] == "12 of 105 could not be scored and are in no average."


def test_too_few_scored_texts_make_no_mood() -> None:
    assert "Too few were scored (n 3) to speak of a mood." in sentences_of(day_of(positive=3))
    assert "None of them could be scored, so nothing is said of the mood." in sentences_of(day_of(unscored=4))


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ({"positive": 40, "negative": 25, "neutral": 30}, "no clear change from the day before (+16, n 95)"),
        ({"positive": 90, "negative": 2, "neutral": 10}, "worse than the day before (+86, n 102)"),
        ({"positive": 2, "negative": 90, "neutral": 10}, "better than the day before (−86, n 102)"),
    ],
)
def test_a_change_of_mood_is_claimed_only_where_a_test_finds_it(before: dict[str, int], said: str) -> None:
    now = day_of(positive=38, negative=27, neutral=28)
    assert said in sentences_of(now, previous=day_of(**before))[1]


def test_partial_coverage_is_said_beside_the_figure() -> None:
    assert "Only 92 % of the day could be read, so the real figure may be higher." in sentences_of(
        day_of(positive=9, coverage=0.92)
    )


def test_where_it_was_said_and_what_was_said_more_than_usual() -> None:
    sources = [
        SourceCount(name=n, mentions=k, positive=k, neutral=0, negative=0, no_evidence=0, unscored=0)
        for n, k in (("x", 4), ("reddit", 9), ("rss", 0))
    ]
    terms = (
        TermRow(term="login", now=24, before=7, expected=1.2, excess=22.8, zeta=4.0),
        TermRow(term="लॉगिन", now=1_209, before=0, expected=0.0, excess=1_209.0, zeta=3.0),
        TermRow(term="faded", now=1, before=70, expected=10.0, excess=-9.0, zeta=-3.0),
    )
    said = sentences_of(day_of(positive=13), sources=tuple(sources), terms=terms)
    assert "Said on Reddit (9) and X (4)." in said
    assert "Said more than usual: “login” (24, expected about 1) and “लॉगिन” (1,209, expected none)." in said
    assert "faded" not in " ".join(said)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((9, 4, 3, 2), "Most of it on a (9), b (4) and c (3)."),
        ((4, 4, 4, 4, 4, 5, 4), "Said on 7 sources, most on f (5), a (4) and b (4)."),
    ],
)
def test_most_of_it_is_more_than_half(counts: tuple[int, ...], said: str) -> None:
    sources = tuple(
        SourceCount(name=name, mentions=n, positive=n, neutral=0, negative=0, no_evidence=0, unscored=0)
        for name, n in zip("abcdefg", counts, strict=False)
    )
    assert said in sentences_of(day_of(positive=sum(counts)), sources=sources)


def test_health_comes_first_and_each_gap_once() -> None:
    gap = CoverageGap(
        source="x",
        lane="search",
        brand=None,
        since=UNTIL - timedelta(hours=6),
        until=UNTIL - timedelta(hours=4),
        state="lost",
        reason="history limit",
    )
    words = digest_of(
        BrandSection(brand="Acme", kind="own", trend=day_of(positive=2), gaps=(gap,)),
        BrandSection(brand="Globex", kind="competitor", trend=day_of("Globex"), gaps=(gap,)),
    )
    assert words.health == (
        "X was not (wholly) read: 19 Nov 2026, 18:00 – 20:00 (history limit). It can no longer be read.",
    )


def test_many_gaps_of_one_kind_are_one_line_and_many_kinds_are_counted() -> None:
    gaps = [
        CoverageGap(
            source=f"s{place % 9}",
            lane="l",
            brand=None,
            since=UNTIL - timedelta(hours=place + 2),
            until=UNTIL - timedelta(hours=place + 1),
            state="open",
            reason=None,
        )
        for place in range(18)
    ]
    health = digest_of(BrandSection(brand="Acme", kind="own", trend=day_of(), gaps=tuple(gaps))).health
    assert len(health) == 7
    assert "2 spans between" in health[0]
    assert health[-1] == "3 more gaps in `listener status`."


def test_episodes_are_told_with_their_times_even_on_a_quiet_day() -> None:
    over = make_episode(resolved_at=UNTIL - timedelta(hours=2), state="resolved", coverage=0.9)
    said = sentences_of(day_of(), episodes=(make_episode(), over))
    assert said[1] == "Alert, open since 19 Nov 2026, 10:30: 40 mentions in an hour, about 7 are usual."
    assert said[2].startswith("Alert, 19 Nov 2026, 10:30 to 19 Nov 2026, 22:00: 40 mentions")
    assert said[2].endswith("(at times on 90 % read).")


def test_of_very_many_brands_the_share_of_the_smaller_ones_is_told_together() -> None:
    rows = tuple(
        ShareRow(
            brand=f"B{place}", kind="own", mentions=100 - place, share=(100 - place) / 50.5, positive=0, negative=0,
            net_sentiment=None, coverage=0.5,
        )
        for place in range(100)
    )  # fmt: skip
    shares, partly = digest_of(share=rows).share
    assert shares.startswith("B0 2.0 %, B1 2.0 %, ")
    assert shares.endswith(", B49 1.0 % and 50 smaller brands 25.2 % of 5,050 mentions.")
    assert "B49 and 50 more could be read" in partly


def test_share_of_voice_needs_two_brands_and_one_mention() -> None:
    rows = tuple(
        ShareRow(brand=b, kind="own", mentions=n, share=s, positive=0, negative=0, net_sentiment=None, coverage=c)
        for b, n, s, c in (("Globex", 8, 7.7, 0.8), ("Acme", 96, 92.3, 1.0))
    )
    assert digest_of(share=rows).share == (
        "Acme 92.3 % and Globex 7.7 % of 104 mentions.",
        "Not everything about Globex could be read, so the shares may be off.",
    )
    assert digest_of(share=rows[:1]).share == ()
    assert digest_of(share=tuple(replace(row, mentions=0, share=None) for row in rows)).share == ()


def test_cost_is_told_with_its_budget_and_what_is_free_is_free() -> None:
    cost = (
        CostLine(source="x", requests=1_200, items=840, spent=0.42, budget=0.5),
        CostLine(source="hackernews", requests=1, items=1),
        CostLine(source="youtube", requests=2, items=3, spent=0.0042, budget=1_250.0),
    )
    assert digest_of(cost=cost).cost == (
        "X: 1,200 requests, 840 items, 0.42 of 0.50 USD.",
        "Hacker News: 1 request, 1 item, free.",
        "YouTube: 2 requests, 3 items, 0.0042 of 1,250.00 USD.",
    )


@pytest.mark.parametrize(
    ("cadence", "period", "subject"),
    [
        ("daily", "Thursday, 19 November 2026", "Acme 9 mentions (19 Nov 2026)"),
        ("weekly", "13 Nov – 19 Nov 2026", "Acme 9 mentions (week from 13 Nov)"),
        ("monthly", "20 Oct – 19 Nov 2026", "Acme 9 mentions (20 Oct – 19 Nov 2026)"),
    ],
)
def test_the_period_is_named_in_local_days(cadence: str, period: str, subject: str) -> None:
    words = digest_of(BrandSection(brand="Acme", kind="own", trend=day_of(positive=9)), cadence=cadence)
    assert (words.period, words.subject) == (period, subject)


def test_the_subject_names_three_brands_and_counts_the_others_and_the_open_alerts() -> None:
    sections = [BrandSection(brand=f"B{n}", kind="own", trend=day_of(f"B{n}", positive=n)) for n in range(1, 6)]
    sections[0] = replace(sections[0], episodes=(make_episode(brand="B1"),))
    assert (
        digest_of(*sections).subject == "B1 1 mention, B2 2 mentions, B3 3 mentions, 2 more, 1 open alert (19 Nov 2026)"
    )


def test_a_digest_of_no_brand_says_so() -> None:
    assert digest_of().subject == "Nothing to report (19 Nov 2026)"


def test_answers_count_those_who_still_wait() -> None:
    half = ResponseFigures(asked=40, waiting=12, median=timedelta(minutes=150))
    few = ResponseFigures(asked=1, waiting=1, median=None)
    none = ResponseFigures(asked=0, waiting=0, median=None)
    assert "40 mentions to answer, 12 without an answer yet; answered: half within 2.5 hours." in sentences_of(
        day_of(positive=9), responses=half
    )
    assert "1 mention to answer, 1 without an answer yet; answered: fewer than half so far." in sentences_of(
        day_of(positive=9), responses=few
    )
    assert "answer" not in " ".join(sentences_of(day_of(positive=9), responses=none))


def test_a_measure_of_a_survey_that_rounds_to_zero_has_no_minus() -> None:
    surveys = (SurveyFigure(name="Net Promoter Score", value=-0.3, low=-0.4, high=0.2, n=350),)

    said = sentences_of(day_of(positive=9), surveys=surveys)

    assert "Net Promoter Score 0 (95 % interval 0 to 0, n 350)." in said


def test_surveys_come_with_interval_and_n_or_not_at_all() -> None:
    surveys = (
        SurveyFigure(name="Net Promoter Score", value=-12.4, low=-30.2, high=4.9, n=120),
        SurveyFigure(name="Effort", value=5.6, low=5.2, high=6.0, n=44, digits=1),
        SurveyFigure(name="Satisfaction", value=50.0, low=9.0, high=91.0, n=2),
    )
    said = sentences_of(day_of(positive=9), surveys=surveys)
    assert "Net Promoter Score −12 (95 % interval −30 to 5, n 120)." in said
    assert "Effort 5.6 (95 % interval 5.2 to 6.0, n 44)." in said
    assert "Satisfaction: too few answers (n 2) for a figure." in said


def test_an_alert_on_blindness_does_not_say_twice_how_little_was_read() -> None:
    blind = make_episode(rule="blind", headline="only 10 % of the last 6 hours could be read", coverage=0.1)
    assert sentences_of(day_of(positive=9), episodes=(blind,))[1].endswith("could be read.")


def test_a_week_and_a_month_are_compared_with_a_week_and_a_month() -> None:
    section = BrandSection(brand="Acme", kind="own", trend=day_of(positive=30), previous=day_of(positive=26))
    for cadence, unit in (("weekly", "week"), ("monthly", "month")):
        (words,) = digest_of(section, cadence=cadence).brands
        assert words.sentences[0] == f"30 mentions, about as many as the {unit} before (26)."


def theme_of(name: str, kind: str, net: float, *, stories: int = 9) -> Theme:
    """Return a theme that was not there before."""
    return Theme(
        name=name,
        phrases=(name,),
        mentions=12,
        stories=stories,
        before=0,
        trend="new",
        positive=0,
        negative=0,
        scored=12,
        net=net,
        interval=(net - 8, net + 6),
        kind=kind,
        weight=net,
        sources=(("x", 12),),
        quotes=((), ()),
        numbers=(),
    )


def test_the_first_themes_that_hurt_and_please_are_named_with_their_figures() -> None:
    themes = [theme_of("lid", "pain", -60), theme_of("hinge", "pain", -50), theme_of("base", "pain", -40)]
    lines = sentences_of(day_of(positive=5), themes=(*themes, theme_of("tea", "praise", 70), theme_of("x", "mixed", 0)))
    figures = "12 mentions, new, net sentiment"
    assert [line for line in lines if "What" in line] == [
        (
            f"What hurts: \N{LEFT DOUBLE QUOTATION MARK}lid\N{RIGHT DOUBLE QUOTATION MARK} ({figures} \N{MINUS SIGN}60, "
            "95 % interval \N{MINUS SIGN}68 to \N{MINUS SIGN}54, n 12) and \N{LEFT DOUBLE QUOTATION MARK}hinge"
            f"\N{RIGHT DOUBLE QUOTATION MARK} ({figures} \N{MINUS SIGN}50, 95 % interval \N{MINUS SIGN}58 to "
            "\N{MINUS SIGN}44, n 12)."
        ),
        (
            f"What pleases: \N{LEFT DOUBLE QUOTATION MARK}tea\N{RIGHT DOUBLE QUOTATION MARK} ({figures} +70, "
            "95 % interval +62 to +76, n 12)."
        ),
    ]


def test_it_is_said_of_how_many_mentions_themes_were_counted_in_where_that_is_not_all() -> None:
    themes = (theme_of("lid", "pain", -60),)
    told = "Themes are counted in the 5,000 of 41,230 mentions that were looked at."
    assert told in sentences_of(day_of(positive=5), themes=themes, themes_in=(41_230, 5_000))
    for lines in (
        sentences_of(day_of(positive=5), themes=themes, themes_in=(5_000, 5_000)),
        sentences_of(day_of(positive=5), themes=(), themes_in=(41_230, 5_000)),
    ):
        assert not any("counted in" in line for line in lines)


def test_a_theme_of_few_stories_is_not_worth_a_line() -> None:
    lines = sentences_of(day_of(positive=5), themes=(theme_of("lid", "pain", -60, stories=4),))
    assert not any("What hurts" in line for line in lines)


def unfinished(trend: Trend, *, until: timedelta = timedelta()) -> Trend:
    """Return a trend that is not over, read up to its begin and `until`; up to its end where not given."""
    totals = tuple(replace(total, partial=True) for total in trend.totals)
    return replace(trend, totals=totals, until=trend.since + until if until else trend.until)


@pytest.mark.parametrize(
    ("now", "until", "said"),
    [
        (9, timedelta(), "9 mentions; 57 in the whole day before."),
        (9, timedelta(hours=8), "9 mentions; 57 in the whole day before."),
        (9, timedelta(hours=23), "9 mentions, down from 57 the day before."),
        (105, timedelta(hours=8), "105 mentions, up 84 % from 57 the day before."),
        (50, timedelta(hours=8), "50 mentions, about as many as the day before (57)."),
    ],
)
def test_a_day_that_is_not_over_is_not_called_down(now: int, until: timedelta, said: str) -> None:
    first, *_ = sentences_of(unfinished(day_of(positive=now), until=until), previous=day_of(positive=57))
    assert first == said


def test_a_number_behind_a_name_that_runs_right_to_left_keeps_its_place() -> None:
    rows = tuple(
        ShareRow(brand=b, kind="own", mentions=n, share=s, positive=0, negative=0, net_sentiment=None, coverage=1.0)
        for b, n, s in (("Acme", 30, 75.0), ("شركة", 10, 25.0))
    )
    words = digest_of(BrandSection(brand="شركة", kind="own", trend=day_of("شركة", positive=9)), share=rows)
    mark = "\N{LEFT-TO-RIGHT MARK}"
    assert words.share == (f"Acme 75.0 % and شركة{mark} 25.0 % of 40 mentions.",)
    assert words.subject.startswith(f"شركة{mark} 9 mentions")


def test_a_day_that_is_not_over_is_said_to_be_so() -> None:
    trend = day_of(positive=9)
    assert "The day is not over yet." in sentences_of(unfinished(trend))
    assert "The day is not over yet." not in sentences_of(trend)
