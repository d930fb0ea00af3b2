"""NPS, CSAT and CES drawn with the characters of a terminal: on the whole scale, nothing unknown drawn as a figure."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from unicodedata import category
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.cli.width import display_width
from reports.terminal import Rated, Surveyed, draw_surveys_in_terminal
from thoroughness import some

START = datetime(2026, 11, 1, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


def rated(*days, coverage=1.0, **more):
    """Return a bucket a day of these answers; None: the day was not read."""
    return [
        Rated(
            start=START + timedelta(days=place),
            ratings=tuple(ratings or ()),
            coverage=0.0 if ratings is None else coverage,
            **more,
        )
        for place, ratings in enumerate(days)
    ]


def drawn(buckets, instrument="nps", *, brand="Acme", width=40, colour=False, by="day", left_out=0, height=24):
    return draw_surveys_in_terminal(
        [Surveyed(brand=brand, buckets=buckets, left_out=left_out)],
        instrument=instrument,
        by=by,
        zone=UTC_ZONE,
        width=width,
        height=height,
        colour=colour,
    )


def lines(text):
    return [line.rstrip() for line in text.splitlines()]


def test_a_promoter_score_stands_on_the_zero_line_of_its_whole_scale():
    # Six lines up and six down from zero. Of 10, 6 promote and 1 detracts: 50, three lines up. All of 9 detract:
    # -100, all lines down. One answer of 8 is passive: 0, the line of zero itself.
    days = rated([1.0] * 6 + [0.8] * 3 + [0.0], [0.1] * 9, [0.8])
    assert lines(drawn(days)) == [
        "Acme: Net Promoter Score by day, UTC",
        "+100┤",
        "    │",
        "    │",
        " +50┤█████",
        "    │█████",
        "    │█████",
        "   0┤█████─░░░░░─░░░░░─",
        "    │      ░░░░░",
        "    │      ░░░░░",
        " \N{MINUS SIGN}50┤      ░░░░░",
        "    │      ░░░░░",
        "    │      ░░░░░",
        "\N{MINUS SIGN}100┤      ░░░░░",
        "    └──┬───────────────",
        "     1 Nov",
        # 6 - 10 of 20: -20; Agresti and Min: -4 / 22, variance (17 / 22 - 0.0331) / 22 = 0.0336: -54 to +18.
        "whole span: \N{MINUS SIGN}20 (95 % interval \N{MINUS SIGN}54 to",
        "+18, n 20)",
        "█ 10 answers or more  ░ fewer",
    ]


def test_satisfaction_is_drawn_from_nothing_to_all():
    # 9 of 12 are 75 %: nine of twelve lines and that of 0 %; nobody satisfied is the line of 0 % alone, and no gap.
    found = lines(drawn(rated([1.0] * 9 + [0.5] * 3, [0.0] * 10), "csat"))
    assert [line.partition("┤")[0] for line in found if "┤" in line] == ["100 %", " 75 %", " 50 %", " 25 %", "  0 %"]
    assert [line[6:] for line in found[1:14]] == [*[""] * 3, *["█████"] * 9, "█████ █████"]
    assert found[-2:] == ["whole span: 41 % (95 % interval 23 % to", "61 %, n 22)"]  # Wilson, 9 of 22


def test_effort_is_drawn_from_one_to_seven():
    # (3 - 1) / 6 of 15 steps: five lines above that of 1. The second day is 7, the whole scale.
    found = lines(drawn(rated([1 / 3] * 10, [1.0] * 10), "ces"))
    assert [line.partition("┤")[0] for line in found if "┤" in line] == ["7.0", "5.0", "3.0", "1.0"]
    assert [line[4:] for line in found[1:17]] == [*["      █████"] * 10, *["█████ █████"] * 6]


def test_nobody_answered_is_told_from_not_read():
    days = rated([1.0] * 10, (), None, None)
    days[1] = Rated(start=days[1].start, ratings=(), coverage=0.5)
    found = lines(drawn(days, "csat"))
    assert found[13] == "  0 %┤█████   ·     ?     ?"
    assert found[-3:] == ["· nobody answered: 1 day", "? nothing known: 2 days, not read", "partly read: 1 day"]


def test_days_of_which_nobody_knows_whether_they_were_read_are_not_called_unread():
    days = [*rated(None), Rated(start=START + timedelta(days=1), ratings=(), coverage=None)]
    assert "? nothing known: 2 days, 1 of them not read" in " ".join(lines(drawn(days)))
    assert "not read" not in drawn(days[1:])
    assert "? nothing known: 1 day" in drawn(days[1:])


def test_answers_are_drawn_where_nothing_was_read_by_itself():
    found = drawn([Rated(start=START, ratings=(1.0,) * 10, coverage=0.0)])
    assert "█" in found
    assert "nothing known" not in found


def test_joined_days_are_measured_over_their_answers_and_not_over_their_figures():
    # 70 days in 35 cells. Each pair has 1 promoter (+100) and 9 detractors (-100): together -80, the mean would be 0.
    found = lines(drawn(rated(*([1.0], [0.0] * 9) * 35)))
    assert " ".join(found[:2]) == "Acme: Net Promoter Score by day, 2 together, UTC"
    zero = next(place for place, line in enumerate(found) if "0┤█" in line and line.startswith("   0"))
    # 80 of 100 are 4.8 of 6 lines: five below zero, and that of zero itself.
    assert [line[5:] for line in found[zero : zero + 7]] == [*["█" * 35] * 6, ""]
    assert "fewer" not in " ".join(found)  # 1 + 9 are ten answers


def test_a_pair_of_days_one_of_them_unread_shows_what_is_known():
    found = lines(drawn(rated(*((), None) * 35)))
    assert next(line for line in found if line.startswith("   0┤")) == "   0┤" + "·" * 35
    assert "· nobody answered: 35 days" in found
    assert "? nothing known: 35 days, not read" in found


def test_one_answer_is_a_light_bar_with_a_wide_interval():
    found = drawn(rated([1.0]), "csat")
    assert "█" not in found
    assert "░ fewer than 10 answers" in found
    assert "whole span: 100 % (95 % interval 21 % to 100 %, n 1)" in " ".join(lines(found))  # Wilson, 1 of 1


def test_nobody_at_all_is_a_scale_without_bars():
    found = lines(drawn(rated(None, None)))
    assert not {"█", "░"} & set("".join(found))
    assert found[7] == "   0┤──?─────?───"
    assert "whole span: no answers" in found


def test_an_unfinished_day_and_answers_on_another_scale_are_named():
    found = drawn(rated([1.0], partial=True), left_out=2, width=120)
    assert "the last day is not over; left out, on another scale: 2 answers" in found


def test_brands_have_a_panel_each():
    days = rated([1.0] * 10)
    found = draw_surveys_in_terminal(
        [Surveyed(brand="Acme", buckets=days), Surveyed(brand="Globex", buckets=rated(()))],
        instrument="nps",
        by="week",
        zone=UTC_ZONE,
        colour=False,
    )
    heads = [line for line in lines(found) if "Score" in line]
    assert heads == ["Acme: Net Promoter Score by week, UTC", "Globex: Net Promoter Score by week, UTC"]
    assert found.count("+100┤") == 2
    assert "· nobody answered: 1 week" in found


@pytest.mark.parametrize(("height", "rows"), [(8, 9), (24, 13), (200, 17)])
def test_every_mark_has_a_line_of_its_own_at_any_height(height, rows):
    found = lines(drawn(rated([1.0] * 10), height=height))
    scale = [line for line in found if "┤" in line or "│" in line]
    assert len(scale) == rows
    marked = [place for place, line in enumerate(scale) if "┤" in line]
    assert {later - earlier for earlier, later in itertools.pairwise(marked)} == {(rows - 1) // 4}


def test_colour_comes_only_where_it_is_wanted():
    days = rated([1.0] * 10, [1.0])
    assert "\x1b[" in drawn(days, colour=True)
    assert "\x1b" not in drawn(days, colour=False)


NAMES = st.one_of(st.text(min_size=1, max_size=60), st.sampled_from(["株式会社アクメ" * 6, "👩‍👩‍👧 ☎️" * 9, "a\x1b[2Jb\u202ec"]))  # fmt: skip
DAYS = st.lists(st.one_of(st.none(), st.lists(st.sampled_from([0.0, 0.3, 0.7, 0.9, 1.0]), max_size=12)), min_size=1, max_size=130)  # fmt: skip


@settings(max_examples=some(40), deadline=None)
@given(
    name=NAMES,
    days=DAYS,
    instrument=st.sampled_from(["nps", "csat", "ces"]),
    by=st.sampled_from(["hour", "day", "week", "month"]),
    width=st.integers(12, 130),
)
def test_no_drawing_is_wider_than_the_terminal_or_steers_it(name, days, instrument, by, width):
    found = drawn(rated(*days), instrument, brand=name, by=by, width=width)
    assert {sign for sign in found if category(sign) == "Cc"} == {"\n"}
    assert "\u202e" not in found
    assert max(display_width(line) for line in found.splitlines()) <= max(20, width)


def several(n, *, height, instrument="nps", width=60):
    days = rated([1.0] * 12, [0.1] * 12, [0.8] * 12)
    found = draw_surveys_in_terminal(
        [Surveyed(brand=f"Brand {number}", buckets=days) for number in range(n)],
        instrument=instrument,
        by="day",
        zone=UTC_ZONE,
        width=width,
        height=height,
        colour=False,
    )
    return lines(found)


@pytest.mark.parametrize("instrument", ["nps", "csat", "ces"])
def test_two_brands_fit_a_terminal_of_24_lines_and_its_prompt(instrument):
    found = several(2, height=24, instrument=instrument)
    assert len(found) <= 23
    assert sum("whole span: " in line for line in found) == 2
    assert sum("\u2524" in line for line in found) == 2 * sum("\u2524" in line for line in several(1, height=24, instrument=instrument))  # fmt: skip


def test_a_drawing_with_coarse_steps_says_what_shows_finer_ones_and_a_taller_terminal_has_them():
    assert several(2, height=24)[-1] == "a taller terminal or fewer brands show finer steps"
    taller = several(2, height=40)
    assert len(taller) <= 39
    assert "finer" not in taller[-1]
    assert len(taller) > 23


def test_more_brands_than_a_terminal_has_lines_for_are_drawn_whole_and_say_so():
    found = several(4, height=24)
    assert sum("whole span: " in line for line in found) == 4
    assert found[-1] == f"{len(found)} lines, of which this terminal shows 24: fewer brands fit"
