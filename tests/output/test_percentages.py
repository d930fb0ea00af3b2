"""One figure is written by one rule everywhere: shares to the nearest percent, how much was read rounded down."""

from __future__ import annotations

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from listener.alerts.sentences import first_sentence
from listener.cli.output import UNKNOWN, coverage_text, percent_text, share_text
from listener.percentages import coverage_percent, percent
from listener.search import ShareRow
from listener.search.coverage import rounded_share
from output.samples import make_trend
from reports.charts import draw_brands, draw_share
from reports.digest import BrandSection
from reports.sentences import brand_words

SHARES = st.floats(0, 1)
UTC = ZoneInfo("UTC")
ACME = ShareRow(
    brand="Acme", kind="own", mentions=9, share=100.0, positive=1, negative=1, net_sentiment=0.0, coverage=0.115
)


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0, "0 %"),
        (0.004, "under 1 %"),
        (0.007, "1 %"),
        (0.5, "50 %"),
        (0.993, "99 %"),
        (0.9999, "over 99 %"),
        (1, "100 %"),
    ],
)
def test_a_share_is_rounded_to_the_nearest_and_never_to_nothing_or_all(share: float, shown: str) -> None:
    assert percent(share) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.0, "0 %"),
        (0.0001, "under 1 %"),
        (0.115, "11 %"),
        (0.29, "29 %"),
        (0.58, "58 %"),
        (0.9999, "99 %"),
        (1.0, "100 %"),
    ],
)
def test_how_much_was_read_is_rounded_down(share: float, shown: str) -> None:
    assert coverage_percent(share) == shown


@given(SHARES)
@example(0.11996)
@example(1 - 1e-12)
def test_how_much_was_read_never_looks_more_complete_than_it_is(share: float) -> None:
    for digits in (0, 1):
        for read in (share, rounded_share(share)):
            said = coverage_percent(read, digits=digits)
            assert (said.startswith("100")) == (share == 1)
            assert said.startswith("under") or float(said.removesuffix(" %")) <= 100 * share + 1e-6


@given(SHARES)
def test_tables_and_sentences_say_the_same(share: float) -> None:
    def brief(text: str) -> str:
        return text.replace("under ", "<").replace("over ", ">")

    assert coverage_text(share) == brief(coverage_percent(share))
    assert share_text(share) == brief(percent(share))


@pytest.mark.parametrize("whole", range(101))
def test_whole_percent_are_shown_as_they_are(whole: int) -> None:
    assert coverage_percent(whole / 100) == percent(whole / 100) == f"{whole} %"


def test_what_is_not_known_has_a_dash() -> None:
    assert [write(None) for write in (coverage_text, share_text, percent_text)] == [UNKNOWN] * 3


def test_alerts_charts_and_digests_say_of_coverage_what_tables_say() -> None:
    trend = make_trend()
    partly = replace(trend, totals=tuple(replace(total, coverage=0.115) for total in trend.totals))
    at = trend.since
    told = [
        first_sentence(kind="blind", observed=0.115, expected=1, at=at),
        first_sentence(kind="spike", observed=9, expected=1, at=at, coverage=0.115),
        draw_share([ACME]).alt,
        " ".join(brand_words(BrandSection(brand="Acme", kind="own", trend=partly), "day", UTC).sentences),
    ]
    assert [re.findall(r"\b1[12] %", one) for one in told] == [["11 %"]] * len(told)


def test_a_quiet_day_of_which_a_little_was_not_read_does_not_say_that_everything_was() -> None:
    trend = make_trend(days=1, mean=0)
    for coverage, read in ((1.0, "everything"), (0.997, "99 %")):
        day = replace(trend, totals=tuple(replace(total, coverage=coverage) for total in trend.totals))
        first, *_ = brand_words(BrandSection(brand="Acme", kind="own", trend=day), "day", UTC).sentences
        assert first == f"A quiet day: nobody mentioned it, and {read} was read."


@pytest.mark.parametrize(("coverage", "said"), [(0.115, "11 % or more read"), (0.004, "under 1 % of a brand read")])
def test_a_chart_of_brands_says_of_which_least_was_read(coverage: float, said: str) -> None:
    trend = make_trend("Acme", "Globex")
    acme, globex = trend.totals
    partly = replace(trend, totals=(replace(acme, coverage=coverage), globex))
    assert said in draw_brands(partly, format="svg").data.decode()
