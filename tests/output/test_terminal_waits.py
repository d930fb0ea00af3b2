"""The share answered within a time, drawn with the characters of a terminal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from listener.cli.width import display_width
from reports.responses import Answer
from reports.terminal import Asked, draw_waits_in_terminal

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TIMES = ["1 min", "10 min", "1 h", "6 h", "1 day", "1 week"]
FEW = ["1 min", "1 h", "1 day"]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def answered(*waits, ago=20 * DAY):
    return [Answer(asked_at=NOW - ago, answered_at=NOW - ago + wait) for wait in waits]


def waiting(*waits):
    return [Answer(asked_at=NOW - wait, answered_at=None) for wait in waits]


def drawn(*brands, width=40, colour=False):
    found = draw_waits_in_terminal(
        brands or [Asked(brand="Acme", answers=())],
        now=NOW,
        since=NOW - 2 * DAY,
        until=NOW,
        zone=ZoneInfo("UTC"),
        width=width,
        colour=colour,
    )
    return [line.rstrip() for line in found.splitlines()]


def acme(answers, **more):
    return Asked(brand="Acme", answers=answers, **more)


def test_the_steps_stand_over_the_times_they_are_of():
    # 34 cells for log(1) to log(2,160) minutes: 10 min are cell 9.9, 1 h 17.6, 6 h 25.3, 1 day 31.3. A quarter each.
    found = drawn(acme(answered(*[10 * MINUTE] * 3, *[HOUR] * 3, *[6 * HOUR] * 3, *[DAY] * 3)))
    assert found == [
        "Acme: share answered within a time, 18",
        "Nov \N{EN DASH} 19 Nov 2026, UTC",
        "100 %┤                               ███",
        "     │                               ███",
        "     │                               ███",
        " 75 %┤                         █████████",
        "     │                         █████████",
        "     │                         █████████",
        " 50 %┤                  ████████████████",
        "     │                  ████████████████",
        "     │                  ████████████████",
        " 25 %┤          ████████████████████████",
        "     │          ████████████████████████",
        "     │          ████████████████████████",
        "  0 %┤          ████████████████████████",
        "     └┬─────────┬───────┬──────┬─────┬──",
        "    1 min    10 min    1 h    6 h  1 day",
        "12 mentions; 0 still waiting; half",
        "within 1 hour",
    ]


def test_who_still_waits_counts_as_not_yet_and_beyond_them_nothing_is_known():
    # 3 of 12 within 10 minutes; the others have waited for 2 h: cell 20.6. From 22 to 33 nothing is known; the middle is 28.
    found = drawn(acme([*answered(*[10 * MINUTE] * 3), *waiting(*[2 * HOUR] * 9)]))
    bars = [line[6:] for line in found if "┤" in line or "│" in line]
    assert bars == [*[""] * 9, *[" " * 10 + "█" * 12] * 3, " " * 10 + "█" * 12 + " " * 6 + "?"]
    assert " ".join(found[-4:]) == (
        "12 mentions; 9 still waiting; fewer than half answered ? nothing known: nobody has waited for as long"
    )


def test_the_share_is_estimated_over_those_who_waited_long_enough():
    # Kaplan and Meier: 4/5 wait on after 10 minutes, two are seen no longer than 30, 1 of 2 is answered at 1 h:
    # 1 - 4/5 x 1/2 = 60 %, 7.2 of 12 lines; 2 of 5 would be 40 %.
    found = drawn(acme([*answered(10 * MINUTE, HOUR), *waiting(30 * MINUTE, 30 * MINUTE, 3 * HOUR)]))
    bars = [line[6:].ljust(34) for line in found if "┤" in line or "│" in line]
    assert [bar[18] for bar in bars] == [*" " * 5, *"░" * 8]
    assert "half within 1 hour; ░ fewer than 10 mentions" in " ".join(found)


def test_one_who_waits_is_no_share_at_all():
    found = drawn(acme(waiting(DAY)), width=80)
    assert not {"█", "░"} & set("".join(found[:-2]))
    assert "100 %┤" in found
    assert found[-2] == "1 mention; 1 still waiting; fewer than half answered; ░ fewer than 10 mentions"


def test_an_answer_within_seconds_stands_at_the_minute():
    found = drawn(acme(answered(*[timedelta(seconds=2)] * 10)))
    assert [line[6:] for line in found if "┤" in line or "│" in line] == ["█" * 34] * 13
    assert "half within 1 minute" in " ".join(found)


def test_where_nothing_to_answer_is_known_one_line_says_so():
    assert drawn() == ["Acme: nothing to answer is known"]
    assert drawn(acme([], unknown=3), width=80) == ["Acme: whether anybody answered is not known of 3 mentions"]


def test_brands_have_a_panel_each_on_one_scale_of_time():
    slow = Asked(brand="Globex", answers=answered(*[14 * DAY] * 10))
    found = drawn(acme(answered(*[HOUR] * 10)), slow, Asked(brand="Initech", answers=()), width=80)
    below = [line for line in found if "1 min" in line]
    assert len(below) == 2
    assert below[0] == below[1]
    assert below[0].split("  ")[-1].strip() == "1 week"
    assert "half within 14 days" in " ".join(found)
    assert found[-2:] == ["Initech: nothing to answer is known", "a taller terminal or fewer brands show finer steps"]
    assert len(found) <= 23


def test_what_nobody_can_tell_is_left_out_and_counted():
    found = drawn(acme(answered(HOUR), unknown=4), width=100)
    assert "left out, not known whether answered: 4 mentions" in found[-1]


@pytest.mark.parametrize(
    ("width", "named"), [(12, FEW), (20, FEW), (40, TIMES[:5]), (60, TIMES), (80, TIMES), (120, TIMES), (200, TIMES)]
)
def test_the_scale_fits_the_terminal_with_the_times_there_is_room_for(width, named):
    found = drawn(Asked(brand="株式会社アクメ" * 9, answers=answered(*[8 * DAY] * 10)), width=width)
    assert max(map(display_width, found)) <= max(20, width)
    below = next(line for line in found if "1 min" in line)
    assert [one for one in TIMES if one in below] == named


def test_colour_comes_only_where_it_is_wanted():
    some = acme(answered(*[HOUR] * 10))
    assert "\x1b[" in "".join(drawn(some, colour=True))
    assert "\x1b" not in "".join(drawn(some))
