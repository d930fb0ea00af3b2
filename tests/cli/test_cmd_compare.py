from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cli.conftest import NOW
from listener.mention import Label

if TYPE_CHECKING:
    from cli.conftest import Place

FILTERED = """\
[[brands]]
name = "Acme"
languages = ["en"]
exclude = ["thread"]

[[brands]]
name = "Globex"
kind = "competitor"
languages = ["en", "hi"]
exclude = ["Thread"]

[sources.hackernews]
"""


def tell(place: Place, words: str, times: int, *, brand: str, label: Label) -> None:
    """Store mentions that share these words alone, on the last day."""
    texts = [f"{words} {' '.join(f'{word}{turn}' for word in ('brant', 'fimble', 'gostrin'))}" for turn in range(times)]
    place.save(
        [
            place.mention(text, at=NOW - timedelta(hours=3, minutes=turn), author=f"{words} {turn}")
            for turn, text in enumerate(texts)
        ],
        brand=brand,
        label=label,
    )


@pytest.fixture
def rivals(place: Place) -> Place:
    """Thirty mentions of Acme, 20 of them negative; ten of Globex, all positive."""
    tell(place, "Acme lid leaks", 20, brand="Acme", label=Label.NEGATIVE)
    tell(place, "Acme delivery", 10, brand="Acme", label=Label.POSITIVE)
    tell(place, "Globex delivery", 10, brand="Globex", label=Label.POSITIVE)
    return place


def compared(place: Place, *more: str) -> dict[str, object]:
    return json.loads(place.run("compare", "acme", "Globex", "--since", "7d", *more, "--format", "json").out)


def test_the_difference_in_net_sentiment_is_a_whole_sentence_either_way_round(rivals: Place) -> None:
    tell(rivals, "Acme lid holds", 20, brand="Acme", label=Label.POSITIVE)
    tell(rivals, "Globex lid leaks", 10, brand="Globex", label=Label.NEGATIVE)

    def sentence(*brands: str) -> str:
        out = rivals.run("compare", *brands, "--since", "7d").out
        return next(line for line in out.splitlines() if line.startswith("Net sentiment: "))

    assert sentence("Acme", "Globex") == (
        "Net sentiment: Acme is 20.0 points above Globex, +20.0 against +0.0 "
        "(95 % interval of the difference -29.4 to +67.9): chance may explain it."
    )
    assert sentence("Globex", "Acme").startswith(
        "Net sentiment: Globex is 20.0 points below Acme, +0.0 against +20.0 (95 % interval of the difference "
    )
    tell(rivals, "Acme lid wobbles", 10, brand="Acme", label=Label.NEGATIVE)
    assert sentence("Acme", "Globex").startswith("Net sentiment: Acme and Globex are level, +0.0 and +0.0 (95 % ")


def test_figures_and_tests_are_those_computed_by_hand(rivals: Place) -> None:
    found = compared(rivals)

    acme, globex = found["brands"]
    assert (acme["mentions"], acme["stories"], acme["share"], acme["scored"]) == (30, 30, 75.0, 30)
    assert (globex["mentions"], globex["share"], globex["net"]) == (10, 25.0, 100.0)
    assert acme["net"] == pytest.approx(-33.3)
    # The Wilson interval of 30 in 40 is 0.59806 to 0.85813, and 0.59806 / 0.40194 = 1.4879.
    assert found["volume_ratio"]["value"] == 3.0
    assert found["volume_ratio"]["interval"] == pytest.approx([1.4879, 6.0486], abs=5e-4)
    # By hand: -10/32 - 10/12 = -1.145833, variances 0.0272217 and 0.0185185, so 1.959964 x 0.213870 either way.
    difference = found["net_sentiment_difference"]
    assert difference["value"] == pytest.approx(-133.3333)
    assert difference["interval"] == pytest.approx([-156.501, -72.6657], abs=1e-3)
    assert found["volume_ratio"]["is_real"]
    assert difference["is_real"]
    assert "Agresti & Min" in difference["test"]


def test_the_themes_of_one_brand_alone_are_named(rivals: Place) -> None:
    acme, globex = compared(rivals)["brands"]
    assert [theme["theme"] for theme in acme["only"]] == ["lid leaks"]
    assert globex["only"] == []


def test_the_table_says_what_is_real_and_what_chance_may_explain(rivals: Place) -> None:
    out = rivals.run("compare", "Acme", "Globex", "--since", "7d").out
    assert out.splitlines()[0].split() == ["figure", "Acme", "Globex"]
    assert "Volume: Acme has 3.00 times the stories of Globex" in out
    assert "Only said of Acme: lid leaks (20)." in out
    assert "chance may explain it" not in out

    tell(rivals, "Globex cable", 17, brand="Globex", label=Label.NEGATIVE)
    out = rivals.run("compare", "Acme", "Globex", "--since", "7d").out
    assert out.count("chance may explain it") == 2


def test_a_small_ratio_is_not_rounded_to_none(place: Place) -> None:
    at = NOW - timedelta(hours=2)
    place.save([place.mention("Acme alone", at=at)])
    place.save([place.mention(f"Globex w{n} v{n} u{n}", at=at, author=f"a{n}") for n in range(300)], brand="Globex")
    assert "Acme has 0.0033 times the stories of Globex (95 % interval 0.00059 to 0.019)" in (
        " ".join(place.run("compare", "Acme", "Globex", "--since", "7d").out.split())
    )


def test_brands_that_are_not_listened_for_alike_are_pointed_out(rivals: Place) -> None:
    assert not any("alike" in warning for warning in compared(rivals)["warnings"])
    rivals.configure(FILTERED)
    answer = rivals.run("compare", "Acme", "Globex", "--since", "7d", "--format", "json")
    filters = [warning for warning in json.loads(answer.out)["warnings"] if "alike" in warning]
    assert filters == [
        "Acme and Globex are not listened for alike: languages is en for Acme, en, hi for Globex",
    ]
    assert f"note: {filters[0]}" in answer.err


def test_what_was_not_read_is_not_compared(place: Place) -> None:
    tell(place, "Acme lid", 5, brand="Acme", label=Label.NEGATIVE)
    found = compared(place)
    assert found["volume_ratio"] is None
    assert found["net_sentiment_difference"] is None
    assert found["brands"][1]["mentions"] is None
    assert found["warnings"] == [
        "how much of Acme was read is not known, so its volume may be higher",
        "nothing of Globex was read, so its volume is not known",
    ]
    assert "nothing to compare" in place.run("compare", "Acme", "Globex").out


def test_a_brand_is_not_compared_with_itself_or_with_a_stranger(rivals: Place) -> None:
    assert rivals.run("compare", "Acme", "ACME").code == 2
    assert rivals.run("compare", "Acme", "Globbex").code == 2


def test_rows_for_programs_hold_a_figure_each(rivals: Place) -> None:
    rows = rivals.run("compare", "Acme", "Globex", "--since", "7d", "--format", "csv").out.splitlines()
    assert rows[:2] == ["figure,Acme,Globex", "mentions,30,10"]


def test_a_span_in_hours_is_compared_to_the_quarter_of_an_hour_not_from_midnight(place: Place) -> None:
    def tell_before(hours: float, brand: str, label: Label) -> None:
        author = f"{brand} {hours}"
        place.save(
            [place.mention(f"{brand} at {hours}", at=NOW - timedelta(hours=hours), author=author)],
            brand=brand,
            label=label,
        )

    for hours in (0.5, 1.5, 2.5, 6.5, 7.5):  # 08:00 UTC is 13:30 in Kolkata: these are all of one day
        tell_before(hours, "Acme", Label.POSITIVE)
    for hours in (0.2, 7.2):
        tell_before(hours, "Globex", Label.NEGATIVE)
    place.drain(NOW - timedelta(hours=3), NOW)

    def told(*span: str) -> tuple[object, ...]:
        found = json.loads(place.run("compare", "Acme", "Globex", *span, "--format", "json").out)
        acme, globex = found["brands"]
        return found["since"], acme["mentions"], globex["mentions"], acme["share"], found["volume_ratio"]["value"]

    assert told("--since", "3h") == ("2026-11-20T10:30:00+05:30", 3, 1, 75.0, 3.0)
    assert told("--since", "130m")[:3] == ("2026-11-20T11:15:00+05:30", 2, 1)
    assert told("--since", "8h", "--until", "2h")[1:] == (3, 1, 75.0, 3.0)
    assert told("--since", "today") == ("2026-11-20T00:00:00+05:30", 5, 2, 71.4, 2.5)
    assert told("--since", "1d")[:3] == ("2026-11-19T00:00:00+05:30", 5, 2)
    (warning,) = place.run("compare", "Acme", "Globex", "--since", "4h").err.splitlines()[:1]
    assert warning == "note: only 75 % of Acme was read, so its volume may be higher"


def test_a_comparison_by_days_has_the_figures_of_the_trend(rivals: Place) -> None:
    totals = json.loads(rivals.run("trend", "Acme", "Globex", "--since", "7d", "--format", "json").out)["totals"]
    for side, total in zip(compared(rivals)["brands"], totals, strict=True):
        for figure in ("mentions", "stories", "positive", "negative", "coverage"):
            assert side[figure] == total[figure]
        assert side["net"] == total["net_sentiment"]


def test_net_sentiment_bears_its_sign_in_the_table_as_everywhere(rivals: Place) -> None:
    (line,) = (one for one in rivals.run("compare", "Acme", "Globex").out.splitlines() if "net sentiment" in one)
    assert line.split()[2:] == ["-33.3", "+100.0"]


def test_a_share_of_voice_is_nothing_or_all_only_where_it_is(place: Place) -> None:
    tell(place, "Acme lid leaks", 2_100, brand="Acme", label=Label.NEGATIVE)
    tell(place, "Globex delivery", 1, brand="Globex", label=Label.POSITIVE)
    (line,) = (one for one in place.run("compare", "Acme", "Globex").out.splitlines() if "share of voice" in one)
    assert line.split()[-2:] == [">99.9", "<0.1"]
